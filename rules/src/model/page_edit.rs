//! The words that a reviewer chose for a page.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Characters of the longest title; a longer one is cut in every list.
const LONGEST_TITLE: usize = 150;
/// Characters of the longest answer.
const LONGEST_ANSWER: usize = 8_000;

/// Title and answer of a page in a reviewer's words. `Debug` hides them.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageEdit {
    /// Plain text on one line.
    pub title: String,
    /// Markdown, read as chat is.
    pub answer: String,
}

/// Why words cannot be those of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PageEditError {
    #[error("the title is empty")]
    NoTitle,
    #[error("the title has more than {LONGEST_TITLE} characters")]
    LongTitle,
    #[error("the answer is empty")]
    NoAnswer,
    #[error("the answer has more than {LONGEST_ANSWER} characters")]
    LongAnswer,
}

impl PageEdit {
    /// Reads what somebody typed: the title on one line, the answer with plain line ends.
    pub fn read(title: &str, answer: &str) -> Result<Self, PageEditError> {
        let title = title.split_whitespace().collect::<Vec<_>>().join(" ");
        let answer = answer.replace("\r\n", "\n").trim().to_owned();
        match (title.chars().count(), answer.chars().count()) {
            (0, _) => Err(PageEditError::NoTitle),
            (length, _) if length > LONGEST_TITLE => Err(PageEditError::LongTitle),
            (_, 0) => Err(PageEditError::NoAnswer),
            (_, length) if length > LONGEST_ANSWER => Err(PageEditError::LongAnswer),
            _ => Ok(Self { title, answer }),
        }
    }
}

impl fmt::Debug for PageEdit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PageEdit").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typed_words_are_tidied_and_bounded() {
        let edit = PageEdit::read("  Set the\nport ", "One.\r\n\r\nTwo.\r\n").unwrap();
        assert_eq!((edit.title.as_str(), edit.answer.as_str()), ("Set the port", "One.\n\nTwo."));
        assert!(!format!("{edit:?}").contains("port"));
        for (title, answer, why) in [
            (" ", "a", PageEditError::NoTitle),
            ("a", "\n", PageEditError::NoAnswer),
            (&"a".repeat(LONGEST_TITLE + 1), "a", PageEditError::LongTitle),
            ("a", &"a".repeat(LONGEST_ANSWER + 1), PageEditError::LongAnswer),
        ] {
            assert_eq!(PageEdit::read(title, answer), Err(why));
        }
        assert!(PageEdit::read(&"가".repeat(LONGEST_TITLE), "a").is_ok());
    }
}
