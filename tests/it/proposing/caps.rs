//! How many proposals maintainers get, and what waits for its turn.

use jiff::SignedDuration;

use super::SITE;
use super::proposal_fixture::{DOCS, ProposalFixture, asked, is_page};

fn open(fixture: &ProposalFixture) -> usize {
    fixture.pulls().iter().filter(|pull| pull.open && pull.branch() != "answers/configure").count()
}

fn held(fixture: &ProposalFixture) -> usize {
    fixture.dashboard().lines().filter(|line| line.starts_with("- [ ] ")).count()
}

fn deadline_statuses(fixture: &ProposalFixture) -> Vec<String> {
    let listed = fixture.sandbox.json(&["proposals", "--json"]);
    let listed = listed.as_array().unwrap().iter();
    listed.map(|one| format!("{} {}", one["state"], one["clock"]).replace('"', "")).collect()
}

#[test]
fn one_opens_in_an_hour_and_the_others_wait_on_the_dashboard() {
    let fixture = ProposalFixture::switched_on(&SITE, asked(4));
    fixture.round();
    assert_eq!((open(&fixture), held(&fixture)), (1, 3));
    let statuses = deadline_statuses(&fixture);
    assert_eq!(statuses.iter().filter(|status| *status == "held met").count(), 3, "{statuses:?}");
    fixture.round();
    assert_eq!(open(&fixture), 1, "the hour is not over");
    fixture.github.advance(SignedDuration::from_hours(1));
    fixture.round();
    assert_eq!((open(&fixture), held(&fixture)), (2, 2));
    fixture.github.advance(SignedDuration::from_hours(1));
    fixture.round();
    assert_eq!(open(&fixture), 2, "two a day");

    let waiting = fixture.dashboard();
    let row = waiting.lines().find(|line| line.starts_with("- [ ] ")).unwrap();
    let board = fixture.github.issues(DOCS).remove(0).number;
    fixture.mina().tick(board, &row[6..]);
    fixture.round();
    assert_eq!(open(&fixture), 3, "who ticks a box need not wait");
    fixture.days(2);
    fixture.round();
    assert_eq!(open(&fixture), 3, "three at once");
    let first = fixture.pulls().into_iter().find(|pull| pull.open).unwrap();
    fixture.mina().close(first.number);
    fixture.days(1);
    fixture.round();
    fixture.round();
    assert_eq!(open(&fixture), 3, "the last one has its turn");
    fixture.assert_polite();
}

#[test]
fn what_waits_for_more_than_a_day_comes_together() {
    let fixture = ProposalFixture::switched_on(&SITE, asked(6));
    fixture.round();
    fixture.days(1);
    fixture.github.advance(SignedDuration::from_hours(1));
    fixture.round();
    let batches = |fixture: &ProposalFixture| {
        fixture.pulls().iter().filter(|pull| pull.branch().starts_with("answers/batch-")).count()
    };
    assert_eq!(batches(&fixture), 0, "nothing was merged yet");
    let first = fixture.pulls().into_iter().find(|pull| pull.open).unwrap();
    fixture.mina().merge(first.number, tests::harness::github::How::Squash);
    fixture.round();
    fixture.days(1);
    // The questions became due by this machine's clock, which is ahead of the fake's.
    fixture.github.advance(SignedDuration::from_hours(1));
    fixture.round();
    let batch =
        fixture.pulls().into_iter().find(|pull| pull.branch().starts_with("answers/batch-"));
    let batch = batch.expect("there is a batch");
    assert!(batch.open && batch.title.contains("weekly batch of"), "{}", batch.title);
    let pages = fixture.github.files(DOCS, batch.branch());
    let known = fixture.github.files(DOCS, "main");
    let pages = pages.into_iter().filter(|(path, _)| is_page(path) && !known.contains_key(path));
    let pages = pages.collect::<Vec<_>>();
    assert!(pages.len() > 1, "{pages:?}");
    let number = fixture.pulls().len();
    fixture.days(1);
    fixture.round();
    assert_eq!(fixture.pulls().iter().filter(|pull| pull.branch() == batch.branch()).count(), 1);

    // One page is taken out, the others are merged.
    let out = &pages[0].0;
    let how = tests::harness::github::How::Squash;
    fixture.mina().merge_edited(batch.number, how, &[(out, None)], None);
    fixture.round();
    let statuses = deadline_statuses(&fixture);
    let merged = statuses.iter().filter(|status| status.starts_with("merged")).count();
    // The batch itself is merged too, and so are the settings and the first page.
    assert_eq!(merged, pages.len() - 1 + 3, "{statuses:?}");
    assert!(statuses.iter().any(|status| status.starts_with("rejected")), "{statuses:?}");
    for _ in 0..2 {
        fixture.days(1);
        fixture.round();
    }
    assert!(fixture.pulls().len() <= number + 1, "nothing of it comes again");
    fixture.assert_polite();
}

#[test]
fn the_clock_runs_on_the_dashboard_while_nothing_may_open() {
    let fixture = ProposalFixture::switched_on(&SITE, asked(2));
    fixture.sandbox.stdout_of(&["status"]);
    fixture.pause(true);
    fixture.round();
    assert_eq!(open(&fixture), 0, "a pause holds everything");
    fixture.pause(false);
    fixture.round();
    assert_eq!((open(&fixture), held(&fixture)), (1, 1));
}
