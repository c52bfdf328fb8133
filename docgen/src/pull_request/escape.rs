//! Text for a code host: pull requests, comments, issues, commit subjects.
//!
//! The host decodes entities and backslashes first and then looks for mentions, numbers and closing
//! keywords in what is left, so that escaping does not help. Chat text stands only in code, where the
//! host does not look, with an invisible mark behind every `@` and `#` for the mails that drop the code.

use std::sync::LazyLock;

use regex::Regex;
use rules::markdown::{code_block, code_span, visible};

use crate::directives::{MARK, plain_title, without_instructions};
use crate::lines::shortened;

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

/// A question as the title of a pull request and the subject of a commit: one line, without mentions,
/// numbers, addresses, markup, words by which a host closes issues and instructions to pipelines.
pub(crate) fn title(question: &str, most: usize) -> String {
    static ISSUE: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"(?i)\b(GH)-(\d)").expect("a constant pattern"));
    let words = plain_title(question)
        .split_whitespace()
        .filter(|word| !word.contains("://"))
        .map(|word| word.replace(['@', '#', '`', '<', '>', '\u{2039}', '\u{203a}'], ""))
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ");
    plain_title(&shortened(&ISSUE.replace_all(&words, "$1 $2"), most))
}

/// Nothing in it calls anybody, refers to anything or instructs a pipeline, even where the code around it
/// is lost: a merge may make a commit's message of the description.
pub(crate) fn neutralized(text: &str) -> String {
    static ISSUE: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"(?i)\b(GH)-").expect("a constant pattern"));
    let text = without_instructions(text);
    let linked = text.replace("redirect.github.com", "github.com");
    let linked = linked.replace("github.com", "redirect.github.com");
    let mut out = String::with_capacity(linked.len());
    for c in linked.chars() {
        out.push(c);
        if matches!(c, '@' | '#') {
            out.push(MARK);
        }
    }
    ISSUE.replace_all(&out, format!("${{1}}{MARK}-")).into_owned()
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
        assert_eq!(
            title("why is [skip ci] in {{ x }} ignored", 60),
            "why is (skip ci) in { { x } } ignored"
        );
        assert_eq!(span("a [ci skip] b", 90), "`a [\u{200b}ci skip] b`");
        assert_eq!(fence("Release-As: 2.0.0", "md"), "```md\nR\u{200b}elease-As: 2.0.0\n```");
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

        #[test]
        fn no_host_acts_upon_a_title(text in "[@#\\[\\]a-c \n-]{0,6}(\\[skip ci\\]|GH-1|fixes #2|@amy|\\*\\*\\*NO_CI\\*\\*\\*|\\{\\{ x \\}\\}|skip-checks: true)[@#\\[\\] \\n]{0,6}") {
            let title = title(&text, 60);
            prop_assert_eq!(crate::directives::host_directive_in(&title), None, "{}", title);
            prop_assert_eq!(crate::directives::directive_in(&title), None, "{}", title);
        }
    }
}
