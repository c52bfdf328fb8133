//! What people with write access may command, and what is no command.

use docgen::github::dashboard::BETWEEN_EDITS;
use tests::harness::github::Comment;

use super::proposal_fixture::{DOCS, Office, ask_again, asked};

/// How the harvester reacted to a comment, apart from having seen it.
fn reaction(office: &Office, number: u64, comment: u64) -> String {
    let comments = office.github.comments(DOCS, number);
    let found = comments.into_iter().find(|one: &Comment| one.id == comment).unwrap();
    let reactions = found.reactions.into_iter().map(|(_, content)| content);
    reactions.filter(|content| content != "eyes").collect::<Vec<_>>().join(" ")
}

#[test]
fn writers_are_obeyed_and_nobody_else() {
    let office = Office::eager(asked(1));
    office.round();
    let number = office.about("vector index").number;
    let branch = office.pull(number).branch().to_owned();
    let head = office.github.branches(DOCS)[&branch].clone();
    let say = |who: &str, text: &str| {
        let comment = office.github.acting(who, DOCS).comment(number, text);
        office.github.advance(BETWEEN_EDITS);
        office.round();
        (reaction(&office, number, comment), office.status_of(number))
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
        assert!(office.pull(number).open);
        assert_eq!(office.github.branches(DOCS)[&branch], head);
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
    assert_eq!(office.github.branches(DOCS)[&branch], head, "nothing was new");
    let (done, _) = say("mina", "@answer-harvester page guide/reset.mdx");
    assert_eq!(done, "+1");
    let files = office.github.files(DOCS, &branch);
    assert!(files.contains_key("guide/reset.mdx"), "{:?}", files.keys());
    assert!(!files.keys().any(|path| path.starts_with("answers/")));
    let (refused, status) = say("mina", "@answer-harvester lang ko");
    assert_eq!(refused, "confused");
    assert!(status.contains("no question of this page was asked in ko"), "{status}");
    let (done, _) = say("mina", "@answer-harvester page start.mdx");
    assert_eq!(done, "+1");
    let files = office.github.files(DOCS, &branch);
    assert!(files["start.mdx"].starts_with("---\ntitle: \"Start\"\n---\n\nBegin here.\n"));
    assert!(files["start.mdx"].contains("data/index"), "{}", files["start.mdx"]);
    assert!(!files.contains_key("guide/reset.mdx"));
    assert!(office.pull(number).open);
    let comment = office.mina().comment(number, "@answer-harvester reject it is no docs");
    office.round();
    assert_eq!(reaction(&office, number, comment), "+1");
    assert!(!office.pull(number).open);
    office.mina().edit_comment(comment, "@answer-harvester propose");
    office.days(1);
    office.round();
    assert_eq!(office.pulls().len(), 1, "an edited comment is not obeyed again");
    office.assert_polite();
}

#[test]
fn two_commands_in_one_round_are_both_answered() {
    let office = Office::eager(asked(1));
    office.round();
    let number = office.about("vector index").number;
    let first = office.mina().comment(number, "@answer-harvester show evidence");
    let second = office.mina().comment(number, "@answer-harvester lang fr");
    office.round();
    assert_eq!(
        (reaction(&office, number, first), reaction(&office, number, second)),
        ("+1".to_owned(), "confused".to_owned())
    );
    let status = office.status_of(number);
    for part in ["**show evidence**", "based on 3 occurrences", "**lang**", "en or ko"] {
        assert!(status.contains(part), "{part}: {status}");
    }
    office.assert_polite();
}

#[test]
fn a_snoozed_proposal_that_is_closed_is_seen_at_once() {
    let office = Office::eager(asked(1));
    office.round();
    let pull = office.about("vector index");
    office.mina().comment(pull.number, "@answer-harvester snooze 14d");
    office.round();
    office.mina().close(pull.number);
    office.round();
    let listed = office.world.json(&["proposals", "--json"]);
    let states =
        listed.as_array().unwrap().iter().map(|one| one["state"].as_str().unwrap().to_owned());
    assert!(states.clone().any(|state| state == "rejected"), "{:?}", states.collect::<Vec<_>>());
}

#[test]
fn recreate_gives_up_commits_of_people_and_says_which() {
    let office = Office::eager(asked(1));
    office.round();
    let pull = office.about("vector index");
    let (path, page) = office.page_on(pull.branch());
    let commit = office.mina().push(pull.branch(), &[(&path, Some("Mine.\n"))], "Say it better");
    office.mina().edit_title(pull.number, "Mine");
    office.round();
    assert_eq!(office.page_on(pull.branch()).1, "Mine.\n");
    office.mina().comment(pull.number, "@answer-harvester recreate");
    office.round();
    assert_eq!(office.page_on(pull.branch()), (path, page));
    let found = office.pull(pull.number);
    assert_eq!(found.title, pull.title);
    assert!(office.status_of(pull.number).contains(&commit));
    let lost = office.github.overwritten();
    assert_eq!(lost.len(), 1, "what they gave up, and nothing else");
}

#[test]
fn a_ticked_box_brings_the_branch_to_its_base_and_a_snooze_leaves_it_alone() {
    let mut office = Office::eager(asked(1));
    office.round();
    let pull = office.about("vector index");
    let base = office.mina().push("main", &[("README.md", Some("# Port\n"))], "Rename it");
    office.round();
    let parent =
        |office: &Office| office.github.commits(DOCS, pull.branch()).pop().unwrap().parents;
    assert_ne!(parent(&office), std::slice::from_ref(&base), "merely being behind is nothing");
    let body = office.pull(pull.number).body;
    assert!(body.contains("- [ ] rebase"), "{body}");
    office.mina().tick(pull.number, "rebase");
    office.round();
    assert_eq!(parent(&office), [base]);

    let head = office.github.branches(DOCS)[pull.branch()].clone();
    office.mina().comment(pull.number, "@answer-harvester snooze 14d");
    office.round();
    ask_again(&mut office.talk, 0, 80);
    office.import();
    office.days(10);
    office.round();
    assert_eq!(office.github.branches(DOCS)[pull.branch()], head);
    office.days(5);
    office.round();
    assert_ne!(office.github.branches(DOCS)[pull.branch()], head);
    office.assert_polite();
}
