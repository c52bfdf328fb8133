//! How many proposals maintainers get, and what waits for its turn.

use rules::model::ids::Millis;

use super::SITE;
use super::proposal_fixture::{DOCS, Office, asked, is_page};

fn open(office: &Office) -> usize {
    office.pulls().iter().filter(|pull| pull.open && pull.branch() != "answers/configure").count()
}

fn held(office: &Office) -> usize {
    office.dashboard().lines().filter(|line| line.starts_with("- [ ] ")).count()
}

fn deadline_statuses(office: &Office) -> Vec<String> {
    let listed = office.world.json(&["proposals", "--json"]);
    let listed = listed.as_array().unwrap().iter();
    listed.map(|one| format!("{} {}", one["state"], one["clock"]).replace('"', "")).collect()
}

#[test]
fn one_opens_in_an_hour_and_the_others_wait_on_the_dashboard() {
    let office = Office::switched_on(&SITE, asked(4));
    office.round();
    assert_eq!((open(&office), held(&office)), (1, 3));
    let statuses = deadline_statuses(&office);
    assert_eq!(statuses.iter().filter(|status| *status == "held met").count(), 3, "{statuses:?}");
    office.round();
    assert_eq!(open(&office), 1, "the hour is not over");
    office.github.advance(Millis::HOUR);
    office.round();
    assert_eq!((open(&office), held(&office)), (2, 2));
    office.github.advance(Millis::HOUR);
    office.round();
    assert_eq!(open(&office), 2, "two a day");

    let waiting = office.dashboard();
    let row = waiting.lines().find(|line| line.starts_with("- [ ] ")).unwrap();
    let board = office.github.issues(DOCS).remove(0).number;
    office.mina().tick(board, &row[6..]);
    office.round();
    assert_eq!(open(&office), 3, "who ticks a box need not wait");
    office.days(2);
    office.round();
    assert_eq!(open(&office), 3, "three at once");
    let first = office.pulls().into_iter().find(|pull| pull.open).unwrap();
    office.mina().close(first.number);
    office.days(1);
    office.round();
    office.round();
    assert_eq!(open(&office), 3, "the last one has its turn");
    office.assert_polite();
}

#[test]
fn what_waits_for_more_than_a_day_comes_together() {
    let office = Office::switched_on(&SITE, asked(6));
    office.round();
    office.days(1);
    office.github.advance(Millis::HOUR);
    office.round();
    let batches = |office: &Office| {
        office.pulls().iter().filter(|pull| pull.branch().starts_with("answers/batch-")).count()
    };
    assert_eq!(batches(&office), 0, "nothing was merged yet");
    let first = office.pulls().into_iter().find(|pull| pull.open).unwrap();
    office.mina().merge(first.number, tests::harness::github::How::Squash);
    office.round();
    office.days(1);
    // The questions became due by this machine's clock, which is ahead of the fake's.
    office.github.advance(Millis::HOUR);
    office.round();
    let batch = office.pulls().into_iter().find(|pull| pull.branch().starts_with("answers/batch-"));
    let batch = batch.expect("there is a batch");
    assert!(batch.open && batch.title.contains("weekly batch of"), "{}", batch.title);
    let pages = office.github.files(DOCS, batch.branch());
    let known = office.github.files(DOCS, "main");
    let pages = pages.into_iter().filter(|(path, _)| is_page(path) && !known.contains_key(path));
    let pages = pages.collect::<Vec<_>>();
    assert!(pages.len() > 1, "{pages:?}");
    let number = office.pulls().len();
    office.days(1);
    office.round();
    assert_eq!(office.pulls().iter().filter(|pull| pull.branch() == batch.branch()).count(), 1);

    // One page is taken out, the others are merged.
    let out = &pages[0].0;
    let how = tests::harness::github::How::Squash;
    office.mina().merge_edited(batch.number, how, &[(out, None)], None);
    office.round();
    let statuses = deadline_statuses(&office);
    let merged = statuses.iter().filter(|status| status.starts_with("merged")).count();
    // The batch itself is merged too, and so are the settings and the first page.
    assert_eq!(merged, pages.len() - 1 + 3, "{statuses:?}");
    assert!(statuses.iter().any(|status| status.starts_with("rejected")), "{statuses:?}");
    for _ in 0..2 {
        office.days(1);
        office.round();
    }
    assert!(office.pulls().len() <= number + 1, "nothing of it comes again");
    office.assert_polite();
}

#[test]
fn the_clock_runs_on_the_dashboard_while_nothing_may_open() {
    let office = Office::switched_on(&SITE, asked(2));
    office.world.well(&["status"]);
    office.pause(true);
    office.round();
    assert_eq!(open(&office), 0, "a pause holds everything");
    office.pause(false);
    office.round();
    assert_eq!((open(&office), held(&office)), (1, 1));
}
