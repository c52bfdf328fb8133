//! A page as its sections.

use std::ops::Range;

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
use rules::model::ids::ClusterId;

use crate::page::format::{MARKER, is_also_asked, is_evidence, is_fixed_heading, is_fixed_line};

/// A question in bold on a line of its own is a heading below all others.
const BOLD: u8 = 7;

/// A section. The first one of a page may have no heading.
pub(crate) struct DocSection {
    /// The headings above it and its own, outermost first.
    pub headings: Vec<String>,
    /// From its heading to the next one of any level.
    pub range: Range<usize>,
    /// The questions it answers: its heading, its heading after the one above, other wordings.
    pub wordings: Vec<String>,
    /// The plain text of it and of everything below.
    pub text: String,
    /// The cluster whose answer it is, if it was generated.
    pub cluster: Option<ClusterId>,
}

/// A heading and its position.
struct HeadingLine {
    level: u8,
    text: String,
    at: usize,
}

/// The sections of a page in order.
pub(crate) fn read(page: &str) -> Vec<DocSection> {
    let headings = headings(page);
    let mut above: Vec<&HeadingLine> = Vec::new();
    let mut parts = Vec::new();
    for (number, heading) in headings.iter().enumerate() {
        above.retain(|other| other.level < heading.level);
        above.push(heading);
        let rest = &headings[number + 1..];
        let end = rest.first().map_or(page.len(), |next| next.at);
        let below = rest.iter().find(|next| next.level <= heading.level);
        let whole = &page[heading.at..below.map_or(page.len(), |next| next.at)];
        let path = above.iter().map(|one| one.text.clone()).collect::<Vec<_>>();
        parts.push(DocSection {
            wordings: wordings(&path, whole),
            headings: path,
            range: heading.at..end,
            text: plain(whole),
            cluster: cluster(&page[heading.at..end]),
        });
    }
    parts
}

/// Where the section with these headings ends, without those below it.
pub(crate) fn section_end(page: &str, headings: &[String]) -> Option<usize> {
    let part = read(page).into_iter().find(|part| part.headings == headings)?;
    Some(part.range.end)
}

/// A generated page as one section: its answer without sources and evidence, and all its wordings.
pub(crate) fn of_draft(page: &str) -> Option<DocSection> {
    let mut part = read(page).into_iter().next()?;
    let closes = |line: &str| is_also_asked(line) || is_evidence(line);
    part.text = part.text.lines().take_while(|line| !closes(line)).collect::<Vec<_>>().join("\n");
    Some(part)
}

fn cluster(text: &str) -> Option<ClusterId> {
    let (_, rest) = text.rsplit_once(MARKER)?;
    rest.split_whitespace().find_map(|field| field.strip_prefix("id="))?.parse().ok()
}

fn wordings(headings: &[String], whole: &str) -> Vec<String> {
    let mut wordings = Vec::new();
    if let [.., parent, own] = headings {
        wordings.push(own.clone());
        wordings.push(format!("{parent}: {own}"));
    } else {
        wordings.extend(headings.last().cloned());
    }
    if cluster(whole).is_some() {
        let is_heading = |line: &str| {
            line.starts_with('#') && is_also_asked(line.trim_start_matches('#').trim())
        };
        let also = whole.lines().skip_while(|line| !is_heading(line)).skip(1);
        let also =
            also.skip_while(|line| line.is_empty()).map_while(|line| line.strip_prefix("- "));
        wordings.extend(also.map(plain).map(|line| line.trim().to_owned()));
    }
    wordings
}

fn options() -> Options {
    Options::ENABLE_YAML_STYLE_METADATA_BLOCKS | Options::ENABLE_HEADING_ATTRIBUTES
}

/// Every heading of a page, the title of its front matter first.
fn headings(page: &str) -> Vec<HeadingLine> {
    let ours = page.contains(MARKER);
    let mut found = Vec::new();
    let (mut open, mut bold) = (None::<HeadingLine>, None::<(HeadingLine, bool)>);
    for (event, range) in Parser::new_ext(page, options()).into_offset_iter() {
        match event {
            Event::Start(Tag::MetadataBlock(_)) => {
                let text = title(&page[range.clone()]);
                found.extend(text.map(|text| HeadingLine { level: 0, text, at: range.start }));
            }
            Event::Start(Tag::Heading { level, .. }) => {
                open =
                    Some(HeadingLine { level: level as u8, text: String::new(), at: range.start });
            }
            Event::End(TagEnd::Heading(_)) => found.extend(open.take()),
            Event::Start(Tag::Paragraph) => {
                let heading = HeadingLine { level: BOLD, text: String::new(), at: range.start };
                bold = Some((heading, false));
            }
            Event::Start(Tag::Strong) => {
                if let Some((heading, inside)) = &mut bold {
                    *inside = heading.text.is_empty();
                }
            }
            Event::End(TagEnd::Strong) => {
                if let Some((_, inside)) = &mut bold {
                    *inside = false;
                }
            }
            Event::End(TagEnd::Paragraph) => {
                let asked = bold.take().map(|(heading, _)| heading);
                found.extend(asked.filter(|heading| heading.text.trim_end().ends_with('?')));
            }
            Event::Text(text) | Event::Code(text) => {
                if let Some(heading) = &mut open {
                    heading.text.push_str(&text);
                }
                match &mut bold {
                    Some((heading, true)) => heading.text.push_str(&text),
                    // Words beside the bold ones: it is a sentence and no heading.
                    Some(_) if !text.trim().is_empty() => bold = None,
                    _ => {}
                }
            }
            _ => {}
        }
    }
    found.iter_mut().for_each(|heading| heading.text = heading.text.trim().to_owned());
    found.retain(|heading| !heading.text.is_empty());
    found.retain(|heading| !(ours && is_fixed_heading(&heading.text)));
    found
}

fn title(front: &str) -> Option<String> {
    let value = front.lines().find_map(|line| line.strip_prefix("title:"))?.trim();
    let text = serde_json::from_str(value).unwrap_or_else(|_| value.trim_matches('\'').to_owned());
    (!text.is_empty()).then_some(text)
}

/// The visible text of Markdown, a line for every block.
pub(crate) fn plain(markdown: &str) -> String {
    let mut out = String::new();
    let mut hidden = false;
    let shown = markdown.split_inclusive('\n').filter(|line| !is_fixed_line(line.trim()));
    for event in Parser::new_ext(&shown.collect::<String>(), options()) {
        match event {
            Event::Start(Tag::MetadataBlock(_)) => hidden = true,
            Event::End(TagEnd::MetadataBlock(_)) => hidden = false,
            Event::Text(text) | Event::Code(text) if !hidden => out.push_str(&text),
            Event::SoftBreak | Event::HardBreak => out.push('\n'),
            Event::End(
                TagEnd::Paragraph | TagEnd::Heading(_) | TagEnd::Item | TagEnd::CodeBlock,
            ) => out.push('\n'),
            _ => {}
        }
    }
    out
}
