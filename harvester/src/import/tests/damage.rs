//! Files that broke off, were mended by hand, or were made to do harm.

use std::io::{self, Cursor};

use proptest::prelude::*;
use rules::model::ids::MessageId;

use super::*;

/// Where each of the messages ends in a file.
fn ends(file: &str, messages: &[String]) -> Vec<usize> {
    let mut from = 0;
    let end = |message: &String| {
        from += file[from..].find(message.as_str()).expect("the message is in the file");
        from += message.len();
        from
    };
    messages.iter().map(end).collect()
}

fn three() -> Vec<String> {
    vec![
        plain(1, "Why does my glaze crawl? \"Help\" \\ caf\u{e9} \u{1f525}"),
        plain(2, "Dust on the bisque: wipe it."),
        plain(3, "That was it {[,]}"),
    ]
}

#[test]
fn a_file_cut_anywhere_keeps_what_came_before_and_names_the_byte() {
    let messages = three();
    let file = export(&messages);
    let ends = ends(&file, &messages);
    let whole = read(file.as_bytes()).messages;
    for cut in 0..file.len() {
        let Outcome { messages, end, .. } = read(&file.as_bytes()[..cut]);
        let kept = ends.iter().filter(|end| **end <= cut).count();
        assert_eq!(messages, whole[..kept], "cut at {cut}");
        match end {
            Err(ImportError::Broken { offset, report, .. }) => {
                assert_eq!(offset, cut as u64);
                assert_eq!((report.messages, report.complete), (kept as u64, false));
            }
            other => panic!("cut at {cut}: {other:?}"),
        }
    }
}

#[test]
fn the_error_says_file_byte_and_what_to_do() {
    let file = export(&three()).replace("\"Dust", "NaN, \"Dust");
    let place = file.find("NaN").unwrap();
    let Outcome { messages, end, .. } = read(file.as_bytes());
    assert_eq!(messages.len(), 1);
    let error = end.unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "help.json is damaged at byte {place}: expected value. The 1 message before it was \
             imported; export the channel again and import that file too, no message is stored \
             twice"
        )
    );
    assert_eq!(error.report().unwrap().messages, 1);
}

#[test]
fn a_break_is_placed_where_it_is() {
    let check = |from: &str, to: &str, at: &str, kept: usize| {
        let file = export(&three()).replacen(from, to, 1);
        let Outcome { messages, end, .. } = read(file.as_bytes());
        assert_eq!(messages.len(), kept, "{to}");
        match end {
            Err(ImportError::Broken { offset, .. }) => {
                assert!(
                    file[offset as usize..].starts_with(at),
                    "{to}: {}",
                    &file[offset as usize..]
                );
            }
            other => panic!("{to}: {other:?}"),
        }
    };
    check("\"messages\": [", "\"messages\": [,", ",", 0);
    check("\"messageCount\"", "\"messages\": [], \"messageCount\"", "\"messages\": []", 3);
    check("\n  ],\n", ",\n  ],\n", "],\n", 3);
    check("\"guild\": {", "guild: {", "guild: {", 0);
    check("\n  ],\n", "\n  ]\n", "\"messageCount\"", 3);
    check("\"messageCount\": 3\n}", "\"messageCount\": 3\n}{", "{", 3);
    check("\"messageCount\": 3\n}", "\"messageCount\": 3\n}\0\0", "\0", 3);
}

#[test]
fn nesting_without_end_neither_crashes_nor_loses_the_rest() {
    let bomb = "[{\"a\":".repeat(100_000) + "1" + &"}]".repeat(100_000);
    for field in ["embeds", "author", "content", "mentions", "unknown"] {
        let bad = plain(1, "x").replacen('{', &format!("{{ \"{field}\": {bomb},"), 1);
        let Outcome { messages, end, .. } =
            read(export(&[bad, plain(2, "Still here.")]).as_bytes());
        assert_eq!(messages.last().unwrap().id, MessageId(2), "{field}");
        assert!(end.unwrap().complete, "{field}");
    }
}

#[test]
fn a_text_without_end_is_refused() {
    let start = format!("{HEAD}{},", plain(1, "a"));
    let file = Cursor::new(format!("{start}{{\"content\": \"")).chain(io::repeat(b'a'));
    let Outcome { messages, end, .. } = read(file);
    assert_eq!(messages.len(), 1);
    match end {
        Err(ImportError::Broken { offset, why, .. }) => {
            assert_eq!(offset, start.len() as u64);
            assert_eq!(why, "a single value of more than 64 MB begins here");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_failing_disk_differs_from_a_damaged_file() {
    struct Failing;
    impl Read for Failing {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("bad sector"))
        }
    }
    // More than one window, so that the first message is read before the disk fails.
    let start = format!("{HEAD}{},", plain(1, &"a".repeat(100_000)));
    let Outcome { messages, end, .. } = read(Cursor::new(start.clone()).chain(Failing));
    match end {
        Err(ImportError::Unreadable { offset, .. }) => assert_eq!(offset, start.len() as u64),
        other => panic!("{other:?}"),
    }
    assert!(messages.len() <= 1);
}

/// Gives a file in pieces of the given sizes, over and over.
struct Pieces<'a> {
    rest: &'a [u8],
    sizes: Vec<usize>,
    turn: usize,
}

impl Read for Pieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.turn += 1;
        let size = self.sizes[self.turn % self.sizes.len()].min(buffer.len()).min(self.rest.len());
        buffer[..size].copy_from_slice(&self.rest[..size]);
        self.rest = &self.rest[size..];
        Ok(size)
    }
}

#[derive(Debug, Clone)]
enum Damage {
    Replace(u8),
    Insert(Vec<u8>),
    Remove(usize),
}

fn damage() -> impl Strategy<Value = Damage> {
    prop_oneof![
        any::<u8>().prop_map(Damage::Replace),
        "[\\[\\]{}\",:0-9eE\\\\.\n -]{1,6}".prop_map(|text| Damage::Insert(text.into_bytes())),
        proptest::collection::vec(any::<u8>(), 1..4).prop_map(Damage::Insert),
        (1_usize..40).prop_map(Damage::Remove),
    ]
}

proptest! {
    #[test]
    fn damage_never_panics_and_costs_nothing_before_it(
        place in any::<prop::sample::Index>(),
        damage in damage(),
    ) {
        let texts = three();
        let file = export(&texts);
        let whole = read(file.as_bytes()).messages;
        let place = place.index(file.len());
        let mut bytes = file.clone().into_bytes();
        match damage {
            Damage::Replace(byte) => bytes[place] = byte,
            Damage::Insert(more) => {
                bytes.splice(place..place, more);
            }
            Damage::Remove(count) => {
                bytes.drain(place..(place + count).min(file.len()));
            }
        }
        let Outcome { messages, end, .. } = read(bytes.as_slice());
        if place > HEAD.len() {
            let kept = ends(&file, &texts).iter().filter(|end| **end <= place).count();
            prop_assert_eq!(&messages[..kept], &whole[..kept]);
        }
        if let Err(ImportError::Broken { offset, .. }) = end {
            prop_assert!(offset as usize >= place && offset as usize <= bytes.len());
        }
    }

    #[test]
    fn any_text_is_read_back_however_the_file_arrives(
        texts in proptest::collection::vec("\\PC{0,300}", 1..40),
        long in 0_usize..150_000,
        sizes in proptest::collection::vec(1_usize..100_000, 1..4),
    ) {
        let mut texts = texts;
        texts.push("\u{1f525}".repeat(long / 4));
        let messages: Vec<String> = (1..)
            .zip(&texts)
            .map(|(id, text)| {
                plain(id, "?").replace("\"?\"", &serde_json::to_string(text).unwrap())
            })
            .collect();
        let file = export(&messages);
        let Outcome { messages, end, .. } =
            read(Pieces { rest: file.as_bytes(), sizes, turn: 0 });
        let read: Vec<&str> = messages.iter().map(|message| message.text.as_str()).collect();
        prop_assert_eq!(read, texts);
        prop_assert!(end.unwrap().is_clean());
    }

    #[test]
    fn noise_never_panics(noise in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = read(noise.as_slice()).end;
        let inside = [HEAD.as_bytes(), &noise].concat();
        let closed = noise.contains(&0x7d);
        prop_assert!(read(inside.as_slice()).end.is_err() || closed);
    }
}
