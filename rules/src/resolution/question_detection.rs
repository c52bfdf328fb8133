//! Which messages ask, and who.

use crate::disentangle::AnswerMark;
use crate::model::message::ChannelKind;
use crate::model::reason::WeightedReason;
use crate::resolution::cue_phrases::CueClass;
use crate::resolution::rules::SignalRules;
use crate::resolution::transcript::{Addressee, ParsedMessage, ParticipantIndex, Transcript};
use crate::resolution::weights::{QUESTION_FEATURES, holds};

/// The features of a message that asks, one value each.
type QuestionFeatures = [f32; QUESTION_FEATURES.len()];

/// The question found in a talk.
#[derive(Debug)]
pub(super) struct DetectedQuestion {
    pub(super) asker: ParticipantIndex,
    /// Places in the talk, earliest first. Never empty.
    pub(super) places: Vec<usize>,
    pub(super) reasons: Vec<WeightedReason>,
    /// How clearly it asks; 0 where only a mark implies it.
    pub(super) score: f32,
    /// Whether it describes something that fails, not something unknown.
    pub(super) trouble: bool,
    /// Hashes of its words, sorted, each once.
    pub(super) content: Vec<u32>,
}

/// The question must come within so many messages: what is asked later belongs to other talk.
const LATEST: usize = 60;
/// A question of more messages than this is a story; the first ones are enough.
const MOST_PARTS: usize = 5;

/// Finds the first message that asks, and the asker's messages beside it that belong to it.
pub(super) fn detect_question(
    talk: &Transcript<'_>,
    kind: ChannelKind,
    rules: &SignalRules,
) -> Result<DetectedQuestion, Vec<WeightedReason>> {
    let starter = talk.said.iter().find(|said| !said.is_empty_talk()).map(|said| said.author);
    let mut best: Option<(f32, usize, QuestionFeatures)> = None;
    for (place, said) in talk.said.iter().enumerate().take(LATEST) {
        let first_of_author = talk.said[..place].iter().all(|other| other.author != said.author);
        let starts = starter == Some(said.author);
        let position = QuestionPosition {
            starts,
            helped: starts && is_helped(talk, place),
            first_of_author,
            thread: kind.is_thread(),
            news: kind == ChannelKind::News,
        };
        let values = values(said, position);
        let score = rules.asking.score(&values);
        if score >= rules.asking_threshold {
            let reasons = rules.asking.reasons(&values, &QUESTION_FEATURES, Some(said.id()));
            return Ok(asked(talk, place, score, reasons));
        }
        if best.is_none_or(|(highest, ..)| score > highest) {
            best = Some((score, place, values));
        }
    }
    let Some((_, place, values)) = best else {
        return Err(vec![WeightedReason::new("nobody says anything that could be judged", 0.0)]);
    };
    let mut reasons =
        rules.asking.reasons(&values, &QUESTION_FEATURES, Some(talk.said[place].id()));
    reasons.push(WeightedReason::new("no message asks clearly enough", -rules.asking_threshold));
    Err(reasons)
}

/// The question that a marked answer implies where none is found: what came first, by somebody else.
pub(super) fn question_before_mark(
    talk: &Transcript<'_>,
    mark: Option<AnswerMark>,
) -> Option<DetectedQuestion> {
    let mark = mark?;
    let answer = talk.said.iter().find(|said| said.id() == mark.message)?;
    let place = talk
        .said
        .iter()
        .position(|said| said.author != answer.author && said.id() < mark.message)?;
    let reasons =
        vec![WeightedReason::at("it comes before the marked answer", 0.0, talk.said[place].id())];
    Some(asked(talk, place, 0.0, reasons))
}

#[derive(Debug, Clone, Copy)]
struct QuestionPosition {
    starts: bool,
    /// Whether somebody replies with advice, or asks back as those do who help.
    helped: bool,
    first_of_author: bool,
    thread: bool,
    news: bool,
}

fn values(said: &ParsedMessage<'_>, position: QuestionPosition) -> QuestionFeatures {
    let addresses = said.to != Addressee::Nobody;
    let question_cue = said.asks || said.has(CueClass::Opener) || said.has(CueClass::Seeking);
    [
        holds(said.ends_asking),
        holds(said.asks && !said.ends_asking),
        holds(said.has(CueClass::Opener)),
        holds(said.has(CueClass::Seeking)),
        holds(said.has(CueClass::Trouble)),
        holds(position.starts),
        holds(position.starts && position.thread),
        holds(!position.first_of_author && !position.starts),
        holds(addresses && !position.starts),
        holds(said.has(CueClass::Probing)),
        holds(
            position.news || said.has(CueClass::Announcing) || calls_everybody(&said.message.text),
        ),
        holds(said.has(CueClass::Thanks) && !question_cue),
        holds(said.matter < 3),
        holds(said.is_empty_talk()),
        holds(said.commands_a_bot()),
        holds(said.has(CueClass::SmallTalk)),
        holds(position.helped && !question_cue && !said.has(CueClass::Trouble)),
    ]
}

/// Whether another person's Discord reply to a message takes it for a question: it says what to do, or asks back.
fn is_helped(talk: &Transcript<'_>, place: usize) -> bool {
    let said = &talk.said[place];
    let replies = talk.said[place + 1..]
        .iter()
        .filter(|reply| reply.author != said.author && reply.message.reply_to == Some(said.id()));
    replies.into_iter().any(|reply| {
        let probes = reply.asks && reply.has(CueClass::Probing);
        probes || reply.gives_advice() && reply.helps()
    })
}

fn calls_everybody(text: &str) -> bool {
    text.contains("@everyone") || text.contains("@here")
}

/// Gathers the asker's messages from shortly before the asking one until somebody else speaks.
fn asked(
    talk: &Transcript<'_>,
    place: usize,
    score: f32,
    reasons: Vec<WeightedReason>,
) -> DetectedQuestion {
    let asker = talk.said[place].author;
    let is_substantial =
        |said: &ParsedMessage<'_>| said.matter >= 3 || said.asks || said.link || said.code;
    let before = talk.said[..place]
        .iter()
        .enumerate()
        .rev()
        .take_while(|(_, said)| said.author == asker)
        .filter(|(_, said)| is_substantial(said))
        .map(|(at, _)| at)
        .take(2);
    let after = talk.said[place..]
        .iter()
        .enumerate()
        .skip(1)
        .take_while(|(_, said)| {
            said.author == asker && !said.has(CueClass::Worked) && !said.has(CueClass::Own)
        })
        .filter(|(_, said)| is_substantial(said))
        .map(|(at, _)| place + at);
    let mut places = before.chain([place]).chain(after).collect::<Vec<_>>();
    places.sort_unstable();
    places.truncate(MOST_PARTS);
    let parts = places.iter().map(|at| &talk.said[*at]);
    let mut content =
        parts.clone().flat_map(|said| said.content.iter().copied()).collect::<Vec<_>>();
    content.sort_unstable();
    content.dedup();
    DetectedQuestion {
        asker,
        score,
        trouble: parts.into_iter().any(|said| said.has(CueClass::Trouble)),
        places,
        reasons,
        content,
    }
}
