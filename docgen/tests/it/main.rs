//! Pages, proposals and branches as a maintainer gets them.

#![expect(clippy::unwrap_used, reason = "a step that fails ends the story")]

mod cluster_builder;
mod corrections;
mod forge;
mod hard_clusters;
mod pages;
mod read_back;
mod refusals;
mod sites;
mod truth;
