pub mod answer;
pub mod check;
pub mod desired;
pub(crate) mod escape;
pub mod labels;
pub mod limits;
pub mod marker;
pub mod subject;
