//! Keeps the questions of different workspaces apart: no cluster joins them, and what one workspace asks
//! changes nothing in the clusters of another.

use std::collections::{BTreeSet, HashMap};

use rules::model::ids::MessageId;
use rules::model::workspace::{ChannelPlace, WHOLE, WorkspaceId, Workspaces};

use crate::store::{PlacedQuestion, Result, Store};

/// The workspace of each question, by position. Those of no workspace are grouped among themselves: nobody sees
/// them.
#[derive(Debug)]
pub(crate) struct WorkspacePartition(Vec<Option<WorkspaceId>>);

impl WorkspacePartition {
    pub(crate) async fn of(
        store: &Store,
        placed: &[PlacedQuestion],
        workspaces: &Workspaces,
    ) -> Result<Self> {
        if !workspaces.is_divided() {
            return Ok(Self(vec![workspaces.named(WHOLE); placed.len()]));
        }
        let questions = placed.iter().map(|one| one.question).collect::<BTreeSet<_>>();
        let places = store.places_of(&questions).await?;
        let channels = places.values().map(|(_, channel)| *channel);
        let parents = store.parents_of(channels.collect()).await?;
        let home = |one: &PlacedQuestion| {
            // One that is no more belongs nowhere.
            let (server, channel) = *places.get(&one.question)?;
            let parent = parents.get(&channel).copied();
            workspaces.of(ChannelPlace { server, channel, parent })
        };
        Ok(Self(placed.iter().map(home).collect()))
    }

    pub(crate) fn home(&self, at: usize) -> Option<WorkspaceId> {
        self.0[at]
    }

    /// The marks of people that tie questions of one workspace.
    pub(crate) fn within(
        &self,
        questions: &[MessageId],
        ties: &[(MessageId, MessageId)],
    ) -> Vec<(MessageId, MessageId)> {
        let homes = questions.iter().copied().zip(self.0.iter().copied());
        let homes = homes.collect::<HashMap<_, _>>();
        let is_within = |(one, other): &&(MessageId, MessageId)| homes.get(one) == homes.get(other);
        ties.iter().filter(is_within).copied().collect()
    }
}

#[cfg(test)]
mod tests {
    use rules::model::workspace::Workspace;

    use super::*;

    #[test]
    fn a_mark_does_not_tie_questions_of_two_workspaces() {
        let questions = [1, 2, 3, 4].map(MessageId);
        let names = ["one", "two"].map(|name| Workspace {
            name: name.to_owned(),
            servers: Vec::new(),
            channels: Vec::new(),
        });
        let both = Workspaces::new(names.to_vec());
        let [one, two] = ["one", "two"].map(|name| both.named(name));
        let partition = WorkspacePartition(vec![one, two, one, None]);
        let ties = [(1, 3), (1, 2), (2, 4)].map(|(a, b)| (MessageId(a), MessageId(b)));
        assert_eq!(partition.within(&questions, &ties), [(MessageId(1), MessageId(3))]);
    }
}
