//! From how people talk to how a page reads, without changing what is said.

use std::sync::LazyLock;

use regex::Regex;
use rules::cluster::Cluster;

/// The display names of everybody in a cluster, longest first.
pub(crate) fn names(cluster: &Cluster) -> Vec<&str> {
    let mut names = cluster
        .occurrences
        .iter()
        .flat_map(|one| one.answers.iter().chain([&one.question]))
        .map(|quote| quote.author_name.trim())
        .filter(|name| !name.is_empty())
        .collect::<Vec<_>>();
    names.sort_by(|a, b| b.len().cmp(&a.len()).then(a.cmp(b)));
    names.dedup();
    names
}

/// Whether a name can be told from a word of the language wherever it stands.
pub(crate) fn is_distinctive(name: &str) -> bool {
    let inner_capital =
        name.chars().skip(1).any(char::is_uppercase) && name.chars().any(char::is_lowercase);
    name.chars().count() >= 3
        && (inner_capital || name.contains('_') || name.chars().any(|c| c.is_ascii_digit()))
        && name.chars().any(char::is_alphabetic)
}

/// The text without its chatty opening, and without names that tell who somebody is.
pub(crate) fn cleaned(text: &str, names: &[&str]) -> String {
    let mut rest = text.trim();
    loop {
        let shorter = without_address(rest, names);
        let shorter = GREETING.captures(shorter).map_or(shorter, |hit| &shorter[hit[1].len()..]);
        let shorter =
            OPENING.find(shorter).map_or(shorter, |opening| &shorter[opening.end()..]).trim_start();
        if shorter.len() == rest.len() {
            break;
        }
        rest = shorter;
    }
    capitalised(&without_names(rest, names))
}

/// Greetings and filler words that carry no meaning at the start of an answer. "Yes" and "no" stay:
/// they may be the answer.
static OPENING: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(concat!(
        r"^(?i:(?:(?:hi|hey|hello|hiya|heya|yo|gm|greetings)(?: (?:there|all|everyone|guys|man|mate|bro|folks))?",
        r"|ok|okay|well|oh|ah|ahh|hmm+|hm|umm?|so|lol|haha+|sure|yeah|yep|yup|right|sorry|btw|np|no worries",
        r"|안녕하세요|안녕|네|넵|아)(?:\s*[,!.:~-]+\s+|\s*,\s*|\s*!\s*|\s*\n))",
    ))
    .expect("a fixed pattern")
});

/// A greeting that goes straight on to a mention, of which the mention is left.
static GREETING: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^((?i:hi|hey|hello|hiya|heya|yo|thanks) +)(?:@|<@)").expect("a fixed pattern")
});

/// Drops "@name", "name:" and "name," at the start, as people address each other.
fn without_address<'t>(text: &'t str, names: &[&str]) -> &'t str {
    let addressed = names.iter().find_map(|name| {
        let marked = text.strip_prefix('@');
        let spoken = marked.unwrap_or(text);
        let head = spoken.get(..name.len())?;
        let rest = &spoken[name.len()..];
        let ends = match marked {
            Some(_) => !rest.starts_with(char::is_alphanumeric),
            None => rest.starts_with([':', ',']),
        };
        (head.eq_ignore_ascii_case(name) && ends).then(|| rest.trim_start_matches([':', ',', ' ']))
    });
    addressed.unwrap_or(text)
}

fn without_names(text: &str, names: &[&str]) -> String {
    let mut out = text.to_owned();
    for name in names.iter().filter(|name| is_distinctive(name)) {
        let mut from = 0;
        while let Some(found) = find_word(&out, name, from) {
            // Behind an odd number of backticks stands code, where a name may be a path.
            if out[..found].matches('`').count() % 2 == 1 {
                from = found + name.len();
                continue;
            }
            let start = if out[..found].ends_with('@') { found - 1 } else { found };
            out.replace_range(start..found + name.len(), "a user");
            from = start + "a user".len();
        }
    }
    out
}

/// Where a name stands as a word of its own, from a place on.
pub(crate) fn find_word(text: &str, name: &str, from: usize) -> Option<usize> {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    text[from..]
        .match_indices(name)
        .map(|(at, _)| at + from)
        .find(|at| !text[..*at].ends_with(part) && !text[at + name.len()..].starts_with(part))
}

/// Common words that a sentence starts with. A first word that may be a command or a file is not
/// among them and keeps its case.
const STARTERS: [&str; 48] = [
    "you", "your", "the", "this", "that", "there", "it", "its", "it's", "if", "in", "for", "from",
    "to", "we", "they", "when", "what", "which", "where", "why", "how", "just", "use", "using",
    "try", "add", "check", "make", "set", "run", "go", "open", "yes", "no", "not", "don't", "do",
    "is", "are", "as", "at", "on", "please", "i", "but", "then", "first",
];

fn capitalised(text: &str) -> String {
    let first = text.split(char::is_whitespace).next().unwrap_or_default();
    let word = first.trim_end_matches([',', '.', ';', ':']);
    if !STARTERS.contains(&word) {
        return text.to_owned();
    }
    let (head, rest) = text.split_at(1);
    head.to_uppercase() + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn openings_go_and_commands_keep_their_case() {
        let names = ["rob_92", "amy"];
        for (text, expected) in [
            ("hey, you need to restart it", "You need to restart it"),
            ("Hi there! so, try the port", "Try the port"),
            ("amy: sudo service restart", "sudo service restart"),
            ("Amy, it is in the menu", "It is in the menu"),
            ("yes, you can", "Yes, you can"),
            ("no, that is gone", "No, that is gone"),
            ("so it works then", "so it works then"),
            ("ask rob_92 or @rob_92 about it", "ask a user or a user about it"),
            ("네, 설정에서 바꾸세요", "설정에서 바꾸세요"),
            ("right-click the icon", "right-click the icon"),
            ("hey @rob_92 open the menu", "Open the menu"),
            ("@amy", ""),
            ("hey", "hey"),
        ] {
            assert_eq!(cleaned(text, &names), expected);
        }
    }
}
