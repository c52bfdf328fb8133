//! Redirects in the settings of a site.

mod json;
mod mkdocs;

use serde::{Deserialize, Serialize};

use crate::edit::error::EditError;
use crate::edit::nav::NavFormat;
use crate::lines::lines;

/// An entry in a site's settings: addresses as the settings write them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Redirect {
    pub kind: NavFormat,
    pub from: String,
    pub to: String,
}

impl Redirect {
    /// The settings with the entry in them. One that would lead back from the new place goes.
    pub(crate) fn put_into(&self, text: &str) -> Result<String, EditError> {
        match self.kind {
            NavFormat::Mintlify => json::put(text, &self.from, &self.to),
            NavFormat::MkDocs => mkdocs::put(text, &self.from, &self.to),
            NavFormat::MdBook => self.put_into_book(text),
            // Their redirects are those of the host that serves the site.
            NavFormat::VitePress | NavFormat::Toctree => Err(EditError::NoList),
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

/// A path without the ending of its file.
pub(crate) fn bare(path: &str) -> &str {
    let name = path.rfind('/').map_or(0, |at| at + 1);
    path[name..].rfind('.').map_or(path, |at| &path[..name + at])
}
