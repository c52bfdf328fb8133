//! The signals of resolution: marks, tags, reactions, and the asker's last messages.

use crate::disentangle::{AnswerMark, Conversation};
use crate::model::ids::UserId;
use crate::resolution::cue_phrases::CueClass;
use crate::resolution::normalize::bare;
use crate::resolution::question_detection::DetectedQuestion;
use crate::resolution::rules::SignalRules;
use crate::resolution::transcript::{ParsedMessage, Transcript};

/// How the asker's own words end, after somebody could have answered.
#[derive(Debug, Default)]
pub(super) struct AskerClosing {
    /// Where the asker last says that it works or is solved.
    pub(super) worked: Option<usize>,
    /// Where the asker last thanks.
    pub(super) thanked: Option<usize>,
    /// Whether thanks are in the asker's last three messages.
    pub(super) thanked_late: bool,
    /// Whether the asker asks, fails or still tries in or after the words that close.
    pub(super) taken_back: bool,
    /// How many messages the asker sent after the first candidate.
    pub(super) messages: usize,
    pub(super) last_fails: bool,
    pub(super) last_asks: bool,
    /// Whether one of the asker's last three messages reports a failure.
    pub(super) fails_late: bool,
}

impl AskerClosing {
    /// Reads the asker's messages behind the first candidate.
    pub(super) fn read(
        talk: &Transcript<'_>,
        asked: &DetectedQuestion,
        candidates: &[usize],
    ) -> Self {
        let Some(first) = candidates.first() else { return Self::default() };
        let own = talk.said.iter().enumerate().skip(first + 1);
        let own = own.filter(|(_, said)| said.author == asked.asker && speaks(said));
        let own = own.collect::<Vec<_>>();
        let mut closing = Self { messages: own.len(), ..Self::default() };
        let helped_since = |doubt: Option<usize>, place| {
            doubt.is_none_or(|doubt| candidates.iter().any(|one| (doubt..place).contains(one)))
        };
        let mut doubt = None;
        for (at, (place, said)) in own.iter().enumerate() {
            let fails = said.has(CueClass::Failed);
            if said.has(CueClass::Worked) && !said.ends_asking && !fails {
                closing.worked = Some(*place);
                closing.taken_back = false;
            }
            let thanks = said.has(CueClass::Thanks) && !said.has(CueClass::Hollow) && !fails;
            if thanks && helped_since(doubt, *place) {
                closing.thanked = Some(*place);
                closing.thanked_late |= at + 3 >= own.len();
                closing.taken_back = false;
            }
            if fails {
                closing.worked = None;
                closing.fails_late = at + 3 >= own.len();
            }
            if fails || said.has(CueClass::Trying) {
                doubt = Some(*place);
            }
            closing.taken_back |= fails || said.asks || said.has(CueClass::Trying);
        }
        if let Some((_, last)) = own.last() {
            closing.last_fails = last.has(CueClass::Failed);
            closing.last_asks = last.asks;
        }
        closing
    }

    /// Where the asker was content, if that stands.
    pub(super) fn place(&self) -> Option<usize> {
        self.worked.or(self.thanked)
    }
}

/// A sign alone ("🙏") speaks too, where it is a cue.
fn speaks(said: &ParsedMessage<'_>) -> bool {
    !said.is_empty_talk() || said.has(CueClass::Thanks) || said.has(CueClass::Worked)
}

/// What reactions of the asker or of trusted people say about a message.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct ReactionVotes {
    pub(super) accepted: Option<UserId>,
    pub(super) refused: bool,
}

impl ReactionVotes {
    pub(super) fn to(
        said: &ParsedMessage<'_>,
        talk: &Transcript<'_>,
        asked: &DetectedQuestion,
        conversation: &Conversation<'_>,
        rules: &SignalRules,
    ) -> Self {
        let counts = |user: &&UserId| {
            **user != said.message.author.id
                && (talk.person(**user) == Some(asked.asker) || conversation.trusted.contains(user))
        };
        let mut reacted = Self::default();
        for reaction in &said.message.reactions {
            let emoji = bare(&reaction.emoji);
            if let Some(user) = reaction.users.iter().find(counts) {
                if rules.accepting.contains(emoji) {
                    reacted.accepted = reacted.accepted.or(Some(*user));
                }
                reacted.refused |= rules.refusing.contains(emoji);
            }
        }
        reacted
    }
}

/// Whether a tag of the forum post says that it is solved.
pub(super) fn solved_tag(conversation: &Conversation<'_>, rules: &SignalRules) -> bool {
    conversation.channel.tags.iter().any(|tag| rules.is_solved_tag(tag))
}

/// The latest mark that names an answer, and is not taken back for the same message.
pub(super) fn marked(marks: &[AnswerMark]) -> Option<AnswerMark> {
    let answering = marks.iter().rev().find(|mark| mark.answers).copied()?;
    let refused = marks.iter().any(|mark| !mark.answers && mark.message == answering.message);
    (!refused).then_some(answering)
}
