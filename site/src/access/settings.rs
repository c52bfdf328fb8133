//! What visitors without a token may do.

use rules::model::workspace::WHOLE;

/// What holds for visitors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VisitorSettings {
    /// The workspace that visitors without a token read; `None` shows them nothing.
    pub anonymous: Option<String>,
    /// Whether searches are counted that found nothing or whose results were not opened.
    pub counts_searches: bool,
}

impl Default for VisitorSettings {
    fn default() -> Self {
        Self { anonymous: Some(WHOLE.to_owned()), counts_searches: true }
    }
}
