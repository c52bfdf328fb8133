//! One file of many answers: people own it, except for the lines between two markers.

use rules::model::ids::ClusterId;
use serde::{Deserialize, Serialize};

use crate::edit::error::EditError;
use crate::lines::lines;
use crate::page::format::{END, MARKER, START, anchor};
use crate::page::model::Draft;
use crate::target::DocsTarget;

/// An answer in a file of answers. Its text begins with its anchor and ends with its marker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FaqSection {
    pub cluster: ClusterId,
    pub text: String,
}

impl FaqSection {
    /// Puts the answer in its place, or after the last answer. An empty file gets a heading and
    /// both markers; a file without them is not changed.
    pub(crate) fn put_into(&self, text: &str) -> Result<String, EditError> {
        let own = self.text.trim_matches('\n');
        if text.trim().is_empty() {
            return Ok(format!("# Frequently asked questions\n\n{START}\n\n{own}\n\n{END}\n"));
        }
        let end = if text.contains("\r\n") { "\r\n" } else { "\n" };
        let own = own.replace('\n', end);
        if let Some((from, to)) = self.span(text) {
            return Ok(format!("{}{own}{end}{}", &text[..from], &text[to..]));
        }
        let (_, close) = between(text).ok_or(EditError::NoMarkers)?;
        let gap = if text[..close].ends_with(&end.repeat(2)) { "" } else { end };
        Ok(format!("{}{gap}{own}{end}{end}{}", &text[..close], &text[close..]))
    }

    /// The file without the answer.
    pub(crate) fn taken_from(&self, text: &str) -> String {
        let Some((from, mut to)) = self.span(text) else { return text.to_owned() };
        for end in ["\r\n", "\n"] {
            if text[to..].starts_with(end) {
                to += end.len();
                break;
            }
        }
        format!("{}{}", &text[..from], &text[to..])
    }

    /// The whole lines of the answer, from its anchor to its marker.
    fn span(&self, text: &str) -> Option<(usize, usize)> {
        let (open, close) = between(text)?;
        let first = anchor(&self.cluster);
        let last = format!("<!-- {MARKER} id={} ", self.cluster);
        let mut from = None;
        for (at, line) in lines(text).filter(|(at, _)| (open..close).contains(at)) {
            if line.trim_end() == first {
                from = Some(at);
            } else if line.starts_with(&last) {
                return from.map(|from| (from, at + line.len()));
            }
        }
        None
    }
}

impl Draft {
    /// What the file at [`Self::path`] holds when the page is in it; `old` is what it holds now.
    pub fn file(&self, old: Option<&str>) -> Result<String, EditError> {
        match self.section() {
            Some(section) => section.put_into(old.unwrap_or_default()),
            None => Ok(self.page.clone()),
        }
    }

    /// The page as a part of a file of many answers, where it goes into one.
    pub(crate) fn section(&self) -> Option<FaqSection> {
        let section = || FaqSection { cluster: self.cluster.clone(), text: self.page.clone() };
        (self.target == DocsTarget::Faq).then(section)
    }
}

/// The bytes between the two lines.
fn between(text: &str) -> Option<(usize, usize)> {
    let mut open = None;
    for (at, line) in lines(text) {
        match line.trim() {
            START if open.is_none() => open = Some(at + line.len()),
            END if open.is_some() => return open.map(|open| (open, at)),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rules::model::ids::MessageId;

    use super::*;

    fn section(question: u64, words: &str) -> FaqSection {
        let cluster = ClusterId::of_question(MessageId(question));
        let text = format!(
            "{}\n\n## {words}\n\n<!-- {MARKER} id={cluster} digest=d -->\n",
            anchor(&cluster)
        );
        FaqSection { cluster, text }
    }

    #[test]
    fn an_empty_file_becomes_one_of_answers() {
        let file = section(1, "one").put_into("").unwrap();
        let file = section(2, "two").put_into(&file).unwrap();
        let lines = file.lines().filter(|line| !line.is_empty()).collect::<Vec<_>>();
        assert_eq!(lines[0], "# Frequently asked questions");
        assert_eq!((lines[1], lines[8]), (START, END));
        assert_eq!((lines[3], lines[6]), ("## one", "## two"));
        assert_eq!(section(1, "x").put_into("# Mine\n"), Err(EditError::NoMarkers));
    }

    #[test]
    fn what_was_put_is_replaced_and_taken_again() {
        let empty = format!("# Mine\n\n{START}\n\n{END}\n\nmore\n");
        let one = section(1, "one").put_into(&empty).unwrap();
        let both = section(2, "two").put_into(&one).unwrap();
        assert_eq!(section(2, "two").put_into(&both).unwrap(), both);
        assert_eq!(section(2, "other").taken_from(&both), one);
        assert_eq!(section(1, "other").taken_from(&one), empty);
        let changed = section(1, "uno").put_into(&both).unwrap();
        assert_eq!(changed, both.replace("## one", "## uno"));
        assert_eq!(section(3, "none").taken_from(&both), both);
    }

    proptest! {
        #[test]
        fn what_people_wrote_stays_byte_by_byte(
            before in "([a-z #<>é]{0,12}\r?\n){0,4}", inside in "([a-z ]{0,8}\n){0,3}",
            after in "([a-z #]{0,12}\r?\n?){0,4}",
        ) {
            let file = format!("{before}{START}\n{inside}{END}\n{after}");
            let put = section(1, "one").put_into(&file).unwrap();
            let head = format!("{before}{START}\n{inside}");
            prop_assert!(put.starts_with(&head));
            let tail = format!("{END}\n{after}");
            prop_assert!(put.ends_with(&tail));
            prop_assert_eq!(section(1, "one").put_into(&put).unwrap(), put);
        }
    }
}
