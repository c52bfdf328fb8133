//! Queries to ranked documents.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use indexer::encoder::SentenceEncoder;
use indexer::search::document::{ClusterDocument, SearchAudience};
use indexer::search::writer::IndexWriter;
use indexer::search::{SearchHits, SearchQuery, Searcher};
use jiff::Timestamp;
use rules::model::cluster::ClusterState;
use rules::model::ids::{ClusterId, MessageId};
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
pub fn run(
    input: &Path,
    encoder: Option<&Arc<SentenceEncoder>>,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    for ranking in rankings(input, encoder)? {
        serde_json::to_writer(&mut *out, &ranking)?;
        writeln!(out)?;
    }
    Ok(())
}

/// Indexes the set's documents and searches for each of its queries.
pub fn rankings(
    input: &Path,
    encoder: Option<&Arc<SentenceEncoder>>,
) -> anyhow::Result<Vec<Ranking>> {
    let records = IndexedRecords::read(input, encoder)?;
    let queries: Vec<Asked> = read_lines(input, "queries.jsonl")?;
    let ranking = |Asked { qid, query }: Asked| {
        let ranked = records.ranked(&qid, query)?;
        Ok(Ranking { qid, ranked })
    };
    queries.into_iter().map(ranking).collect()
}

/// The documents of one set in an index of their own, which goes with this.
pub struct IndexedRecords {
    _directory: tempfile::TempDir,
    searcher: Searcher,
    ids: BTreeMap<ClusterId, String>,
}

impl IndexedRecords {
    /// Reads the set whose files begin with `input`.
    pub fn read(input: &Path, encoder: Option<&Arc<SentenceEncoder>>) -> anyhow::Result<Self> {
        let records: Vec<Record> = read_lines(input, "docs.jsonl")?;
        let directory = tempfile::tempdir()?;
        let mut ids = BTreeMap::new();
        let mut documents = Vec::with_capacity(records.len());
        for (number, Record { id, title, body }) in (1..).zip(records) {
            let cluster = ClusterId::of_question(MessageId(number));
            ids.insert(cluster.clone(), id);
            documents.push(ClusterDocument {
                cluster,
                state: ClusterState::Watching,
                title: title.clone(),
                questions: vec![title],
                answers: vec![body],
                channels: Vec::new(),
                guilds: Vec::new(),
                occurrences: 1,
                last_confirmed: Timestamp::UNIX_EPOCH,
                audiences: vec![SearchAudience::Public],
                meanings: Vec::new(),
            });
        }
        if let Some(encoder) = encoder {
            add_vectors(&mut documents, encoder);
        }
        let mut writer = IndexWriter::open(directory.path())?;
        writer.replace(&documents)?;
        writer.commit(0)?;
        let searcher = writer.searcher().with_encoder(encoder.cloned());
        Ok(Self { searcher, ids, _directory: directory })
    }

    pub fn search(&self, text: String) -> anyhow::Result<SearchHits> {
        Ok(self.searcher.search(&SearchQuery {
            text,
            limit: DEPTH + 1,
            ..SearchQuery::default()
        })?)
    }

    /// The ids of what is found, best first. A record is never its own answer.
    pub fn ranked(&self, qid: &str, text: String) -> anyhow::Result<Vec<String>> {
        let found = self.search(text)?.hits;
        let found = found.iter().map(|hit| self.ids[&hit.cluster].clone());
        Ok(found.filter(|id| id != qid).take(DEPTH).collect())
    }
}

fn add_vectors(documents: &mut [ClusterDocument], encoder: &SentenceEncoder) {
    for document in documents {
        let texts = document.questions.iter().chain(&document.answers);
        let texts = texts.map(String::as_str).collect::<Vec<_>>();
        let vectors = encoder.encode(&texts).into_iter().flatten();
        document.meanings = vectors.map(|one| one.to_tagged_bytes(encoder.tag())).collect();
    }
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
