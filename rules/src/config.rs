pub mod ruleset;
pub mod scope;
pub mod toml_reader;
