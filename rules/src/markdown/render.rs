//! The tree as CommonMark, MDX or Python-Markdown.

use pulldown_cmark::{Event, Options, Parser, TagEnd};

use super::encoded_code::{encode_block, encode_span};
use super::escape::{code_block, code_span, is_line_start, push_escaped, push_text};
use super::{MarkdownBlock, MarkdownDialect, MarkdownInline, MarkdownList};
use crate::text::visible;

/// How a page is written.
#[derive(Clone, Copy)]
struct Style<'s> {
    dialect: MarkdownDialect,
    /// Whether the site's generator would run something in this code.
    is_run: &'s dyn Fn(&str) -> bool,
}

/// Writes blocks so that a Markdown reader finds the same tree again and nothing else. Ends without
/// a line end.
pub fn render(blocks: &[MarkdownBlock], dialect: MarkdownDialect) -> String {
    render_for_site(blocks, dialect, &|_| false)
}

/// The same for a site whose generator runs some code even where Markdown shows it: code for which `is_run`
/// holds is written as encoded HTML.
pub fn render_for_site(
    blocks: &[MarkdownBlock],
    dialect: MarkdownDialect,
    is_run: &dyn Fn(&str) -> bool,
) -> String {
    rendered(blocks, Style { dialect, is_run }, false)
}

fn rendered(blocks: &[MarkdownBlock], style: Style<'_>, inside: bool) -> String {
    let mut out = String::new();
    let mut previous: Option<&MarkdownBlock> = None;
    for block in blocks {
        let written = match block {
            MarkdownBlock::Paragraph(inlines) => paragraph(inlines, style),
            MarkdownBlock::Code { text, .. }
                if inside && style.dialect == MarkdownDialect::Python && (style.is_run)(text) =>
            {
                paragraph(&line_spans(text), style)
            }
            MarkdownBlock::Code { language, text } if (style.is_run)(text) => {
                encode_block(text, language.as_deref(), style.dialect)
            }
            // Fences inside a list or a quote need an extension of MkDocs; indented code needs none.
            MarkdownBlock::Code { text, .. }
                if inside && style.dialect == MarkdownDialect::Python =>
            {
                prefix_lines(visible(text).trim_matches('\n'), INDENT, INDENT)
            }
            MarkdownBlock::Code { language, text } => code_block(text, language.as_deref()),
            MarkdownBlock::Quote(inner) => prefix_lines(&rendered(inner, style, true), "> ", "> "),
            MarkdownBlock::List(list) => {
                let of_kind = |other: &MarkdownList| other.start.is_some() == list.start.is_some();
                let alternate =
                    matches!(previous, Some(MarkdownBlock::List(other)) if of_kind(other));
                self::list(list, alternate, style)
            }
        };
        if written.is_empty() {
            continue;
        }
        if !out.is_empty() {
            out.push_str("\n\n");
        }
        out.push_str(&written);
        previous = Some(block);
    }
    out
}

const INDENT: &str = "    ";
const LANGUAGE: [&str; 2] = [":::", "#!"];

/// Two lists of one kind in a row would run together; the second one gets the other marker.
fn list(list: &MarkdownList, alternate: bool, style: Style<'_>) -> String {
    let loose = list.items.iter().any(|item| {
        item.iter()
            .any(|block| !matches!(block, MarkdownBlock::Paragraph(_) | MarkdownBlock::List(_)))
    });
    let mut items = Vec::new();
    for (number, item) in list.items.iter().enumerate() {
        let marker = match (list.start, alternate) {
            (Some(start), false) => format!("{}. ", u64::from(start) + number as u64),
            (Some(start), true) if style.dialect != MarkdownDialect::Python => {
                format!("{}) ", u64::from(start) + number as u64)
            }
            (Some(start), true) => format!("{}. ", u64::from(start) + number as u64),
            (None, false) => "- ".to_owned(),
            (None, true) => "* ".to_owned(),
        };
        let body = self::item(item, style);
        let body = if loose { body } else { body.replace("\n\n", "\n") };
        if !body.is_empty() {
            let indent = match style.dialect {
                MarkdownDialect::CommonMark | MarkdownDialect::Mdx => " ".repeat(marker.len()),
                MarkdownDialect::Python => INDENT.to_owned(),
            };
            items.push(prefix_lines(&body, &marker, &indent));
        }
    }
    items.join(if loose { "\n\n" } else { "\n" })
}

/// The blocks of an item. Python-Markdown knows no code right behind the marker of an item: there it
/// becomes a code span for every line.
fn item(blocks: &[MarkdownBlock], style: Style<'_>) -> String {
    let Some((MarkdownBlock::Code { text, .. }, rest)) = blocks.split_first() else {
        return rendered(blocks, style, true);
    };
    if style.dialect != MarkdownDialect::Python {
        return rendered(blocks, style, true);
    }
    let first = std::iter::once(MarkdownBlock::Paragraph(line_spans(text)));
    rendered(&first.chain(rest.iter().cloned()).collect::<Vec<_>>(), style, true)
}

/// A code span for every line of code.
fn line_spans(code: &str) -> Vec<MarkdownInline> {
    let lines = code.lines().filter(|line| !line.trim().is_empty());
    lines.flat_map(|line| [MarkdownInline::Code(line.to_owned()), MarkdownInline::Break]).collect()
}

fn prefix_lines(text: &str, first: &str, others: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 16);
    for (number, line) in text.split('\n').enumerate() {
        if number > 0 {
            out.push('\n');
        }
        let prefix = if number == 0 { first } else { others };
        out.push_str(if line.is_empty() { prefix.trim_end() } else { prefix });
        out.push_str(line);
    }
    out
}

/// Dialects differ in where a mark may open and close. Emphasis that this crate's parser
/// does not find again is left out: the words matter more.
fn paragraph(inlines: &[MarkdownInline], style: Style<'_>) -> String {
    let mut plain = String::new();
    push_inlines(&mut plain, inlines, style, false);
    let plain = finish(plain, style);
    if !inlines.iter().any(is_emphasis) {
        return plain;
    }
    let mut rich = String::new();
    push_inlines(&mut rich, inlines, style, true);
    let rich = finish(rich, style);
    if read(&rich) == read(&plain) { rich } else { plain }
}

fn is_emphasis(inline: &MarkdownInline) -> bool {
    match inline {
        MarkdownInline::Strong(_) | MarkdownInline::Emphasis(_) | MarkdownInline::Strike(_) => true,
        MarkdownInline::Link { text, .. } => text.iter().any(is_emphasis),
        MarkdownInline::Text(_) | MarkdownInline::Break | MarkdownInline::Code(_) => false,
    }
}

/// The words of a paragraph as a CommonMark reader sees them, without white space.
fn read(markdown: &str) -> String {
    let mut words = String::new();
    for event in Parser::new_ext(markdown, Options::ENABLE_STRIKETHROUGH) {
        match event {
            Event::Text(text) | Event::Code(text) => {
                words.extend(text.chars().filter(|c| !c.is_whitespace()))
            }
            Event::End(TagEnd::Link) => words.push('\u{1}'),
            _ => {}
        }
    }
    words
}

/// A break between lines; one at the end of all would be a stray backslash.
fn finish(mut out: String, style: Style<'_>) -> String {
    while let Some(rest) = out.strip_suffix(style.dialect.line_break()) {
        out.truncate(rest.len());
    }
    out.truncate(out.trim_end_matches(' ').len());
    out
}

fn push_inlines(out: &mut String, inlines: &[MarkdownInline], style: Style<'_>, emphasis: bool) {
    for (at, inline) in inlines.iter().enumerate() {
        match inline {
            MarkdownInline::Text(text) => push_text(out, text, style.dialect),
            MarkdownInline::Break => {
                out.truncate(out.trim_end_matches(' ').len());
                if !out.is_empty() && !out.ends_with('\n') {
                    out.push_str(style.dialect.line_break());
                }
            }
            MarkdownInline::Code(code) if (style.is_run)(code) => {
                out.push_str(&encode_span(code, style.dialect))
            }
            // An extension of MkDocs takes such a beginning for the name of a language.
            MarkdownInline::Code(code)
                if style.dialect == MarkdownDialect::Python
                    && LANGUAGE.iter().any(|sign| code.trim_start().starts_with(sign)) =>
            {
                push_text(out, code.trim(), style.dialect)
            }
            MarkdownInline::Code(code) => {
                // Two spans side by side would share their backticks.
                if out.ends_with('`') {
                    out.push(' ');
                }
                out.push_str(&code_span(code));
            }
            MarkdownInline::Link { text, url } => push_link(out, text, url, style, emphasis),
            MarkdownInline::Strong(inner) => {
                push_marked(out, "**", inner, inlines.get(at + 1), style, emphasis)
            }
            MarkdownInline::Emphasis(inner) => {
                push_marked(out, "*", inner, inlines.get(at + 1), style, emphasis)
            }
            MarkdownInline::Strike(inner) if style.dialect == MarkdownDialect::Python => {
                push_inlines(out, inner, style, emphasis)
            }
            MarkdownInline::Strike(inner) => {
                push_marked(out, "~~", inner, inlines.get(at + 1), style, emphasis)
            }
        }
    }
}

fn push_marked(
    out: &mut String,
    mark: &str,
    inner: &[MarkdownInline],
    next: Option<&MarkdownInline>,
    style: Style<'_>,
    emphasis: bool,
) {
    let before = out.chars().next_back();
    let start = out.len();
    // Words that may yet stand without their mark at the start of a line are written as such.
    let line_start = is_line_start(out);
    if emphasis && !line_start {
        out.push_str(mark);
    }
    let open = out.len();
    push_inlines(out, inner, style, emphasis);
    if !emphasis {
        return;
    }
    if !stands(before, &out[open..], next) {
        out.replace_range(start..open, "");
        return;
    }
    if line_start {
        out.insert_str(start, mark);
    }
    out.push_str(mark);
}

/// Whether a mark around `inside` opens and closes in every dialect: words at its edges, and space
/// or punctuation outside.
fn stands(before: Option<char>, inside: &str, next: Option<&MarkdownInline>) -> bool {
    let edge = |c: Option<char>| c.is_some_and(|c| !c.is_whitespace());
    let outside =
        |c: Option<char>| c.is_none_or(|c| c.is_whitespace() || ".,;:!?()\"'*\u{2014}".contains(c));
    let next = match next {
        None | Some(MarkdownInline::Break) => None,
        Some(MarkdownInline::Text(text)) => text.chars().next(),
        Some(_) => Some('x'),
    };
    !inside.contains('\n')
        && edge(inside.chars().next())
        && edge(inside.chars().next_back())
        && outside(before)
        && outside(next)
}

fn push_link(
    out: &mut String,
    text: &[MarkdownInline],
    url: &str,
    style: Style<'_>,
    emphasis: bool,
) {
    // An exclamation mark before the bracket would make it an image.
    if out.ends_with('!') {
        out.pop();
        push_escaped(out, '!', style.dialect);
    }
    let bare = matches!(text, [MarkdownInline::Text(shown)] if shown == url);
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._~:/?#=%+,&".contains(c);
    if bare && style.dialect != MarkdownDialect::Mdx && url.chars().all(plain) {
        out.extend(["<", url, ">"]);
        return;
    }
    out.push('[');
    let start = out.len();
    push_inlines(out, text, style, emphasis);
    let label = out
        .split_off(start)
        .replace(style.dialect.line_break(), " ")
        .replace("&#58;//", "://")
        .replace("&#46;", ".");
    out.push_str(&label);
    out.extend(["](", url, ")"]);
}
