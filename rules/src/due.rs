//! Whether a page is due, and by when.

use std::collections::BTreeSet;

use crate::config::toml_reader::TomlReader;
use crate::model::cluster::{Cluster, Occurrence};
use crate::model::ids::Millis;
use crate::model::reason::WeightedReason;
use crate::publish::title::title_score;
use crate::repeated_question::without_repeats;
use crate::resolution::ResolutionGrade;
use crate::support::{IndependentPeople, ShareRules, Solution, answerer, is_trusted, solutions};

#[derive(Debug, Clone)]
pub struct PageRules {
    more_than: usize,
    askers: usize,
    within: i64,
    deadline: i64,
    alike: f32,
    backing: BackingRules,
    support: SupportRules,
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

/// A larger cluster is judged by its earliest occurrences: the comparison is quadratic.
const MOST_COMPARED: usize = 300;

#[derive(Debug, Clone, Copy)]
struct BackingRules {
    by_asker: bool,
    by_trusted: bool,
    by_two_answerers: bool,
}

#[derive(Debug, Clone, Copy)]
struct SupportRules {
    people: usize,
    spread: i64,
    newcomer_age: i64,
    share: ShareRules,
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
        let support = file.section("support", |table| SupportRules {
            people: table.integer("people", 2, 1, 1_000) as usize,
            spread: table.integer("spread_hours", 24, 0, 8_760) * Millis::HOUR,
            newcomer_age: table.integer("account_days", 7, 0, 3_650) * Millis::DAY,
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
            within: days * Millis::DAY,
            deadline: hours * Millis::HOUR,
            alike,
            backing,
            support,
            docs,
        }
    }

    /// Whether two questions that are so much alike are surely the same.
    pub fn is_same(&self, alike: f32) -> bool {
        alike >= self.alike
    }

    /// Younger accounts add no support, in milliseconds.
    pub fn newcomer_age(&self) -> i64 {
        self.support.newcomer_age
    }

    /// How many of the due pages may be one person's.
    pub fn person_share(&self) -> ShareRules {
        self.support.share
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
    /// more: what is near enough to be found by search need not be the same question to the letter, and
    /// what one person asks again counts once.
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
    let people = IndependentPeople::of(&cluster.occurrences);
    let span = busiest_span(&occurrences, rules, &people);
    let solutions = solutions(&occurrences, &people);
    let judge = BackingCheck { core: &core, occurrences: &occurrences, people: &people, rules };
    let backing = judge.backing(&solutions, kinship);
    let trusted = occurrences.iter().any(|one| is_trusted(one));
    let spread = rules.support.spread;
    let supporters = solutions.first().map_or(0, |leading| leading.support.people);
    let conditions = [
        condition(
            span.count > rules.more_than,
            format!(
                "surely the same question was resolved {} times within {} days",
                span.count,
                rules.within / Millis::DAY
            ),
        ),
        condition(span.askers >= rules.askers, asked_by(&span)),
        condition(
            backing.is_some(),
            backing.unwrap_or("nobody but the answerer confirms an answer").into(),
        ),
        condition(trusted || span.length >= spread, spread_over(&span, spread, trusted)),
    ];
    let due = conditions.iter().all(|reason| reason.weight > 0.0);
    let mut reasons = conditions.to_vec();
    reasons.push(WeightedReason::new(
        format!("{supporters} independent people stand behind the answer that leads"),
        0.0,
    ));
    let newcomers = occurrences.iter().flat_map(|one| &one.newcomers).collect::<BTreeSet<_>>();
    if !newcomers.is_empty() {
        let days = rules.support.newcomer_age / Millis::DAY;
        reasons.push(WeightedReason::new(
            format!(
                "{} took part within {days} days of making their account or joining: they add no support",
                newcomers.len()
            ),
            0.0,
        ));
    }
    DueVerdict { due, reasons, core, centre }
}

fn asked_by(span: &BusiestSpan) -> String {
    let same = span.people - span.askers;
    let merged = if same > 0 { "; those who answer each other count once" } else { "" };
    format!("asked by {} different people{merged}", span.askers)
}

fn spread_over(span: &BusiestSpan, spread: i64, trusted: bool) -> String {
    let hours = span.length / Millis::HOUR;
    match trusted {
        true => format!("asked over {hours} hours; a trusted person answered, so any time will do"),
        false => format!("asked over {hours} hours of at least {}", spread / Millis::HOUR),
    }
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
    let occurrences = &cluster.occurrences[..cluster.occurrences.len().min(MOST_COMPARED)];
    let compared = without_repeats(occurrences, |one, other| {
        rules.is_same(kinship.question_similarity(one, other))
    });
    let around = compared.iter().map(|&centre| {
        let others = compared.iter().copied().filter(|other| *other != centre);
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

/// The occurrences within one span of time.
#[derive(Debug, Clone, Copy, Default)]
struct BusiestSpan {
    count: usize,
    /// Independent askers.
    askers: usize,
    /// All askers.
    people: usize,
    /// From the first question to the last, in milliseconds.
    length: i64,
}

/// The most occurrences in one span, and the askers in the span where both are best.
fn busiest_span(
    occurrences: &[&Occurrence],
    rules: &PageRules,
    people: &IndependentPeople,
) -> BusiestSpan {
    let spans = (0..occurrences.len()).map(|first| {
        let start = occurrences[first].question.sent.0;
        let span = occurrences[first..]
            .iter()
            .take_while(|occurrence| occurrence.question.sent.0 - start <= rules.within)
            .collect::<Vec<_>>();
        let askers =
            span.iter().map(|occurrence| occurrence.question.author).collect::<BTreeSet<_>>();
        let last = span.iter().map(|occurrence| occurrence.question.sent.0).max();
        BusiestSpan {
            count: span.len(),
            askers: people.count(&askers),
            people: askers.len(),
            length: last.unwrap_or(start) - start,
        }
    });
    spans
        .max_by_key(|span| {
            let enough = span.count > rules.more_than && span.askers >= rules.askers;
            (enough, span.count, span.askers, span.length)
        })
        .unwrap_or_default()
}

/// What the backing of an answer depends on.
struct BackingCheck<'a> {
    core: &'a [usize],
    occurrences: &'a [&'a Occurrence],
    people: &'a IndependentPeople,
    rules: &'a PageRules,
}

impl BackingCheck<'_> {
    /// What confirms an answer that leads, if anything does.
    fn backing(
        &self,
        solutions: &[Solution],
        kinship: &impl PairwiseSimilarity,
    ) -> Option<&'static str> {
        let backing = &self.rules.backing;
        let leading = solutions.iter().filter(|one| one.leads);
        let confirmed = |solution: &Solution| {
            solution.support.people >= self.rules.support.people
                && solution.support.confirmers > 0
                && self.of(solution).any(|one| one.grade <= ResolutionGrade::Confirmed)
        };
        if backing.by_asker && leading.clone().any(confirmed) {
            return Some("an answer is confirmed by its asker, a mark or a tag");
        }
        if backing.by_trusted && self.occurrences.iter().any(|one| is_trusted(one)) {
            return Some("an answer comes from a trusted person");
        }
        (backing.by_two_answerers && self.two_agree(kinship))
            .then_some("two people answered independently and agree")
    }

    fn of<'s>(&'s self, solution: &'s Solution) -> impl Iterator<Item = &'s Occurrence> {
        solution.occurrences.iter().map(|at| self.occurrences[*at])
    }

    fn two_agree(&self, kinship: &impl PairwiseSimilarity) -> bool {
        let group = |at: usize| answerer(self.occurrences[at]).map(|by| self.people.group(by));
        (0..self.core.len()).any(|one| {
            (0..one).any(|other| {
                let both = group(one).zip(group(other));
                both.is_some_and(|(one, other)| one != other)
                    && kinship.agree(self.core[one], self.core[other])
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::ruleset::Ruleset;
    use crate::model::ids::UserId;
    use crate::test_support;

    /// Everybody asks and answers the same.
    struct Same;

    impl PairwiseSimilarity for Same {
        fn question_similarity(&self, _: usize, _: usize) -> f32 {
            1.0
        }

        fn agree(&self, _: usize, _: usize) -> bool {
            true
        }
    }

    /// Three people are answered by three others, so many hours after one another.
    fn three(hours: i64) -> Cluster {
        let told = [("How do I open the port?", "Set relay.port to 4100 and restart"); 3];
        let mut cluster = test_support::cluster(&told);
        for (at, one) in (0_i64..).zip(&mut cluster.occurrences) {
            one.question.sent = Millis(at * hours * Millis::HOUR);
            one.answers[0].sent = Millis(at * hours * Millis::HOUR + 1);
        }
        cluster
    }

    fn verdict(cluster: &Cluster) -> DueVerdict {
        due(cluster, &Ruleset::embedded().pages, &Same)
    }

    #[test]
    fn a_page_needs_a_day_unless_a_trusted_person_answered() {
        assert!(verdict(&three(12)).due);
        let mut fast = three(11);
        let refused = verdict(&fast);
        assert!(!refused.due);
        let why = refused.reasons.iter().filter(|reason| reason.weight < 0.0);
        let why = why.map(|reason| reason.what.as_str()).collect::<Vec<_>>();
        assert_eq!(why, ["asked over 22 hours of at least 24"]);
        fast.occurrences[1].answers[0].trusted = true;
        assert!(verdict(&fast).due);
    }

    #[test]
    fn two_accounts_earn_no_page_however_patient() {
        let mut cluster = three(48);
        for (at, one) in cluster.occurrences.iter_mut().enumerate() {
            one.question.author = UserId(1 + at as u64 % 2);
            one.answers[0].author = UserId(2 - at as u64 % 2);
        }
        let verdict = verdict(&cluster);
        assert!(!verdict.due);
        let told = verdict.reasons.iter().map(|reason| reason.what.as_str()).collect::<Vec<_>>();
        assert!(
            told.contains(&"asked by 1 different people; those who answer each other count once"),
            "{told:?}"
        );
    }

    #[test]
    fn newcomers_confirm_nothing() {
        let mut cluster = three(48);
        for one in &mut cluster.occurrences {
            one.newcomers = [one.question.author, one.answers[0].author].into();
        }
        assert!(!verdict(&cluster).due);
        cluster.occurrences[0].newcomers.clear();
        cluster.occurrences[1].newcomers.clear();
        assert!(verdict(&cluster).due, "two old accounts answered alike");
    }
}
