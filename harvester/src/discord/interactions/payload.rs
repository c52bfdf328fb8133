pub(crate) mod command_definitions;
pub(crate) mod custom_id;
pub(crate) mod interaction;
