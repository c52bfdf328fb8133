//! What people did to a proposal is theirs.

use tests::harness::github::How;

use super::SITE;
use super::proposal_fixture::{DOCS, ProposalFixture, ask_again, asked};

const ABOUT: [&str; 6] = [
    "vector index",
    "TLS certificate",
    "billing invoices",
    "push notif",
    "workspace",
    "memory limit",
];

#[test]
fn what_people_took_over_is_left_to_them_and_new_evidence_is_reported() {
    let mut fixture = ProposalFixture::eager(asked(6));
    fixture.round();
    let before = ABOUT.map(|about| fixture.about(about));
    let [edited, renamed, rebased, unmarked, unbranched, closed] = &before;
    let (path, page) = fixture.page_on(edited.branch());
    let mina = fixture.github.acting("mina", DOCS);
    mina.push(edited.branch(), &[(&path, Some("Words of Mina.\n"))], "Say it better");
    mina.edit_title(renamed.number, "A title of Mina's");
    mina.push("next", &[("next.md", Some("Next\n"))], "Begin the next version");
    mina.change_base(rebased.number, "next");
    mina.edit_body(unmarked.number, "A body of Mina's, without any mark.");
    mina.delete_branch(unbranched.branch());
    mina.close(closed.number);
    let heads = fixture.github.branches(DOCS);
    for more in 0..2 {
        for question in 0..6 {
            ask_again(&mut fixture.talk, question, 200 + 10 * more + question as u64);
        }
        fixture.import();
        fixture.days(2);
        fixture.round();
    }
    fixture.round();
    assert_eq!(fixture.github.branches(DOCS), heads, "no branch of theirs moved");
    assert_eq!(fixture.pulls().len(), 6, "nothing came twice");
    assert_eq!(fixture.page_on(edited.branch()), (path, "Words of Mina.\n".to_owned()));
    assert!(!page.contains("Mina"));
    let found = fixture.pull(renamed.number);
    assert_eq!(found.title, "A title of Mina's");
    assert_eq!(fixture.pull(rebased.number).pull.unwrap().base, "next");
    let found = fixture.pull(unmarked.number);
    assert_eq!(found.body, "A body of Mina's, without any mark.");
    for (pull, why) in [
        (edited, "someone committed to the branch"),
        (renamed, "the title was edited"),
        (rebased, "the base branch was changed"),
        (unmarked, "the tracking comment was removed from the body"),
    ] {
        let status = fixture.status_of(pull.number);
        assert!(status.contains(why) && status.contains("answered 5 times"), "{status}");
        assert!(fixture.pull(pull.number).open);
    }
    for pull in [unbranched, closed] {
        assert!(!fixture.pull(pull.number).open);
        assert_eq!(fixture.status_of(pull.number), "");
    }
    let board = fixture.dashboard();
    for why in ["someone committed to the branch", "### Taken over", "### Rejected"] {
        assert!(board.contains(why), "{board}");
    }
    fixture.assert_polite();
}

#[test]
fn a_closed_one_comes_back_only_when_somebody_asks() {
    let mut fixture = ProposalFixture::eager(asked(2));
    fixture.round();
    let (ticked, commented) = (fixture.about("vector index"), fixture.about("TLS certificate"));
    let mina = fixture.github.acting("mina", DOCS);
    mina.close(ticked.number);
    mina.close(commented.number);
    ask_again(&mut fixture.talk, 0, 300);
    ask_again(&mut fixture.talk, 1, 301);
    fixture.import();
    for _ in 0..3 {
        fixture.days(10);
        fixture.round();
    }
    assert_eq!(fixture.pulls().len(), 2);

    let mina = fixture.github.acting("mina", DOCS);
    let dashboard = fixture.github.issues(DOCS).remove(0).number;
    mina.tick(dashboard, "vector index");
    mina.comment(commented.number, "@answer-harvester propose");
    fixture.days(1);
    fixture.round();
    for about in ["vector index", "TLS certificate"] {
        let open = fixture.about(about);
        assert!(open.open && !open.is_draft(), "{about}");
        assert_eq!(open.body.matches("\n| [20").count(), 4, "{}", open.body);
    }
    fixture.round();
    let open = fixture.pulls().into_iter().filter(|pull| pull.open).count();
    assert_eq!(open, 2, "each came back once");
    let mina = fixture.github.acting("mina", DOCS);
    for about in ["vector index", "TLS certificate"] {
        mina.close(fixture.about(about).number);
    }
    fixture.days(1);
    fixture.round();
    fixture.days(1);
    fixture.round();
    let open = fixture.pulls().into_iter().filter(|pull| pull.open).count();
    assert_eq!(open, 0, "what was asked once does not count for ever");
    fixture.assert_polite();
}

#[test]
fn closed_settings_are_a_no_for_ever() {
    let mut fixture = ProposalFixture::new(&SITE, asked(2));
    fixture.round();
    let settings = fixture.pulls().remove(0);
    fixture.mina().close(settings.number);
    for lost in [false, false, true, true] {
        if lost {
            fixture.lose_data();
        }
        fixture.days(40);
        let report = fixture.round();
        assert_eq!(report.stage, "maintainers disabled proposals");
    }
    assert_eq!(fixture.pulls().len(), 1);
    assert!(fixture.github.issues(DOCS).is_empty());
    fixture.assert_polite();
}

#[test]
fn settings_with_mistakes_are_reported_and_the_rest_counts() {
    let settings = "limits:\n  open: 50\n  per_day: many\n  per_hour: 50\nfoldr: x\nfolder: help\n";
    let mut files = SITE.to_vec();
    files.push((".github/answer-harvester.yml", settings));
    let fixture = ProposalFixture::new(&files, asked(3));
    let report = fixture.round();
    let notes = report.notes.join("\n");
    assert!(notes.contains("line 3") && notes.contains("\"many\""), "{notes}");
    assert!(notes.contains("line 5") && notes.contains("foldr"), "{notes}");
    let open = fixture.pulls();
    assert_eq!(open.len(), 2, "two a day where nothing else was understood");
    let files = fixture.github.files(DOCS, open[0].branch());
    assert!(files.keys().any(|path| path.starts_with("help/")), "{files:?}");
    let mina = fixture.mina();
    mina.push("main", &[(".github/answer-harvester.yml", Some("enabled: false\n"))], "Stop it");
    fixture.days(2);
    assert_eq!(fixture.round().stage, "maintainers disabled proposals");
    assert_eq!(fixture.pulls().len(), 2);
}

#[test]
fn a_lost_data_directory_is_found_again_on_github() {
    let mut fixture = ProposalFixture::eager(asked(4));
    fixture.round();
    let numbers = ["vector index", "TLS certificate", "billing invoices", "push notif"]
        .map(|about| fixture.about(about).number);
    let [merged, edited, closed, open] = numbers;
    let mina = fixture.github.acting("mina", DOCS);
    let (path, page) = fixture.page_on(fixture.pull(merged).branch());
    let better = page.replace("Delete the folder", "Stop it, then delete the folder");
    mina.merge_edited(merged, How::Squash, &[(&path, Some(&better))], None);
    let (path, _) = fixture.page_on(fixture.pull(edited).branch());
    mina.push(fixture.pull(edited).branch(), &[(&path, Some("Mine.\n"))], "Say it better");
    mina.close(closed);
    fixture.round();
    let heads = fixture.github.branches(DOCS);

    fixture.lose_data();
    ask_again(&mut fixture.talk, 3, 400);
    fixture.import();
    fixture.days(2);
    fixture.round();
    fixture.round();
    assert_eq!(fixture.pulls().len(), 4, "nothing came twice");
    let mut now = fixture.github.branches(DOCS);
    let branch = fixture.pull(open).branch().to_owned();
    assert_ne!(now.insert(branch.clone(), heads[&branch].clone()).unwrap(), heads[&branch]);
    assert_eq!(now, heads, "only the open one moved, for its new evidence");
    assert!(!fixture.pull(closed).open);
    let found = fixture.sandbox.json(&["search", "reset the vector index", "--json"]);
    let best = &found["answers"][0];
    assert_eq!(best["status"], "known", "{found:#}");
    assert!(best.to_string().contains("Stop it, then delete"), "{found:#}");
    let states = fixture.sandbox.json(&["proposals", "--json"]);
    let mut states = states
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["state"].as_str().unwrap().to_owned())
        .collect::<Vec<_>>();
    states.sort();
    assert_eq!(states, ["hands-off", "merged", "open", "rejected"]);
    fixture.assert_polite();
}
