//! The signals of resolution: marks, tags, reactions, and the asker's last messages.

use crate::disentangle::{AnswerMark, Conversation};
use crate::model::ids::UserId;
use crate::resolution::answer_span::answer_span;
use crate::resolution::cue_phrases::CueClass;
use crate::resolution::normalize::bare;
use crate::resolution::question_detection::DetectedQuestion;
use crate::resolution::rules::SignalRules;
use crate::resolution::transcript::{
    Addressee, ParsedMessage, ParticipantIndex, Transcript, shared,
};

/// What the asker says in so many messages after a confirmation is still about the same.
const NEAR: usize = 2;

/// Two questions share at least so many words before one repeats the other.
const LEAST_SHARED: usize = 3;

/// A message of the asker that says that something helped.
#[derive(Debug, Clone, Copy)]
pub(super) struct Confirmation {
    pub(super) place: usize,
    /// Whether it says that it works or is solved, not only thanks.
    pub(super) worked: bool,
    /// The message of a helper that it is about; `None` where the asker found it alone.
    pub(super) target: Option<usize>,
    /// Whether a reply, a name or a number points at the target.
    pub(super) pointed: bool,
    /// How many other answers it could be about as well.
    pub(super) rivals: usize,
}

/// How the asker's own words end, after somebody could have answered.
#[derive(Debug, Default)]
pub(super) struct AskerClosing {
    /// Earliest first, without those that a later failure takes back.
    pub(super) confirmations: Vec<Confirmation>,
    /// Whether thanks are in the asker's last three messages.
    pub(super) thanked_late: bool,
    /// Whether the asker still tries in the words that close, or tries or fails right after them.
    pub(super) taken_back: bool,
    /// Whether the asker asks after the words that close.
    pub(super) asks_after: bool,
    /// Whether the asker fails at any time after the words that close.
    pub(super) fails_after: bool,
    /// Whether the words that close, or the next ones, only promise to try.
    pub(super) promises: bool,
    /// How many messages of the asker follow the words that close.
    pub(super) since: usize,
    /// How many messages the asker sent after the first candidate.
    pub(super) messages: usize,
    pub(super) last_fails: bool,
    /// Whether the asker's last message is of an own solution and thanks nobody: "never mind".
    pub(super) last_alone: bool,
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
        let own = talk.said.iter().enumerate().skip(*first);
        let own = own.filter(|(place, said)| {
            let speaks = speaks(said) && (said.readable || said.asks);
            said.author == asked.asker && speaks && !asked.places.contains(place)
        });
        let own = own.collect::<Vec<_>>();
        let targets = ConfirmationTargets { talk, asked, candidates };
        let mut closing = Self { messages: own.len(), ..Self::default() };
        let (mut doubt, mut failure) = (None, None);
        let mut since = usize::MAX;
        for (at, (place, said)) in own.iter().enumerate() {
            let late = at + 3 >= own.len();
            let returns = !closing.confirmations.is_empty() && asks_again(said, asked);
            let fails = said.has(CueClass::Failed) && !said.tells_own_solution || returns;
            since = since.saturating_add(1);
            if fails {
                closing.fails_late = late;
                if returns {
                    closing.confirmations.clear();
                } else if since <= NEAR || said.has(CueClass::Relapse) {
                    closing.confirmations.retain(|confirmation| !confirmation.worked);
                }
            } else if let Some(confirmation) = targets.confirmation(*place, doubt, failure) {
                closing.thanked_late |= late && said.thanks();
                closing.taken_back = false;
                closing.asks_after = false;
                closing.fails_after = false;
                closing.promises = said.has(CueClass::Trying);
                closing.confirmations.push(confirmation);
                since = 0;
            }
            if fails {
                failure = Some(*place);
            }
            if fails || said.has(CueClass::Trying) {
                doubt = Some(*place);
            }
            let near = since <= NEAR || since == usize::MAX;
            let thanks_only = closing.confirmations.last().is_none_or(|last| !last.worked);
            let tries = said.has(CueClass::Trying) && since < NEAR && thanks_only;
            closing.taken_back |= near && (fails || tries);
            closing.asks_after |= said.asks && since > 0;
            closing.fails_after |= fails && since > 0;
            closing.promises |= said.has(CueClass::Trying) && since == 1;
        }
        closing.since = if since == usize::MAX { 0 } else { since };
        if let Some((_, last)) = own.last() {
            closing.last_fails = last.has(CueClass::Failed);
            closing.last_alone = last.found_alone() && !last.thanks();
            closing.last_asks = last.asks;
        }
        closing
    }

    /// Where the asker was content first.
    pub(super) fn first_place(&self) -> Option<usize> {
        self.confirmations.first().map(|confirmation| confirmation.place)
    }

    /// Where the asker was content, if that stands.
    pub(super) fn place(&self) -> Option<usize> {
        let worked = self.confirmations.iter().rfind(|confirmation| confirmation.worked);
        worked.or(self.confirmations.last()).map(|confirmation| confirmation.place)
    }

    /// The last confirmation of one of these messages: that it worked, or (`worked` is false) thanks.
    pub(super) fn about(&self, span: &[usize], worked: bool) -> Option<Confirmation> {
        let about = |one: &&Confirmation| {
            one.worked == worked && one.target.is_some_and(|target| span.contains(&target))
        };
        self.confirmations.iter().rfind(about).copied()
    }
}

/// Finds what the asker's words of success and thanks are about.
struct ConfirmationTargets<'t> {
    talk: &'t Transcript<'t>,
    asked: &'t DetectedQuestion,
    candidates: &'t [usize],
}

impl ConfirmationTargets<'_> {
    /// What the message at `place` confirms. Thanks after a failure (`doubt`) count only if somebody
    /// has helped since.
    fn confirmation(
        &self,
        place: usize,
        doubt: Option<usize>,
        failure: Option<usize>,
    ) -> Option<Confirmation> {
        let said = &self.talk.said[place];
        // Who says what solved it says that it works.
        let tells = said.tells_own_solution;
        let worked = said.accepts() || tells;
        if !worked && !said.thanks() {
            return None;
        }
        let pointed = self.pointed(place);
        let points = matches!(pointed, Pointed::Message(_) | Pointed::Person(_));
        // People reply to whoever spoke last: with words of an own solution a reply alone gives nobody credit.
        let only_replies =
            said.message.reply_to.is_some() && !said.thanks() && said.named.is_empty();
        let alone = said.found_alone() || tells && !said.thanks();
        // "It had nothing to do with the cache" repeats the help to deny it.
        let repeats = !said.has(CueClass::Negation) && self.repeats_help(place);
        if alone && (!points || only_replies) && !repeats {
            let target = tells.then_some(place);
            let alone = Confirmation { place, worked, target, pointed: false, rivals: 0 };
            return worked.then_some(alone);
        }
        let target = match pointed {
            Pointed::Message(target) | Pointed::Person(target) => target,
            Pointed::Elsewhere => return None,
            Pointed::Nowhere => self.helping_before(place, |_| true)?,
        };
        let replied = said.message.reply_to.is_some();
        if !worked && !replied && doubt.is_some_and(|doubt| target < doubt) {
            return None;
        }
        if !worked && !replied && self.sent_away(target, place) {
            return None;
        }
        let since = failure.unwrap_or(0);
        let rivals = match pointed {
            Pointed::Message(_) => 0,
            Pointed::Person(_) => {
                let helper = self.talk.said[target].author;
                self.rivals(target, since, place, |said| said.author == helper)
            }
            _ => self.rivals(target, since, place, |_| true),
        };
        Some(Confirmation { place, worked, target: Some(target), pointed: points, rivals })
    }

    /// Whether half of what the asker found stands in what somebody wrote before.
    fn repeats_help(&self, place: usize) -> bool {
        let found = &self.talk.said[place].content;
        let contains_it =
            |said: &ParsedMessage<'_>| shared(&said.content, found) * 2 >= found.len();
        !found.is_empty() && self.helping_before(place, contains_it).is_some()
    }

    /// How many messages help between two places beside the answer at `target`. What was said before
    /// the asker failed last was tried in vain.
    fn rivals(
        &self,
        target: usize,
        since: usize,
        until: usize,
        such: impl Fn(&ParsedMessage<'_>) -> bool,
    ) -> usize {
        let answer = answer_span(self.talk, self.asked, target);
        let others = self.candidates.iter().filter(|at| {
            let said = &self.talk.said[**at];
            let between = (since..until).contains(*at) && !answer.contains(*at);
            between && self.is_help(said) && such(said)
        });
        others.count()
    }

    /// Whether others send the asker elsewhere between an answer and the words at `place`.
    fn sent_away(&self, target: usize, place: usize) -> bool {
        let between = &self.talk.said[target + 1..place];
        between.iter().any(|said| said.author != self.asked.asker && said.sends_elsewhere())
    }

    /// What a reply, a name or a number ("the second one") points at.
    fn pointed(&self, place: usize) -> Pointed {
        let said = &self.talk.said[place];
        let of = |person: ParticipantIndex| {
            let target = self.helping_before(place, |said| said.author == person);
            target.map_or(Pointed::Elsewhere, Pointed::Person)
        };
        if let Some(reply) = said.message.reply_to {
            let Some(target) = self.talk.place(reply) else { return Pointed::Elsewhere };
            let replied = &self.talk.said[target];
            if replied.author != self.asked.asker {
                let helps = replied.helps() && self.candidates.contains(&target);
                return if helps { Pointed::Message(target) } else { of(replied.author) };
            }
        }
        let named = said.named.iter().copied().find(|person| *person != self.asked.asker);
        match said.to {
            Addressee::Person(person) if person != self.asked.asker => return of(person),
            Addressee::Stranger if said.message.reply_to.is_none() => return Pointed::Elsewhere,
            _ => {}
        }
        if let Some(target) =
            named.and_then(|person| self.helping_before(place, |said| said.author == person))
        {
            return Pointed::Person(target);
        }
        self.numbered(place).map_or(Pointed::Nowhere, Pointed::Message)
    }

    fn numbered(&self, place: usize) -> Option<usize> {
        let said = &self.talk.said[place];
        let classes = [CueClass::FirstAnswer, CueClass::SecondAnswer, CueClass::ThirdAnswer];
        let number = classes.into_iter().position(|class| said.has(class))?;
        let mut helpers = Vec::new();
        for at in self.candidates.iter().filter(|at| **at < place) {
            let other = &self.talk.said[*at];
            if self.is_help(other) && !helpers.contains(&other.author) {
                helpers.push(other.author);
            }
        }
        let helper = *helpers.get(number)?;
        self.helping_before(place, |said| said.author == helper)
    }

    fn helping_before(
        &self,
        place: usize,
        such: impl Fn(&ParsedMessage<'_>) -> bool,
    ) -> Option<usize> {
        let earlier = self.candidates.iter().rev().filter(|at| **at < place);
        let mut helping = earlier.filter(|at| {
            let said = &self.talk.said[**at];
            self.is_help(said) && such(said)
        });
        helping.next().copied()
    }

    fn is_help(&self, said: &ParsedMessage<'_>) -> bool {
        said.author != self.asked.asker && said.helps()
    }
}

/// What a message points at.
enum Pointed {
    /// At a message, by a reply or a number.
    Message(usize),
    /// At a person, whose last helping message this is.
    Person(usize),
    /// A bot, somebody who did not help, or nobody here.
    Elsewhere,
    Nowhere,
}

/// Whether the asker asks most of the question anew.
fn asks_again(said: &ParsedMessage<'_>, asked: &DetectedQuestion) -> bool {
    let both = shared(&said.content, &asked.content);
    let asks = said.asks && !said.thanks() && !said.accepts();
    let repeats = both * 4 >= said.content.len() * 3 && both * 2 >= asked.content.len();
    asks && both >= LEAST_SHARED && repeats
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
