//! A merged page, read as its maintainers left it.
//!
//! Maintainers move, rename and delete what they like. Generated lines are recognised by their
//! form, wherever they are: anchors, markers, sources, and the two lists at the end. Everything
//! else is the answer.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::LazyLock;

use regex::Regex;
use rules::markdown::{plain_text, read_page};
use rules::model::ids::{ClusterId, MessageId};
use sha2::{Digest, Sha256};

pub use crate::page::format::bears;
use crate::page::format::{ANCHOR, END, MARKER, START, anchor};
use crate::page::parts::{PageLine, PagePart};
use crate::page::render::digest;
use crate::target::DocsTarget;

/// A page as maintainers left it. `Debug` hides the text.
#[derive(Clone, PartialEq, Eq)]
pub struct ReadPage {
    /// Plain text on one line; empty where no title is left.
    pub title: String,
    /// Markdown in the page's dialect; empty where no answer is left.
    pub answer: String,
    /// The messages that sources and evidence link to, by id; where neither is left, those that the
    /// answer links to.
    pub evidence: Vec<MessageId>,
    /// SHA-256 of the whole file in lower-case hexadecimal.
    pub digest: String,
}

impl fmt::Debug for ReadPage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadPage").field("digest", &self.digest).finish_non_exhaustive()
    }
}

/// Reads the answer of a cluster from a file: the whole file, or, where that holds several answers,
/// what stands between the cluster's anchor and its marker. `None` where the file holds no such part.
pub fn parse_page(cluster: &ClusterId, page: &str, target: DocsTarget) -> Option<ReadPage> {
    let text = page.trim_start_matches('\u{feff}').replace("\r\n", "\n");
    let lines = crate::page::parts::lines(&text);
    let many = target == DocsTarget::Faq || lines.iter().any(|line| opens_another(line, cluster));
    let own = if many { section(cluster, &lines)? } else { &lines[..] };
    let (front, body) = if many { (None, own) } else { front_matter(own) };
    let parts = crate::page::parts::of(body);
    let heading = title_at(&parts).map(|at| (at, plain(&parts[at].text())));
    // Below a title in the front matter, a heading is part of the answer unless it has the same
    // text.
    let heading = heading.filter(|(_, text)| front.as_ref().is_none_or(|title| title == text));
    let answer = answer(&parts, heading.as_ref().map(|(at, _)| *at));
    let title = front.or(heading.map(|(_, text)| text)).unwrap_or_default();
    let digest = Sha256::digest(page).iter().map(|byte| format!("{byte:02x}")).collect();
    Some(ReadPage { title, evidence: evidence(&parts), answer, digest })
}

/// Whether a file is a page as it was written to this path: the digest in its last line is that of the text
/// above it.
pub fn is_unedited(path: &str, text: &str) -> bool {
    let Some((body, mark)) = text.trim_end_matches('\n').rsplit_once("\n\n") else { return false };
    let stated = mark.split_whitespace().find_map(|field| field.strip_prefix("digest="));
    mark.contains(MARKER) && stated == Some(digest(path, &format!("{body}\n")).as_str())
}

fn opens_another(line: &PageLine<'_>, cluster: &ClusterId) -> bool {
    let text = line.text.trim();
    !line.code && text.starts_with(ANCHOR) && text != anchor(cluster)
}

/// What stands between the cluster's anchor and its marker. Where one of them is gone, the nearest
/// edge of another answer serves.
fn section<'l, 't>(cluster: &ClusterId, lines: &'l [PageLine<'t>]) -> Option<&'l [PageLine<'t>]> {
    let own_anchor = anchor(cluster);
    let own_marker = format!("{MARKER} id={cluster} ");
    let find = |wanted: &dyn Fn(&str) -> bool| {
        lines.iter().position(|line| !line.code && wanted(line.text.trim()))
    };
    let begins = find(&|text| text.contains(own_anchor.as_str()));
    let ends = find(&|text| text.contains(own_marker.as_str()));
    let edge = |line: &PageLine<'_>| {
        let text = line.text.trim();
        !line.code
            && (text == START || text == END || text.contains(MARKER) || text.contains(ANCHOR))
    };
    let (from, to) = match (begins, ends) {
        (Some(from), Some(to)) if from < to => (from + 1, to),
        (Some(from), _) => {
            let end = lines[from + 1..].iter().position(edge).map(|at| from + 1 + at);
            (from + 1, end.unwrap_or(lines.len()))
        }
        (None, Some(to)) => {
            let from = lines[..to].iter().rposition(edge).map_or(0, |at| at + 1);
            (from, to)
        }
        (None, None) => return None,
    };
    Some(&lines[from..to])
}

/// The title of the front matter, if any, and the lines below it.
fn front_matter<'l, 't>(lines: &'l [PageLine<'t>]) -> (Option<String>, &'l [PageLine<'t>]) {
    let is_rule = |line: &PageLine<'_>| matches!(line.text.trim_end(), "---" | "...");
    if lines.first().is_none_or(|line| line.text.trim_end() != "---") {
        return (None, lines);
    }
    let Some(end) = lines[1..].iter().position(is_rule).map(|at| at + 1) else {
        return (None, lines);
    };
    let value = lines[1..end].iter().find_map(|line| line.text.strip_prefix("title:"));
    let title = value.map(|value| one_line(&scalar(value.trim())));
    (title.filter(|title| !title.is_empty()), &lines[end + 1..])
}

/// A YAML scalar on one line.
fn scalar(value: &str) -> String {
    if let Ok(text) = serde_json::from_str::<String>(value) {
        return text;
    }
    let quoted = value.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\''));
    match quoted {
        Some(text) => text.replace("''", "'"),
        None => value.split(" #").next().unwrap_or_default().trim().to_owned(),
    }
}

/// The heading that is the title: the first one, if only generated lines are above it.
fn title_at(parts: &[PagePart<'_>]) -> Option<usize> {
    let at = parts.iter().position(|part| part.is_heading() && !part.is_ours())?;
    let above = &parts[..at];
    let top = parts[at].level() == Some(1);
    (top || above.iter().all(PagePart::is_silent)).then_some(at)
}

fn plain(heading: &str) -> String {
    static ID: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"\s*\{#[^{}]*\}\s*$").expect("a constant pattern"));
    let bare = heading.trim_start_matches('#').trim().trim_end_matches('#');
    let bare = ID.replace(bare, "");
    one_line(&plain_text(&read_page(&format!("# {bare}"))))
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn answer(parts: &[PagePart<'_>], heading: Option<usize>) -> String {
    let mut out = String::new();
    for (at, part) in parts.iter().enumerate() {
        if Some(at) == heading || part.is_ours() {
            continue;
        }
        for line in part.lines() {
            if line.code || !line.trim().is_empty() || !out.ends_with("\n\n") {
                out.push_str(line.text.trim_end());
                out.push('\n');
            }
        }
    }
    out.trim_matches('\n').to_owned()
}

fn evidence(parts: &[PagePart<'_>]) -> Vec<MessageId> {
    let linked = |parts: &mut dyn Iterator<Item = &PagePart<'_>>| {
        let lines = parts.flat_map(PagePart::lines).filter(|line| !line.code);
        lines.flat_map(|line| messages(line.text)).collect::<BTreeSet<_>>()
    };
    let ours = linked(&mut parts.iter().filter(|part| part.is_ours()));
    let all = if ours.is_empty() { linked(&mut parts.iter()) } else { ours };
    all.into_iter().collect()
}

/// The messages that a line links to.
fn messages(line: &str) -> impl Iterator<Item = MessageId> {
    static LINK: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"discord(?:app)?\.com/channels/\d{1,20}/\d{1,20}/(\d{1,20})")
            .expect("a constant pattern")
    });
    LINK.captures_iter(line).filter_map(|found| found[1].parse().ok().map(MessageId))
}
