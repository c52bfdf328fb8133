use jiff::Timestamp;
use rules::time;
use serenity::model::event::GatewayEvent;

use super::*;

/// What a dispatch becomes on its way through serenity's types.
fn through(kind: &str, data: &str) -> DispatchEvent {
    let frame = format!(r#"{{"op":0,"s":1,"t":"{kind}","d":{data}}}"#);
    match serde_json::from_str(&frame).unwrap() {
        GatewayEvent::Dispatch(_, event) => DispatchEvent::new(0, &event, time::at_millisecond(5)),
        _ => panic!("no dispatch"),
    }
}

/// Everything in `sent` is in `got`, but for what serenity's types are known to lose.
#[track_caller]
fn check(kind: &str, sent: &str, lost: &[&str]) -> DispatchEvent {
    let event = through(kind, sent);
    assert!(event.readable && event.kind == kind, "{event:?}");
    let mut missing = Vec::new();
    compare("", &serde_json::from_str(sent).unwrap(), &event.data, &mut missing);
    assert_eq!(missing, lost, "{kind}");
    event
}

fn compare(path: &str, sent: &Value, got: &Value, missing: &mut Vec<String>) {
    match (sent, got) {
        (Value::Object(sent), Value::Object(_)) => {
            for (key, value) in sent {
                compare(&format!("{path}/{key}"), value, &got[key], missing);
            }
        }
        (Value::Array(sent), Value::Array(got)) if sent.len() == got.len() => {
            for (index, (sent, got)) in sent.iter().zip(got).enumerate() {
                compare(&format!("{path}/{index}"), sent, got, missing);
            }
        }
        (Value::String(sent), Value::String(got)) if sent.ends_with("+00:00") => {
            let times = [sent, got].map(|time| time.parse::<Timestamp>().unwrap());
            assert_eq!(times[0], times[1], "{path}");
        }
        _ if sent == got => {}
        _ => missing.push(path.to_owned()),
    }
}

const AUTHOR: &str = r#"{"id":"77","username":"mira","global_name":"Mira","avatar":null,
    "public_flags":0,"bot":true}"#;
const MEMBER: &str = r#"{"nick":"Mi","roles":["5","6"],"joined_at":"2024-01-01T00:00:00+00:00",
    "deaf":false,"mute":false}"#;

fn message() -> String {
    format!(
        r#"{{"id":"1400000000000000001","channel_id":"1400000000000000002","guild_id":"3",
        "author":{AUTHOR},"member":{MEMBER},"content":"hello <@9>","type":200,"tts":false,
        "timestamp":"2025-03-01T10:11:12.345678+00:00",
        "edited_timestamp":"2025-03-01T10:12:00.120000+00:00","mention_everyone":false,
        "mentions":[{{"id":"9","username":"bo","global_name":"Bo","avatar":null,"member":{MEMBER}}}],
        "mention_roles":["5"],"embeds":[],"pinned":true,"flags":4,"components":[],
        "attachments":[{{"id":"3","filename":"log.txt","size":12,"url":"https://x.test/y",
            "proxy_url":"https://x.test/y","content_type":"text/plain","description":"d"}}],
        "webhook_id":"88","sticker_items":[],
        "message_reference":{{"type":0,"channel_id":"2","message_id":"8","guild_id":"3"}},
        "reactions":[{{"count":2,"count_details":{{"burst":0,"normal":2}},"me":false,
            "me_burst":false,"burst_colors":[],"emoji":{{"id":"44","name":"solved","animated":false}}}}]
        }}"#
    )
}

fn forward() -> String {
    let snapshot = r#""message_snapshots":[{"message":{"content":"elsewhere","type":0,"mentions":[],
        "timestamp":"2025-03-01T10:11:12.345000+00:00","edited_timestamp":null,"mention_roles":[],
        "attachments":[],"embeds":[],"flags":0,"components":[]}}],"pinned":true"#;
    message()
        .replace(r#""pinned":true"#, snapshot)
        .replace(r#""type":0,"channel_id""#, r#""type":1,"channel_id""#)
}

fn reply() -> String {
    let reply = format!(r#""referenced_message":{},"pinned":true"#, forward());
    message().replacen(r#""pinned":true"#, &reply, 1)
}

fn thread() -> &'static str {
    r#"{"id":"1400000000000000009","guild_id":"3","parent_id":"2","owner_id":"77","type":11,
    "name":"How?","last_message_id":null,"message_count":0,"member_count":1,"flags":2,
    "rate_limit_per_user":0,"total_message_sent":0,"applied_tags":["5"],
    "thread_metadata":{"archived":true,"archive_timestamp":"2025-03-01T10:11:12.345678+00:00",
        "auto_archive_duration":1440,"locked":true,
        "create_timestamp":"2025-03-01T10:11:12.345678+00:00"}}"#
}

fn channel(kind: u8) -> String {
    format!(
        r#"{{"id":"{}","guild_id":"3","type":{kind},"name":"help","topic":"t","parent_id":"1",
        "position":3,"nsfw":false,"flags":16,"rate_limit_per_user":0,"last_message_id":"7",
        "permission_overwrites":[{{"id":"3","type":0,"allow":"0","deny":"1024"}},
            {{"id":"77","type":1,"allow":"1024","deny":"0"}}],
        "available_tags":[{{"id":"5","name":"Solved","moderated":true,"emoji_id":null,
            "emoji_name":"x"}}]}}"#,
        100 + u64::from(kind)
    )
}

const ROLE: &str = r#"{"id":"5","name":"Helper","permissions":"1024","color":0,"hoist":false,
    "managed":false,"mentionable":false,"position":1,"colors":{"primary_color":0}}"#;

fn guild(rest: &str) -> String {
    format!(
        r#"{{"id":"3","name":"Guild","icon":null,"splash":null,"discovery_splash":null,
        "owner_id":"77","verification_level":1,"default_message_notifications":1,
        "explicit_content_filter":2,"roles":[{ROLE}],"emojis":[],"features":["COMMUNITY"],
        "mfa_level":0,"application_id":null,"system_channel_id":null,"system_channel_flags":0,
        "rules_channel_id":null,"description":null,"banner":null,"premium_tier":0,
        "preferred_locale":"en-US","public_updates_channel_id":null,"nsfw_level":0,"stickers":[],
        "premium_progress_bar_enabled":false{rest}}}"#
    )
}

#[test]
fn messages_keep_what_is_read_of_them() {
    check("MESSAGE_CREATE", &message(), &[]);
    check("MESSAGE_CREATE", &forward(), &[]);
    check("MESSAGE_CREATE", &reply(), &[]);
    check("MESSAGE_UPDATE", &message(), &[]);
    check("MESSAGE_UPDATE", r#"{"id":"1","channel_id":"2","guild_id":"3","embeds":[]}"#, &[]);
    check("MESSAGE_DELETE", r#"{"id":"1","channel_id":"2","guild_id":"3"}"#, &[]);
    check("MESSAGE_DELETE_BULK", r#"{"ids":["1","4"],"channel_id":"2","guild_id":"3"}"#, &[]);
}

/// What is listed here has to be read over REST, or is not needed.
#[test]
fn what_is_lost_is_known() {
    check("MESSAGE_UPDATE", &forward(), &["/message_snapshots"]);
    let flags = message().replace(r#""flags":4"#, r#""flags":49156"#);
    check("MESSAGE_CREATE", &flags, &["/flags"]);
    let text =
        message().replace(r#""components":[]"#, r#""components":[{"type":10,"content":"x"}]"#);
    check("MESSAGE_CREATE", &text, &["/components"]);
    let flags = channel(0).replace(r#""flags":16"#, r#""flags":131088"#);
    check("CHANNEL_UPDATE", &flags, &["/flags"]);
    let unicode = r#"{"user_id":"9","channel_id":"2","message_id":"1","guild_id":"3",
        "emoji":{"id":null,"name":"✅"},"burst":false,"type":0}"#;
    for kind in ["MESSAGE_REACTION_ADD", "MESSAGE_REACTION_REMOVE"] {
        let event = check(kind, unicode, &[]);
        assert_eq!(event.data["emoji"].get("id"), None, "{kind}");
    }
}

#[test]
fn channels_threads_and_servers_keep_what_is_read_of_them() {
    for kind in [0, 4, 5, 15, 99] {
        check("CHANNEL_CREATE", &channel(kind), &[]);
        check("CHANNEL_UPDATE", &channel(kind), &[]);
        check("CHANNEL_DELETE", &channel(kind), &[]);
    }
    check("THREAD_CREATE", thread(), &[]);
    check("THREAD_UPDATE", thread(), &[]);
    check("THREAD_DELETE", r#"{"id":"1","guild_id":"3","parent_id":"2","type":11}"#, &[]);
    let list =
        format!(r#"{{"guild_id":"3","channel_ids":["2"],"threads":[{}],"members":[]}}"#, thread());
    check("THREAD_LIST_SYNC", &list, &[]);
    let member = MEMBER.replacen('{', &format!(r#"{{"flags":0,"user":{AUTHOR},"#), 1);
    let created = guild(&format!(
        r#","joined_at":"2024-01-01T00:00:00+00:00","large":false,"unavailable":false,
        "member_count":5,"voice_states":[],"members":[{member}],"channels":[{}],
        "threads":[{}],"presences":[],"stage_instances":[],"guild_scheduled_events":[]"#,
        channel(15),
        thread()
    ));
    check("GUILD_CREATE", &created, &[]);
    check("GUILD_UPDATE", &guild(""), &[]);
    check("GUILD_DELETE", r#"{"id":"3","unavailable":true}"#, &[]);
    check("GUILD_ROLE_UPDATE", &format!(r#"{{"guild_id":"3","role":{ROLE}}}"#), &[]);
    check("GUILD_ROLE_DELETE", r#"{"guild_id":"3","role_id":"5"}"#, &[]);
    let member = MEMBER.replacen('{', &format!(r#"{{"guild_id":"3","user":{AUTHOR},"#), 1);
    check("GUILD_MEMBER_UPDATE", &member, &[]);
}

#[test]
fn reactions_keep_what_is_read_of_them() {
    let custom = r#"{"user_id":"9","channel_id":"2","message_id":"1","guild_id":"3",
        "emoji":{"id":"44","name":"solved","animated":true},"burst":false,"type":0}"#;
    check("MESSAGE_REACTION_ADD", custom, &[]);
    check("MESSAGE_REACTION_REMOVE", custom, &[]);
    check(
        "MESSAGE_REACTION_REMOVE_ALL",
        r#"{"channel_id":"2","message_id":"1","guild_id":"3"}"#,
        &[],
    );
    let emoji =
        r#"{"channel_id":"2","message_id":"1","guild_id":"3","emoji":{"id":null,"name":"✅"}}"#;
    let event = through("MESSAGE_REACTION_REMOVE_EMOJI", emoji);
    assert_eq!(event.data["emoji"]["name"], "✅");
}

fn interaction(kind: u8, data: &str) -> String {
    let member =
        MEMBER.replacen('{', &format!(r#"{{"flags":0,"user":{AUTHOR},"permissions":"8","#), 1);
    format!(
        r#"{{"id":"1","application_id":"2","type":{kind},"guild_id":"3","channel_id":"2",
        "channel":{{"id":"2","type":11,"name":"help","permissions":"8","parent_id":"6"}},
        "member":{member},"token":"t","version":1,"app_permissions":"8","locale":"ko",
        "guild_locale":"en-US","entitlements":[],"authorizing_integration_owners":{{"0":"3"}},
        "context":0,"attachment_size_limit":1,{data}}}"#
    )
}

#[test]
fn interactions_keep_what_is_read_of_them() {
    let slash = r#""data":{"id":"5","name":"harvester","type":1,"options":[{"name":"query","type":1,
        "options":[{"name":"text","type":3,"value":"how"},{"name":"n","type":4,"value":3}]}]}"#;
    check("INTERACTION_CREATE", &interaction(2, slash), &[]);
    let typing = r#""data":{"id":"5","name":"answers","type":1,"options":[{"name":"query","type":1,
        "options":[{"name":"text","type":3,"value":"ho","focused":true}]}]}"#;
    check("INTERACTION_CREATE", &interaction(4, typing), &[]);
    let menu = format!(
        r#""data":{{"id":"5","name":"Mark as answer","type":3,"target_id":"1400000000000000001",
        "resolved":{{"messages":{{"1400000000000000001":{}}}}}}}"#,
        forward()
    );
    check("INTERACTION_CREATE", &interaction(2, &menu), &[]);
    let button =
        format!(r#""data":{{"custom_id":"x:1","component_type":2}},"message":{}"#, message());
    check("INTERACTION_CREATE", &interaction(3, &button), &[]);
    let choice = button.replace(r#""component_type":2"#, r#""component_type":3,"values":["a"]"#);
    check("INTERACTION_CREATE", &interaction(3, &choice), &[]);
}

#[test]
fn what_serenity_cannot_read_comes_untouched() {
    for kind in ["MESSAGE_CREATE", "MESSAGE_UPDATE"] {
        let strange = message().replace(r#""type":200"#, r#""type":256"#);
        let event = through(kind, &strange);
        assert!(!event.readable);
        assert_eq!(event.data, serde_json::from_str::<Value>(&strange).unwrap());
    }
    let event = through("SOMETHING_NEW", r#"{"a":1}"#);
    assert_eq!((event.kind.as_str(), event.readable), ("SOMETHING_NEW", false));
    assert!(!format!("{:?}", through("MESSAGE_CREATE", &message())).contains("hello"));
}

#[test]
fn a_lost_event_says_what_to_read_again() {
    let check = |kind: &str, data: &str, expected: EventGap| {
        assert_eq!(through(kind, data).gap(), expected, "{kind}");
    };
    check("MESSAGE_CREATE", &message(), EventGap::Channel(ChannelId(1_400_000_000_000_000_002)));
    check("MESSAGE_DELETE", r#"{"id":"1","channel_id":"2"}"#, EventGap::Channel(ChannelId(2)));
    check("THREAD_UPDATE", thread(), EventGap::Everything);
    check("MESSAGE_CREATE", "{}", EventGap::Everything);
    check("INTERACTION_CREATE", &interaction(2, r#""data":{}"#), EventGap::Nothing);
}
