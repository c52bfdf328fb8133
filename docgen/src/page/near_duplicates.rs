//! Which pages of one community say nearly the same.

use std::collections::BTreeMap;

use rules::markdown::{plain_text, read_page};
use rules::model::ids::ClusterId;
use rules::occurrence_ranking::overlap;

use crate::page::model::Draft;

/// Question and answer must share this much of their words together, counted in the shorter ones...
const BOTH: f32 = 1.1;
/// ...the questions more than half: one answer may be right for two questions...
const QUESTIONS: f32 = 0.5;
/// ...and the answers this much.
const ANSWERS: f32 = 0.3;

/// Each page that says nearly the same as one before it, with that one. `drafts` come in the order in which
/// they have a right to be proposed. The number of drafts is small: it is quadratic.
pub fn near_duplicates<'d>(
    drafts: impl IntoIterator<Item = &'d Draft>,
) -> BTreeMap<ClusterId, ClusterId> {
    let mut first = Vec::<(&Draft, String)>::new();
    let mut repeats = BTreeMap::new();
    for draft in drafts {
        let answer = plain_text(&read_page(&draft.answer_text));
        let same = first.iter().find(|(other, said)| {
            let (questions, answers) =
                (overlap(&draft.title, &other.title), overlap(&answer, said));
            draft.answer == other.answer
                || questions > QUESTIONS && answers >= ANSWERS && questions + answers >= BOTH
        });
        match same {
            Some((other, _)) => {
                repeats.insert(draft.cluster.clone(), other.cluster.clone());
            }
            None => first.push((draft, answer)),
        }
    }
    repeats
}
