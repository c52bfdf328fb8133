//! Patterns of paths, as settings of JavaScript tools write them.

use regex::Regex;

/// Whether a path matches one of the patterns; a pattern that cannot be read matches nothing.
pub(super) fn matches_any<'p>(patterns: impl IntoIterator<Item = &'p str>, path: &str) -> bool {
    patterns.into_iter().any(|pattern| expression(pattern).is_some_and(|one| one.is_match(path)))
}

fn expression(pattern: &str) -> Option<Regex> {
    let mut out = String::from("^");
    let mut rest = pattern.strip_prefix("./").unwrap_or(pattern);
    let mut open = 0_usize;
    while let Some(c) = rest.chars().next() {
        let (part, length) = match c {
            '*' if rest.starts_with("**/") => ("(?:[^/]+/)*".to_owned(), 3),
            '*' if rest.starts_with("**") => (".*".to_owned(), 2),
            '*' => ("[^/]*".to_owned(), 1),
            '?' => ("[^/]".to_owned(), 1),
            '{' => {
                open += 1;
                ("(?:".to_owned(), 1)
            }
            '}' if open > 0 => {
                open -= 1;
                (")".to_owned(), 1)
            }
            ',' if open > 0 => ("|".to_owned(), 1),
            c => (regex::escape(c.encode_utf8(&mut [0; 4])), c.len_utf8()),
        };
        out.push_str(&part);
        rest = &rest[length..];
    }
    Regex::new(&format!("{out}$")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_paths() {
        for (pattern, path, expected) in [
            ("**/*.{md,mdx}", "answers/a.mdx", true),
            ("**/*.{md,mdx}", "a.md", true),
            ("{api,usage}/**/*.{md,mdx}", "answers/a.mdx", false),
            ("{api,usage}/**/*.{md,mdx}", "usage/answers/a.mdx", true),
            ("*.md", "a/b.md", false),
            ("**/_*.md", "a/_b.md", true),
            ("a+b?.md", "a+bc.md", true),
            ("{open", "open", false),
        ] {
            assert_eq!(matches_any([pattern], path), expected, "{pattern} {path}");
        }
    }
}
