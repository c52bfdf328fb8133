//! Keeps the questions of different workspaces apart: no cluster joins them, and what one workspace asks
//! changes nothing in the clusters of another.

use std::collections::HashMap;

use rules::model::ids::MessageId;
use rules::model::workspace::{ChannelPlace, WorkspaceId, Workspaces};

use crate::cluster::grouping::GroupingItem;
use crate::store::{OccurrenceRow, Result, Store};

/// The workspace of each item, by position. Items of no workspace are grouped among themselves: nobody sees
/// them.
#[derive(Debug)]
pub(crate) struct WorkspacePartition(Vec<Option<WorkspaceId>>);

impl WorkspacePartition {
    pub(crate) async fn of(
        store: &Store,
        occurrences: &[OccurrenceRow],
        workspaces: &Workspaces,
    ) -> Result<Self> {
        let channels = occurrences.iter().map(|row| row.occurrence.channel);
        let parents = match workspaces.is_divided() {
            true => store.parents_of(channels.collect()).await?,
            false => Default::default(),
        };
        let home = |row: &OccurrenceRow| {
            let channel = row.occurrence.channel;
            let parent = parents.get(&channel).copied();
            workspaces.of(ChannelPlace { server: row.occurrence.guild, channel, parent })
        };
        Ok(Self(occurrences.iter().map(home).collect()))
    }

    pub(crate) fn home(&self, at: usize) -> Option<WorkspaceId> {
        self.0[at]
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
    fn a_mark_does_not_tie_questions_of_two_workspaces() {
        let asked = QaText { question: "Where is the port set?", answer: "In the file." };
        let items = [1, 2, 3, 4].map(|id| GroupingItem { id: MessageId(id), asked, meaning: None });
        let names = ["one", "two"].map(|name| Workspace {
            name: name.to_owned(),
            servers: Vec::new(),
            channels: Vec::new(),
        });
        let both = Workspaces::new(names.to_vec());
        let [one, two] = ["one", "two"].map(|name| both.named(name));
        let partition = WorkspacePartition(vec![one, two, one, None]);
        let ties = [(1, 3), (1, 2), (2, 4)].map(|(a, b)| (MessageId(a), MessageId(b)));
        assert_eq!(partition.within(&items, &ties), [(MessageId(1), MessageId(3))]);
    }
}
