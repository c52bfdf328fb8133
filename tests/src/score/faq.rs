//! How often a question gets its known answer, or silence where there is none.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

use serde::Deserialize;

use super::search::{name, sets};
use crate::predict::faq::choices;
use crate::predict::search::read_lines;

#[derive(Deserialize)]
struct Gold {
    qid: String,
    label: Option<String>,
}

#[derive(Debug, Default, PartialEq)]
struct Figures {
    queries: usize,
    accuracy: f64,
    in_scope: f64,
    out_of_scope: f64,
    answered: f64,
    precision: f64,
}

/// Prints the figures of every set in the folder.
pub fn run(eval: &Path, out: &mut dyn Write) -> anyhow::Result<()> {
    writeln!(
        out,
        "faq                       queries  accuracy  in-scope  out-of-scope recall  answered  precision"
    )?;
    for set in sets(eval, ".kb.jsonl")? {
        let chosen = choices(&set)?.into_iter().map(|choice| (choice.qid, choice.label)).collect();
        let Figures { queries, accuracy, in_scope, out_of_scope, answered, precision } =
            figures(&chosen, &read_lines(&set, "queries.jsonl")?);
        let name = name(&set);
        writeln!(
            out,
            "  {name:22} {queries:8}  {accuracy:8.3}  {in_scope:8.3}  {out_of_scope:19.3}  {answered:8.3}  {precision:9.3}"
        )?;
    }
    Ok(())
}

fn figures(chosen: &BTreeMap<String, Option<String>>, gold: &[Gold]) -> Figures {
    let choice = |gold: &Gold| chosen.get(&gold.qid).cloned().flatten();
    let is_right = |gold: &&Gold| choice(gold) == gold.label;
    let (known, unknown) = gold.iter().partition::<Vec<&Gold>, _>(|gold| gold.label.is_some());
    let answered = gold.iter().filter(|gold| choice(gold).is_some()).collect::<Vec<_>>();
    let share = |among: &[&Gold]| {
        among.iter().copied().filter(is_right).count() as f64 / among.len().max(1) as f64
    };
    Figures {
        queries: gold.len(),
        accuracy: share(&gold.iter().collect::<Vec<_>>()),
        in_scope: share(&known),
        out_of_scope: share(&unknown),
        answered: answered.len() as f64 / gold.len().max(1) as f64,
        precision: share(&answered),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_counts_where_nothing_is_known() {
        let label = |label: &str| Some(label.to_owned());
        let chosen = [("1", label("a")), ("2", label("a")), ("3", None), ("4", None)];
        let chosen = chosen.map(|(qid, label)| (qid.to_owned(), label)).into();
        let gold = [("1", label("a")), ("2", None), ("3", None), ("4", label("b"))];
        let gold = gold.map(|(qid, label)| Gold { qid: qid.to_owned(), label });
        let figures = figures(&chosen, &gold);
        assert_eq!((figures.accuracy, figures.in_scope, figures.out_of_scope), (0.5, 0.5, 0.5));
        assert_eq!((figures.answered, figures.precision), (0.5, 0.5));
    }
}
