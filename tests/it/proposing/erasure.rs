//! What a person wrote leaves everything that was proposed, and what they asked never becomes code.

use indexer::store::Store;
use jiff::Timestamp;
use rules::model::ids::{MessageId, UserId};
use rules::time;
use tests::harness::github::{How, Issue};

use super::ANSWER;
use super::proposal_fixture::{DOCS, ProposalFixture, ask_again, asked};
use crate::exports::Talk;
use crate::sandbox::store_of;

/// A MkDocs site with plugins for redirects and for macros, whose maintainers are in a hurry.
const SITE: [(&str, &str); 3] = [
    (
        "mkdocs.yml",
        "site_name: Harbor\nnav:\n  - Start: index.md\nplugins:\n  - macros\n  - redirects:\n      redirect_maps:\n        \"old.md\": \"index.md\"\n",
    ),
    ("docs/index.md", "# Start\n"),
    (".github/answer-harvester.yml", "limits:\n  open: 50\n  per_day: 50\n  per_hour: 50\n"),
];

/// The page that a branch adds, with its path.
fn page_on(fixture: &ProposalFixture, branch: &str) -> (String, String) {
    let files = fixture.github.files(DOCS, branch).into_iter();
    let mut pages = files.filter(|(path, _)| path.starts_with("docs/answers/"));
    pages.next().unwrap_or_else(|| panic!("no page on {branch}"))
}

/// The title of a page without what escapes it.
fn title_of(page: &str) -> String {
    page.lines().next().unwrap_or_default().trim_start_matches("# ").replace('\\', "")
}

fn merged(fixture: &ProposalFixture, pull: &Issue) -> (String, String) {
    let page = page_on(fixture, pull.branch());
    fixture.mina().merge(pull.number, How::Squash);
    fixture.round();
    page
}

#[test]
fn a_question_with_template_tags_is_words_in_every_file() {
    let mut talk = Talk::in_channel(5);
    for (asker, question) in [
        (11, "How do I print {{ 7*7 }} in the agent template [skip ci]?"),
        (12, "How can I print {{ 7*7 }} in an agent template [skip ci]?"),
        (13, "How do I print {{ 7*7 }} in the template of the agent [skip ci]?"),
    ] {
        talk.resolved(asker, question, ANSWER);
    }
    let fixture = ProposalFixture::new(&SITE, talk);
    fixture.round();
    let open = fixture.pulls().remove(0);
    let files = fixture.github.files(DOCS, open.branch());
    let nav = &files["mkdocs.yml"];
    assert!(nav.contains("{ { 7*7 } }") && !nav.contains("{{"), "{nav}");
    let (_, page) = page_on(&fixture, open.branch());
    assert!(!page.contains("{{"), "{page}");
    let commit = fixture.github.commits(DOCS, open.branch()).pop().unwrap();
    let texts = format!("{}\n{}\n{commit:?}", open.title, open.body);
    assert!(!texts.contains("[skip ci]"), "{texts}");
    fixture.assert_polite();
}

#[test]
fn forgetting_who_named_a_merged_page_renames_it_everywhere() {
    let mut talk = asked(1);
    ask_again(&mut talk, 0, 90);
    let fixture = ProposalFixture::new(&SITE, talk);
    fixture.round();
    let open = fixture.pulls().remove(0);
    let (path, page) = merged(&fixture, &open);
    let title = title_of(&page);
    let said = fixture.talk.export();
    let messages = said["messages"].as_array().unwrap();
    let asks = |message: &&serde_json::Value| message["content"].as_str() == Some(title.as_str());
    let asker = messages.iter().find(asks).expect("the title is somebody's question");
    fixture.sandbox.stdout_of(&["forget", asker["author"]["id"].as_str().unwrap()]);
    fixture.round();

    let fix = fixture.pulls().pop().unwrap();
    assert_eq!(fix.title, "docs(faq): remove deleted quotes");
    let files = fixture.github.files(DOCS, fix.branch());
    let (new, page) = page_on(&fixture, fix.branch());
    assert_ne!(new, path);
    assert!(!files.contains_key(&path), "{:?}", files.keys());
    let old = path.trim_start_matches("docs/");
    let nav = &files["mkdocs.yml"];
    assert!(nav.contains(&format!("{old:?}: {:?}", new.trim_start_matches("docs/"))), "{nav}");
    for text in [nav, &page, &fix.body, &fixture.pull(open.number).body] {
        assert!(!text.contains(&title), "{text}");
    }
    assert!(!fixture.pull(open.number).title.contains("vector"), "closed ones too");

    fixture.mina().merge(fix.number, How::Squash);
    fixture.round();
    let found = fixture.sandbox.json(&["search", "reset the vector index", "--json"]);
    assert_eq!(found["answers"][0]["status"], "known", "{found:#}");
    assert!(found["answers"][0].to_string().contains(&new), "{found:#}");
    fixture.round();
    assert_eq!(fixture.pulls().len(), 2);
}

#[test]
fn a_page_whose_sources_went_is_removed_and_never_becomes_another_question() {
    let fixture = ProposalFixture::new(&SITE, asked(2));
    let ids = fixture.talk.ids();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let store = Store::open_shared(store_of(&fixture.sandbox.data())).await.unwrap();
        let question = |at: usize| MessageId(ids[at].parse().unwrap());
        let now = time::whole_millisecond(Timestamp::now());
        store.mark_duplicate(question(0), question(9), UserId(900), now).await.unwrap();
        store.close().await;
    });
    fixture.round();
    let open = fixture.pulls().remove(0);
    let (path, page) = merged(&fixture, &open);
    let first = page.contains("data/index");
    let (own, other) = if first { (&ids[..9], "TLS") } else { (&ids[9..], "vector") };
    fixture.delete(&own.iter().map(String::as_str).collect::<Vec<_>>());
    fixture.round();
    let removal = fixture.pulls().pop().unwrap();
    assert_eq!(removal.title, "docs(faq): remove an answer whose source was deleted");
    let files = fixture.github.files(DOCS, removal.branch());
    assert!(!files.contains_key(&path), "{:?}", files.keys());
    assert!(!files.keys().any(|path| path.starts_with("docs/answers/")), "{:?}", files.keys());
    assert!(!removal.body.contains(other), "{}", removal.body);
    fixture.mina().merge(removal.number, How::Squash);
    fixture.days(2);
    fixture.round();
    let files = fixture.github.files(DOCS, "main");
    assert!(!files.values().any(|text| text.contains(other)), "{files:?}");
}
