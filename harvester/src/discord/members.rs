//! What people are called, and which roles they have, in a server: REST messages do not say.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};

use rules::model::ids::{GuildId, UserId};
use rules::model::message::Author;

use super::guild_view::GuildView;
use super::rest::{RequestLane, RestClient, RestError};
use crate::wire::api::{self, ApiMember, ApiMessage};

/// How many people are remembered; beyond that all are looked up again.
const REMEMBERED: usize = 200_000;

/// The members met so far; clones share them.
#[derive(Clone)]
pub(super) struct MemberCache {
    rest: RestClient,
    known: Arc<Mutex<Members>>,
}

/// `None` for who is no member.
type Members = HashMap<(GuildId, UserId), Option<ApiMember>>;

impl MemberCache {
    pub(super) fn new(rest: RestClient) -> Self {
        Self { rest, known: Arc::default() }
    }

    /// Remembers what the gateway told of a member.
    pub(super) fn note(&self, guild: GuildId, user: UserId, member: ApiMember) {
        let mut known = self.known();
        if known.len() >= REMEMBERED {
            known.clear();
        }
        known.insert((guild, user), Some(member));
    }

    /// Gives author and mentioned people of a message the names and roles that they have in the server.
    pub(super) async fn fill_names(
        &self,
        read: &mut ApiMessage,
        guild: &GuildView,
        lane: RequestLane,
    ) -> Result<(), RestError> {
        let id = guild.id();
        let author = Arc::make_mut(&mut read.message.author);
        let member = match (read.member.take(), read.webhook) {
            (Some(member), _) => {
                self.note(id, author.id, member.clone());
                Some(member)
            }
            (None, true) => None,
            (None, false) => self.member(id, author.id, lane).await?,
        };
        if let Some(member) = member {
            dress(author, member, guild);
        }
        for mention in &mut read.message.mentions {
            let member = self.member(id, mention.id, lane).await?;
            if let Some(nick) = member.and_then(|member| member.nick) {
                mention.name = nick;
            }
        }
        Ok(())
    }

    /// The same at once, from what the gateway told or is remembered; `false` if that is not enough.
    pub(super) fn fill_cached_names(&self, read: &mut ApiMessage, guild: &GuildView) -> bool {
        let id = guild.id();
        let author = Arc::make_mut(&mut read.message.author);
        let known = match (read.member.take(), read.webhook) {
            (Some(member), _) => {
                self.note(id, author.id, member.clone());
                Some(Some(member))
            }
            (None, true) => Some(None),
            (None, false) => self.known().get(&(id, author.id)).cloned(),
        };
        let Some(member) = known else { return false };
        if let Some(member) = member {
            dress(author, member, guild);
        }
        true
    }

    async fn member(
        &self,
        guild: GuildId,
        user: UserId,
        lane: RequestLane,
    ) -> Result<Option<ApiMember>, RestError> {
        let known = self.known().get(&(guild, user)).cloned();
        if let Some(known) = known {
            return Ok(known);
        }
        let told = self.rest.get(lane, &format!("/guilds/{guild}/members/{user}")).await;
        let member = match told {
            Ok(told) => api::member(&told).map(|(_, member)| member),
            Err(RestError::NotFound(_)) => None,
            Err(error) => return Err(error),
        };
        self.known().insert((guild, user), member.clone());
        Ok(member)
    }

    fn known(&self) -> MutexGuard<'_, Members> {
        self.known.lock().expect("nobody panics with the members")
    }
}

fn dress(author: &mut Author, member: ApiMember, guild: &GuildView) {
    if let Some(nick) = member.nick {
        author.name = nick;
    }
    author.roles = guild.roles(&member.roles);
}
