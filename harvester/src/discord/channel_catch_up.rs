//! Reads one channel that came into sight, and nothing else of its server.

use std::collections::BTreeSet;

use rules::model::ids::{ChannelId, GuildId, MessageId};
use rules::model::message::Channel;

use super::catch_up::{CatchUp, PageStop, first_of};
use super::guild_view::GuildView;

impl CatchUp {
    /// What is read of a channel and the threads below it: what everybody may read and is in scope.
    pub fn in_sight(&self, guild: GuildId, channel: ChannelId) -> BTreeSet<ChannelId> {
        let guild = self.guild(guild);
        let channels = guild.map(|guild| self.covered_below(&guild, channel)).unwrap_or_default();
        channels.into_iter().map(|one| one.id).collect()
    }

    fn covered_below(&self, guild: &GuildView, channel: ChannelId) -> Vec<Channel> {
        let mut channels = guild.readable_below(channel);
        channels.retain(|one| self.pages.rules.scope.covers(one).is_ok());
        channels
    }

    /// Reads a new channel or thread, or one that was out of sight, with the threads below it: what is new,
    /// what changed meanwhile, and the history.
    ///
    /// # Errors
    /// Discord fails: the server has to be caught up with as a whole.
    pub async fn run_channel(&self, id: GuildId, channel: ChannelId) -> Result<(), PageStop> {
        let Some(guild) = self.guild(id) else { return Ok(()) };
        let mut listed = Vec::new();
        let place = guild.place(channel).filter(|_| guild.may_have_threads(channel));
        if place.is_some_and(|place| self.pages.rules.scope.covers(&place).is_ok()) {
            let archived = self.archived(&guild, channel, &mut listed);
            self.hide_unreadable(channel, archived).await?;
        }
        let Some(guild) = self.guild(id) else { return Ok(()) };
        let channels = self.covered_below(&guild, channel);
        for one in channels {
            let cited = self.cited(one.id).await?;
            self.hide_unreadable(one.id, self.read_whole(&guild, one.id, &cited)).await?;
        }
        for (channel, until) in listed {
            self.listed_until(id, channel, until).await?;
        }
        Ok(())
    }

    async fn read_whole(
        &self,
        guild: &GuildView,
        channel: ChannelId,
        cited: &[MessageId],
    ) -> Result<(), PageStop> {
        self.forward(guild, channel).await?;
        self.recheck_recent(guild, channel, cited).await?;
        let limit = first_of(self.scope.history_days);
        while let Some(before) = self.reading(channel).filter(|reading| !reading.complete) {
            self.block(guild, before, limit).await?;
            if self.reading(channel).is_none_or(|now| now.oldest >= before.oldest) {
                break;
            }
        }
        Ok(())
    }
}
