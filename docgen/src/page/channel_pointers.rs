//! Clauses that send a reader to a channel that nobody can find: one that is gone, or known by its id alone.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

static CHANNEL: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"<#\d{1,20}>|#deleted-channel\b").expect("a constant pattern"));

/// Whether a message in Discord's Markdown names such a channel.
pub(crate) fn points_to_unknown_channel(text: &str) -> bool {
    CHANNEL.is_match(text)
}

/// The text without such clauses. One that holds code stays: it says more than where to look.
pub(crate) fn without_channel_pointers(text: &str) -> String {
    let lines = text.split('\n').map(|line| {
        let mut line = line.to_owned();
        while let Some(clause) = pointing_clause(&line) {
            line.replace_range(clause, "");
        }
        line
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The last clause of a line that names such a channel, with the sign before it.
fn pointing_clause(line: &str) -> Option<Range<usize>> {
    let named = CHANNEL.find_iter(line).last()?;
    let before = &line[..named.start()];
    let opening = [", ", "; ", " - ", " \u{2013} ", " \u{2014} ", " ("];
    let opens = opening.iter().filter_map(|sign| before.rfind(sign)).max();
    let sentence = [". ", "! ", "? ", ": "].iter();
    let sentence = sentence.filter_map(|sign| Some(before.rfind(sign)? + sign.len())).max();
    let start = opens.max(sentence).unwrap_or_default();
    let after = &line[named.end()..];
    let closed = line[start..].starts_with(" (");
    let end = match after.find([')', '.', '!', '?', ';']) {
        // The sign ends the sentence that stays, unless it belongs to what goes.
        Some(at) if (closed && after[at..].starts_with(')')) || Some(start) == sentence => at + 1,
        Some(at) => at,
        None => after.len(),
    };
    let clause = start..named.end() + end;
    (!line[clause.clone()].contains('`')).then_some(clause)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_clause_that_points_goes() {
        for (text, expected) in [
            ("Run `a b`, see <#123> for more", "Run `a b`"),
            ("Run `a b` (it is in #deleted-channel).", "Run `a b`."),
            ("Run `a b`. More in <#123>.", "Run `a b`. "),
            ("Run it, as <#1> says, then ask in <#2>.\nDone.", "Run it.\nDone."),
            ("ask in <#123>", ""),
            ("Set `a` in <#123>", "Set `a` in <#123>"),
            ("Create a channel #help, then restart.", "Create a channel #help, then restart."),
        ] {
            assert_eq!(without_channel_pointers(text), expected, "{text}");
        }
        assert!(points_to_unknown_channel("Set `a` in <#123>"));
        assert!(!points_to_unknown_channel("see #help"));
    }
}
