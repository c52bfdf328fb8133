//! Pages, proposals and branches as a maintainer gets them.

#![expect(clippy::unwrap_used, reason = "a step that fails ends the story")]

mod canon;
mod forge;
mod mending;
mod pages;
mod refusals;
mod told;
mod world;
