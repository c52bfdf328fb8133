//! Servers and their roles.

use rules::model::ids::{GuildId, RoleId};
use serde::Deserialize;
use serde_json::Value;

use super::channel::{ApiChannel, channel};
use super::read;
use crate::wire::lenient::LenientScalar;

/// A server as the gateway sends it at the start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiGuild {
    pub id: GuildId,
    /// Empty in an outage.
    pub name: String,
    /// An outage: Discord sends nothing else, and nothing was deleted.
    pub unavailable: bool,
    pub roles: Vec<ApiRole>,
    pub channels: Vec<ApiChannel>,
    /// The threads that are not archived.
    pub threads: Vec<ApiChannel>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiRole {
    pub id: RoleId,
    pub name: String,
    pub permissions: u64,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct RawGuild<'a> {
    #[serde(borrow)]
    id: LenientScalar<'a>,
    #[serde(borrow)]
    name: LenientScalar<'a>,
    #[serde(borrow)]
    unavailable: LenientScalar<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct RawRole<'a> {
    #[serde(borrow)]
    id: LenientScalar<'a>,
    #[serde(borrow)]
    name: LenientScalar<'a>,
    #[serde(borrow)]
    permissions: LenientScalar<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct RawGuildId<'a> {
    #[serde(borrow)]
    guild_id: LenientScalar<'a>,
}

/// A server; `None` without a usable id.
pub fn guild(raw: &Value) -> Option<ApiGuild> {
    let raw_guild = read::<RawGuild<'_>>(raw);
    let id = GuildId(raw_guild.id.id()?);
    let each = |key: &str| raw[key].as_array().into_iter().flatten();
    let of_guild = |channel: ApiChannel| ApiChannel { guild: Some(id), ..channel };
    Some(ApiGuild {
        id,
        name: raw_guild.name.words().unwrap_or_default().into_owned(),
        unavailable: raw_guild.unavailable.flag(),
        roles: each("roles").filter_map(role).collect(),
        channels: each("channels").filter_map(channel).map(of_guild).collect(),
        threads: each("threads").filter_map(channel).map(of_guild).collect(),
    })
}

/// A role; `None` without a usable id.
pub fn role(raw: &Value) -> Option<ApiRole> {
    let raw = read::<RawRole<'_>>(raw);
    let name = raw.name.words().unwrap_or_default().into_owned();
    let permissions = raw.permissions.whole().unwrap_or(0);
    Some(ApiRole { id: RoleId(raw.id.id()?), name, permissions })
}

/// `GUILD_ROLE_CREATE` and `GUILD_ROLE_UPDATE`.
pub fn role_update(raw: &Value) -> Option<(GuildId, ApiRole)> {
    let raw_guild = read::<RawGuildId<'_>>(raw);
    Some((GuildId(raw_guild.guild_id.id()?), role(&raw["role"])?))
}
