//! A message's text as the cue words see it: lower case, words apart, sentences marked.

use crate::text::{is_question_mark, without_quotes};

/// A text read once.
#[derive(Debug, Default)]
pub(super) struct NormalizedText {
    /// Lower-case words parted by one space, `.` between sentences and `?` after a question; a space
    /// at both ends. Quotes, code blocks, addresses, mentions and apostrophes are gone.
    pub(super) text: String,
    /// Number of words.
    pub(super) words: usize,
    pub(super) link: bool,
    pub(super) code: bool,
    /// Whether it holds a value as it is typed: a path, an option, a key, a number.
    pub(super) literal: bool,
    /// Whether it names a channel: `<#id>` or `#name`.
    pub(super) channel: bool,
    /// Whether the last thing said is a question mark.
    pub(super) ends_asking: bool,
    /// Whether any sentence ends with a question mark.
    pub(super) asks: bool,
}

/// Longer texts are cut: no cue that matters stands behind so much.
const MAX_BYTES: usize = 3_000;

/// Reads a text without the `skip` bytes at its start, which name whom it addresses.
pub(super) fn read(text: &str, skip: usize) -> NormalizedText {
    let mut plain = NormalizedText { text: String::from(" . "), ..NormalizedText::default() };
    let own = without_quotes(text.get(skip..).unwrap_or(text));
    let (text, code) = without_code(&own);
    plain.code = code;
    for line in text.lines() {
        for token in line.split_whitespace() {
            if plain.text.len() > MAX_BYTES {
                break;
            }
            plain.push_token(token);
        }
        plain.end_sentence();
    }
    plain
}

/// The words of a cue phrase in the form of [`NormalizedText::text`], without the outer spaces.
pub(super) fn words_of(phrase: &str) -> String {
    let mut plain = NormalizedText { text: String::from(" "), ..NormalizedText::default() };
    for token in phrase.split_whitespace() {
        plain.push_token(token);
    }
    plain.text.trim().to_owned()
}

/// The word without a plural or verb ending: enough for "agents" to meet "agent".
pub(super) fn stem(word: &str) -> &str {
    let rest = |end: &str| word.strip_suffix(end).filter(|rest| rest.len() > 3);
    rest("ing").or_else(|| rest("ed")).or_else(|| rest("s")).unwrap_or(word)
}

/// FNV-1a, 32 bits: the same on every machine.
pub(super) fn hash(word: &str) -> u32 {
    word.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

/// An emoji without its variation selector and skin tone; a custom one without its colons.
pub(super) fn bare(emoji: &str) -> &str {
    emoji
        .trim_matches(':')
        .trim_end_matches(|c: char| matches!(u32::from(c), 0xFE00..=0xFE0F | 0x1F3FB..=0x1F3FF))
}

/// A tag's words without emoji, in lower case.
pub(super) fn tag_words(tag: &str) -> String {
    let plain = words_of(tag);
    let words = plain.split(' ').filter(|word| word.chars().all(char::is_alphanumeric));
    words.collect::<Vec<_>>().join(" ")
}

/// Blanks fenced blocks; inline code stays, since its words are the matter.
fn without_code(text: &str) -> (std::borrow::Cow<'_, str>, bool) {
    if !text.contains("```") {
        return (text.into(), text.contains('`'));
    }
    let outside = text.split("```").step_by(2).collect::<Vec<_>>().join("\n");
    (outside.into(), true)
}

impl NormalizedText {
    fn push_token(&mut self, token: &str) {
        if is_link(token) {
            self.link = true;
            self.ends_asking = false;
            return;
        }
        self.channel |= names_channel(token);
        self.literal |= is_literal(token);
        if token.starts_with("<@") || token.starts_with("<#") || is_mention(token) {
            return;
        }
        let mut word_open = false;
        for c in token.chars() {
            match c {
                '\'' | '’' | '‘' | '`' | '*' | '~' => continue,
                c if is_question_mark(c) => {
                    self.close(&mut word_open);
                    self.mark('?');
                    self.asks = true;
                    self.ends_asking = true;
                    continue;
                }
                _ if is_sign(c) => {
                    self.close(&mut word_open);
                    self.text.push(c);
                    self.text.push(' ');
                }
                _ if c.is_alphanumeric() => {
                    if !word_open {
                        self.words += 1;
                        self.ends_asking = false;
                        word_open = true;
                    }
                    if c.is_ascii() {
                        self.text.push(c.to_ascii_lowercase());
                    } else {
                        self.text.extend(c.to_lowercase());
                    }
                }
                '。' | '！' => {
                    self.close(&mut word_open);
                    self.end_sentence();
                }
                _ => self.close(&mut word_open),
            }
        }
        self.close(&mut word_open);
        if token.ends_with(['.', '!', ';', '…']) {
            self.end_sentence();
        }
    }

    fn close(&mut self, word_open: &mut bool) {
        if std::mem::take(word_open) {
            self.text.push(' ');
        }
    }

    fn mark(&mut self, mark: char) {
        if !self.text.ends_with("? . ") {
            self.text.push(mark);
            self.text.push_str(" . ");
        }
    }

    fn end_sentence(&mut self) {
        if !self.text.ends_with(". ") {
            self.text.push_str(". ");
        }
    }
}

fn is_link(token: &str) -> bool {
    let token = token.trim_start_matches(['<', '(', '[', '"']);
    ["http://", "https://", "www."]
        .iter()
        .any(|start| token.get(..start.len()).is_some_and(|head| head.eq_ignore_ascii_case(start)))
        || token.contains("](http")
}

/// A token that is typed and not spoken: `-p`, `8080`, `gateway.toml`, `max_size`, `/etc/hosts`.
fn is_literal(token: &str) -> bool {
    let token = token.trim_end_matches(['.', ',', ':', ';', '!', '?', ')']);
    let inner = token.trim_matches(|c: char| !c.is_alphanumeric());
    let bracketed = token.starts_with(['[', '<']) && token.ends_with([']', '>']);
    let option = token.starts_with('-') && !inner.is_empty();
    let typed = |c: char| c.is_ascii_digit() || matches!(c, '_' | '/' | '=' | '\\' | '.');
    option
        || bracketed
        || token.starts_with(['/', '~']) && !inner.is_empty()
        || inner.contains(typed)
}

fn is_mention(token: &str) -> bool {
    token
        .strip_prefix('@')
        .is_some_and(|name| name.chars().next().is_some_and(char::is_alphanumeric))
}

fn names_channel(token: &str) -> bool {
    let name = token.strip_prefix('#').or_else(|| token.strip_prefix("<#"));
    name.and_then(|name| name.chars().next()).is_some_and(char::is_alphanumeric)
}

/// Emoji and other signs that stand as a word of their own.
fn is_sign(c: char) -> bool {
    matches!(u32::from(c), 0x2190..=0x2BFF | 0x1F000..=0x1FAFF)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_becomes_words_and_sentences() {
        for (text, expected) in [
            ("It doesn’t work!", " . it doesnt work . "),
            ("works? really", " . works ? . really . "),
            ("see https://example.org/a?b thanks👍", " . see thanks 👍 . "),
            ("> did you try\n@mia yes `npm i`", " . yes npm i . "),
            ("look ```rust\nlet x = 1;\n``` ok", " . look . ok . "),
            ("잘 돼요. 감사합니다!!", " . 잘 돼요 . 감사합니다 . "),
            ("", " . "),
            ("??", " . ? . "),
        ] {
            assert_eq!(read(text, 0).text, expected, "{text}");
        }
    }

    #[test]
    fn only_the_last_thing_said_tells_whether_it_ends_asking() {
        for (text, expected) in [
            ("why?", true),
            ("why? it fails", false),
            ("why?? :(", true),
            ("a https://b.org/?", false),
        ] {
            assert_eq!(read(text, 0).ends_asking, expected, "{text}");
        }
    }
}
