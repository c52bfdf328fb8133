//! A use of a command, menu or button, parsed leniently from Discord's JSON.

use std::collections::BTreeMap;
use std::fmt;

use rules::model::ids::{ChannelId, GuildId, MessageId, RoleId, UserId};
use rules::model::workspace::{ChannelPlace, WorkspaceId, Workspaces};
use serde_json::Value;

use crate::discord::interactions::decide::permissions::PermissionBits;
use crate::discord::interactions::text::language::BotLanguage;

/// The id of an interaction: it is answered once, by one daemon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct InteractionId(pub(crate) u64);

/// The id of the application, which is also the id of its bot user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ApplicationId(pub u64);

/// The token to answer an interaction, valid for fifteen minutes. `Debug` hides it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct InteractionToken(String);

impl InteractionToken {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for InteractionToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token")
    }
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Interaction {
    pub(crate) id: InteractionId,
    pub(crate) token: InteractionToken,
    pub(crate) application: ApplicationId,
    /// `None` in a direct message.
    pub(crate) guild: Option<GuildId>,
    pub(crate) channel: Option<InteractionPlace>,
    pub(crate) user: UserId,
    /// Ids only: Discord does not send the names here.
    pub(crate) roles: Vec<RoleId>,
    /// The user's permissions in the channel; none in a direct message.
    pub(crate) permissions: PermissionBits,
    /// The bot's permissions in the channel.
    pub(crate) bot_permissions: PermissionBits,
    /// The user's language.
    pub(crate) language: BotLanguage,
    /// The server's language, for public replies.
    pub(crate) server_language: BotLanguage,
    pub(crate) what: InteractionKind,
}

/// Where it happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct InteractionPlace {
    pub(crate) id: ChannelId,
    pub(crate) parent: Option<ChannelId>,
    pub(crate) thread: bool,
}

/// What the user did.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum InteractionKind {
    Slash {
        path: Vec<String>,
        options: BTreeMap<String, String>,
    },
    /// Autocompletion: the user is typing `text` into an option.
    Typing {
        path: Vec<String>,
        text: String,
    },
    MessageMenu {
        name: String,
        target: TargetMessage,
    },
    Button {
        custom_id: String,
        message: MessageId,
    },
    Choice {
        custom_id: String,
        values: Vec<String>,
        message: MessageId,
    },
}

impl fmt::Debug for InteractionKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Slash { .. } => "Slash",
            Self::Typing { .. } => "Typing",
            Self::MessageMenu { .. } => "MessageMenu",
            Self::Button { .. } => "Button",
            Self::Choice { .. } => "Choice",
        })
    }
}

impl Interaction {
    /// The workspace where it happens; `None` in a direct message and in what no workspace lists.
    pub(crate) fn workspace(&self, workspaces: &Workspaces) -> Option<WorkspaceId> {
        let (server, place) = (self.guild?, self.channel?);
        let parent = place.parent.filter(|_| place.thread);
        workspaces.of(ChannelPlace { server, channel: place.id, parent })
    }
}

/// The message whose menu was opened. `Debug` hides the text.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct TargetMessage {
    pub(crate) message: MessageId,
    pub(crate) channel: ChannelId,
    pub(crate) author: UserId,
    pub(crate) bot: bool,
    pub(crate) text: String,
}

impl fmt::Debug for TargetMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TargetMessage").field("message", &self.message).finish_non_exhaustive()
    }
}

/// Why an interaction cannot be parsed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InteractionParseError {
    #[error("interaction without a valid `{0}`")]
    Without(&'static str),
    #[error("unknown interaction type {0}")]
    Kind(u64),
    #[error("unknown command type {0}")]
    Command(u64),
    #[error("unknown component type {0}")]
    Component(u64),
}

/// Discord's type numbers of interactions, commands, components and options.
mod kind {
    pub(super) const COMMAND: u64 = 2;
    pub(super) const COMPONENT: u64 = 3;
    pub(super) const TYPING: u64 = 4;
    pub(super) const SLASH: u64 = 1;
    pub(super) const MESSAGE_MENU: u64 = 3;
    pub(super) const BUTTON: u64 = 2;
    pub(super) const SELECT: u64 = 3;
    pub(super) const SUBCOMMANDS: [u64; 2] = [1, 2];
    pub(super) const THREADS: [u64; 3] = [10, 11, 12];
}

impl Interaction {
    /// Parses the needed fields and ignores all others.
    pub(crate) fn read(json: &Value) -> Result<Self, InteractionParseError> {
        let person = if json["member"]["user"].is_object() {
            &json["member"]["user"]
        } else {
            &json["user"]
        };
        Ok(Self {
            id: InteractionId(number(&json["id"]).ok_or(InteractionParseError::Without("id"))?),
            token: InteractionToken(
                text(&json["token"]).ok_or(InteractionParseError::Without("token"))?,
            ),
            application: ApplicationId(
                number(&json["application_id"])
                    .ok_or(InteractionParseError::Without("application_id"))?,
            ),
            guild: number(&json["guild_id"]).map(GuildId),
            channel: place(json),
            user: UserId(number(&person["id"]).ok_or(InteractionParseError::Without("user"))?),
            roles: items(&json["member"]["roles"]).filter_map(number).map(RoleId).collect(),
            permissions: PermissionBits(number(&json["member"]["permissions"]).unwrap_or(0)),
            bot_permissions: PermissionBits(number(&json["app_permissions"]).unwrap_or(0)),
            language: BotLanguage::of_locale(json["locale"].as_str().unwrap_or_default()),
            server_language: BotLanguage::of_locale(
                json["guild_locale"].as_str().unwrap_or_default(),
            ),
            what: what(json)?,
        })
    }
}

fn place(json: &Value) -> Option<InteractionPlace> {
    let channel = &json["channel"];
    let id = number(&json["channel_id"]).or_else(|| number(&channel["id"]))?;
    let thread = number(&channel["type"]).is_some_and(|kind| kind::THREADS.contains(&kind));
    Some(InteractionPlace {
        id: ChannelId(id),
        parent: number(&channel["parent_id"]).map(ChannelId),
        thread,
    })
}

fn what(json: &Value) -> Result<InteractionKind, InteractionParseError> {
    let data = &json["data"];
    let kind = number(&json["type"]).ok_or(InteractionParseError::Without("type"))?;
    match kind {
        kind::COMMAND => command(json),
        kind::TYPING => {
            let (path, options) = walk(data);
            let focused = options.iter().find(|option| option["focused"] == Value::Bool(true));
            let text = focused.and_then(|option| text(&option["value"])).unwrap_or_default();
            Ok(InteractionKind::Typing { path, text })
        }
        kind::COMPONENT => component(json),
        other => Err(InteractionParseError::Kind(other)),
    }
}

fn command(json: &Value) -> Result<InteractionKind, InteractionParseError> {
    let data = &json["data"];
    match number(&data["type"]).unwrap_or(kind::SLASH) {
        kind::SLASH => {
            let (path, options) = walk(data);
            let named = |option: &&Value| Some((text(&option["name"])?, text(&option["value"])?));
            let options = options.iter().filter_map(named).collect();
            if path.is_empty() {
                return Err(InteractionParseError::Without("name"));
            }
            Ok(InteractionKind::Slash { path, options })
        }
        kind::MESSAGE_MENU => Ok(InteractionKind::MessageMenu {
            name: text(&data["name"]).ok_or(InteractionParseError::Without("name"))?,
            target: target(json).ok_or(InteractionParseError::Without("target"))?,
        }),
        other => Err(InteractionParseError::Command(other)),
    }
}

/// The name of a command with its subcommands, and the options given to the last of them.
fn walk(data: &Value) -> (Vec<String>, Vec<&Value>) {
    let mut path = text(&data["name"]).into_iter().collect::<Vec<_>>();
    let mut options = items(&data["options"]).collect::<Vec<_>>();
    let is_subcommand = |option: &&Value| {
        number(&option["type"]).is_some_and(|kind| kind::SUBCOMMANDS.contains(&kind))
    };
    while let Some(subcommand) = options.iter().copied().find(is_subcommand) {
        path.extend(text(&subcommand["name"]));
        options = items(&subcommand["options"]).collect();
    }
    (path, options)
}

fn target(json: &Value) -> Option<TargetMessage> {
    let id = number(&json["data"]["target_id"])?;
    let message = &json["data"]["resolved"]["messages"][id.to_string()];
    Some(TargetMessage {
        message: MessageId(id),
        channel: ChannelId(number(&message["channel_id"]).or_else(|| number(&json["channel_id"]))?),
        author: UserId(number(&message["author"]["id"])?),
        bot: message["author"]["bot"] == Value::Bool(true),
        text: text(&message["content"]).unwrap_or_default(),
    })
}

fn component(json: &Value) -> Result<InteractionKind, InteractionParseError> {
    let data = &json["data"];
    let custom_id = text(&data["custom_id"]).ok_or(InteractionParseError::Without("custom_id"))?;
    let message =
        number(&json["message"]["id"]).ok_or(InteractionParseError::Without("message"))?;
    let message = MessageId(message);
    match number(&data["component_type"]).ok_or(InteractionParseError::Without("component_type"))? {
        kind::BUTTON => Ok(InteractionKind::Button { custom_id, message }),
        kind::SELECT => {
            let values = items(&data["values"]).filter_map(text).collect();
            Ok(InteractionKind::Choice { custom_id, values, message })
        }
        other => Err(InteractionParseError::Component(other)),
    }
}

/// An id or a number, as text or as a number.
pub(crate) fn number(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

pub(crate) fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::discord::interactions::test_support;
    use serde_json::json;

    fn read(json: Value) -> Interaction {
        Interaction::read(&json).unwrap()
    }

    #[test]
    fn a_slash_command_tells_its_path_and_options() {
        let asked = read(test_support::slash(
            "answers",
            json!([{"type": 3, "name": "query", "value": "lost key"}]),
        ));
        let options = BTreeMap::from([("query".to_owned(), "lost key".to_owned())]);
        assert_eq!(
            asked.what,
            InteractionKind::Slash { path: vec!["answers".to_owned()], options }
        );
        assert_eq!((asked.user, asked.guild), (test_support::USER, Some(test_support::GUILD)));
        let below = read(test_support::slash("harvester", json!([{"type": 1, "name": "pause"}])));
        let path = vec!["harvester".to_owned(), "pause".to_owned()];
        assert_eq!(below.what, InteractionKind::Slash { path, options: BTreeMap::new() });
    }

    #[test]
    fn typing_tells_the_focused_option() {
        let mut json = test_support::slash(
            "answers",
            json!([{"type": 3, "name": "other", "value": "x"}, {"type": 3, "name": "query", "value": "lo", "focused": true}]),
        );
        json["type"] = 4.into();
        let InteractionKind::Typing { text, .. } = read(json).what else { panic!("not typing") };
        assert_eq!(text, "lo");
    }

    #[test]
    fn a_menu_tells_its_message_whatever_else_is_odd_in_it() {
        let mut json = test_support::menu("Mark as answer");
        let message = &mut json["data"]["resolved"]["messages"][test_support::ANSWER.to_string()];
        message["components"] = json!([{"type": 1, "components": [{"type": 77, "x": null}]}]);
        message["type"] = json!(70_000);
        message["embeds"] = Value::Null;
        let InteractionKind::MessageMenu { name, target } = read(json).what else {
            panic!("no menu")
        };
        assert_eq!((name.as_str(), target.message), ("Mark as answer", test_support::ANSWER));
        assert_eq!((target.author, target.bot), (test_support::ANSWERER, false));
    }

    #[test]
    fn a_direct_message_gives_no_permission() {
        let json = json!({
            "id": "1", "token": "t", "application_id": "2", "type": 2, "locale": "ko", "user": {"id": "3"},
            "channel_id": "9", "channel": {"id": "9", "type": 1},
            "data": {"type": 1, "name": "answers"},
        });
        let asked = read(json);
        assert_eq!((asked.guild, asked.permissions), (None, PermissionBits(0)));
        assert_eq!(asked.language, BotLanguage::Korean);
    }

    #[test]
    fn what_cannot_be_answered_says_why() {
        let without = |key: &str| {
            let mut json = test_support::slash("answers", json!([]));
            json.as_object_mut().unwrap().remove(key);
            Interaction::read(&json)
        };
        assert_eq!(without("token"), Err(InteractionParseError::Without("token")));
        assert_eq!(without("member"), Err(InteractionParseError::Without("user")));
        assert_eq!(without("data"), Err(InteractionParseError::Without("name")));
        let mut json = test_support::slash("answers", json!([]));
        json["type"] = 9.into();
        assert_eq!(Interaction::read(&json), Err(InteractionParseError::Kind(9)));
        for odd in [Value::Null, json!([]), json!("x"), json!({"type": "2", "data": [1]})] {
            assert!(Interaction::read(&odd).is_err(), "{odd}");
        }
    }

    #[test]
    fn neither_token_nor_words_are_in_a_log() {
        let shown = format!("{:?}", read(test_support::menu("Mark as answer")));
        assert!(!shown.contains("the-token") && !shown.contains("wrench"), "{shown}");
    }
}
