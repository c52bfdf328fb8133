//! Which answers there are, in groups to browse by, and the errors that they solve.
//!
//! Kept in memory and brought up to date from the store's change feed, so that a page with counts costs
//! what changed since the last one, not what is stored. Only words that may be shown count.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use jiff::Timestamp;
use rules::error_fingerprint::{ErrorFingerprint, reported_errors};
use rules::model::cluster::Cluster;
use rules::model::ids::{ChannelId, ClusterId, GuildId};
use rules::publish::topics::TopicRules;
use tokio::sync::{Mutex, MutexGuard};

use super::workspace_store::WorkspaceStore;
use crate::http::error::HttpError;

/// Clusters that are read at once.
const BATCH: usize = 200;
/// Clusters that one request reads at most; the next goes on from there.
const MOST_PER_REQUEST: usize = 400;
/// Fingerprints of one cluster at most.
const MOST_ERRORS: usize = 32;

/// The catalogue as of the newest change that it has followed.
#[derive(Default)]
pub(crate) struct AnswerCatalogue(Mutex<CatalogueContent>);

#[derive(Default)]
pub(crate) struct CatalogueContent {
    /// The newest change that was followed; `None` before the first look at the store.
    followed: Option<i64>,
    /// Clusters of the first look that are still to be read.
    unread: Vec<ClusterId>,
    /// Every cluster of the workspace, also those of which no words may be shown.
    own: HashSet<ClusterId>,
    /// The newest change that concerned one of them.
    own_change: i64,
    entries: HashMap<ClusterId, CatalogueEntry>,
    groups: BTreeMap<Arc<AnswerGroup>, BTreeSet<ListPosition>>,
    /// In order. Nearly every error has one.
    errors: HashMap<ErrorFingerprint, Vec<ListPosition>>,
    channels: BTreeMap<ChannelId, ListedChannel>,
}

/// What answers are listed by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum AnswerGroup {
    All,
    /// Asked more than once.
    Recurring,
    Reviewed,
    Topic(String),
    Server(GuildId),
    Channel(ChannelId),
}

/// A channel with answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ListedChannel {
    pub(crate) name: String,
    pub(crate) server: GuildId,
}

/// The place of an answer in every list: reviewed ones first, then those that were asked most. A cursor of
/// the API is a position, so that a list goes on correctly while answers come and go.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ListPosition {
    unreviewed: bool,
    times: Reverse<usize>,
    pub(crate) cluster: ClusterId,
}

struct CatalogueEntry {
    position: ListPosition,
    groups: Box<[Arc<AnswerGroup>]>,
    errors: Box<[ErrorFingerprint]>,
    /// When maintainers merged it.
    merged: Option<Timestamp>,
}

/// One page of a list.
pub(crate) struct ListPage {
    pub(crate) positions: Vec<ListPosition>,
    /// Whether more follow.
    pub(crate) more: bool,
}

impl AnswerCatalogue {
    /// The catalogue after following what changed. `present` gives what may be shown of a cluster.
    pub(crate) async fn follow(
        &self,
        store: &WorkspaceStore,
        topics: &TopicRules,
        present: impl Fn(&Cluster) -> Cluster,
    ) -> Result<MutexGuard<'_, CatalogueContent>, HttpError> {
        let mut content = self.0.lock().await;
        let failed = |cause| HttpError::internal("follow the changes of answers", &cause);
        if content.followed.is_none() {
            let newest = store.newest_change().await.map_err(failed)?;
            content.unread = store.cluster_ids().await.map_err(failed)?;
            content.followed = Some(newest);
            content.own_change = newest;
        }
        for _ in 0..MOST_PER_REQUEST / BATCH {
            // What is being read is taken off the list afterwards: a request may be cancelled meanwhile.
            let (ids, followed) = match content.next_unread() {
                ids if !ids.is_empty() => (ids, None),
                _ => {
                    let after = content.followed.unwrap_or_default();
                    let changes = store.changes_after(after, BATCH as u32).await.map_err(failed)?;
                    let Some(last) = changes.last().map(|change| change.seq) else { break };
                    (changes.into_iter().map(|change| change.cluster).collect(), Some(last))
                }
            };
            let read = store.clusters_with(&ids.iter().cloned().collect::<Vec<_>>()).await;
            let is_own = content.replace(&ids, &read.map_err(failed)?, topics, &present);
            match followed {
                Some(seq) => {
                    content.followed = followed;
                    if is_own {
                        content.own_change = seq;
                    }
                }
                None => {
                    let left = content.unread.len() - ids.len();
                    content.unread.truncate(left);
                }
            }
        }
        Ok(content)
    }
}

impl CatalogueContent {
    /// Whether every cluster has been read.
    pub(crate) fn is_complete(&self) -> bool {
        self.unread.is_empty()
    }

    /// The newest change that concerned a cluster of the workspace.
    pub(crate) fn newest_change(&self) -> i64 {
        self.own_change
    }

    pub(crate) fn count(&self, group: &AnswerGroup) -> usize {
        self.groups.get(group).map_or(0, BTreeSet::len)
    }

    /// The groups with answers and their counts, in order.
    pub(crate) fn groups(&self) -> impl Iterator<Item = (&AnswerGroup, usize)> {
        self.groups.iter().map(|(group, members)| (group.as_ref(), members.len()))
    }

    pub(crate) fn channel(&self, id: ChannelId) -> Option<&ListedChannel> {
        self.channels.get(&id)
    }

    /// The answers of a group after a position, at most `limit`.
    pub(crate) fn list(
        &self,
        group: &AnswerGroup,
        after: Option<&ListPosition>,
        limit: usize,
    ) -> ListPage {
        use std::ops::Bound::{Excluded, Unbounded};
        let from = after.map_or(Unbounded, Excluded);
        let members = self.groups.get(group);
        let mut following =
            members.into_iter().flat_map(|members| members.range((from, Unbounded)));
        let positions = following.by_ref().take(limit).cloned().collect();
        ListPage { positions, more: following.next().is_some() }
    }

    /// The clusters whose askers reported this error, the best answer first.
    pub(crate) fn solving(&self, error: &ErrorFingerprint) -> impl Iterator<Item = &ClusterId> {
        self.errors.get(error).into_iter().flatten().map(|position| &position.cluster)
    }

    /// The reviewed answers, and when each was merged.
    pub(crate) fn reviewed(&self) -> impl Iterator<Item = (&ClusterId, Timestamp)> {
        let members = self.groups.get(&AnswerGroup::Reviewed).into_iter().flatten();
        members.map(|position| {
            let merged = self.entries.get(&position.cluster).and_then(|entry| entry.merged);
            (&position.cluster, merged.unwrap_or_default())
        })
    }

    fn next_unread(&self) -> BTreeSet<ClusterId> {
        self.unread.iter().rev().take(BATCH).cloned().collect()
    }

    /// Puts what was read in the place of what was known of these ids; whether that concerned the workspace.
    fn replace(
        &mut self,
        ids: &BTreeSet<ClusterId>,
        read: &[Cluster],
        topics: &TopicRules,
        present: impl Fn(&Cluster) -> Cluster,
    ) -> bool {
        let mut is_own = false;
        for id in ids {
            is_own |= self.own.remove(id);
            self.remove(id);
        }
        for cluster in read {
            is_own |= self.own.insert(cluster.id.clone());
            self.add(&present(cluster), topics);
        }
        is_own
    }

    fn add(&mut self, shown: &Cluster, topics: &TopicRules) {
        let quotable = || shown.occurrences.iter().filter(|one| one.quotable);
        if shown.merged_answer.is_none() && quotable().next().is_none() {
            return;
        }
        let position = ListPosition {
            unreviewed: !shown.has_merged_answer(),
            times: Reverse(shown.times_answered()),
            cluster: shown.id.clone(),
        };
        let mut groups = BTreeSet::from([AnswerGroup::All]);
        if shown.has_merged_answer() {
            groups.insert(AnswerGroup::Reviewed);
        }
        if shown.times_answered() > 1 {
            groups.insert(AnswerGroup::Recurring);
        }
        for one in quotable() {
            groups.extend([AnswerGroup::Server(one.guild), AnswerGroup::Channel(one.channel)]);
            let channel = ListedChannel { name: one.channel_name.clone(), server: one.guild };
            self.channels.insert(one.channel, channel);
        }
        let words = Cluster { occurrences: quotable().cloned().collect(), ..shown.clone() };
        groups.extend(topics.of(&words).map(|topic| AnswerGroup::Topic(topic.name.clone())));
        let entry = CatalogueEntry {
            position,
            groups: groups.into_iter().map(|group| self.shared(group)).collect(),
            errors: reported_errors(shown).into_iter().take(MOST_ERRORS).collect(),
            merged: shown.merged_answer.as_ref().map(|answer| answer.merged),
        };
        self.insert(entry);
    }

    /// The group as it is known already.
    fn shared(&self, group: AnswerGroup) -> Arc<AnswerGroup> {
        let known = self.groups.get_key_value(&group).map(|(known, _)| Arc::clone(known));
        known.unwrap_or_else(|| Arc::new(group))
    }

    fn insert(&mut self, entry: CatalogueEntry) {
        for group in &entry.groups {
            self.groups.entry(Arc::clone(group)).or_default().insert(entry.position.clone());
        }
        for error in &entry.errors {
            let members = self.errors.entry(error.clone()).or_default();
            if let Err(at) = members.binary_search(&entry.position) {
                members.insert(at, entry.position.clone());
            }
        }
        self.entries.insert(entry.position.cluster.clone(), entry);
    }

    fn remove(&mut self, id: &ClusterId) {
        let Some(entry) = self.entries.remove(id) else { return };
        for group in &entry.groups {
            if let Some(members) = self.groups.get_mut(group) {
                members.remove(&entry.position);
                if members.is_empty() {
                    self.groups.remove(group);
                }
            }
        }
        for error in &entry.errors {
            if let Some(members) = self.errors.get_mut(error) {
                members.retain(|position| *position != entry.position);
                if members.is_empty() {
                    self.errors.remove(error);
                }
            }
        }
    }
}

impl fmt::Display for ListPosition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { unreviewed, times: Reverse(times), cluster } = self;
        write!(f, "{}-{times}-{cluster}", if *unreviewed { 'u' } else { 'r' })
    }
}

impl FromStr for ListPosition {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parts = text.splitn(3, '-');
        let unreviewed = match parts.next() {
            Some("u") => true,
            Some("r") => false,
            _ => return Err(()),
        };
        let times = parts.next().and_then(|times| times.parse().ok()).ok_or(())?;
        let cluster = parts.next().and_then(|id| id.parse().ok()).ok_or(())?;
        Ok(Self { unreviewed, times: Reverse(times), cluster })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_support::{cluster, occurrence};
    use rules::error_fingerprint::normalized_errors;
    use rules::model::cluster::ClusterState;

    fn catalogue(clusters: &[Cluster]) -> CatalogueContent {
        let mut content = CatalogueContent::default();
        let topics = TopicRules::default();
        for one in clusters {
            content.add(one, &topics);
        }
        content
    }

    fn samples() -> Vec<Cluster> {
        let mut hidden = occurrence(9, "Cannot find module 'zanzibar'", "Install it.");
        hidden.quotable = false;
        let mut known = cluster(vec![occurrence(3, "Where is the log?", "In `data/log`.")]);
        known.state = ClusterState::Merged;
        vec![
            cluster(vec![occurrence(1, "Error: Cannot find module 'express'", "Install it.")]),
            cluster(vec![
                occurrence(5, "How do I set the port?", "In `.env`."),
                occurrence(6, "Where is the port set?", "In `.env`."),
            ]),
            known,
            cluster(vec![hidden]),
        ]
    }

    #[test]
    fn answers_are_listed_by_review_and_size_and_go_on_after_a_cursor() {
        let clusters = samples();
        let content = catalogue(&clusters);
        let first = content.list(&AnswerGroup::All, None, 2);
        let ids = first.positions.iter().map(|one| &one.cluster).collect::<Vec<_>>();
        assert_eq!(ids, [&clusters[2].id, &clusters[1].id]);
        assert!(first.more);
        let cursor = first.positions[1].to_string().parse::<ListPosition>().unwrap();
        let rest = content.list(&AnswerGroup::All, Some(&cursor), 2);
        assert_eq!(rest.positions[0].cluster, clusters[0].id);
        assert!(!rest.more);
        for wrong in ["", "u", "u-x-q1", "x-1-q1", "u-1-q1-"] {
            assert!(wrong.parse::<ListPosition>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn words_that_may_not_be_quoted_are_in_no_list() {
        let clusters = samples();
        let content = catalogue(&clusters);
        assert_eq!(content.count(&AnswerGroup::All), 3);
        let hidden = normalized_errors("Cannot find module 'zanzibar'")[0].fingerprint();
        assert_eq!(content.solving(&hidden).count(), 0);
        let shown = normalized_errors("Cannot find module `express`")[0].fingerprint();
        assert_eq!(content.solving(&shown).collect::<Vec<_>>(), [&clusters[0].id]);
    }

    #[test]
    fn what_goes_leaves_nothing_behind() {
        let clusters = samples();
        let mut content = catalogue(&clusters);
        for one in &clusters {
            content.remove(&one.id);
        }
        assert!(content.groups.is_empty() && content.errors.is_empty());
        assert!(content.entries.is_empty());
    }
}
