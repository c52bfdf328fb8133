//! Pages that people merged into a local docs repository.

use docgen::forge::local::LocalForge;
use docgen::page::read_back::{ReadPage, parse_page};
use docgen::target::DocsTarget;
use indexer::store::{MergedAnswerRow, Proposal, ProposalState, Store};
use rules::model::cluster::ClusterState;
use rules::model::ids::Millis;

use super::guides::guide_name;
use super::merged::{bears, is_there};
use crate::pipeline::PipelineError;

/// Reads every page that was merged as it stands on the default branch now: what maintainers made of it is the
/// answer that search and the site show. A page that is there no more is an answer no more.
pub async fn follow_merged(
    store: &Store,
    forge: &LocalForge,
    target: DocsTarget,
    now: Millis,
) -> Result<(), PipelineError> {
    for row in store.proposals().await? {
        // A guide is no answer.
        if guide_name(&row.branch).is_some() {
            continue;
        }
        // Those with a number are on GitHub.
        if row.number.is_some() || row.state != ProposalState::HandsOff {
            continue;
        }
        let known = store.merged_answer(&row.cluster).await?;
        let text = forge.merged_text(&row.path)?;
        let there = |text: &String| {
            // Before it was seen merged, somebody else's file may stand at its path.
            bears(text, &row.cluster) || known.is_some() && is_there(text, &row.cluster, target)
        };
        let page = text.filter(there).and_then(|text| parse_page(&row.cluster, &text, target));
        match (page, known) {
            (Some(page), known) => {
                let merged = merged_answer(&row, page, known, now);
                store.upsert_merged_answer(&merged).await?;
            }
            (None, Some(_)) => {
                store.delete_merged_answer(&row.cluster).await?;
                if store.cluster(&row.cluster).await?.is_some() {
                    store.set_state(&row.cluster, ClusterState::Retired).await?;
                }
            }
            (None, None) => {}
        }
    }
    Ok(())
}

fn merged_answer(
    row: &Proposal,
    page: ReadPage,
    known: Option<MergedAnswerRow>,
    now: Millis,
) -> MergedAnswerRow {
    let ReadPage { title, answer, evidence, digest } = page;
    let same = known.filter(|known| known.digest == digest && !known.answer.is_empty());
    MergedAnswerRow {
        cluster: row.cluster.clone(),
        number: None,
        path: row.path.clone(),
        link: row.path.clone(),
        title: if title.is_empty() { row.title.clone() } else { title },
        answer,
        merged: same.map_or(now, |known| known.merged),
        digest,
        evidence,
    }
}
