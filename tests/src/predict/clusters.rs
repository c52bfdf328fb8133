//! `{id, cluster}` for each row of a set of questions.

use std::io::Write;
use std::path::Path;

use anyhow::Context;
use indexer::cluster::grouping::{GroupingItem, group_items};
use rules::config::ruleset::Ruleset;
use rules::model::ids::MessageId;
use rules::similarity::{QaText, SimilarityRules};
use serde::Deserialize;

/// A row of a clusters set; the rows stand in the order in which the questions were asked.
#[derive(Debug, Deserialize)]
pub struct Row {
    pub id: String,
    pub question: String,
    #[serde(default)]
    pub answer: String,
    #[serde(default)]
    pub cluster: String,
}

pub fn run(input: &Path, out: &mut dyn Write) -> anyhow::Result<()> {
    let rows = read(input)?;
    for (row, cluster) in rows.iter().zip(predict(&rows)) {
        let line = serde_json::json!({ "id": row.id, "cluster": cluster });
        writeln!(out, "{line}")?;
    }
    Ok(())
}

/// Reads a .jsonl file of questions; an unknown shape is an error that names the line.
pub fn read(input: &Path) -> anyhow::Result<Vec<Row>> {
    let text =
        std::fs::read_to_string(input).with_context(|| format!("reading {}", input.display()))?;
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(number, line)| {
            serde_json::from_str(line)
                .with_context(|| format!("{}, line {}", input.display(), number + 1))
        })
        .collect()
}

/// The cluster of each row by the rules that the binary carries.
pub fn predict(rows: &[Row]) -> Vec<String> {
    predict_by(rows, &Ruleset::embedded().same)
}

/// The cluster of each row, named by the row that asked first.
pub fn predict_by(rows: &[Row], rules: &SimilarityRules) -> Vec<String> {
    let items = rows.iter().zip(1..).map(|(row, id)| GroupingItem {
        id: MessageId(id),
        asked: QaText { question: &row.question, answer: &row.answer },
    });
    let mut names = vec![String::new(); rows.len()];
    for members in group_items(&items.collect::<Vec<_>>(), rules) {
        for member in &members {
            names[*member].clone_from(&rows[members[0]].id);
        }
    }
    names
}
