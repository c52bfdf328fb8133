//! Which versions people speak of.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;

/// More are a list of releases, not what an answer applies to.
const MOST: usize = 6;

/// `v1.7.0`, `0.1.9`, `1.0.0-beta.3` wherever they stand; two numbers only behind a `v` or a word
/// that names a version, since `2.5` may be anything.
static VERSION: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?i)(?:^|[\s(@`'\x22=])(?P<version>v?\d{1,4}\.\d{1,4}\.\d{1,5}(?:-[a-z]{1,10}(?:\.\d{1,4})?)?|v\d{1,4}\.\d{1,4}",
        r"|(?:ubuntu|debian|fedora|node|node\.?js|python|java|ruby|go|php|postgres|postgresql|kernel|version) \d{1,4}\.\d{1,4})",
        r"(?:$|[\s),;:!?`'\x22]|\.(?:\s|$))",
    ))
    .expect("a fixed pattern")
});

/// The versions that some texts name, in the order of their numbers.
pub(super) fn versions<'t>(texts: impl Iterator<Item = &'t str>) -> Vec<String> {
    let mut found = BTreeSet::new();
    for text in texts {
        let mut from = 0;
        while let Some(captures) = VERSION.captures_at(text, from) {
            let version = captures.name("version").expect("the group takes part in every match");
            // The character behind one version may be the one in front of the next.
            from = version.end();
            found.insert((numbers(version.as_str()), version.as_str().to_lowercase()));
        }
    }
    found.into_iter().take(MOST).map(|(_, version)| version).collect()
}

fn numbers(version: &str) -> Vec<u32> {
    version.split(|c: char| !c.is_ascii_digit()).filter_map(|number| number.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_told_from_other_numbers() {
        let text = "on v1.7.0 and 0.1.9, ubuntu 24.04, core@1.0.0-beta.3, not 127.0.0.1 nor 2.5 GB, v1.10.0 v1.7.0.";
        assert_eq!(
            versions([text].into_iter()),
            ["0.1.9", "1.0.0-beta.3", "v1.7.0", "v1.10.0", "ubuntu 24.04"]
        );
    }
}
