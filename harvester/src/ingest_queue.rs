//! The bounded queue between sources and the store: live events go before history.

use indexer::store::{ChannelProgress, QuarantinedPayload};
use tokio::sync::{mpsc, oneshot};

use crate::event::ChatEvent;

/// What is queued together is stored together, in one transaction.
#[derive(Debug, Default)]
pub struct IngestItem {
    pub events: Vec<ChatEvent>,
    /// How far channels have been read once the events are stored.
    pub reading: Vec<ChannelProgress>,
    pub quarantined: Vec<QuarantinedPayload>,
}

/// The live queue is full: the caller marks the channels as gapped and reads them again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the ingest queue is full")]
pub struct QueueFull;

/// The receiver has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the daemon is stopping")]
pub struct QueueClosed;

/// Live items waiting to be stored, at most.
const LIVE: usize = 10_000;
/// History items waiting to be stored, at most: each holds up to a few pages of messages.
const HISTORY: usize = 8;

/// The sending end.
#[derive(Debug, Clone)]
pub struct IngestQueue {
    live: mpsc::Sender<IngestItem>,
    history: mpsc::Sender<(IngestItem, oneshot::Sender<()>)>,
}

/// The receiving end.
#[derive(Debug)]
pub struct IngestReceiver {
    live: mpsc::Receiver<IngestItem>,
    history: mpsc::Receiver<(IngestItem, oneshot::Sender<()>)>,
}

/// Items to be stored now, and the senders to notify afterwards.
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
    /// Queues a live event. Never waits.
    pub fn push_live(&self, delivery: IngestItem) -> Result<(), QueueFull> {
        self.live.try_send(delivery).map_err(|_| QueueFull)
    }

    /// Queues history; returns once it is stored.
    pub async fn push_history(&self, delivery: IngestItem) -> Result<(), QueueClosed> {
        let (stored, wait) = oneshot::channel();
        self.history.send((delivery, stored)).await.map_err(|_| QueueClosed)?;
        wait.await.map_err(|_| QueueClosed)
    }

    /// Observes the queue without keeping it open.
    pub fn gauge(&self) -> QueueDepth {
        QueueDepth(self.live.downgrade())
    }
}

/// The depth of the live queue.
#[derive(Debug, Clone)]
pub struct QueueDepth(mpsc::WeakSender<IngestItem>);

impl QueueDepth {
    /// How many live items wait to be stored.
    pub fn waiting(&self) -> usize {
        self.0.upgrade().map_or(0, |live| LIVE - live.capacity())
    }
}

impl IngestReceiver {
    /// Waits for items to store: live ones first, at most `limit` at once. `None` once every sender is
    /// gone.
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

    /// Notifies the senders that all of it is stored.
    pub fn acknowledge(self) {
        for stored in self.stored {
            let _ = stored.send(());
        }
    }
}
