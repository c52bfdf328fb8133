//! The tokenizer of SentencePiece, which multilingual models have: of all ways to cut a word into pieces, the
//! likeliest.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::Value;

use super::char_map::CharMap;
use super::file::{Pieces, TokenizerFile, flag, kind_of};

/// Stands for the space before a word.
const SPACE: char = '\u{2581}';
/// By how much an unknown letter is less likely than the least likely piece.
const UNKNOWN_PENALTY: f64 = 10.0;

#[derive(Debug, Deserialize)]
struct ModelTable {
    unk_id: Option<u32>,
    vocab: Vec<(String, f64)>,
}

pub(super) struct Unigram {
    pieces: HashMap<String, (u32, f64)>,
    /// Bytes of the longest piece.
    longest: usize,
    unknown: u32,
    unknown_score: f64,
    char_map: Option<CharMap>,
}

/// The best way to cut a word up to some place.
#[derive(Clone, Copy)]
struct BestCut {
    score: f64,
    from: usize,
    piece: u32,
}

impl Unigram {
    pub(super) fn read(file: &TokenizerFile) -> Result<Self, String> {
        if flag(&file.model, "byte_fallback", false) {
            return Err("byte_fallback is not known".to_owned());
        }
        let table = ModelTable::deserialize(&file.model).map_err(|error| error.to_string())?;
        check_splitter(file.pre_tokenizer.as_ref())?;
        let char_map = read_char_map(file.normalizer.as_ref())?;
        let unknown = table.unk_id.ok_or("unk_id is missing")?;
        let least = table.vocab.iter().map(|(_, score)| *score).fold(f64::INFINITY, f64::min);
        let longest = table.vocab.iter().map(|(piece, _)| piece.len()).max().unwrap_or_default();
        let numbered = (0..).zip(table.vocab).filter(|(number, _)| *number != unknown);
        let pieces = numbered.map(|(number, (piece, score))| (piece, (number, score))).collect();
        let unknown_score = least - UNKNOWN_PENALTY;
        Ok(Self { pieces, longest, unknown, unknown_score, char_map })
    }

    pub(super) fn greatest(&self) -> Option<u32> {
        self.pieces.values().map(|(number, _)| *number).chain([self.unknown]).max()
    }

    pub(super) fn pieces(&self, text: &str) -> Pieces {
        let normal = match &self.char_map {
            Some(map) => map.normalized(text),
            None => text.to_owned(),
        };
        let mut pieces = Pieces::default();
        for word in normal.split_whitespace() {
            self.add_word(&format!("{SPACE}{word}"), &mut pieces);
        }
        pieces
    }

    fn add_word(&self, word: &str, pieces: &mut Pieces) {
        let letters = |text: &str| text.chars().filter(|letter| letter.is_alphabetic()).count();
        pieces.letters += letters(word);
        let best = self.best_cuts(word);
        let (mut cuts, mut end) = (Vec::new(), word.len());
        while end > 0 {
            let cut = best[end].expect("every letter can be a piece of its own");
            cuts.push((cut.from..end, cut.piece));
            end = cut.from;
        }
        let mut before = None;
        for (place, piece) in cuts.into_iter().rev() {
            if piece != self.unknown {
                pieces.known += letters(&word[place]);
            }
            // Unknown letters beside each other are one unknown piece.
            if piece != self.unknown || before != Some(piece) {
                pieces.numbers.push(piece);
            }
            before = Some(piece);
        }
    }

    fn best_cuts(&self, word: &str) -> Vec<Option<BestCut>> {
        let mut best = vec![None; word.len() + 1];
        best[0] = Some(BestCut { score: 0.0, from: 0, piece: self.unknown });
        let mut offer = |from: usize, end: usize, piece: u32, score: f64, so_far: f64| {
            let score = so_far + score;
            let place: &mut Option<BestCut> = &mut best[end];
            if place.is_none_or(|known| score > known.score) {
                *place = Some(BestCut { score, from, piece });
            }
            *place
        };
        let mut scores = vec![f64::NEG_INFINITY; word.len() + 1];
        scores[0] = 0.0;
        for (from, letter) in word.char_indices() {
            let single = from + letter.len_utf8();
            let mut has_single = false;
            let ends = word[from..].char_indices().map(|(at, one)| from + at + one.len_utf8());
            for end in ends.take_while(|end| end - from <= self.longest) {
                if let Some((piece, score)) = self.pieces.get(&word[from..end]) {
                    let placed = offer(from, end, *piece, *score, scores[from]);
                    scores[end] = placed.map_or(scores[end], |cut| cut.score);
                    has_single |= end == single;
                }
            }
            if !has_single {
                let placed = offer(from, single, self.unknown, self.unknown_score, scores[from]);
                scores[single] = placed.map_or(scores[single], |cut| cut.score);
            }
        }
        best
    }
}

/// Words are cut at spaces, and each begins with the mark of one.
fn check_splitter(splitter: Option<&Value>) -> Result<(), String> {
    let splitter = splitter.ok_or("it has no pre_tokenizer")?;
    for part in parts(splitter, "pretokenizers") {
        let known = match kind_of(part) {
            "WhitespaceSplit" => true,
            "Metaspace" => {
                let is = |key: &str, value: &str| {
                    part.get(key).and_then(Value::as_str).is_none_or(|one| one == value)
                };
                is("replacement", &SPACE.to_string())
                    && is("prepend_scheme", "always")
                    && flag(part, "add_prefix_space", true)
                    && flag(part, "split", true)
            }
            _ => false,
        };
        if !known {
            return Err(format!("the pre_tokenizer {part} is not known"));
        }
    }
    Ok(())
}

/// The map of letters; spaces are brought together by cutting at them.
fn read_char_map(normalizer: Option<&Value>) -> Result<Option<CharMap>, String> {
    let mut map = None;
    for part in normalizer.into_iter().flat_map(|normalizer| parts(normalizer, "normalizers")) {
        match kind_of(part) {
            "Precompiled" => {
                let text = part.get("precompiled_charsmap").and_then(Value::as_str);
                map = Some(CharMap::read(text.ok_or("precompiled_charsmap is missing")?)?);
            }
            "Strip" => {}
            "Replace"
                if part.pointer("/pattern/Regex").and_then(Value::as_str) == Some(" {2,}") => {}
            other => return Err(format!("the normalizer {other:?} is not known")),
        }
    }
    Ok(map)
}

fn parts<'v>(whole: &'v Value, key: &str) -> Vec<&'v Value> {
    match (kind_of(whole), whole.get(key).and_then(Value::as_array)) {
        ("Sequence", Some(parts)) => parts.iter().collect(),
        _ => vec![whole],
    }
}
