//! Names and roles of members of a server, which REST messages do not contain.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};

use rules::model::ids::{GuildId, UserId};
use rules::model::message::Author;

use super::guild_view::GuildView;
use super::rest::{RequestLane, RestClient, RestError};
use crate::event::ChatEvent;
use crate::wire::api::{self, ApiMember, ApiMessage};

/// How many members are cached; beyond that the cache is cleared.
const REMEMBERED: usize = 200_000;

/// The members looked up so far; clones share them.
#[derive(Clone)]
pub(super) struct MemberCache {
    rest: RestClient,
    known: Arc<Mutex<Members>>,
}

/// `None` for a user who is not a member.
type Members = HashMap<(GuildId, UserId), Option<ApiMember>>;

impl MemberCache {
    pub(super) fn new(rest: RestClient) -> Self {
        Self { rest, known: Arc::default() }
    }

    /// Caches a member from the gateway.
    pub(super) fn insert(&self, guild: GuildId, user: UserId, member: ApiMember) {
        let mut known = self.known();
        if known.len() >= REMEMBERED {
            known.clear();
        }
        known.insert((guild, user), Some(member));
    }

    /// Fills in the names and roles that author and mentioned users have in the server.
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
                self.insert(id, author.id, member.clone());
                Some(member)
            }
            (None, true) => None,
            (None, false) => self.member(id, author.id, lane).await?,
        };
        if let Some(member) = member {
            read.joined = member.joined;
            apply_member(author, member, guild);
        }
        for mention in &mut read.message.mentions {
            let member = self.member(id, mention.id, lane).await?;
            if let Some(nick) = member.and_then(|member| member.nick) {
                mention.name = nick;
            }
        }
        Ok(())
    }

    /// The same without a request, from the event or the cache; `false` if that is not enough.
    pub(super) fn fill_cached_names(&self, read: &mut ApiMessage, guild: &GuildView) -> bool {
        let id = guild.id();
        let author = Arc::make_mut(&mut read.message.author);
        let known = match (read.member.take(), read.webhook) {
            (Some(member), _) => {
                self.insert(id, author.id, member.clone());
                Some(Some(member))
            }
            (None, true) => Some(None),
            (None, false) => self.known().get(&(id, author.id)).cloned(),
        };
        let Some(member) = known else { return false };
        if let Some(member) = member {
            read.joined = member.joined;
            apply_member(author, member, guild);
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
        let response = self.rest.get(lane, &format!("/guilds/{guild}/members/{user}")).await;
        let member = match response {
            Ok(response) => api::member(&response).map(|(_, member)| member),
            Err(RestError::NotFound(_)) => None,
            Err(error) => return Err(error),
        };
        self.known().insert((guild, user), member.clone());
        Ok(member)
    }

    fn known(&self) -> MutexGuard<'_, Members> {
        self.known.lock().expect("the lock is never poisoned")
    }
}

/// What a message whose author's name was filled in says of them as a member.
pub(crate) fn join_event(guild: GuildId, read: &ApiMessage) -> Option<ChatEvent> {
    let joined = read.joined?;
    Some(ChatEvent::MemberSeen(guild, read.message.author.id, joined))
}

fn apply_member(author: &mut Author, member: ApiMember, guild: &GuildView) {
    if let Some(nick) = member.nick {
        author.name = nick;
    }
    author.roles = guild.roles(&member.roles);
}
