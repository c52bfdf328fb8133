//! What is proposed or merged follows what was said, and what may be shown of it.

use indexer::store::WriteBatch;
use jiff::Timestamp;
use rules::model::ids::ChannelId;
use rules::time;
use tests::harness::github::How;

use super::proposal_fixture::{DOCS, ProposalFixture, ask_again, asked};

/// The ids of an occurrence's messages: question, answer and thanks.
fn occurrence(fixture: &ProposalFixture, at: usize) -> [String; 3] {
    let ids = fixture.talk.ids();
    [0, 1, 2].map(|part| ids[3 * at + part].clone())
}

/// All that maintainers can read of a pull request.
fn shown(fixture: &ProposalFixture, number: u64) -> String {
    let pull = fixture.pull(number);
    let files = fixture.github.files(DOCS, pull.branch());
    let pages = files.into_iter().filter(|(path, _)| path.starts_with("answers/"));
    let pages = pages.map(|(path, text)| format!("{path}\n{text}")).collect::<String>();
    format!("{}\n{}\n{pages}", pull.title, pull.body)
}

#[test]
fn deleted_words_leave_an_open_pull_request_at_the_next_round() {
    let mut talk = asked(2);
    ask_again(&mut talk, 0, 90);
    ask_again(&mut talk, 1, 91);
    let fixture = ProposalFixture::eager(talk);
    fixture.round();
    let (ours, theirs) = (fixture.about("vector index"), fixture.about("TLS certificate"));
    let (path, page) = fixture.page_on(theirs.branch());
    let mina = fixture.mina();
    mina.comment(ours.number, "I shall look at it.");
    mina.edit_title(ours.number, &format!("{}!", ours.title));
    mina.edit_body(ours.number, &format!("{}\nAnd one more word of Mina's.", ours.body));
    mina.push(theirs.branch(), &[(&path, Some(&page.replace("Run", "Just run")))], "Better");
    let head = fixture.github.branches(DOCS)[theirs.branch()].clone();

    let (first, second) = (occurrence(&fixture, 0), occurrence(&fixture, 3));
    assert!(shown(&fixture, ours.number).contains(&first[0]));
    assert!(shown(&fixture, theirs.number).contains(&second[1]));
    fixture.delete(&[&first[0], &second[1]]);
    fixture.round();
    let text = shown(&fixture, ours.number);
    let wording = "after changing the embedding model";
    assert!(!text.contains(&first[0]) && !text.contains(wording), "{text}");
    let history = fixture.github.commits(DOCS, ours.branch());
    assert_eq!(history.len(), 2, "no commit of the branch holds them");
    assert!(fixture.pull(ours.number).open);

    let found = fixture.pull(theirs.number);
    assert!(found.open && found.title == "docs(faq): withdrawn", "{}", found.title);
    assert!(!found.body.contains(&second[1]) && !found.body.contains("gatectl"), "{}", found.body);
    assert_eq!(fixture.github.branches(DOCS)[theirs.branch()], head, "commits of people stay");
    let status = fixture.status_of(theirs.number);
    assert!(status.contains("remove the quotes"), "{status}");
    fixture.round();
    assert_eq!(fixture.status_of(theirs.number), status);
    assert_eq!(fixture.pulls().len(), 2);
    fixture.assert_polite();
}

#[test]
fn a_question_whose_words_are_all_gone_is_withdrawn_and_may_come_again() {
    let mut fixture = ProposalFixture::eager(asked(1));
    fixture.round();
    let first = fixture.about("vector index");
    let ids = fixture.talk.ids();
    fixture.delete(&ids.iter().map(String::as_str).collect::<Vec<_>>());
    fixture.round();
    let gone = fixture.pull(first.number);
    assert!(!gone.open && !gone.body.contains("vector") && !gone.title.contains("vector"));
    assert!(!fixture.github.branches(DOCS).contains_key(first.branch()));
    fixture.round();
    assert_eq!(fixture.pulls().len(), 1);

    for asker in 0..3 {
        ask_again(&mut fixture.talk, 0, 60 + asker);
        fixture.import();
        fixture.days(1);
        fixture.round();
        let open = fixture.pulls().iter().filter(|pull| pull.open).count();
        assert_eq!(open, usize::from(asker == 2), "not before it is due again");
    }
    fixture.round();
    assert_eq!(fixture.pulls().len(), 2);
    fixture.assert_polite();
}

/// A merged page that people made better, with one more occurrence than it needs.
fn merged(fixture: &ProposalFixture) -> String {
    fixture.round();
    let open = fixture.about("vector index");
    let (path, page) = fixture.page_on(open.branch());
    let better = page.replace("Delete the folder", "Stop the agent, delete the folder");
    assert_ne!(better, page);
    fixture.mina().merge_edited(open.number, How::Squash, &[(&path, Some(&better))], None);
    fixture.round();
    path
}

fn known(fixture: &ProposalFixture) -> String {
    let found = fixture.sandbox.json(&["search", "reset the vector index", "--json"]);
    let best = &found["answers"][0];
    format!("{} {}", best["status"], best["answer"])
}

/// The answer that the page quotes.
fn quoted(fixture: &ProposalFixture, path: &str) -> String {
    let page = fixture.github.file(DOCS, "main", path).unwrap();
    let answers = (0..4).map(|at| occurrence(fixture, at)[1].clone());
    let mut quoted = answers.filter(|answer| page.contains(&format!("/{answer})")));
    quoted.next().unwrap_or_else(|| panic!("no answer is cited: {page}"))
}

/// The pull request that mends the page, which is merged and known again.
fn mended(fixture: &ProposalFixture, path: &str, gone: &str) {
    fixture.round();
    let fix = fixture.pulls().pop().unwrap();
    assert_eq!(fix.title, "docs(faq): remove deleted quotes");
    assert!(fix.open && !fix.is_draft() && !fix.body.contains(gone), "{}", fix.body);
    let page = fixture.github.file(DOCS, fix.branch(), path).unwrap();
    assert!(page.contains("Stop the agent, delete"), "{page}");
    assert!(!page.contains(gone), "{page}");
    let number = fixture.pulls().len();
    fixture.round();
    assert_eq!(fixture.pulls().len(), number, "asked for once");
    fixture.mina().merge(fix.number, How::Squash);
    fixture.round();
    assert!(known(fixture).starts_with("\"known\" \"Stop the agent, delete"), "{}", known(fixture));
    fixture.round();
    assert_eq!(fixture.pulls().len(), number);
    fixture.assert_polite();
}

#[test]
fn a_merged_page_that_lost_a_source_is_mended_with_the_words_of_people() {
    let mut talk = asked(1);
    ask_again(&mut talk, 0, 90);
    let fixture = ProposalFixture::eager(talk);
    let path = merged(&fixture);
    assert!(known(&fixture).starts_with("\"known\" \"Stop the agent"));
    let gone = quoted(&fixture, &path);
    fixture.delete(&[&gone]);
    assert!(!known(&fixture).contains("Stop the agent"), "not shown before it is mended");
    mended(&fixture, &path, &gone);
}

#[test]
fn who_opts_out_leaves_a_merged_page() {
    let mut talk = asked(1);
    ask_again(&mut talk, 0, 90);
    let fixture = ProposalFixture::eager(talk);
    let path = merged(&fixture);
    fixture.sandbox.stdout_of(&["forget", "90"]);
    mended(&fixture, &path, &occurrence(&fixture, 3)[0]);
}

#[test]
fn a_hidden_channel_leaves_no_page() {
    let fixture = ProposalFixture::eager(asked(1));
    let path = merged(&fixture);
    let (channel, at) =
        (ChannelId(fixture.talk.channel()), time::whole_millisecond(Timestamp::now()));
    fixture.apply_batch(&WriteBatch { hidden: vec![(channel, at)], ..WriteBatch::default() });
    fixture.round();
    let removal = fixture.pulls().pop().unwrap();
    assert!(removal.open && removal.title.contains("remove"), "{}", removal.title);
    assert_eq!(fixture.github.file(DOCS, removal.branch(), &path), None);
    fixture.mina().close(removal.number);
    for _ in 0..3 {
        fixture.days(1);
        fixture.round();
    }
    assert_eq!(fixture.pulls().len(), 2, "their no is a no");
    let found = fixture.sandbox.json(&["search", "reset the vector index", "--json"]);
    assert_eq!(found["total"], 0, "{found:#}");
    fixture.assert_polite();
}

#[test]
fn a_moved_page_is_followed_and_a_deleted_one_is_retired() {
    let mut talk = asked(1);
    ask_again(&mut talk, 0, 90);
    let fixture = ProposalFixture::eager(talk);
    let path = merged(&fixture);
    let page = fixture.github.file(DOCS, "main", &path).unwrap();
    let gone = quoted(&fixture, &path);
    let moved = page.replace("and restart the agent", "and restart it");
    let mina = fixture.mina();
    mina.push("main", &[(&path, None), ("guide/reset.mdx", Some(&moved))], "Move a page");
    fixture.round();
    assert!(known(&fixture).contains("and restart it"), "{}", known(&fixture));
    let found = fixture.sandbox.json(&["search", "reset the vector index", "--json"]);
    assert!(found.to_string().contains("guide/reset.mdx"), "{found:#}");
    fixture.delete(&[&gone]);
    mended(&fixture, "guide/reset.mdx", &gone);

    fixture.mina().push("main", &[("guide/reset.mdx", None)], "Take it out");
    fixture.round();
    assert!(!known(&fixture).contains("known"), "{}", known(&fixture));
    for _ in 0..3 {
        fixture.days(1);
        fixture.round();
    }
    assert_eq!(fixture.pulls().len(), 2, "what people took out stays out");
    fixture.assert_polite();
}

#[test]
fn a_later_answer_that_contradicts_gets_one_pull_request_with_both_sides() {
    for merge in [true, false] {
        let mut fixture = ProposalFixture::eager(asked(1));
        fixture.github.set_now(fixture.said_last());
        let path = merged(&fixture);
        let question = "How do I reset the vector index after I switch the embedding model?";
        let answer = "Do not delete the folder `data/index` any more, that breaks the agent; run \
            `agent index --rebuild` instead.";
        fixture.talk.resolved(70, question, answer);
        fixture.import();
        fixture.days(1);
        fixture.round();
        let update = fixture.pulls().pop().unwrap();
        assert_eq!(update.title, "docs(faq): review a conflicting answer");
        for side in ["Stop the agent, delete", "agent index --rebuild"] {
            assert!(update.body.contains(side), "{}", update.body);
        }
        let page = fixture.github.file(DOCS, update.branch(), &path).unwrap();
        assert!(page.contains("Stop the agent, delete") && page.contains("--rebuild"), "{page}");
        if merge {
            fixture.mina().merge(update.number, How::Squash);
        } else {
            fixture.mina().close(update.number);
        }
        for _ in 0..3 {
            fixture.days(1);
            fixture.round();
        }
        assert_eq!(fixture.pulls().len(), 2, "{merge}");
        let known = known(&fixture);
        assert_eq!(known.contains("--rebuild"), merge, "{known}");
        assert!(known.contains("Stop the agent, delete"), "{known}");
        fixture.assert_polite();
    }
}
