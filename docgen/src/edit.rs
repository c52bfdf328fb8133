pub mod error;
pub mod extension;
pub mod nav;
pub(crate) mod read_back;
pub mod redirect;
pub mod section;
