//! What reports read: rows of a span of time, found by the ids that carry it.

mod message_activity;
pub(super) mod page_effects;
mod proposal_times;
pub(super) mod question_rows;
#[cfg(test)]
mod tests;

pub use self::message_activity::{ActivityDay, UnreadDay};
