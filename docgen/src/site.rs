pub mod docs_tree;
pub mod layout;
pub mod moving;
pub mod placing;
