//! A disk that fails, and files that others may not read.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::exports::{asked_three_times, write};
use crate::live::discord_fixture::Scene;
use crate::world::{PROGRAM, World};

fn harvested() -> World {
    let world = World::new();
    world.settle_in();
    let export = asked_three_times("Delete data/index and start again.").export();
    assert_eq!(world.import(&write(&world.path("help.json"), &export)).code, 0);
    world
}

#[test]
fn a_lost_store_comes_back_from_its_backup() {
    let world = harvested();
    let state = world.state();
    let backup = world.path("backups/one");
    let backup = backup.to_str().unwrap();
    assert!(world.well(&["backup", backup]).contains("store.sqlite"));
    let again = world.run(&["backup", backup]);
    assert!(again.code == 1 && again.complained.contains("already a file"), "{}", again.complained);

    let store = world.path("data/store.sqlite");
    std::fs::write(&store, "").unwrap();
    let export = world.path("help.json");
    let import = ["import", export.to_str().unwrap()];
    for command in [&["status"][..], &["search", "vector"], &import, &["reindex"]] {
        let ran = world.run(command);
        assert_eq!(ran.code, 1, "{command:?}");
        assert!(ran.complained.contains("harvester restore"), "{command:?}: {}", ran.complained);
        assert_eq!(store.metadata().unwrap().len(), 0, "{command:?}");
    }
    let output = world.well(&["restore", backup]);
    assert!(output.contains("Restored") && output.contains("store.sqlite.replaced"), "{output}");
    assert_eq!(world.state(), state);
    world.well(&["doctor"]);
}

#[test]
fn the_doctor_goes_on_after_a_finding_and_names_each_remedy() {
    let world = harvested();
    let [store, index] = ["data/store.sqlite", "data/index"].map(|name| world.path(name));
    damage(&store, 4_096);
    let segment =
        files(&index).into_iter().find(|path| path.extension().is_some_and(|end| end == "store"));
    damage(&segment.unwrap(), 0);
    let ran = world.run(&["doctor"]);
    assert_eq!(ran.code, 1);
    for part in ["settings and rules", "harvester restore", "index files", "harvester reindex"] {
        assert!(ran.said.contains(part), "{part} is not in {}", ran.said);
    }
    assert!(!ran.complained.contains("panicked"), "{}", ran.complained);
}

#[test]
fn a_damaged_index_is_reported_and_built_again() {
    let world = harvested();
    let index = world.path("data/index");
    let segment =
        files(&index).into_iter().find(|path| path.extension().is_some_and(|end| end == "store"));
    damage(&segment.unwrap(), 0);
    let ran = world.run(&["doctor"]);
    assert!(ran.code == 1 && ran.said.contains("harvester reindex"), "{}", ran.said);
    world.well(&["reindex"]);
    assert!(world.well(&["doctor"]).contains("holds all"));
}

#[test]
fn whatever_the_umask_nobody_else_may_read_the_data() {
    let world = World::new();
    let export = asked_three_times("Delete data/index and start again.").export();
    let file = write(&world.path("help.json"), &export);
    let open = format!(
        "umask 000; {PROGRAM} --data {} import {} >&2",
        world.data().display(),
        file.display()
    );
    assert!(Command::new("sh").args(["-c", &open]).status().unwrap().success());
    let mut paths = vec![world.data()];
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
    let (scene, world) = (Scene::new(), harvested());
    let token = world.write("data/token", scene.discord.token());
    let settings = |more: &str| {
        let text = format!("[rules]\ndirectory = 'rules'\n{more}");
        world.write("data/harvester.toml", &text);
    };
    // The doctor asks Discord about a token.
    let api_url = scene.discord.url();
    settings(&format!("[discord]\ntoken_file = 'token'\napi_url = '{api_url}'\n"));
    let set =
        |mode| std::fs::set_permissions(&token, std::fs::Permissions::from_mode(mode)).unwrap();
    set(0o644);
    let ran = world.run(&["doctor"]);
    assert!(ran.code == 1 && ran.said.contains("chmod 600"), "{}", ran.said);
    set(0o600);
    world.well(&["doctor"]);
    settings(
        "[forge]\ngithub = 'a/b'\ntoken_file = 'token'\napi_url = 'http://ghe.example/api/v3'\n",
    );
    let ran = world.run(&["doctor"]);
    assert!(ran.code == 1 && ran.said.contains("unencrypted"), "{}", ran.said);
    settings("[site]\nlisten = '0.0.0.0:80'\n");
    assert!(world.well(&["doctor"]).contains("trusted_proxies"));
}

#[test]
fn a_log_filter_that_cannot_be_parsed_is_reported() {
    let world = World::new();
    let output = world.command(&["status"]).env("RUST_LOG", "harvester=loud").output().unwrap();
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
