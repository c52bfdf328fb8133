//! The house rules that a program can check.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

const CRATES: [&str; 6] = ["rules", "indexer", "docgen", "site", "harvester", "tests"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// Every Rust file of a crate, with its text.
fn sources(name: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(name)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                if !path.ends_with("node_modules") && !path.ends_with("target") {
                    folders.push(path);
                }
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let shown = path.strip_prefix(root()).unwrap().display().to_string();
                found.push((shown, std::fs::read_to_string(path).unwrap()));
            }
        }
    }
    found.sort();
    found
}

/// The text of a file before its tests.
fn product(text: &str) -> &str {
    let starts = ["#[cfg(test)]\nmod tests {", "#[cfg(test)]\npub(crate) mod tests {"];
    let tests = starts.iter().filter_map(|start| text.find(start)).min();
    tests.map_or(text, |at| &text[..at])
}

fn is_test(path: &str) -> bool {
    path.starts_with("tests/")
        || path.contains("/tests/")
        || path.ends_with("/tests.rs")
        || path.contains("/samples")
}

#[test]
fn crates_depend_only_along_the_arrows() {
    let allowed = BTreeMap::from([
        ("rules", vec![]),
        ("indexer", vec!["rules"]),
        ("docgen", vec!["rules"]),
        ("site", vec!["indexer", "rules"]),
        ("harvester", vec!["docgen", "indexer", "rules", "site"]),
    ]);
    for (name, allowed) in allowed {
        let manifest = std::fs::read_to_string(root().join(name).join("Cargo.toml")).unwrap();
        for other in CRATES {
            let depends = manifest.lines().any(|line| line == format!("{other}.workspace = true"));
            assert!(!depends || allowed.contains(&other), "{name} depends on {other}");
        }
    }
}

#[test]
fn a_librarys_types_stay_at_home() {
    let homes = [
        ("sqlx::", "indexer/src/store"),
        ("tantivy::", "indexer/src/"),
        ("axum::", "site/src/"),
        ("git2::", "docgen/src/forge"),
        ("indicatif::", "harvester/src/progress.rs"),
    ];
    for (path, text) in CRATES[..5].iter().flat_map(|name| sources(name)) {
        for (library, home) in homes {
            let uses = product(&text).contains(library);
            assert!(!uses || is_test(&path) || path.starts_with(home), "{library} in {path}");
        }
    }
}

#[test]
fn the_core_knows_neither_disk_nor_clock_nor_runtime() {
    for (path, text) in sources("rules") {
        for word in [
            "std::fs",
            "std::net",
            "std::process",
            "SystemTime",
            "Instant::now",
            "tokio",
            "Timestamp::now",
        ] {
            assert!(!product(&text).contains(word), "{word} in {path}");
        }
    }
}

#[test]
fn files_are_short_and_finished() {
    let unfinished = ["TO", "DO"].concat();
    let mend = ["FIX", "ME"].concat();
    let unwrap = [".unwrap", "()"].concat();
    for (path, text) in CRATES.iter().flat_map(|name| sources(name)) {
        let lines = product(&text).lines().count();
        assert!(lines <= 600, "{path} has {lines} lines");
        for word in [&unfinished, &mend] {
            assert!(!text.contains(word.as_str()), "{word} in {path}");
        }
        assert!(is_test(&path) || !product(&text).contains(&unwrap), "unwrap in {path}");
    }
}

#[test]
fn every_rules_file_is_carried_by_the_program() {
    let mut files = std::fs::read_dir(root().join("rules"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".toml") && name != "Cargo.toml")
        .collect::<Vec<_>>();
    let mut carried = rules::ruleset::EMBEDDED.map(|(name, _)| name.to_owned()).to_vec();
    files.sort();
    carried.sort();
    assert_eq!(files, carried);
}
