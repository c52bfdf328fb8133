//! Alarms on silence: counts that fell to nothing, and counts that cannot be true.
//!
//! A program that stops to find answers says nothing about it; its numbers do. Each alarm compares the last
//! one, three or seven whole days with the four weeks before them, so that a busy community gets its alarm after a
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
    /// What the sentence says, for other languages.
    #[serde(skip)]
    pub figures: AlarmFigures,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel: Option<ChannelId>,
}

/// The last stretch of days that an alarm is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AlarmStretch {
    pub days: usize,
    /// As [`super::period::day_number`] counts.
    pub last: i64,
}

/// What fell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CountedThings {
    Messages,
    Questions,
}

/// The figures that raise an alarm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AlarmFigures {
    /// None of so many; of those before, so many percent.
    Stopped {
        time: AlarmStretch,
        of: u64,
        percent: u64,
    },
    Fallen {
        time: AlarmStretch,
        things: CountedThings,
        count: u64,
        least: u64,
    },
    Unread {
        count: u64,
        all: u64,
        day: i64,
    },
    Silent {
        time: AlarmStretch,
        least: u64,
    },
    /// The sentence names the tables.
    Differing,
}

/// The days before the last ones that a count is compared with: four weeks.
const HISTORY: usize = 28;
/// The lengths of the last stretch of days that are looked at, shortest first.
const STRETCHES: [usize; 3] = [1, 3, 7];
/// How many days of counts [`silence_alarms`] looks at.
pub const ALARM_DAYS: usize = HISTORY + 7;
/// An event that is rarer by chance than this raises an alarm. Looked at once a day, chance alone raises one alarm of
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
/// each of them. With less than a day and four weeks of history, only alarms that need no history are raised.
pub fn silence_alarms(
    days: &[DayCounts],
    channels: &[ChannelDays],
    pairs: &[CountPair],
) -> Vec<SilenceAlarm> {
    let differing = pairs.iter().filter(|pair| pair.one != pair.other);
    let contradictions = differing.map(|pair| SilenceAlarm {
        kind: AlarmKind::Contradiction,
        what: format!("{}: {} and {}", pair.what, pair.one, pair.other),
        figures: AlarmFigures::Differing,
        channel: None,
    });
    let Some(last) = days.last() else { return contradictions.collect() };
    let drop = drop_alarm(days, last.day);
    // Where everything falls silent, each channel does.
    let others_go_on = drop.is_none();
    let silent = channels.iter().filter(|_| others_go_on);
    let mut alarms = share_alarms(days, last.day);
    alarms.extend(drop);
    alarms.extend(unread_alarm(last));
    alarms.extend(silent.filter_map(|channel| channel_alarm(channel, last.day)));
    alarms.extend(contradictions);
    alarms
}

/// The last stretch of days in words: "on 2025-01-31", "in the 3 days up to 2025-01-31".
fn stretch(days: usize, last: i64) -> String {
    match days {
        1 => format!("on {}", day_text(last)),
        days => format!("in the {days} days up to {}", day_text(last)),
    }
}

fn share_alarms(days: &[DayCounts], last: i64) -> Vec<SilenceAlarm> {
    let answered = share_stopped(days, |day| day.asked, |day| day.answered);
    let answered = answered
        .map(|stopped| (AlarmKind::NothingAnswered, stopped, "questions", "was found answered"));
    let confirmed = share_stopped(days, |day| day.answered, |day| day.confirmed);
    let confirmed = confirmed.map(|stopped| {
        (AlarmKind::NothingConfirmed, stopped, "answered questions", "was confirmed")
    });
    let alarm = |(kind, stopped, of, verb): (_, StoppedShare, _, _)| {
        let StoppedShare { days, of: count, percent } = stopped;
        let what = format!(
            "none of {count} {of} {} {verb}; in the four weeks before, {percent} % were",
            stretch(days, last)
        );
        let figures =
            AlarmFigures::Stopped { time: AlarmStretch { days, last }, of: count, percent };
        SilenceAlarm { kind, what, figures, channel: None }
    };
    answered.into_iter().chain(confirmed).map(alarm).collect()
}

/// Few messages have few questions: one alarm is enough.
fn drop_alarm(days: &[DayCounts], last: i64) -> Option<SilenceAlarm> {
    let counts = |count: fn(&DayCounts) -> u64| days.iter().map(count).collect::<Vec<_>>();
    let named = [
        ("messages", CountedThings::Messages, counts(|day| day.messages)),
        ("questions", CountedThings::Questions, counts(|day| day.asked)),
    ];
    let (name, things, fallen) =
        named.iter().find_map(|(name, things, counts)| Some((name, *things, fallen(counts)?)))?;
    let FallenCount { days, count, least } = fallen;
    let what = format!(
        "{count} {name} {}; in the four weeks before, {least} or more on the same days",
        stretch(days, last)
    );
    let figures = AlarmFigures::Fallen { time: AlarmStretch { days, last }, things, count, least };
    Some(SilenceAlarm { kind: AlarmKind::SuddenDrop, what, figures, channel: None })
}

fn unread_alarm(last: &DayCounts) -> Option<SilenceAlarm> {
    let DayCounts { day, messages, unknown, .. } = *last;
    let is_odd = unknown > FEW_UNKNOWN && unknown * 1_000 > messages * UNKNOWN_PER_THOUSAND;
    is_odd.then(|| SilenceAlarm {
        kind: AlarmKind::UnknownShapes,
        what: format!(
            "{unknown} of {} messages and events on {} could not be read",
            messages + unknown,
            day_text(day)
        ),
        figures: AlarmFigures::Unread { count: unknown, all: messages + unknown, day },
        channel: None,
    })
}

fn channel_alarm(channel: &ChannelDays, last: i64) -> Option<SilenceAlarm> {
    let FallenCount { days, least, .. } = silenced(&channel.messages)?;
    Some(SilenceAlarm {
        kind: AlarmKind::SilentChannel,
        what: format!(
            "no message {}; in the four weeks before, {least} or more on the same days; was the \
             channel deleted, hidden or left out?",
            stretch(days, last)
        ),
        figures: AlarmFigures::Silent { time: AlarmStretch { days, last }, least },
        channel: Some(channel.channel),
    })
}

/// A share that was above zero and is zero.
struct StoppedShare {
    days: usize,
    of: u64,
    percent: u64,
}

/// The shortest last stretch in which none of the things has the property, although after the four weeks before
/// it so many in a row without it are rarer than [`RARE`].
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
        let percent = had * 100 / of_before;
        let chance = chance_of_none(of, had, of_before);
        (chance < RARE).then_some(StoppedShare { days: length, of, percent })
    })
}

/// The chance that the next `tries` have no success after `successes` of `before`, whatever the true share, all
/// shares being equally likely at first (Laplace's rule of succession). One success of one proves little.
fn chance_of_none(tries: u64, successes: u64, before: u64) -> f64 {
    let failures = before - successes;
    let one = |at: u64| (failures + 1 + at) as f64 / (before + 2 + at) as f64;
    (0..tries).map(one).product()
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

#[cfg(test)]
mod tests;
