pub(crate) mod actions;
pub(crate) mod discord_api;
pub(crate) mod facts;
pub(crate) mod flow;
pub(crate) mod notices;
