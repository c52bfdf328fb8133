//! Canonical values, written only by people: `facts.toml`.

mod canonical;

use std::sync::Arc;

use crate::config::toml_reader::TomlReader;

pub use canonical::{CanonicalFact, FactKind};

/// What may be published. Cheap enough to clone for one cluster.
#[derive(Debug, Clone, Default)]
pub struct FactRules {
    pub addresses: Vec<String>,
    pub invites: Vec<String>,
    /// Without scheme: a host, or a host with the beginning of a path.
    pub links: Vec<String>,
    /// Domains whose subdomains are meant as well.
    pub domains: Vec<String>,
    /// Hosts that trusted people link to: such links may stand unless something else speaks against them.
    pub trusted_hosts: Vec<String>,
    /// The facts that people can ask for.
    pub canonical: Arc<[CanonicalFact]>,
}

/// A list of `facts.toml` that may allow a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FactList {
    Addresses,
    Invites,
    Links,
}

/// Hosts that lead nowhere but to the reader's own machine.
const LOOPBACK: [&str; 4] = ["localhost", "127.0.0.1", "[::1]", "0.0.0.0"];

impl FactRules {
    pub(crate) fn read(file: &mut TomlReader) -> Self {
        let mut rules = Self {
            addresses: file.texts("addresses"),
            invites: file.texts("invites"),
            links: file.texts("links"),
            domains: file.texts("domains").into_iter().map(|name| name.to_lowercase()).collect(),
            trusted_hosts: Vec::new(),
            canonical: CanonicalFact::read_all(file).into(),
        };
        let facts = Arc::clone(&rules.canonical);
        for fact in &*facts {
            match fact.kind {
                FactKind::Address => rules.addresses.push(fact.value.clone()),
                FactKind::Link => rules.list_links([fact.value.as_str()]),
                FactKind::Invite => rules.invites.push(without_scheme(&fact.value).to_owned()),
                FactKind::Version | FactKind::Status | FactKind::Text => {}
            }
        }
        rules
    }

    /// The facts that a question or a name asks for, none where it names none.
    pub fn asked_for(&self, text: &str) -> Vec<&CanonicalFact> {
        canonical::asked_for(&self.canonical, text)
    }

    /// Lists further links, each `host` or `host/path`, with or without scheme.
    pub fn list_links<'a>(&mut self, links: impl IntoIterator<Item = &'a str>) {
        self.links.extend(links.into_iter().map(|link| without_scheme(link).to_owned()));
    }

    /// Allows links to these hosts, but no short links, invites or imitations among them.
    pub fn trust_hosts(&mut self, hosts: impl IntoIterator<Item = String>) {
        self.trusted_hosts.extend(hosts);
    }

    pub(super) fn trusts_host(&self, host: &str) -> bool {
        self.trusted_hosts.iter().any(|trusted| trusted == host)
    }

    pub(super) fn lists(&self, value: &str, listed: FactList) -> bool {
        match listed {
            FactList::Addresses => self.addresses.iter().any(|known| {
                known == value || (known.starts_with("0x") && known.eq_ignore_ascii_case(value))
            }),
            FactList::Invites => self.invites.iter().any(|known| begins(known, value, true)),
            FactList::Links => self.allow_link(value),
        }
    }

    /// Whether a link may stand. Hosts ignore case, paths do not; scheme and `www.` do not matter.
    pub(super) fn allow_link(&self, link: &str) -> bool {
        let (host, _) = host_and_path(link);
        let name = host.rsplit_once(':').map_or(host.as_str(), |(name, port)| {
            if port.bytes().all(|byte| byte.is_ascii_digit()) { name } else { &host }
        });
        let in_domain = |domain: &String| {
            name == domain
                || name.strip_suffix(domain.as_str()).is_some_and(|sub| sub.ends_with('.'))
        };
        LOOPBACK.contains(&name)
            || self.domains.iter().any(in_domain)
            || self.links.iter().any(|known| begins(known, link, false))
            || self.invites.iter().any(|known| begins(known, link, true))
    }

    /// Every host that is listed.
    pub(super) fn hosts(&self) -> impl Iterator<Item = String> {
        let links = self.links.iter().map(|link| host_and_path(link).0);
        links.chain(self.domains.iter().cloned())
    }
}

/// The scheme of a link, empty where it has none, and what follows it.
pub(super) fn split_scheme(link: &str) -> (&str, &str) {
    let split = link.split_once("://");
    // A link without a scheme may hold another link: `www.a.example/https://b.example`.
    let split = split.filter(|(scheme, _)| scheme.bytes().all(|byte| byte.is_ascii_alphabetic()));
    split.unwrap_or(("", link))
}

fn without_scheme(link: &str) -> &str {
    split_scheme(link).1
}

fn host_and_path(link: &str) -> (String, &str) {
    let link = without_scheme(link);
    let (host, path) = link.find(['/', '?', '#']).map_or((link, ""), |at| link.split_at(at));
    let host = host.to_lowercase();
    let host = host.strip_prefix("www.").unwrap_or(&host).to_owned();
    (host, path.trim_end_matches('/'))
}

/// Whether a link is `known`, or begins with it at the end of a part of its path.
fn begins(known: &str, link: &str, whole: bool) -> bool {
    let ((known_host, known_path), (host, path)) = (host_and_path(known), host_and_path(link));
    let rest = path.strip_prefix(known_path);
    known_host == host
        && rest.is_some_and(|rest| {
            rest.is_empty()
                || (!whole && (rest.starts_with(['/', '?', '#']) || known_path.is_empty()))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (FactRules, Vec<String>) {
        let mut reader = TomlReader::parse("facts.toml", text);
        let facts = FactRules::read(&mut reader);
        (facts, reader.finish().iter().map(ToString::to_string).collect())
    }

    const FACTS: &str = r#"
        links = ["docs.example.org"]
        [[fact]]
        key = "token-address"
        kind = "address"
        value = "0x00000000000000000000000000000000000000AA"
        scope = "Ethereum"
        since = "2025-01-31"
        source = "https://github.com/example/docs/pull/7"
        verify_at = "https://docs.example.org/token"
        aliases = ["contract address", "CA", "컨트랙트 주소"]
        ask_as = ["what is the contract"]
        [[fact]]
        key = "bridge"
        kind = "link"
        value = "https://bridge.example.org/app"
        [[fact]]
        key = "exchange-status"
        kind = "status"
        value = "deposits paused"
        source = "https://github.com/example/docs/pull/8"
        table = "exchanges"
    "#;

    #[test]
    fn a_fact_is_found_by_every_name_and_no_other_word() {
        let (facts, mistakes) = read(FACTS);
        assert_eq!(mistakes, [""; 0]);
        let keys = |text: &str| {
            facts.asked_for(text).iter().map(|fact| fact.key.as_str()).collect::<Vec<_>>()
        };
        for text in [
            "token-address",
            "Token Address",
            "whats the CA?",
            "what is the contract address of the token pls",
            "컨트랙트 주소가 뭐예요?",
        ] {
            assert_eq!(keys(text), ["token-address"], "{text}");
        }
        assert_eq!(keys("is the bridge down"), ["bridge"]);
        for text in ["", "where can I buy a car", "what is the address of the office"] {
            assert_eq!(keys(text), [""; 0], "{text}");
        }
    }

    #[test]
    fn what_a_fact_gives_may_stand_on_pages_and_lists_stay_as_they_were() {
        let (facts, _) = read(FACTS);
        assert!(facts.lists("0x00000000000000000000000000000000000000aa", FactList::Addresses));
        assert!(facts.allow_link("https://bridge.example.org/app/x"));
        assert!(!facts.allow_link("https://bridge.example.org/other"));
        assert!(facts.allow_link("https://docs.example.org/any"));
        let status = &facts.asked_for("exchange-status")[0];
        assert_eq!(status.verify_address(), Some("https://github.com/example/docs/pull/8"));
    }

    #[test]
    fn every_mistake_of_a_fact_is_reported() {
        let (_, mistakes) = read(
            "[[fact]]\nkey = 'A b'\nsince = 'May'\nsource = 'http://a.example'\nkind = 'thing'\n\
             [[fact]]\nkey = 'x'\nvalue = '1'\n[[fact]]\nkey = 'x'\nvalue = '2'\n",
        );
        let keys = mistakes.iter().map(|one| one.split(": ").nth(1).unwrap()).collect::<Vec<_>>();
        let expected =
            ["key", "value", "since", "source", "kind"].map(|key| format!("fact[0].{key}"));
        assert_eq!(keys[..5], expected);
        assert_eq!(keys[5..], ["fact[2].key"]);
    }

    #[test]
    fn a_listed_link_allows_what_begins_with_it_and_a_domain_its_subdomains() {
        let facts = FactRules {
            links: vec!["github.com/org".into(), "a.example".into()],
            domains: vec!["b.example".into()],
            ..FactRules::default()
        };
        for link in [
            "https://github.com/org",
            "https://www.GitHub.com/org/repo?x=1",
            "https://docs.b.example/x",
            "http://localhost:3000/agents",
        ] {
            assert!(facts.allow_link(link), "{link}");
        }
        for link in [
            "https://github.com/organ",
            "https://github.com/Org",
            "https://x.a.example",
            "https://evilb.example",
            "https://localhost.evil.example",
            "www.evil.example/https://docs.b.example/x",
        ] {
            assert!(!facts.allow_link(link), "{link}");
        }
    }
}
