//! How fast answers are found, beside plain Tantivy and SQLite's FTS5 over the same documents in the same run.
//!
//! `cargo bench -p tests --bench search -- [ANSWERS]` indexes so many answers (100,000) made of the words
//! of the bundled exports, once with the program's index, once with one text field, the simple
//! tokenizer and Tantivy's own query parser, and once with FTS5, and asks all the same questions.

#![expect(clippy::print_stdout, reason = "a bench prints its figures")]

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use indexer::search::writer::IndexWriter;
use indexer::search::{SearchQuery, Searcher};

#[path = "search/full_text.rs"]
mod full_text;
#[path = "search/plain.rs"]
mod plain;
#[path = "search/talk.rs"]
mod talk;

use full_text::FullTextTable;
use plain::PlainIndex;
use talk::{Talk, WrittenAnswer};

const ANSWERS: usize = 100_000;
/// Documents handed to the writer at once.
const BATCH: usize = 1_000;
const QUERIES: usize = 200;
/// FTS5 takes long for many words: it is asked fewer questions of a kind, and none that is so long.
const FULL_TEXT_QUERIES: usize = 20;
const FULL_TEXT_BYTES: usize = 1_000;
const CHANGES: usize = 20;
/// The argument with which this program serves an index in a process of its own.
const SERVE: &str = "serve";

fn main() -> anyhow::Result<()> {
    let arguments = std::env::args().collect::<Vec<_>>();
    if let [_, mode, directory] = arguments.as_slice()
        && mode == SERVE
    {
        return serve(Path::new(directory));
    }
    if !arguments.iter().any(|argument| argument == "--bench") {
        return Ok(());
    }
    let named = arguments.iter().skip(1).find_map(|argument| argument.parse().ok());
    let answers = named.unwrap_or(ANSWERS);
    let talk = Talk::bundled()?;
    let scratch = tempfile::tempdir()?;
    let (own, other) = (scratch.path().join("own"), scratch.path().join("plain"));

    let written = || (0..answers as u64).map(|number| talk.answer(number));
    let write_all = || {
        written().for_each(drop);
        Ok(())
    };
    let writing = cpu_of(write_all)?.1;
    let ((), own_seconds) = cpu_of(|| index(written(), &own))?;
    let (plain, plain_seconds) = cpu_of(|| PlainIndex::build(&other, written()))?;
    let build_table = || FullTextTable::build(&scratch.path().join("fts5.sqlite"), written());
    let (table, table_seconds) = cpu_of(build_table)?;
    let own_rate = answers as f64 / (own_seconds - writing);
    let plain_rate = answers as f64 / (plain_seconds - writing);
    let table_rate = answers as f64 / (table_seconds - writing);
    println!("{answers} answers");
    println!(
        "indexing: {own_rate:.0} documents per CPU second, plain {plain_rate:.0}, FTS5 {table_rate:.0}; \
         {:.2} of plain",
        own_rate / plain_rate
    );

    let searcher = Searcher::open(&own)?;
    for (kind, ask) in KINDS {
        let texts = (0..QUERIES as u64).map(|at| {
            let step = (answers / QUERIES).max(1) as u64;
            ask(&talk, &talk.answer(at * step), at)
        });
        compare(kind, &texts.collect::<Vec<_>>(), &searcher, &plain, &table)?;
    }
    reload(&talk, &own, answers)?;
    let program = std::env::current_exe()?;
    let served = Command::new(program).arg(SERVE).arg(&own).output().context("cannot serve")?;
    print!("{}", String::from_utf8_lossy(&served.stdout));
    Ok(())
}

type Ask = fn(&Talk, &WrittenAnswer, u64) -> String;

const KINDS: [(&str, Ask); 5] = [
    ("short", |_, answer, at| answer.words(at, 3)),
    ("long", |_, answer, at| answer.words(at, 18)),
    ("identifier", |_, answer, _| answer.identifier.clone()),
    ("typo", |_, answer, at| talk::misspelt(&answer.words(at, 3))),
    ("5 kB", |talk, answer, at| talk.pasted_error(answer, at)),
];

/// Indexes all answers, and waits until the index is as it stays.
fn index(answers: impl Iterator<Item = WrittenAnswer>, directory: &Path) -> anyhow::Result<()> {
    let mut writer = IndexWriter::open(directory)?;
    let mut batch = Vec::with_capacity(BATCH);
    for answer in answers {
        batch.push(answer.document());
        if batch.len() == BATCH {
            writer.replace(&batch)?;
            batch.clear();
        }
    }
    writer.replace(&batch)?;
    writer.commit(1)?;
    Ok(writer.purge()?)
}

/// What some work gives, and the CPU seconds that it took.
fn cpu_of<T>(work: impl FnOnce() -> anyhow::Result<T>) -> anyhow::Result<(T, f64)> {
    let begun = cpu_seconds();
    let done = work()?;
    Ok((done, cpu_seconds() - begun))
}

/// Asks both indexes the same, in turn, and prints the times.
fn compare(
    kind: &str,
    texts: &[String],
    searcher: &Searcher,
    plain: &PlainIndex,
    table: &FullTextTable,
) -> anyhow::Result<()> {
    let (mut own, mut other, mut third) = (Vec::new(), Vec::new(), Vec::new());
    let mut found = 0;
    for round in 0..2 {
        for text in texts {
            let query = SearchQuery { text: text.clone(), limit: 10, ..SearchQuery::default() };
            let begun = Instant::now();
            let hits = searcher.search(&query)?;
            let took = begun.elapsed();
            let begun = Instant::now();
            plain.search(text)?;
            // The first round reads both indexes into memory.
            if round > 0 {
                own.push(took);
                other.push(begun.elapsed());
                found += usize::from(!hits.nearest_only && !hits.hits.is_empty());
            }
        }
    }
    let short = texts.iter().filter(|text| text.len() <= FULL_TEXT_BYTES);
    for text in short.take(FULL_TEXT_QUERIES) {
        let begun = Instant::now();
        table.search(text)?;
        third.push(begun.elapsed());
    }
    let third = match third.as_slice() {
        [] => "not asked".to_owned(),
        _ => format!("p50 {:.3} ms", Times::of(third).p50),
    };
    let (own, other) = (Times::of(own), Times::of(other));
    println!(
        "{kind:<10} p50 {:.3} ms, p99 {:.3} ms; plain p50 {:.3} ms, p99 {:.3} ms; FTS5 {third}; \
         p50 {:.2} of plain; {found} of {} found",
        own.p50,
        own.p99,
        other.p50,
        other.p99,
        own.p50 / other.p50,
        texts.len(),
    );
    Ok(())
}

/// How long a searcher takes to see one change.
fn reload(talk: &Talk, directory: &Path, answers: usize) -> anyhow::Result<()> {
    let searcher = Searcher::open(directory)?;
    let mut writer = IndexWriter::open(directory)?;
    let mut times = Vec::new();
    for change in 0..CHANGES {
        let number = (change * 7_919 % answers) as u64;
        writer.replace(&[talk.answer(number).document()])?;
        writer.commit(change as i64)?;
        let begun = Instant::now();
        searcher.reload()?;
        times.push(begun.elapsed());
    }
    let Times { p50, p99 } = Times::of(times);
    println!("reload after one change: p50 {p50:.2} ms, most {p99:.2} ms");
    Ok(())
}

/// Searches an index of some other process, and prints the memory that this takes.
fn serve(directory: &Path) -> anyhow::Result<()> {
    let searcher = Searcher::open(directory)?;
    let talk = Talk::bundled()?;
    let before = anonymous_memory();
    for at in 0..QUERIES as u64 {
        for (_, ask) in KINDS {
            let text = ask(&talk, &talk.answer(at), at);
            searcher.search(&SearchQuery { text, limit: 10, ..SearchQuery::default() })?;
        }
    }
    if let (Some(before), Some(after)) = (before, anonymous_memory()) {
        println!(
            "anonymous memory of a serving process: {after} kB, {before} kB of it before the first query"
        );
    }
    Ok(())
}

/// Milliseconds.
struct Times {
    p50: f64,
    p99: f64,
}

impl Times {
    fn of(mut times: Vec<Duration>) -> Self {
        times.sort();
        let at = |share: f64| {
            times[((times.len() - 1) as f64 * share).round() as usize].as_secs_f64() * 1_000.0
        };
        Self { p50: at(0.5), p99: at(0.99) }
    }
}

/// CPU seconds of this process so far, of all threads, where the system tells.
fn cpu_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = text.rsplit(')').next().unwrap_or_default();
    let ticks = after_name.split_whitespace().skip(11).take(2);
    ticks.filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0
}

fn anonymous_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"))?;
    line.split_whitespace().next()?.parse().ok()
}
