//! The desired pull requests: for one page, for several, for a page that must change or go.

use rules::markdown::code_span;
use rules::model::cluster::{Cluster, Occurrence};
use rules::model::ids::ClusterId;
use serde::{Deserialize, Serialize};

use super::marker;
use crate::change::{FileChange, FileEdit};
use crate::page::evidence::day;
use crate::page::format::answered_summary;
use crate::page::model::Draft;
use crate::page::render::fill;
use crate::pull_request::answer::{self, PullRequestText};
use crate::pull_request::escape;
use crate::pull_request::labels::{HANDLE, LABEL};
use crate::pull_request::subject::{Subject, Week};
use crate::site::docs_tree::SectionRef;
use crate::site::layout::SiteLayout;
use crate::site::moving::PageMove;

/// A page of the batch is shown up to here; the rest is among the changed files.
const LONGEST_PREVIEW: usize = 5_000;
const LONGEST_QUESTION: usize = 120;
const LONGEST_SIDE: usize = 8_000;

/// Why there is a pull request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PullRequestPurpose {
    /// A page for a question that has none.
    Answer,
    /// A merged page is to change.
    Correction,
    /// A merged page is to go.
    Removal,
    /// The evidence was deleted: an open pull request is closed and its text removed.
    Withdrawal,
}

/// The pull request as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DesiredPullRequest {
    pub cluster: ClusterId,
    pub purpose: PullRequestPurpose,
    pub branch: String,
    /// The branch that it is to be merged into.
    pub base: String,
    pub title: String,
    /// Without the marker.
    pub body: String,
    /// Equal digests are the same change.
    pub digest: String,
    pub changes: Vec<FileChange>,
    /// The commit's message, with the trailers.
    pub message: String,
    pub labels: Vec<String>,
    /// Logins, asked one by one after the pull request is ready.
    pub reviewers: Vec<String>,
    /// Whether it is marked ready for review when all checks pass.
    pub ready: bool,
    /// Somebody with write access asked for the current base.
    pub rebase: bool,
    /// Someone with write access gave up this head: its contents may be replaced.
    pub recreate: Option<String>,
    /// With the head, what people made of title and body may be replaced too.
    pub anew: bool,
    /// Somebody asked for it again after it was closed.
    pub requested_again: bool,
}

/// A merged page and its place.
#[derive(Debug, Clone, Copy)]
pub struct MergedPage<'a> {
    pub cluster: &'a ClusterId,
    pub path: &'a str,
    pub layout: &'a SiteLayout,
    /// The branch that it is on.
    pub base: &'a str,
}

/// Why a merged page is to change, with both sides where there are two.
#[derive(Debug, Clone)]
pub enum CorrectionReason<'a> {
    /// Messages that it quotes were deleted, or may no longer be quoted.
    EvidenceDeleted { messages: usize },
    /// A later answer is bound to a newer version.
    Newer { version: String, known: &'a str, later: &'a Occurrence },
    /// A later answer conflicts with it.
    Contradicted { known: &'a str, later: &'a Occurrence },
}

#[derive(Serialize)]
struct ComparedText {
    title: String,
    text: String,
}

#[derive(Serialize)]
struct CorrectionText {
    summary: String,
    why: String,
    sides: Vec<ComparedText>,
    note: Option<String>,
    checks: Vec<&'static str>,
    closing: &'static str,
    handle: String,
    version: &'static str,
}

impl DesiredPullRequest {
    /// A page for a question that has none.
    pub fn answer(
        proposal: &PullRequestText,
        draft: &Draft,
        layout: &SiteLayout,
        base: &str,
    ) -> Self {
        let mut body = marker::without(&proposal.body);
        let summary = answer::summary(draft);
        if let Some(nav) = &layout.nav {
            let listing = answer::listing(draft, &nav.path);
            body = body.replacen(&summary, &format!("{summary} {listing}"), 1);
        }
        Self {
            body,
            labels: vec![LABEL.to_owned(), "canon:faq".to_owned()],
            changes: layout.changes(draft),
            ..Self::plain(
                draft.cluster(),
                PullRequestPurpose::Answer,
                &proposal.title,
                (&proposal.branch, base),
                draft.digest(),
            )
        }
    }

    /// Makes the section of all answers too, where no pull request with settings did.
    pub fn makes_section(&mut self, layout: &SiteLayout) {
        self.changes.splice(0..0, layout.section_changes());
    }

    /// Adds the answer to a page that already covers the question, instead of a page of its own.
    pub fn extends(&mut self, addition: FileChange, draft: &Draft) {
        let summary = answer::extension_summary(draft, addition.path());
        if let Some((_, rest)) = self.body.split_once('\n') {
            self.body = format!("{summary}\n{rest}");
        }
        self.digest = marker::hash(&format!("{} {}", addition.path(), draft.digest()));
        self.message = marker::commit_message(&self.title, &self.cluster, &self.digest);
        self.changes = vec![addition];
    }

    /// Shows the reviewer which sections of the documentation are nearest; `pages` as `answer::nearest`
    /// takes it.
    pub fn shows_nearest(&mut self, draft: &Draft, sections: &[SectionRef], pages: &str) {
        if sections.is_empty() {
            return;
        }
        let help = answer::help(draft);
        let line = answer::nearest(draft, sections, pages);
        self.body = self.body.replacen(&help, &format!("{line}\n\n{help}"), 1);
    }

    /// Closes what is still open for a question whose evidence was deleted, and removes its text.
    pub fn withdrawal(cluster: &ClusterId, branch: &str, base: &str) -> Self {
        let title = "docs(faq): withdrawn";
        Self::plain(cluster, PullRequestPurpose::Withdrawal, title, (branch, base), "withdrawn")
    }

    /// Removes a merged page: none of its evidence is left.
    pub fn removal(page: &MergedPage<'_>, messages: usize) -> Self {
        let title = "docs(faq): remove an answer whose source was deleted";
        let path = code_span(page.path);
        let words = CorrectionText {
            summary: format!("Removes {path}: its source messages are no longer available."),
            why: gone(messages),
            sides: Vec::new(),
            note: None,
            checks: vec!["nothing else links to the page"],
            closing: "If you close this, the page keeps quoting deleted messages.",
            ..CorrectionText::empty()
        };
        let digest = marker::hash(&format!("removal {} {messages}", page.path));
        Self {
            body: fill("mending.md", &words),
            labels: vec![LABEL.to_owned(), "canon:stale".to_owned()],
            changes: page.layout.removal(page.cluster, page.path),
            ..Self::mending(page, PullRequestPurpose::Removal, title, &digest)
        }
    }

    /// Replaces the text of a merged page, whose file was read as `seen`, with `text`. `lossy`
    /// means that people edited the page since, and that `text` does not keep all of it.
    pub fn correction(
        page: &MergedPage<'_>,
        (seen, text): (&str, &str),
        why: &CorrectionReason<'_>,
        lossy: bool,
    ) -> Self {
        let (title, mut words) = why.words(page.path);
        if lossy {
            words.note = Some(
                "This page was edited after it was merged, and not all of those edits could be kept. \
                 Check the changed files and restore what is missing.\n"
                    .to_owned(),
            );
        }
        let edit = FileEdit::Replace { seen: marker::hash(seen), text: text.to_owned() };
        let change = FileChange::Edit { path: page.path.to_owned(), edit };
        let digest = marker::hash(&format!("correction {} {text}", page.path));
        Self {
            body: fill("mending.md", &words),
            labels: vec![LABEL.to_owned(), "canon:fix".to_owned()],
            changes: vec![change],
            ..Self::mending(page, PullRequestPurpose::Correction, title, &digest)
        }
    }

    /// The correction of a page whose title is among what was deleted: navigation, front matter and, where the
    /// path `to` is another one, the address follow. `text` is the corrected page, `settings` as
    /// [`SiteLayout::moves`] takes it.
    pub fn retitled(
        self,
        page: &MergedPage<'_>,
        (to, title): (&str, &str),
        text: &str,
        settings: Option<&str>,
    ) -> Self {
        if to == page.path {
            let titles = page.layout.retitling(page.cluster, page.path, title);
            let changes = self.changes.into_iter().chain(titles).collect();
            return Self { changes, ..self };
        }
        let moved = PageMove { cluster: page.cluster, from: page.path, to, title };
        let digest = marker::hash(&format!("retitled {} {to} {text}", page.path));
        Self {
            body: format!(
                "Moves {} to {}, because its title was one of the quotes, and redirects the old address.\n\n{}",
                code_span(page.path),
                code_span(to),
                self.body
            ),
            message: marker::commit_message(&self.title, &self.cluster, &digest),
            digest,
            changes: page.layout.moves(&moved, text, settings),
            ..self
        }
    }

    /// A merged page is to stand at another path; `text` is the page, `settings` as
    /// [`SiteLayout::moves`] takes it.
    pub fn moved(
        page: &MergedPage<'_>,
        (to, heading): (&str, &str),
        text: &str,
        settings: Option<&str>,
    ) -> Self {
        let title = "docs(faq): move an answer";
        let (from, there) = (code_span(page.path), code_span(to));
        let words = CorrectionText {
            summary: format!("Moves {from} to {there} and redirects the old address."),
            why: "A maintainer asked for this in a comment.".to_owned(),
            checks: vec!["links to the old page still work"],
            closing: "If you close this, the page stays where it is.",
            ..CorrectionText::empty()
        };
        let moved = PageMove { cluster: page.cluster, from: page.path, to, title: heading };
        let digest = marker::hash(&format!("moved {} {to} {text}", page.path));
        Self {
            body: fill("mending.md", &words),
            labels: vec![LABEL.to_owned(), "canon:faq".to_owned()],
            changes: page.layout.moves(&moved, text, settings),
            ..Self::mending(page, PullRequestPurpose::Correction, title, &digest)
        }
    }

    /// Several pages in one pull request.
    pub fn batch(week: Week, pages: &[(Cluster, Draft)], layout: &SiteLayout, base: &str) -> Self {
        #[derive(Serialize)]
        struct BatchItem {
            question: String,
            path: String,
            why: String,
            preview: String,
        }
        let item = |(cluster, draft): &(Cluster, Draft)| BatchItem {
            question: escape::span(draft.title(), LONGEST_QUESTION),
            path: code_span(draft.path()),
            why: answered_summary(
                cluster.times_answered(),
                cluster.asker_count(),
                cluster.last_confirmed(),
            ),
            preview: escape::fence(cut(draft.page(), LONGEST_PREVIEW), "md"),
        };
        let values = serde_json::json!({
            "count": pages.len(),
            "items": pages.iter().map(item).collect::<Vec<_>>(),
            "version": env!("CARGO_PKG_VERSION"),
        });
        let digests = pages.iter().map(|(_, draft)| draft.digest()).collect::<Vec<_>>().join(" ");
        let title = format!("docs(faq): weekly batch of {} answers", pages.len());
        let subject = Subject::Batch(week);
        Self {
            body: fill("batch.md", &values),
            labels: vec![LABEL.to_owned(), "canon:faq".to_owned()],
            changes: pages.iter().flat_map(|(_, draft)| layout.changes(draft)).collect(),
            ..Self::plain(
                &subject.key(),
                PullRequestPurpose::Answer,
                &title,
                (&subject.branch(), base),
                &marker::hash(&digests),
            )
        }
    }

    fn mending(
        page: &MergedPage<'_>,
        purpose: PullRequestPurpose,
        title: &str,
        digest: &str,
    ) -> Self {
        let branch = Subject::Answer(page.cluster.clone()).branch();
        Self::plain(page.cluster, purpose, title, (&branch, page.base), digest)
    }

    pub(super) fn plain(
        cluster: &ClusterId,
        purpose: PullRequestPurpose,
        title: &str,
        (branch, base): (&str, &str),
        digest: &str,
    ) -> Self {
        Self {
            cluster: cluster.clone(),
            purpose,
            branch: branch.to_owned(),
            base: base.to_owned(),
            title: title.to_owned(),
            body: String::new(),
            digest: digest.to_owned(),
            changes: Vec::new(),
            message: marker::commit_message(title, cluster, digest),
            labels: Vec::new(),
            reviewers: Vec::new(),
            ready: true,
            rebase: false,
            recreate: None,
            anew: false,
            requested_again: false,
        }
    }
}

impl CorrectionReason<'_> {
    fn words(&self, path: &str) -> (&'static str, CorrectionText) {
        let path = code_span(path);
        match self {
            Self::EvidenceDeleted { messages } => (
                "docs(faq): remove deleted quotes",
                CorrectionText {
                    summary: format!(
                        "Changes {path}: some of its source messages are no longer available."
                    ),
                    why: gone(*messages),
                    checks: vec!["the rest of the answer still makes sense"],
                    closing: "If you close this, the page keeps quoting deleted messages.",
                    ..CorrectionText::empty()
                },
            ),
            Self::Newer { version, known, later } => (
                "docs(faq): add the answer for a newer version",
                CorrectionText {
                    summary: format!("Adds to {path} the answer for {}.", code_span(version)),
                    why: format!(
                        "The question was asked again, and the answer that it got names {}, which \
                         is newer than every version on the page.",
                        code_span(version)
                    ),
                    sides: sides(known, later),
                    checks: vec!["which answer is correct for which version", "the page says so"],
                    closing: "If you close this, the page stays as it is.",
                    ..CorrectionText::empty()
                },
            ),
            Self::Contradicted { known, later } => (
                "docs(faq): review a conflicting answer",
                CorrectionText {
                    summary: format!("Adds to {path} a later answer that contradicts it."),
                    why: "The question was asked again, and the answer that it got conflicts with \
                        the page. Please decide which is correct."
                        .to_owned(),
                    sides: sides(known, later),
                    checks: vec!["which answer is correct now", "the wrong answer is removed"],
                    closing: "If you close this, the page stays as it is.",
                    ..CorrectionText::empty()
                },
            ),
        }
    }
}

impl CorrectionText {
    fn empty() -> Self {
        Self {
            summary: String::new(),
            why: String::new(),
            sides: Vec::new(),
            note: None,
            checks: Vec::new(),
            closing: "",
            handle: escape::neutralized(HANDLE),
            version: env!("CARGO_PKG_VERSION"),
        }
    }
}

fn gone(messages: usize) -> String {
    let (which, text, authors) = match messages {
        1 => ("One message that the page quotes was".to_owned(), "Its text is", "Its author"),
        more => {
            let which = format!("{more} messages that the page quotes were");
            (which, "Their text is", "Their authors")
        }
    };
    format!(
        "{which} deleted or may no longer be quoted. {text} not repeated here. {authors} may have asked \
         for this."
    )
}

fn sides(known: &str, later: &Occurrence) -> Vec<ComparedText> {
    let answer = later.best_answer();
    let words = match later.quotable {
        true => escape::fence(cut(&answer.text, LONGEST_SIDE), "md"),
        false => "Not quoted: the author has not agreed.".to_owned(),
    };
    let link = format!("[{}]({})", day(answer.sent), later.answer_link(answer));
    vec![
        ComparedText {
            title: "What the page says".to_owned(),
            text: escape::fence(cut(known, LONGEST_SIDE), "md"),
        },
        ComparedText { title: "The later answer".to_owned(), text: format!("{link}\n\n{words}") },
    ]
}

/// As many whole lines as fit.
fn cut(text: &str, most: usize) -> &str {
    match text.char_indices().nth(most) {
        None => text,
        Some((at, _)) => &text[..text[..at].rfind('\n').unwrap_or(at)],
    }
}
