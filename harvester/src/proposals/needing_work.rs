//! The merged pages that need work, as they were last found.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rules::model::ids::ClusterId;

/// Why each of them does, by question.
#[derive(Clone)]
pub struct PagesNeedingWork {
    pub(super) found: Timestamp,
    pub(super) notes: BTreeMap<ClusterId, String>,
}
