//! What the questions are about.

use super::questions::{AskedQuestion, QuestionList};

/// The questions of one topic, or, without a topic, those in which no word of any topic is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicCounts {
    /// The index in `topics.toml`.
    pub topic: Option<usize>,
    pub asked: usize,
    pub answered: usize,
    pub open: usize,
    /// Asked in the period before.
    pub before: usize,
}

/// The counts of each of `topics` topics in the order of the file, then of none; those without a question in
/// either period are left out.
pub fn topic_counts(
    questions: &[AskedQuestion],
    before: &[AskedQuestion],
    topics: usize,
) -> Vec<TopicCounts> {
    let all = (0..topics).map(Some).chain([None]);
    let counts = all.map(|topic| {
        let of_topic = |list: QuestionList, questions: &[AskedQuestion]| {
            questions.iter().filter(|one| one.topic == topic && list.contains(one)).count()
        };
        TopicCounts {
            topic,
            asked: of_topic(QuestionList::Asked, questions),
            answered: of_topic(QuestionList::Answered, questions),
            open: of_topic(QuestionList::Open, questions),
            before: of_topic(QuestionList::Asked, before),
        }
    });
    counts.filter(|one| one.asked + one.before > 0).collect()
}

#[cfg(test)]
mod tests {
    use super::super::questions::tests::{answered, question};
    use super::*;
    use crate::resolution::ResolutionGrade::Thanked;

    #[test]
    fn every_question_is_counted_under_one_topic() {
        let of = |topic, number| AskedQuestion { topic, ..question(number, 1, 0) };
        let now =
            [answered(of(Some(0), 1), 5, 2, Thanked), of(Some(0), 2), of(None, 3), of(Some(2), 4)];
        let counts = topic_counts(&now, &[of(Some(1), 5), of(Some(2), 6)], 3);
        let found =
            counts.iter().map(|one| (one.topic, one.asked, one.answered, one.open, one.before));
        let expected = [
            (Some(0), 2, 1, 1, 0),
            (Some(1), 0, 0, 0, 1),
            (Some(2), 1, 0, 1, 1),
            (None, 1, 0, 1, 0),
        ];
        assert_eq!(found.collect::<Vec<_>>(), expected);
        assert_eq!(counts.iter().map(|one| one.asked).sum::<usize>(), now.len());
    }
}
