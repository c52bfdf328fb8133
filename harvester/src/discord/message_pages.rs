//! Pages of messages, read as JSON and prepared for the store.

use std::collections::BTreeMap;
use std::sync::Arc;

use indexer::store::{AuthorCache, QuarantinedPayload, Store, StoreError};
use jiff::Timestamp;
use rules::config::ruleset::Ruleset;
use rules::model::ids::{ChannelId, MessageId, UserId};
use rules::model::message::Message;
use rules::safety::redact;
use serde_json::Value;

use super::guild_view::GuildView;
use super::members::{MemberCache, join_event};
use super::rest::{RequestLane, RestClient, RestError, percent};
use crate::clock;
use crate::event::ChatEvent;
use crate::ingest_queue::QueueClosed;
use crate::wire::api::{self, ApiMessage, MessageParseError};

/// Messages on a page, at most.
pub(super) const PAGE: usize = 100;
/// The most users that are read per reaction: verdicts need no more.
const MOST_USERS: usize = 300;

/// Why reading stopped.
#[derive(Debug, thiserror::Error)]
pub enum PageStop {
    #[error(transparent)]
    Discord(#[from] RestError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Stopped(#[from] QueueClosed),
}

/// Which messages of a channel.
#[derive(Debug, Clone, Copy)]
pub(super) enum PageRange {
    Newest,
    After(MessageId),
    Before(MessageId),
    Around(MessageId),
}

/// A page, ready for the queue.
#[derive(Debug, Default)]
pub(super) struct MessagePage {
    pub(super) events: Vec<ChatEvent>,
    pub(super) quarantined: Vec<QuarantinedPayload>,
    /// The ids of all messages on the page, parseable or not.
    pub(super) ids: Vec<MessageId>,
    /// Whether `ids` is complete: an unparseable message may lack even an id.
    pub(super) names_all: bool,
    /// Whether there may be more in this direction.
    pub(super) full: bool,
}

/// Reads pages.
#[derive(Clone)]
pub(super) struct MessagePager {
    pub(super) rest: RestClient,
    pub(super) store: Store,
    pub(super) rules: Arc<Ruleset>,
    pub(super) members: MemberCache,
}

impl MessagePager {
    pub(super) async fn read(
        &self,
        guild: &GuildView,
        channel: ChannelId,
        part: PageRange,
    ) -> Result<MessagePage, PageStop> {
        // Taken before the request: any later change has a later time than the page.
        let at = clock::now();
        let part = match part {
            PageRange::Newest => String::new(),
            PageRange::After(id) => format!("&after={id}"),
            PageRange::Before(id) => format!("&before={id}"),
            PageRange::Around(id) => format!("&around={id}"),
        };
        let path = format!("/channels/{channel}/messages?limit={PAGE}{part}");
        let raw = self.rest.get(RequestLane::History, &path).await?;
        let raw = raw.as_array().ok_or(RestError::NotJson)?;
        self.parse_page(guild, channel, raw, at, RequestLane::History).await
    }

    /// One message; `None` if there is none.
    pub(super) async fn one(
        &self,
        guild: &GuildView,
        channel: ChannelId,
        message: MessageId,
        lane: RequestLane,
    ) -> Result<Option<MessagePage>, PageStop> {
        let at = clock::now();
        match self.rest.get(lane, &format!("/channels/{channel}/messages/{message}")).await {
            Ok(raw) => self.parse_page(guild, channel, &[raw], at, lane).await.map(Some),
            Err(RestError::NotFound(_)) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    async fn parse_page(
        &self,
        guild: &GuildView,
        channel: ChannelId,
        raw: &[Value],
        at: Timestamp,
        lane: RequestLane,
    ) -> Result<MessagePage, PageStop> {
        let mut page =
            MessagePage { full: raw.len() >= PAGE, names_all: true, ..MessagePage::default() };
        let mut read = Vec::new();
        for raw in raw {
            match api::message(raw) {
                Ok(message) => {
                    page.ids.push(message.message.id);
                    read.push(message);
                }
                Err(why) => {
                    page.ids.extend(why.message);
                    page.names_all &= why.message.is_some();
                    page.quarantined.push(quarantined(
                        raw,
                        "rest",
                        "message",
                        &why,
                        at,
                        &self.rules,
                    ));
                }
            }
        }
        page.ids.sort_unstable();
        let stored =
            self.store.messages_with(channel, &page.ids, &mut AuthorCache::default()).await?;
        let stored = stored.into_iter().map(|one| (one.id, one)).collect::<BTreeMap<_, _>>();
        for mut one in read {
            self.members.fill_names(&mut one, guild, lane).await?;
            let known = stored.get(&one.message.id);
            self.name_reactions(&mut one, known, lane).await?;
            page.events.extend(join_event(guild.id(), &one));
            page.events.push(ChatEvent::Posted(one.message, at));
        }
        Ok(page)
    }

    /// Reads who reacted, where the reaction counts as a signal and its users are not known yet.
    async fn name_reactions(
        &self,
        read: &mut ApiMessage,
        stored: Option<&Message>,
        lane: RequestLane,
    ) -> Result<(), RestError> {
        let (channel, message) = (read.message.channel, read.message.id);
        for (reaction, id) in read.message.reactions.iter_mut().zip(&read.emoji_ids) {
            if !self.rules.signals.reads_reaction(&reaction.emoji) {
                continue;
            }
            let known = stored.into_iter().flat_map(|message| &message.reactions);
            let known = known.into_iter().find(|known| known.emoji == reaction.emoji);
            if let Some(known) = known.filter(|known| known.users.len() == reaction.count as usize)
            {
                reaction.users.clone_from(&known.users);
                continue;
            }
            let emoji =
                id.map_or_else(|| reaction.emoji.clone(), |id| format!("{}:{id}", reaction.emoji));
            let path =
                format!("/channels/{channel}/messages/{message}/reactions/{}", percent(&emoji));
            reaction.users = self.users(&path, lane).await?;
            reaction.count = reaction.users.len() as u32;
        }
        Ok(())
    }

    async fn users(&self, path: &str, lane: RequestLane) -> Result<Vec<UserId>, RestError> {
        let mut users = Vec::new();
        while users.len() < MOST_USERS {
            let after = users.last().map_or(UserId(0), |last| *last);
            let raw = match self.rest.get(lane, &format!("{path}?limit={PAGE}&after={after}")).await
            {
                Ok(raw) => raw,
                // The message or the reaction was removed meanwhile; a live event reports that.
                Err(RestError::NotFound(_)) => break,
                Err(error) => return Err(error),
            };
            let page = api::users(&raw);
            users.extend(page.iter().map(|user| user.id));
            if page.len() < PAGE {
                break;
            }
        }
        Ok(users)
    }
}

/// A payload that cannot be parsed, redacted and stored for a later version.
pub(super) fn quarantined(
    raw: &Value,
    source: &str,
    kind: &str,
    why: &MessageParseError,
    at: Timestamp,
    rules: &Ruleset,
) -> QuarantinedPayload {
    QuarantinedPayload {
        id: 0,
        source: source.to_owned(),
        kind: kind.to_owned(),
        why: why.why.to_owned(),
        raw: redact(&raw.to_string(), &rules.safety).into_owned(),
        channel: why.channel,
        message: why.message,
        seen: at,
        tries: 0,
    }
}
