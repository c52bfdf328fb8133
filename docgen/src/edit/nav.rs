//! Naming a page in a site's navigation: one insertion into a file that people own.

mod json;
mod vitepress;

use rules::markdown::{MarkdownDialect, escape};
use serde::{Deserialize, Serialize};

use crate::directives::plain_title;
use crate::edit::error::EditError;
use crate::edit::toctree;
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
    /// `sidebar` in the settings of VitePress: texts with links.
    VitePress,
    /// The `toctree` of the section's own page.
    Toctree,
}

impl NavFormat {
    /// Whether the titles of pages are in it too.
    pub(crate) fn has_titles(self) -> bool {
        matches!(self, Self::MdBook | Self::MkDocs | Self::VitePress)
    }

    /// A page, or a folder that ends in `/`, as it is written there; the path is relative to the root.
    pub fn named(self, path: &str) -> String {
        match self {
            Self::Mintlify => path.strip_suffix(".mdx").unwrap_or(path).to_owned(),
            Self::MdBook | Self::MkDocs => path.to_owned(),
            Self::Toctree => path.strip_suffix(".md").unwrap_or(path).to_owned(),
            Self::VitePress => {
                let page = path.strip_suffix(".md").unwrap_or(path);
                let page =
                    page.strip_suffix("index").filter(|rest| rest.ends_with('/')).unwrap_or(page);
                format!("/{page}")
            }
        }
    }
}

/// The section of a navigation below which pages are listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NavSection {
    /// Plain text.
    pub title: String,
    /// The folder of its pages as this navigation writes it, with a `/` at the end.
    pub folder: String,
}

/// A page as a navigation names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NavEntry {
    pub kind: NavFormat,
    /// The page's path as this navigation writes it.
    pub page: String,
    /// Plain text; empty for the first page of a section, which has the section's title.
    pub title: String,
    /// Where it is listed if no page of its folder is listed yet.
    #[serde(default)]
    pub section: Option<NavSection>,
}

impl NavEntry {
    /// The file with the page named in it, beside the other pages of its folder where there are any. A
    /// file that names it already stays as it is.
    pub(crate) fn listed_in(&self, text: &str) -> Result<String, EditError> {
        match self.kind {
            NavFormat::Mintlify => json::listed(text, &self.page, self.section.as_ref()),
            NavFormat::MdBook => Ok(self.in_summary(text)),
            NavFormat::MkDocs => self.in_mkdocs(text),
            NavFormat::VitePress => vitepress::listed(self, text),
            NavFormat::Toctree => toctree::listed(text, &self.page),
        }
    }

    /// The file without the line that names the page. A line that others hang below stays.
    pub(crate) fn unlisted_in(&self, text: &str) -> Result<String, EditError> {
        match self.kind {
            NavFormat::Mintlify => return json::unlisted(text, &self.page),
            NavFormat::VitePress => return vitepress::unlisted(self, text),
            NavFormat::Toctree => return Ok(toctree::unlisted(text, &self.page)),
            NavFormat::MdBook | NavFormat::MkDocs => {}
        }
        let link = format!("]({})", self.page);
        let items = bullets(text);
        let is_it = |item: &BulletLine<'_>| match self.kind {
            NavFormat::MkDocs => names(item.line, &self.page),
            _ => item.line.contains(&link),
        };
        let Some(it) = items.iter().position(is_it) else { return Ok(text.to_owned()) };
        if below(&items, it) != items[it].end() {
            return Err(EditError::HasPages);
        }
        // A section of MkDocs without pages is a mistake.
        let first = it.checked_sub(1).filter(|above| {
            self.kind == NavFormat::MkDocs
                && items[*above].is_section()
                && below(&items, *above) == items[it].end()
                && items[*above].indent.len() < items[it].indent.len()
        });
        let from = items[first.unwrap_or(it)].at;
        Ok(format!("{}{}", &text[..from], &text[items[it].end()..]))
    }

    /// The words of its line.
    pub(crate) fn line_title(&self) -> String {
        match (&self.section, self.title.is_empty()) {
            (Some(section), true) => plain_title(&section.title),
            _ => plain_title(&self.title),
        }
    }

    /// The folder of its neighbours.
    fn inside(&self) -> &str {
        self.section.as_ref().map_or(folder(&self.page), |section| &section.folder)
    }

    fn in_summary(&self, text: &str) -> String {
        let link = format!("]({})", self.page);
        if text.contains(&link) {
            return text.to_owned();
        }
        let title = escape(&self.line_title(), MarkdownDialect::CommonMark);
        let items = bullets(text);
        let near = |folder: &str| {
            let beside = format!("]({folder}");
            let last = items.iter().rposition(|item| item.line.contains(&beside));
            last.filter(|_| !folder.is_empty())
        };
        if let Some(last) = near(folder(&self.page)).or_else(|| near(self.inside())) {
            let first = ["index.md", "README.md"].map(|name| format!("]({}{name})", self.inside()));
            let is_first = first.iter().any(|link| items[last].line.contains(link));
            let step = if is_first { step(&items).unwrap_or("  ") } else { "" };
            let line = format!("{}{step}{} [{title}{link}", items[last].indent, items[last].bullet);
            return inserted(text, below(&items, last), &line);
        }
        // Without neighbours it ends the outermost list, of the first part where there are several.
        let Some(first) = items.first() else {
            return appended(text, &format!("- [{title}{link}"));
        };
        let parts = lines(text).filter(|(at, line)| *at > first.at && line.starts_with("# "));
        let end = parts.map(|(at, _)| at).next().unwrap_or(text.len());
        let last = items.iter().rposition(|item| item.at < end).unwrap_or_default();
        let line = format!("{}{} [{title}{link}", first.indent, items[last].bullet);
        inserted(text, below(&items, last), &line)
    }

    fn in_mkdocs(&self, text: &str) -> Result<String, EditError> {
        let Some(items) = mkdocs_items(text)? else { return Ok(text.to_owned()) };
        if items.is_empty() {
            return Err(EditError::NoList);
        }
        if items.iter().any(|item| names(item.line, &self.page)) {
            return Ok(text.to_owned());
        }
        let near = |folder: &str| {
            let beside = |item: &BulletLine<'_>| {
                let path = item.line.rsplit([' ', '"', '\'']).find(|part| part.contains('/'));
                path.is_some_and(|path| path.trim_end().starts_with(folder))
            };
            items.iter().rposition(beside).filter(|_| !folder.is_empty())
        };
        let own = match self.title.is_empty() {
            true => format!("- {}", yaml_path(&self.page)),
            false => {
                let title = serde_json::Value::from(plain_title(&self.title));
                format!("- {title}: {}", yaml_path(&self.page))
            }
        };
        if let Some(last) = near(folder(&self.page)).or_else(|| near(self.inside())) {
            let line = format!("{}{own}", items[last].indent);
            return Ok(inserted(text, below(&items, last), &line));
        }
        let (indent, last) = (items[0].indent, items.len() - 1);
        let Some(section) = &self.section else {
            return Ok(inserted(text, below(&items, last), &format!("{indent}{own}")));
        };
        let step = step(&items).unwrap_or("    ");
        let title = plain_title(&section.title);
        let is_titled = |item: &BulletLine<'_>| item.is_section() && names_key(item.line, &title);
        if let Some(at) = items.iter().position(is_titled) {
            let deeper = format!("{}{step}", items[at].indent);
            let child = items.get(at + 1).filter(|next| next.indent.len() > items[at].indent.len());
            let line = format!("{}{own}", child.map_or(deeper.as_str(), |child| child.indent));
            return Ok(inserted(text, below(&items, at), &line));
        }
        let end = if text.contains("\r\n") { "\r\n" } else { "\n" };
        let line = format!("{indent}- {}:{end}{indent}{step}{own}", yaml_key(&title));
        Ok(inserted(text, below(&items, last), &line))
    }
}

/// The bullets below `nav:`; `None` where a site has none and lists every page by itself.
fn mkdocs_items(text: &str) -> Result<Option<Vec<BulletLine<'_>>>, EditError> {
    let (mut inside, mut items) = (false, Vec::new());
    for (at, line) in lines(text) {
        let bare = line.trim_end();
        let value = bare.strip_prefix("nav:").map(|rest| rest.split(" #").next().unwrap_or(rest));
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
    Ok(inside.then_some(items))
}

fn bullets(text: &str) -> Vec<BulletLine<'_>> {
    lines(text).filter_map(|(at, line)| BulletLine::bullet(at, line)).collect()
}

/// How much deeper the first nested bullet is indented than the one before it.
fn step<'t>(items: &[BulletLine<'t>]) -> Option<&'t str> {
    let mut pairs = items.windows(2);
    let deeper = |pair: &[BulletLine<'t>]| pair[1].indent.strip_prefix(pair[0].indent);
    pairs.find_map(|pair| deeper(pair).filter(|step| !step.is_empty()))
}

/// A path as a YAML scalar: quoted unless it is a plain word that can be nothing else.
fn yaml_path(page: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
    if page.starts_with(|c: char| c.is_ascii_alphabetic()) && page.chars().all(plain) {
        return page.to_owned();
    }
    serde_json::Value::from(page).to_string()
}

/// A title as a YAML key: quoted unless it is made of words that can be nothing else.
fn yaml_key(title: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || c == ' ';
    let word = ["true", "false", "yes", "no", "on", "off", "null", "y", "n"];
    let known = word.contains(&title.to_ascii_lowercase().as_str());
    if title.starts_with(char::is_alphabetic) && title.chars().all(plain) && !known {
        return title.trim_end().to_owned();
    }
    serde_json::Value::from(title).to_string()
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

/// Whether the key of a line of a navigation is this text.
fn names_key(line: &str, key: &str) -> bool {
    let line = line.trim().trim_start_matches('-').trim().trim_end_matches(':');
    line.trim_matches(['"', '\'']) == key
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

    /// Whether it is a title of MkDocs above other lines.
    fn is_section(&self) -> bool {
        self.line.trim_end().ends_with(':')
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
