//! Text to searchable pieces: words, code identifiers, and grams of scripts without spaces.
//!
//! The same pieces serve the index, the query and the highlights, so that they always agree.

use std::ops::Range;

use tantivy::tokenizer::{Token, TokenStream, Tokenizer, TokenizerManager};

mod fold;
mod runs;
mod stem;

pub(crate) use stem::is_function_word;

/// The tokenizer of the index's text fields.
pub(crate) const TEXT: &str = "harvester_text";

/// What stands before humps and identifiers in the index, so that words are never taken for them.
const HUMP_MARK: char = '\u{1}';
const CODE_MARK: char = '\u{2}';

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

    /// What stands before it in the index.
    pub(crate) fn mark(self) -> Option<char> {
        match self {
            Self::Word | Self::Part | Self::Gram => None,
            Self::Hump => Some(HUMP_MARK),
            Self::Whole | Self::Segment => Some(CODE_MARK),
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
    let mut folded = Vec::new();
    fold::fold(text, &mut folded);
    let mut pieces = Vec::new();
    runs::each_piece(&folded, |kind, text, range, run| {
        pieces.push(IndexToken { kind, text: text.to_owned(), range, run });
    });
    pieces
}

/// Makes the project's tokenizer known to an index.
pub(crate) fn register(tokenizers: &TokenizerManager) {
    tokenizers.register(TEXT, IndexTokenizer::default());
}

/// Keeps its buffers from text to text.
#[derive(Clone, Default)]
struct IndexTokenizer {
    folded: Vec<fold::FoldedChar>,
    buffer: TokenBuffer,
}

/// The pieces of one text as terms of the index.
#[derive(Clone, Default)]
struct TokenBuffer {
    /// All terms, one after the other.
    terms: String,
    /// Where each term ends, and where its piece stands in the text.
    ends: Vec<(usize, Range<usize>)>,
    next: usize,
    token: Token,
}

struct IndexTokenStream<'a>(&'a mut TokenBuffer);

impl Tokenizer for IndexTokenizer {
    type TokenStream<'a> = IndexTokenStream<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> IndexTokenStream<'a> {
        let Self { folded, buffer } = self;
        fold::fold(text, folded);
        buffer.terms.clear();
        buffer.ends.clear();
        buffer.next = 0;
        buffer.token.reset();
        runs::each_piece(folded, |kind, text, range, _| {
            buffer.terms.extend(kind.mark());
            buffer.terms.push_str(text);
            buffer.ends.push((buffer.terms.len(), range));
        });
        IndexTokenStream(buffer)
    }
}

impl TokenStream for IndexTokenStream<'_> {
    fn advance(&mut self) -> bool {
        let TokenBuffer { terms, ends, next, token } = &mut *self.0;
        let Some((end, range)) = ends.get(*next) else { return false };
        let start = next.checked_sub(1).map_or(0, |before| ends[before].0);
        token.text.clear();
        token.text.push_str(&terms[start..*end]);
        token.offset_from = range.start;
        token.offset_to = range.end;
        token.position = *next;
        *next += 1;
        true
    }

    fn token(&self) -> &Token {
        &self.0.token
    }

    fn token_mut(&mut self) -> &mut Token {
        &mut self.0.token
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
        check("--flag-name", &["flag", "nam"], &["--flag-name", "flag-name"]);
        check(
            "with --characters=a.json",
            &["with", "character", "a", "json"],
            &["--characters=a.json", "--characters", "characters=a.json", "a.json"],
        );
        check("df -h, .env; - dash --", &["df", "h", "env", "dash"], &["-h", ".env"]);
        check("-word", &["word"], &[]);
        check("ERR_X_42", &["err", "x", "42"], &["err_x_42"]);
        check(
            "packages/core/src/runtime.ts:12",
            &["packag", "cor", "src", "runtim", "ts", "12"],
            &["packages/core/src/runtime.ts:12", "runtime.ts:12", "runtime.ts"],
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
