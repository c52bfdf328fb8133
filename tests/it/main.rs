//! The product as people meet it: exports go in, commands run, and what they say and leave is checked.

mod demo;
mod exports;
mod import;
mod index;
mod proposals;
mod safety;
mod store;
mod tidy;
mod world;
