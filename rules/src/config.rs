pub(crate) mod lazy_pattern;
pub mod ruleset;
pub mod scope;
pub mod toml_reader;
