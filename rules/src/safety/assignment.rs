//! Secrets that a name gives away: `API_TOKEN=…`, `password: …`, `{"clientSecret": "…"}`.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::LazyLock;

use aho_corasick::AhoCorasick;
use regex::Regex;

use super::randomness::{is_digest, is_mixed, is_public_address, is_random};
use crate::config::toml_reader::TomlReader;
use crate::language::Languages;

/// Passwords shorter than this, and other secrets shorter than [`SECRET`], are not worth the mistakes.
const PASSWORD: usize = 6;
const SECRET: usize = 8;
/// Longer values are no secrets but texts.
const LONGEST: usize = 4_096;

#[derive(Debug)]
pub(super) struct AssignmentRules {
    password: BTreeSet<String>,
    secret: BTreeSet<String>,
    beside: BTreeSet<String>,
    not: BTreeSet<String>,
    placeholders: AhoCorasick,
    plain: BTreeSet<String>,
}

/// A name, a sign of assignment and a value.
static ASSIGNMENT: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r#"(?P<name>[\p{L}_][\p{L}\p{N}_.-]*)["'`*\]]{0,2}[ \t]{0,3}(?::=|=>|[=:])[ \t]{0,3}(?:"(?P<double>[^"\n]+)"|'(?P<single>[^'\n]+)'|(?P<bare>[^\s"'`<>{}()\[\],;&|]+))"#,
    )
    .expect("a constant pattern")
});

/// How much a name says about its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum NameKind {
    Password,
    Secret,
    /// `key` and its like alone: also the name of many things that are no secret.
    Vague,
}

impl AssignmentRules {
    pub(super) const KIND: &str = "credential";
    /// One of these is in every name that is looked at.
    pub(super) fn cues(&self) -> impl Iterator<Item = &str> {
        [&self.password, &self.secret, &self.beside].into_iter().flatten().map(String::as_str)
    }

    pub(super) fn read(table: &mut TomlReader, languages: &Languages) -> Self {
        let mut set = |key| table.texts(key).into_iter().map(|word| word.to_lowercase());
        let (password, secret) =
            (set("password").collect::<BTreeSet<_>>(), set("secret").collect());
        let (beside, not, plain) =
            (set("beside").collect(), set("not").collect(), set("plain").collect());
        let placeholders = table.texts("placeholders");
        let placeholders = AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .build(placeholders.iter().filter(|text| !text.is_empty()))
            .expect("a few short texts fit an automaton");
        let spoken = languages.words("safety", "password_words").filter(|word| !word.is_ascii());
        let password = spoken.map(str::to_owned).chain(password).collect();
        Self { password, secret, beside, not, placeholders, plain }
    }

    pub(super) fn find(&self, text: &str) -> Vec<Range<usize>> {
        let mut found = Vec::new();
        let mut from = 0;
        while let Some(captures) = ASSIGNMENT.captures_at(text, from) {
            let name = captures.name("name").map_or("", |name| name.as_str());
            let quoted = captures.name("double").or_else(|| captures.name("single"));
            let Some(value) = quoted.or_else(|| captures.name("bare")) else { break };
            let name_end = captures.name("name").map_or(value.end(), |name| name.end());
            let value_text = value.as_str().trim_end_matches(['.', '*', '`', '!', '?']);
            let value_text = if quoted.is_some() { value.as_str() } else { value_text };
            let is_call = quoted.is_none() && text[value.end()..].starts_with(['(', '[', '{']);
            match self.kind(name) {
                Some(kind) if !is_call && self.is_secret(name, kind, value_text) => {
                    // A mark of a sentence behind a password may be its last letter.
                    let end = if kind == NameKind::Password {
                        value.end()
                    } else {
                        value.start() + value_text.len()
                    };
                    found.push(value.start()..end);
                    from = value.end();
                }
                Some(_) => from = value.end(),
                // The value may be a name itself: `env: API_KEY=…`.
                None => from = name_end,
            }
        }
        found
    }

    fn kind(&self, name: &str) -> Option<NameKind> {
        let words = words(name);
        let has = |set: &BTreeSet<String>| words.iter().any(|word| set.contains(word));
        if has(&self.not) {
            return None;
        }
        let last = words.last()?;
        if self.password.contains(last) && (last != "pass" || words.len() > 1) {
            return Some(NameKind::Password);
        }
        if has(&self.secret) {
            return Some(NameKind::Secret);
        }
        if !has(&self.beside) {
            return None;
        }
        Some(if words.len() > 1 { NameKind::Secret } else { NameKind::Vague })
    }

    fn is_secret(&self, name: &str, kind: NameKind, value: &str) -> bool {
        let least = if kind == NameKind::Password { PASSWORD } else { SECRET };
        let letters = value.chars().count();
        if letters < least
            || letters > LONGEST
            || value.starts_with(['$', '%', '@', '/', '\\'])
            || value.contains("://")
            || self.plain.contains(&value.to_lowercase())
            || self.placeholders.is_match(value)
            || is_code(value)
        {
            return false;
        }
        match kind {
            // A word of letters is a password in a file, and a description in a sentence.
            NameKind::Password => {
                is_unlike_a_word(value) || is_setting(name) && !value.contains(char::is_whitespace)
            }
            NameKind::Secret => {
                let plain_name =
                    is_identifier(value) || is_public_address(value) && !is_setting(name);
                is_random(value)
                    || (is_mixed(value) && !plain_name && !value.contains(char::is_whitespace))
            }
            NameKind::Vague => is_random(value) && !is_digest(value) && !is_public_address(value),
        }
    }
}

/// The words of a name, in lower case: `apiKey`, `API_KEY` and `api-key` have the same two.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before = ' ';
    for c in name.chars() {
        let starts = c.is_uppercase() && before.is_lowercase();
        if starts || !c.is_alphanumeric() {
            words.push(String::new());
        }
        if c.is_alphanumeric() {
            words.last_mut().expect("never empty").extend(c.to_lowercase());
        }
        before = c;
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Whether a name is written as settings files write them.
fn is_setting(name: &str) -> bool {
    name.chars().any(char::is_uppercase) && !name.chars().any(char::is_lowercase)
}

/// `settings.api_key_name`, `tokenizer.encode`, `a::b`: code that gets the value from elsewhere.
fn is_code(value: &str) -> bool {
    let mut parts = value.split(['.', ':']).filter(|part| !part.is_empty()).peekable();
    let plain = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
            && !is_random(part)
    };
    value.contains(['.', ':']) && parts.peek().is_some() && parts.all(plain)
}

/// `user_profile_v2`, `projects/12/secrets`, `JsonToken2`, `us-east-1`: words with a number beside them.
fn is_identifier(value: &str) -> bool {
    let pieces = value.split(['_', '-', '/', '.']).collect::<Vec<_>>();
    let wordy = |piece: &&str| {
        let stem = piece.trim_end_matches(|c: char| c.is_ascii_digit());
        stem.bytes().all(|byte| byte.is_ascii_alphabetic()) && piece.len() - stem.len() <= 4
    };
    pieces.len() > 1 && pieces.iter().all(wordy)
}

/// Whether a value holds a digit or a mark among its letters, as words of a sentence do not.
fn is_unlike_a_word(value: &str) -> bool {
    let mark = |c: char| "!@#$%^*+=~?".contains(c);
    is_mixed(value) || value.chars().any(char::is_alphabetic) && value.contains(mark)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_words() {
        assert_eq!(words("DISCORD_API_TOKEN"), ["discord", "api", "token"]);
        assert_eq!(words("apiKey"), ["api", "key"]);
        assert_eq!(words("client-secret"), ["client", "secret"]);
        assert_eq!(words("keyboard"), ["keyboard"]);
    }

    #[test]
    fn code_and_identifiers_are_no_values() {
        assert!(is_code("settings.api_key_name") && !is_code("a8Kd02mXq7Zp41LsTy9v"));
        assert!(is_identifier("user_profile_v2") && is_identifier("us-east-1"));
        assert!(!is_identifier("hunter2hunter2"));
    }
}
