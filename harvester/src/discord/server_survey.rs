//! What a bot's token gives access to: asked once, when the program is set up or checked.

use rules::model::ids::{GuildId, RoleId};
use rules::model::message::{Channel, ChannelKind, Role};
use serde_json::{Value, json};

use super::guild_view::GuildView;
use super::rest::{RefusedRequest, RequestLane, RestClient, RestError};
use crate::wire::api;

/// Flags of an application whose bot receives the content of messages, in full or while it is in few
/// servers. [Discord: Application Flags, GATEWAY_MESSAGE_CONTENT and its LIMITED form]
const MESSAGE_CONTENT: u64 = 1 << 18 | 1 << 19;
/// What the invitation asks for: View Channels, Read Message History, Add Reactions, Send Messages and
/// Manage Threads.
const PERMISSIONS: u64 = 1 << 10 | 1 << 16 | 1 << 6 | 1 << 11 | 1 << 34;

/// The bot and the servers that it is in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BotSurvey {
    pub name: String,
    pub application: u64,
    /// Whether Message Content Intent is enabled.
    pub message_content: bool,
    pub servers: Vec<SurveyedServer>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SurveyedServer {
    pub id: GuildId,
    pub name: String,
    pub channels: Vec<SurveyedChannel>,
    /// The roles that people can have.
    pub roles: Vec<Role>,
}

/// A channel or forum.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SurveyedChannel {
    pub place: Channel,
    /// Whether everybody on the server can read it, which is what decides that it is read.
    pub public: bool,
}

/// Why a text cannot be a bot's token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenShapeError {
    #[error("it is empty")]
    Empty,
    #[error("it begins with \"Bot \": leave that out")]
    Prefix,
    #[error("it is a number, such as an application or server id; the token is on the Bot page")]
    Id,
    #[error("it is a public key; the token is on the Bot page")]
    PublicKey,
    #[error(
        "it looks like a client secret, which is on the OAuth2 page; the token is on the Bot page"
    )]
    ClientSecret,
    #[error("a bot's token has three parts of letters, digits, - and _ with dots between them")]
    Parts,
}

/// Whether a text has the shape of a bot's token. The error never contains the text.
pub fn check_token_shape(text: &str) -> Result<(), TokenShapeError> {
    let all = |allowed: fn(&char) -> bool| text.chars().all(|c| allowed(&c));
    if text.is_empty() {
        return Err(TokenShapeError::Empty);
    }
    if text.starts_with("Bot ") {
        return Err(TokenShapeError::Prefix);
    }
    let parts = text.split('.').collect::<Vec<_>>();
    let is_part = |part: &&str| {
        !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c))
    };
    if parts.len() == 3 && parts.iter().all(is_part) {
        return Ok(());
    }
    Err(match text.len() {
        _ if all(char::is_ascii_digit) => TokenShapeError::Id,
        64 if all(char::is_ascii_hexdigit) => TokenShapeError::PublicKey,
        32 if is_part(&text) => TokenShapeError::ClientSecret,
        _ => TokenShapeError::Parts,
    })
}

/// The address at which an owner of a server adds the bot to it.
pub fn invitation(application: u64) -> String {
    format!(
        "https://discord.com/oauth2/authorize?client_id={application}\
         &scope=bot+applications.commands&permissions={PERMISSIONS}"
    )
}

/// Asks Discord what the client's token gives access to.
pub async fn survey(rest: &RestClient) -> Result<BotSurvey, RefusedRequest> {
    let application = get(rest, "GET /applications/@me", "/applications/@me").await?;
    let guilds = get(rest, "GET /users/@me/guilds", "/users/@me/guilds").await?;
    let mut servers = Vec::new();
    for guild in guilds.as_array().into_iter().flatten() {
        let Some(id) = guild["id"].as_str() else { continue };
        let channels =
            get(rest, "GET /guilds/ID/channels", &format!("/guilds/{id}/channels")).await?;
        let roles = get(rest, "GET /guilds/ID/roles", &format!("/guilds/{id}/roles")).await?;
        servers.extend(surveyed_server(guild, &channels, &roles));
    }
    let name = application["bot"]["username"].as_str().or(application["name"].as_str());
    Ok(BotSurvey {
        name: name.unwrap_or("unnamed").to_owned(),
        application: application["id"].as_str().and_then(|id| id.parse().ok()).unwrap_or(0),
        message_content: application["flags"].as_u64().unwrap_or(0) & MESSAGE_CONTENT != 0,
        servers,
    })
}

async fn get(
    rest: &RestClient,
    request: &'static str,
    path: &str,
) -> Result<Value, RefusedRequest> {
    let answer = rest.get(RequestLane::Live, path).await;
    answer.map_err(|source: RestError| RefusedRequest { request, source })
}

/// A server from three responses of Discord; `None` without a usable id.
fn surveyed_server(guild: &Value, channels: &Value, roles: &Value) -> Option<SurveyedServer> {
    let payload = json!({ "id": guild["id"], "roles": roles, "channels": channels });
    let server = api::guild(&payload)?;
    let everybody = server.id.0;
    let listed = server.channels.clone();
    let view = GuildView::of(server, &[]);
    let holds = |kind| {
        matches!(
            kind,
            ChannelKind::Text | ChannelKind::News | ChannelKind::Voice | ChannelKind::Forum
        )
    };
    let channels = listed.iter().filter(|channel| holds(channel.kind)).filter_map(|channel| {
        let place = view.place(channel.id)?;
        Some(SurveyedChannel { place, public: view.is_public(channel.id) })
    });
    // The roles of bots and of Discord's own integrations are `managed`.
    let everyone = everybody.to_string();
    let given =
        |role: &&Value| role["managed"] != true && role["id"].as_str() != Some(everyone.as_str());
    let roles = roles.as_array().into_iter().flatten().filter(given);
    Some(SurveyedServer {
        id: GuildId(everybody),
        name: guild["name"].as_str().unwrap_or("unnamed").to_owned(),
        channels: channels.collect(),
        roles: roles.filter_map(surveyed_role).collect(),
    })
}

fn surveyed_role(role: &Value) -> Option<Role> {
    let id = role["id"].as_str()?.parse().ok()?;
    Some(Role { id: RoleId(id), name: role["name"].as_str()?.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_secret_is_recognised_by_its_shape() {
        let token = ["MTIzNDU2Nzg5", "GabcDe", &"x".repeat(27)].join(".");
        for (text, expected) in [
            (token.clone(), Ok(())),
            (String::new(), Err(TokenShapeError::Empty)),
            (format!("Bot {token}"), Err(TokenShapeError::Prefix)),
            ("123456789012345678".to_owned(), Err(TokenShapeError::Id)),
            ("ab".repeat(32), Err(TokenShapeError::PublicKey)),
            ("aB3_".repeat(8), Err(TokenShapeError::ClientSecret)),
            ("two.parts".to_owned(), Err(TokenShapeError::Parts)),
            (format!("{token} "), Err(TokenShapeError::Parts)),
        ] {
            assert_eq!(check_token_shape(&text), expected);
        }
    }

    #[test]
    fn channels_and_roles_are_those_that_people_use() {
        let channels = json!([
            { "id": "40", "type": 4, "name": "Support" },
            { "id": "50", "type": 0, "name": "help", "parent_id": "40" },
            { "id": "51", "type": 0, "name": "staff",
              "permission_overwrites": [{ "id": "1", "type": 0, "allow": "0", "deny": "1024" }] },
            { "id": "60", "type": 15, "name": "questions" },
        ]);
        let roles = json!([
            { "id": "1", "name": "@everyone", "permissions": "66560" },
            { "id": "9", "name": "Helper", "permissions": "0" },
            { "id": "8", "name": "Music Bot", "permissions": "0", "managed": true },
        ]);
        let guild = json!({ "id": "1", "name": "Pottery" });
        let server = surveyed_server(&guild, &channels, &roles).unwrap();
        let public = |name: &str| {
            server.channels.iter().find(|one| one.place.name == name).map(|one| one.public)
        };
        assert_eq!(
            ["help", "staff", "questions", "Support"].map(public),
            [Some(true), Some(false), Some(true), None]
        );
        let roles = server.roles.iter().map(|role| role.name.as_str()).collect::<Vec<_>>();
        assert_eq!((server.name.as_str(), roles), ("Pottery", vec!["Helper"]));
    }
}
