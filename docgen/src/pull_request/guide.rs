//! What a maintainer reads of a guide: what it is made of, and what is missing.

use rules::language::page_words::PageWords;
use rules::markdown::code_span;
use serde::Serialize;

use super::answer::{PullRequestText, beginning, help_command};
use super::desired::{DesiredPullRequest, PullRequestPurpose};
use super::labels::LABEL;
use super::subject::Subject;
use super::{escape, marker};
use crate::change::{FileChange, FileEdit};
use crate::page::guide::{AnswerPlace, GuideDraft, GuideStepInput};
use crate::page::render::fill;
use crate::site::layout::SiteLayout;

/// With the lines around them at most 25 lines are visible.
const MOST_ROWS: usize = 8;
const MOST_MISSING: usize = 3;
const LONGEST_NAME: usize = 60;
const LONGEST_QUESTION: usize = 100;
const GUIDE_LABEL: &str = "canon:guide";
/// The label of pull requests that correct a merged page.
const FIX_LABEL: &str = "canon:fix";

#[derive(Serialize)]
struct GuideValues<'w> {
    summary: String,
    outline: String,
    columns: String,
    rows: Vec<String>,
    more_rows: Option<String>,
    missing_head: &'w str,
    missing: String,
    note: Option<&'w str>,
    help: String,
    details: &'w str,
    preview: String,
    page_is_cut: Option<&'w str>,
    rebase: &'w str,
    closing: &'w str,
    generated: String,
}

/// A guide's page that maintainers have merged.
#[derive(Debug, Clone, Copy)]
pub struct MergedGuide<'p> {
    pub path: &'p str,
    pub text: &'p str,
    /// People changed it, and that is lost.
    pub edited: bool,
}

impl GuideDraft {
    /// Title, body and branch of its first proposal.
    pub fn pull_request_text(&self) -> PullRequestText {
        let key = self.draft.cluster();
        let body = self.body(None);
        PullRequestText {
            cluster: key.clone(),
            branch: self.branch(),
            title: format!("docs(guide): {}", escape::title(self.draft.title(), LONGEST_NAME)),
            body: marker::first_line(key, self.draft.digest()) + &body,
        }
    }

    /// Its branch, the same for as long as the guide has its name.
    pub fn branch(&self) -> String {
        Subject::Guide(self.name.clone()).branch()
    }

    /// The pull request that adds the page.
    pub fn pull_request(&self, layout: &SiteLayout, base: &str) -> DesiredPullRequest {
        let text = self.pull_request_text();
        DesiredPullRequest {
            body: marker::without(&text.body),
            labels: vec![LABEL.to_owned(), GUIDE_LABEL.to_owned()],
            changes: layout.changes(&self.draft),
            ..DesiredPullRequest::plain(
                self.draft.cluster(),
                PullRequestPurpose::Answer,
                &text.title,
                (&text.branch, base),
                self.draft.digest(),
            )
        }
    }

    /// The pull request that brings a merged page up to date.
    pub fn update(&self, merged: &MergedGuide<'_>, base: &str) -> DesiredPullRequest {
        let title = escape::title(self.draft.title(), LONGEST_NAME);
        let title = format!("docs(guide): update {title}");
        let text = self.draft.page().to_owned();
        let edit = FileEdit::Replace { seen: marker::hash(merged.text), text };
        let digest = marker::hash(&format!("guide {} {}", merged.path, self.draft.digest()));
        DesiredPullRequest {
            body: self.body(Some(merged)),
            labels: vec![LABEL.to_owned(), FIX_LABEL.to_owned()],
            changes: vec![FileChange::Edit { path: merged.path.to_owned(), edit }],
            ..DesiredPullRequest::plain(
                self.draft.cluster(),
                PullRequestPurpose::Correction,
                &title,
                (&self.branch(), base),
                &digest,
            )
        }
    }

    /// The description without its marker.
    fn body(&self, merged: Option<&MergedGuide<'_>>) -> String {
        let page_words = PageWords::for_text(self.draft.title());
        let (words, common) = (&page_words.guide, &page_words.pull_request);
        let path = merged.map_or(self.draft.path(), |merged| merged.path);
        let sentence = if merged.is_some() { &words.updates } else { &words.adds };
        let guide = escape::span(self.draft.title(), LONGEST_NAME);
        let preview = beginning(self.draft.page());
        let hidden = self.steps.len().saturating_sub(MOST_ROWS);
        let outline = format!("guides/{}.toml", self.name);
        let values = GuideValues {
            summary: sentence.replace("{path}", &code_span(path)).replace("{guide}", &guide),
            outline: words.outline.replace("{path}", &code_span(&outline)),
            columns: words.columns.join(" | "),
            rows: self.steps.iter().take(MOST_ROWS).map(row).collect(),
            more_rows: (hidden > 0)
                .then(|| words.more_steps.replace("{count}", &hidden.to_string())),
            missing_head: &words.missing,
            missing: self.missing(page_words).join("; "),
            note: merged.filter(|merged| merged.edited).map(|_| words.edited.as_str()),
            help: common.help.replace("{command}", &help_command()),
            details: &common.details,
            preview: escape::fence(preview, self.draft.target.extension()),
            page_is_cut: (preview.len() < self.draft.page().len())
                .then_some(common.page_is_cut.as_str()),
            rebase: &common.rebase,
            closing: &words.closing,
            generated: common.generated.replace("{version}", env!("CARGO_PKG_VERSION")),
        };
        fill("guide.md", &values)
    }

    /// The steps without answers and the questions without any, in a few phrases.
    fn missing(&self, page_words: &PageWords) -> Vec<String> {
        let words = &page_words.guide;
        let empty =
            self.steps.iter().filter(|step| step.answers.is_empty() && step.facts.is_empty());
        let empty = empty.map(|step| {
            words.empty_step.replace("{step}", &escape::span(&step.title, LONGEST_QUESTION))
        });
        let open = self.steps.iter().flat_map(|step| &step.open);
        let open = open.map(|one| {
            words.unanswered.replace("{question}", &escape::span(&one.title, LONGEST_QUESTION))
        });
        let mut missing = empty.chain(open).collect::<Vec<_>>();
        let more = missing.len().saturating_sub(MOST_MISSING);
        missing.truncate(MOST_MISSING);
        if more > 0 {
            missing.push(words.more_missing.replace("{count}", &more.to_string()));
        }
        missing
    }
}

/// A step with the numbers of its answers and gaps.
fn row(step: &GuideStepInput) -> String {
    let is_reviewed = |place: &AnswerPlace| matches!(place, AnswerPlace::Page { .. });
    let reviewed = step.answers.iter().filter(|one| is_reviewed(&one.place)).count();
    let step_name = escape::cell(&step.title, LONGEST_NAME);
    let others = step.answers.len() - reviewed;
    format!("| {step_name} | {reviewed} | {others} | {} |", step.open.len())
}
