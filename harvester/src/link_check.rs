//! Asks a site whether its links lead to answers.

use std::time::Duration;

use reqwest::redirect::Policy;

use crate::logging::error_chain;

/// How long a site may take to answer.
const TIMEOUT: Duration = Duration::from_secs(15);

/// What a link leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum LinkState {
    /// A page, or a redirect to one.
    Answered,
    /// The site says that there is nothing.
    Unanswered,
    /// No usable response, with the reason.
    Unreachable(String),
}

/// Follows no redirect: that there is one is the answer.
pub(crate) struct LinkChecker(reqwest::Client);

impl LinkChecker {
    pub(crate) fn new() -> anyhow::Result<Self> {
        let agent = concat!("answer-harvester/", env!("CARGO_PKG_VERSION"));
        let client = reqwest::Client::builder()
            .redirect(Policy::none())
            .timeout(TIMEOUT)
            .user_agent(agent)
            .build()?;
        Ok(Self(client))
    }

    pub(crate) async fn check(&self, url: &str) -> LinkState {
        match self.0.get(url).send().await {
            Ok(response) => of_status(response.status().as_u16()),
            Err(error) => LinkState::Unreachable(error_chain(&error).to_string()),
        }
    }
}

fn of_status(status: u16) -> LinkState {
    match status {
        200..=399 => LinkState::Answered,
        404 | 410 => LinkState::Unanswered,
        status => LinkState::Unreachable(format!("the site answers {status}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_clear_word_of_the_site_says_that_nothing_is_there() {
        assert_eq!(of_status(307), LinkState::Answered);
        assert_eq!(of_status(404), LinkState::Unanswered);
        assert!(matches!(of_status(429), LinkState::Unreachable(_)));
        assert!(matches!(of_status(503), LinkState::Unreachable(_)));
    }
}
