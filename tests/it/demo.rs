//! What a newcomer sees first.

use std::collections::BTreeMap;
use std::net::TcpListener;

use indexer::search::{SearchQuery, Searcher};
use pulldown_cmark::{Event, HeadingLevel, Parser, Tag};
use serde_json::Value;

use crate::sandbox::Sandbox;
use crate::serve::Served;

#[test]
fn the_demo_shows_recurring_questions_and_proposes_pages() {
    let sandbox = Sandbox::with_file();
    let seen = sandbox.json(&["demo", "--no-serve", "--json"]);
    assert_eq!(seen["counts"]["messages"], 4_398);
    let often = seen["recurring"].as_array().unwrap();
    let often = often.iter().filter(|one| one["times"].as_u64() >= Some(3)).count();
    assert!(often >= 8, "{often}");
    let proposed = seen["proposed"].as_array().unwrap();
    assert!(proposed.len() >= 3);
    assert!(proposed.iter().all(|one| one["outcome"] == "opened"), "{proposed:?}");
    let refused = seen["refused"].as_array().unwrap();
    for reason in ["contradict", "facts.toml does not list"] {
        let has_reason = |one: &&Value| one["reason"].as_str().unwrap().contains(reason);
        assert_eq!(refused.iter().filter(has_reason).count(), 1, "{reason}: {refused:?}");
    }
    let branches = sandbox.branches();
    let reviewed = seen["reviewed"].as_array().unwrap();
    assert_eq!((reviewed.len(), branches.len()), (1, proposed.len() + 1));
    let found = sandbox.json(&["search", reviewed[0]["title"].as_str().unwrap(), "--json"]);
    assert_eq!(found["answers"][0]["status"], "known", "{found}");
    for (path, page) in sandbox.pages() {
        assert_reads_well(&path, &page);
    }

    let again = sandbox.json(&["demo", "--no-serve", "--json"]);
    assert_eq!(again["counts"], seen["counts"]);
    assert_eq!(again["reviewed"], seen["reviewed"], "one is merged, once");
    assert!(again["proposed"].as_array().unwrap().iter().all(|one| one["outcome"] == "up to date"));
    assert_eq!(sandbox.branches(), branches);
    assert!(sandbox.stdout_of(&["search", "vector dimension mismatch"]).contains("answered"));
    assert_developers_find_answers(&sandbox);
}

#[test]
fn a_count_is_the_same_wherever_it_stands() {
    let sandbox = Sandbox::with_file();
    let summary = sandbox.json(&["demo", "--no-serve", "--json"]);
    let listed = sandbox.json(&["clusters", "--json"]);
    let served = Served::start(&sandbox);
    let mut uncounted = 0;
    for one in listed.as_array().unwrap().iter().take(12) {
        let (id, times) = (one["id"].as_str().unwrap(), one["occurrences"].as_u64().unwrap());
        let mut counts =
            vec![sandbox.json(&["clusters", "show", id, "--json"])["occurrences"].clone()];
        let of_demo = summary["recurring"].as_array().unwrap().iter();
        counts.extend(of_demo.filter(|row| row["id"] == id).map(|row| row["times"].clone()));
        let answer = &served.json(&format!("/api/v1/answers/{id}"))["answer"];
        counts.push(answer["occurrences"].clone());
        let evidence = answer["evidence"].as_array().unwrap();
        let counted = evidence.iter().filter(|item| item["counted"] == true).count();
        uncounted += evidence.len() - counted;
        counts.push(counted.into());
        let title = one["title"].as_str().unwrap().bytes();
        let words = title.map(|byte| format!("%{byte:02X}")).collect::<String>();
        for path in [format!("/api/v1/search?q={words}"), "/api/v1/clusters?limit=100".to_owned()] {
            let found = served.json(&path);
            let found = found["answers"].as_array().or(found["clusters"].as_array()).unwrap();
            let found = found.iter().filter(|row| row["id"] == id);
            counts.extend(found.map(|row| row["occurrences"].clone()));
        }
        let (_, page) = served.get(answer["url"].as_str().unwrap());
        let said = format!("{times} times");
        assert!(times < 3 || page.contains(&said), "{said} is not in {page}");
        let drafted = sandbox.run(&["draft", id, "--json"]);
        if drafted.code == 0 {
            let draft = serde_json::from_str::<Value>(&drafted.stdout).unwrap();
            counts.push(draft["occurrences"].clone());
        }
        assert!(counts.len() >= 5, "{id}: {counts:?}");
        assert!(counts.iter().all(|number| *number == times), "{id} {times}: {counts:?}");
    }
    assert!(uncounted > 0, "some evidence is outside the core, or this shows nothing");
}

/// At least nine of ten queries have their question among the first three results.
fn assert_developers_find_answers(sandbox: &Sandbox) {
    let listed = sandbox.json(&["clusters", "--all", "--json"]);
    let listed = listed.as_array().unwrap().iter();
    let title = |one: &Value| (one["id"].to_string(), one["title"].to_string());
    let titles = listed.map(title).collect::<BTreeMap<_, _>>();
    let searcher = Searcher::open(&sandbox.data().join("index")).unwrap();
    let queries = include_str!("../eval/search/demo-queries.tsv").lines();
    let queries = queries.filter_map(|line| line.split_once('\t')).collect::<Vec<_>>();
    let missed = queries.iter().filter(|(text, wanted)| {
        let query = SearchQuery { text: (*text).to_owned(), limit: 3, ..SearchQuery::default() };
        let hits = searcher.search(&query).unwrap().hits;
        let mut shown = hits.iter().map(|hit| &titles[&format!("\"{}\"", hit.cluster)]);
        !shown.any(|title| title.contains(wanted))
    });
    let missed = missed.collect::<Vec<_>>();
    assert!(queries.len() >= 30 && missed.len() * 10 <= queries.len(), "{missed:?}");
}

#[test]
fn the_summary_fits_a_terminal_and_agrees_with_the_counts() {
    let sandbox = Sandbox::with_file();
    let said = sandbox.stdout_of(&["demo", "--no-serve"]);
    for line in said.lines().filter(|line| !line.contains(sandbox.data().to_str().unwrap())) {
        assert!(line.chars().count() <= 80, "{line}");
    }
    let status = sandbox.json(&["status", "--json"]);
    let recurring = format!("{} asked more than once", status["recurring"]);
    assert!(said.contains(&recurring), "{recurring} is not in\n{said}");
    for part in ["its words are summaries", "Three things to try"] {
        assert!(said.contains(part), "{part} is not in\n{said}");
    }
}

/// A page has one title, evidence that is linked, and nothing but Markdown.
fn assert_reads_well(path: &str, page: &str) {
    let (mut titles, mut links) = (0, 0);
    for event in Parser::new(page) {
        match event {
            Event::Start(Tag::Heading { level: HeadingLevel::H1, .. }) => titles += 1,
            Event::Start(Tag::Link { dest_url, .. }) => {
                assert!(dest_url.starts_with("https://"), "{dest_url} on {path}");
                links += usize::from(dest_url.starts_with("https://discord.com/channels/"));
            }
            Event::Start(Tag::Image { .. }) => panic!("an image on {path}"),
            Event::Html(html) | Event::InlineHtml(html) => {
                let ours = ["<!-- answer-harvester:", "<a id=\"answer-", "</a>"];
                assert!(ours.iter().any(|tag| html.starts_with(tag)), "{html} on {path}");
            }
            _ => {}
        }
    }
    assert_eq!(titles, 1, "{path}");
    assert!(links >= 2, "{links} links to the question and its answer on {path}");
}

#[test]
fn a_taken_port_is_reported_before_any_work_is_done() {
    let sandbox = Sandbox::with_file();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let ran = sandbox.run(&["demo", "--listen", &address]);
    assert_eq!(ran.code, 1);
    assert!(ran.stderr.contains("--listen") && ran.stderr.contains(&address), "{}", ran.stderr);
    assert!(!sandbox.data().join("store.sqlite").exists());
}

#[test]
fn the_demo_leaves_other_data_alone() {
    let sandbox = Sandbox::with_file();
    let export = crate::exports::asked_three_times("Restart it.").export();
    sandbox.import(&crate::exports::write(&sandbox.path("help.json"), &export));
    let ran = sandbox.run(&["demo", "--no-serve"]);
    assert_eq!(ran.code, 1);
    assert!(ran.stderr.contains("--data"), "{}", ran.stderr);
    assert_eq!(sandbox.json(&["status", "--json"])["messages"], 9);
}
