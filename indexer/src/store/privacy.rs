pub(crate) mod consents;
pub(crate) mod erasure;
pub(crate) mod opt_outs;
pub(crate) mod personal_data;
mod quotes;
