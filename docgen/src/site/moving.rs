//! A page that moves leaves its readers a way to where it went, as its kind of site does that.

use rules::markdown::escape;
use rules::model::ids::ClusterId;
use serde::{Deserialize, Serialize};

use crate::change::{FileChange, FileEdit};
use crate::edit::nav::{EditError, NavFormat};
use crate::edit::section::lines;
use crate::page::render::marker;
use crate::site::layout::SiteLayout;
use crate::target::DocsTarget;

/// A page of ours that goes from one path of the repository to another.
#[derive(Debug, Clone, Copy)]
pub struct PageMove<'m> {
    pub cluster: &'m ClusterId,
    pub from: &'m str,
    pub to: &'m str,
    /// Plain text.
    pub title: &'m str,
}

/// An entry in a site's settings: addresses as the settings write them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Redirect {
    pub kind: NavFormat,
    pub from: String,
    pub to: String,
}

/// The file of a site's settings in which redirects stand, if its kind has one.
pub fn redirect_file(layout: &SiteLayout) -> Option<String> {
    let nav = layout.nav.as_ref()?;
    Some(match nav.kind {
        NavFormat::Mintlify | NavFormat::MkDocs => nav.path.clone(),
        NavFormat::MdBook => {
            let above = nav.root.strip_suffix("src/").unwrap_or(&nav.root);
            format!("{above}book.toml")
        }
    })
}

/// What happens to the old place: it goes out of the navigation, and the site's settings lead to the
/// new one. Where they cannot, a page stays that links there. `text` is what [`redirect_file`] holds.
///
/// The new page is a proposal of its own kind ([`SiteLayout::move_changes`]). In a file of many answers nothing
/// moves: an answer keeps its anchor.
pub fn move_changes(
    layout: &SiteLayout,
    moved: &PageMove<'_>,
    text: Option<&str>,
) -> Vec<FileChange> {
    if layout.target == DocsTarget::Faq || moved.from == moved.to {
        return Vec::new();
    }
    let mut changes = layout.removal(moved.cluster, moved.from);
    let placed = redirect_file(layout).zip(redirect(layout, moved));
    let placed = placed.map(|(path, redirect)| (path, FileEdit::Redirect(redirect)));
    let works = |edit: &FileEdit| text.is_some_and(|text| edit.apply(Some(text)).is_ok());
    match placed.filter(|(_, edit)| works(edit)) {
        Some((path, edit)) => changes.push(FileChange::Edit { path, edit }),
        None => {
            // A book builds no page that its summary does not name.
            let listed = layout.target == DocsTarget::MdBook;
            changes.retain(|change| !listed && !matches!(change, FileChange::Delete { .. }));
            let text = stub(layout.target, moved);
            changes.push(FileChange::Write { path: moved.from.to_owned(), text });
        }
    }
    changes
}

fn redirect(layout: &SiteLayout, moved: &PageMove<'_>) -> Option<Redirect> {
    let nav = layout.nav.as_ref()?;
    let inside = |path: &str| path.strip_prefix(nav.root.as_str()).map(str::to_owned);
    let (from, to) = (inside(moved.from)?, inside(moved.to)?);
    let (from, to) = match nav.kind {
        NavFormat::Mintlify => (format!("/{}", bare(&from)), format!("/{}", bare(&to))),
        NavFormat::MkDocs => (from, to),
        NavFormat::MdBook => {
            let html = |path: &str| format!("{}.html", bare(path));
            (format!("/{}", html(&from)), relative(&html(&from), &html(&to)))
        }
    };
    Some(Redirect { kind: nav.kind, from, to })
}

fn bare(path: &str) -> &str {
    let name = path.rfind('/').map_or(0, |at| at + 1);
    path[name..].rfind('.').map_or(path, |at| &path[..name + at])
}

/// The way from one file to another.
fn relative(from: &str, to: &str) -> String {
    let (from, to) = (from.split('/').collect::<Vec<_>>(), to.split('/').collect::<Vec<_>>());
    let folders = from.len().min(to.len()) - 1;
    let same = from[..folders].iter().zip(&to[..folders]).take_while(|(a, b)| a == b).count();
    let up = "../".repeat(from.len() - 1 - same);
    format!("{up}{}", to[same..].join("/"))
}

/// A page that says where the other one went. It carries the mark of its cluster, so that it is known
/// to be ours.
fn stub(target: DocsTarget, moved: &PageMove<'_>) -> String {
    let flavour = target.flavour();
    let title = moved.title.split_whitespace().collect::<Vec<_>>().join(" ");
    let head = match target {
        DocsTarget::Docusaurus => {
            format!("---\ntitle: {}\nunlisted: true\n---", serde_json::Value::from(title))
        }
        DocsTarget::Mintlify => {
            format!("---\ntitle: {}\nhidden: true\n---", serde_json::Value::from(title))
        }
        _ => format!("# {}", escape(&title, flavour)),
    };
    // Docusaurus and MkDocs follow a link to a file; Mintlify knows pages without their ending.
    let link = relative(moved.from, moved.to);
    let link = if target == DocsTarget::Mintlify { bare(&link).to_owned() } else { link };
    let mark = marker(moved.cluster, "moved", target);
    format!("{head}\n\nThis page has moved: [go to the new page]({link}).\n\n{mark}\n")
}

impl Redirect {
    /// The settings with the entry in them. One that would lead back from the new place goes.
    pub(crate) fn put_into(&self, text: &str) -> Result<String, EditError> {
        match self.kind {
            NavFormat::Mintlify => crate::edit::redirect::json::put(text, &self.from, &self.to),
            NavFormat::MkDocs => crate::edit::redirect::mkdocs::put(text, &self.from, &self.to),
            NavFormat::MdBook => self.put_into_book(text),
        }
    }

    fn put_into_book(&self, text: &str) -> Result<String, EditError> {
        const TABLE: &str = "[output.html.redirect]";
        let end = if text.contains("\r\n") { "\r\n" } else { "\n" };
        let quoted = |text: &str| serde_json::Value::from(text).to_string();
        let entry = format!("{} = {}{end}", quoted(&self.from), quoted(&self.to));
        let folder = self.from.rfind('/').map_or("", |at| &self.from[..=at]);
        let back = quoted(&joined(folder, &self.to));
        let mut inside = false;
        let (mut out, mut at) = (String::with_capacity(text.len() + entry.len()), None);
        for (_, line) in lines(text) {
            let bare = line.trim();
            if bare.starts_with("redirect") && bare.contains('=') && !inside {
                return Err(EditError::NoList);
            }
            if bare.starts_with('[') {
                inside = bare == TABLE;
            }
            let key = bare.split_once('=').map(|(key, _)| key.trim());
            if inside && (key == Some(quoted(&self.from).as_str()) || key == Some(back.as_str())) {
                continue;
            }
            out.push_str(line);
            if inside && !bare.is_empty() {
                at = Some(out.len());
            }
        }
        if !out.is_empty() && !out.ends_with('\n') {
            out.push_str(end);
            at = at.map(|at| at.max(out.trim_end().len() + end.len()).min(out.len()));
        }
        match at {
            Some(at) => out.insert_str(at, &entry),
            None => out.push_str(&format!("{end}{TABLE}{end}{entry}")),
        }
        Ok(out)
    }
}

/// A relative address seen from a folder that begins and ends in `/`.
fn joined(folder: &str, to: &str) -> String {
    let mut parts = folder.split('/').filter(|part| !part.is_empty()).collect::<Vec<_>>();
    for part in to.split('/') {
        match part {
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}

#[cfg(test)]
mod tests;
