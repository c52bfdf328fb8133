//! Loads the facts about a message from the store and Discord.

use std::collections::BTreeSet;

use indexer::store::{AuthorCache, read_verdict};
use rules::config::scope::Consent;
use rules::model::ids::{ChannelId, GuildId, MessageId, UserId};
use rules::model::message::{Author, Role};
use rules::resolution::{ConversationVerdict, Question};

use crate::discord::interactions::decide::forum::ForumPost;
use crate::discord::interactions::decide::marking::MarkFacts;
use crate::discord::interactions::error::InteractionError;
use crate::discord::interactions::handler::InteractionHandler;
use crate::discord::interactions::payload::interaction::{
    Interaction, InteractionPlace, items, number,
};
use crate::pipeline::read_links;

/// A stored conversation with the verdict on the exchange in question.
pub(crate) struct JudgedConversation {
    pub(crate) root: MessageId,
    pub(crate) verdict: ConversationVerdict,
}

impl JudgedConversation {
    /// The question, where there is one.
    pub(crate) fn question(&self) -> Option<&Question> {
        self.verdict.question()
    }
}

impl InteractionHandler {
    /// The facts that decide who may mark `message`, and what follows.
    pub(crate) async fn facts(
        &self,
        interaction: &Interaction,
        message: MessageId,
        author: Option<UserId>,
    ) -> Result<MarkFacts, InteractionError> {
        let Some(place) = interaction.channel else { return Ok(MarkFacts::default()) };
        let read = self.is_read(place).await?;
        if !read {
            return Ok(MarkFacts::default());
        }
        let thread = self.thread(place).await;
        let judged = self.conversation_of(place.id, message).await?;
        let opt_outs = self.store.opt_outs().await?;
        let mut facts = MarkFacts {
            read,
            left: opt_outs.covers(interaction.user),
            askers: self.askers(place, judged.as_ref(), thread.as_ref()).await?,
            thread,
            ..MarkFacts::default()
        };
        if let Some(author) = author {
            facts.opted_out = opt_outs.covers(author);
        }
        if author.is_some() && self.rules.scope.consent == Some(Consent::Ask) {
            let question = judged.as_ref().and_then(JudgedConversation::question);
            let question = question.map(|question| (question.messages[0], question.asker));
            let subjects = question.map(|(question, _)| question).into_iter().chain([message]);
            let subjects = subjects.map(consent_subject).collect::<Vec<_>>();
            let consents = self.store.consents_for(&subjects).await?;
            let unasked = |message| {
                let subject = consent_subject(message);
                consents.iter().all(|consented| consented.subject != subject)
            };
            facts.unasked = unasked(message);
            facts.question = question.filter(|(question, asker)| {
                *question != message && unasked(*question) && !opt_outs.covers(*asker)
            });
        }
        let known = interaction.permissions.moderates() || facts.askers.contains(&interaction.user);
        facts.trusted = !known && self.trusts(interaction).await?;
        Ok(facts)
    }

    /// Whether a channel is in scope and everybody may see it. For a thread that is not stored yet,
    /// its parent channel decides.
    async fn is_read(&self, place: InteractionPlace) -> Result<bool, InteractionError> {
        let places = [Some(place.id), place.parent].into_iter().flatten().collect();
        let channels = self.store.channels_with(&places).await?;
        let stored = |id| channels.iter().find(|stored| stored.channel.id == id);
        let known = stored(place.id).or_else(|| place.parent.and_then(stored));
        Ok(known.is_some_and(|stored| {
            !stored.hidden && !stored.gone && self.rules.scope.covers(&stored.channel).is_ok()
        }))
    }

    /// The current state of the thread; `None` outside threads or if Discord does not return it.
    pub(crate) async fn thread(&self, place: InteractionPlace) -> Option<ForumPost> {
        if !place.thread {
            return None;
        }
        let thread = self.api.channel(place.id).await.ok()?;
        let parent = number(&thread["parent_id"]).map(ChannelId).or(place.parent)?;
        let parent = self.api.channel(parent).await.unwrap_or_default();
        Some(ForumPost::read(&thread, &parent))
    }

    /// Who asked: the asker of the conversation, and whoever started the thread. A thread on a
    /// message was started by the author of that message, not by whoever created the thread.
    async fn askers(
        &self,
        place: InteractionPlace,
        judged: Option<&JudgedConversation>,
        thread: Option<&ForumPost>,
    ) -> Result<BTreeSet<UserId>, InteractionError> {
        let mut askers = BTreeSet::new();
        if let Some(judged) = judged {
            match judged.question() {
                Some(question) => askers.extend([question.asker]),
                None => askers.extend(self.stored_author(place.id, judged.root).await?),
            }
        }
        if place.thread {
            let starter = MessageId(place.id.0);
            let mut began = self.stored_author(place.id, starter).await?;
            if let (None, Some(parent)) = (began, place.parent) {
                began = self.stored_author(parent, starter).await?;
            }
            askers.extend(began.or_else(|| thread?.owner));
        }
        Ok(askers)
    }

    /// The stored conversation that a message is part of.
    pub(crate) async fn conversation_of(
        &self,
        channel: ChannelId,
        message: MessageId,
    ) -> Result<Option<JudgedConversation>, InteractionError> {
        for stored in self.store.conversations_around(channel, message).await? {
            let links = read_links(&stored)?;
            if links.iter().any(|link| link.message == message) {
                let exchanges = self.store.exchanges(stored.id).await?;
                // The newest that had begun by then; a message of an older one may come after it.
                let newest = exchanges.iter().rev().find(|exchange| exchange.id <= message);
                let Some(exchange) = newest.or(exchanges.first()) else { return Ok(None) };
                let verdict = read_verdict(&exchange.verdict)?;
                return Ok(Some(JudgedConversation { root: stored.id.0, verdict }));
            }
        }
        Ok(None)
    }

    /// The author of a message, from the store or else from Discord.
    pub(crate) async fn author_of(
        &self,
        channel: ChannelId,
        message: MessageId,
    ) -> Result<Option<UserId>, InteractionError> {
        if let Some(author) = self.stored_author(channel, message).await? {
            return Ok(Some(author));
        }
        let response = self.api.message(channel, message).await?;
        Ok(number(&response["author"]["id"]).map(UserId))
    }

    async fn stored_author(
        &self,
        channel: ChannelId,
        message: MessageId,
    ) -> Result<Option<UserId>, InteractionError> {
        let found =
            self.store.messages_with(channel, &[message], &mut AuthorCache::default()).await?;
        Ok(found.first().map(|message| message.author.id))
    }

    /// Whether the scope rules trust the user, by id, by role id, or by role name.
    async fn trusts(&self, interaction: &Interaction) -> Result<bool, InteractionError> {
        let with = |roles: Vec<Role>| {
            let person = Author { id: interaction.user, name: String::new(), bot: false, roles };
            self.rules.scope.trusts(&person)
        };
        let unnamed = interaction.roles.iter().map(|id| Role { id: *id, name: String::new() });
        if with(unnamed.collect()) {
            return Ok(true);
        }
        match interaction.guild {
            Some(guild) if !interaction.roles.is_empty() => {
                Ok(with(self.named_roles(guild, interaction).await?))
            }
            _ => Ok(false),
        }
    }

    async fn named_roles(
        &self,
        guild: GuildId,
        interaction: &Interaction,
    ) -> Result<Vec<Role>, InteractionError> {
        let response = self.api.roles(guild).await?;
        let role = |json: &serde_json::Value| {
            let id = rules::model::ids::RoleId(number(&json["id"])?);
            Some(Role { id, name: json["name"].as_str()?.to_owned() })
        };
        let held = items(&response).filter_map(role);
        Ok(held.filter(|role| interaction.roles.contains(&role.id)).collect())
    }
}

/// The key under which the store keeps the consent to quote one message.
pub(crate) fn consent_subject(message: MessageId) -> String {
    format!("message:{message}")
}
