//! A page's name goes into `docs.json` as text: nothing else of the file may change its form.

use std::ops::Range;

use serde_json::Value;

use super::NavSection;
use crate::edit::error::EditError;
use crate::edit::script::{behind, insert};
use crate::literal::{LiteralKind, ScriptLiteral};
use crate::paths::folder;

/// Inserts a page into the group that holds its neighbours, or into the group of the section, which is made
/// at the end of the first tab of documentation.
pub(super) fn listed(
    text: &str,
    page: &str,
    section: Option<&NavSection>,
) -> Result<String, EditError> {
    let file = read(text)?;
    let navigation = navigation(&file).ok_or(EditError::NoList)?;
    let lists = lists(navigation);
    if lists.iter().any(|list| list.pages.iter().any(|one| one.name == page)) {
        return Ok(text.to_owned());
    }
    let inside = section.map_or(folder(page), |section| &section.folder);
    let same = |one: &&PagesItem| !inside.is_empty() && folder(one.name) == folder(page);
    let near = |one: &&PagesItem| !inside.is_empty() && one.name.starts_with(inside);
    let count = |list: &PagesArray| {
        (list.pages.iter().filter(same).count(), list.pages.iter().filter(near).count())
    };
    let neighbours = lists.iter().rev().max_by_key(|list| count(list));
    let titled = |list: &&PagesArray| section.is_some_and(|section| list.group == section.title);
    if let Some(list) = neighbours.filter(|list| count(list) != (0, 0)) {
        let beside = list.pages.iter().rev().find(same).or(list.pages.iter().rev().find(near));
        return Ok(list.insert(text, beside, page));
    }
    if let Some(list) = lists.iter().find(titled) {
        return Ok(list.insert(text, list.pages.last(), page));
    }
    let groups = documentation(navigation).ok_or(EditError::NoList)?;
    match section {
        Some(section) => Ok(with_group(text, groups, &section.title, page)),
        // The list has pages itself, or its last group has them.
        None => {
            let last = lists.iter().rev().find(|list| {
                list.range.start >= groups.range.start && list.range.end <= groups.range.end
            });
            last.map(|list| list.insert(text, list.pages.last(), page)).ok_or(EditError::NoList)
        }
    }
}

/// Takes a page's name out, with the comma that goes with it.
pub(super) fn unlisted(text: &str, page: &str) -> Result<String, EditError> {
    let file = read(text)?;
    let lists = navigation(&file).map(lists).unwrap_or_default();
    let pages = lists.iter().flat_map(|list| list.pages.iter().map(move |one| (list, one)));
    let Some((list, one)) = pages.into_iter().find(|(_, one)| one.name == page) else {
        return Ok(text.to_owned());
    };
    let opens = list.range.start + 1;
    let before = text[opens..one.range.start].trim_end();
    if before.ends_with(',') {
        let from = opens + before.len() - 1;
        return Ok(format!("{}{}", &text[..from], &text[one.range.end..]));
    }
    // The first of several takes the comma behind it, a single one only itself.
    let rest = text[one.range.end..].trim_start();
    let Some(rest) = rest.strip_prefix(',') else {
        return Ok(format!("{}{}", &text[..one.range.start], &text[one.range.end..]));
    };
    Ok(format!("{}{}", &text[..one.range.start], rest.trim_start()))
}

fn read(text: &str) -> Result<ScriptLiteral, EditError> {
    serde_json::from_str::<Value>(text).map_err(|_| EditError::Unreadable)?;
    ScriptLiteral::of_file(text).ok_or(EditError::Unreadable)
}

fn navigation(file: &ScriptLiteral) -> Option<&ScriptLiteral> {
    let LiteralKind::Code(all) = &file.kind else { return None };
    all.first()?.get("navigation")
}

/// A `pages` array of the navigation.
struct PagesArray<'l> {
    list: &'l ScriptLiteral,
    range: Range<usize>,
    pages: Vec<PagesItem<'l>>,
    group: String,
}

struct PagesItem<'l> {
    name: &'l str,
    range: Range<usize>,
}

impl PagesArray<'_> {
    fn insert(&self, text: &str, beside: Option<&PagesItem<'_>>, page: &str) -> String {
        let name = Value::from(page).to_string();
        match beside {
            Some(one) => behind(text, self.range.start + 1..self.range.end - 1, &one.range, &name),
            None => insert(text, self.list, &name),
        }
    }
}

/// Every list of pages, in the order of the text.
fn lists(navigation: &ScriptLiteral) -> Vec<PagesArray<'_>> {
    let mut found = Vec::new();
    for one in navigation.all() {
        let Some(list) = one.get("pages").filter(|list| list.is_array()) else { continue };
        let item = |page: &'_ ScriptLiteral| page.text().map(|_| page.range.clone());
        let pages = list
            .items()
            .iter()
            .filter_map(|page| Some(PagesItem { name: page.text()?, range: item(page)? }));
        let group = one.get("group").and_then(ScriptLiteral::text).unwrap_or_default().to_owned();
        let range = list.range.clone();
        found.push(PagesArray { list, range, pages: pages.collect(), group });
    }
    found
}

/// The array that groups of documentation are in: of the first language and version, and of the first tab
/// that is no reference of an interface.
fn documentation(navigation: &ScriptLiteral) -> Option<&ScriptLiteral> {
    if navigation.is_array() {
        return Some(navigation);
    }
    for key in ["languages", "versions"] {
        if let Some(all) = navigation.get(key).filter(|all| !all.items().is_empty()) {
            let main = all.items().iter().find(|one| one.get("default").is_some());
            return documentation(main.or(all.items().first())?);
        }
    }
    for key in ["products", "dropdowns", "tabs", "anchors", "menu"] {
        let Some(all) = navigation.get(key).filter(|all| !all.items().is_empty()) else { continue };
        let prose = all.items().iter().filter(|one| !is_reference(one));
        let found = prose.chain(all.items()).find_map(documentation);
        if found.is_some() {
            return found;
        }
    }
    ["groups", "pages"].into_iter().find_map(|key| navigation.get(key).filter(|all| all.is_array()))
}

/// Whether a tab is generated from a description of an interface, leads elsewhere or says by its name that it
/// is no place for answers.
fn is_reference(tab: &ScriptLiteral) -> bool {
    let own = ["openapi", "asyncapi", "href", "graphql"].iter().any(|key| tab.get(key).is_some());
    let keys = ["tab", "anchor", "dropdown", "product", "item"];
    let name = keys.iter().find_map(|key| tab.get(key)?.text()).unwrap_or_default().to_lowercase();
    let mut words = name.split(|c: char| !c.is_alphanumeric());
    own || words.any(|word| {
        matches!(
            word,
            "api" | "apis" | "reference" | "rest" | "sdk" | "sdks" | "changelog" | "blog"
        )
    })
}

/// A new group at the end, in as many lines as its neighbour has.
fn with_group(text: &str, groups: &ScriptLiteral, title: &str, page: &str) -> String {
    let (title, page) = (Value::from(title).to_string(), Value::from(page).to_string());
    let last = groups.items().last();
    let long = last.is_some_and(|last| text[last.range.clone()].contains('\n'));
    if !long {
        return insert(text, groups, &format!("{{ \"group\": {title}, \"pages\": [{page}] }}"));
    }
    let step = last.map_or("  ", |last| step(text, last));
    let lines = [
        "{".to_owned(),
        format!("{step}\"group\": {title},"),
        format!("{step}\"pages\": ["),
        format!("{step}{step}{page}"),
        format!("{step}]"),
        "}".to_owned(),
    ];
    insert(text, groups, &lines.join("\n"))
}

/// How much deeper the inside of an element is indented than its first line.
fn step<'t>(text: &'t str, element: &ScriptLiteral) -> &'t str {
    let indent = |at: usize| {
        let line = text[..at].rfind('\n').map_or(0, |at| at + 1);
        let space = text[line..].bytes().take_while(|byte| b" \t".contains(byte)).count();
        &text[line..line + space]
    };
    let outer = indent(element.range.start);
    let inner =
        text[element.range.clone()].find('\n').map(|at| indent(element.range.start + at + 1));
    inner
        .and_then(|inner| inner.strip_prefix(outer))
        .filter(|step| !step.is_empty())
        .unwrap_or("  ")
}
