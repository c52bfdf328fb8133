//! What a kind of secret looks like: an entry of `secrets.toml`.

use std::ops::Range;

use crate::config::lazy_pattern::LazyPattern;
use crate::config::toml_reader::TomlReader;
use crate::language::Languages;
use crate::safety::randomness::{are_random_bytes, is_mixed, is_random};

/// How much of a line before a secret is looked at for what makes it none.
const CONTEXT: usize = 60;

#[derive(Debug)]
pub(super) struct SecretShape {
    pub(super) kind: String,
    /// Lower case or not: cues are compared in any case.
    pub(super) cues: Vec<String>,
    /// Without cues: the least [`super::longest_run`] of a text worth a try.
    pub(super) run: usize,
    /// Whether its issuer marks it with a prefix.
    pub(super) is_issued: bool,
    pattern: LazyPattern,
    gate: SecretGate,
    except: Vec<String>,
    unless: Option<LazyPattern>,
}

/// What a secret must look like besides its pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SecretGate {
    Any,
    Mixed,
    Random,
    Bytes,
}

const GATES: [(&str, SecretGate); 3] =
    [("mixed", SecretGate::Mixed), ("random", SecretGate::Random), ("bytes", SecretGate::Bytes)];

impl SecretShape {
    /// An entry of `[[issued]]`.
    pub(super) fn read_issued(table: &mut TomlReader) -> Option<Self> {
        let prefixes = table.texts("prefixes");
        let body = table.text("body", "");
        let any = prefixes.iter().map(|prefix| regex::escape(prefix)).collect::<Vec<_>>().join("|");
        if prefixes.iter().any(String::is_empty) || body.is_empty() {
            table.wrong("prefixes", "expected prefixes that are not empty, and a `body`");
        }
        let pattern = format!("(?:^|[^A-Za-z0-9])(?P<secret>(?:{any}){body})");
        let pattern = LazyPattern::read(table, "body", pattern);
        let shape = Self::read_rest(table, prefixes, 0, pattern)?;
        Some(Self { is_issued: true, ..shape })
    }

    /// An entry of `[[secret]]`.
    pub(super) fn read(table: &mut TomlReader, languages: &Languages) -> Option<Self> {
        let cues = table.texts("cues").into_iter().flat_map(|cue| expanded_cue(cue, languages));
        let cues = cues.collect::<Vec<_>>();
        if cues.iter().any(String::is_empty) {
            table.wrong("cues", "an empty cue occurs everywhere");
        }
        let run = table.integer("run", 16, 1, 1_000) as usize;
        let pattern = LazyPattern::read_required(table, |text| expanded(text, languages));
        Self::read_rest(table, cues, run, pattern)
    }

    fn read_rest(
        table: &mut TomlReader,
        cues: Vec<String>,
        run: usize,
        pattern: Option<LazyPattern>,
    ) -> Option<Self> {
        let kind = table.text("kind", "secret");
        if kind.is_empty() || kind.contains(['[', ']', '\n']) {
            table.wrong("kind", "expected a few words without brackets");
        }
        let gate = table.choice("gate", SecretGate::Any, &GATES);
        let except = table.texts("except").into_iter().map(|text| text.to_lowercase()).collect();
        let unless = table.optional_text("unless");
        let unless = unless.and_then(|text| LazyPattern::read(table, "unless", text));
        let pattern = pattern?;
        if pattern.is_empty {
            table.wrong("pattern", "matches the empty text");
            return None;
        }
        Some(Self { kind, cues, run, is_issued: false, pattern, gate, except, unless })
    }

    pub(super) fn find(&self, text: &str) -> Vec<Range<usize>> {
        let mut found = Vec::new();
        let mut from = 0;
        while let Some(captures) = self.pattern.regex().captures_at(text, from) {
            let whole = captures.get(0).expect("group 0 is the match");
            let secret = captures.name("secret").unwrap_or(whole);
            let user = captures.name("user").map_or("", |user| user.as_str());
            // What bounds a secret on the left may end the one before.
            from = if secret.is_empty() { whole.end().max(from + 1) } else { secret.end() };
            if !secret.is_empty() && self.accepts(secret.as_str(), user, &text[..secret.start()]) {
                found.push(secret.range());
            }
            if from > text.len() || !text.is_char_boundary(from) {
                break;
            }
        }
        found
    }

    fn accepts(&self, secret: &str, user: &str, before: &str) -> bool {
        let looks_right = match self.gate {
            SecretGate::Any => true,
            SecretGate::Mixed => is_mixed(secret),
            SecretGate::Random => is_random(secret),
            SecretGate::Bytes => are_random_bytes(secret),
        };
        looks_right
            && !is_sample(secret, user)
            && !self.is_excepted(secret)
            && !self.unless.as_ref().is_some_and(|unless| unless.regex().is_match(context(before)))
    }

    fn is_excepted(&self, secret: &str) -> bool {
        !self.except.is_empty() && {
            let secret = secret.to_lowercase();
            self.except.iter().any(|except| secret.contains(except.as_str()))
        }
    }
}

/// Passwords that every manual writes, and one that is the user's name.
fn is_sample(secret: &str, user: &str) -> bool {
    let lower = secret.to_lowercase();
    (!user.is_empty() && secret == user)
        || ["password", "passwd", "pass", "pwd", "secret", "guest", "***", "xxx", "..."]
            .contains(&lower.as_str())
        || ["your_", "your-", "yourpass"].iter().any(|start| lower.starts_with(start))
}

/// The end of the line before a secret.
fn context(before: &str) -> &str {
    let line = before.rfind('\n').map_or(before, |at| &before[at + 1..]);
    &line[line.ceil_char_boundary(line.len().saturating_sub(CONTEXT))..]
}

/// Puts the word lists of all languages in place of their names: `<<password_words>>`.
fn expanded(text: &str, languages: &Languages) -> String {
    let lists = ["password_words", "key_words", "private_key_words"];
    lists.into_iter().fold(text.to_owned(), |text, list| {
        let words = languages.words("safety", list).collect::<Vec<_>>().join("|");
        text.replace(&format!("<<{list}>>"), &words)
    })
}

/// The plain words of a list in place of its name, up to where their patterns stop being plain.
fn expanded_cue(cue: String, languages: &Languages) -> Vec<String> {
    if !cue.starts_with("<<") {
        return vec![cue];
    }
    let expanded = expanded(&cue, languages);
    let plain = |word: &str| {
        let end = word.find(['[', ' ', '(', '?', '\\']).unwrap_or(word.len());
        // A mark behind a letter may make it optional.
        let optional = word[end..].starts_with('?');
        let end =
            if optional { word[..end].char_indices().last().map_or(0, |(at, _)| at) } else { end };
        word[..end].to_owned()
    };
    expanded.split('|').map(plain).collect()
}
