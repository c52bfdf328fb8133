//! All the rules a maintainer may edit, parsed and judged together.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use crate::config::scope::ScopeRules;
use crate::config::toml_reader::{ConfigError, TomlReader};
use crate::disentangle::ConversationRules;
use crate::due::PageRules;
use crate::guide::GuideRules;
use crate::language::{self, Languages};
use crate::model::workspace::Workspaces;
use crate::publish::topics::TopicRules;
use crate::report::triage::BlockingWords;
use crate::resolution::SignalRules;
use crate::safety::{FactRules, SafetyRules};
use crate::similarity::SimilarityRules;
use crate::staleness::StalenessRules;
use crate::verification::VerificationPolicy;

/// The files of a ruleset with the text the binary carries.
pub const EMBEDDED: [(&str, &str); 10] = [
    ("scope.toml", include_str!("../../scope.toml")),
    ("conversations.toml", include_str!("../../conversations.toml")),
    ("signals.toml", include_str!("../../signals.toml")),
    ("same.toml", include_str!("../../same.toml")),
    ("pages.toml", include_str!("../../pages.toml")),
    ("secrets.toml", include_str!("../../secrets.toml")),
    ("safety.toml", include_str!("../../safety.toml")),
    ("facts.toml", include_str!("../../facts.toml")),
    ("topics.toml", include_str!("../../topics.toml")),
    ("truth.toml", include_str!("../../truth.toml")),
];

/// Everything that decides. Cheap to share, never changed while in use.
#[derive(Debug, Clone)]
pub struct Ruleset {
    pub scope: ScopeRules,
    pub conversations: ConversationRules,
    pub signals: SignalRules,
    pub same: SimilarityRules,
    pub pages: PageRules,
    pub safety: SafetyRules,
    pub facts: FactRules,
    pub topics: TopicRules,
    pub truth: StalenessRules,
    pub verification: VerificationPolicy,
    pub blocking: BlockingWords,
    pub guides: GuideRules,
    /// How the installation is divided; the settings file says so, not a file of rules.
    pub workspaces: Workspaces,
    digest: String,
}

impl Ruleset {
    /// The rules the binary carries.
    pub fn embedded() -> Self {
        Self::from_files(&BTreeMap::new()).expect("the embedded rules are checked by a test")
    }

    /// Parses every file: what `replaced` returns for its name, else the embedded text. Returns all
    /// mistakes of all files together.
    pub fn parse(replaced: impl Fn(&str) -> Option<String>) -> Result<Self, Vec<ConfigError>> {
        let names = EMBEDDED.iter().chain(&language::BUILT_IN).map(|(name, _)| *name);
        let files = names.filter_map(|name| Some((name.to_owned(), replaced(name)?)));
        Self::from_files(&files.collect())
    }

    /// Parses every file: the texts of `files` in place of the embedded ones of their names, and
    /// further languages as `languages/<code>.toml` and guides as `guides/<name>.toml`. Returns all errors of all files together.
    pub fn from_files(files: &BTreeMap<String, String>) -> Result<Self, Vec<ConfigError>> {
        let (languages, language_errors) = Languages::from_files(files);
        // A guide decides nothing about messages: it is no part of the digest.
        let (guides, guide_errors) = GuideRules::from_files(files);
        let mut digest = Sha256::new_with_prefix(env!("CARGO_PKG_VERSION"));
        let mut readers = EMBEDDED.map(|(name, embedded)| {
            let text = files.get(name).map_or(embedded, String::as_str);
            digest.update((text.len() as u64).to_le_bytes());
            digest.update(text);
            TomlReader::parse(name, text)
        });
        for (_, text, _) in language::sources(files) {
            digest.update((text.len() as u64).to_le_bytes());
            digest.update(text);
        }
        let [scope, conversations, signals, same, pages, secrets, safety, facts, topics, truth] =
            &mut readers;
        let rules = Self {
            scope: ScopeRules::read(scope),
            conversations: ConversationRules::read(conversations, &languages),
            signals: SignalRules::read(signals, &languages),
            same: SimilarityRules::read(same, &languages),
            pages: PageRules::read(pages, &languages),
            safety: SafetyRules::read(safety, secrets, &languages),
            facts: FactRules::read(facts),
            topics: TopicRules::read(topics),
            truth: StalenessRules::read(truth, &languages),
            verification: VerificationPolicy::read(truth),
            blocking: BlockingWords::read(topics, &languages),
            guides,
            workspaces: Workspaces::default(),
            digest: digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect(),
        };
        let mut mistakes = readers.into_iter().flat_map(TomlReader::finish).collect::<Vec<_>>();
        mistakes.extend(language_errors);
        mistakes.extend(guide_errors);
        if mistakes.is_empty() { Ok(rules) } else { Err(mistakes) }
    }

    /// Names these rules and the version that reads them: another digest may mean other verdicts.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// Names everything that the grouping of questions depends on.
    pub fn grouping_digest(&self) -> String {
        format!("{}{}", self.digest, self.workspaces.digest())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_rules_are_without_mistakes() {
        Ruleset::embedded();
    }

    #[test]
    fn mistakes_of_several_files_come_together() {
        let mistakes = Ruleset::parse(|name| match name {
            "pages.toml" => Some("nonsense = 1".to_owned()),
            "scope.toml" => Some("[consent]\nmode = 'maybe'".to_owned()),
            _ => None,
        })
        .unwrap_err();
        let files = mistakes.iter().map(|mistake| mistake.file.as_str()).collect::<Vec<_>>();
        assert_eq!(files, ["scope.toml", "pages.toml"]);
    }
}
