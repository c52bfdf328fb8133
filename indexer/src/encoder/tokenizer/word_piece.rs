//! The tokenizer of BERT: words and punctuation, and of each word the longest known beginnings.

use std::borrow::Cow;
use std::collections::HashMap;

use regex::Regex;
use serde::Deserialize;
use unicode_normalization::UnicodeNormalization;

use super::file::{Pieces, TokenizerFile, flag, kind_of};

#[derive(Debug, Deserialize)]
struct ModelTable {
    unk_token: String,
    #[serde(default = "hashes")]
    continuing_subword_prefix: String,
    #[serde(default = "hundred")]
    max_input_chars_per_word: usize,
    vocab: HashMap<String, u32>,
}

fn hashes() -> String {
    "##".to_owned()
}

fn hundred() -> usize {
    100
}

pub(super) struct WordPiece {
    starts: HashMap<String, u32>,
    /// Without their prefix.
    continuations: HashMap<String, u32>,
    unknown: u32,
    longest_word: usize,
    lowercase: bool,
    strip_accents: bool,
    words: Regex,
    unwritten: Regex,
    accents: Regex,
    ideographs: Regex,
}

impl WordPiece {
    pub(super) fn read(file: &TokenizerFile) -> Result<Self, String> {
        let table = ModelTable::deserialize(&file.model).map_err(|error| error.to_string())?;
        let normalizer = file.normalizer.as_ref().ok_or("it has no normalizer")?;
        let split = file.pre_tokenizer.as_ref().map(kind_of).unwrap_or_default();
        if kind_of(normalizer) != "BertNormalizer" || split != "BertPreTokenizer" {
            return Err(
                "a WordPiece tokenizer must have BERT's normalizer and word splitter".to_owned()
            );
        }
        if !flag(normalizer, "clean_text", true) || !flag(normalizer, "handle_chinese_chars", true)
        {
            return Err("it leaves control characters or ideographs as they are".to_owned());
        }
        let lowercase = flag(normalizer, "lowercase", true);
        let strip_accents = flag(normalizer, "strip_accents", lowercase);
        let unknown = table.vocab.get(&table.unk_token).copied();
        let unknown = unknown.ok_or_else(|| format!("{:?} has no number", table.unk_token))?;
        let (mut starts, mut continuations) = (HashMap::new(), HashMap::new());
        for (piece, number) in table.vocab {
            match piece.strip_prefix(&table.continuing_subword_prefix) {
                Some(rest) if !rest.is_empty() => continuations.insert(rest.to_owned(), number),
                _ => starts.insert(piece, number),
            };
        }
        let pattern = |text| Regex::new(text).expect("the pattern is fixed");
        Ok(Self {
            starts,
            continuations,
            unknown,
            longest_word: table.max_input_chars_per_word,
            lowercase,
            strip_accents,
            words: pattern(r"[\p{P}$+<=>^`|~]|[^\s\p{P}$+<=>^`|~]+"),
            unwritten: pattern(r"[\p{C}\u{FFFD}&&[^\t\n\r]]"),
            accents: pattern(r"\p{Mn}"),
            ideographs: pattern(
                r"[\u{4E00}-\u{9FFF}\u{3400}-\u{4DBF}\u{20000}-\u{2A6DF}\u{2A700}-\u{2B73F}\u{2B740}-\u{2B81F}\u{2B820}-\u{2CEAF}\u{F900}-\u{FAFF}\u{2F800}-\u{2FA1F}]",
            ),
        })
    }

    pub(super) fn greatest(&self) -> Option<u32> {
        self.starts.values().chain(self.continuations.values()).copied().max()
    }

    pub(super) fn pieces(&self, text: &str) -> Pieces {
        let normal = self.normalized(text);
        let mut pieces = Pieces::default();
        for word in self.words.find_iter(&normal) {
            self.add_word(word.as_str(), &mut pieces);
        }
        pieces
    }

    fn normalized(&self, text: &str) -> String {
        let written = self.unwritten.replace_all(text, "");
        let spaced = self.ideographs.replace_all(&written, " $0 ");
        let plain = if self.strip_accents {
            let parts = spaced.nfd().collect::<String>();
            Cow::Owned(self.accents.replace_all(&parts, "").into_owned())
        } else {
            spaced
        };
        // Letter by letter: at the end of a Greek word the whole would be spelt otherwise.
        if self.lowercase {
            plain.chars().flat_map(char::to_lowercase).collect()
        } else {
            plain.into_owned()
        }
    }

    /// A word that cannot be put together from known pieces is unknown as a whole. A letter inside a word says
    /// nothing by itself.
    fn add_word(&self, word: &str, pieces: &mut Pieces) {
        let letters = |text: &str| text.chars().filter(|letter| letter.is_alphabetic()).count();
        pieces.letters += letters(word);
        let first = pieces.numbers.len();
        let (mut rest, mut known) = (word, 0);
        if word.chars().count() > self.longest_word {
            pieces.numbers.push(self.unknown);
            return;
        }
        while !rest.is_empty() {
            let table = if rest.len() == word.len() { &self.starts } else { &self.continuations };
            let ends = rest.char_indices().map(|(at, letter)| at + letter.len_utf8()).rev();
            let longest =
                ends.into_iter().find_map(|end| table.get(&rest[..end]).map(|one| (end, *one)));
            let Some((end, number)) = longest else {
                pieces.numbers.truncate(first);
                pieces.numbers.push(self.unknown);
                return;
            };
            pieces.numbers.push(number);
            if end == word.len() || rest[..end].chars().nth(1).is_some() {
                known += letters(&rest[..end]);
            }
            rest = &rest[end..];
        }
        pieces.known += known;
    }
}
