mod damage;
mod versions;

use std::path::Path;

use rules::model::message::{Channel, Message};

use super::*;

/// What a file gave: its channel, its messages, and how it ended.
pub(super) struct Outcome {
    pub(super) channel: Option<Channel>,
    pub(super) messages: Vec<Message>,
    pub(super) end: Result<FileReport, ImportError>,
}

pub(super) fn read(file: impl Read) -> Outcome {
    let mut channel = None;
    let mut messages = Vec::new();
    let end = read_export(Path::new("help.json"), file, &mut |event| match event {
        ChatEvent::ChannelSeen(seen, _) => channel = Some(seen),
        ChatEvent::ServerSeen(..) => {}
        ChatEvent::Posted(message, _) => messages.push(message),
        other => panic!("an export tells no {other:?}"),
    });
    Outcome { channel, messages, end }
}

pub(super) const HEAD: &str = r##"{
  "guild": { "id": "900", "name": "Kiln Makers", "iconUrl": "" },
  "channel": {
    "id": "901", "type": "GuildTextChat", "categoryId": "902", "category": "Support",
    "name": "glazes", "topic": null
  },
  "dateRange": { "after": null, "before": null },
  "exportedAt": "2026-03-01T10:00:00+00:00",
  "messages": ["##;

/// An export as the exporter writes it, of the given messages.
pub(super) fn export(messages: &[String]) -> String {
    let count = messages.len();
    format!("{HEAD}{}\n  ],\n  \"messageCount\": {count}\n}}", messages.join(",\n"))
}

/// A message with the fields that every version has.
pub(super) fn plain(id: u64, content: &str) -> String {
    format!(
        r#"{{ "id": "{id}", "type": "Default", "timestamp": "2026-02-01T09:00:00.5+00:00",
  "content": {content:?}, "author": {{ "id": "77", "name": "ash" }} }}"#
    )
}

#[test]
fn an_empty_export_is_whole() {
    for messages in ["[]", "[ \n ]"] {
        let file = format!("{}{}", &HEAD[..HEAD.len() - 1], messages) + ",\"messageCount\":0}\n";
        let Outcome { channel, messages, end } = read(file.as_bytes());
        assert_eq!(channel.unwrap().name, "glazes");
        assert!(messages.is_empty());
        assert!(end.unwrap().is_clean());
    }
}

#[test]
fn a_byte_order_mark_and_windows_line_ends_change_nothing() {
    let file = export(&[plain(1, "Which cone for stoneware?"), plain(2, "Cone six.")]);
    let plain = read(file.as_bytes());
    let windows = format!("\u{feff}{}\r\n", file.replace('\n', "\r\n"));
    let windows = read(windows.as_bytes());
    assert_eq!(windows.messages, plain.messages);
    assert_eq!(windows.channel, plain.channel);
    assert_eq!(windows.end.unwrap(), plain.end.unwrap());
}

#[test]
fn a_file_that_an_editor_saved_as_utf_16_says_the_same() {
    let file = export(&[plain(1, "유약은 어떻게 하나요?"), plain(2, "Cone six.")]);
    let expected = read(file.as_bytes()).messages;
    for to_bytes in [u16::to_le_bytes, u16::to_be_bytes] {
        let units = std::iter::once(0xfeff).chain(file.encode_utf16());
        let bytes = units.flat_map(to_bytes).collect::<Vec<_>>();
        assert_eq!(read(decoded(&bytes[..])).messages, expected);
    }
}

#[test]
fn people_are_shared_while_they_stay_the_same() {
    let renamed = plain(3, "c").replace("ash", "ash-the-potter");
    let messages = read(export(&[plain(1, "a"), plain(2, "b"), renamed]).as_bytes()).messages;
    assert!(Arc::ptr_eq(&messages[0].author, &messages[1].author));
    assert_eq!(messages[2].author.name, "ash-the-potter");
}

#[test]
fn a_message_without_its_essentials_is_skipped_and_the_rest_is_kept() {
    let good = plain(5, "Sieve it twice.");
    let check = |bad: String, why: &str| {
        let file = export(&[plain(4, "Lumps?"), bad, good.clone()]);
        let Outcome { messages, end, .. } = read(file.as_bytes());
        let report = end.unwrap();
        assert_eq!(messages.len(), 2, "{why}");
        assert_eq!((report.messages, report.skipped, report.complete), (2, 1, true));
        assert!(!report.is_clean() && report.miscounted().is_none());
        let skipped = &report.skipped_listed[0];
        assert!(skipped.why.contains(why), "{} / {why}", skipped.why);
        let before = HEAD.len() + plain(4, "Lumps?").len() + ",\n".len();
        assert_eq!(skipped.offset, before as u64);
    };
    let bad = |from: &str, to: &str| plain(6, "x").replace(from, to);
    check(bad("\"id\": \"6\"", "\"no\": 1"), "`id`");
    check(bad("\"6\"", "\"six\""), "`id`");
    check(bad("\"6\"", "0"), "`id`");
    check(bad("\"6\"", "\"9223372036854775808\""), "`id`");
    check(bad("\"6\"", "\"18446744073709551616\""), "`id`");
    check(bad("\"6\"", "18446744073709551616"), "`id`");
    check(bad("\"6\"", "1e999"), "number out of range");
    check(bad("2026-02-01T", "2026-02-31T"), "`timestamp`");
    check(bad("timestamp", "when"), "`timestamp`");
    check(bad("\"x\"", "null"), "`content`");
    check(bad("\"x\"", &("[".repeat(5_000) + &"]".repeat(5_000))), "`content`");
    check(bad("\"77\"", "null"), "`author.id`");
    check(bad("author", "writer"), "`author`");
    check(bad("\"type\"", "\"id\""), "duplicate field `id`");
    check(bad("\"x\"", "\"\\ud800\""), "hex escape");
    check("null".to_owned(), "not an object");
    check("[\"6\", \"Default\", \"2026-02-01T09:00:00Z\"]".to_owned(), "not an object");
    check("12.5".to_owned(), "not an object");
}

#[test]
fn many_skipped_messages_are_counted_and_a_few_listed() {
    let report = read(export(&vec!["{}".to_owned(); 1_000]).as_bytes()).end.unwrap();
    assert_eq!((report.skipped, report.skipped_listed.len()), (1_000, 20));
}

#[test]
fn a_wrong_count_is_reported() {
    let file = export(&[plain(1, "a")]).replace("\"messageCount\": 1", "\"messageCount\": 9");
    let report = read(file.as_bytes()).end.unwrap();
    assert_eq!(report.miscounted(), Some(9));
    assert!(!report.is_clean());
}

#[test]
fn other_files_are_distinguished_from_exports() {
    let check = |file: &str, why: &str| match read(file.as_bytes()).end {
        Err(ImportError::NotAnExport { why: said, .. }) => assert!(said.contains(why), "{said}"),
        other => panic!("{file}: {other:?}"),
    };
    check("[]", "does not begin with");
    check("hello", "does not begin with");
    check("{}", "no `messages`");
    check(r#"{"guild":{"id":"1"},"channel":{"id":"2"}}"#, "no `messages`");
    check(r#"{"messages":[],"guild":{"id":"1"},"channel":{"id":"2"}}"#, "do not come before");
    check(r#"{"guild":null,"channel":{"id":"2"},"messages":[]}"#, "do not come before");
    check(r#"{"guild":{"id":"1"},"channel":{"id":"x"},"messages":[]}"#, "do not come before");
}

#[test]
fn direct_messages_have_the_guild_zero() {
    let file = export(&[plain(1, "a")])
        .replace("\"900\"", "\"0\"")
        .replace("GuildTextChat", "DirectTextChat");
    let channel = read(file.as_bytes()).channel.unwrap();
    assert_eq!((channel.guild.0, channel.kind), (0, rules::model::message::ChannelKind::Direct));
}

#[test]
fn bytes_read_are_counted() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("help.json");
    let text = export(&[plain(1, "a")]);
    std::fs::write(&path, &text).unwrap();
    let bytes_read = Arc::new(AtomicU64::new(0));
    let mut export = open(&path, Arc::clone(&bytes_read)).unwrap();
    while export.next_event().unwrap().is_some() {}
    assert!(export.into_report().is_clean());
    assert_eq!(bytes_read.load(Ordering::Relaxed), text.len() as u64);
    assert!(matches!(
        open(&folder.path().join("none.json"), bytes_read),
        Err(ImportError::CannotOpen { .. })
    ));
}
