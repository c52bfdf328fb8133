//! What cannot be true beside something else: two answers, an answer and a page, a message and a fact.

use std::collections::{BTreeMap, BTreeSet};

use indexer::cluster::texts::corpus_stats;
use indexer::store::StoreError;
use jiff::Timestamp;
use rules::model::cluster::{Cluster, MergedAnswer, Occurrence};
use rules::model::ids::{MessageId, permalink};
use rules::publish::anonymize::Participants;
use rules::publish::presentation::presentable;
use rules::publish::strength::answer_options;
use rules::report::contradictions::{
    ContradictionKind, RivalValue, contradicting_options, rival_values,
};
use rules::report::period::{day_number, day_text};
use rules::safety::FactKind;
use rules::similarity::CorpusStats;
use rules::staleness::{StalenessVerdict, answers_contradict, check_staleness};
use rules::time;
use serde::Serialize;

use super::ReportSource;
use super::markdown::{SiteLinks, literal};
use super::questions::ReportChannels;
use super::sections::channel_name;
use super::titles::{NamedQuestion, shortened};
use crate::presentation::report_words::ReportText;
use crate::presentation::words::filled;

/// The days that are looked at.
#[derive(Debug, Clone, Copy)]
pub struct ContradictionScope {
    /// Said before this.
    pub until: Timestamp,
    /// In so many days before it.
    pub days: i64,
}

/// The contradictions of a span of time. None of them is resolved by the program.
#[derive(Debug, Clone, Serialize)]
pub struct ContradictionReport {
    pub first_day: String,
    pub last_day: String,
    /// Those with facts first, then those with pages.
    pub contradictions: Vec<Contradiction>,
    /// More than are listed.
    pub left_out: usize,
}

/// Two things that cannot both be true.
#[derive(Debug, Clone, Serialize)]
pub struct Contradiction {
    pub kind: ContradictionKind,
    /// `None` of a message that answers nothing.
    pub question: Option<NamedQuestion>,
    pub one: ContradictionSide,
    pub other: ContradictionSide,
}

/// One side of a contradiction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ContradictionSide {
    /// "the page of 2025-01-31", "an answer of 2025-02-03, 2 people", "the fact token-address".
    pub what: String,
    /// Its words, where they may be shown.
    pub text: Option<String>,
    /// Where it stands; empty where it has no address.
    pub url: String,
}

/// Contradictions that are listed at most.
const MOST_LISTED: usize = 100;

impl ReportSource<'_> {
    /// The contradictions among what was said in a span of time, and what was merged before, told in a language.
    pub async fn contradictions(
        &self,
        scope: &ContradictionScope,
        words: &'static ReportText,
    ) -> Result<ContradictionReport, StoreError> {
        let since = time::minus(scope.until, time::days(scope.days));
        let channels = self.channels().await?;
        let asked = self.questions(&channels, since, scope.until).await?;
        let ids = asked.iter().filter_map(|one| one.counted.cluster.clone());
        let ids = ids.collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>();
        let clusters = self.store.clusters_with(&ids).await?;
        let mut clusters =
            clusters.into_iter().map(|one| (one.id.clone(), one)).collect::<BTreeMap<_, _>>();
        clusters.extend(self.merged_clusters().await?);
        let names = self.name_clusters(&clusters.keys().cloned().collect()).await?;
        let statistics = corpus_stats(self.store, &self.rules.same).await?;
        let (mut found, mut answers) = (Vec::new(), BTreeSet::new());
        for (id, cluster) in clusters {
            answers.extend(answering_messages(&cluster));
            // What is only near asks something else, and may well have the opposite answer.
            let core = cluster.into_core();
            let sides = AnswerSides::of(self, &core, words);
            let question = names.get(&id).map(|one| words.named(one));
            found.extend(sides.all(&statistics).into_iter().map(|(kind, one, other)| {
                Contradiction { kind, question: question.clone(), one, other }
            }));
        }
        found.extend(
            self.messages_against_facts(&channels, (since, scope.until), &answers, words).await?,
        );
        found.sort_by_key(|one| one.kind);
        let left_out = found.len().saturating_sub(MOST_LISTED);
        found.truncate(MOST_LISTED);
        Ok(ContradictionReport {
            first_day: day(since),
            last_day: day(time::minus(scope.until, time::days(1))),
            contradictions: found,
            left_out,
        })
    }

    /// The messages of people that give another value than a fact's, but for the answers that are looked at.
    async fn messages_against_facts(
        &self,
        channels: &ReportChannels,
        (since, until): (Timestamp, Timestamp),
        answers: &BTreeSet<MessageId>,
        words: &ReportText,
    ) -> Result<Vec<Contradiction>, StoreError> {
        let compared = |kind| !matches!(kind, FactKind::Status | FactKind::Text);
        let mut found = Vec::new();
        if !self.rules.facts.canonical.iter().any(|fact| compared(fact.kind)) {
            return Ok(found);
        }
        for (id, channel) in channels {
            for (message, sent, text) in self.store.texts_posted(*id, since, until).await? {
                if answers.contains(&message) {
                    continue;
                }
                let url = permalink(channel.guild, *id, message);
                let rivals = rival_values(&text, sent, self.rules).into_iter();
                found.extend(rivals.map(|rival| Contradiction {
                    kind: ContradictionKind::Fact,
                    question: None,
                    one: fact_side(&rival, words),
                    other: ContradictionSide {
                        what: filled(
                            &words.side_message,
                            &[("day", &day(sent)), ("channel", &channel_name(channels, *id))],
                        ),
                        text: None,
                        url: url.clone(),
                    },
                }));
            }
        }
        Ok(found)
    }
}

type Sides = (ContradictionKind, ContradictionSide, ContradictionSide);

/// The answers of a cluster as they may be shown.
struct AnswerSides<'s> {
    source: &'s ReportSource<'s>,
    cluster: &'s Cluster,
    shown: Cluster,
    words: &'static ReportText,
}

impl<'s> AnswerSides<'s> {
    fn of(source: &'s ReportSource<'s>, cluster: &'s Cluster, words: &'static ReportText) -> Self {
        let shown = presentable(cluster, &source.rules.safety, &source.rules.facts);
        Self { source, cluster, shown, words }
    }

    fn all(&self, statistics: &CorpusStats) -> Vec<Sides> {
        let mut found = self.with_facts();
        found.extend(self.with_page(statistics));
        found.extend(self.with_each_other());
        found
    }

    fn with_facts(&self) -> Vec<Sides> {
        let mut found = Vec::new();
        let mut add = |text: &str, at, side: &ContradictionSide| {
            let rivals = rival_values(text, at, self.source.rules).into_iter();
            found.extend(rivals.map(|rival| {
                (ContradictionKind::Fact, fact_side(&rival, self.words), side.clone())
            }));
        };
        if let Some(page) = &self.cluster.merged_answer {
            add(&page.one_line_text(), page.merged, &page_side(page, self.words));
        }
        for occurrence in &self.cluster.occurrences {
            let text = &occurrence.best_answer().text;
            add(text, occurrence.resolved(), &self.answer_side(occurrence, None));
        }
        found
    }

    /// Answers that cannot be true beside the merged one: those that would take it back, and those that say the
    /// opposite.
    fn with_page(&self, statistics: &CorpusStats) -> Vec<Sides> {
        let Some(page) = &self.cluster.merged_answer else { return Vec::new() };
        let rules = self.source.rules;
        let occurrences = &self.cluster.occurrences;
        let core = (0..occurrences.len()).collect::<Vec<_>>();
        let stale =
            check_staleness(self.cluster, &core, &[], statistics, &rules.same, &rules.truth);
        let text = page.one_line_text();
        let options = answer_options(self.cluster);
        let opposed = options.iter().map(|option| option.best).filter(|occurrence| {
            answers_contradict(&text, &occurrence.best_answer().text, &rules.truth)
        });
        let mut found = opposed.collect::<Vec<_>>();
        if let StalenessVerdict::Contradicted { by } = stale {
            found.push(&occurrences[by]);
        }
        found.sort_by_key(|one| one.question.message);
        found.dedup_by_key(|one| one.question.message);
        let side = |one: &Occurrence| {
            (ContradictionKind::Page, page_side(page, self.words), self.answer_side(one, None))
        };
        found.into_iter().map(side).collect()
    }

    fn with_each_other(&self) -> Vec<Sides> {
        let pairs = contradicting_options(self.cluster, self.source.rules).into_iter();
        let pairs = pairs.map(|pair| {
            let (one, other) = pair;
            let [one, other] = [one, other]
                .map(|option| self.answer_side(option.best, Some(option.support.people)));
            (ContradictionKind::Answer, one, other)
        });
        pairs.collect()
    }

    fn answer_side(&self, occurrence: &Occurrence, people: Option<usize>) -> ContradictionSide {
        let answer = occurrence.best_answer();
        let shown = self.shown.occurrences.iter().filter(|one| one.quotable);
        let mut shown = shown.flat_map(|one| &one.answers);
        let text = shown.find(|one| one.message == answer.message).map(|one| {
            let people = Participants::of(&self.shown, self.source.naming);
            shortened(&people.line(&one.text))
        });
        let (words, day) = (self.words, day(answer.sent));
        let what = match people {
            Some(people) if people > 1 => {
                let people = words.people.of(people);
                filled(&words.side_answer_of_people, &[("day", &day), ("people", &people)])
            }
            _ => filled(&words.side_answer, &[("day", &day)]),
        };
        ContradictionSide { what, text, url: occurrence.answer_link(answer) }
    }
}

fn answering_messages(cluster: &Cluster) -> impl Iterator<Item = MessageId> {
    cluster.occurrences.iter().flat_map(|one| one.answers.iter().map(|one| one.message))
}

fn page_side(page: &MergedAnswer, words: &ReportText) -> ContradictionSide {
    ContradictionSide {
        what: filled(&words.side_page, &[("day", &day(page.merged))]),
        text: Some(shortened(&page.one_line_text())),
        url: page.page_url().unwrap_or_default().to_owned(),
    }
}

fn fact_side(rival: &RivalValue<'_>, words: &ReportText) -> ContradictionSide {
    ContradictionSide {
        what: filled(&words.side_fact, &[("key", &rival.fact.key)]),
        text: Some(rival.fact.value.clone()),
        url: rival.fact.verify_address().unwrap_or_default().to_owned(),
    }
}

fn day(at: Timestamp) -> String {
    day_text(day_number(at))
}

/// The report as Markdown, in a language.
pub fn contradictions_markdown(
    report: &ContradictionReport,
    links: &SiteLinks,
    words: &ReportText,
) -> String {
    let days = words.period(&report.first_day, &report.last_day);
    let heading = filled(&words.contradictions_of, &[("days", &days)]);
    let count = words.contradiction_count.of(report.contradictions.len() + report.left_out);
    let mut text = format!("# {heading}\n\n{count}. {}\n", words.contradictions_lead);
    for one in &report.contradictions {
        let question = one.question.as_ref().map(|named| format!(": {}", links.question(named)));
        let kind = words.contradiction(one.kind);
        text.push_str(&format!("\n## {kind}{}\n\n", question.unwrap_or_default()));
        for side in [&one.one, &one.other] {
            text.push_str(&format!("- {}\n", side_line(side)));
        }
    }
    if report.left_out > 0 {
        let left_out =
            filled(&words.contradictions_left_out, &[("n", &report.left_out.to_string())]);
        text.push_str(&format!("\n{left_out}\n"));
    }
    text
}

fn side_line(side: &ContradictionSide) -> String {
    let what = match side.url.is_empty() {
        true => literal(&side.what),
        false => format!("[{}]({})", literal(&side.what), side.url),
    };
    match &side.text {
        Some(text) => format!("{what}: {}", literal(text)),
        None => what,
    }
}
