//! What one more resolved exchange costs while the store grows.
//!
//! `cargo bench -p tests --bench growth -- [SIZE...]` fills a store with so many exchanges (10,000,
//! 30,000 and 100,000), and at each size adds, edits and deletes some one by one, each followed by a
//! reclustering. The first size is grouped from scratch as well, which must come to the same.

#![expect(clippy::print_stdout, reason = "a bench prints its figures")]

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use anyhow::ensure;
use indexer::cluster::recluster::recluster;
use indexer::store::Store;
use rules::config::ruleset::Ruleset;
use rules::model::ids::{ConversationId, MessageId};
use rules::time;

#[path = "growth/exchanges.rs"]
mod exchanges;

use exchanges::ExchangeGenerator;

const SIZES: [u64; 3] = [10_000, 30_000, 100_000];
/// Exchanges that are added at each size, and how many are edited or deleted.
const ADDED: u64 = 300;
const CHANGED: u64 = 50;
const BATCH: u64 = 1_000;
/// How often a text is weighed again while the number of texts doubles, for each new one.
const WEIGHED_AGAIN: f64 = 5.5;

fn main() -> anyhow::Result<()> {
    let arguments = std::env::args().collect::<Vec<_>>();
    if !arguments.iter().any(|argument| argument == "--bench") {
        return Ok(());
    }
    let mut sizes =
        arguments.iter().filter_map(|argument| argument.parse().ok()).collect::<Vec<_>>();
    if sizes.is_empty() {
        sizes = SIZES.to_vec();
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(run(&sizes))
}

async fn run(sizes: &[u64]) -> anyhow::Result<()> {
    let exchanges = ExchangeGenerator::bundled()?;
    let rules = Arc::new(Ruleset::embedded());
    let scratch = tempfile::tempdir()?;
    let store = Store::open_shared(scratch.path()).await?;
    let (mut stored, mut first) = (0, None);
    for size in sizes {
        let begun = cpu_seconds();
        fill(&store, &exchanges, stored..*size).await?;
        recluster(&store, &rules, time::at_millisecond(1), false).await?;
        let filled = (cpu_seconds() - begun) * 1_000.0 / (size - stored).max(1) as f64;
        stored = *size;
        let one = OneByOne { store: &store, rules: &rules, exchanges: &exchanges };
        let added = one.add(stored).await?;
        stored += ADDED;
        let (edited, deleted) = (one.edit(stored).await?, one.delete(stored).await?);
        let base = *first.get_or_insert(added);
        println!(
            "{size:>7} stored: {added:.1} ms of CPU for one more ({:.2} of the first size), {edited:.1} ms \
             for an edit, {deleted:.1} ms for a deletion; {filled:.1} ms each at once, so that epochs add \
             {:.1} ms; peak memory {} MB, store {} B each",
            added / base,
            filled * WEIGHED_AGAIN,
            peak_memory().unwrap_or_default() / 1_024,
            file_size(scratch.path())? / stored,
        );
        if base.to_bits() == added.to_bits() {
            compare(&store, &rules).await?;
        }
    }
    Ok(())
}

async fn fill(
    store: &Store,
    exchanges: &ExchangeGenerator,
    numbers: std::ops::Range<u64>,
) -> anyhow::Result<()> {
    for from in numbers.clone().step_by(BATCH as usize) {
        let batch = from..(from + BATCH).min(numbers.end);
        let rows = batch.map(|number| exchanges.conversation(number, 0)).collect::<Vec<_>>();
        store.save_conversations(&rows).await?;
    }
    Ok(())
}

/// Changes that are each followed by a reclustering; their cost in milliseconds of CPU.
struct OneByOne<'b> {
    store: &'b Store,
    rules: &'b Arc<Ruleset>,
    exchanges: &'b ExchangeGenerator,
}

impl OneByOne<'_> {
    /// Half of them cost less: where an epoch begins among them, it is no part of what one costs.
    async fn add(&self, stored: u64) -> anyhow::Result<f64> {
        let mut costs = Vec::new();
        for number in stored..stored + ADDED {
            let begun = cpu_seconds();
            self.store.save_conversations(&[self.exchanges.conversation(number, 0)]).await?;
            recluster(self.store, self.rules, time::at_millisecond(1), false).await?;
            costs.push((cpu_seconds() - begun) * 1_000.0);
        }
        costs.sort_by(f64::total_cmp);
        Ok(costs[costs.len() / 2])
    }

    /// Edits exchanges of the last twentieth: people edit what they wrote lately.
    async fn edit(&self, stored: u64) -> anyhow::Result<f64> {
        let begun = cpu_seconds();
        for change in 0..CHANGED {
            let number = stored - 1 - change * (stored / 20 / CHANGED);
            self.store.save_conversations(&[self.exchanges.conversation(number, 1)]).await?;
            recluster(self.store, self.rules, time::at_millisecond(1), false).await?;
        }
        Ok((cpu_seconds() - begun) * 1_000.0 / CHANGED as f64)
    }

    async fn delete(&self, stored: u64) -> anyhow::Result<f64> {
        let begun = cpu_seconds();
        for change in 0..CHANGED {
            let number = stored - 2 - change * (stored / 20 / CHANGED);
            let id = ConversationId(ExchangeGenerator::id(number));
            self.store.remove_conversations(&[id]).await?;
            recluster(self.store, self.rules, time::at_millisecond(1), false).await?;
        }
        Ok((cpu_seconds() - begun) * 1_000.0 / CHANGED as f64)
    }
}

/// Groups everything from scratch in another store.
async fn compare(store: &Store, rules: &Arc<Ruleset>) -> anyhow::Result<()> {
    let scratch = tempfile::tempdir()?;
    let again = Store::open_shared(scratch.path()).await?;
    let clusters = store.clusters(1, usize::MAX).await?;
    let mut occurrences = clusters.iter().flat_map(|one| &one.occurrences).collect::<Vec<_>>();
    occurrences.sort_by_key(|one| std::cmp::Reverse(one.question.message));
    for some in occurrences.chunks(BATCH as usize) {
        let rows = some.iter().map(|one| exchanges::judged((*one).clone())).collect::<Vec<_>>();
        again.save_conversations(&rows).await?;
    }
    recluster(&again, rules, time::at_millisecond(1), false).await?;
    let members = |all: &[rules::model::cluster::Cluster]| {
        let of = |one: &rules::model::cluster::Cluster| {
            let questions = one.occurrences.iter().map(|one| one.question.message);
            (one.id.clone(), questions.collect::<Vec<MessageId>>())
        };
        // Their order is that of the list: how often each was resolved, which for a question that once was due
        // depends on what it was before.
        all.iter().map(of).collect::<BTreeMap<_, _>>()
    };
    let scratched = again.clusters(1, usize::MAX).await?;
    ensure!(
        members(&clusters) == members(&scratched),
        "grouping from scratch comes to other clusters"
    );
    let largest = clusters.first().map_or(0, |one| one.occurrences.len());
    println!(
        "        as from scratch: {} clusters of {} exchanges, the largest of {largest}",
        clusters.len(),
        occurrences.len()
    );
    Ok(())
}

/// CPU seconds of this process so far, of all threads that run, where the system tells.
fn cpu_seconds() -> f64 {
    let tasks = std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let spent = tasks.filter_map(|task| {
        let text = std::fs::read_to_string(task.path().join("schedstat")).ok()?;
        text.split_whitespace().next()?.parse::<u64>().ok()
    });
    spent.sum::<u64>() as f64 / 1e9
}

/// Kilobytes.
fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse().ok()
}

fn file_size(folder: &Path) -> anyhow::Result<u64> {
    Ok(std::fs::metadata(folder.join("store.sqlite"))?.len())
}
