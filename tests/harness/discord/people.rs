//! Guilds, roles, and who is a member of what.

use std::collections::BTreeMap;

use rules::model::ids::{GuildId, RoleId, UserId};
use serde_json::json;

use super::FakeDiscord;
use super::gateway::{Event, intent};
use super::render;
use super::state::{DiscordState, Guild, Member, Role, User, may};

/// In milliseconds.
const YEAR: u64 = 365 * 86_400_000;

impl DiscordState {
    pub(super) fn add_guild(&mut self, id: GuildId, name: &str) {
        let owner = UserId(self.fresh_id());
        self.add_user(owner, "owner", false);
        let everyone = Role {
            id: RoleId(id.0),
            name: "@everyone".into(),
            permissions: may::USUAL,
            position: 0,
            color: 0,
        };
        let own = RoleId(self.fresh_id());
        let bots =
            Role { id: own, name: "answer-bot".into(), permissions: 0, position: 1, color: 0 };
        let roles = BTreeMap::from([(everyone.id, everyone), (own, bots)]);
        let members = BTreeMap::from([
            (owner, Member::default()),
            (self.bot, Member { roles: vec![own], ..Member::default() }),
        ]);
        let guild = Guild { id, name: name.to_owned(), owner, roles, members };
        self.guilds.insert(id, guild);
        self.emit_guild(id);
    }

    /// Tells of a whole guild, as when the bot joins it.
    fn emit_guild(&mut self, id: GuildId) {
        let d = self.guild_event_json(self.guild(id));
        self.emit("GUILD_CREATE", intent::GUILDS, (id, None), d);
    }

    pub(super) fn add_user(&mut self, id: UserId, name: &str, bot: bool) -> &mut User {
        let name = name.to_owned();
        let user = User { id, name, global_name: None, bot, locale: "en-US".into() };
        self.users.entry(id).or_insert(user)
    }

    fn change_member(&mut self, guild: GuildId, user: UserId, change: impl FnOnce(&mut Member)) {
        let member = self.guild_mut(guild).members.get_mut(&user);
        change(member.unwrap_or_else(|| panic!("{user} is no member of {guild}")));
        let mut d = self.member_json(guild, user).expect("they are a member");
        d["guild_id"] = json!(guild);
        self.emit("GUILD_MEMBER_UPDATE", intent::GUILD_MEMBERS, (guild, None), d);
    }

    fn change_role(&mut self, guild: GuildId, role: RoleId, change: impl FnOnce(&mut Role)) {
        let found = self.guild_mut(guild).roles.get_mut(&role);
        let found = found.unwrap_or_else(|| panic!("there is no role {role} in {guild}"));
        change(found);
        let d = json!({ "guild_id": guild, "role": render::role(found) });
        self.emit("GUILD_ROLE_UPDATE", intent::GUILDS, (guild, None), d);
    }
}

impl FakeDiscord {
    /// A guild that the bot is a member of, with a role of the bot's own that may nothing yet.
    pub fn guild(&self, name: &str) -> GuildId {
        self.with(|state| {
            let id = GuildId(state.fresh_id());
            state.add_guild(id, name);
            id
        })
    }

    /// Somebody who has had an account for a year, member of nothing.
    pub fn user(&self, name: &str) -> UserId {
        self.with(|state| {
            let id = UserId(state.fresh_id() - (YEAR << 22));
            state.add_user(id, name, false);
            id
        })
    }

    /// Somebody new in a guild.
    pub fn person(&self, guild: GuildId, name: &str) -> UserId {
        let user = self.user(name);
        self.join(guild, user);
        user
    }

    /// Another bot in a guild.
    pub fn other_bot(&self, guild: GuildId, name: &str) -> UserId {
        let user = self.person(guild, name);
        self.with(|state| state.users.get_mut(&user).unwrap().bot = true);
        user
    }

    pub fn join(&self, guild: GuildId, user: UserId) {
        self.with(|state| {
            state.guild_mut(guild).members.entry(user).or_default();
            let mut d = state.member_json(guild, user).expect("they just joined");
            d["guild_id"] = json!(guild);
            state.emit("GUILD_MEMBER_ADD", intent::GUILD_MEMBERS, (guild, None), d);
        });
    }

    /// Somebody who has had an account for long joins at this moment.
    pub fn join_now(&self, guild: GuildId, user: UserId) {
        self.with(|state| {
            let joined = Some(state.now());
            state.guild_mut(guild).members.insert(user, Member { joined, ..Member::default() });
        });
        self.join(guild, user);
    }

    pub fn leave(&self, guild: GuildId, user: UserId) {
        self.with(|state| {
            state.guild_mut(guild).members.remove(&user);
            let d = json!({ "guild_id": guild, "user": state.user_json(user) });
            state.emit("GUILD_MEMBER_REMOVE", intent::GUILD_MEMBERS, (guild, None), d);
        });
    }

    pub fn nick(&self, guild: GuildId, user: UserId, nick: Option<&str>) {
        let nick = nick.map(str::to_owned);
        self.with(|state| state.change_member(guild, user, |member| member.nick = nick));
    }

    /// The display name that holds in every guild without a nick.
    pub fn global_name(&self, user: UserId, name: Option<&str>) {
        let name = name.map(str::to_owned);
        self.with(|state| state.users.get_mut(&user).unwrap().global_name = name);
    }

    /// What someone's client speaks: `en-US`, `ko`.
    pub fn speaks(&self, user: UserId, locale: &str) {
        self.with(|state| locale.clone_into(&mut state.users.get_mut(&user).unwrap().locale));
    }

    pub fn role(&self, guild: GuildId, name: &str, permissions: u64) -> RoleId {
        self.with(|state| {
            let id = RoleId(state.fresh_id());
            let position = state.guild(guild).roles.len() as i64;
            let role = Role { id, name: name.to_owned(), permissions, position, color: 0 };
            let d = json!({ "guild_id": guild, "role": render::role(&role) });
            state.guild_mut(guild).roles.insert(id, role);
            state.emit("GUILD_ROLE_CREATE", intent::GUILDS, (guild, None), d);
            id
        })
    }

    pub fn give_role(&self, guild: GuildId, user: UserId, role: RoleId) {
        self.with(|state| {
            state.change_member(guild, user, |member| {
                member.roles.retain(|held| *held != role);
                member.roles.push(role);
            });
        });
    }

    pub fn take_role(&self, guild: GuildId, user: UserId, role: RoleId) {
        self.with(|state| {
            state.change_member(guild, user, |member| member.roles.retain(|held| *held != role));
        });
    }

    /// The permissions of a role; that of everyone has the guild's id.
    pub fn permit(&self, guild: GuildId, role: RoleId, permissions: u64) {
        self.with(|state| state.change_role(guild, role, |role| role.permissions = permissions));
    }

    pub fn rename_role(&self, guild: GuildId, role: RoleId, name: &str) {
        self.with(|state| state.change_role(guild, role, |role| name.clone_into(&mut role.name)));
    }

    /// What the bot's own role allows it beyond what everybody may.
    pub fn permit_bot(&self, guild: GuildId, permissions: u64) {
        let own = self.look(|state| state.guild(guild).members[&state.bot].roles[0]);
        self.permit(guild, own, permissions);
    }

    /// The bot is thrown out, or the guild fails: `unavailable` tells which.
    pub fn lose_guild(&self, guild: GuildId, unavailable: bool) {
        self.with(|state| {
            let mut d = json!({ "id": guild });
            if unavailable {
                d["unavailable"] = true.into();
            } else {
                let bot = state.bot;
                state.guild_mut(guild).members.remove(&bot);
            }
            let event = Event { guild: Some(guild), ..Event::of_session("GUILD_DELETE", d) };
            state.deliver(event);
        });
    }

    /// A guild is there again after `lose_guild`.
    pub fn regain_guild(&self, guild: GuildId) {
        self.with(|state| {
            let bot = state.bot;
            state.guild_mut(guild).members.entry(bot).or_default();
            state.emit_guild(guild);
        });
    }
}
