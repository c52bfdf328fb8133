use std::io;
use std::path::PathBuf;

use indexer::search::writer::WriteError;
use indexer::store::StoreError;

#[derive(Debug, thiserror::Error)]
pub enum PipelineError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Index(#[from] WriteError),
    #[error("cannot read random numbers from the system")]
    Random(#[from] getrandom::Error),
    #[error("cannot remove {}", path.display())]
    Remove { path: PathBuf, source: io::Error },
}
