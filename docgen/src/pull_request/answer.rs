//! What a maintainer reads: the title and the body of a pull request.
//!
//! Chat text appears only as `crate::pull_request::escape` writes it.

use std::collections::BTreeSet;

use rules::markdown::code_span;
use rules::model::cluster::Cluster;
use rules::model::ids::ClusterId;
use rules::resolution::ResolutionGrade;
use serde::Serialize;

use crate::page::evidence::{EvidenceItem, day, minute};
use crate::page::format::MARKER;
use crate::page::model::{Draft, DraftContext};
use crate::page::render::fill;
use crate::pull_request::escape;
use crate::pull_request::escape::escaped_text;
use crate::pull_request::labels::HANDLE;
use crate::pull_request::subject::Subject;

/// The longest body in characters: code hosts accept 65,536.
const LONGEST_BODY: usize = 60_000;
/// Of a longer page the preview shows the beginning.
const LONGEST_PREVIEW: usize = 20_000;
const LONGEST_TITLE: usize = 60;
const LONGEST_QUOTE: usize = 200;

/// Title, body and branch of a pull request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PullRequestText {
    pub cluster: ClusterId,
    /// The same for as long as the cluster exists.
    pub branch: String,
    pub title: String,
    pub body: String,
}

impl PullRequestText {
    pub fn new(cluster: &Cluster, draft: &Draft, context: &DraftContext<'_>) -> Self {
        Self {
            cluster: draft.cluster.clone(),
            branch: Subject::Answer(draft.cluster.clone()).branch(),
            title: format!("docs(faq): {}", escape::title(&draft.title, LONGEST_TITLE)),
            body: body(cluster, draft, context),
        }
    }
}

#[derive(Serialize)]
struct PullRequestValues {
    marker: String,
    path: String,
    question: String,
    why_now: String,
    deadline: Option<String>,
    rows: Vec<String>,
    dropped: usize,
    confidence: String,
    reasons: Vec<String>,
    doubts: Vec<String>,
    flags: Vec<String>,
    preview: String,
    preview_is_cut: bool,
    handle: String,
    version: String,
}

/// Writes the body; of too many rows of evidence the oldest are left out.
fn body(cluster: &Cluster, draft: &Draft, context: &DraftContext<'_>) -> String {
    let (reasons, doubts) = arguments(cluster);
    let mut values = PullRequestValues {
        marker: format!("<!-- {MARKER} id={} digest={} -->", draft.cluster, draft.digest),
        path: code_span(&draft.path),
        question: escape::span(&draft.title, LONGEST_QUOTE),
        why_now: why_now(cluster),
        deadline: cluster.due_since.map(|since| minute(context.rules.pages.deadline(since))),
        rows: draft.evidence.iter().map(row).collect(),
        dropped: 0,
        confidence: confidence(cluster, draft),
        reasons,
        doubts,
        flags: flags(cluster, draft),
        preview: escape::fence(beginning(&draft.page), context.target.extension()),
        preview_is_cut: beginning(&draft.page).len() < draft.page.len(),
        handle: escape::neutralized(HANDLE),
        version: context.version.to_owned(),
    };
    let mut body = fill("proposal.md", &values);
    while body.chars().count() > LONGEST_BODY && !values.rows.is_empty() {
        let over = body.chars().count() - LONGEST_BODY;
        let mut freed = 0;
        while freed <= over {
            let Some(oldest) = values.rows.pop() else { break };
            freed += oldest.chars().count();
            values.dropped += 1;
        }
        body = fill("proposal.md", &values);
    }
    body
}

/// As many whole lines of a page as a preview shows.
fn beginning(page: &str) -> &str {
    match page.char_indices().nth(LONGEST_PREVIEW) {
        None => page,
        Some((at, _)) => &page[..page[..at].rfind('\n').unwrap_or(at)],
    }
}

fn why_now(cluster: &Cluster) -> String {
    let trusted = cluster.occurrences.iter().filter(|one| one.best_answer().trusted).count();
    let first = cluster.occurrences.iter().map(|one| one.question.sent).min().unwrap_or_default();
    format!(
        "{}, {}, {}; {trusted} answered by a trusted person. First asked on {}, last answered on {}.",
        counted(cluster.occurrences.len(), "resolved occurrence"),
        counted(cluster.asker_count(), "distinct asker"),
        counted(cluster.answerer_count(), "answerer"),
        day(first),
        day(cluster.last_confirmed()),
    )
}

fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

fn row(row: &EvidenceItem) -> String {
    let date = day(row.resolved);
    let links = format!("[question]({}), [answer]({})", row.question_link, row.answer_link);
    match &row.told {
        None => format!("| {date} | {links} | | | link only | |"),
        Some(told) => {
            let trust = if told.trusted { " (trusted)" } else { "" };
            format!(
                "| {date} | {links} | {} | {}{trust} | {} | {} |",
                escape::cell(&told.asker, LONGEST_QUOTE),
                escape::cell(&told.answerer, LONGEST_QUOTE),
                told.signals,
                escape::cell(&told.question, LONGEST_QUOTE),
            )
        }
    }
}

fn confidence(cluster: &Cluster, draft: &Draft) -> String {
    let main = cluster
        .occurrences
        .iter()
        .find(|one| one.answers.iter().any(|answer| answer.message == draft.answer))
        .map_or(0.0, |one| one.confidence);
    let confirmed =
        cluster.occurrences.iter().filter(|one| one.grade <= ResolutionGrade::Confirmed).count();
    format!(
        "{main:.2} that the quoted answer resolved its question; {confirmed} of {} confirmed",
        cluster.occurrences.len()
    )
}

/// The three strongest reasons for and against, over all occurrences: a reason weighs what it weighs
/// in all of them together.
fn arguments(cluster: &Cluster) -> (Vec<String>, Vec<String>) {
    let mut weights: Vec<(&str, f32, usize)> = Vec::new();
    for reason in cluster.occurrences.iter().flat_map(|one| &one.reasons) {
        match weights.iter_mut().find(|(what, ..)| *what == reason.what) {
            Some((_, weight, count)) => {
                *weight += reason.weight;
                *count += 1;
            }
            None => weights.push((&reason.what, reason.weight, 1)),
        }
    }
    weights.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()).then(a.0.cmp(b.0)));
    let strongest = |sign: f32| {
        weights
            .iter()
            .filter(|(_, weight, _)| weight * sign > 0.0)
            .take(3)
            .map(|(what, _, count)| format!("{} (in {count})", escaped_text(what)))
            .collect()
    };
    (strongest(1.0), strongest(-1.0))
}

fn sites(links: &[String]) -> String {
    let hosts = links.iter().filter_map(|link| link.split('/').nth(2)).collect::<BTreeSet<_>>();
    hosts.into_iter().map(|host| escape::span(host, LONGEST_QUOTE)).collect::<Vec<_>>().join(", ")
}

fn flags(cluster: &Cluster, draft: &Draft) -> Vec<String> {
    let mut flags = Vec::new();
    let mut flag = |raised: bool, what: String| {
        if raised {
            flags.push(what);
        }
    };
    let all = &cluster.occurrences;
    let hidden = all.iter().filter(|one| !one.quotable).count();
    flag(
        draft.page.contains("[redacted: ") || draft.page.contains("\\[redacted: "),
        "a secret was removed from the text".into(),
    );
    flag(
        !draft.links.is_empty(),
        format!("links to other sites, check each: {}", sites(&draft.links)),
    );
    flag(
        !draft.versions.is_empty(),
        "version-specific: check it against the current version".into(),
    );
    flag(cluster.answerer_count() == 1, "a single person gave every answer".into());
    flag(
        all.iter().all(|one| one.grade > ResolutionGrade::Confirmed),
        "no asker confirmed an answer".into(),
    );
    flag(
        hidden > 0,
        format!("evidence by link only (no consent to quote): {hidden} of {}", all.len()),
    );
    if flags.is_empty() {
        flags.push("none found".into());
    }
    flags
}
