//! A disk that fails, and files that others may not read.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::exports::{asked_three_times, write};
use crate::live::discord_fixture::DiscordFixture;
use crate::sandbox::{PROGRAM, Sandbox};

fn harvested() -> Sandbox {
    harvested_in(Sandbox::new())
}

fn harvested_in(sandbox: Sandbox) -> Sandbox {
    sandbox.settle_in();
    let export = asked_three_times("Delete data/index and start again.").export();
    assert_eq!(sandbox.import(&write(&sandbox.path("help.json"), &export)).code, 0);
    sandbox
}

#[test]
fn a_lost_store_comes_back_from_its_backup() {
    let sandbox = harvested_in(Sandbox::with_file());
    let state = sandbox.state();
    let backup = sandbox.path("backups/one");
    let backup = backup.to_str().unwrap();
    assert!(sandbox.stdout_of(&["backup", backup]).contains("store.sqlite"));
    let again = sandbox.run(&["backup", backup]);
    assert!(again.code == 1 && again.stderr.contains("already a file"), "{}", again.stderr);

    let store = sandbox.path("data/store.sqlite");
    std::fs::write(&store, "").unwrap();
    let export = sandbox.path("help.json");
    let import = ["import", export.to_str().unwrap()];
    for command in [&["status"][..], &["search", "vector"], &import, &["reindex"]] {
        let ran = sandbox.run(command);
        assert_eq!(ran.code, 1, "{command:?}");
        assert!(ran.stderr.contains("harvester restore"), "{command:?}: {}", ran.stderr);
        assert_eq!(store.metadata().unwrap().len(), 0, "{command:?}");
    }
    let output = sandbox.stdout_of(&["restore", backup]);
    assert!(output.contains("Restored") && output.contains("store.sqlite.replaced"), "{output}");
    assert_eq!(sandbox.state(), state);
    sandbox.stdout_of(&["doctor"]);
}

#[test]
fn the_doctor_goes_on_after_a_finding_and_names_each_remedy() {
    let sandbox = harvested_in(Sandbox::with_file());
    let [store, index] = ["data/store.sqlite", "data/index"].map(|name| sandbox.path(name));
    damage(&store, 4_096);
    let segment =
        files(&index).into_iter().find(|path| path.extension().is_some_and(|end| end == "store"));
    damage(&segment.unwrap(), 0);
    let ran = sandbox.run(&["doctor"]);
    assert_eq!(ran.code, 1);
    for part in ["settings and rules", "harvester restore", "index files", "harvester reindex"] {
        assert!(ran.stdout.contains(part), "{part} is not in {}", ran.stdout);
    }
    assert!(!ran.stderr.contains("panicked"), "{}", ran.stderr);
}

#[test]
fn a_damaged_index_is_reported_and_built_again() {
    let sandbox = harvested();
    let index = sandbox.path("data/index");
    let segment =
        files(&index).into_iter().find(|path| path.extension().is_some_and(|end| end == "store"));
    damage(&segment.unwrap(), 0);
    let ran = sandbox.run(&["doctor"]);
    assert!(ran.code == 1 && ran.stdout.contains("harvester reindex"), "{}", ran.stdout);
    sandbox.stdout_of(&["reindex"]);
    assert!(sandbox.stdout_of(&["doctor"]).contains("holds all"));
}

#[test]
fn whatever_the_umask_nobody_else_may_read_the_data() {
    let sandbox = Sandbox::new();
    let export = asked_three_times("Delete data/index and start again.").export();
    let file = write(&sandbox.path("help.json"), &export);
    let open = format!(
        "umask 000; {PROGRAM} --data {} import {} >&2",
        sandbox.data().display(),
        file.display()
    );
    assert!(Command::new("sh").args(["-c", &open]).status().unwrap().success());
    let mut paths = vec![sandbox.data()];
    while let Some(path) = paths.pop() {
        let mode = path.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{} has mode {mode:o}", path.display());
        if path.is_dir() {
            paths.extend(files(&path));
        }
    }
}

#[test]
fn a_readable_token_and_an_unencrypted_one_are_reported() {
    let (fixture, sandbox) = (DiscordFixture::new(), harvested());
    let token = sandbox.write("data/token", fixture.discord.token());
    let settings = |more: &str| {
        let text = format!("[rules]\ndirectory = 'rules'\n{more}");
        sandbox.write("data/harvester.toml", &text);
    };
    // The doctor asks Discord about a token.
    let api_url = fixture.discord.url();
    settings(&format!("[discord]\ntoken_file = 'token'\napi_url = '{api_url}'\n"));
    let set =
        |mode| std::fs::set_permissions(&token, std::fs::Permissions::from_mode(mode)).unwrap();
    set(0o644);
    let ran = sandbox.run(&["doctor"]);
    assert!(ran.code == 1 && ran.stdout.contains("chmod 600"), "{}", ran.stdout);
    set(0o600);
    sandbox.stdout_of(&["doctor"]);
    settings(
        "[forge]\ngithub = 'a/b'\ntoken_file = 'token'\napi_url = 'http://ghe.example/api/v3'\n",
    );
    let ran = sandbox.run(&["doctor"]);
    assert!(ran.code == 1 && ran.stdout.contains("unencrypted"), "{}", ran.stdout);
    settings("[site]\nlisten = '0.0.0.0:80'\n");
    assert!(sandbox.stdout_of(&["doctor"]).contains("trusted_proxies"));
}

#[test]
fn a_log_filter_that_cannot_be_parsed_is_reported() {
    let sandbox = Sandbox::new();
    let output = sandbox.command(&["status"]).env("RUST_LOG", "harvester=loud").output().unwrap();
    let printed = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && printed.contains("RUST_LOG"), "{printed}");
}

fn files(folder: &Path) -> Vec<PathBuf> {
    std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect()
}

/// Overwrites a file from a place on.
fn damage(file: &Path, from: usize) {
    let mut bytes = std::fs::read(file).unwrap();
    bytes[from..].fill(0x5a);
    std::fs::write(file, bytes).unwrap();
}
