//! Which conversation a message belongs to.

mod addressing;
pub mod features;
mod fingerprint;
mod lexicon;
pub mod link_cue;
mod question_traits;
mod ranking;
mod tempo;
mod weights;
mod window;

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;

use self::features::LinkFeature;
use self::lexicon::Lexicon;
use self::link_cue::LinkCue;
pub use self::question_traits::QuestionTraits;
use self::ranking::CandidateRanking;
use self::weights::LinkWeights;
pub use self::window::WINDOW;
use self::window::{MaxPauses, MessageWindow, WindowMessage};
use crate::config::toml_reader::TomlReader;
use crate::language::Languages;
use crate::model::ids::{ConversationId, MessageId, UserId};
use crate::model::message::{Channel, ChannelKind, Message};

/// The rules of disentangling: `conversations.toml` and the trained weights.
#[derive(Debug, Clone)]
pub struct ConversationRules {
    limits: MaxPauses,
    /// What the start of a conversation gains in the ranking.
    caution: f32,
    lexicon: Lexicon,
    weights: LinkWeights,
}

impl ConversationRules {
    pub(crate) fn read(file: &mut TomlReader, languages: &Languages) -> Self {
        let limits = file.section("limits", |table| MaxPauses {
            gap: SignedDuration::from_hours(table.integer("gap_hours", 48, 1, 24 * 365)),
            named_gap: SignedDuration::from_hours(table.integer(
                "named_gap_hours",
                168,
                1,
                24 * 365,
            )),
        });
        let caution =
            file.section("ranking", |table| table.number("caution", 0.0, -5.0, 5.0)) as f32;
        let lexicon = file.section("words", |table| Lexicon::read(table, languages));
        Self { limits, caution, lexicon, weights: LinkWeights::trained() }
    }

    /// What a text looks like as a question.
    pub fn question_traits(&self, text: &str) -> QuestionTraits {
        QuestionTraits::read(text, &self.lexicon)
    }
}

/// The messages of one exchange, with what else the judgement of it needs.
#[derive(Debug, Clone)]
pub struct Conversation<'a> {
    pub id: ConversationId,
    pub channel: &'a Channel,
    /// By id, earliest first. Never empty.
    pub messages: Vec<&'a Message>,
    /// People whose word counts as confirmation.
    pub trusted: &'a BTreeSet<UserId>,
    /// What people marked by hand in this conversation.
    pub marks: Vec<AnswerMark>,
}

/// A person's own verdict on a message; wins over every inferred signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AnswerMark {
    pub message: MessageId,
    pub by: UserId,
    /// Whether it is the answer, or is not.
    pub answers: bool,
}

/// A message and the earlier one it continues, if any.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ParentLink {
    pub message: MessageId,
    pub parent: Option<MessageId>,
    /// Why, strongest first.
    pub cues: [Option<LinkCue>; 3],
}

impl ParentLink {
    fn because(message: MessageId, parent: Option<MessageId>, cue: Option<LinkCue>) -> Self {
        Self { message, parent, cues: [cue, None, None] }
    }
}

/// Links the messages of one channel, given in the order of their ids.
///
/// A link is a function of the message, of the last [`WINDOW`] talk messages before it, and of the
/// message that it is a native reply to. A disentangler that was given only these makes the same link.
#[derive(Debug, Clone)]
pub struct Disentangler<'r> {
    rules: &'r ConversationRules,
    thread: bool,
    window: MessageWindow,
}

impl<'r> Disentangler<'r> {
    /// For talk in a channel that holds many conversations.
    pub fn new(rules: &'r ConversationRules) -> Self {
        Self { rules, thread: false, window: MessageWindow::default() }
    }

    /// For any channel: a thread or a forum post is one conversation, whatever is said in it.
    pub fn for_channel(rules: &'r ConversationRules, kind: ChannelKind) -> Self {
        Self { thread: kind.is_thread(), ..Self::new(rules) }
    }

    /// Links the next message. System messages and unknown kinds link to nothing, and nothing links
    /// to them.
    pub fn link(&mut self, message: &Message) -> ParentLink {
        if !message.kind.is_talk() {
            return ParentLink::because(message.id, None, None);
        }
        let line = self.window.read(message, &self.rules.lexicon);
        let link = match self.given(message) {
            Some(link) => link,
            None => self.rank(&line),
        };
        self.window.push(line);
        link
    }

    /// Every candidate for the parent of the next message with its features, and the start of a
    /// conversation (`None`) at the end; for training. Moves on as [`Self::link`] does. No candidates
    /// where there is nothing to choose.
    pub fn choice(&mut self, message: &Message) -> ParentChoice {
        let mut choice = ParentChoice::default();
        if !message.kind.is_talk() {
            return choice;
        }
        let line = self.window.read(message, &self.rules.lexicon);
        if self.given(message).is_none() {
            let ranking = CandidateRanking::of(&self.window, &line);
            choice.quietness = ranking.quietness();
            ranking.each(self.rules.limits, Vec::new, |ranked, features| {
                choice.candidates.push(ParentCandidate { parent: ranked.parent(), features });
            });
        }
        self.window.push(line);
        choice
    }

    /// The link that Discord itself gives, by a reply or by the thread.
    fn given(&self, message: &Message) -> Option<ParentLink> {
        let reply = message.reply_to.filter(|target| *target < message.id);
        let by_reply = |target| ParentLink::because(message.id, Some(target), Some(LinkCue::Reply));
        match reply {
            Some(target) if !self.thread || self.window.holds(target) => {
                return Some(by_reply(target));
            }
            _ if !self.thread => return None,
            _ => {}
        }
        // A reply to a message outside the thread must not take its author out of the thread.
        match self.window.newest() {
            Some(last) => {
                Some(ParentLink::because(message.id, Some(last.id), Some(LinkCue::Thread)))
            }
            None => Some(
                reply
                    .map_or(ParentLink::because(message.id, None, Some(LinkCue::Thread)), by_reply),
            ),
        }
    }

    fn rank(&self, line: &WindowMessage) -> ParentLink {
        let ranking = CandidateRanking::of(&self.window, line);
        let weights = self.rules.weights.at(ranking.quietness());
        let mut best = None;
        let mut most = f32::NEG_INFINITY;
        ranking.each(
            self.rules.limits,
            || weights.scorer(),
            |choice, scorer| {
                let caution = if choice.parent().is_none() { self.rules.caution } else { 0.0 };
                let score = scorer.score + caution;
                if score > most {
                    (most, best) = (score, Some(*choice));
                }
            },
        );
        let best = best.expect("the start of a conversation is always a candidate");
        let cues = weights.cues(&ranking.features_of(&best));
        ParentLink { message: line.id, parent: best.parent(), cues }
    }
}

/// What the ranker chooses from, and how quiet the channel is, from 0 to 1.
#[derive(Debug, Clone, Default)]
pub struct ParentChoice {
    pub quietness: f32,
    pub candidates: Vec<ParentCandidate>,
}

/// A message that another one may continue, or none, and what the ranker sees of the two.
#[derive(Debug, Clone)]
pub struct ParentCandidate {
    pub parent: Option<MessageId>,
    pub features: Vec<(LinkFeature, f32)>,
}

/// Sorts links into conversations: each ordered by message, all of them by their earliest message.
///
/// Messages whose parent is not among the links stand together if they have the same parent.
pub fn group_links(links: impl IntoIterator<Item = ParentLink>) -> Vec<Vec<ParentLink>> {
    let links = links.into_iter().map(|link| (link.message, link)).collect::<BTreeMap<_, _>>();
    // Parents are earlier than their children, so that the root of a parent is known first.
    let mut roots = BTreeMap::new();
    let mut conversations = BTreeMap::<MessageId, Vec<ParentLink>>::new();
    for (message, link) in links {
        let root = match link.parent {
            Some(parent) => *roots.entry(parent).or_insert(parent),
            None => message,
        };
        roots.insert(message, root);
        conversations.entry(root).or_default().push(link);
    }
    let mut conversations = conversations.into_values().collect::<Vec<_>>();
    conversations.sort_unstable_by_key(|links| links.first().map(|link| link.message));
    conversations
}

#[cfg(test)]
mod tests;
