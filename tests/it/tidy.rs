//! The house rules that a program can check.

mod import_graph;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use regex::Regex;

use self::import_graph::ImportGraph;

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
        || path.ends_with("/test_support.rs")
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
        let manifest = manifest.parse::<toml::Table>().unwrap();
        let tables = ["dependencies", "dev-dependencies", "build-dependencies"];
        for (other, source) in tables
            .iter()
            .filter_map(|table| manifest.get(*table))
            .flat_map(|table| table.as_table().unwrap())
        {
            let ours = CRATES.contains(&other.as_str());
            assert!(!ours || allowed.contains(&other.as_str()), "{name} depends on {other}");
            let from_workspace = source.get("workspace").and_then(toml::Value::as_bool);
            assert_eq!(from_workspace, Some(true), "{name} versions {other} itself");
        }
        assert!(!manifest.contains_key("target"), "{name} has dependencies of one platform");
    }
}

/// Single files outside a library's home that may use it: each wraps it for one purpose.
const ALSO_AT_HOME: [(&str, &str); 1] = [("reqwest::", "harvester/src/link_check.rs")];

#[test]
fn a_librarys_types_stay_at_home() {
    let homes = [
        ("sqlx::", "indexer/src/store"),
        ("tantivy::", "indexer/src/"),
        ("axum::", "site/src/"),
        ("git2::", "docgen/src/forge"),
        ("octocrab::", "docgen/src/github"),
        ("serenity::", "harvester/src/discord"),
        ("reqwest::", "harvester/src/discord"),
        ("indicatif::", "harvester/src/progress.rs"),
    ];
    for (path, text) in CRATES[..5].iter().flat_map(|name| sources(name)) {
        for (library, home) in homes {
            let uses = product(&text).contains(library);
            let is_home = path.starts_with(home) || ALSO_AT_HOME.contains(&(library, &path));
            assert!(!uses || is_test(&path) || is_home, "{library} in {path}");
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
    let unfinished = [["TO", "DO"], ["FIX", "ME"], ["XX", "X"], ["dbg", "!("], ["todo", "!("]];
    let elsewhere = [["/wo", "rk/"], ["/tm", "p/"]];
    let unfinished = unfinished.map(|parts| parts.concat());
    let elsewhere = elsewhere.map(|parts| parts.concat());
    let unwrap = [".unwrap", "()"].concat();
    for (path, text) in CRATES.iter().flat_map(|name| sources(name)) {
        let lines = text.lines().count();
        assert!(lines <= 600, "{path} has {lines} lines");
        for word in unfinished.iter().chain(&elsewhere) {
            assert!(!has_word(&text, word), "{word} in {path}");
        }
        assert!(is_test(&path) || !product(&text).contains(&unwrap), "unwrap in {path}");
    }
}

/// Whether the text holds the word itself, not as the end or beginning of another.
fn has_word(text: &str, word: &str) -> bool {
    let joins = |c: char| c.is_ascii_alphanumeric();
    text.match_indices(word).any(|(at, _)| {
        let before = text[..at].chars().next_back().is_some_and(joins);
        let after = text[at + word.len()..].chars().next().is_some_and(joins);
        !before && (!after || word.ends_with(['/', '(']))
    })
}

#[test]
fn lints_are_silenced_only_with_a_reason() {
    let allow = ["#[al", "low("].concat();
    let expect = ["[ex", "pect("].concat();
    for (path, text) in CRATES.iter().flat_map(|name| sources(name)) {
        assert!(!text.contains(&allow), "an allow in {path}");
        for (at, _) in text.match_indices(&expect) {
            let attribute = text[at..].split(']').next().unwrap();
            assert!(attribute.contains("reason ="), "a lint is silenced without reason in {path}");
        }
    }
}

#[test]
fn every_rules_file_is_carried_by_the_program() {
    let mut files = std::fs::read_dir(root().join("rules"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".toml") && name != "Cargo.toml")
        .collect::<Vec<_>>();
    let mut carried = rules::config::ruleset::EMBEDDED.map(|(name, _)| name.to_owned()).to_vec();
    for folder in [rules::language::FOLDER, rules::guide::FOLDER] {
        let entries = std::fs::read_dir(root().join("rules").join(folder)).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        files.extend(names.map(|name| format!("{folder}/{name}")));
    }
    carried.extend(rules::language::BUILT_IN.map(|(name, _)| name.to_owned()));
    carried.extend(rules::guide::BUILT_IN.map(|(name, _)| name.to_owned()));
    files.sort();
    carried.sort();
    assert_eq!(files, carried);
}

#[test]
fn modules_import_in_one_direction() {
    for name in &CRATES[..5] {
        let circles = ImportGraph::of_crate(name).circles();
        assert!(circles.is_empty(), "modules of {name} import each other: {circles:#?}");
    }
}

/// Aliases that every crate with an error type of its own may have.
const SHARED_ALIASES: [&str; 1] = ["Result"];

#[test]
fn a_public_type_name_means_one_thing() {
    let definition =
        Regex::new(r"(?m)^\s*pub(?:\([^)]*\))? (?:struct|enum|trait|type|union) (\w+)").unwrap();
    let mut homes = BTreeMap::<String, Vec<String>>::new();
    for (path, text) in CRATES[..5].iter().flat_map(|name| sources(name)) {
        let names = definition.captures_iter(product(&text)).map(|found| found[1].to_owned());
        for name in names.filter(|name| !is_test(&path) && !SHARED_ALIASES.contains(&&name[..])) {
            homes.entry(name).or_default().push(path.clone());
        }
    }
    homes.retain(|_, paths| paths.len() > 1);
    assert!(homes.is_empty(), "public type names with several meanings: {homes:#?}");
}

#[test]
fn a_logged_error_carries_its_chain() {
    let call = Regex::new(r"(?s)tracing::(?:error|warn|info|debug|trace)!\((.*?)\);").unwrap();
    let bare = Regex::new(r"[%?]error\b|\{error(?::\?)?\}").unwrap();
    for (path, text) in CRATES[..5].iter().flat_map(|name| sources(name)) {
        for found in call.captures_iter(product(&text)).filter(|_| !is_test(&path)) {
            assert!(
                !bare.is_match(&found[1]),
                "an error is logged without its causes in {path}: {}",
                &found[0]
            );
        }
    }
}
