//! How fast a live server is taken in, and how soon an edit or a deletion shows in search.
//!
//! `cargo bench -p tests --bench live -- [MESSAGES]` plays the bundled exports as gateway events to
//! the program, run as its own process, beside the stand-in for Discord on the same machine. Then a large
//! server is caught up with; `-- places` does only that.

#![expect(clippy::print_stdout, reason = "a bench prints its figures")]

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use indexer::search::{SearchQuery, Searcher};
use indexer::store::Store;
use rules::model::cluster::Cluster;
use tests::harness::discord::FakeDiscord;
use tests::replay::replay;

#[path = "live/places.rs"]
mod places;

const PROGRAM: &str = env!("CARGO_BIN_EXE_harvester-under-test");
const PLAYED: usize = 40_000;
const CHANGES: usize = 120;
const LOOK: Duration = Duration::from_millis(5);
/// An edit that has not shown by then made another message the answer, or none.
const SHOWN: Duration = Duration::from_secs(5);
const PATIENCE: Duration = Duration::from_secs(600);

fn main() -> anyhow::Result<()> {
    let arguments = std::env::args().collect::<Vec<_>>();
    if !arguments.iter().any(|argument| argument == "--bench") {
        return Ok(());
    }
    if !arguments.iter().any(|argument| argument == "places") {
        let named = arguments.iter().skip(1).find_map(|argument| argument.parse().ok());
        talk(named.unwrap_or(PLAYED))?;
    }
    places::measure()
}

/// Plays so many messages, and then edits and deletes answers.
fn talk(messages: usize) -> anyhow::Result<()> {
    let exports = replay(messages)?;
    let discord = FakeDiscord::start();
    discord.leave_events_unchecked();
    let places = exports.iter().map(|export| discord.load_places(export)).collect::<Vec<_>>();
    let scratch = tempfile::tempdir()?;
    let mut daemon = start(scratch.path(), &discord)?;
    discord.wait_until("the daemon listens", |state| state.hub.connected() > 0);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let store = runtime.block_on(opened(scratch.path()))?;

    let count = |export: &serde_json::Value| export["messages"].as_array().map_or(0, Vec::len);
    let total = exports.iter().map(count).sum::<usize>() as u64;
    let begun = Instant::now();
    for export in &exports {
        discord.play(export, 0..count(export));
    }
    let sent = begun.elapsed();
    wait(|| Ok(runtime.block_on(store.counts())?.messages >= total))?;
    let stored = begun.elapsed();
    wait(|| {
        let counts = runtime.block_on(store.counts())?;
        Ok(counts.channels_pending == 0 && !runtime.block_on(store.needs_recluster())?)
    })?;
    let judged = begun.elapsed();
    let rate = |time: Duration| total as f64 / time.as_secs_f64();
    println!("{total} messages in {} channels", places.len());
    println!("sent by the stand-in      {:>9.0} messages/s", rate(sent));
    println!(
        "stored                    {:>9.0} messages/s, {:.2} of sending",
        rate(stored),
        stored.as_secs_f64() / sent.as_secs_f64()
    );
    println!("judged, grouped, indexed  {:>9.0} messages/s", rate(judged));

    let clusters = runtime.block_on(store.clusters(1, usize::MAX))?;
    let searcher = Searcher::open(&scratch.path().join("index"))?;
    let holds = |word: &str| {
        let clusters = runtime.block_on(store.clusters(1, usize::MAX))?;
        let said = clusters.iter().flat_map(|cluster| &cluster.occurrences);
        let mut answers = said.flat_map(|one| &one.answers);
        Ok(answers.any(|answer| answer.text.contains(word)))
    };
    let (edits, deletions) = changes(&discord, &clusters, &searcher, holds)?;
    tell("an edit to search", edits);
    tell("a deletion to search", deletions);
    if let Some(peak) = peak_memory(daemon.id()) {
        println!("peak memory of the daemon {peak:>9} kB");
    }
    daemon.kill()?;
    daemon.wait()?;
    Ok(())
}

/// Edits, and then deletes, the answers of clusters; how long each took until search showed it.
fn changes(
    discord: &FakeDiscord,
    clusters: &[Cluster],
    searcher: &Searcher,
    holds: impl Fn(&str) -> anyhow::Result<bool>,
) -> anyhow::Result<(Vec<Duration>, Vec<Duration>)> {
    let answers = clusters.iter().filter(|cluster| cluster.occurrences.len() == 1);
    let answers = answers.map(|cluster| {
        let one = &cluster.occurrences[0];
        (one.channel, one.best_answer().message, one.best_answer().text.clone())
    });
    let (mut edits, mut deletions) = (Vec::new(), Vec::new());
    for (at, (channel, message, text)) in answers.take(CHANGES).enumerate() {
        let word = format!("quokka{at}quokka");
        let changed = || discord.edit(channel, message, &format!("{text} {word}"));
        let Some(edit) = timed(searcher, &word, 1, changed)? else {
            anyhow::ensure!(!holds(&word)?, "search does not show what the store holds");
            continue;
        };
        edits.push(edit);
        let deleted = timed(searcher, &word, 0, || discord.delete(channel, message))?;
        deletions.push(deleted.context("search shows what was deleted")?);
    }
    Ok((edits, deletions))
}

/// How long it takes until so many answers hold a word; `None` if that does not come to pass, as where
/// an edit makes another message the answer.
fn timed(
    searcher: &Searcher,
    word: &str,
    wanted: usize,
    change: impl FnOnce(),
) -> anyhow::Result<Option<Duration>> {
    let begun = Instant::now();
    change();
    let query = SearchQuery { text: word.to_owned(), limit: 5, ..SearchQuery::default() };
    while begun.elapsed() < SHOWN {
        searcher.reload()?;
        let hits = searcher.search(&query)?;
        if wanted == if hits.nearest_only { 0 } else { hits.total } {
            return Ok(Some(begun.elapsed()));
        }
        std::thread::park_timeout(LOOK);
    }
    Ok(None)
}

fn tell(what: &str, mut times: Vec<Duration>) {
    times.sort();
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize].as_millis();
    println!(
        "{what:<25} p50 {} ms, p99 {} ms, most {} ms ({} of them)",
        at(0.5),
        at(0.99),
        at(1.0),
        times.len()
    );
}

fn wait(mut done: impl FnMut() -> anyhow::Result<bool>) -> anyhow::Result<()> {
    let begun = Instant::now();
    while !done()? {
        anyhow::ensure!(begun.elapsed() < PATIENCE, "it takes too long");
        std::thread::park_timeout(LOOK);
    }
    Ok(())
}

fn start(data: &Path, discord: &FakeDiscord) -> anyhow::Result<Child> {
    let settings = format!(
        "[rules]\ndirectory = 'rules'\n[site]\nlisten = '127.0.0.1:0'\n[discord]\ntoken = '{}'\napi_url = '{}'\n",
        discord.token(),
        discord.url()
    );
    std::fs::write(data.join("harvester.toml"), settings)?;
    // Without consent nobody but the operator finds an answer.
    std::fs::create_dir_all(data.join("rules"))?;
    std::fs::write(data.join("rules/scope.toml"), "[consent]\nmode = 'server-public'\n")?;
    let child = Command::new(PROGRAM)
        .arg("--data")
        .arg(data)
        .arg("run")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    child.context("the program does not start")
}

async fn opened(data: &Path) -> anyhow::Result<Store> {
    let begun = Instant::now();
    loop {
        match Store::open_read_only(data).await {
            Ok(store) => return Ok(store),
            Err(error) if begun.elapsed() > PATIENCE => return Err(error.into()),
            Err(_) => tokio::time::sleep(LOOK).await,
        }
    }
}

/// The most memory a process ever held, in kB, where the system tells.
fn peak_memory(process: u32) -> Option<u64> {
    memory(process, "VmHWM:")
}

/// The memory that it holds now.
fn held_memory(process: u32) -> Option<u64> {
    memory(process, "VmRSS:")
}

fn memory(process: u32, what: &str) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(what))?;
    line.split_whitespace().next()?.parse().ok()
}
