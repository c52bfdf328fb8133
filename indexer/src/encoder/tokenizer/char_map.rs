//! SentencePiece's map of letters to letters: a double array (Darts) over bytes, then the texts that it names.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

pub(super) struct CharMap {
    units: Vec<u32>,
    texts: String,
}

impl CharMap {
    pub(super) fn read(text: &str) -> Result<Self, String> {
        let bytes =
            STANDARD.decode(text).map_err(|error| format!("precompiled_charsmap: {error}"))?;
        let cut = || "precompiled_charsmap is cut short".to_owned();
        let (size, rest) = bytes.split_first_chunk::<4>().ok_or_else(cut)?;
        let (units, texts) =
            rest.split_at_checked(u32::from_le_bytes(*size) as usize).ok_or_else(cut)?;
        let units = units.as_chunks::<4>().0.iter().map(|four| u32::from_le_bytes(*four)).collect();
        let texts = String::from_utf8(texts.to_vec());
        let texts = texts.map_err(|error| format!("precompiled_charsmap: {error}"))?;
        Ok(Self { units, texts })
    }

    /// At each place the longest text that the map has is replaced; what it has not stays.
    pub(super) fn normalized(&self, text: &str) -> String {
        let mut normal = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(letter) = rest.chars().next() {
            let (length, replacement) = self
                .longest(rest.as_bytes())
                .filter(|(length, _)| rest.is_char_boundary(*length))
                .unwrap_or((letter.len_utf8(), &rest[..letter.len_utf8()]));
            normal.push_str(replacement);
            rest = &rest[length..];
        }
        normal
    }

    /// How many bytes the longest beginning in the map has, and what stands in its place.
    fn longest(&self, key: &[u8]) -> Option<(usize, &str)> {
        let mut found = None;
        let mut place = offset(*self.units.first()?);
        for (at, byte) in key.iter().enumerate() {
            place ^= u32::from(*byte);
            let Some(unit) = self.units.get(place as usize).copied() else { break };
            if *byte == 0 || unit & (1 << 31 | 0xff) != u32::from(*byte) {
                break;
            }
            place ^= offset(unit);
            if unit >> 8 & 1 == 1
                && let Some(leaf) = self.units.get(place as usize)
            {
                found = Some((at + 1, leaf & !(1 << 31)));
            }
        }
        let (length, start) = found?;
        let text = self.texts.get(start as usize..)?;
        Some((length, text.split('\0').next().unwrap_or_default()))
    }
}

fn offset(unit: u32) -> u32 {
    (unit >> 10) << ((unit & 1 << 9) >> 6)
}
