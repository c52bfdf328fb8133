//! A sentence encoder beside the words: the small one with random weights, which nothing is learned from but that
//! everything goes on as before.

use std::path::Path;

use crate::exports::{Talk, write};
use crate::sandbox::{CommandOutput, Sandbox};
use crate::server_store::texts;

const MODEL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/data/encoders/bert");

fn run_with(sandbox: &Sandbox, model: &Path, arguments: &[&str]) -> CommandOutput {
    let mut command = sandbox.command(arguments);
    CommandOutput::of(command.env("HARVESTER__MEANING__MODEL", model).output().unwrap())
}

/// An installation that answered one question three times, with or without the model.
fn installation(model: Option<&Path>) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.settle_in();
    // Words that the small model knows.
    let mut talk = Talk::in_channel(5);
    for (asker, question) in [
        (11, "Where is the port set in the file?"),
        (12, "Where in the file is the port set?"),
        (13, "Is the port set in the file, and where?"),
    ] {
        talk.resolved(asker, question, "The port is set in the file, line half.");
    }
    let file = write(&sandbox.path("talk.json"), &talk.export()).display().to_string();
    let imported = match model {
        Some(model) => run_with(&sandbox, model, &["import", &file]),
        None => sandbox.run(&["import", &file]),
    };
    assert_eq!(imported.code, 0, "{}", imported.stderr);
    sandbox
}

#[test]
fn the_doctor_describes_the_model_or_says_what_is_wrong() {
    let sandbox = installation(None);
    assert!(!sandbox.run(&["doctor"]).stdout.contains("sentence encoder"), "nothing needs one");
    let described = run_with(&sandbox, Path::new(MODEL), &["doctor"]).stdout;
    assert!(described.contains("bert with 2 layers, 16 dimensions"), "{described}");
    let missing = sandbox.path("no-model");
    let refused = run_with(&sandbox, &missing, &["doctor"]);
    assert!(refused.stdout.contains("has no config.json"), "{}", refused.stdout);
    let refused = run_with(&sandbox, &missing, &["search", "index"]);
    assert!(
        refused.code != 0 && refused.stderr.contains("has no config.json"),
        "{}",
        refused.stderr
    );
}

#[test]
fn with_a_model_and_without_the_same_is_known() {
    let model = Path::new(MODEL);
    let (with, without) = (installation(Some(model)), installation(None));
    // Which of the questions stands in the middle, and names them, is for the model to say.
    let untitled = |mut found: serde_json::Value, key: &str| {
        let all = if key.is_empty() { &mut found } else { &mut found[key] };
        let all = all.as_array_mut().expect("a list");
        all.iter_mut().for_each(|one| one["title"] = serde_json::Value::Null);
        found
    };
    let clusters = |sandbox: &Sandbox| untitled(sandbox.json(&["clusters", "--json"]), "");
    assert_eq!(clusters(&with), clusters(&without));
    let search = ["search", "--json", "port", "file"];
    let found = |sandbox: &Sandbox| untitled(sandbox.json(&search), "answers");
    assert_eq!(found(&with), found(&without), "a search by words alone");
    let searched = run_with(&with, model, &search);
    assert_eq!(searched.code, 0, "{}", searched.stderr);
    let again = run_with(&with, model, &search);
    assert_eq!(searched.stdout, again.stdout);
}

#[test]
fn a_model_that_is_taken_away_leaves_no_vector() {
    let sandbox = installation(Some(Path::new(MODEL)));
    let vectors = || {
        let store = match sandbox.store_url() {
            Some(url) => texts(&url).into_iter().flat_map(|(_, text)| text.into_bytes()).collect(),
            None => std::fs::read(sandbox.data().join("store.sqlite")).unwrap(),
        };
        let index = std::fs::read_dir(sandbox.data().join("index")).unwrap();
        let index = index.map(|file| std::fs::read(file.unwrap().path()).unwrap());
        let files = std::iter::once(store).chain(index).collect::<Vec<_>>();
        let tag = digest(&sandbox).into_bytes();
        let holds = |file: &Vec<u8>| file.windows(8).any(|part| part == &tag[..8]);
        files.iter().filter(|file| holds(file)).count()
    };
    assert!(vectors() > 1, "in the store and in the index");
    assert_eq!(sandbox.run(&["reindex"]).code, 0);
    assert_eq!(vectors(), 0);
}

/// Of the model, as the doctor prints it.
fn digest(sandbox: &Sandbox) -> String {
    let described = run_with(sandbox, Path::new(MODEL), &["doctor"]).stdout;
    let (_, digest) = described.split_once("digest ").unwrap();
    digest.split_whitespace().next().unwrap().to_owned()
}
