use rules::model::ids::UserId;
use rules::model::message::ReactionOp;
use rules::time;
use serde_json::json;

use super::*;

fn dispatched(kind: &str, data: Value) -> GatewayAction {
    translated(kind, data, true)
}

fn translated(kind: &str, data: Value, readable: bool) -> GatewayAction {
    translate(&DispatchEvent {
        shard: 0,
        kind: kind.to_owned(),
        data,
        at: time::at_millisecond(1),
        readable,
    })
}

/// A message, with `changes` in place of its own keys.
fn said(changes: Value) -> Value {
    let mut message = json!({
        "id": "900", "channel_id": "50", "guild_id": "3", "type": 0,
        "author": { "id": "7", "username": "fern" }, "content": "set the port",
        "timestamp": "2025-01-05T10:00:00.123Z", "edited_timestamp": null,
        "reactions": [{ "emoji": { "name": "✅" }, "count": 1 }],
    });
    for (key, value) in changes.as_object().unwrap() {
        message[key] = value.clone();
    }
    message
}

fn what(action: &GatewayAction) -> &'static str {
    match action {
        GatewayAction::Posted(_) => "posted",
        GatewayAction::Edited(_) => "edited",
        GatewayAction::Reread(..) => "reread",
        GatewayAction::Quarantine { .. } => "quarantine",
        GatewayAction::Nothing => "nothing",
        _ => "other",
    }
}

#[test]
fn messages_are_posted_edited_or_read_again() {
    let check = |changes: Value, new: &str, update: &str| {
        for (kind, expected) in [("MESSAGE_CREATE", new), ("MESSAGE_UPDATE", update)] {
            let action = dispatched(kind, said(changes.clone()));
            assert_eq!(what(&action), expected, "{kind} {changes}");
        }
    };
    check(json!({}), "posted", "edited");
    check(json!({ "type": 200 }), "posted", "edited");
    check(json!({ "author": null }), "quarantine", "reread");
    check(json!({ "content": null }), "quarantine", "reread");
    check(json!({ "id": null }), "quarantine", "quarantine");
    check(json!({ "guild_id": null }), "nothing", "nothing");
    let forward =
        json!({ "message_reference": { "type": 1, "channel_id": "4", "message_id": "5" } });
    check(forward, "posted", "reread");
    let components =
        json!({ "author": { "id": "7", "username": "b", "bot": true }, "content": "" });
    check(components.clone(), "reread", "reread");
    let mut embeds = components;
    embeds["embeds"] = json!([{ "title": "x" }]);
    check(embeds, "posted", "edited");
    check(json!({ "content": "", "attachments": [] }), "posted", "edited");
}

#[test]
fn reactions_of_a_message_are_not_taken_from_the_gateway() {
    let GatewayAction::Posted(read) = dispatched("MESSAGE_CREATE", said(json!({}))) else {
        panic!("posted")
    };
    assert!(read.message.reactions.is_empty());
    assert_eq!(read.message.text, "set the port");
}

#[test]
fn what_serenity_did_not_touch_says_everything() {
    let forward = said(json!({
        "type": 300,
        "message_reference": { "type": 1, "channel_id": "4", "message_id": "5" },
        "message_snapshots": [{ "message": { "content": "elsewhere" } }],
    }));
    let GatewayAction::Edited(read) = translated("MESSAGE_UPDATE", forward, false) else {
        panic!("edited")
    };
    assert_eq!(read.message.forwarded.as_deref(), Some("elsewhere"));
}

#[test]
fn deletions_and_reactions_name_what_they_are_about() {
    let delete = json!({ "id": "1", "channel_id": "2", "guild_id": "3" });
    let GatewayAction::Deleted(deletion) = dispatched("MESSAGE_DELETE", delete) else {
        panic!("deleted")
    };
    assert_eq!((deletion.channel, deletion.messages), (ChannelId(2), vec![MessageId(1)]));
    let bulk = json!({ "ids": ["1", "4"], "channel_id": "2", "guild_id": "3" });
    let GatewayAction::Deleted(deletion) = dispatched("MESSAGE_DELETE_BULK", bulk) else {
        panic!("deleted")
    };
    assert_eq!(deletion.messages, [MessageId(1), MessageId(4)]);

    let check = |kind: &str, expected: ReactionOp| {
        let data = json!({ "user_id": "9", "channel_id": "2", "message_id": "1", "guild_id": "3",
            "emoji": { "id": null, "name": "✅" } });
        let GatewayAction::Reacted(change) = dispatched(kind, data) else { panic!("{kind}") };
        assert_eq!((change.message, change.what), (MessageId(1), expected), "{kind}");
    };
    check("MESSAGE_REACTION_ADD", ReactionOp::Added(UserId(9)));
    check("MESSAGE_REACTION_REMOVE", ReactionOp::Removed(UserId(9)));
    check("MESSAGE_REACTION_REMOVE_EMOJI", ReactionOp::ClearedEmoji);
    check("MESSAGE_REACTION_REMOVE_ALL", ReactionOp::Cleared);
}

#[test]
fn an_outage_is_no_farewell() {
    let check = |kind: &str, unavailable: Value, expected: GatewayAction| {
        let data = json!({ "id": "3", "unavailable": unavailable });
        assert!(dispatched(kind, data) == expected, "{kind}");
    };
    check("GUILD_DELETE", json!(true), GatewayAction::GuildAway(GuildId(3)));
    check("GUILD_DELETE", json!(false), GatewayAction::GuildLeft(GuildId(3)));
    check("GUILD_DELETE", Value::Null, GatewayAction::GuildLeft(GuildId(3)));
    check("GUILD_CREATE", json!(true), GatewayAction::GuildAway(GuildId(3)));
    assert!(matches!(dispatched("GUILD_CREATE", json!({ "id": "3" })), GatewayAction::Guild(_)));
    assert!(matches!(
        dispatched("GUILD_UPDATE", json!({ "id": "3" })),
        GatewayAction::GuildChanged(_)
    ));
}

#[test]
fn channels_threads_and_roles_are_distinguished() {
    for kind in ["CHANNEL_CREATE", "CHANNEL_UPDATE", "THREAD_CREATE", "THREAD_UPDATE"] {
        let action =
            dispatched(kind, json!({ "id": "8", "guild_id": "3", "type": 11, "name": "How?" }));
        assert!(
            matches!(action, GatewayAction::Channel(ApiChannel { id: ChannelId(8), .. })),
            "{kind}"
        );
    }
    for kind in ["CHANNEL_DELETE", "THREAD_DELETE"] {
        let action = dispatched(kind, json!({ "id": "8", "guild_id": "3", "type": 11 }));
        assert!(action == GatewayAction::ChannelGone(ChannelId(8)), "{kind}");
    }
    let list = json!({ "guild_id": "3", "threads": [{ "id": "8", "type": 11 }], "members": [] });
    assert!(
        matches!(dispatched("THREAD_LIST_SYNC", list), GatewayAction::Threads(list) if list.threads.len() == 1)
    );
    let role =
        json!({ "guild_id": "3", "role": { "id": "5", "name": "x", "permissions": "1024" } });
    assert!(matches!(dispatched("GUILD_ROLE_UPDATE", role), GatewayAction::Role(GuildId(3), _)));
    let gone = json!({ "guild_id": "3", "role_id": "5" });
    assert!(
        dispatched("GUILD_ROLE_DELETE", gone) == GatewayAction::RoleGone(GuildId(3), RoleId(5))
    );
}

#[test]
fn the_rest_is_passed_on_passed_over_or_counted() {
    let check = |kind: &str, readable: bool, expected: GatewayAction| {
        assert!(translated(kind, json!({ "id": "1" }), readable) == expected, "{kind}");
    };
    check("READY", true, GatewayAction::Ready);
    check("RESUMED", true, GatewayAction::Resumed);
    check("INTERACTION_CREATE", false, GatewayAction::Interaction(json!({ "id": "1" })));
    check("TYPING_START", true, GatewayAction::Nothing);
    check("SOMETHING_NEW", false, GatewayAction::Unknown);
    let lost = json!({ "channel_id": "2", "guild_id": "3" });
    assert!(matches!(
        dispatched("MESSAGE_DELETE", lost),
        GatewayAction::Quarantine { channel: Some(ChannelId(2)), .. }
    ));
}
