//! Query to hits.

use std::ops::Range;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

use rules::model::ids::{ChannelId, ClusterId, GuildId};
use tantivy::{Index, IndexReader, ReloadPolicy};

mod candidates;
mod condense;
mod disk;
pub mod document;
mod error;
mod highlight;
mod query_terms;
pub mod schema;
mod scorer;
mod snapshot;
mod spelling;
pub mod suggest;
mod term_lookup;
pub mod tokenize;
pub mod writer;

use self::query_terms::QueryTerms;
use self::snapshot::IndexSnapshot;

pub use error::SearchError;

/// Hits in one answer at most.
const MAX_LIMIT: usize = 50;
/// Bytes of a query that are looked at.
pub const MAX_QUERY: usize = 16 * 1_024;
/// Questions offered when nothing matches well.
const NEAREST: usize = 10;

/// What somebody looks for.
#[derive(Debug, Clone, Default)]
pub struct SearchQuery {
    /// Plain words or a pasted error: no query language, nothing in it can be a mistake. `MAX_QUERY` bytes are
    /// looked at.
    pub text: String,
    /// Only clusters that a maintainer merged (`Some(true)`), or only others (`Some(false)`).
    pub known: Option<bool>,
    pub channel: Option<ChannelId>,
    pub guild: Option<GuildId>,
    pub offset: usize,
    /// At most 50.
    pub limit: usize,
}

/// What was found, best first.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SearchHits {
    /// All that match about as well as each other, beyond `limit` too; of more than 200 only the best 200.
    pub total: usize,
    pub hits: Vec<SearchHit>,
    /// Whether nothing matched well, and these are only the nearest questions (ten at most).
    pub nearest_only: bool,
    /// The words that were searched for instead of all of a long text.
    pub searched_for: Option<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct SearchHit {
    pub cluster: ClusterId,
    /// Comparable within one answer only.
    pub score: f32,
    /// 0 to 1: how much of what the query says, by weight, the document says too.
    pub share: f32,
}

/// Reads the index as of the last `reload`. Clones share what they see. Needs no lock. All calls block.
#[derive(Clone)]
pub struct Searcher {
    index: Index,
    reader: IndexReader,
    seen: Arc<RwLock<Arc<IndexSnapshot>>>,
}

impl Searcher {
    /// Opens an index that some writer made, in this process or another.
    pub fn open(directory: &Path) -> Result<Self, SearchError> {
        let index = disk::open_existing(directory)
            .map_err(|error| SearchError::NoIndex(Some(Box::new(error))))?;
        Self::of_index(index)
    }

    pub(crate) fn of_index(index: Index) -> Result<Self, SearchError> {
        if !disk::is_current(&index)? {
            return Err(SearchError::NoIndex(None));
        }
        let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?;
        let seen = Arc::new(RwLock::new(Arc::new(IndexSnapshot::take(&reader, None)?)));
        Ok(Self { index, reader, seen })
    }

    /// Sees what was committed since, by any process.
    pub fn reload(&self) -> Result<(), SearchError> {
        if !disk::is_current(&self.index)? {
            return Err(SearchError::NoIndex(None));
        }
        self.reader.reload()?;
        let fresh = Arc::new(IndexSnapshot::take(&self.reader, Some(&self.snapshot()))?);
        *self.seen.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        Ok(())
    }

    /// Finds the clusters that match, best first. Equal scores go by last confirmation, then by cluster id, so
    /// that the order does not depend on how the index is laid out.
    pub fn search(&self, query: &SearchQuery) -> Result<SearchHits, SearchError> {
        let snapshot = self.snapshot();
        let QueryTerms { terms, searched_for } =
            query_terms::read(bounded(&query.text), &snapshot)?;
        let candidates = candidates::candidates(&terms, query, &snapshot)?;
        let found = scorer::score(&terms, &candidates, &snapshot)?;
        let nearest_only = found.nearest_only;
        let total = if nearest_only { found.count().min(NEAREST) } else { found.count() };
        let end = query.offset.saturating_add(query.limit.min(MAX_LIMIT)).min(total);
        let hits = found.hits(query.offset..end, &snapshot)?;
        Ok(SearchHits { total, hits, nearest_only, searched_for })
    }

    /// The place in the store's feed that the newest commit comes from, whether or not it is seen yet.
    /// `None` where the index has to be built from the beginning.
    pub fn cursor(&self) -> Option<i64> {
        disk::committed_cursor(&self.index)
    }

    /// How many clusters the index holds.
    pub fn count(&self) -> usize {
        self.snapshot().live()
    }

    /// All clusters that the index holds, in order.
    pub fn ids(&self) -> Result<Vec<ClusterId>, SearchError> {
        let mut ids = self.snapshot().ids()?;
        ids.sort();
        Ok(ids)
    }

    fn snapshot(&self) -> Arc<IndexSnapshot> {
        self.seen.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The byte ranges of `text` that match words of the query, in order, without overlap.
pub fn highlights(query: &str, text: &str) -> Vec<Range<usize>> {
    highlight::ranges(bounded(query), text)
}

/// The start of a query that is looked at.
fn bounded(text: &str) -> &str {
    &text[..text.floor_char_boundary(MAX_QUERY)]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::search::document::ClusterDocument;
    use crate::search::writer::IndexWriter;
    use crate::search::writer::tests::{document, id};

    /// What the searcher finds among documents numbered from 1.
    struct Shelf {
        _directory: tempfile::TempDir,
        searcher: Searcher,
    }

    impl Shelf {
        fn of(documents: &[ClusterDocument]) -> Self {
            let directory = tempfile::tempdir().unwrap();
            let mut writer = IndexWriter::open(directory.path()).unwrap();
            writer.replace(documents).unwrap();
            writer.commit(1).unwrap();
            Self { searcher: writer.searcher(), _directory: directory }
        }

        fn find(&self, text: &str) -> SearchHits {
            self.ask(SearchQuery { text: text.to_owned(), limit: 10, ..SearchQuery::default() })
        }

        fn ask(&self, query: SearchQuery) -> SearchHits {
            self.searcher.search(&query).unwrap()
        }
    }

    fn clusters(hits: &SearchHits) -> Vec<ClusterId> {
        hits.hits.iter().map(|hit| hit.cluster.clone()).collect()
    }

    fn support() -> Shelf {
        Shelf::of(&[
            document(
                1,
                "How do I reset the agent's memory?",
                "Delete the sqlite file and start again.",
            ),
            document(
                2,
                "Where do I set the Discord token?",
                "Put DISCORD_API_TOKEN into the .env file.",
            ),
            document(
                3,
                "Why does posting to twitter fail?",
                "Set `ELIZA_ALLOW_DESTRUCTIVE_MIGRATIONS` once.",
            ),
            document(
                4,
                "Allow destructive eliza migrations?",
                "Destructive migrations are asked for by eliza, allow them.",
            ),
            document(5, "지갑을 어떻게 연결하나요?", "설정에서 지갑 주소를 넣으세요."),
        ])
    }

    #[test]
    fn plain_words_find_the_question_in_another_form() {
        let shelf = support();
        let hits = shelf.find("resetting memories of agents");
        assert_eq!(clusters(&hits)[0], id(1));
        assert!(!hits.nearest_only);
        assert_eq!(clusters(&shelf.find("지갑 연결"))[0], id(5));
    }

    #[test]
    fn a_whole_identifier_outranks_all_its_parts() {
        let shelf = support();
        let hits = shelf.find("ELIZA_ALLOW_DESTRUCTIVE_MIGRATIONS");
        assert_eq!(clusters(&hits)[..2], [id(3), id(4)]);
        assert_eq!(clusters(&shelf.find("destructive migrations"))[0], id(4));
    }

    #[test]
    fn a_word_is_found_while_it_is_typed_and_when_it_is_misspelt() {
        let shelf = support();
        assert_eq!(clusters(&shelf.find("reset mem")), [id(1)]);
        assert_eq!(clusters(&shelf.find("twiter posting?"))[0], id(3));
    }

    #[test]
    fn what_matches_badly_is_offered_as_nearest_only() {
        let shelf = support();
        let hits = shelf.find("does the restaurant reset its noodles daily?");
        assert!(hits.nearest_only);
        assert_eq!(clusters(&hits), [id(1)]);
        assert_eq!(shelf.find("quantum entanglement"), SearchHits::default());
    }

    #[test]
    fn no_text_is_a_mistake() {
        let shelf = support();
        for text in ["", "   ", "\"", "a AND (", "title:^2 OR", "[x TO", "\u{0}", "-- +- !", "\\"] {
            shelf.find(text);
        }
        assert!(clusters(&shelf.find(&format!("memory {}", "x".repeat(100_000)))).contains(&id(1)));
    }

    #[test]
    fn filters_keep_known_answers_and_channels_apart() {
        let mut known = document(1, "How do I back up the wallet?", "Export it.");
        known.state = rules::model::cluster::ClusterState::Known;
        known.channels = vec![(ChannelId(7), "help".to_owned()), (ChannelId(8), "dev".to_owned())];
        let shelf =
            Shelf::of(&[known, document(2, "How do I back up the wallet file?", "Copy it.")]);
        let ask = |known, channel| {
            let text = "wallet back up".to_owned();
            clusters(&shelf.ask(SearchQuery {
                text,
                known,
                channel,
                limit: 5,
                ..SearchQuery::default()
            }))
        };
        assert_eq!(ask(Some(true), None), [id(1)]);
        assert_eq!(ask(Some(false), None), [id(2)]);
        assert_eq!(ask(None, Some(ChannelId(8))), [id(1)]);
        assert_eq!(ask(None, Some(ChannelId(9))), []);
    }

    #[test]
    fn equal_documents_come_known_first_then_by_id_page_by_page() {
        let mut documents = (1..=60)
            .map(|number| document(number, "How to export a wallet?", "So."))
            .collect::<Vec<_>>();
        documents[40].state = rules::model::cluster::ClusterState::Known;
        let shelf = Shelf::of(&documents);
        let page = |offset, limit| {
            shelf.ask(SearchQuery {
                text: "export wallet".to_owned(),
                offset,
                limit,
                ..SearchQuery::default()
            })
        };
        let all = [page(0, 25), page(25, 25), page(50, 25)];
        assert!(all.iter().all(|hits| hits.total == 60));
        let listed = all.iter().flat_map(clusters).collect::<Vec<_>>();
        let mut expected = (1..=60).map(id).collect::<Vec<_>>();
        expected.sort_by_key(|cluster| (*cluster != id(41), cluster.clone()));
        assert_eq!(listed, expected);
        assert_eq!(page(0, 1_000).hits.len(), MAX_LIMIT);
        assert_eq!(page(usize::MAX, usize::MAX).hits, []);
    }

    #[test]
    fn how_the_index_is_laid_out_does_not_show() {
        let documents = (1..=30)
            .map(|number| {
                document(
                    number,
                    &format!("How to mend part {} of engine {}?", number % 7, number % 3),
                    "Turn it.",
                )
            })
            .collect::<Vec<_>>();
        let whole = Shelf::of(&documents);
        let directory = tempfile::tempdir().unwrap();
        let mut writer = IndexWriter::open(directory.path()).unwrap();
        for part in documents.rchunks(4) {
            writer.replace(part).unwrap();
            writer.replace(&part[..1]).unwrap();
            writer.commit(1).unwrap();
        }
        for text in ["mend part 3", "engine 2", "turn part 1 of engine 0"] {
            let query = SearchQuery { text: text.to_owned(), limit: 50, ..SearchQuery::default() };
            assert_eq!(writer.searcher().search(&query).unwrap(), whole.ask(query), "{text}");
        }
    }

    #[test]
    fn guilds_are_kept_apart() {
        let mut here = document(1, "How do I back up the wallet?", "Export it.");
        here.guilds = vec![GuildId(5)];
        let shelf = Shelf::of(&[here, document(2, "How do I back up the wallet?", "Copy it.")]);
        let text = "wallet back up".to_owned();
        let guild = Some(GuildId(5));
        let hits = shelf.ask(SearchQuery { text, guild, limit: 5, ..SearchQuery::default() });
        assert_eq!(clusters(&hits), [id(1)]);
    }

    #[test]
    fn a_flag_is_told_from_the_word_and_a_path_is_found_by_its_file() {
        let shelf = Shelf::of(&[
            document(1, "Which characters may a name have?", "Characters of any script."),
            document(2, "How do I start my own agent?", "Pass --characters=own.json to it."),
            document(3, "Where is the timer?", "In packages/core/src/timer.ts:12, look there."),
        ]);
        assert_eq!(clusters(&shelf.find("--characters"))[0], id(2));
        assert_eq!(clusters(&shelf.find("characters"))[0], id(1));
        assert_eq!(clusters(&shelf.find("timer.ts"))[0], id(3));
    }

    #[test]
    fn a_pasted_error_is_cut_down_to_what_is_known_of_it() {
        let shelf = support();
        let frames = "    at step (/srv/app/dist/step.js:10:2)\n".repeat(300);
        let pasted =
            format!("{frames}Error: posting failed, ELIZA_ALLOW_DESTRUCTIVE_MIGRATIONS\n{frames}");
        let hits = shelf.find(&pasted);
        assert_eq!(clusters(&hits)[0], id(3));
        let words = hits.searched_for.unwrap();
        assert!(words.contains("ELIZA_ALLOW_DESTRUCTIVE_MIGRATIONS"), "{words}");
        assert!(!words.contains("step"), "{words}");
        assert_eq!(shelf.find("posting failed").searched_for, None);
    }

    #[test]
    fn what_matches_far_worse_than_the_one_before_is_left_out() {
        let shelf = Shelf::of(&[
            document(1, "How do I rotate the webhook signing secret?", "Rotate the secret twice."),
            document(
                2,
                "What is a good name for a hen?",
                "No secret: Clementine is a good one for her.",
            ),
        ]);
        assert_eq!(clusters(&shelf.find("rotate webhook signing secret")), [id(1)]);
    }

    /// Questions of words some of which are frequent and some rare, always the same.
    fn many(count: u64) -> Vec<ClusterDocument> {
        let word = |seed: u64| {
            let mixed = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 33;
            let rank = (1_000 * 1_000) / (1 + mixed % 1_000_000);
            format!("w{}", if rank < 4 { mixed % 3_000 } else { 3_000 + rank % 40 })
        };
        let words = |seed: u64, length: u64| {
            (0..length).map(|at| word(seed * 64 + at)).collect::<Vec<_>>().join(" ")
        };
        (1..=count)
            .map(|number| document(number, &words(number * 2, 8), &words(number * 2 + 1, 30)))
            .collect()
    }

    #[test]
    fn the_first_result_is_that_of_scoring_every_document() {
        let documents = many(3_000);
        let shelf = Shelf::of(&documents);
        let snapshot = shelf.searcher.snapshot();
        let mut same = 0;
        for asked in &documents[..200] {
            let said = asked.title.split(' ').chain(asked.answers[0].split(' '));
            let text = said.step_by(5).collect::<Vec<_>>().join(" ");
            let terms = query_terms::read(&text, &snapshot).unwrap().terms;
            let every = candidates::all(&snapshot);
            let exact = scorer::score(&terms, &every, &snapshot).unwrap();
            let first = &exact.hits(0..1, &snapshot).unwrap()[0];
            same += usize::from(shelf.find(&text).hits[0] == *first);
        }
        assert!(same >= 198, "{same} of 200");
    }

    #[test]
    fn a_word_that_nobody_wrote_is_not_taken_for_one_that_everybody_writes() {
        let mut documents = many(1_200);
        for (number, document) in documents.iter_mut().enumerate() {
            document.answers.push("there was a problem".to_owned());
            if number.is_multiple_of(100) {
                document.answers.push("deploy it to the staging cluster".to_owned());
            }
        }
        let shelf = Shelf::of(&documents);
        assert_eq!(shelf.find("probelm ").hits, []);
        assert_eq!(shelf.find("clsuter ").total, 12);
    }

    #[test]
    fn a_reload_opens_only_what_changed() {
        let directory = tempfile::tempdir().unwrap();
        let mut writer = IndexWriter::open(directory.path()).unwrap();
        for (cursor, documents) in [(1, 1..6), (2, 6..9)] {
            let documents = documents.map(|number| document(number, "Where is it?", "Here."));
            writer.replace(&documents.collect::<Vec<_>>()).unwrap();
            writer.commit(cursor).unwrap();
        }
        let searcher = writer.searcher();
        let before = searcher.snapshot();
        writer.replace(&[document(7, "Where is the other?", "There.")]).unwrap();
        writer.commit(3).unwrap();
        let after = searcher.snapshot();
        let kept = after
            .segments
            .iter()
            .filter(|segment| before.segments.iter().any(|earlier| Arc::ptr_eq(earlier, segment)));
        assert_eq!((before.segments.len(), after.segments.len(), kept.count()), (2, 3, 1));
        let lengths = |snapshot: &IndexSnapshot| snapshot.averages;
        assert_eq!(lengths(&after), lengths(&IndexSnapshot::take(&searcher.reader, None).unwrap()));
    }

    #[track_caller]
    fn check_highlights(query: &str, text: &str, expected: &[&str]) {
        let found =
            highlights(query, text).into_iter().map(|range| &text[range]).collect::<Vec<_>>();
        assert_eq!(found, expected, "{query} in {text}");
    }

    #[test]
    fn highlights_follow_the_words_of_the_query() {
        check_highlights("posting tweets?", "It posted a tweet.", &["posted", "tweet"]);
        check_highlights("how do I res", "How do I reset it?", &["reset"]);
        check_highlights(
            "runtime.hasElizaOS",
            "call runtime.hasElizaOS()",
            &["runtime.hasElizaOS"],
        );
        check_highlights("지갑을", "이 지갑을 여세요", &["지갑을"]);
        check_highlights("how", "How so?", &["How"]);
        check_highlights("", "How so?", &[]);
    }

    proptest! {
        #[test]
        fn highlights_are_ordered_ranges_of_the_text(query in "\\PC{0,40}|[a-c가-다 ]{0,12}", text in "\\PC{0,80}|[a-c가-다 ]{0,40}") {
            let mut end = 0;
            for (number, range) in highlights(&query, &text).into_iter().enumerate() {
                prop_assert!(range.start < range.end && (number == 0 || range.start > end));
                prop_assert!(text.get(range.clone()).is_some());
                end = range.end;
            }
        }
    }
}
