//! Whether merged pages are asked for less.

use std::collections::BTreeSet;

use indexer::store::{FeedbackCounts, StoreError, SuggestionCounts};
use jiff::Timestamp;
use rules::report::deflection::{DeflectionCounts, DeflectionEstimate, DeflectionVerdict};
use rules::report::period::{day_number, day_text};
use rules::time;
use serde::Serialize;

use super::ReportSource;
use super::titles::NamedQuestion;

/// One merged page, and how often its question was asked before and after.
#[derive(Debug, Clone, Serialize)]
pub struct PageEffect {
    #[serde(flatten)]
    pub question: NamedQuestion,
    pub merged: String,
    /// Days on each side of the merge.
    pub days_before: i64,
    pub days_after: i64,
    #[serde(flatten)]
    pub counts: DeflectionCounts,
    /// `None` where the question was not asked before.
    pub estimate: Option<DeflectionEstimate>,
    pub verdict: Option<DeflectionVerdict>,
    /// Whether maintainers should improve it.
    pub needs_work: bool,
    /// Since the merge, in the days that are measured.
    pub suggestions: SuggestionCounts,
    /// What readers of the site said of the answer, ever since it is there.
    pub feedback: FeedbackCounts,
}

/// The pages of a briefing.
#[derive(Debug, Clone, Default, Serialize)]
pub struct PageEffects {
    /// Those that are measured, with the largest drop first.
    pub pages: Vec<PageEffect>,
    /// Merged too short a time ago.
    pub too_young: usize,
    /// All measured pages taken together.
    pub total: DeflectionCounts,
    pub total_estimate: Option<DeflectionEstimate>,
    /// How many more askings the rates from before would have brought.
    pub avoided: f64,
}

/// Days that are looked at on each side of a merge at most, and those that must have passed since.
const MOST_DAYS: i64 = 60;
const LEAST_DAYS: i64 = 7;
/// A page is measured for half a year.
const MEASURED_DAYS: i64 = 180;

impl ReportSource<'_> {
    /// The effect of the pages merged in the half year before `until`.
    pub async fn page_effects(&self, until: Timestamp) -> Result<PageEffects, StoreError> {
        let since = time::minus(until, time::days(MEASURED_DAYS));
        let mut merged = self.store.merge_times().await?;
        merged.retain(|_, at| (since..until).contains(at));
        let names = self.name_clusters(&merged.keys().cloned().collect::<BTreeSet<_>>()).await?;
        let mut effects = PageEffects::default();
        for (cluster, at) in merged {
            let Some(question) = names.get(&cluster) else { continue };
            let days_after = time::whole_days(until.duration_since(at)).min(MOST_DAYS);
            if days_after < LEAST_DAYS {
                effects.too_young += 1;
                continue;
            }
            let before = time::minus(at, time::days(MOST_DAYS));
            let after = time::plus(at, time::days(days_after));
            let counts = DeflectionCounts {
                asked_before: self.store.askings(&cluster, before, at).await?,
                asker_days_before: self.store.asker_days(before, at).await?,
                asked_after: self.store.askings(&cluster, at, after).await?,
                asker_days_after: self.store.asker_days(at, after).await?,
            };
            let estimate = counts.estimate();
            effects.total = effects.total.plus(&counts);
            effects.avoided += counts.avoided();
            let suggestions = self.store.suggestion_counts(&cluster, at, after).await?;
            effects.pages.push(PageEffect {
                question: question.clone(),
                merged: day_text(day_number(at)),
                days_before: MOST_DAYS,
                days_after,
                counts,
                estimate,
                verdict: estimate.map(|estimate| estimate.verdict()),
                needs_work: counts.needs_work(days_after),
                suggestions,
                feedback: self.store.feedback(&cluster).await?,
            });
        }
        let change =
            |one: &PageEffect| one.estimate.map_or(f64::INFINITY, |estimate| estimate.change);
        effects.pages.sort_by(|one, other| change(one).total_cmp(&change(other)));
        effects.total_estimate = effects.total.estimate();
        Ok(effects)
    }
}
