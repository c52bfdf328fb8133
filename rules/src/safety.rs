//! What is removed before storing, and what keeps an answer off a page.

use std::borrow::Cow;

use crate::reader::Reader;

#[derive(Debug, Clone)]
pub struct SafetyRules {}

impl SafetyRules {
    pub(crate) fn read(_file: &mut Reader) -> Self {
        Self {}
    }
}

#[derive(Debug, Clone)]
pub struct FactRules {
    pub addresses: Vec<String>,
    pub invites: Vec<String>,
    pub links: Vec<String>,
}

impl FactRules {
    pub(crate) fn read(file: &mut Reader) -> Self {
        Self {
            addresses: file.texts("addresses"),
            invites: file.texts("invites"),
            links: file.texts("links"),
        }
    }
}

/// Takes secrets out of a text; each becomes a word in brackets that names its kind. Redacting twice
/// changes nothing.
pub fn redact<'t>(text: &'t str, _rules: &SafetyRules) -> Cow<'t, str> {
    Cow::Borrowed(text)
}

/// What an answer holds that `facts.toml` does not list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unlisted {
    /// "a contract address", "an invite", ...
    pub kind: &'static str,
    pub value: String,
}

/// Everything in a text that must not be published unless people listed it.
pub fn unlisted(_text: &str, _rules: &SafetyRules, _facts: &FactRules) -> Vec<Unlisted> {
    Vec::new()
}
