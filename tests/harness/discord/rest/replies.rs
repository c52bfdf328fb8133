//! Commands that the bot registers, and its replies to interactions.

use jiff::SignedDuration;
use rules::model::ids::{GuildId, MessageId};
use serde_json::{Value, json};

use super::super::interactions::{Acknowledged, EPHEMERAL, LOADING, metadata};
use super::super::state::{Attachment, DiscordState, Message};
use super::{Answer, Call, Upload};
use crate::harness::discord::message_actions::{shown_components, shown_embeds};

/// How long a bot may take to acknowledge.
const ACKNOWLEDGE: SignedDuration = SignedDuration::from_secs(3);
/// How long a token is of use.
const TOKEN_LIFETIME: SignedDuration = SignedDuration::from_mins(15);

/// Commands of a guild, or those of everywhere.
pub(super) fn commands(state: &mut DiscordState, call: &Call) -> Answer {
    match scope(state, call) {
        Ok(scope) => {
            Answer::json(200, state.commands.get(&scope).cloned().unwrap_or_default().into())
        }
        Err(refused) => refused,
    }
}

fn scope(state: &DiscordState, call: &Call) -> Result<Option<GuildId>, Answer> {
    if call.id(0) != state.bot.0 {
        return Err(Answer::error(
            403,
            20012,
            "You are not authorized to perform this action on this application",
        ));
    }
    let guild = call.ids.get(1).map(|_| GuildId(call.id(1)));
    match guild.is_none_or(|guild| state.guilds.contains_key(&guild)) {
        true => Ok(guild),
        false => Err(Answer::error(403, 50001, "Missing Access")),
    }
}

/// Replaces all commands; one that was there keeps its id.
pub(super) fn register(state: &mut DiscordState, call: &Call) -> Answer {
    let scope = match scope(state, call) {
        Ok(scope) => scope,
        Err(refused) => return refused,
    };
    let before = state.commands.remove(&scope).unwrap_or_default();
    let mut registered = Vec::new();
    for asked in call.body.as_array().into_iter().flatten() {
        let kind = asked["type"].as_u64().unwrap_or(1);
        let same = |old: &&Value| old["name"] == asked["name"] && old["type"] == kind;
        let id = before.iter().find(same).map(|old| old["id"].clone());
        let mut command = without_nulls(asked);
        command["id"] = id.unwrap_or_else(|| state.fresh_id().to_string().into());
        command["version"] = state.fresh_id().to_string().into();
        command["application_id"] = json!(state.bot);
        command["type"] = kind.into();
        let needed = &asked["default_member_permissions"];
        let needed =
            needed.as_u64().map(|bits| bits.to_string()).or(needed.as_str().map(Into::into));
        command["default_member_permissions"] = json!(needed);
        if command.get("description").is_none() {
            command["description"] = "".into();
        }
        if let Some(guild) = scope {
            command["guild_id"] = json!(guild);
        }
        registered.push(command);
    }
    state.commands.insert(scope, registered.clone());
    Answer::json(200, registered.into())
}

fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let kept = fields.iter().filter(|(_, field)| !field.is_null());
            kept.map(|(name, field)| (name.clone(), without_nulls(field))).collect()
        }
        Value::Array(items) => items.iter().map(without_nulls).collect(),
        plain => plain.clone(),
    }
}

/// The first answer to an interaction: in time, and once.
pub(super) fn callback(state: &mut DiscordState, call: &Call) -> Answer {
    let asked = call.id(0);
    let moved = state.clock.moved;
    let known = state.interactions.get_mut(&asked).filter(|one| one.token == call.ids[1]);
    let Some(interaction) = known else { return unknown_interaction() };
    if interaction.acknowledged.is_some() {
        return Answer::error(400, 40060, "Interaction has already been acknowledged.");
    }
    if moved - interaction.asked_at > ACKNOWLEDGE {
        return unknown_interaction();
    }
    let (kind, on) = (interaction.kind, interaction.on);
    let data = &call.body["data"];
    let fits = match call.body["type"].as_u64() {
        Some(4 | 5) => kind == 2 || kind == 3,
        Some(6 | 7) => kind == 3,
        Some(8) => kind == 4,
        _ => false,
    };
    if !fits {
        return Answer::error(400, 50035, "Invalid Form Body");
    }
    let choices = data["choices"].as_array().into_iter().flatten();
    let choices = choices.map(|choice| {
        (choice["name"].as_str().unwrap_or_default().to_owned(), choice["value"].clone())
    });
    let choices = choices.collect();
    interaction.acknowledged = Some(Acknowledged { after: interaction.asked.elapsed(), choices });
    let flags = data["flags"].as_u64().unwrap_or(0) as u32;
    let content = ReplyContent { data, files: &call.files };
    match call.body["type"].as_u64() {
        Some(4) => answer_with(state, asked, flags, content),
        Some(5) => answer_with(state, asked, flags & EPHEMERAL | LOADING, ReplyContent::default()),
        Some(6) => {
            state.interactions.get_mut(&asked).expect("it was looked up").pending = true;
        }
        Some(7) => {
            if let Some(on) = on {
                change_reply(state, asked, on, content);
            }
        }
        _ => {}
    }
    if call.query.get("with_response").is_none_or(|wish| wish != "true") {
        return Answer::nothing();
    }
    Answer::json(200, callback_json(state, asked))
}

fn callback_json(state: &DiscordState, asked: u64) -> Value {
    let interaction = &state.interactions[&asked];
    let mut json = json!({ "interaction": { "id": asked.to_string(), "type": interaction.kind } });
    let message = interaction.original.and_then(|id| find(state, asked, id));
    if let Some(message) = message {
        json["interaction"]["response_message_id"] = json!(message.id);
        json["resource"] = json!({ "type": 4, "message": reply_json(state, asked, message) });
    }
    json
}

fn unknown_interaction() -> Answer {
    Answer::error(404, 10062, "Unknown interaction")
}

/// What a reply is to say, with the files that came along.
#[derive(Clone, Copy)]
struct ReplyContent<'c> {
    data: &'c Value,
    files: &'c [Upload],
}

impl Default for ReplyContent<'_> {
    fn default() -> Self {
        Self { data: &Value::Null, files: &[] }
    }
}

impl<'c> ReplyContent<'c> {
    fn by(call: &'c Call) -> Self {
        Self { data: &call.body, files: &call.files }
    }
}

fn answer_with(state: &mut DiscordState, asked: u64, flags: u32, content: ReplyContent<'_>) {
    let id = post_reply(state, asked, flags, content);
    state.interactions.get_mut(&asked).expect("it was looked up").original = Some(id);
}

/// A message of the bot, which only the asker sees if it is ephemeral.
fn post_reply(
    state: &mut DiscordState,
    asked: u64,
    flags: u32,
    content: ReplyContent<'_>,
) -> MessageId {
    let mut message = state.blank_reply(asked, flags);
    fill(&mut message, content);
    let id = message.id;
    if flags & EPHEMERAL != 0 {
        let interaction = state.interactions.get_mut(&asked).expect("it was looked up");
        interaction.whispers.insert(id, message);
    } else {
        state.admit(message);
    }
    id
}

fn fill(message: &mut Message, ReplyContent { data, files }: ReplyContent<'_>) {
    if let Some(content) = data["content"].as_str() {
        content.clone_into(&mut message.content);
    }
    if data.get("embeds").is_some() {
        message.embeds = shown_embeds(&data["embeds"]);
    }
    if data.get("components").is_some() {
        message.components = shown_components(&data["components"]);
    }
    if !files.is_empty() || data.get("attachments").is_some() {
        message.attachments = files.iter().map(|file| attached(message, file)).collect();
    }
}

fn attached(message: &Message, file: &Upload) -> Attachment {
    let id = message.id.0 + file.number + 1;
    let url = format!("https://cdn.discordapp.com/ephemeral-attachments/{id}/{}", file.name);
    let (name, content) = (file.name.clone(), file.bytes.clone());
    Attachment { id, name, bytes: content.len() as u64, url, content }
}

fn change_reply(state: &mut DiscordState, asked: u64, id: MessageId, content: ReplyContent<'_>) {
    let channel = state.interactions[&asked].channel;
    let mut whispers = state.interactions.values_mut().filter_map(|one| one.whispers.get_mut(&id));
    if let Some(whisper) = whispers.next() {
        fill(whisper, content);
        whisper.flags &= !LOADING;
    } else {
        state.change_message(channel, id, |message| {
            fill(message, content);
            message.flags &= !LOADING;
        });
    }
}

fn reply_json(state: &DiscordState, asked: u64, message: &Message) -> Value {
    let mut json = state.message_json(message);
    json["application_id"] = json!(state.bot);
    json["interaction_metadata"] = metadata(state, asked);
    json
}

/// The interaction that a webhook's token belongs to, once it is acknowledged.
fn held(state: &DiscordState, call: &Call) -> Result<u64, Answer> {
    let found = state.interactions.iter().find(|(_, one)| one.token == call.ids[1]);
    let Some((id, interaction)) = found.filter(|_| call.id(0) == state.bot.0) else {
        return Err(Answer::error(404, 10015, "Unknown Webhook"));
    };
    if state.clock.moved - interaction.asked_at > TOKEN_LIFETIME {
        return Err(Answer::error(401, 50027, "Invalid Webhook Token"));
    }
    match interaction.acknowledged {
        Some(_) => Ok(*id),
        None => Err(Answer::error(404, 10015, "Unknown Webhook")),
    }
}

/// The interaction and the reply that a request is about.
fn meant(state: &DiscordState, call: &Call) -> Result<(u64, MessageId), Answer> {
    let asked = held(state, call)?;
    let interaction = &state.interactions[&asked];
    let id = match call.ids.get(2) {
        Some(_) => Some(MessageId(call.id(2))),
        None => interaction.original.or(interaction.on),
    };
    let known = id.filter(|id| find(state, asked, *id).is_some());
    known.map(|id| (asked, id)).ok_or_else(|| Answer::error(404, 10008, "Unknown Message"))
}

fn find(state: &DiscordState, asked: u64, id: MessageId) -> Option<&Message> {
    state.message_or_whisper(state.interactions[&asked].channel, id)
}

fn answer_of(state: &DiscordState, meant: (u64, MessageId)) -> Answer {
    let (asked, id) = meant;
    let message = find(state, asked, id).expect("it was looked up");
    Answer::json(200, reply_json(state, asked, message))
}

pub(super) fn follow_up(state: &mut DiscordState, call: &Call) -> Answer {
    let asked = match held(state, call) {
        Ok(asked) => asked,
        Err(refused) => return refused,
    };
    // The first message after a deferral fills in what was deferred.
    let original = state.interactions[&asked].original;
    let loading = original
        .filter(|id| find(state, asked, *id).is_some_and(|message| message.flags & LOADING != 0));
    if let Some(id) = loading {
        change_reply(state, asked, id, ReplyContent::by(call));
        return answer_of(state, (asked, id));
    }
    let flags = call.body["flags"].as_u64().unwrap_or(0) as u32;
    let id = post_reply(state, asked, flags, ReplyContent::by(call));
    let interaction = state.interactions.get_mut(&asked).expect("it was looked up");
    interaction.follow_ups.push(id);
    interaction.pending = false;
    answer_of(state, (asked, id))
}

pub(super) fn reply(state: &mut DiscordState, call: &Call) -> Answer {
    meant(state, call).map_or_else(|refused| refused, |meant| answer_of(state, meant))
}

pub(super) fn change(state: &mut DiscordState, call: &Call) -> Answer {
    match meant(state, call) {
        Ok((asked, id)) => {
            change_reply(state, asked, id, ReplyContent::by(call));
            state.interactions.get_mut(&asked).expect("it was looked up").pending = false;
            answer_of(state, (asked, id))
        }
        Err(refused) => refused,
    }
}

pub(super) fn delete(state: &mut DiscordState, call: &Call) -> Answer {
    match meant(state, call) {
        Ok((asked, id)) => {
            let channel = state.interactions[&asked].channel;
            let whispers =
                &mut state.interactions.get_mut(&asked).expect("it was looked up").whispers;
            if whispers.remove(&id).is_none() {
                state.remove(channel, id);
            }
            Answer::nothing()
        }
        Err(refused) => refused,
    }
}
