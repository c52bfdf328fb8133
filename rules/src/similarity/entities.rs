//! Names that cannot stand for one another: error codes, identifiers, versions, domains, rivals.

use std::sync::LazyLock;

use regex::Regex;

use super::hash::hash;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum EntityKind {
    Error,
    Identifier,
    Version,
    Domain,
    /// A number with its unit, "100k" or "2gb".
    Amount,
    /// A name out of the group of rivals with this number.
    Rival(u8),
}

/// A name found in a text, by its hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Entity {
    pub(super) kind: EntityKind,
    pub(super) name: u32,
}

/// Groups of names of which a question means one: two exchanges, two chat services.
#[derive(Debug, Clone, Default)]
pub(super) struct RivalGroups(pub(super) Vec<Vec<String>>);

impl RivalGroups {
    fn group(&self, word: &str) -> Option<u8> {
        let at = self.0.iter().position(|names| names.iter().any(|name| name == word))?;
        u8::try_from(at).ok()
    }
}

struct EntityPattern {
    kind: EntityKind,
    regex: Regex,
}

static PATTERNS: LazyLock<Vec<EntityPattern>> = LazyLock::new(|| {
    let pattern =
        |kind, regex| EntityPattern { kind, regex: Regex::new(regex).expect("a constant pattern") };
    vec![
        // ECONNREFUSED, ERR_MODULE_NOT_FOUND, TS2345, 0x80070005.
        pattern(
            EntityKind::Error,
            r"\b(E[A-Z]{5,}|ERR_[A-Z_]+|[A-Z]{2,4}[0-9]{3,5}|0x[0-9A-Fa-f]{4,8})\b",
        ),
        // TypeError, NullPointerException.
        pattern(EntityKind::Error, r"\b([A-Z][a-z]+(?:[A-Z][a-z]+)*(?:Error|Exception))\b"),
        // error 429, status code 404, exit code: 137.
        pattern(
            EntityKind::Error,
            r"(?i)\b(?:error|status|http|code|exit)(?:\s+code)?[\s:=#(]{1,3}([0-9]{1,5})\b",
        ),
        // 404 error.
        pattern(EntityKind::Error, r"(?i)\b([0-9]{3,5})\s+(?:error|status)\b"),
        // POST_INTERVAL, snake_case.
        pattern(EntityKind::Identifier, r"\b([A-Za-z0-9]+(?:_[A-Za-z0-9]+)+)\b"),
        // lowerCamel, this.runtime.value, call().
        pattern(EntityKind::Identifier, r"\b((?:[a-z][A-Za-z0-9]*\.)+[a-z]+[A-Z][A-Za-z0-9]*)\b"),
        pattern(EntityKind::Identifier, r"(?:^|[^.\w])([a-z]{2,}(?:[A-Z][a-z0-9]+)+)\b"),
        pattern(EntityKind::Identifier, r"\b([A-Za-z][A-Za-z0-9.]*)\(\)"),
        pattern(EntityKind::Version, r"\bv?([0-9]+\.[0-9]+(?:\.[0-9]+)*)\b"),
        pattern(EntityKind::Version, r"\bv([0-9]+)\b"),
        pattern(EntityKind::Domain, r"(?i)https?://(?:www\.)?([a-z0-9.-]+\.[a-z]{2,})"),
        pattern(EntityKind::Amount, r"(?i)\b([0-9][0-9.,]*(?:k|m|gb|mb|tb|ms|%)?)(?:\W|$)"),
    ]
});

/// Every name in a text, sorted, each once.
pub(super) fn entities(text: &str, words: &[&str], rivals: &RivalGroups) -> Vec<Entity> {
    let mut found = Vec::new();
    for EntityPattern { kind, regex } in PATTERNS.iter() {
        for captures in regex.captures_iter(text) {
            let name = captures[1].to_ascii_lowercase();
            let name = name.trim_end_matches(['.', ',']).replace(',', "");
            found.push(Entity { kind: *kind, name: hash("", &name) });
        }
    }
    for word in words {
        if let Some(group) = rivals.group(word) {
            found.push(Entity { kind: EntityKind::Rival(group), name: hash("", word) });
        }
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// How two lists of names stand to each other for the kinds that `of` accepts.
pub(super) fn shared(a: &[Entity], b: &[Entity], of: impl Fn(EntityKind) -> bool) -> bool {
    a.iter().any(|entity| of(entity.kind) && b.binary_search(entity).is_ok())
}

/// A kind that both lists name, without one name in common.
pub(super) fn clash(
    a: &[Entity],
    b: &[Entity],
    of: impl Fn(EntityKind) -> bool,
) -> Option<EntityKind> {
    a.iter().map(|entity| entity.kind).filter(|kind| of(*kind)).find(|kind| {
        b.iter().any(|entity| entity.kind == *kind) && !shared(a, b, |other| other == *kind)
    })
}
