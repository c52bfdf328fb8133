//! The deferred actions: load the facts from store and Discord, decide purely, carry out the
//! decision.

use indexer::store::{AuditRow, ConsentGrant};
use jiff::Timestamp;
use rules::model::cluster::Cluster;
use rules::model::ids::{ChannelId, ClusterId, MessageId, UserId};

use super::facts::{JudgedConversation, consent_subject};
use crate::discord::interactions::decide::forum::{ForumPost, TagAction};
use crate::discord::interactions::decide::marking;
use crate::discord::interactions::decide::marking::{MarkFacts, MarkPlan, MarkRefusal};
use crate::discord::interactions::decide::operating;
use crate::discord::interactions::decide::operating::{PAUSED, ServerStatus};
use crate::discord::interactions::decide::routing::DeferredAction;
use crate::discord::interactions::decide::{answers, official_facts, same_question};
use crate::discord::interactions::error::InteractionError;
use crate::discord::interactions::handler::InteractionHandler;
use crate::discord::interactions::payload::custom_id::{CustomId, TagId};
use crate::discord::interactions::payload::interaction::{Interaction, TargetMessage};
use crate::discord::interactions::text::language::BotLanguage;
use crate::discord::interactions::text::messages;
use crate::discord::interactions::text::messages::{MarkResult, TagResult};
use crate::discord::interactions::text::reply::{Button, ButtonStyle, MOST_CHOICES, Reply};

/// The sentence that asks an author for consent, with a link to the message.
type ConsentPrompt = fn(BotLanguage, UserId, &str) -> String;

/// The replies that an action ends with.
#[derive(Debug, Default)]
pub(crate) struct ActionOutcome {
    /// Replaces the acknowledgement, or the message with the button.
    pub(crate) reply: Option<Reply>,
    /// Whether only the buttons are removed from the message.
    pub(crate) remove_buttons: bool,
    pub(crate) private: Vec<Reply>,
    /// Public messages.
    pub(crate) public: Vec<Reply>,
}

impl ActionOutcome {
    pub(crate) fn replying(reply: Reply) -> Self {
        Self { reply: Some(reply), ..Self::default() }
    }

    pub(crate) fn private(text: &str) -> Self {
        Self { private: vec![Reply::new(text)], ..Self::default() }
    }
}

impl InteractionHandler {
    /// Runs an action. Every action is idempotent.
    pub(crate) async fn run_action(
        &self,
        work: DeferredAction,
        interaction: &Interaction,
        now: Timestamp,
    ) -> Result<ActionOutcome, InteractionError> {
        let language = interaction.language;
        match work {
            DeferredAction::Find { query } => self.find(&query, interaction).await,
            DeferredAction::LookUpFact { name } => {
                let reply = official_facts::render_facts(&self.rules.facts, &name, language);
                Ok(ActionOutcome::replying(reply))
            }
            DeferredAction::Mark { target, answers } => {
                self.mark(&target, answers, interaction, now).await
            }
            DeferredAction::OfferSame { target } => self.offer_same(&target, interaction).await,
            DeferredAction::Status => self
                .state()
                .await
                .map(|it| operating::render_status(&it, language))
                .map(ActionOutcome::replying),
            DeferredAction::Pause(paused) => self.pause(paused, interaction, now).await,
            DeferredAction::Forget => {
                let forgotten = self.store.erase_user(interaction.user, "themselves", now).await?;
                Ok(ActionOutcome::replying(Reply::new(messages::forgotten(
                    language,
                    forgotten.messages,
                ))))
            }
            DeferredAction::Export => {
                let kept = self.store.personal_data_of(interaction.user).await?;
                let mut parts = operating::export(&kept, language).into_iter();
                let reply = parts.next();
                Ok(ActionOutcome { reply, private: parts.collect(), ..ActionOutcome::default() })
            }
            DeferredAction::UndoMark { message, tag, entry } => {
                self.undo_mark(message, tag, entry, interaction, now).await
            }
            DeferredAction::MarkDuplicate { message, cluster } => {
                self.apply_duplicate(message, &cluster, interaction, now).await
            }
            DeferredAction::UnmarkDuplicate { message, question, entry } => {
                self.undo_duplicate(message, question, entry, interaction, now).await
            }
            DeferredAction::Consent { message, given } => {
                self.consent(message, given, interaction, now).await
            }
            DeferredAction::Suggested { question, helped } => {
                self.suggested(question, helped, interaction, now).await
            }
            DeferredAction::Nudged { question, answer, said } => {
                self.nudged((question, answer), said, interaction, now).await
            }
            DeferredAction::UndoDecline { question } => {
                self.undo_decline(question, interaction, now).await
            }
        }
    }

    async fn find(
        &self,
        query: &str,
        interaction: &Interaction,
    ) -> Result<ActionOutcome, InteractionError> {
        let (workspace, language) =
            (interaction.workspace(&self.rules.workspaces), interaction.language);
        let found = match answers::named(query) {
            Some(id) => self.cluster_in(&id, workspace).await?,
            None => None,
        };
        let found = match found {
            Some(cluster) => {
                answers::AnswerMatches { clusters: vec![cluster], nearest_only: false }
            }
            None => self.search(query, answers::SHOWN, workspace).await?,
        };
        Ok(ActionOutcome::replying(answers::render_answers(&found, &self.naming, language)))
    }

    pub(in crate::discord::interactions) async fn mark(
        &self,
        target: &TargetMessage,
        answers: bool,
        interaction: &Interaction,
        now: Timestamp,
    ) -> Result<ActionOutcome, InteractionError> {
        let facts = self.facts(interaction, target.message, Some(target.author)).await?;
        let solved = |tag: &str| self.rules.signals.is_solved_tag(tag);
        let plan = marking::plan(interaction, target, answers, &facts, solved, now)?;
        self.store.set_mark(&plan.mark).await?;
        let what = if answers { "mark-answer" } else { "mark-no-answer" };
        let place = format!("{}/{}", target.channel, target.message);
        let entry = self.audit(interaction, what, place, None, now).await?;
        let marked = self.show(&plan, facts.thread.as_ref()).await;
        let reply = Some(marking::render_marked(&plan, &marked, entry, interaction.language));
        let mut outcome = ActionOutcome { reply, ..ActionOutcome::default() };
        let consent_from = plan
            .consent_from
            .map(|author| (target.message, author, messages::may_we_quote as ConsentPrompt));
        let question = plan.question_consent_from;
        let question_consent_from = question.map(|(question, asker)| {
            (question, asker, messages::may_we_quote_asker as ConsentPrompt)
        });
        for (message, author, prompt) in consent_from.into_iter().chain(question_consent_from) {
            self.request_consent(
                (target.channel, message),
                author,
                prompt,
                interaction,
                now,
                &mut outcome,
            )
            .await?;
        }
        Ok(outcome)
    }

    /// Asks an author whether a message may be quoted: privately if the author is the acting user,
    /// and not twice while the claim is stored.
    async fn request_consent(
        &self,
        (channel, message): (ChannelId, MessageId),
        author: UserId,
        prompt: ConsentPrompt,
        interaction: &Interaction,
        now: Timestamp,
        outcome: &mut ActionOutcome,
    ) -> Result<(), InteractionError> {
        let Some(guild) = interaction.guild else { return Ok(()) };
        if !self.store.claim_once(&format!("ask/{message}"), &self.owner, now).await? {
            return Ok(());
        }
        let own = author == interaction.user;
        let language = if own { interaction.language } else { interaction.server_language };
        let link = rules::model::ids::permalink(guild, channel, message);
        let asked = Reply::new(prompt(language, author, &link));
        let asked = asked.buttons(vec![consent_button(message, true, language)]);
        if own { &mut outcome.private } else { &mut outcome.public }.push(asked);
        Ok(())
    }

    /// Sets ✅ and tag. A refusal is reported and does not affect the mark.
    async fn show(&self, plan: &MarkPlan, thread: Option<&ForumPost>) -> MarkResult {
        let (channel, message) = (plan.mark.channel, plan.mark.message);
        let archived = self.unarchive(channel, thread).await;
        let reacted = self.api.set_check_reaction(channel, message, plan.react).await.is_ok();
        let tagged = match &plan.tagging {
            TagAction::Leave => TagResult::NotAsked,
            TagAction::Full => TagResult::Full,
            TagAction::Refused => TagResult::Refused,
            TagAction::Set { applied, added } => match self.api.tag(channel, applied).await {
                Ok(()) => TagResult::Set(crate::discord::interactions::text::escape::inert(
                    &added.name,
                    60,
                )),
                Err(_) => TagResult::Refused,
            },
        };
        self.archive_again(channel, archived).await;
        MarkResult { answers: plan.mark.answers, reacted, tagged }
    }

    /// Unarchives a thread, so that it can be changed. Returns whether it was archived.
    async fn unarchive(&self, channel: ChannelId, thread: Option<&ForumPost>) -> bool {
        let archived = thread.is_some_and(|thread| thread.archived);
        archived && self.api.archive(channel, false).await.is_ok()
    }

    async fn archive_again(&self, channel: ChannelId, archived: bool) {
        if archived && self.api.archive(channel, true).await.is_err() {
            tracing::debug!("could not archive a thread again after marking");
        }
    }

    async fn undo_mark(
        &self,
        message: MessageId,
        tag: Option<TagId>,
        entry: i64,
        interaction: &Interaction,
        now: Timestamp,
    ) -> Result<ActionOutcome, InteractionError> {
        let language = interaction.language;
        let Some(place) = interaction.channel else { return Err(MarkRefusal::NotRead.into()) };
        // Users can only remove their own mark, so no other right is checked.
        if !self.store.revoke_mark(place.id, message, interaction.user, now).await? {
            return Ok(ActionOutcome::replying(Reply::new(messages::already_undone(language))));
        }
        let target = format!("{}/{message}", place.id);
        self.audit(interaction, "undo-mark", target, Some(entry), now).await?;
        let left = self.store.marks(place.id, &[message]).await?;
        let thread = self.thread(place).await;
        let solved = |tag: &str| self.rules.signals.is_solved_tag(tag);
        let undoing = marking::plan_undo(&left, tag, thread.as_ref(), solved);
        let archived = self.unarchive(place.id, thread.as_ref()).await;
        let checked = self.api.set_check_reaction(place.id, message, undoing.react).await;
        let tagged = match &undoing.applied {
            Some(applied) => self.api.tag(place.id, applied).await,
            None => Ok(()),
        };
        self.archive_again(place.id, archived).await;
        if checked.is_err() || tagged.is_err() {
            tracing::debug!("a mark was removed, but its reaction or tag could not be");
        }
        Ok(ActionOutcome::replying(Reply::new(messages::undone(language))))
    }

    async fn offer_same(
        &self,
        target: &TargetMessage,
        interaction: &Interaction,
    ) -> Result<ActionOutcome, InteractionError> {
        let facts = self.facts(interaction, target.message, None).await?;
        marking::may_mark(interaction, &facts)?;
        let workspace = interaction.workspace(&self.rules.workspaces);
        let found = self.similar(&target.text, MOST_CHOICES, workspace).await?;
        let question = self.question_of(interaction, target.message).await?;
        let language = interaction.language;
        let offer =
            same_question::offer(target.message, question, &found.clusters, &self.naming, language);
        Ok(ActionOutcome::replying(offer))
    }

    /// The question that a message belongs to; the message itself if none is known yet.
    async fn question_of(
        &self,
        interaction: &Interaction,
        message: MessageId,
    ) -> Result<MessageId, InteractionError> {
        let Some(place) = interaction.channel else { return Ok(message) };
        let judged = self.conversation_of(place.id, message).await?;
        let question = judged.as_ref().and_then(JudgedConversation::question);
        Ok(question.map_or(message, |question| question.messages[0]))
    }

    async fn apply_duplicate(
        &self,
        message: MessageId,
        cluster: &ClusterId,
        interaction: &Interaction,
        now: Timestamp,
    ) -> Result<ActionOutcome, InteractionError> {
        let facts = self.facts(interaction, message, None).await?;
        marking::may_mark(interaction, &facts)?;
        let language = interaction.language;
        let Some(Cluster { representative, .. }) = self.store.cluster(cluster).await? else {
            return Ok(ActionOutcome::replying(Reply::new(messages::gone_cluster(language))));
        };
        let question = self.question_of(interaction, message).await?;
        self.store.mark_duplicate(question, representative, interaction.user, now).await?;
        let target = format!("{question}={representative}");
        let entry = self.audit(interaction, "same-question", target, None, now).await?;
        Ok(ActionOutcome::replying(same_question::render_marked(
            message, question, entry, language,
        )))
    }

    async fn undo_duplicate(
        &self,
        message: MessageId,
        question: MessageId,
        entry: i64,
        interaction: &Interaction,
        now: Timestamp,
    ) -> Result<ActionOutcome, InteractionError> {
        let facts = self.facts(interaction, message, None).await?;
        marking::may_mark(interaction, &facts)?;
        let language = interaction.language;
        let here = interaction.channel.map(|place| place.id);
        let asked = self.store.channels_of_messages(&[question]).await?;
        if asked.iter().any(|(_, channel)| Some(*channel) != here) {
            return Err(MarkRefusal::MayNot.into());
        }
        if !self.store.unmark_duplicate(question, interaction.user, now).await? {
            return Ok(ActionOutcome::replying(Reply::new(messages::already_undone(language))));
        }
        let target = question.to_string();
        self.audit(interaction, "undo-same-question", target, Some(entry), now).await?;
        Ok(ActionOutcome::replying(Reply::new(messages::undone(language))))
    }

    async fn consent(
        &self,
        message: MessageId,
        given: bool,
        interaction: &Interaction,
        now: Timestamp,
    ) -> Result<ActionOutcome, InteractionError> {
        let Some(place) = interaction.channel else { return Err(MarkRefusal::NotRead.into()) };
        if self.author_of(place.id, message).await? != Some(interaction.user) {
            return Ok(ActionOutcome::private(messages::only_the_author(interaction.language)));
        }
        if self.store.opt_outs().await?.covers(interaction.user) {
            return Ok(ActionOutcome::private(messages::you_left(interaction.language)));
        }
        let judged = self.conversation_of(place.id, message).await?;
        let question = judged.as_ref().and_then(JudgedConversation::question);
        // A question may span several messages; its asker decides on them together.
        let parts = question.map_or(&[][..], |question| &question.messages);
        let alone = [message];
        for message in if parts.contains(&message) { parts } else { &alone } {
            let subject = consent_subject(*message);
            if given {
                let source = "button".to_owned();
                let consented = ConsentGrant { subject, source, at: now, withdrawn: None };
                self.store.give_consent(&consented).await?;
            } else {
                self.store.withdraw_consent(&subject, now).await?;
            }
        }
        let what = if given { "consent" } else { "withdraw-consent" };
        self.audit(interaction, what, format!("{}/{message}", place.id), None, now).await?;
        let language = interaction.server_language;
        let said = if given { messages::allowed(language) } else { messages::withdrawn(language) };
        let button = consent_button(message, !given, language);
        Ok(ActionOutcome::replying(Reply::new(said).buttons(vec![button])))
    }

    async fn suggested(
        &self,
        question: MessageId,
        helped: bool,
        interaction: &Interaction,
        now: Timestamp,
    ) -> Result<ActionOutcome, InteractionError> {
        let language = interaction.language;
        let facts: MarkFacts = self.facts(interaction, question, None).await?;
        if marking::may_mark(interaction, &facts).is_err() {
            return Ok(ActionOutcome::private(messages::not_your_question(language)));
        }
        let here = interaction.channel.map(|place| place.id);
        let suggestion = self.store.suggestion(question).await?;
        let Some(suggestion) = suggestion.filter(|one| Some(one.channel) == here) else {
            return Ok(ActionOutcome::private(messages::unknown_button(language)));
        };
        if self.store.answer_suggestion(question, helped, interaction.user, now).await? {
            let what = if helped { "suggestion-helped" } else { "suggestion-missed" };
            self.audit(interaction, what, question.to_string(), None, now).await?;
            match self.store.cluster(&suggestion.cluster).await? {
                Some(known) if helped => {
                    self.store
                        .mark_duplicate(question, known.representative, interaction.user, now)
                        .await?;
                }
                _ if suggestion.helped == Some(true) => {
                    self.store.unmark_duplicate(question, interaction.user, now).await?;
                }
                _ => {}
            }
        }
        if helped {
            return Ok(ActionOutcome {
                remove_buttons: true,
                ..ActionOutcome::private(messages::helped(language))
            });
        }
        let said = messages::did_not_help(interaction.server_language);
        Ok(ActionOutcome::replying(Reply::new(said)))
    }

    async fn pause(
        &self,
        paused: bool,
        interaction: &Interaction,
        now: Timestamp,
    ) -> Result<ActionOutcome, InteractionError> {
        if paused {
            self.store.set_time(PAUSED, now).await?;
        } else {
            self.store.unset(PAUSED).await?;
        }
        let what = if paused { "pause" } else { "resume" };
        self.audit(interaction, what, String::new(), None, now).await?;
        let language = interaction.language;
        let said = if paused { messages::paused(language) } else { messages::resumed(language) };
        Ok(ActionOutcome::replying(Reply::new(said)))
    }

    async fn state(&self) -> Result<ServerStatus, InteractionError> {
        let counts = self.store.counts().await?;
        let live = self.store.live_counts().await?;
        let daemons = self.store.daemon_statuses().await?;
        Ok(ServerStatus {
            paused: self.is_paused().await?,
            messages: counts.messages,
            channels: counts.channels,
            hidden: live.channels_hidden,
            reading: live.channels_gapped.max(live.channels_backfilling),
            answers: counts.clusters,
            recurring: counts.recurring,
            open: counts.conversations_by_status.get("open").copied().unwrap_or_default(),
            proposals: counts.proposals,
            quarantined: live.quarantined_by_kind.values().sum(),
            last_stored: operating::last_stored(&daemons),
        })
    }

    pub(in crate::discord::interactions) async fn audit(
        &self,
        interaction: &Interaction,
        what: &str,
        target: String,
        undoes: Option<i64>,
        at: Timestamp,
    ) -> Result<i64, InteractionError> {
        let by = interaction.user;
        let row = AuditRow { seq: 0, at, by, what: what.to_owned(), target, undoes };
        Ok(self.store.audit(&row).await?)
    }
}

/// The button with which the author allows a quote, or withdraws that.
fn consent_button(message: MessageId, allow: bool, language: BotLanguage) -> Button {
    if allow {
        Button::new(CustomId::Allow { message }, messages::allow(language), ButtonStyle::Green)
    } else {
        Button::new(CustomId::Withdraw { message }, messages::withdraw(language), ButtonStyle::Grey)
    }
}
