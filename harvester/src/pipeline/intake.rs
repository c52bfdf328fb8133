//! Events of a source become stored messages: in scope, redacted, in batches.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use indexer::store::{Applied, Store, StoreError, WriteBatch};
use rules::config::ruleset::Ruleset;
use rules::config::scope::OutOfScope;
use tokio::sync::mpsc;

use super::filter::EventFilter;
use crate::import::error::ImportError;
use crate::import::file_report::FileReport;
use crate::import::{self};
use crate::ingest_queue::{IngestItem, IngestReceiver};
use crate::logging::error_chain;
use crate::progress::ProgressReporter;

/// Messages stored in one transaction.
const BATCH: usize = 2_000;
/// Between two attempts to store a batch while the store does not answer.
const AGAIN: Duration = Duration::from_secs(1);
/// Batches read ahead while one is being stored.
const AHEAD: usize = 4;

/// Stores the events of sources.
pub struct Intake {
    store: Store,
    rules: Arc<Ruleset>,
}

/// What came of a list of export files.
#[derive(Debug, Default)]
pub struct IntakeReport {
    pub applied: Applied,
    pub files: Vec<FileOutcome>,
}

/// What came of one export file.
#[derive(Debug)]
pub struct FileOutcome {
    pub path: PathBuf,
    /// What was read, up to the error if there is one.
    pub report: FileReport,
    pub error: Option<ImportError>,
    /// Why none of it was stored, if none was.
    pub out_of_scope: Option<OutOfScope>,
}

impl IntakeReport {
    /// Whether every file was read whole and nothing in it was lost.
    pub fn is_clean(&self) -> bool {
        self.files.iter().all(|file| file.error.is_none() && file.report.is_clean())
    }
}

impl Intake {
    pub fn new(store: Store, rules: Arc<Ruleset>) -> Self {
        Self { store, rules }
    }

    /// Reads export files in their order and stores what is in scope. A file that breaks off keeps
    /// what came before the break; the others are read all the same.
    pub async fn files(
        self,
        paths: Vec<PathBuf>,
        progress: &ProgressReporter,
    ) -> Result<IntakeReport, StoreError> {
        let (sender, mut batches) = mpsc::channel(AHEAD);
        let (rules, bar) = (self.rules, progress.clone());
        let reading = tokio::task::spawn_blocking(move || {
            paths.into_iter().map(|path| read_file(path, &rules, &sender, &bar)).collect::<Vec<_>>()
        });
        let mut report = IntakeReport::default();
        while let Some(batch) = batches.recv().await {
            report.applied += self.store.apply_batch(&batch).await?;
        }
        report.files = reading.await.expect("reading neither panics nor is cancelled");
        Ok(report)
    }

    /// Stores what sources deliver until there are none left, and calls `stored` after each batch.
    pub async fn deliveries(
        self,
        mut deliveries: IngestReceiver,
        stored: impl Fn(Applied) + Send,
    ) -> Result<(), StoreError> {
        let mut sorter = EventFilter::new(&self.rules);
        while let Some(mut taken) = deliveries.next_batches(BATCH).await {
            let batch = batch(std::mem::take(&mut taken.deliveries), &mut sorter);
            stored(self.apply(&batch).await?);
            taken.acknowledge();
        }
        Ok(())
    }

    /// Stores a batch, also after an outage of the store, during which sources wait.
    async fn apply(&self, batch: &WriteBatch) -> Result<Applied, StoreError> {
        let mut is_waiting = false;
        loop {
            match self.store.apply_batch(batch).await {
                Err(error) if error.passes() => {
                    if !is_waiting {
                        tracing::warn!(
                            error = %error_chain(&error),
                            "messages wait: the store does not answer"
                        );
                    }
                    is_waiting = true;
                    tokio::time::sleep(AGAIN).await;
                }
                applied => return applied,
            }
        }
    }
}

/// Deliveries that are stored in one transaction.
fn batch(deliveries: Vec<IngestItem>, sorter: &mut EventFilter<'_>) -> WriteBatch {
    let mut reading = Vec::new();
    let mut quarantined = Vec::new();
    for mut delivery in deliveries {
        delivery.events.into_iter().for_each(|event| sorter.add_event(event));
        reading.append(&mut delivery.reading);
        quarantined.append(&mut delivery.quarantined);
    }
    WriteBatch { reading, quarantined, ..sorter.batch() }
}

fn read_file(
    path: PathBuf,
    rules: &Ruleset,
    sender: &mpsc::Sender<WriteBatch>,
    progress: &ProgressReporter,
) -> FileOutcome {
    let mut sorter = EventFilter::new(rules);
    let read = read_events(&path, &mut sorter, sender, progress);
    send(sender, sorter.batch());
    let out_of_scope = sorter.excluded_channels().values().next().copied();
    let (report, error) = match read {
        Ok(report) => (report, None),
        Err(error) => (error.report().cloned().unwrap_or_default(), Some(error)),
    };
    FileOutcome { path, report, error, out_of_scope }
}

fn read_events(
    path: &Path,
    sorter: &mut EventFilter<'_>,
    sender: &mpsc::Sender<WriteBatch>,
    progress: &ProgressReporter,
) -> Result<FileReport, ImportError> {
    let read = Arc::new(AtomicU64::new(0));
    let mut export = import::open(path, Arc::clone(&read))?;
    let mut reported = 0;
    while let Some(event) = export.next_event()? {
        sorter.add_event(event);
        if sorter.messages() >= BATCH {
            send(sender, sorter.batch());
        }
        let now = read.load(Ordering::Relaxed);
        progress.advance(now - reported);
        reported = now;
    }
    progress.advance(read.load(Ordering::Relaxed) - reported);
    Ok(export.into_report())
}

/// Hands a batch on. The receiver is gone only after an error of the store, which ends all.
fn send(sender: &mpsc::Sender<WriteBatch>, batch: WriteBatch) {
    let _ = sender.blocking_send(batch);
}
