pub(crate) mod searcher_refresh;
pub(crate) mod store_counts;
