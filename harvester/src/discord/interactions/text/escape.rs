//! Escapes text that people wrote for messages of the bot.

use rules::markdown::visible;

/// Punctuation that can make markup, mentions, links or invites on Discord.
const ACTIVE: &str = "\\*_~|`<>#@[](){}:/-";

/// Text on one line without effect: nothing in it formats, mentions anybody or can be clicked.
/// At most `limit` UTF-16 units long; a cut text ends in `…`.
pub(crate) fn inert(text: &str, limit: usize) -> String {
    let mut out = BoundedText::new(limit);
    for c in one_line(text).chars() {
        let room = if ACTIVE.contains(c) { out.push_all(&['\\', c]) } else { out.push_all(&[c]) };
        if !room {
            break;
        }
    }
    out.finish()
}

/// Text for labels and choices, which Discord does not format. At most `limit` UTF-16 units long.
pub(crate) fn label(text: &str, limit: usize) -> String {
    cut(&one_line(text), limit)
}

/// Unescaped text of at most `limit` UTF-16 units.
pub(crate) fn cut(text: &str, limit: usize) -> String {
    let mut out = BoundedText::new(limit);
    let _ = text.chars().all(|c| out.push_all(&[c]));
    out.finish()
}

fn one_line(text: &str) -> String {
    visible(text).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Text with a length limit.
struct BoundedText {
    text: String,
    units: usize,
    limit: usize,
    /// Where the text can be cut so that `…` still fits.
    cut: usize,
}

impl BoundedText {
    fn new(limit: usize) -> Self {
        Self { text: String::new(), units: 0, limit, cut: 0 }
    }

    /// Adds all of `piece`, or cuts the text if it does not fit.
    fn push_all(&mut self, piece: &[char]) -> bool {
        let units = piece.iter().map(|c| c.len_utf16()).sum::<usize>();
        if self.units + units > self.limit {
            self.text.truncate(self.cut);
            self.text.push('…');
            return false;
        }
        self.units += units;
        self.text.extend(piece);
        if self.units < self.limit {
            self.cut = self.text.len();
        }
        true
    }

    fn finish(self) -> String {
        self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn nothing_in_foreign_words_is_active() {
        for (text, expected) in [
            ("plain words, 5% of them", "plain words, 5% of them"),
            ("@everyone <@123> <#4>", "\\@everyone \\<\\@123\\> \\<\\#4\\>"),
            ("**bold** `code`", "\\*\\*bold\\*\\* \\`code\\`"),
            ("[x](https://a.example)", "\\[x\\]\\(https\\:\\/\\/a.example\\)"),
            ("discord.gg/abc", "discord.gg\\/abc"),
            ("# big\n> quote\n- item", "\\# big \\> quote \\- item"),
            ("\\", "\\\\"),
            ("a\u{202e}b\u{200b}c", "abc"),
        ] {
            assert_eq!(inert(text, 200), expected);
        }
    }

    #[test]
    fn what_is_too_long_is_cut_whole_and_says_so() {
        assert_eq!(inert("abcdef", 6), "abcdef");
        assert_eq!(inert("abcdefg", 6), "abcde…");
        assert_eq!(inert("abcd*ef", 6), "abcd…");
        assert_eq!(label("지갑을 어떻게", 4), "지갑을…");
        assert_eq!(label("😀😀😀", 5), "😀😀…");
    }

    proptest! {
        #[test]
        fn the_limit_holds_and_every_active_sign_is_escaped(text in "\\PC{0,80}|[*@<:/ a\\\\]{0,60}", limit in 1usize..40) {
            let safe = inert(&text, limit);
            prop_assert!(safe.encode_utf16().count() <= limit);
            let mut signs = safe.chars();
            while let Some(sign) = signs.next() {
                if sign == '\\' {
                    prop_assert!(signs.next().is_some_and(|next| ACTIVE.contains(next)));
                } else {
                    prop_assert!(!ACTIVE.contains(sign));
                }
            }
        }
    }
}
