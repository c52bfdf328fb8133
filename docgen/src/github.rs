//! GitHub as forge. octocrab carries the requests; its types stay in this folder.
//!
//! Invariant: every call may be repeated: observe everything, decide purely, then take one step.

pub mod auth;
pub mod client;
pub mod code_owners;
pub mod comment_commands;
pub mod dashboard;
pub mod doctor;
pub mod execute;
pub mod git;
pub mod issue_api;
mod issue_state;
pub mod models;
pub mod onboarding;
pub mod rate_limit;
mod releases;
pub mod status_comment;
pub mod triage_issues;
pub mod webhook;
