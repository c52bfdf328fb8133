//! Reads a changed file back with a parser of its format: it must hold what was meant, and nothing else may
//! have changed its meaning.

use std::collections::{BTreeMap, BTreeSet};

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
use saphyr_parser::Event as YamlEvent;
use serde_json::Value;

use crate::directives::{directive_in, plain_title};
use crate::edit::error::EditError;
use crate::edit::nav::{NavEntry, NavFormat};
use crate::edit::redirect::Redirect;
use crate::edit::section_list::SectionEntry;
use crate::edit::toctree;
use crate::literal::ScriptLiteral;
use crate::page::format::is_fixed_line;

/// Checks that a navigation names one more page, under its title, and is otherwise the same.
pub(crate) fn check_listed(entry: &NavEntry, before: &str, after: &str) -> Result<(), EditError> {
    let title = entry.line_title();
    let named = entry.section.as_ref().map(|section| plain_title(&section.title));
    if let Some(what) = directive_in(&title).or_else(|| directive_in(named.as_deref()?)) {
        return Err(EditError::Unsafe(what));
    }
    let same = match entry.kind {
        NavFormat::Mintlify => {
            let ((before, listed), (after, now)) =
                (without(json(before)?, &entry.page), without(json(after)?, &entry.page));
            let group = entry
                .section
                .as_ref()
                .map(|section| serde_json::json!({ "group": section.title, "pages": [] }));
            let made = |group: &Value| is_grown(&before, &after, group);
            now == listed + 1 && (before == after || group.is_some_and(|group| made(&group)))
        }
        NavFormat::MdBook => {
            let link = SummaryItem::Link(entry.page.clone(), title);
            is_inserted(&summary(before), &summary(after), &[link])
        }
        NavFormat::MkDocs => {
            let (before, after) = (yaml(before)?, yaml(after)?);
            let own = match entry.title.is_empty() {
                true => vec![YamlPart::Scalar(entry.page.clone(), None)],
                false => yaml_entry(&title, &entry.page).to_vec(),
            };
            let inside = named.map(|named| yaml_section(&named, own.clone()));
            is_inserted(&before, &after, &own)
                || inside.is_some_and(|inside| is_inserted(&before, &after, &inside))
        }
        NavFormat::VitePress => {
            let links = |text: &str| links(text).ok_or(EditError::Unreadable);
            is_inserted(&links(before)?, &links(after)?, std::slice::from_ref(&entry.page))
        }
        NavFormat::Toctree => {
            let own = [entry.page.as_str()];
            is_inserted(&toctree::documents(before), &toctree::documents(after), &own)
        }
    };
    if same { Ok(()) } else { Err(EditError::Unsafe("something other than the new entry")) }
}

/// Checks that a list of sections can be read and names the new one.
pub(crate) fn check_section_listed(entry: &SectionEntry, after: &str) -> Result<(), EditError> {
    if let Some(what) = directive_in(&entry.title) {
        return Err(EditError::Unsafe(what));
    }
    if entry.listed_in(after).as_deref() == Ok(after) {
        return Ok(());
    }
    Err(EditError::Unsafe("something other than the new section"))
}

/// Checks that a navigation lost nothing but the page.
pub(crate) fn check_unlisted(entry: &NavEntry, before: &str, after: &str) -> Result<(), EditError> {
    let same = match entry.kind {
        NavFormat::Mintlify => {
            without(json(before)?, &entry.page).0 == without(json(after)?, &entry.page).0
        }
        NavFormat::MdBook => {
            let others = |text: &str| {
                let items = summary(text).into_iter();
                let own = |item: &SummaryItem| matches!(item, SummaryItem::Link(page, _) if *page == entry.page);
                items.filter(|item| !own(item)).collect::<Vec<_>>()
            };
            others(before) == others(after)
        }
        NavFormat::MkDocs => {
            let (before, after) = (scalars(&yaml(before)?), scalars(&yaml(after)?));
            let kept = after.iter().all(|(text, count)| before.get(text) >= Some(count));
            // The page and its title may go, and with the last page its section.
            let counts = [&before, &after].map(|all| all.values().sum::<usize>());
            kept && counts[0] <= counts[1] + 3
        }
        NavFormat::VitePress => {
            let links = |text: &str| links(text).ok_or(EditError::Unreadable);
            is_inserted(&links(after)?, &links(before)?, std::slice::from_ref(&entry.page))
        }
        NavFormat::Toctree => {
            let own = [entry.page.as_str()];
            is_inserted(&toctree::documents(after), &toctree::documents(before), &own)
        }
    };
    if same { Ok(()) } else { Err(EditError::Unsafe("less than before")) }
}

/// Checks that settings hold the redirect, and beside redirects what they held.
pub(crate) fn check_redirect(
    redirect: &Redirect,
    before: &str,
    after: &str,
) -> Result<(), EditError> {
    let Redirect { kind, from, to } = redirect;
    let same = match kind {
        NavFormat::Mintlify => {
            let (mut before, mut after) = (json(before)?, json(after)?);
            let entry = serde_json::json!({ "source": from, "destination": to });
            let placed = after["redirects"].as_array().is_some_and(|all| all.contains(&entry));
            for value in [&mut before, &mut after] {
                value.as_object_mut().map(|all| all.remove("redirects"));
            }
            placed && before == after
        }
        NavFormat::MdBook => {
            let (mut before, mut after) = (book(before)?, book(after)?);
            let placed = redirects(&mut after).remove(from.as_str());
            let old = redirects(&mut before).clone();
            let kept = redirects(&mut after).iter().all(|(from, to)| old.get(from) == Some(to));
            redirects(&mut before).clear();
            redirects(&mut after).clear();
            kept && before == after
                && placed.and_then(|to| to.as_str().map(str::to_owned)).as_ref() == Some(to)
        }
        NavFormat::VitePress | NavFormat::Toctree => false,
        NavFormat::MkDocs => {
            let (before, after) = (scalars(&yaml(before)?), scalars(&yaml(after)?));
            let own = ["redirect_maps", from, to];
            after.iter().all(|(text, count)| {
                own.contains(&text.as_str()) || before.get(text) >= Some(count)
            })
        }
    };
    if same { Ok(()) } else { Err(EditError::Unsafe("something other than the redirect")) }
}

/// Checks that an answer means in a file what it means alone: around it, nothing is open.
pub(crate) fn check_section(text: &str, after: &str) -> Result<(), EditError> {
    let own = text.trim_matches('\n');
    let own = if after.contains("\r\n") { own.replace('\n', "\r\n") } else { own.to_owned() };
    let inside = after.find(&own).map(|from| events(after, from, from + own.len()));
    // A comment's event has the end of its line.
    let alone = format!("{own}{}", if after.contains("\r\n") { "\r\n" } else { "\n" });
    if inside == Some((0, events(&alone, 0, own.len()).1)) {
        return Ok(());
    }
    Err(EditError::Unsafe("the answer inside of other markup"))
}

/// Checks that a rewritten page has no HTML that it did not have.
pub(crate) fn check_rewritten(before: &str, after: &str) -> Result<(), EditError> {
    if html(after).is_subset(&html(before)) { Ok(()) } else { Err(EditError::Unsafe("HTML")) }
}

/// How many elements are open where a part of a text begins, and what is in it.
fn events(text: &str, from: usize, to: usize) -> (usize, Vec<Event<'_>>) {
    let (mut open, mut inside) = (0_usize, Vec::new());
    for (event, range) in Parser::new_ext(text, Options::ENABLE_TABLES).into_offset_iter() {
        if (from..to).contains(&range.start) {
            inside.push(event);
        } else if range.start < from && range.end > from {
            open += usize::from(matches!(event, Event::Start(_)));
        }
    }
    (open, inside)
}

/// Every piece of HTML that the template does not write.
fn html(text: &str) -> BTreeSet<String> {
    let pieces = Parser::new(text).filter_map(|event| match event {
        Event::Html(piece) | Event::InlineHtml(piece) => Some(piece.trim().to_owned()),
        _ => None,
    });
    pieces.filter(|piece| !is_own(piece)).collect()
}

/// The anchor is one element of which the parser gives the opening and the closing.
fn is_own(piece: &str) -> bool {
    piece == "</a>" || is_fixed_line(piece) || is_fixed_line(&format!("{piece}</a>"))
}

/// What a summary shows.
#[derive(Debug, PartialEq)]
enum SummaryItem {
    /// The page and the words of the link.
    Link(String, String),
    Html(String),
    Heading(String),
    Text(String),
}

fn summary(text: &str) -> Vec<SummaryItem> {
    let mut items = Vec::new();
    let mut link: Option<(String, String)> = None;
    let mut heading = false;
    for event in Parser::new(text) {
        match event {
            Event::Start(Tag::Link { dest_url, .. }) => {
                link = Some((dest_url.to_string(), String::new()));
            }
            Event::End(TagEnd::Link) => {
                items.extend(link.take().map(|(page, words)| SummaryItem::Link(page, words)));
            }
            Event::Start(Tag::Heading { .. }) => heading = true,
            Event::End(TagEnd::Heading(_)) => heading = false,
            Event::Html(text) | Event::InlineHtml(text) => {
                items.push(SummaryItem::Html(text.trim().to_owned()));
            }
            Event::Text(text) | Event::Code(text) => match &mut link {
                Some((_, words)) => words.push_str(&text),
                None if heading => items.push(SummaryItem::Heading(text.to_string())),
                None => items.push(SummaryItem::Text(text.to_string())),
            },
            _ => {}
        }
    }
    items
}

fn json(text: &str) -> Result<Value, EditError> {
    serde_json::from_str(text).map_err(|_| EditError::Unreadable)
}

/// A value without a string that lists hold, and how often it was there.
fn without(value: Value, page: &str) -> (Value, usize) {
    let mut count = 0;
    let value = match value {
        Value::Array(all) => {
            let (own, others): (Vec<_>, Vec<_>) = all.into_iter().partition(|one| one == page);
            count += own.len();
            let others = others.into_iter().map(|one| {
                let (one, inside) = without(one, page);
                count += inside;
                one
            });
            Value::Array(others.collect())
        }
        Value::Object(all) => {
            let all = all.into_iter().map(|(key, one)| {
                let (one, inside) = without(one, page);
                count += inside;
                (key, one)
            });
            Value::Object(all.collect())
        }
        other => other,
    };
    (value, count)
}

fn book(text: &str) -> Result<toml::Table, EditError> {
    text.parse().map_err(|_| EditError::Unreadable)
}

/// The redirects of a book, which are made where it has none.
fn redirects(book: &mut toml::Table) -> &mut toml::Table {
    let mut table = book;
    for key in ["output", "html", "redirect"] {
        let inner = table.entry(key).or_insert_with(|| toml::Value::Table(toml::Table::new()));
        if !inner.is_table() {
            *inner = toml::Value::Table(toml::Table::new());
        }
        table = inner.as_table_mut().expect("it was just made one");
    }
    table
}

/// A part of a YAML file: what it is, and its text where it is a scalar.
#[derive(Debug, Clone, PartialEq)]
enum YamlPart {
    Scalar(String, Option<String>),
    Other(String),
}

fn yaml(text: &str) -> Result<Vec<YamlPart>, EditError> {
    let parts = saphyr_parser::Parser::new_from_str(text).map(|event| {
        let (event, _) = event.map_err(|_| EditError::Unreadable)?;
        Ok(match event {
            YamlEvent::Scalar(text, _, anchor, tag) => {
                let tag = tag.map(|tag| format!("{}{} {anchor}", tag.handle, tag.suffix));
                YamlPart::Scalar(text.into_owned(), tag)
            }
            other => YamlPart::Other(format!("{other:?}")),
        })
    });
    parts.collect()
}

/// How a navigation names a page.
fn yaml_entry(title: &str, page: &str) -> [YamlPart; 4] {
    let scalar = |text: &str| YamlPart::Scalar(text.to_owned(), None);
    let other = |event: YamlEvent<'_>| YamlPart::Other(format!("{event:?}"));
    let (open, close) = (YamlEvent::MappingStart(0, None), YamlEvent::MappingEnd);
    [other(open), scalar(title), scalar(page), other(close)]
}

/// How a navigation names a section of one entry.
fn yaml_section(title: &str, entry: Vec<YamlPart>) -> Vec<YamlPart> {
    let other = |event: YamlEvent<'_>| YamlPart::Other(format!("{event:?}"));
    let head = [
        other(YamlEvent::MappingStart(0, None)),
        YamlPart::Scalar(title.to_owned(), None),
        other(YamlEvent::SequenceStart(0, None)),
    ];
    let tail = [other(YamlEvent::SequenceEnd), other(YamlEvent::MappingEnd)];
    head.into_iter().chain(entry).chain(tail).collect()
}

/// Every link of a sidebar, in order.
fn links(text: &str) -> Option<Vec<String>> {
    let file = ScriptLiteral::of_file(text)?;
    let links = file.find("sidebar")?.all().into_iter().filter_map(|one| one.get("link")?.text());
    Some(links.map(str::to_owned).collect())
}

/// Whether a value is the other with one more element in one of its lists.
fn is_grown(before: &Value, after: &Value, new: &Value) -> bool {
    match (before, after) {
        (Value::Array(old), Value::Array(all))
            if is_inserted(old, all, std::slice::from_ref(new)) =>
        {
            true
        }
        (Value::Array(old), Value::Array(all)) if old.len() == all.len() => {
            let mut pairs = old.iter().zip(all).filter(|(one, other)| one != other);
            pairs.next().is_some_and(|(one, other)| is_grown(one, other, new))
                && pairs.next().is_none()
        }
        (Value::Object(old), Value::Object(all)) if old.keys().eq(all.keys()) => {
            let mut pairs = old.values().zip(all.values()).filter(|(one, other)| one != other);
            pairs.next().is_some_and(|(one, other)| is_grown(one, other, new))
                && pairs.next().is_none()
        }
        _ => false,
    }
}

fn scalars(parts: &[YamlPart]) -> BTreeMap<String, usize> {
    let mut found = BTreeMap::new();
    for part in parts {
        if let YamlPart::Scalar(text, _) = part {
            *found.entry(text.clone()).or_default() += 1;
        }
    }
    found
}

/// Whether one list is the other with something put in at one place.
fn is_inserted<T: PartialEq>(before: &[T], after: &[T], new: &[T]) -> bool {
    let same = before.iter().zip(after).take_while(|(one, other)| one == other).count();
    let fits = |at: usize| {
        after.get(at..at + new.len()).is_some_and(|there| there == new)
            && after[at + new.len()..] == before[at..]
    };
    after.len() == before.len() + new.len()
        && (same.saturating_sub(new.len())..=same).rev().any(fits)
}

#[cfg(test)]
mod tests;
