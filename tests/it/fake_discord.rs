//! The stand-in for Discord does what Discord does.

pub(crate) mod client;

use std::time::Duration;

use rules::time;
use serde_json::{Value, json};
use tests::harness::discord::{
    ChannelId, FakeDiscord, Fault, GuildId, Kind, Malformed, MessageId, Order, Post, Rebuff,
    Unreliable, may,
};

use crate::exports;
use client::{Answer, Gateway, Received, ask, ask_as};

fn get(discord: &FakeDiscord, path: &str) -> Answer {
    ask(discord, "GET", path, None)
}

/// A guild with a channel of which everybody may read everything.
fn with_channel() -> (FakeDiscord, GuildId, ChannelId) {
    let discord = FakeDiscord::start();
    let guild = discord.guild("Tidepool");
    let channel = discord.channel(guild, "help");
    (discord, guild, channel)
}

#[test]
fn history_comes_in_pages_newest_first() {
    let (discord, guild, channel) = with_channel();
    let mina = discord.person(guild, "mina");
    let said = (0..250).map(|n| discord.post(channel, mina, &format!("line {n}")).0);
    let said = said.collect::<Vec<_>>();
    let page = |query: &str| get(&discord, &format!("/channels/{channel}/messages?{query}")).ids();
    let newest_first = |range: std::ops::Range<usize>| {
        let mut ids = said[range].to_vec();
        ids.reverse();
        ids
    };
    assert_eq!(page("limit=100"), newest_first(150..250));
    assert_eq!(page(&format!("limit=100&before={}", said[150])), newest_first(50..150));
    assert_eq!(page(&format!("limit=100&after={}", said[199])), newest_first(200..250));
    assert_eq!(page(&format!("limit=100&after={}", said[9])), newest_first(10..110));
    assert_eq!(page(&format!("limit=4&around={}", said[20])), newest_first(18..22));
    assert_eq!(page(&format!("after={}", said[249])), Vec::<u64>::new());
    assert_eq!(get(&discord, &format!("/channels/{channel}/messages?limit=101")).status, 400);
    discord.assert_no_surprises();
    assert_eq!(discord.count("GET", "/channels/*/messages"), 7);
}

#[test]
fn every_route_answers_in_the_published_shape() {
    let (discord, guild, channel) = with_channel();
    let mina = discord.person(guild, "mina");
    let helper = discord.role(guild, "Helper", 0);
    discord.give_role(guild, mina, helper);
    let asked = discord.send(Post::new(channel, mina, "why?").attach("trace.txt", 120));
    let answered = discord.send(Post::new(channel, mina, "because").reply_to(asked).mention(mina));
    discord.send(Post::new(channel, mina, "").forward("heard elsewhere"));
    discord.react(channel, answered, mina, "✅");
    discord.react(channel, answered, mina, "blob:1234");
    discord.preview(channel, asked, "https://example.org/");
    let forum = discord.forum(guild, "questions", &["solved", "open"]);
    let post = discord.forum_post(forum, mina, "Crash", "It crashes", &["open"]);
    let thread = discord.thread_from(channel, asked, mina, "why, a thread");
    discord.archive(thread);
    for path in [
        "/gateway".into(),
        "/gateway/bot".into(),
        "/users/@me".into(),
        "/users/@me/guilds".into(),
        "/applications/@me".into(),
        "/oauth2/applications/@me".into(),
        format!("/guilds/{guild}"),
        format!("/guilds/{guild}/channels"),
        format!("/guilds/{guild}/roles"),
        format!("/guilds/{guild}/members/{mina}"),
        format!("/guilds/{guild}/threads/active"),
        format!("/channels/{forum}"),
        format!("/channels/{post}"),
        format!("/channels/{post}/messages"),
        format!("/channels/{channel}/messages"),
        format!("/channels/{channel}/messages/{answered}"),
        format!("/channels/{channel}/messages/{answered}/reactions/%E2%9C%85?limit=100"),
        format!("/channels/{channel}/messages/{answered}/reactions/blob%3A1234"),
        format!("/channels/{channel}/threads/archived/public"),
    ] {
        assert_eq!(get(&discord, &path).status, 200, "{path}");
    }
    discord.assert_no_surprises();
    let message = get(&discord, &format!("/channels/{channel}/messages/{answered}")).json();
    assert_eq!(message["referenced_message"]["content"], "why?");
    assert_eq!(message["reactions"][0]["count"], 1);
    let who = format!("/channels/{channel}/messages/{answered}/reactions/%E2%9C%85");
    assert_eq!(get(&discord, &who).ids(), [mina.0]);
}

#[test]
fn what_the_bot_may_not_is_refused_with_discords_codes() {
    let (discord, guild, channel) = with_channel();
    let mina = discord.person(guild, "mina");
    let said = discord.post(channel, mina, "hello");
    let secret = discord.channel(guild, "staff");
    discord.hide(secret);
    let check = |token: &str, path: String, status: u16, code: u64| {
        let answer = ask_as(&discord, token, "GET", &path, None);
        assert_eq!((answer.status, answer.json()["code"].as_u64()), (status, Some(code)), "{path}");
    };
    let token = format!("Bot {}", discord.token());
    check("Bot somebody.else", "/users/@me".into(), 401, 0);
    check(&token, "/channels/12".into(), 404, 10003);
    check(&token, format!("/channels/{secret}/messages"), 403, 50001);
    check(&token, format!("/channels/{channel}/messages/12"), 404, 10008);
    check(&token, format!("/guilds/{guild}/members/12"), 404, 10013);
    discord.forbid(channel, true);
    check(&token, format!("/channels/{channel}/messages/{said}"), 403, 50001);
    assert_eq!(get(&discord, &format!("/guilds/{guild}/channels")).ids(), [channel.0]);
    discord.assert_no_surprises();
    assert_eq!(discord.invalid_requests(), 3);
}

#[test]
fn limits_and_faults_answer_as_scripted() {
    let (discord, _, channel) = with_channel();
    let path = format!("/channels/{channel}/messages");
    discord.rate_limit(2, Duration::from_secs(3_600));
    let first = get(&discord, &path);
    assert_eq!(first.header("x-ratelimit-remaining"), Some("1"));
    assert_eq!(get(&discord, &path).status, 200);
    let third = get(&discord, &path);
    assert_eq!(third.status, 429);
    assert!(third.json()["retry_after"].as_f64().unwrap() > 3_000.0);
    assert!(third.header("retry-after").is_some());
    discord.rate_limit(100, Duration::from_secs(1));
    discord.fault(Fault::GlobalLimit(0.5), "*", "*", 1);
    assert_eq!(get(&discord, &path).header("x-ratelimit-global"), Some("true"));
    discord.fault(Fault::Cloudflare, "GET", "/channels/*/messages", 1);
    let cloudflare = get(&discord, &path);
    assert_eq!((cloudflare.status, cloudflare.header("retry-after")), (429, None));
    discord.fault(Fault::Status(502), "GET", "/channels/*", 2);
    assert_eq!([get(&discord, &path).status, get(&discord, &path).status], [502, 502]);
    assert_eq!(get(&discord, &path).status, 200);
    discord.assert_no_surprises();
}

#[test]
fn a_violation_of_the_published_schemas_is_caught_in_both_directions() {
    let (discord, guild, channel) = with_channel();
    let mina = discord.person(guild, "mina");
    let path = format!("/channels/{channel}/messages");
    let wrong = ask(&discord, "POST", &path, Some(json!({ "content": 7 })));
    assert_eq!(wrong.status, 400);
    assert_eq!(discord.findings().len(), 1, "{:?}", discord.findings());
    discord.post(channel, mina, "fine");
    discord.spoil_state(|state| {
        let said = state.messages.get_mut(&channel).unwrap().values_mut().next().unwrap();
        said.timestamp = "last Tuesday".into();
    });
    assert_eq!(get(&discord, &path).status, 200);
    assert_eq!(discord.findings().len(), 2, "{:?}", discord.findings());
    assert_eq!(get(&discord, "/channels/1/typing").status, 404);
    assert!(discord.findings()[2].contains("is not served"));
}

#[test]
fn a_malformed_message_poisons_its_page_and_nothing_else() {
    let (discord, guild, channel) = with_channel();
    let mina = discord.person(guild, "mina");
    let mut gateway = Gateway::identified(&discord);
    for shape in Malformed::OF_MESSAGES {
        let text = format!("{shape:?}");
        discord.send(Post::new(channel, mina, &text).malformed(shape));
        assert_eq!(gateway.event("MESSAGE_CREATE")["content"], text);
    }
    let page = get(&discord, &format!("/channels/{channel}/messages")).json();
    assert_eq!(page.as_array().unwrap().len(), Malformed::OF_MESSAGES.len());
    discord.assert_no_surprises();
}

#[test]
fn a_resumed_session_hears_what_it_missed() {
    let (discord, guild, channel) = with_channel();
    let mina = discord.person(guild, "mina");
    let mut gateway = Gateway::identified(&discord);
    let first = discord.post(channel, mina, "one");
    assert_eq!(gateway.event("MESSAGE_CREATE")["id"], json!(first));
    discord.break_connections();
    assert!(matches!(gateway.receive(), Received::Disconnected));
    discord.edit(channel, first, "uno");
    discord.react(channel, first, mina, "👍");
    discord.without_events(|discord| discord.post(channel, mina, "unsent"));
    discord.delete(channel, first);
    let mut gateway = gateway.resumed(&discord);
    assert_eq!(gateway.event("MESSAGE_UPDATE")["content"], "uno");
    assert_eq!(gateway.event("MESSAGE_REACTION_ADD")["user_id"], json!(mina));
    assert_eq!(gateway.event("MESSAGE_DELETE")["id"], json!(first));
    gateway.event("RESUMED");
    discord.forget_sessions();
    let mut gateway = gateway.resumed(&discord);
    let invalid = gateway.receive().payload();
    assert_eq!((&invalid["op"], &invalid["d"]), (&json!(9), &json!(false)));
    discord.assert_no_surprises();
    discord.look(|state| assert_eq!((state.hub.identifies(), state.hub.resumes()), (1, 2)));
}

#[test]
fn the_gateway_fails_as_scripted() {
    let (discord, ..) = with_channel();
    discord.at_identify(Rebuff::Close(4014), 1);
    let mut gateway = Gateway::open(&discord).unwrap();
    gateway.identify(0);
    assert!(matches!(gateway.receive(), Received::Closed(4014)));
    let mut gateway = Gateway::identified(&discord);
    let mut hasty = Gateway::open(&discord).unwrap();
    hasty.identify(0);
    assert_eq!(hasty.receive().payload()["op"], 9);
    gateway.say(&json!({ "op": 1, "d": 1 }));
    assert_eq!(gateway.receive().payload()["op"], 11);
    discord.zombie(true);
    gateway.say(&json!({ "op": 1, "d": 1 }));
    discord.wait_until("the beat is heard", |state| state.hub.heartbeats() == 2);
    discord.ask_to_reconnect();
    assert_eq!(gateway.receive().payload()["op"], 7);
    discord.close(4000);
    assert!(matches!(gateway.receive(), Received::Closed(4000)));
    discord.refuse_connections(true);
    assert!(Gateway::open(&discord).is_none());
    discord.refuse_connections(false);
    let mut gateway = gateway.resumed(&discord);
    gateway.event("RESUMED");
}

#[test]
fn deliveries_are_held_repeated_lost_and_shuffled() {
    let (discord, guild, channel) = with_channel();
    let mina = discord.person(guild, "mina");
    let mut gateway = Gateway::identified(&discord);
    discord.hold();
    for n in 0..3 {
        discord.post(channel, mina, &n.to_string());
    }
    discord.release(Order::Reversed);
    for n in ["2", "1", "0"] {
        assert_eq!(gateway.event("MESSAGE_CREATE")["content"], n);
    }
    discord.repeat_next(1);
    discord.post(channel, mina, "again");
    for _ in 0..2 {
        assert_eq!(gateway.event("MESSAGE_CREATE")["content"], "again");
    }
    discord.lose_next(1);
    discord.post(channel, mina, "lost");
    discord.malform_next(Malformed::UnknownEvent);
    discord.post(channel, mina, "odd");
    gateway.event("MESSAGE_CREATE_WITH_A_TWIST");
    discord.assert_no_surprises();
}

#[test]
fn hidden_channels_are_sent_without_a_name_and_shown_again_with_their_threads() {
    let (discord, guild, channel) = with_channel();
    let mina = discord.person(guild, "mina");
    let thread = discord.thread(channel, Kind::PublicThread, mina, "aside");
    let mut gateway = Gateway::identified(&discord);
    discord.hide(channel);
    let update = gateway.event("CHANNEL_UPDATE");
    assert_eq!((&update["name"], &update["flags"]), (&json!("___hidden___"), &json!(1 << 17)));
    discord.post(channel, mina, "unheard");
    discord.post(thread, mina, "unheard");
    discord.show(channel);
    assert_eq!(gateway.event("CHANNEL_UPDATE")["name"], "help");
    assert_eq!(gateway.event("THREAD_LIST_SYNC")["threads"][0]["id"], json!(thread));
    discord.archive(thread);
    gateway.event("THREAD_UPDATE");
    discord.post(thread, mina, "revived");
    assert_eq!(gateway.event("THREAD_UPDATE")["thread_metadata"]["archived"], false);
    gateway.event("MESSAGE_CREATE");
    discord.delete_place(channel);
    gateway.event("CHANNEL_DELETE");
    assert_eq!(get(&discord, &format!("/channels/{thread}")).status, 404);
}

#[test]
fn archived_threads_come_latest_first_in_pages() {
    let (discord, guild, channel) = with_channel();
    let mina = discord.person(guild, "mina");
    let threads = (0..5_i64).map(|n| {
        let thread = discord.thread(channel, Kind::PublicThread, mina, &format!("thread {n}"));
        discord.archive_at(thread, time::at_millisecond(1_700_000_000_000 + n * 1_000));
        thread.0
    });
    let threads = threads.collect::<Vec<_>>();
    let path = format!("/channels/{channel}/threads/archived/public?limit=3");
    let first = get(&discord, &path).json();
    assert_eq!(first["has_more"], true);
    let last = first["threads"][2]["thread_metadata"]["archive_timestamp"].as_str().unwrap();
    assert_eq!(first["threads"][0]["id"], threads[4].to_string());
    let second = get(&discord, &format!("{path}&before={}", last.replace('+', "%2B"))).json();
    assert_eq!(second["threads"].as_array().unwrap().len(), 2);
    assert_eq!(second["has_more"], false);
    discord.assert_no_surprises();
}

#[test]
fn an_export_is_served_and_played_as_it_was_written() {
    let export = exports::asked_three_times("Delete the folder and start again.").export();
    let messages = export["messages"].as_array().unwrap();
    let served = FakeDiscord::start();
    let channel = served.load_export(&export);
    let page = get(&served, &format!("/channels/{channel}/messages?limit=100")).json();
    let played = FakeDiscord::start();
    played.load_places(&export);
    let mut gateway = Gateway::identified(&played);
    played.play(&export, 0..messages.len());
    for (written, sent) in messages.iter().zip(page.as_array().unwrap().iter().rev()) {
        let live = gateway.event("MESSAGE_CREATE");
        for sent in [sent, &live] {
            assert_eq!(sent["id"], written["id"]);
            assert_eq!(sent["timestamp"], written["timestamp"]);
            assert_eq!(sent["content"], written["content"]);
            assert_eq!(sent["author"]["id"], written["author"]["id"]);
            let to = &written["reference"]["messageId"];
            assert_eq!(sent.pointer("/message_reference/message_id").unwrap_or(&Value::Null), to);
        }
    }
    served.assert_no_surprises();
    played.assert_no_surprises();
}

#[test]
fn interactions_are_answered_once_and_in_time() {
    let (discord, guild, channel) = with_channel();
    let mina = discord.person(guild, "mina");
    discord.speaks(mina, "ko");
    let app = discord.bot();
    let answers = json!({
        "name": "answers", "type": 1, "description": "Known answers",
        "options": [{ "name": "query", "type": 3, "description": "What", "autocomplete": true }],
    });
    let menu = json!({ "name": "Mark as answer", "type": 3, "default_member_permissions": "8192" });
    let path = format!("/applications/{app}/guilds/{guild}/commands");
    let put = ask(&discord, "PUT", &path, Some(json!([answers, menu])));
    assert_eq!(put.status, 200, "{}", put.body);
    let again = ask(&discord, "PUT", &path, Some(json!([answers, menu])));
    assert_eq!(put.ids(), again.ids());
    assert!(!discord.is_offered(mina, channel, &discord.commands(Some(guild))[1]));
    let mut gateway = Gateway::identified(&discord);

    let asked = discord.slash(mina, channel, "answers", &[("query", json!("reset"))]);
    let interaction = gateway.event("INTERACTION_CREATE");
    assert_eq!(
        (&interaction["locale"], &interaction["data"]["options"][0]["value"]),
        (&json!("ko"), &json!("reset"))
    );
    let held: u64 = interaction["member"]["permissions"].as_str().unwrap().parse().unwrap();
    assert_ne!(held & may::VIEW_CHANNEL, 0);
    let callback = |interaction: &Value, body: Value| {
        let (id, token) =
            (interaction["id"].as_str().unwrap(), interaction["token"].as_str().unwrap());
        ask(&discord, "POST", &format!("/interactions/{id}/{token}/callback"), Some(body))
    };
    assert_eq!(callback(&interaction, json!({ "type": 5, "data": { "flags": 64 } })).status, 204);
    assert!(discord.reply_so_far(asked).unwrap().loading);
    assert_eq!(callback(&interaction, json!({ "type": 5 })).json()["code"], 40060);
    let token = interaction["token"].as_str().unwrap();
    let button = json!({ "type": 2, "style": 1, "label": "Helped", "custom_id": "helped:1" });
    let filled = json!({
        "content": "Delete the folder.", "allowed_mentions": { "parse": [] },
        "components": [{ "type": 1, "components": [button] }],
    });
    let original = format!("/webhooks/{app}/{token}/messages/@original");
    let patched = ask(&discord, "PATCH", &original, Some(filled));
    assert_eq!(patched.status, 200, "{}", patched.body);
    let reply = discord.reply(asked);
    assert_eq!((reply.text.as_str(), reply.ephemeral), ("Delete the folder.", true));
    assert_eq!(reply.buttons(), ["Helped"]);

    let pressed = discord.press(mina, channel, reply.message.unwrap(), &reply.button("Helped"));
    let interaction = gateway.event("INTERACTION_CREATE");
    let update = json!({ "type": 7, "data": { "content": "Thanks!", "components": [] } });
    assert_eq!(callback(&interaction, update).status, 204);
    assert_eq!(discord.reply(pressed).text, "Thanks!");

    discord.complete(mina, channel, "answers", ("query", "res"));
    let interaction = gateway.event("INTERACTION_CREATE");
    discord.advance(Duration::from_secs(4));
    let late = json!({ "type": 8, "data": { "choices": [] } });
    assert_eq!(callback(&interaction, late).json()["code"], 10062);
    discord.assert_no_surprises();
}

#[test]
fn the_bot_tags_and_reacts_where_it_may() {
    let (discord, guild, _) = with_channel();
    let mina = discord.person(guild, "mina");
    let forum = discord.forum(guild, "questions", &["solved"]);
    let post = discord.forum_post(forum, mina, "Crash", "It crashes", &[]);
    let tags = get(&discord, &format!("/channels/{forum}")).json()["available_tags"].take();
    let path = format!("/channels/{post}");
    let body = json!({ "applied_tags": [tags[0]["id"]] });
    assert_eq!(ask(&discord, "PATCH", &path, Some(body.clone())).json()["code"], 50013);
    discord.permit_bot(guild, may::MANAGE_THREADS);
    assert_eq!(ask(&discord, "PATCH", &path, Some(body.clone())).status, 200);
    let react = format!("/channels/{post}/messages/{post}/reactions/%E2%9C%85/@me");
    assert_eq!(ask(&discord, "PUT", &react, None).status, 204);
    discord.look(|state| {
        let first = state.message(post, MessageId(post.0)).unwrap();
        assert_eq!(first.reactions[0].users, [state.bot]);
        assert_eq!(state.channel(post).thread.as_ref().unwrap().tags.len(), 1);
    });
    discord.archive(post);
    assert_eq!(ask(&discord, "PATCH", &path, Some(body)).json()["code"], 50083);
    discord.assert_no_surprises();
}

#[test]
fn an_export_keeps_who_people_are_and_what_became_of_messages() {
    let author = |id: &str, name: &str, nick: &str| {
        let role = json!({ "id": "77", "name": "Helper", "color": "#F1C40F", "position": 3 });
        json!({ "id": id, "name": name, "nickname": nick, "isBot": false, "roles": [role] })
    };
    let mut export = exports::asked_three_times("Delete the folder.").export();
    let said = &mut export["messages"][1];
    said["author"] = author("900", "noor", "Noor (helps)");
    said["timestampEdited"] = "2025-01-02T03:04:05.678+00:00".into();
    said["isPinned"] = true.into();
    said["mentions"] = json!([author("11", "person_11", "person_11")]);
    said["attachments"] =
        json!([{ "id": "5", "fileName": "log.txt", "fileSizeBytes": 12, "url": "a/log.txt" }]);
    let users = json!([{ "id": "11", "name": "person_11", "nickname": "person_11" }]);
    said["reactions"] = json!([{ "emoji": { "id": "", "name": "✅", "code": "white_check_mark" }, "count": 2, "users": users }]);
    let discord = FakeDiscord::start();
    let channel = discord.load_places(&export);
    let mut gateway = Gateway::identified(&discord);
    discord.play(&export, 0..2);
    gateway.event("MESSAGE_CREATE");
    assert_ne!(gateway.event("MESSAGE_CREATE")["content"], export["messages"][1]["content"]);
    let edited = gateway.event("MESSAGE_UPDATE");
    assert_eq!(edited["content"], export["messages"][1]["content"]);
    assert_eq!(gateway.event("MESSAGE_REACTION_ADD")["user_id"], "11");
    let message = get(&discord, &format!("/channels/{channel}/messages?limit=1")).json()[0].take();
    assert_eq!(message["edited_timestamp"], export["messages"][1]["timestampEdited"]);
    assert_eq!((&message["pinned"], &message["reactions"][0]["count"]), (&json!(true), &json!(2)));
    assert_eq!(
        (&message["attachments"][0]["size"], &message["mentions"][0]["id"]),
        (&json!(12), &json!("11"))
    );
    let guild = export["guild"]["id"].as_str().unwrap();
    let noor = get(&discord, &format!("/guilds/{guild}/members/900")).json();
    assert_eq!((&noor["nick"], &noor["roles"]), (&json!("Noor (helps)"), &json!(["77"])));
    let asker = get(&discord, &format!("/guilds/{guild}/members/11")).json();
    assert_eq!(asker["nick"], Value::Null);
    discord.assert_no_surprises();
}

#[test]
fn unreliable_deliveries_go_wrong_the_same_for_the_same_seed() {
    let received = |seed| {
        let (discord, guild, channel) = with_channel();
        let mina = discord.person(guild, "mina");
        let mut gateway = Gateway::identified(&discord);
        discord.unreliable(Some(Unreliable {
            seed,
            lost: 100,
            twice: 100,
            late: 200,
            ..Unreliable::default()
        }));
        for n in 0..50 {
            discord.post(channel, mina, &n.to_string());
        }
        discord.unreliable(None);
        discord.post(channel, mina, "end");
        let mut received = Vec::new();
        while received.last().is_none_or(|last| last != "end") {
            received.push(gateway.event("MESSAGE_CREATE")["content"].as_str().unwrap().to_owned());
        }
        received
    };
    let in_order = (0..50).map(|n| n.to_string()).chain(["end".to_owned()]).collect::<Vec<_>>();
    assert_ne!(received(1), in_order);
    assert_eq!(received(1), received(1));
    assert_ne!(received(1), received(2));
}

#[test]
fn places_that_hold_no_messages_and_threads_that_are_private_are_refused() {
    let (discord, guild, channel) = with_channel();
    let mina = discord.person(guild, "mina");
    let forum = discord.forum(guild, "questions", &[]);
    let aside = discord.thread(channel, Kind::PrivateThread, mina, "aside");
    let code = |path: String| get(&discord, &path).json()["code"].as_u64();
    assert_eq!(code(format!("/channels/{forum}/messages")), Some(50024));
    assert_eq!(code(format!("/channels/{aside}/messages")), Some(50001));
    discord.permit_bot(guild, may::MANAGE_THREADS);
    assert_eq!(get(&discord, &format!("/channels/{aside}/messages")).status, 200);
    assert_eq!(get(&discord, &format!("/users/{mina}")).json()["username"], "mina");
    discord.assert_no_surprises();
}
