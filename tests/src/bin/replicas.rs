//! `replicas [--messages N] [--rate N]`: how far replicas are behind on PostgreSQL, and how soon others take over.
//!
//! Starts a server, two processes that judge and two that serve a site, each with a data directory of its own, and
//! stores replayed talk at this rate of messages a second. Then kills one of the judging processes, and one beside
//! another on the same directory. Needs PostgreSQL. Build with `cargo build -p tests --bins` first.

#![expect(clippy::print_stdout, reason = "a program that prints its findings")]

use std::collections::{BTreeMap, VecDeque};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use harvester::config::load_rules;
use harvester::pipeline::{INDEX, Intake, PARTITIONS};
use harvester::progress::{ProgressReporter, Unit};
use indexer::search::Searcher;
use indexer::store::{Store, StoreLocation};
use jiff::Timestamp;
use tempfile::TempDir;
use tests::harness::postgres::PostgresServer;
use tests::replay::replay;
use tokio::task::JoinSet;

/// How often feed and indexes are looked at.
const LOOK: Duration = Duration::from_millis(5);
/// Messages stored in one transaction.
const AT_ONCE: usize = 50;
/// Nothing is left to follow after this long without a change.
const QUIET: Duration = Duration::from_secs(10);
/// How long a process may take for what is measured.
const PATIENCE: Duration = Duration::from_secs(300);

/// A process with a data directory; killed when dropped.
struct Process {
    child: Child,
    data: PathBuf,
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have been killed already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

struct Place {
    folder: TempDir,
    url: String,
}

impl Place {
    fn start(&self, name: &str, roles: &str) -> anyhow::Result<Process> {
        let program = std::env::current_exe()?.with_file_name("harvester-under-test");
        let data = self.folder.path().join(name);
        std::fs::create_dir_all(data.join("rules"))?;
        std::fs::write(data.join("rules/scope.toml"), "[consent]\nmode = 'server-public'\n")?;
        let settings = "[rules]\ndirectory = 'rules'\n[site]\nlisten = '127.0.0.1:0'\n";
        std::fs::write(data.join("harvester.toml"), settings)?;
        let log = std::fs::File::create(self.folder.path().join(format!("{name}.log")))?;
        let mut command = Command::new(program);
        command.arg("--data").arg(&data).args(["run", "--only", roles]);
        command.env("HARVESTER__STORE__URL", &self.url).stdout(Stdio::null()).stderr(log);
        Ok(Process { child: command.spawn()?, data })
    }

    async fn store(&self) -> anyhow::Result<Store> {
        let data = self.folder.path().join("reader");
        let location = StoreLocation { data, server: Some(self.url.parse()?) };
        Ok(Store::open_shared(location).await?)
    }
}

/// What a replica has not committed yet, each with when it was first seen in the feed; and the lags so far.
struct Watched {
    searcher: Searcher,
    awaited: VecDeque<(Instant, i64)>,
    lags: Vec<Duration>,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let (messages, rate) = (number("--messages", 20_000)?, number("--rate", 2_000)?);
    let server = PostgresServer::start().context("PostgreSQL is not installed")?;
    let place = Place { folder: tempfile::tempdir()?, url: server.url() };
    let store = place.store().await?;
    let judges = [place.start("judge-1", "judge")?, place.start("judge-2", "judge")?];
    let sites = [place.start("site-1", "site")?, place.start("site-2", "site")?];
    measure_lag(&store, &sites, messages as usize, rate).await?;
    let [first, second] = judges;
    measure_failover(&store, first, "on another machine").await?;
    let beside = place.start("judge-2", "judge")?;
    until(async || Ok(owners(&store).await?.len() == 2)).await?;
    measure_failover(&store, second, "on the same machine").await?;
    drop(beside);
    Ok(())
}

/// Stores talk and prints how long after the feed each replica had a change.
async fn measure_lag(
    store: &Store,
    sites: &[Process],
    messages: usize,
    rate: u64,
) -> anyhow::Result<()> {
    let mut watched = Vec::new();
    for site in sites {
        let index = site.data.join(INDEX);
        let mut searcher = None;
        until(async || {
            searcher = Searcher::open(&index).ok();
            Ok(searcher.is_some())
        })
        .await?;
        let searcher = searcher.context("it was opened")?;
        watched.push(Watched { searcher, awaited: VecDeque::new(), lags: Vec::new() });
    }
    let (mut feeding, mut fed) = (JoinSet::new(), None);
    feeding.spawn(feed(store.clone(), messages, rate));
    let (begun, mut seen) = (Instant::now(), store.newest_change().await?);
    let mut idle_since = Instant::now();
    while fed.is_none() || idle_since.elapsed() < QUIET {
        if let Some(done) = feeding.try_join_next() {
            fed = Some(done??);
        }
        let newest = store.newest_change().await?;
        if newest > seen {
            seen = newest;
            idle_since = Instant::now();
            watched.iter_mut().for_each(|one| one.awaited.push_back((Instant::now(), newest)));
        }
        for one in &mut watched {
            let indexed = one.searcher.cursor();
            while let Some((at, _)) = one.awaited.pop_front_if(|(_, seq)| indexed >= Some(*seq)) {
                one.lags.push(at.elapsed());
            }
            if !one.awaited.is_empty() {
                idle_since = Instant::now();
            }
        }
        tokio::time::sleep(LOOK).await;
    }
    println!(
        "stored {messages} messages in {:.1} s, all judged and indexed after {:.1} s",
        fed.unwrap_or_default().as_secs_f32(),
        (begun.elapsed() - QUIET).as_secs_f32()
    );
    for (number, one) in watched.iter_mut().enumerate() {
        one.lags.sort_unstable();
        println!(
            "replica {}: lag p50 {:?}, p99 {:?}, most {:?}, of {} looks",
            number + 1,
            at(&one.lags, 50),
            at(&one.lags, 99),
            at(&one.lags, 100),
            one.lags.len()
        );
    }
    Ok(())
}

/// Stores talk at a rate of messages a second; how long that took.
async fn feed(store: Store, messages: usize, rate: u64) -> anyhow::Result<Duration> {
    let rules = Arc::new(load_rules(None)?);
    let folder = tempfile::tempdir()?;
    let (begun, mut stored) = (Instant::now(), 0);
    let progress = ProgressReporter::start("storing talk", Unit::Bytes, 0);
    let file = folder.path().join("export.json");
    for mut export in replay(messages)? {
        let whole = export["messages"].take();
        for part in whole.as_array().context("an export has messages")?.chunks(AT_ONCE) {
            if stored >= messages {
                return Ok(begun.elapsed());
            }
            stored += part.len();
            export["messages"] = part.into();
            std::fs::write(&file, serde_json::to_vec(&export)?)?;
            let intake = Intake::new(store.clone(), Arc::clone(&rules));
            intake.files(vec![file.clone()], &progress).await?;
            let due = Duration::from_secs_f64(stored as f64 / rate as f64);
            tokio::time::sleep(due.saturating_sub(begun.elapsed())).await;
        }
    }
    Ok(begun.elapsed())
}

/// Kills a process that judges, and prints how soon others have all of its partitions.
async fn measure_failover(store: &Store, process: Process, place: &str) -> anyhow::Result<()> {
    let before = owners(store).await?;
    let begun = Instant::now();
    drop(process);
    until(async || {
        let now = owners(store).await?;
        Ok(now.len() < before.len() && now.values().sum::<usize>() == usize::from(PARTITIONS))
    })
    .await?;
    println!("kill -9 of a judge: one {place} has its partitions after {:?}", begun.elapsed());
    Ok(())
}

/// How many partitions each process judges.
async fn owners(store: &Store) -> anyhow::Result<BTreeMap<String, usize>> {
    let mut counts = BTreeMap::new();
    for owner in store.lease_owners("judge/", Timestamp::now()).await?.into_values() {
        *counts.entry(owner).or_default() += 1;
    }
    Ok(counts)
}

async fn until(mut wished: impl AsyncFnMut() -> anyhow::Result<bool>) -> anyhow::Result<()> {
    let begun = Instant::now();
    while !wished().await? {
        anyhow::ensure!(begun.elapsed() < PATIENCE, "waited in vain");
        tokio::time::sleep(LOOK).await;
    }
    Ok(())
}

fn at(sorted: &[Duration], percent: usize) -> Duration {
    let place = (sorted.len() * percent).div_ceil(100).saturating_sub(1);
    sorted.get(place).copied().unwrap_or_default()
}

fn number(flag: &str, otherwise: u64) -> anyhow::Result<u64> {
    let mut arguments = std::env::args().skip_while(|argument| argument != flag);
    match arguments.nth(1) {
        Some(text) => Ok(text.parse()?),
        None => Ok(otherwise),
    }
}
