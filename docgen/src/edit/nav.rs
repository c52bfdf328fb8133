//! Naming a page in a site's navigation: one insertion into a file that people own.

mod json;

use rules::markdown::{MarkdownDialect, escape};
use serde::{Deserialize, Serialize};

use crate::directives::plain_title;
use crate::edit::error::EditError;
use crate::lines::lines;
use crate::paths::folder;

/// How a navigation is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NavFormat {
    /// `docs.json` or `mint.json`: names of pages in `pages` of a group.
    Mintlify,
    /// `SUMMARY.md`: links in a list.
    MdBook,
    /// `nav:` of `mkdocs.yml`; without one the site lists every page by itself.
    MkDocs,
}

/// A page as a navigation names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NavEntry {
    pub kind: NavFormat,
    /// The page's path as this navigation writes it.
    pub page: String,
    /// Plain text.
    pub title: String,
}

impl NavEntry {
    /// The file with the page named in it, beside the other pages of its folder where there are any. A
    /// file that names it already stays as it is.
    pub(crate) fn listed_in(&self, text: &str) -> Result<String, EditError> {
        match self.kind {
            NavFormat::Mintlify => json::listed(text, &self.page),
            NavFormat::MdBook => Ok(self.in_summary(text)),
            NavFormat::MkDocs => self.in_mkdocs(text),
        }
    }

    /// The file without the line that names the page. A line that others hang below stays.
    pub(crate) fn unlisted_in(&self, text: &str) -> Result<String, EditError> {
        if self.kind == NavFormat::Mintlify {
            return json::unlisted(text, &self.page);
        }
        let link = format!("]({})", self.page);
        let items =
            lines(text).filter_map(|(at, line)| BulletLine::bullet(at, line)).collect::<Vec<_>>();
        let is_it = |item: &BulletLine<'_>| match self.kind {
            NavFormat::MkDocs => names(item.line, &self.page),
            NavFormat::MdBook | NavFormat::Mintlify => item.line.contains(&link),
        };
        let Some(it) = items.iter().position(is_it) else { return Ok(text.to_owned()) };
        if below(&items, it) != items[it].end() {
            return Err(EditError::HasPages);
        }
        Ok(format!("{}{}", &text[..items[it].at], &text[items[it].end()..]))
    }

    fn in_summary(&self, text: &str) -> String {
        let link = format!("]({})", self.page);
        if text.contains(&link) {
            return text.to_owned();
        }
        let title = escape(&plain_title(&self.title), MarkdownDialect::CommonMark);
        let items =
            lines(text).filter_map(|(at, line)| BulletLine::bullet(at, line)).collect::<Vec<_>>();
        let beside = format!("]({}", folder(&self.page));
        let last = items.iter().rposition(|item| item.line.contains(&beside));
        let last = last.filter(|_| !folder(&self.page).is_empty());
        let Some(last) = last.or(items.len().checked_sub(1)) else {
            return appended(text, &format!("- [{title}{link}"));
        };
        // Without neighbours it joins the outermost list.
        let near = items[last].line.contains(&beside);
        let indent = if near { items[last].indent } else { items[0].indent };
        let line = format!("{indent}{} [{title}{link}", items[last].bullet);
        inserted(text, below(&items, last), &line)
    }

    fn in_mkdocs(&self, text: &str) -> Result<String, EditError> {
        let mut inside = false;
        let mut items = Vec::new();
        for (at, line) in lines(text) {
            let bare = line.trim_end();
            let value =
                bare.strip_prefix("nav:").map(|rest| rest.split(" #").next().unwrap_or(rest));
            if let Some(value) = value {
                if !value.trim().is_empty() {
                    return Err(EditError::NoList);
                }
                inside = true;
            } else if inside && !bare.is_empty() && !bare.starts_with([' ', '-', '#']) {
                break;
            } else if inside {
                items.extend(BulletLine::bullet(at, line));
            }
        }
        if !inside {
            return Ok(text.to_owned());
        }
        if items.is_empty() {
            return Err(EditError::NoList);
        }
        if items.iter().any(|item| names(item.line, &self.page)) {
            return Ok(text.to_owned());
        }
        let folder = folder(&self.page);
        let beside = |item: &BulletLine<'_>| {
            let path = item.line.rsplit([' ', '"', '\'']).find(|part| part.contains('/'));
            path.is_some_and(|path| path.trim_end().starts_with(folder))
        };
        let near = items.iter().rposition(beside).filter(|_| !folder.is_empty());
        let last = near.unwrap_or(items.len() - 1);
        let indent = if near.is_some() { items[last].indent } else { items[0].indent };
        let title = serde_json::Value::from(plain_title(&self.title));
        let line = format!("{indent}- {title}: {}", yaml_path(&self.page));
        Ok(inserted(text, below(&items, last), &line))
    }
}

/// A path as a YAML scalar: quoted unless it is a plain word that can be nothing else.
fn yaml_path(page: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
    if page.starts_with(|c: char| c.is_ascii_alphabetic()) && page.chars().all(plain) {
        return page.to_owned();
    }
    serde_json::Value::from(page).to_string()
}

/// Whether the last value of a line of a navigation is this path, quoted or not.
fn names(line: &str, page: &str) -> bool {
    let events = saphyr_parser::Parser::new_from_str(line.trim()).map_while(Result::ok);
    let values = events.filter_map(|(event, _)| match event {
        saphyr_parser::Event::Scalar(text, ..) => Some(text),
        _ => None,
    });
    values.last().is_some_and(|value| value == page)
}

/// A line that begins with a bullet.
struct BulletLine<'t> {
    at: usize,
    line: &'t str,
    indent: &'t str,
    bullet: &'t str,
}

impl<'t> BulletLine<'t> {
    fn bullet(at: usize, line: &'t str) -> Option<Self> {
        let rest = line.trim_start_matches([' ', '\t']);
        let indent = &line[..line.len() - rest.len()];
        let marked = rest.starts_with(['-', '*', '+']) && rest[1..].starts_with([' ', '\t']);
        marked.then(|| Self { at, line, indent, bullet: &rest[..1] })
    }

    fn end(&self) -> usize {
        self.at + self.line.len()
    }
}

/// Behind an item and everything that belongs to it.
fn below(items: &[BulletLine<'_>], item: usize) -> usize {
    let deeper = |other: &&BulletLine<'_>| other.indent.len() > items[item].indent.len();
    items[item + 1..].iter().take_while(deeper).last().unwrap_or(&items[item]).end()
}

fn inserted(text: &str, at: usize, line: &str) -> String {
    let end = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let (before, after) = text.split_at(at);
    if before.ends_with('\n') {
        format!("{before}{line}{end}{after}")
    } else {
        format!("{before}{end}{line}{after}")
    }
}

fn appended(text: &str, line: &str) -> String {
    let gap = if text.is_empty() || text.ends_with("\n\n") { "" } else { "\n" };
    inserted(&format!("{text}{gap}"), text.len() + gap.len(), line)
}

#[cfg(test)]
mod tests;
