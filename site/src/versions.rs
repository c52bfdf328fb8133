//! Versions that messages name.

use std::collections::BTreeSet;

/// The versions in some texts, lowest first: `v` with at least two numbers, or three bare numbers.
pub(crate) fn versions<'t>(texts: impl IntoIterator<Item = &'t str>) -> Vec<String> {
    let mut found = BTreeSet::new();
    for text in texts {
        for word in text.split(|c: char| !(c.is_ascii_alphanumeric() || ".-+_/:".contains(c))) {
            found.extend(version(word.trim_end_matches(['.', '-', ':', '+'])));
        }
    }
    found.into_iter().map(|(_, version)| version).collect()
}

/// The numbers of a version, to sort by, and the version as it is shown: always with its `v`.
fn version(word: &str) -> Option<(Vec<u32>, String)> {
    let bare = word.strip_prefix(['v', 'V']).unwrap_or(word);
    let (core, suffix) = match bare.split_once('-') {
        Some((core, suffix)) => (core, Some(suffix)),
        None => (bare, None),
    };
    let numbers = core.split('.').map(number).collect::<Option<Vec<_>>>()?;
    let marked = bare.len() < word.len();
    let enough = numbers.len() == 3 || (marked && numbers.len() == 2);
    let plain = suffix.is_none_or(|suffix| {
        suffix.len() <= 16
            && suffix.starts_with(|c: char| c.is_ascii_alphabetic())
            && suffix.chars().all(|c| c.is_ascii_alphanumeric() || c == '.')
    });
    (enough && plain).then(|| (numbers, format!("v{bare}")))
}

fn number(digits: &str) -> Option<u32> {
    let zero_led = digits.len() > 1 && digits.starts_with('0');
    let plain =
        (1..=3).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()) && !zero_led;
    if plain { digits.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_told_from_other_numbers() {
        for (text, expected) in [
            ("works in v1.7.0 and 1.6.2.", vec!["v1.6.2", "v1.7.0"]),
            ("since V2.1, v2.1-beta.3", vec!["v2.1", "v2.1-beta.3"]),
            ("10.0.0.1 or 127.0.0.1:8080", vec![]),
            ("takes 3.5 hours", vec![]),
            ("v1.10.0 v1.9.0", vec!["v1.9.0", "v1.10.0"]),
            ("on 6.10.2025 or 06.10.25", vec![]),
            ("https://example.org/v1.2.3/x", vec![]),
        ] {
            assert_eq!(versions([text]), expected, "{text}");
        }
    }
}
