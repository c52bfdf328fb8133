pub mod extension;
pub mod nav;
pub(crate) mod redirect;
pub mod section;
