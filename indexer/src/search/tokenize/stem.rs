//! A light stemmer: it takes off the endings by which one word is asked for in several forms.

use std::collections::BTreeSet;
use std::sync::LazyLock;

/// Shorter words that end in `ly`, such as `reply`, are no adverbs.
const SHORTEST_ADVERB: usize = 7;

/// The common root of `post`, `posts`, `posted` and `posting`. Words that are not plain Latin letters, and
/// short ones, stay as they are. Idempotence is not promised; agreement of index and query is, as both use it.
pub(crate) fn stem(word: &mut String) {
    if word.len() <= 3 || !word.bytes().all(|byte| byte.is_ascii_lowercase()) {
        return;
    }
    make_singular(word);
    if word.ends_with("ied") && word.len() >= 5 {
        word.truncate(word.len() - 3);
        word.push('y');
    }
    for ending in ["ing", "ed"] {
        if let Some(stripped) = word.strip_suffix(ending) {
            match stripped.as_bytes() {
                // `using` and `used`, whose root ends in `e`.
                [vowel, other] if is_vowel(*vowel) && !is_vowel(*other) => {
                    word.truncate(stripped.len());
                    word.push('e');
                }
                [_, _, _, ..] if stripped.bytes().any(is_vowel) => {
                    word.truncate(undoubled(stripped));
                }
                _ => continue,
            }
            break;
        }
    }
    if word.len() >= SHORTEST_ADVERB && word.ends_with("ly") {
        word.truncate(word.len() - 2);
    }
    if word.len() > 3 && word.ends_with('e') {
        word.pop();
    }
    if word.len() > 3 && word.ends_with('y') {
        word.pop();
        word.push('i');
    }
}

fn make_singular(word: &mut String) {
    if word.ends_with("ies") && word.len() >= 5 {
        word.truncate(word.len() - 3);
        word.push('y');
    } else if word.ends_with("sses") {
        word.truncate(word.len() - 2);
    } else if word.ends_with('s') && !word.ends_with("ss") && !word.ends_with("us") {
        word.pop();
    }
}

/// The length without a doubled last letter: `runn` becomes `run`; doubles that words truly end in stay.
fn undoubled(root: &str) -> usize {
    let bytes = root.as_bytes();
    let last = bytes[bytes.len() - 1];
    let is_doubled = bytes.len() > 3 && bytes[bytes.len() - 2] == last;
    if is_doubled && !matches!(last, b'l' | b's' | b'z') { root.len() - 1 } else { root.len() }
}

fn is_vowel(byte: u8) -> bool {
    matches!(byte, b'a' | b'e' | b'i' | b'o' | b'u' | b'y')
}

/// English words that carry the grammar of a question, not its subject.
const FUNCTION_WORDS: &str = "a about after all also am an and any anyone are as at be because been before being \
    but by can cant could did didnt do does doesnt doing dont for from get getting gets got had has have having he \
    her here hey hi him his how i id if ill im in into is isnt it its ive just know like me my need no not of on one or \
    our out please she should so some someone than thank thanks that the their them then there these they this those \
    to too up us very want was way we were what whats when where which while who why will with would you your";

fn stem_of(word: &str) -> String {
    let mut word = word.to_owned();
    stem(&mut word);
    word
}

/// Whether a stemmed word says little about what is asked.
pub(crate) fn is_function_word(stemmed: &str) -> bool {
    static STEMMED: LazyLock<BTreeSet<String>> =
        LazyLock::new(|| FUNCTION_WORDS.split_whitespace().map(stem_of).collect());
    STEMMED.contains(stemmed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_a_word_share_a_root() {
        for forms in [
            ["post", "posts", "posted", "posting"],
            ["run", "runs", "run", "running"],
            ["make", "makes", "make", "making"],
            ["try", "tries", "tried", "trying"],
            ["reply", "replies", "replied", "replying"],
            ["install", "installs", "installed", "installing"],
            ["use", "uses", "used", "using"],
            ["effective", "effectively", "effective", "effectively"],
        ] {
            let roots = forms.map(stem_of);
            assert!(roots.iter().all(|root| *root == roots[0]), "{roots:?}");
        }
    }

    #[test]
    fn what_is_no_form_stays() {
        for word in ["status", "address", "string", "bus", "ring", "지갑", "gpt4"] {
            assert_eq!(stem_of(word), word);
        }
    }

    #[test]
    fn function_words_are_known_in_every_form() {
        for word in ["how", "does", "doing", "please"] {
            assert!(is_function_word(&stem_of(word)), "{word}");
        }
        assert!(!is_function_word(&stem_of("wallet")));
    }
}
