//! Small sites of every kind: what is detected, where pages go, and what is edited there.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use docgen::change::FileChange;
use docgen::site::detection::{detect, settings_files};
use docgen::site::generator::UnknownPlace;
use docgen::site::layout::SiteLayout;

/// The files of a repository by path.
type Files = BTreeMap<String, String>;

fn repository(folder: &Path) -> Files {
    let mut files = Files::new();
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
                continue;
            }
            let name = path.strip_prefix(folder).unwrap().to_str().unwrap().replace('\\', "/");
            files.insert(name, fs::read_to_string(&path).unwrap());
        }
    }
    files
}

fn sites() -> BTreeMap<String, Files> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/docs/sites");
    let folders = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let named = |path: &Path| path.file_name().unwrap().to_str().unwrap().to_owned();
    folders.map(|path| (named(&path), repository(&path))).collect()
}

fn detected(files: &Files) -> Result<SiteLayout, UnknownPlace> {
    let asked = settings_files(files.keys().map(String::as_str));
    detect(files.keys().map(String::as_str), |path| {
        assert!(asked.iter().any(|one| one == path), "{path} is not among the settings");
        files.get(path).cloned()
    })
}

/// Applies changes; every one must have its place, and a second time changes nothing.
fn apply(changes: &[FileChange], files: &mut Files) {
    for change in changes {
        assert!(change.is_allowed(), "{change:?}");
        let FileChange::Edit { path, edit } = change else { panic!("{change:?}") };
        let old = files.get(path).cloned();
        if let Some(text) = edit.apply(old.as_deref()).unwrap_or_else(|why| panic!("{path}: {why}"))
        {
            assert_eq!(edit.apply(Some(&text)), Ok(None), "{path} a second time");
            files.insert(path.clone(), text);
        }
    }
}

/// The lines that were added to files, and those that went.
fn difference(before: &Files, after: &Files) -> String {
    let mut out = String::new();
    for (path, text) in after {
        let old = before.get(path).map(String::as_str).unwrap_or_default();
        if old == text {
            continue;
        }
        out.push_str(&format!("  {}{path}\n", if before.contains_key(path) { "" } else { "new " }));
        let (old, new) = (old.lines().collect::<Vec<_>>(), text.lines().collect::<Vec<_>>());
        let same = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
        let rest = old[same..].iter().rev().zip(new[same..].iter().rev());
        let rest = rest.take_while(|(a, b)| a == b).count();
        let gone = old[same..old.len() - rest].iter().map(|line| format!("    - {line}\n"));
        let added = new[same..new.len() - rest].iter().map(|line| format!("    + {line}\n"));
        out.extend(gone.chain(added));
    }
    out
}

#[test]
fn every_site_gets_its_pages_where_it_builds_them() {
    let sites = sites();
    assert!(sites.len() >= 20, "{:?}", sites.keys());
    let mut report = String::new();
    for (name, files) in &sites {
        let layout = match detected(files) {
            Ok(layout) => layout,
            Err(unknown) => {
                report.push_str(&format!("{name}: {unknown}\n"));
                continue;
            }
        };
        report.push_str(&format!("{name}: {}\n", layout.describe()));
        let mut after = files.clone();
        apply(&layout.section_changes(), &mut after);
        report.push_str(&difference(files, &after));
        let made = after.clone();
        let page = match layout.target.as_str() {
            "mintlify" | "docusaurus" => format!("{}/reset.mdx", layout.folder),
            _ => format!("{}/reset.md", layout.folder),
        };
        assert!(layout.is_page(&page), "{name}: {page}");
        let entry = layout.entry(&page, "How do I reset it?");
        apply(&entry.into_iter().collect::<Vec<_>>(), &mut after);
        let listed = difference(&made, &after);
        if !listed.is_empty() {
            report.push_str(&format!(" a page\n{listed}"));
        }
    }
    insta::assert_snapshot!(report);
}

/// Without the section of the first pull request a page still gets a place of its own.
#[test]
fn a_page_of_a_site_without_the_section_makes_it() {
    let sites = sites();
    for (name, expected) in [
        ("mintlify-tabs", "\"group\": \"Answers\""),
        ("mkdocs-folder", "- 답변:"),
        ("mdbook-parts", "- [How do I reset it?](answers/reset.md)"),
        ("vitepress", "text: 'Answers', items: [{ text: 'How do I reset it?'"),
    ] {
        let mut files = sites[name].clone();
        let layout = detected(&files).unwrap();
        let ending = if layout.target.as_str() == "mintlify" { "mdx" } else { "md" };
        let page = format!("{}/reset.{ending}", layout.folder);
        let entry = layout.entry(&page, "How do I reset it?").unwrap();
        apply(std::slice::from_ref(&entry), &mut files);
        assert!(files[entry.path()].contains(expected), "{name}: {}", files[entry.path()]);
        // The next one stands beside it.
        let other = layout.entry(&page.replace("reset", "other"), "What else?").unwrap();
        apply(std::slice::from_ref(&other), &mut files);
        assert_eq!(files[entry.path()].matches(expected).count(), 1, "{name}");
    }
}

#[test]
fn the_first_tab_of_documentation_gets_the_group_and_no_reference_does() {
    let mut files = sites().remove("mintlify-tabs").unwrap();
    let layout = detected(&files).unwrap();
    apply(&layout.section_changes(), &mut files);
    for page in ["answers/reset.mdx", "answers/topic/port.mdx"] {
        apply(&layout.entry(page, "?").into_iter().collect::<Vec<_>>(), &mut files);
    }
    let all = serde_json::from_str::<serde_json::Value>(&files["docs.json"]).unwrap();
    let tabs = &all["navigation"]["tabs"];
    assert_eq!(tabs[0]["tab"], "REST Reference");
    assert_eq!(tabs[0]["groups"].as_array().unwrap().len(), 1);
    let group = &tabs[1]["groups"][2];
    assert_eq!(group["group"], "Answers");
    let pages = ["answers/index", "answers/reset", "answers/topic/port"];
    assert_eq!(group["pages"], serde_json::json!(pages));
}
