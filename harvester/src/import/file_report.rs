//! What one file held, for the operator.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rules::model::ids::ChannelId;

/// How many skipped messages are listed one by one; all are counted.
const LISTED: usize = 20;
/// How many unknown types are counted by name, and how much of a name is kept.
const TYPES_NAMED: usize = 50;
const TYPE_NAME_CHARS: usize = 40;

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FileReport {
    pub guild_name: String,
    pub channel: Option<ChannelId>,
    pub channel_name: String,
    /// When the export was made; `Timestamp::UNIX_EPOCH` before 2023, when the exporter did not say.
    pub exported_at: Timestamp,
    /// Whether the file says that it was exported without a range of dates.
    pub unlimited: bool,
    /// Messages handed over, of every kind.
    pub messages: u64,
    /// Those among them that are Discord's own notices.
    pub system: u64,
    /// Those among them that people or bots sent and that hold nothing at all.
    pub blank: u64,
    /// Those among them whose type is unknown, by the exporter's name of it.
    pub other_types: BTreeMap<String, u64>,
    /// Elements of `messages` that cannot be messages: all of them, and the first few in detail.
    pub skipped: u64,
    pub skipped_listed: Vec<Skipped>,
    /// Whether the file was read to its proper end.
    pub complete: bool,
    /// The file's own count, where it got that far.
    pub message_count_stated: Option<u64>,
}

/// One element of `messages` that cannot be a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    /// Where it begins in the file, in bytes.
    pub offset: u64,
    pub why: String,
}

impl FileReport {
    /// Whether nothing of the file was lost: it is whole, and every message in it was read.
    pub fn is_clean(&self) -> bool {
        self.complete && self.skipped == 0 && self.miscounted().is_none()
    }

    /// A whole file's own count, where that differs from what it holds.
    pub fn miscounted(&self) -> Option<u64> {
        let held = self.messages + self.skipped;
        self.message_count_stated.filter(|stated| self.complete && *stated != held)
    }

    pub(super) fn skip(&mut self, offset: u64, why: String) {
        self.skipped += 1;
        if self.skipped_listed.len() < LISTED {
            self.skipped_listed.push(Skipped { offset, why });
        }
    }

    pub(super) fn count_unknown_type(&mut self, name: &str) {
        let mut name: String = name.chars().take(TYPE_NAME_CHARS).collect();
        if self.other_types.len() >= TYPES_NAMED && !self.other_types.contains_key(&name) {
            name = "others".to_owned();
        }
        *self.other_types.entry(name).or_default() += 1;
    }
}
