//! The product as people meet it: exports go in, commands run, and what they say and leave is checked.

#![expect(clippy::unwrap_used, reason = "a story that cannot go on is a failed test")]

mod demo;
mod exports;
mod import;
mod index;
mod proposals;
mod safety;
mod store;
mod tidy;
mod world;
