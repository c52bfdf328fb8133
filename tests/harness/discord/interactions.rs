//! What people ask the bot by commands, menus and buttons, and what it replied.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use jiff::SignedDuration;
use rules::model::ids::{ChannelId, GuildId, MessageId, UserId};
use serde_json::{Value, json};

use super::FakeDiscord;
use super::gateway::intent;
use super::render;
use super::state::{DiscordState, Message, iso};

/// A reply that only the asker sees.
pub(super) const EPHEMERAL: u32 = 1 << 6;
/// A reply that is yet to come.
pub(super) const LOADING: u32 = 1 << 7;

/// Something that was asked of the bot; `FakeDiscord::reply` has what came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Asked(pub u64);

/// What the bot replied.
#[derive(Debug, Clone, PartialEq)]
pub struct InteractionReply {
    /// None for choices, and for a click that was only taken note of.
    pub message: Option<MessageId>,
    pub text: String,
    pub embeds: Vec<Value>,
    pub components: Vec<Value>,
    /// Name and content of the files that came with it.
    pub files: Vec<(String, Vec<u8>)>,
    pub ephemeral: bool,
    /// It was deferred, and has not been filled in yet.
    pub loading: bool,
    /// Of an autocompletion: name and value.
    pub choices: Vec<(String, Value)>,
    /// How long it took until the bot acknowledged.
    pub after: Duration,
}

impl InteractionReply {
    /// The `custom_id` of the button with this label.
    #[track_caller]
    pub fn button(&self, label: &str) -> String {
        let all = controls(&self.components, 2);
        let found = all.into_iter().find(|button| button["label"] == label);
        let found =
            found.unwrap_or_else(|| panic!("no button says {label}: {:?}", self.components));
        found["custom_id"].as_str().unwrap_or_default().to_owned()
    }

    /// The labels of all buttons.
    pub fn buttons(&self) -> Vec<String> {
        let buttons = controls(&self.components, 2).into_iter();
        buttons.filter_map(|button| Some(button["label"].as_str()?.to_owned())).collect()
    }

    /// Label and value of what its menu offers.
    pub fn options(&self) -> Vec<(String, String)> {
        let menus = controls(&self.components, 3).into_iter();
        let options = menus.flat_map(|menu| menu["options"].as_array().into_iter().flatten());
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        options.map(|option| (text(&option["label"]), text(&option["value"]))).collect()
    }
}

/// Everything of a kind in the rows: 2 is a button, 3 a menu.
fn controls(components: &[Value], kind: u8) -> Vec<&Value> {
    let inside = |one: &Value| one["components"].as_array().map_or(0, Vec::len);
    let direct = components.iter().filter(|one| one["type"] == kind);
    let below = components.iter().filter(|one| inside(one) > 0);
    let below =
        below.flat_map(|one| controls(one["components"].as_array().expect("it has parts"), kind));
    direct.chain(below).collect()
}

fn files(message: &Message) -> Vec<(String, Vec<u8>)> {
    message.attachments.iter().map(|file| (file.name.clone(), file.content.clone())).collect()
}

#[derive(Debug, Clone)]
pub struct Interaction {
    pub(super) token: String,
    /// 2 for a command, 3 for a button, 4 for an autocompletion.
    pub(super) kind: u8,
    pub(super) guild: GuildId,
    pub(super) channel: ChannelId,
    pub(super) user: UserId,
    /// Of the message that a reply makes: 20 for a slash command, 23 for a menu, 0 for a button.
    pub(super) makes: u16,
    /// The service's clock without that of the machine, so that only a story lets time run out.
    pub(super) asked_at: SignedDuration,
    pub(super) asked: Instant,
    pub(super) acknowledged: Option<Acknowledged>,
    /// A click was acknowledged, and what it changes is yet to come.
    pub(super) pending: bool,
    /// The message that a click is on.
    pub(super) on: Option<MessageId>,
    pub(super) original: Option<MessageId>,
    pub(super) follow_ups: Vec<MessageId>,
    /// Messages that only the asker sees.
    pub(super) whispers: BTreeMap<MessageId, Message>,
}

#[derive(Debug, Clone)]
pub(super) struct Acknowledged {
    pub(super) after: Duration,
    pub(super) choices: Vec<(String, Value)>,
}

impl DiscordState {
    /// A message in a channel, or one that only somebody who asked the bot sees.
    pub(super) fn message_or_whisper(&self, channel: ChannelId, id: MessageId) -> Option<&Message> {
        let mut whispers = self.interactions.values().filter_map(|one| one.whispers.get(&id));
        self.message(channel, id).or_else(|| whispers.next())
    }

    /// Asks the bot; `extra` is what the kind of interaction adds to the payload.
    fn ask(
        &mut self,
        by: UserId,
        channel: ChannelId,
        (kind, makes): (u8, u16),
        extra: Value,
    ) -> Asked {
        let id = self.fresh_id();
        let place = self.channel(channel);
        let guild = place.guild;
        let mut member = self.member_json(guild, by).unwrap_or_else(|| panic!("{by} is no member"));
        let may = |user| self.permissions(guild, user, Some(channel)).to_string();
        member["permissions"] = may(by).into();
        let mut channel_json = self.channel_json(place);
        channel_json["permissions"] = may(by).into();
        let token = format!("interaction-{id}-{}", "t".repeat(40));
        let mut d = json!({
            "id": id.to_string(), "application_id": self.bot, "type": kind, "token": token,
            "version": 1, "guild_id": guild, "channel_id": channel, "channel": channel_json,
            "guild": { "id": guild, "locale": "en-US", "features": ["COMMUNITY"] },
            "guild_locale": "en-US", "locale": self.users[&by].locale, "member": member,
            "app_permissions": may(self.bot), "entitlements": [], "context": 0,
            "authorizing_integration_owners": { "0": guild }, "attachment_size_limit": 10_485_760,
        });
        d.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        let on = d["message"]["id"].as_str().and_then(|id| id.parse().ok());
        let interaction = Interaction {
            token,
            kind,
            guild,
            channel,
            user: by,
            makes,
            asked_at: self.clock.moved,
            asked: Instant::now(),
            acknowledged: None,
            pending: false,
            on,
            original: None,
            follow_ups: Vec::new(),
            whispers: BTreeMap::new(),
        };
        self.interactions.insert(id, interaction);
        self.emit("INTERACTION_CREATE", intent::NONE, (guild, None), d);
        Asked(id)
    }

    /// The registered command of a name and type that a guild has.
    fn command(&self, guild: GuildId, name: &str, kind: u8) -> Option<&Value> {
        let of_guild = self.commands.get(&Some(guild)).into_iter().flatten();
        let everywhere = self.commands.get(&None).into_iter().flatten();
        of_guild.chain(everywhere).find(|one| one["name"] == name && one["type"] == kind)
    }

    /// `data` of a slash command: `name` may name a subcommand after a space.
    fn slash_data(&self, channel: ChannelId, name: &str, options: &[(&str, Value)]) -> Value {
        let guild = self.channel(channel).guild;
        let (name, sub) =
            name.split_once(' ').map_or((name, None), |(name, sub)| (name, Some(sub)));
        let command = self.command(guild, name, 1);
        let command = command.unwrap_or_else(|| panic!("no command is registered as /{name}"));
        let below = |from: &Value, name: &str| {
            let known = from["options"].as_array().into_iter().flatten();
            let found = known.into_iter().find(|option| option["name"] == name).cloned();
            found.unwrap_or_else(|| panic!("{} takes no {name}", from["name"]))
        };
        let taker = sub.map_or_else(|| command.clone(), |sub| below(command, sub));
        let given = options.iter().map(|(name, value)| {
            let kind = below(&taker, name)["type"].clone();
            json!({ "name": name, "type": kind, "value": value })
        });
        let given = given.collect::<Vec<_>>();
        let given = match sub {
            Some(sub) => json!([{ "name": sub, "type": 1, "options": given }]),
            None => json!(given),
        };
        json!({ "id": command["id"], "name": name, "type": 1, "guild_id": guild, "options": given })
    }

    fn reply_of(&self, asked: Asked, id: Option<MessageId>) -> Option<InteractionReply> {
        let interaction = &self.interactions[&asked.0];
        let Acknowledged { after, choices } = interaction.acknowledged.clone()?;
        let message = id.and_then(|id| self.message_or_whisper(interaction.channel, id));
        let flags = message.map_or(0, |message| message.flags);
        Some(InteractionReply {
            message: message.map(|message| message.id),
            text: message.map(|message| message.content.clone()).unwrap_or_default(),
            embeds: message.map(|message| message.embeds.clone()).unwrap_or_default(),
            components: message.map(|message| message.components.clone()).unwrap_or_default(),
            files: message.map(files).unwrap_or_default(),
            ephemeral: flags & EPHEMERAL != 0,
            loading: flags & LOADING != 0 || interaction.pending,
            choices,
            after,
        })
    }

    /// An empty message of the bot, in reply to an interaction.
    pub(super) fn blank_reply(&mut self, asked: u64, flags: u32) -> Message {
        let id = MessageId(self.fresh_id());
        let interaction = &self.interactions[&asked];
        Message {
            id,
            channel: interaction.channel,
            author: self.bot,
            kind: interaction.makes,
            timestamp: iso(self.now()),
            edited: None,
            content: String::new(),
            mentions: Vec::new(),
            attachments: Vec::new(),
            embeds: Vec::new(),
            components: Vec::new(),
            reference: None,
            forward: None,
            pinned: false,
            flags,
            reactions: Vec::new(),
            webhook: Some(self.bot.0),
            malformed: None,
        }
    }
}

impl FakeDiscord {
    /// A slash command, `harvester status` for a subcommand; fails if it is not registered.
    #[track_caller]
    pub fn slash(
        &self,
        by: UserId,
        channel: ChannelId,
        name: &str,
        options: &[(&str, Value)],
    ) -> Asked {
        self.with(|state| {
            let data = state.slash_data(channel, name, options);
            state.ask(by, channel, (2, 20), json!({ "data": data }))
        })
    }

    /// Somebody types into an option of a slash command.
    #[track_caller]
    pub fn complete(
        &self,
        by: UserId,
        channel: ChannelId,
        name: &str,
        (option, typed): (&str, &str),
    ) -> Asked {
        self.with(|state| {
            let mut data = state.slash_data(channel, name, &[(option, json!(typed))]);
            let options = &mut data["options"];
            let options = if name.contains(' ') { &mut options[0]["options"] } else { options };
            options[0]["focused"] = true.into();
            state.ask(by, channel, (4, 0), json!({ "data": data }))
        })
    }

    /// A command of a message's context menu.
    #[track_caller]
    pub fn menu(&self, by: UserId, channel: ChannelId, message: MessageId, name: &str) -> Asked {
        self.with(|state| {
            let guild = state.channel(channel).guild;
            let command = state.command(guild, name, 3);
            let command = command.unwrap_or_else(|| panic!("no menu is registered as {name}"));
            let target = state.message(channel, message);
            let target = target.unwrap_or_else(|| panic!("there is no message {message}"));
            let resolved = json!({ (message.to_string()): state.message_json(target) });
            let data = json!({
                "id": command["id"], "name": name, "type": 3, "guild_id": guild,
                "target_id": message, "resolved": { "messages": resolved },
            });
            state.ask(by, channel, (2, 23), json!({ "data": data }))
        })
    }

    /// Somebody presses a button of a message, also of one that only they see.
    #[track_caller]
    pub fn press(
        &self,
        by: UserId,
        channel: ChannelId,
        message: MessageId,
        custom_id: &str,
    ) -> Asked {
        let is_it = |one: &&Value| one["custom_id"] == custom_id;
        self.control(by, channel, (message, 2), is_it, json!({ "custom_id": custom_id }))
    }

    /// Somebody chooses this value in the menu of a message.
    #[track_caller]
    pub fn choose(&self, by: UserId, channel: ChannelId, message: MessageId, value: &str) -> Asked {
        let offers = |one: &&Value| {
            let options = one["options"].as_array();
            options.is_some_and(|all| all.iter().any(|option| option["value"] == value))
        };
        self.control(by, channel, (message, 3), offers, json!({ "values": [value] }))
    }

    #[track_caller]
    fn control(
        &self,
        by: UserId,
        channel: ChannelId,
        (message, kind): (MessageId, u8),
        meant: impl Fn(&&Value) -> bool,
        mut data: Value,
    ) -> Asked {
        self.with(|state| {
            let whispers = state.interactions.values().filter(|one| one.user == by);
            let mut whispers = whispers.filter_map(|one| one.whispers.get(&message));
            let found = state.message(channel, message).or_else(|| whispers.next());
            let found = found.unwrap_or_else(|| panic!("there is no message {message}"));
            let used = controls(&found.components, kind).into_iter().find(meant);
            let used = used.unwrap_or_else(|| panic!("{message} has no control for {data}"));
            assert!(used["disabled"] != true, "it is disabled: {used}");
            data["component_type"] = kind.into();
            data["custom_id"] = used["custom_id"].clone();
            data["id"] = used["id"].clone();
            let message_json = state.message_json(found);
            state.ask(by, channel, (3, 0), json!({ "data": data, "message": message_json }))
        })
    }

    /// As `press`, of a button that the message does not have: what a forged client may send.
    pub fn forge_press(
        &self,
        by: UserId,
        channel: ChannelId,
        message: MessageId,
        custom_id: &str,
    ) -> Asked {
        self.with(|state| {
            let message_json = state.message_json(state.message(channel, message).unwrap());
            let data = json!({ "custom_id": custom_id, "component_type": 2, "id": 2 });
            state.ask(by, channel, (3, 0), json!({ "data": data, "message": message_json }))
        })
    }

    /// What the bot has replied so far; `None` until it acknowledges.
    pub fn reply_so_far(&self, asked: Asked) -> Option<InteractionReply> {
        self.look(|state| {
            let interaction = &state.interactions[&asked.0];
            state.reply_of(asked, interaction.original.or(interaction.on))
        })
    }

    /// Waits for the bot's reply, the filled-in one where it deferred.
    #[track_caller]
    pub fn reply(&self, asked: Asked) -> InteractionReply {
        self.wait_until("the bot replies", |state| {
            let interaction = &state.interactions[&asked.0];
            let reply = state.reply_of(asked, interaction.original.or(interaction.on));
            reply.is_some_and(|reply| !reply.loading)
        });
        self.reply_so_far(asked).expect("it was awaited")
    }

    /// What the bot said after its reply.
    pub fn follow_ups(&self, asked: Asked) -> Vec<InteractionReply> {
        self.look(|state| {
            let interaction = &state.interactions[&asked.0];
            let ids = interaction.follow_ups.iter();
            ids.filter_map(|id| state.reply_of(asked, Some(*id))).collect()
        })
    }

    /// The commands that are registered in a guild, or everywhere.
    pub fn commands(&self, guild: Option<GuildId>) -> Vec<Value> {
        self.look(|state| state.commands.get(&guild).cloned().unwrap_or_default())
    }

    /// Whether someone's client would show a command: by its default permissions.
    pub fn is_offered(&self, user: UserId, channel: ChannelId, command: &Value) -> bool {
        let needed = command["default_member_permissions"]
            .as_str()
            .and_then(|bits| bits.parse::<u64>().ok());
        self.look(|state| {
            let held = state.permissions(state.channel(channel).guild, user, Some(channel));
            needed.is_none_or(|needed| held & needed == needed)
        })
    }

    /// Every message that the bot sent or changed, as it asked for it.
    pub fn sent_by_bot(&self) -> Vec<Value> {
        let asked =
            self.requests().into_iter().filter(|one| matches!(&*one.method, "POST" | "PATCH"));
        let asked = asked.filter(|one| {
            one.route.starts_with("/webhooks")
                || one.route.contains("/messages")
                || one.route.ends_with("/callback")
        });
        let bodies = asked.filter_map(|one| one.body).map(|body| match body.get("data") {
            Some(data) => data.clone(),
            None => body,
        });
        bodies
            .filter(|body| body.get("content").is_some() || body.get("embeds").is_some())
            .collect()
    }

    /// Fails the test if a message of the bot could mention somebody.
    #[track_caller]
    pub fn assert_bot_mentions_nobody(&self) {
        for body in self.sent_by_bot() {
            assert_eq!(body["allowed_mentions"]["parse"], json!([]), "{body}");
            for named in ["users", "roles"] {
                let list = body["allowed_mentions"][named].as_array();
                assert!(list.is_none_or(Vec::is_empty), "{body}");
            }
        }
    }
}

/// Who asked, as a reply that is a message tells it.
pub(super) fn metadata(state: &DiscordState, asked: u64) -> Value {
    let interaction = &state.interactions[&asked];
    let mut json = json!({
        "id": asked.to_string(), "type": if interaction.kind == 3 { 3 } else { 2 },
        "user": render::user(&state.users[&interaction.user]),
        "authorizing_integration_owners": { "0": interaction.guild },
    });
    if let (3, Some(on)) = (interaction.kind, interaction.on) {
        json["interacted_message_id"] = json!(on);
    }
    json
}
