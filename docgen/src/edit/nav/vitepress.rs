//! `sidebar` in the settings of VitePress: objects with a text and a link, in arrays.

use super::{NavEntry, NavSection};
use crate::directives::plain_title;
use crate::edit::error::EditError;
use crate::edit::script::{ScriptStyle, behind, insert};
use crate::literal::ScriptLiteral;

/// The settings with a link beside those of its folder, or in the section's items, which are made where they
/// are missing.
pub(super) fn listed(entry: &NavEntry, text: &str) -> Result<String, EditError> {
    let file = ScriptLiteral::of_file(text).ok_or(EditError::Unreadable)?;
    let sidebar = file.find("sidebar").ok_or(EditError::NoList)?;
    if !sidebar.is_array() && !sidebar.is_object() {
        return Err(EditError::NoList);
    }
    let link =
        |one: &ScriptLiteral| one.get("link").and_then(ScriptLiteral::text).map(str::to_owned);
    let all = sidebar.all();
    if all.iter().any(|one| link(one).as_deref() == Some(&entry.page)) {
        return Ok(text.to_owned());
    }
    let style = ScriptStyle::of(text);
    let item = item(entry, style);
    let section = entry.section.as_ref().ok_or(EditError::NoList)?;
    let lists = all.iter().filter(|one| one.is_array());
    let near =
        |one: &&ScriptLiteral| link(one).is_some_and(|link| link.starts_with(&section.folder));
    for list in lists {
        if let Some(last) = list.items().iter().rev().find(near) {
            let inside = list.range.start + 1..list.range.end - 1;
            return Ok(behind(text, inside, &last.range, &item));
        }
    }
    let titled = |one: &&&ScriptLiteral| {
        one.get("text").and_then(ScriptLiteral::text) == Some(&section.title)
    };
    if let Some(items) = all.iter().find(titled).and_then(|one| one.get("items")) {
        return Ok(insert(text, items, &item));
    }
    Ok(with_section(text, sidebar, section, (&item, style)))
}

/// A sidebar for several folders gets the section into the one of all pages, or as one of its own.
fn with_section(
    text: &str,
    sidebar: &ScriptLiteral,
    section: &NavSection,
    (item, style): (&str, ScriptStyle),
) -> String {
    let key = |name: &str| style.key(name);
    let title = style.quoted(&plain_title(&section.title));
    let group = format!("{{ {}: {title}, {}: [{item}] }}", key("text"), key("items"));
    if sidebar.is_array() {
        return insert(text, sidebar, &group);
    }
    match sidebar.get("/").filter(|main| main.is_array()) {
        Some(main) => insert(text, main, &group),
        None => insert(text, sidebar, &format!("{}: [{group}]", style.quoted(&section.folder))),
    }
}

fn item(entry: &NavEntry, style: ScriptStyle) -> String {
    let title = match (entry.title.is_empty(), &entry.section) {
        (true, Some(section)) => &section.title,
        _ => &entry.title,
    };
    let (title, link) = (style.quoted(&plain_title(title)), style.quoted(&entry.page));
    format!("{{ {}: {title}, {}: {link} }}", style.key("text"), style.key("link"))
}

/// The settings without the link, with the comma that goes with it.
pub(super) fn unlisted(entry: &NavEntry, text: &str) -> Result<String, EditError> {
    let file = ScriptLiteral::of_file(text).ok_or(EditError::Unreadable)?;
    let Some(sidebar) = file.find("sidebar") else { return Ok(text.to_owned()) };
    let is_it =
        |one: &&ScriptLiteral| one.get("link").and_then(ScriptLiteral::text) == Some(&entry.page);
    let Some(one) = sidebar.all().into_iter().find(is_it) else { return Ok(text.to_owned()) };
    if one.get("items").is_some() {
        return Err(EditError::HasPages);
    }
    let (before, after) = (text[..one.range.start].trim_end(), &text[one.range.end..]);
    if let Some(before) = before.strip_suffix(',') {
        return Ok(format!("{before}{after}"));
    }
    let rest = after.trim_start();
    Ok(match rest.strip_prefix(',') {
        Some(rest) => format!("{}{}", &text[..one.range.start], rest.trim_start()),
        None => format!("{}{after}", &text[..one.range.start]),
    })
}
