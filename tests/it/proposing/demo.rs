//! The same life on the talk that the program carries.

use indexer::store::WriteBatch;
use jiff::Timestamp;
use rules::model::ids::{ChannelId, MessageId};
use rules::time;
use tests::harness::github::{How, Verdict};

use super::proposal_fixture::{DOCS, ProposalFixture};
use super::{SITE, steady};

/// The messages that a page links to.
fn cited(page: &str) -> Vec<(ChannelId, MessageId)> {
    let link = regex::Regex::new(r"discord\.com/channels/\d+/(\d+)/(\d+)").unwrap();
    let links = link.captures_iter(page);
    links.map(|one| (one[1].parse().unwrap(), one[2].parse().unwrap())).collect()
}

#[test]
fn a_question_of_the_demo_becomes_a_page_is_known_and_goes() {
    let fixture = ProposalFixture::on_the_demo(&SITE);
    let mut record = String::new();
    let mut add = |what: &str, text: &str| {
        record.push_str(&format!("\n######## {what}\n\n{}\n", steady(text)));
    };
    fixture.round();
    fixture.mina().merge(fixture.pulls()[0].number, How::Squash);
    fixture.round();
    assert_eq!(fixture.pulls().len(), 2, "one an hour");
    let open = fixture.pulls().remove(1);
    add("the pull request", &format!("{}\n{:?}\n\n{}", open.title, open.labels, open.body));
    let id = open.body.split_once(" id=").unwrap().1.split(' ').next().unwrap().to_owned();
    let shown = fixture.sandbox.json(&["clusters", "show", &id, "--json"]);
    let rows = open.body.lines().filter(|line| line.starts_with("| [")).count();
    let earlier = open.body.lines().find_map(|line| {
        line.strip_prefix("Earlier occurrences not listed: ")?
            .trim_end_matches('.')
            .parse::<usize>()
            .ok()
    });
    assert_eq!(shown["occurrences"], rows + earlier.unwrap_or(0), "{}", open.body);
    add("the dashboard", &fixture.dashboard());
    let files = fixture.github.files(DOCS, open.branch());
    let (path, page) =
        files.iter().find(|(path, _)| super::proposal_fixture::is_page(path)).unwrap();
    add(path, page);

    fixture.mina().review(open.number, Verdict::Approve, "");
    let better = page.replacen("---\n\n<a id", "---\n\nIn short:\n\n<a id", 1);
    assert_ne!(&better, page);
    fixture.mina().merge_edited(open.number, How::Squash, &[(path, Some(&better))], None);
    fixture.round();
    let title = page.lines().find_map(|line| line.strip_prefix("title: ")).unwrap();
    let title = serde_json::from_str::<String>(title).unwrap();
    let found = fixture.sandbox.json(&["search", &title, "--json"]);
    let best = &found["answers"][0];
    assert_eq!(best["status"], "known", "{found:#}");
    assert!(best["answer"].as_str().unwrap().contains("In short:"), "{found:#}");
    add("the search", &fixture.sandbox.stdout_of(&["search", &title, "--limit", "1"]));

    // What is left of the question keeps a page; without any of it the page goes.
    let mut cites = cited(page);
    let going = loop {
        let at = time::whole_millisecond(Timestamp::now());
        let deleted = cites.into_iter().map(|(channel, message)| (channel, message, at));
        fixture.apply_batch(&WriteBatch { deleted: deleted.collect(), ..WriteBatch::default() });
        let found = fixture.sandbox.json(&["search", &title, "--json"]);
        assert!(!found["answers"].to_string().contains("In short:"), "{found:#}");
        fixture.github.advance(docgen::github::dashboard::BETWEEN_EDITS);
        fixture.round();
        let going = fixture.pulls().into_iter().find(|one| one.open && one.number > open.number);
        let going = going.filter(|one| one.branch() == open.branch()).expect("the page is to go");
        add("the mending", &format!("{}\n{:?}\n\n{}", going.title, going.labels, going.body));
        match fixture.github.file(DOCS, going.branch(), path) {
            Some(mended) => cites = cited(&mended),
            None => break going,
        }
        assert!(!cites.is_empty());
    };
    add("the dashboard then", &fixture.dashboard());
    fixture.mina().merge(going.number, How::Squash);
    assert!(fixture.github.file(DOCS, "main", path).is_none());
    fixture.round();
    insta::assert_snapshot!(record);
    fixture.assert_polite();
}
