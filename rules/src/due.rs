//! Whether a page is due, and by when.

mod core_occurrences;
mod reason;

use std::collections::BTreeSet;

use crate::config::toml_reader::TomlReader;
use crate::language::Languages;
use crate::model::cluster::{Cluster, ClusterState, Occurrence};
use crate::page_questions::{PageQuestionRules, UnsuitableQuestion};
use crate::page_score::{PageScore, SAME_FOR_ALL};
use crate::publish::anonymize::headline;
use crate::publish::title::clean_title;
use crate::support::{IndependentPeople, ShareRules, Solution, is_seconded, is_trusted, solutions};
use crate::time;
pub use core_occurrences::PairwiseSimilarity;
use core_occurrences::core_occurrences;
use jiff::{SignedDuration, Timestamp};
pub use reason::{AnswerBacking, DueFact, DueReason};

#[derive(Debug, Clone)]
pub struct PageRules {
    more_than: usize,
    askers: usize,
    within: SignedDuration,
    deadline: SignedDuration,
    alike: HysteresisRule,
    score: HysteresisRule,
    backing: BackingRules,
    support: SupportRules,
    /// Which questions never get a page.
    pub questions: PageQuestionRules,
    /// When the documentation answers a question already.
    pub docs: DocsRules,
}

/// When a section of the documentation asks and answers what a draft does.
#[derive(Debug, Clone, Copy)]
pub struct DocsRules {
    /// How surely its heading asks the same, 0 to 1.
    pub alike: f32,
    /// How surely a page from an earlier proposal must ask the same; it must have the answer too, as
    /// its question is in another cluster than the draft's.
    pub ours: f32,
    /// The share of what the answer has one type, which the section's own text must hold.
    pub terms: f32,
    /// The share of the answer's words that it must hold; half of that where it holds several of the terms.
    pub words: f32,
}

/// A bound that something must reach, and a lower one that it must keep, so that nothing comes and goes
/// with one message.
#[derive(Debug, Clone, Copy)]
struct HysteresisRule {
    reaches: f32,
    keeps: f32,
}

/// Whether a page is judged anew or stays due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum DueGate {
    Enter,
    Stay,
}

impl HysteresisRule {
    fn holds(self, value: f32, gate: DueGate) -> bool {
        value
            >= match gate {
                DueGate::Enter => self.reaches,
                DueGate::Stay => self.keeps,
            }
    }
}

#[derive(Debug, Clone, Copy)]
struct BackingRules {
    by_asker: bool,
    by_trusted: bool,
    by_two_answerers: bool,
}

#[derive(Debug, Clone, Copy)]
struct SupportRules {
    people: usize,
    spread: SignedDuration,
    newcomer_age: SignedDuration,
    share: ShareRules,
}

impl PageRules {
    pub(crate) fn read(file: &mut TomlReader, languages: &Languages) -> Self {
        let (more_than, askers, days, hours, alike) = file.section("due", |table| {
            (
                table.integer("more_than", 2, 0, 1_000),
                table.integer("askers", 2, 1, 1_000),
                table.integer("within_days", 180, 1, 36_500),
                table.integer("hours", 48, 1, 8_760),
                hysteresis(table, ("alike", 0.87), ("stays_alike", 0.83)),
            )
        });
        let score = file.section("score", |table| {
            hysteresis(table, ("least", LEAST_SCORE), ("stays", KEPT_SCORE))
        });
        let backing = file.section("backing", |table| BackingRules {
            by_asker: table.bool("by_asker", true),
            by_trusted: table.bool("by_trusted", true),
            by_two_answerers: table.bool("by_two_answerers", true),
        });
        let support = file.section("support", |table| SupportRules {
            people: table.integer("people", 2, 1, 1_000) as usize,
            spread: SignedDuration::from_hours(table.integer("spread_hours", 24, 0, 8_760)),
            newcomer_age: time::days(table.integer("account_days", 7, 0, 3_650)),
            share: ShareRules {
                share: table.number("person_share", 0.25, 0.0, 0.99) as f32,
                pages: table.integer("person_pages", 3, 1, 10_000) as usize,
            },
        });
        let docs = file.section("docs", |table| DocsRules {
            alike: table.number("alike", 0.6, 0.0, 1.0) as f32,
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
            within: time::days(days),
            deadline: SignedDuration::from_hours(hours),
            alike,
            score,
            backing,
            support,
            questions: file.section("questions", |table| PageQuestionRules::read(table, languages)),
            docs,
        }
    }

    /// Whether two questions that are so much alike are surely the same.
    pub fn is_same(&self, alike: f32) -> bool {
        self.alike.holds(alike, DueGate::Enter)
    }

    /// Younger accounts add no support.
    pub fn newcomer_age(&self) -> SignedDuration {
        self.support.newcomer_age
    }

    /// How many of the due pages may be one person's.
    pub fn person_share(&self) -> ShareRules {
        self.support.share
    }

    /// How long it may take from a threshold first seen to an open proposal.
    pub fn time_to_propose(&self) -> SignedDuration {
        self.deadline
    }

    /// The time by which a proposal must be open, for a threshold first seen at `since`.
    pub fn deadline(&self, since: Timestamp) -> Timestamp {
        time::plus(since, self.deadline)
    }
}

/// A lower bound above the upper one means the upper one.
fn hysteresis(
    table: &mut TomlReader,
    reaches: (&'static str, f64),
    keeps: (&'static str, f64),
) -> HysteresisRule {
    let mut bound = |(key, default)| table.number(key, default, 0.0, 1.0) as f32;
    let (reaches, keeps) = (bound(reaches), bound(keeps));
    HysteresisRule { reaches, keeps: keeps.min(reaches) }
}

/// From this page score on, .91 of the pages of communities that it was not fitted to were worth merging, and
/// .75 of the good ones were left (`tests/eval/pages/fit.py`).
const LEAST_SCORE: f64 = 0.64;
/// A page that was due keeps being due down to this score: a word more or less in an answer costs no more.
const KEPT_SCORE: f64 = 0.5;
/// How long a cluster is due before that counts for it.
const SETTLING: SignedDuration = SignedDuration::from_hours(1);

/// Whether a page is due, with the state of every condition.
#[derive(Debug, Clone, PartialEq)]
pub struct DueVerdict {
    pub due: bool,
    /// Whether nothing but its page score keeps a page back: people may ask for it.
    pub candidate: bool,
    /// The page score, where everything else speaks for a page.
    pub score: Option<f32>,
    pub reasons: Vec<DueReason>,
    /// The occurrences that a page would stand on, as indices into the cluster's. A cluster may hold
    /// more: what is near enough to be found by search need not be the same question to the letter, and
    /// what one person asks again counts once.
    pub core: Vec<usize>,
    /// The occurrence in the middle of them, whose question names the cluster.
    pub representative: usize,
}

/// Judges whether a cluster has earned a page. One that was due for an hour before `now` stays due for a little
/// less; what was due for a moment, while messages of the past came in, does not depend on their order.
pub fn due(
    cluster: &Cluster,
    rules: &PageRules,
    similarity: &impl PairwiseSimilarity,
    now: Timestamp,
) -> DueVerdict {
    let anew = judge(cluster, rules, similarity, DueGate::Enter);
    if anew.due || !was_due(cluster, now) {
        return anew;
    }
    let stays = judge(cluster, rules, similarity, DueGate::Stay);
    if stays.due { stays } else { anew }
}

fn was_due(cluster: &Cluster, now: Timestamp) -> bool {
    match cluster.state {
        ClusterState::Due => {
            cluster.due_since.is_none_or(|since| now.duration_since(since) >= SETTLING)
        }
        ClusterState::Drafted | ClusterState::Proposed => true,
        _ => false,
    }
}

fn judge(
    cluster: &Cluster,
    rules: &PageRules,
    similarity: &impl PairwiseSimilarity,
    gate: DueGate,
) -> DueVerdict {
    let (representative, core) =
        core_occurrences(cluster, similarity, |alike| rules.alike.holds(alike, gate));
    let occurrences = core.iter().map(|at| &cluster.occurrences[*at]).collect::<Vec<_>>();
    let people = IndependentPeople::of(&cluster.occurrences);
    let span = busiest_span(&occurrences, rules, &people);
    let solutions = solutions(&occurrences, &people);
    let leading = solutions.iter().filter(|one| one.leads).cloned().collect::<Vec<_>>();
    let backing = backing(&leading, &occurrences, &people, rules);
    let trusted = occurrences.iter().any(|one| is_trusted(one));
    let spread = rules.support.spread;
    let askers =
        DueFact::Askers { people: span.askers, counted_together: span.people > span.askers };
    let least = (!trusted).then(|| spread.as_hours());
    let mut reasons = vec![
        DueReason::condition(
            span.count > rules.more_than,
            DueFact::Answered { times: span.count, days: time::whole_days(rules.within) },
        ),
        DueReason::condition(span.askers >= rules.askers, askers),
        DueReason::condition(backing.is_some(), DueFact::Backing(backing)),
        DueReason::condition(
            trusted || span.length >= spread,
            DueFact::Spread { hours: span.length.as_hours(), least },
        ),
    ];
    let unsuitable = unsuitable(cluster, &occurrences, representative, rules);
    reasons.extend(unsuitable.map(|why| DueReason::condition(false, DueFact::Unsuitable(why))));
    let earned = reasons.iter().all(|reason| reason.weight > 0.0);
    let score = earned.then(|| score(cluster, &core, representative)).flatten();
    // Without a word that may be quoted there is no score: the draft says what is missing.
    let holds = |score: &PageScore| rules.score.holds(score.probability, gate);
    let due = earned && score.as_ref().is_none_or(holds);
    if let Some(PageScore { probability, parts }) = &score {
        let fact = DueFact::Score { probability: *probability, least: rules.score.reaches };
        reasons.push(DueReason::condition(due, fact));
        let telling = parts.iter().filter(|part| part.what != SAME_FOR_ALL);
        reasons.extend(
            telling
                .take(MOST_SCORE_PARTS)
                .map(|part| DueReason { fact: DueFact::ScorePart(*part), weight: part.weight }),
        );
    }
    let supporters = solutions.first().map_or(0, |leading| leading.support.people);
    reasons.push(DueReason::remark(DueFact::Supporters(supporters)));
    reasons.extend(newcomers(&occurrences, rules));
    let probability = score.map(|score| score.probability);
    DueVerdict { due, candidate: earned && !due, score: probability, reasons, core, representative }
}

/// Of the parts of a page score, so many are listed among the reasons.
const MOST_SCORE_PARTS: usize = 5;

/// Why the question that names the page never gets one. A question without a subject may show an error:
/// only its page can tell, unless nobody asks in more than a plain line.
fn unsuitable(
    cluster: &Cluster,
    core: &[&Occurrence],
    representative: usize,
    rules: &PageRules,
) -> Option<UnsuitableQuestion> {
    let representative = cluster.occurrences.get(representative)?.question.message;
    let (_, title) = headline(core.iter().copied(), representative, clean_title)?;
    let may_show_error = core.iter().any(|one| one.question.text.contains(['\n', '`', ':']));
    rules.questions.why_unsuitable(&title, may_show_error)
}

fn score(cluster: &Cluster, core: &[usize], representative: usize) -> Option<PageScore> {
    let occurrences = core.iter().map(|at| cluster.occurrences[*at].clone()).collect();
    let representative = cluster.occurrences[representative].question.message;
    PageScore::of(&Cluster { occurrences, representative, ..cluster.clone() })
}

fn newcomers(occurrences: &[&Occurrence], rules: &PageRules) -> Option<DueReason> {
    let newcomers = occurrences.iter().flat_map(|one| &one.newcomers).collect::<BTreeSet<_>>();
    let (people, days) = (newcomers.len(), time::whole_days(rules.support.newcomer_age));
    (people > 0).then(|| DueReason::remark(DueFact::Newcomers { people, days }))
}

/// What people stand behind one of some solutions, if they are enough. `occurrences` are those that were
/// grouped into them.
pub fn backing(
    solutions: &[Solution],
    occurrences: &[&Occurrence],
    people: &IndependentPeople,
    rules: &PageRules,
) -> Option<AnswerBacking> {
    let backing = &rules.backing;
    solutions.iter().find_map(|solution| {
        let support = solution.support;
        let seconded = || is_seconded(solution, occurrences, people);
        if backing.by_two_answerers && support.answerers >= 2 {
            Some(AnswerBacking::TwoAnswerers)
        } else if backing.by_two_answerers && seconded() {
            Some(AnswerBacking::SecondAnswer)
        } else if support.people < rules.support.people {
            None
        } else if backing.by_asker && support.confirmers >= 2 {
            Some(AnswerBacking::TwoConfirmers)
        } else if backing.by_trusted && support.trusted > 0 && support.confirmers > 0 {
            Some(AnswerBacking::TrustedAndConfirmed)
        } else {
            None
        }
    })
}

/// The occurrences within one span of time.
#[derive(Debug, Clone, Copy, Default)]
struct BusiestSpan {
    count: usize,
    /// Independent askers.
    askers: usize,
    /// All askers.
    people: usize,
    /// From the first question to the last.
    length: SignedDuration,
}

/// The most occurrences in one span, and the askers in the span where both are best.
fn busiest_span(
    occurrences: &[&Occurrence],
    rules: &PageRules,
    people: &IndependentPeople,
) -> BusiestSpan {
    let spans = (0..occurrences.len()).map(|first| {
        let start = occurrences[first].question.sent;
        let span = occurrences[first..]
            .iter()
            .take_while(|occurrence| occurrence.question.sent.duration_since(start) <= rules.within)
            .collect::<Vec<_>>();
        let askers =
            span.iter().map(|occurrence| occurrence.question.author).collect::<BTreeSet<_>>();
        let last = span.iter().map(|occurrence| occurrence.question.sent).max();
        BusiestSpan {
            count: span.len(),
            askers: people.count(&askers),
            people: askers.len(),
            length: last.unwrap_or(start).duration_since(start),
        }
    });
    spans
        .max_by_key(|span| {
            let enough = span.count > rules.more_than && span.askers >= rules.askers;
            (enough, span.count, span.askers, span.length)
        })
        .unwrap_or_default()
}

#[cfg(test)]
mod tests;
