//! Open questions that recur become issues when an operator asks for that, one each.

use tests::harness::github::Issue;

use super::SITE;
use super::proposal_fixture::{DOCS, ProposalFixture};
use crate::exports::Talk;

const SETTINGS: &str = ".github/answer-harvester.yml";

/// Three people ask in vain why the same thing fails; hours lie between them.
fn asked_in_vain() -> Talk {
    let mut talk = Talk::in_channel(5);
    for (asker, question) in [
        (11, "Why does the upload agent stop with exit code 71 after the update?"),
        (12, "After the update the upload agent stops with exit code 71, why?"),
        (13, "The upload agent stops with exit code 71 since the update. Why is that?"),
    ] {
        talk.resolved(60 + asker, "Where is the log of the relay?", "In the folder `logs`.");
        talk.pause();
        talk.say(asker, None, question, None);
    }
    talk
}

fn triage_issues(fixture: &ProposalFixture) -> Vec<Issue> {
    let mut issues = fixture.github.issues(DOCS);
    issues.retain(|issue| issue.title.starts_with("Open question"));
    issues
}

#[test]
fn open_questions_that_recur_become_one_issue_that_stays_closed() {
    let mut files = SITE.to_vec();
    files.push((SETTINGS, "limits:\n  open: 1\n"));
    files.push((".github/CODEOWNERS", "* @sol\n/answers/ @mina\n"));
    let fixture = ProposalFixture::new(&files, asked_in_vain());
    fixture.configure_forge();
    let until = fixture.last_day();
    let open = ["report", "triage", "--until", &until, "--open-issues", "--json"];
    let lines = fixture.sandbox.json(&open);
    assert_eq!(lines[0]["outcome"], "opened", "{lines}");
    let [issue] = &triage_issues(&fixture)[..] else { panic!("{:?}", triage_issues(&fixture)) };
    assert!(issue.title.contains("upload agent"), "{}", issue.title);
    for part in ["`mina`", "people asked 3 times", "https://discord.com/channels/1/5/"] {
        assert!(issue.body.contains(part), "{part} is not in {}", issue.body);
    }
    let lines = fixture.sandbox.json(&open);
    assert_eq!(lines[0]["outcome"], "left as it is", "{lines}");
    assert_eq!(triage_issues(&fixture).len(), 1);

    fixture.mina().close(issue.number);
    let lines = fixture.sandbox.json(&open);
    assert_eq!(lines[0]["outcome"], "left as it is", "{lines}");
    let all = triage_issues(&fixture);
    assert!(all.len() == 1 && !all[0].open, "{all:?}");
    assert!(fixture.github.mentions().is_empty(), "{:?}", fixture.github.mentions());
    fixture.github.assert_no_surprises();
}
