//! The Discord connector, importers, the daemon and the command line.

pub mod event;
pub mod import;
