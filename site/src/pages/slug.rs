//! URLs of answers: `<kebab-title>-<cluster id>`, of which only the id identifies the answer.

use rules::model::ids::ClusterId;

const MAX_CHARS: usize = 60;

/// The last segment of the canonical URL of an answer, not yet percent-encoded.
pub(crate) fn slug(title: &str, id: &ClusterId) -> String {
    let mut slug = String::new();
    let mut length = 0;
    for word in title.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
        let word = word.to_lowercase();
        length += word.chars().count() + 1;
        if length > MAX_CHARS {
            break;
        }
        slug.push_str(&word);
        slug.push('-');
    }
    slug.push_str(id.as_str());
    slug
}

/// The root-relative URL of the answer with this slug.
pub(crate) fn address(slug: &str) -> String {
    format!("/answers/{}", percent_encoded(slug))
}

/// The format of an answer, by the extension of its URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AnswerFormat {
    Page,
    Markdown,
    Json,
}

impl AnswerFormat {
    pub(crate) fn ending(self) -> &'static str {
        match self {
            Self::Page => "",
            Self::Markdown => ".md",
            Self::Json => ".json",
        }
    }
}

/// Parses the last segment of a URL: the slug without its extension, its id, and the format.
pub(crate) fn parse(segment: &str) -> Option<(&str, ClusterId, AnswerFormat)> {
    let (slug, form) = [AnswerFormat::Markdown, AnswerFormat::Json]
        .into_iter()
        .find_map(|form| Some((segment.strip_suffix(form.ending())?, form)))
        .unwrap_or((segment, AnswerFormat::Page));
    let id = slug.rsplit('-').next()?.parse().ok()?;
    Some((slug, id, form))
}

/// Text as a path segment or a query value.
pub(crate) fn percent_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;
    use rules::model::ids::MessageId;

    fn id() -> ClusterId {
        ClusterId::of_question(MessageId(46_656))
    }

    #[test]
    fn titles_become_kebabs() {
        for (title, expected) in [
            ("How do I set SERVER_PORT?", "how-do-i-set-server-port-q1000"),
            ("지갑 연결이 안 돼요", "지갑-연결이-안-돼요-q1000"),
            ("???", "q1000"),
            ("../../etc/passwd\r\nX: y", "etc-passwd-x-y-q1000"),
        ] {
            assert_eq!(slug(title, &id()), expected);
        }
        let long = slug(&"word ".repeat(50), &id());
        assert!(long.chars().count() <= MAX_CHARS + 5, "{long}");
    }

    #[test]
    fn the_id_decides_whatever_stands_before_it() {
        assert_eq!(parse("q1000"), Some(("q1000", id(), AnswerFormat::Page)));
        assert_eq!(
            parse("old-title-q1000.md"),
            Some(("old-title-q1000", id(), AnswerFormat::Markdown))
        );
        assert_eq!(parse("q1000.json"), Some(("q1000", id(), AnswerFormat::Json)));
        for wrong in ["", "how-to", "q1000-", "q1000.xml", "Q1000"] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn an_address_is_ascii() {
        assert_eq!(address("안-q1"), "/answers/%EC%95%88-q1");
        assert_eq!(percent_encoded("a b&c=<d>/\"'\r\n"), "a%20b%26c%3D%3Cd%3E%2F%22%27%0D%0A");
    }
}
