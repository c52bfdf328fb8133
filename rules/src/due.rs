//! Whether a page is due, and by when.

use std::collections::BTreeSet;

use crate::config::toml_reader::TomlReader;
use crate::model::cluster::{Cluster, Occurrence};
use crate::model::ids::Millis;
use crate::model::reason::WeightedReason;
use crate::publish::title::title_score;
use crate::resolution::{ResolutionGrade, SignalKind};

#[derive(Debug, Clone)]
pub struct PageRules {
    more_than: usize,
    askers: usize,
    within: i64,
    deadline: i64,
    alike: f32,
    backing: BackingRules,
    /// When the documentation answers a question already.
    pub docs: DocsRules,
}

/// When a section of the documentation asks and answers what a draft does.
#[derive(Debug, Clone, Copy)]
pub struct DocsRules {
    /// How surely its heading asks the same, 0 to 1.
    pub alike: f32,
    /// The share of its heading's words that the question must hold where the section lacks the answer.
    pub heading: f32,
    /// How surely a page from an earlier proposal must ask the same; it must have the answer too, as
    /// its question is in another cluster than the draft's.
    pub ours: f32,
    /// The share of what the answer has one type, by which a section has the answer too.
    pub terms: f32,
    /// The share of the answer's words, where there is nothing to type.
    pub words: f32,
}

/// A larger cluster is judged by its earliest occurrences: the comparison is quadratic.
const MOST_COMPARED: usize = 300;

#[derive(Debug, Clone, Copy)]
struct BackingRules {
    by_asker: bool,
    by_trusted: bool,
    by_two_answerers: bool,
}

impl PageRules {
    pub(crate) fn read(file: &mut TomlReader) -> Self {
        let (more_than, askers, days, hours, alike) = file.section("due", |table| {
            (
                table.integer("more_than", 2, 0, 1_000),
                table.integer("askers", 2, 1, 1_000),
                table.integer("within_days", 180, 1, 36_500),
                table.integer("hours", 48, 1, 8_760),
                table.number("alike", 0.87, 0.0, 1.0) as f32,
            )
        });
        let backing = file.section("backing", |table| BackingRules {
            by_asker: table.bool("by_asker", true),
            by_trusted: table.bool("by_trusted", true),
            by_two_answerers: table.bool("by_two_answerers", true),
        });
        let docs = file.section("docs", |table| DocsRules {
            alike: table.number("alike", 0.6, 0.0, 1.0) as f32,
            heading: table.number("heading", 0.75, 0.0, 1.0) as f32,
            ours: table.number("ours", 0.97, 0.0, 1.0) as f32,
            terms: table.number("terms", 0.6, 0.0, 1.0) as f32,
            words: table.number("words", 0.6, 0.0, 1.0) as f32,
        });
        if !(backing.by_asker || backing.by_trusted || backing.by_two_answerers) {
            file.wrong("backing", "nothing would ever be due; set at least one to true");
        }
        Self {
            more_than: more_than as usize,
            askers: askers as usize,
            within: days * Millis::DAY,
            deadline: hours * Millis::HOUR,
            alike,
            backing,
            docs,
        }
    }

    /// Whether two questions that are so much alike are surely the same.
    pub fn is_same(&self, alike: f32) -> bool {
        alike >= self.alike
    }

    /// The time by which a proposal must be open, for a threshold first seen at `since`.
    pub fn deadline(&self, since: Millis) -> Millis {
        Millis(since.0 + self.deadline)
    }
}

/// How much a well-put question counts beside closeness to the others.
const READING: f32 = 0.2;

/// Whether a page is due, with every condition's standing.
#[derive(Debug, Clone, PartialEq)]
pub struct DueVerdict {
    pub due: bool,
    pub reasons: Vec<WeightedReason>,
    /// The occurrences that a page would stand on, as indices into the cluster's. A cluster may hold
    /// more: what is near enough to be found by search need not be the same question to the letter.
    pub core: Vec<usize>,
    /// The occurrence in the middle of them, whose question names the cluster.
    pub centre: usize,
}

/// How the occurrences of a cluster stand to each other, by their indices.
pub trait PairwiseSimilarity {
    /// How surely two questions are the same, 0 to 1.
    fn question_similarity(&self, one: usize, other: usize) -> f32;
    /// Whether two answers say the same.
    fn agree(&self, one: usize, other: usize) -> bool;
}

/// Judges whether a cluster has earned a page.
pub fn due(cluster: &Cluster, rules: &PageRules, kinship: &impl PairwiseSimilarity) -> DueVerdict {
    let (centre, core) = core_occurrences(cluster, rules, kinship);
    let occurrences = core.iter().map(|at| &cluster.occurrences[*at]).collect::<Vec<_>>();
    let (count, askers) = busiest_span(&occurrences, rules);
    let enough = count > rules.more_than;
    let widespread = askers >= rules.askers;
    let backing = backing(&core, &occurrences, rules, kinship);
    let backed = backing.is_some();
    let days = rules.within / Millis::DAY;
    let reasons = vec![
        condition(
            enough,
            format!("surely the same question was resolved {count} times within {days} days"),
        ),
        condition(widespread, format!("asked by {askers} different people")),
        condition(backed, backing.unwrap_or("nobody but the answerer confirms an answer").into()),
    ];
    DueVerdict { due: enough && widespread && backed, reasons, core, centre }
}

fn condition(met: bool, what: String) -> WeightedReason {
    WeightedReason::new(what, if met { 1.0 } else { -1.0 })
}

/// The question that the most others are surely the same as, with these others; of several such, the
/// one that is nearest to them and reads best.
fn core_occurrences(
    cluster: &Cluster,
    rules: &PageRules,
    kinship: &impl PairwiseSimilarity,
) -> (usize, Vec<usize>) {
    let compared = cluster.occurrences.len().min(MOST_COMPARED);
    let around = (0..compared).map(|centre| {
        let others = (0..compared).filter(|other| *other != centre);
        let near = others.map(|other| (other, kinship.question_similarity(centre, other)));
        let near = near.filter(|(_, alike)| rules.is_same(*alike)).collect::<Vec<_>>();
        let closeness = near.iter().map(|(_, alike)| alike).sum::<f32>() / near.len().max(1) as f32;
        let reads = title_score(&cluster.occurrences[centre].question.text);
        let mut members = near.into_iter().map(|(other, _)| other).collect::<Vec<_>>();
        members.push(centre);
        members.sort_unstable();
        (closeness + READING * reads, centre, members)
    });
    let best =
        around.max_by(|(worth, centre, members), (other_worth, other_centre, other_members)| {
            let size = members.len().cmp(&other_members.len());
            size.then(worth.total_cmp(other_worth)).then(other_centre.cmp(centre))
        });
    best.map(|(_, centre, members)| (centre, members)).unwrap_or_default()
}

/// The most occurrences in one span, and the askers in the span where both are best.
fn busiest_span(occurrences: &[&Occurrence], rules: &PageRules) -> (usize, usize) {
    let spans = (0..occurrences.len()).map(|first| {
        let start = occurrences[first].question.sent.0;
        let span = occurrences[first..]
            .iter()
            .take_while(|occurrence| occurrence.question.sent.0 - start <= rules.within)
            .collect::<Vec<_>>();
        let askers =
            span.iter().map(|occurrence| occurrence.question.author).collect::<BTreeSet<_>>();
        (span.len(), askers.len())
    });
    spans
        .max_by_key(|(count, askers)| {
            (*count > rules.more_than && *askers >= rules.askers, *count, *askers)
        })
        .unwrap_or_default()
}

fn backing(
    core: &[usize],
    occurrences: &[&Occurrence],
    rules: &PageRules,
    kinship: &impl PairwiseSimilarity,
) -> Option<&'static str> {
    if rules.backing.by_asker
        && occurrences.iter().any(|one| one.grade <= ResolutionGrade::Confirmed)
    {
        return Some("an answer is confirmed by its asker, a mark or a tag");
    }
    let trusted = |one: &&Occurrence| {
        one.best_answer().trusted
            || one.signals.iter().any(|signal| signal.kind == SignalKind::TrustedAnswer)
    };
    if rules.backing.by_trusted && occurrences.iter().any(trusted) {
        return Some("an answer comes from a trusted person");
    }
    let two_agree = || {
        (0..core.len()).any(|one| {
            (0..one).any(|other| {
                occurrences[one].best_answer().author != occurrences[other].best_answer().author
                    && kinship.agree(core[one], core[other])
            })
        })
    };
    (rules.backing.by_two_answerers && two_agree())
        .then_some("two people answered independently and agree")
}
