//! GitHub as forge. octocrab carries the requests; its types stay in this folder.
//!
//! Invariant: every call may be repeated. We look, decide purely, and then do one thing.

pub mod auth;
pub mod commands;
pub mod dashboard;
pub mod ensure;
pub mod examine;
pub mod git;
pub mod limits;
pub mod marker;
pub mod models;
pub mod onboarding;
pub mod say;
pub mod status;
pub mod transport;
pub mod wanted;
pub mod webhook;
