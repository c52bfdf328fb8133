//! Compatibility forms, case and accents are folded away, while every character remembers its place.

use std::ops::Range;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::{canonical_combining_class, is_combining_mark};

/// What a character does in a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CharClass {
    /// Part of a word.
    Alphanumeric,
    /// A character of a script without spaces.
    Spaceless,
    /// Binds words to an identifier where it stands between them.
    Connector,
    /// Stands within words and is left out of them.
    Apostrophe,
    Break,
}

impl CharClass {
    fn of(ch: char) -> Self {
        match ch {
            'a'..='z' | '0'..='9' => Self::Alphanumeric,
            '_' | '-' | '.' | '/' | '\\' | ':' | '@' | '#' | '$' | '=' | '&' | '%' | '~' | '+' => {
                Self::Connector
            }
            '\'' | '’' => Self::Apostrophe,
            ch if ch.is_ascii() => Self::Break,
            ch if is_spaceless(ch) => Self::Spaceless,
            ch if ch.is_alphanumeric() => Self::Alphanumeric,
            _ => Self::Break,
        }
    }
}

/// A folded character and the bytes it came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FoldedChar {
    pub(crate) ch: char,
    pub(crate) class: CharClass,
    /// Whether it was written as a capital.
    pub(crate) upper: bool,
    start: u32,
    end: u32,
}

impl FoldedChar {
    fn new(ch: char, upper: bool, Range { start, end }: Range<u32>) -> Self {
        Self { ch, class: CharClass::of(ch), upper, start, end }
    }

    /// The bytes that a stretch of folded characters came from.
    pub(crate) fn range(stretch: &[Self]) -> Range<usize> {
        match stretch {
            [] => 0..0,
            [first, ..] => first.start as usize..stretch[stretch.len() - 1].end as usize,
        }
    }
}

/// NFKC, lower case, and no accents on alphabetic scripts, put into `folded`. Works on one base character with
/// its marks at a time, so that places stay exact. Never more than 18 characters for one (the longest of
/// Unicode's compatibility forms). Of a text beyond 4 GB only the start is folded.
pub(crate) fn fold(text: &str, folded: &mut Vec<FoldedChar>) {
    folded.clear();
    folded.reserve(text.len());
    if text.is_ascii() {
        folded.extend((0..u32::MAX).zip(text.bytes()).map(|(start, byte)| fold_ascii(byte, start)));
        return;
    }
    let mut starts = text.char_indices().peekable();
    while let Some((start, first)) = starts.next() {
        let mut end = start + first.len_utf8();
        let Ok(place) = u32::try_from(start) else { return };
        if let Ok(byte @ 0..=0x7f) = u8::try_from(first)
            && starts.peek().is_none_or(|(_, next)| next.is_ascii())
        {
            folded.push(fold_ascii(byte, place));
            continue;
        }
        while let Some((place, next)) = starts.next_if(|(_, next)| continues(*next)) {
            end = place + next.len_utf8();
        }
        let Ok(place_after) = u32::try_from(end) else { return };
        fold_cluster(&text[start..end], place..place_after, folded);
    }
}

fn fold_ascii(byte: u8, start: u32) -> FoldedChar {
    FoldedChar::new(
        char::from(byte.to_ascii_lowercase()),
        byte.is_ascii_uppercase(),
        start..start + 1,
    )
}

/// Whether a character belongs to the one before it: a mark, a Hangul vowel or final, a half-width voicing.
fn continues(ch: char) -> bool {
    canonical_combining_class(ch) != 0
        || matches!(ch, '\u{1160}'..='\u{11FF}' | '\u{FF9E}' | '\u{FF9F}')
}

fn fold_cluster(cluster: &str, range: Range<u32>, folded: &mut Vec<FoldedChar>) {
    for composed in cluster.nfkc() {
        if is_spaceless(composed) {
            folded.push(FoldedChar::new(composed, false, range.clone()));
            continue;
        }
        for lower in composed.to_lowercase() {
            let bare = std::iter::once(lower).nfd().filter(|ch| !is_combining_mark(*ch));
            let plain = bare.flat_map(|ch| {
                let (first, second) = plain(ch);
                std::iter::once(first).chain(second)
            });
            let upper = composed.is_uppercase();
            folded.extend(plain.map(|ch| FoldedChar::new(ch, upper, range.clone())));
        }
    }
}

/// Latin letters that have no accent to lose, as they are typed on a keyboard without them.
fn plain(ch: char) -> (char, Option<char>) {
    match ch {
        'ß' => ('s', Some('s')),
        'æ' => ('a', Some('e')),
        'œ' => ('o', Some('e')),
        'ø' => ('o', None),
        'ł' => ('l', None),
        'đ' => ('d', None),
        other => (other, None),
    }
}

/// Whether a script writes without spaces between words: Hangul (whose particles cling), Han and Kana.
pub(crate) fn is_spaceless(ch: char) -> bool {
    matches!(ch,
        '\u{1100}'..='\u{11FF}'
        | '\u{3005}'..='\u{3007}'
        | '\u{3041}'..='\u{3096}'
        | '\u{309D}'..='\u{309F}'
        | '\u{30A1}'..='\u{30FA}'
        | '\u{30FC}'..='\u{30FF}'
        | '\u{3105}'..='\u{318E}'
        | '\u{31F0}'..='\u{31FF}'
        | '\u{3400}'..='\u{4DBF}'
        | '\u{4E00}'..='\u{9FFF}'
        | '\u{AC00}'..='\u{D7FB}'
        | '\u{F900}'..='\u{FAFF}'
        | '\u{20000}'..='\u{3FFFF}')
}
