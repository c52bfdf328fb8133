//! Pages, proposals and branches as a maintainer gets them.

mod forge;
mod pages;
mod refusals;
mod world;
