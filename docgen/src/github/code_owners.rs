//! Who owns a path, by the repository's CODEOWNERS.

use std::sync::LazyLock;

use regex::Regex;

/// Where GitHub looks for the file; the first one holds.
pub const PLACES: [&str; 3] = [".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS"];

/// The owners of a path, as the file names them: of the last line whose pattern fits.
pub fn owners_of(file: &str, path: &str) -> Vec<String> {
    let lines = file.lines().map(|line| line.split('#').next().unwrap_or_default());
    let mut rules = lines.filter_map(|line| {
        let mut words = line.split_whitespace();
        Some((words.next()?, words))
    });
    let fitting = rules.rfind(|(pattern, _)| fits(pattern, path));
    fitting.map(|(_, owners)| owners.map(str::to_owned).collect()).unwrap_or_default()
}

// A matcher for `.gitignore` is not used: on GitHub `docs/*` does not reach below a folder in `docs`, and `!` and
// `[a-z]` mean nothing.
/// Whether a pattern, as in `.gitignore` without `!` and character classes, fits a path or a folder above it.
fn fits(pattern: &str, path: &str) -> bool {
    static PART: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"\*\*/|/\*\*|\*|\?|[^*?/]+|/").expect("a constant pattern"));
    let anchored = pattern.trim_end_matches('/').contains('/');
    let wanted = pattern.trim_start_matches('/').trim_end_matches('/');
    let mut expression = if anchored { "^".to_owned() } else { "^(?:.*/)?".to_owned() };
    for part in PART.find_iter(wanted) {
        match part.as_str() {
            "**/" => expression.push_str("(?:.*/)?"),
            "/**" => expression.push_str("/.*"),
            "*" => expression.push_str("[^/]*"),
            "?" => expression.push_str("[^/]"),
            literal => expression.push_str(&regex::escape(literal)),
        }
    }
    // A pattern of names with a star at the end is for files, not for all that is below a folder.
    let below = if wanted.ends_with("/*") { "$" } else { "(?:/.*)?$" };
    expression.push_str(below);
    Regex::new(&expression).is_ok_and(|expression| expression.is_match(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_that_fits_names_the_owners() {
        let file = "# who\n* @harbor/all\n/answers/ @mina @sol # pages\n*.rs @rust\n\
                    docs/*  docs@example.org\n/answers/deploy/ @harbor/ops\n**/logs @log\n";
        for (path, expected) in [
            ("README.md", vec!["@harbor/all"]),
            ("answers/port.md", vec!["@mina", "@sol"]),
            ("other/answers/port.md", vec!["@harbor/all"]),
            ("answers/deploy/a/b.md", vec!["@harbor/ops"]),
            ("src/main.rs", vec!["@rust"]),
            ("docs/a.md", vec!["docs@example.org"]),
            ("docs/a/b.md", vec!["@harbor/all"]),
            ("build/logs/x.log", vec!["@log"]),
        ] {
            assert_eq!(owners_of(file, path), expected, "{path}");
        }
        assert_eq!(owners_of("", "a"), [""; 0]);
    }
}
