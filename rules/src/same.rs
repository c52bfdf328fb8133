//! Are two questions the same.

use crate::reader::Reader;
use crate::reason::Reason;

#[derive(Debug, Clone)]
pub struct SameRules {}

impl SameRules {
    pub(crate) fn read(_file: &mut Reader) -> Self {
        Self {}
    }
}

/// The words of an occurrence, as far as sameness looks at them.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    pub question: &'a str,
    /// Empty where the answer is not known.
    pub answer: &'a str,
}

/// Whether two questions are the same, and why.
#[derive(Debug, Clone, PartialEq)]
pub struct Sameness {
    pub same: bool,
    pub score: f32,
    pub reasons: Vec<Reason>,
}
