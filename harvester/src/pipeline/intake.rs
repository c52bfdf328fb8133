//! Events of a source become stored messages: in scope, redacted, in batches.

use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use indexer::store::{Applied, Batch, Store, StoreError};
use rules::ids::ChannelId;
use rules::message::Message;
use rules::ruleset::Ruleset;
use rules::safety::redact;
use rules::scope::OutOfScope;
use tokio::sync::mpsc;

use crate::event::ChatEvent;
use crate::import::{self, error::ImportError, report::FileReport};
use crate::progress::Progress;

/// Messages stored in one transaction.
const BATCH: usize = 2_000;
/// Batches read ahead while one is being stored.
const AHEAD: usize = 4;

/// Takes in what a source says.
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
    pub(super) fn new(store: Store, rules: Arc<Ruleset>) -> Self {
        Self { store, rules }
    }

    /// Reads export files in their order and stores what is in scope. A file that breaks off keeps
    /// what came before the break; the others are read all the same.
    pub async fn files(
        self,
        paths: Vec<PathBuf>,
        progress: &Progress,
    ) -> Result<IntakeReport, StoreError> {
        let (sender, mut batches) = mpsc::channel(AHEAD);
        let (rules, bar) = (self.rules, progress.clone());
        let reading = tokio::task::spawn_blocking(move || {
            paths.into_iter().map(|path| read_file(path, &rules, &sender, &bar)).collect::<Vec<_>>()
        });
        let mut report = IntakeReport::default();
        while let Some(batch) = batches.recv().await {
            let Applied { added, updated, unchanged } = self.store.apply(&batch).await?;
            report.applied.added += added;
            report.applied.updated += updated;
            report.applied.unchanged += unchanged;
        }
        report.files = reading.await.expect("reading neither panics nor is cancelled");
        Ok(report)
    }
}

fn read_file(
    path: PathBuf,
    rules: &Ruleset,
    sender: &mpsc::Sender<Batch>,
    progress: &Progress,
) -> FileOutcome {
    let mut sorter = Sorter { rules, sender, batch: Batch::default(), barred: None };
    let read = read_events(&path, &mut sorter, progress);
    sorter.send();
    let out_of_scope = sorter.barred.map(|(_, why)| why);
    let (report, error) = match read {
        Ok(report) => (report, None),
        Err(error) => (error.report().cloned().unwrap_or_default(), Some(error)),
    };
    FileOutcome { path, report, error, out_of_scope }
}

fn read_events(
    path: &Path,
    sorter: &mut Sorter<'_>,
    progress: &Progress,
) -> Result<FileReport, ImportError> {
    let read = Arc::new(AtomicU64::new(0));
    let mut export = import::open(path, Arc::clone(&read))?;
    let mut told = 0;
    while let Some(event) = export.next_event()? {
        sorter.take(event);
        let now = read.load(Ordering::Relaxed);
        progress.advance(now - told);
        told = now;
    }
    progress.advance(read.load(Ordering::Relaxed) - told);
    Ok(export.into_report())
}

/// Bars what is out of scope, redacts the rest and fills batches with it.
struct Sorter<'s> {
    rules: &'s Ruleset,
    sender: &'s mpsc::Sender<Batch>,
    batch: Batch,
    barred: Option<(ChannelId, OutOfScope)>,
}

impl Sorter<'_> {
    fn take(&mut self, event: ChatEvent) {
        match event {
            ChatEvent::ChannelSeen(channel, observed) => match self.rules.scope.covers(&channel) {
                Ok(()) => self.batch.channels.push((channel, observed)),
                Err(why) => self.barred = Some((channel.id, why)),
            },
            ChatEvent::Posted(message, observed) => {
                if self.barred.is_some_and(|(channel, _)| channel == message.channel) {
                    return;
                }
                self.batch.messages.push((self.redacted(message), observed));
                if self.batch.messages.len() >= BATCH {
                    self.send();
                }
            }
        }
    }

    fn redacted(&self, mut message: Message) -> Message {
        let safety = &self.rules.safety;
        for text in [Some(&mut message.text), message.forwarded.as_mut()].into_iter().flatten() {
            if let Cow::Owned(redacted) = redact(text, safety) {
                *text = redacted;
            }
        }
        message
    }

    /// Hands the batch on. The receiver is gone only after an error of the store, which ends all.
    fn send(&mut self) {
        let batch = std::mem::take(&mut self.batch);
        if !(batch.messages.is_empty() && batch.channels.is_empty()) {
            let _ = self.sender.blocking_send(batch);
        }
    }
}
