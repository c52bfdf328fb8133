//! Where a source hands in what it saw: bounded, the live before the old.

use indexer::store::{Quarantined, Reading};
use tokio::sync::{mpsc, oneshot};

use crate::event::ChatEvent;

/// What is handed in together is stored together, in one transaction.
#[derive(Debug, Default)]
pub struct Delivery {
    pub events: Vec<ChatEvent>,
    /// How far channels have been read once the events are stored.
    pub reading: Vec<Reading>,
    pub quarantined: Vec<Quarantined>,
}

/// The queue of live deliveries is full: the caller marks the channels as gapped and reads them again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("what happens live comes faster than it can be stored")]
pub struct Full;

/// Nobody takes deliveries any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the daemon is stopping")]
pub struct Stopped;

/// Live deliveries waiting to be stored, at most.
const LIVE: usize = 10_000;
/// Deliveries of history waiting to be stored, at most: each is up to some pages of messages.
const HISTORY: usize = 8;

/// The sources' end.
#[derive(Debug, Clone)]
pub struct Feed {
    live: mpsc::Sender<Delivery>,
    history: mpsc::Sender<(Delivery, oneshot::Sender<()>)>,
}

/// The pipeline's end.
#[derive(Debug)]
pub struct Deliveries {
    live: mpsc::Receiver<Delivery>,
    history: mpsc::Receiver<(Delivery, oneshot::Sender<()>)>,
}

/// Deliveries to be stored now, and whom to tell when they are.
#[derive(Debug, Default)]
pub struct Taken {
    pub deliveries: Vec<Delivery>,
    stored: Vec<oneshot::Sender<()>>,
}

/// The two ends of a new queue.
pub fn feed() -> (Feed, Deliveries) {
    let (live, live_end) = mpsc::channel(LIVE);
    let (history, history_end) = mpsc::channel(HISTORY);
    (Feed { live, history }, Deliveries { live: live_end, history: history_end })
}

impl Feed {
    /// Hands in what just happened. Never waits.
    pub fn live(&self, delivery: Delivery) -> Result<(), Full> {
        self.live.try_send(delivery).map_err(|_| Full)
    }

    /// Hands in what was read of the past; returns once it is stored.
    pub async fn history(&self, delivery: Delivery) -> Result<(), Stopped> {
        let (stored, wait) = oneshot::channel();
        self.history.send((delivery, stored)).await.map_err(|_| Stopped)?;
        wait.await.map_err(|_| Stopped)
    }

    /// Watches the queue without being one of its sources.
    pub fn gauge(&self) -> Gauge {
        Gauge(self.live.downgrade())
    }
}

/// Tells how full the live queue is.
#[derive(Debug, Clone)]
pub struct Gauge(mpsc::WeakSender<Delivery>);

impl Gauge {
    /// How many live deliveries wait to be stored.
    pub fn waiting(&self) -> usize {
        self.0.upgrade().map_or(0, |live| LIVE - live.capacity())
    }
}

impl Deliveries {
    /// Waits for something to store: what is live goes first, at most `limit` deliveries at once.
    /// `None` once nobody can hand in anything any more.
    pub async fn take(&mut self, limit: usize) -> Option<Taken> {
        let mut taken = Taken::default();
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

impl Taken {
    fn push(&mut self, (delivery, stored): (Delivery, oneshot::Sender<()>)) {
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
