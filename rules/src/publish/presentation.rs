//! What may be shown of a cluster anywhere but on a reviewed page.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;

use crate::model::cluster::{Cluster, Occurrence, Quote};
use crate::safety::{FactRules, SafetyRules, judge_text, link_hosts, redact};

/// The facts with the hosts to which trusted people link in the cluster.
pub fn facts_of<'f>(cluster: &Cluster, facts: &'f FactRules) -> Cow<'f, FactRules> {
    let quotes = cluster
        .occurrences
        .iter()
        .flat_map(|one| std::iter::once(&one.question).chain(&one.answers));
    let trusted = quotes.filter(|quote| quote.trusted);
    let hosts = trusted.flat_map(|quote| link_hosts(&quote.text)).collect::<BTreeSet<_>>();
    if hosts.is_empty() {
        return Cow::Borrowed(facts);
    }
    let mut facts = facts.clone();
    facts.trust_hosts(hosts);
    Cow::Owned(facts)
}

/// The cluster as every place shows it: links and addresses that nobody listed are defanged, answers that are
/// withheld are gone, options have their hyphens, and an occurrence of which nothing is left is evidence by link only. What maintainers
/// merged stays as it is.
pub fn presentable(cluster: &Cluster, safety: &SafetyRules, facts: &FactRules) -> Cluster {
    let facts = facts_of(cluster, facts);
    let mut shown = cluster.clone();
    for occurrence in shown.occurrences.iter_mut().filter(|occurrence| occurrence.quotable) {
        occurrence.quotable = defang(occurrence, safety, &facts);
    }
    shown
}

/// Whether the question and at least one answer may be shown; then only such answers are left.
fn defang(occurrence: &mut Occurrence, safety: &SafetyRules, facts: &FactRules) -> bool {
    // Redacted again: the patterns may be newer than the text.
    let show = |quote: &mut Quote| {
        let text = with_hyphens(&redact(&quote.text, safety));
        let shown = judge_text(&text, safety, facts).shown(&text).map(|shown| shown.into_owned());
        let is_shown = shown.is_some();
        quote.text = shown.unwrap_or(text);
        is_shown
    };
    let mut answers = occurrence.answers.clone();
    answers.retain_mut(show);
    if answers.is_empty() || !show(&mut occurrence.question) {
        return false;
    }
    occurrence.answers = answers;
    true
}

/// The two hyphens of an option where a keyboard made one dash of them: `—force`, `–port=80`. A dash between
/// words has a space on both sides, or none.
pub fn with_hyphens(text: &str) -> String {
    static OPTION: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?P<before>^|[\s`(])[—–](?P<option>[a-z][a-z0-9-]*(?:[= `),.]|$))")
            .expect("a fixed pattern")
    });
    OPTION.replace_all(text, "${before}--${option}").into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::ruleset::Ruleset;
    use crate::test_support::{cluster, quote};

    fn shown(cluster: &Cluster) -> Cluster {
        let rules = Ruleset::embedded();
        presentable(cluster, &rules.safety, &rules.facts)
    }

    #[test]
    fn links_are_defanged_and_harmful_answers_are_gone() {
        let original = cluster(&[
            ("Where do I set the port?", "Just dm me for the working file."),
            ("How is the port set?", "Set it with —port as https://blog.example/port says."),
            ("Enter your seed phrase on the site there?", "Set the port in the file."),
        ]);
        let shown = shown(&original);
        let quotable = shown.occurrences.iter().map(|one| one.quotable).collect::<Vec<_>>();
        assert_eq!(quotable, [false, true, false]);
        assert_eq!(
            shown.occurrences[1].answers[0].text,
            "Set it with --port as hxxps://blog[.]example/port [not listed by maintainers] says."
        );
    }

    #[test]
    fn an_answer_beside_a_harmful_one_is_shown() {
        let mut original = cluster(&[("Where do I set the port?", "Just dm me for it.")]);
        original.occurrences[0].answers.push(quote(12, "Set the port in the file."));
        let shown = shown(&original);
        assert!(shown.occurrences[0].quotable);
        let answers = shown.occurrences[0].answers.iter().map(|answer| answer.text.as_str());
        assert_eq!(answers.collect::<Vec<_>>(), ["Set the port in the file."]);
    }

    #[test]
    fn a_host_that_a_trusted_person_links_to_is_listed_for_the_cluster() {
        let mut original = cluster(&[
            ("Where do I set the port?", "See https://wiki.example/port for it."),
            ("How is the port set?", "It is on https://wiki.example/ports and the next page."),
        ]);
        original.occurrences[1].answers[0].trusted = true;
        let shown = shown(&original);
        assert_eq!(shown, original);
    }

    #[test]
    fn the_hyphens_of_an_option_come_back() {
        for (text, expected) in [
            ("pnpm start —characters=\"a.json\"", "pnpm start --characters=\"a.json\""),
            ("Use `—force` or –port 80", "Use `--force` or --port 80"),
            ("It works — mostly", "It works — mostly"),
            ("pages 3–4 of the a—b test", "pages 3–4 of the a—b test"),
        ] {
            assert_eq!(with_hyphens(text), expected);
        }
    }
}
