//! The lines of a page, grouped into parts that are generated or written by people.

use crate::page::format::{is_also_asked, is_evidence, is_fixed_line, is_wording_line};

/// A line without its end, and whether it is in a fence or opens or closes one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PageLine<'t> {
    pub(crate) text: &'t str,
    pub(crate) code: bool,
}

impl PageLine<'_> {
    pub(crate) fn trim(&self) -> &str {
        self.text.trim()
    }
}

pub(crate) fn lines(text: &str) -> Vec<PageLine<'_>> {
    let mut fence: Option<&str> = None;
    let line = |text| {
        let ticks = fence_of(text);
        let code = fence.is_some() || ticks.is_some();
        match (fence, ticks) {
            (None, Some(_)) => fence = ticks,
            (Some(open), Some(close)) if close.starts_with(open) && bare(text) == close => {
                fence = None;
            }
            _ => {}
        }
        PageLine { text, code }
    };
    text.lines().map(line).collect()
}

/// A line without what makes it part of a quote or list.
fn bare(line: &str) -> &str {
    line.trim_start_matches([' ', '\t', '>']).trim_end()
}

/// The run of backticks or tildes that a line opens or closes a fence with.
fn fence_of(line: &str) -> Option<&str> {
    let bare = bare(line);
    let mark = bare.chars().next().filter(|c| "`~".contains(*c))?;
    let rest = bare.trim_start_matches(mark);
    let run = &bare[..bare.len() - rest.len()];
    (run.len() >= 3 && !(mark == '`' && rest.contains('`'))).then_some(run)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PartKind {
    /// Of a level from 1 to 6.
    Heading(u8),
    /// What people wrote, or the text of an answer.
    Words,
    /// What the template wrote.
    Ours,
    Blank,
}

/// Lines that belong together.
#[derive(Debug)]
pub(crate) struct PagePart<'t> {
    sort: PartKind,
    ours: bool,
    lines: Vec<PageLine<'t>>,
}

impl<'t> PagePart<'t> {
    fn of(sort: PartKind, line: PageLine<'t>) -> Self {
        Self { sort, ours: sort == PartKind::Ours, lines: vec![line] }
    }

    pub(crate) fn is_heading(&self) -> bool {
        matches!(self.sort, PartKind::Heading(_))
    }

    pub(crate) fn level(&self) -> Option<u8> {
        match self.sort {
            PartKind::Heading(level) => Some(level),
            PartKind::Words | PartKind::Ours | PartKind::Blank => None,
        }
    }

    /// Whether the template wrote it and it is no part of the answer.
    pub(crate) fn is_ours(&self) -> bool {
        self.ours
    }

    /// Whether it is no part of the answer.
    pub(crate) fn is_silent(&self) -> bool {
        self.ours || self.sort == PartKind::Blank
    }

    pub(crate) fn lines(&self) -> impl Iterator<Item = &PageLine<'t>> {
        self.lines.iter()
    }

    pub(crate) fn text(&self) -> String {
        self.lines.iter().map(|line| line.text).collect::<Vec<_>>().join("\n")
    }
}

/// The parts of a page, in order. Each heading, each paragraph line and each list item is one.
pub(crate) fn of<'t>(lines: &[PageLine<'t>]) -> Vec<PagePart<'t>> {
    let mut parts = Vec::new();
    let mut at = 0;
    while let Some(line) = lines.get(at) {
        let underlined =
            lines.get(at + 1).is_some_and(|next| !next.code && is_underline(next.text));
        if !line.code && underlined && !line.trim().is_empty() && level(line.text).is_none() {
            parts.push(PagePart::of(PartKind::Heading(1), *line));
            at += 2;
            continue;
        }
        parts.push(PagePart::of(sort(line), *line));
        at += 1;
    }
    claim_lists(&mut parts);
    parts
}

fn sort(line: &PageLine<'_>) -> PartKind {
    if line.code {
        PartKind::Words
    } else if line.trim().is_empty() {
        PartKind::Blank
    } else if let Some(level) = level(line.text) {
        PartKind::Heading(level)
    } else if is_fixed_line(line.trim()) || is_wording_line(line.trim()) {
        PartKind::Ours
    } else {
        PartKind::Words
    }
}

fn is_underline(line: &str) -> bool {
    let line = line.trim_end();
    line.len() >= 3 && line.bytes().all(|byte| byte == b'=')
}

fn level(line: &str) -> Option<u8> {
    let text = line.trim_start_matches(' ');
    let level = text.len() - text.trim_start_matches('#').len();
    let rest = &text[level..];
    let plain = line.len() - text.len() < 4 && (rest.is_empty() || rest.starts_with([' ', '\t']));
    u8::try_from(level).ok().filter(|level| plain && (1..=6).contains(level))
}

/// Marks the headings of the generated lists, under whatever name, and the variants below theirs.
fn claim_lists(parts: &mut [PagePart<'_>]) {
    for at in 0..parts.len() {
        if !parts[at].is_heading() {
            continue;
        }
        let name = named(&parts[at].text());
        let below = parts[at + 1..].iter().position(PagePart::is_heading);
        let below = at + 1..below.map_or(parts.len(), |count| at + 1 + count);
        let mut words = parts[below.clone()].iter().filter(|part| part.sort != PartKind::Blank);
        let rows = words.clone().any(|part| is_row(part));
        let only_ours = rows && words.clone().all(|part| part.ours);
        let only_items = words.clone().next().is_some() && words.all(is_item);
        if is_evidence(&name) || only_ours {
            parts[at].ours = true;
        } else if is_also_asked(&name) || (name.contains("asked") && only_items) {
            parts[at].ours = true;
            claim_items(&mut parts[below]);
        }
    }
}

/// The words of a heading in lower case.
fn named(heading: &str) -> String {
    let words = heading.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ").to_lowercase()
}

fn is_row(part: &PagePart<'_>) -> bool {
    part.ours && part.lines.iter().any(|line| line.text.contains("/channels/"))
}

fn is_item(part: &PagePart<'_>) -> bool {
    let text = part.lines[0].text;
    let item = text.trim_start();
    part.ours
        || (part.sort == PartKind::Words
            && !part.lines[0].code
            && (item.starts_with(['-', '*', '+']) || text.starts_with("  ")))
}

/// The first list of a section.
fn claim_items(parts: &mut [PagePart<'_>]) {
    for part in parts {
        if part.sort == PartKind::Blank {
            continue;
        }
        if !is_item(part) {
            break;
        }
        part.ours = true;
    }
}
