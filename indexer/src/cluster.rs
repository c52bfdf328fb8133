pub(crate) mod candidates;
pub mod grouping;
pub(crate) mod linkage;
pub mod recluster;
pub(crate) mod splitting;
pub(crate) mod workspace_partition;
