//! Where an answer goes: into a section that asks the same, and to another page on a maintainer's word.

use tests::harness::github::How;

use super::proposal_fixture::{DOCS, ProposalFixture, is_page};
use super::{ANSWER, SITE};
use crate::exports::asked_three_times;

#[test]
fn an_answer_goes_into_the_section_that_a_maintainer_names() {
    let mut files = SITE.to_vec();
    files.push((
        "trouble.mdx",
        "---\ntitle: \"Trouble\"\n---\n\n## How do I reset the vector index after changing the embedding model?\n\n\
         We do not know yet.\n\n## Another thing\n\nLeave it.\n",
    ));
    let fixture = ProposalFixture::switched_on(&files, asked_three_times(ANSWER));
    fixture.round();
    let number = fixture.pulls().remove(1).number;
    let body = fixture.pull(number).body;
    assert!(
        body.contains("Nearest in the documentation: ") && body.contains("trouble.mdx"),
        "{body}"
    );
    fixture.mina().comment(number, "@answer-harvester page trouble.mdx");
    fixture.round();
    let open = fixture.pull(number);
    assert!(open.body.contains("Adds to `trouble.mdx`"), "{}", open.body);
    let changed = fixture.github.file(DOCS, open.branch(), "trouble.mdx").unwrap();
    let at = |words: &str| changed.find(words).unwrap_or_else(|| panic!("{words}\n{changed}"));
    assert!(at("We do not know yet.") < at("Delete the folder `data/index`"));
    assert!(at("Delete the folder `data/index`") < at("## Another thing"));
    let all = fixture.github.files(DOCS, open.branch());
    assert!(!all.keys().any(|path| is_page(path)), "{:?}", all.keys());

    fixture.mina().merge(open.number, How::Squash);
    fixture.round();
    let found = fixture.sandbox.json(&["search", "reset the vector index", "--json"]);
    let best = &found["answers"][0];
    assert_eq!(best["status"], "known", "{found:#}");
    let answer = best["answer"].as_str().unwrap();
    assert!(answer.contains("Delete the folder") && !answer.contains("Leave it"), "{answer}");

    let gone = fixture.talk.ids();
    fixture.delete(&gone.iter().map(String::as_str).collect::<Vec<_>>());
    fixture.round();
    let removal = fixture.pulls().remove(2);
    let left = fixture.github.file(DOCS, removal.branch(), "trouble.mdx").unwrap();
    assert_eq!(left, files[3].1, "only what we added goes");
    fixture.mina().merge(removal.number, How::Squash);
    fixture.round();
    assert_eq!(fixture.pulls().len(), 3);
    fixture.assert_polite();
}

#[test]
fn a_merged_page_moves_and_leaves_a_way() {
    let fixture = ProposalFixture::switched_on(&SITE, asked_three_times(ANSWER));
    fixture.round();
    let open = fixture.pulls().remove(1);
    fixture.mina().merge(open.number, How::Squash);
    fixture.round();
    fixture.mina().comment(open.number, "@answer-harvester page guides/reset-index.mdx");
    fixture.round();
    let moving = fixture.pulls().remove(2);
    assert_eq!(moving.title, "docs(faq): move an answer");
    let files = fixture.github.files(DOCS, moving.branch());
    assert!(files["guides/reset-index.mdx"].contains("Delete the folder"));
    assert!(!files.keys().any(|path| is_page(path)), "{:?}", files.keys());
    let settings = serde_json::from_str::<serde_json::Value>(&files["docs.json"]).unwrap();
    assert_eq!(settings["redirects"][0]["destination"], "/guides/reset-index");
    let pages = settings["navigation"]["groups"].to_string();
    assert!(pages.contains("guides/reset-index") && !pages.contains("answers/how"), "{pages}");

    fixture.mina().merge(moving.number, How::Squash);
    fixture.round();
    let found = fixture.sandbox.json(&["search", "reset the vector index", "--json"]);
    assert_eq!(found["answers"][0]["status"], "known", "{found:#}");
    assert!(found["answers"][0].to_string().contains("guides/reset-index.mdx"), "{found:#}");
    fixture.round();
    assert_eq!(fixture.pulls().len(), 3);
    fixture.assert_polite();
}
