//! Messages that replace what their author said right before.

use crate::resolution::cue_phrases::CueClass;
use crate::resolution::normalize;
use crate::resolution::normalize::hash;
use crate::resolution::rules::SignalRules;
use crate::resolution::transcript::ParsedMessage;

/// A correction says what is right in so many words at most; more explain something.
const LONGEST_CORRECTION: usize = 16;

/// Marks those that correct the message right before them.
pub(super) fn mark(said: &mut [ParsedMessage<'_>], rules: &SignalRules) {
    for place in 1..said.len() {
        let [earlier, later] = &said[place - 1..=place] else { continue };
        if earlier.author == later.author && later.matter <= LONGEST_CORRECTION && !later.asks {
            said[place].corrects = corrects(earlier, later, rules);
        }
    }
}

/// Whether a message opens as a correction and shows what is right, or denies a word of the one before it.
fn corrects(earlier: &ParsedMessage<'_>, later: &ParsedMessage<'_>, rules: &SignalRules) -> bool {
    let openers = [CueClass::CorrectionOpener, CueClass::ObjectionOpener, CueClass::Objection];
    let opens = openers.into_iter().any(|cue| later.has(cue));
    let replaces = later.code || later.literal && (earlier.literal || earlier.code);
    opens && replaces || later.has(CueClass::Denial) && denies(earlier, later, rules)
}

fn denies(earlier: &ParsedMessage<'_>, later: &ParsedMessage<'_>, rules: &SignalRules) -> bool {
    let said = normalize::read(earlier.message.spoken(), 0).text;
    let denying = normalize::read(later.message.spoken(), 0).text;
    let mut denied = rules.phrases.denied_words(&denying);
    denied.retain(|word| !rules.words.stopwords.contains(&hash(word)));
    let mut words = said.split(' ').filter(|word| word.chars().any(char::is_alphanumeric));
    words.any(|word| denied.contains(&word))
}
