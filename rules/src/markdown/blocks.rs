//! Lines become paragraphs, quotes, lists and fences, as Discord reads them.

use super::{MarkdownBlock, MarkdownInline, MarkdownList, escape, inline};

/// Lists nested deeper are flattened.
const DEEPEST_LIST: usize = 5;

/// A piece of a message between line ends, before lists are built.
enum BlockPiece<'t> {
    Blank,
    /// Whether it was indented: then it continues the item above.
    Words {
        text: &'t str,
        indented: bool,
    },
    Heading(&'t str),
    Item {
        indent: usize,
        number: Option<u32>,
        text: &'t str,
    },
    Code(MarkdownBlock),
    Quote(String),
}

pub(super) fn parse(text: &str, people: &[&str]) -> Vec<MarkdownBlock> {
    build(&split(text, true), people)
}

fn parse_quoted(text: &str, people: &[&str]) -> Vec<MarkdownBlock> {
    build(&split(text, false), people)
}

/// Cuts a text into pieces. Quotes do not nest: inside one, `>` is a character.
fn split(text: &str, quotes: bool) -> Vec<BlockPiece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = text;
    let mut continues_line = false;
    while !rest.is_empty() {
        let (line, next) = rest.split_once('\n').unwrap_or((rest, ""));
        if quotes && !continues_line && rest.starts_with(">>> ") {
            pieces.push(BlockPiece::Quote(rest[4..].to_owned()));
            break;
        }
        if quotes && !continues_line && is_quote(line) {
            let (quoted, after) = quote(rest);
            pieces.push(BlockPiece::Quote(quoted));
            rest = after;
            continue;
        }
        continues_line = false;
        match line.find("```").and_then(|at| Some((at, fence(&rest[at..])?))) {
            Some((at, (code, length))) => {
                if !line[..at].trim().is_empty() {
                    pieces.push(piece(&line[..at]));
                }
                pieces.push(BlockPiece::Code(code));
                rest = &rest[at + length..];
                match rest.strip_prefix('\n') {
                    Some(after) => rest = after,
                    None => continues_line = true,
                }
            }
            None => {
                pieces.push(piece(line));
                rest = next;
            }
        }
    }
    pieces
}

fn is_quote(line: &str) -> bool {
    line.starts_with("> ") || line == ">"
}

fn quote(text: &str) -> (String, &str) {
    let mut quoted = String::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (line, next) = rest.split_once('\n').unwrap_or((rest, ""));
        if !is_quote(line) {
            break;
        }
        quoted.push_str(line[1..].strip_prefix(' ').unwrap_or_default());
        quoted.push('\n');
        rest = next;
    }
    (quoted, rest)
}

/// Reads a fence from its opening on. One that is never closed runs to the end of the text if a
/// language or a line end follows its opening.
fn fence(text: &str) -> Option<(MarkdownBlock, usize)> {
    let inner = &text[3..];
    let (body, length) = match inner.find("```") {
        Some(end) => (&inner[..end], 3 + end + 3),
        None => {
            let (word, _) = inner.split_once('\n')?;
            let opens = word.trim().is_empty() || escape::is_language(word.trim());
            (opens.then_some(inner)?, text.len())
        }
    };
    let (language, code) = match body.split_once('\n') {
        Some((word, code)) if escape::is_language(word.trim()) && !code.trim().is_empty() => {
            (Some(word.trim().to_owned()), code)
        }
        _ => (None, body),
    };
    let code = code.trim_start_matches('\n').trim_end();
    if code.trim().is_empty() {
        return None;
    }
    // More backticks than three behind the closing belong to it.
    let tail = &text[length..];
    let extra = tail.len() - tail.trim_start_matches('`').len();
    Some((MarkdownBlock::Code { language, text: code.to_owned() }, length + extra))
}

fn piece(line: &str) -> BlockPiece<'_> {
    let text = line.trim();
    if text.is_empty() {
        return BlockPiece::Blank;
    }
    let indent = line.len() - line.trim_start().len();
    if let Some(heading) = heading(text) {
        return BlockPiece::Heading(heading);
    }
    if let Some((number, text)) = item(text) {
        return BlockPiece::Item { indent, number, text };
    }
    BlockPiece::Words { text: text.strip_prefix("-# ").unwrap_or(text), indented: indent >= 2 }
}

fn heading(text: &str) -> Option<&str> {
    let level = text.len() - text.trim_start_matches('#').len();
    let title = text[level..].strip_prefix(' ')?.trim();
    ((1..=3).contains(&level) && !title.is_empty()).then_some(title)
}

fn item(text: &str) -> Option<(Option<u32>, &str)> {
    if let Some(rest) = text.strip_prefix("- ").or_else(|| text.strip_prefix("* ")) {
        return Some((None, rest.trim_start()));
    }
    let (digits, rest) = text.split_once(". ")?;
    let plain = (1..=4).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| digits.parse().ok()).flatten().map(|number| (Some(number), rest.trim_start()))
}

fn build(pieces: &[BlockPiece<'_>], people: &[&str]) -> Vec<MarkdownBlock> {
    let mut blocks = Vec::new();
    let mut at = 0;
    while let Some(piece) = pieces.get(at) {
        at += 1;
        match piece {
            BlockPiece::Blank => {}
            BlockPiece::Heading(title) => {
                push_paragraph(
                    &mut blocks,
                    vec![MarkdownInline::Strong(inline::parse(title, people))],
                );
            }
            BlockPiece::Code(code) => blocks.push(code.clone()),
            BlockPiece::Quote(text) => {
                let inner = parse_quoted(text, people);
                if !inner.is_empty() {
                    blocks.push(MarkdownBlock::Quote(inner));
                }
            }
            BlockPiece::Words { text, .. } => {
                let mut lines = (*text).to_owned();
                while let Some(BlockPiece::Words { text, .. }) = pieces.get(at) {
                    lines.push('\n');
                    lines.push_str(text);
                    at += 1;
                }
                push_paragraph(&mut blocks, inline::parse(&lines, people));
            }
            BlockPiece::Item { .. } => {
                let (items, end) = items(pieces, at - 1, people);
                at = end;
                nest(items, &mut blocks);
            }
        }
    }
    blocks
}

fn push_paragraph(blocks: &mut Vec<MarkdownBlock>, inlines: Vec<MarkdownInline>) {
    let paragraph = MarkdownBlock::Paragraph(inlines);
    if !super::plain_text(std::slice::from_ref(&paragraph)).trim().is_empty() {
        blocks.push(paragraph);
    }
}

/// An item before nesting.
struct ListItem {
    depth: usize,
    number: Option<u32>,
    blocks: Vec<MarkdownBlock>,
}

/// The items of one list with what hangs under them, and the piece behind it.
fn items(pieces: &[BlockPiece<'_>], start: usize, people: &[&str]) -> (Vec<ListItem>, usize) {
    let mut items: Vec<ListItem> = Vec::new();
    let mut indents: Vec<usize> = Vec::new();
    let mut at = start;
    while let Some(piece) = pieces.get(at) {
        match piece {
            BlockPiece::Item { indent, number, text } => {
                while indents.last().is_some_and(|last| last >= indent) {
                    indents.pop();
                }
                if indents.len() < DEEPEST_LIST {
                    indents.push(*indent);
                }
                let mut lines = (*text).to_owned();
                while let Some(BlockPiece::Words { text, indented: true }) = pieces.get(at + 1) {
                    lines.push('\n');
                    lines.push_str(text);
                    at += 1;
                }
                let mut blocks = Vec::new();
                push_paragraph(&mut blocks, inline::parse(&lines, people));
                items.push(ListItem { depth: indents.len() - 1, number: *number, blocks });
            }
            BlockPiece::Code(code) => {
                if let Some(item) = items.last_mut() {
                    item.blocks.push(code.clone());
                }
            }
            BlockPiece::Blank if matches!(pieces.get(at + 1), Some(BlockPiece::Item { .. })) => {}
            _ => break,
        }
        at += 1;
    }
    (items, at)
}

/// Puts flat items under each other by depth. A change from bullets to numbers starts another list.
fn nest(items: Vec<ListItem>, blocks: &mut Vec<MarkdownBlock>) {
    let mut items = items.into_iter().filter(|item| !item.blocks.is_empty()).peekable();
    while let Some(first) = items.next() {
        let (depth, start) = (first.depth, first.number);
        let mut list = MarkdownList { start, items: vec![first.blocks] };
        let mut below = Vec::new();
        while let Some(item) = items.next_if(|item| {
            item.depth > depth || (item.depth == depth && item.number.is_some() == start.is_some())
        }) {
            if item.depth > depth {
                below.push(item);
                continue;
            }
            hang(&mut list, &mut below);
            list.items.push(item.blocks);
        }
        hang(&mut list, &mut below);
        blocks.push(MarkdownBlock::List(list));
    }
}

fn hang(list: &mut MarkdownList, below: &mut Vec<ListItem>) {
    if let Some(last) = list.items.last_mut() {
        nest(std::mem::take(below), last);
    }
}
