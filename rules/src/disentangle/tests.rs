use std::sync::{Arc, LazyLock};

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::link_cue::LinkCue;
use super::*;
use crate::config::ruleset::Ruleset;
use crate::model::ids::{ChannelId, MessageId, UserId};
use crate::model::message::{Author, Mention, MessageKind};

static RULES: LazyLock<Ruleset> = LazyLock::new(Ruleset::embedded);

/// A line of talk: minute, speaker, text. The id of a message is its place, from 1.
type Line<'t> = (i64, &'t str, &'t str);

fn message(place: usize, (minute, speaker, text): Line<'_>) -> Message {
    let number = speaker.bytes().fold(7, |number: u64, byte| number * 31 + u64::from(byte));
    Message {
        id: MessageId(place as u64 + 1),
        channel: ChannelId(1),
        author: Arc::new(Author {
            id: UserId(number),
            name: speaker.into(),
            bot: false,
            roles: Vec::new(),
        }),
        kind: MessageKind::Default,
        sent: Timestamp::UNIX_EPOCH + SignedDuration::from_mins(minute),
        edited: None,
        text: text.into(),
        reply_to: None,
        mentions: Vec::new(),
        reactions: Vec::new(),
        attachments: Vec::new(),
        forwarded: None,
        pinned: false,
    }
}

fn talk(lines: &[Line<'_>]) -> Vec<Message> {
    lines.iter().enumerate().map(|(place, line)| message(place, *line)).collect()
}

fn links(messages: &[Message], kind: ChannelKind) -> Vec<ParentLink> {
    let mut untangler = Disentangler::for_channel(&RULES.conversations, kind);
    messages.iter().map(|message| untangler.link(message)).collect()
}

fn check(lines: &[Line<'_>], parents: &[u64]) {
    let found = links(&talk(lines), ChannelKind::Text);
    let found =
        found.iter().map(|link| link.parent.map_or(0, |parent| parent.0)).collect::<Vec<_>>();
    assert_eq!(found, parents, "{lines:?}");
}

#[test]
fn a_name_in_front_finds_its_bearer_however_it_is_written() {
    for answer in [
        "marlowe: raise the limit in the settings file",
        "marlowe, raise the limit in the settings file",
        "marlowe raise the limit in the settings file",
        "Marl: raise the limit in the settings file",
        "@marlowe raise the limit in the settings file",
        "hi marlowe, raise the limit in the settings file",
    ] {
        check(
            &[
                (0, "marlowe", "why does the importer stop after the first thousand rows?"),
                (1, "quill", "is there a way to change the colour of the sidebar?"),
                (3, "tamsin", answer),
            ],
            &[0, 0, 1],
        );
    }
}

#[test]
fn korean_names_are_found_with_their_particles() {
    check(
        &[
            (0, "민수", "서버가 시작할 때 왜 멈추나요?"),
            (1, "지영", "사이드바 색깔은 어떻게 바꾸나요?"),
            (3, "하준", "민수님 설정 파일에서 포트를 바꿔 보세요"),
        ],
        &[0, 0, 1],
    );
}

#[test]
fn raw_and_listed_mentions_are_addresses() {
    let mut messages = talk(&[
        (0, "marlowe", "why does the importer stop after the first thousand rows?"),
        (1, "quill", "is there a way to change the colour of the sidebar?"),
        (3, "tamsin", "raise the limit in the settings file"),
    ]);
    let asker = messages[0].author.id;
    let mut raw = messages.clone();
    raw[2].text = format!("<@{asker}> raise the limit in the settings file");
    assert_eq!(links(&raw, ChannelKind::Text)[2].parent, Some(MessageId(1)));
    messages[2].mentions = vec![Mention { id: asker, name: "marlowe".into() }];
    let link = links(&messages, ChannelKind::Text)[2];
    assert_eq!(link.parent, Some(MessageId(1)));
    assert!(link.cues.contains(&Some(LinkCue::Names)), "{:?}", link.cues);
}

#[test]
fn a_reply_wins_even_over_names_and_age_and_what_is_no_talk_stays_alone() {
    let mut messages = talk(&[
        (0, "marlowe", "why does the importer stop?"),
        (1, "quill", "joined"),
        (90_000, "tamsin", "marlowe: hello"),
        (90_001, "tamsin", "marlowe: see the limits page"),
    ]);
    messages[1].kind = MessageKind::System;
    messages[3].reply_to = Some(MessageId(1));
    let links = links(&messages, ChannelKind::Text);
    assert_eq!(links[1].parent, None);
    assert_eq!(links[2].parent, None, "beyond every limit");
    assert_eq!((links[3].parent, links[3].cues[0]), (Some(MessageId(1)), Some(LinkCue::Reply)));
}

#[test]
fn a_thread_is_one_conversation_whatever_its_replies_name() {
    let mut messages =
        talk(&[(0, "a1", "what now?"), (9_000, "b2", "no idea"), (99_000, "c3", "new topic?")]);
    for message in &mut messages {
        message.id.0 += 100;
    }
    messages[0].reply_to = Some(MessageId(4));
    messages[2].reply_to = Some(MessageId(5));
    assert_eq!(group_links(links(&messages, ChannelKind::Thread)).len(), 1);
}

#[test]
fn a_common_word_is_no_address() {
    check(
        &[
            (0, "marlowe", "why does the importer stop after the first thousand rows?"),
            (1, "the", "good morning everybody"),
            (2, "marlowe", "the importer writes nothing to its log"),
        ],
        &[0, 0, 1],
    );
}

#[test]
fn conversations_come_ordered_and_share_a_parent_that_is_gone() {
    let link = |message, parent: Option<u64>| {
        ParentLink::because(MessageId(message), parent.map(MessageId), None)
    };
    let found = group_links([
        link(9, Some(2)),
        link(5, None),
        link(7, Some(5)),
        link(4, Some(2)),
        link(8, Some(7)),
    ]);
    let ids = found.iter().map(|links| links.iter().map(|link| link.message.0).collect::<Vec<_>>());
    assert_eq!(ids.collect::<Vec<_>>(), [vec![4, 9], vec![5, 7, 8]]);
}

#[test]
fn hostile_texts_are_linked_like_others() {
    let long = "가".repeat(4_000);
    let mentions = "<@1>@a ".repeat(2_000);
    let texts = [
        "",
        " ",
        "@",
        "<@",
        "<@!99999999999999999999>",
        ":",
        long.as_str(),
        mentions.as_str(),
        "\u{0}…？",
    ];
    let lines = texts
        .iter()
        .enumerate()
        .map(|(place, text)| (place as i64, "…", *text))
        .collect::<Vec<_>>();
    assert_eq!(links(&talk(&lines), ChannelKind::Text).len(), texts.len());
}

fn any_talk() -> impl Strategy<Value = Vec<Message>> {
    let speaker =
        prop::sample::select(vec!["ann", "annabel", "bo", "the", "민수", "Zed Zip", "zed"]);
    let text = prop::sample::select(vec![
        "ann: try the nightly build",
        "anna, which version?",
        "@Zed Zip thanks",
        "민수님 감사합니다",
        "the nightly build fails here?",
        "<@7> bo ok",
        "ok",
        "",
    ]);
    let line = (0..200_i64, speaker, text, 0..90_u64, 0..12_u8);
    prop::collection::vec(line, 1..130).prop_map(|lines| {
        let mut minute = 0;
        let messages =
            lines.into_iter().enumerate().map(|(place, (pause, speaker, text, reply, kind))| {
                minute += pause * pause / 100;
                let mut message = message(place, (minute, speaker, text));
                message.reply_to =
                    (kind == 0).then(|| MessageId((place as u64).saturating_sub(reply)));
                if kind == 1 {
                    message.kind = MessageKind::System;
                }
                // The bearer of a name may change, and a person's name too.
                message.author = Arc::new(Author {
                    id: UserId(u64::from(kind) % 5),
                    ..(*message.author).clone()
                });
                message
            });
        messages.collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn a_link_depends_on_nothing_before_the_window(messages in any_talk()) {
        let whole = links(&messages, ChannelKind::Text);
        for (place, link) in whole.iter().enumerate() {
            let talk = messages[..place].iter().filter(|message| message.kind.is_talk()).collect::<Vec<_>>();
            let last = talk.into_iter().rev().take(WINDOW).rev();
            let few = last.chain([&messages[place]]).cloned().collect::<Vec<_>>();
            prop_assert_eq!(links(&few, ChannelKind::Text).last().copied(), Some(*link));
        }
    }

    #[test]
    fn any_text_is_read(text in "\\PC{0,60}", name in "\\PC{0,12}") {
        let mut messages = talk(&[(0, "ann", text.as_str()), (1, "bo", "so?"), (2, "ann", text.as_str())]);
        messages[1].author = Arc::new(Author { name, ..(*messages[1].author).clone() });
        prop_assert_eq!(links(&messages, ChannelKind::Text).len(), 3);
    }
}
