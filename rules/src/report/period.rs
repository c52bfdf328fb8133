//! The calendar days, in UTC, that a report is about.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, ToSpan as _};
use serde::Serialize;

use crate::time;

/// How many days a report is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReportSpan {
    Day,
    Week,
    /// From the day after the same day of the month before.
    Month,
}

/// Whole days, one after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReportPeriod {
    pub span: ReportSpan,
    /// Midnight before the first day.
    pub since: Timestamp,
    /// Midnight after the last day: the first moment that is not of the period.
    pub until: Timestamp,
}

impl ReportSpan {
    pub const ALL: [Self; 3] = [Self::Day, Self::Week, Self::Month];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|span| span.as_str() == text)
    }

    fn length(self) -> Span {
        match self {
            Self::Day => 1.day(),
            Self::Week => 7.days(),
            Self::Month => 1.month(),
        }
    }
}

impl ReportPeriod {
    /// The period whose last day is `last`. `None` at the ends of the calendar.
    fn ending(span: ReportSpan, last: Date) -> Option<Self> {
        Self::until(span, last.tomorrow().ok()?)
    }

    /// The period whose last day is written as `2025-01-31`.
    pub fn ending_on(span: ReportSpan, last: &str) -> Option<Self> {
        Self::ending(span, last.parse().ok()?)
    }

    /// The period whose last day is the last whole day before `now`.
    pub fn before(span: ReportSpan, now: Timestamp) -> Option<Self> {
        Self::until(span, date_of(now))
    }

    /// The latest whole day, week from Monday to Sunday, or calendar month before `now`: the same one until the
    /// next has ended.
    pub fn latest_whole(span: ReportSpan, now: Timestamp) -> Option<Self> {
        let today = date_of(now);
        let after = match span {
            ReportSpan::Day => today,
            ReportSpan::Week => {
                let since_monday = i64::from(today.weekday().to_monday_zero_offset());
                today.checked_sub(since_monday.days()).ok()?
            }
            ReportSpan::Month => today.first_of_month(),
        };
        Self::until(span, after)
    }

    /// The period of the same span that ends where this one begins; an empty one before the calendar begins.
    pub fn previous(&self) -> Self {
        let previous = Self::until(self.span, date_of(self.since));
        previous.unwrap_or(Self { until: self.since, ..*self })
    }

    pub fn contains(&self, time: Timestamp) -> bool {
        (self.since..self.until).contains(&time)
    }

    /// Its days, as counted by [`day_number`].
    pub fn days(&self) -> std::ops::Range<i64> {
        day_number(self.since)..day_number(self.until)
    }

    /// `2025-01-31`.
    pub fn first_day(&self) -> String {
        day_text(day_number(self.since))
    }

    pub fn last_day(&self) -> String {
        day_text(day_number(self.until) - 1)
    }

    fn until(span: ReportSpan, after: Date) -> Option<Self> {
        let first = after.checked_sub(span.length()).ok()?;
        Some(Self { span, since: midnight(first)?, until: midnight(after)? })
    }
}

/// The number of whole days between the Unix epoch and a time.
pub fn day_number(time: Timestamp) -> i64 {
    time.as_millisecond().div_euclid(time::whole_milliseconds(time::days(1)))
}

/// The first moment of a day.
pub fn day_start(day: i64) -> Timestamp {
    time::plus(Timestamp::UNIX_EPOCH, time::days(day))
}

/// A day as `2025-01-31`.
pub fn day_text(day: i64) -> String {
    date_of(day_start(day)).to_string()
}

fn date_of(time: Timestamp) -> Date {
    time.to_zoned(TimeZone::UTC).date()
}

fn midnight(date: Date) -> Option<Timestamp> {
    Some(date.to_zoned(TimeZone::UTC).ok()?.timestamp())
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    #[test]
    fn the_latest_whole_period_is_the_same_until_the_next_has_ended() {
        // 2025-01-31, a Friday.
        for (day, span, expected) in [
            (20_119, ReportSpan::Day, ("2025-01-30", "2025-01-30")),
            (20_119, ReportSpan::Week, ("2025-01-20", "2025-01-26")),
            (20_121, ReportSpan::Week, ("2025-01-20", "2025-01-26")),
            (20_122, ReportSpan::Week, ("2025-01-27", "2025-02-02")),
            (20_119, ReportSpan::Month, ("2024-12-01", "2024-12-31")),
            (20_120, ReportSpan::Month, ("2025-01-01", "2025-01-31")),
        ] {
            let now = day_start(day) + SignedDuration::from_hours(5);
            let period = ReportPeriod::latest_whole(span, now).unwrap();
            let (first, last) = (period.first_day(), period.last_day());
            assert_eq!((first.as_str(), last.as_str()), expected, "{day}");
        }
    }

    fn period(span: ReportSpan, last: &str) -> (String, String) {
        let period = ReportPeriod::ending(span, last.parse().unwrap()).unwrap();
        (period.first_day(), period.last_day())
    }

    #[test]
    fn a_period_has_whole_days_and_follows_the_one_before() {
        for (span, last, first, before) in [
            (ReportSpan::Day, "2025-03-01", "2025-03-01", "2025-02-28"),
            (ReportSpan::Week, "2025-01-07", "2025-01-01", "2024-12-25"),
            (ReportSpan::Month, "2025-01-31", "2025-01-01", "2024-12-01"),
            (ReportSpan::Month, "2025-02-28", "2025-02-01", "2025-01-01"),
        ] {
            assert_eq!(period(span, last), (first.to_owned(), last.to_owned()));
            let this = ReportPeriod::ending(span, last.parse().unwrap()).unwrap();
            let previous = this.previous();
            assert_eq!((previous.first_day().as_str(), previous.until), (before, this.since));
        }
    }

    #[test]
    fn the_current_day_is_not_of_the_last_period() {
        let noon = day_start(20_000) + time::days(1) / 2;
        let day = ReportPeriod::before(ReportSpan::Day, noon).unwrap();
        assert_eq!(day.days(), 19_999..20_000);
        assert!(!day.contains(noon) && day.contains(noon - time::days(1)));
        assert!(!day.contains(day.until) && day.contains(day.since));
    }
}
