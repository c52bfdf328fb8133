//! Where a source hands in what it saw: bounded, the live before the old.

use indexer::store::{ChannelProgress, QuarantinedPayload};
use tokio::sync::{mpsc, oneshot};

use crate::event::ChatEvent;

/// What is handed in together is stored together, in one transaction.
#[derive(Debug, Default)]
pub struct IngestItem {
    pub events: Vec<ChatEvent>,
    /// How far channels have been read once the events are stored.
    pub reading: Vec<ChannelProgress>,
    pub quarantined: Vec<QuarantinedPayload>,
}

/// The queue of live deliveries is full: the caller marks the channels as gapped and reads them again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("what happens live comes faster than it can be stored")]
pub struct QueueFull;

/// Nobody takes deliveries any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the daemon is stopping")]
pub struct QueueClosed;

/// Live deliveries waiting to be stored, at most.
const LIVE: usize = 10_000;
/// Deliveries of history waiting to be stored, at most: each is up to some pages of messages.
const HISTORY: usize = 8;

/// The sources' end.
#[derive(Debug, Clone)]
pub struct IngestQueue {
    live: mpsc::Sender<IngestItem>,
    history: mpsc::Sender<(IngestItem, oneshot::Sender<()>)>,
}

/// The pipeline's end.
#[derive(Debug)]
pub struct IngestReceiver {
    live: mpsc::Receiver<IngestItem>,
    history: mpsc::Receiver<(IngestItem, oneshot::Sender<()>)>,
}

/// Deliveries to be stored now, and whom to tell when they are.
#[derive(Debug, Default)]
pub struct PendingAck {
    pub deliveries: Vec<IngestItem>,
    stored: Vec<oneshot::Sender<()>>,
}

/// The two ends of a new queue.
pub fn ingest_queue() -> (IngestQueue, IngestReceiver) {
    let (live, live_end) = mpsc::channel(LIVE);
    let (history, history_end) = mpsc::channel(HISTORY);
    (IngestQueue { live, history }, IngestReceiver { live: live_end, history: history_end })
}

impl IngestQueue {
    /// Hands in what just happened. Never waits.
    pub fn push_live(&self, delivery: IngestItem) -> Result<(), QueueFull> {
        self.live.try_send(delivery).map_err(|_| QueueFull)
    }

    /// Hands in what was read of the past; returns once it is stored.
    pub async fn push_history(&self, delivery: IngestItem) -> Result<(), QueueClosed> {
        let (stored, wait) = oneshot::channel();
        self.history.send((delivery, stored)).await.map_err(|_| QueueClosed)?;
        wait.await.map_err(|_| QueueClosed)
    }

    /// Watches the queue without being one of its sources.
    pub fn gauge(&self) -> QueueDepth {
        QueueDepth(self.live.downgrade())
    }
}

/// Tells how full the live queue is.
#[derive(Debug, Clone)]
pub struct QueueDepth(mpsc::WeakSender<IngestItem>);

impl QueueDepth {
    /// How many live deliveries wait to be stored.
    pub fn waiting(&self) -> usize {
        self.0.upgrade().map_or(0, |live| LIVE - live.capacity())
    }
}

impl IngestReceiver {
    /// Waits for something to store: what is live goes first, at most `limit` deliveries at once.
    /// `None` once nobody can hand in anything any more.
    pub async fn next_batches(&mut self, limit: usize) -> Option<PendingAck> {
        let mut taken = PendingAck::default();
        tokio::select! {
            biased;
            count = self.live.recv_many(&mut taken.deliveries, limit) => {
                // Both queues have the same senders: there are none left.
                if count == 0 {
                    taken.push(self.history.recv().await?);
                }
            }
            one = self.history.recv() => taken.push(one?),
        }
        Some(taken)
    }
}

impl PendingAck {
    fn push(&mut self, (delivery, stored): (IngestItem, oneshot::Sender<()>)) {
        self.deliveries.push(delivery);
        self.stored.push(stored);
    }

    /// Tells the sources that all of it is stored. One that is gone needs no word.
    pub fn acknowledge(self) {
        for stored in self.stored {
            let _ = stored.send(());
        }
    }
}
