//! The report of a round.

use std::collections::BTreeMap;

use docgen::github::reconcile::ReconcileOutcome;
use docgen::pull_request::limits::DeadlineStatus;
use rules::model::ids::ClusterId;
use serde::Serialize;

/// What a round did.
#[derive(Debug, Default, Serialize)]
pub struct RoundReport {
    /// What the repository allows, in a sentence.
    pub stage: String,
    pub lines: Vec<RoundItem>,
    /// Questions on the dashboard by deadline status.
    #[serde(rename = "clocks")]
    pub deadlines: BTreeMap<DeadlineStatus, u64>,
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
    pub(crate) fn add_line(
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

/// An outcome in a few words.
pub(crate) fn describe_outcome(outcome: &ReconcileOutcome) -> String {
    match outcome {
        ReconcileOutcome::Open { conflict: true, .. } => "open, conflicts with its base".to_owned(),
        ReconcileOutcome::Open { .. } => "open".to_owned(),
        ReconcileOutcome::HandsOff { why, .. } => format!("hands off: {why}"),
        ReconcileOutcome::Rejected { .. } => "rejected".to_owned(),
        ReconcileOutcome::Superseded { .. } => "superseded".to_owned(),
        ReconcileOutcome::Withdrawn => "withdrawn".to_owned(),
        ReconcileOutcome::Merged { .. } => "merged".to_owned(),
        ReconcileOutcome::Nothing => "already documented".to_owned(),
    }
}
