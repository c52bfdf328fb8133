//! Old talk without an answer, where the operator chose not to keep it.

use std::path::Path;

use crate::exports::{asked_three_times, write};
use crate::sandbox::{CommandOutput, Sandbox};

const ANSWER: &str = "Delete the folder `data/index` and restart the agent.";

fn import_keeping(sandbox: &Sandbox, path: &Path, days: &str) -> CommandOutput {
    let mut command = sandbox.command(&["import", &path.display().to_string()]);
    CommandOutput::of(command.env("HARVESTER__STORE__KEEP_UNRESOLVED_DAYS", days).output().unwrap())
}

fn messages(sandbox: &Sandbox) -> u64 {
    sandbox.json(&["status", "--json"])["messages"].as_u64().unwrap()
}

#[test]
fn old_talk_without_an_answer_goes_and_every_answer_stays() {
    let mut talk = asked_three_times(ANSWER);
    talk.pause();
    talk.say(21, None, "the cat of my neighbour sat on my keyboard", None);
    talk.pause();
    talk.say(22, None, "How do I rename a plugin after it was published?", None);
    let count = talk.ids().len() as u64;
    let (kept, dropping) = (Sandbox::new(), Sandbox::new());
    let export = |sandbox: &Sandbox| write(&sandbox.path("talk.json"), &talk.export());
    kept.settle_in();
    dropping.settle_in();
    kept.import(&export(&kept));
    assert_eq!(messages(&kept), count);

    for _ in 0..2 {
        let import = import_keeping(&dropping, &export(&dropping), "90");
        let expected = "Dropped 2 conversation(s) without an answer that ended more than 90 days ago: \
                        2 message(s).";
        assert!(import.stdout.contains(expected), "{}", import.stdout);
        assert_eq!(messages(&dropping), count - 2);
    }
    let clusters = |sandbox: &Sandbox| sandbox.json(&["clusters", "--json"]);
    assert_eq!(clusters(&dropping), clusters(&kept));

    let refused = import_keeping(&dropping, &export(&dropping), "30");
    assert!(refused.stderr.contains("at least 90"), "{}", refused.stderr);
}
