//! Lines of a text, and the hash by which texts are compared.

use sha2::{Digest, Sha256};

/// Every line with its end, and its first byte.
pub(crate) fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.split_inclusive('\n').scan(0, |at, line| {
        let begins = *at;
        *at += line.len();
        Some((begins, line))
    })
}

/// The hash by which two texts are compared, the first 16 hexadecimal digits of SHA-256. Line ends,
/// space at the end and ticked boxes do not count: the host and its readers change them.
pub fn hash(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace("- [x] ", "- [ ] ").replace("- [X] ", "- [ ] ");
    let digest = Sha256::digest(text.trim_end());
    digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// At most so many characters, cut at a word.
pub(crate) fn shortened(line: &str, most: usize) -> String {
    if line.chars().count() <= most {
        return line.to_owned();
    }
    let cut = line.char_indices().nth(most - 1).map_or(line.len(), |(at, _)| at);
    let words = line[..cut].rfind(char::is_whitespace).filter(|at| *at > cut / 2).unwrap_or(cut);
    format!("{}\u{2026}", line[..words].trim_end_matches([',', ' ', ';', ':']))
}
