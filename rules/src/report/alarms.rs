//! Alarms on silence: counts that fell to nothing, and counts that cannot be true.
//!
//! A program that stops to find answers says nothing about it; its numbers do. Each alarm compares the last
//! one, three or seven whole days with the four weeks before them, so that a busy community is told after a
//! day and a small one before a week is over, and a quiet month raises none.

use serde::Serialize;

use super::period::day_text;
use crate::model::ids::ChannelId;

/// The counts of one whole day, UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DayCounts {
    /// As [`super::period::day_number`] counts.
    pub day: i64,
    /// Messages of people and programs.
    pub messages: u64,
    /// Messages of a kind that this version does not know, and payloads that nobody could parse.
    pub unknown: u64,
    pub asked: u64,
    pub answered: u64,
    pub confirmed: u64,
}

/// The messages of one channel with its threads, by day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelDays {
    pub channel: ChannelId,
    /// In the order of [`DayCounts`]; one entry for each day.
    pub messages: Vec<u64>,
}

/// Two counts of the same thing that were made in different ways.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CountPair {
    pub what: &'static str,
    pub one: u64,
    pub other: u64,
}

/// What seems to be wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum AlarmKind {
    /// Questions are asked, and none is found answered any more.
    NothingAnswered,
    /// Answers are found, and none is confirmed any more.
    NothingConfirmed,
    /// There are hardly any messages, or hardly any questions.
    SuddenDrop,
    /// The source sends what this version cannot read.
    UnknownShapes,
    /// A busy channel fell silent while others go on.
    SilentChannel,
    /// Two counts of the same thing differ.
    Contradiction,
}

impl AlarmKind {
    pub const ALL: [Self; 6] = [
        Self::NothingAnswered,
        Self::NothingConfirmed,
        Self::SuddenDrop,
        Self::UnknownShapes,
        Self::SilentChannel,
        Self::Contradiction,
    ];

    /// The name in JSON and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NothingAnswered => "nothing-answered",
            Self::NothingConfirmed => "nothing-confirmed",
            Self::SuddenDrop => "sudden-drop",
            Self::UnknownShapes => "unknown-shapes",
            Self::SilentChannel => "silent-channel",
            Self::Contradiction => "contradiction",
        }
    }
}

/// One alarm with the figures that raise it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SilenceAlarm {
    pub kind: AlarmKind,
    /// A sentence without names and words of people.
    pub what: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel: Option<ChannelId>,
}

/// The days before the last ones that a count is compared with: four weeks.
const HISTORY: usize = 28;
/// The lengths of the last stretch of days that are looked at, shortest first.
const STRETCHES: [usize; 3] = [1, 3, 7];
/// How many days of counts [`silence_alarms`] looks at.
pub const ALARM_DAYS: usize = HISTORY + 7;
/// An event that is rarer by chance than this is told. Looked at once a day, chance alone raises one alarm of
/// a kind in three years.
const RARE: f64 = 0.001;
/// A stretch in which at least so many messages were expected and none came is no chance: e^-8 is below
/// [`RARE`], with room for talk that comes in bursts.
const LEAST_EXPECTED: u64 = 8;
/// The same for a fall to less than a quarter.
const LEAST_BEFORE_DROP: u64 = 20;
/// Unknown payloads a day, and their share of the messages, up to which they are an oddity of few.
const FEW_UNKNOWN: u64 = 2;
const UNKNOWN_PER_THOUSAND: u64 = 1;

/// The alarms of the last day of `days`. `days` are whole and follow one another; `channels` have an entry for
/// each of them. With less than a day and four weeks of history, only what needs no history is told.
pub fn silence_alarms(
    days: &[DayCounts],
    channels: &[ChannelDays],
    pairs: &[CountPair],
) -> Vec<SilenceAlarm> {
    let alarm = |kind, what| SilenceAlarm { kind, what, channel: None };
    let mut alarms = Vec::new();
    let shares = [
        (
            AlarmKind::NothingAnswered,
            "questions",
            "was found answered",
            share_stopped(days, |day| day.asked, |day| day.answered),
        ),
        (
            AlarmKind::NothingConfirmed,
            "answered questions",
            "was confirmed",
            share_stopped(days, |day| day.answered, |day| day.confirmed),
        ),
    ];
    for (kind, of, verb, found) in shares {
        if let Some(StoppedShare { days, of: count, percent }) = found {
            let what = format!(
                "{} {count} {of} {verb}; in the four weeks before, {percent} % were",
                if days == 1 {
                    "yesterday, none of".to_owned()
                } else {
                    format!("in {days} days, none of")
                }
            );
            alarms.push(alarm(kind, what));
        }
    }
    let messages = days.iter().map(|day| day.messages).collect::<Vec<_>>();
    let questions = days.iter().map(|day| day.asked).collect::<Vec<_>>();
    for (name, counts) in [("messages", &messages), ("questions", &questions)] {
        if let Some(FallenCount { days, count, least }) = fallen(counts) {
            let what = format!("{count} {name} in {}, never below {least} before", day_count(days));
            alarms.push(alarm(AlarmKind::SuddenDrop, what));
            // Few messages have few questions: once is enough.
            break;
        }
    }
    if let Some(last) = days.last().filter(|day| is_unreadable(day)) {
        let what = format!(
            "{} of {} messages and events on {} could not be read",
            last.unknown,
            last.messages + last.unknown,
            day_text(last.day)
        );
        alarms.push(alarm(AlarmKind::UnknownShapes, what));
    }
    let others_go_on = !alarms.iter().any(|alarm| alarm.kind == AlarmKind::SuddenDrop);
    let silent = channels.iter().filter(|_| others_go_on).filter_map(|one| {
        let stopped = silenced(&one.messages)?;
        let what = format!(
            "no message in {}, at least {} before; was it deleted, hidden or left out?",
            day_count(stopped.days),
            stopped.least
        );
        Some(SilenceAlarm { kind: AlarmKind::SilentChannel, what, channel: Some(one.channel) })
    });
    alarms.extend(silent);
    let differing = pairs.iter().filter(|pair| pair.one != pair.other);
    alarms.extend(differing.map(|pair| {
        let what = format!("{}: {} and {}", pair.what, pair.one, pair.other);
        alarm(AlarmKind::Contradiction, what)
    }));
    alarms
}

fn day_count(days: usize) -> String {
    if days == 1 { "a day".to_owned() } else { format!("{days} days") }
}

/// A share that was above zero and is zero.
struct StoppedShare {
    days: usize,
    of: u64,
    percent: u64,
}

/// The shortest last stretch in which none of the things has the property, although by the share of the four
/// weeks before it so many in a row without it are rarer than [`RARE`].
fn share_stopped(
    days: &[DayCounts],
    things: fn(&DayCounts) -> u64,
    having: fn(&DayCounts) -> u64,
) -> Option<StoppedShare> {
    STRETCHES.into_iter().find_map(|length| {
        let (before, last) = split(days, length)?;
        let sum =
            |days: &[DayCounts], count: fn(&DayCounts) -> u64| days.iter().map(count).sum::<u64>();
        let (of, had, of_before) = (sum(last, things), sum(before, having), sum(before, things));
        if sum(last, having) > 0 || of_before == 0 {
            return None;
        }
        let share = had as f64 / of_before as f64;
        let chance = (1.0 - share).powf(of as f64);
        (chance < RARE).then(|| StoppedShare {
            days: length,
            of,
            percent: (share * 100.0).round() as u64,
        })
    })
}

/// A count of the last days, and the least of the stretches before.
struct FallenCount {
    days: usize,
    count: u64,
    least: u64,
}

fn fallen(counts: &[u64]) -> Option<FallenCount> {
    STRETCHES.into_iter().find_map(|length| {
        let (count, least) = last_and_least(counts, length)?;
        (least >= LEAST_BEFORE_DROP && count * 4 < least).then_some(FallenCount {
            days: length,
            count,
            least,
        })
    })
}

fn silenced(counts: &[u64]) -> Option<FallenCount> {
    STRETCHES.into_iter().find_map(|length| {
        let (count, least) = last_and_least(counts, length)?;
        (least >= LEAST_EXPECTED && count == 0).then_some(FallenCount {
            days: length,
            count,
            least,
        })
    })
}

/// The count of the last `length` days, and the least of the same days of the four weeks before: a Sunday is
/// compared with Sundays. `None` with less history.
fn last_and_least(counts: &[u64], length: usize) -> Option<(u64, u64)> {
    let start = counts.len().checked_sub(length)?;
    let week = |back: usize| {
        let from = start.checked_sub(back * 7)?;
        Some(counts[from..from + length].iter().sum::<u64>())
    };
    let least = (1..=HISTORY / 7).map(week).collect::<Option<Vec<_>>>()?.into_iter().min()?;
    Some((week(0)?, least))
}

/// The last `length` days, and the four weeks before them.
fn split(days: &[DayCounts], length: usize) -> Option<(&[DayCounts], &[DayCounts])> {
    let (before, last) = days.split_at(days.len().checked_sub(length)?);
    Some((&before[before.len().checked_sub(HISTORY)?..], last))
}

fn is_unreadable(day: &DayCounts) -> bool {
    day.unknown > FEW_UNKNOWN && day.unknown * 1_000 > day.messages * UNKNOWN_PER_THOUSAND
}

#[cfg(test)]
mod tests;
