//! What a daemon process needs.

use std::path::PathBuf;
use std::sync::Arc;

use indexer::encoder::SentenceEncoder;
use indexer::store::Store;
use rules::config::ruleset::Ruleset;
use rules::publish::pseudonym::AuthorNaming;

use crate::config::Config;

/// What a daemon needs to start.
pub struct Daemon {
    pub data: PathBuf,
    pub config: Config,
    pub rules: Arc<Ruleset>,
    pub store: Store,
    pub naming: AuthorNaming,
    /// What reads questions and answers for their meaning. Optional.
    pub encoder: Option<Arc<SentenceEncoder>>,
    /// Identifies this process in leases and claims.
    pub owner: String,
}
