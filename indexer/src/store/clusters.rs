pub(crate) mod backlog;
pub(crate) mod cluster_rows;
pub(crate) mod index_changes;
pub(crate) mod likeness;
pub(crate) mod merged_answers;
pub(crate) mod regroup_rows;
pub(crate) mod suggestions;
pub(crate) mod workspace_members;
