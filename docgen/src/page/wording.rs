//! From chat style to documentation style, without changing the meaning.

use std::sync::LazyLock;

use regex::Regex;
use rules::language::is_hangul;
use rules::markdown::{MarkdownBlock, MarkdownInline};
use rules::publish::anonymize::Participants;

/// The text without its chatty opening.
pub(crate) fn cleaned(text: &str, people: &Participants<'_>) -> String {
    let mut rest = text.trim();
    loop {
        let shorter = people.unaddressed(rest);
        let shorter = GREETING.captures(shorter).map_or(shorter, |hit| &shorter[hit[1].len()..]);
        let shorter =
            OPENING.find(shorter).map_or(shorter, |opening| &shorter[opening.end()..]).trim_start();
        if shorter.len() == rest.len() {
            break;
        }
        rest = shorter;
    }
    with_capitals(&capitalised(rest))
}

/// An answer without the lines that it quotes of other people: those that it opens with, and any that another
/// message of the cluster holds.
pub(crate) fn without_quotes(text: &str, others: &[&str]) -> String {
    let words = |line: &str| {
        let line = line.to_lowercase();
        let words = line.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
        format!(" {} ", words.collect::<Vec<_>>().join(" "))
    };
    let lines = others.iter().flat_map(|text| text.lines()).map(words).collect::<Vec<_>>();
    let others = others.iter().map(|text| words(text)).collect::<Vec<_>>();
    if text.trim_start().starts_with(">>> ") {
        return String::new();
    }
    let mut opens = true;
    let kept = text.lines().filter(|line| {
        let quoted = line.trim_start().strip_prefix('>');
        opens &= quoted.is_some() || line.trim().is_empty();
        // A word or two are in many messages: those may be what to type.
        let said = |line: &str| {
            let own = words(line);
            let long = own.split_whitespace().count() > 2;
            lines.contains(&own) || long && others.iter().any(|other| other.contains(&own))
        };
        !quoted.is_some_and(|quoted| opens || said(quoted))
    });
    kept.collect::<Vec<_>>().join("\n")
}

/// Greetings and filler words that carry no meaning at the start of an answer. "Yes" and "no" stay:
/// they may be the answer.
static OPENING: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(concat!(
        r"^(?i:(?:(?:hi|hey|hello|hiya|heya|yo|gm|greetings)(?: (?:there|all|everyone|guys|man|mate|bro|folks))?",
        r"|ok|okay|found it|got it|solved it|fixed it|well|oh|ah|ahh|hmm+|hm|umm?|so|lol|haha+|sure|yeah|yep|yup|right|sorry|btw|np|no worries",
        r"|안녕하세요|안녕|네|넵|아)(?:\s*[,!.:~-]+\s+|\s*,\s*|\s*!\s*|\s*\n))",
    ))
    .expect("a fixed pattern")
});

/// A greeting that goes straight on to a mention, of which the mention is left.
static GREETING: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^((?i:hi|hey|hello|hiya|heya|yo|thanks) +)(?:@|<@)").expect("a fixed pattern")
});

/// Drops "Yes," where the question was not one of yes or no: "How do I ...?".
pub(crate) fn without_yes<'t>(text: &'t str, question: &str) -> &'t str {
    let first =
        question.split(|c: char| !c.is_alphabetic()).next().unwrap_or_default().to_lowercase();
    if !["how", "what", "where", "which", "when", "who", "why", "whats"].contains(&first.as_str()) {
        return text;
    }
    let rest = text.strip_prefix("Yes, ").or_else(|| text.strip_prefix("yes, "));
    rest.map_or(text, str::trim_start)
}

/// Sets what people type from a file or for a shell as code, where they did not: `"key": ["value"]`,
/// `NAME="value"`, and commands and packages that stand in quotes, which go. A fragment that tells somebody's name
/// stays prose, in which names are hidden.
pub(crate) fn with_fragments(text: &str, people: &Participants<'_>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    for captures in FRAGMENT.captures_iter(text) {
        let typed = captures.name("typed").or_else(|| captures.name("command"));
        let typed = typed.expect("one of the groups takes part in every match");
        let inside = text[..typed.start()].matches('`').count() % 2 == 1;
        if inside || people.names_left_in(typed.as_str()) {
            continue;
        }
        let whole = captures.name("quoted").unwrap_or(typed);
        out.push_str(&text[done..whole.start()]);
        out.push_str(&format!("`{}`", typed.as_str()));
        done = whole.end();
    }
    out.push_str(&text[done..]);
    out
}

static FRAGMENT: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(concat!(
        r#"(?:^|[\s(])(?:(?P<typed>"[\w.-]+" ?: ?(?:\[[^\[\]\n`]*\]|\{[^{}\n`]*\}|"[^"\n`]*"|true|false|\d+)"#,
        r#"|\["[^"\n`\[\]]*"(?:, ?"[^"\n`\[\]]*")*\]"#,
        r#"|[a-z]\w*(?:\.\w+)*\.?\[(?:"[^"\n`\]]*"|'[^'\n`\]]*')\]"#,
        r#"|(?:[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+|--[a-z][a-z-]+)="[^"\n`]*")"#,
        r#"|(?P<quoted>["'“‘](?P<command>(?:apt|apt-get|bun|cargo|cd|curl|docker|export|git|go|make|npm|npx|pip|pnpm|python3?|sudo|systemctl|yarn) [^"'“”‘’\n`]+|@[a-z0-9][a-z0-9_.-]*/[A-Za-z0-9_.-]+)["'”’]))"#,
    ))
    .expect("a fixed pattern")
});

/// Ends a paragraph that reads as a sentence with a full stop, behind a word or a code span.
pub(crate) fn with_full_stops(blocks: &mut [MarkdownBlock]) {
    for at in 0..blocks.len() {
        let leads_on =
            matches!(blocks.get(at + 1), Some(MarkdownBlock::Code { .. } | MarkdownBlock::List(_)));
        if let (false, MarkdownBlock::Paragraph(inlines)) = (leads_on, &mut blocks[at])
            && is_open_sentence(inlines)
        {
            inlines.push(MarkdownInline::Text(".".to_owned()));
        }
    }
}

/// Whether a paragraph is one line that begins as a sentence does and does not end as one. What begins
/// with a small letter may be a command, unless words of prose follow; behind a link, a full stop is taken for a
/// part of it.
fn is_open_sentence(inlines: &[MarkdownInline]) -> bool {
    let one_line = !inlines.iter().any(|inline| matches!(inline, MarkdownInline::Break));
    // A command does not end in Hangul.
    let is_korean =
        matches!(inlines.last(), Some(MarkdownInline::Text(text)) if text.ends_with(is_hangul));
    let begins = match inlines.first() {
        Some(MarkdownInline::Text(text)) => {
            is_korean || !text.starts_with(char::is_lowercase) || is_prose(text)
        }
        Some(MarkdownInline::Code(_)) => true,
        _ => false,
    };
    let ends = match inlines.last() {
        Some(MarkdownInline::Text(text)) => {
            text.ends_with(|c: char| c.is_alphanumeric() || c == ')')
        }
        Some(MarkdownInline::Code(_)) => true,
        _ => false,
    };
    let said = inlines.iter().filter_map(|inline| match inline {
        MarkdownInline::Text(text) => Some(text.split_whitespace().count()),
        _ => None,
    });
    one_line && begins && ends && said.sum::<usize>() > 0
}

/// Whether a text has several words that only prose has.
fn is_prose(text: &str) -> bool {
    let words = text.split_whitespace().filter(|word| STARTERS.contains(word));
    words.count() >= PROSE_WORDS
}

/// Fewer may stand in a command: `make a release`.
const PROSE_WORDS: usize = 3;

/// Sets names of settings, files, flags and functions as code, as documentation does. The words stay.
pub(crate) fn with_code_words(blocks: &mut [MarkdownBlock]) {
    for block in blocks {
        match block {
            MarkdownBlock::Paragraph(inlines) => *inlines = coded(std::mem::take(inlines)),
            MarkdownBlock::Quote(inner) => with_code_words(inner),
            MarkdownBlock::List(list) => {
                list.items.iter_mut().for_each(|item| with_code_words(item))
            }
            MarkdownBlock::Code { .. } => {}
        }
    }
}

fn coded(inlines: Vec<MarkdownInline>) -> Vec<MarkdownInline> {
    let mut out = Vec::with_capacity(inlines.len());
    for inline in inlines {
        let MarkdownInline::Text(text) = inline else {
            out.push(inline);
            continue;
        };
        let mut done = 0;
        for hit in CODE_WORD.captures_iter(&text).filter_map(|captures| captures.name("code")) {
            out.push(MarkdownInline::Text(text[done..hit.start()].to_owned()));
            out.push(MarkdownInline::Code(hit.as_str().to_owned()));
            done = hit.end();
        }
        out.push(MarkdownInline::Text(text[done..].to_owned()));
    }
    out.retain(|inline| !matches!(inline, MarkdownInline::Text(text) if text.is_empty()));
    out
}

/// `SOME_SETTING=1`, `snake_case`, `.env`, `path/to/file.ts`, `--flag`, `object.method()`. A word with
/// quotes or brackets around it is part of something larger and stays.
static CODE_WORD: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?:^|[\s(])(?P<code>[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+(?:=[A-Za-z0-9_./:-]*[A-Za-z0-9])?",
        r"|[a-z0-9]+(?:_[a-z0-9]+)+(?:\(\))?",
        r"|\.env(?:\.[a-z]+)?",
        r"|(?:~|\.{1,2})?/?(?:[A-Za-z0-9_.-]+/)+[A-Za-z0-9_-]+\.[a-z]{1,5}",
        r"|/(?:etc|usr|var|home|opt|dev|proc|sys|boot|tmp|mnt|media)(?:/[A-Za-z0-9_.-]*[A-Za-z0-9_-])+/?",
        r"|--[a-z][a-z0-9-]+",
        r"|[a-z]+[A-Za-z0-9]*(?:\.[a-z]+[A-Za-z0-9]*)*\.[a-z]+[A-Z][A-Za-z0-9]*(?:\(\))?)",
        r"(?:$|[\s),;:!?]|\.(?:\s|$))",
    ))
    .expect("a fixed pattern")
});

/// Common words that a sentence starts with. A first word that may be a command or a file is not
/// among them and keeps its case.
const STARTERS: [&str; 76] = [
    "a",
    "add",
    "after",
    "an",
    "are",
    "as",
    "at",
    "because",
    "before",
    "but",
    "by",
    "change",
    "check",
    "choose",
    "click",
    "configure",
    "delete",
    "depends",
    "do",
    "does",
    "don't",
    "dont",
    "first",
    "for",
    "from",
    "go",
    "here",
    "how",
    "i",
    "if",
    "in",
    "instead",
    "is",
    "it",
    "it's",
    "its",
    "just",
    "make",
    "mean",
    "means",
    "most",
    "no",
    "not",
    "on",
    "once",
    "only",
    "open",
    "please",
    "run",
    "set",
    "some",
    "that",
    "that's",
    "the",
    "then",
    "there",
    "there's",
    "they",
    "this",
    "to",
    "try",
    "use",
    "using",
    "we",
    "what",
    "when",
    "where",
    "which",
    "why",
    "with",
    "yes",
    "you",
    "you'll",
    "you're",
    "youll",
    "your",
];

pub(crate) fn capitalised(text: &str) -> String {
    let first = text.split(char::is_whitespace).next().unwrap_or_default();
    let word = first.trim_end_matches([',', '.', ';', ':']);
    if !STARTERS.contains(&word) {
        return text.to_owned();
    }
    let (head, rest) = text.split_at(1);
    head.to_uppercase() + rest
}

/// Begins each later sentence with a capital letter where its first word is one of prose.
fn with_capitals(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    for captures in NEXT_SENTENCE.captures_iter(text) {
        let (Some(before), Some(word)) = (captures.name("before"), captures.name("word")) else {
            continue;
        };
        let in_code = text[..word.start()].matches('`').count() % 2 == 1;
        if in_code || !ends_sentence(before.as_str()) || !STARTERS.contains(&word.as_str()) {
            continue;
        }
        out.push_str(&text[done..word.start()]);
        out.push_str(&capitalised(word.as_str()));
        done = word.end();
    }
    out.push_str(&text[done..]);
    out
}

/// Whether a full stop behind a word ends a sentence: not behind the number of a step or an abbreviation.
fn ends_sentence(word: &str) -> bool {
    let is_number = word.chars().all(|c| c.is_ascii_digit());
    !is_number && !word.contains('.') && !ABBREVIATIONS.contains(&word.to_lowercase().as_str())
}

/// The word before a full stop and the first word of what follows on the same line.
static NEXT_SENTENCE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?P<before>[\w.]+)[)`'\x22]?[.!?] +(?P<word>[a-z']+)").expect("a fixed pattern")
});

/// Behind these a full stop ends no sentence.
const ABBREVIATIONS: [&str; 6] = ["approx", "cf", "etc", "incl", "resp", "vs"];

#[cfg(test)]
mod tests {
    use rules::publish::pseudonym::{AuthorNaming, Salt};

    use super::*;
    use crate::test_support;

    #[test]
    fn names_of_things_become_code() {
        let text = "set POST_MIN=5, MAX_X or log_level in .env (see src/lib/main.ts) with --dry-run, \
            then call runtime.processAction. Not e.g. and/or i.e. 5/3, U.S., a -- b, example.com or (this).";
        let mut blocks = rules::markdown::parse(text, &[]);
        with_code_words(&mut blocks);
        let expected = "set `POST_MIN=5`, `MAX_X` or `log_level` in `.env` (see `src/lib/main.ts`) with `--dry-run`, \
            then call `runtime.processAction`. Not e.g. and/or i.e. 5/3, U.S., a -- b, example.com or (this).";
        assert_eq!(
            rules::markdown::render(&blocks, rules::markdown::MarkdownDialect::CommonMark),
            expected
        );
    }

    #[test]
    fn what_is_typed_becomes_code() {
        let mut cluster = test_support::cluster();
        cluster.occurrences[0].people = vec!["rob_92".into()];
        let people = Participants::of(&cluster, &AuthorNaming::Pseudonyms(Salt([1; 16])));
        for (text, expected) in [
            (r#"with "parts": ["@a/b"] and so"#, r#"with `"parts": ["@a/b"]` and so"#),
            (r#"it is ["a", "b"]"#, r#"it is `["a", "b"]`"#),
            (r#"use env.["name"]"#, r#"use `env.["name"]`"#),
            (r#"set A_B="c d""#, r#"set `A_B="c d"`"#),
            (r#"run "git pull" first"#, "run `git pull` first"),
            (r#"run 'sudo gatectl renew', then"#, "run `sudo gatectl renew`, then"),
            ("run “npm ci” there", "run `npm ci` there"),
            (r#"a format like "@scope/plugin-x" there"#, "a format like `@scope/plugin-x` there"),
            (r#"he said "go": no"#, r#"he said "go": no"#),
            (r#"`"a": true` stays"#, r#"`"a": true` stays"#),
            (r#"of "user": "rob_92""#, r#"of "user": "rob_92""#),
        ] {
            assert_eq!(with_fragments(text, &people), expected);
        }
    }

    #[test]
    fn sentences_end() {
        for (text, expected) in [
            ("Set the port", "Set the port."),
            ("Set the `port`", "Set the `port`."),
            ("Set the port!", "Set the port!"),
            ("`port`", "`port`"),
            ("git pull origin", "git pull origin"),
            (
                "relay is the client and the hub is its server",
                "relay is the client and the hub is its server.",
            ),
            ("Do\nthis", "Do\\\nthis"),
            ("Run this\n```\nx\n```", "Run this\n\n```text\nx\n```"),
            ("포트를 바꾸세요", "포트를 바꾸세요."),
            ("relay.toml 에서 바꾸면 돼요", "relay.toml 에서 바꾸면 돼요."),
        ] {
            let mut blocks = rules::markdown::parse(text, &[]);
            with_full_stops(&mut blocks);
            let flavour = rules::markdown::MarkdownDialect::CommonMark;
            assert_eq!(rules::markdown::render(&blocks, flavour), expected);
        }
    }

    #[test]
    fn what_others_said_is_no_part_of_an_answer() {
        let others = ["How do I rotate the *key*?\nIt is old."];
        for (text, expected) in [
            ("> How do I rotate the key?\nRun it.", "Run it."),
            ("> anything\n> else\n\nRun it.", "\nRun it."),
            ("Run it.\n> how do I rotate the key\n> $ rotate", "Run it.\n> $ rotate"),
            (">>> all of it\nto the end", ""),
            ("a > b", "a > b"),
        ] {
            assert_eq!(without_quotes(text, &others), expected, "{text}");
        }
    }

    #[test]
    fn yes_answers_only_what_asks_for_it() {
        assert_eq!(without_yes("Yes, use two", "How do I run two?"), "use two");
        assert_eq!(without_yes("Yes, use two", "Can I run two?"), "Yes, use two");
    }

    #[test]
    fn openings_go_and_commands_keep_their_case() {
        let mut cluster = test_support::cluster();
        cluster.occurrences[0].people = vec!["rob_92".into(), "amy".into()];
        let people = Participants::of(&cluster, &AuthorNaming::DisplayNames);
        for (text, expected) in [
            ("hey, you need to restart it", "You need to restart it"),
            ("Hi there! so, try the port", "Try the port"),
            ("amy: sudo service restart", "sudo service restart"),
            ("Amy, it is in the menu", "It is in the menu"),
            ("yes, you can", "Yes, you can"),
            ("no, that is gone", "No, that is gone"),
            ("so it works then", "so it works then"),
            ("네, 설정에서 바꾸세요", "설정에서 바꾸세요"),
            ("right-click the icon", "right-click the icon"),
            (
                "it is gone. when you remove one, see e.g. the list. sudo ls",
                "It is gone. When you remove one, see e.g. the list. sudo ls",
            ),
            (
                "type `stop. then go` or wait. then it ends",
                "type `stop. then go` or wait. Then it ends",
            ),
            ("hey @rob_92 open the menu", "Open the menu"),
            ("@amy", ""),
            ("hey", "hey"),
        ] {
            assert_eq!(cleaned(text, &people), expected);
        }
    }
}
