//! The Discord connector: receives and reads messages as events, and answers interactions.

mod backfill;
pub(crate) mod briefing_message;
pub mod catch_up;
mod channel_catch_up;
pub mod gateway;
pub mod guild_view;
pub mod interactions;
pub(crate) mod members;
mod message_pages;
mod rate_limit;
mod recheck;
pub mod rest;
pub mod server_survey;
mod threads;
