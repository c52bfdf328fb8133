//! How well queries find their answers: mean reciprocal rank, hits, recall and gain, ten deep.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use indexer::encoder::SentenceEncoder;
use serde::Deserialize;

use crate::predict::search::{rankings, read_lines};

#[derive(Deserialize)]
struct Gold {
    qid: String,
    relevant: Vec<String>,
}

#[derive(Debug, Default, PartialEq)]
struct Figures {
    queries: usize,
    mrr: f64,
    hit_1: f64,
    hit_5: f64,
    recall: f64,
    ndcg: f64,
}

/// Prints the figures of every set in the folder.
pub fn run(
    eval: &Path,
    encoder: Option<&Arc<SentenceEncoder>>,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    writeln!(out, "search                    queries  mrr@10  hit@1  hit@5  recall@10  ndcg@10")?;
    for set in sets(eval, ".docs.jsonl")? {
        let found = rankings(&set, encoder)?
            .into_iter()
            .map(|ranking| (ranking.qid, ranking.ranked))
            .collect();
        let Figures { queries, mrr, hit_1, hit_5, recall, ndcg } =
            figures(&found, &read_lines(&set, "queries.jsonl")?);
        let name = name(&set);
        writeln!(
            out,
            "  {name:22} {queries:8}  {mrr:6.3}  {hit_1:5.3}  {hit_5:5.3}  {recall:9.3}  {ndcg:7.3}"
        )?;
    }
    Ok(())
}

/// The sets of a folder by the ending of one of their files, in order of name, as the paths before it.
pub(crate) fn sets(folder: &Path, ending: &str) -> anyhow::Result<Vec<PathBuf>> {
    let mut sets = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let name = entry?.file_name();
        sets.extend(
            name.to_str().and_then(|name| name.strip_suffix(ending)).map(|name| folder.join(name)),
        );
    }
    sets.sort();
    Ok(sets)
}

pub(crate) fn name(set: &Path) -> String {
    set.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn figures(found: &BTreeMap<String, Vec<String>>, gold: &[Gold]) -> Figures {
    let mut sum = Figures { queries: gold.len(), ..Figures::default() };
    for Gold { qid, relevant } in gold {
        let ranked = found.get(qid).map(Vec::as_slice).unwrap_or_default();
        let places =
            (0..).zip(ranked).filter(|(_, id)| relevant.contains(id)).map(|(place, _)| place);
        let places = places.filter(|place| *place < 10).collect::<Vec<i32>>();
        let ideal = relevant.len().min(10);
        let first = places.first();
        sum.mrr += first.map_or(0.0, |place| 1.0 / f64::from(place + 1));
        sum.hit_1 += f64::from(first == Some(&0));
        sum.hit_5 += f64::from(first.is_some_and(|place| *place < 5));
        sum.recall += places.len() as f64 / ideal as f64;
        sum.ndcg += places.iter().copied().map(gain).sum::<f64>()
            / (0..ideal as i32).map(gain).sum::<f64>();
    }
    let count = gold.len().max(1) as f64;
    for figure in [&mut sum.mrr, &mut sum.hit_1, &mut sum.hit_5, &mut sum.recall, &mut sum.ndcg] {
        *figure /= count;
    }
    sum
}

/// What a relevant document is worth at a place, from 0.
fn gain(place: i32) -> f64 {
    1.0 / f64::from(place + 2).log2()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_follow_the_first_relevant_place() {
        let found = BTreeMap::from([
            ("a".to_owned(), vec!["x".to_owned(), "y".to_owned()]),
            ("b".to_owned(), vec!["z".to_owned()]),
        ]);
        let gold =
            ["a", "b"].map(|qid| Gold { qid: qid.to_owned(), relevant: vec!["y".to_owned()] });
        let figures = figures(&found, &gold);
        assert_eq!(
            (figures.mrr, figures.hit_1, figures.hit_5, figures.recall),
            (0.25, 0.0, 0.5, 0.5)
        );
        assert!((figures.ndcg - 0.5 / 3.0_f64.log2()).abs() < 1e-12);
    }
}
