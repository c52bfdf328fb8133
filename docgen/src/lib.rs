//! A cluster becomes a draft page, a draft becomes a proposal.
//!
//! Invariant: rendering is a function of the cluster; a draft without evidence cannot be built.

pub mod change;
mod code_languages;
pub(crate) mod directives;
pub mod edit;
pub mod forge;
pub mod github;
pub(crate) mod lines;
pub(crate) mod literal;
pub mod page;
pub mod paths;
pub mod pull_request;
pub mod site;
pub mod target;
#[cfg(test)]
mod test_support;
