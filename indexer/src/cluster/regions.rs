//! The graph of likeness, and the regions that it falls into.
//!
//! A region is what clusters are made within: a change in one region shows in no other. It is the set
//! of questions that edges connect; where those are too many, only the stronger edges count, until they
//! are not. The region of a question is found from its own neighbourhood, so the cost of finding it
//! does not depend on how many questions there are.

use std::collections::{BTreeMap, BTreeSet};

use rules::model::ids::MessageId;

/// A region holds at most so many texts; in unit tests few, so that few texts meet the limit.
pub(crate) const MOST_MEMBERS: usize = if cfg!(test) { 20 } else { 400 };

/// Which edges count.
#[derive(Debug, Clone, Copy)]
struct EdgeLevel {
    /// The least score.
    score: f32,
    /// The questions must have all bits of their ids in common from this one upwards: bit 22 of a
    /// snowflake is a millisecond.
    same_from: u32,
}

const ALWAYS: u32 = 63;

/// The levels by score: all edges, then those of at least .30, .32, and so on to .98. Small steps cut a
/// region that is a little too large where it hangs together least.
const SCORES: usize = 36;
/// Then, of near-certain edges, those within fixed times of about three months, three weeks, six days and a
/// day; if a single day is too much, its texts stay alone.
const TIMES: [u32; 4] = [22 + 33, 22 + 31, 22 + 29, 22 + 26];

/// From weak to strong.
const LEVELS: [EdgeLevel; SCORES + TIMES.len() + 1] = {
    let mut levels = [EdgeLevel { score: 0.0, same_from: ALWAYS }; SCORES + TIMES.len() + 1];
    let mut step = 1;
    while step < SCORES {
        levels[step].score = 0.28 + 0.02 * step as f32;
        step += 1;
    }
    let mut time = 0;
    while time < TIMES.len() {
        levels[SCORES + time] = EdgeLevel { score: 0.98, same_from: TIMES[time] };
        time += 1;
    }
    levels[SCORES + TIMES.len()].score = f32::INFINITY;
    levels
};

impl EdgeLevel {
    fn counts(self, one: MessageId, other: MessageId, score: f32) -> bool {
        score >= self.score && (one.0 ^ other.0) >> self.same_from == 0
    }
}

/// As much of the graph as was read: texts by the question that asked them first, with their edges.
#[derive(Debug, Default)]
pub(crate) struct LikenessGraph {
    edges: BTreeMap<MessageId, Vec<(MessageId, f32)>>,
    /// By level, texts of which is known that too many are connected with them there.
    crowded: BTreeMap<usize, BTreeSet<MessageId>>,
}

impl LikenessGraph {
    /// Adds a text with all its edges.
    pub(crate) fn insert(&mut self, text: MessageId, edges: Vec<(MessageId, f32)>) {
        self.edges.insert(text, edges);
    }

    /// How many texts were added.
    pub(crate) fn len(&self) -> usize {
        self.edges.len()
    }

    /// Removes texts whose edges changed. What is known to be crowded stays so, unless edges of `parted` texts in it
    /// are no more.
    pub(crate) fn forget(&mut self, changed: &BTreeSet<MessageId>, parted: &BTreeSet<MessageId>) {
        for text in changed {
            self.edges.remove(text);
        }
        self.crowded.retain(|_, texts| parted.iter().all(|text| !texts.contains(text)));
    }

    /// The same with the edges of some texts alone.
    pub(crate) fn part<'t>(&self, texts: impl Iterator<Item = &'t MessageId>) -> Self {
        let edges = texts.map(|text| (*text, self.edges(*text).to_vec()));
        Self { edges: edges.collect(), crowded: BTreeMap::new() }
    }

    pub(crate) fn edges(&self, text: MessageId) -> &[(MessageId, f32)] {
        self.edges.get(&text).map_or(&[], Vec::as_slice)
    }

    /// The region of a text, or the texts that must be added before it can be determined.
    pub(crate) fn region(
        &mut self,
        text: MessageId,
    ) -> Result<BTreeSet<MessageId>, BTreeSet<MessageId>> {
        if let Some(members) = self.connected(text, 0)? {
            return Ok(members);
        }
        // A stronger level connects fewer: the weakest on which they are not too many is found by halving.
        let (mut low, mut high) = (1, LEVELS.len() - 1);
        let mut members = BTreeSet::from([text]);
        while low < high {
            let level = low.midpoint(high);
            match self.connected(text, level)? {
                Some(connected) => (members, high) = (connected, level),
                None => low = level + 1,
            }
        }
        Ok(members)
    }

    fn is_crowded(&self, text: MessageId, level: usize) -> bool {
        self.crowded.get(&level).is_some_and(|texts| texts.contains(&text))
    }

    /// The texts that the edges of a level connect with this one; `None` if they are too many.
    fn connected(
        &mut self,
        text: MessageId,
        level: usize,
    ) -> Result<Option<BTreeSet<MessageId>>, BTreeSet<MessageId>> {
        let mut members = BTreeSet::from([text]);
        let mut missing = BTreeSet::new();
        let mut next = vec![text];
        let mut crowded = false;
        while let Some(one) = next.pop() {
            if members.len() > MOST_MEMBERS || self.is_crowded(one, level) {
                crowded = true;
                break;
            }
            let Some(edges) = self.edges.get(&one) else {
                missing.insert(one);
                continue;
            };
            for (other, score) in edges {
                if LEVELS[level].counts(one, *other, *score) && members.insert(*other) {
                    next.push(*other);
                }
            }
        }
        if crowded || members.len() > MOST_MEMBERS {
            self.crowded.entry(level).or_default().extend(members);
            return Ok(None);
        }
        if missing.is_empty() { Ok(Some(members)) } else { Err(missing) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn graph(edges: &[(u64, u64, f32)]) -> LikenessGraph {
        let mut all = BTreeMap::<u64, Vec<(MessageId, f32)>>::new();
        for (one, other, score) in edges {
            all.entry(*one).or_default().push((MessageId(*other), *score));
            all.entry(*other).or_default().push((MessageId(*one), *score));
        }
        let mut graph = LikenessGraph::default();
        all.into_iter().for_each(|(text, edges)| graph.insert(MessageId(text), edges));
        graph
    }

    fn chain(texts: std::ops::Range<u64>, score: f32) -> Vec<(u64, u64, f32)> {
        texts.clone().zip(texts.skip(1)).map(|(one, other)| (one, other, score)).collect()
    }

    #[test]
    fn connected_texts_are_a_region_until_they_are_too_many() {
        let half = MOST_MEMBERS as u64 * 3 / 4;
        let mut edges = [chain(0..half, 0.45), chain(1_000..1_000 + half, 0.45)].concat();
        let members = |edges: &[_]| graph(edges).region(MessageId(7)).unwrap().len() as u64;
        assert_eq!(members(&edges), half);
        edges.push((0, 1_000, 0.35));
        assert_eq!(members(&edges), half, "a weak edge is cut");
        edges.push((1, 1_001, 0.45));
        assert_eq!(members(&edges), 1);
    }

    #[test]
    fn more_than_a_region_of_certain_edges_is_cut_in_time() {
        let day = 86_400_000_u64 << 22;
        let times = (0..2_000).map(|number| number * day / 4).collect::<Vec<_>>();
        let edges = times.windows(2).map(|two| (two[0], two[1], 1.0)).collect::<Vec<_>>();
        let region = graph(&edges).region(MessageId(times[500])).unwrap().len();
        assert!((MOST_MEMBERS / 8..=MOST_MEMBERS).contains(&region), "{region}");
    }

    #[test]
    fn what_was_not_read_is_asked_for() {
        let mut graph = LikenessGraph::default();
        let [one, other] = [MessageId(1), MessageId(2)];
        assert_eq!(graph.region(one), Err(BTreeSet::from([one])));
        graph.insert(one, vec![(other, 0.5)]);
        assert_eq!(graph.region(one), Err(BTreeSet::from([other])));
        graph.insert(other, vec![(one, 0.5)]);
        assert_eq!(graph.region(one), Ok(BTreeSet::from([one, other])));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn every_member_of_a_region_has_the_same_region(
            drawn in proptest::collection::vec((0..200_u64, 0..200_u64, 0.3..1.0_f32), 50..400),
            asked in proptest::collection::vec(0..200_u64, 20),
        ) {
            let mut edges = drawn;
            edges.extend((0..200).map(|text| (text, text, 1.0)));
            let mut graph = graph(&edges);
            for text in asked {
                let region = graph.region(MessageId(text)).unwrap();
                prop_assert!(region.len() <= MOST_MEMBERS);
                for member in &region {
                    prop_assert_eq!(&graph.region(*member).unwrap(), &region);
                }
            }
        }
    }
}
