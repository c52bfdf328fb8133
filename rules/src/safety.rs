//! What is removed before storing, and what keeps an answer off a page.

mod deobfuscate;
mod pattern;
mod secrets;
mod seed_phrase;
mod self_contained;

use std::borrow::Cow;
use std::sync::Arc;

use regex::Regex;

use crate::config::toml_reader::TomlReader;
use crate::language::Languages;
use pattern::pattern;
use secrets::SecretPatterns;
use self_contained::SelfContainedRules;

pub use deobfuscate::deobfuscate;

/// The patterns of `safety.toml`. Cheap to clone.
#[derive(Debug, Clone)]
pub struct SafetyRules {
    secrets: Arc<SecretPatterns>,
    refused: Arc<Vec<RestrictedPattern>>,
    answer: Arc<SelfContainedRules>,
}

/// A kind of value that a page may hold only if people listed it.
#[derive(Debug)]
struct RestrictedPattern {
    kind: String,
    listed: FactList,
    pattern: Regex,
    mixed: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum FactList {
    Addresses,
    Invites,
    Links,
}

impl SafetyRules {
    pub(crate) fn read(file: &mut TomlReader, languages: &Languages) -> Self {
        let secrets = SecretPatterns::read(file, languages);
        let refused = file.sections("unlisted", |table| {
            let lists = [
                ("addresses", FactList::Addresses),
                ("invites", FactList::Invites),
                ("links", FactList::Links),
            ];
            let kind = table.text("kind", "a value");
            let listed = table.choice("listed", FactList::Links, &lists);
            let mixed = table.bool("mixed", false);
            pattern(table).map(|pattern| RestrictedPattern { kind, listed, pattern, mixed })
        });
        let answer = file.section("answer", |table| SelfContainedRules::read(table, languages));
        Self {
            secrets: Arc::new(secrets),
            refused: Arc::new(refused.into_iter().flatten().collect()),
            answer: Arc::new(answer),
        }
    }
}

/// Canonical values, from `facts.toml`.
#[derive(Debug, Clone)]
pub struct FactRules {
    pub addresses: Vec<String>,
    pub invites: Vec<String>,
    pub links: Vec<String>,
}

impl FactRules {
    pub(crate) fn read(file: &mut TomlReader) -> Self {
        Self {
            addresses: file.texts("addresses"),
            invites: file.texts("invites"),
            links: file.texts("links"),
        }
    }

    fn list(&self, value: &str, listed: FactList) -> bool {
        match listed {
            FactList::Addresses => self.addresses.iter().any(|known| {
                known == value || (known.starts_with("0x") && known.eq_ignore_ascii_case(value))
            }),
            FactList::Invites => self.invites.iter().any(|known| same_link(known, value)),
            FactList::Links => self.links.iter().any(|known| same_link(known, value)),
        }
    }
}

/// Hosts ignore case, paths do not. Scheme and a final slash do not matter.
fn same_link(known: &str, value: &str) -> bool {
    let parts = |link: &str| {
        let link = link.split_once("://").map_or(link, |(_, rest)| rest);
        let (host, path) = link.split_once('/').unwrap_or((link, ""));
        let host = host.to_lowercase();
        let host = host.strip_prefix("www.").unwrap_or(&host).to_owned();
        (host, path.trim_end_matches('/').to_owned())
    };
    parts(known) == parts(value)
}

/// Takes secrets out of a text; each becomes a word in brackets that names its kind. Redacting twice
/// changes nothing.
pub fn redact<'t>(text: &'t str, rules: &SafetyRules) -> Cow<'t, str> {
    rules.secrets.redact(text)
}

/// What an answer holds that `facts.toml` does not list.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct UnlistedValue {
    /// "a contract address", "an invite", ...
    pub kind: String,
    /// As found after disguises were undone.
    pub value: String,
}

/// Everything in a text that must not be published unless people listed it, each value once.
pub fn unlisted(text: &str, rules: &SafetyRules, facts: &FactRules) -> Vec<UnlistedValue> {
    let folded = deobfuscate(text);
    let mut found = Vec::new();
    for refused in rules.refused.iter() {
        for hit in refused.pattern.find_iter(&folded) {
            let value = hit.as_str().split_whitespace().collect::<String>();
            if (!refused.mixed || is_mixed(&value)) && !facts.list(&value, refused.listed) {
                found.push(UnlistedValue { kind: refused.kind.clone(), value });
            }
        }
    }
    found.sort_by(|a, b| a.value.cmp(&b.value));
    found.dedup_by(|a, b| a.value == b.value);
    found
}

fn is_mixed(value: &str) -> bool {
    let has = |test: fn(&u8) -> bool| value.as_bytes().iter().any(test);
    has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase) && has(u8::is_ascii_digit)
}

/// Why an answer says too little, or nothing to somebody who was not there; `None` if it stands
/// alone. `words` is its text without markup, `has_code` whether it holds a fence or a code span.
pub fn why_not_alone(words: &str, has_code: bool, rules: &SafetyRules) -> Option<&'static str> {
    rules.answer.missing_context(words, has_code)
}

#[cfg(test)]
mod tests;
