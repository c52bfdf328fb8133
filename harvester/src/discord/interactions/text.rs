pub(crate) mod escape;
pub(crate) mod language;
pub(crate) mod messages;
pub(crate) mod reply;
