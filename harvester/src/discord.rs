//! Discord: what it tells becomes events, and what is decided elsewhere is done there.

pub mod catch_up;
pub mod gateway;
pub mod guild;
mod history;
pub mod interactions;
mod limits;
mod pages;
mod people;
mod reconcile;
pub mod rest;
mod threads;
