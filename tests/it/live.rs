//! The daemon on a server: what people say and do there, and what it makes of it.

mod catching_up;
mod channels;
mod daemon;
mod deeds;
mod desk;
mod forgetting;
mod mixes;
mod odd;
mod offline;
mod reach;
mod refusals;
pub(crate) mod scene;
mod suggesting;
mod weather;
