//! Pull requests for pages that must change or go, and for several pages at once.

use docgen::change::FileChange;
use docgen::forge::reconcile::DesiredPullRequest;
use docgen::page::amend::add_later_answer;
use docgen::pull_request::desired::{CorrectionReason, MergedPage};
use docgen::pull_request::subject::Week;
use docgen::site::layout::SiteLayout;
use docgen::target::{DocsFolder, DocsTarget};

use crate::cluster_builder::{DraftFixture, cluster, occurrence};

const KNOWN: &str = "Run `lanternd init` in the project folder and answer its questions.";
const LATER: &str =
    "Since 2.0 that is `lanternd setup`; `lanternd init` is gone. @everyone fixes #3";

fn shown(wanted: &DesiredPullRequest) -> String {
    let paths = wanted.changes.iter().map(FileChange::path).collect::<Vec<_>>().join(", ");
    let DesiredPullRequest { branch, title, labels, body, .. } = wanted;
    format!("{branch}\n{title}\n{labels:?}\n{paths}\n\n{body}").replace('\u{200b}', "~")
}

#[test]
fn every_mending_tells_its_reason_and_what_to_check() {
    let fixture = DraftFixture::new(DocsTarget::Markdown);
    let known = cluster(&[("How do I make a new project?", KNOWN)]);
    let draft = fixture.draft(&known).unwrap();
    let layout = SiteLayout::plain(DocsTarget::Markdown, DocsFolder::default());
    let page = MergedPage { cluster: &known.id, path: draft.path(), layout: &layout, base: "main" };
    let later = occurrence(7, "How do I make a project with 2.0?", LATER);
    let mends = [
        CorrectionReason::EvidenceDeleted { messages: 2 },
        CorrectionReason::Newer { version: "2.0".to_owned(), known: KNOWN, later: &later },
        CorrectionReason::Contradicted { known: KNOWN, later: &later },
    ];
    let mut all = shown(&DesiredPullRequest::removal(&page, 1));
    for why in mends {
        let wanted = DesiredPullRequest::correction(&page, (draft.page(), "mended"), &why, false);
        all.push_str(&format!("\n======\n{}", shown(&wanted)));
    }
    let other = cluster(&[("Where does the log go?", "Into `var/log` below the data folder.")]);
    let both = [known, other].map(|one| (one.clone(), fixture.draft(&one).unwrap()));
    let batch = DesiredPullRequest::batch(Week { year: 2026, number: 47 }, &both, &layout, "main");
    all.push_str(&format!("\n======\n{}", shown(&batch)));
    insta::assert_snapshot!(all);
}

#[test]
fn a_later_answer_stands_above_the_evidence() {
    let fixture = DraftFixture::new(DocsTarget::Markdown);
    let known = cluster(&[("How do I make a new project?", KNOWN)]);
    let page = fixture.draft(&known).unwrap().page().to_owned();
    let mut later = cluster(&[("How do I make a new project?", LATER)]);
    later.occurrences[0] = occurrence(7, "How do I make a new project?", LATER);
    later.representative = later.occurrences[0].question.message;
    let later = fixture.draft(&later).unwrap();
    let mended = add_later_answer(&page, &known.id, &later).unwrap();
    let at = |words: &str| mended.find(words).unwrap_or_else(|| panic!("{words}\n{mended}"));
    assert!(at("lanternd init` in the project") < at("## Since then"));
    assert!(at("## Since then") < at("that is `lanternd setup`"));
    assert!(at("that is `lanternd setup`") < mended.rfind("Source: ").unwrap());
    assert_eq!(mended.matches("Source: ").count(), 2, "each answer has its sources");
    assert_eq!(mended.matches("answer-harvester:v1").count(), 1);
    let windows = page.replace('\n', "\r\n");
    assert_eq!(add_later_answer(&windows, &known.id, &later).as_deref(), Some(mended.as_str()));
    assert_eq!(add_later_answer("# Another page\n", &known.id, &later), None);
}
