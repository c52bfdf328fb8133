//! The current state of a server: its channels, who may read them, the names of tags.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use rules::model::ids::{ChannelId, GuildId, RoleId};
use rules::model::message::{Channel, ChannelKind, Role};

use crate::event::ChatEvent;
use crate::wire::api::{ApiChannel, ApiGuild, ApiRole, ApiTag};

const ADMINISTRATOR: u64 = 1 << 3;
const VIEW_CHANNEL: u64 = 1 << 10;
const READ_MESSAGE_HISTORY: u64 = 1 << 16;

/// What a change of a channel means for the store.
#[derive(Debug, PartialEq, Eq)]
pub struct ChannelUpdate {
    /// About the channel, and what is listed below it: only what is different now.
    pub events: Vec<ChatEvent>,
    /// Whether something changed that threads below have from their channel.
    pub inherited: bool,
}

/// What a change of roles means for the store.
#[derive(Debug, PartialEq, Eq)]
pub struct AccessUpdate {
    pub events: Vec<ChatEvent>,
    /// Those that everybody may read now and could not before.
    pub shown: Vec<ChannelId>,
    pub hidden: Vec<ChannelId>,
}

/// A server's roles, channels and known threads.
#[derive(Debug, Clone)]
pub struct GuildView {
    id: GuildId,
    name: String,
    roles: BTreeMap<RoleId, ApiRole>,
    channels: BTreeMap<ChannelId, ApiChannel>,
    /// Names or ids of roles that count as everybody, besides `@everyone`.
    everybody: Vec<String>,
}

impl GuildView {
    pub fn of(guild: ApiGuild, everybody: &[String]) -> Self {
        let ApiGuild { id, name, roles, channels, threads, .. } = guild;
        Self {
            id,
            name,
            roles: roles.into_iter().map(|role| (role.id, role)).collect(),
            channels: channels
                .into_iter()
                .chain(threads)
                .map(|channel| (channel.id, channel))
                .collect(),
            everybody: everybody.to_owned(),
        }
    }

    pub fn id(&self) -> GuildId {
        self.id
    }

    /// Updates a channel or thread, and says what is different.
    pub fn apply_channel(&mut self, channel: ApiChannel, at: Timestamp) -> ChannelUpdate {
        let id = channel.id;
        let (before, passed_on) = (self.event(id, at), self.passed_on(id));
        self.update_channel(channel);
        let own = self.event(id, at).filter(|now| before.as_ref() != Some(now));
        let inherited = self.passed_on(id) != passed_on;
        let below = self.channels.values().filter(|one| inherited && one.parent == Some(id));
        let below = below.filter_map(|one| self.event(one.id, at));
        ChannelUpdate { events: own.into_iter().chain(below).collect(), inherited }
    }

    /// Changes roles, and says whose sight that changes.
    pub fn apply_roles(&mut self, at: Timestamp, change: impl FnOnce(&mut Self)) -> AccessUpdate {
        let before = self.public_channels();
        change(self);
        let after = self.public_channels();
        let shown = after.difference(&before).copied().collect::<Vec<_>>();
        let hidden = before.difference(&after).copied().collect::<Vec<_>>();
        let changed = shown.iter().chain(&hidden);
        let events = changed.filter_map(|id| self.event(*id, at)).collect();
        AccessUpdate { events, shown, hidden }
    }

    fn public_channels(&self) -> BTreeSet<ChannelId> {
        self.channels.keys().copied().filter(|id| self.is_public(*id)).collect()
    }

    /// What a channel or category gives to what is below it; a thread gives nothing.
    fn passed_on(&self, id: ChannelId) -> Option<(bool, String, Option<String>, Vec<ApiTag>)> {
        let channel = self.channels.get(&id).filter(|channel| !channel.kind.is_thread())?;
        let ApiChannel { name, topic, offered, .. } = channel.clone();
        Some((self.is_open(channel), name, topic, offered))
    }

    /// Updates a channel or thread. If Discord now hides its details, the known ones stay.
    pub fn update_channel(&mut self, channel: ApiChannel) {
        match self.channels.get_mut(&channel.id) {
            Some(known) if channel.obfuscated => known.obfuscated = true,
            _ => _ = self.channels.insert(channel.id, channel),
        }
    }

    /// Removes a deleted channel and the threads below it.
    pub fn remove(&mut self, id: ChannelId) {
        self.channels.retain(|_, channel| channel.id != id && channel.parent != Some(id));
    }

    pub fn put_role(&mut self, role: ApiRole) {
        self.roles.insert(role.id, role);
    }

    pub fn remove_role(&mut self, id: RoleId) {
        self.roles.remove(&id);
    }

    /// Replaces the roles by those of a server without channels.
    pub fn put_roles(&mut self, guild: ApiGuild) {
        self.roles = guild.roles.into_iter().map(|role| (role.id, role)).collect();
    }

    pub fn channel(&self, id: ChannelId) -> Option<&ApiChannel> {
        self.channels.get(&id)
    }

    /// Roles with their names; deleted ones are left out.
    pub fn roles(&self, ids: &[RoleId]) -> Vec<Role> {
        let known = ids.iter().filter_map(|id| self.roles.get(id));
        known.map(|role| Role { id: role.id, name: role.name.clone() }).collect()
    }

    /// Whether everybody may read a channel, or the parent channel of a thread.
    pub fn is_public(&self, id: ChannelId) -> bool {
        let Some(channel) = self.channels.get(&id) else { return false };
        match channel.kind {
            ChannelKind::Thread => channel.parent.is_some_and(|parent| {
                self.channels.get(&parent).is_some_and(|parent| self.is_open(parent))
            }),
            ChannelKind::PrivateThread | ChannelKind::Direct => false,
            _ => self.is_open(channel),
        }
    }

    fn is_open(&self, channel: &ApiChannel) -> bool {
        let counts = |role: &&ApiRole| {
            role.id.0 == self.id.0
                || self
                    .everybody
                    .iter()
                    .any(|name| *name == role.name || *name == role.id.to_string())
        };
        !channel.obfuscated
            && self.roles.values().filter(counts).any(|role| self.may_read(role, channel))
    }

    /// Whether a member with only this role and `@everyone` may read a channel.
    fn may_read(&self, role: &ApiRole, channel: &ApiChannel) -> bool {
        let all = RoleId(self.id.0);
        let base = self.roles.get(&all).map_or(0, |all| all.permissions) | role.permissions;
        if base & ADMINISTRATOR != 0 {
            return true;
        }
        let mut may = base;
        for id in [all, role.id] {
            for overwrite in channel.overwrites.iter().filter(|one| one.role == Some(id)) {
                may = may & !overwrite.deny | overwrite.allow;
            }
        }
        let needed = VIEW_CHANNEL | READ_MESSAGE_HISTORY;
        may & needed == needed
    }

    /// A channel as it is stored, if it can hold messages: with its parent's name, its tags, and,
    /// for a thread, the topic of its channel.
    pub fn seen(&self, id: ChannelId) -> Option<Channel> {
        self.place(id).filter(|place| holds_messages(place.kind))
    }

    /// The same for any channel, also a category or a forum.
    pub fn place(&self, id: ChannelId) -> Option<Channel> {
        let channel = self.channels.get(&id)?;
        let parent = channel.parent.and_then(|parent| self.channels.get(&parent));
        let thread = channel.kind.is_thread();
        Some(Channel {
            id,
            guild: self.id,
            kind: channel.kind,
            name: channel.name.clone(),
            topic: if thread {
                parent.and_then(|parent| parent.topic.clone())
            } else {
                channel.topic.clone()
            },
            parent: channel.parent,
            parent_name: parent.map(|parent| parent.name.clone()),
            tags: parent.map(|parent| tags(channel, parent)).unwrap_or_default(),
        })
    }

    /// Events that update the store about a channel and the threads below it.
    pub fn events(&self, id: ChannelId, at: Timestamp) -> Vec<ChatEvent> {
        let below =
            self.channels.values().filter(|one| one.kind.is_thread() && one.parent == Some(id));
        let all = [id].into_iter().chain(below.map(|thread| thread.id));
        all.filter_map(|id| self.event(id, at)).collect()
    }

    /// Events that update the store about the server and every channel.
    pub fn all_events(&self, at: Timestamp) -> Vec<ChatEvent> {
        let name = Some(&self.name).filter(|name| !name.is_empty());
        let named = name.map(|name| ChatEvent::ServerSeen(self.id, name.clone(), at));
        named.into_iter().chain(self.channels.keys().filter_map(|id| self.event(*id, at))).collect()
    }

    fn event(&self, id: ChannelId, at: Timestamp) -> Option<ChatEvent> {
        if self.channels.get(&id)?.obfuscated {
            return Some(ChatEvent::ChannelHidden(id, at));
        }
        let seen = self.seen(id)?;
        Some(match self.is_public(id) {
            true => ChatEvent::ChannelSeen(seen, at),
            false => ChatEvent::ChannelHidden(id, at),
        })
    }

    /// Every channel and thread that everybody may read and that holds messages, threads last.
    pub fn readable(&self) -> Vec<Channel> {
        let mut readable = self
            .channels
            .keys()
            .filter(|id| self.is_public(**id))
            .filter_map(|id| self.seen(*id))
            .collect::<Vec<_>>();
        readable.sort_by_key(|channel| (channel.kind.is_thread(), channel.id));
        readable
    }

    /// The same of one channel and the threads below it.
    pub fn readable_below(&self, id: ChannelId) -> Vec<Channel> {
        let alone = self.channels.get(&id).is_none_or(|channel| channel.kind.is_thread());
        let below = self.channels.values().filter(|one| !alone && one.parent == Some(id));
        let below = below.filter(|one| one.kind.is_thread()).map(|thread| thread.id);
        let all = [id].into_iter().chain(below);
        all.filter(|id| self.is_public(*id)).filter_map(|id| self.seen(id)).collect()
    }

    /// Every channel that everybody may read and that may have threads.
    pub fn with_threads(&self) -> Vec<ChannelId> {
        self.channels.keys().copied().filter(|id| self.may_have_threads(*id)).collect()
    }

    /// Whether everybody may read a channel, and it may have threads.
    pub fn may_have_threads(&self, id: ChannelId) -> bool {
        let may = |kind| matches!(kind, ChannelKind::Text | ChannelKind::News | ChannelKind::Forum);
        self.channels.get(&id).is_some_and(|one| may(one.kind)) && self.is_public(id)
    }
}

fn holds_messages(kind: ChannelKind) -> bool {
    matches!(kind, ChannelKind::Text | ChannelKind::News | ChannelKind::Voice | ChannelKind::Thread)
}

/// The names of a post's tags, in the order of its forum.
fn tags(post: &ApiChannel, forum: &ApiChannel) -> Vec<String> {
    let applied = forum.offered.iter().filter(|tag| post.applied.contains(&tag.id));
    applied.map(|tag| tag.name.clone()).collect()
}

#[cfg(test)]
mod tests {
    use rules::time;

    use serde_json::{Value, json};

    use super::*;
    use crate::wire::api;

    fn server(overwrites: Value) -> GuildView {
        let payload = json!({
            "id": "1",
            "roles": [
                { "id": "1", "name": "@everyone", "permissions": "66560" },
                { "id": "9", "name": "Verified", "permissions": "0" },
            ],
            "channels": [
                { "id": "40", "type": 4, "name": "Support" },
                { "id": "50", "type": 0, "name": "help", "parent_id": "40", "topic": "Ask.",
                  "permission_overwrites": overwrites },
                { "id": "60", "type": 15, "name": "questions", "topic": "One post each.",
                  "available_tags": [{ "id": "3", "name": "Solved" }, { "id": "4", "name": "Bug" }] },
            ],
            "threads": [
                { "id": "51", "type": 11, "name": "aside", "parent_id": "50" },
                { "id": "52", "type": 12, "name": "secret", "parent_id": "50" },
                { "id": "61", "type": 11, "name": "It fails", "parent_id": "60", "applied_tags": ["3"] },
            ],
        });
        GuildView::of(api::guild(&payload).unwrap(), &["Verified".to_owned()])
    }

    fn names(guild: &GuildView) -> Vec<String> {
        guild.readable().into_iter().map(|channel| channel.name).collect()
    }

    #[test]
    fn what_everybody_may_read_is_readable_with_its_threads() {
        assert_eq!(names(&server(json!([]))), ["help", "aside", "It fails"]);
    }

    #[test]
    fn a_channel_closed_to_all_is_hidden_with_its_threads() {
        let closed = server(json!([{ "id": "1", "type": 0, "allow": "0", "deny": "1024" }]));
        assert_eq!(names(&closed), ["It fails"]);
        let events = closed.events(ChannelId(50), time::at_millisecond(7));
        let at = time::at_millisecond(7);
        let hidden = |event| matches!(event, &ChatEvent::ChannelHidden(_, when) if when == at);
        assert!(events.iter().all(hidden));
        assert_eq!(events.len(), 2);
    }

    #[test]
    fn a_role_that_stands_for_everybody_opens_a_gate() {
        let gate = json!([
            { "id": "1", "type": 0, "allow": "0", "deny": "1024" },
            { "id": "9", "type": 0, "allow": "1024", "deny": "0" },
            { "id": "77", "type": 1, "allow": "0", "deny": "1024" },
        ]);
        assert_eq!(names(&server(gate)), ["help", "aside", "It fails"]);
    }

    #[test]
    fn a_post_bears_the_names_of_its_tags_and_its_forums_topic() {
        let guild = server(json!([]));
        let post = guild.seen(ChannelId(61)).unwrap();
        assert_eq!(
            (post.tags.as_slice(), post.topic.as_deref()),
            (&["Solved".to_owned()][..], Some("One post each."))
        );
        assert_eq!(post.parent_name.as_deref(), Some("questions"));
        assert_eq!(guild.seen(ChannelId(60)), None, "a forum holds no messages itself");
        assert_eq!(guild.with_threads(), [ChannelId(50), ChannelId(60)]);
    }

    #[test]
    fn a_change_updates_what_is_different_and_nothing_else() {
        let mut guild = server(json!([]));
        let of = |payload: Value| api::channel(&payload).unwrap();
        let at = time::at_millisecond(7);
        let same =
            json!({ "id": "51", "type": 11, "name": "aside", "parent_id": "50", "position": 3 });
        let update = guild.apply_channel(of(same), at);
        assert_eq!(update, ChannelUpdate { events: Vec::new(), inherited: false });
        let renamed = json!({ "id": "51", "type": 11, "name": "beside", "parent_id": "50" });
        let update = guild.apply_channel(of(renamed), at);
        assert_eq!((update.events.len(), update.inherited), (1, false));
        let channel =
            json!({ "id": "50", "type": 0, "name": "help-2", "parent_id": "40", "topic": "Ask." });
        let update = guild.apply_channel(of(channel), at);
        assert_eq!(
            (update.events.len(), update.inherited),
            (2, true),
            "with the public thread below"
        );
        let category = guild.apply_channel(of(json!({ "id": "40", "type": 4, "name": "Aid" })), at);
        let above = |event: &ChatEvent| match event {
            ChatEvent::ChannelSeen(channel, _) => channel.parent_name.clone(),
            _ => None,
        };
        assert_eq!(category.events.iter().map(above).collect::<Vec<_>>(), [Some("Aid".to_owned())]);
    }

    #[test]
    fn a_role_opens_and_closes_what_it_alone_lets_in() {
        let gate = json!([
            { "id": "1", "type": 0, "allow": "0", "deny": "1024" },
            { "id": "9", "type": 0, "allow": "1024", "deny": "0" },
        ]);
        let mut guild = server(gate);
        let (all, at) = ([ChannelId(50), ChannelId(51)], time::at_millisecond(7));
        let closed = guild.apply_roles(at, |guild| guild.remove_role(RoleId(9)));
        assert_eq!((closed.shown.as_slice(), closed.hidden.as_slice()), (&[][..], &all[..]));
        assert!(closed.events.iter().all(|event| matches!(event, ChatEvent::ChannelHidden(..))));
        let role = json!({ "id": "9", "name": "Verified", "permissions": "0" });
        let opened = guild.apply_roles(at, |guild| guild.put_role(api::role(&role).unwrap()));
        assert_eq!((opened.shown.as_slice(), opened.events.len()), (&all[..], 2));
    }

    #[test]
    fn a_channel_of_which_discord_hides_all_is_hidden() {
        let mut guild = server(json!([]));
        guild.update_channel(
            api::channel(&json!({ "id": "50", "type": 0, "name": "___hidden___" })).unwrap(),
        );
        assert_eq!(names(&guild), ["It fails"]);
        guild.remove(ChannelId(60));
        assert_eq!(names(&guild), [""; 0]);
    }
}
