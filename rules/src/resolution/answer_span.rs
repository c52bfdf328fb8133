//! Which messages together are one answer.

use jiff::SignedDuration;

use crate::resolution::cue_phrases::CueClass;
use crate::resolution::question_detection::DetectedQuestion;
use crate::resolution::transcript::{Addressee, ParsedMessage, Transcript};

/// An answer of more messages than this is a lecture; the ones around its core are enough.
const MOST_PARTS: usize = 8;
/// Who is silent for so long begins something new.
const LONGEST_PAUSE: SignedDuration = SignedDuration::from_mins(30);

/// The places of the messages that answer together with the one at `place`, in order: those of the
/// same person in a row, and steps between which the asker reports back.
pub(super) fn answer_span(
    talk: &Transcript<'_>,
    asked: &DetectedQuestion,
    place: usize,
) -> Vec<usize> {
    if !talk.said[place].helps() || talk.said[place].author == asked.asker {
        return vec![place];
    }
    let before = parts(talk, asked, place, (asked.places[0]..place).rev());
    let after = parts(talk, asked, place, place + 1..talk.said.len());
    let mut span = before;
    span.reverse();
    span.push(place);
    span.extend(after);
    while span.len() > MOST_PARTS {
        // The end of the span is nearest to what the asker says about it.
        let core_is_first = span[0] == place;
        span.remove(if core_is_first { MOST_PARTS } else { 0 });
    }
    span
}

/// The places along `way`, beginning beside `core`, that continue its answer.
fn parts(
    talk: &Transcript<'_>,
    asked: &DetectedQuestion,
    core: usize,
    way: impl Iterator<Item = usize>,
) -> Vec<usize> {
    let helper = talk.said[core].author;
    let mut parts = Vec::new();
    let mut last = core;
    for place in way {
        let said = &talk.said[place];
        if said.message.sent.duration_since(talk.said[last].message.sent).abs() > LONGEST_PAUSE {
            break;
        }
        if said.author == helper && continues(said, asked) {
            // What takes itself back begins anew: it ends the answer before it and starts its own.
            let (earlier, later) = if place < last { (place, last) } else { (last, place) };
            if talk.said[later].takes_back() || talk.said[earlier].edited_away {
                break;
            }
            parts.push(place);
        } else if !passes(said, asked, helper) {
            break;
        }
        last = place;
    }
    parts
}

fn continues(said: &ParsedMessage<'_>, asked: &DetectedQuestion) -> bool {
    let elsewhere = match said.to {
        Addressee::Nobody => false,
        Addressee::Person(person) => person != asked.asker,
        Addressee::Stranger => true,
    };
    !elsewhere && said.helps() && !said.is_empty_talk() && !said.commands_a_bot()
}

/// Whether an answer may go on behind a message: a greeting, a courtesy, or the asker's "done".
fn passes(said: &ParsedMessage<'_>, asked: &DetectedQuestion, helper: usize) -> bool {
    let closes = said.accepts() || said.thanks() || said.has(CueClass::Failed);
    if said.author == asked.asker {
        let reports = said.has(CueClass::Acknowledging) || said.matter <= 3;
        return reports && !closes && !said.asks;
    }
    said.is_empty_talk() || said.is_courtesy() || (said.author != helper && !said.helps())
}
