//! What programs act upon when they read a repository: template engines, site generators, code hosts,
//! pipelines.
//!
//! A page has an escape of its own, which every generator honours. A title in a navigation, in front
//! matter or in the subject of a commit has none: there the signs themselves are parted.

use std::sync::LazyLock;

use regex::{Captures, Regex};
use rules::markdown::visible;

/// Stands between the characters of a directive where the text must stay readable.
pub(crate) const MARK: char = '\u{200b}';

/// A line for a place that has no escape: navigation, front matter, subjects. A reader sees the same words;
/// no program finds a tag, an include, markup, an entity or an instruction in it.
pub(crate) fn plain_title(text: &str) -> String {
    let text = text.replace(['\u{85}', '\u{2028}', '\u{2029}'], " ");
    let text = visible(&text).replace(['\u{fffe}', '\u{ffff}'], "");
    let line = without_pipeline(text.split_whitespace().collect::<Vec<_>>().join(" "));
    let line = ENTITY.replace_all(&line, "& $1;");
    let mut out = String::with_capacity(line.len());
    let mut opened = false;
    let mut rest = line.chars().peekable();
    while let Some(c) = rest.next() {
        let previous = out.chars().next_back();
        match c {
            '<' if rest.peek().is_some_and(|next| opens_tag(*next)) => {
                out.push('\u{2039}');
                opened = true;
            }
            '>' if opened || previous == Some('%') => {
                out.push('\u{203a}');
                opened = false;
            }
            _ => {
                if previous.is_some_and(|before| is_tag(before, c)) {
                    out.push(' ');
                }
                out.push(c);
            }
        }
    }
    out
}

/// The line with `(skip ci)` for `[skip ci]`. One may be inside of another.
fn without_pipeline(mut line: String) -> String {
    while PIPELINE.is_match(&line) {
        let parted = PIPELINE.replace_all(&line, |found: &Captures<'_>| {
            let inner = found[0].trim_matches(['[', ']', '*', ':']).trim();
            if found[0].starts_with('[') { format!("({inner})") } else { inner.replace('-', " ") }
        });
        line = parted.into_owned();
    }
    line
}

/// What a program would act upon in a text at a place without escape, named for people.
pub(crate) fn directive_in(text: &str) -> Option<&'static str> {
    static SIGNS: LazyLock<[(&str, Regex); 4]> = LazyLock::new(|| {
        [
            ("a template tag", pattern(r"\{[{%#!]|[}%#!]\}|<%|%>")),
            ("an include", pattern(r"-8<-")),
            ("HTML", pattern(r"<[A-Za-z/!?]")),
            ("a line end", pattern(r"[\n\r\u{85}\u{2028}\u{2029}]")),
        ]
    });
    let sign = SIGNS.iter().find(|(_, sign)| sign.is_match(text)).map(|(what, _)| *what);
    sign.or_else(|| PIPELINE.is_match(text).then_some("an instruction to a pipeline"))
        .or_else(|| ENTITY.is_match(text).then_some("an entity"))
}

/// What a code host, or a program that reads its messages, would act upon in a message: mentions, numbers
/// of issues, instructions to pipelines, trailers, commands.
pub(crate) fn host_directive_in(text: &str) -> Option<&'static str> {
    static CALLS: LazyLock<[(&str, Regex); 2]> = LazyLock::new(|| {
        [
            ("a mention", pattern(r"@[A-Za-z0-9]")),
            (
                "a reference to an issue",
                pattern(r"(?i)#\d|\bGH-\d|github\.com/[^\s/]+/[^\s/]+/(?:issues|pull)/"),
            ),
        ]
    });
    // Numbers at this host refer to nothing.
    let other_text = text.replace("redirect.github.com", "");
    let call = CALLS.iter().find(|(_, sign)| sign.is_match(&other_text)).map(|(what, _)| *what);
    call.or_else(|| PIPELINE.is_match(text).then_some("an instruction to a pipeline"))
        .or_else(|| OVERRIDE.is_match(text).then_some("an instruction to a release program"))
        .or_else(|| TRAILER.is_match(text).then_some("a trailer"))
}

/// A message in which no program finds a trailer, a command or an instruction, with invisible marks inside
/// of what would be one.
pub(crate) fn without_instructions(text: &str) -> String {
    let marked = |found: &Captures<'_>| {
        let (head, tail) = found[0].split_at(found[0].find(&found["word"]).unwrap_or_default());
        let first = tail.chars().next().map_or(0, char::len_utf8);
        format!("{head}{}{MARK}{}", &tail[..first], &tail[first..])
    };
    let mut text = text.to_owned();
    // One may be inside of another.
    while PIPELINE.is_match(&text) {
        let parted = PIPELINE.replace_all(&text, |found: &Captures<'_>| {
            let first = found[0].chars().next().map_or(0, char::len_utf8);
            format!("{}{MARK}{}", &found[0][..first], &found[0][first..])
        });
        text = parted.into_owned();
    }
    let text = OVERRIDE.replace_all(&text, marked);
    let text = TRAILER.replace_all(&text, marked);
    COMMAND.replace_all(&text, marked).into_owned()
}

/// `[skip ci]` and its relatives, as the pipelines of GitHub, GitLab, Azure, CircleCI, Netlify, Vercel,
/// Cloudflare and others know them.
static PIPELINE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(concat!(
        r"(?i)\[[^\[\]\n\x{200b}]{0,40}\b(?:skip|no)[ _-][^\[\]\n\x{200b}]{0,40}\]",
        r"|\[[^\[\]\n\x{200b}]{0,40}[ _-]skip[ _-]?\]",
        r"|\*\*\*\s*no_ci\s*\*\*\*",
        r"|\bskip-checks\s*:",
    ))
});

/// Keys at the start of a line that hosts and release programs read, wherever in a message they stand.
static TRAILER: LazyLock<Regex> = LazyLock::new(|| {
    pattern(concat!(
        r"(?im)^[ \t>*-]*(?P<word>(?:co-authored|signed-off|reviewed|acked|tested|approved)-by",
        r"|change-id|release-as|release-note|breaking[ -]change|depends-on)\s*:",
    ))
});

/// Words by which release programs take a part of a description for the message of a commit.
static OVERRIDE: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?P<word>(?:BEGIN|END)_(?:COMMIT_OVERRIDE|NESTED_COMMIT))"));

/// A command of a bot: `/merge` at the start of a line.
static COMMAND: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?m)^(?P<word>/[a-z][a-z-]*)"));

static ENTITY: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"&(#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{0,31});"));

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("a constant pattern")
}

/// Whether `<` with this behind it begins markup, a tag of a template or an include.
fn opens_tag(next: char) -> bool {
    next.is_ascii_alphabetic() || "/!?%-".contains(next)
}

/// Whether two characters beside each other open or close the tag of a template.
fn is_tag(one: char, other: char) -> bool {
    matches!((one, other), ('{', '{' | '%' | '#' | '!') | ('}' | '%' | '#' | '!', '}') | ('%', '>'))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn titles_stay_readable_and_do_nothing() {
        for (text, expected) in [
            ("What does {{ 7*7 }} print?", "What does { { 7*7 } } print?"),
            ("{% raw %} and {# note #}", "{ % raw % } and { # note # }"),
            ("Is <%= x %> run?", "Is \u{2039}%= x %\u{203a} run?"),
            ("Vec<T> or a < b -> c", "Vec\u{2039}T\u{203a} or a < b -> c"),
            ("--8<-- \"x\"", "--8\u{2039}-- \"x\""),
            ("AT&T, R&D; &lt;b&gt; &#60;", "AT&T, R& D; & lt;b& gt; & #60;"),
            ("Why does [skip ci] fail?", "Why does (skip ci) fail?"),
            ("[CI Skip] [no ci] [CF-Pages-Skip]", "(CI Skip) (no ci) (CF-Pages-Skip)"),
            ("***NO_CI*** skip-checks: true", "NO_CI skip checks true"),
            ("a\r\nb\u{2028}c\u{200b}d", "a b cd"),
        ] {
            assert_eq!(plain_title(text), expected);
            assert_eq!(directive_in(&plain_title(text)), None, "{text}");
        }
    }

    #[test]
    fn instructions_in_a_message_are_broken() {
        for text in [
            "see [skip ci] here",
            "Co-authored-by: A <a@example.org>",
            "x\n\nskip-checks: true",
            "BREAKING CHANGE: all",
            "> Release-As: 9.9.9",
            "BEGIN_COMMIT_OVERRIDE",
            "***NO_CI***",
        ] {
            assert!(host_directive_in(&text.replace('@', "")).is_some(), "{text}");
            let broken = without_instructions(text);
            assert_eq!(host_directive_in(&broken.replace('@', "")), None, "{broken}");
            assert_eq!(broken.replace(MARK, ""), *text, "nothing visible changes");
        }
        assert_eq!(without_instructions("/merge now\na /b"), "/\u{200b}merge now\na /b");
    }

    /// Text with the signs that programs act upon, in any mixture.
    fn hostile() -> impl Strategy<Value = String> {
        let sign = prop::sample::select(vec![
            "{",
            "}",
            "%",
            "#",
            "!",
            "<",
            ">",
            "-8<-",
            "[",
            "]",
            "skip",
            "ci",
            "no",
            " ",
            "-",
            "_",
            "&",
            ";",
            "lt",
            "#60",
            "***",
            "NO_CI",
            "\n",
            "\r",
            "\u{2028}",
            "\"",
            "'",
            "\\",
            ":",
            "/",
            "@",
            "a",
            "é",
            "가",
            "skip-checks",
            "Signed-off-by",
            "\u{ffff}",
            "\u{0}",
        ]);
        prop::collection::vec(sign, 0..24).prop_map(|signs| signs.concat())
    }

    proptest! {
        #[test]
        fn no_program_finds_anything_in_a_title(text in hostile()) {
            let title = plain_title(&text);
            prop_assert_eq!(directive_in(&title), None, "{}", title);
            prop_assert_eq!(plain_title(&title), title.clone(), "once is enough");
        }

        #[test]
        fn no_instruction_is_left_in_a_message(text in hostile()) {
            let left = without_instructions(&text.replace(['@', '#'], ""));
            prop_assert_eq!(host_directive_in(&left), None, "{}", left);
        }
    }
}
