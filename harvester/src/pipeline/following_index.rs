//! The indexes of a data directory, each of which follows the store's changes: one of everything, and one for
//! each workspace, so that no score, spelling or count of one depends on words of another.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use indexer::encoder::ModelTag;
use indexer::search::document::{ClusterDocument, TextVectors};
use indexer::search::writer::IndexWriter;
use indexer::store::{PurgeState, Store};
use rules::config::ruleset::Ruleset;
use rules::model::cluster::Cluster;
use rules::model::ids::ClusterId;
use rules::model::workspace::{WorkspaceId, Workspaces};

use super::error::PipelineError;
use crate::progress::{ProgressReporter, Unit};

/// The directory of the index of everything inside a data directory.
pub const INDEX: &str = "index";
/// The directory of the workspaces' indexes.
pub const WORKSPACE_INDEXES: &str = "index-workspaces";

/// Documents written between two commits of the index.
const DOCUMENTS_A_COMMIT: u32 = 5_000;

/// The directory of the index of each workspace. It is named after the whole division: a channel that moves
/// to another workspace leaves no word in an index that goes on being used.
pub fn workspace_indexes(data: &Path, workspaces: &Workspaces) -> Vec<PathBuf> {
    if !workspaces.is_divided() {
        return vec![data.join(INDEX)];
    }
    let folder = data.join(WORKSPACE_INDEXES).join(workspaces.digest());
    workspaces.all().into_iter().map(|(_, name)| folder.join(name)).collect()
}

pub(super) struct FollowingIndex {
    writer: IndexWriter,
    /// `None` for the index of everything.
    workspace: Option<WorkspaceId>,
}

impl FollowingIndex {
    /// The index of everything.
    pub(super) fn open_whole(data: &Path) -> Result<Self, PipelineError> {
        Ok(Self { writer: IndexWriter::open(&data.join(INDEX))?, workspace: None })
    }

    /// The indexes of the workspaces; none where nothing is divided. Removes those of an earlier division.
    pub(super) fn open_workspaces(
        data: &Path,
        workspaces: &Workspaces,
    ) -> Result<Vec<Self>, PipelineError> {
        let folder = data.join(WORKSPACE_INDEXES);
        if !workspaces.is_divided() {
            remove_folder(&folder)?;
            return Ok(Vec::new());
        }
        remove_others(&folder, &workspaces.digest())?;
        let ids = workspaces.all().into_iter().map(|(id, _)| id);
        let directories = ids.zip(workspace_indexes(data, workspaces));
        let open = |(id, directory): (WorkspaceId, PathBuf)| {
            Ok(Self { writer: IndexWriter::open(&directory)?, workspace: Some(id) })
        };
        directories.map(open).collect()
    }

    pub(super) fn writer(&self) -> &IndexWriter {
        &self.writer
    }

    /// Takes deleted words out of the files, and notes that, unless verdicts still quote some.
    pub(super) fn purge(&mut self, state: PurgeState) -> Result<(), PipelineError> {
        self.writer.purge()?;
        if !state.quoted && self.writer.purged() < state.due {
            self.writer.record_purged(state.due)?;
        }
        Ok(())
    }

    /// Writes the documents of changed clusters until the index is where the store is. An index without a
    /// place, or with one that the store never gave, is built anew.
    pub(super) async fn follow(
        &mut self,
        store: &Store,
        rules: &Ruleset,
        newest: i64,
    ) -> Result<usize, PipelineError> {
        match self.writer.cursor() {
            Some(place) if place == newest => Ok(0),
            Some(place) if place < newest => self.follow_from(store, rules, place).await,
            _ => self.build(store, rules, newest).await,
        }
    }

    /// Empties the index and builds it from the store.
    pub(super) async fn build(
        &mut self,
        store: &Store,
        rules: &Ruleset,
        newest: i64,
    ) -> Result<usize, PipelineError> {
        let ids = store.cluster_ids().await?;
        let progress = ProgressReporter::start("indexing answers", Unit::Items, ids.len() as u64);
        self.writer.clear()?;
        for chunk in ids.chunks(DOCUMENTS_A_COMMIT as usize) {
            self.write(store, rules, chunk).await?;
            progress.advance(chunk.len() as u64);
        }
        tokio::task::block_in_place(|| self.writer.commit(newest))?;
        progress.finish();
        Ok(ids.len())
    }

    async fn follow_from(
        &mut self,
        store: &Store,
        rules: &Ruleset,
        mut place: i64,
    ) -> Result<usize, PipelineError> {
        let mut written = 0;
        loop {
            let changes = store.changes_after(place, DOCUMENTS_A_COMMIT).await?;
            let Some(last) = changes.last() else { break };
            place = last.seq;
            let ids = changes.into_iter().map(|change| change.cluster).collect::<BTreeSet<_>>();
            written += self.write(store, rules, &ids.into_iter().collect::<Vec<_>>()).await?;
            tokio::task::block_in_place(|| self.writer.commit(place))?;
        }
        Ok(written)
    }

    async fn write(
        &mut self,
        store: &Store,
        rules: &Ruleset,
        ids: &[ClusterId],
    ) -> Result<usize, PipelineError> {
        for ids in ids.chunks(500) {
            let mut clusters = store.clusters_with(ids).await?;
            if let Some(workspace) = self.workspace {
                clusters = store.within(clusters, &rules.workspaces, workspace).await?;
            }
            let vectors = vectors_of(store, &clusters).await?;
            let documents =
                clusters.iter().flat_map(|one| ClusterDocument::with_vectors(one, &vectors));
            let documents = documents.collect::<Vec<_>>();
            tokio::task::block_in_place(|| {
                self.writer.remove(ids)?;
                self.writer.replace(&documents)
            })?;
        }
        Ok(ids.len())
    }
}

/// What the sentence encoder made of the questions in these clusters; nothing without one.
async fn vectors_of(store: &Store, clusters: &[Cluster]) -> Result<TextVectors, PipelineError> {
    let Some(digest) = store.encoder().await? else { return Ok(TextVectors::default()) };
    let occurrences = clusters.iter().flat_map(|cluster| &cluster.occurrences);
    let questions = occurrences.map(|one| one.question.message).collect();
    let texts = store.embeddings_of(&questions).await?;
    Ok(TextVectors { tag: Some(ModelTag::of(&digest)), texts })
}

/// Removes what is in a folder but the one entry of this name. The folder may be missing.
fn remove_others(folder: &Path, kept: &str) -> Result<(), PipelineError> {
    let failed = |source| PipelineError::Remove { path: folder.to_owned(), source };
    let entries = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        entries => entries.map_err(failed)?,
    };
    for entry in entries {
        let entry = entry.map_err(failed)?;
        if entry.file_name() != kept {
            remove_folder(&entry.path())?;
        }
    }
    Ok(())
}

/// Removes a folder, which may be missing.
pub(super) fn remove_folder(path: &Path) -> Result<(), PipelineError> {
    match std::fs::remove_dir_all(path) {
        Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
            Err(PipelineError::Remove { path: path.to_owned(), source })
        }
        _ => Ok(()),
    }
}
