//! Who comes back with a question was not helped before, in whichever channel and order it is read.

use super::exports::{Talk, write};
use super::sandbox::Sandbox;

const QUESTION: &str =
    "Why does the upload of the invoice archive end with E4417 checksum mismatch?";
const AGAIN: &str = "The upload of the invoice archive ends with E4417 checksum mismatch, why?";

/// What the exchanges of these talks come to, read in this order: resolved, reopened and open.
fn exchanges(talks: &[&Talk]) -> [u64; 3] {
    let sandbox = Sandbox::new();
    for talk in talks {
        sandbox.import(&write(&sandbox.path(&format!("{}.json", talk.channel())), &talk.export()));
    }
    let status = sandbox.json(&["status", "--json"]);
    let count = |name| status["conversations_by_status"][name].as_u64().unwrap_or_default();
    ["resolved", "reopened", "open"].map(count)
}

/// A question that was resolved, and one a week later in another channel.
fn talks(later_asker: u64, later: &str, settled: bool) -> [Talk; 2] {
    let mut first = Talk::in_channel(5);
    first.resolved(11, QUESTION, "Raise `archive.chunk` to 64 and start the upload anew");
    let mut second = Talk::in_channel(15);
    if settled {
        second.resolved(later_asker, later, "Delete the stale part file and start the upload anew");
    } else {
        second.say(later_asker, None, later, None);
    }
    [first, second]
}

#[test]
fn an_asker_who_comes_back_in_another_channel_reopens_the_question() {
    let [first, second] = talks(11, AGAIN, false);
    for order in [[&first, &second], [&second, &first]] {
        assert_eq!(exchanges(&order), [0, 1, 1]);
    }
}

#[test]
fn somebody_else_or_another_question_reopens_nothing() {
    for [first, second] in [
        talks(12, AGAIN, false),
        talks(11, "How do I rename the folder of the weekly newsletter drafts?", false),
    ] {
        assert_eq!(exchanges(&[&first, &second]), [1, 0, 1]);
    }
}

#[test]
fn an_answer_that_comes_later_closes_both() {
    let [first, open] = talks(11, AGAIN, false);
    let [_, settled] = talks(11, AGAIN, true);
    // The same channel is exported again after somebody helped.
    assert_eq!(exchanges(&[&first, &open, &settled]), exchanges(&[&first, &settled]));
}
