//! Open questions that recur, grouped by what they ask.

use std::collections::BTreeSet;

use indexer::cluster::grouping::{GroupingItem, group_items};
use indexer::store::StoreError;
use jiff::Timestamp;
use rules::error_fingerprint::normalized_errors;
use rules::model::ids::{ClusterId, MessageId, permalink};
use rules::report::period::{day_number, day_text};
use rules::report::questions::QuestionOutcome;
use rules::report::triage::{TriageImpact, TriageStatus, UnresolvedQuestion, recurs};
use rules::similarity::QaText;
use rules::time;
use rules::versions::versions;
use serde::Serialize;

use super::ReportSource;
use super::questions::{ReportChannels, ReportQuestion};
use super::sections::channel_name;
use super::titles::NamedQuestion;
use crate::presentation::language::InterfaceLanguage;
use crate::presentation::report_words::ReportText;

/// Which open questions are looked at.
#[derive(Debug, Clone, Copy)]
pub struct TriageScope {
    /// Asked before this.
    pub until: Timestamp,
    /// In so many days before it.
    pub days: i64,
}

/// The recurring open questions of a span of time.
#[derive(Debug, Clone, Serialize)]
pub struct TriageReport {
    pub first_day: String,
    pub last_day: String,
    /// Open questions in all.
    pub open: usize,
    /// Of those, the ones in the groups below.
    pub grouped: usize,
    /// How the priority is found.
    pub formula: &'static str,
    /// By component, the weightiest first.
    pub groups: Vec<TriageGroup>,
}

/// Open questions that ask the same.
#[derive(Debug, Clone, Serialize)]
pub struct TriageGroup {
    /// The topic, from `topics.toml`.
    pub component: Option<String>,
    /// `None` where no words of it may be quoted.
    pub title: Option<String>,
    pub status: TriageStatus,
    #[serde(flatten)]
    pub impact: TriageImpact,
    pub trend: &'static str,
    pub first_day: String,
    pub last_day: String,
    pub channels_named: Vec<String>,
    /// The first messages of its questions, newest first.
    pub messages: Vec<MessageId>,
    /// Every message that asks them.
    #[serde(skip)]
    pub asked_in: Vec<MessageId>,
    /// On Discord, newest first, at most five.
    pub questions: Vec<String>,
    pub versions: Vec<String>,
    pub errors: Vec<String>,
    /// Answers to the same question elsewhere, merged ones first.
    pub related: Vec<RelatedAnswer>,
    /// Who reviews the topic; empty where nobody is named.
    pub owners: Vec<String>,
    pub next_step: &'static str,
}

/// An answer to the same question.
#[derive(Debug, Clone, Serialize)]
pub struct RelatedAnswer {
    #[serde(flatten)]
    pub question: NamedQuestion,
    /// Whether maintainers merged it.
    pub merged: bool,
}

/// Groups that are listed at most.
const MOST_GROUPS: usize = 50;
const MOST_LINKS: usize = 5;

impl ReportSource<'_> {
    /// The open questions that at least two people asked, as known at `now`.
    pub async fn triage(
        &self,
        scope: &TriageScope,
        now: Timestamp,
    ) -> Result<TriageReport, StoreError> {
        let channels = self.channels().await?;
        let since = time::minus(scope.until, time::days(scope.days));
        let questions = self.questions(&channels, since, scope.until).await?;
        let is_open = |one: &ReportQuestion| one.counted.outcome == QuestionOutcome::Open;
        let open = questions.iter().filter(|one| is_open(one)).count();
        let mut found = Vec::new();
        for members in self.same_questions(&questions).await {
            let (unsolved, solved) =
                members.into_iter().partition::<Vec<_>, _>(|at| is_open(&questions[*at]));
            let unresolved =
                unsolved.iter().map(|at| self.unresolved(&questions[*at])).collect::<Vec<_>>();
            if !unresolved.is_empty() && recurs(&unresolved) {
                found.push((TriageImpact::of(&unresolved, now), unresolved, unsolved, solved));
            }
        }
        found.sort_by(|(one, ..), (other, ..)| {
            let rank = other.points.total_cmp(&one.points);
            rank.then(other.last_seen.cmp(&one.last_seen))
        });
        let grouped = found.iter().map(|(_, _, unsolved, _)| unsolved.len()).sum();
        let mut groups = Vec::new();
        for (impact, unresolved, unsolved, solved) in found.into_iter().take(MOST_GROUPS) {
            let pick =
                |all: Vec<usize>| all.into_iter().map(|at| &questions[at]).collect::<Vec<_>>();
            let members = (pick(unsolved), pick(solved));
            groups.push(self.triage_group(&channels, impact, &unresolved, members).await?);
        }
        // The sort is stable: within a component, the weightiest stay first.
        groups.sort_by_key(|group| group.component.is_none());
        Ok(TriageReport {
            first_day: day_text(day_number(since)),
            last_day: day_text(day_number(scope.until) - 1),
            open,
            grouped,
            formula: &ReportText::of(InterfaceLanguage::English).triage_formula,
            groups: by_component(groups),
        })
    }

    /// The indices of the questions in groups that ask the same.
    async fn same_questions(&self, questions: &[ReportQuestion]) -> Vec<Vec<usize>> {
        let texts = questions.iter().map(|one| {
            let answer = one.row.occurrence.as_ref().map(|occurrence| occurrence.answer.clone());
            (one.counted.message, one.text.clone(), answer.unwrap_or_default())
        });
        let texts = texts.collect::<Vec<_>>();
        let rules = self.rules.same.clone();
        let grouped = tokio::task::spawn_blocking(move || {
            let items = texts.iter().map(|(id, question, answer)| GroupingItem {
                id: *id,
                asked: QaText { question, answer },
                meaning: None,
            });
            group_items(&items.collect::<Vec<_>>(), &rules)
        });
        grouped.await.expect("grouping neither panics nor is cancelled")
    }

    fn unresolved(&self, question: &ReportQuestion) -> UnresolvedQuestion {
        UnresolvedQuestion {
            message: question.counted.message,
            channel: question.counted.channel,
            asker: question.counted.asker,
            asked: question.counted.asked,
            tried: !question.row.answers.is_empty(),
            blocking: self.rules.blocking.are_in(&question.text),
        }
    }

    async fn triage_group(
        &self,
        channels: &ReportChannels,
        impact: TriageImpact,
        unresolved: &[UnresolvedQuestion],
        (unsolved, solved): (Vec<&ReportQuestion>, Vec<&ReportQuestion>),
    ) -> Result<TriageGroup, StoreError> {
        let related = self.related_answers(&solved).await?;
        let texts = || unsolved.iter().map(|one| one.text.as_str());
        let topic = self.rules.topics.index_of(texts()).map(|at| &self.rules.topics.all()[at]);
        let status = match () {
            () if related.iter().any(|one| one.merged) => TriageStatus::Documented,
            () if !related.is_empty() => TriageStatus::AnsweredElsewhere,
            () if unresolved.iter().any(|one| one.tried) => TriageStatus::Tried,
            () => TriageStatus::Unanswered,
        };
        let mut title = None;
        for question in unsolved.iter().rev() {
            title = self.name_open_question(&question.row, channels).await?;
            if title.is_some() {
                break;
            }
        }
        let names = unsolved.iter().map(|one| channel_name(channels, one.counted.channel));
        let links = unsolved.iter().rev().filter_map(|one| {
            let guild = channels.get(&one.counted.channel)?.guild;
            Some(permalink(guild, one.counted.channel, one.counted.message))
        });
        // Of a single line, every one would count as an error, also a plain question.
        let pasted = texts().filter(|text| text.trim().lines().count() > 1);
        let errors =
            pasted.flat_map(normalized_errors).map(|error| error.fingerprint().to_string());
        Ok(TriageGroup {
            component: topic.map(|topic| topic.name.clone()),
            title,
            status,
            trend: impact.trend(),
            first_day: day_text(day_number(impact.first_seen)),
            last_day: day_text(day_number(impact.last_seen)),
            channels_named: names.collect::<BTreeSet<_>>().into_iter().collect(),
            messages: unsolved.iter().rev().map(|one| one.counted.message).collect(),
            asked_in: unsolved.iter().flat_map(|one| one.row.messages.iter().copied()).collect(),
            questions: links.take(MOST_LINKS).collect(),
            versions: versions(texts()),
            errors: errors.collect::<BTreeSet<_>>().into_iter().take(MOST_LINKS).collect(),
            related,
            owners: topic.map(|topic| topic.reviewers.clone()).unwrap_or_default(),
            next_step: status.next_step(),
            impact,
        })
    }

    async fn related_answers(
        &self,
        solved: &[&ReportQuestion],
    ) -> Result<Vec<RelatedAnswer>, StoreError> {
        let ids = solved.iter().filter_map(|one| one.counted.cluster.clone());
        let ids = ids.collect::<BTreeSet<ClusterId>>();
        let names = self.name_clusters(&ids).await?;
        let clusters = self.store.clusters_with(&ids.into_iter().collect::<Vec<_>>()).await?;
        let merged = clusters.into_iter().filter(|one| one.has_merged_answer()).map(|one| one.id);
        let merged = merged.collect::<BTreeSet<_>>();
        let mut related = names
            .into_iter()
            .map(|(id, question)| RelatedAnswer { merged: merged.contains(&id), question })
            .collect::<Vec<_>>();
        related.sort_by_key(|one| !one.merged);
        related.truncate(MOST_LINKS);
        Ok(related)
    }
}

/// The groups of each component together: the component of the weightiest group first, those of none last.
fn by_component(groups: Vec<TriageGroup>) -> Vec<TriageGroup> {
    let mut order = Vec::<Option<String>>::new();
    for group in &groups {
        if !order.contains(&group.component) {
            order.push(group.component.clone());
        }
    }
    let mut sorted = groups;
    sorted.sort_by_key(|group| order.iter().position(|one| *one == group.component));
    sorted
}
