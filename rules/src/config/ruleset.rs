//! All the rules a maintainer may edit, parsed and judged together.

use sha2::{Digest, Sha256};

use crate::config::scope::ScopeRules;
use crate::config::toml_reader::{ConfigError, TomlReader};
use crate::disentangle::ConversationRules;
use crate::due::PageRules;
use crate::publish::topics::TopicRules;
use crate::resolution::SignalRules;
use crate::safety::{FactRules, SafetyRules};
use crate::similarity::SimilarityRules;
use crate::staleness::StalenessRules;

/// The files of a ruleset with the text the binary carries.
pub const EMBEDDED: [(&str, &str); 9] = [
    ("scope.toml", include_str!("../../scope.toml")),
    ("conversations.toml", include_str!("../../conversations.toml")),
    ("signals.toml", include_str!("../../signals.toml")),
    ("same.toml", include_str!("../../same.toml")),
    ("pages.toml", include_str!("../../pages.toml")),
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
    digest: String,
}

impl Ruleset {
    /// The rules the binary carries.
    pub fn embedded() -> Self {
        Self::parse(|_| None).expect("the embedded rules are checked by a test")
    }

    /// Parses every file: what `replaced` returns for its name, else the embedded text. Returns all
    /// mistakes of all files together.
    pub fn parse(replaced: impl Fn(&str) -> Option<String>) -> Result<Self, Vec<ConfigError>> {
        let mut digest = Sha256::new_with_prefix(env!("CARGO_PKG_VERSION"));
        let mut readers = EMBEDDED.map(|(name, embedded)| {
            let text = replaced(name);
            let text = text.as_deref().unwrap_or(embedded);
            digest.update((text.len() as u64).to_le_bytes());
            digest.update(text);
            TomlReader::parse(name, text)
        });
        let [scope, conversations, signals, same, pages, safety, facts, topics, truth] =
            &mut readers;
        let rules = Self {
            scope: ScopeRules::read(scope),
            conversations: ConversationRules::read(conversations),
            signals: SignalRules::read(signals),
            same: SimilarityRules::read(same),
            pages: PageRules::read(pages),
            safety: SafetyRules::read(safety),
            facts: FactRules::read(facts),
            topics: TopicRules::read(topics),
            truth: StalenessRules::read(truth),
            digest: digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect(),
        };
        let mistakes = readers.into_iter().flat_map(TomlReader::finish).collect::<Vec<_>>();
        if mistakes.is_empty() { Ok(rules) } else { Err(mistakes) }
    }

    /// Names these rules and the version that reads them: another digest may mean other verdicts.
    pub fn digest(&self) -> &str {
        &self.digest
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
