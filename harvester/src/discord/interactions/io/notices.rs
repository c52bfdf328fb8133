//! Writes to askers, each once, and takes down what they say.

use indexer::store::{AskerNotice, NoticeKind};
use jiff::Timestamp;
use rules::model::cluster::Occurrence;
use rules::model::ids::{ChannelId, ClusterId, MessageId, UserId};
use rules::time;

use super::actions::ActionOutcome;
use crate::discord::interactions::decide::marking;
use crate::discord::interactions::decide::marking::MarkRefusal;
use crate::discord::interactions::decide::notices::{Nudge, nudge_reply, page_reply};
use crate::discord::interactions::error::InteractionError;
use crate::discord::interactions::handler::InteractionHandler;
use crate::discord::interactions::payload::custom_id::{CustomId, NudgeAnswer};
use crate::discord::interactions::payload::interaction::{Interaction, TargetMessage};
use crate::discord::interactions::text::messages;
use crate::discord::interactions::text::reply::{Button, ButtonStyle, Reply};

/// A channel gets at most so many notices a day.
const MOST_PER_DAY: u32 = 10;

impl InteractionHandler {
    /// Asks the asker of `asked` whether an answer helped, once for each question. The caller checks that this
    /// is enabled in the channel.
    pub async fn nudge(
        &self,
        nudge: &Nudge,
        asked: &str,
        now: Timestamp,
    ) -> Result<(), InteractionError> {
        let notice = AskerNotice {
            kind: NoticeKind::Nudge,
            question: nudge.question,
            channel: nudge.channel,
            at: now,
        };
        let reply = nudge_reply(nudge, asked);
        self.notify((nudge.asker, nudge.answer), &notice, &reply).await
    }

    /// Tells the asker of an occurrence where the page of its cluster is, once for each question. The caller
    /// checks that this is enabled in the channel.
    pub async fn announce(
        &self,
        cluster: &ClusterId,
        occurrence: &Occurrence,
        now: Timestamp,
    ) -> Result<(), InteractionError> {
        let workspace = self.store.workspace_of(occurrence.channel, &self.rules.workspaces).await?;
        let cluster = self.cluster_in(cluster, workspace).await?;
        let reply = cluster.and_then(|cluster| page_reply(&cluster, occurrence, &self.naming));
        let Some(reply) = reply else { return Ok(()) };
        let notice = AskerNotice {
            kind: NoticeKind::Page,
            question: occurrence.question.message,
            channel: occurrence.channel,
            at: now,
        };
        let asker = occurrence.question.author;
        self.notify((asker, occurrence.best_answer().message), &notice, &reply).await
    }

    /// The notice is stored first: of two daemons one writes, and one that stops in between writes nothing.
    async fn notify(
        &self,
        (asker, answer): (UserId, MessageId),
        notice: &AskerNotice,
        reply: &Reply,
    ) -> Result<(), InteractionError> {
        if self.store.opt_outs().await?.covers(asker) {
            return Ok(());
        }
        let since = time::minus(notice.at, time::days(1));
        if self.store.record_notice(notice, MOST_PER_DAY, since).await? {
            self.api.reply_to(notice.channel, answer, reply).await?;
        }
        Ok(())
    }

    /// What somebody says of an answer when nudged is their mark on it, as the menus set it.
    pub(super) async fn nudged(
        &self,
        (question, answer): (MessageId, MessageId),
        said: NudgeAnswer,
        interaction: &Interaction,
        now: Timestamp,
    ) -> Result<ActionOutcome, InteractionError> {
        let language = interaction.language;
        let facts = self.facts(interaction, answer, None).await?;
        if marking::may_mark(interaction, &facts).is_err() {
            return Ok(ActionOutcome::private(messages::not_your_question(language)));
        }
        let Some(place) = interaction.channel else { return Err(MarkRefusal::NotRead.into()) };
        if !self.store.has_notice(NoticeKind::Nudge, question).await? {
            return Ok(ActionOutcome::private(messages::unknown_button(language)));
        }
        if said == NudgeAnswer::NoQuestion {
            self.store.decline_question(question, true).await?;
            self.audit(interaction, "no-question", question.to_string(), None, now).await?;
            let undo = CustomId::UndoDecline { question };
            let undo = Button::new(undo, messages::undo(language), ButtonStyle::Grey);
            let reply = Reply::new(messages::declined(language)).buttons(vec![undo]);
            return Ok(ActionOutcome::replying(reply));
        }
        let target = self.target(place.id, answer).await?;
        let mut outcome = self.mark(&target, said == NudgeAnswer::Solved, interaction, now).await?;
        if let (NudgeAnswer::NotYet, Some(reply)) = (said, &mut outcome.reply) {
            reply.text = messages::did_not_help(language).to_owned();
        }
        Ok(outcome)
    }

    pub(super) async fn undo_decline(
        &self,
        question: MessageId,
        interaction: &Interaction,
        now: Timestamp,
    ) -> Result<ActionOutcome, InteractionError> {
        let language = interaction.language;
        let facts = self.facts(interaction, question, None).await?;
        if marking::may_mark(interaction, &facts).is_err() {
            return Ok(ActionOutcome::private(messages::not_your_question(language)));
        }
        if !self.store.decline_question(question, false).await? {
            return Ok(ActionOutcome::replying(Reply::new(messages::already_undone(language))));
        }
        self.audit(interaction, "undo-no-question", question.to_string(), None, now).await?;
        Ok(ActionOutcome::replying(Reply::new(messages::undone(language))))
    }

    async fn target(
        &self,
        channel: ChannelId,
        message: MessageId,
    ) -> Result<TargetMessage, InteractionError> {
        let author = self.author_of(channel, message).await?;
        let author = author.ok_or(MarkRefusal::NotRead)?;
        Ok(TargetMessage { message, channel, author, bot: false, text: String::new() })
    }
}
