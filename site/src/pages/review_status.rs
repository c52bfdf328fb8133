//! Whether maintainers have merged an answer, in one word.

use rules::model::cluster::Cluster;
use serde::Serialize;
use utoipa::ToSchema;

/// Whether maintainers have merged an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ReviewStatus {
    #[serde(rename = "known")]
    Reviewed,
    Unreviewed,
}

impl ReviewStatus {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Reviewed => "known",
            Self::Unreviewed => "unreviewed",
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        [Self::Reviewed, Self::Unreviewed].into_iter().find(|status| status.as_str() == text)
    }
}

impl From<&Cluster> for ReviewStatus {
    fn from(cluster: &Cluster) -> Self {
        if cluster.has_merged_answer() { Self::Reviewed } else { Self::Unreviewed }
    }
}

#[cfg(test)]
mod tests {
    use rules::model::cluster::ClusterState;

    use super::*;
    use crate::test_support::{cluster, occurrence};

    #[test]
    fn only_merged_answers_are_known() {
        let mut cluster = cluster(vec![occurrence(1, "Where is the port?", "In the file.")]);
        for state in ClusterState::ALL {
            cluster.state = state;
            let known = ReviewStatus::from(&cluster) == ReviewStatus::Reviewed;
            assert_eq!(known, state == ClusterState::Merged);
        }
        assert_eq!(ReviewStatus::parse("known"), Some(ReviewStatus::Reviewed));
        assert_eq!(ReviewStatus::parse("Known"), None);
    }
}
