//! Questions to known answers, or to none.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::Path;

use indexer::search::suggest::SuggestionModel;
use rules::model::ids::{ClusterId, MessageId};
use serde::{Deserialize, Serialize};

use super::search::read_lines;

#[derive(Deserialize)]
struct Entry {
    label: String,
    text: String,
}

#[derive(Deserialize)]
struct Asked {
    qid: String,
    query: String,
}

/// The known answer chosen for one question.
#[derive(Debug, Serialize)]
pub struct Choice {
    pub qid: String,
    pub label: Option<String>,
}

/// Predicts for the set whose files begin with `input`.
pub fn run(input: &Path, out: &mut dyn Write) -> anyhow::Result<()> {
    for choice in choices(input)? {
        serde_json::to_writer(&mut *out, &choice)?;
        writeln!(out)?;
    }
    Ok(())
}

/// Takes each label for a cluster and its entries for the ways of asking.
pub fn choices(input: &Path) -> anyhow::Result<Vec<Choice>> {
    let entries: Vec<Entry> = read_lines(input, "kb.jsonl")?;
    let queries: Vec<Asked> = read_lines(input, "queries.jsonl")?;
    let labels = entries.iter().map(|entry| entry.label.as_str()).collect::<BTreeSet<_>>();
    let clusters = (1..)
        .zip(&labels)
        .map(|(number, label)| (*label, ClusterId::of_question(MessageId(number))))
        .collect::<BTreeMap<_, _>>();
    let names =
        clusters.iter().map(|(label, cluster)| (cluster, *label)).collect::<BTreeMap<_, _>>();
    let known = SuggestionModel::train(
        entries.iter().map(|entry| (&clusters[entry.label.as_str()], entry.text.as_str())),
    );
    let choose = |Asked { qid, query }| {
        let label =
            known.suggested_answer(&query).map(|suggestion| names[&suggestion.cluster].to_owned());
        Choice { qid, label }
    };
    Ok(queries.into_iter().map(choose).collect())
}
