//! Discord Markdown becomes CommonMark that cannot break out of its place.
//!
//! Chat is hostile: whoever writes a message must not be able to make headings, HTML, JSX, images,
//! tables, front matter, includes, mentions, or links other than http(s) on a page. [`parse`] keeps
//! what Discord shows as a small tree; [`render`] writes that tree and escapes everything else.

mod blocks;
mod encoded_code;
mod escape;
mod inline;
mod link;
mod mention;
mod page_parser;
mod render;

pub use crate::text::visible;
pub use encoded_code::{ENCODED_SPAN_END, decode_block, is_encoded_span_start};
pub use escape::{MarkdownDialect, code_block, code_span, escape, needs_template_engine};
pub use render::{render, render_for_site};

/// A part of a message that stands on lines of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MarkdownBlock {
    Paragraph(Vec<MarkdownInline>),
    /// A fence. The language is a word as typed, if one was.
    Code {
        language: Option<String>,
        text: String,
    },
    Quote(Vec<MarkdownBlock>),
    List(MarkdownList),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MarkdownList {
    /// The first number of a numbered list; `None` for bullets.
    pub start: Option<u32>,
    /// The blocks of each item. Never empty.
    pub items: Vec<Vec<MarkdownBlock>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MarkdownInline {
    Text(String),
    Break,
    Code(String),
    Strong(Vec<MarkdownInline>),
    Emphasis(Vec<MarkdownInline>),
    Strike(Vec<MarkdownInline>),
    /// The address is http or https with an ASCII host, and safe inside `<…>` and `(…)`.
    Link {
        text: Vec<MarkdownInline>,
        url: String,
    },
}

impl MarkdownBlock {
    /// Whether it is a heading, or a line in bold that stands as one.
    pub fn is_heading(&self) -> bool {
        matches!(self, Self::Paragraph(line) if matches!(line[..], [MarkdownInline::Strong(_)]))
    }
}

/// Reads a Discord message. `people` are display names: where one of them, or any other name behind
/// `@`, is addressed, the text says "a user", or nothing at the start of a line.
pub fn parse(text: &str, people: &[&str]) -> Vec<MarkdownBlock> {
    blocks::parse(&visible(text), people)
}

/// Reads Markdown as people write it for pages, such as a merged answer. Whoever wrote it, no more can
/// come of it than of a message.
pub fn read_page(text: &str) -> Vec<MarkdownBlock> {
    page_parser::read(text)
}

/// The words as a reader sees them, without markup. Blocks and line breaks become line ends.
pub fn plain_text(blocks: &[MarkdownBlock]) -> String {
    let mut out = String::new();
    for block in blocks {
        match block {
            MarkdownBlock::Paragraph(inlines) => push_plain(&mut out, inlines),
            MarkdownBlock::Code { text, .. } => out.push_str(text),
            MarkdownBlock::Quote(inner) => out.push_str(&plain_text(inner)),
            MarkdownBlock::List(list) => {
                for item in &list.items {
                    out.push_str(&plain_text(item));
                    end_line(&mut out);
                }
            }
        }
        end_line(&mut out);
    }
    out.truncate(out.trim_end().len());
    out
}

/// Every address that the text links to, in reading order.
pub fn links(blocks: &[MarkdownBlock]) -> Vec<&str> {
    let mut found = Vec::new();
    for block in blocks {
        match block {
            MarkdownBlock::Paragraph(inlines) => collect_links(inlines, &mut found),
            MarkdownBlock::Code { .. } => {}
            MarkdownBlock::Quote(inner) => found.extend(links(inner)),
            MarkdownBlock::List(list) => {
                for item in &list.items {
                    found.extend(links(item));
                }
            }
        }
    }
    found
}

fn collect_links<'b>(inlines: &'b [MarkdownInline], found: &mut Vec<&'b str>) {
    for inline in inlines {
        match inline {
            MarkdownInline::Link { url, .. } => found.push(url),
            MarkdownInline::Strong(inner)
            | MarkdownInline::Emphasis(inner)
            | MarkdownInline::Strike(inner) => {
                collect_links(inner, found);
            }
            MarkdownInline::Text(_) | MarkdownInline::Break | MarkdownInline::Code(_) => {}
        }
    }
}

fn push_plain(out: &mut String, inlines: &[MarkdownInline]) {
    for inline in inlines {
        match inline {
            MarkdownInline::Text(text) | MarkdownInline::Code(text) => out.push_str(text),
            MarkdownInline::Break => out.push('\n'),
            MarkdownInline::Strong(inner)
            | MarkdownInline::Emphasis(inner)
            | MarkdownInline::Strike(inner)
            | MarkdownInline::Link { text: inner, .. } => push_plain(out, inner),
        }
    }
}

fn end_line(out: &mut String) {
    if !out.is_empty() && !out.ends_with('\n') {
        out.push('\n');
    }
}

#[cfg(test)]
mod tests;
