//! A page that moves leaves its readers a way to where it went, as its kind of site does that.

use rules::markdown::escape;
use rules::model::ids::ClusterId;

use crate::change::{FileChange, FileEdit};
use crate::directives::plain_title;
use crate::edit::nav::NavFormat;
use crate::edit::redirect::{Redirect, bare};
use crate::page::format::marker;
use crate::site::layout::SiteLayout;
use crate::target::DocsTarget;

/// A generated page that moves from one path of the repository to another.
#[derive(Debug, Clone, Copy)]
pub struct PageMove<'m> {
    pub cluster: &'m ClusterId,
    pub from: &'m str,
    pub to: &'m str,
    /// Plain text.
    pub title: &'m str,
}

/// The file of a site's settings that holds redirects, if its kind has one.
pub fn redirect_file(layout: &SiteLayout) -> Option<String> {
    let nav = layout.nav.as_ref()?;
    Some(match nav.kind {
        NavFormat::Mintlify | NavFormat::MkDocs => nav.path.clone(),
        NavFormat::MdBook => {
            let above = nav.root.strip_suffix("src/").unwrap_or(&nav.root);
            format!("{above}book.toml")
        }
        NavFormat::VitePress | NavFormat::Toctree => return None,
    })
}

impl SiteLayout {
    /// Every file that a page's move changes; `text` is the page's, `settings` what the file holds that
    /// [`redirect_file`] names.
    pub fn moves(
        &self,
        moved: &PageMove<'_>,
        text: &str,
        settings: Option<&str>,
    ) -> Vec<FileChange> {
        let page = FileChange::Write { path: moved.to.to_owned(), text: text.to_owned() };
        let listed = self.entry(moved.to, moved.title);
        let old = move_changes(self, moved, settings);
        std::iter::once(page).chain(listed).chain(old).collect()
    }
}

/// What happens to the old place: it goes out of the navigation, and the site's settings lead to the
/// new one. Where they cannot, a page stays that links there. `text` is what [`redirect_file`] holds.
///
/// The new page is written by [`SiteLayout::moves`]. In a file of many answers nothing
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
            // A book builds no page that its summary does not name, and Sphinx warns of one.
            let kind = layout.nav.as_ref().map(|nav| nav.kind);
            let listed = matches!(kind, Some(NavFormat::MdBook | NavFormat::Toctree));
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
        NavFormat::VitePress | NavFormat::Toctree => return None,
    };
    Some(Redirect { kind: nav.kind, from, to })
}

/// The way from one file to another.
fn relative(from: &str, to: &str) -> String {
    let (from, to) = (from.split('/').collect::<Vec<_>>(), to.split('/').collect::<Vec<_>>());
    let folders = from.len().min(to.len()) - 1;
    let same = from[..folders].iter().zip(&to[..folders]).take_while(|(a, b)| a == b).count();
    let up = "../".repeat(from.len() - 1 - same);
    format!("{up}{}", to[same..].join("/"))
}

/// A page that links to the new one. It has the marker of its cluster, so that it is recognised as
/// generated.
fn stub(target: DocsTarget, moved: &PageMove<'_>) -> String {
    let flavour = target.flavour();
    let title = moved.title.split_whitespace().collect::<Vec<_>>().join(" ");
    let quoted = serde_json::Value::from(plain_title(&title));
    let head = match target {
        DocsTarget::Docusaurus => {
            format!("---\ntitle: {quoted}\nunlisted: true\n---")
        }
        DocsTarget::Mintlify => {
            format!("---\ntitle: {quoted}\nhidden: true\n---")
        }
        _ => format!("# {}", escape(&title, flavour)),
    };
    // Docusaurus and MkDocs follow a link to a file; Mintlify names pages without their ending.
    let link = relative(moved.from, moved.to);
    let link = if target == DocsTarget::Mintlify { bare(&link).to_owned() } else { link };
    let mark = marker(moved.cluster, "moved", target);
    format!("{head}\n\nThis page has moved: [go to the new page]({link}).\n\n{mark}\n")
}

#[cfg(test)]
mod tests;
