//! What a round did, for whoever asked for it.

use std::collections::BTreeMap;

use docgen::pull_request::limits::DeadlineStatus;
use rules::model::ids::ClusterId;
use serde::Serialize;

/// All that came of a round.
#[derive(Debug, Default, Serialize)]
pub struct RoundReport {
    /// What the repository allows, in a sentence.
    pub stage: String,
    pub lines: Vec<RoundItem>,
    /// How many questions stand on the dashboard with their clock at what.
    pub clocks: BTreeMap<DeadlineStatus, u64>,
    /// What the operator should know.
    pub notes: Vec<String>,
}

/// What became of one question.
#[derive(Debug, Clone, Serialize)]
pub struct RoundItem {
    pub cluster: ClusterId,
    pub outcome: String,
    pub number: Option<u64>,
    pub title: String,
}

impl RoundReport {
    pub(crate) fn tell(
        &mut self,
        cluster: &ClusterId,
        outcome: impl Into<String>,
        number: Option<u64>,
        title: &str,
    ) {
        let (cluster, title) = (cluster.clone(), title.to_owned());
        self.lines.push(RoundItem { cluster, outcome: outcome.into(), number, title });
    }
}
