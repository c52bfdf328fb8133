//! What is inside a line: emphasis, code, links, mentions.

use std::collections::BTreeMap;

use super::{MarkdownInline, link, mention};

/// Emphasis nested deeper stays literal.
const DEEPEST: usize = 12;
/// A masked link's label is not searched beyond so many bytes.
const LONGEST_LABEL: usize = 400;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Delimiter {
    Strong,
    Star,
    Underline,
    Underscore,
    Strike,
    Spoiler,
}

impl Delimiter {
    fn source(self) -> &'static str {
        match self {
            Self::Strong => "**",
            Self::Star => "*",
            Self::Underline => "__",
            Self::Underscore => "_",
            Self::Strike => "~~",
            Self::Spoiler => "||",
        }
    }
}

/// What was read since a mark was opened.
struct InlineFrame {
    mark: Option<Delimiter>,
    nodes: Vec<MarkdownInline>,
}

struct InlineScanner<'t> {
    text: &'t str,
    at: usize,
    people: &'t [&'t str],
    frames: Vec<InlineFrame>,
    /// Where runs of backticks of a length start, so that no search is repeated.
    backticks: BTreeMap<usize, Vec<usize>>,
    /// Inside a label no link may start.
    links: bool,
}

pub(super) fn parse(text: &str, people: &[&str]) -> Vec<MarkdownInline> {
    scan(text, people, true)
}

fn scan(text: &str, people: &[&str], links: bool) -> Vec<MarkdownInline> {
    let frames = vec![InlineFrame { mark: None, nodes: Vec::new() }];
    let mut scanner =
        InlineScanner { text, at: 0, people, frames, backticks: backtick_runs(text), links };
    while scanner.at < text.len() {
        scanner.step();
    }
    while scanner.frames.len() > 1 {
        scanner.unopen();
    }
    scanner.frames.pop().map(|frame| tidy(frame.nodes)).unwrap_or_default()
}

fn backtick_runs(text: &str) -> BTreeMap<usize, Vec<usize>> {
    let mut runs = BTreeMap::<usize, Vec<usize>>::new();
    let mut at = 0;
    while let Some(found) = text[at..].find('`') {
        let start = at + found;
        let length = run_length(&text[start..], '`');
        runs.entry(length).or_default().push(start);
        at = start + length;
    }
    runs
}

fn run_length(text: &str, c: char) -> usize {
    text.len() - text.trim_start_matches(c).len()
}

impl InlineScanner<'_> {
    fn step(&mut self) {
        let rest = &self.text[self.at..];
        let Some(c) = rest.chars().next() else { return };
        let taken = match c {
            '\n' => self.take(1, MarkdownInline::Break),
            '\\' => self.escaped(rest),
            '`' => self.code(rest),
            '*' | '_' | '~' | '|' => self.mark(rest, c),
            '[' if self.links => self.masked(rest),
            '<' => self.angle(rest),
            'h' | 'H' if self.links && !self.after_word() => self.bare(rest),
            '@' if !self.after_word() => self.at_sign(rest),
            _ => false,
        };
        if !taken {
            let end =
                rest[c.len_utf8()..].find(is_special).map_or(rest.len(), |at| at + c.len_utf8());
            self.take(end, MarkdownInline::Text(rest[..end].to_owned()));
        }
    }

    fn take(&mut self, length: usize, inline: MarkdownInline) -> bool {
        self.at += length;
        self.push(inline);
        true
    }

    fn push(&mut self, inline: MarkdownInline) {
        let nodes = &mut self.frames.last_mut().expect("the outermost frame is never popped").nodes;
        match (nodes.last_mut(), inline) {
            (Some(MarkdownInline::Text(last)), MarkdownInline::Text(text)) => last.push_str(&text),
            (_, inline) => nodes.push(inline),
        }
    }

    fn before(&self) -> Option<char> {
        self.text[..self.at].chars().next_back()
    }

    fn after_word(&self) -> bool {
        self.before().is_some_and(|c| c.is_alphanumeric() || "_/.-+@".contains(c))
    }

    fn escaped(&mut self, rest: &str) -> bool {
        match rest[1..].chars().next() {
            Some(c) if c.is_ascii_punctuation() => {
                self.take(2, MarkdownInline::Text(c.to_string()))
            }
            _ => false,
        }
    }

    fn code(&mut self, rest: &str) -> bool {
        let length = run_length(rest, '`');
        let inside = self.at + length;
        let runs = self.backticks.get(&length).map_or(&[][..], Vec::as_slice);
        let close = runs.get(runs.partition_point(|start| *start < inside)).copied();
        if let Some(close) = close {
            let code = self.text[inside..close].split_whitespace().collect::<Vec<_>>().join(" ");
            if !code.is_empty() {
                return self.take(close + length - self.at, MarkdownInline::Code(code));
            }
        }
        self.take(length, MarkdownInline::Text(rest[..length].to_owned()))
    }

    fn mark(&mut self, rest: &str, c: char) -> bool {
        let run = run_length(rest, c);
        let star_open = self.frames.last().is_some_and(|frame| frame.mark == Some(Delimiter::Star));
        let mark = match (c, run) {
            ('*', 1) => Delimiter::Star,
            ('*', 3) if star_open => Delimiter::Star,
            ('*', 2 | 3) => Delimiter::Strong,
            ('_', 1) => Delimiter::Underscore,
            ('_', 2) => Delimiter::Underline,
            ('~', 2) => Delimiter::Strike,
            ('|', 2) => Delimiter::Spoiler,
            _ => return self.take(run, MarkdownInline::Text(rest[..run].to_owned())),
        };
        let source = mark.source();
        let (before, after) = (self.before(), rest[source.len()..].chars().next());
        let solid = |c: Option<char>| c.is_some_and(|c| !c.is_whitespace());
        let word = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
        let within_word = c == '_';
        self.at += source.len();
        // Discord closes no `*` behind white space: there, another one may begin.
        if mark == Delimiter::Star && !solid(before) && solid(after) {
            self.unopen_to(mark);
        }
        let is_open = self.frames.iter().any(|frame| frame.mark == Some(mark));
        // `2*3*4` and `2**8` are what they say, even where Discord shows one sign fewer.
        let ascii = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
        let is_sum = c == '*' && ascii(before) && ascii(after);
        if is_open && solid(before) && !(within_word && word(after)) {
            self.close(mark);
        } else if solid(after)
            && !(within_word && word(before))
            && !is_sum
            && self.frames.len() < DEEPEST
            && !is_open
        {
            self.frames.push(InlineFrame { mark: Some(mark), nodes: Vec::new() });
        } else {
            self.push(MarkdownInline::Text(source.to_owned()));
        }
        true
    }

    fn close(&mut self, mark: Delimiter) {
        while self.frames.last().is_some_and(|frame| frame.mark != Some(mark)) {
            self.unopen();
        }
        let nodes = self.frames.pop().map(|frame| frame.nodes).unwrap_or_default();
        if nodes.is_empty() || (mark == Delimiter::Underline && is_identifier(&nodes)) {
            self.push(MarkdownInline::Text(mark.source().to_owned()));
            nodes.into_iter().for_each(|node| self.push(node));
            self.push(MarkdownInline::Text(mark.source().to_owned()));
            return;
        }
        match mark {
            Delimiter::Strong => self.push(MarkdownInline::Strong(nodes)),
            Delimiter::Star | Delimiter::Underscore | Delimiter::Underline => {
                self.push(MarkdownInline::Emphasis(nodes))
            }
            Delimiter::Strike => self.push(MarkdownInline::Strike(nodes)),
            Delimiter::Spoiler => nodes.into_iter().for_each(|node| self.push(node)),
        }
    }

    /// Gives up every mark from the innermost to this one, if it is open.
    fn unopen_to(&mut self, mark: Delimiter) {
        while self.frames.iter().any(|frame| frame.mark == Some(mark)) {
            self.unopen();
        }
    }

    /// Gives up the innermost open mark: it was literal.
    fn unopen(&mut self) {
        if let Some(frame) = self.frames.pop() {
            self.push(MarkdownInline::Text(frame.mark.map_or("", Delimiter::source).to_owned()));
            frame.nodes.into_iter().for_each(|node| self.push(node));
        }
    }

    fn masked(&mut self, rest: &str) -> bool {
        let Some((label, target, length)) = split_masked(rest) else { return false };
        let Some(url) = link::safe(target) else { return false };
        let label = scan(label, self.people, false);
        if label.is_empty() {
            return false;
        }
        self.at += length;
        link::masked(label, url).into_iter().for_each(|node| self.push(node));
        true
    }

    fn angle(&mut self, rest: &str) -> bool {
        if let Some(token) = mention::parse_angle_token(rest) {
            return self.token(token);
        }
        let inner = link::head(&rest[1..]);
        if !inner.starts_with("http") {
            return false;
        }
        let length = inner.find(|c: char| c == '>' || c.is_whitespace()).unwrap_or(inner.len());
        if !self.links || !inner[length..].starts_with('>') {
            return false;
        }
        let Some(url) = link::safe(&inner[..length]) else { return false };
        let text = vec![MarkdownInline::Text(inner[..length].to_owned())];
        self.take(length + 2, MarkdownInline::Link { text, url })
    }

    fn bare(&mut self, rest: &str) -> bool {
        let scheme = rest.as_bytes();
        let is_scheme = |name: &[u8]| {
            scheme.len() > name.len() && scheme[..name.len()].eq_ignore_ascii_case(name)
        };
        if !is_scheme(b"https://") && !is_scheme(b"http://") {
            return false;
        }
        let length = link::bare_length(rest);
        let Some(url) = link::safe(&rest[..length]) else { return false };
        let text = vec![MarkdownInline::Text(rest[..length].to_owned())];
        self.take(length, MarkdownInline::Link { text, url })
    }

    fn at_sign(&mut self, rest: &str) -> bool {
        mention::parse_at_mention(rest, self.people).is_some_and(|token| self.token(token))
    }

    /// Speaking to somebody at the start of a line is left out, with the comma behind it.
    fn token(&mut self, token: mention::MentionToken) -> bool {
        let starts_line = self.text[..self.at]
            .trim_end_matches(' ')
            .chars()
            .next_back()
            .is_none_or(|c| c == '\n');
        self.at += token.length;
        if token.addresses && starts_line {
            let rest = &self.text[self.at..];
            self.at += rest.len() - rest.trim_start_matches([' ', ',', ':']).len();
        } else if let Some(inline) = token.inline {
            self.push(inline);
        }
        true
    }
}

fn is_special(c: char) -> bool {
    "\n\\`*_~|[<hH@".contains(c)
}

/// `__init__` and its like are names that people type without thinking of underlines.
fn is_identifier(nodes: &[MarkdownInline]) -> bool {
    matches!(nodes, [MarkdownInline::Text(text)] if text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'))
}

/// The label, the address and the length of `[label](address "title")`.
fn split_masked(text: &str) -> Option<(&str, &str, usize)> {
    let head = link::head(text);
    let line = &head[..head.find('\n').unwrap_or(head.len())];
    let mut depth = 0_usize;
    let close = line.bytes().take(LONGEST_LABEL).position(|byte| {
        match byte {
            b'[' => depth += 1,
            b']' => depth -= 1,
            _ => {}
        }
        depth == 0
    })?;
    let inner = line[close + 1..].strip_prefix('(')?;
    let open = close + 2;
    let mut nested = 1_usize;
    let end = inner.bytes().position(|byte| {
        match byte {
            b'(' => nested += 1,
            b')' => nested -= 1,
            _ => {}
        }
        nested == 0
    })?;
    let target = inner[..end].trim();
    let target = target.split_once(char::is_whitespace).map_or(target, |(address, _)| address);
    let target = target.strip_prefix('<').and_then(|t| t.strip_suffix('>')).unwrap_or(target);
    Some((&line[1..close], target, open + end + 1))
}

/// Merges neighbours and drops breaks where no line follows or precedes.
pub(super) fn tidy(nodes: Vec<MarkdownInline>) -> Vec<MarkdownInline> {
    let mut out: Vec<MarkdownInline> = Vec::with_capacity(nodes.len());
    for node in nodes {
        match (out.last_mut(), node) {
            (Some(MarkdownInline::Text(last)), MarkdownInline::Text(text)) => last.push_str(&text),
            (_, MarkdownInline::Text(text)) if text.is_empty() => {}
            (None | Some(MarkdownInline::Break), MarkdownInline::Break) => {}
            (_, node) => out.push(node),
        }
    }
    while out.last().is_some_and(is_blank) {
        out.pop();
    }
    let blank = out.iter().take_while(|node| is_blank(node)).count();
    out.drain(..blank);
    out
}

fn is_blank(node: &MarkdownInline) -> bool {
    match node {
        MarkdownInline::Break => true,
        MarkdownInline::Text(text) => text.trim().is_empty(),
        _ => false,
    }
}
