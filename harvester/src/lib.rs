//! The Discord connector, importers, the daemon and the command line.

pub mod clock;
pub mod commands;
pub mod config;
pub mod daemon;
pub mod discord;
mod error_chain;
pub mod event;
pub mod import;
pub mod ingest_queue;
mod link_check;
pub mod logging;
pub mod pipeline;
pub mod process_limits;
pub mod progress;
pub mod proposals;
pub mod setup;
pub mod wire;
