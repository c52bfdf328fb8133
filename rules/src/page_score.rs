//! How likely it is that a maintainer would take a page: the page score.
//!
//! A logistic model over a few measures of the question, of the answer that leads and of the people behind
//! it. Its weights are in `weights/pages.toml`, fitted by `tests/eval/pages/fit.py`. It is the gate for
//! proposing by itself, and the order of what is proposed.

mod measures;
mod weights;

pub(crate) use measures::SAME_FOR_ALL;
pub use measures::{PageMeasures, named_measures};
use weights::WEIGHTS;

use crate::model::cluster::{Cluster, Occurrence};
use crate::occurrence_ranking::rank_occurrences;
use crate::publish::anonymize::headline;
use crate::publish::title::clean_title;

/// The score of a page with what speaks for and against it.
#[derive(Debug, Clone, PartialEq)]
pub struct PageScore {
    /// How likely it is that the page is worth merging, 0 to 1.
    pub probability: f32,
    /// The parts of the sum, the heaviest first.
    pub parts: Vec<ScorePart>,
}

/// What one measure adds to the logarithm of the odds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ScorePart {
    /// Names the measure in the file of weights.
    pub key: &'static str,
    /// A short English phrase, lower case.
    pub what: &'static str,
    pub weight: f32,
}

impl PageScore {
    /// Scores the page that stands on these occurrences and leads with the answer of the best of them;
    /// `None` if nothing may be quoted.
    pub fn of(cluster: &Cluster) -> Option<Self> {
        let ranked = rank_occurrences(cluster);
        let best = ranked.first()?;
        let (named, title) = page_title(cluster)?;
        Some(Self::of_measures(&PageMeasures::of(cluster, (named, &title), best)))
    }

    fn of_measures(measures: &PageMeasures) -> Self {
        let mut parts = measures
            .named()
            .map(|(key, what, value)| ScorePart { key, what, weight: WEIGHTS.of(key) * value })
            .filter(|part| part.weight != 0.0)
            .collect::<Vec<_>>();
        let sum = parts.iter().map(|part| part.weight).sum::<f32>();
        parts.sort_by(|a, b| b.weight.abs().total_cmp(&a.weight.abs()));
        Self { probability: 1.0 / (1.0 + (-sum).exp()), parts }
    }
}

/// The occurrence whose question names a page that stands on these, with the title that it makes, in which
/// people may still be named. `None` where none may be quoted.
fn page_title(cluster: &Cluster) -> Option<(&Occurrence, String)> {
    let quotable = cluster.occurrences.iter().filter(|one| one.quotable);
    headline(quotable, cluster.representative, clean_title)
}

#[cfg(test)]
mod tests;
