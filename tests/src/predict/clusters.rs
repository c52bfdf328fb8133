//! `{id, cluster}` for each row of a set of questions.

use std::io::Write;
use std::path::Path;

use anyhow::Context;
use indexer::cluster::grouping::{GroupingItem, group_items};
use indexer::encoder::{SentenceEncoder, TextEmbedding};
use rules::config::ruleset::Ruleset;
use rules::model::ids::MessageId;
use rules::similarity::{QaMeaning, QaText, SimilarityRules};
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
    for (row, cluster) in rows.iter().zip(predict(&rows, None)) {
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
pub fn predict(rows: &[Row], encoder: Option<&SentenceEncoder>) -> Vec<String> {
    let meanings = encoder.map(|encoder| meanings(rows, encoder)).unwrap_or_default();
    predict_by(rows, &meanings, &Ruleset::embedded().same)
}

/// What each row means.
pub fn meanings(rows: &[Row], encoder: &SentenceEncoder) -> Vec<QaMeaning> {
    let texts = rows.iter().flat_map(|row| [row.question.as_str(), row.answer.as_str()]);
    let mut vectors = encoder.encode(&texts.collect::<Vec<_>>()).into_iter();
    let mut next = || vectors.next().flatten();
    let meaning = |_| TextEmbedding { question: next(), answer: next() }.to_meaning();
    rows.iter().map(meaning).collect()
}

/// The cluster of each row, named by the row that asked first; by words where nothing is known of the meaning.
pub fn predict_by(rows: &[Row], meanings: &[QaMeaning], rules: &SimilarityRules) -> Vec<String> {
    let items = rows.iter().enumerate().map(|(at, row)| GroupingItem {
        id: MessageId(at as u64 + 1),
        asked: QaText { question: &row.question, answer: &row.answer },
        meaning: meanings.get(at),
    });
    let mut names = vec![String::new(); rows.len()];
    for members in group_items(&items.collect::<Vec<_>>(), rules) {
        for member in &members {
            names[*member].clone_from(&rows[members[0]].id);
        }
    }
    names
}
