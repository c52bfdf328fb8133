pub mod detection;
pub mod docs_tree;
pub mod generator;
pub mod layout;
pub mod moving;
pub mod placing;
pub mod section;
