//! A guide: answers in the order of its outline, and what is still open.

use std::collections::{BTreeMap, BTreeSet};

use indexer::store::StoreError;
use rules::guide::{GuideCandidate, GuideOutline};
use rules::model::cluster::{Cluster, ClusterState};
use rules::model::ids::{ClusterId, Millis};
use serde::Serialize;

use super::ReportSource;
use super::markdown::{SiteLinks, literal};
use super::titles::NamedQuestion;
use super::triage::{TriageGroup, TriageScope};

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
}

/// A question that a guide has no answer to.
#[derive(Debug, Clone, Serialize)]
pub struct GuideGap {
    /// `None` where its words may not be quoted.
    pub title: Option<String>,
    pub askers: usize,
    /// On Discord, newest first.
    pub questions: Vec<String>,
}

/// Open questions of so many days are gaps.
const GAP_DAYS: i64 = 90;
/// Answers that nobody has merged yet, but that are enough for a page.
const AWAITING_DECISION: [ClusterState; 3] =
    [ClusterState::Due, ClusterState::Drafted, ClusterState::Proposed];

impl ReportSource<'_> {
    /// The page of an outline, of what is reviewed or due at `now`.
    pub async fn guide(
        &self,
        outline: &GuideOutline,
        now: Millis,
    ) -> Result<GuidePage, StoreError> {
        let due = self.store.clusters_in(&AWAITING_DECISION).await?;
        let mut clusters =
            due.into_iter().map(|one| (one.id.clone(), one)).collect::<BTreeMap<_, _>>();
        clusters.extend(self.merged_clusters().await?);
        let names = self.name_clusters(&clusters.keys().cloned().collect()).await?;
        clusters.retain(|id, _| names.contains_key(id));
        let clusters = clusters.into_values().collect::<Vec<_>>();
        let candidates = clusters.iter().map(|cluster| self.candidate(cluster)).collect::<Vec<_>>();
        let scope = TriageScope { until: now, days: GAP_DAYS };
        let open = self.triage(&scope, now).await?.groups;
        let mut shown = BTreeSet::new();
        let mut steps = Vec::new();
        for (step, below) in outline.steps.iter().zip(outline.arrange(&candidates)) {
            let is_here = |group: &&TriageGroup| {
                let title = group.title.as_deref();
                group.related.is_empty()
                    && step.fits(group.component.as_deref(), title.as_slice())
                    && shown.insert(group.questions.clone())
            };
            steps.push(GuideSection {
                title: step.title.clone(),
                intro: step.intro.clone(),
                answers: below.iter().map(|at| entry(&clusters[*at], &names)).collect(),
                open: open.iter().filter(is_here).map(gap).collect(),
            });
        }
        Ok(GuidePage { title: outline.title.clone(), intro: outline.intro.clone(), steps })
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
}

fn entry(cluster: &Cluster, names: &BTreeMap<ClusterId, NamedQuestion>) -> GuideEntry {
    let page = cluster.merged_answer.as_ref().and_then(|answer| answer.page_url());
    let said = || {
        let best = &cluster.occurrences[0];
        best.answer_link(best.best_answer())
    };
    GuideEntry {
        question: names[&cluster.id].clone(),
        reviewed: cluster.merged_answer.is_some(),
        address: page.map_or_else(said, str::to_owned),
    }
}

fn gap(group: &TriageGroup) -> GuideGap {
    GuideGap {
        title: group.title.clone(),
        askers: group.impact.askers,
        questions: group.questions.clone(),
    }
}

/// The guide as a page of documentation. Answers that nobody reviewed lead to the site, if it has an address.
pub fn guide_markdown(guide: &GuidePage, links: &SiteLinks) -> String {
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
        for one in &step.answers {
            push(format!("- {}\n", entry_line(one, links)));
        }
        for one in &step.open {
            push(format!("- {}\n", gap_line(one)));
        }
        if step.answers.is_empty() && step.open.is_empty() {
            push("Nothing is answered here yet.\n".to_owned());
        }
    }
    text
}

fn entry_line(one: &GuideEntry, links: &SiteLinks) -> String {
    match one.reviewed {
        true => format!("[{}]({})", literal(&one.question.title), one.address),
        false if links.origin.is_some() => {
            format!("{} (not reviewed yet)", links.question(&one.question))
        }
        false => {
            format!("[{}]({}) (not reviewed yet)", literal(&one.question.title), one.address)
        }
    }
}

fn gap_line(one: &GuideGap) -> String {
    let links = one.questions.iter().enumerate();
    let links = links.map(|(at, url)| format!("[{}]({url})", at + 1)).collect::<Vec<_>>();
    let title = one
        .title
        .as_deref()
        .map_or_else(|| "a question whose words may not be quoted".to_owned(), literal);
    format!("Open question: {title} ({} people asked: {})", one.askers, links.join(" "))
}
