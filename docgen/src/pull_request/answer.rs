//! What a maintainer reads: the title and the body of a pull request.
//!
//! Chat text appears only as `crate::pull_request::escape` writes it.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use rules::language::page_words::{PageWords, PullRequestWords};
use rules::markdown::code_span;
use rules::model::cluster::Cluster;
use rules::model::ids::ClusterId;
use rules::resolution::ResolutionGrade;
use rules::time;
use serde::Serialize;

use crate::page::evidence::{EvidenceItem, HelpSign, day};
use crate::page::model::{Draft, DraftContext};
use crate::page::render::fill;
use crate::pull_request::escape;
use crate::pull_request::labels::HANDLE;
use crate::pull_request::marker;
use crate::pull_request::subject::Subject;
use crate::site::docs_tree::SectionRef;

/// The longest body in characters: code hosts accept 65,536.
const LONGEST_BODY: usize = 60_000;
/// Of a longer page the preview shows the beginning.
const LONGEST_PREVIEW: usize = 20_000;
const LONGEST_TITLE: usize = 60;
const LONGEST_QUOTE: usize = 200;
/// Chosen so that a row of the table is one or two lines on a laptop's screen.
const LONGEST_CELL: usize = 120;
/// With the answer and the lines around it at most 25 lines are visible.
const MOST_ROWS: usize = 6;
const MOST_ANSWER_LINES: usize = 10;
/// An answer this old when the question became due is worth a warning.
const OLD_ANSWER: SignedDuration = time::days(365);

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
struct PullRequestValues<'w> {
    summary: String,
    answer: String,
    columns: String,
    rows: Vec<String>,
    more_rows: Option<String>,
    check: &'w str,
    risks: String,
    help: String,
    details: &'w str,
    preview: String,
    page_is_cut: Option<&'w str>,
    rebase: &'w str,
    closing: &'w str,
    generated: String,
}

fn body(cluster: &Cluster, draft: &Draft, context: &DraftContext<'_>) -> String {
    let page_words = PageWords::for_text(&draft.title);
    let words = &page_words.pull_request;
    let extension = context.target.extension();
    let preview = beginning(&draft.page);
    let rows = draft.evidence.iter().take(MOST_ROWS).map(|item| row(item, page_words));
    let hidden = draft.evidence.len().saturating_sub(MOST_ROWS);
    let values = PullRequestValues {
        summary: summary(draft),
        answer: escape::fence(&first_lines(&draft.answer_text, MOST_ANSWER_LINES), extension),
        columns: words.columns.join(" | "),
        rows: rows.collect(),
        more_rows: (hidden > 0).then(|| words.more_rows.replace("{count}", &hidden.to_string())),
        check: &words.check,
        risks: risks(cluster, draft, words).join("; "),
        help: help(draft),
        details: &words.details,
        preview: escape::fence(preview, extension),
        page_is_cut: (preview.len() < draft.page.len()).then_some(words.page_is_cut.as_str()),
        rebase: &words.rebase,
        closing: &words.closing,
        generated: words.generated.replace("{version}", context.version),
    };
    let first = marker::first_line(&draft.cluster, &draft.digest);
    let body = first + &fill("proposal.md", &values);
    debug_assert!(body.chars().count() <= LONGEST_BODY, "every part of it is cut");
    body
}

fn words(draft: &Draft) -> &'static PullRequestWords {
    &PageWords::for_text(&draft.title).pull_request
}

/// The first sentence: which file answers which question.
pub(crate) fn summary(draft: &Draft) -> String {
    filled(&words(draft).adds, &draft.path, draft)
}

/// The first sentence where the answer goes into a page that already covers the question.
pub(crate) fn extension_summary(draft: &Draft, path: &str) -> String {
    filled(&words(draft).extends, path, draft)
}

/// The sentence that names the file that lists the site's pages.
pub(crate) fn listing(draft: &Draft, path: &str) -> String {
    words(draft).listed.replace("{path}", &code_span(path))
}

/// The sentence that says what people can do.
pub(crate) fn help(draft: &Draft) -> String {
    words(draft).help.replace("{command}", &help_command())
}

/// The line of the sections that are nearest to the question; `pages` is the address that the paths of
/// pages are relative to, or empty.
pub(crate) fn nearest(draft: &Draft, sections: &[SectionRef], pages: &str) -> String {
    let shown = sections.iter().map(|section| {
        let heading = section.headings.last().map_or(section.path.as_str(), String::as_str);
        let (heading, path) = (escape::span(heading, LONGEST_CELL), &section.path);
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
        match !pages.is_empty() && path.chars().all(plain) {
            true => format!("[{heading}]({pages}{path})"),
            false => format!("{heading} ({})", code_span(path)),
        }
    });
    words(draft).nearest.replace("{sections}", &shown.collect::<Vec<_>>().join(", "))
}

fn filled(sentence: &str, path: &str, draft: &Draft) -> String {
    let question = escape::span(&draft.title, LONGEST_QUOTE);
    sentence.replace("{path}", &code_span(path)).replace("{question}", &question)
}

pub(super) fn help_command() -> String {
    format!("`{} help`", escape::neutralized(HANDLE))
}

/// At most so many lines; an ellipsis stands for the rest.
fn first_lines(text: &str, most: usize) -> String {
    let mut lines = text.lines().take(most).collect::<Vec<_>>();
    if text.lines().nth(most).is_some() {
        lines.push("\u{2026}");
    }
    lines.join("\n")
}

/// As many whole lines of a page as a preview shows.
pub(super) fn beginning(page: &str) -> &str {
    match page.char_indices().nth(LONGEST_PREVIEW) {
        None => page,
        Some((at, _)) => &page[..page[..at].rfind('\n').unwrap_or(at)],
    }
}

fn row(item: &EvidenceItem, page_words: &PageWords) -> String {
    let words = &page_words.pull_request;
    let links = format!(
        "[{}]({}), [{}]({})",
        day(item.asked),
        item.question_link,
        page_words.answer,
        item.answer_link
    );
    let Some(quote) = &item.quote else {
        return format!("| {links} | {} | | |", words.no_consent);
    };
    let answer = quote.answer.as_deref();
    let answer = answer.map_or(words.withheld.clone(), |text| escape::cell(text, LONGEST_CELL));
    let helped = match quote.helped {
        Some(HelpSign::Confirmed) => Some(words.confirmed.as_str()),
        Some(HelpSign::Thanked) => Some(words.thanked.as_str()),
        None => None,
    };
    let notes = quote.trusted.then_some(words.trusted.as_str()).into_iter().chain(helped);
    let notes = notes.collect::<Vec<_>>().join(", ");
    let notes = if notes.is_empty() { notes } else { format!(" ({notes})") };
    format!(
        "| {links} | {} | {answer} | {}{notes} |",
        escape::cell(&quote.question, LONGEST_CELL),
        escape::cell(&quote.answerer, LONGEST_CELL),
    )
}

fn sites(links: &[String]) -> String {
    let hosts = links.iter().filter_map(|link| link.split('/').nth(2)).collect::<BTreeSet<_>>();
    hosts.into_iter().map(|host| escape::span(host, LONGEST_QUOTE)).collect::<Vec<_>>().join(", ")
}

/// What a reviewer should look at in this one; nothing that holds for every pull request.
fn risks(cluster: &Cluster, draft: &Draft, words: &PullRequestWords) -> Vec<String> {
    let all = &cluster.occurrences;
    let newest = cluster.last_confirmed();
    let is_old = cluster.due_since.is_some_and(|due| due.duration_since(newest) > OLD_ANSWER);
    let versions = draft.versions.iter().map(|version| escape::span(version, LONGEST_QUOTE));
    let versions = versions.collect::<Vec<_>>().join(", ");
    let redacted = draft.page.contains("[redacted: ") || draft.page.contains("\\[redacted: ");
    let contradicted = draft.contradiction.as_ref().map(|other| {
        let link = format!("[{}]({})", day(other.given), other.link);
        words.contradicted.replace("{link}", &link)
    });
    let risks = [
        (contradicted.is_some(), contradicted.unwrap_or_default()),
        (redacted, words.redacted.clone()),
        (!draft.links.is_empty(), words.links.replace("{hosts}", &sites(&draft.links))),
        (!versions.is_empty(), words.versions.replace("{versions}", &versions)),
        (cluster.answerer_count() == 1, words.one_answerer.clone()),
        (
            all.iter().all(|one| one.grade > ResolutionGrade::Confirmed),
            words.nobody_confirmed.clone(),
        ),
        (is_old, words.old.replace("{date}", &day(newest))),
    ];
    risks.into_iter().filter(|(holds, _)| *holds).map(|(_, risk)| risk).collect()
}
