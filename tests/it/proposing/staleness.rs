//! What is proposed or merged follows what was said, and what may be shown of it.

use indexer::store::WriteBatch;
use rules::model::ids::{ChannelId, Millis};
use tests::harness::github::How;

use super::proposal_fixture::{DOCS, Office, ask_again, asked};

/// The ids of an occurrence's messages: question, answer and thanks.
fn occurrence(office: &Office, at: usize) -> [String; 3] {
    let ids = office.talk.ids();
    [0, 1, 2].map(|part| ids[3 * at + part].clone())
}

/// All that maintainers can read of a pull request.
fn shown(office: &Office, number: u64) -> String {
    let pull = office.pull(number);
    let files = office.github.files(DOCS, pull.branch());
    let pages = files.into_iter().filter(|(path, _)| path.starts_with("answers/"));
    let pages = pages.map(|(path, text)| format!("{path}\n{text}")).collect::<String>();
    format!("{}\n{}\n{pages}", pull.title, pull.body)
}

#[test]
fn deleted_words_leave_an_open_pull_request_at_the_next_round() {
    let mut talk = asked(2);
    ask_again(&mut talk, 0, 90);
    ask_again(&mut talk, 1, 91);
    let office = Office::eager(talk);
    office.round();
    let (ours, theirs) = (office.about("vector index"), office.about("TLS certificate"));
    let (path, page) = office.page_on(theirs.branch());
    let mina = office.mina();
    mina.comment(ours.number, "I shall look at it.");
    mina.edit_title(ours.number, &format!("{}!", ours.title));
    mina.edit_body(ours.number, &format!("{}\nAnd one more word of Mina's.", ours.body));
    mina.push(theirs.branch(), &[(&path, Some(&page.replace("Run", "Just run")))], "Better");
    let head = office.github.branches(DOCS)[theirs.branch()].clone();

    let (first, second) = (occurrence(&office, 0), occurrence(&office, 3));
    assert!(shown(&office, ours.number).contains(&first[0]));
    assert!(shown(&office, theirs.number).contains(&second[1]));
    office.delete(&[&first[0], &second[1]]);
    office.round();
    let text = shown(&office, ours.number);
    let wording = "after changing the embedding model";
    assert!(!text.contains(&first[0]) && !text.contains(wording), "{text}");
    let history = office.github.commits(DOCS, ours.branch());
    assert_eq!(history.len(), 2, "no commit of the branch holds them");
    assert!(office.pull(ours.number).open);

    let found = office.pull(theirs.number);
    assert!(found.open && found.title == "docs(faq): withdrawn", "{}", found.title);
    assert!(!found.body.contains(&second[1]) && !found.body.contains("gatectl"), "{}", found.body);
    assert_eq!(office.github.branches(DOCS)[theirs.branch()], head, "commits of people stay");
    let status = office.status_of(theirs.number);
    assert!(status.contains("remove the quotes"), "{status}");
    office.round();
    assert_eq!(office.status_of(theirs.number), status);
    assert_eq!(office.pulls().len(), 2);
    office.assert_polite();
}

#[test]
fn a_question_whose_words_are_all_gone_is_withdrawn_and_may_come_again() {
    let mut office = Office::eager(asked(1));
    office.round();
    let first = office.about("vector index");
    let ids = office.talk.ids();
    office.delete(&ids.iter().map(String::as_str).collect::<Vec<_>>());
    office.round();
    let gone = office.pull(first.number);
    assert!(!gone.open && !gone.body.contains("vector") && !gone.title.contains("vector"));
    assert!(!office.github.branches(DOCS).contains_key(first.branch()));
    office.round();
    assert_eq!(office.pulls().len(), 1);

    for asker in 0..3 {
        ask_again(&mut office.talk, 0, 60 + asker);
        office.import();
        office.days(1);
        office.round();
        let open = office.pulls().iter().filter(|pull| pull.open).count();
        assert_eq!(open, usize::from(asker == 2), "not before it is due again");
    }
    office.round();
    assert_eq!(office.pulls().len(), 2);
    office.assert_polite();
}

/// A merged page that people made better, with one more occurrence than it needs.
fn merged(office: &Office) -> String {
    office.round();
    let open = office.about("vector index");
    let (path, page) = office.page_on(open.branch());
    let better = page.replace("Delete the folder", "Stop the agent, delete the folder");
    assert_ne!(better, page);
    office.mina().merge_edited(open.number, How::Squash, &[(&path, Some(&better))], None);
    office.round();
    path
}

fn known(office: &Office) -> String {
    let found = office.world.json(&["search", "reset the vector index", "--json"]);
    let best = &found["answers"][0];
    format!("{} {}", best["status"], best["answer"])
}

/// The answer that the page quotes.
fn quoted(office: &Office, path: &str) -> String {
    let page = office.github.file(DOCS, "main", path).unwrap();
    let answers = (0..4).map(|at| occurrence(office, at)[1].clone());
    let mut quoted = answers.filter(|answer| page.contains(&format!("/{answer})")));
    quoted.next().unwrap_or_else(|| panic!("no answer is cited: {page}"))
}

/// The pull request that mends the page, which is merged and known again.
fn mended(office: &Office, path: &str, gone: &str) {
    office.round();
    let fix = office.pulls().pop().unwrap();
    assert_eq!(fix.title, "docs(faq): remove deleted quotes");
    assert!(fix.open && !fix.is_draft() && !fix.body.contains(gone), "{}", fix.body);
    let page = office.github.file(DOCS, fix.branch(), path).unwrap();
    assert!(page.contains("Stop the agent, delete"), "{page}");
    assert!(!page.contains(gone), "{page}");
    let number = office.pulls().len();
    office.round();
    assert_eq!(office.pulls().len(), number, "asked for once");
    office.mina().merge(fix.number, How::Squash);
    office.round();
    assert!(known(office).starts_with("\"known\" \"Stop the agent, delete"), "{}", known(office));
    office.round();
    assert_eq!(office.pulls().len(), number);
    office.assert_polite();
}

#[test]
fn a_merged_page_that_lost_a_source_is_mended_with_the_words_of_people() {
    let mut talk = asked(1);
    ask_again(&mut talk, 0, 90);
    let office = Office::eager(talk);
    let path = merged(&office);
    assert!(known(&office).starts_with("\"known\" \"Stop the agent"));
    let gone = quoted(&office, &path);
    office.delete(&[&gone]);
    assert!(!known(&office).contains("Stop the agent"), "not shown before it is mended");
    mended(&office, &path, &gone);
}

#[test]
fn who_opts_out_leaves_a_merged_page() {
    let mut talk = asked(1);
    ask_again(&mut talk, 0, 90);
    let office = Office::eager(talk);
    let path = merged(&office);
    office.world.well(&["forget", "90"]);
    mended(&office, &path, &occurrence(&office, 3)[0]);
}

#[test]
fn a_hidden_channel_leaves_no_page() {
    let office = Office::eager(asked(1));
    let path = merged(&office);
    let (channel, at) =
        (ChannelId(office.talk.channel()), Millis(jiff::Timestamp::now().as_millisecond()));
    office.apply_batch(&WriteBatch { hidden: vec![(channel, at)], ..WriteBatch::default() });
    office.round();
    let removal = office.pulls().pop().unwrap();
    assert!(removal.open && removal.title.contains("remove"), "{}", removal.title);
    assert_eq!(office.github.file(DOCS, removal.branch(), &path), None);
    office.mina().close(removal.number);
    for _ in 0..3 {
        office.days(1);
        office.round();
    }
    assert_eq!(office.pulls().len(), 2, "their no is a no");
    let found = office.world.json(&["search", "reset the vector index", "--json"]);
    assert_eq!(found["total"], 0, "{found:#}");
    office.assert_polite();
}

#[test]
fn a_moved_page_is_followed_and_a_deleted_one_is_retired() {
    let mut talk = asked(1);
    ask_again(&mut talk, 0, 90);
    let office = Office::eager(talk);
    let path = merged(&office);
    let page = office.github.file(DOCS, "main", &path).unwrap();
    let gone = quoted(&office, &path);
    let moved = page.replace("and restart the agent", "and restart it");
    let mina = office.mina();
    mina.push("main", &[(&path, None), ("guide/reset.mdx", Some(&moved))], "Move a page");
    office.round();
    assert!(known(&office).contains("and restart it"), "{}", known(&office));
    let found = office.world.json(&["search", "reset the vector index", "--json"]);
    assert!(found.to_string().contains("guide/reset.mdx"), "{found:#}");
    office.delete(&[&gone]);
    mended(&office, "guide/reset.mdx", &gone);

    office.mina().push("main", &[("guide/reset.mdx", None)], "Take it out");
    office.round();
    assert!(!known(&office).contains("known"), "{}", known(&office));
    for _ in 0..3 {
        office.days(1);
        office.round();
    }
    assert_eq!(office.pulls().len(), 2, "what people took out stays out");
    office.assert_polite();
}

#[test]
fn a_later_answer_that_contradicts_gets_one_pull_request_with_both_sides() {
    for merge in [true, false] {
        let mut office = Office::eager(asked(1));
        office.github.set_now(office.said_last());
        let path = merged(&office);
        let question = "How do I reset the vector index after I switch the embedding model?";
        let answer = "Do not delete the folder `data/index` any more, that breaks the agent; run \
            `agent index --rebuild` instead.";
        office.talk.resolved(70, question, answer);
        office.import();
        office.days(1);
        office.round();
        let update = office.pulls().pop().unwrap();
        assert_eq!(update.title, "docs(faq): review a conflicting answer");
        for side in ["Stop the agent, delete", "agent index --rebuild"] {
            assert!(update.body.contains(side), "{}", update.body);
        }
        let page = office.github.file(DOCS, update.branch(), &path).unwrap();
        assert!(page.contains("Stop the agent, delete") && page.contains("--rebuild"), "{page}");
        if merge {
            office.mina().merge(update.number, How::Squash);
        } else {
            office.mina().close(update.number);
        }
        for _ in 0..3 {
            office.days(1);
            office.round();
        }
        assert_eq!(office.pulls().len(), 2, "{merge}");
        let known = known(&office);
        assert_eq!(known.contains("--rebuild"), merge, "{known}");
        assert!(known.contains("Stop the agent, delete"), "{known}");
        office.assert_polite();
    }
}
