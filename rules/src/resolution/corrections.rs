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

/// Whether a message opens as a correction and shows what is right, denies a word of the one before it, or
/// is that one put right: "*8081".
fn corrects(earlier: &ParsedMessage<'_>, later: &ParsedMessage<'_>, rules: &SignalRules) -> bool {
    if is_starred(later.message.spoken()) {
        return earlier.matter <= later.matter + 1;
    }
    let openers = [CueClass::CorrectionOpener, CueClass::ObjectionOpener, CueClass::Objection];
    let opens = openers.into_iter().any(|cue| later.has(cue));
    let replaces = later.code || later.literal && (earlier.literal || earlier.code);
    opens && replaces || later.has(CueClass::Denial) && denies(earlier, later, rules)
}

/// Whether a star at one end marks it as what a word before should have been. Stars at both ends are emphasis, and one
/// before a space begins a list.
fn is_starred(text: &str) -> bool {
    let text = text.trim();
    let first = text.split([',', ' ']).next().unwrap_or_default();
    let marks = |word: &str| word.matches('*').count() == 1 && word.len() > 1;
    marks(first) && (first.starts_with('*') || first.ends_with('*') && text == first)
}

fn denies(earlier: &ParsedMessage<'_>, later: &ParsedMessage<'_>, rules: &SignalRules) -> bool {
    let said = normalize::read(earlier.message.spoken(), 0).text;
    let denying = normalize::read(later.message.spoken(), 0).text;
    let mut denied = rules.phrases.denied_words(&denying);
    denied.retain(|word| !rules.words.stopwords.contains(&hash(word)));
    let mut words = said.split(' ').filter(|word| word.chars().any(char::is_alphanumeric));
    words.any(|word| denied.contains(&word))
}
