//! What people with write access may command, and what is no command.

use docgen::github::dashboard::BETWEEN_EDITS;
use tests::harness::github::Comment;

use super::proposal_fixture::{DOCS, ProposalFixture, ask_again, asked};

/// How the harvester reacted to a comment, apart from having seen it.
fn reaction(fixture: &ProposalFixture, number: u64, comment: u64) -> String {
    let comments = fixture.github.comments(DOCS, number);
    let found = comments.into_iter().find(|one: &Comment| one.id == comment).unwrap();
    let reactions = found.reactions.into_iter().map(|(_, content)| content);
    reactions.filter(|content| content != "eyes").collect::<Vec<_>>().join(" ")
}

#[test]
fn writers_are_obeyed_and_nobody_else() {
    let fixture = ProposalFixture::eager(asked(1));
    fixture.round();
    let number = fixture.about("vector index").number;
    let branch = fixture.pull(number).branch().to_owned();
    let head = fixture.github.branches(DOCS)[&branch].clone();
    let say = |who: &str, text: &str| {
        let comment = fixture.github.acting(who, DOCS).comment(number, text);
        fixture.github.advance(BETWEEN_EDITS);
        fixture.round();
        (reaction(&fixture, number, comment), fixture.status_of(number))
    };
    for (who, text, expected) in [
        ("sol", "@answer-harvester reject", "confused"),
        ("stranger", "@answer-harvester recreate", "confused"),
        ("mina", "> @answer-harvester reject", ""),
        ("mina", "```\n@answer-harvester reject\n```", ""),
        ("mina", "`@answer-harvester reject`", ""),
        ("mina", "Should I @answer-harvester reject it?", ""),
        ("mina", "@answer-harvester merge", "confused"),
    ] {
        assert_eq!(say(who, text), (expected.to_owned(), String::new()), "{who}: {text}");
        assert!(fixture.pull(number).open);
        assert_eq!(fixture.github.branches(DOCS)[&branch], head);
    }
    for (text, expected, answer) in [
        ("help", "+1", "show evidence"),
        ("show evidence", "+1", "based on 3 occurrences"),
        ("refresh", "+1", "Evidence refreshed: 3 occurrences"),
        ("split", "+1", "count separately"),
        ("rebase", "confused", "on the current base already"),
        ("ready", "+1", ""),
    ] {
        let (reaction, status) = say("mina", &format!("@answer-harvester {text}\nplease"));
        assert_eq!(reaction, expected, "{text}");
        assert!(status.contains(answer), "{text}: {status}");
    }
    assert_eq!(fixture.github.branches(DOCS)[&branch], head, "nothing was new");
    let (done, _) = say("mina", "@answer-harvester page guide/reset.mdx");
    assert_eq!(done, "+1");
    let files = fixture.github.files(DOCS, &branch);
    assert!(files.contains_key("guide/reset.mdx"), "{:?}", files.keys());
    assert!(!files.keys().any(|path| path.starts_with("answers/")));
    let (refused, status) = say("mina", "@answer-harvester lang ko");
    assert_eq!(refused, "confused");
    assert!(status.contains("no question of this page was asked in ko"), "{status}");
    let (done, _) = say("mina", "@answer-harvester page start.mdx");
    assert_eq!(done, "+1");
    let files = fixture.github.files(DOCS, &branch);
    assert!(files["start.mdx"].starts_with("---\ntitle: \"Start\"\n---\n\nBegin here.\n"));
    assert!(files["start.mdx"].contains("data/index"), "{}", files["start.mdx"]);
    assert!(!files.contains_key("guide/reset.mdx"));
    assert!(fixture.pull(number).open);
    let comment = fixture.mina().comment(number, "@answer-harvester reject it is no docs");
    fixture.round();
    assert_eq!(reaction(&fixture, number, comment), "+1");
    assert!(!fixture.pull(number).open);
    fixture.mina().edit_comment(comment, "@answer-harvester propose");
    fixture.days(1);
    fixture.round();
    assert_eq!(fixture.pulls().len(), 1, "an edited comment is not obeyed again");
    fixture.assert_polite();
}

#[test]
fn two_commands_in_one_round_are_both_answered() {
    let fixture = ProposalFixture::eager(asked(1));
    fixture.round();
    let number = fixture.about("vector index").number;
    let first = fixture.mina().comment(number, "@answer-harvester show evidence");
    let second = fixture.mina().comment(number, "@answer-harvester lang fr");
    fixture.round();
    assert_eq!(
        (reaction(&fixture, number, first), reaction(&fixture, number, second)),
        ("+1".to_owned(), "confused".to_owned())
    );
    let status = fixture.status_of(number);
    for part in ["**show evidence**", "based on 3 occurrences", "**lang**", "en or ko"] {
        assert!(status.contains(part), "{part}: {status}");
    }
    fixture.assert_polite();
}

#[test]
fn a_snoozed_proposal_that_is_closed_is_seen_at_once() {
    let fixture = ProposalFixture::eager(asked(1));
    fixture.round();
    let pull = fixture.about("vector index");
    fixture.mina().comment(pull.number, "@answer-harvester snooze 14d");
    fixture.round();
    fixture.mina().close(pull.number);
    fixture.round();
    let listed = fixture.sandbox.json(&["proposals", "--json"]);
    let states =
        listed.as_array().unwrap().iter().map(|one| one["state"].as_str().unwrap().to_owned());
    assert!(states.clone().any(|state| state == "rejected"), "{:?}", states.collect::<Vec<_>>());
}

#[test]
fn recreate_gives_up_commits_of_people_and_says_which() {
    let fixture = ProposalFixture::eager(asked(1));
    fixture.round();
    let pull = fixture.about("vector index");
    let (path, page) = fixture.page_on(pull.branch());
    let commit = fixture.mina().push(pull.branch(), &[(&path, Some("Mine.\n"))], "Say it better");
    fixture.mina().edit_title(pull.number, "Mine");
    fixture.round();
    assert_eq!(fixture.page_on(pull.branch()).1, "Mine.\n");
    fixture.mina().comment(pull.number, "@answer-harvester recreate");
    fixture.round();
    assert_eq!(fixture.page_on(pull.branch()), (path, page));
    let found = fixture.pull(pull.number);
    assert_eq!(found.title, pull.title);
    assert!(fixture.status_of(pull.number).contains(&commit));
    let lost = fixture.github.overwritten();
    assert_eq!(lost.len(), 1, "what they gave up, and nothing else");
}

#[test]
fn a_ticked_box_brings_the_branch_to_its_base_and_a_snooze_leaves_it_alone() {
    let mut fixture = ProposalFixture::eager(asked(1));
    fixture.round();
    let pull = fixture.about("vector index");
    let base = fixture.mina().push("main", &[("README.md", Some("# Port\n"))], "Rename it");
    fixture.round();
    let parent = |fixture: &ProposalFixture| {
        fixture.github.commits(DOCS, pull.branch()).pop().unwrap().parents
    };
    assert_ne!(parent(&fixture), std::slice::from_ref(&base), "merely being behind is nothing");
    let body = fixture.pull(pull.number).body;
    assert!(body.contains("- [ ] rebase"), "{body}");
    fixture.mina().tick(pull.number, "rebase");
    fixture.round();
    assert_eq!(parent(&fixture), [base]);

    let head = fixture.github.branches(DOCS)[pull.branch()].clone();
    fixture.mina().comment(pull.number, "@answer-harvester snooze 14d");
    fixture.round();
    ask_again(&mut fixture.talk, 0, 80);
    fixture.import();
    fixture.days(10);
    fixture.round();
    assert_eq!(fixture.github.branches(DOCS)[pull.branch()], head);
    fixture.days(5);
    fixture.round();
    assert_ne!(fixture.github.branches(DOCS)[pull.branch()], head);
    fixture.assert_polite();
}
