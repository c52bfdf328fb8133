//! Facts as people ask for them: a value with its source, written only by people.

use serde::Serialize;

use super::FactList;
use crate::config::toml_reader::TomlReader;
use crate::language::phrase::{NormalizedWords, Phrase};

/// One `[[fact]]` of `facts.toml`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CanonicalFact {
    /// Its name in commands and addresses: small letters, digits and hyphens.
    pub key: String,
    pub kind: FactKind,
    pub value: String,
    /// Where it holds: a network, a product, a version.
    pub scope: Option<String>,
    /// The day from which it holds, `2025-01-31`.
    pub since: Option<String>,
    /// Where maintainers decided it, an `https` address.
    pub source: Option<String>,
    /// Where a reader checks it, an `https` address; the source where it is absent.
    pub verify_at: Option<String>,
    pub note: Option<String>,
    /// The matrix that it is a row of.
    pub table: Option<String>,
    /// Other names.
    pub aliases: Vec<String>,
    /// How people ask for it.
    pub ask_as: Vec<String>,
    #[serde(skip)]
    phrases: Vec<Phrase>,
}

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FactKind {
    /// A contract or wallet address; it may stand on pages.
    Address,
    /// A link; it may stand on pages.
    Link,
    /// An invite; it may stand on pages.
    Invite,
    Version,
    Status,
    Text,
}

impl FactKind {
    const ALL: [(&'static str, Self); 6] = [
        ("address", Self::Address),
        ("link", Self::Link),
        ("invite", Self::Invite),
        ("version", Self::Version),
        ("status", Self::Status),
        ("text", Self::Text),
    ];

    /// The list by which its values may stand on pages.
    pub(in crate::safety) fn list(self) -> Option<FactList> {
        match self {
            Self::Address => Some(FactList::Addresses),
            Self::Link => Some(FactList::Links),
            Self::Invite => Some(FactList::Invites),
            Self::Version | Self::Status | Self::Text => None,
        }
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Address => "address",
            Self::Link => "link",
            Self::Invite => "invite",
            Self::Version => "version",
            Self::Status => "status",
            Self::Text => "text",
        }
    }
}

impl CanonicalFact {
    /// Reads every `[[fact]]`.
    pub(super) fn read_all(file: &mut TomlReader) -> Vec<Self> {
        let mut keys = Vec::new();
        file.sections("fact", |table| {
            let fact = Self::read(table);
            if keys.contains(&fact.key) {
                table.wrong("key", format!("an earlier fact has the key {:?}", fact.key));
            }
            keys.push(fact.key.clone());
            fact
        })
    }

    fn read(table: &mut TomlReader) -> Self {
        let key = table.text("key", "");
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if key.is_empty() || !key.chars().all(plain) {
            table.wrong(
                "key",
                "expected small letters, digits and hyphens, as in \"token-address\"",
            );
        }
        let value = table.text("value", "").trim().to_owned();
        if value.is_empty() {
            table.wrong("value", "a fact needs a value");
        }
        let since = table.optional_text("since");
        if since.as_ref().is_some_and(|day| day.parse::<jiff::civil::Date>().is_err()) {
            table.wrong("since", "expected a day, as \"2025-01-31\"");
        }
        let [source, verify_at] = ["source", "verify_at"].map(|key| {
            let address = table.optional_text(key);
            if address.as_ref().is_some_and(|address| !address.starts_with("https://")) {
                table.wrong(key, "expected an address that begins with https://");
            }
            address
        });
        let (aliases, ask_as) = (table.texts("aliases"), table.texts("ask_as"));
        let spoken_key = key.replace('-', " ");
        let named = std::iter::once(&spoken_key).chain(&aliases).chain(&ask_as);
        let phrases = named.filter_map(|name| Phrase::of(name)).collect();
        Self {
            kind: table.choice("kind", FactKind::Text, &FactKind::ALL),
            scope: table.optional_text("scope"),
            note: table.optional_text("note"),
            table: table.optional_text("table"),
            key,
            value,
            since,
            source,
            verify_at,
            aliases,
            ask_as,
            phrases,
        }
    }

    /// Where a reader checks it.
    pub fn verify_address(&self) -> Option<&str> {
        self.verify_at.as_deref().or(self.source.as_deref())
    }

    /// How many words in a row of a text name it; the longest name counts.
    fn words_named(&self, text: &NormalizedWords) -> usize {
        let named = self.phrases.iter().filter(|phrase| phrase.is_in(text));
        named.map(Phrase::length).max().unwrap_or_default()
    }
}

/// The facts that a question or a name asks for: those of the longest name in it, in the order of the file.
pub(super) fn asked_for<'f>(facts: &'f [CanonicalFact], text: &str) -> Vec<&'f CanonicalFact> {
    let text = text.trim();
    if let Some(exact) = facts.iter().find(|fact| fact.key.eq_ignore_ascii_case(text)) {
        return vec![exact];
    }
    let words = NormalizedWords::of(text);
    let named = facts.iter().map(|fact| (fact.words_named(&words), fact));
    let named = named.filter(|(length, _)| *length > 0).collect::<Vec<_>>();
    let longest = named.iter().map(|(length, _)| *length).max();
    named.into_iter().filter(|(length, _)| Some(*length) == longest).map(|(_, fact)| fact).collect()
}
