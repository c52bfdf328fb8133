//! What a token may do.

use std::fmt;
use std::str::FromStr;

/// One right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ApiScope {
    /// Search and read answers.
    SearchRead,
    /// Read open questions, and what people look for and do not find.
    BacklogRead,
    /// Say whether an answer helped.
    FeedbackWrite,
    /// Tell the program which questions belong together, and decide about pages.
    ClustersWrite,
    /// Everything.
    Admin,
}

/// The rights of a visitor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScopeSet(Vec<ApiScope>);

impl ApiScope {
    pub const ALL: [Self; 5] = [
        Self::SearchRead,
        Self::BacklogRead,
        Self::FeedbackWrite,
        Self::ClustersWrite,
        Self::Admin,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::SearchRead => "search:read",
            Self::BacklogRead => "backlog:read",
            Self::FeedbackWrite => "feedback:write",
            Self::ClustersWrite => "clusters:write",
            Self::Admin => "admin",
        }
    }
}

impl fmt::Display for ApiScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for ApiScope {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let known = Self::ALL.into_iter().find(|one| one.as_str() == text);
        known.ok_or_else(|| {
            let all = Self::ALL.map(Self::as_str).join(", ");
            format!("{text:?} is no scope; expected {all}")
        })
    }
}

impl ScopeSet {
    /// What visitors without a token may do where they may read at all.
    pub(crate) fn anonymous() -> Self {
        Self(vec![ApiScope::SearchRead, ApiScope::BacklogRead, ApiScope::FeedbackWrite])
    }

    pub(crate) fn everything() -> Self {
        Self(vec![ApiScope::Admin])
    }

    /// Reads scopes as a token keeps them. One that this version does not know allows nothing.
    pub(crate) fn parse(text: &str) -> Self {
        Self(text.split_whitespace().filter_map(|scope| scope.parse().ok()).collect())
    }

    pub(crate) fn allows(&self, scope: ApiScope) -> bool {
        self.0.contains(&scope) || self.0.contains(&ApiScope::Admin)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_allows_what_it_names_and_admin_allows_all() {
        let readers = ScopeSet::parse("search:read backlog:read future:write");
        assert!(readers.allows(ApiScope::SearchRead) && readers.allows(ApiScope::BacklogRead));
        assert!(!readers.allows(ApiScope::FeedbackWrite) && !readers.allows(ApiScope::Admin));
        for scope in ApiScope::ALL {
            assert!(ScopeSet::everything().allows(scope));
            assert_eq!(scope.as_str().parse(), Ok(scope));
        }
        assert!("search".parse::<ApiScope>().unwrap_err().contains("search:read, backlog:read"));
    }
}
