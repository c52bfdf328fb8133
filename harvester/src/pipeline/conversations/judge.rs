//! What the analysis of a channel needs.

use std::collections::BTreeSet;
use std::sync::Arc;

use indexer::store::Store;
use rules::config::ruleset::Ruleset;
use rules::model::ids::UserId;
use tokio::runtime::Handle;

use crate::progress::ProgressReporter;

/// Analyses one channel. Its calls block.
pub(in crate::pipeline) struct ChannelJudge {
    pub(in crate::pipeline) store: Store,
    pub(in crate::pipeline) rules: Arc<Ruleset>,
    pub(in crate::pipeline) trusted: Arc<BTreeSet<UserId>>,
    pub(in crate::pipeline) progress: ProgressReporter,
    pub(in crate::pipeline) runtime: Handle,
}
