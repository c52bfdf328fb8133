//! How strongly an answer is supported: the one definition behind every badge.

use crate::model::cluster::{Cluster, Occurrence};
use crate::occurrence_ranking::rank_occurrences;
use crate::resolution::{ResolutionGrade, SignalKind};
use crate::support::Support;

/// A lone exchange that nobody confirmed is weak below this confidence: more likely wrong than right.
const WEAK_BELOW: f32 = 0.5;

/// What an answer rests on; of several that hold, the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AnswerStrength {
    /// Maintainers merged it.
    Reviewed,
    /// Somebody who asked said that it works, accepted it or marked it. Thanks alone are no confirmation.
    ConfirmedByAsker,
    /// A trusted person gave it.
    Trusted,
    /// So many independent people gave it, at least two.
    Agreed(usize),
    OnePerson,
}

impl AnswerStrength {
    /// Its name in the API and in style sheets.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Reviewed => "reviewed",
            Self::ConfirmedByAsker => "confirmed",
            Self::Trusted => "trusted",
            Self::Agreed(_) => "agreed",
            Self::OnePerson => "one-person",
        }
    }

    /// The strength of the answer that a cluster shows first: the merged one, or the first of its
    /// [`answer_options`].
    pub fn of(cluster: &Cluster, options: &[AnswerOption<'_>]) -> Self {
        if cluster.has_merged_answer() {
            return Self::Reviewed;
        }
        options.first().map_or(Self::OnePerson, |option| option.strength)
    }

    fn of_solution(occurrences: &[&Occurrence], support: Support) -> Self {
        if occurrences.iter().any(|one| is_confirmed_by_asker(one)) {
            Self::ConfirmedByAsker
        } else if support.trusted > 0 {
            Self::Trusted
        } else if support.answerers >= 2 {
            Self::Agreed(support.answerers)
        } else {
            Self::OnePerson
        }
    }
}

/// The answers of a cluster that say the same, as one option among several.
#[derive(Debug, Clone, PartialEq)]
pub struct AnswerOption<'c> {
    /// The occurrence whose answer says it best.
    pub best: &'c Occurrence,
    pub support: Support,
    pub strength: AnswerStrength,
}

/// The quotable answers of a cluster, grouped by what they say, the best first.
pub fn answer_options(cluster: &Cluster) -> Vec<AnswerOption<'_>> {
    let ranked = rank_occurrences(cluster);
    let mut grouped = Vec::<(usize, Support, Vec<&Occurrence>)>::new();
    for one in &ranked {
        let solution = one.solution_rank.solution;
        match grouped.iter_mut().find(|(known, ..)| *known == solution) {
            Some((_, _, members)) => members.push(one.occurrence),
            None => grouped.push((solution, one.solution_rank.support, vec![one.occurrence])),
        }
    }
    let mut options = Vec::new();
    for (_, support, members) in grouped {
        let strength = AnswerStrength::of_solution(&members, support);
        options.push(AnswerOption { best: members[0], support, strength });
    }
    options
}

/// Whether a cluster is one exchange that is probably not resolved: nobody confirmed it, nobody else says
/// the same, and its own verdict is unsure. Lists show such clusters last and folded.
pub fn is_weak(cluster: &Cluster, strength: AnswerStrength) -> bool {
    let [only] = cluster.occurrences.as_slice() else { return false };
    only.grade == ResolutionGrade::Unconfirmed
        && only.confidence < WEAK_BELOW
        && strength == AnswerStrength::OnePerson
}

/// Whether the person who asked confirmed the best answer by word, reaction, tag or mark.
fn is_confirmed_by_asker(one: &Occurrence) -> bool {
    let asker = one.question.author;
    let confirms = |kind| {
        matches!(
            kind,
            SignalKind::ManualMark
                | SignalKind::SolvedTag
                | SignalKind::AcceptingReaction
                | SignalKind::Worked
        )
    };
    let answered_by_other = one.best_answer().author != asker;
    answered_by_other
        && one.signals.iter().any(|signal| signal.by == asker && confirms(signal.kind))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::cluster::ClusterState;
    use crate::model::ids::MessageId;
    use crate::resolution::ResolutionSignal;
    use crate::test_support::cluster;

    fn strength(cluster: &Cluster) -> AnswerStrength {
        AnswerStrength::of(cluster, &answer_options(cluster))
    }

    fn signal(kind: SignalKind, one: &Occurrence) -> ResolutionSignal {
        ResolutionSignal { kind, message: MessageId(1), by: one.question.author }
    }

    #[test]
    fn the_strongest_ground_names_an_answer() {
        let same = "Set `MAX_RETRIES` in the settings file.";
        let mut retries = cluster(&[("How do I limit retries?", same)]);
        assert_eq!(strength(&retries), AnswerStrength::OnePerson);
        retries = cluster(&[("How do I limit retries?", same), ("How are retries limited?", same)]);
        assert_eq!(strength(&retries), AnswerStrength::Agreed(2));
        retries.occurrences[0].answers[0].trusted = true;
        assert_eq!(strength(&retries), AnswerStrength::Trusted);
        let thanks = signal(SignalKind::Thanks, &retries.occurrences[1]);
        retries.occurrences[1].signals = vec![thanks];
        assert_eq!(strength(&retries), AnswerStrength::Trusted);
        let worked = signal(SignalKind::Worked, &retries.occurrences[1]);
        retries.occurrences[1].signals.push(worked);
        assert_eq!(strength(&retries), AnswerStrength::ConfirmedByAsker);
        retries.state = ClusterState::Merged;
        assert_eq!(strength(&retries), AnswerStrength::Reviewed);
    }

    #[test]
    fn people_who_say_different_things_do_not_agree() {
        let different = cluster(&[
            ("How do I limit retries?", "Set `MAX_RETRIES` in the settings file."),
            ("How are retries limited?", "Restart the queue worker after the third failure."),
        ]);
        let authors = different.occurrences.iter().map(|one| one.best_answer().author);
        assert_eq!(authors.collect::<std::collections::BTreeSet<_>>().len(), 2);
        assert_eq!(strength(&different), AnswerStrength::OnePerson);
    }

    #[test]
    fn who_answers_and_confirms_their_own_question_confirms_nothing() {
        let mut self_answered = cluster(&[("Where is the log?", "It is in `data/log`, found it.")]);
        self_answered.occurrences[0].answers[0].author =
            self_answered.occurrences[0].question.author;
        let worked = signal(SignalKind::Worked, &self_answered.occurrences[0]);
        self_answered.occurrences[0].signals = vec![worked];
        assert_eq!(strength(&self_answered), AnswerStrength::OnePerson);
    }

    #[test]
    fn answers_that_say_the_same_are_one_option() {
        let cluster = cluster(&[
            ("Why is the port closed?", "The firewall of the host blocks it."),
            ("Why is the port closed?", "Restart the relay after every change."),
            ("Why is the port closed?", "You must restart the relay after a change."),
        ]);
        let options = answer_options(&cluster);
        let supports = options.iter().map(|option| option.support.answerers).collect::<Vec<_>>();
        assert_eq!(supports, [2, 1]);
        assert!(options[0].best.best_answer().text.contains("estart the relay"));
    }

    #[test]
    fn only_a_lone_unsure_exchange_is_weak() {
        let mut cluster = cluster(&[("Where is it?", "Maybe there.")]);
        cluster.occurrences[0].grade = ResolutionGrade::Unconfirmed;
        cluster.occurrences[0].confidence = 0.3;
        assert!(is_weak(&cluster, strength(&cluster)));
        cluster.occurrences[0].confidence = 0.6;
        assert!(!is_weak(&cluster, strength(&cluster)));
        cluster.occurrences[0].confidence = 0.3;
        cluster.occurrences[0].grade = ResolutionGrade::Thanked;
        assert!(!is_weak(&cluster, strength(&cluster)));
    }
}
