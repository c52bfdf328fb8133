pub mod answer;
pub mod desired;
pub(crate) mod escape;
pub mod labels;
pub mod limits;
pub mod marker;
pub mod subject;
