//! Counts what is looked for and not found. No address, no person and no pasted text is kept.

use std::sync::Arc;

use indexer::store::{self, DemandKind, SearchOutcome};
use jiff::Timestamp;
use rules::config::ruleset::Ruleset;
use rules::publish::searched_words::countable_words;
use sha2::{Digest, Sha256};

use super::background_writes::BackgroundWrites;
use super::workspace_store::WorkspaceStore;

/// Counts the searches of one workspace, beside the requests; of very many at once, not all.
pub(crate) struct DemandRecorder {
    store: Arc<WorkspaceStore>,
    rules: Arc<Ruleset>,
    counts_searches: bool,
    writes: BackgroundWrites,
    clock: fn() -> Timestamp,
}

/// Names the words of a search in the address of its results, without telling them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SearchKey(String);

impl DemandRecorder {
    pub(super) fn new(
        store: &Arc<WorkspaceStore>,
        rules: &Arc<Ruleset>,
        counts_searches: bool,
        clock: fn() -> Timestamp,
    ) -> Self {
        let (store, rules) = (Arc::clone(store), Arc::clone(rules));
        Self { store, rules, counts_searches, writes: BackgroundWrites::default(), clock }
    }

    /// Counts a search for words, where these may be kept.
    pub(crate) fn record_search(&self, text: &str, found: bool) {
        if let Some(words) = countable_words(text, &self.rules.safety) {
            let SearchKey(key) = SearchKey::of(&words);
            self.record(DemandKind::Query, key, words, found);
        }
    }

    /// Counts that nobody has an answer to an error, by its fingerprint.
    pub(crate) fn record_unknown_error(&self, fingerprint: String) {
        self.record(DemandKind::Error, fingerprint.clone(), fingerprint, false);
    }

    /// Counts that a result of the search with this key was opened.
    pub(crate) fn record_opened(&self, key: String) {
        let store = Arc::clone(&self.store);
        self.write(async move { store.record_opened(&key).await });
    }

    /// The key of a search for words, which goes into the links of its results; `None` where searches, or these
    /// words, are not counted.
    pub(crate) fn key(&self, text: &str) -> Option<SearchKey> {
        let words = countable_words(text, &self.rules.safety).filter(|_| self.counts_searches);
        words.map(|words| SearchKey::of(&words))
    }

    fn record(&self, kind: DemandKind, key: String, words: String, found: bool) {
        let outcome = if found { SearchOutcome::Found } else { SearchOutcome::Missed };
        let (store, now) = (Arc::clone(&self.store), (self.clock)());
        self.write(async move {
            let searched = (kind, key.as_str(), words.as_str());
            store.record_search(searched, outcome, now).await
        });
    }

    fn write(&self, write: impl Future<Output = store::Result<()>> + Send + 'static) {
        if self.counts_searches {
            self.writes.start("cannot count a search", write);
        }
    }
}

impl SearchKey {
    fn of(words: &str) -> Self {
        let digest = Sha256::digest(words.as_bytes());
        Self(digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect())
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}
