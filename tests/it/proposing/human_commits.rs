//! What people did to a proposal is theirs.

use tests::harness::github::How;

use super::SITE;
use super::proposal_fixture::{DOCS, Office, ask_again, asked};

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
    let mut office = Office::eager(asked(6));
    office.round();
    let before = ABOUT.map(|about| office.about(about));
    let [edited, renamed, rebased, unmarked, unbranched, closed] = &before;
    let (path, page) = office.page_on(edited.branch());
    let mina = office.github.acting("mina", DOCS);
    mina.push(edited.branch(), &[(&path, Some("Words of Mina.\n"))], "Say it better");
    mina.edit_title(renamed.number, "A title of Mina's");
    mina.push("next", &[("next.md", Some("Next\n"))], "Begin the next version");
    mina.change_base(rebased.number, "next");
    mina.edit_body(unmarked.number, "A body of Mina's, without any mark.");
    mina.delete_branch(unbranched.branch());
    mina.close(closed.number);
    let heads = office.github.branches(DOCS);
    for more in 0..2 {
        for question in 0..6 {
            ask_again(&mut office.talk, question, 200 + 10 * more + question as u64);
        }
        office.import();
        office.days(2);
        office.round();
    }
    office.round();
    assert_eq!(office.github.branches(DOCS), heads, "no branch of theirs moved");
    assert_eq!(office.pulls().len(), 6, "nothing came twice");
    assert_eq!(office.page_on(edited.branch()), (path, "Words of Mina.\n".to_owned()));
    assert!(!page.contains("Mina"));
    let found = office.pull(renamed.number);
    assert_eq!(found.title, "A title of Mina's");
    assert_eq!(office.pull(rebased.number).pull.unwrap().base, "next");
    let found = office.pull(unmarked.number);
    assert_eq!(found.body, "A body of Mina's, without any mark.");
    for (pull, why) in [
        (edited, "someone committed to the branch"),
        (renamed, "the title was edited"),
        (rebased, "the base branch was changed"),
        (unmarked, "the tracking comment was removed from the body"),
    ] {
        let status = office.status_of(pull.number);
        assert!(status.contains(why) && status.contains("resolved 5 times"), "{status}");
        assert!(office.pull(pull.number).open);
    }
    for pull in [unbranched, closed] {
        assert!(!office.pull(pull.number).open);
        assert_eq!(office.status_of(pull.number), "");
    }
    let board = office.dashboard();
    for why in ["someone committed to the branch", "### Taken over", "### Rejected"] {
        assert!(board.contains(why), "{board}");
    }
    office.assert_polite();
}

#[test]
fn a_closed_one_comes_back_only_when_somebody_asks() {
    let mut office = Office::eager(asked(2));
    office.round();
    let (ticked, commented) = (office.about("vector index"), office.about("TLS certificate"));
    let mina = office.github.acting("mina", DOCS);
    mina.close(ticked.number);
    mina.close(commented.number);
    ask_again(&mut office.talk, 0, 300);
    ask_again(&mut office.talk, 1, 301);
    office.import();
    for _ in 0..3 {
        office.days(10);
        office.round();
    }
    assert_eq!(office.pulls().len(), 2);

    let mina = office.github.acting("mina", DOCS);
    let dashboard = office.github.issues(DOCS).remove(0).number;
    mina.tick(dashboard, "vector index");
    mina.comment(commented.number, "@answer-harvester propose");
    office.days(1);
    office.round();
    for about in ["vector index", "TLS certificate"] {
        let open = office.about(about);
        assert!(open.open && !open.is_draft(), "{about}");
        assert_eq!(open.body.matches("\n| [20").count(), 4, "{}", open.body);
    }
    office.round();
    let open = office.pulls().into_iter().filter(|pull| pull.open).count();
    assert_eq!(open, 2, "each came back once");
    let mina = office.github.acting("mina", DOCS);
    for about in ["vector index", "TLS certificate"] {
        mina.close(office.about(about).number);
    }
    office.days(1);
    office.round();
    office.days(1);
    office.round();
    let open = office.pulls().into_iter().filter(|pull| pull.open).count();
    assert_eq!(open, 0, "what was asked once does not count for ever");
    office.assert_polite();
}

#[test]
fn closed_settings_are_a_no_for_ever() {
    let mut office = Office::new(&SITE, asked(2));
    office.round();
    let settings = office.pulls().remove(0);
    office.mina().close(settings.number);
    for lost in [false, false, true, true] {
        if lost {
            office.lose_data();
        }
        office.days(40);
        let report = office.round();
        assert_eq!(report.stage, "maintainers disabled proposals");
    }
    assert_eq!(office.pulls().len(), 1);
    assert!(office.github.issues(DOCS).is_empty());
    office.assert_polite();
}

#[test]
fn settings_with_mistakes_are_reported_and_the_rest_counts() {
    let settings = "limits:\n  open: 50\n  per_day: many\n  per_hour: 50\nfoldr: x\nfolder: help\n";
    let mut files = SITE.to_vec();
    files.push((".github/answer-harvester.yml", settings));
    let office = Office::new(&files, asked(3));
    let report = office.round();
    let notes = report.notes.join("\n");
    assert!(notes.contains("line 3") && notes.contains("\"many\""), "{notes}");
    assert!(notes.contains("line 5") && notes.contains("foldr"), "{notes}");
    let open = office.pulls();
    assert_eq!(open.len(), 2, "two a day where nothing else was understood");
    let files = office.github.files(DOCS, open[0].branch());
    assert!(files.keys().any(|path| path.starts_with("help/")), "{files:?}");
    let mina = office.mina();
    mina.push("main", &[(".github/answer-harvester.yml", Some("enabled: false\n"))], "Stop it");
    office.days(2);
    assert_eq!(office.round().stage, "maintainers disabled proposals");
    assert_eq!(office.pulls().len(), 2);
}

#[test]
fn a_lost_data_directory_is_found_again_on_github() {
    let mut office = Office::eager(asked(4));
    office.round();
    let numbers = ["vector index", "TLS certificate", "billing invoices", "push notif"]
        .map(|about| office.about(about).number);
    let [merged, edited, closed, open] = numbers;
    let mina = office.github.acting("mina", DOCS);
    let (path, page) = office.page_on(office.pull(merged).branch());
    let better = page.replace("Delete the folder", "Stop it, then delete the folder");
    mina.merge_edited(merged, How::Squash, &[(&path, Some(&better))], None);
    let (path, _) = office.page_on(office.pull(edited).branch());
    mina.push(office.pull(edited).branch(), &[(&path, Some("Mine.\n"))], "Say it better");
    mina.close(closed);
    office.round();
    let heads = office.github.branches(DOCS);

    office.lose_data();
    ask_again(&mut office.talk, 3, 400);
    office.import();
    office.days(2);
    office.round();
    office.round();
    assert_eq!(office.pulls().len(), 4, "nothing came twice");
    let mut now = office.github.branches(DOCS);
    let branch = office.pull(open).branch().to_owned();
    assert_ne!(now.insert(branch.clone(), heads[&branch].clone()).unwrap(), heads[&branch]);
    assert_eq!(now, heads, "only the open one moved, for its new evidence");
    assert!(!office.pull(closed).open);
    let found = office.world.json(&["search", "reset the vector index", "--json"]);
    let best = &found["answers"][0];
    assert_eq!(best["status"], "known", "{found:#}");
    assert!(best.to_string().contains("Stop it, then delete"), "{found:#}");
    let states = office.world.json(&["proposals", "--json"]);
    let mut states = states
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["state"].as_str().unwrap().to_owned())
        .collect::<Vec<_>>();
    states.sort();
    assert_eq!(states, ["hands-off", "merged", "open", "rejected"]);
    office.assert_polite();
}
