//! The query string of a search, parsed strictly.

use indexer::search::MAX_QUERY;
use rules::model::ids::ChannelId;

use crate::http::error::HttpError;
use crate::pages::review_status::ReviewStatus;
use crate::pages::slug::percent_encoded;

pub(crate) const DEFAULT_LIMIT: usize = 10;
const MAX_LIMIT: usize = 50;
pub(crate) const MAX_OFFSET: usize = 1_000;

/// What a visitor searches for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SearchParams {
    /// Trimmed. Empty without a query.
    pub(crate) text: String,
    pub(crate) status: Option<ReviewStatus>,
    pub(crate) channel: Option<ChannelId>,
    pub(crate) limit: usize,
    pub(crate) offset: usize,
    /// Whether to say what each score is made of: for programs, no parameter of a page.
    pub(crate) explain: bool,
}

impl SearchParams {
    /// A search for some words with every default.
    pub(crate) fn of_text(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            status: None,
            channel: None,
            limit: DEFAULT_LIMIT,
            offset: 0,
            explain: false,
        }
    }

    /// Whether it is a whole search, and no further page or part of one.
    pub(crate) fn is_plain(&self) -> bool {
        self.status.is_none() && self.channel.is_none() && self.offset == 0
    }

    /// Parses the parameters of a query string. A wrong value, an unknown name or a name given twice is an
    /// error that says what is allowed.
    pub(crate) fn read(pairs: &[(String, String)]) -> Result<Self, HttpError> {
        let mut params = Self::of_text("");
        for (at, (name, value)) in pairs.iter().enumerate() {
            if pairs[..at].iter().any(|(earlier, _)| earlier == name) {
                return Err(HttpError::bad_request(format!("{} is given twice", shown(name))));
            }
            match name.as_str() {
                "q" => params.text = text(value)?,
                "status" => params.status = status(value)?,
                "channel" => params.channel = channel(value)?,
                "limit" => params.limit = number("limit", value, 1, MAX_LIMIT)?,
                "offset" => params.offset = number("offset", value, 0, MAX_OFFSET)?,
                _ => {
                    return Err(HttpError::bad_request(format!(
                        "unknown parameter {}; allowed: q, status, channel, limit, offset",
                        shown(name)
                    )));
                }
            }
        }
        Ok(params)
    }

    /// The URL of the same search, from another result on.
    pub(crate) fn page_address(&self, offset: usize) -> String {
        let mut address = format!("/?q={}", percent_encoded(&self.text));
        if let Some(status) = self.status {
            address.push_str(&format!("&status={}", status.as_str()));
        }
        if let Some(channel) = self.channel {
            address.push_str(&format!("&channel={channel}"));
        }
        if self.limit != DEFAULT_LIMIT {
            address.push_str(&format!("&limit={}", self.limit));
        }
        if offset > 0 {
            address.push_str(&format!("&offset={offset}"));
        }
        address
    }
}

fn text(value: &str) -> Result<String, HttpError> {
    if value.len() > MAX_QUERY {
        return Err(HttpError::bad_request(format!("q is too long; at most {MAX_QUERY} bytes")));
    }
    Ok(value.trim().to_owned())
}

fn status(value: &str) -> Result<Option<ReviewStatus>, HttpError> {
    if value.is_empty() {
        return Ok(None);
    }
    let wrong = || {
        HttpError::bad_request(format!("status is {}; allowed: known, unreviewed", shown(value)))
    };
    ReviewStatus::parse(value).map(Some).ok_or_else(wrong)
}

fn channel(value: &str) -> Result<Option<ChannelId>, HttpError> {
    if value.is_empty() {
        return Ok(None);
    }
    let wrong = |_| {
        HttpError::bad_request(format!(
            "channel is {}; allowed: the digits of a channel id",
            shown(value)
        ))
    };
    value.parse().map(Some).map_err(wrong)
}

fn number(name: &str, value: &str, least: usize, most: usize) -> Result<usize, HttpError> {
    let fits = value.parse().ok().filter(|number| (least..=most).contains(number));
    fits.ok_or_else(|| {
        HttpError::bad_request(format!("{name} is {}; allowed: {least} to {most}", shown(value)))
    })
}

/// The start of a value that a visitor sent, quoted.
fn shown(value: &str) -> String {
    format!("{:?}", value.chars().take(40).collect::<String>())
}

/// The beginning of a text that is short enough to be searched for.
pub(crate) fn searchable(text: &str) -> &str {
    &text[..text.floor_char_boundary(MAX_QUERY)]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<SearchParams, String> {
        let pairs = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        SearchParams::read(&pairs.collect::<Vec<_>>()).map_err(|failure| failure.message)
    }

    #[test]
    fn all_parameters_are_read() {
        let pairs = [
            ("q", " set port "),
            ("status", "known"),
            ("channel", "22"),
            ("limit", "50"),
            ("offset", "1000"),
        ];
        let params = read(&pairs).unwrap();
        assert_eq!(params.text, "set port");
        assert_eq!(
            (params.status, params.channel),
            (Some(ReviewStatus::Reviewed), Some(ChannelId(22)))
        );
        assert_eq!((params.limit, params.offset), (50, 1_000));
        assert_eq!(
            params.page_address(20),
            "/?q=set%20port&status=known&channel=22&limit=50&offset=20"
        );
        assert_eq!(read(&[("status", ""), ("channel", "")]).unwrap().page_address(0), "/?q=");
    }

    #[test]
    fn a_wrong_value_names_what_is_allowed() {
        for (name, value, allowed) in [
            ("status", "maybe", "known, unreviewed"),
            ("channel", "help", "digits"),
            ("limit", "0", "1 to 50"),
            ("limit", "51", "1 to 50"),
            ("offset", "1001", "0 to 1000"),
            ("offset", "-1", "0 to 1000"),
            ("page", "2", "q, status, channel, limit, offset"),
        ] {
            let message = read(&[(name, value)]).unwrap_err();
            assert!(message.contains(allowed), "{name}={value}: {message}");
        }
        assert!(read(&[("q", "a"), ("q", "b")]).unwrap_err().contains("twice"));
    }

    #[test]
    fn a_pasted_error_of_16_kilobytes_is_read() {
        assert!(read(&[("q", &"e".repeat(16_384))]).is_ok());
        assert!(read(&[("q", &"e".repeat(16_385))]).is_err());
    }
}
