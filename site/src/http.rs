pub(crate) mod assets;
pub(crate) mod error;
pub(crate) mod guard;
pub(crate) mod health;
pub(crate) mod metrics;
pub(crate) mod params;
pub(crate) mod templates;
pub mod webhooks;
