//! The product as people meet it: exports go in, commands run, and what they say and leave is checked.

#![expect(clippy::unwrap_used, reason = "a story that cannot go on is a failed test")]

mod backups;
mod catching_up;
mod damage;
mod deletions;
mod demo;
mod doctor;
mod exports;
mod fake_discord;
mod fake_github;
mod forge;
mod fuzzing;
mod incremental_cost;
mod index;
mod live;
mod meaning;
mod processes;
mod proposals;
mod proposing;
mod reports;
mod retention;
mod returning_askers;
mod safety;
mod same_state;
mod sandbox;
mod searching;
mod serve;
mod server_store;
mod setting_up;
mod store;
mod tidy;
mod workspaces;
