//! The file that says who owns what.

use std::collections::BTreeSet;

use super::git::Git;

const PLACES: [&str; 3] = [".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS"];

/// The logins and teams (`harbor/docs-team`) that own some of the files; the last line that fits a
/// file holds for it.
pub(super) fn of_files<'a>(
    git: &Git,
    commit: &str,
    paths: impl Iterator<Item = &'a str>,
) -> BTreeSet<String> {
    let Some((_, text)) = file(git, commit) else { return BTreeSet::new() };
    let lines = text.lines().map(|line| line.split('#').next().unwrap_or_default());
    let lines = lines.filter(|line| !line.trim().is_empty()).collect::<Vec<_>>();
    let mut owners = BTreeSet::new();
    for path in paths {
        let line = lines
            .iter()
            .rev()
            .find(|line| line.split_whitespace().next().is_some_and(|pattern| fits(pattern, path)));
        let named = line.into_iter().flat_map(|line| line.split_whitespace().skip(1));
        owners.extend(named.map(|owner| owner.trim_start_matches('@').to_owned()));
    }
    owners
}

/// Where the file is, and its text.
pub(super) fn file(git: &Git, commit: &str) -> Option<(&'static str, String)> {
    PLACES.iter().find_map(|place| Some((*place, git.text(commit, place)?)))
}

/// Patterns as in `.gitignore`, without `!` and character classes.
fn fits(pattern: &str, path: &str) -> bool {
    let anchored = pattern.trim_end_matches('/').contains('/');
    let wanted = pattern.trim_start_matches('/').trim_end_matches('/');
    let starts = |path: &str| {
        let parts = path.split('/').collect::<Vec<_>>();
        let wanted = wanted.split('/').collect::<Vec<_>>();
        let folder =
            pattern.ends_with('/') || !wanted.last().is_some_and(|last| last.contains('*'));
        fits_parts(&wanted, &parts, folder)
    };
    let places = path.match_indices('/').map(|(at, _)| &path[at + 1..]);
    starts(path) || (!anchored && places.into_iter().any(starts))
}

fn fits_parts(wanted: &[&str], parts: &[&str], folder: bool) -> bool {
    match (wanted, parts) {
        ([], rest) => rest.is_empty() || folder,
        (["**", rest @ ..], _) => (0..=parts.len()).any(|at| fits_parts(rest, &parts[at..], true)),
        ([first, rest @ ..], [part, more @ ..]) => {
            fits_part(first, part) && fits_parts(rest, more, folder)
        }
        _ => false,
    }
}

fn fits_part(pattern: &str, part: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == part,
        Some((before, after)) => {
            let Some(rest) = part.strip_prefix(before) else { return false };
            let ends = rest.char_indices().map(|(at, _)| at).chain([rest.len()]);
            ends.into_iter().any(|at| fits_part(after, &rest[at..]))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn patterns_own_what_git_would_ignore() {
        for (pattern, path, expected) in [
            ("*", "docs/faq/a.md", true),
            ("*.md", "docs/faq/a.md", true),
            ("*.md", "docs/faq/a.mdx", false),
            ("/docs/", "docs/faq/a.md", true),
            ("/docs/", "old/docs/a.md", false),
            ("docs/*", "docs/a.md", true),
            ("docs/*", "docs/faq/a.md", false),
            ("/docs/**/a.md", "docs/faq/deep/a.md", true),
            ("faq/", "docs/faq/a.md", true),
            ("docs/faq", "docs/faq/a.md", true),
        ] {
            assert_eq!(fits(pattern, path), expected, "{pattern} {path}");
        }
    }
}
