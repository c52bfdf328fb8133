//! Occurrences of one question.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::disentangle::Conversation;
use crate::markdown::{MarkdownBlock, plain_text, read_page};
use crate::model::ids::{
    ChannelId, ClusterId, ConversationId, GuildId, MessageId, UserId, permalink,
};
use crate::model::reason::WeightedReason;
use crate::publish::title::title_score;
use crate::resolution::{Resolution, ResolutionGrade, ResolutionSignal};

/// How far a cluster has come: `Watching → Candidate → Due → Drafted → Proposed → Merged → Retired`, or
/// `Rejected`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClusterState {
    Watching,
    /// It has everything that a page needs but the page score: it waits for more evidence, or for people to
    /// ask for it.
    Candidate,
    Due,
    Drafted,
    Proposed,
    /// Maintainers merged an answer.
    #[serde(rename = "known")]
    Merged,
    Retired,
    Rejected,
}

impl ClusterState {
    pub const ALL: [Self; 8] = [
        Self::Watching,
        Self::Candidate,
        Self::Due,
        Self::Drafted,
        Self::Proposed,
        Self::Merged,
        Self::Retired,
        Self::Rejected,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Watching => "watching",
            Self::Candidate => "candidate",
            Self::Due => "due",
            Self::Drafted => "drafted",
            Self::Proposed => "proposed",
            Self::Merged => "known",
            Self::Retired => "retired",
            Self::Rejected => "rejected",
        }
    }

    /// Whether nobody has decided on a page of it and none was made.
    pub fn is_undecided(self) -> bool {
        matches!(self, Self::Watching | Self::Candidate | Self::Due)
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

/// All that is known of one recurring question (or of one asked once).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cluster {
    pub id: ClusterId,
    pub state: ClusterState,
    /// By question id, earliest first. Never empty.
    pub occurrences: Vec<Occurrence>,
    /// The questions of those that are near enough to be found with the others, but not surely the same or
    /// asked again by one person: no count includes them, and no page stands on them.
    #[serde(default)]
    pub outside_core: BTreeSet<MessageId>,
    /// The question in the middle of the others: the one that names the cluster.
    #[serde(rename = "centre")]
    pub representative: MessageId,
    /// When the threshold was first found to be met: the 48 h limit starts here.
    #[serde(with = "crate::time::milliseconds::optional", default)]
    pub due_since: Option<Timestamp>,
    /// The answer as maintainers merged it, while everything that it stands on may be shown.
    #[serde(default, rename = "canon")]
    pub merged_answer: Option<MergedAnswer>,
}

/// A known answer, in the words of those who merged it. `Debug` hides them.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MergedAnswer {
    pub title: String,
    /// Markdown as merged, without title, sources, evidence and marks.
    pub answer: String,
    /// Where readers find the page.
    pub link: String,
    #[serde(with = "crate::time::milliseconds")]
    pub merged: Timestamp,
}

impl fmt::Debug for MergedAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MergedAnswer")
            .field("link", &self.link)
            .field("merged", &self.merged)
            .finish_non_exhaustive()
    }
}

/// One resolved exchange, counted once. `Debug` hides who spoke.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Occurrence {
    pub conversation: ConversationId,
    pub guild: GuildId,
    pub channel: ChannelId,
    pub channel_name: String,
    pub question: Quote,
    /// Best first, at most three. Never empty.
    pub answers: Vec<Quote>,
    pub grade: ResolutionGrade,
    /// 0 to 1: how sure the judgement is that the best answer settled the question.
    pub confidence: f32,
    pub signals: Vec<ResolutionSignal>,
    pub reasons: Vec<WeightedReason>,
    /// Whether the words may be quoted; if not, the occurrence is evidence by link only.
    pub quotable: bool,
    /// The names of everybody who takes part in the conversation or is mentioned there, sorted: no
    /// published word may tell them. Programs are not people.
    #[serde(default)]
    pub people: Vec<String>,
    /// Those who asked, answered or confirmed too soon after making their account or joining the server to
    /// count as support.
    #[serde(default)]
    pub newcomers: BTreeSet<UserId>,
}

impl fmt::Debug for Occurrence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Occurrence")
            .field("conversation", &self.conversation)
            .field("grade", &self.grade)
            .field("confidence", &self.confidence)
            .field("quotable", &self.quotable)
            .finish_non_exhaustive()
    }
}

/// What somebody said, with everything evidence needs. `Debug` hides the words.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Quote {
    pub message: MessageId,
    pub author: UserId,
    /// The display name; published only where the operator has chosen so.
    pub author_name: String,
    pub trusted: bool,
    /// Discord Markdown, redacted, without quotes of others. The texts of several messages are
    /// joined by newlines.
    pub text: String,
    #[serde(with = "crate::time::milliseconds")]
    pub sent: Timestamp,
    /// Whether files came with it, which no page shows.
    #[serde(default)]
    pub has_attachment: bool,
}

impl fmt::Debug for Quote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Quote").field("message", &self.message).finish_non_exhaustive()
    }
}

impl MergedAnswer {
    /// The answer as a tree that can be shown anywhere: maintainers may have let anything pass.
    pub fn blocks(&self) -> Vec<MarkdownBlock> {
        read_page(&self.answer)
    }

    /// The words of the answer on one line, with other answers and whatever else stands below it.
    pub fn one_line_text(&self) -> String {
        one_line(&self.blocks())
    }

    /// The words of the answer that leads, on one line: what stands above the next heading.
    pub fn leading_line(&self) -> String {
        let blocks = self.blocks();
        let first = blocks.iter().position(|block| !block.is_heading());
        let first = first.unwrap_or(blocks.len());
        let below = blocks[first..].iter().position(MarkdownBlock::is_heading);
        one_line(&blocks[..below.map_or(blocks.len(), |at| first + at)])
    }

    /// The page's address, if it is one on the web that can stand in a link as it is.
    pub fn page_url(&self) -> Option<&str> {
        let web = self.link.starts_with("https://") || self.link.starts_with("http://");
        let plain = |c: char| c.is_ascii_graphic() && !"<>()[]\"'`\\".contains(c);
        (web && self.link.chars().all(plain)).then_some(self.link.as_str())
    }
}

impl Occurrence {
    /// A resolved exchange with the words that its verdict names. Accounts younger than
    /// `newcomer_age` are newcomers, and so is who `joined` the server as recently.
    pub fn of(
        conversation: &Conversation<'_>,
        resolution: &Resolution,
        quotable: bool,
        newcomer_age: SignedDuration,
        joined: &BTreeMap<UserId, Timestamp>,
    ) -> Self {
        let channel = conversation.channel;
        let quote = |messages: &[MessageId]| Quote::of(conversation, messages);
        let Resolution { question, answers, grade, confidence, signals, reasons } = resolution;
        Self {
            conversation: conversation.id,
            guild: channel.guild,
            channel: channel.id,
            channel_name: channel.name.clone(),
            question: quote(&question.messages),
            answers: answers.iter().map(|answer| quote(&answer.messages)).collect(),
            grade: *grade,
            confidence: *confidence,
            signals: signals.clone(),
            reasons: reasons.clone(),
            quotable,
            people: people(conversation),
            newcomers: newcomers(resolution, newcomer_age, joined),
        }
    }

    pub fn question_link(&self) -> String {
        permalink(self.guild, self.channel, self.question.message)
    }

    pub fn answer_link(&self, answer: &Quote) -> String {
        permalink(self.guild, self.channel, answer.message)
    }

    pub fn best_answer(&self) -> &Quote {
        &self.answers[0]
    }

    /// When the answer that settled it was given.
    pub fn resolved(&self) -> Timestamp {
        self.best_answer().sent
    }
}

/// The people of a resolution whose accounts were too young when they took part, or who had joined too
/// recently. An account that is later than its own messages comes from another source: its id says
/// nothing about its age. Who joined later than they wrote had been a member before.
fn newcomers(
    resolution: &Resolution,
    newcomer_age: SignedDuration,
    joined: &BTreeMap<UserId, Timestamp>,
) -> BTreeSet<UserId> {
    let young = resolution.participants().filter(|(person, message)| {
        let began = [Some(person.created_at()), joined.get(person).copied()];
        let ages =
            began.into_iter().flatten().map(|began| message.created_at().duration_since(began));
        ages.into_iter().any(|age| (SignedDuration::ZERO..newcomer_age).contains(&age))
    });
    young.map(|(person, _)| person).collect()
}

fn people(conversation: &Conversation<'_>) -> Vec<String> {
    let relayed = conversation.messages.iter().filter_map(|message| message.relayed_name());
    let relayed = relayed.map(str::to_owned).collect::<Vec<_>>();
    let authors = conversation.messages.iter().map(|message| &*message.author);
    let (bots, people) = authors.partition::<Vec<_>, _>(|author| author.bot);
    let bots = bots.into_iter().map(|bot| bot.id).collect::<BTreeSet<_>>();
    let mentions = conversation.messages.iter().flat_map(|message| &message.mentions);
    let mentioned = mentions.filter(|mention| !bots.contains(&mention.id));
    let names = people.into_iter().map(|author| &author.name);
    let names = names.chain(mentioned.map(|mention| &mention.name)).map(|name| name.trim());
    let names = names.filter(|name| !name.is_empty()).collect::<BTreeSet<_>>();
    let names = names.into_iter().map(str::to_owned).chain(relayed);
    names.collect::<BTreeSet<_>>().into_iter().collect()
}

impl Quote {
    /// The words of some messages of one person, the first of which gives the quote its place.
    ///
    /// # Panics
    /// If a message is not in the conversation: a verdict names only messages that it was given.
    fn of(conversation: &Conversation<'_>, messages: &[MessageId]) -> Self {
        let said = messages
            .iter()
            .map(|id| {
                let at = conversation.messages.binary_search_by_key(id, |message| message.id);
                conversation.messages[at.expect("a verdict names messages of its conversation")]
            })
            .collect::<Vec<_>>();
        let first = said[0];
        Self {
            message: first.id,
            author: first.author.id,
            author_name: first.author.name.clone(),
            trusted: conversation.trusted.contains(&first.author.id),
            text: said.iter().map(|message| message.own_words()).collect::<Vec<_>>().join("\n"),
            sent: first.sent,
            has_attachment: said.iter().any(|message| !message.attachments.is_empty()),
        }
    }
}

impl Cluster {
    /// Whether a maintainer stands behind its answer.
    pub fn has_merged_answer(&self) -> bool {
        self.merged_answer.is_some() || self.state == ClusterState::Merged
    }

    /// The question in the middle, or, if it may not be quoted, the best-put one that may.
    pub fn representative_question(&self) -> &Quote {
        let rank = |one: &Occurrence| {
            let central = one.question.message == self.representative;
            (one.quotable, central, title_score(&one.question.text))
        };
        let best = self.occurrences.iter().rev().max_by(|one, other| {
            let ((quotable, central, reads), (others, others_central, other_reads)) =
                (rank(one), rank(other));
            (quotable, central).cmp(&(others, others_central)).then(reads.total_cmp(&other_reads))
        });
        &best.expect("a cluster has an occurrence").question
    }

    pub fn is_in_core(&self, occurrence: &Occurrence) -> bool {
        !self.outside_core.contains(&occurrence.question.message)
    }

    /// The occurrences that are surely the same question, each person's once.
    pub fn core(&self) -> impl Iterator<Item = &Occurrence> {
        self.occurrences.iter().filter(|one| self.is_in_core(one))
    }

    /// The cluster without what is outside its core: what a page stands on.
    pub fn into_core(mut self) -> Self {
        let outside = std::mem::take(&mut self.outside_core);
        self.occurrences.retain(|one| !outside.contains(&one.question.message));
        self
    }

    /// How often its question was answered: the number that every list, page, reply and report shows.
    pub fn times_answered(&self) -> usize {
        self.core().count()
    }

    /// The people for whom it was answered.
    pub fn asker_count(&self) -> usize {
        distinct(self.core().map(|occurrence| occurrence.question.author))
    }

    pub fn answerer_count(&self) -> usize {
        distinct(self.core().map(|occurrence| occurrence.best_answer().author))
    }

    /// When it was resolved last.
    pub fn last_confirmed(&self) -> Timestamp {
        self.core().map(Occurrence::resolved).max().unwrap_or_default()
    }
}

fn one_line(blocks: &[MarkdownBlock]) -> String {
    plain_text(blocks).split_whitespace().collect::<Vec<_>>().join(" ")
}

fn distinct(people: impl Iterator<Item = UserId>) -> usize {
    people.collect::<BTreeSet<_>>().len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_leading_line_ends_where_other_answers_begin() {
        let line = |answer: &str| {
            let answer = answer.to_owned();
            let (title, link) = ("Ports".to_owned(), "docs/ports.md".to_owned());
            MergedAnswer { title, answer, link, merged: Timestamp::UNIX_EPOCH }.leading_line()
        };
        for (answer, expected) in [
            ("Set the port.\n\n## Other answers\n\nUse a proxy. (1 helper)", "Set the port."),
            ("## Linux\n\nSet the port.\n\n### Windows\n\nNever.", "Linux Set the port."),
            (
                "Set **the** port:\n\n```\n## port 80\n```\n\nRestart.",
                "Set the port: ## port 80 Restart.",
            ),
            ("## Only a heading", "Only a heading"),
            ("", ""),
        ] {
            assert_eq!(line(answer), expected, "{answer}");
        }
    }
}
