//! Workspaces: the servers and channels that share answers, and that nobody else sees.

use sha2::{Digest, Sha256};

use crate::model::cluster::Cluster;
use crate::model::ids::{ChannelId, GuildId};

/// Everything of an installation that divides nothing.
pub const WHOLE: &str = "default";

/// A named set of servers and channels. A channel that is listed belongs here whatever its server; a server
/// that is listed brings its other channels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Workspace {
    pub name: String,
    pub servers: Vec<GuildId>,
    /// Channels and forums; threads and posts belong where their channel does.
    pub channels: Vec<ChannelId>,
}

/// How an installation is divided.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Workspaces(Vec<Workspace>);

/// One of the [`Workspaces`], by position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WorkspaceId(usize);

/// A channel and what it hangs under.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChannelPlace {
    pub server: GuildId,
    pub channel: ChannelId,
    /// The channel of a thread or post; `None` for a channel itself.
    pub parent: Option<ChannelId>,
}

impl Workspaces {
    /// `divided` without an entry means one workspace, [`WHOLE`], that holds everything.
    pub fn new(divided: Vec<Workspace>) -> Self {
        Self(divided)
    }

    /// Whether there is more than the whole.
    pub fn is_divided(&self) -> bool {
        !self.0.is_empty()
    }

    /// Every workspace with its name, in the order of the settings.
    pub fn all(&self) -> Vec<(WorkspaceId, &str)> {
        if !self.is_divided() {
            return vec![(WorkspaceId(0), WHOLE)];
        }
        let named = self.0.iter().enumerate();
        named.map(|(at, one)| (WorkspaceId(at), one.name.as_str())).collect()
    }

    pub fn named(&self, name: &str) -> Option<WorkspaceId> {
        self.all().into_iter().find(|(_, known)| *known == name).map(|(id, _)| id)
    }

    /// Where a channel belongs; `None` if no workspace lists it: then nobody sees it.
    pub fn of(&self, place: ChannelPlace) -> Option<WorkspaceId> {
        if !self.is_divided() {
            return Some(WorkspaceId(0));
        }
        let channels = [Some(place.channel), place.parent].into_iter().flatten();
        let by_channel = channels.flat_map(|id| self.position(|one| one.channels.contains(&id)));
        by_channel.chain(self.position(|one| one.servers.contains(&place.server))).next()
    }

    /// Where a cluster belongs: where all its occurrences do. One that holds occurrences of several
    /// workspaces, as until the next grouping after a change of the settings, belongs to none.
    pub fn of_cluster(
        &self,
        cluster: &Cluster,
        parent: impl Fn(ChannelId) -> Option<ChannelId>,
    ) -> Option<WorkspaceId> {
        let places = cluster.occurrences.iter().map(|one| ChannelPlace {
            server: one.guild,
            channel: one.channel,
            parent: parent(one.channel),
        });
        self.of_all(places)
    }

    /// The one workspace of several channels.
    pub fn of_all(&self, places: impl IntoIterator<Item = ChannelPlace>) -> Option<WorkspaceId> {
        let mut homes = places.into_iter().map(|place| self.of(place));
        let first = homes.next()??;
        homes.all(|home| home == Some(first)).then_some(first)
    }

    /// Names the division in 16 hexadecimal digits: another name may mean other workspaces for some
    /// questions. Empty without a division.
    pub fn digest(&self) -> String {
        if !self.is_divided() {
            return String::new();
        }
        let digest = Sha256::digest(format!("{:?}", self.0).as_bytes());
        digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
    }

    fn position(&self, holds: impl Fn(&Workspace) -> bool) -> Option<WorkspaceId> {
        self.0.iter().position(holds).map(WorkspaceId)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn divided() -> Workspaces {
        let workspace = |name: &str, servers: &[u64], channels: &[u64]| Workspace {
            name: name.to_owned(),
            servers: servers.iter().copied().map(GuildId).collect(),
            channels: channels.iter().copied().map(ChannelId).collect(),
        };
        Workspaces::new(vec![workspace("open", &[1], &[]), workspace("team", &[2], &[10])])
    }

    fn place(server: u64, channel: u64, parent: Option<u64>) -> ChannelPlace {
        let parent = parent.map(ChannelId);
        ChannelPlace { server: GuildId(server), channel: ChannelId(channel), parent }
    }

    #[test]
    fn a_listed_channel_and_its_threads_leave_the_workspace_of_their_server() {
        let all = divided();
        let name = |place| all.of(place).map(|id| all.all()[id.0].1);
        assert_eq!(name(place(1, 9, None)), Some("open"));
        assert_eq!(name(place(1, 10, None)), Some("team"));
        assert_eq!(name(place(1, 77, Some(10))), Some("team"));
        assert_eq!(name(place(1, 77, Some(9))), Some("open"));
        assert_eq!(name(place(3, 9, None)), None, "a server that nobody lists");
    }

    #[test]
    fn what_comes_from_two_workspaces_belongs_to_neither() {
        let all = divided();
        assert_eq!(all.of_all([place(1, 9, None), place(1, 8, None)]), all.named("open"));
        assert_eq!(all.of_all([place(1, 9, None), place(2, 8, None)]), None);
        assert_eq!(all.of_all([place(1, 9, None), place(3, 8, None)]), None);
        assert_eq!(all.of_all([]), None);
    }

    #[test]
    fn an_installation_that_divides_nothing_is_one_workspace() {
        let whole = Workspaces::default();
        assert_eq!(whole.of(place(7, 8, None)), whole.named(WHOLE));
        assert_eq!((whole.named("team"), whole.digest()), (None, String::new()));
        assert_ne!(divided().digest(), Workspaces::default().digest());
    }
}
