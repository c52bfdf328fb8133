//! Which answers are refused by others, or taken back by those who gave them.

use std::collections::BTreeSet;

use crate::disentangle::Conversation;
use crate::resolution::answer_span::answer_span;
use crate::resolution::cue_phrases::CueClass;
use crate::resolution::question_detection::DetectedQuestion;
use crate::resolution::signals::AskerClosing;
use crate::resolution::transcript::{Addressee, ParsedMessage, Transcript};

/// An objection that names nothing is about what was said so many messages before at most.
const REACH: usize = 4;

/// The places of the messages whose advice no longer stands. An asker's later "it works" restores
/// an answer, unless a trusted person refused it.
pub(super) fn refuted_places(
    talk: &Transcript<'_>,
    asked: &DetectedQuestion,
    closing: &AskerClosing,
    conversation: &Conversation<'_>,
) -> BTreeSet<usize> {
    let mut refuted = BTreeSet::new();
    for (place, said) in talk.said.iter().enumerate().skip(asked.places[0] + 1) {
        if said.edited_away {
            refuted.insert(place);
        }
        let Some(target) = target(talk, asked, place) else { continue };
        let trusted = conversation.trusted.contains(&said.message.author.id);
        let span = answer_span(talk, asked, target);
        let restored = closing.confirmations.iter().any(|confirmation| {
            confirmation.worked
                && confirmation.place > place
                && confirmation.target.is_some_and(|target| span.contains(&target))
        });
        if trusted || !restored {
            refuted.extend(span.into_iter().filter(|part| *part < place));
        }
    }
    refuted
}

/// What the message at `place` refuses or takes back.
fn target(talk: &Transcript<'_>, asked: &DetectedQuestion, place: usize) -> Option<usize> {
    let said = &talk.said[place];
    if said.author == asked.asker || said.asks_back() {
        return None;
    }
    let answers = |at: &usize, of: &dyn Fn(&ParsedMessage<'_>) -> bool| {
        let other = &talk.said[*at];
        other.author != asked.asker && other.helps() && of(other)
    };
    let earlier = || (asked.places[0] + 1..place).rev();
    if said.has(CueClass::Retraction) {
        return earlier()
            .take(REACH * 2)
            .find(|at| answers(at, &|other| other.author == said.author));
    }
    let corrected = earlier()
        .next()
        .filter(|at| said.corrects && answers(at, &|other| other.author == said.author));
    if corrected.is_some() {
        return corrected;
    }
    let opens = said.has(CueClass::ObjectionOpener);
    if let Some(reply) = said.message.reply_to {
        let target = talk.place(reply).filter(|_| opens || said.has(CueClass::Objection))?;
        return answers(&target, &|other| other.author != said.author).then_some(target);
    }
    if !said.has(CueClass::Objection) {
        // "Wrong, ..." without a reply is about the message right before it.
        let mut before = earlier().take(usize::from(opens));
        return before.find(|at| answers(at, &|other| other.author != said.author));
    }
    if let Addressee::Person(person) = said.to
        && person != asked.asker
    {
        return earlier().find(|at| answers(at, &|other| other.author == person));
    }
    earlier().take(REACH).find(|at| answers(at, &|other| other.author != said.author))
}
