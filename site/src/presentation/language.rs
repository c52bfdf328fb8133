//! The language of the site's own words.

use axum::http::{HeaderMap, header};

/// A language that the interface speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum InterfaceLanguage {
    #[default]
    English,
    Korean,
}

impl InterfaceLanguage {
    pub const ALL: [Self; 2] = [Self::English, Self::Korean];

    /// Its tag of BCP 47.
    pub fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Korean => "ko",
        }
    }

    /// The spoken language that `Accept-Language` prefers; English if it names none.
    pub(crate) fn accepted(headers: &HeaderMap) -> Self {
        let lists = headers.get_all(header::ACCEPT_LANGUAGE).into_iter();
        let lists = lists.filter_map(|value| value.to_str().ok());
        let ranges = lists.flat_map(|list| list.split(','));
        let mut preferred = (0.0, Self::default());
        for (tag, weight) in ranges.filter_map(read_range) {
            let primary = tag.split('-').next().unwrap_or_default();
            let spoken = Self::ALL.into_iter().find(|one| primary.eq_ignore_ascii_case(one.tag()));
            if let Some(language) = spoken.filter(|_| weight > preferred.0) {
                preferred = (weight, language);
            }
        }
        preferred.1
    }
}

/// `ko-KR;q=0.8`.
fn read_range(range: &str) -> Option<(&str, f32)> {
    let mut parts = range.split(';').map(str::trim);
    let tag = parts.next().filter(|tag| !tag.is_empty())?;
    let weight = match parts.find_map(|part| part.strip_prefix("q=")) {
        Some(text) => text.parse().ok().filter(|weight| (0.0..=1.0).contains(weight))?,
        None => 1.0,
    };
    Some((tag, weight))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    #[test]
    fn the_preferred_spoken_language_is_chosen() {
        for (list, tag) in [
            ("ko-KR,ko;q=0.9,en;q=0.8", "ko"),
            ("de,ko;q=0.5,en;q=0.4", "ko"),
            ("en-US,en;q=0.9,ko;q=0.8", "en"),
            ("de-DE", "en"),
            ("ko;q=0", "en"),
            ("ko;q=nonsense, *", "en"),
            ("", "en"),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_LANGUAGE, HeaderValue::from_static(list));
            assert_eq!(InterfaceLanguage::accepted(&headers).tag(), tag, "{list}");
        }
        assert_eq!(InterfaceLanguage::accepted(&HeaderMap::new()).tag(), "en");
    }
}
