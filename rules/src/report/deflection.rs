//! Whether a question is asked less since its answer is documented.
//!
//! The rate of a question is how often it is asked for each 1,000 asker-days; a day counts once for each person
//! who asks anything on it, so that a growing or shrinking community does not look like an effect. Before and
//! after are compared as two Poisson rates: given how often it was asked in all, the number of askings after
//! the merge is binomial, and the exact interval of Clopper and Pearson (1934) for its share gives that of the
//! ratio of the rates (Przyborowski and Wilenski, 1940).

use serde::Serialize;

/// The askings of one question before and after its page was merged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct DeflectionCounts {
    pub asked_before: u64,
    pub asker_days_before: u64,
    pub asked_after: u64,
    pub asker_days_after: u64,
}

/// How the rate changed.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct DeflectionEstimate {
    /// The change in percent: -100 if it is not asked any more, 0 if nothing changed.
    pub change: f64,
    /// The 95 % confidence interval of the change; `high` is `None` where it has no upper end.
    pub low: f64,
    pub high: Option<f64>,
}

/// What can be said of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum DeflectionVerdict {
    /// The whole interval lies below zero.
    Less,
    /// The interval holds zero.
    Unclear,
    /// The whole interval lies above zero.
    More,
}

/// How much less reviewed pages are to be asked for together, in percent.
pub const GOAL: f64 = -40.0;
/// What one asking costs those who ask and those who answer, in minutes: an assumption, not a measurement.
pub const MINUTES_OF_AN_ASKING: f64 = 15.0;
/// A page that is asked for so little less, in percent, helps hardly.
const LITTLE: f64 = -20.0;
/// Whether a page helps is said after so many askings and days.
const LEAST_ASKINGS: u64 = 5;
const LEAST_DAYS: i64 = 28;

/// How sure an interval is to hold the truth.
const CONFIDENCE: f64 = 0.95;

impl DeflectionCounts {
    /// Both together. Each page brings its own asker-days, so that a page with few askings weighs little.
    pub fn plus(&self, other: &Self) -> Self {
        Self {
            asked_before: self.asked_before + other.asked_before,
            asker_days_before: self.asker_days_before + other.asker_days_before,
            asked_after: self.asked_after + other.asked_after,
            asker_days_after: self.asker_days_after + other.asker_days_after,
        }
    }

    /// How many more askings the rate from before would have brought; below zero where it rose.
    pub fn avoided(&self) -> f64 {
        let Self { asked_before, asker_days_before, asked_after, asker_days_after } = *self;
        let rate = asked_before as f64 / asker_days_before.max(1) as f64;
        rate * asker_days_after as f64 - asked_after as f64
    }

    /// Whether the page does so little that maintainers should improve it: four weeks after the merge it was asked
    /// for five times or more, hardly less than before, and chance may explain the difference.
    pub fn needs_work(&self, days_after: i64) -> bool {
        let helps_hardly = |estimate: DeflectionEstimate| {
            estimate.verdict() != DeflectionVerdict::Less && estimate.change > LITTLE
        };
        days_after >= LEAST_DAYS
            && self.asked_after >= LEAST_ASKINGS
            && self.estimate().is_some_and(helps_hardly)
    }

    /// `None` where the question was not asked before, or a side has no asker-day.
    pub fn estimate(&self) -> Option<DeflectionEstimate> {
        let Self { asked_before, asker_days_before, asked_after, asker_days_after } = *self;
        let asked = asked_before + asked_after;
        if asked == 0 || asker_days_before == 0 || asker_days_after == 0 {
            return None;
        }
        let exposure = asker_days_before as f64 / asker_days_after as f64;
        let (low, high) = clopper_pearson(asked_after, asked, CONFIDENCE);
        // A share of the askings as a ratio of the rates.
        let change = |share: f64| (share / (1.0 - share) * exposure - 1.0) * 100.0;
        Some(DeflectionEstimate {
            change: change(asked_after as f64 / asked as f64),
            low: change(low),
            high: (high < 1.0).then(|| change(high)),
        })
        .filter(|estimate| estimate.change.is_finite())
    }
}

impl DeflectionEstimate {
    pub fn verdict(&self) -> DeflectionVerdict {
        match self.high {
            Some(high) if high < 0.0 => DeflectionVerdict::Less,
            _ if self.low > 0.0 => DeflectionVerdict::More,
            _ => DeflectionVerdict::Unclear,
        }
    }
}

/// The exact interval for a share of which `successes` of `tries` were seen.
fn clopper_pearson(successes: u64, tries: u64, confidence: f64) -> (f64, f64) {
    let tail = (1.0 - confidence) / 2.0;
    let low = match successes {
        0 => 0.0,
        _ => root(|share| at_most(tries - successes, tries, 1.0 - share) - tail),
    };
    let high = match tries - successes {
        0 => 1.0,
        _ => root(|share| tail - at_most(successes, tries, share)),
    };
    (low, high)
}

/// Where a function that grows on 0 to 1 crosses zero.
fn root(growing: impl Fn(f64) -> f64) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    // Halved so often, the distance is below what a double tells apart.
    for _ in 0..60 {
        let middle = (low + high) / 2.0;
        if growing(middle) < 0.0 { low = middle } else { high = middle }
    }
    (low + high) / 2.0
}

/// The probability of at most `most` successes in `tries`.
fn at_most(most: u64, tries: u64, share: f64) -> f64 {
    if share <= 0.0 {
        return 1.0;
    }
    if share >= 1.0 {
        return if most >= tries { 1.0 } else { 0.0 };
    }
    let (hit, miss) = (share.ln(), (1.0 - share).ln());
    let mut log_ways = 0.0;
    let mut sum = 0.0;
    for successes in 0..=most.min(tries) {
        if successes > 0 {
            log_ways += ((tries - successes + 1) as f64).ln() - (successes as f64).ln();
        }
        sum += (log_ways + successes as f64 * hit + (tries - successes) as f64 * miss).exp();
    }
    sum.min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::test_chance::ChanceNumbers;

    fn counts(
        asked_before: u64,
        asker_days_before: u64,
        asked_after: u64,
        asker_days_after: u64,
    ) -> DeflectionCounts {
        DeflectionCounts { asked_before, asker_days_before, asked_after, asker_days_after }
    }

    /// Values of Clopper and Pearson's table, as R's `binom.test` prints them.
    #[test]
    fn the_interval_is_the_exact_one() {
        for (successes, tries, low, high) in [
            (0, 10, 0.0, 0.3085),
            (3, 10, 0.0667, 0.6525),
            (10, 10, 0.6915, 1.0),
            (50, 100, 0.3983, 0.6017),
        ] {
            let found = clopper_pearson(successes, tries, 0.95);
            assert!((found.0 - low).abs() < 5e-5 && (found.1 - high).abs() < 5e-5, "{found:?}");
        }
    }

    /// Half a year with a merge in its middle: every day some people ask something, and each of them asks this
    /// question with a chance that falls by the planted share at the merge. The community grows meanwhile.
    fn simulated(chance: &mut ChanceNumbers, planted: f64) -> DeflectionCounts {
        let mut counts = DeflectionCounts::default();
        for day in 0..180 {
            let askers = 10 + day / 12;
            let merged = day >= 90;
            let rate = if merged { 0.06 * (1.0 - planted) } else { 0.06 };
            let asked = chance.successes(askers, rate);
            counts = counts.plus(&match merged {
                true => DeflectionCounts {
                    asked_after: asked,
                    asker_days_after: askers,
                    ..Default::default()
                },
                false => DeflectionCounts {
                    asked_before: asked,
                    asker_days_before: askers,
                    ..Default::default()
                },
            });
        }
        counts
    }

    #[test]
    fn the_planted_drop_lies_in_the_interval() {
        let mut chance = ChanceNumbers(42);
        for planted in [0.0, 0.4, 0.7] {
            let estimates = (0..200).map(|_| simulated(&mut chance, planted).estimate().unwrap());
            let estimates = estimates.collect::<Vec<_>>();
            let truth = -planted * 100.0;
            let holds = |one: &&DeflectionEstimate| {
                one.low <= truth && one.high.is_none_or(|high| truth <= high)
            };
            // 95 % and more: an exact interval is wide rather than narrow.
            let held = estimates.iter().filter(holds).count();
            assert!(held >= 188, "{held} of 200 intervals hold {truth}");
            let mean = estimates.iter().map(|one| one.change).sum::<f64>() / 200.0;
            assert!((mean - truth).abs() < 5.0, "{mean} for {truth}");
            let less =
                estimates.iter().filter(|one| one.verdict() == DeflectionVerdict::Less).count();
            let expected = if planted == 0.0 { 0..=10 } else { 120..=200 };
            assert!(expected.contains(&less), "{less} of 200 say less for {truth}");
        }
    }

    #[test]
    fn a_page_needs_work_if_it_is_asked_for_as_often_as_before() {
        let as_before = counts(20, 1_000, 19, 1_000);
        assert!(as_before.needs_work(28) && !as_before.needs_work(27));
        assert!(!counts(20, 1_000, 4, 250).needs_work(60), "too few askings");
        assert!(!counts(20, 1_000, 12, 1_000).needs_work(60), "it may help");
        assert!(counts(20, 1_000, 45, 1_000).needs_work(60), "it is asked more");
        assert!(!counts(0, 1_000, 9, 1_000).needs_work(60), "nobody asked before");
        assert!((as_before.avoided() - 1.0).abs() < 1e-9);
        assert!(counts(10, 100, 30, 200).avoided() < 0.0);
    }

    #[test]
    fn the_change_is_per_active_asker() {
        // Asked as often as before by twice as many people: half the rate.
        let halved = counts(40, 1_000, 40, 2_000).estimate().unwrap();
        assert!((halved.change + 50.0).abs() < 1e-9, "{halved:?}");
        assert_eq!(halved.verdict(), DeflectionVerdict::Less);
        assert_eq!(
            counts(5, 1_000, 4, 1_000).estimate().unwrap().verdict(),
            DeflectionVerdict::Unclear
        );
        let gone = counts(12, 1_000, 0, 1_000).estimate().unwrap();
        assert_eq!((gone.change, gone.verdict()), (-100.0, DeflectionVerdict::Less));
        assert_eq!(
            counts(2, 1_000, 30, 1_000).estimate().unwrap().verdict(),
            DeflectionVerdict::More
        );
        for nothing in [counts(0, 1_000, 0, 1_000), counts(3, 0, 1, 10), counts(0, 10, 3, 10)] {
            assert_eq!(nothing.estimate(), None, "{nothing:?}");
        }
    }
}
