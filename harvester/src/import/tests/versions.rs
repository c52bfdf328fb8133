//! What the exporter wrote over the years, field by field.

use jiff::Timestamp;
use rules::model::ids::{ChannelId, GuildId, MessageId, RoleId, UserId};
use rules::model::message::{Attachment, ChannelKind, Mention, MessageKind, Reaction, Role};
use rules::time;

use super::*;

/// The one message of a file whose extra fields are given.
fn with(extra: &str) -> Message {
    let message = plain(50, "Try a thinner coat.").replacen('{', &format!("{{ {extra},"), 1);
    let Outcome { mut messages, end, .. } = read(export(&[message]).as_bytes());
    end.unwrap();
    assert_eq!(messages.len(), 1, "{extra}");
    messages.remove(0)
}

/// The one message of a file, with its type and other fields given.
fn typed(kind: &str, extra: &str) -> Message {
    let message = plain(50, "text").replace("\"Default\"", kind).replacen(
        '{',
        &format!("{{ \"isPinned\": false, {extra}"),
        1,
    );
    read(export(&[message]).as_bytes()).messages.remove(0)
}

#[test]
fn a_message_of_today_is_read_whole() {
    let message = r##"
    {
      "id": "1000000000000000001",
      "type": "Reply",
      "timestamp": "2026-02-01T05:00:00.25-04:00",
      "timestampEdited": "2026-02-01T05:01:00-04:00",
      "callEndedTimestamp": null,
      "isPinned": true,
      "content": "@Fern thin it, then `sieve`\n\u003cdone\u003e",
      "author": {
        "id": "71", "name": "moss", "discriminator": "0000", "nickname": "Moss \"kiln\" Hill",
        "color": "#F1C40F", "isBot": true,
        "roles": [
          { "id": "81", "name": "Potter", "color": null, "position": 2 },
          { "id": "82", "name": "Member", "color": null, "position": 1 }
        ],
        "avatarUrl": ""
      },
      "attachments": [{ "id": "1", "url": "", "fileName": "kiln.png", "fileSizeBytes": 2048 }],
      "embeds": [{ "title": "", "fields": [], "images": [], "inlineEmojis": [] }],
      "stickers": [{ "id": "5", "name": "wave", "format": "Lottie", "sourceUrl": "" }],
      "reactions": [
        {
          "emoji": { "id": "", "name": "👍", "code": "thumbsup", "isAnimated": false },
          "count": 3,
          "users": [{ "id": "72", "name": "fern" }, { "id": "73", "name": "reed" }]
        },
        { "emoji": { "id": "9", "name": "solved", "code": "solved" }, "count": 1, "users": [] }
      ],
      "mentions": [{ "id": "72", "name": "fern", "nickname": "Fern", "isBot": false }],
      "reference": {
        "type": "Default", "messageId": "1000000000000000000", "channelId": "901", "guildId": "900"
      },
      "inlineEmojis": []
    }"##;
    let Outcome { channel, messages, end } = read(export(&[message.to_owned()]).as_bytes());
    let message = &messages[0];
    assert_eq!(message.id, MessageId(1_000_000_000_000_000_001));
    assert_eq!(message.channel, ChannelId(901));
    assert_eq!(message.kind, MessageKind::Reply);
    assert_eq!(message.sent, time::at_millisecond(1_769_936_400_250));
    assert_eq!(message.edited, Some(time::at_millisecond(1_769_936_460_000)));
    assert_eq!(message.text, "@Fern thin it, then `sieve`\n<done>");
    assert_eq!(message.reply_to, Some(MessageId(1_000_000_000_000_000_000)));
    assert_eq!(message.forwarded, None);
    assert!(message.pinned && message.author.bot);
    assert_eq!(
        (message.author.id, message.author.name.as_str()),
        (UserId(71), "Moss \"kiln\" Hill")
    );
    let role = |id, name: &str| Role { id: RoleId(id), name: name.to_owned() };
    assert_eq!(message.author.roles, [role(81, "Potter"), role(82, "Member")]);
    assert!(message.mentions == [Mention { id: UserId(72), name: "Fern".to_owned() }]);
    assert_eq!(message.attachments, [Attachment { name: "kiln.png".to_owned(), bytes: 2_048 }]);
    let reaction = |emoji: &str, count, users: &[u64]| Reaction {
        emoji: emoji.to_owned(),
        count,
        users: users.iter().copied().map(UserId).collect(),
    };
    assert_eq!(message.reactions, [reaction("👍", 3, &[72, 73]), reaction("solved", 1, &[])]);

    let channel = channel.unwrap();
    assert_eq!((channel.id, channel.guild), (ChannelId(901), GuildId(900)));
    assert_eq!((channel.kind, channel.topic.as_deref()), (ChannelKind::Text, None));
    assert_eq!(channel.parent, Some(ChannelId(902)));
    assert_eq!(channel.parent_name.as_deref(), Some("Support"));
    let report = end.unwrap();
    assert_eq!((report.guild_name.as_str(), report.messages), ("Kiln Makers", 1));
    assert_eq!(report.exported_at, time::at_millisecond(1_772_359_200_000));
    assert!(report.is_clean());
}

/// Before nicknames, references, roles, `exportedAt` and `categoryId`.
#[test]
fn an_export_of_2020_is_read() {
    let file = r#"{"guild":{"id":"900","name":"Kiln Makers","iconUrl":""},
        "channel":{"id":"901","type":"GuildTextChat","category":"Support","name":"glazes","topic":"ask"},
        "dateRange":{"after":null,"before":null},
        "messages":[{"id":"400","type":"Default","timestamp":"2020-03-01T12:00:00+01:00",
            "timestampEdited":null,"isPinned":false,"content":"It runs off the pot",
            "author":{"id":"71","name":"moss","discriminator":"0420","isBot":false,"avatarUrl":""},
            "attachments":[],"embeds":[],
            "reactions":[{"emoji":{"id":null,"name":"👍","isAnimated":false},"count":2}],
            "mentions":[{"id":"72","name":"fern","discriminator":"0001","isBot":false}]}],
        "messageCount":1}"#;
    let mut seen = Vec::new();
    let report =
        read_export(Path::new("old.json"), file.as_bytes(), &mut |event| seen.push(event)).unwrap();
    assert!(report.is_clean());
    let [
        ChatEvent::ChannelSeen(channel, listed),
        ChatEvent::ServerSeen(GuildId(900), server, named),
        ChatEvent::Posted(message, posted),
    ] = seen.as_slice()
    else {
        panic!("{seen:?}");
    };
    assert_eq!([*listed, *named, *posted], [Timestamp::UNIX_EPOCH; 3]);
    assert_eq!(server, "Kiln Makers");
    assert_eq!((channel.parent, channel.parent_name.as_deref()), (None, Some("Support")));
    assert_eq!(channel.topic.as_deref(), Some("ask"));
    assert_eq!(message.author.name, "moss");
    assert_eq!(message.mentions[0].name, "fern");
    assert_eq!((message.reactions[0].count, message.reactions[0].users.len()), (2, 0));
}

#[test]
fn root_fields_may_come_in_any_order() {
    let file = format!(
        r#"{{"future":{{"a":[1,{{}}]}},"exportedAt":"2026-03-01T10:00:00Z",
            "channel":{{"name":"glazes","type":"GuildPublicThread","id":901}},
            "guild":{{"id":"900"}},"messages":[{}],"channel":{{"id":"5"}},"messageCount":"1",
            "more":"\ud83d\ude00"}}"#,
        plain(1, "a")
    );
    let Outcome { channel, messages, end } = read(file.as_bytes());
    let channel = channel.unwrap();
    assert_eq!((channel.id, channel.guild), (ChannelId(901), GuildId(900)));
    assert_eq!(channel.kind, ChannelKind::Thread);
    assert_eq!(messages[0].channel, ChannelId(901));
    assert!(end.unwrap().is_clean());
}

#[test]
fn the_newest_may_come_first() {
    let ids = |messages: &[String]| -> Vec<u64> {
        let outcome = read(export(messages).as_bytes());
        assert!(outcome.end.unwrap().is_clean());
        outcome.messages.iter().map(|message| message.id.0).collect()
    };
    assert_eq!(ids(&[plain(3, "c"), plain(2, "b"), plain(1, "a")]), [3, 2, 1]);
}

#[test]
fn only_a_reply_replies() {
    let check = |kind: &str, reference: &str, expected: Option<u64>| {
        let message = typed(kind, &format!("\"reference\": {reference},"));
        assert_eq!(message.reply_to, expected.map(MessageId), "{kind} {reference}");
    };
    let here = r#"{"messageId":"40","channelId":"901","guildId":"900"}"#;
    let typed_here = r#"{"type":"Default","messageId":"40","channelId":"901","guildId":"900"}"#;
    let elsewhere = r#"{"type":"Default","messageId":"40","channelId":"666","guildId":"6"}"#;
    check("\"Reply\"", here, Some(40));
    check("\"19\"", here, Some(40));
    check("\"Reply\"", typed_here, Some(40));
    check("\"Default\"", typed_here, Some(40));
    check("\"20\"", typed_here, Some(40));
    check("\"Default\"", here, None);
    check("\"Default\"", elsewhere, None);
    check("\"ThreadCreated\"", typed_here, None);
    check("\"ChannelPinnedMessage\"", typed_here, None);
    check("\"21\"", typed_here, None);
    check("\"Reply\"", r#"{"type":"Default","messageId":null,"channelId":null}"#, None);
    check("\"Reply\"", r#"{"type":"Default","messageId":"0","channelId":"901"}"#, None);
    check("\"Default\"", r#"{"type":"Forward","messageId":"40","channelId":"901"}"#, None);
    check("\"Reply\"", "null", None);
}

#[test]
fn a_forward_holds_somebody_elses_words() {
    let reference = r#""reference":{"type":"Forward","messageId":"40","channelId":"666"}"#;
    let words =
        r#""forwardedMessage":{"timestamp":"2026-01-01T00:00:00Z","content":"Fire slowly."}"#;
    assert_eq!(with(&format!("{reference}, {words}")).forwarded.as_deref(), Some("Fire slowly."));
    assert_eq!(with(reference).forwarded.as_deref(), Some(""));
    assert_eq!(with(words).reply_to, None);
}

#[test]
fn notices_commands_and_unknown_types_are_kept_and_counted() {
    let types = ["Default", "GuildMemberJoin", "8", "20", "21", "77", "Hologram", "77"];
    let messages: Vec<String> = (1..)
        .zip(types)
        .map(|(id, name)| plain(id, "text").replace("\"Default\"", &format!("{name:?}")))
        .collect();
    let Outcome { messages, end, .. } = read(export(&messages).as_bytes());
    let kinds: Vec<MessageKind> = messages.iter().map(|message| message.kind).collect();
    use MessageKind::{Command, Default, Other, System, ThreadStarter};
    assert_eq!(kinds, [Default, System, System, Command, ThreadStarter, Other, Other, Other]);
    let report = end.unwrap();
    assert_eq!((report.messages, report.system), (8, 3));
    let counted: Vec<(&str, u64)> =
        report.other_types.iter().map(|(name, count)| (name.as_str(), *count)).collect();
    assert_eq!(counted, [("77", 2), ("Hologram", 1)]);
    assert!(report.is_clean());
}

#[test]
fn unknown_types_without_end_are_counted_in_bounded_memory() {
    let message = |id: u64| plain(id, "x").replace("Default", &format!("Type{id:0>100}"));
    let messages: Vec<String> = (1..200).map(message).collect();
    let report = read(export(&messages).as_bytes()).end.unwrap();
    assert!(report.other_types.len() <= 51);
    assert_eq!(report.other_types.values().sum::<u64>(), 199);
}

#[test]
fn a_field_of_the_wrong_kind_costs_only_itself() {
    let wrong = ["null", "true", "-1", "1.5", "3", "\"x\"", "[]", "{}", "[null, 1, [], {}]"];
    let fields = [
        "timestampEdited",
        "isPinned",
        "attachments",
        "embeds",
        "stickers",
        "reactions",
        "mentions",
        "reference",
        "forwardedMessage",
        "inlineEmojis",
        "callEndedTimestamp",
        "interaction",
    ];
    for field in fields {
        for value in wrong {
            let message = with(&format!("\"{field}\": {value}"));
            assert_eq!(message.text, "Try a thinner coat.", "{field}: {value}");
            assert_eq!((message.edited, message.reply_to), (None, None), "{field}: {value}");
        }
    }
    let attached = with(r#""attachments":[{"fileName":null,"fileSizeBytes":null}, null]"#);
    assert_eq!(attached.attachments, [Attachment { name: String::new(), bytes: 0 }]);
    let pinned = with(r#""isPinned":"True""#);
    assert!(pinned.pinned);
}

#[test]
fn names_fall_back_and_ids_may_be_numbers() {
    let check = |author: &str, expected: &str| {
        let message = plain(1, "x").replace(r#"{ "id": "77", "name": "ash" }"#, author);
        let message = read(export(&[message]).as_bytes()).messages.remove(0);
        assert_eq!((message.author.id, message.author.name.as_str()), (UserId(77), expected));
    };
    check(r#"{"id":"77","name":"ash","nickname":"Ash K."}"#, "Ash K.");
    check(r#"{"id":"77","name":"ash","nickname":""}"#, "ash");
    check(r#"{"id":"77","name":"ash","nickname":null,"roles":null,"isBot":null}"#, "ash");
    check(r#"{"id":77,"name":"ash"}"#, "ash");
    check(r#"{"id":"77"}"#, "");
}

#[test]
fn the_bundled_exports_are_whole() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("demo/exports");
    let found = files::find_exports(&[folder]).unwrap();
    assert_eq!((found.exports.len(), found.passed_over.len()), (4, 0));
    for path in found.exports {
        let end = read(File::open(&path).unwrap()).end;
        assert!(end.unwrap().is_clean(), "{}", path.display());
    }
}
