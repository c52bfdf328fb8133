//! Is a page due, and by when.

use std::collections::BTreeSet;

use crate::cluster::{Cluster, Occurrence};
use crate::ids::Millis;
use crate::reader::Reader;
use crate::reason::Reason;
use crate::resolution::{Grade, SignalKind};

#[derive(Debug, Clone)]
pub struct PageRules {
    more_than: usize,
    askers: usize,
    within: i64,
    deadline: i64,
    backing: Backing,
}

#[derive(Debug, Clone, Copy)]
struct Backing {
    by_asker: bool,
    by_trusted: bool,
    by_two_answerers: bool,
}

impl PageRules {
    pub(crate) fn read(file: &mut Reader) -> Self {
        let (more_than, askers, days, hours) = file.section("due", |table| {
            (
                table.integer("more_than", 2, 0, 1_000),
                table.integer("askers", 2, 1, 1_000),
                table.integer("within_days", 180, 1, 36_500),
                table.integer("hours", 48, 1, 8_760),
            )
        });
        let backing = file.section("backing", |table| Backing {
            by_asker: table.bool("by_asker", true),
            by_trusted: table.bool("by_trusted", true),
            by_two_answerers: table.bool("by_two_answerers", true),
        });
        if !(backing.by_asker || backing.by_trusted || backing.by_two_answerers) {
            file.wrong("backing", "nothing would ever be due; set at least one to true");
        }
        Self {
            more_than: more_than as usize,
            askers: askers as usize,
            within: days * Millis::DAY,
            deadline: hours * Millis::HOUR,
            backing,
        }
    }

    /// The time by which a proposal must be open, for a threshold first seen at `since`.
    pub fn deadline(&self, since: Millis) -> Millis {
        Millis(since.0 + self.deadline)
    }
}

/// Whether a page is due, with every condition's standing.
#[derive(Debug, Clone, PartialEq)]
pub struct DueVerdict {
    pub due: bool,
    pub reasons: Vec<Reason>,
}

/// Judges whether a cluster has earned a page. `agree` tells whether two answers say the same.
pub fn due(
    cluster: &Cluster,
    rules: &PageRules,
    agree: impl Fn(&Occurrence, &Occurrence) -> bool,
) -> DueVerdict {
    let (count, askers) = busiest_span(&cluster.occurrences, rules);
    let enough = count > rules.more_than;
    let widespread = askers >= rules.askers;
    let backing = backing(cluster, rules, agree);
    let mut reasons = vec![
        standing(enough, format!("resolved {count} times within {} days", rules.within / Millis::DAY)),
        standing(widespread, format!("asked by {askers} different people")),
    ];
    let backed = backing.is_some();
    reasons.push(standing(backed, backing.unwrap_or("nobody but the answerer confirms an answer").into()));
    DueVerdict { due: enough && widespread && backed, reasons }
}

fn standing(met: bool, what: String) -> Reason {
    Reason::new(what, if met { 1.0 } else { -1.0 })
}

/// The most occurrences in one span, and the askers in the span where both are best.
fn busiest_span(occurrences: &[Occurrence], rules: &PageRules) -> (usize, usize) {
    let spans = (0..occurrences.len()).map(|first| {
        let start = occurrences[first].question.sent.0;
        let span = occurrences[first..]
            .iter()
            .take_while(|occurrence| occurrence.question.sent.0 - start <= rules.within)
            .collect::<Vec<_>>();
        let askers = span.iter().map(|occurrence| occurrence.question.author).collect::<BTreeSet<_>>();
        (span.len(), askers.len())
    });
    spans
        .max_by_key(|(count, askers)| (*count > rules.more_than && *askers >= rules.askers, *count, *askers))
        .unwrap_or_default()
}

fn backing(
    cluster: &Cluster,
    rules: &PageRules,
    agree: impl Fn(&Occurrence, &Occurrence) -> bool,
) -> Option<&'static str> {
    let all = &cluster.occurrences;
    if rules.backing.by_asker && all.iter().any(|one| one.grade <= Grade::Confirmed) {
        return Some("an answer is confirmed by its asker, a mark or a tag");
    }
    let trusted = |one: &Occurrence| {
        one.best_answer().trusted
            || one.signals.iter().any(|signal| signal.kind == SignalKind::TrustedAnswer)
    };
    if rules.backing.by_trusted && all.iter().any(trusted) {
        return Some("an answer comes from a trusted person");
    }
    let two_agree = || {
        all.iter().enumerate().any(|(at, one)| {
            all[..at].iter().any(|other| {
                one.best_answer().author != other.best_answer().author && agree(one, other)
            })
        })
    };
    (rules.backing.by_two_answerers && two_agree())
        .then_some("two people answered independently and agree")
}
