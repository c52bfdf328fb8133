//! Which versions people speak of, and of what.

mod project;

use std::collections::BTreeMap;

pub use project::{ProjectVersion, VersionPart, project_versions};

/// More are a list of releases, not what an answer applies to.
const MOST: usize = 6;
/// What people often name versions of, as they write it, and its name.
const KNOWN: [(&str, &str); 30] = [
    ("bun", "Bun"),
    ("cargo", "Cargo"),
    ("debian", "Debian"),
    ("deno", "Deno"),
    ("docker", "Docker"),
    ("fedora", "Fedora"),
    ("go", "Go"),
    ("golang", "Go"),
    ("java", "Java"),
    ("kernel", "kernel"),
    ("macos", "macOS"),
    ("mysql", "MySQL"),
    ("next.js", "Next.js"),
    ("node", "Node.js"),
    ("node.js", "Node.js"),
    ("nodejs", "Node.js"),
    ("npm", "npm"),
    ("php", "PHP"),
    ("pip", "pip"),
    ("pnpm", "pnpm"),
    ("postgres", "PostgreSQL"),
    ("postgresql", "PostgreSQL"),
    ("python", "Python"),
    ("redis", "Redis"),
    ("ruby", "Ruby"),
    ("rust", "Rust"),
    ("sqlite", "SQLite"),
    ("typescript", "TypeScript"),
    ("ubuntu", "Ubuntu"),
    ("yarn", "Yarn"),
];

/// The numbers of a version and what stands behind them: `1.0.0-beta.3`.
type VersionNumber = (Vec<u32>, String);

/// The versions that some texts name, each once, with the name of the thing where a text tells it:
/// those without a name first, then by name, lowest first.
///
/// A version is three numbers, or two behind a `v` or a name; a `v` is kept where it is written.
pub fn versions<'t>(texts: impl IntoIterator<Item = &'t str>) -> Vec<String> {
    let found = found(texts);
    found.iter().take(MOST).map(|((name, number), marked)| shown(name, number, *marked)).collect()
}

/// The highest version that the later text names of a thing of which the earlier one names lower ones
/// only. Versions without a name belong to one thing.
pub(crate) fn newer(earlier: &str, later: &str) -> Option<String> {
    let known = found([earlier]);
    let mut higher = None;
    for ((name, number), marked) in found([later]) {
        let mut of_it = known.keys().filter(|(of, _)| *of == name).map(|(_, one)| one).peekable();
        if of_it.peek().is_some() && of_it.all(|one| is_above(&number, one)) {
            higher = Some(shown(&name, &number, marked));
        }
    }
    higher
}

/// Whether a version comes after another; `1.6.2` is one of `1.6`, not after it.
fn is_above((numbers, suffix): &VersionNumber, (others, other_suffix): &VersionNumber) -> bool {
    let common = numbers.len().min(others.len());
    match numbers[..common].cmp(&others[..common]) {
        std::cmp::Ordering::Equal => {
            let release = suffix.is_empty() && !other_suffix.is_empty();
            numbers.len() == others.len()
                && (release
                    || (!suffix.is_empty() && suffix_parts(suffix) > suffix_parts(other_suffix)))
                && !(other_suffix.is_empty())
        }
        order => order.is_gt(),
    }
}

/// `-beta.10` comes after `-beta.9`.
fn suffix_parts(suffix: &str) -> Vec<(u64, &str)> {
    let parts = suffix.trim_start_matches('-').split('.');
    parts.map(|part| (part.parse::<u64>().unwrap_or_default(), part)).collect()
}

type VersionMention = BTreeMap<(String, VersionNumber), bool>;

fn found<'t>(texts: impl IntoIterator<Item = &'t str>) -> VersionMention {
    let mut found = VersionMention::new();
    for text in texts {
        let words = text.split_whitespace().collect::<Vec<_>>();
        for at in 0..words.len() {
            if let Some((name, number, marked)) = version(&words[..at], words[at]) {
                *found.entry((name, number)).or_default() |= marked;
            }
        }
    }
    let named = found.keys().filter(|(name, _)| !name.is_empty());
    let named = named.map(|(_, number)| number.clone()).collect::<Vec<_>>();
    found.retain(|(name, number), _| !name.is_empty() || !named.contains(number));
    found
}

fn shown(name: &str, (numbers, suffix): &VersionNumber, marked: bool) -> String {
    let pad = |(at, number): (usize, &u32)| match name {
        // Releases that are named by year and month.
        "Ubuntu" if at == 1 => format!("{number:02}"),
        _ => number.to_string(),
    };
    let numbers = numbers.iter().enumerate().map(pad).collect::<Vec<_>>().join(".");
    let mark = if marked { "v" } else { "" };
    format!("{name} {mark}{numbers}{suffix}").trim_start().to_owned()
}

/// Reads a word as a version, and the words before it as what it is a version of.
fn version(before: &[&str], word: &str) -> Option<(String, VersionNumber, bool)> {
    if word.contains("://") {
        return None;
    }
    let word = word.trim_matches(|c: char| !c.is_ascii_alphanumeric());
    let (name, word) = match word.rsplit_once('@') {
        Some((name, word)) => (canonical(name).unwrap_or(name).to_owned(), word),
        None => match word.split_once([':', '=']) {
            Some((name, word)) => (canonical(name)?.to_owned(), word),
            None => (name_before(before), word),
        },
    };
    let bare = word.strip_prefix(['v', 'V']).unwrap_or(word);
    let marked = bare.len() < word.len();
    let is_explicit = marked || !name.is_empty();
    let (core, suffix) = bare.find('-').map_or((bare, ""), |at| bare.split_at(at));
    let digits = if is_explicit { 4 } else { 3 };
    let numbers = core.split('.').map(|part| number(part, digits, !name.is_empty()));
    let numbers = numbers.collect::<Option<Vec<_>>>()?;
    let counted = before.last().is_some_and(|word| is_version_word(word));
    let least = if is_explicit || counted { 2 } else { 3 };
    let is_version = (least..=3).contains(&numbers.len()) && is_suffix(suffix);
    is_version.then(|| (name, (numbers, suffix.to_lowercase()), marked))
}

fn number(digits: &str, most: usize, zero_led: bool) -> Option<u32> {
    let plain = (1..=most).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    let fits = plain && (zero_led || digits.len() == 1 || !digits.starts_with('0'));
    if fits { digits.parse().ok() } else { None }
}

fn is_suffix(suffix: &str) -> bool {
    let Some(rest) = suffix.strip_prefix('-') else { return suffix.is_empty() };
    rest.len() <= 16
        && rest.starts_with(|c: char| c.is_ascii_alphabetic())
        && rest.chars().all(|c| c.is_ascii_alphanumeric() || c == '.')
}

/// The name in front of a version: a known thing, or a name in the middle of a sentence. Empty where
/// there is none.
fn name_before(before: &[&str]) -> String {
    let skipped = before.iter().rev().take_while(|word| is_version_word(word)).count().min(1);
    let before = &before[..before.len() - skipped];
    let Some((word, earlier)) = before.split_last() else { return String::new() };
    let bare = word.trim_matches(|c: char| !c.is_alphanumeric());
    if let Some(name) = canonical(bare) {
        return name.to_owned();
    }
    let goes_on = earlier.last().is_some_and(|word| !word.ends_with(['.', '!', '?', ':']));
    let is_name = bare.chars().count() > 1
        && bare.starts_with(char::is_uppercase)
        && word.ends_with(char::is_alphanumeric)
        && bare.chars().all(|c| c.is_alphanumeric() || ".-_".contains(c));
    if goes_on && is_name { bare.to_owned() } else { String::new() }
}

fn is_version_word(word: &str) -> bool {
    ["version", "versions", "release"].iter().any(|one| word.eq_ignore_ascii_case(one))
}

fn canonical(word: &str) -> Option<&'static str> {
    KNOWN.iter().find(|(written, _)| word.eq_ignore_ascii_case(written)).map(|(_, name)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_distinguished_from_other_numbers() {
        for (text, expected) in [
            ("works in v1.7.0 and 1.6.2.", vec!["1.6.2", "v1.7.0"]),
            ("since V2.1, v2.1-beta.3", vec!["v2.1", "v2.1-beta.3"]),
            ("10.0.0.1 or 127.0.0.1:8080", vec![]),
            ("takes 3.5 hours, 2.5 GB", vec![]),
            ("v1.10.0 v1.9.0", vec!["v1.9.0", "v1.10.0"]),
            ("on 6.10.2025 or 06.10.25", vec![]),
            ("https://example.org/v1.2.3/x", vec![]),
            ("(1.2.3) `1.2.4`", vec!["1.2.3", "1.2.4"]),
            ("1.2.3 or v1.2.3", vec!["v1.2.3"]),
        ] {
            assert_eq!(versions([text]), expected, "{text}");
        }
    }

    #[test]
    fn a_later_version_of_the_same_thing_is_newer() {
        for (earlier, later, expected) in [
            ("in v1.7.0", "since v1.8.0", Some("v1.8.0")),
            ("in v1.7.0", "since v1.7.0", None),
            ("in v1.7", "since v1.7.3", None),
            ("v1.7.0 and v2.0.0", "v1.8.0", None),
            ("node 20.1", "Node.js 22.0", Some("Node.js 22.0")),
            ("node 20.1", "bun 22.0", None),
            ("no version", "v9.0.0", None),
            ("2.0.0-beta.9", "2.0.0-beta.10", Some("2.0.0-beta.10")),
            ("2.0.0-beta.9", "2.0.0", Some("2.0.0")),
            ("2.0.0", "2.0.0-beta.9", None),
        ] {
            assert_eq!(newer(earlier, later).as_deref(), expected, "{earlier} | {later}");
        }
    }

    #[test]
    fn a_version_is_of_something() {
        for (text, expected) in [
            ("pnpm 9.15.4 on node v23.3.0, or 23.3.0", vec!["Node.js v23.3.0", "pnpm 9.15.4"]),
            ("ubuntu 24.04, core@1.0.0-beta.3", vec!["Ubuntu 24.04", "core 1.0.0-beta.3"]),
            ("the Relay v0.2.1 works. Try 0.2.0", vec!["0.2.0", "Relay v0.2.1"]),
            ("Node.js version 22.1", vec!["Node.js 22.1"]),
            ("version 2.5 of it", vec!["2.5"]),
            ("image node:23.3.0-slim", vec!["Node.js 23.3.0-slim"]),
        ] {
            assert_eq!(versions([text]), expected, "{text}");
        }
    }
}
