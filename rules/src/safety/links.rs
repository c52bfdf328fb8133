//! Links in chat: which may be followed, and what is wrong with the others.

use core::net::Ipv4Addr;
use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::facts::{FactRules, split_scheme};
use super::fold::deobfuscate;
use crate::config::toml_reader::TomlReader;

/// Shorter names are like too many others by chance.
const SHORTEST_NAME: usize = 5;

/// The kind of a link with which nothing else is wrong.
pub(super) const LINK: &str = "a link";

/// What links are compared with, from `[links]` of `safety.toml`.
#[derive(Debug)]
pub(super) struct LinkRules {
    imitated: BTreeSet<String>,
    generic: BTreeSet<String>,
}

/// A link that may not be followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct UnlistedLink {
    pub(super) kind: String,
    pub(super) link: String,
    pub(super) range: Range<usize>,
}

impl LinkRules {
    pub(super) fn read(table: &mut TomlReader) -> Self {
        let imitated = table.texts("imitated").into_iter().collect();
        Self { imitated, generic: table.texts("generic").into_iter().collect() }
    }

    /// Every link of a text that the facts do not allow.
    pub(super) fn unlisted(&self, text: &str, facts: &FactRules) -> Vec<UnlistedLink> {
        let names = self.names(facts);
        let mut found = Vec::new();
        for range in links(text) {
            let link = &text[range.clone()];
            if let Some(kind) = self.fault(link, facts, &names) {
                found.push(UnlistedLink { kind, link: link.to_owned(), range });
            }
        }
        let named = bare_hosts(text).chain(packages(text));
        for range in named
            .filter(|range| found.iter().all(|one| !overlap(&one.range, range)))
            .collect::<Vec<_>>()
        {
            let name = &text[range.clone()];
            if facts.allow_link(name) {
                continue;
            }
            if let Some(original) = imitated_by(name, &names) {
                let kind = format!("an imitation of {original:?}");
                found.push(UnlistedLink { kind, link: name.to_owned(), range });
            }
        }
        found
    }

    fn fault(&self, link: &str, facts: &FactRules, names: &BTreeSet<String>) -> Option<String> {
        let authority = authority(link);
        let (user, host) =
            authority.rsplit_once('@').map_or((None, authority), |(user, host)| (Some(user), host));
        if user.is_some() {
            return Some("a link with a user name before its host".to_owned());
        }
        if !host.is_ascii() || host.contains(['%', '\\']) || deobfuscate(host) != host {
            return Some("a link with a disguised host".to_owned());
        }
        if facts.allow_link(link) {
            return None;
        }
        let host = host.to_lowercase();
        if is_ip_address(&host) {
            return Some("a link to an IP address".to_owned());
        }
        if host.split('.').any(|label| label.starts_with("xn--")) {
            return Some("a link with a disguised host".to_owned());
        }
        // The owner of a name may well have it under another ending.
        let own = host.rsplit('.').nth(1).unwrap_or_default();
        let parts = host.split('.').flat_map(|label| label.split('-'));
        let known = parts.filter(|part| *part != own).find(|part| names.contains(*part));
        match imitated_by(&host, names).or(known.map(str::to_owned)) {
            Some(original) => Some(format!("an imitation of {original:?}")),
            None => (!facts.trusts_host(&host)).then(|| LINK.to_owned()),
        }
    }

    /// The names that hosts may imitate: those of the rules and the informative labels of every listed host.
    fn names(&self, facts: &FactRules) -> BTreeSet<String> {
        let mut names = self.imitated.clone();
        for host in facts.hosts() {
            let labels = host.split('.').collect::<Vec<_>>();
            let informative = labels.iter().take(labels.len().saturating_sub(1));
            let informative = informative.filter(|label| label.len() >= SHORTEST_NAME);
            names.extend(
                informative
                    .filter(|label| !self.generic.contains(**label))
                    .map(|label| (*label).to_owned()),
            );
        }
        names
    }
}

fn overlap(one: &Range<usize>, other: &Range<usize>) -> bool {
    one.start < other.end && other.start < one.end
}

/// The hosts of the links of a text that lead to a plain host, in lower case.
pub fn link_hosts(text: &str) -> Vec<String> {
    let plain = |host: &&str| {
        !host.is_empty()
            && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-:".contains(&byte))
    };
    let hosts = links(text).into_iter().map(|range| authority(&text[range]));
    hosts.filter(plain).map(str::to_lowercase).collect()
}

/// Ranges of what renderers make links of: addresses with a scheme, and names that begin with `www.`.
fn links(text: &str) -> Vec<Range<usize>> {
    static LINK: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r#"(?i)(?:\b(?:https?|ftp|wss?)://|\bwww\.)[^\s<>"'`|]+"#)
            .expect("a constant pattern")
    });
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(hit) = LINK.find_at(text, from) {
        let link = without_end_marks(hit.as_str());
        // A label that is a link ends where the address of its own begins.
        let link = link.find("](").map_or(link, |at| &link[..at]);
        from = hit.start() + link.len();
        found.push(hit.start()..from);
    }
    found
}

/// A link without the marks of the sentence behind it.
fn without_end_marks(mut link: &str) -> &str {
    loop {
        let unbalanced =
            link.ends_with(')') && link.matches(')').count() > link.matches('(').count();
        if unbalanced || link.ends_with(['.', ',', ';', ':', '!', '?', '*', '_', '~', ']', '}']) {
            link = &link[..link.len() - 1];
        } else {
            return link;
        }
    }
}

/// Names of hosts without scheme: words with a dot before an ending of letters.
fn bare_hosts(text: &str) -> impl Iterator<Item = Range<usize>> {
    static HOST: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?i)\b(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.){1,4}(?:com|net|org|io|ai|app|dev|gg|co|me|xyz|live|site|online|info|link|finance|support|network|world|club|pro|top|shop|cc|so|to)\b")
            .expect("a constant pattern")
    });
    HOST.find_iter(text).map(|found| found.range())
}

/// Names of packages behind a command that installs them: their scopes, or their own names.
fn packages(text: &str) -> impl Iterator<Item = Range<usize>> {
    static PACKAGE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?i)\b(?:(?:npm|pnpm|yarn|bun|pip3?|uv|cargo|gem|go|brew|deno)\s+(?:i|install|add|get|dlx|pip install)|npx|bunx|uvx)\s+(?:-{1,2}[\w-]+\s+){0,3}@?(?P<name>[a-z0-9][a-z0-9_.-]*)")
            .expect("a constant pattern")
    });
    PACKAGE.captures_iter(text).filter_map(|captures| Some(captures.name("name")?.range()))
}

fn authority(link: &str) -> &str {
    let (_, rest) = split_scheme(link);
    &rest[..rest.find(['/', '?', '#']).unwrap_or(rest.len())]
}

/// An address in any of the forms that browsers take: four numbers, one number, hexadecimal, version 6.
fn is_ip_address(host: &str) -> bool {
    let name = host.split(':').next().unwrap_or_default();
    let number = |part: &str| {
        let hex = part.strip_prefix("0x").unwrap_or("");
        !part.is_empty()
            && (part.bytes().all(|byte| byte.is_ascii_digit())
                || (!hex.is_empty() && hex.bytes().all(|byte| byte.is_ascii_hexdigit())))
    };
    host.starts_with('[') || name.parse::<Ipv4Addr>().is_ok() || name.split('.').all(number)
}

/// The name that some label of a host is meant to be taken for: another that reads the same, or differs in
/// one letter.
fn imitated_by(host: &str, names: &BTreeSet<String>) -> Option<String> {
    let host = host.to_lowercase();
    let labels =
        host.split(['.', '/', ':']).flat_map(|label| label.split(['-', '_']).chain([label]));
    let labels = labels.filter(|label| label.len() >= SHORTEST_NAME && !names.contains(*label));
    let imitates = |label: &str, name: &str| {
        label != name && (reading(label) == reading(name) || is_one_edit_apart(label, name))
    };
    labels.into_iter().find_map(|label| {
        names.iter().find(|name| name.len() >= SHORTEST_NAME && imitates(label, name)).cloned()
    })
}

/// How a label reads at a glance.
fn reading(label: &str) -> String {
    let alike = label.replace("rn", "m").replace("vv", "w").replace("cl", "d");
    alike
        .chars()
        .map(|c| match c {
            '0' => 'o',
            '1' | 'i' => 'l',
            '5' => 's',
            '3' => 'e',
            '4' => 'a',
            '7' => 't',
            '8' => 'b',
            c => c,
        })
        .collect()
}

/// Whether one letter was changed, added, left out, or two neighbours were swapped.
fn is_one_edit_apart(one: &str, other: &str) -> bool {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    let (short, long) = if one.len() <= other.len() { (one, other) } else { (other, one) };
    let start = short.iter().zip(long).take_while(|(a, b)| a == b).count();
    match long.len() - short.len() {
        0 if start == short.len() => false,
        0 => {
            let swapped = start + 1 < short.len()
                && short[start] == long[start + 1]
                && short[start + 1] == long[start]
                && short[start + 2..] == long[start + 2..];
            swapped || short[start + 1..] == long[start + 1..]
        }
        1 => short[start..] == long[start + 1..],
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_letter_more_less_or_other_is_one_edit() {
        for (one, other) in [
            ("discord", "dlscord"),
            ("github", "githubb"),
            ("gogle", "google"),
            ("googel", "google"),
        ] {
            assert!(is_one_edit_apart(one, other), "{one} {other}");
        }
        assert!(!is_one_edit_apart("same", "same") && !is_one_edit_apart("docs", "dogma"));
    }

    #[test]
    fn every_form_of_an_ip_address_is_one() {
        for host in ["203.0.113.9", "203.0.113.9:80", "3405803785", "0xcb007109", "[2001:db8::1]"] {
            assert!(is_ip_address(host), "{host}");
        }
        assert!(!is_ip_address("a.example") && !is_ip_address("1.example"));
    }
}
