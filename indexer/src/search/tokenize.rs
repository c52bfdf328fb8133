//! Text to searchable pieces: words, code identifiers, and grams of scripts without spaces.
//!
//! The same pieces serve the index, the query and the highlights, so that they always agree.

use std::ops::Range;

use tantivy::tokenizer::{Token, TokenStream, Tokenizer, TokenizerManager};

mod fold;
mod runs;
mod stem;

pub(crate) use stem::is_function_word;

/// The tokenizer of fields that hold words, parts of identifiers and grams.
pub(crate) const WORDS: &str = "harvester_words";
/// The tokenizer of fields that hold humps only.
pub(crate) const HUMPS: &str = "harvester_humps";
/// The tokenizer of fields that hold whole identifiers only.
pub(crate) const CODE: &str = "harvester_code";

/// Longer words are cut here, in characters.
const MAX_WORD: usize = 64;
/// Longer runs count as no identifier: only their parts are kept. In characters.
const MAX_IDENTIFIER: usize = 128;

/// What a piece of text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TokenKind {
    /// A word, folded and stemmed.
    Word,
    /// A part of an identifier, folded and stemmed.
    Part,
    /// A part that only a capital tells from the next: `git` and `hub` of `GitHub`.
    Hump,
    /// One or two characters of Hangul, Han or Kana.
    Gram,
    /// An identifier with its inner punctuation, folded but not stemmed.
    Whole,
    /// An identifier within a longer one, such as the file name of a path.
    Segment,
}

impl TokenKind {
    pub(crate) fn is_code(self) -> bool {
        matches!(self, Self::Whole | Self::Segment)
    }

    /// The tokenizer whose fields hold it.
    fn tokenizer(self) -> &'static str {
        match self {
            Self::Word | Self::Part | Self::Gram => WORDS,
            Self::Hump => HUMPS,
            Self::Whole | Self::Segment => CODE,
        }
    }
}

/// A searchable piece and where it stands in the text, in bytes on character boundaries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct IndexToken {
    pub(crate) kind: TokenKind,
    pub(crate) text: String,
    pub(crate) range: Range<usize>,
    /// Counts the runs of the text: pieces of one identifier share it.
    pub(crate) run: usize,
}

/// All pieces of a text, by run. Never more than a constant times the bytes of the text.
pub(crate) fn pieces(text: &str) -> Vec<IndexToken> {
    runs::pieces(&fold::fold(text))
}

/// Makes the project's tokenizers known to an index.
pub(crate) fn register(tokenizers: &TokenizerManager) {
    for name in [WORDS, HUMPS, CODE] {
        tokenizers.register(name, IndexTokenizer { name });
    }
}

#[derive(Clone)]
struct IndexTokenizer {
    name: &'static str,
}

impl Tokenizer for IndexTokenizer {
    type TokenStream<'a> = IndexTokenStream;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> IndexTokenStream {
        let mut pieces = pieces(text);
        pieces.retain(|piece| piece.kind.tokenizer() == self.name);
        IndexTokenStream { pieces: pieces.into_iter(), count: 0, token: Token::default() }
    }
}

struct IndexTokenStream {
    pieces: std::vec::IntoIter<IndexToken>,
    count: usize,
    token: Token,
}

impl TokenStream for IndexTokenStream {
    fn advance(&mut self) -> bool {
        let Some(piece) = self.pieces.next() else { return false };
        self.token = Token {
            offset_from: piece.range.start,
            offset_to: piece.range.end,
            position: self.count,
            text: piece.text,
            position_length: 1,
        };
        self.count += 1;
        true
    }

    fn token(&self) -> &Token {
        &self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        &mut self.token
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn texts(text: &str, code: bool) -> Vec<String> {
        let kept = pieces(text).into_iter().filter(|piece| piece.kind.is_code() == code);
        kept.map(|piece| piece.text).collect()
    }

    #[track_caller]
    fn check(text: &str, words: &[&str], code: &[&str]) {
        assert_eq!(texts(text, false), words, "words of {text:?}");
        assert_eq!(texts(text, true), code, "identifiers of {text:?}");
    }

    #[test]
    fn words_are_folded_and_stemmed() {
        check("Posting POSTS, posted; a post.", &["post", "post", "post", "a", "post"], &[]);
        check("Café naïve Straße ﬁles", &["caf", "naiv", "strass", "fil"], &[]);
        check("don’t it's users' what's", &["dont", "it", "user", "what"], &[]);
        check("cafe\u{301} ｆｕｌｌ", &["caf", "full"], &[]);
        check("the bot ... -- ! (?)", &["the", "bot"], &[]);
        check("", &[], &[]);
    }

    #[test]
    fn identifiers_stay_whole_and_come_apart() {
        check(
            "ELIZA_ALLOW_DESTRUCTIVE_MIGRATIONS",
            &["eliza", "allow", "destructiv", "migration"],
            &["eliza_allow_destructive_migrations"],
        );
        check(
            "this.runtime.hasElizaOS()",
            &["thi", "runtim", "haselizao", "has", "eliza", "os"],
            &["this.runtime.haselizaos", "haselizaos"],
        );
        check(
            "serverId→messageServerId",
            &["serverid", "server", "id", "messageserverid", "messag", "server", "id"],
            &[],
        );
        check("v1.7.0", &["1.7.0", "1.7"], &["v1.7.0", "1.7.0", "1.7"]);
        check(
            "`@elizaos/plugin-sql`",
            &["elizao", "plugin", "sql"],
            &["elizaos/plugin-sql", "plugin-sql"],
        );
        check("--flag-name", &["flag", "nam"], &["flag-name"]);
        check("ERR_X_42", &["err", "x", "42"], &["err_x_42"]);
        check(
            "packages/core/src/runtime.ts:12",
            &["packag", "cor", "src", "runtim", "ts", "12"],
            &["packages/core/src/runtime.ts:12", "runtime.ts:12"],
        );
        check("HTMLParser APIs gpt4", &["htmlparser", "html", "parser", "api", "gpt4"], &[]);
    }

    #[test]
    fn scripts_without_spaces_become_grams() {
        check("지갑을", &["지", "갑", "을", "지갑", "갑을"], &[]);
        check("elizaOS에서", &["elizao", "eliza", "os", "에", "서", "에서"], &[]);
        check("東京タワー", &["東", "京", "タ", "ワ", "ー", "東京", "京タ", "タワ", "ワー"], &[]);
        // The same Hangul syllable and the same voiced Kana, composed and decomposed.
        check("\u{1100}\u{1161}", &["가"], &[]);
        check("ｶﾞ", &["ガ"], &[]);
    }

    #[test]
    fn a_megabyte_without_spaces_is_bounded() {
        let letters = pieces(&"a".repeat(1_000_000));
        assert_eq!(letters.len(), 1);
        assert!(letters[0].text.len() <= MAX_WORD);
        let dashes = pieces(&"a-".repeat(500_000));
        assert!(dashes.len() <= 1_000_000);
    }

    proptest! {
        #[test]
        fn any_text_gives_sound_pieces(text in "\\PC*|[a-zA-Z0-9_./:@#' -]{0,80}|[가-힣a-zA-Zぁ-ん]{0,40}|\\s*(\\w|[.:/_-]){0,60}") {
            let pieces = pieces(&text);
            prop_assert!(pieces.len() <= 24 * text.len());
            for piece in pieces {
                prop_assert!(!piece.text.is_empty());
                prop_assert!(piece.text.chars().count() <= MAX_IDENTIFIER);
                prop_assert!(text.get(piece.range).is_some_and(|part| !part.is_empty()));
            }
        }

        #[test]
        fn case_does_not_matter_to_plain_words(text in "[a-z ]{0,60}") {
            let lower = pieces(&text).into_iter().map(|piece| piece.text).collect::<Vec<_>>();
            let upper = pieces(&text.to_uppercase()).into_iter().map(|piece| piece.text).collect::<Vec<_>>();
            prop_assert_eq!(lower, upper);
        }
    }
}
