//! Stand-ins for the services that the product talks to, for whole-system tests.

#![expect(clippy::unwrap_used, reason = "a stand-in that cannot go on is a failed test")]

pub mod discord;
pub mod github;
mod glob;
mod loopback;
pub mod network_link;
pub mod postgres;
