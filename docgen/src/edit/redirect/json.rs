//! `redirects` of `docs.json` or `mint.json`, edited as text: nothing else may change its form.

use std::ops::Range;

use serde_json::Value;

use crate::edit::error::EditError;

/// Adds an entry to the list of redirects, which is made at the end of the file where there is none.
pub(crate) fn put(text: &str, from: &str, to: &str) -> Result<String, EditError> {
    let all = serde_json::from_str::<Value>(text).map_err(|_| EditError::Unreadable)?;
    let all = all.as_object().ok_or(EditError::Unreadable)?;
    let known = all.get("redirects");
    if known.is_some_and(|known| !known.is_array()) {
        return Err(EditError::NoList);
    }
    let source = |entry: &Value| entry.get("source").and_then(Value::as_str).map(str::to_owned);
    let leads = |entry: &Value| source(entry).is_some_and(|at| at == from || at == to);
    let mut text = text.to_owned();
    while let Some(range) = entries(&text).into_iter().find(|range| {
        serde_json::from_str::<Value>(&text[range.clone()]).is_ok_and(|entry| leads(&entry))
    }) {
        text = without(&text, &range);
    }
    let quoted = |text: &str| Value::from(text).to_string();
    let entry = format!("{{ \"source\": {}, \"destination\": {} }}", quoted(from), quoted(to));
    let end = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let step = indent(&text);
    if let Some(last) = entries(&text).pop() {
        let line = text[..last.start].rfind('\n').map_or(0, |at| at + 1);
        let alone = text[line..last.start].trim().is_empty();
        let gap = if alone { format!("{end}{}", &text[line..last.start]) } else { " ".to_owned() };
        return Ok(format!("{},{gap}{entry}{}", &text[..last.end], &text[last.end..]));
    }
    let list = format!("[{end}{step}{step}{entry}{end}{step}]");
    if let Some(empty) = list_of(&text) {
        return Ok(format!("{}{list}{}", &text[..empty.start], &text[empty.end..]));
    }
    let close = text.rfind('}').ok_or(EditError::Unreadable)?;
    let before = text[..close].trim_end();
    let comma = if before.ends_with('{') { "" } else { "," };
    Ok(format!("{before}{comma}{end}{step}\"redirects\": {list}{end}{}", &text[close..]))
}

/// What the keys of the file are indented by.
fn indent(text: &str) -> &str {
    let line = text.lines().find(|line| line.trim_start().starts_with('"')).unwrap_or("  ");
    let indent = &line[..line.len() - line.trim_start().len()];
    if indent.is_empty() { "  " } else { indent }
}

/// The list of redirects with its brackets.
fn list_of(text: &str) -> Option<Range<usize>> {
    let key = strings(text).find(|(range, depth)| *depth == 1 && &text[range.clone()] == KEY);
    let rest = &text[key?.0.end..];
    let opens = text.len() - rest.trim_start().strip_prefix(':')?.trim_start().len();
    let mut depth = 0;
    for (at, c) in signs(&text[opens..]) {
        match c {
            '[' | '{' => depth += 1,
            ']' | '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some(opens..opens + at + 1);
        }
    }
    None
}

const KEY: &str = "\"redirects\"";

/// Every entry of the list.
fn entries(text: &str) -> Vec<Range<usize>> {
    let Some(list) = list_of(text) else { return Vec::new() };
    let (mut depth, mut begins) = (0, 0);
    let mut found = Vec::new();
    for (at, c) in signs(&text[list.clone()]) {
        match c {
            '[' | '{' => {
                if depth == 1 {
                    begins = list.start + at;
                }
                depth += 1;
            }
            ']' | '}' => {
                depth -= 1;
                if depth == 1 {
                    found.push(begins..list.start + at + 1);
                }
            }
            _ => {}
        }
    }
    found
}

/// The text without an entry and the comma that goes with it.
fn without(text: &str, entry: &Range<usize>) -> String {
    let before = text[..entry.start].trim_end();
    if let Some(before) = before.strip_suffix(',') {
        return format!("{before}{}", &text[entry.end..]);
    }
    let rest = &text[entry.end..];
    match rest.trim_start().strip_prefix(',') {
        Some(rest) => format!("{}{}", &text[..entry.start], rest.trim_start()),
        None => format!("{before}{}", rest.trim_start()),
    }
}

/// Strings with their quotes, and how many brackets are open around each.
fn strings(text: &str) -> impl Iterator<Item = (Range<usize>, usize)> {
    let mut found = Vec::new();
    let (mut depth, mut open) = (0_usize, None);
    for (at, c) in all_signs(text) {
        match (c, open) {
            ('"', None) => open = Some(at),
            ('"', Some(begins)) => {
                found.push((begins..at + 1, depth));
                open = None;
            }
            ('[' | '{', None) => depth += 1,
            (']' | '}', None) => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    found.into_iter()
}

/// What stands outside strings.
fn signs(text: &str) -> impl Iterator<Item = (usize, char)> {
    let mut inside = false;
    all_signs(text).filter(move |(_, c)| {
        if *c == '"' {
            inside = !inside;
        }
        !inside && *c != '"'
    })
}

/// Every character but escaped ones.
fn all_signs(text: &str) -> impl Iterator<Item = (usize, char)> {
    let mut escaped = false;
    text.char_indices().filter(move |(_, c)| {
        let skipped = escaped;
        escaped = !escaped && *c == '\\';
        !skipped && *c != '\\'
    })
}
