pub mod cluster;
pub mod ids;
pub mod message;
pub mod reason;
pub mod workspace;
