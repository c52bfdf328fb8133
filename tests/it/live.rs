//! The daemon on a server: what people say and do there, and what it makes of it.

mod answer_marking;
mod bot_commands;
mod briefing_posting;
mod catching_up;
mod channels;
mod communities;
mod connection_log;
mod daemon;
pub(crate) mod discord_fixture;
mod fact_warnings;
mod forgetting;
mod malformed_payloads;
mod mixes;
mod network_faults;
mod newcomers;
mod notices;
mod official_facts;
mod offline;
mod postgres_faults;
mod refusals;
mod replicas;
mod roles;
mod scope_and_status;
mod suggesting;
