//! What the index holds of one cluster.

use std::collections::{BTreeMap, HashSet};
use std::fmt;

use jiff::Timestamp;
use rules::markdown::plain_text;
use rules::model::cluster::{Cluster, ClusterState};
use rules::model::ids::{ChannelId, ClusterId, GuildId, MessageId};
use rules::publish::title::clean_title;

use crate::encoder::{ModelTag, TextEmbedding};

/// One searchable cluster: a recurring question, or one resolved conversation on its own. `Debug` hides the
/// words.
#[derive(Clone, PartialEq)]
pub struct ClusterDocument {
    pub cluster: ClusterId,
    pub state: ClusterState,
    /// The merged title, or the best-phrased question; empty where no words may be quoted.
    pub title: String,
    /// Every way the question was asked, the title included.
    pub questions: Vec<String>,
    /// Every answer that counts, best first.
    pub answers: Vec<String>,
    pub channels: Vec<(ChannelId, String)>,
    pub guilds: Vec<GuildId>,
    pub occurrences: u32,
    pub last_confirmed: Timestamp,
    /// Those who find it.
    pub audiences: Vec<SearchAudience>,
    /// Vectors of its questions and answers, each after the tag of its model; none where there is no model.
    pub meanings: Vec<Vec<u8>>,
}

/// Who searches. Words that may not be quoted are found by the operator alone: whether a word matches would tell
/// anybody else what is in a text that is not shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum SearchAudience {
    /// Everybody who uses the site, the API or Discord.
    #[default]
    Public,
    /// The operator at the terminal.
    Operator,
}

/// What a sentence encoder made of some occurrences, by question.
#[derive(Debug, Clone, Default)]
pub struct TextVectors {
    pub tag: Option<ModelTag>,
    pub texts: BTreeMap<MessageId, TextEmbedding>,
}

/// Vectors of one document at most: more ways of asking lie near those.
const MOST_VECTORS: usize = 32;

impl TextVectors {
    /// The vectors of the questions, then of the answers that count, each once.
    fn of(&self, cluster: &Cluster) -> Vec<Vec<u8>> {
        let Some(tag) = self.tag else { return Vec::new() };
        let occurrences = cluster.occurrences.iter();
        let known = occurrences.filter_map(|one| self.texts.get(&one.question.message));
        let known = known.collect::<Vec<_>>();
        let questions = known.iter().filter_map(|one| one.question.as_ref());
        // Of a merged answer nobody in the chat wrote the words.
        let answered = known.iter().filter(|_| cluster.merged_answer.is_none());
        let answers = answered.filter_map(|one| one.answer.as_ref());
        let vectors = questions.chain(answers).map(|vector| vector.to_tagged_bytes(tag));
        let mut vectors = each_once(vectors);
        vectors.truncate(MOST_VECTORS);
        vectors
    }
}

impl fmt::Debug for ClusterDocument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Document").field("cluster", &self.cluster).finish_non_exhaustive()
    }
}

impl ClusterDocument {
    /// What each audience finds a cluster by: one document where everybody may see every word, else one for
    /// each. Without any word that may be quoted, there is none for the public.
    pub fn for_audiences(cluster: &Cluster) -> Vec<Self> {
        Self::with_vectors(cluster, &TextVectors::default())
    }

    /// The same with what a sentence encoder made of the texts.
    pub fn with_vectors(cluster: &Cluster, vectors: &TextVectors) -> Vec<Self> {
        let of = |cluster: &Cluster| {
            let meanings = vectors.of(cluster);
            Self { meanings, ..Self::of(cluster) }
        };
        let whole = of(cluster);
        if cluster.occurrences.iter().all(|one| one.quotable) {
            return vec![whole];
        }
        let shown = cluster.occurrences.iter().filter(|one| one.quotable).cloned();
        let shown = Cluster { occurrences: shown.collect(), ..cluster.clone() };
        let operator = Self { audiences: vec![SearchAudience::Operator], ..whole };
        if shown.occurrences.is_empty() && shown.merged_answer.is_none() {
            return vec![operator];
        }
        let Self { title, questions, answers, meanings, .. } = of(&shown);
        let audiences = vec![SearchAudience::Public];
        let public = Self { title, questions, answers, meanings, audiences, ..operator.clone() };
        vec![operator, public]
    }

    /// What a cluster is found by: where maintainers merged an answer, by that and by the ways it was
    /// asked. Answers that say the same words are kept once. Whether words may be
    /// shown to whoever searches is for those to decide who show them.
    pub fn of(cluster: &Cluster) -> Self {
        let Cluster {
            id,
            state,
            occurrences,
            outside_core: _,
            representative: _,
            due_since: _,
            merged_answer,
        } = cluster;
        let title = merged_answer.as_ref().map(|answer| answer.title.clone());
        let asked = occurrences.iter().map(|one| one.question.text.clone());
        let questions = title.clone().into_iter().chain(asked);
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
        let texts = by_rank.into_iter().map(|(_, _, answer)| answer.text.clone());
        let answers = match merged_answer {
            Some(merged_answer) => vec![plain_text(&merged_answer.blocks())],
            None => each_once(texts),
        };
        let channels = occurrences.iter().map(|one| (one.channel, one.channel_name.clone()));
        Self {
            cluster: id.clone(),
            state: if cluster.has_merged_answer() { ClusterState::Merged } else { *state },
            title: title.unwrap_or_else(|| clean_title(&cluster.representative_question().text)),
            questions: each_once(questions),
            answers,
            channels: each_once(channels),
            guilds: each_once(occurrences.iter().map(|one| one.guild)),
            occurrences: u32::try_from(cluster.times_answered()).unwrap_or(u32::MAX),
            last_confirmed: cluster.last_confirmed(),
            audiences: vec![SearchAudience::Public, SearchAudience::Operator],
            meanings: Vec::new(),
        }
    }
}

fn each_once<T: Eq + std::hash::Hash + Clone>(items: impl Iterator<Item = T>) -> Vec<T> {
    let mut seen = HashSet::new();
    items.filter(|item| seen.insert(item.clone())).collect()
}

#[cfg(test)]
mod tests {
    use rules::model::cluster::{MergedAnswer, Occurrence, Quote};
    use rules::model::ids::{ConversationId, UserId};
    use rules::resolution::ResolutionGrade;
    use rules::time;

    use super::*;

    #[test]
    fn a_merged_answer_is_found_by_its_own_words_and_by_the_askers() {
        let quote = |id, text: &str| Quote {
            message: MessageId(id),
            author: UserId(id),
            author_name: String::new(),
            trusted: false,
            text: text.to_owned(),
            sent: Timestamp::UNIX_EPOCH,
            has_attachment: false,
        };
        let occurrence = Occurrence {
            conversation: ConversationId(MessageId(1)),
            guild: GuildId(1),
            channel: ChannelId(2),
            channel_name: "help".to_owned(),
            question: quote(1, "where is the port set"),
            answers: vec![quote(2, "in some file")],
            grade: ResolutionGrade::Certain,
            confidence: 1.0,
            signals: Vec::new(),
            reasons: Vec::new(),
            quotable: true,
            people: Vec::new(),
            newcomers: Default::default(),
        };
        let merged_answer = MergedAnswer {
            title: "Choosing a port".to_owned(),
            answer: "Set `PORT` \\<early\\>.".to_owned(),
            link: String::new(),
            merged: time::at_millisecond(5),
        };
        let cluster = Cluster {
            id: ClusterId::of_question(MessageId(1)),
            state: ClusterState::Proposed,
            occurrences: vec![occurrence],
            representative: MessageId(1),
            outside_core: Default::default(),
            due_since: None,
            merged_answer: Some(merged_answer),
        };
        let document = ClusterDocument::of(&cluster);
        assert_eq!(document.title, "Choosing a port");
        assert_eq!(document.questions, ["Choosing a port", "where is the port set"]);
        assert_eq!(document.answers, ["Set PORT <early>."]);
        assert_eq!(document.state, ClusterState::Merged);
        let unmerged = ClusterDocument::of(&Cluster { merged_answer: None, ..cluster.clone() });
        assert_eq!(
            (unmerged.answers[0].as_str(), unmerged.state),
            ("in some file", ClusterState::Proposed)
        );
        let hidden = |mut cluster: Cluster| {
            cluster.occurrences[0].quotable = false;
            ClusterDocument::for_audiences(&cluster)
        };
        let [operator, public] = hidden(cluster.clone()).try_into().unwrap();
        assert_eq!(operator.questions.len(), 2);
        assert_eq!(public.questions, ["Choosing a port"], "the asker's words are hidden");
        assert_eq!(public.occurrences, 1);
        let [only] = hidden(Cluster { merged_answer: None, ..cluster }).try_into().unwrap();
        assert_eq!(only.audiences, [SearchAudience::Operator]);
    }
}
