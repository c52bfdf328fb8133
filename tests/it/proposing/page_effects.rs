//! A merged page that does not help comes back to the maintainers.

use tests::harness::github::How;

use super::proposal_fixture::{DOCS, ProposalFixture, ask_again, asked};

const HEADING: &str = "Reviewed answers that do not help yet";

#[test]
fn a_page_that_is_asked_for_as_often_as_before_is_listed_until_somebody_improves_it() {
    let mut fixture = ProposalFixture::eager(asked(1));
    // Shortly after the talk.
    fixture.github.set_now("2024-11-05T00:00:00Z".parse().unwrap());
    fixture.round();
    fixture.mina().merge(fixture.about("vector index").number, How::Squash);
    fixture.days(1);
    fixture.round();
    // One asker each ten hours, for a month.
    for asker in 200..280 {
        ask_again(&mut fixture.talk, 0, asker);
    }
    fixture.import();
    fixture.days(20);
    fixture.round();
    assert!(!fixture.dashboard().contains(HEADING), "too early: {}", fixture.dashboard());
    fixture.days(10);
    fixture.round();
    let board = fixture.dashboard();
    let listed = board.split_once(HEADING).unwrap_or_else(|| panic!("not listed: {board}")).1;
    let row = listed.lines().find(|line| line.contains("days before the merge")).unwrap();
    assert!(row.starts_with("- [ ] ") && row.contains("days after it"), "{row}");

    let number = fixture.github.issues(DOCS).first().map(|board| board.number).unwrap();
    fixture.mina().tick(number, &row[6..]);
    fixture.days(1);
    fixture.round();
    assert!(!fixture.dashboard().contains(HEADING), "{}", fixture.dashboard());
    fixture.assert_polite();
}
