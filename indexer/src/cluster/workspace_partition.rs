//! Keeps the questions of different workspaces apart: no cluster joins them, and what one workspace asks
//! changes nothing in the clusters of another.

use std::collections::{BTreeMap, HashMap};

use rules::model::ids::{ChannelId, MessageId};
use rules::model::workspace::{ChannelPlace, WorkspaceId, Workspaces};

use crate::cluster::grouping::{GroupingItem, order_of, sort_by_question};
use crate::store::OccurrenceRow;

/// The workspace of each item, by position. Items of no workspace are grouped among themselves: nobody sees
/// them.
#[derive(Debug)]
pub(crate) struct WorkspacePartition(Vec<Option<WorkspaceId>>);

impl WorkspacePartition {
    /// `parents` gives the channel of each thread.
    pub(crate) fn of(
        occurrences: &[OccurrenceRow],
        workspaces: &Workspaces,
        parents: &BTreeMap<ChannelId, ChannelId>,
    ) -> Self {
        let home = |row: &OccurrenceRow| {
            let channel = row.occurrence.channel;
            let parent = parents.get(&channel).copied();
            workspaces.of(ChannelPlace { server: row.occurrence.guild, channel, parent })
        };
        Self(occurrences.iter().map(home).collect())
    }

    /// Groups the items of each workspace by themselves.
    pub(crate) fn group(
        &self,
        items: &[GroupingItem<'_>],
        group: impl Fn(&[GroupingItem<'_>]) -> Vec<Vec<usize>>,
    ) -> Vec<Vec<usize>> {
        let mut parts = BTreeMap::<_, Vec<usize>>::new();
        for (at, home) in self.0.iter().enumerate() {
            parts.entry(*home).or_default().push(at);
        }
        let mut groups = Vec::new();
        for positions in parts.into_values() {
            let own = positions.iter().map(|at| items[*at]).collect::<Vec<_>>();
            let placed =
                |members: Vec<usize>| members.into_iter().map(|at| positions[at]).collect();
            groups.extend(group(&own).into_iter().map(placed));
        }
        sort_by_question(&mut groups, &order_of(items));
        groups
    }

    /// The marks of people that tie questions of one workspace.
    pub(crate) fn within(
        &self,
        items: &[GroupingItem<'_>],
        ties: &[(MessageId, MessageId)],
    ) -> Vec<(MessageId, MessageId)> {
        let homes = items.iter().zip(&self.0).map(|(item, home)| (item.id, *home));
        let homes = homes.collect::<HashMap<_, _>>();
        let is_within = |(one, other): &&(MessageId, MessageId)| homes.get(one) == homes.get(other);
        ties.iter().filter(is_within).copied().collect()
    }
}

#[cfg(test)]
mod tests {
    use rules::model::workspace::Workspace;
    use rules::similarity::QaText;

    use super::*;

    #[test]
    fn equal_questions_of_two_workspaces_never_meet() {
        let asked = QaText { question: "Where is the port set?", answer: "In the file." };
        let items = [1, 2, 3, 4].map(|id| GroupingItem { id: MessageId(id), asked });
        let names = ["one", "two"].map(|name| Workspace {
            name: name.to_owned(),
            servers: Vec::new(),
            channels: Vec::new(),
        });
        let both = Workspaces::new(names.to_vec());
        let [one, two] = ["one", "two"].map(|name| both.named(name));
        let partition = WorkspacePartition(vec![one, two, one, None]);
        let together = |items: &[GroupingItem<'_>]| vec![(0..items.len()).collect::<Vec<_>>()];
        assert_eq!(partition.group(&items, together), [vec![0, 2], vec![1], vec![3]]);
        let ties = [(1, 3), (1, 2), (2, 4)].map(|(a, b)| (MessageId(a), MessageId(b)));
        assert_eq!(partition.within(&items, &ties), [(MessageId(1), MessageId(3))]);
    }
}
