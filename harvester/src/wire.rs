//! What Discord's gateway, its REST API and export files say, read leniently: a field of an
//! unexpected kind is as good as missing, and never costs the message around it.

pub mod api;
pub(crate) mod kinds;
pub(crate) mod lenient;
