//! Suggests a known answer to a new question, in the channels selected for suggestions.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use indexer::search::suggest::SuggestionModel;
use indexer::store::{AuthorCache, Store, StoredExchange, read_verdict};
use jiff::{SignedDuration, Timestamp};
use rules::model::cluster::ClusterState;
use rules::model::ids::{ChannelId, MessageId};
use rules::model::message::Channel;
use rules::resolution::ConversationVerdict;
use rules::time;
use tokio::sync::watch;

use crate::clock;
use crate::discord::interactions::handler::{
    InteractionError, InteractionHandler, OpenQuestion, known_answers,
};
use crate::logging::error_chain;
use crate::pipeline::read_links;

/// How often new questions are checked.
const LOOK: Duration = Duration::from_secs(1);
/// How long the loaded answers are reused.
const KEEP: Duration = Duration::from_secs(60);
/// Older questions get no suggestion.
const FRESH: SignedDuration = SignedDuration::from_mins(10);

pub(super) struct Suggester {
    pub(super) store: Store,
    pub(super) handler: Arc<InteractionHandler>,
    /// Names or ids of channels.
    pub(super) wanted: Vec<String>,
    pub(super) stopping: watch::Receiver<bool>,
}

/// The loaded answers, and the questions already considered.
#[derive(Default)]
struct SuggestedCache {
    known: Option<(Instant, SuggestionModel)>,
    considered: BTreeSet<MessageId>,
}

impl Suggester {
    /// Posts suggestions until the stop. A failure is logged, and the question gets none.
    pub(super) async fn run(mut self) {
        let mut looked = SuggestedCache::default();
        while !self.wanted.is_empty() && !*self.stopping.borrow() {
            if let Err(error) = self.scan_channels(&mut looked).await {
                tracing::warn!(error = %error_chain(&error), "could not post a suggestion");
            }
            tokio::select! {
                () = tokio::time::sleep(LOOK) => {}
                _ = self.stopping.changed() => {}
            }
        }
    }

    async fn scan_channels(&self, looked: &mut SuggestedCache) -> Result<(), InteractionError> {
        let now = clock::now();
        let from = MessageId::min_at(time::minus(now, FRESH));
        looked.considered.retain(|question| *question >= from);
        let open = self.store.unanswered_since(from).await?;
        if open.iter().all(|one| looked.considered.contains(&one.id)) {
            return Ok(());
        }
        if looked.known.as_ref().is_none_or(|(at, _)| at.elapsed() >= KEEP) {
            let clusters = self.store.clusters_in(&[ClusterState::Merged]).await?;
            looked.known = Some((Instant::now(), known_answers(&clusters)));
        }
        let Some((_, known)) = &looked.known else { return Ok(()) };
        let channels = self.channels(&open).await?;
        for exchange in open {
            if looked.considered.insert(exchange.id) && channels.contains(&exchange.channel) {
                self.consider(&exchange, known, now).await?;
            }
        }
        Ok(())
    }

    /// The channels of these questions that are selected for suggestions, or are threads of such.
    async fn channels(
        &self,
        open: &[StoredExchange],
    ) -> Result<BTreeSet<ChannelId>, InteractionError> {
        let asked = open.iter().map(|exchange| exchange.channel).collect();
        let stored = self.store.channels_with(&asked).await?;
        let open = stored.into_iter().filter(|stored| !stored.hidden && !stored.gone);
        let wanted = open.map(|stored| stored.channel).filter(|channel| self.is_wanted(channel));
        Ok(wanted.map(|channel| channel.id).collect())
    }

    fn is_wanted(&self, channel: &Channel) -> bool {
        let thread = channel.kind.is_thread();
        let parent = channel.parent.filter(|_| thread).map(|parent| parent.to_string());
        let parent_name = channel.parent_name.clone().filter(|_| thread);
        let names = [Some(channel.id.to_string()), Some(channel.name.clone()), parent, parent_name];
        names.into_iter().flatten().any(|name| self.wanted.contains(&name))
    }

    async fn consider(
        &self,
        exchange: &StoredExchange,
        known: &SuggestionModel,
        now: Timestamp,
    ) -> Result<(), InteractionError> {
        let Ok(ConversationVerdict::Open { question, .. }) = read_verdict(&exchange.verdict) else {
            return Ok(());
        };
        let Some(conversation) = self.store.conversation(exchange.conversation).await? else {
            return Ok(());
        };
        let ids = read_links(&conversation)?.iter().map(|link| link.message).collect::<Vec<_>>();
        let channel = conversation.channel;
        let said = self.store.messages_with(channel, &ids, &mut AuthorCache::default()).await?;
        let asking = said.iter().filter(|message| question.messages.contains(&message.id));
        let text = asking.map(|message| message.text.as_str()).collect::<Vec<_>>().join("\n");
        let Some(first) = said.iter().find(|message| message.id == question.messages[0]) else {
            return Ok(());
        };
        let replied =
            said.iter().any(|message| message.id > first.id && message.author.id != question.asker);
        let asked = OpenQuestion {
            question: first.id,
            channel,
            asker: question.asker,
            bot: first.author.bot,
            text: &text,
            replied,
        };
        self.handler.hint(&asked, known, now).await?;
        Ok(())
    }
}
