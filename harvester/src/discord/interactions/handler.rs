//! What people do in the server: commands, menus, buttons, and the hints under their questions.
//!
//! Each interaction is read leniently, decided purely, and then acted on. Exactly one daemon answers
//! it; it is acknowledged within three seconds; what Discord delivers twice is done once.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use indexer::search::suggest::SuggestionModel;
use indexer::search::{SearchError, SearchQuery, Searcher};
use indexer::store::{InteractionCounts, Store, StoreError, Suggestion};
use rules::config::ruleset::Ruleset;
use rules::model::ids::{GuildId, Millis};
use rules::publish::pseudonym::AuthorNaming;
use serde_json::Value;

use crate::clock;
use crate::discord::interactions::decide::answers::AnswerMatches;
use crate::discord::interactions::decide::routing::{
    AckKind, DeferredAction, FirstResponse, route_interaction,
};
use crate::discord::interactions::io::actions::ActionOutcome;
use crate::discord::interactions::io::discord_api::InteractionApi;
use crate::discord::interactions::payload::interaction::{Interaction, items};
use crate::discord::interactions::text::reply::{MOST_CHOICES, Reply};
use crate::discord::rest::{RestClient, RestError};

pub use crate::discord::interactions::decide::marking::MarkRefusal;
pub use crate::discord::interactions::decide::operating::PAUSED;
pub use crate::discord::interactions::decide::suggestions::{OpenQuestion, known_answers, suggest};
pub use crate::discord::interactions::payload::interaction::{
    ApplicationId, InteractionParseError,
};

/// Answers what people ask for in the server.
pub struct InteractionHandler {
    pub(in crate::discord::interactions) line: InteractionApi,
    pub(in crate::discord::interactions) store: Store,
    searcher: Searcher,
    pub(in crate::discord::interactions) rules: Arc<Ruleset>,
    pub(in crate::discord::interactions) naming: AuthorNaming,
    /// Tells this process from others in claims.
    pub(in crate::discord::interactions) owner: String,
    application: ApplicationId,
    /// The place in the index's feed that the searcher was made to see.
    seen: Arc<AtomicI64>,
    counts: InteractionCounters,
}

#[derive(Default)]
struct InteractionCounters {
    answered: AtomicU64,
    unreadable: AtomicU64,
    failed: AtomicU64,
}

/// Why an interaction was not answered as it should be.
#[derive(Debug, thiserror::Error)]
pub enum InteractionError {
    #[error(transparent)]
    Unreadable(#[from] InteractionParseError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Search(#[from] SearchError),
    #[error(transparent)]
    Discord(#[from] RestError),
    #[error("a search broke off")]
    Broken,
    /// The person may not; they are told why.
    #[error(transparent)]
    Refused(#[from] MarkRefusal),
}

impl InteractionHandler {
    pub fn new(
        rest: RestClient,
        store: Store,
        searcher: Searcher,
        rules: Arc<Ruleset>,
        naming: AuthorNaming,
        owner: String,
        application: ApplicationId,
    ) -> Self {
        Self {
            line: InteractionApi::new(rest, application),
            store,
            searcher,
            rules,
            naming,
            owner,
            application,
            seen: Arc::default(),
            counts: InteractionCounters::default(),
        }
    }

    /// Gives a server our commands, unless it has exactly these. Returns whether anything changed.
    pub async fn register_commands(&self, guild: GuildId) -> Result<bool, InteractionError> {
        let present = self.line.commands(guild).await?;
        let present = items(&present).cloned().collect::<Vec<_>>();
        if crate::discord::interactions::payload::command_definitions::is_registered(&present) {
            return Ok(false);
        }
        self.line
            .set_commands(
                guild,
                &crate::discord::interactions::payload::command_definitions::command_definitions()
                    .into(),
            )
            .await?;
        Ok(true)
    }

    /// Answers the JSON of an `INTERACTION_CREATE`, if no other daemon does. Failures are counted and
    /// logged without content, and told to the person where that is still possible.
    pub async fn answer(&self, interaction: &Value) {
        let count = match self.handle(interaction).await {
            Ok(true) => &self.counts.answered,
            Ok(false) => return,
            Err(InteractionError::Unreadable(why)) => {
                tracing::warn!(%why, "an interaction cannot be read");
                &self.counts.unreadable
            }
            Err(error) => {
                tracing::warn!(%error, "an interaction was not answered as it should be");
                &self.counts.failed
            }
        };
        count.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts since the start.
    pub fn tally(&self) -> InteractionCounts {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        InteractionCounts {
            interactions_answered_total: read(&self.counts.answered),
            interactions_unreadable_total: read(&self.counts.unreadable),
            interactions_failed_total: read(&self.counts.failed),
        }
    }

    /// Whether suggestions and proposals are held back by hand.
    pub async fn is_paused(&self) -> Result<bool, InteractionError> {
        Ok(self.store.setting(PAUSED).await?.is_some())
    }

    /// Posts one quiet hint under a fresh question that has a known answer, once per question for
    /// ever; returns whether it did. The caller sees to it that hints are wanted in the channel.
    pub async fn hint(
        &self,
        asked: &OpenQuestion<'_>,
        known: &SuggestionModel,
        now: Millis,
    ) -> Result<bool, InteractionError> {
        let Some(fitting) = suggest(asked, known, now) else { return Ok(false) };
        let cluster = self.store.cluster(&fitting.cluster).await?;
        let hint = cluster.and_then(|cluster| {
            crate::discord::interactions::decide::suggestions::suggestion_reply(
                asked,
                &cluster,
                &self.naming,
            )
        });
        let Some(hint) = hint else { return Ok(false) };
        let unwanted = self.is_paused().await? || self.store.opt_outs().await?.covers(asked.asker);
        if unwanted {
            return Ok(false);
        }
        let suggestion = Suggestion {
            question: asked.question,
            channel: asked.channel,
            cluster: fitting.cluster,
            confidence: fitting.confidence,
            at: now,
            posted: None,
            helped: None,
        };
        if !self.store.suggest(&suggestion).await? {
            return Ok(false);
        }
        if let Some(posted) = self.line.reply_to(asked.channel, asked.question, &hint).await? {
            self.store.suggestion_posted(asked.question, posted).await?;
        }
        Ok(true)
    }

    /// Returns whether the interaction was ours to answer.
    async fn handle(&self, json: &Value) -> Result<bool, InteractionError> {
        let interaction = Interaction::read(json)?;
        if interaction.application != self.application {
            return Ok(false);
        }
        let now = clock::now();
        let key = format!("interaction/{}", interaction.id.0);
        if !self.store.claim_once(&key, &self.owner, now).await? {
            return Ok(false);
        }
        match route_interaction(&interaction) {
            FirstResponse::Choices { text } => {
                let choices = self.choices(&text).await?;
                self.line.respond_choices(&interaction, choices).await?;
            }
            FirstResponse::Say(reply) => self.line.respond(&interaction, &reply).await?,
            FirstResponse::Work { work, ack } => {
                self.do_later(work, ack, &interaction, now).await?
            }
        }
        Ok(true)
    }

    async fn do_later(
        &self,
        work: DeferredAction,
        ack: AckKind,
        interaction: &Interaction,
        now: Millis,
    ) -> Result<(), InteractionError> {
        self.line.acknowledge(interaction, ack).await?;
        let error = match self.run_action(work, interaction, now).await {
            Ok(outcome) => return self.tell(outcome, interaction).await,
            Err(error) => error,
        };
        let language = interaction.language;
        let (said, error) = match error {
            InteractionError::Refused(refusal) => (refusal.tell(language), None),
            error => (
                Reply::new(crate::discord::interactions::text::messages::failed(language)),
                Some(error),
            ),
        };
        match ack {
            AckKind::Fill => self.line.edit_response(interaction, &said).await?,
            AckKind::Change => self.line.follow_up_private(interaction, &said).await?,
        }
        error.map_or(Ok(()), Err)
    }

    async fn tell(
        &self,
        outcome: ActionOutcome,
        interaction: &Interaction,
    ) -> Result<(), InteractionError> {
        if let Some(reply) = &outcome.filled {
            self.line.edit_response(interaction, reply).await?;
        }
        if outcome.bared {
            self.line.remove_buttons(interaction).await?;
        }
        for reply in &outcome.whispers {
            self.line.follow_up_private(interaction, reply).await?;
        }
        for reply in &outcome.announced {
            self.line.follow_up_public(interaction, reply).await?;
        }
        Ok(())
    }

    async fn choices(&self, text: &str) -> Result<Value, InteractionError> {
        if text.trim().is_empty() {
            return Ok(Value::Array(Vec::new()));
        }
        let found = self.search(text, MOST_CHOICES).await?;
        Ok(crate::discord::interactions::decide::answers::choices(&found.clusters, &self.naming))
    }

    /// The clusters that match best, as they are now.
    pub(in crate::discord::interactions) async fn search(
        &self,
        text: &str,
        limit: usize,
    ) -> Result<AnswerMatches, InteractionError> {
        let query = SearchQuery { text: text.to_owned(), limit, ..SearchQuery::default() };
        let (searcher, seen) = (self.searcher.clone(), Arc::clone(&self.seen));
        let hits = tokio::task::spawn_blocking(move || {
            catch_up(&searcher, &seen);
            searcher.search(&query)
        });
        let hits = hits.await.map_err(|_| InteractionError::Broken)??;
        let ids = hits.hits.into_iter().map(|hit| hit.cluster).collect::<Vec<_>>();
        let clusters = self.store.clusters_with(&ids).await?;
        Ok(AnswerMatches { clusters, nearest_only: hits.nearest_only })
    }
}

/// Makes the searcher see what was committed since. An index that is just being built again leaves
/// what was seen before.
fn catch_up(searcher: &Searcher, seen: &AtomicI64) {
    let Some(committed) = searcher.cursor() else { return };
    if seen.load(Ordering::Relaxed) != committed && searcher.reload().is_ok() {
        seen.store(committed, Ordering::Relaxed);
    }
}
