//! How alike the occurrences of one cluster are.

use std::collections::BTreeMap;
use std::sync::Arc;

use rules::due::PairwiseSimilarity;
use rules::model::cluster::{Cluster, Occurrence};
use rules::model::ids::MessageId;
use rules::similarity::{
    CorpusStats, QaMeaning, QaSignature, SimilarityRules, answers_agree, pair_score,
};

use crate::cluster::grouping::qa_text;

/// How the occurrences of a cluster stand to each other in the words of one epoch.
pub struct ClusterSimilarity<'r> {
    signatures: Vec<Arc<QaSignature>>,
    rules: &'r SimilarityRules,
}

impl<'r> ClusterSimilarity<'r> {
    pub(crate) fn new(signatures: Vec<Arc<QaSignature>>, rules: &'r SimilarityRules) -> Self {
        Self { signatures, rules }
    }

    /// `meanings` by question; an occurrence that is not there is compared by its words.
    pub fn of(
        cluster: &Cluster,
        meanings: &BTreeMap<MessageId, QaMeaning>,
        epoch: &CorpusStats,
        rules: &'r SimilarityRules,
    ) -> Self {
        let signature = |one: &Occurrence| {
            let meaning = meanings.get(&one.question.message).cloned().unwrap_or_default();
            Arc::new(epoch.signature(&qa_text(one)).with_meaning(meaning))
        };
        Self { signatures: cluster.occurrences.iter().map(signature).collect(), rules }
    }
}

impl PairwiseSimilarity for ClusterSimilarity<'_> {
    fn question_similarity(&self, one: usize, other: usize) -> f32 {
        pair_score(&self.signatures[one], &self.signatures[other], self.rules)
    }

    fn agree(&self, one: usize, other: usize) -> bool {
        answers_agree(&self.signatures[one], &self.signatures[other], self.rules)
    }
}
