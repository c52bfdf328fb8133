//! The title of a thread or forum post: what it asks, and the marks that people put around it.

/// Marks that say "solved" without a word.
const CHECK_MARKS: [char; 4] = ['✅', '☑', '✔', '🟢'];
const BRACKETS: [(char, char); 4] = [('[', ']'), ('(', ')'), ('【', '】'), ('{', '}')];
/// A longer word before a colon is part of the title.
const LONGEST_LABEL: usize = 24;

/// A title, read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ThreadTitle<'t> {
    /// The title without its marks.
    pub text: &'t str,
    /// The mark that says that the question is solved, as it was written.
    pub solved: Option<&'t str>,
}

impl<'t> ThreadTitle<'t> {
    /// Reads a title. `is_solved` recognises the words that mean "solved".
    pub fn read(title: &'t str, is_solved: impl Fn(&str) -> bool) -> Self {
        let (mut text, mut solved) = (title.trim(), None);
        while let Some((mark, rest)) =
            leading(text, &is_solved).or_else(|| trailing(text, &is_solved))
        {
            (text, solved) = (rest, solved.or(Some(mark)));
        }
        Self { text, solved }
    }
}

/// `[solved] …`, `✅ …`, `solved: …`, and what is left.
fn leading<'t>(text: &'t str, is_solved: &impl Fn(&str) -> bool) -> Option<(&'t str, &'t str)> {
    let first = text.chars().next()?;
    if CHECK_MARKS.contains(&first) {
        let (mark, rest) = text.split_at(first.len_utf8());
        return Some((mark, rest.trim_start_matches(['\u{fe0f}', ' ', '-', ':', '|'])));
    }
    if let Some((_, close)) = BRACKETS.into_iter().find(|(open, _)| *open == first) {
        let (inside, rest) = text[first.len_utf8()..].split_once(close)?;
        return is_solved(inside)
            .then_some((inside, rest.trim_start_matches([' ', '-', ':', '|'])));
    }
    let (label, rest) = text.split_once([':', '-', '|'])?;
    let label = label.trim();
    (label.len() <= LONGEST_LABEL && is_solved(label)).then_some((label, rest.trim_start()))
}

/// `… [solved]`, `… ✅`, `… - solved`, and what is left.
fn trailing<'t>(text: &'t str, is_solved: &impl Fn(&str) -> bool) -> Option<(&'t str, &'t str)> {
    let text = text.trim_end_matches('\u{fe0f}');
    let last = text.chars().next_back()?;
    let before = &text[..text.len() - last.len_utf8()];
    if CHECK_MARKS.contains(&last) {
        return Some((&text[before.len()..], before.trim_end()));
    }
    if let Some((open, _)) = BRACKETS.into_iter().find(|(_, close)| *close == last) {
        let (rest, inside) = before.rsplit_once(open)?;
        return is_solved(inside).then_some((inside, rest.trim_end()));
    }
    let (rest, label) = text.rsplit_once([':', '-', '|'])?;
    let label = label.trim();
    (label.len() <= LONGEST_LABEL && is_solved(label)).then_some((label, rest.trim_end()))
}

/// Whether a message says what the title says: Discord makes a title of a message's beginning.
pub fn repeats_title(text: &str, title: &str) -> bool {
    let letters = |text: &str| {
        let letters = text.chars().filter(|character| character.is_alphanumeric());
        letters.flat_map(char::to_lowercase).collect::<String>()
    };
    letters(text).contains(&letters(title))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(title: &str) -> (&str, Option<&str>) {
        let title = ThreadTitle::read(title, |word| {
            ["solved", "fixed"].contains(&word.trim().to_lowercase().as_str())
        });
        (title.text, title.solved)
    }

    #[test]
    fn marks_are_read_and_cut_wherever_they_stand() {
        for title in [
            "[SOLVED] Printer offline?",
            "[SOLVED]: Printer offline?",
            "(fixed) Printer offline?",
            "Solved: Printer offline?",
            "✅ Printer offline?",
            "☑️ Printer offline?",
            "Printer offline? [solved]",
            "Printer offline? ✔️",
            "Printer offline? - SOLVED",
            "[solved] Printer offline? ✅",
        ] {
            let (text, solved) = read(title);
            assert_eq!(text, "Printer offline?", "{title}");
            assert!(solved.is_some(), "{title}");
        }
    }

    #[test]
    fn other_labels_belong_to_the_title() {
        for title in [
            "[Windows] Printer offline?",
            "Printer: offline",
            "Is it solved now?",
            "",
            "✓",
            "(",
            "a]",
        ] {
            assert_eq!(read(title), (title, None), "{title}");
        }
    }

    #[test]
    fn a_title_that_the_message_begins_with_says_nothing_more() {
        assert!(repeats_title("How do I reset the *printer*, please?", "how do I reset the prin"));
        assert!(!repeats_title("It blinks.", "How do I reset the printer?"));
    }
}
