//! `redirect_maps` of the plugin `redirects` in `mkdocs.yml`. A site without the plugin cannot be given
//! it: it would have to be installed where the site is built.

use crate::edit::error::EditError;
use crate::lines::lines;

/// A line with how far it is indented.
struct YamlLine<'t> {
    end: usize,
    indent: usize,
    bare: &'t str,
}

/// Adds an entry below `redirect_maps:`, which is made where the plugin has none.
pub(crate) fn put(text: &str, from: &str, to: &str) -> Result<String, EditError> {
    let end = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let text = without(text, from, to);
    let all = lines(&text).map(|(at, line)| YamlLine {
        end: at + line.len(),
        indent: line.len() - line.trim_start_matches([' ', '-']).len(),
        bare: line.trim().split(" #").next().unwrap_or_default().trim_end(),
    });
    let all = all.filter(|line| !line.bare.is_empty() && !line.bare.starts_with('#'));
    let all = all.collect::<Vec<_>>();
    let plugins = all.iter().position(|line| line.bare == "plugins:" && line.indent == 0);
    let plugins = plugins.ok_or(EditError::NoList)?;
    let below = all[plugins + 1..].iter().take_while(|line| line.indent > 0);
    let below = below.collect::<Vec<_>>();
    let plugin = |line: &&YamlLine<'_>| {
        let name = line.bare.trim_start_matches('-').trim().trim_end_matches(':');
        ["redirects", "\"redirects\"", "'redirects'"].contains(&name)
    };
    let at = below.iter().position(plugin).ok_or(EditError::NoList)?;
    let (plugin, inside) = (below[at], &below[at + 1..]);
    let inside = inside.iter().take_while(|line| line.indent > plugin.indent).collect::<Vec<_>>();
    let entry = |indent: usize| {
        let quoted = |text: &str| serde_json::Value::from(text).to_string();
        format!("{}{}: {}{end}", " ".repeat(indent), quoted(from), quoted(to))
    };
    let maps = inside.iter().position(|line| line.bare.starts_with("redirect_maps:"));
    let (after, added) = match maps {
        Some(at) if inside[at].bare == "redirect_maps:" => {
            let maps = inside[at];
            let entries = inside[at + 1..].iter().take_while(|line| line.indent > maps.indent);
            let entries = entries.collect::<Vec<_>>();
            let indent = entries.first().map_or(maps.indent + 2, |first| first.indent);
            (entries.last().map_or(maps.end, |last| last.end), entry(indent))
        }
        Some(at) => return put_inline(&text, inside[at].end, from, to),
        None => {
            let indent = inside.first().map_or(plugin.indent + 2, |first| first.indent);
            let maps = format!("{}redirect_maps:{end}{}", " ".repeat(indent), entry(indent + 2));
            (plugin.end, maps)
        }
    };
    let (before, rest) = text.split_at(after);
    let before = if before.ends_with('\n') { before.to_owned() } else { format!("{before}{end}") };
    // A plugin without settings is a bare name; with settings it is a key.
    let before = match maps {
        None if !plugin.bare.ends_with(':') => {
            let name = before.trim_end();
            format!("{name}:{}", &before[name.len()..])
        }
        _ => before,
    };
    Ok(format!("{before}{added}{rest}"))
}

/// Adds an entry to `redirect_maps: {…}` on the line that ends at `end`. What is written in another way, or
/// names either place already, is for people to edit.
fn put_inline(text: &str, end: usize, from: &str, to: &str) -> Result<String, EditError> {
    let start = text[..end].trim_end().rfind('\n').map_or(0, |at| at + 1);
    let (line, rest) = text[start..].split_at(end - start);
    let (key, map) = line.split_once('{').ok_or(EditError::NoList)?;
    let whole = key.trim() == "redirect_maps:" && map.trim_end().ends_with('}');
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    let entry = format!("{}: {}", quoted(from), quoted(to));
    if whole && map.contains(&entry) {
        return Ok(text.to_owned());
    }
    if !whole || map.contains(from) || map.contains(to) {
        return Err(EditError::NoList);
    }
    let comma = if map.trim_start().starts_with('}') { "" } else { ", " };
    Ok(format!("{}{key}{{{entry}{comma}{map}{rest}", &text[..start]))
}

/// The text without entries that lead from either place.
fn without(text: &str, from: &str, to: &str) -> String {
    let leads = |line: &str| {
        let key = line.trim().split_once(": ").map(|(key, _)| key.trim_matches(['"', '\'']));
        let target = line.trim_end().trim_end_matches(['"', '\'']).ends_with(".md");
        line.starts_with([' ', '\t']) && target && (key == Some(from) || key == Some(to))
    };
    let mut out = String::with_capacity(text.len());
    let mut maps = None;
    for (_, line) in lines(text) {
        let indent = line.len() - line.trim_start().len();
        if line.trim_start().starts_with("redirect_maps:") {
            maps = Some(indent);
        } else if maps.is_some_and(|maps| indent <= maps && !line.trim().is_empty()) {
            maps = None;
        }
        if maps.is_none() || !leads(line) {
            out.push_str(line);
        }
    }
    out
}
