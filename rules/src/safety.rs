//! What is removed before storing, and what keeps an answer off a page.

mod assignment;
mod deobfuscate;
mod facts;
mod fold;
mod links;
mod randomness;
mod secrets;
mod seed_phrase;
mod self_contained;
mod verdict;

use std::borrow::Cow;
use std::sync::Arc;

use crate::config::toml_reader::TomlReader;
use crate::language::Languages;
use secrets::SecretPatterns;
use self_contained::SelfContainedRules;
use verdict::VerdictRules;

pub use facts::{CanonicalFact, FactKind, FactRules};
pub use fold::deobfuscate;
pub use links::link_hosts;
pub use secrets::SecretMatch;
pub use self_contained::AnswerForm;
pub use verdict::{SafetyFinding, SafetyMeasure, SafetyVerdict};

/// What `safety.toml` and `secrets.toml` say. Cheap to clone.
#[derive(Debug, Clone)]
pub struct SafetyRules {
    secrets: Arc<SecretPatterns>,
    verdict: Arc<VerdictRules>,
    answer: Arc<SelfContainedRules>,
}

impl SafetyRules {
    pub(crate) fn read(
        file: &mut TomlReader,
        secrets: &mut TomlReader,
        languages: &Languages,
    ) -> Self {
        let secrets = SecretPatterns::read(secrets, languages);
        let verdict = VerdictRules::read(file, languages);
        let answer = file.section("answer", |table| SelfContainedRules::read(table, languages));
        Self { secrets: Arc::new(secrets), verdict: Arc::new(verdict), answer: Arc::new(answer) }
    }
}

/// Takes secrets out of a text; each becomes a word in brackets that names its kind. Redacting twice
/// changes nothing.
pub fn redact<'t>(text: &'t str, rules: &SafetyRules) -> Cow<'t, str> {
    rules.secrets.redact(text)
}

/// The secrets that [`redact`] takes out first, in reading order, none overlapping another.
pub fn find_secrets<'r>(text: &str, rules: &'r SafetyRules) -> Vec<SecretMatch<'r>> {
    rules.secrets.find(text)
}

/// The verdict on a text: what keeps it off a page, and how other places show it. Depends on the text, the
/// rules and the facts alone, so that every place comes to the same one.
pub fn judge_text(text: &str, rules: &SafetyRules, facts: &FactRules) -> SafetyVerdict {
    rules.verdict.judge(text, facts)
}

/// The values of a fact's kind that a text gives and that the facts do not list, in reading order.
pub fn unlisted_values(
    text: &str,
    kind: FactKind,
    rules: &SafetyRules,
    facts: &FactRules,
) -> Vec<String> {
    let listed = kind.list();
    listed.map_or_else(Vec::new, |listed| rules.verdict.unlisted_values(text, listed, facts))
}

/// Why an answer says too little, or nothing to somebody who was not there; `None` if it stands
/// alone. `words` is its text without markup.
pub fn why_not_alone(words: &str, form: AnswerForm, rules: &SafetyRules) -> Option<&'static str> {
    rules.answer.missing_context(words, form)
}

#[cfg(test)]
mod tests;
