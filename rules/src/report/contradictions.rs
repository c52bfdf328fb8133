//! What cannot be true beside something else. It is listed with both sides; people decide.

use jiff::Timestamp;
use serde::Serialize;

use super::period::{day_number, day_text};
use crate::config::ruleset::Ruleset;
use crate::model::cluster::Cluster;
use crate::publish::strength::{AnswerOption, answer_options};
use crate::safety::{CanonicalFact, FactKind, unlisted_values};
use crate::staleness::answers_contradict;
use crate::versions::{ProjectVersion, project_versions};

/// What a text is held against.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ContradictionKind {
    /// A value that maintainers wrote down in `facts.toml`.
    Fact,
    /// The merged answer to the same question.
    Page,
    /// Another answer to the same question.
    Answer,
}

/// Another value than a fact's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RivalValue<'f> {
    pub fact: &'f CanonicalFact,
    pub value: String,
}

/// Options of one question that are compared with each other.
const MOST_OPTIONS: usize = 8;

/// The values that a text of a time gives in place of those of facts: an address, a link, an invite or a version
/// that nobody listed, in a sentence that names the fact and neither asks nor denies. A status and a free text are
/// not compared, and what was written before the fact held contradicts nothing.
pub fn rival_values<'f>(text: &str, at: Timestamp, rules: &'f Ruleset) -> Vec<RivalValue<'f>> {
    let mut found = Vec::<RivalValue<'f>>::new();
    let day = day_text(day_number(at));
    for sentence in statements(text) {
        if rules.truth.denies(&sentence) {
            continue;
        }
        let named = rules.facts.asked_for(&sentence);
        let holds =
            |fact: &&CanonicalFact| fact.since.as_deref().is_none_or(|since| since <= &*day);
        for fact in named.iter().copied().filter(holds) {
            let value = rival_value(&sentence, fact, &named, rules);
            let is_new = |value: &String| found.iter().all(|one| one.value != *value);
            if let Some(value) = value.filter(is_new) {
                found.push(RivalValue { fact, value });
            }
        }
    }
    found
}

fn rival_value(
    sentence: &str,
    fact: &CanonicalFact,
    named: &[&CanonicalFact],
    rules: &Ruleset,
) -> Option<String> {
    match fact.kind {
        FactKind::Address | FactKind::Link | FactKind::Invite => {
            unlisted_values(sentence, fact.kind, &rules.safety, &rules.facts).into_iter().next()
        }
        FactKind::Version => {
            let known = named.iter().filter_map(|fact| ProjectVersion::parse(&fact.value));
            let known = known.map(|version| version.without_mark()).collect::<Vec<_>>();
            let said = project_versions([sentence], &[], true);
            let is_known = said.iter().any(|version| known.contains(&version.without_mark()));
            said.last().filter(|_| !is_known).map(ToString::to_string)
        }
        FactKind::Status | FactKind::Text => None,
    }
}

/// The sentences of a text that state something. What follows a colon belongs to what stands before it.
fn statements(text: &str) -> Vec<String> {
    let mut lines = Vec::<String>::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        match lines.last_mut().filter(|last| last.ends_with(':')) {
            Some(last) => *last = format!("{last} {line}"),
            None => lines.push(line.to_owned()),
        }
    }
    let sentences = lines.iter().flat_map(|line| line.split_inclusive(['!', '?', '？', '！']));
    let sentences = sentences.flat_map(|part| part.split(". "));
    sentences.filter(|one| !one.ends_with(['?', '？'])).map(str::to_owned).collect()
}

/// The pairs of a cluster's answers that cannot both be true, the best one first.
pub fn contradicting_options<'c>(
    cluster: &'c Cluster,
    rules: &Ruleset,
) -> Vec<(AnswerOption<'c>, AnswerOption<'c>)> {
    let options = answer_options(cluster);
    let mut found = Vec::new();
    for (at, one) in options.iter().take(MOST_OPTIONS).enumerate() {
        for other in options.iter().take(MOST_OPTIONS).skip(at + 1) {
            let texts = [one, other].map(|option| option.best.best_answer().text.as_str());
            if answers_contradict(texts[0], texts[1], &rules.truth) {
                found.push((one.clone(), other.clone()));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::test_support::cluster;
    use crate::time;

    const LISTED: &str = "0x00000000000000000000000000000000000000aA";
    const OTHER: &str = "0x00000000000000000000000000000000000000bB";

    fn rules() -> Ruleset {
        let facts = format!(
            "[[fact]]\nkey = 'token-address'\nkind = 'address'\nvalue = '{LISTED}'\n\
             since = '2025-01-31'\naliases = ['contract address', 'CA', '컨트랙트 주소']\n\
             [[fact]]\nkey = 'stable-version'\nkind = 'version'\nvalue = 'v1.7.2'\n\
             aliases = ['latest version']\n\
             [[fact]]\nkey = 'bridge'\nkind = 'link'\nvalue = 'https://bridge.example.org/app'\n\
             [[fact]]\nkey = 'exchange-status'\nkind = 'status'\nvalue = 'deposits paused'\n"
        );
        Ruleset::from_files(&BTreeMap::from([("facts.toml".to_owned(), facts)])).unwrap()
    }

    fn rivals(rules: &Ruleset, text: &str, day: i64) -> Vec<(String, String)> {
        let found = rival_values(text, Timestamp::UNIX_EPOCH + time::days(day), rules);
        found.into_iter().map(|one| (one.fact.key.clone(), one.value)).collect()
    }

    #[test]
    fn another_value_beside_the_name_of_a_fact_is_found() {
        // 2025-03-01.
        let (rules, day) = (rules(), 20_148);
        for (text, expected) in [
            (format!("The contract address is {OTHER}"), Some(("token-address", OTHER))),
            (format!("Sure. CA:\n{OTHER}"), Some(("token-address", OTHER))),
            (format!("컨트랙트 주소는 {OTHER} 입니다"), Some(("token-address", OTHER))),
            ("The latest version is v1.6.0.".into(), Some(("stable-version", "v1.6.0"))),
            (
                "The bridge moved to https://bridge-claim.example/app".into(),
                Some(("bridge", "https://bridge-claim.example/app")),
            ),
            // The value itself, beside others too.
            (format!("The contract address is {LISTED}"), None),
            ("The latest version is 1.7.2, not 1.6.0".into(), None),
            // A question, a warning, something else, and what cannot be compared.
            (format!("Is {OTHER} the contract address?"), None),
            (format!("{OTHER} is not the contract address"), None),
            (format!("My wallet is {OTHER}"), None),
            ("With v1.6.0 it works".into(), None),
            ("The exchange status is open".into(), None),
        ] {
            let expected = expected.map(|(key, value)| (key.to_owned(), value.to_owned()));
            assert_eq!(rivals(&rules, &text, day), Vec::from_iter(expected), "{text}");
        }
        // 2025-01-01: before the fact held.
        let early = rivals(&rules, &format!("The contract address is {OTHER}"), 20_089);
        assert_eq!(early, []);
    }

    #[test]
    fn answers_that_say_yes_and_no_contradict_each_other() {
        let asked = cluster(&[
            ("Can I run two relays on one host?", "Yes, give each its own port."),
            ("Can I run two relays on one host?", "No, the second one stops the first."),
            ("Can I run two relays on one host?", "Yes, with a port of its own for each."),
        ]);
        let found = contradicting_options(&asked, &Ruleset::embedded());
        assert!(!found.is_empty());
        for (one, other) in &found {
            let says_yes = [one, other].map(|one| one.best.best_answer().text.starts_with("Yes"));
            assert_ne!(says_yes[0], says_yes[1]);
        }
        let agreed = cluster(&[
            ("Can I run two relays on one host?", "Yes, give each its own port."),
            ("Can I run two relays on one host?", "Yes, with a port of its own for each."),
        ]);
        assert!(contradicting_options(&agreed, &Ruleset::embedded()).is_empty());
    }
}
