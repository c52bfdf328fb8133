//! What a daemon process needs.

use std::path::PathBuf;
use std::sync::Arc;

use indexer::encoder::SentenceEncoder;
use indexer::store::{ProcessLock, Store};
use rules::config::ruleset::Ruleset;
use rules::publish::pseudonym::AuthorNaming;

use super::roles::ProcessRoles;
use crate::config::Config;

/// What a daemon needs to start.
pub struct Daemon {
    pub data: PathBuf,
    pub config: Config,
    pub roles: ProcessRoles,
    pub rules: Arc<Ruleset>,
    pub store: Store,
    pub naming: AuthorNaming,
    /// What reads questions and answers for their meaning. Optional.
    pub encoder: Option<Arc<SentenceEncoder>>,
    /// Identifies this process in leases and claims, and shows others that it lives.
    pub process: ProcessLock,
}

impl Daemon {
    /// The name of this process in leases and claims.
    pub(super) fn owner(&self) -> String {
        self.process.owner().to_owned()
    }
}
