//! Text, code spans and fences that mean nothing but themselves.

use std::fmt::Write;

use crate::text::visible;

/// The language a page is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MarkdownDialect {
    CommonMark,
    /// MDX 3, where braces and `import` are JavaScript.
    Mdx,
    /// Python-Markdown, as MkDocs reads it: a backslash escapes few signs and ends no line, blocks in
    /// a list are indented by four, and extensions give more signs a meaning.
    Python,
}

impl MarkdownDialect {
    /// What ends a line inside a paragraph.
    pub(super) fn line_break(self) -> &'static str {
        match self {
            Self::CommonMark | Self::Mdx => "\\\n",
            Self::Python => "  \n",
        }
    }
}

/// Literal text as paragraphs: every line end is kept, nothing in it is markup.
pub fn escape(text: &str, flavour: MarkdownDialect) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    let mut blank = false;
    for line in visible(text).split('\n').map(str::trim) {
        if line.is_empty() {
            blank = true;
            continue;
        }
        if !out.is_empty() {
            out.push_str(if blank { "\n\n" } else { flavour.line_break() });
        }
        blank = false;
        push_text(&mut out, line, flavour);
    }
    out
}

/// A code span whose run of backticks is longer than any inside.
pub fn code_span(text: &str) -> String {
    let inner = visible(text).split_whitespace().collect::<Vec<_>>().join(" ");
    if inner.is_empty() {
        return String::new();
    }
    let fence = "`".repeat(longest_run(&inner) + 1);
    let pad = if inner.starts_with('`') || inner.ends_with('`') { " " } else { "" };
    format!("{fence}{pad}{inner}{pad}{fence}")
}

/// A fence longer than any run of backticks inside. A language that is not a plain word is dropped.
pub fn code_block(text: &str, language: Option<&str>) -> String {
    let text = visible(text);
    let fence = "`".repeat(longest_run(&text).max(2) + 1);
    let language = language.filter(|word| is_language(word)).unwrap_or("text");
    format!("{fence}{language}\n{}\n{fence}", text.trim_end_matches('\n'))
}

/// Whether code holds what a site generator would run even inside a fence: mdBook, MkDocs and VitePress
/// includes, Hugo, Liquid and Nunjucks tags, template expressions.
pub fn needs_template_engine(code: &str) -> bool {
    let included = |comment: &str| comment.trim_start().starts_with("@include");
    ["{{", "{%", "{#", "<%", "-8<-"].iter().any(|tag| code.contains(tag))
        || code.split("<!--").skip(1).any(included)
}

pub(super) fn is_language(word: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "+#-_.".contains(c);
    (1..=20).contains(&word.len()) && word.chars().all(plain)
}

fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or_default()
}

/// Writes one line of literal text. What is special only at the start of a line is escaped only
/// there, so that pages stay readable as source.
pub(super) fn push_text(out: &mut String, text: &str, flavour: MarkdownDialect) {
    let mut rest = text;
    if is_line_start(out) {
        rest = push_line_start(out, text.trim_start(), flavour);
    }
    let mut previous = out.chars().next_back();
    for (at, c) in rest.char_indices() {
        let after = &rest[at + c.len_utf8()..];
        let next = after.chars().next();
        match c {
            // Not every dialect takes a backslash before a caret.
            '<' | '{' | '}' | '$' | '|' | '@' | '^' => push_entity(out, c),
            '&' if next.is_none_or(|n| n == '#' || n.is_ascii_alphanumeric()) => {
                push_entity(out, c)
            }
            '\\' | '`' | '*' | '[' | ']' | '~' => push_escaped(out, c, flavour),
            '_' if !is_word(previous) || !is_word(next) => push_escaped(out, c, flavour),
            '#' if previous.is_none_or(char::is_whitespace) => push_escaped(out, c, flavour),
            '+' | '=' | ':'
                if flavour == MarkdownDialect::Python && is_python(c, previous, next) =>
            {
                push_entity(out, c)
            }
            ':' if after.starts_with("//") => out.push_str("&#58;"),
            '.' if ends_with_www(out) => out.push_str("&#46;"),
            _ => out.push(c),
        }
        previous = Some(c);
    }
}

pub(super) fn is_line_start(out: &str) -> bool {
    out.is_empty() || out.ends_with('\n')
}

fn push_line_start<'t>(out: &mut String, text: &'t str, flavour: MarkdownDialect) -> &'t str {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    if digits > 0 && text[digits..].starts_with(['.', ')']) {
        out.push_str(&text[..digits]);
        let sign = text[digits..].chars().next();
        sign.into_iter().for_each(|sign| push_escaped(out, sign, flavour));
        return &text[digits + 1..];
    }
    let Some(first) = text.chars().next() else { return text };
    let code = flavour == MarkdownDialect::Mdx
        && (text.starts_with("import") || text.starts_with("export"));
    let repeated = "!?%".contains(first) && text[1..].starts_with(first)
        || flavour == MarkdownDialect::Python && text.starts_with("///");
    if code {
        push_entity(out, first);
    } else if "-+=:#>".contains(first) || repeated {
        push_escaped(out, first, flavour);
    } else {
        return text;
    }
    &text[first.len_utf8()..]
}

/// Python-Markdown escapes other signs than CommonMark, and both read entities as literal.
pub(super) fn push_escaped(out: &mut String, c: char, flavour: MarkdownDialect) {
    match flavour {
        MarkdownDialect::CommonMark | MarkdownDialect::Mdx => out.extend(['\\', c]),
        MarkdownDialect::Python => push_entity(out, c),
    }
}

/// Keys are written as `++a++`, marked words as `==a==` and pictures as `:a:`.
fn is_python(c: char, previous: Option<char>, next: Option<char>) -> bool {
    match c {
        ':' => next.is_some_and(|c| c.is_ascii_alphanumeric() || "+-_".contains(c)),
        _ => previous == Some(c) || next == Some(c),
    }
}

fn push_entity(out: &mut String, c: char) {
    write!(out, "&#{};", u32::from(c)).expect("a string takes everything");
}

/// Words inside which an underscore is no markup, in every dialect.
fn is_word(c: Option<char>) -> bool {
    c.is_some_and(|c| c.is_ascii_alphanumeric())
}

fn ends_with_www(out: &str) -> bool {
    let tail = out.as_bytes();
    tail.len() >= 3
        && tail[tail.len() - 3..].eq_ignore_ascii_case(b"www")
        && !out[..out.len() - 3].ends_with(|c: char| c.is_ascii_alphanumeric())
}
