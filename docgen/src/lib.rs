//! A cluster becomes a draft page, a draft becomes a proposal.
//!
//! Invariant: rendering is a function of the cluster; a draft without evidence cannot be built.

pub mod amend;
pub mod canon;
pub mod caps;
pub mod change;
pub mod docs_tree;
pub mod draft;
pub mod evidence;
pub mod extension;
pub mod forge;
pub mod github;
mod hosted;
pub mod layout;
pub mod lint;
pub mod nav;
mod page;
pub mod proposal;
pub mod redirect;
#[cfg(test)]
mod samples;
pub mod section;
pub mod target;
