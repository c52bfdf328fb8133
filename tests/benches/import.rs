//! How fast an export becomes known answers, end to end, beside reading the same files only.
//!
//! `cargo bench -p tests --bench import -- DIR` imports every export in DIR; without DIR, the bundled
//! exports are replayed until they hold 100,000 messages.

#![expect(clippy::print_stdout, reason = "a bench prints its figures")]

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, Instant};

use harvester::import::{files::find_exports, open};
use harvester::pipeline::Pipeline;
use harvester::progress::{ProgressReporter, Unit};
use jiff::Timestamp;
use rules::config::ruleset::Ruleset;
use rules::publish::pseudonym::Salt;
use tests::replay::write_replay;

const REPLAYED: usize = 100_000;

fn main() -> anyhow::Result<()> {
    let scratch = tempfile::tempdir()?;
    // `cargo bench` adds flags of its own, and `cargo test --benches` runs without any.
    let named = std::env::args().skip(1).find(|argument| !argument.starts_with("--"));
    let folder = match named {
        Some(folder) => PathBuf::from(folder),
        None if std::env::args().any(|argument| argument == "--bench") => {
            write_replay(&scratch.path().join("replay"), REPLAYED)?
        }
        None => return Ok(()),
    };
    let exports = find_exports(&[folder])?.exports;
    // Writing the replay is no part of what is measured. Where the system forgets no peak, the peak is of both.
    let _ = std::fs::write("/proc/self/clear_refs", "5");
    let (messages, reading) = read_only(&exports)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let data = scratch.path().join("data");
    let first = runtime.block_on(import(&data, exports.clone()))?;
    let second = runtime.block_on(import(&data, exports))?;
    let rate = |time: Duration| messages as f64 / time.as_secs_f64();
    println!("{messages} messages");
    println!("reading the files only    {:>9.0} messages/s", rate(reading));
    println!(
        "import, first time        {:>9.0} messages/s, {:.2} of reading",
        rate(first),
        reading.as_secs_f64() / first.as_secs_f64()
    );
    println!(
        "import, second time       {:>9.0} messages/s, {:.2} of the first time's duration",
        rate(second),
        second.as_secs_f64() / first.as_secs_f64()
    );
    if let Some(peak) = peak_memory() {
        println!("peak memory               {peak:>9} kB");
    }
    Ok(())
}

fn read_only(exports: &[PathBuf]) -> anyhow::Result<(u64, Duration)> {
    let started = Instant::now();
    let mut messages = 0;
    for path in exports {
        let mut export = open(path, Arc::new(AtomicU64::new(0)))?;
        while export.next_event()?.is_some() {}
        messages += export.into_report().messages;
    }
    Ok((messages, started.elapsed()))
}

async fn import(data: &Path, exports: Vec<PathBuf>) -> anyhow::Result<Duration> {
    let started = Instant::now();
    let rules = Arc::new(Ruleset::embedded());
    let mut pipeline = Pipeline::open(data, rules, &Salt([7; 16])).await?;
    let progress = ProgressReporter::start("reading exports", Unit::Bytes, 0);
    let taken = pipeline.intake().files(exports, &progress).await?;
    anyhow::ensure!(taken.is_clean(), "an export is damaged");
    pipeline.catch_up(Timestamp::UNIX_EPOCH).await?;
    pipeline.close().await;
    Ok(started.elapsed())
}

/// The most memory this process ever held, where the system tells.
fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse().ok()
}
