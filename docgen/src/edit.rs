pub mod error;
pub mod extension;
pub mod nav;
pub mod redirect;
pub mod section;
