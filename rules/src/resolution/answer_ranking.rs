//! Which message answers: an additive score over the messages of those who help.

use std::collections::BTreeMap;

use crate::disentangle::Conversation;
use crate::model::reason::WeightedReason;
use crate::resolution::answer_span::answer_span;
use crate::resolution::cue_phrases::CueClass;
use crate::resolution::objections::refuted_places;
use crate::resolution::question_detection::DetectedQuestion;
use crate::resolution::rules::SignalRules;
use crate::resolution::signals::{AskerClosing, ReactionVotes};
use crate::resolution::transcript::{
    Addressee, ParsedMessage, ParticipantIndex, Transcript, shared,
};
use crate::resolution::weights::{ANSWER_FEATURES, OUTCOME, holds};

/// The features of an answer, one value each.
pub(super) type AnswerFeatures = [f32; ANSWER_FEATURES.len()];
/// The features of the outcome with an answer, one value each.
pub(super) type OutcomeFeatures = [f32; OUTCOME.len()];

/// A message that may answer.
#[derive(Debug, Clone)]
pub(super) struct AnswerCandidate {
    /// Its place in the talk.
    pub(super) place: usize,
    /// The places of all messages of the answer, in order.
    pub(super) span: Vec<usize>,
    /// Whether somebody refused it, or its author took it back.
    pub(super) refuted: bool,
    pub(super) values: AnswerFeatures,
    /// What else speaks for it having resolved the question.
    pub(super) outcome: OutcomeFeatures,
    /// Whether somebody but its author speaks for it, and a reader could use it.
    pub(super) leads: bool,
    /// How likely it resolved the question: the weighted sum of both kinds of features.
    pub(super) score: f32,
}

impl AnswerCandidate {
    pub(super) fn reasons(
        &self,
        talk: &Transcript<'_>,
        rules: &SignalRules,
    ) -> Vec<WeightedReason> {
        rules.answers.reasons(&self.values, &ANSWER_FEATURES, Some(talk.said[self.place].id()))
    }
}

/// Who helps, and where: the places after the question that could hold an answer.
pub(super) fn helper_positions(
    talk: &Transcript<'_>,
    asked: &DetectedQuestion,
    not_answers: impl Fn(&ParsedMessage<'_>) -> bool,
) -> Vec<usize> {
    let from = asked.places[0];
    (from..talk.said.len())
        .filter(|place| !asked.places.contains(place))
        .filter(|place| {
            let said = &talk.said[*place];
            let helps = said.author != asked.asker || said.tells_own_solution;
            // "/seed" calls a bot, or is what somebody who replies says to type.
            let calls = said.commands_a_bot() && said.message.reply_to.is_none();
            helps && !said.is_empty_talk() && !calls && !not_answers(said)
        })
        .take(MOST_CANDIDATES)
        .collect()
}

/// Later messages of a conversation answer later questions.
const MOST_CANDIDATES: usize = 120;

/// Measures the candidates, in their order.
pub(super) fn read_candidates(
    talk: &Transcript<'_>,
    asked: &DetectedQuestion,
    places: &[usize],
    closing: &AskerClosing,
    conversation: &Conversation<'_>,
    rules: &SignalRules,
) -> Vec<AnswerCandidate> {
    let refuted = refuted_places(talk, asked, closing, conversation);
    let mut per_helper = BTreeMap::<ParticipantIndex, usize>::new();
    for place in places {
        *per_helper.entry(talk.said[*place].author).or_default() += 1;
    }
    let failures = next_of_asker(talk, asked.asker, |said| {
        said.has(CueClass::Failed) && (said.has(CueClass::Hollow) || !said.has(CueClass::Thanks))
    });
    let replies = next_of_asker(talk, asked.asker, |_| true);
    places
        .iter()
        .enumerate()
        .map(|(rank, place)| {
            let said = &talk.said[*place];
            let span = answer_span(talk, asked, *place);
            let reacted = ReactionVotes::to(said, talk, asked, conversation, rules);
            let (worked, thanked) = (closing.about(&span, true), closing.about(&span, false));
            let setting = CandidateContext {
                rank,
                share: per_helper[&said.author] as f32 / places.len() as f32,
                next: replies[*place].map(|next| &talk.said[next]),
                last_before_closing: closing.place().is_some_and(|closing| {
                    *place < closing && places.get(rank + 1).is_none_or(|next| *next > closing)
                }),
                in_vain: closing.place().is_some_and(|closing| {
                    failures[*place].is_some_and(|failure| failure < closing)
                }),
                after_closing: closing.place().is_some_and(|closing| *place > closing),
                trusted: conversation.trusted.contains(&said.message.author.id),
                reacted,
                worked: worked.is_some(),
                thanked: thanked.is_some() && !closing.taken_back,
                pointed: worked.or(thanked).is_some_and(|confirmation| confirmation.pointed),
                parts: span.len(),
                aimed: closing.confirmations.iter().any(|one| one.target == Some(*place)),
                before_first: closing.first_place().is_some_and(|first| *place < first),
            };
            let values = values(said, asked, &setting);
            AnswerCandidate {
                place: *place,
                span,
                refuted: refuted.contains(place) || reacted.refused,
                values,
                outcome: [0.0; OUTCOME.len()],
                leads: false,
                score: 0.0,
            }
        })
        .collect()
}

/// What stands around a candidate.
struct CandidateContext<'t> {
    rank: usize,
    share: f32,
    /// What the asker says next.
    next: Option<&'t ParsedMessage<'t>>,
    last_before_closing: bool,
    in_vain: bool,
    after_closing: bool,
    trusted: bool,
    reacted: ReactionVotes,
    /// Whether the asker says that it, or a part of its answer, worked...
    worked: bool,
    /// ...or thanks for it...
    thanked: bool,
    /// ...and points at it.
    pointed: bool,
    parts: usize,
    /// Whether a confirmation is about this very message.
    aimed: bool,
    /// Whether it comes before the asker is content for the first time.
    before_first: bool,
}

fn values(
    said: &ParsedMessage<'_>,
    asked: &DetectedQuestion,
    setting: &CandidateContext<'_>,
) -> AnswerFeatures {
    let own = said.author == asked.asker;
    let to_asker = said.to == Addressee::Person(asked.asker);
    let gives_advice = said.gives_advice();
    let next = |cue: CueClass| setting.next.is_some_and(|next| next.has(cue));
    [
        holds(setting.rank == 0),
        (1.0 + setting.rank as f32).ln() / 2.0,
        holds(said.ends_asking),
        holds(said.asks && (said.has(CueClass::Opener) || said.has(CueClass::Probing))),
        shared(&said.content, &asked.content).min(3) as f32 / 3.0,
        holds((next(CueClass::Thanks) || next(CueClass::Worked)) && !next(CueClass::Hollow)),
        holds(gives_advice),
        setting.share,
        holds(said.link || said.code),
        holds(to_asker),
        holds(!to_asker && said.to != Addressee::Nobody && !own),
        holds(said.has(CueClass::Redirect)),
        holds(said.has(CueClass::Ignorance) || said.has(CueClass::Hollow)),
        holds(said.matter < 3 && !said.link && !said.code),
        said.matter.min(30) as f32 / 30.0,
        holds(setting.after_closing),
        holds(setting.last_before_closing),
        holds(
            said.has(CueClass::Courtesy)
                || (said.has(CueClass::Thanks) && !gives_advice && said.matter < 10),
        ),
        holds(own),
        holds(setting.trusted),
        holds(said.has(CueClass::Affirming) && !said.asks),
        holds(next(CueClass::Failed)),
        holds(setting.in_vain),
        holds(setting.reacted.accepted.is_some()),
        holds(setting.reacted.refused),
        holds(setting.worked),
        holds(setting.thanked),
        holds(setting.pointed),
        (setting.parts.min(4) - 1) as f32 / 3.0,
        holds(said.has(CueClass::Postponement)),
        holds(!own && said.has(CueClass::Insult)),
        holds(!own && said.has(CueClass::Objection)),
        holds(!own && !said.helps()),
        holds(setting.aimed),
        holds(setting.before_first),
        holds(!own && setting.next.is_some_and(ParsedMessage::acknowledges)),
        holds(own && said.tells_own_solution),
    ]
}

/// For each place, the next place behind it where the asker says such a thing.
fn next_of_asker(
    talk: &Transcript<'_>,
    asker: ParticipantIndex,
    such: impl Fn(&ParsedMessage<'_>) -> bool,
) -> Vec<Option<usize>> {
    let mut next = None;
    let mut all = vec![None; talk.said.len()];
    for (place, said) in talk.said.iter().enumerate().rev() {
        all[place] = next;
        if said.author == asker && such(said) {
            next = Some(place);
        }
    }
    all
}
