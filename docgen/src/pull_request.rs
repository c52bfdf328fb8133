pub mod answer;
pub mod desired;
pub(crate) mod escape;
pub mod limits;
pub mod marker;
