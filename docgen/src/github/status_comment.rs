//! The text of the one status comment of a pull request.

use std::fmt::Write as _;

use jiff::Timestamp;
use rules::markdown::code_span;

use super::comment_commands::HELP;
use crate::page::evidence::{HelpSign, day, minute};
use crate::page::model::Draft;
use crate::pull_request::escape;
use crate::pull_request::labels::HANDLE;

const LONGEST_QUESTION: usize = 120;
const MOST_ROWS: usize = 100;

/// Every command with what it does.
pub fn help() -> String {
    let mut out = format!(
        "If you have write access, start a comment with `{}` and one of these commands:\n\n",
        escape::neutralized(HANDLE)
    );
    for (usage, what) in HELP {
        writeln!(out, "- `{usage}`: {what}").expect("a string takes everything");
    }
    out
}

/// Every occurrence that the page is based on.
pub fn evidence(draft: &Draft) -> String {
    let mut out = format!("This page is based on {} occurrences:\n\n", draft.evidence.len());
    for row in draft.evidence.iter().take(MOST_ROWS) {
        let links = format!("[question]({}), [answer]({})", row.question_link, row.answer_link);
        let quote = row.quote.as_ref().map_or_else(
            || "by link only".to_owned(),
            |quote| {
                let helped = quote.helped.map_or("not confirmed by the asker", HelpSign::as_str);
                format!("{}, {helped}", escape::span(&quote.question, LONGEST_QUESTION))
            },
        );
        writeln!(out, "- {}: {links}; {quote}", day(row.resolved)).expect("a string takes it");
    }
    if draft.evidence.len() > MOST_ROWS {
        writeln!(out, "- and {} more", draft.evidence.len() - MOST_ROWS)
            .expect("a string takes it");
    }
    out
}

/// Updates have stopped, and there is new evidence.
pub fn hands_off(why: &str, draft: Option<&Draft>) -> String {
    let mut out = format!("Automatic updates have stopped: {}.\n", escape::escaped_text(why));
    if let Some(draft) = draft {
        write!(
            out,
            "\nThe question has been answered {} times so far, most recently on {}.\n",
            draft.evidence.len(),
            draft.evidence.first().map_or_else(String::new, |row| day(row.resolved)),
        )
        .expect("a string takes everything");
    }
    out
}

/// Messages that it quotes were deleted, but people committed to the branch, so it is not changed.
pub fn evidence_deleted() -> String {
    "Messages that this page quotes were deleted or may no longer be quoted. The branch has commits by \
     other people, so it was not changed: please remove the quotes or close the pull request.\n"
        .to_owned()
}

/// Somebody asked for changes in a review.
pub fn changes_requested() -> String {
    format!(
        "Thank you for the review. Pages only quote what was written in chat, so this program does not \
         reword them. Please edit the branch; automatic updates stop at your first commit. To move the \
         answer to another page, comment `{handle} page PATH`. If it does not belong in the docs, \
         comment `{handle} reject` with a reason.\n",
        handle = escape::neutralized(HANDLE)
    )
}

pub fn snoozed(until: Timestamp) -> String {
    format!("Snoozed until {}.\n", minute(until))
}

/// A branch that is about to be rebuilt, with its previous head.
pub fn recreated(head: &str) -> String {
    format!("Branch rebuilt. Its previous commit was {}.\n", code_span(head))
}

pub fn refreshed(draft: &Draft) -> String {
    format!(
        "Evidence refreshed: {} occurrences, the most recent on {}.\n",
        draft.evidence.len(),
        draft.evidence.first().map_or_else(String::new, |row| day(row.resolved)),
    )
}

pub fn rejected() -> String {
    "Closed. This question is not proposed again unless someone asks for it.\n".to_owned()
}

pub fn batched() -> String {
    "This answer will be in the next weekly pull request.\n".to_owned()
}

pub fn split() -> String {
    "Split: these now count separately unless clearly the same. The questions that stay together keep \
     this page.\n"
        .to_owned()
}

/// What is said to the commands of one round, each with what was commanded where there are several.
pub fn replies(replies: &[(&'static str, String)]) -> String {
    match replies {
        [(_, only)] => only.clone(),
        several => {
            let parts = several.iter().map(|(said, words)| format!("**{said}**: {words}"));
            parts.collect::<Vec<_>>().join("\n")
        }
    }
}

/// What was asked for cannot be done.
pub fn command_failed(why: &str) -> String {
    format!("Cannot do that: {}.\n", escape::escaped_text(why))
}
