//! The neighbourhood whose clusters are made again: whole regions, and whole clusters as they are stored.
//!
//! Nothing outside it can change: regions are told apart by the graph alone, people's duplicate marks
//! are followed, and an id belongs to one cluster, which is in the neighbourhood as a whole or not at
//! all.

use std::collections::{BTreeMap, BTreeSet};

use rules::model::ids::{ClusterId, MessageId};

use crate::cluster::known_graph::KnownGraph;
use crate::cluster::regions::LikenessGraph;
use crate::store::{ClusterOutline, PlacedQuestion, Result, Store};

#[derive(Default)]
pub(crate) struct RegroupScope {
    /// The edges of the texts in the regions.
    pub(crate) graph: LikenessGraph,
    /// The regions by their first texts.
    pub(crate) regions: BTreeMap<MessageId, BTreeSet<MessageId>>,
    pub(crate) questions: BTreeMap<MessageId, PlacedQuestion>,
    /// The stored clusters, of those that there are.
    pub(crate) clusters: BTreeMap<ClusterId, ClusterOutline>,
    texts: BTreeSet<MessageId>,
}

impl RegroupScope {
    /// The neighbourhood of these texts and clusters.
    pub(crate) async fn around(
        store: &Store,
        texts: BTreeSet<MessageId>,
        clusters: BTreeSet<ClusterId>,
    ) -> Result<Self> {
        let KnownGraph { version, graph } = store.known_graph().await?;
        let mut scope = Self { graph, ..Self::default() };
        let (mut texts, mut clusters, mut followed) = (texts, clusters, BTreeSet::new());
        while !texts.is_empty() || !clusters.is_empty() {
            let members = scope.add_regions(store, &texts).await?;
            let mut reached = store.former_regions(&members).await?;
            let asking = store.questions_asking(&members).await?;
            let questions = asking.iter().map(|one| one.question).collect::<BTreeSet<_>>();
            let tied = store.duplicate_marks_of(&questions).await?;
            let tied = tied.into_iter().flat_map(|(one, other)| [one, other]).collect();
            reached.extend(store.texts_of(&tied).await?);
            for one in asking {
                clusters.extend(one.cluster.clone().filter(|id| !followed.contains(id)));
                scope.questions.insert(one.question, one);
            }
            reached.extend(scope.add_clusters(store, &clusters).await?);
            followed.append(&mut clusters);
            reached.retain(|text| !scope.texts.contains(text));
            texts = reached;
        }
        let part = scope.graph.part(scope.texts.iter());
        let graph = std::mem::replace(&mut scope.graph, part);
        store.keep_graph(KnownGraph { version, graph });
        Ok(scope)
    }

    /// Adds stored clusters; returns the texts of their occurrences that may stand elsewhere.
    async fn add_clusters(
        &mut self,
        store: &Store,
        clusters: &BTreeSet<ClusterId>,
    ) -> Result<BTreeSet<MessageId>> {
        let outlines = store.outlines_of(clusters).await?;
        let mut here = BTreeMap::<_, usize>::new();
        for id in self.questions.values().filter_map(|one| one.cluster.as_ref()) {
            *here.entry(id).or_default() += 1;
        }
        let is_whole = |id: &ClusterId| {
            let size = outlines.get(id).map(|outline| outline.size);
            size.is_some_and(|size| here.get(id) == Some(&size))
        };
        let parts = clusters.iter().filter(|id| !is_whole(id)).cloned().collect();
        let named = clusters.iter().filter_map(ClusterId::question);
        let named = named.filter(|question| !self.questions.contains_key(question)).collect();
        self.clusters.extend(outlines);
        let mut texts = store.texts_in(&parts).await?;
        texts.extend(store.texts_of(&named).await?);
        Ok(texts)
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
