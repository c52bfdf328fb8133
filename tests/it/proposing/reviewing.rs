//! Maintainers decide on the site, and the pull requests follow.

use indexer::store::{ReviewDecision, Store};
use jiff::Timestamp;
use rules::model::cluster::ClusterState;
use rules::model::page_edit::PageEdit;
use rules::time;

use super::proposal_fixture::{ProposalFixture, asked, is_page};
use crate::sandbox::store_of;

impl ProposalFixture {
    /// A reviewer decides about the only question; returns the number of the decision.
    fn decide(&self, decision: &dyn Fn(ClusterState, Timestamp) -> ReviewDecision) -> i64 {
        let now = self.github.now();
        self.with_store(async |store| {
            let [cluster] = &store.clusters(3, 1).await.unwrap()[..] else {
                panic!("one question")
            };
            let decision = decision(cluster.state, now);
            store.record_review(cluster, &decision, "token a", now).await.unwrap()
        })
    }

    fn undo(&self, seq: i64) {
        let now = self.github.now();
        self.with_store(async |store| {
            let row = store.review_decision(seq).await.unwrap().unwrap();
            assert!(store.undo_review(&row, "token a", now).await.unwrap());
        });
    }

    fn with_store<T>(&self, act: impl AsyncFnOnce(&Store) -> T) -> T {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let store = Store::open_shared(store_of(&self.sandbox.data())).await.unwrap();
            let done = act(&store).await;
            store.close().await;
            done
        })
    }

    fn open_pages(&self) -> usize {
        let open = self.pulls().into_iter().filter(|pull| pull.open && !pull.title.is_empty());
        open.filter(|pull| {
            self.github.files(super::DOCS, pull.branch()).keys().any(|path| is_page(path))
        })
        .count()
    }
}

#[test]
fn a_rejected_question_is_closed_and_comes_back_when_that_is_taken_back() {
    let fixture = ProposalFixture::eager(asked(1));
    fixture.round();
    assert_eq!(fixture.open_pages(), 1);
    let seq = fixture.decide(&|was, _| ReviewDecision::Reject { was });
    fixture.round();
    assert_eq!(fixture.open_pages(), 0);
    fixture.round();
    assert_eq!(fixture.open_pages(), 0, "it stays closed");
    fixture.undo(seq);
    fixture.round();
    fixture.round();
    assert_eq!(fixture.open_pages(), 1, "the same question is proposed again");
    fixture.assert_polite();
}

#[test]
fn a_question_that_was_rejected_before_anything_opened_never_opens() {
    let fixture = ProposalFixture::eager(asked(1));
    fixture.sandbox.stdout_of(&["status"]);
    let seq = fixture.decide(&|was, _| ReviewDecision::Reject { was });
    fixture.round();
    assert_eq!(fixture.open_pages(), 0);
    fixture.undo(seq);
    fixture.round();
    assert_eq!(fixture.open_pages(), 1);
}

#[test]
fn a_snoozed_question_waits_and_an_accepted_one_passes_the_limits() {
    let mut files = super::SITE.to_vec();
    files.push((
        ".github/answer-harvester.yml",
        "limits:\n  open: 1\n  per_day: 1\n  per_hour: 1\n",
    ));
    let fixture = ProposalFixture::new(&files, asked(1));
    fixture.sandbox.stdout_of(&["status"]);
    let seq = fixture.decide(&|_, now| ReviewDecision::Snooze { until: now + time::days(30) });
    fixture.round();
    assert_eq!(fixture.open_pages(), 0);
    assert!(fixture.dashboard().contains("### Snoozed"), "{}", fixture.dashboard());
    fixture.undo(seq);
    fixture.decide(&|_, _| ReviewDecision::Accept);
    fixture.round();
    assert_eq!(fixture.open_pages(), 1);
    let decisions =
        fixture.with_store(async |store| store.waiting_review_decisions().await.unwrap());
    assert!(decisions.is_empty(), "{decisions:?}");
}

#[test]
fn the_page_is_written_in_the_words_of_the_reviewer_until_they_are_taken_back() {
    let fixture = ProposalFixture::eager(asked(1));
    fixture.sandbox.stdout_of(&["status"]);
    let words = PageEdit::read("Start the index anew", "Remove the folder `data/index`.").unwrap();
    let seq = fixture.decide(&|_, _| ReviewDecision::Edit(words.clone()));
    fixture.round();
    let pull = fixture.about("Start the index anew");
    let (_, page) = fixture.page_on(pull.branch());
    assert!(page.contains("Remove the folder `data/index`."), "{page}");
    fixture.undo(seq);
    // A pull request is updated once a day.
    fixture.days(1);
    fixture.round();
    let (_, page) = fixture.page_on(pull.branch());
    assert!(!page.contains("Remove the folder"), "{page}");
    fixture.assert_polite();
}

#[test]
fn words_of_a_reviewer_leave_the_branch_with_a_deleted_message() {
    let fixture = ProposalFixture::eager(asked(1));
    fixture.sandbox.stdout_of(&["status"]);
    let words = PageEdit::read("Start the index anew", "Remove the zanzibar folder.").unwrap();
    fixture.decide(&|_, _| ReviewDecision::Edit(words.clone()));
    fixture.round();
    let pull = fixture.about("Start the index anew");
    assert!(fixture.page_on(pull.branch()).1.contains("zanzibar"));
    let answer = fixture.talk.ids().remove(1);
    fixture.delete(&[&answer]);
    fixture.round();
    let branches = fixture.github.branches(super::DOCS);
    if branches.contains_key(pull.branch()) {
        let files = fixture.github.files(super::DOCS, pull.branch());
        assert!(files.values().all(|text| !text.contains("zanzibar")), "{files:?}");
    }
}
