//! Whether a question is resolved, and which message resolved it.
//!
//! A conversation is parsed once (`transcript`), the question is found (`question_detection`), the messages
//! that may answer are scored (`answer_ranking`), and marks, tags, reactions and the asker's last words decide how
//! far the best of them is to be believed (`signals`).

mod answer_ranking;
mod answer_span;
mod corrections;
mod cue_phrases;
mod normalize;
mod objections;
mod own_solution;
mod question_detection;
mod reason_codes;
mod rules;
mod signals;
#[cfg(test)]
mod tests;
mod transcript;
mod weights;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::disentangle::{AnswerMark, Conversation};
use crate::model::ids::{MessageId, UserId};
use crate::model::reason::WeightedReason;
use answer_ranking::{AnswerCandidate, OutcomeFeatures};
use cue_phrases::CueClass;
use question_detection::DetectedQuestion;
pub use reason_codes::{reason_code, reason_text};
pub use rules::SignalRules;
use signals::{AskerClosing, ReactionVotes};
use transcript::{ParsedMessage, Transcript, shared};
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

impl ConversationVerdict {
    /// The question; `None` where nothing is asked.
    pub fn question(&self) -> Option<&Question> {
        match self {
            Self::NotAQuestion { .. } => None,
            Self::Open { question, .. } => Some(question),
            Self::Resolved(resolution) => Some(&resolution.question),
        }
    }

    /// The messages that answer or try to, best first.
    pub fn answers(&self) -> &[Answer] {
        match self {
            Self::NotAQuestion { .. } => &[],
            Self::Open { answers, .. } => answers,
            Self::Resolved(resolution) => &resolution.answers,
        }
    }

    /// Every message that asks or answers.
    pub fn messages(&self) -> impl Iterator<Item = MessageId> + '_ {
        let asking = self.question().into_iter().flat_map(|question| &question.messages);
        let answering = self.answers().iter().flat_map(|answer| &answer.messages);
        asking.chain(answering).copied()
    }
}

/// The messages of the asker that ask.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Question {
    /// Earliest first. Never empty.
    pub messages: Vec<MessageId>,
    pub asker: UserId,
    #[serde(with = "crate::time::milliseconds")]
    pub asked: Timestamp,
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
    /// The probability, 0 to 1, that the question is resolved and the best answer resolved it: the
    /// calibrated score of the outcome, whose parts are the reasons.
    pub confidence: f32,
    pub signals: Vec<ResolutionSignal>,
    pub reasons: Vec<WeightedReason>,
}

impl Resolution {
    /// Who took part, each with a message that shows it: the asker, those who answered, and whose signals
    /// count.
    pub fn participants(&self) -> impl Iterator<Item = (UserId, MessageId)> + '_ {
        let asker = (self.question.asker, self.question.messages[0]);
        let answerers = self.answers.iter().map(|answer| (answer.author, answer.message));
        let confirmers = self.signals.iter().map(|signal| (signal.by, signal.message));
        std::iter::once(asker).chain(answerers).chain(confirmers)
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// The message that answers best.
    pub message: MessageId,
    /// All messages of the answer with that one, earliest first. Never empty.
    #[serde(default)]
    pub messages: Vec<MessageId>,
    pub author: UserId,
    pub score: f32,
}

/// From strict to loose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ResolutionGrade {
    /// A mark, a solved tag, or an accepting reaction.
    Certain,
    /// The asker says that it works, it is clear of which answer, and nothing later takes it back.
    Confirmed,
    /// The asker thanks for it, or says that one of several answers works: counts as an occurrence,
    /// not as truth.
    Thanked,
    /// Nobody but the answerer speaks for this very answer: shown in search, never enough for a page.
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

/// What the weights of `weights/resolution.toml` are multiplied with, by their keys: for fitting them.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ResolutionFeatures {
    pub question: Vec<MessageId>,
    /// One entry for each message that could answer, without those that were refuted.
    pub answers: Vec<CandidateFeatures>,
    /// The outcome without any answer.
    pub outcome: BTreeMap<&'static str, f32>,
}

/// The features of a message that could answer.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CandidateFeatures {
    pub message: MessageId,
    pub span: Vec<MessageId>,
    pub answer: BTreeMap<&'static str, f32>,
    /// The outcome with it.
    pub outcome: BTreeMap<&'static str, f32>,
    /// The best grade that its signs allow, whatever the confidence.
    pub grade: ResolutionGrade,
    /// Whether it could be published: it is no question, courtesy or deflection.
    pub publishable: bool,
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
    let unrefuted = weighed.unrefuted();
    let answers = unrefuted.iter().map(|one| CandidateFeatures {
        message: weighed.id(one.place),
        span: one.span.iter().map(|place| weighed.id(*place)).collect(),
        answer: named(&ANSWER_FEATURES, &one.values),
        outcome: named(&OUTCOME, &one.outcome),
        grade: weighed.signs(Some(one), conversation, rules).0,
        publishable: weighed.is_publishable(one),
    });
    Some(ResolutionFeatures {
        question: weighed.question().messages,
        answers: answers.collect(),
        outcome: named(&OUTCOME, &weighed.outcome(None)),
    })
}

/// Everything measured about a conversation that asks.
struct ScoredConversation<'a> {
    talk: Transcript<'a>,
    asked: DetectedQuestion,
    mark: Option<AnswerMark>,
    tagged: bool,
    /// Whether somebody closed the thread.
    closed: bool,
    closing: AskerClosing,
    /// Best first, refuted ones among them.
    candidates: Vec<AnswerCandidate>,
}

fn weigh<'a>(
    conversation: &Conversation<'a>,
    rules: &SignalRules,
) -> Result<ScoredConversation<'a>, Vec<WeightedReason>> {
    let mut talk = Transcript::read(conversation, rules);
    corrections::mark(&mut talk.said, rules);
    let mark = signals::marked(&conversation.marks);
    let asked = question_detection::detect_question(&talk, conversation.channel.kind, rules)
        .or_else(|reasons| question_detection::question_before_mark(&talk, mark).ok_or(reasons))?;
    talk.mark_process_talk(asked.asker, &asked.content, rules);
    own_solution::mark(&mut talk, &asked, rules);
    let places = answer_ranking::helper_positions(&talk, &asked, |said| {
        conversation.marks.iter().any(|mark| !mark.answers && mark.message == said.id())
    });
    let closing = AskerClosing::read(&talk, &asked, &places);
    let candidates =
        answer_ranking::read_candidates(&talk, &asked, &places, &closing, conversation, rules);
    let tagged = signals::solved_tag(conversation, rules);
    let closed = conversation.channel.closed;
    let mut weighed = ScoredConversation { talk, asked, mark, tagged, closed, closing, candidates };
    weighed.rank(conversation, rules);
    Ok(weighed)
}

impl ScoredConversation<'_> {
    /// The candidates that nobody refuted, best first.
    fn unrefuted(&self) -> Vec<&AnswerCandidate> {
        self.candidates.iter().filter(|one| !one.refuted).collect()
    }

    /// Scores the candidates and puts them in order, best first: what the asker or somebody trusted speaks for
    /// leads, and at equal scores the earlier one.
    fn rank(&mut self, conversation: &Conversation<'_>, rules: &SignalRules) {
        let mut candidates = self.candidates.clone();
        for one in &mut candidates {
            one.outcome = self.outcome(Some(one));
            one.score = rules.answers.score(&one.values) + rules.outcome.score(&one.outcome);
            let (grade, _) = self.signs(Some(one), conversation, rules);
            one.leads = grade < ResolutionGrade::Unconfirmed && self.is_publishable(one);
        }
        candidates.sort_by(|one, other| {
            let order = other.leads.cmp(&one.leads).then(other.score.total_cmp(&one.score));
            order.then(one.place.cmp(&other.place))
        });
        self.candidates = candidates;
    }

    fn outcome(&self, answer: Option<&AnswerCandidate>) -> OutcomeFeatures {
        let Self { talk, asked, closing, .. } = self;
        let silent = closing.messages == 0;
        let span = answer.map_or(&[][..], |answer| &answer.span);
        let confirmation = closing.about(span, true).or(closing.about(span, false));
        let content = closing.place().is_some();
        let after_answer = span.last().map_or(talk.said.len(), |last| last + 1);
        let later = || talk.said[after_answer..].iter().filter(|said| said.author == asked.asker);
        // Thanks before "I'll try that", or before it failed, are for the effort.
        let thanks_stand = !(closing.taken_back && content);
        let doubts = [CueClass::Failed, CueClass::Contrast, CueClass::Negation];
        [
            1.0,
            holds(self.mark.is_some()),
            holds(self.tagged),
            holds(closing.thanked_late && thanks_stand),
            holds(closing.taken_back && content),
            holds(closing.last_fails),
            holds(closing.fails_late),
            holds(closing.last_asks),
            holds(silent),
            holds(silent && asked.trouble),
            (closing.messages as f32 / 5.0).min(2.0),
            holds(content && confirmation.is_none()),
            holds(asked.trouble),
            asked.score.clamp(0.0, 4.0) / 4.0,
            holds(answer.is_some_and(|answer| self.is_agreed(answer))),
            holds(self.candidates.iter().any(|one| one.refuted)),
            (self.helper_count().saturating_sub(1).min(3)) as f32 / 3.0,
            holds(closing.asks_after && content),
            holds(closing.fails_after && content),
            holds(closing.promises && content),
            if content { closing.since.min(5) as f32 / 5.0 } else { 0.0 },
            closing.place().map_or(0.0, |place| self.helping_after(place).min(3) as f32 / 3.0),
            confirmation.zip(answer).map_or(0.0, |(confirmation, answer)| {
                let between = confirmation.place.saturating_sub(answer.place + 1);
                between.min(8) as f32 / 8.0
            }),
            confirmation.map_or(0.0, |found| found.rivals.min(4) as f32 / 4.0),
            answer.map_or(0.0, |answer| self.explained_before(answer.place).min(6) as f32 / 6.0),
            holds(later().next_back().is_some_and(|last| doubts.iter().any(|cue| last.has(*cue)))),
            holds(thanks_stand && later().any(|said| said.has(CueClass::Thanks))),
            holds(later().next().is_some_and(|next| next.has(CueClass::Acknowledging))),
            holds(thanks_stand && later().rev().take(2).any(ends_content)),
            holds(answer.is_some_and(|answer| talk.said[answer.place].asks)),
            holds(closing.confirmations.len() > 1),
            holds(self.closed && answer.is_some() && !closing.last_fails && !closing.last_asks),
        ]
    }

    /// How many messages the asker sends between the question and a place.
    fn explained_before(&self, place: usize) -> usize {
        let Self { talk, asked, .. } = self;
        let from = asked.places.last().map_or(0, |last| last + 1).min(place);
        talk.said[from..place].iter().filter(|said| said.author == asked.asker).count()
    }

    /// How many messages of others help after a place.
    fn helping_after(&self, place: usize) -> usize {
        let Self { talk, asked, .. } = self;
        let later = talk.said.iter().skip(place + 1);
        later
            .filter(|said| said.author != asked.asker && said.gives_advice() && said.helps())
            .count()
    }

    /// Whether another helper's message shares a third of an answer's words.
    fn is_agreed(&self, best: &AnswerCandidate) -> bool {
        let said = &self.talk.said[best.place];
        self.candidates.iter().any(|other| {
            let other = &self.talk.said[other.place];
            let least = said.content.len().min(other.content.len());
            let third = shared(&said.content, &other.content) * 3 >= least.max(3);
            other.author != said.author && other.author != self.asked.asker && third
        })
    }

    fn helper_count(&self) -> usize {
        let helpers = self.candidates.iter().map(|one| self.talk.said[one.place].author);
        helpers.filter(|author| *author != self.asked.asker).collect::<BTreeSet<_>>().len()
    }

    /// Whether a message says something that a reader could use.
    fn is_publishable(&self, candidate: &AnswerCandidate) -> bool {
        let said = &self.talk.said[candidate.place];
        let own = said.author == self.asked.asker;
        // "I'm an idiot, the cable was out" insults nobody.
        let insults = said.has(CueClass::Insult) && !own;
        (own || said.helps() || said.gives_advice() && !said.deflects() && !said.ends_asking)
            && !insults
    }

    fn verdict(&self, conversation: &Conversation<'_>, rules: &SignalRules) -> ConversationVerdict {
        let question = self.question();
        let unrefuted = self.unrefuted();
        let best = unrefuted.first().copied();
        let outcome = best.map_or_else(|| self.outcome(None), |best| best.outcome);
        let score = best.map_or_else(|| rules.outcome.score(&outcome), |best| best.score);
        let confidence = rules.calibration.probability(score);
        let mut reasons = rules.outcome.reasons(&outcome, &OUTCOME, None);
        let answers = self.answers(&unrefuted, conversation, rules);
        let (signed, mut signals) = self.signs(best, conversation, rules);
        let grade = self.sufficient(signed, confidence, rules);
        let open = |why: Option<&str>, mut reasons: Vec<WeightedReason>| {
            reasons.extend(why.map(|why| WeightedReason::new(why, 0.0)));
            ConversationVerdict::Open {
                question: question.clone(),
                answers: answers.clone(),
                reasons,
            }
        };
        let corrected = best.is_some_and(|best| self.is_trusted_correction(best, conversation));
        let Some(grade) = grade.or(corrected.then_some(signed)) else {
            return open(None, reasons);
        };
        let marked = self.mark.is_some();
        let Some(first) = answers.first() else {
            return open(Some("no message answers"), reasons);
        };
        if !marked && !best.is_some_and(|best| self.is_publishable(best)) {
            return open(Some("the best message asks back, jokes or sends elsewhere"), reasons);
        }
        if conversation.trusted.contains(&first.author) {
            let kind = SignalKind::TrustedAnswer;
            signals.push(ResolutionSignal { kind, message: first.message, by: first.author });
        }
        if let Some(candidate) = unrefuted.iter().find(|one| self.id(one.place) == first.message) {
            reasons.extend(candidate.reasons(&self.talk, rules));
        }
        ConversationVerdict::Resolved(Resolution {
            question,
            answers,
            grade,
            confidence: if marked { confidence.max(MARK_CONFIDENCE) } else { confidence },
            signals,
            reasons,
        })
    }

    /// Whether a trusted person gives it in place of an answer that the person refuses.
    fn is_trusted_correction(
        &self,
        best: &AnswerCandidate,
        conversation: &Conversation<'_>,
    ) -> bool {
        let said = &self.talk.said[best.place];
        let objects = said.has(CueClass::Objection) || said.has(CueClass::ObjectionOpener);
        let refutes = self.candidates.iter().any(|one| one.refuted);
        let trusted = conversation.trusted.contains(&said.message.author.id);
        objects && refutes && trusted && said.gives_advice()
    }

    /// The strictest grade, of those that the signs allow, for which the confidence suffices.
    fn sufficient(
        &self,
        signed: ResolutionGrade,
        confidence: f32,
        rules: &SignalRules,
    ) -> Option<ResolutionGrade> {
        let least = &rules.least;
        let suffices = |grade: ResolutionGrade| match grade {
            ResolutionGrade::Certain => true,
            ResolutionGrade::Confirmed => confidence >= least.confirmed,
            ResolutionGrade::Thanked => confidence >= least.thanked,
            ResolutionGrade::Unconfirmed if self.closing.messages == 0 => {
                confidence >= least.silent
            }
            ResolutionGrade::Unconfirmed => {
                let leaves = self.closing.last_fails || self.closing.last_alone;
                confidence >= least.unconfirmed && !leaves
            }
        };
        [
            ResolutionGrade::Certain,
            ResolutionGrade::Confirmed,
            ResolutionGrade::Thanked,
            ResolutionGrade::Unconfirmed,
        ]
        .into_iter()
        .find(|grade| *grade >= signed && suffices(*grade))
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
    fn answers(
        &self,
        unrefuted: &[&AnswerCandidate],
        conversation: &Conversation<'_>,
        rules: &SignalRules,
    ) -> Vec<Answer> {
        let marked = self.mark.and_then(|mark| {
            let place =
                conversation.messages.binary_search_by_key(&mark.message, |one| one.id).ok()?;
            let message = conversation.messages[place];
            let candidate = unrefuted.iter().find(|one| self.id(one.place) == message.id);
            let messages = candidate.map_or_else(|| vec![message.id], |one| self.ids(&one.span));
            Some(Answer { message: message.id, messages, author: message.author.id, score: MARKED })
        });
        let best = unrefuted.first().map_or(0.0, |best| best.score);
        // What the asker found alone was not what others had said before.
        let found = unrefuted.first().is_some_and(|best| {
            let said = &self.talk.said[best.place];
            said.author == self.asked.asker && said.tells_own_solution
        });
        let reach = if found { 0.0 } else { rules.answer_reach };
        let inferred = unrefuted.iter().filter(|one| one.score >= best - reach).map(|one| {
            let message = self.talk.said[one.place].message;
            let messages = self.ids(&one.span);
            Answer { message: message.id, messages, author: message.author.id, score: one.score }
        });
        let mut answers = Vec::<Answer>::new();
        for answer in marked.into_iter().chain(inferred) {
            let included = answers.iter().any(|other| other.messages.contains(&answer.message));
            if !included && answers.len() < MOST_ANSWERS {
                answers.push(answer);
            }
        }
        answers
    }

    fn ids(&self, places: &[usize]) -> Vec<MessageId> {
        places.iter().map(|place| self.id(*place)).collect()
    }

    /// The strictest grade that the signs allow, and the signs.
    fn signs(
        &self,
        best: Option<&AnswerCandidate>,
        conversation: &Conversation<'_>,
        rules: &SignalRules,
    ) -> (ResolutionGrade, Vec<ResolutionSignal>) {
        let signals = self.signals(best, conversation, rules);
        let has = |kind| signals.iter().any(|signal| signal.kind == kind);
        let about = best.and_then(|best| self.closing.about(&best.span, true));
        let is_clear = about.is_some_and(|confirmation| confirmation.rivals == 0);
        let certain =
            [SignalKind::ManualMark, SignalKind::SolvedTag, SignalKind::AcceptingReaction];
        let grade = if certain.into_iter().any(has) {
            ResolutionGrade::Certain
        } else if has(SignalKind::Worked) && is_clear && !self.closing.taken_back {
            ResolutionGrade::Confirmed
        } else if has(SignalKind::Worked) || has(SignalKind::Thanks) && !self.closing.taken_back {
            ResolutionGrade::Thanked
        } else {
            ResolutionGrade::Unconfirmed
        };
        (grade, signals)
    }

    fn signals(
        &self,
        best: Option<&AnswerCandidate>,
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
        let reaction = best.and_then(|best| {
            let said = &self.talk.said[best.place];
            let reacted = ReactionVotes::to(said, &self.talk, &self.asked, conversation, rules);
            let by = reacted.accepted.filter(|_| !reacted.refused)?;
            Some(ResolutionSignal { kind: SignalKind::AcceptingReaction, message: said.id(), by })
        });
        let says = |kind, worked| {
            let confirmation = self.closing.about(&best?.span, worked)?;
            Some(ResolutionSignal { kind, message: self.id(confirmation.place), by: asker })
        };
        let worked = says(SignalKind::Worked, true);
        let thanks = says(SignalKind::Thanks, false);
        [mark, tag, reaction, worked, thanks].into_iter().flatten().collect()
    }
}

fn ends_content(said: &ParsedMessage<'_>) -> bool {
    said.thanks() || said.acknowledges()
}

/// The score of a message that a person marked: above any that is inferred.
const MARKED: f32 = 100.0;
/// A marked answer is right for its reader: no inference lowers it below this.
const MARK_CONFIDENCE: f32 = 0.95;
