//! Whether a question is resolved, and which message resolved it.
//!
//! A conversation is parsed once (`transcript`), the question is found (`question_detection`), the messages
//! that may answer are scored (`answer_ranking`), and marks, tags, reactions and the asker's last words decide how
//! far the best of them is to be believed (`signals`).

mod answer_ranking;
mod cue_phrases;
mod normalize;
mod question_detection;
mod rules;
mod signals;
#[cfg(test)]
mod tests;
mod transcript;
mod weights;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::disentangle::{AnswerMark, Conversation};
use crate::model::ids::{MessageId, Millis, UserId};
use crate::model::reason::WeightedReason;
use answer_ranking::AnswerCandidate;
use question_detection::DetectedQuestion;
pub use rules::SignalRules;
use signals::{AskerClosing, ReactionVotes};
use transcript::Transcript;
use weights::{ANSWER_FEATURES, OUTCOME, ScoredFeature, holds};

/// The verdict on a conversation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "verdict")]
pub enum ConversationVerdict {
    NotAQuestion {
        reasons: Vec<WeightedReason>,
    },
    /// `answers` were tried, best first, at most three; nothing shows that one of them resolved it.
    Open {
        question: Question,
        answers: Vec<Answer>,
        reasons: Vec<WeightedReason>,
    },
    Resolved(Resolution),
}

/// The messages of the asker that ask.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Question {
    /// Earliest first. Never empty.
    pub messages: Vec<MessageId>,
    pub asker: UserId,
    pub asked: Millis,
    /// Why it is a question.
    pub reasons: Vec<WeightedReason>,
}

/// Why a question counts as resolved.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Resolution {
    pub question: Question,
    /// Best first, at most three. Never empty.
    pub answers: Vec<Answer>,
    pub grade: ResolutionGrade,
    /// 0 to 1: the logistic function of the outcome's additive score, whose parts are the reasons.
    pub confidence: f32,
    pub signals: Vec<ResolutionSignal>,
    pub reasons: Vec<WeightedReason>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    pub message: MessageId,
    pub author: UserId,
    pub score: f32,
}

/// From strict to loose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ResolutionGrade {
    /// A mark, a solved tag, or an accepting reaction.
    Certain,
    /// The asker says that it works, and nothing later takes it back.
    Confirmed,
    /// The asker thanks, no more: counts as an occurrence, not as truth.
    Thanked,
    /// Nobody but the answerer speaks for it: shown in search, never enough for a page.
    Unconfirmed,
}

/// A sign that the question is resolved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResolutionSignal {
    pub kind: SignalKind,
    pub message: MessageId,
    pub by: UserId,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SignalKind {
    ManualMark,
    SolvedTag,
    AcceptingReaction,
    Worked,
    Thanks,
    /// A trusted person gave the answer.
    TrustedAnswer,
}

/// At most so many answers are quoted.
const MOST_ANSWERS: usize = 3;

/// Classifies a whole conversation.
pub fn classify(conversation: &Conversation<'_>, rules: &SignalRules) -> ConversationVerdict {
    match weigh(conversation, rules) {
        Err(reasons) => ConversationVerdict::NotAQuestion { reasons },
        Ok(weighed) => weighed.verdict(conversation, rules),
    }
}

/// What the weights of `signals.toml` are multiplied with, by their keys: for fitting the weights.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ResolutionFeatures {
    pub question: Vec<MessageId>,
    /// One entry for each message that could answer.
    pub answers: Vec<(MessageId, BTreeMap<&'static str, f32>)>,
    pub outcome: BTreeMap<&'static str, f32>,
}

/// Measures a conversation without weighing it. `None` where nothing asks.
pub fn extract_features(
    conversation: &Conversation<'_>,
    rules: &SignalRules,
) -> Option<ResolutionFeatures> {
    let weighed = weigh(conversation, rules).ok()?;
    let named = |features: &[ScoredFeature], values: &[f32]| {
        features.iter().zip(values).map(|((key, _), value)| (*key, *value)).collect()
    };
    let answer =
        |one: &AnswerCandidate| (weighed.id(one.place), named(&ANSWER_FEATURES, &one.values));
    Some(ResolutionFeatures {
        question: weighed.question().messages,
        answers: weighed.candidates.iter().map(answer).collect(),
        outcome: named(&OUTCOME, &weighed.outcome),
    })
}

/// Everything measured about a conversation that asks.
struct ScoredConversation<'a> {
    talk: Transcript<'a>,
    asked: DetectedQuestion,
    mark: Option<AnswerMark>,
    tagged: bool,
    closing: AskerClosing,
    candidates: Vec<AnswerCandidate>,
    outcome: [f32; OUTCOME.len()],
}

fn weigh<'a>(
    conversation: &Conversation<'a>,
    rules: &SignalRules,
) -> Result<ScoredConversation<'a>, Vec<WeightedReason>> {
    let talk = Transcript::read(conversation, rules);
    let mark = signals::marked(&conversation.marks);
    let asked = question_detection::detect_question(&talk, conversation.channel.kind, rules)
        .or_else(|reasons| question_detection::question_before_mark(&talk, mark).ok_or(reasons))?;
    let places = answer_ranking::helper_positions(&talk, &asked, |said| {
        conversation.marks.iter().any(|mark| !mark.answers && mark.message == said.id())
    });
    let closing = AskerClosing::read(&talk, &asked, &places);
    let candidates =
        answer_ranking::rank_candidates(&talk, &asked, &places, &closing, conversation, rules);
    let tagged = signals::solved_tag(conversation, rules);
    let mut weighed = ScoredConversation {
        talk,
        asked,
        mark,
        tagged,
        closing,
        candidates,
        outcome: [0.0; OUTCOME.len()],
    };
    weighed.outcome = weighed.outcome(conversation, rules);
    Ok(weighed)
}

impl ScoredConversation<'_> {
    fn outcome(
        &self,
        conversation: &Conversation<'_>,
        rules: &SignalRules,
    ) -> [f32; OUTCOME.len()] {
        let Self { talk, asked, closing, .. } = self;
        let best = self.candidates.first();
        let said = best.map(|best| &talk.said[best.place]);
        let reacted = said
            .map(|said| ReactionVotes::to(said, talk, asked, conversation, rules))
            .unwrap_or_default();
        let silent = closing.messages == 0;
        [
            1.0,
            holds(self.mark.is_some()),
            holds(self.tagged),
            holds(reacted.accepted.is_some()),
            holds(reacted.refused),
            holds(closing.worked.is_some()),
            holds(closing.thanked.is_some()),
            holds(closing.thanked_late),
            holds(closing.taken_back && closing.place().is_some()),
            holds(closing.last_fails),
            holds(closing.fails_late),
            holds(closing.last_asks),
            holds(silent),
            holds(silent && asked.trouble),
            best.map_or(-1.0, |best| best.score.clamp(-1.0, 3.0)),
            holds(said.is_some_and(|said| said.to == transcript::Addressee::Person(asked.asker))),
            (closing.messages as f32 / 5.0).min(2.0),
        ]
    }

    fn verdict(&self, conversation: &Conversation<'_>, rules: &SignalRules) -> ConversationVerdict {
        let question = self.question();
        let confidence = logistic(rules.outcome.score(&self.outcome));
        let mut reasons = rules.outcome.reasons(&self.outcome, &OUTCOME, None);
        let answers = self.answers(conversation, rules);
        let Some((grade, mut signals)) = self.grade(conversation, rules, confidence) else {
            return ConversationVerdict::Open { question, answers, reasons };
        };
        let Some(best) = answers
            .first()
            .filter(|best| grade == ResolutionGrade::Certain || best.score >= rules.answer_floor)
        else {
            reasons.push(WeightedReason::new("no message answers clearly enough", 0.0));
            return ConversationVerdict::Open { question, answers, reasons };
        };
        if conversation.trusted.contains(&best.author) {
            let kind = SignalKind::TrustedAnswer;
            signals.push(ResolutionSignal { kind, message: best.message, by: best.author });
        }
        if let Some(candidate) =
            self.candidates.iter().find(|one| self.id(one.place) == best.message)
        {
            reasons.extend(candidate.reasons(&self.talk, rules));
        }
        ConversationVerdict::Resolved(Resolution {
            question,
            answers,
            grade,
            confidence,
            signals,
            reasons,
        })
    }

    fn question(&self) -> Question {
        let first = self.talk.said[self.asked.places[0]].message;
        Question {
            messages: self.asked.places.iter().map(|place| self.id(*place)).collect(),
            asker: first.author.id,
            asked: first.sent,
            reasons: self.asked.reasons.clone(),
        }
    }

    fn id(&self, place: usize) -> MessageId {
        self.talk.said[place].id()
    }

    /// The marked message if there is one, then the candidates within reach of the best.
    fn answers(&self, conversation: &Conversation<'_>, rules: &SignalRules) -> Vec<Answer> {
        let marked = self.mark.and_then(|mark| {
            let place =
                conversation.messages.binary_search_by_key(&mark.message, |one| one.id).ok()?;
            let message = conversation.messages[place];
            Some(Answer { message: message.id, author: message.author.id, score: MARKED })
        });
        let best = self.candidates.first().map_or(0.0, |best| best.score);
        let inferred = self
            .candidates
            .iter()
            .filter(|one| one.score >= best - rules.answer_reach)
            .map(|one| {
                let message = self.talk.said[one.place].message;
                Answer { message: message.id, author: message.author.id, score: one.score }
            })
            .filter(|answer| marked.as_ref().is_none_or(|marked| marked.message != answer.message));
        marked.iter().cloned().chain(inferred).take(MOST_ANSWERS).collect()
    }

    /// The strictest gate that the conversation passes, with what opened it.
    fn grade(
        &self,
        conversation: &Conversation<'_>,
        rules: &SignalRules,
        confidence: f32,
    ) -> Option<(ResolutionGrade, Vec<ResolutionSignal>)> {
        let signals = self.signals(conversation, rules);
        let has = |kind| signals.iter().any(|signal| signal.kind == kind);
        let certain =
            [SignalKind::ManualMark, SignalKind::SolvedTag, SignalKind::AcceptingReaction];
        let grade = if certain.into_iter().any(has) {
            ResolutionGrade::Certain
        } else if has(SignalKind::Worked) && !self.closing.taken_back {
            ResolutionGrade::Confirmed
        } else if has(SignalKind::Thanks)
            && !self.closing.taken_back
            && confidence >= rules.outcome_threshold
        {
            ResolutionGrade::Thanked
        } else if confidence >= rules.outcome_threshold && !self.closing.last_fails {
            ResolutionGrade::Unconfirmed
        } else {
            return None;
        };
        Some((grade, signals))
    }

    fn signals(
        &self,
        conversation: &Conversation<'_>,
        rules: &SignalRules,
    ) -> Vec<ResolutionSignal> {
        let asker = self.question().asker;
        let mark = self.mark.map(|mark| ResolutionSignal {
            kind: SignalKind::ManualMark,
            message: mark.message,
            by: mark.by,
        });
        let tag = self.tagged.then(|| ResolutionSignal {
            kind: SignalKind::SolvedTag,
            message: self.id(self.asked.places[0]),
            by: asker,
        });
        let reaction = self.candidates.first().and_then(|best| {
            let said = &self.talk.said[best.place];
            let reacted = ReactionVotes::to(said, &self.talk, &self.asked, conversation, rules);
            let by = reacted.accepted.filter(|_| !reacted.refused)?;
            Some(ResolutionSignal { kind: SignalKind::AcceptingReaction, message: said.id(), by })
        });
        let says = |kind, place: Option<usize>| {
            place.map(|place| ResolutionSignal { kind, message: self.id(place), by: asker })
        };
        let worked = says(SignalKind::Worked, self.closing.worked);
        let thanks = says(SignalKind::Thanks, self.closing.thanked);
        [mark, tag, reaction, worked, thanks].into_iter().flatten().collect()
    }
}

/// The score of a message that a person marked: above any that is inferred.
const MARKED: f32 = 100.0;

fn logistic(score: f32) -> f32 {
    1.0 / (1.0 + (-score).exp())
}
