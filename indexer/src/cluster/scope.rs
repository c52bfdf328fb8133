//! The neighbourhood whose clusters are made again: whole regions, and whole clusters as they are stored.
//!
//! Nothing outside it can change: regions are told apart by the graph alone, people's duplicate marks
//! are followed, and an id belongs to one cluster, which is in the neighbourhood as a whole or not at
//! all.

use std::collections::{BTreeMap, BTreeSet};

use rules::model::ids::{ClusterId, MessageId};

use crate::cluster::regions::LikenessGraph;
use crate::store::{PlacedQuestion, Result, Store};

#[derive(Default)]
pub(crate) struct RegroupScope {
    pub(crate) graph: LikenessGraph,
    /// The regions by their first texts.
    pub(crate) regions: BTreeMap<MessageId, BTreeSet<MessageId>>,
    pub(crate) questions: BTreeMap<MessageId, PlacedQuestion>,
    pub(crate) clusters: BTreeSet<ClusterId>,
    texts: BTreeSet<MessageId>,
}

impl RegroupScope {
    /// The neighbourhood of these texts and clusters.
    pub(crate) async fn around(
        store: &Store,
        texts: BTreeSet<MessageId>,
        clusters: BTreeSet<ClusterId>,
    ) -> Result<Self> {
        let mut scope = Self::default();
        let (mut texts, mut clusters) = (texts, clusters);
        while !texts.is_empty() || !clusters.is_empty() {
            let mut reached = store.texts_in(&clusters).await?;
            let named = clusters.iter().filter_map(ClusterId::question).collect();
            reached.extend(store.texts_of(&named).await?);
            scope.clusters.append(&mut clusters);
            let members = scope.add_regions(store, &texts).await?;
            reached.extend(store.former_regions(&members).await?);
            let asking = store.questions_asking(&members).await?;
            let questions = asking.iter().map(|one| one.question).collect::<BTreeSet<_>>();
            let tied = store.duplicate_marks_of(&questions).await?;
            let tied = tied.into_iter().flat_map(|(one, other)| [one, other]).collect();
            reached.extend(store.texts_of(&tied).await?);
            for one in asking {
                clusters.extend(one.cluster.clone().filter(|id| !scope.clusters.contains(id)));
                scope.questions.insert(one.question, one);
            }
            reached.retain(|text| !scope.texts.contains(text));
            texts = reached;
        }
        Ok(scope)
    }

    /// Adds the regions of these texts; returns the texts that were added.
    async fn add_regions(
        &mut self,
        store: &Store,
        texts: &BTreeSet<MessageId>,
    ) -> Result<BTreeSet<MessageId>> {
        let mut added = BTreeSet::new();
        let mut left = texts.difference(&self.texts).copied().collect::<BTreeSet<_>>();
        while !left.is_empty() {
            let mut missing = BTreeSet::new();
            for text in std::mem::take(&mut left) {
                if added.contains(&text) {
                    continue;
                }
                match self.graph.region(text) {
                    Ok(region) => {
                        added.extend(region.iter().copied());
                        let first = *region.first().expect("a region holds its own text");
                        self.regions.insert(first, region);
                    }
                    Err(more) => {
                        missing.extend(more);
                        left.insert(text);
                    }
                }
            }
            for (text, edges) in store.edges_of(&missing).await? {
                self.graph.insert(text, edges);
            }
        }
        self.texts.extend(added.iter().copied());
        Ok(added)
    }
}
