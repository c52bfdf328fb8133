//! Keeps the stored graph of likeness up to date, one text at a time.
//!
//! What always holds: two weighed texts have an edge exactly where they are candidates of each other and
//! their score reaches the least one (see [`crate::cluster::candidates`]). A text that comes pushes
//! others in its lists apart, and one that goes lets them move together: these pairs are looked at too.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use rules::model::ids::MessageId;
use rules::similarity::{QaSignature, SimilarityRules, pair_score};

use crate::cluster::candidates::{WINDOW, least_score};
use crate::store::{KeyWindow, LikenessTransaction, Result, StoreError};

/// So many signatures are kept in memory; in unit tests few, so that some are read again.
const MOST_KEPT: usize = if cfg!(test) { 30 } else { 20_000 };

pub(crate) struct GraphWriter<'r> {
    rules: &'r SimilarityRules,
    signatures: HashMap<MessageId, Arc<QaSignature>>,
}

impl<'r> GraphWriter<'r> {
    pub(crate) fn new(rules: &'r SimilarityRules) -> Self {
        Self { rules, signatures: HashMap::new() }
    }

    /// Adds a text, as weighed in `epoch`, with its edges.
    pub(crate) async fn insert(
        &mut self,
        graph: &mut LikenessTransaction,
        text: MessageId,
        epoch: i64,
        signature: QaSignature,
    ) -> Result<()> {
        let keys = signature.lookup_keys();
        let windows = graph.windows(text, &keys, WINDOW).await?;
        graph.insert_signature(text, epoch, &signature.to_bytes()).await?;
        graph.insert_keys(text, &keys).await?;
        let mut stale = self.insert_edges(graph, text, signature, &windows).await?;
        for (earlier, later) in self.edges_across(graph, &windows).await? {
            let shared = self.shared_keys(earlier, later);
            if !graph.stand_near(earlier, later, &shared, WINDOW).await? {
                graph.delete_edge(earlier, later).await?;
                stale.extend([earlier, later]);
            }
        }
        graph.mark_stale(&stale).await
    }

    /// Weighs a text anew in the epoch by which it is weighed already: its words are the same, but what is known of
    /// its meaning is not. Its keys stay, and with them its candidates.
    pub(crate) async fn renew(
        &mut self,
        graph: &mut LikenessTransaction,
        text: MessageId,
        epoch: i64,
        signature: QaSignature,
    ) -> Result<()> {
        let windows = graph.windows(text, &signature.lookup_keys(), WINDOW).await?;
        let mut stale = graph.delete_edges(text).await?;
        graph.delete_signature(text).await?;
        graph.insert_signature(text, epoch, &signature.to_bytes()).await?;
        stale.extend(self.insert_edges(graph, text, signature, &windows).await?);
        graph.mark_stale(&stale).await
    }

    /// Adds the edges of a text with its candidates, those in the windows of its keys; returns the other ends.
    async fn insert_edges(
        &mut self,
        graph: &mut LikenessTransaction,
        text: MessageId,
        signature: QaSignature,
        windows: &[KeyWindow],
    ) -> Result<BTreeSet<MessageId>> {
        let near = windows.iter().flat_map(|window| window.before.iter().chain(&window.after));
        let near = near.copied().collect::<BTreeSet<_>>();
        self.load(graph, &near).await?;
        self.signatures.insert(text, Arc::new(signature));
        let pairs = near.into_iter().map(|other| (text, other)).collect::<Vec<_>>();
        let edges = self.alike(&pairs);
        graph.insert_edges(&edges).await?;
        Ok(edges.into_iter().map(|(_, other, _)| other).collect())
    }

    /// Removes a text with its edges.
    pub(crate) async fn remove(
        &mut self,
        graph: &mut LikenessTransaction,
        text: MessageId,
    ) -> Result<()> {
        self.load(graph, &BTreeSet::from([text])).await?;
        if let Some(signature) = self.signatures.remove(&text) {
            let keys = signature.lookup_keys();
            graph.delete_keys(text, &keys).await?;
            let windows = graph.windows(text, &keys, WINDOW).await?;
            let pairs = windows.iter().flat_map(pairs_across).collect::<BTreeSet<_>>();
            self.load(graph, &ends(&pairs)).await?;
            let known = graph.edges_among(&pairs).await?;
            let edges = self.alike(pairs.difference(&known));
            graph.insert_edges(&edges).await?;
            let stale = edges.iter().flat_map(|(earlier, later, _)| [*earlier, *later]);
            graph.mark_stale(&stale.collect()).await?;
        }
        graph.delete_text(text).await
    }

    /// Those of some candidates that are alike enough for an edge, with their scores.
    fn alike<'p>(
        &self,
        pairs: impl IntoIterator<Item = &'p TextPair>,
    ) -> Vec<(MessageId, MessageId, f32)> {
        let scored = pairs.into_iter().map(|(one, other)| {
            let (of_one, of_other) = (&self.signatures[one], &self.signatures[other]);
            (*one, *other, pair_score(of_one, of_other, self.rules))
        });
        scored.filter(|(.., score)| *score >= least_score(self.rules)).collect()
    }

    /// The edges between texts that are pushed apart, the earlier text first.
    async fn edges_across(
        &mut self,
        graph: &mut LikenessTransaction,
        windows: &[KeyWindow],
    ) -> Result<BTreeSet<TextPair>> {
        let pairs = windows.iter().flat_map(pairs_across).collect::<BTreeSet<_>>();
        let edges = graph.edges_among(&pairs).await?;
        self.load(graph, &ends(&edges)).await?;
        Ok(edges)
    }

    fn shared_keys(&self, one: MessageId, other: MessageId) -> Vec<i64> {
        let keys = |text| self.signatures[&text].lookup_keys();
        let others = keys(other);
        keys(one).into_iter().filter(|key| others.binary_search(key).is_ok()).collect()
    }

    /// Has the signatures of these texts in memory, as far as they are weighed.
    async fn load(
        &mut self,
        graph: &mut LikenessTransaction,
        texts: &BTreeSet<MessageId>,
    ) -> Result<()> {
        if self.signatures.len() > MOST_KEPT {
            self.signatures.retain(|text, _| texts.contains(text));
        }
        let missing = texts.iter().filter(|text| !self.signatures.contains_key(text));
        let missing = missing.copied().collect::<BTreeSet<_>>();
        if missing.is_empty() {
            return Ok(());
        }
        for (text, bytes) in graph.signatures(&missing).await? {
            self.signatures.insert(text, Arc::new(read_signature(&bytes)?));
        }
        Ok(())
    }
}

type TextPair = (MessageId, MessageId);

fn ends<'p>(pairs: impl IntoIterator<Item = &'p TextPair>) -> BTreeSet<MessageId> {
    pairs.into_iter().flat_map(|(earlier, later)| [*earlier, *later]).collect()
}

/// The texts on both sides of a place that stand one step too far apart with a text on that place, and
/// are candidates without it.
fn pairs_across(window: &KeyWindow) -> Vec<TextPair> {
    let opposite = |steps: usize| WINDOW.checked_sub(steps + 1).and_then(|at| window.after.get(at));
    let before = window.before.iter().enumerate();
    before.filter_map(|(steps, one)| opposite(steps).map(|other| (*one, *other))).collect()
}

pub(crate) fn read_signature(bytes: &[u8]) -> Result<QaSignature> {
    QaSignature::from_bytes(bytes).ok_or_else(|| StoreError::Unreadable {
        what: "a signature",
        source: "its bytes are not complete".into(),
    })
}
