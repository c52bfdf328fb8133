//! What a proposal does to the files of a repository.

use serde::{Deserialize, Serialize};

use crate::edit::error::EditError;
use crate::edit::extension::SectionExtension;
use crate::edit::nav::NavEntry;
use crate::edit::read_back;
use crate::edit::redirect::Redirect;
use crate::edit::section::FaqSection;
use crate::lines::hash;
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

impl FileChange {
    pub fn path(&self) -> &str {
        match self {
            Self::Write { path, .. } | Self::Delete { path } | Self::Edit { path, .. } => path,
        }
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
        path == SETTINGS || fits && !path.split('/').any(hidden)
    }
}

impl FileEdit {
    /// The file's text afterwards; `None` means that nothing changes. Everything else in the file
    /// stays byte by byte. The text is read back: what it would mean besides what was meant is refused.
    pub fn apply(&self, text: Option<&str>) -> Result<Option<String>, EditError> {
        let after = match self {
            Self::List(entry) => text.map(|text| entry.listed_in(text)).transpose()?,
            Self::Unlist(entry) => text.map(|text| entry.unlisted_in(text)).transpose()?,
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
            Self::Put(section) => read_back::check_section(&section.text, after),
            Self::Extend(extension) => read_back::check_section(&extension.text, after),
            Self::Redirect(redirect) => read_back::check_redirect(redirect, before, after),
            Self::Replace { .. } => read_back::check_rewritten(before, after),
            Self::Drop(_) => Ok(()),
        }
    }
}
