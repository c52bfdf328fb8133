//! Who may read what: tokens, scopes, and the one workspace that a visitor sees.

pub(crate) mod admission;
pub mod credentials;
pub(crate) mod feedback_limits;
pub(crate) mod origin_check;
pub mod scopes;
pub(crate) mod session;
pub mod settings;
pub(crate) mod token_limits;
pub(crate) mod visitor;
