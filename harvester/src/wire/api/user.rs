//! Users, and their names and roles in a server.

use std::fmt;

use jiff::Timestamp;
use rules::model::ids::{RoleId, UserId};
use serde::Deserialize;
use serde_json::Value;

use super::{read, time};
use crate::wire::lenient::{LenientObject, LenientScalar, LenientScalars};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct RawUser<'a> {
    #[serde(borrow)]
    pub(super) id: LenientScalar<'a>,
    #[serde(borrow)]
    pub(super) username: LenientScalar<'a>,
    #[serde(borrow)]
    pub(super) global_name: LenientScalar<'a>,
    #[serde(borrow)]
    pub(super) bot: LenientScalar<'a>,
    /// Only in the mentions of a message of the gateway.
    #[serde(borrow)]
    pub(super) member: LenientObject<RawMember<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct RawMember<'a> {
    #[serde(borrow)]
    nick: LenientScalar<'a>,
    #[serde(borrow)]
    roles: LenientScalars<'a>,
    #[serde(borrow)]
    joined_at: LenientScalar<'a>,
    #[serde(borrow)]
    user: LenientObject<RawUserOnly<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct RawUserOnly<'a> {
    #[serde(borrow)]
    id: LenientScalar<'a>,
    #[serde(borrow)]
    username: LenientScalar<'a>,
    #[serde(borrow)]
    global_name: LenientScalar<'a>,
    #[serde(borrow)]
    bot: LenientScalar<'a>,
}

/// A user, independent of any server.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiUser {
    pub id: UserId,
    /// Display name, else user name.
    pub name: String,
    pub bot: bool,
}

/// What a server adds to a user. `Debug` hides the name.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct ApiMember {
    pub nick: Option<String>,
    pub roles: Vec<RoleId>,
    /// Missing for guests.
    pub joined: Option<Timestamp>,
}

impl fmt::Debug for ApiMember {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiMember").field("roles", &self.roles).finish_non_exhaustive()
    }
}

impl RawUser<'_> {
    pub(super) fn into_user(self) -> Option<(ApiUser, Option<ApiMember>)> {
        let Self { id, username, global_name, bot, member } = self;
        let name = global_name.words().or_else(|| username.words()).unwrap_or_default();
        let user = ApiUser { id: UserId(id.id()?), name: name.into_owned(), bot: bot.flag() };
        Some((user, member.0.map(RawMember::into_member)))
    }
}

impl RawMember<'_> {
    pub(super) fn into_member(self) -> ApiMember {
        let roles = self.roles.0.iter().filter_map(LenientScalar::id).map(RoleId).collect();
        ApiMember {
            nick: self.nick.words().map(|nick| nick.into_owned()),
            roles,
            joined: self.joined_at.text().as_deref().and_then(time),
        }
    }
}

/// A user; `None` without a usable id.
pub fn user(raw: &Value) -> Option<ApiUser> {
    read::<RawUser<'_>>(raw).into_user().map(|(user, _)| user)
}

/// The users of a page; anything else is skipped.
pub fn users(raw: &Value) -> Vec<ApiUser> {
    raw.as_array().into_iter().flatten().filter_map(user).collect()
}

/// A member of a server with their user; `None` without a usable id.
pub fn member(raw: &Value) -> Option<(ApiUser, ApiMember)> {
    let mut raw = read::<RawMember<'_>>(raw);
    let RawUserOnly { id, username, global_name, bot } = raw.user.0.take()?;
    let user = RawUser { id, username, global_name, bot, member: LenientObject::default() };
    Some((user.into_user()?.0, raw.into_member()))
}
