//! Who answers, and how the load is spread.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::questions::{AskedQuestion, QuestionShare};
use crate::model::ids::UserId;

/// The people whose answers settled questions.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HelperCounts {
    pub helpers: usize,
    /// Those with most answers first, at most [`BUSIEST`]; of equals the lower id.
    pub busiest: Vec<(UserId, usize)>,
    /// The answers of the one, and of the three, who answer most, among all.
    pub top_one: QuestionShare,
    pub top_three: QuestionShare,
}

/// How many people are named.
pub const BUSIEST: usize = 5;

impl HelperCounts {
    /// Who answers the own question is no helper.
    pub fn of(questions: &[AskedQuestion]) -> Self {
        let mut answers = BTreeMap::<UserId, usize>::new();
        for question in questions {
            if let Some(answer) = question.answer.filter(|answer| answer.by != question.asker) {
                *answers.entry(answer.by).or_default() += 1;
            }
        }
        let helpers = answers.len();
        let mut busiest = answers.into_iter().collect::<Vec<_>>();
        busiest.sort_by_key(|(person, count)| (Reverse(*count), *person));
        let of = busiest.iter().map(|(_, count)| count).sum();
        let top = |people: usize| QuestionShare {
            part: busiest.iter().take(people).map(|(_, count)| count).sum(),
            of,
        };
        let (top_one, top_three) = (top(1), top(3));
        busiest.truncate(BUSIEST);
        Self { helpers, busiest, top_one, top_three }
    }
}

#[cfg(test)]
mod tests {
    use super::super::questions::tests::{answered, question};
    use super::*;
    use crate::resolution::ResolutionGrade::Unconfirmed;

    #[test]
    fn the_load_counts_those_who_answer_others() {
        let mut questions = Vec::new();
        for (number, by) in [7, 7, 7, 8, 8, 9, 6, 1].into_iter().enumerate() {
            questions.push(answered(question(number as u64, 1, 0), 5, by, Unconfirmed));
        }
        let counts = HelperCounts::of(&questions);
        assert_eq!(counts.helpers, 4);
        assert_eq!(counts.busiest[..2], [(UserId(7), 3), (UserId(8), 2)]);
        assert_eq!(counts.top_one, QuestionShare { part: 3, of: 7 });
        assert_eq!(counts.top_three, QuestionShare { part: 6, of: 7 });
    }
}
