//! Brings the stored graph of likeness to what the occurrences say now.
//!
//! Three steps, each in transactions that leave a note of what remains: which texts there are, by which
//! epoch they are weighed, and the edges of those that are not weighed yet.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rules::config::ruleset::Ruleset;
use rules::model::ids::MessageId;
use rules::similarity::{CorpusStats, SimilarityRules};

use crate::cluster::epoch::{boundary, digest, greatest_digest};
use crate::cluster::graph::GraphWriter;
use crate::cluster::grouping::qa_text;
use crate::store::{EpochRow, LikenessTransaction, Result, Store, StoreError};

/// Changes and texts of one transaction: other writers wait for it.
const BATCH: u32 = 64;
const SAMPLED_AT_ONCE: u32 = 1_000;

/// Has every occurrence's text in the graph, weighed by the epoch of all texts; false if more than
/// `batches` would be needed for that, and the rest is left.
pub(crate) async fn update_graph(store: &Store, rules: &Ruleset, batches: usize) -> Result<bool> {
    let mut left = batches;
    loop {
        while note_changes(store, rules).await? {
            let Some(rest) = left.checked_sub(1) else { return Ok(false) };
            left = rest;
        }
        // An epoch that began is brought to its end, whatever changes meanwhile.
        let (epoch, settled) = settle_epoch(store, rules).await?;
        if !weigh(store, epoch, &rules.same, &mut left).await? {
            return Ok(false);
        }
        if settled {
            return Ok(true);
        }
    }
}

/// Follows occurrences that came, changed or went; false once there are no more.
async fn note_changes(store: &Store, rules: &Ruleset) -> Result<bool> {
    let mut graph = store.change_likeness().await?;
    let marked = graph.settle_marks().await?;
    let changed = graph.changed_questions(BATCH).await?;
    if changed.is_empty() {
        if marked {
            graph.commit().await?;
        }
        return Ok(false);
    }
    let (mut digests, mut present) = (BTreeSet::new(), Vec::new());
    for one in &changed {
        digests.extend(one.digest);
        match &one.occurrence {
            Some(occurrence) => present.push((one.question, digest(&qa_text(occurrence)))),
            None => graph.delete_question(one.question).await?,
        }
    }
    digests.extend(present.iter().map(|(_, digest)| *digest));
    graph.upsert_questions(&present).await?;
    move_texts(&mut graph, digests, &rules.same).await?;
    graph.commit().await?;
    Ok(changed.len() >= BATCH as usize)
}

/// Has each of these texts stand where it is asked first.
async fn move_texts(
    graph: &mut LikenessTransaction,
    digests: BTreeSet<i64>,
    rules: &SimilarityRules,
) -> Result<()> {
    let mut writer = GraphWriter::new(rules);
    let (mut come, mut stay) = (BTreeMap::new(), BTreeSet::new());
    for digest in digests {
        let known = graph.text(digest).await?;
        let first = graph.first_asking(digest).await?;
        if known.is_some() && known == first {
            stay.extend(known);
            continue;
        }
        if let Some(known) = known {
            writer.remove(graph, known).await?;
        }
        come.extend(first.map(|first| (first, digest)));
    }
    for (first, digest) in come {
        graph.insert_text(first, digest).await?;
    }
    graph.mark_stale(&stay).await
}

/// Begins another epoch if the set of texts, or the rules, ask for one and all texts are weighed by the
/// present one. Returns the number of the epoch, and whether it is the right one.
async fn settle_epoch(store: &Store, rules: &Ruleset) -> Result<(i64, bool)> {
    let mut graph = store.change_likeness().await?;
    let before = graph.epoch().await?;
    if before.rules == rules.grouping_digest() && graph.has_former_epoch(before.number).await? {
        return Ok((before.number, false));
    }
    let boundary = boundary(before.texts);
    let steps = boundary as i64 - before.within as i64;
    let last = graph.text_from(before.last, steps).await?;
    let sample = graph.sample_sums(last, greatest_digest(boundary)).await?;
    let after = EpochRow {
        number: before.number,
        rules: rules.grouping_digest(),
        texts: before.texts,
        within: boundary,
        boundary,
        last,
        sample,
    };
    let weighed_alike = EpochRow { last, within: boundary, ..before.clone() } == after;
    if weighed_alike {
        if before != after {
            graph.save_last(last, boundary).await?;
            graph.commit().await?;
        }
        return Ok((before.number, true));
    }
    let statistics = count_words(&mut graph, &after, &rules.same).await?;
    let after = EpochRow { number: before.number + 1, ..after };
    graph.begin_epoch(&after, &statistics.to_bytes()).await?;
    graph.commit().await?;
    Ok((after.number, true))
}

async fn count_words(
    graph: &mut LikenessTransaction,
    epoch: &EpochRow,
    rules: &SimilarityRules,
) -> Result<CorpusStats> {
    let greatest = greatest_digest(epoch.boundary);
    let mut counted = Vec::new();
    let mut from = MessageId(0);
    loop {
        let some = graph.sampled(from, epoch.last, greatest, SAMPLED_AT_ONCE).await?;
        let Some(last) = some.last() else { break };
        from = last.question.message;
        counted.extend(some);
    }
    let texts = counted.iter().map(qa_text);
    Ok(CorpusStats::of(texts, rules).of_population(epoch.boundary))
}

/// Weighs what is not weighed by this epoch, and adds its edges; false if some is left.
async fn weigh(
    store: &Store,
    epoch: i64,
    rules: &SimilarityRules,
    batches: &mut usize,
) -> Result<bool> {
    let mut statistics = None;
    let mut writer = GraphWriter::new(rules);
    loop {
        let mut graph = store.change_likeness().await?;
        let texts = graph.unweighed(epoch, BATCH).await?;
        if texts.is_empty() {
            return Ok(true);
        }
        let is_last = texts.len() < BATCH as usize;
        let Some(left) = batches.checked_sub(1) else { return Ok(false) };
        *batches = left;
        if statistics.is_none() {
            statistics = Some(corpus_stats(store, rules).await?);
        }
        let weighed_by = statistics.as_ref().expect("they were read just now");
        let firsts = texts.iter().map(|one| one.question.message).collect::<BTreeSet<_>>();
        let mut meanings = graph.meanings(&firsts).await?;
        let known = graph.weighed_among(&firsts).await?;
        for occurrence in &texts {
            let first = occurrence.question.message;
            let meaning = meanings.remove(&first).unwrap_or_default();
            let signature = weighed_by.signature(&qa_text(occurrence)).with_meaning(meaning);
            if known.contains(&first) {
                writer.renew(&mut graph, first, epoch, signature).await?;
            } else {
                writer.insert(&mut graph, first, epoch, signature).await?;
            }
        }
        graph.commit().await?;
        if is_last {
            return Ok(true);
        }
    }
}

/// The word statistics that the stored texts are weighed by. A process reads those of an epoch once.
pub async fn corpus_stats(store: &Store, rules: &SimilarityRules) -> Result<Arc<CorpusStats>> {
    let epoch = store.epoch_number().await?;
    if let Some(known) = store.known_statistics(epoch).filter(|known| known.is_of(rules)) {
        return Ok(known);
    }
    let (epoch, bytes) = store.epoch_statistics().await?;
    if bytes.is_empty() {
        return Ok(Arc::new(CorpusStats::of([], rules)));
    }
    let statistics = CorpusStats::from_bytes(&bytes, rules);
    let statistics = Arc::new(statistics.ok_or_else(|| StoreError::Unreadable {
        what: "word statistics",
        source: "their bytes are not complete".into(),
    })?);
    store.keep_statistics(epoch, Arc::clone(&statistics));
    Ok(statistics)
}
