//! Small trees of invented pages, and what they say to a draft.

use rules::model::cluster::Cluster;
use rules::model::ids::{MessageId, UserId};
use rules::publish::pseudonym::{AuthorNaming, Salt};

use super::*;
use crate::change::FileChange;
use crate::page::draft::{DraftContext, build_draft};
use crate::site::placing::coverage_change;
use crate::target::DocsTarget;
use crate::test_support;

const GUIDE: &str = "---\ntitle: \"Harbour guide\"\n---\n\nAll about the harbour daemon.\n\n\
    ## Installing\n\nRun `cargo install harbourd`, then `harbourd init`.\n\n\
    ## Search\n\nThe daemon keeps an index of all logs.\n\n\
    ### Rebuilding the search index\n\nStop the daemon and run `harbourd reindex --full`.\n\n\
    ### Search languages\n\nSet `search.languages`.\n\n\
    ## Tide tables\n\nTide tables are loaded from `tides.csv` every night.\n";
const FAQ: &str = "# Questions\n\n**How do I change the port of the daemon?**\n\n\
    Set `listen.port` in `harbour.toml` and restart.\n\n**This is not a question**\n\n\
    **How do I** see the logs? Look below.\n\n```md\n## How do I fake a heading?\n```\n\n\
    **Where are the logs?**\n\nIn `/var/log/harbour`.\n";

fn rules() -> Ruleset {
    let scope = "[consent]\nmode = 'server-public'";
    Ruleset::parse(|name| (name == "scope.toml").then(|| scope.to_owned())).unwrap()
}

/// A cluster with its first occurrence repeated for every wording.
fn cluster(id: u64, wordings: &[&str], answer: &str) -> Cluster {
    let mut cluster = test_support::cluster();
    let one = cluster.occurrences.remove(0);
    for (at, wording) in wordings.iter().enumerate() {
        let at = at as u64;
        let mut one = one.clone();
        one.question.message = MessageId(id + 2 * at);
        one.conversation = rules::model::ids::ConversationId(MessageId(id + 2 * at));
        one.question.author = UserId(900 + at);
        one.question.text = (*wording).to_owned();
        one.answers[0].message = MessageId(id + 2 * at + 1);
        one.answers[0].text = answer.to_owned();
        cluster.occurrences.push(one);
    }
    cluster.id = ClusterId::of_question(MessageId(id));
    cluster.representative = MessageId(id);
    cluster
}

fn drafted(cluster: &Cluster, target: DocsTarget) -> Draft {
    let rules = rules();
    let naming = AuthorNaming::Pseudonyms(Salt([3; 16]));
    let folder = "docs/answers".parse().unwrap();
    let context = DraftContext {
        target,
        folder: &folder,
        path: None,
        edit: None,
        rules: &rules,
        naming: &naming,
        version: "0",
    };
    build_draft(cluster, &context).unwrap()
}

fn reindex(answer: &str) -> Draft {
    let wordings =
        ["How do I rebuild the search index?", "how can i rebuild my index after the upgrade?"];
    drafted(&cluster(1_000, &wordings, answer), DocsTarget::Markdown)
}

fn find(files: &[(&str, &str)], draft: &Draft) -> ExistingCoverage {
    compared(files, draft).coverage
}

fn compared(files: &[(&str, &str)], draft: &Draft) -> DocsComparison {
    let rules = rules();
    DocsTree::read(files.iter().copied(), &rules).compare_draft(draft, &rules)
}

#[test]
fn a_section_covers_a_question_only_with_the_answer() {
    let files = [("docs/guide.md", GUIDE), ("docs/faq.md", FAQ), ("docs/logo.svg", GUIDE)];
    let headings = ["Harbour guide", "Search", "Rebuilding the search index"];
    let answer = "Stop the daemon first, then run `harbourd reindex --full` and start it again.";
    let ExistingCoverage::Section { place, missing, alike } = find(&files, &reindex(answer)) else {
        panic!("not found");
    };
    assert_eq!(
        (place.path.as_str(), place.headings.as_slice()),
        ("docs/guide.md", &headings.map(str::to_owned)[..])
    );
    assert!(GUIDE[place.range.clone()].starts_with("### Rebuilding the search index\n"));
    assert!(GUIDE[place.range].ends_with("--full`.\n\n"));
    assert_eq!(missing.as_deref(), Some("How do I rebuild the search index?"));
    assert!(alike > 0.6);
    // A section that asks the same and says something else is the reviewer's to judge.
    let other = "Delete the folder `data/index`, the daemon makes it again on the next start.";
    let DocsComparison { coverage, nearest } = compared(&files, &reindex(other));
    assert_eq!(coverage, ExistingCoverage::None);
    assert_eq!(nearest[0].headings, headings);
}

#[test]
fn a_general_heading_covers_nothing() {
    let files = [(
        "docs/settings.md",
        "# Settings\n\n## Environment variables\n\nThe daemon reads `.env` when it starts. `HARBOUR_LOG` sets the level.\n",
    )];
    let wordings = ["How do I set environment variables?", "where do environment variables go?"];
    let answer = "Export `HARBOUR_TOKEN` in the unit file, then run `systemctl daemon-reload`.";
    let draft = drafted(&cluster(6_000, &wordings, answer), DocsTarget::Markdown);
    assert_eq!(find(&files, &draft), ExistingCoverage::None);
}

#[test]
fn a_bold_question_is_a_heading() {
    let wordings = ["How can I change the daemon's port?", "Can I change the port of the daemon?"];
    let answer = "Set `listen.port` in `harbour.toml`, then restart it.";
    let draft = drafted(&cluster(2_000, &wordings, answer), DocsTarget::Markdown);
    let ExistingCoverage::Section { place, .. } = find(&[("faq.md", FAQ)], &draft) else {
        panic!("not found");
    };
    assert_eq!(place.headings, ["Questions", "How do I change the port of the daemon?"]);
    let all = crate::page::outline::read(FAQ).into_iter().map(|part| part.headings.last().cloned());
    let expected = ["Questions", "How do I change the port of the daemon?", "Where are the logs?"];
    assert_eq!(all.flatten().collect::<Vec<_>>(), expected);
}

#[test]
fn what_is_only_near_is_left_alone() {
    let files = [("docs/guide.md", GUIDE), ("docs/faq.md", FAQ)];
    for (wordings, answer) in [
        (
            ["How do I export the search results?", "can I export what I searched?"],
            "Use `harbourd search --csv` and pipe it into a file of your choice.",
        ),
        (
            ["Why does the daemon crash at night?", "the daemon crashes every night, why?"],
            "It runs out of memory while it loads; raise the limit in the unit file.",
        ),
        (
            ["How do I moor a boat at pier seven?", "where can I moor my boat?"],
            "Ask the harbour master on channel twelve and wait for a berth number.",
        ),
    ] {
        let draft = drafted(&cluster(3_000, &wordings, answer), DocsTarget::Markdown);
        assert_eq!(find(&files, &draft), ExistingCoverage::None, "{wordings:?}");
    }
    assert_eq!(
        find(&[], &reindex("Run `harbourd reindex --full` and wait for it to end.")),
        ExistingCoverage::None
    );
}

#[test]
fn a_merged_page_of_ours_is_known_to_a_near_duplicate_and_to_itself() {
    let answer = "Stop the daemon first, then run `harbourd reindex --full` and start it again.";
    let merged = reindex(answer);
    let other = drafted(
        &cluster(
            1_500,
            &[
                "How do I move the daemon to another machine?",
                "can I move my daemon to a new machine?",
            ],
            "Copy the folder `data` while it is stopped, and start it on the other machine.",
        ),
        DocsTarget::Markdown,
    );
    let files = [
        ("answers/rebuild.md", merged.page()),
        ("answers/other.md", other.page()),
        ("docs/faq.md", FAQ),
    ];
    assert_eq!(find(&files[..1], &merged), ExistingCoverage::None);
    let twin = ["how can i rebuild my index after the upgrade?", "rebuild the search index, how?"];
    let twin = drafted(&cluster(4_000, &twin, answer), DocsTarget::Markdown);
    let ExistingCoverage::Section { place, .. } = find(&files, &twin) else {
        panic!("not found");
    };
    assert_eq!(place.path, "answers/rebuild.md");
    assert_eq!(place.headings, ["How do I rebuild the search index?"]);
    let moved = ["How do I move the search index?", "where can the search index go?"];
    let moved = drafted(
        &cluster(5_000, &moved, "Set `index.path` in the settings, and copy the folder there."),
        DocsTarget::Markdown,
    );
    assert_eq!(find(&files, &moved), ExistingCoverage::None);
}

#[test]
fn a_page_in_another_dialect_is_passed_over() {
    let answer = "Stop the daemon first, then run `harbourd reindex --full` and start it again.";
    assert_eq!(find(&[("guide.mdx", GUIDE)], &reindex(answer)), ExistingCoverage::None);
    let wordings = ["How do I rebuild the search index?", "how can i rebuild my index?"];
    let draft = drafted(&cluster(1_000, &wordings, answer), DocsTarget::Docusaurus);
    for path in ["guide.mdx", "guide.md"] {
        assert!(
            matches!(find(&[(path, GUIDE)], &draft), ExistingCoverage::Section { .. }),
            "{path}"
        );
    }
}

#[test]
fn the_order_of_files_does_not_matter() {
    let draft = reindex("Stop the daemon first, then run `harbourd reindex --full` and start it.");
    let twice = [("b.md", GUIDE), ("a.md", GUIDE)];
    let found = find(&twice, &draft);
    assert!(matches!(&found, ExistingCoverage::Section { place, .. } if place.path == "a.md"));
    assert_eq!(found, find(&[twice[1], twice[0]], &draft));
}

fn edited(draft: &Draft, file: &str) -> Option<String> {
    let existing = find(&[("docs/guide.md", file)], draft);
    match coverage_change(draft, &existing)? {
        FileChange::Edit { path, edit } => {
            assert_eq!(path, "docs/guide.md");
            edit.apply(Some(file)).unwrap()
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_page_that_people_named_gets_the_answer_with_its_evidence() {
    let draft = reindex("Delete the folder `data/index`, the daemon makes it again on its start.");
    let existing =
        ExistingCoverage::Page { path: "docs/guide.md".to_owned(), headings: Vec::new() };
    let change = |draft: &Draft| match coverage_change(draft, &existing) {
        Some(FileChange::Edit { path, edit }) if path == "docs/guide.md" => edit,
        other => panic!("{other:?}"),
    };
    let after = change(&draft).apply(Some(GUIDE)).unwrap().unwrap();
    assert!(after.starts_with(GUIDE));
    insta::assert_snapshot!(after[GUIDE.len()..]);
    // A newer draft replaces what was put there.
    let newer = reindex("Delete the folder `data/index` and wait until the daemon made it again.");
    let edit = change(&newer);
    let renewed = edit.apply(Some(&after)).unwrap().unwrap();
    assert!(renewed.contains("wait until") && !renewed.contains("on its start"));
    assert_eq!(renewed.matches("<a id=").count(), 1);
    assert_eq!(edit.apply(Some(&renewed)), Ok(None));
    assert!(edit.apply(None).is_err());
    let dos = edit.apply(Some(&GUIDE.replace('\n', "\r\n"))).unwrap().unwrap();
    assert_eq!(dos.matches('\n').count(), dos.matches("\r\n").count());
}

#[test]
fn a_section_that_has_the_answer_gets_at_most_another_wording() {
    let answer = "Stop the daemon first, then run `harbourd reindex --full` and start it again.";
    let draft = reindex(answer);
    let after = edited(&draft, GUIDE).unwrap();
    let line = "Also asked as: How do I rebuild the search index?";
    let expected = GUIDE.replace("--full`.\n", &format!("--full`.\n\n{line}\n"));
    assert_eq!(after, expected);
    assert_eq!(edited(&draft, &after), None);
}
