//! What the one status comment of a pull request says.

use std::fmt::Write as _;

use rules::markdown::code_span;
use rules::model::ids::Millis;

use super::comment_commands::{HANDLE, HELP};
use crate::page::draft::Draft;
use crate::page::evidence::{day, minute};
use crate::pull_request::escape;

const LONGEST_QUESTION: usize = 120;
const MOST_ROWS: usize = 100;

/// Every command with what it does.
pub fn help() -> String {
    let mut out = format!(
        "With write access, begin a comment with `{}` and one of these:\n\n",
        escape::neutralized(HANDLE)
    );
    for (usage, what) in HELP {
        writeln!(out, "- `{usage}`: {what}").expect("a string takes everything");
    }
    out
}

/// Every occurrence that the page stands on.
pub fn evidence(draft: &Draft) -> String {
    let mut out = format!("The page stands on {} occurrences:\n\n", draft.evidence.len());
    for row in draft.evidence.iter().take(MOST_ROWS) {
        let links = format!("[question]({}), [answer]({})", row.question_link, row.answer_link);
        let told = row.told.as_ref().map_or_else(
            || "by link only".to_owned(),
            |told| format!("{}, {}", escape::span(&told.question, LONGEST_QUESTION), told.signals),
        );
        writeln!(out, "- {}: {links}; {told}", day(row.resolved)).expect("a string takes it");
    }
    if draft.evidence.len() > MOST_ROWS {
        writeln!(out, "- and {} more", draft.evidence.len() - MOST_ROWS)
            .expect("a string takes it");
    }
    out
}

/// A person works on it, and there is more to know since.
pub fn hands_off(why: &str, draft: Option<&Draft>) -> String {
    let mut out = format!(
        "This is yours: {}. Nothing here is changed automatically any more.\n",
        escape::escaped_text(why)
    );
    if let Some(draft) = draft {
        write!(
            out,
            "\nSo far the question was resolved {} times, the last time on {}.\n",
            draft.evidence.len(),
            draft.evidence.first().map_or_else(String::new, |row| day(row.resolved)),
        )
        .expect("a string takes everything");
    }
    out
}

/// Messages that it stands on are gone, and people work on the branch, so that we leave it alone.
pub fn evidence_deleted() -> String {
    "Messages that this page stands on were deleted, or may no longer be shown. The branch has commits \
     of people, so that it is left alone: please take the words out, or close it.\n"
        .to_owned()
}

/// Somebody asked for changes in a review.
pub fn changes_requested() -> String {
    format!(
        "Thank you for the review. Pages hold only what people said in the chat, so that this program \
         does not reword them: please edit the branch, it stops updating at your first commit. For \
         another place, comment `{handle} page PATH`; if it is no answer for the docs, \
         `{handle} reject` with your reason.\n",
        handle = escape::neutralized(HANDLE)
    )
}

pub fn snoozed(until: Millis) -> String {
    format!("Left alone until {}.\n", minute(until))
}

/// A branch that is about to be written anew, with what stood there.
pub fn recreated(head: &str) -> String {
    format!("Written anew. What stood on the branch before is the commit {}.\n", code_span(head))
}

pub fn refreshed(draft: &Draft) -> String {
    format!(
        "Looked at again: {} occurrences, the last one of {}.\n",
        draft.evidence.len(),
        draft.evidence.first().map_or_else(String::new, |row| day(row.resolved)),
    )
}

pub fn rejected() -> String {
    "Closed. This question is not proposed again unless somebody asks for it.\n".to_owned()
}

pub fn batched() -> String {
    "This answer goes into the next weekly pull request.\n".to_owned()
}

pub fn split() -> String {
    "From now on these questions are counted apart wherever they are not surely the same, or their \
     answers do not agree. What stays together keeps this page.\n"
        .to_owned()
}

/// What was asked for cannot be done.
pub fn command_failed(why: &str) -> String {
    format!("That is not possible: {}.\n", escape::escaped_text(why))
}
