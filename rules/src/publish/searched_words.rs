//! What may be kept of a search.

use crate::safety::{SafetyRules, redact};

/// A question has no more characters; a pasted text has.
const MAX_CHARS: usize = 80;
/// So many digits in a row are an id or a number of somebody.
const MAX_DIGITS: usize = 5;

/// The words of a search in their normal form, under which equal searches are counted; `None` for what may
/// not be kept: pasted text, and whatever holds or may hold a secret, an address or a number of a person.
pub fn countable_words(query: &str, rules: &SafetyRules) -> Option<String> {
    let query = query.trim();
    let is_pasted = query.chars().count() > MAX_CHARS || query.contains(['\n', '\r']);
    if is_pasted || query.contains('@') || has_long_number(query) || redact(query, rules) != query {
        return None;
    }
    let words = query.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    let bare = words.trim_matches(|c: char| c.is_ascii_punctuation() || c == '？' || c == '。');
    let says_something = bare.chars().filter(|c| c.is_alphanumeric()).count() > 1;
    says_something.then(|| bare.trim().to_owned())
}

fn has_long_number(text: &str) -> bool {
    text.split(|c: char| !c.is_ascii_digit()).any(|digits| digits.len() > MAX_DIGITS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::ruleset::Ruleset;

    #[test]
    fn equal_questions_count_as_one() {
        let rules = Ruleset::embedded();
        for query in ["How do I set the port?", " how do I  SET the port ", "how do i set the port"]
        {
            let words = countable_words(query, &rules.safety);
            assert_eq!(words.as_deref(), Some("how do i set the port"), "{query}");
        }
        assert_eq!(countable_words("포트 설정？", &rules.safety).as_deref(), Some("포트 설정"));
    }

    #[test]
    fn what_was_pasted_or_names_somebody_is_not_kept() {
        let rules = Ruleset::embedded();
        let secret = format!("is {}_{} valid", "ghp", "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8");
        let long = "word ".repeat(30);
        for query in
            ["", "?", "x", "line one\nline two", "ann@example.org", "order 1234567", &secret, &long]
        {
            assert_eq!(countable_words(query, &rules.safety), None, "{query}");
        }
    }
}
