//! What a proposal does to the files of a repository.

use serde::{Deserialize, Serialize};

use crate::edit::error::EditError;
use crate::edit::extension::SectionExtension;
use crate::edit::nav::{NavEntry, NavFormat};
use crate::edit::read_back;
use crate::edit::redirect::Redirect;
use crate::edit::section::FaqSection;
use crate::edit::section_list::SectionEntry;
use crate::lines::hash;
use crate::page::format::{ANCHOR, is_fixed_line};
use crate::paths::{SETTINGS, is_page};

/// One file's change. Edits are computed on the file as it is when the commit is made, so that
/// two proposals for one shared file do not undo each other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FileChange {
    Write { path: String, text: String },
    Delete { path: String },
    Edit { path: String, edit: FileEdit },
}

/// A small change of a file that people own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FileEdit {
    /// Names a page in a navigation.
    List(NavEntry),
    /// Takes a page out of a navigation.
    Unlist(NavEntry),
    /// Names the section of all answers in a list of sections.
    ListSection(SectionEntry),
    /// Makes a file that is not there yet; one that is there stays as it is.
    Create { text: String },
    /// Puts an answer between the markers of a file of many answers.
    Put(FaqSection),
    /// Takes an answer out of such a file.
    Drop(FaqSection),
    /// Adds to a section that people wrote.
    Extend(SectionExtension),
    /// Leads readers from a page's old address to its new one.
    Redirect(Redirect),
    /// Replaces the text with the hash `seen`; a file that has changed since is left as it is.
    Replace { seen: String, text: String },
}

/// The lines that differ between two states of a file, as a unified diff; a file that is not there has no
/// state.
pub fn unified_diff(path: &str, before: Option<&str>, after: Option<&str>) -> String {
    let patch = diffy::DiffOptions::new();
    let (old, new) = (before.unwrap_or_default(), after.unwrap_or_default());
    let text = patch.create_patch(old, new).to_string();
    let lines = text.strip_prefix("--- original\n+++ modified\n").unwrap_or(&text);
    let name = |side: &str, there: bool| match there {
        true => format!("{side}/{path}"),
        false => "/dev/null".to_owned(),
    };
    format!("--- {}\n+++ {}\n{lines}", name("a", before.is_some()), name("b", after.is_some()))
}

impl FileChange {
    pub fn path(&self) -> &str {
        match self {
            Self::Write { path, .. } | Self::Delete { path } | Self::Edit { path, .. } => path,
        }
    }

    /// Whether a file holds every line of the answer that this adds, in one piece: somebody put it there. The generated
    /// lines around it may be gone. False for what adds no answer to a page.
    pub(crate) fn is_said_in(&self, file: &str) -> bool {
        let text = match self {
            Self::Write { text, .. } => &text[text.find(ANCHOR).unwrap_or_default()..],
            Self::Edit { edit: FileEdit::Extend(extension), .. } => &extension.text,
            Self::Delete { .. } | Self::Edit { .. } => return false,
        };
        let (own, said) = (written_lines(text), written_lines(file));
        !own.is_empty() && said.windows(own.len()).any(|lines| lines == own)
    }

    /// Whether a proposal may change this path: no hidden files except the settings, and as pages only
    /// files that are pages.
    pub fn is_allowed(&self) -> bool {
        let path = self.path();
        let name = path.rsplit('/').next().unwrap_or(path);
        let hidden = |name: &str| name.is_empty() || name.starts_with('.');
        let fits = match self {
            Self::Write { .. } => is_page(name),
            Self::Edit { edit: FileEdit::Extend(_), .. } => is_page(path),
            Self::Edit { .. } | Self::Delete { .. } => true,
        };
        path == SETTINGS || fits && !path.split('/').any(hidden) || self.is_sidebar(name)
    }

    /// Whether it names a page in the settings of VitePress, which are in a hidden folder.
    fn is_sidebar(&self, name: &str) -> bool {
        let Self::Edit { path, edit: FileEdit::List(entry) | FileEdit::Unlist(entry) } = self
        else {
            return false;
        };
        let own = format!(".vitepress/{name}");
        let above = path.strip_suffix(&own);
        let plain = |above: &str| above.split('/').all(|name| !name.starts_with('.'));
        entry.kind == NavFormat::VitePress
            && name.starts_with("config.")
            && above.is_some_and(plain)
    }
}

impl FileEdit {
    /// The file's text afterwards; `None` means that nothing changes. Everything else in the file
    /// stays byte by byte. The text is read back: what it would mean besides what was meant is refused.
    pub fn apply(&self, text: Option<&str>) -> Result<Option<String>, EditError> {
        let after = match self {
            Self::List(entry) => text.map(|text| entry.listed_in(text)).transpose()?,
            Self::Unlist(entry) => text.map(|text| entry.unlisted_in(text)).transpose()?,
            Self::ListSection(entry) => text.map(|text| entry.listed_in(text)).transpose()?,
            Self::Create { text: new } => text.is_none().then(|| new.clone()),
            Self::Put(section) => Some(section.put_into(text.unwrap_or_default())?),
            Self::Drop(section) => text.map(|text| section.taken_from(text)),
            Self::Redirect(redirect) => text.map(|text| redirect.put_into(text)).transpose()?,
            Self::Extend(extension) => match text {
                Some(text) => Some(extension.put_into(text)?),
                None => return Err(EditError::NoSection),
            },
            Self::Replace { seen, text: mended } => {
                text.filter(|text| hash(text) == *seen).map(|_| mended.clone())
            }
        };
        let after = after.filter(|after| Some(after.as_str()) != text);
        if let Some(after) = &after {
            self.check(text.unwrap_or_default(), after)?;
        }
        Ok(after)
    }

    fn check(&self, before: &str, after: &str) -> Result<(), EditError> {
        match self {
            Self::List(entry) => read_back::check_listed(entry, before, after),
            Self::Unlist(entry) => read_back::check_unlisted(entry, before, after),
            Self::ListSection(entry) => read_back::check_section_listed(entry, after),
            Self::Put(section) => read_back::check_section(&section.text, after),
            Self::Extend(extension) => read_back::check_section(&extension.text, after),
            Self::Redirect(redirect) => read_back::check_redirect(redirect, before, after),
            Self::Replace { .. } => read_back::check_rewritten(before, after),
            Self::Create { .. } | Self::Drop(_) => Ok(()),
        }
    }
}

/// The lines of a text that are neither empty nor generated around an answer.
fn written_lines(text: &str) -> Vec<&str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty() && !is_fixed_line(line)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_diff_names_its_file_and_shows_what_changes() {
        let edited = unified_diff("a.md", Some("one\ntwo\n"), Some("one\nthree\n"));
        assert_eq!(edited, "--- a/a.md\n+++ b/a.md\n@@ -1,2 +1,2 @@\n one\n-two\n+three\n");
        let new = unified_diff("a.md", None, Some("one\n"));
        assert_eq!(new, "--- /dev/null\n+++ b/a.md\n@@ -0,0 +1 @@\n+one\n");
        assert!(
            unified_diff("a.md", Some("one\n"), None).starts_with("--- a/a.md\n+++ /dev/null\n")
        );
    }
}
