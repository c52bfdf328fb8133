//! Which questions belong together, as a function of the set of all questions.
//!
//! Candidates come from an inverted index over rare features, the verdict on a pair comes from
//! [`rules::similarity`], and clusters grow by average linkage: the two clusters with the highest mean
//! score between their members are joined first, until no mean reaches the threshold. That is the
//! fixed point to which assigning and merging one by one would come, whichever way the questions
//! arrived.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use rules::model::cluster::Occurrence;
use rules::model::ids::MessageId;
use rules::model::reason::WeightedReason;
use rules::similarity::{
    CorpusStats, PairVerdict, QaMeaning, QaSignature, QaText, SimilarityRules, compare_pair,
};

use crate::cluster::candidates::{ScoredPair, candidate_pairs};
use crate::cluster::epoch;
use crate::cluster::regions::LikenessGraph;

/// One occurrence, as far as grouping looks at it.
#[derive(Debug, Clone, Copy)]
pub struct GroupingItem<'a> {
    /// The message that asks.
    pub id: MessageId,
    pub asked: QaText<'a>,
    /// What it means, where a sentence encoder read it.
    pub meaning: Option<&'a QaMeaning>,
}

/// The words of an occurrence as sameness looks at them.
pub fn qa_text(occurrence: &Occurrence) -> QaText<'_> {
    QaText { question: &occurrence.question.text, answer: &occurrence.best_answer().text }
}

/// Parts `items` into groups of the same question; each index is in exactly one group.
///
/// Members are ordered by question id, groups by their earliest question. The parts do not depend
/// on the order of `items`, whose ids differ. A question that says too little stays alone.
pub fn group_items(items: &[GroupingItem], rules: &SimilarityRules) -> Vec<Vec<usize>> {
    let order = order_of(items);
    let texts = distinct_texts(items, &order, rules);
    let signatures = texts.iter().map(|text| text.signature.as_ref()).collect::<Vec<_>>();
    let mut edges = vec![Vec::new(); texts.len()];
    for ScoredPair { later, earlier, score } in candidate_pairs(&signatures, rules) {
        edges[later].push((texts[earlier].first, score));
        edges[earlier].push((texts[later].first, score));
    }
    let mut graph = LikenessGraph::default();
    texts.iter().zip(edges).for_each(|(text, edges)| graph.insert(text.first, edges));
    let by_first = texts.iter().map(|text| (text.first, text)).collect::<BTreeMap<_, _>>();
    let mut left = by_first.keys().copied().collect::<BTreeSet<_>>();
    let mut groups = Vec::new();
    while let Some(first) = left.first() {
        let region = graph.region(*first).expect("the whole graph is there");
        region.iter().for_each(|text| {
            left.remove(text);
        });
        let members = region.iter().map(|text| by_first[text]).collect::<Vec<_>>();
        groups.extend(group_region(&members, &graph, rules));
    }
    sort_by_question(&mut groups, &order);
    groups
}

/// Items with the same words, which need one signature between them.
pub(crate) struct DistinctText {
    /// The question that asked it first.
    pub(crate) first: MessageId,
    pub(crate) signature: Arc<QaSignature>,
    pub(crate) items: Vec<usize>,
}

/// Parts the items of a region, whose texts are given in order, into groups of the same question.
pub(crate) fn group_region(
    texts: &[&DistinctText],
    graph: &LikenessGraph,
    rules: &SimilarityRules,
) -> Vec<Vec<usize>> {
    let mut places = BTreeMap::new();
    let mut signatures = Vec::new();
    let mut groups = Vec::new();
    let mut compared = Vec::new();
    for text in texts {
        if text.signature.is_informative() {
            places.insert(text.first, signatures.len());
            signatures.push(text.signature.as_ref());
            compared.push(text);
        } else {
            groups.extend(text.items.iter().map(|item| vec![*item]));
        }
    }
    let mut links = Vec::new();
    for (later, text) in compared.iter().enumerate() {
        for (other, score) in graph.edges(text.first) {
            match places.get(other) {
                Some(earlier) if *earlier < later => {
                    links.push(ScoredPair { later, earlier: *earlier, score: *score });
                }
                _ => {}
            }
        }
    }
    for members in crate::cluster::linkage::clusters(&signatures, &links, rules) {
        groups.push(members.into_iter().flat_map(|at| compared[at].items.clone()).collect());
    }
    groups
}

fn distinct_texts(
    items: &[GroupingItem],
    order: &[usize],
    rules: &SimilarityRules,
) -> Vec<DistinctText> {
    let mut alike = Vec::<Vec<usize>>::new();
    let mut known = HashMap::new();
    for &at in order {
        let asked = items[at].asked;
        let place =
            *known.entry((asked.question.trim(), asked.answer.trim())).or_insert_with(|| {
                alike.push(Vec::new());
                alike.len() - 1
            });
        alike[place].push(at);
    }
    let texts = alike.iter().map(|members| items[members[0]].asked).collect::<Vec<_>>();
    let epoch = epoch::stats_of(&texts, rules);
    let text = |(members, asked): (Vec<usize>, &QaText<'_>)| DistinctText {
        first: items[members[0]].id,
        signature: Arc::new(signature_of(asked, items[members[0]].meaning, &epoch)),
        items: members,
    };
    alike.into_iter().zip(&texts).map(text).collect()
}

fn signature_of(
    asked: &QaText<'_>,
    meaning: Option<&QaMeaning>,
    epoch: &CorpusStats,
) -> QaSignature {
    epoch.signature(asked).with_meaning(meaning.cloned().unwrap_or_default())
}

/// Joins the groups whose questions are tied to one another, directly or over others. Which ties
/// come first does not matter; a tie of a question that is not there joins nothing.
pub(crate) fn apply_duplicates(
    groups: Vec<Vec<usize>>,
    questions: &[MessageId],
    ties: &[(MessageId, MessageId)],
) -> Vec<Vec<usize>> {
    if ties.is_empty() {
        return groups;
    }
    let mut homes = BTreeMap::<MessageId, Vec<usize>>::new();
    for (home, members) in groups.iter().enumerate() {
        for member in members {
            homes.entry(questions[*member]).or_default().push(home);
        }
    }
    // Each group points to an earlier one that it is joined to, or to itself.
    let mut joined = (0..groups.len()).collect::<Vec<_>>();
    for (question, with) in ties {
        let (Some(ones), Some(others)) = (homes.get(question), homes.get(with)) else { continue };
        for home in ones.iter().chain(others) {
            let (one, other) = (first_of(&joined, ones[0]), first_of(&joined, *home));
            joined[one.max(other)] = one.min(other);
        }
    }
    let mut united = BTreeMap::<usize, Vec<usize>>::new();
    for (home, members) in groups.into_iter().enumerate() {
        united.entry(first_of(&joined, home)).or_default().extend(members);
    }
    let mut groups = united.into_values().collect::<Vec<_>>();
    sort_by_question(&mut groups, &order_of_questions(questions));
    groups
}

fn first_of(joined: &[usize], mut group: usize) -> usize {
    while joined[group] != group {
        group = joined[group];
    }
    group
}

pub(crate) fn order_of_questions(questions: &[MessageId]) -> Vec<usize> {
    let mut order = (0..questions.len()).collect::<Vec<_>>();
    order.sort_by_key(|at| questions[*at]);
    order
}

/// The items by question; its words decide between items of one question.
fn order_of(items: &[GroupingItem]) -> Vec<usize> {
    let mut order = (0..items.len()).collect::<Vec<_>>();
    order.sort_by_key(|at| (items[*at].id, items[*at].asked.question, items[*at].asked.answer));
    order
}

/// For each member of one cluster, how it stands to the others: the mean score, and the mean weight
/// of each argument, the weightiest first. Empty reasons for a member that is alone.
pub fn explain_membership(
    members: &[GroupingItem<'_>],
    epoch: &CorpusStats,
    rules: &SimilarityRules,
) -> Vec<PairVerdict> {
    let signature = |one: &GroupingItem<'_>| signature_of(&one.asked, one.meaning, epoch);
    let signatures = members.iter().map(signature).collect::<Vec<_>>();
    let of_one = |at: usize| {
        let others = signatures.iter().enumerate().filter(|(other, _)| *other != at);
        mean(
            &others
                .map(|(_, other)| compare_pair(&signatures[at], other, rules))
                .collect::<Vec<_>>(),
            rules,
        )
    };
    (0..members.len()).map(of_one).collect()
}

pub(crate) fn sort_by_question(groups: &mut [Vec<usize>], order: &[usize]) {
    let mut rank = vec![0; order.len()];
    for (place, at) in order.iter().enumerate() {
        rank[*at] = place;
    }
    for group in groups.iter_mut() {
        group.sort_by_key(|at| rank[*at]);
    }
    groups.sort_by_key(|group| rank[group[0]]);
}

fn mean(all: &[PairVerdict], rules: &SimilarityRules) -> PairVerdict {
    let share = 1.0 / all.len().max(1) as f32;
    let mut reasons = Vec::<WeightedReason>::new();
    for reason in all.iter().flat_map(|one| &one.reasons) {
        let weight = reason.weight * share;
        match reasons.iter_mut().find(|known| known.what == reason.what) {
            Some(known) => known.weight += weight,
            None => reasons.push(WeightedReason::new(reason.what.clone(), weight)),
        }
    }
    reasons.sort_by(|a, b| {
        b.weight.abs().total_cmp(&a.weight.abs()).then_with(|| a.what.cmp(&b.what))
    });
    let score = all.iter().map(|one| one.score * share).sum::<f32>();
    PairVerdict { same: score >= rules.threshold(all.len()), score, reasons }
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use proptest::prelude::*;
    use rules::config::ruleset::Ruleset;

    use super::*;

    static RULES: LazyLock<SimilarityRules> = LazyLock::new(|| Ruleset::embedded().same);

    const ASKED: [(&str, &str); 14] = [
        ("How do I reset my wallet password?", "Open settings and choose reset password"),
        ("how can I reset the password of my wallet", "settings, then reset password"),
        ("reset wallet password how?", "choose reset password in settings"),
        ("Where is the roadmap for next year?", "It is pinned in announcements"),
        ("where can I find next year's roadmap", "pinned in announcements"),
        ("Deploy fails with ECONNREFUSED on the worker", "Start the queue before the worker"),
        ("Deploy fails with ETIMEDOUT on the worker", "Raise the worker timeout"),
        ("Does the mobile client support dark mode?", "Yes, under appearance"),
        ("can anyone help?", "with what?"),
        ("can anyone help?", "with what?"),
        ("does it work?", ""),
        ("지갑 비밀번호를 어떻게 초기화하나요?", ""),
        ("지갑 비밀번호 초기화는 어떻게 하나요?", ""),
        ("How do I reset my wallet password?", "Open settings and choose reset password"),
    ];

    fn items(order: &[usize]) -> Vec<GroupingItem<'static>> {
        let item = |at: &usize| GroupingItem {
            id: MessageId(*at as u64 + 1),
            asked: QaText { question: ASKED[*at].0, answer: ASKED[*at].1 },
            meaning: None,
        };
        order.iter().map(item).collect()
    }

    fn partition(order: &[usize]) -> Vec<Vec<u64>> {
        let items = items(order);
        let groups = group_items(&items, &RULES);
        groups.iter().map(|group| group.iter().map(|at| items[*at].id.0).collect()).collect()
    }

    #[test]
    fn the_same_questions_come_together_and_empty_ones_stay_alone() {
        let order = (0..ASKED.len()).collect::<Vec<_>>();
        assert_eq!(
            partition(&order),
            [
                vec![1, 2, 3, 14],
                vec![4, 5],
                vec![6],
                vec![7],
                vec![8],
                vec![9],
                vec![10],
                vec![11],
                vec![12, 13],
            ]
        );
    }

    /// The groups of all questions, by id, after some ties.
    fn tied(ties: &[(u64, u64)]) -> Vec<Vec<u64>> {
        let order = (0..ASKED.len()).collect::<Vec<_>>();
        let items = items(&order);
        let questions = items.iter().map(|item| item.id).collect::<Vec<_>>();
        let ties = ties.iter().map(|(one, other)| (MessageId(*one), MessageId(*other)));
        let ties = ties.collect::<Vec<_>>();
        let groups = apply_duplicates(group_items(&items, &RULES), &questions, &ties);
        groups.iter().map(|group| group.iter().map(|at| items[*at].id.0).collect()).collect()
    }

    #[test]
    fn tied_questions_come_together_with_all_that_are_like_them() {
        assert_eq!(tied(&[(99, 1), (8, 98)]), partition(&(0..ASKED.len()).collect::<Vec<_>>()));
        let groups = tied(&[(13, 4), (6, 5), (9, 10)]);
        assert_eq!(groups[1..3], [vec![4, 5, 6, 12, 13], vec![7]]);
        assert!(groups.contains(&vec![9, 10]));
    }

    #[test]
    fn every_member_is_explained() {
        let epoch =
            CorpusStats::of(ASKED.map(|(question, answer)| QaText { question, answer }), &RULES);
        let members = items(&[0, 1, 2]);
        for membership in explain_membership(&members, &epoch, &RULES) {
            assert!(membership.same && !membership.reasons.is_empty(), "{membership:?}");
        }
        assert!(explain_membership(&members[..1], &epoch, &RULES)[0].reasons.is_empty());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn the_order_of_items_does_not_show(
            order in Just((0..ASKED.len()).collect::<Vec<_>>()).prop_shuffle()
        ) {
            let sorted = (0..ASKED.len()).collect::<Vec<_>>();
            prop_assert_eq!(partition(&order), partition(&sorted));
        }

        #[test]
        fn the_order_of_ties_does_not_show(
            (ties, mixed) in proptest::collection::vec((1_u64..18, 1_u64..18), 0..8)
                .prop_flat_map(|ties| (Just(ties.clone()), Just(ties).prop_shuffle())),
            turned in any::<bool>(),
        ) {
            let turn = |(one, other)| if turned { (other, one) } else { (one, other) };
            let mixed = mixed.into_iter().map(turn).collect::<Vec<_>>();
            prop_assert_eq!(tied(&ties), tied(&mixed));
        }

        #[test]
        fn any_texts_are_parted(
            texts in proptest::collection::vec(("\\PC{0,40}", "[a-c가나 ]{0,12}"), 0..24)
        ) {
            let items = texts.iter().zip(1..).map(|((question, answer), id)| GroupingItem {
                id: MessageId(id),
                asked: QaText { question, answer },
                meaning: None,
            });
            let items = items.collect::<Vec<_>>();
            let mut seen = group_items(&items, &RULES).concat();
            seen.sort_unstable();
            prop_assert_eq!(seen, (0..items.len()).collect::<Vec<_>>());
        }
    }
}
