//! Text for a code host: pull requests, comments, issues, commit subjects.
//!
//! The host decodes entities and backslashes first and then looks for mentions, numbers and closing
//! keywords in what is left, so that escaping does not help. Chat text stands only in code, where the
//! host does not look, with an invisible mark behind every `@` and `#` for the mails that drop the code.

use rules::markdown::{code_block, code_span, visible};

use crate::page::render::shortened;

const MARK: char = '\u{200b}';

/// Chat text as one code span of at most so many characters.
pub(crate) fn span(text: &str, most: usize) -> String {
    let line = visible(text).split_whitespace().collect::<Vec<_>>().join(" ");
    neutralized(&code_span(&shortened(&line, most)))
}

/// A span in a table. A table ends a cell at every bar, even inside code, unless it is escaped; a
/// backslash in front of one would escape the escape.
pub(crate) fn cell(text: &str, most: usize) -> String {
    span(&text.replace("\\|", "\\ |"), most).replace('|', "\\|")
}

/// Chat text as a fence.
pub(crate) fn fence(text: &str, language: &str) -> String {
    neutralized(&code_block(text, Some(language)))
}

/// Generated phrases need no code span, only no character that a host would act upon.
pub(crate) fn escaped_text(phrase: &str) -> String {
    let allowed = |c: &char| c.is_alphanumeric() || " ,.;:'()\u{201c}\u{201d}-/%".contains(*c);
    phrase.chars().filter(allowed).collect()
}

/// A question as a title: one line, without mentions, numbers, addresses, markup and words by which a
/// host closes issues.
pub(crate) fn title(question: &str, most: usize) -> String {
    let words = visible(question)
        .split_whitespace()
        .filter(|word| !word.contains("://"))
        .map(|word| word.replace(['@', '#', '`', '<', '>'], "").replace("GH-", "GH "))
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ");
    shortened(&words, most)
}

/// Nothing in it calls anybody or refers to anything, even where the code around it is lost.
pub(crate) fn neutralized(text: &str) -> String {
    let linked = text.replace("redirect.github.com", "github.com");
    let linked = linked.replace("github.com", "redirect.github.com");
    let mut out = String::with_capacity(linked.len());
    for c in linked.chars() {
        out.push(c);
        if matches!(c, '@' | '#') {
            out.push(MARK);
        }
    }
    out.replace("GH-", &format!("GH{MARK}-"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn nothing_calls_anybody() {
        for (text, expected) in [
            ("@amy fixes #12", "`@\u{200b}amy fixes #\u{200b}12`"),
            ("closes GH-7", "`closes GH\u{200b}-7`"),
            (
                "fixes https://github.com/a/b/issues/1",
                "`fixes https://redirect.github.com/a/b/issues/1`",
            ),
            ("a `b` @c", "``a `b` @\u{200b}c``"),
            ("<!-- x --> <b>&#64;amy</b>", "`<!-- x --> <b>&#\u{200b}64;amy</b>`"),
        ] {
            assert_eq!(span(text, 200), expected);
        }
        assert_eq!(cell("a|b\\|c", 90), "`a\\|b\\ \\|c`");
        assert_eq!(fence("```\n@x\n```", "md"), "````md\n```\n@\u{200b}x\n```\n````");
        assert_eq!(
            title("@amy #12 fixes https://x.example `a` <b> GH-3?", 60),
            "amy 12 fixes a b GH 3?"
        );
    }

    proptest! {
        #[test]
        fn a_span_is_one_span_and_a_fence_one_fence(text in "[`@# a<>!\\-\n|\\\\]{0,40}") {
            use pulldown_cmark::{Event, Parser, Tag};
            let spans = span(&text, 200);
            let outside = Parser::new(&spans).filter(|event| matches!(event, Event::Text(_) | Event::Html(_) | Event::InlineHtml(_)));
            prop_assert_eq!(outside.count(), 0, "{}", spans);
            let fenced = fence(&text, "md");
            let starts = Parser::new(&fenced).filter(|event| matches!(event, Event::Start(_))).collect::<Vec<_>>();
            prop_assert!(matches!(starts[..], [Event::Start(Tag::CodeBlock(_))]), "{}", fenced);
        }
    }
}
