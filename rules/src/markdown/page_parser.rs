//! Markdown as people write it for pages: the same tree as that of a message, and as harmless.

use std::borrow::Cow;
use std::sync::LazyLock;

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};
use regex::Regex;

use super::encoded_code::{ENCODED_SPAN_END, decode_block, is_encoded_span_start};
use super::{MarkdownBlock, MarkdownInline, MarkdownList, escape, inline, link, plain_text};
use crate::text::visible;

/// Quotes, lists and emphasis nested deeper are flattened.
const DEEPEST: usize = 24;

/// A line that holds nothing but a tag of a component: what stands between two is text.
static COMPONENT: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?m)^[ \t]*</?[A-Z][\w.]*(?:\s[^<>]*)?>[ \t]*$").expect("a constant pattern")
});
static TAG: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?s)<!--.*?-->|<[^>]*>").expect("a constant pattern"));

/// Reads CommonMark with tables and strikes. Headings become strong lines, rows of a table items of a
/// list; of HTML only its text is kept, of an image what describes it.
pub(super) fn read(text: &str) -> Vec<MarkdownBlock> {
    let text = visible(text);
    let text = without_components(&text);
    let options = Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TABLES;
    let mut reader = PageParser { open: vec![PageFrame::of(PageBlockKind::Flat)] };
    for event in Parser::new_ext(&text, options) {
        reader.take(event);
    }
    while reader.open.len() > 1 {
        reader.close();
    }
    let mut root = reader.open.pop().unwrap_or_else(|| PageFrame::of(PageBlockKind::Flat));
    root.end_paragraph();
    root.blocks
}

/// Inside fences a tag is code.
fn without_components(text: &str) -> Cow<'_, str> {
    if !COMPONENT.is_match(text) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut fenced = false;
    for line in text.split_inclusive('\n') {
        let bare = line.trim_start();
        fenced ^= bare.starts_with("```") || bare.starts_with("~~~");
        let drop = !fenced && COMPONENT.is_match(line.trim_end_matches('\n'));
        out.push_str(if drop { "\n" } else { line });
    }
    Cow::Owned(out)
}

enum PageBlockKind {
    /// What it holds belongs to whatever is around it.
    Flat,
    Paragraph,
    Heading,
    Quote,
    List(Option<u32>),
    Item,
    Cell,
    Code(Option<String>),
    Html,
    Strong,
    Emphasis,
    Strike,
    Link(String),
}

struct PageFrame {
    kind: PageBlockKind,
    blocks: Vec<MarkdownBlock>,
    items: Vec<Vec<MarkdownBlock>>,
    /// Inlines that no block holds yet.
    line: Vec<MarkdownInline>,
    /// Where in the line an encoded code span began.
    span_start: Option<usize>,
}

impl PageFrame {
    fn of(kind: PageBlockKind) -> Self {
        Self { kind, blocks: Vec::new(), items: Vec::new(), line: Vec::new(), span_start: None }
    }

    fn push(&mut self, block: MarkdownBlock) {
        self.end_paragraph();
        self.blocks.push(block);
    }

    fn end_paragraph(&mut self) {
        self.span_start = None;
        let paragraph = MarkdownBlock::Paragraph(inline::tidy(std::mem::take(&mut self.line)));
        if !plain_text(std::slice::from_ref(&paragraph)).trim().is_empty() {
            self.blocks.push(paragraph);
        }
    }

    fn end_span(&mut self) {
        let start = self.span_start.take().filter(|start| *start < self.line.len());
        if let Some(start) = start {
            let code = self.line.split_off(start);
            let code = plain_text(&[MarkdownBlock::Paragraph(code)]);
            self.line.push(MarkdownInline::Code(code));
        }
    }

    fn words(self) -> String {
        plain_text(&[MarkdownBlock::Paragraph(self.line)])
    }
}

struct PageParser {
    /// From the whole page inwards. Never empty.
    open: Vec<PageFrame>,
}

impl PageParser {
    fn take(&mut self, event: Event<'_>) {
        let raw = matches!(self.here().kind, PageBlockKind::Code(_) | PageBlockKind::Html);
        let inline = match event {
            Event::Start(tag) => {
                let deep = self.open.len() >= DEEPEST;
                let kind = if deep { PageBlockKind::Flat } else { kind(tag) };
                return self.open.push(PageFrame::of(kind));
            }
            Event::End(TagEnd::TableRow | TagEnd::TableHead) => {
                if let Some(MarkdownInline::Text(_)) = self.here().line.last() {
                    self.here().line.pop();
                }
                return self.close();
            }
            Event::End(_) => return self.close(),
            Event::Text(text) => MarkdownInline::Text(text.into_string()),
            Event::Code(code) if raw => MarkdownInline::Text(code.into_string()),
            Event::Code(code) => MarkdownInline::Code(code.into_string()),
            Event::Html(html) => MarkdownInline::Text(html.into_string()),
            Event::InlineHtml(tag) if tag.to_ascii_lowercase().starts_with("<br") => {
                MarkdownInline::Break
            }
            Event::InlineHtml(tag) if is_encoded_span_start(&tag) => {
                let here = self.here();
                here.span_start = Some(here.line.len());
                return;
            }
            Event::InlineHtml(tag) if tag.as_ref() == ENCODED_SPAN_END => {
                return self.here().end_span();
            }
            Event::SoftBreak => MarkdownInline::Text(" ".to_owned()),
            Event::HardBreak => MarkdownInline::Break,
            _ => return,
        };
        self.here().line.push(inline);
    }

    fn here(&mut self) -> &mut PageFrame {
        self.open.last_mut().expect("the outermost frame is closed last")
    }

    fn close(&mut self) {
        if self.open.len() < 2 {
            return;
        }
        let Some(mut frame) = self.open.pop() else { return };
        let parent = self.here();
        match std::mem::replace(&mut frame.kind, PageBlockKind::Flat) {
            PageBlockKind::Strong => parent.line.push(MarkdownInline::Strong(frame.line)),
            PageBlockKind::Emphasis => parent.line.push(MarkdownInline::Emphasis(frame.line)),
            PageBlockKind::Strike => parent.line.push(MarkdownInline::Strike(frame.line)),
            PageBlockKind::Link(url) => parent.line.extend(linked(frame.line, &url)),
            PageBlockKind::Cell => {
                parent.line.extend(frame.line);
                parent.line.push(MarkdownInline::Text(" \u{b7} ".to_owned()));
            }
            PageBlockKind::Code(language) => {
                let text = frame.words();
                if !text.trim().is_empty() {
                    parent.push(MarkdownBlock::Code { language, text });
                }
            }
            PageBlockKind::Html => {
                let html = frame.words();
                if let Some(code) = decode_block(&html) {
                    return parent.push(code);
                }
                let text = html_words(&html);
                parent.end_paragraph();
                parent.line.push(MarkdownInline::Text(text));
                parent.end_paragraph();
            }
            PageBlockKind::Heading => {
                let line = inline::tidy(frame.line);
                parent.end_paragraph();
                parent.line.push(MarkdownInline::Strong(line));
                parent.end_paragraph();
            }
            PageBlockKind::Paragraph => {
                parent.end_paragraph();
                parent.line = frame.line;
                parent.end_paragraph();
            }
            PageBlockKind::Quote => {
                frame.end_paragraph();
                if !frame.blocks.is_empty() {
                    parent.push(MarkdownBlock::Quote(frame.blocks));
                }
            }
            PageBlockKind::Item => {
                frame.end_paragraph();
                if !frame.blocks.is_empty() {
                    parent.items.push(frame.blocks);
                }
            }
            PageBlockKind::List(start) => {
                if !frame.items.is_empty() {
                    parent.push(MarkdownBlock::List(MarkdownList { start, items: frame.items }));
                }
            }
            PageBlockKind::Flat => {
                for block in frame.blocks.into_iter().chain(frame.items.into_iter().flatten()) {
                    parent.push(block);
                }
                parent.line.extend(frame.line);
            }
        }
    }
}

fn kind(tag: Tag<'_>) -> PageBlockKind {
    match tag {
        Tag::Paragraph => PageBlockKind::Paragraph,
        Tag::Heading { .. } => PageBlockKind::Heading,
        Tag::BlockQuote(_) => PageBlockKind::Quote,
        Tag::CodeBlock(CodeBlockKind::Indented) => PageBlockKind::Code(None),
        Tag::CodeBlock(CodeBlockKind::Fenced(info)) => {
            let word = info.split_whitespace().next().unwrap_or_default();
            PageBlockKind::Code(escape::is_language(word).then(|| word.to_owned()))
        }
        Tag::HtmlBlock => PageBlockKind::Html,
        Tag::List(start) => {
            PageBlockKind::List(start.map(|start| u32::try_from(start).unwrap_or(1)))
        }
        Tag::Table(_) => PageBlockKind::List(None),
        Tag::Item | Tag::TableRow | Tag::TableHead => PageBlockKind::Item,
        Tag::TableCell => PageBlockKind::Cell,
        Tag::Strong => PageBlockKind::Strong,
        Tag::Emphasis => PageBlockKind::Emphasis,
        Tag::Strikethrough => PageBlockKind::Strike,
        Tag::Link { dest_url, .. } => PageBlockKind::Link(dest_url.into_string()),
        _ => PageBlockKind::Flat,
    }
}

/// A link whose address may not be followed is only its words.
fn linked(words: Vec<MarkdownInline>, url: &str) -> Vec<MarkdownInline> {
    match link::safe(url) {
        Some(url) if !words.is_empty() => link::masked(words, url),
        _ => words,
    }
}

/// The text of HTML; a script and a style have none.
fn html_words(html: &str) -> String {
    let head = html.trim_start().get(..7).unwrap_or_default().to_ascii_lowercase();
    if head.starts_with("<script") || head.starts_with("<style") {
        return String::new();
    }
    let words = TAG.replace_all(html, " ");
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{MarkdownDialect, read_page, render};
    use super::*;

    fn check(page: &str, expected: &str) {
        assert_eq!(render(&read_page(page), MarkdownDialect::CommonMark), expected, "{page}");
    }

    #[test]
    fn what_people_write_is_read() {
        check("## Do *this*\n\nSet `A` to\nb.", "**Do *this***\n\nSet `A` to b.");
        check("1. one\n2. two\n   - deep\n", "1. one\n2. two\n   - deep");
        check("```sh\nrun it\n```", "```sh\nrun it\n```");
        check("> said\n\n[docs](https://example.org/a)", "> said\n\n[docs](https://example.org/a)");
        check("| a | b |\n|---|---|\n| c | d |\n", "- a \u{b7} b\n- c \u{b7} d");
        check("<Note>\nMind **this**.\n</Note>", "Mind **this**.");
        check("<div>still <b>here</b></div>", "still here");
        check("5 \\< 6 &lt; 7 \\{x}", "5 &#60; 6 &#60; 7 &#123;x&#125;");
    }

    #[test]
    fn nothing_active_is_left() {
        check("<script>\nx\n</script>", "");
        check("[x](javascript:alert(1)) ![pic](https://example.org/i.png)", "x pic");
        check("[relative](../a.md)", "relative");
        check(
            "[bank.example](https://evil.example)",
            "bank.example ([evil.example](https://evil.example))",
        );
        assert_eq!(plain_text(&read_page("a<b onclick=x>b</b>")), "ab");
    }

    proptest! {
        #[test]
        fn deep_and_broken_pages_are_read(
            pieces in prop::collection::vec(
                prop_oneof![
                    Just("> ".repeat(60)), Just("- ".repeat(60)), Just("*".repeat(40)),
                    Just("\n".to_owned()), Just("<div>".to_owned()), Just("```\n".to_owned()),
                    Just("| a |\n|--|\n".to_owned()), "[a-c \\[\\]()*_<>]{0,9}",
                ],
                0..12,
            )
        ) {
            read_page(&pieces.concat());
        }
    }
}
