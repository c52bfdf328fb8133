//! A guide: answers in the order of its outline, and what is still open.

use std::collections::{BTreeMap, BTreeSet};

use indexer::store::StoreError;
use jiff::Timestamp;
use rules::guide::{GuideCandidate, GuideOutline, GuideStep};
use rules::language::page_words::{GuideWords, PageWords};
use rules::markdown::MarkdownDialect;
use rules::model::cluster::{Cluster, ClusterState};
use rules::model::ids::{ClusterId, MessageId};
use rules::publish::anonymize::Participants;
use rules::publish::fact_matrix::fact_matrix;
use rules::publish::presentation::presentable;
use rules::safety::CanonicalFact;
use serde::Serialize;

use super::ReportSource;
use super::guide_gaps::{GuideGaps, belongs};
use super::markdown::{SiteLinks, literal};
use super::titles::NamedQuestion;
use super::triage::TriageGroup;

/// A guide with its answers.
#[derive(Debug, Clone, Serialize)]
pub struct GuidePage {
    pub title: String,
    pub intro: Option<String>,
    pub steps: Vec<GuideSection>,
}

/// A heading of a guide.
#[derive(Debug, Clone, Serialize)]
pub struct GuideSection {
    pub title: String,
    pub intro: Option<String>,
    /// The facts of the tables that the step names.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub facts: Vec<CanonicalFact>,
    pub answers: Vec<GuideEntry>,
    /// Open questions that belong here, which at least two people asked.
    pub open: Vec<GuideGap>,
}

/// An answer in a guide.
#[derive(Debug, Clone, Serialize)]
pub struct GuideEntry {
    #[serde(flatten)]
    pub question: NamedQuestion,
    /// Whether maintainers merged it.
    pub reviewed: bool,
    /// Where it is read: its page in the documentation, or the message on Discord.
    pub address: String,
    /// The message that its words are of, and the one that it leads to; none where it is reviewed.
    #[serde(skip)]
    pub evidence: Vec<MessageId>,
}

/// A question that a guide has no answer to.
#[derive(Debug, Clone, Serialize)]
pub struct GuideGap {
    /// `None` where its words may not be quoted.
    pub title: Option<String>,
    pub askers: usize,
    /// On Discord, newest first.
    pub questions: Vec<String>,
    /// The messages that ask it.
    #[serde(skip)]
    pub evidence: Vec<MessageId>,
}

/// Answers that nobody has merged yet, but that are enough for a page.
const AWAITING_DECISION: [ClusterState; 3] =
    [ClusterState::Due, ClusterState::Drafted, ClusterState::Proposed];

impl ReportSource<'_> {
    /// The page of an outline, of what is reviewed or due at `now`.
    pub async fn guide(
        &self,
        outline: &GuideOutline,
        now: Timestamp,
    ) -> Result<GuidePage, StoreError> {
        let gaps = self.guide_gaps(&[outline], None, now).await?;
        let pages = self.guides(&[outline], &gaps).await?;
        Ok(pages.into_iter().next().expect("each outline has its page"))
    }

    /// The pages of outlines, in their order, with these open questions; what they are made of is read once.
    pub async fn guides(
        &self,
        outlines: &[&GuideOutline],
        gaps: &GuideGaps,
    ) -> Result<Vec<GuidePage>, StoreError> {
        let due = self.store.clusters_in(&AWAITING_DECISION).await?;
        let mut clusters =
            due.into_iter().map(|one| (one.id.clone(), one)).collect::<BTreeMap<_, _>>();
        clusters.extend(self.merged_clusters().await?);
        let names = self.name_clusters(&clusters.keys().cloned().collect()).await?;
        clusters.retain(|id, _| names.contains_key(id));
        let clusters = clusters.into_values().collect::<Vec<_>>();
        let candidates = clusters.iter().map(|cluster| self.candidate(cluster)).collect::<Vec<_>>();
        let page = |outline: &&GuideOutline| {
            let mut shown = BTreeSet::new();
            let mut steps = Vec::new();
            for (step, below) in outline.steps.iter().zip(outline.arrange(&candidates)) {
                let is_here = |group: &&TriageGroup| {
                    belongs(group, step) && shown.insert(group.questions.clone())
                };
                steps.push(GuideSection {
                    title: step.title.clone(),
                    intro: step.intro.clone(),
                    facts: self.facts_of(step),
                    answers: below.iter().map(|at| self.entry(&clusters[*at], &names)).collect(),
                    open: gaps.groups.iter().filter(is_here).map(gap).collect(),
                });
            }
            GuidePage { title: outline.title.clone(), intro: outline.intro.clone(), steps }
        };
        Ok(outlines.iter().map(page).collect())
    }

    fn facts_of(&self, step: &GuideStep) -> Vec<CanonicalFact> {
        let facts = self.rules.facts.canonical.iter();
        let is_here = |fact: &&CanonicalFact| {
            fact.table.as_ref().is_some_and(|table| step.facts.contains(table))
        };
        facts.filter(is_here).cloned().collect()
    }

    fn candidate<'c>(&'c self, cluster: &'c Cluster) -> GuideCandidate<'c> {
        let title = cluster.merged_answer.as_ref().map(|answer| answer.title.as_str());
        let questions = cluster.occurrences.iter().map(|one| one.question.text.as_str());
        GuideCandidate {
            cluster: &cluster.id,
            reviewed: cluster.merged_answer.is_some(),
            occurrences: cluster.occurrences.len(),
            topic: self.rules.topics.of(cluster).map(|topic| topic.name.as_str()),
            questions: title.into_iter().chain(questions).collect(),
        }
    }

    fn entry(&self, cluster: &Cluster, names: &BTreeMap<ClusterId, NamedQuestion>) -> GuideEntry {
        let question = names[&cluster.id].clone();
        if let Some(answer) = &cluster.merged_answer
            && let Some(page) = answer.page_url()
        {
            let (address, evidence) = (page.to_owned(), Vec::new());
            return GuideEntry { question, reviewed: true, address, evidence };
        }
        let shown = presentable(cluster, &self.rules.safety, &self.rules.facts);
        let people = Participants::of(&shown, self.naming);
        let asked = people.headline(&shown).map(|(asked, _)| asked.question.message);
        let best = &cluster.occurrences[0];
        let answer = best.best_answer();
        GuideEntry {
            question,
            reviewed: cluster.merged_answer.is_some(),
            address: best.answer_link(answer),
            evidence: asked.into_iter().chain([answer.message]).collect(),
        }
    }
}

fn gap(group: &TriageGroup) -> GuideGap {
    GuideGap {
        title: group.title.clone(),
        askers: group.impact.askers,
        questions: group.questions.clone(),
        evidence: group.asked_in.clone(),
    }
}

/// The guide as a page of documentation. Answers that nobody reviewed lead to the site, if it has an address.
/// Its fixed words are in the language of its title.
pub fn guide_markdown(guide: &GuidePage, links: &SiteLinks) -> String {
    let words = &PageWords::for_text(&guide.title).guide;
    let mut text = format!("# {}\n", literal(&guide.title));
    let mut push = |line: String| text.push_str(&line);
    if let Some(intro) = &guide.intro {
        push(format!("\n{}\n", literal(intro)));
    }
    for (at, step) in guide.steps.iter().enumerate() {
        push(format!("\n## {}. {}\n\n", at + 1, literal(&step.title)));
        if let Some(intro) = &step.intro {
            push(format!("{}\n\n", literal(intro)));
        }
        if !step.facts.is_empty() {
            let facts = step.facts.iter().collect::<Vec<_>>();
            push(format!("{}\n", fact_matrix(&facts, MarkdownDialect::CommonMark)));
        }
        for one in &step.answers {
            push(format!("- {}\n", entry_line(one, links, words)));
        }
        for one in &step.open {
            push(format!("- {}\n", gap_line(one, words)));
        }
        if step.facts.is_empty() && step.answers.is_empty() && step.open.is_empty() {
            push(format!("{}\n", words.nothing_yet));
        }
    }
    text
}

fn entry_line(one: &GuideEntry, links: &SiteLinks, words: &GuideWords) -> String {
    let title = match one.question.withheld {
        true => words.withheld.to_string(),
        false => one.question.title.clone(),
    };
    let question = NamedQuestion { title, ..one.question.clone() };
    let linked = match one.reviewed || links.origin.is_none() {
        true => format!("[{}]({})", literal(&question.title), one.address),
        false => links.question(&question),
    };
    match one.reviewed {
        true => linked,
        false => format!("{linked} ({})", words.not_reviewed),
    }
}

fn gap_line(one: &GuideGap, words: &GuideWords) -> String {
    let links = one.questions.iter().enumerate();
    let links = links.map(|(at, url)| format!("[{}]({url})", at + 1)).collect::<Vec<_>>();
    let title = one.title.as_deref().map_or_else(|| words.withheld.to_string(), literal);
    let asked = words.asked_by.replace("{count}", &one.askers.to_string());
    format!("{} {title} ({asked}: {})", words.open_question, links.join(" "))
}
