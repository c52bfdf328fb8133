//! From a question that was resolved often enough to a merged page, and what happens to it then.

mod caps;
mod comments;
mod crashes;
mod demo;
mod erasure;
mod guides;
mod human_commits;
mod page_effects;
mod page_moves;
mod proposal_fixture;
mod reviewing;
mod staleness;
mod triage_issues;
mod verification;

use docgen::github::dashboard::BETWEEN_EDITS;
use tests::harness::github::{How, Verdict};

use crate::exports::asked_three_times;
use proposal_fixture::{DOCS, ProposalFixture};

const ANSWER: &str =
    "Delete the folder `data/index` and restart the agent; it builds the index again.";

/// A Mintlify site.
const SITE: [(&str, &str); 3] = [
    ("README.md", "# Harbor\n"),
    (
        "docs.json",
        "{\n  \"navigation\": {\n    \"groups\": [\n      { \"group\": \"Guide\", \"pages\": [\"start\"] }\n    ]\n  }\n}\n",
    ),
    ("start.mdx", "---\ntitle: \"Start\"\n---\n\nBegin here.\n"),
];

/// What changes from run to run, taken out.
fn steady(text: &str) -> String {
    let ids = regex::Regex::new(r"\b(q[0-9a-z]{9,13})\b").unwrap();
    let hashes =
        regex::Regex::new(r"(title|body|digest)=[0-9a-f]{16,64}|\b[0-9a-f]{40,64}\b").unwrap();
    let people = regex::Regex::new(r"\b[a-z]+-[a-z]+-\d+\b").unwrap();
    let times = regex::Regex::new(r"\d{4}-\d\d-\d\d \d\d:\d\d UTC").unwrap();
    let hosts = regex::Regex::new(r"http://127\.0\.0\.1:\d+").unwrap();
    let text = hosts.replace_all(text, "https://github.com");
    let text = ids.replace_all(&text, "q1");
    let text = hashes.replace_all(&text, "#");
    let text = people.replace_all(&text, "somebody");
    times.replace_all(&text, "(time)").replace('\u{200b}', "~")
}

#[test]
fn an_answer_is_proposed_reviewed_merged_known_and_removed() {
    let fixture = ProposalFixture::new(&SITE, asked_three_times(ANSWER));
    let mut record = String::new();
    let mut add = |what: &str, text: &str| {
        record.push_str(&format!("\n######## {what}\n\n{}\n", steady(text)));
    };

    let stage = fixture.round().stage;
    assert_eq!(stage, "the pull request with the settings is open");
    let settings = fixture.pulls().remove(0);
    add("the settings", &format!("{}\n\n{}", settings.title, settings.body));
    assert_eq!(fixture.pulls().len(), 1);
    fixture.round();
    assert_eq!(fixture.pulls().len(), 1, "nothing else happens until it is merged");
    fixture.mina().merge(settings.number, How::Squash);

    fixture.round();
    let open = fixture.pulls().remove(1);
    assert!(open.open && !open.is_draft());
    add("the pull request", &format!("{}\n{:?}\n\n{}", open.title, open.labels, open.body));
    let branch = open.branch().to_owned();
    let files = fixture.github.files(DOCS, &branch);
    let (path, page) = files.iter().find(|(path, _)| proposal_fixture::is_page(path)).unwrap();
    add(path, page);
    add("docs.json", &files["docs.json"]);
    add("the dashboard", &fixture.dashboard());

    fixture.mina().review(open.number, Verdict::RequestChanges, "Please say where the folder is.");
    fixture.round();
    let comments = fixture.github.comments(DOCS, open.number);
    let ours = comments.last().unwrap();
    add("the answer to a review", &ours.body);

    let better = page.replace("Delete the folder", "Stop the agent, delete the folder");
    assert_ne!(&better, page);
    fixture.mina().merge_edited(open.number, How::Squash, &[(path, Some(&better))], None);
    fixture.round();
    let found = fixture.sandbox.json(&["search", "reset the vector index", "--json"]);
    let best = &found["answers"][0];
    assert_eq!(best["status"], "known", "{found:#}");
    assert!(best.to_string().contains("Stop the agent, delete"), "{found:#}");
    assert!(best.to_string().contains(path), "{found:#}");
    fixture.github.advance(BETWEEN_EDITS);
    fixture.round();
    add("the dashboard after the merge", &fixture.dashboard());

    let gone = fixture.talk.ids();
    fixture.delete(&gone.iter().map(String::as_str).collect::<Vec<_>>());
    let found = fixture.sandbox.json(&["search", "reset the vector index", "--json"]);
    assert_eq!(found["total"], 0, "{found:#}");
    fixture.round();
    let removal = fixture.pulls().remove(2);
    assert!(removal.open);
    add("the removal", &format!("{}\n{:?}\n\n{}", removal.title, removal.labels, removal.body));
    let files = fixture.github.files(DOCS, removal.branch());
    assert!(!files.contains_key(path));
    let section = "] },\n      { \"group\": \"Answers\", \"pages\": [\"answers/index\"] }\n    ]";
    assert_eq!(files["docs.json"], SITE[1].1.replace("] }\n    ]", section));
    fixture.mina().merge(removal.number, How::Squash);
    fixture.round();
    assert_eq!(fixture.pulls().len(), 3);
    insta::assert_snapshot!(record);
    fixture.assert_polite();
}
