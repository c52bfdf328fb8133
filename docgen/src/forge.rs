//! Where proposals go: GitHub, or a git repository on this machine. Both are observed and brought one step
//! further in the same way.

pub mod commits;
pub mod error;
mod host;
pub mod local;
pub mod observed;
mod prune;
pub mod reconcile;

pub use host::Forge;
