//! Discord: what it tells becomes events, and what is decided elsewhere is done there.

mod backfill;
pub mod catch_up;
pub mod gateway;
pub mod guild_view;
pub mod interactions;
mod members;
mod message_pages;
mod rate_limit;
mod recheck;
pub mod rest;
mod threads;
