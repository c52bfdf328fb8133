use proptest::prelude::*;
use rules::model::ids::{ChannelId, MessageId, RoleId, UserId};
use rules::model::message::{ChannelKind, MessageKind};
use rules::time;
use serde_json::{Value, json};

use super::*;

/// A message as Discord sends it, with everything that a verdict reads.
fn whole() -> Value {
    json!({
        "id": "900", "channel_id": "50", "guild_id": "1", "type": 19,
        "author": { "id": "7", "username": "fern", "global_name": "Fern", "bot": false,
            "public_flags": 64, "collectibles": null },
        "member": { "nick": "Fern of the woods", "roles": ["31", "32"] },
        "content": "set `PORT` and restart",
        "timestamp": "2025-01-05T10:00:00.123000+00:00", "edited_timestamp": null,
        "pinned": true, "tts": false, "flags": 0,
        "mentions": [{ "id": "8", "username": "moss", "member": { "nick": "Moss" } }],
        "attachments": [{ "id": "1", "filename": "log.txt", "size": 12, "url": "https://x" }],
        "reactions": [{ "emoji": { "id": null, "name": "✅" }, "count": 2, "me": false,
            "count_details": { "normal": 2, "burst": 0 } }],
        "message_reference": { "type": 0, "message_id": "880", "channel_id": "50" },
        "embeds": [], "components": [],
    })
}

#[test]
fn a_message_of_the_gateway_is_read_whole() {
    let read = message(&whole()).unwrap();
    let said = &read.message;
    assert_eq!((said.id, said.channel), (MessageId(900), ChannelId(50)));
    assert_eq!((said.author.id, said.author.name.as_str()), (UserId(7), "Fern of the woods"));
    assert_eq!(
        (said.kind, said.sent),
        (MessageKind::Reply, time::at_millisecond(1_736_071_200_123))
    );
    assert_eq!((said.edited, said.reply_to), (None, Some(MessageId(880))));
    assert_eq!((said.mentions[0].id, said.mentions[0].name.as_str()), (UserId(8), "Moss"));
    assert_eq!((said.attachments[0].name.as_str(), said.attachments[0].bytes), ("log.txt", 12));
    assert_eq!((said.reactions[0].emoji.as_str(), said.reactions[0].count), ("✅", 2));
    assert!(said.pinned && !said.author.bot && !read.webhook);
    assert_eq!(read.member.unwrap().roles, [RoleId(31), RoleId(32)]);
}

/// Shapes that a strict reader loses, and what each changes in a message that is well otherwise.
fn odd_shapes() -> Vec<(&'static str, &'static str, Value)> {
    vec![
        ("a type from the future", "/type", json!(300)),
        (
            "an unknown component in a row",
            "/components",
            json!([{ "type": 1, "components": [{ "type": 99 }] }]),
        ),
        (
            "a button without style",
            "/components",
            json!([{ "type": 1, "components": [{ "type": 2 }] }]),
        ),
        (
            "a snapshot without mentions",
            "/message_snapshots",
            json!([{ "message": { "content": "a" } }]),
        ),
        (
            "a video without address",
            "/embeds",
            json!([{ "type": "video", "video": { "width": 1 } }]),
        ),
        ("an embed of no time", "/embeds", json!([{ "timestamp": "soon" }])),
        (
            "an attachment without proxy",
            "/attachments",
            json!([{ "id": "1", "filename": "a", "size": 1 }]),
        ),
        (
            "a reaction without details",
            "/reactions",
            json!([{ "emoji": { "name": "✅" }, "count": 1 }]),
        ),
        ("flags beyond 32 bits", "/author/public_flags", json!(1_u64 << 40)),
        ("a nameplate without its article", "/author/collectibles", json!({ "nameplate": {} })),
        ("part of an application", "/application", json!({ "id": "5" })),
        ("null for a list", "/mentions", Value::Null),
        ("null for another list", "/attachments", Value::Null),
        ("an object for a list", "/reactions", json!({ "0": {} })),
        ("a poll", "/poll", json!({ "question": { "text": "?" } })),
        ("a key nobody knows", "/soul", json!({ "weight": 21 })),
        ("a number for an id", "/id", json!(900)),
        ("a number for an author's id", "/author/id", json!(7)),
        ("an unknown channel type", "/channel_type", json!(99)),
        (
            "an emoji without a name",
            "/reactions",
            json!([{ "emoji": { "id": null, "name": null } }]),
        ),
    ]
}

fn with(pointer: &str, odd: Value) -> Value {
    let mut raw = whole();
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    raw.pointer_mut(parent).unwrap()[key] = odd;
    raw
}

#[test]
fn no_odd_field_loses_a_message() {
    for (what, pointer, odd) in odd_shapes() {
        let read = message(&with(pointer, odd)).unwrap_or_else(|why| panic!("{what}: {why:?}"));
        assert_eq!(read.message.id, MessageId(900), "{what}");
        assert_eq!(read.message.author.id, UserId(7), "{what}");
        assert_eq!(read.message.text, "set `PORT` and restart", "{what}");
    }
    let future = message(&with("/type", json!(300))).unwrap();
    assert_eq!((future.message.kind, future.unknown_type), (MessageKind::Other, Some(300)));
}

#[test]
fn what_lacks_its_core_is_reported_with_its_place() {
    for (pointer, odd, partial) in [
        ("/author", Value::Null, true),
        ("/timestamp", json!("noon"), true),
        ("/content", Value::Null, true),
        ("/channel_id", json!("here"), false),
        ("/id", json!(-1), false),
    ] {
        let why = message(&with(pointer, odd)).unwrap_err();
        assert_eq!(why.partial, partial, "{pointer}: {}", why.why);
    }
}

#[test]
fn a_forward_is_somebody_elses_words_and_no_reply() {
    let mut raw = with("/message_snapshots", json!([{ "message": { "content": "from afar" } }]));
    raw["message_reference"] = json!({ "type": 1, "message_id": "3", "channel_id": "4" });
    raw["content"] = json!("");
    let read = message(&raw).unwrap().message;
    assert_eq!((read.forwarded.as_deref(), read.reply_to), (Some("from afar"), None));
}

#[test]
fn a_program_that_posts_components_is_read() {
    let row = json!([{ "type": 17, "components": [{ "type": 10, "content": "Built." }] }]);
    let mut raw = with("/components", row);
    raw["content"] = json!("");
    raw["webhook_id"] = json!("77");
    let read = message(&raw).unwrap();
    assert_eq!(read.message.text, "Built.");
    assert!(read.webhook && read.message.author.bot);
}

#[test]
fn channels_and_threads_are_read_as_far_as_they_say() {
    let forum = channel(&json!({
        "id": "60", "guild_id": "1", "type": 15, "name": "help", "topic": "Ask here.",
        "available_tags": [{ "id": "5", "name": "Solved", "moderated": true }, { "id": "6" }],
        "permission_overwrites": [{ "id": "1", "type": 0, "allow": "0", "deny": "1024" }, null],
    }))
    .unwrap();
    assert_eq!((forum.kind, forum.offered.len()), (ChannelKind::Forum, 1));
    assert_eq!(forum.overwrites[0].deny, 1024);
    let post = channel(&json!({
        "id": "61", "type": 11, "name": "It fails", "parent_id": "60", "applied_tags": ["5"],
        "thread_metadata": { "archived": true, "locked": false, "archive_timestamp": "2025-01-05T10:00:00Z" },
    }))
    .unwrap();
    assert_eq!(
        (post.kind, post.parent, post.applied),
        (ChannelKind::Thread, Some(forum.id), vec![5])
    );
    assert!(post.archived && post.archived_at == time::at_millisecond(1_736_071_200_000));
    assert!(channel(&json!({ "id": "9", "name": "___hidden___" })).unwrap().obfuscated);
    assert_eq!(channel(&json!({ "name": "nowhere" })), None);
}

#[test]
fn custom_emoji_are_known_by_name_and_asked_for_by_id() {
    let reactions = json!([
        { "emoji": { "id": "12", "name": "solved" }, "count": 3 },
        { "emoji": "broken" },
        { "emoji": { "id": null, "name": "✅" }, "count": 1 },
    ]);
    let read = message(&with("/reactions", reactions)).unwrap();
    let names = read.message.reactions.iter().map(|reaction| reaction.emoji.as_str());
    assert_eq!(names.collect::<Vec<_>>(), ["solved", "✅"]);
    assert_eq!(read.emoji_ids, [Some(12), None]);
}

/// Every place in a JSON value, by pointer.
fn places(value: &Value, at: &str, found: &mut Vec<String>) {
    found.push(at.to_owned());
    match value {
        Value::Object(fields) => {
            fields.iter().for_each(|(key, inner)| places(inner, &format!("{at}/{key}"), found));
        }
        Value::Array(items) => {
            items
                .iter()
                .enumerate()
                .for_each(|(n, inner)| places(inner, &format!("{at}/{n}"), found));
        }
        _ => {}
    }
}

fn junk() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        Just(json!([])),
        Just(json!({})),
        Just(json!([[[null, { "id": [] }]]])),
    ]
}

proptest! {
    #[test]
    fn damage_outside_the_core_never_loses_a_message(at in any::<prop::sample::Index>(), odd in junk()) {
        let mut raw = whole();
        let mut all = Vec::new();
        places(&raw, "", &mut all);
        let place = all[at.index(all.len())].clone();
        *raw.pointer_mut(&place).unwrap() = odd;
        let core = ["", "/id", "/channel_id", "/author", "/author/id", "/timestamp", "/content"];
        match message(&raw) {
            Ok(read) if !core.contains(&place.as_str()) => {
                prop_assert_eq!(read.message.id, MessageId(900));
                prop_assert_eq!(read.message.author.id, UserId(7));
                prop_assert_eq!(read.message.text, "set `PORT` and restart");
            }
            Ok(_) => {}
            Err(why) => prop_assert!(core.contains(&place.as_str()), "{} for {}", why.why, place),
        }
        let _ = (channel(&raw), guild(&raw), user(&raw), deletion(&raw), thread_list(&raw));
        let _ = (reaction_change("MESSAGE_REACTION_ADD", &raw), member_update(&raw), role_update(&raw));
    }
}
