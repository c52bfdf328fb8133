//! From an interaction to its reply: parse, claim, route, acknowledge, act, respond.

use std::sync::atomic::Ordering;

use jiff::Timestamp;
use serde_json::Value;
use tracing::Instrument as _;

use super::actions::ActionOutcome;
use crate::clock;
use crate::discord::interactions::decide::routing::{
    AckKind, DeferredAction, FirstResponse, route_interaction,
};
use crate::discord::interactions::error::InteractionError;
use crate::discord::interactions::handler::InteractionHandler;
use crate::discord::interactions::payload::interaction::{Interaction, number};
use crate::discord::interactions::text::messages;
use crate::discord::interactions::text::reply::Reply;
use crate::error_chain::error_chain;

impl InteractionHandler {
    /// Answers the JSON of an `INTERACTION_CREATE`, unless another daemon does. Failures are
    /// counted, logged without content, and reported to the user where that is still possible.
    pub async fn answer(&self, interaction: &Value) {
        let id = number(&interaction["id"]).unwrap_or_default();
        let span = tracing::info_span!("interaction", interaction = id);
        self.answer_and_count(interaction).instrument(span).await;
    }

    async fn answer_and_count(&self, interaction: &Value) {
        let count = match self.handle(interaction).await {
            Ok(true) => &self.counts.answered,
            Ok(false) => return,
            Err(InteractionError::Unreadable(error)) => {
                tracing::warn!(error = error_chain(&error), "could not parse an interaction");
                &self.counts.unreadable
            }
            Err(error) => {
                tracing::warn!(error = error_chain(&error), "interaction failed");
                &self.counts.failed
            }
        };
        count.fetch_add(1, Ordering::Relaxed);
    }

    /// Returns whether this daemon had to answer the interaction.
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
                let workspace = interaction.workspace(&self.rules.workspaces);
                let choices = self.choices(&text, workspace).await?;
                self.api.respond_choices(&interaction, choices).await?;
            }
            FirstResponse::Say(reply) => self.api.respond(&interaction, &reply).await?,
            FirstResponse::Work { work, ack } => {
                self.do_later(work, ack, &interaction, now).await?
            }
        }
        Ok(true)
    }

    /// Acknowledges the interaction, acts, and replies.
    async fn do_later(
        &self,
        work: DeferredAction,
        ack: AckKind,
        interaction: &Interaction,
        now: Timestamp,
    ) -> Result<(), InteractionError> {
        self.api.acknowledge(interaction, ack).await?;
        let error = match self.run_action(work, interaction, now).await {
            Ok(outcome) => return self.send_outcome(outcome, interaction).await,
            Err(error) => error,
        };
        let language = interaction.language;
        let (reply, error) = match error {
            InteractionError::Refused(refusal) => (refusal.reply(language), None),
            error => (Reply::new(messages::failed(language)), Some(error)),
        };
        match ack {
            AckKind::Fill => self.api.edit_response(interaction, &reply).await?,
            AckKind::Change => self.api.follow_up_private(interaction, &reply).await?,
        }
        error.map_or(Ok(()), Err)
    }

    async fn send_outcome(
        &self,
        outcome: ActionOutcome,
        interaction: &Interaction,
    ) -> Result<(), InteractionError> {
        if let Some(reply) = &outcome.reply {
            self.api.edit_response(interaction, reply).await?;
        }
        if outcome.remove_buttons {
            self.api.remove_buttons(interaction).await?;
        }
        for reply in &outcome.private {
            self.api.follow_up_private(interaction, reply).await?;
        }
        for reply in &outcome.public {
            self.api.follow_up_public(interaction, reply).await?;
        }
        Ok(())
    }
}
