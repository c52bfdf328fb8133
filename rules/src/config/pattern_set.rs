//! Sets of regular expressions from lists of words.

use regex::{RegexBuilder, RegexSet, RegexSetBuilder};

use super::toml_reader::TomlReader;
use crate::language::WordList;

/// The patterns of `lists`, in any case, as one set. A pattern that is none is a mistake of its list and
/// left out; patterns that are too large together are one of `key`.
pub(crate) fn pattern_set(
    table: &mut TomlReader,
    key: &'static str,
    lists: &[WordList],
) -> RegexSet {
    let patterns = || lists.iter().flat_map(|list| &list.words);
    if let Ok(set) = compile(patterns()) {
        return set;
    }
    let mut good = Vec::new();
    for list in lists {
        for pattern in &list.words {
            match RegexBuilder::new(pattern).case_insensitive(true).build() {
                Ok(_) => good.push(pattern),
                Err(error) => {
                    table.report(list.error(format!("not a regular expression: {error}")));
                }
            }
        }
    }
    compile(good).unwrap_or_else(|error| {
        table.wrong(key, format!("too many or too large patterns together: {error}"));
        RegexSet::empty()
    })
}

fn compile<'p>(patterns: impl IntoIterator<Item = &'p String>) -> Result<RegexSet, regex::Error> {
    RegexSetBuilder::new(patterns).case_insensitive(true).build()
}
