//! Waits for what is not available yet, until the stop.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use indexer::encoder::SentenceEncoder;
use indexer::search::Searcher;
use tokio::sync::watch;

/// Between two attempts at something that is not available yet.
const RETRY: Duration = Duration::from_millis(500);
/// Opens indexes for searching, by meaning too where there is an encoder, once the leader has created them; `None` if
/// the stop came first.
pub(super) async fn open_searchers(
    indexes: &[PathBuf],
    encoder: Option<&Arc<SentenceEncoder>>,
    stopping: &mut watch::Receiver<bool>,
) -> Option<Vec<Searcher>> {
    let mut searchers = Vec::new();
    for index in indexes {
        let searcher = open_searcher(index, stopping).await?;
        searchers.push(searcher.with_encoder(encoder.cloned()));
    }
    Some(searchers)
}

async fn open_searcher(index: &Path, stopping: &mut watch::Receiver<bool>) -> Option<Searcher> {
    while !*stopping.borrow() {
        if let Ok(searcher) = Searcher::open(index) {
            return Some(searcher);
        }
        pause(stopping).await;
    }
    None
}

pub(super) async fn pause(stopping: &mut watch::Receiver<bool>) {
    tokio::select! {
        () = tokio::time::sleep(RETRY) => {}
        _ = stopping.changed() => {}
    }
}
