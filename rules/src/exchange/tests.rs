use std::sync::{Arc, LazyLock};

use jiff::{SignedDuration, Timestamp};

use super::*;
use crate::config::ruleset::Ruleset;
use crate::disentangle::{Disentangler, group_links};
use crate::model::ids::ChannelId;
use crate::model::message::{Author, ChannelKind, MessageKind};

static RULES: LazyLock<Ruleset> = LazyLock::new(Ruleset::embedded);

/// A line of a thread: minute, speaker, text, and the line that it replies to, from 1; 0 for none.
type Line<'t> = (i64, &'t str, &'t str, u64);

fn message(place: usize, (minute, speaker, text, reply): Line<'_>) -> Message {
    let number = speaker.bytes().fold(7, |number: u64, byte| number * 31 + u64::from(byte));
    let author = Author { id: UserId(number), name: speaker.into(), bot: false, roles: Vec::new() };
    Message {
        id: MessageId(place as u64 + 1),
        channel: ChannelId(1),
        author: Arc::new(author),
        kind: MessageKind::Default,
        sent: Timestamp::UNIX_EPOCH + SignedDuration::from_mins(minute),
        edited: None,
        text: text.into(),
        reply_to: (reply > 0).then_some(MessageId(reply)),
        mentions: Vec::new(),
        reactions: Vec::new(),
        attachments: Vec::new(),
        forwarded: None,
        pinned: false,
    }
}

/// The exchanges of a thread, as the places of their messages, from 1.
fn exchanges(lines: &[Line<'_>]) -> Vec<Vec<u64>> {
    let messages = lines.iter().enumerate().map(|(place, line)| message(place, *line));
    let messages = messages.collect::<Vec<_>>();
    let mut disentangler = Disentangler::for_channel(&RULES.conversations, ChannelKind::Thread);
    let links = group_links(messages.iter().map(|message| disentangler.link(message))).remove(0);
    let all = messages.iter().collect::<Vec<_>>();
    let found = split_exchanges(&all, &links, &RULES.conversations);
    found.iter().map(|one| one.iter().map(|message| message.id.0).collect()).collect()
}

const ASKED: Line<'_> = (0, "marlowe", "How do I rotate the signing key of the relay?", 0);
const ANSWERED: Line<'_> = (5, "quill", "Run relay keys rotate and restart it.", 0);

#[test]
fn one_question_with_its_follow_ups_is_one_exchange() {
    for follow_up in [
        "which file is that in?",
        "thanks, that worked!",
        "and does it need a restart?",
        "it still says denied, what now?",
        "How do I rotate the signing key of the relay again?",
    ] {
        let found =
            exchanges(&[ASKED, ANSWERED, (9, "marlowe", follow_up, 0), (12, "quill", "yes", 0)]);
        assert_eq!(found, [vec![1, 2, 3, 4]], "{follow_up}");
    }
}

#[test]
fn a_late_answer_and_its_thanks_belong_to_the_question() {
    let found = exchanges(&[
        ASKED,
        (20 * 60, "quill", "Run relay keys rotate and restart it.", 0),
        (40 * 60, "marlowe", "thanks, works", 0),
    ]);
    assert_eq!(found, [vec![1, 2, 3]]);
}

#[test]
fn a_second_question_after_thanks_or_a_silence_is_an_exchange_of_its_own() {
    let second = "Where can I see how many clients are connected?";
    let answer = "Open /metrics in a browser.";
    let after_thanks = exchanges(&[
        ASKED,
        ANSWERED,
        (6, "marlowe", "thanks!", 0),
        (7, "marlowe", second, 0),
        (8, "quill", answer, 0),
        (9, "marlowe", "great, thanks", 0),
    ]);
    assert_eq!(after_thanks, [vec![1, 2, 3], vec![4, 5, 6]]);
    let after_silence =
        exchanges(&[ASKED, ANSWERED, (300, "marlowe", second, 0), (301, "quill", answer, 0)]);
    assert_eq!(after_silence, [vec![1, 2], vec![3, 4]]);
}

#[test]
fn another_question_about_the_same_product_repeats_nothing() {
    for second in ["Can the relay write its logs to a file?", "Is the relay able to use two disks?"]
    {
        let found = exchanges(&[
            ASKED,
            ANSWERED,
            (6, "marlowe", "thanks!", 0),
            (24 * 60, "marlowe", second, 0),
            (24 * 60 + 1, "quill", "Yes, set it in the file.", 0),
        ]);
        assert_eq!(found, [vec![1, 2, 3], vec![4, 5]], "{second}");
    }
}

#[test]
fn somebody_elses_question_is_an_exchange_and_replies_find_their_own() {
    let found = exchanges(&[
        ASKED,
        (3, "tamsin", "Can I export my dashboards to a spreadsheet somehow?", 0),
        (5, "quill", "Run relay keys rotate and restart it.", 1),
        (6, "quill", "Dashboards have an export button.", 2),
        (7, "marlowe", "works, thanks", 0),
        (8, "tamsin", "thank you", 0),
    ]);
    assert_eq!(found, [vec![1, 3, 5], vec![2, 4, 6]]);
}

#[test]
fn a_helper_who_asks_back_begins_nothing() {
    let found = exchanges(&[
        ASKED,
        (2, "quill", "Which version of the relay do you run there?", 0),
        (3, "marlowe", "2.4", 0),
        (4, "quill", "How did you install it on your server?", 0),
    ]);
    assert_eq!(found, [vec![1, 2, 3, 4]]);
}

#[test]
fn of_two_questions_in_one_message_the_answered_one_is_kept() {
    let answer = "Use `relay keys rotate --signing`, then restart.";
    let check = |question: &str, kept: Option<&str>| {
        let found = answered_part(question, answer, &RULES.conversations);
        assert_eq!(found.as_deref(), kept, "{question}");
    };
    check(
        "Can relay run on arm? And how do I rotate the signing key?",
        Some("And how do I rotate the signing key?"),
    );
    check(
        "1) does the relay run on arm 2) how to rotate the signing key?",
        Some("2) how to rotate the signing key?"),
    );
    check(
        "I use relay 2.4. Can it run on arm? How do I rotate the signing key?",
        Some("I use relay 2.4. How do I rotate the signing key?"),
    );
    check("How do I rotate the signing key?", None);
    check("Does it snow in Oslo? Is it warm in Rome?", None);
}
