//! The indexes of one data directory, by whichever process holds its lock: they follow the store's feed, and what was
//! deleted leaves their files.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use indexer::search::writer::{IndexWriter, WriteError};
use indexer::store::{PurgeState, Store, WriteLock};
use rules::config::ruleset::Ruleset;

use super::error::PipelineError;
use super::following_index::{FollowingIndex, remove_folder};

/// The directories of pages and of proposals that were written for people to read.
pub const DRAFTS: &str = "drafts";
pub const PROPOSALS: &str = "proposals";

/// While it exists, no other process writes the indexes.
pub struct IndexFollower {
    store: Store,
    rules: Arc<Ruleset>,
    data: PathBuf,
    /// The index of everything.
    whole: FollowingIndex,
    workspaces: Vec<FollowingIndex>,
    _lock: WriteLock,
}

impl IndexFollower {
    pub fn open(
        store: Store,
        lock: WriteLock,
        data: &Path,
        rules: Arc<Ruleset>,
    ) -> Result<Self, PipelineError> {
        let whole = FollowingIndex::open_whole(data)?;
        let workspaces = FollowingIndex::open_workspaces(data, &rules.workspaces)?;
        Ok(Self { store, rules, data: data.to_owned(), whole, workspaces, _lock: lock })
    }

    /// The index of everything.
    pub(super) fn writer(&self) -> &IndexWriter {
        self.whole.writer()
    }

    /// Has every index follow the store; returns how many documents the one of everything wrote.
    pub async fn follow(&mut self) -> Result<usize, PipelineError> {
        let newest = self.store.newest_change().await?;
        for index in &mut self.workspaces {
            index.follow(&self.store, &self.rules, newest).await?;
        }
        self.whole.follow(&self.store, &self.rules, newest).await
    }

    /// Empties the indexes and builds them from the store.
    pub(super) async fn build(&mut self) -> Result<usize, PipelineError> {
        let newest = self.store.newest_change().await?;
        for index in &mut self.workspaces {
            index.build(&self.store, &self.rules, newest).await?;
        }
        self.whole.build(&self.store, &self.rules, newest).await
    }

    /// Whether an index may have files with words that were deleted.
    pub fn is_purge_due(&self, state: PurgeState) -> bool {
        self.all().any(|index| index.writer().purged() < state.due)
    }

    /// Removes the text of what was deleted from the files of the indexes, and the drafts and proposals on disk,
    /// which can be written again, as a whole. `state` is from before the indexes followed the feed. While
    /// another process holds the lock of an index, or verdicts still quote what was deleted, the purge stays due.
    pub fn purge(&mut self, state: PurgeState) -> Result<(), PipelineError> {
        let purged = tokio::task::block_in_place(|| {
            for index in self.workspaces.iter_mut().chain([&mut self.whole]) {
                index.purge(state)?;
            }
            for derived in [DRAFTS, PROPOSALS] {
                remove_folder(&self.data.join(derived))?;
            }
            Ok(())
        });
        match purged {
            // The writer ends for a purge and begins anew: a process that is being started holds its lock on until it
            // runs its own program. The purge stays due.
            Err(PipelineError::Index(WriteError::Locked(directory))) => {
                tracing::warn!(index = %directory.display(), "the index is locked: deleted text is purged at the next pass");
                Ok(())
            }
            purged => purged,
        }
    }

    fn all(&self) -> impl Iterator<Item = &FollowingIndex> {
        self.workspaces.iter().chain([&self.whole])
    }
}
