//! Where an answer goes: into a section that asks the same, and to another page on a maintainer's word.

use tests::harness::github::How;

use super::proposal_fixture::{DOCS, Office, is_page};
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
    let office = Office::switched_on(&files, asked_three_times(ANSWER));
    office.round();
    let number = office.pulls().remove(1).number;
    let body = office.pull(number).body;
    assert!(
        body.contains("Nearest in the documentation: ") && body.contains("trouble.mdx"),
        "{body}"
    );
    office.mina().comment(number, "@answer-harvester page trouble.mdx");
    office.round();
    let open = office.pull(number);
    assert!(open.body.contains("Adds to `trouble.mdx`"), "{}", open.body);
    let changed = office.github.file(DOCS, open.branch(), "trouble.mdx").unwrap();
    let at = |words: &str| changed.find(words).unwrap_or_else(|| panic!("{words}\n{changed}"));
    assert!(at("We do not know yet.") < at("Delete the folder `data/index`"));
    assert!(at("Delete the folder `data/index`") < at("## Another thing"));
    let all = office.github.files(DOCS, open.branch());
    assert!(!all.keys().any(|path| is_page(path)), "{:?}", all.keys());

    office.mina().merge(open.number, How::Squash);
    office.round();
    let found = office.world.json(&["search", "reset the vector index", "--json"]);
    let best = &found["answers"][0];
    assert_eq!(best["status"], "known", "{found:#}");
    let answer = best["answer"].as_str().unwrap();
    assert!(answer.contains("Delete the folder") && !answer.contains("Leave it"), "{answer}");

    let gone = office.talk.ids();
    office.delete(&gone.iter().map(String::as_str).collect::<Vec<_>>());
    office.round();
    let removal = office.pulls().remove(2);
    let left = office.github.file(DOCS, removal.branch(), "trouble.mdx").unwrap();
    assert_eq!(left, files[3].1, "only what we added goes");
    office.mina().merge(removal.number, How::Squash);
    office.round();
    assert_eq!(office.pulls().len(), 3);
    office.assert_polite();
}

#[test]
fn a_merged_page_moves_and_leaves_a_way() {
    let office = Office::switched_on(&SITE, asked_three_times(ANSWER));
    office.round();
    let open = office.pulls().remove(1);
    office.mina().merge(open.number, How::Squash);
    office.round();
    office.mina().comment(open.number, "@answer-harvester page guides/reset-index.mdx");
    office.round();
    let moving = office.pulls().remove(2);
    assert_eq!(moving.title, "docs(faq): move an answer");
    let files = office.github.files(DOCS, moving.branch());
    assert!(files["guides/reset-index.mdx"].contains("Delete the folder"));
    assert!(!files.keys().any(|path| is_page(path)), "{:?}", files.keys());
    let settings = serde_json::from_str::<serde_json::Value>(&files["docs.json"]).unwrap();
    assert_eq!(settings["redirects"][0]["destination"], "/guides/reset-index");
    let pages = settings["navigation"]["groups"].to_string();
    assert!(pages.contains("guides/reset-index") && !pages.contains("answers/how"), "{pages}");

    office.mina().merge(moving.number, How::Squash);
    office.round();
    let found = office.world.json(&["search", "reset the vector index", "--json"]);
    assert_eq!(found["answers"][0]["status"], "known", "{found:#}");
    assert!(found["answers"][0].to_string().contains("guides/reset-index.mdx"), "{found:#}");
    office.round();
    assert_eq!(office.pulls().len(), 3);
    office.assert_polite();
}
