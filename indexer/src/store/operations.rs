pub(crate) mod audit;
pub(crate) mod counts;
pub(crate) mod daemon_status;
pub(crate) mod leases;
pub(crate) mod live_counts;
pub(crate) mod purge;
pub(crate) mod releases;
pub(crate) mod settings;
