pub mod cluster;
pub mod ids;
pub mod message;
pub mod page_edit;
pub mod reason;
pub mod workspace;
