//! Makes a documentation site of pages that are hard to hold, for a check with the real generator:
//! `site TARGET SITE CASES.json EXPECTED`. The site's settings and pages of other origin are there
//! already. Every page is named in the site's navigation, one page moves, and what a reader should see
//! of each, without any space, is written into EXPECTED under the page's path with `.txt` behind it.

#[expect(dead_code, reason = "the stories use more of it")]
#[expect(clippy::unwrap_used, reason = "made for stories, where a step that fails ends the story")]
#[path = "../tests/it/cluster_builder.rs"]
mod cluster_builder;
#[path = "../tests/it/hard_clusters.rs"]
mod hard_clusters;

use std::fs;
use std::io::{Error, Result, Write};
use std::path::{Path, PathBuf};

use docgen::change::FileChange;
use docgen::site::detection::detect;
use docgen::site::layout::SiteLayout;
use docgen::site::moving;
use docgen::site::moving::PageMove;
use docgen::target::DocsTarget;
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
use rules::markdown::{decode_block, plain_text};
use rules::model::ids::{ClusterId, MessageId};

use cluster_builder::{DraftFixture, cluster};

fn main() -> Result<()> {
    let arguments = std::env::args().skip(1).collect::<Vec<_>>();
    let [target, site, cases, expected] = arguments.as_slice() else {
        return Err(Error::other("expected TARGET SITE CASES.json EXPECTED"));
    };
    let target = target.parse::<DocsTarget>().map_err(Error::other)?;
    let (site, expected) = (PathBuf::from(site), PathBuf::from(expected));
    let settings = files(&site, &site)?;
    let text = |path: &str| fs::read_to_string(site.join(path)).ok();
    let layout = detect(settings.iter().map(String::as_str), text).map_err(Error::other)?;
    let layout = if layout.target == target { layout } else { SiteLayout { target, ..layout } };
    let section = layout.section_changes();
    apply(&section, &site)?;
    let written = write_pages(&layout, &site, &fs::read_to_string(cases)?)?;
    let folder = layout.folder.to_string();
    let all = files(&site, &site)?;
    let made = |path: &str| section.iter().any(|change| change.path() == path);
    let pages = all.iter().filter(|path| path.starts_with(&folder) && !made(path));
    let mut pages = pages.cloned().collect::<Vec<_>>();
    for path in &pages {
        list(&layout, &site, path, &title(&fs::read_to_string(site.join(path))?))?;
    }
    let (from, to) = move_one(&layout, &site, &pages)?;
    pages.retain(|path| *path != from || site.join(path).exists());
    pages.push(to);
    for path in &pages {
        let text = fs::read_to_string(site.join(path))?;
        list(&layout, &site, path, &title(&text))?;
        put(&expected.join(format!("{path}.txt")), &seen(&text, target))?;
    }
    let summary = format!("{}: {} pages, {written} of them hostile", target.as_str(), pages.len());
    writeln!(std::io::stdout(), "{summary}")
}

/// Every file below a folder, relative to the site, in order.
fn files(folder: &Path, site: &Path) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(files(&path, site)?);
        } else if let Ok(path) = path.strip_prefix(site) {
            found.push(path.display().to_string());
        }
    }
    found.sort();
    Ok(found)
}

fn put(path: &Path, text: &str) -> Result<()> {
    fs::create_dir_all(path.parent().unwrap_or(path))?;
    fs::write(path, text)
}

/// Writes the pages of the test clusters and one of every case that a page takes; how many they are.
fn write_pages(layout: &SiteLayout, site: &Path, cases: &str) -> Result<usize> {
    let mut clusters =
        vec![hard_clusters::code(), hard_clusters::korean(), hard_clusters::hostile()];
    let cases: std::collections::BTreeMap<String, String> = serde_json::from_str(cases)?;
    for (name, case) in &cases {
        let question = format!("How do I use the case {name} in my text?");
        let answer = format!(
            "Write it like this, then restart the daemon:\n\n{case}\n\nor `{case}`, or\n```\n{case}\n```\n\
            - {case}\n- again: {case}\n1. **{case}** first\n2. then `{case}`:\n```sh\n{case}\n```\n> {case}\n\nThat is all."
        );
        clusters.push(cluster(&[(&question, &answer), (&question, &answer)]));
    }
    let mut fixture = DraftFixture::new(layout.target);
    fixture.folder = layout.folder.clone();
    let mut written = 0;
    for (at, mut cluster) in clusters.into_iter().enumerate() {
        cluster.id = ClusterId::of_question(MessageId(5_000 + at as u64));
        let Ok(draft) = fixture.draft(&cluster) else { continue };
        put(&site.join(draft.path()), draft.page())?;
        written += 1;
    }
    if written * 2 < cases.len() {
        return Err(Error::other(format!("only {written} of {} cases make a page", cases.len())));
    }
    Ok(written)
}

/// Moves the first page into another folder as a proposal would; from where to where.
fn move_one(layout: &SiteLayout, site: &Path, pages: &[String]) -> Result<(String, String)> {
    let from = pages.first().ok_or_else(|| Error::other("there is no page"))?;
    let name = from.rsplit('/').next().unwrap_or(from);
    let folder = layout.folder.to_string();
    let above = folder.rfind('/').map_or("", |at| &folder[..=at]);
    let to = format!("{above}elsewhere/{name}");
    let text = fs::read_to_string(site.join(from))?;
    let cluster = ClusterId::of_question(MessageId(4_999));
    let title = title(&text);
    let moved = PageMove { cluster: &cluster, from, to: &to, title: &title };
    let settings = moving::redirect_file(layout);
    let settings = settings.and_then(|path| fs::read_to_string(site.join(path)).ok());
    put(&site.join(&to), &text)?;
    apply(&moving::move_changes(layout, &moved, settings.as_deref()), site)?;
    Ok((from.clone(), to))
}

/// Names a page in the navigation as a proposal would.
fn list(layout: &SiteLayout, site: &Path, path: &str, title: &str) -> Result<()> {
    apply(&layout.entry(path, title).into_iter().collect::<Vec<_>>(), site)
}

/// Changes the files of the site.
fn apply(changes: &[FileChange], site: &Path) -> Result<()> {
    for change in changes {
        let path = site.join(change.path());
        match change {
            FileChange::Write { text, .. } => put(&path, text)?,
            FileChange::Delete { .. } => fs::remove_file(path)?,
            FileChange::Edit { edit, .. } => {
                let old = fs::read_to_string(&path).ok();
                if let Some(text) = edit.apply(old.as_deref()).map_err(Error::other)? {
                    put(&path, &text)?;
                }
            }
        }
    }
    Ok(())
}

fn title(page: &str) -> String {
    let line =
        page.lines().find_map(|line| line.strip_prefix("# ").or(line.strip_prefix("title: ")));
    let line = line.unwrap_or_default();
    serde_json::from_str(line).unwrap_or_else(|_| words(line, Options::empty()))
}

/// What a reader should see, without any space.
fn seen(page: &str, target: DocsTarget) -> String {
    let body = match page.strip_prefix("---\n").and_then(|rest| rest.split_once("\n---\n")) {
        Some((_, body)) => body,
        None => page,
    };
    let body = body.trim_end();
    let body = body.rfind("\n{/* ").map_or(body, |at| &body[..at]);
    let text = words(body, Options::ENABLE_STRIKETHROUGH);
    // The guards are for the generator and not for the reader.
    let text = match target {
        DocsTarget::MkDocs => text.replace(";--8<--", "--8<--"),
        DocsTarget::MdBook => text.replace("\\{{#", "{{#"),
        _ => text,
    };
    text.split_whitespace().collect()
}

fn words(markdown: &str, options: Options) -> String {
    let (mut out, mut html) = (String::new(), String::new());
    for event in Parser::new_ext(markdown, options) {
        match event {
            Event::Start(Tag::HtmlBlock) => html.clear(),
            Event::Html(line) => html.push_str(&line),
            Event::End(TagEnd::HtmlBlock) => {
                out.extend(decode_block(&html).map(|code| plain_text(&[code])));
            }
            Event::Text(text) | Event::Code(text) => out.push_str(&text),
            Event::SoftBreak | Event::HardBreak => out.push(' '),
            _ => {}
        }
    }
    out
}
