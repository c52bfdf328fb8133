//! What the index holds of one cluster.

use std::collections::HashSet;
use std::fmt;

use rules::cluster::{Cluster, ClusterState};
use rules::ids::{ChannelId, ClusterId, Millis};
use rules::question::clean_title;

/// One searchable cluster: a recurring question, or one resolved conversation on its own. `Debug` hides the
/// words.
#[derive(Clone, PartialEq)]
pub struct Document {
    pub cluster: ClusterId,
    pub state: ClusterState,
    /// The best-phrased question; empty where no words may be quoted.
    pub title: String,
    /// Every way the question was asked, the title included.
    pub questions: Vec<String>,
    /// Every answer that counts, best first.
    pub answers: Vec<String>,
    pub channels: Vec<(ChannelId, String)>,
    pub occurrences: u32,
    pub last_confirmed: Millis,
}

impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Document").field("cluster", &self.cluster).finish_non_exhaustive()
    }
}

impl Document {
    /// What a cluster is found by. Answers that say the same words are kept once. Whether words may be
    /// shown to whoever searches is for those to decide who show them.
    pub fn of(cluster: &Cluster) -> Self {
        let Cluster { id, state, occurrences, centre: _, due_since: _, canon: _ } = cluster;
        let questions = occurrences.iter().map(|one| one.question.text.clone());
        let mut by_rank = occurrences
            .iter()
            .flat_map(|one| {
                one.answers.iter().enumerate().map(move |(rank, answer)| (rank, one, answer))
            })
            .collect::<Vec<_>>();
        by_rank.sort_by(|(rank, one, _), (other_rank, other, _)| {
            (rank, one.grade)
                .cmp(&(other_rank, other.grade))
                .then(other.confidence.total_cmp(&one.confidence))
        });
        let answers = by_rank.into_iter().map(|(_, _, answer)| answer.text.clone());
        let channels = occurrences.iter().map(|one| (one.channel, one.channel_name.clone()));
        Self {
            cluster: id.clone(),
            state: *state,
            title: clean_title(&cluster.best_question().text),
            questions: each_once(questions),
            answers: each_once(answers),
            channels: each_once(channels),
            occurrences: u32::try_from(occurrences.len()).unwrap_or(u32::MAX),
            last_confirmed: cluster.last_confirmed(),
        }
    }
}

fn each_once<T: Eq + std::hash::Hash + Clone>(items: impl Iterator<Item = T>) -> Vec<T> {
    let mut seen = HashSet::new();
    items.filter(|item| seen.insert(item.clone())).collect()
}
