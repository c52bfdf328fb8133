pub(crate) mod pattern_set;
pub mod ruleset;
pub mod scope;
pub mod toml_reader;
