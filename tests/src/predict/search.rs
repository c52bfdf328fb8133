//! Queries to ranked documents.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::Path;

use anyhow::Context;
use indexer::search::document::{ClusterDocument, SearchAudience};
use indexer::search::writer::IndexWriter;
use indexer::search::{SearchQuery, Searcher};
use rules::model::cluster::ClusterState;
use rules::model::ids::{ClusterId, MessageId, Millis};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// Ranks are judged this deep.
const DEPTH: usize = 10;

#[derive(Deserialize)]
struct Record {
    id: String,
    title: String,
    body: String,
}

#[derive(Deserialize)]
struct Asked {
    qid: String,
    query: String,
}

/// The documents found for one query, best first.
#[derive(Debug, Serialize)]
pub struct Ranking {
    pub qid: String,
    pub ranked: Vec<String>,
}

/// Predicts for the set whose files begin with `input`.
pub fn run(input: &Path, out: &mut dyn Write) -> anyhow::Result<()> {
    for ranking in rankings(input)? {
        serde_json::to_writer(&mut *out, &ranking)?;
        writeln!(out)?;
    }
    Ok(())
}

/// Indexes the set's documents and searches for each of its queries. A record is never its own answer.
pub fn rankings(input: &Path) -> anyhow::Result<Vec<Ranking>> {
    let records: Vec<Record> = read_lines(input, "docs.jsonl")?;
    let queries: Vec<Asked> = read_lines(input, "queries.jsonl")?;
    let directory = tempfile::tempdir()?;
    let (searcher, ids) = index(directory.path(), &records)?;
    let mut rankings = Vec::with_capacity(queries.len());
    for Asked { qid, query } in queries {
        let found = searcher.search(&SearchQuery {
            text: query,
            limit: DEPTH + 1,
            ..SearchQuery::default()
        })?;
        let found = found.hits.iter().map(|hit| ids[&hit.cluster].to_owned());
        let ranked = found.filter(|id| *id != qid).take(DEPTH).collect();
        rankings.push(Ranking { qid, ranked });
    }
    Ok(rankings)
}

fn index<'a>(
    directory: &Path,
    records: &'a [Record],
) -> anyhow::Result<(Searcher, BTreeMap<ClusterId, &'a str>)> {
    let mut ids = BTreeMap::new();
    let mut documents = Vec::with_capacity(records.len());
    for (number, Record { id, title, body }) in (1..).zip(records) {
        let cluster = ClusterId::of_question(MessageId(number));
        ids.insert(cluster.clone(), id.as_str());
        documents.push(ClusterDocument {
            cluster,
            state: ClusterState::Watching,
            title: title.clone(),
            questions: vec![title.clone()],
            answers: vec![body.clone()],
            channels: Vec::new(),
            guilds: Vec::new(),
            occurrences: 1,
            last_confirmed: Millis(0),
            audiences: vec![SearchAudience::Public],
        });
    }
    let mut writer = IndexWriter::open(directory)?;
    writer.replace(&documents)?;
    writer.commit(0)?;
    Ok((writer.searcher(), ids))
}

/// Reads the file that `prefix` and `ending` name together, one JSON object a line.
pub(crate) fn read_lines<T: DeserializeOwned>(
    prefix: &Path,
    ending: &str,
) -> anyhow::Result<Vec<T>> {
    let path = format!("{}.{ending}", prefix.display());
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))?;
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(number, line)| {
            serde_json::from_str(line).with_context(|| format!("{path}:{}", number + 1))
        })
        .collect()
}
