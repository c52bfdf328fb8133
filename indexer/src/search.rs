//! Query to hits.

use std::ops::Range;

use rules::ids::{ChannelId, ClusterId};

/// What somebody looks for.
#[derive(Debug, Clone, Default)]
pub struct Query {
    /// Plain words: no query language, nothing in it can be a mistake.
    pub text: String,
    /// Only clusters that a maintainer merged (`Some(true)`), or only others (`Some(false)`).
    pub known: Option<bool>,
    pub channel: Option<ChannelId>,
    pub offset: usize,
    /// At most 50.
    pub limit: usize,
}

/// What was found, best first.
#[derive(Debug, Clone, PartialEq)]
pub struct Hits {
    /// All that match, beyond `limit` too.
    pub total: usize,
    pub hits: Vec<Hit>,
    /// Whether nothing matched well, and these are only the nearest questions.
    pub nearest_only: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    pub cluster: ClusterId,
    pub score: f32,
}

/// The byte ranges of `text` that match words of the query, in order, without overlap.
pub fn highlights(_query: &str, _text: &str) -> Vec<Range<usize>> {
    Vec::new()
}
