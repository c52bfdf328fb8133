//! Code as HTML in which every sign is an entity: for sites whose generator runs template tags even inside
//! of a fence.
//!
//! A reader sees the code as it is. A template engine that reads the page before Markdown does finds no tag
//! in it, and `v-pre` keeps Vue from looking for one afterwards. MkDocs has no Vue, and needs none of that.

use std::fmt::Write;
use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::escape::is_language;
use super::{MarkdownBlock, MarkdownDialect};
use crate::text::visible;

/// What closes an encoded code span.
pub const ENCODED_SPAN_END: &str = "</code>";

/// Whether a tag opens an encoded code span.
pub fn is_encoded_span_start(tag: &str) -> bool {
    matches!(tag, "<code>" | "<code v-pre>")
}

fn attribute(dialect: MarkdownDialect) -> &'static str {
    match dialect {
        MarkdownDialect::CommonMark | MarkdownDialect::Mdx => " v-pre",
        MarkdownDialect::Python => "",
    }
}

/// A code span of one line.
pub(super) fn encode_span(text: &str, dialect: MarkdownDialect) -> String {
    let line = visible(text).split_whitespace().collect::<Vec<_>>().join(" ");
    if line.is_empty() {
        return String::new();
    }
    // The text between inline tags is Markdown.
    format!("<code{}>{}{ENCODED_SPAN_END}", attribute(dialect), encode(&line, |_| true))
}

/// A block of code; a language that is not a plain word is dropped.
pub(super) fn encode_block(text: &str, language: Option<&str>, dialect: MarkdownDialect) -> String {
    let text = visible(text);
    let language = language.filter(|word| is_language(word));
    let class = language.map(|word| format!(" class=\"language-{word}\"")).unwrap_or_default();
    let code = encode(text.trim_matches('\n'), |c| "&<>{}%#\\".contains(c));
    format!("<pre{}><code{class}>{code}</code></pre>", attribute(dialect))
}

/// The block of code that stands encoded as this HTML.
pub fn decode_block(html: &str) -> Option<MarkdownBlock> {
    static BLOCK: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r#"^<pre(?: v-pre)?><code(?: class="language-([\w+#.-]{1,20})")?>([^<>{}%]*)</code></pre>$"#,
        )
    });
    let found = BLOCK.captures(html.trim())?;
    let language = found.get(1).map(|word| word.as_str().to_owned());
    Some(MarkdownBlock::Code { language, text: decode(&found[2]) })
}

fn encode(text: &str, is_encoded: impl Fn(char) -> bool) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    for c in text.chars() {
        if c.is_ascii_punctuation() && is_encoded(c) {
            // Writing to a string cannot fail.
            let _ = write!(out, "&#{};", u32::from(c));
        } else {
            out.push(c);
        }
    }
    out
}

fn decode(text: &str) -> String {
    static ENTITY: LazyLock<Regex> = LazyLock::new(|| pattern(r"&#(\d{1,3});"));
    let character = |found: &Captures<'_>| {
        let number = found[1].parse::<u32>().ok().and_then(char::from_u32);
        number.map_or_else(|| found[0].to_owned(), String::from)
    };
    ENTITY.replace_all(text, character).into_owned()
}

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("a constant pattern")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn no_engine_finds_a_tag_and_a_reader_the_same_code() {
        let code = "{{ config.name }}\n\n{% for x in y %}<b>&amp;</b>{% endfor %}";
        let html = encode_block(code, Some("jinja"), MarkdownDialect::CommonMark);
        assert_eq!(
            html.lines().next(),
            Some("<pre v-pre><code class=\"language-jinja\">&#123;&#123; config.name &#125;&#125;")
        );
        let text = code.to_owned();
        let block = MarkdownBlock::Code { language: Some("jinja".into()), text };
        assert_eq!(decode_block(&html), Some(block));
        assert_eq!(
            encode_span("{{ user }}", MarkdownDialect::CommonMark),
            "<code v-pre>&#123;&#123; user &#125;&#125;</code>"
        );
    }

    #[test]
    fn other_html_is_not_decoded() {
        for html in ["<pre>x</pre>", "<pre v-pre><code><b></code></pre>", "x"] {
            assert_eq!(decode_block(html), None, "{html}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_encoded_is_read_back(code in "[ -~\n]{1,60}") {
            let html = encode_block(&code, None, MarkdownDialect::Python);
            let inner = &html["<pre><code>".len()..html.len() - "</code></pre>".len()];
            let is_live = inner.contains(['{', '}', '<', '>', '%']);
            prop_assert!(!is_live, "{}", inner);
            let text = code.trim_matches('\n').to_owned();
            prop_assert_eq!(decode_block(&html), Some(MarkdownBlock::Code { language: None, text }));
        }
    }
}
