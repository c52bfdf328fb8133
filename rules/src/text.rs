//! What every reader of a text needs first.

use std::borrow::Cow;

/// Drops what a reader cannot see and could be deceived by: controls, zero-width and bidirectional
/// marks, tag characters. Line ends become `\n`.
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.chars().any(|c| c == '\r' || is_hidden(c)) {
        return Cow::Borrowed(text);
    }
    let unix = text.replace("\r\n", "\n").replace('\r', "\n");
    Cow::Owned(unix.chars().filter(|c| !is_hidden(*c)).collect())
}

/// The text without the lines that quote somebody else: `> ...`, and everything behind `>>> `. A code
/// block keeps its lines.
pub(crate) fn without_quotes(text: &str) -> Cow<'_, str> {
    if !text.contains('>') {
        return Cow::Borrowed(text);
    }
    let mut own = Vec::new();
    let mut in_code = false;
    for line in text.lines() {
        if !in_code && line.trim_start().starts_with(">>> ") {
            break;
        }
        if in_code || !(line.trim_start().starts_with("> ") || line.trim() == ">") {
            own.push(line);
            in_code ^= line.matches("```").count() % 2 == 1;
        }
    }
    Cow::Owned(own.join("\n"))
}

/// The text without the mentions of people, `@name` and `<@1>`; the scope of a package stays, `@scope/name`.
pub(crate) fn without_mentions(text: &str) -> Cow<'_, str> {
    let is_mention = |word: &str| {
        let named = word.strip_prefix('@').is_some_and(|name| !name.is_empty());
        named && !word.contains('/') || word.starts_with("<@")
    };
    if !text.contains('@') {
        return Cow::Borrowed(text);
    }
    let words = text.split_inclusive(char::is_whitespace);
    Cow::Owned(words.filter(|word| !is_mention(word.trim_end())).collect())
}

/// The name and the words that a bridge passes on as `<name> words` or `**<name>** words`.
pub(crate) fn relayed(text: &str) -> Option<(&str, &str)> {
    let inner = text.trim_start().trim_start_matches('*').strip_prefix('<')?;
    let (name, words) = inner.split_once('>')?;
    let is_name = (1..=32).contains(&name.chars().count())
        && !name.starts_with(['@', '#', ':', '/', '!', ' '])
        && !name.contains("://");
    let words = words.trim_start_matches('*');
    (is_name && words.starts_with([' ', ':'])).then(|| (name, words.trim_start_matches([':', ' '])))
}

/// The question marks of the scripts: Latin, full width, Arabic, Greek, Armenian, Ethiopic, and those
/// written as one sign with another mark.
pub(crate) fn is_question_mark(c: char) -> bool {
    matches!(c, '?' | '？' | '؟' | '\u{37e}' | '՞' | '፧' | '﹖' | '⁇' | '⁈' | '⁉' | '⸮')
}

pub(crate) fn is_hidden(c: char) -> bool {
    matches!(c,
        '\u{0}'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{7f}'..='\u{9f}'
        | '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_somebody_else_wrote_is_cut() {
        for (text, own) in [
            ("> how do I start it?\nrun `relay up`", "run `relay up`"),
            ("first\n> quoted\nlast", "first\nlast"),
            ("own\n>>> all\nof it", "own"),
            ("```\n> prompt\n```", "```\n> prompt\n```"),
            ("a > b", "a > b"),
        ] {
            assert_eq!(without_quotes(text), own, "{text}");
        }
    }

    #[test]
    fn every_script_asks() {
        for text in ["why?", "何故？", "لماذا؟", "γιατί\u{37e}", "ինչու՞", "ለምን፧", "what⁈"]
        {
            assert!(text.ends_with(is_question_mark), "{text}");
        }
        assert!(!"stop; wait!".contains(is_question_mark));
    }

    #[test]
    fn a_bridge_names_who_wrote() {
        assert_eq!(relayed("<mia> run it"), Some(("mia", "run it")));
        assert_eq!(relayed("**<mia>** run it"), Some(("mia", "run it")));
        for text in ["<@1> run it", "<https://b.org> x", "<div>text", "<mia>", "run <mia> it"] {
            assert_eq!(relayed(text), None, "{text}");
        }
    }
}
