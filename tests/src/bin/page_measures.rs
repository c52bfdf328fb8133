//! Writes what the weights of `rules/weights/pages.toml` are multiplied with, for `eval/pages/fit.py`.

use std::io::Write;

use anyhow::Context;
use rules::config::ruleset::Ruleset;
use rules::due::{PageRules, backing};
use rules::model::cluster::{Cluster, Occurrence};
use rules::model::ids::MessageId;
use rules::occurrence_ranking::{overlap, rank_occurrences};
use rules::page_score::PageMeasures;
use rules::support::{IndependentPeople, Solution, solutions};
use serde::Deserialize;

/// A page that was read, as far as a measure may look at it.
#[derive(Deserialize)]
struct LabelledPage {
    title: String,
    /// The message of the answer that led it.
    answer: MessageId,
    cluster: Cluster,
}

/// The occurrence whose question made the title that the reader saw.
fn named<'c>(cluster: &'c Cluster, title: &str) -> &'c Occurrence {
    let nearness = |one: &&Occurrence| overlap(&one.question.text, title);
    let all = cluster.occurrences.iter();
    all.max_by(|a, b| nearness(a).total_cmp(&nearness(b))).expect("a cluster has an occurrence")
}

/// Whether enough stands behind the solution that the answer of a page belongs to.
fn is_backed(page: &LabelledPage, rules: &PageRules) -> bool {
    let occurrences = page.cluster.occurrences.iter().collect::<Vec<_>>();
    let people = IndependentPeople::of(&page.cluster.occurrences);
    let solutions = solutions(&occurrences, &people);
    let holds = |one: &&Solution| {
        let of = one.occurrences.iter().map(|at| occurrences[*at].best_answer().message);
        of.into_iter().any(|message| message == page.answer)
    };
    let led = solutions.iter().find(holds).cloned();
    backing(&led.into_iter().collect::<Vec<_>>(), &occurrences, &people, rules).is_some()
}

fn main() -> anyhow::Result<()> {
    let input = std::env::args().nth(1).context("usage: page_measures PAGES.jsonl")?;
    let rules = Ruleset::embedded().pages;
    let mut out = std::io::stdout().lock();
    for line in std::fs::read_to_string(&input)?.lines() {
        let page = serde_json::from_str::<LabelledPage>(line)?;
        let ranked = rank_occurrences(&page.cluster);
        let place = ranked.iter().position(|one| {
            one.occurrence.answers.iter().any(|answer| answer.message == page.answer)
        });
        let place = place.context("the answer of a page is in its cluster")?;
        let measures = PageMeasures::of(
            &page.cluster,
            (named(&page.cluster, &page.title), &page.title),
            &ranked[place],
        );
        let named = measures.named().map(|(key, _, value)| (key.to_owned(), value.into()));
        let measures = named.collect::<serde_json::Map<_, _>>();
        let line = serde_json::json!({
            "measures": measures,
            "unsuitable": rules.questions.why_unsuitable(&page.title, true).is_some(),
            "backed": is_backed(&page, &rules),
        });
        writeln!(out, "{line}")?;
    }
    Ok(())
}
