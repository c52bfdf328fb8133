//! The words that say what a text is about.

use std::collections::{BTreeSet, HashSet};
use std::sync::LazyLock;

use super::tokens::{SimilarityToken, stem, tokens};
use crate::language::Languages;

/// Words that every text has, whatever it is about, of all built-in languages.
static GRAMMAR: LazyLock<HashSet<&'static str>> =
    LazyLock::new(|| Languages::built_in().words("answer_style", "grammar").collect());

/// The stems of a text's content words; of scripts without spaces, every two letters.
pub(crate) fn content(text: &str) -> BTreeSet<String> {
    let mut words = BTreeSet::new();
    for token in tokens(text) {
        match token {
            SimilarityToken::Word(word) if word.len() > 2 && !is_grammar(&word) => {
                words.insert(stem(&word));
            }
            SimilarityToken::Word(_) => {}
            SimilarityToken::Syllables(run) => {
                let letters = run.chars().collect::<Vec<_>>();
                words.extend(letters.windows(2).map(|pair| pair.iter().collect::<String>()));
            }
        }
    }
    words
}

/// As [`super::is_sentence_word`] says.
pub(super) fn is_sentence_word(word: &str) -> bool {
    static SENTENCE: LazyLock<HashSet<&'static str>> = LazyLock::new(|| {
        let lists = [("same", "stop"), ("answer_style", "behind_commands")];
        lists.iter().flat_map(|(section, key)| Languages::built_in().words(section, key)).collect()
    });
    is_grammar(word) || SENTENCE.contains(word)
}

fn is_grammar(word: &str) -> bool {
    GRAMMAR.contains(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_is_what_a_text_is_about() {
        assert!(is_grammar("how") && !is_grammar("port"));
        assert_eq!(
            content("How do the ports open?"),
            BTreeSet::from(["open".into(), "port".into()])
        );
    }
}
