//! Askers who say themselves what solved their question.

use crate::resolution::cue_phrases::CueClass;
use crate::resolution::normalize;
use crate::resolution::question_detection::DetectedQuestion;
use crate::resolution::rules::SignalRules;
use crate::resolution::transcript::{Addressee, ParsedMessage, Transcript, content};

/// Words of an asker's message that say that something was found or solved, and not what it was.
const ABOUT_SOLVING: [CueClass; 8] = [
    CueClass::Own,
    CueClass::Finding,
    CueClass::Cause,
    CueClass::Worked,
    CueClass::Thanks,
    CueClass::Hollow,
    CueClass::Acknowledging,
    CueClass::Failed,
];

/// Code in a remark of so many words is what the remark is about.
const LONGEST_REMARK: usize = 8;

/// Marks the messages in which the asker says what solved the question: they tell of success or of a cause, and
/// name something that neither the question nor anybody's help named.
pub(super) fn mark(talk: &mut Transcript<'_>, asked: &DetectedQuestion, rules: &SignalRules) {
    let mut known = asked.content.clone();
    let from = asked.places[0];
    for place in from..talk.said.len() {
        let said = &talk.said[place];
        if said.author != asked.asker {
            known.extend(&said.content);
            continue;
        }
        if !asked.places.contains(&place) && may_tell(said) {
            talk.said[place].tells_own_solution = tells(&talk.said[place], &known, rules);
        }
    }
}

/// Whether the words could tell of a solution, whatever it was.
fn may_tell(said: &ParsedMessage<'_>) -> bool {
    let brief = said.matter <= LONGEST_REMARK && said.to == Addressee::Nobody;
    let shows = said.code && said.has(CueClass::Finding) && brief;
    let announces = shows || said.has(CueClass::Own) || said.has(CueClass::Cause) || said.accepts();
    let tells = said.code || said.has(CueClass::Cause) || said.accepts();
    let seeks = said.has(CueClass::Seeking) && !tells;
    let open = [CueClass::Trying, CueClass::Relapse, CueClass::Unrelated];
    announces && !said.asks && !seeks && !open.into_iter().any(|cue| said.has(cue))
}

fn tells(said: &ParsedMessage<'_>, known: &[u32], rules: &SignalRules) -> bool {
    let has = |cue| said.has(cue);
    let plain = normalize::read(said.message.spoken(), 0).text;
    let beside = rules.phrases.words_beside(&plain, &ABOUT_SOLVING);
    let mut named = content(&beside, &rules.words.stopwords);
    let all = named.len();
    named.retain(|word| !known.contains(word) && !rules.words.process.contains(word));
    // What is mostly in the words of the question and of the help is the helper's: "changing the port solved it".
    if !said.code && named.len() * 2 < all {
        return false;
    }
    let shows = said.code || said.literal || said.link;
    // "It was my typo in the config" helps nobody else, unless it shows what was typed.
    if has(CueClass::Slip) && !shows && !introduces(said.message.spoken()) {
        return false;
    }
    let by = has(CueClass::Finding) || has(CueClass::Cause);
    let explains = by || has(CueClass::Past) || introduces(said.message.spoken());
    if has(CueClass::Own) {
        // Who found the cause may say what still was wrong: "the old one still held the port".
        let past = has(CueClass::Past) && (!has(CueClass::Cause) || shows && has(CueClass::Worked));
        let stands = !has(CueClass::Failed) || past;
        let least = if shows || by || said.accepts() { 1 } else { 2 };
        let what = said.code || named.len() >= least && (shows || explains);
        // "I got it to work as you said, thanks" is the helper's success.
        let helped = said.thanks() && !said.code && !by;
        return stands && what && !helped;
    }
    // Without such words, success is the helper's unless the asker names something else that it came by. Who names the
    // cause may begin with what failed: "tried that. Ended up removing the old plugin, and now it opens".
    let failed = has(CueClass::Failed) && !(has(CueClass::Cause) && has(CueClass::Worked));
    let lonely = !said.thanks() && !has(CueClass::Pointing) && !failed;
    let code = said.code && (by || !said.thanks()) && (by || said.accepts());
    // "The size was 10 and not 100, changed it and it is up" names what was changed.
    let did = said.accepts() && has(CueClass::Past) && shows && named.len() >= 2;
    code && !has(CueClass::Failed) || lonely && (by && !named.is_empty() || did)
}

/// Whether a colon introduces what follows.
fn introduces(text: &str) -> bool {
    text.contains(": ")
}
