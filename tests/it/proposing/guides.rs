//! Guides of the operator's rules: one pull request for each, kept true before and after its merge.

use harvester::proposals::RoundOutcome;
use jiff::SignedDuration;
use tests::harness::github::{Fault, How, Issue, Trouble};

use super::SITE;
use super::proposal_fixture::{DOCS, ProposalFixture, ask_again, asked};

const BRANCH: &str = "answers/guide-first-steps";
const PATH: &str = "answers/first-steps.mdx";
const OUTLINE: &str = "title = 'First steps'\nintro = 'Read this first.'\npropose = true\n\
    [[step]]\ntitle = 'The index'\nwords = ['vector index']\n\
    [[step]]\ntitle = 'The gateway'\nwords = ['certificate']\n\
    [[step]]\ntitle = 'Invoices'\nwords = ['invoices']\n";

impl ProposalFixture {
    /// With a guide of three steps, of which the talk answers the first two.
    fn guided(questions: usize) -> Self {
        let fixture = Self::eager(asked(questions));
        fixture.declare();
        fixture
    }

    fn declare(&self) {
        self.sandbox.write("data/rules/guides/first-steps.toml", OUTLINE);
    }

    fn guides(&self) -> Vec<Issue> {
        self.pulls().into_iter().filter(|pull| pull.branch() == BRANCH).collect()
    }

    #[track_caller]
    fn guide(&self) -> Issue {
        self.guides().pop().expect("the guide is proposed")
    }

    #[track_caller]
    fn guide_page(&self, branch: &str) -> String {
        let page = self.github.file(DOCS, branch, PATH);
        page.unwrap_or_else(|| panic!("no guide on {branch}"))
    }
}

#[test]
fn a_declared_guide_opens_once_and_says_what_it_is_made_of() {
    let fixture = ProposalFixture::eager(asked(2));
    fixture.round();
    assert_eq!(fixture.guides().len(), 0, "none is declared");
    fixture.declare();
    fixture.round();
    let opened = fixture.guide();
    assert!(opened.open && !opened.is_draft());
    assert_eq!(opened.title, "docs(guide): First steps");
    let visible = opened.body.split("<details>").next().unwrap();
    assert!(visible.lines().count() <= 25, "{visible}");
    for part in ["`answers/first-steps.mdx`", "| `The index` | 0 | 1 | 0 |", "`Invoices`"] {
        assert!(visible.contains(part), "{part}: {visible}");
    }
    let page = fixture.guide_page(BRANCH);
    assert!(page.contains("## 1. The index") && page.contains("vector index"), "{page}");
    assert!(page.contains("https://discord.com/channels/") && page.contains("(not reviewed yet)"));
    assert!(!page.contains("data/index"), "answers are linked, not quoted: {page}");
    assert!(fixture.github.files(DOCS, BRANCH)["docs.json"].contains("answers/first-steps"));
    let head = fixture.github.branches(DOCS)[BRANCH].clone();
    for owner in ["one", "another"] {
        assert!(matches!(fixture.try_round(owner), Ok(RoundOutcome::Done(_))));
        fixture.days(1);
    }
    assert_eq!(fixture.github.branches(DOCS)[BRANCH], head, "nothing changed");
    assert_eq!(fixture.guides().len(), 1);
    assert!(fixture.dashboard().contains("`First steps`"), "{}", fixture.dashboard());
    fixture.assert_polite();
}

#[test]
fn a_guide_counts_against_the_limits_and_a_tick_opens_it() {
    let mut files = SITE.to_vec();
    files.push((
        ".github/answer-harvester.yml",
        "limits:\n  open: 1\n  per_day: 1\n  per_hour: 1\n",
    ));
    let fixture = ProposalFixture::new(&files, asked(2));
    fixture.declare();
    for _ in 0..3 {
        fixture.round();
        fixture.days(2);
    }
    assert_eq!(fixture.pulls().len(), 1, "one at once");
    assert_eq!(fixture.guides().len(), 0);
    let board = fixture.dashboard();
    let row = board.lines().find(|line| line.contains("`First steps`")).unwrap().to_owned();
    assert!(row.starts_with("- [ ] "), "{board}");
    let number = fixture.github.issues(DOCS).remove(0).number;
    fixture.mina().tick(number, &row[6..]);
    fixture.round();
    assert_eq!(fixture.guides().len(), 1);
    fixture.assert_polite();
}

#[test]
fn whatever_step_a_round_ends_at_there_is_one_guide() {
    for skip in (0..40).step_by(3) {
        let fixture = ProposalFixture::guided(1);
        let fault = Trouble::on("*", "*", Fault::Dropped).skip(skip);
        fixture.github.trouble(if skip % 2 == 0 { fault.after_the_effect() } else { fault });
        let _ = fixture.try_round("one");
        fixture.github.clear_faults();
        for owner in ["another", "one", "another"] {
            fixture.github.advance(SignedDuration::from_mins(10));
            let _ = fixture.try_round(owner);
        }
        assert_eq!(fixture.guides().len(), 1, "after {skip} requests");
        assert!(fixture.guide().open && !fixture.guide().is_draft(), "after {skip} requests");
        assert!(fixture.guide_page(BRANCH).contains("vector index"));
    }
}

#[test]
fn a_guide_follows_edits_merged_pages_and_new_answers() {
    let mut fixture = ProposalFixture::guided(1);
    fixture.round();
    let number = fixture.guide().number;
    assert!(fixture.guide_page(BRANCH).contains("(not reviewed yet)"));
    let mut answers = fixture.pulls();
    answers.retain(|pull| pull.branch() != BRANCH && pull.title.contains("vector index"));
    fixture.mina().merge(answers[0].number, How::Squash);
    fixture.talk = asked(2);
    fixture.import();
    fixture.days(1);
    fixture.round();
    fixture.days(1);
    fixture.round();
    let page = fixture.guide_page(BRANCH);
    assert!(page.contains("](/answers/how-"), "the merged page is linked: {page}");
    assert!(page.contains("TLS certificate"), "a new answer: {page}");
    let body = fixture.guide().body;
    assert!(body.contains("| `The index` | 1 | 0 | 0 |"), "{body}");
    assert_eq!((fixture.guide().number, fixture.guides().len()), (number, 1));
    fixture.assert_polite();
}

#[test]
fn deleted_words_leave_a_guide_at_the_next_round_and_an_empty_one_is_withdrawn() {
    let fixture = ProposalFixture::guided(2);
    fixture.round();
    let opened = fixture.guide();
    let ids = fixture.talk.ids();
    assert!(fixture.guide_page(BRANCH).contains("TLS certificate"));
    let gone = ids[9..].iter().map(String::as_str).collect::<Vec<_>>();
    fixture.delete(&gone);
    fixture.round();
    let page = fixture.guide_page(BRANCH);
    assert!(!page.contains("certificate") && page.contains("vector index"), "{page}");
    let body = fixture.pull(opened.number).body;
    assert!(!body.contains("certificate"), "{body}");
    assert_eq!(fixture.github.commits(DOCS, BRANCH).len(), 2, "no commit of the branch holds it");
    let rest = ids[..9].iter().map(String::as_str).collect::<Vec<_>>();
    fixture.delete(&rest);
    fixture.round();
    let closed = fixture.pull(opened.number);
    assert!(!closed.open && !closed.body.contains("vector index"), "{}", closed.body);
    assert!(!fixture.github.branches(DOCS).contains_key(BRANCH));
    fixture.round();
    assert_eq!(fixture.guides().len(), 1, "it stays closed");
    fixture.assert_polite();
}

#[test]
fn what_people_did_to_a_guide_is_theirs() {
    let mut fixture = ProposalFixture::guided(1);
    fixture.round();
    let opened = fixture.guide();
    fixture.mina().push(BRANCH, &[(PATH, Some("Words of Mina.\n"))], "Say it better");
    let head = fixture.github.branches(DOCS)[BRANCH].clone();
    fixture.talk = asked(2);
    fixture.import();
    fixture.days(2);
    fixture.round();
    fixture.round();
    assert_eq!(fixture.github.branches(DOCS)[BRANCH], head, "their branch does not move");
    assert_eq!(fixture.guide_page(BRANCH), "Words of Mina.\n");
    let status = fixture.status_of(opened.number);
    assert!(status.contains("someone committed to the branch"), "{status}");
    fixture.mina().close(opened.number);
    fixture.days(2);
    fixture.round();
    fixture.round();
    assert_eq!(fixture.guides().len(), 1, "closed means closed");
    fixture.assert_polite();
}

#[test]
fn a_merged_guide_is_updated_by_another_pull_request_until_people_edit_it() {
    let mut fixture = ProposalFixture::guided(1);
    fixture.round();
    fixture.mina().merge(fixture.guide().number, How::Squash);
    fixture.round();
    assert_eq!(fixture.guides().len(), 1);
    fixture.talk = asked(2);
    fixture.import();
    fixture.days(1);
    fixture.round();
    fixture.round();
    assert_eq!(fixture.guides().len(), 2, "it has another answer now");
    let update = fixture.guide();
    assert_eq!(update.title, "docs(guide): update First steps");
    assert!(fixture.guide_page(BRANCH).contains("TLS certificate"));
    fixture.mina().merge(update.number, How::Squash);
    fixture.round();
    fixture.round();
    let page = fixture.guide_page("main");
    let theirs = page.replace("Read this first.", "Words of Mina.");
    fixture.mina().push("main", &[(PATH, Some(&theirs))], "Say it better");
    fixture.talk = asked(3);
    fixture.import();
    fixture.days(2);
    fixture.round();
    assert_eq!(fixture.guides().len(), 2, "an edited page is theirs");

    let ids = fixture.talk.ids();
    fixture.delete(&ids[9..18].iter().map(String::as_str).collect::<Vec<_>>());
    fixture.round();
    assert_eq!(fixture.guides().len(), 3, "but deleted words must go");
    let fix = fixture.guide();
    assert!(!fixture.guide_page(BRANCH).contains("certificate"));
    assert!(fix.body.contains("edited after it was merged"), "{}", fix.body);
    fixture.round();
    assert!(fixture.guide().open, "it waits for a decision");
    fixture.mina().merge(fix.number, How::Squash);
    fixture.round();
    fixture.round();
    assert_eq!(fixture.guides().len(), 3);
    assert!(!fixture.guide_page("main").contains("certificate"));
    fixture.assert_polite();
}

#[test]
fn a_matrix_of_facts_is_proposed_and_follows_what_people_write_down() {
    let fixture = ProposalFixture::eager(asked(1));
    let facts = |value: &str| {
        format!(
            "[[fact]]\nkey = 'exchange-one'\nkind = 'status'\nvalue = '{value}'\nsince = '2025-01-31'\n\
             source = 'https://example.org/one'\ntable = 'Exchange status'\n"
        )
    };
    fixture.sandbox.write("data/rules/facts.toml", &facts("open"));
    let outline = "title = 'First steps'\npropose = true\n\
        [[step]]\ntitle = 'Where it is listed'\nfacts = ['Exchange status']\n";
    fixture.sandbox.write("data/rules/guides/first-steps.toml", outline);
    fixture.round();
    let row = |value: &str| format!("| exchange one | {value} |  | 2025-01-31 |");
    assert!(fixture.guide_page(BRANCH).contains(&row("open")), "{}", fixture.guide_page(BRANCH));
    fixture.mina().merge(fixture.guide().number, How::Squash);
    fixture.days(1);
    fixture.round();
    fixture.round();
    assert_eq!(fixture.guides().len(), 1, "the facts are the same");
    fixture.sandbox.write("data/rules/facts.toml", &facts("closed"));
    fixture.days(1);
    fixture.round();
    fixture.round();
    assert_eq!(fixture.guides().len(), 2);
    assert_eq!(fixture.guide().title, "docs(guide): update First steps");
    assert!(fixture.guide_page(BRANCH).contains(&row("closed")), "{}", fixture.guide_page(BRANCH));
    fixture.assert_polite();
}

#[test]
fn a_lost_data_directory_finds_its_guides_again() {
    let mut fixture = ProposalFixture::guided(1);
    fixture.round();
    let number = fixture.guide().number;
    fixture.lose_data();
    fixture.declare();
    fixture.days(1);
    fixture.round();
    fixture.round();
    assert_eq!((fixture.guides().len(), fixture.guide().number), (1, number));
    fixture.mina().merge(number, How::Squash);
    fixture.round();
    fixture.lose_data();
    fixture.declare();
    ask_again(&mut fixture.talk, 0, 90);
    fixture.import();
    fixture.days(1);
    fixture.round();
    fixture.round();
    assert_eq!(fixture.guides().len(), 1, "the merged page is known again");
    fixture.assert_polite();
}
