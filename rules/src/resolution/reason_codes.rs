//! Short codes for the reasons of verdicts, for stores that hold many.

use std::collections::HashMap;
use std::sync::LazyLock;

/// The code of a reason is its place here. Stores hold codes: a reason is added at the end, none is moved, and one that is
/// given no more stays.
const REASONS: [&str; 92] = [
    "ends with a question mark",
    "holds a question mark",
    "opens with a question word",
    "says that it seeks help",
    "tells of a problem",
    "its author starts the conversation",
    "its author starts the thread",
    "its author spoke before without asking",
    "speaks to somebody who spoke before",
    "asks back, as those do who help",
    "announces",
    "thanks",
    "is very short",
    "says nothing yet",
    "is a command to a bot",
    "is small talk",
    "it is the first message that could answer",
    "it is not the first message that could answer",
    "it ends with a question mark",
    "it asks back",
    "it shares words with the question",
    "the asker thanks next",
    "it says what to do",
    "its author wrote most of what could answer",
    "it holds a link or code",
    "it speaks to the asker",
    "it speaks to somebody else",
    "it sends the asker elsewhere",
    "its author does not know, or asks along",
    "it is very short",
    "it is long",
    "it comes after the asker was content",
    "it comes right before the asker was content",
    "it is a courtesy",
    "it is the asker's own finding",
    "its author is trusted",
    "it says yes or no",
    "the asker says next that it fails",
    "the asker fails after it, and is content only later",
    "a reaction accepts it",
    "a reaction refuses it",
    "the asker says that it worked",
    "the asker thanks for it",
    "the asker points at it",
    "it is spread over several messages",
    "it puts off an answer",
    "it insults",
    "it corrects another answer",
    "it is a question, a courtesy or sends the asker elsewhere",
    "the asker's words are about this very message",
    "it comes before the asker is content for the first time",
    "the asker says next that it was understood",
    "the asker shows what solved it",
    "most questions stay open",
    "somebody marked the answer",
    "the post is tagged as solved",
    "the asker thanks at the end",
    "the asker still tries, or then fails",
    "the asker's last message tells of failure",
    "the asker fails near the end",
    "the asker's last message asks",
    "the asker does not come back",
    "a problem was described, and the asker does not come back",
    "the asker comes back many times",
    "the asker is content with another message",
    "it is a problem, not a question of fact",
    "it asks clearly",
    "another helper says the same",
    "somebody refuses an answer",
    "several people help",
    "the asker asks on after being content",
    "the asker fails after being content",
    "the asker only promises to try it",
    "the asker says more after being content",
    "others go on helping after the asker was content",
    "much was said between the answer and the asker's words about it",
    "the asker's words could be about other answers too",
    "the asker had to explain much before it",
    "the asker's last message denies or contrasts something",
    "the asker thanks somebody after it",
    "the asker says next that it was done or understood",
    "the asker leaves with thanks or an ok",
    "the answer holds a question",
    "the asker speaks for more than one answer",
    "somebody closed the thread after it",
    "nobody says anything that could be judged",
    "no message asks clearly enough",
    "it comes before the marked answer",
    "no message answers",
    "the best message asks back, jokes or sends elsewhere",
    "the asker says that it is no question",
    "a reply takes it for a question",
];

/// The code of a reason's words; `None` for words that no verdict of this version gives.
pub fn reason_code(what: &str) -> Option<usize> {
    static CODES: LazyLock<HashMap<&str, usize>> =
        LazyLock::new(|| REASONS.iter().enumerate().map(|(code, what)| (*what, code)).collect());
    CODES.get(what).copied()
}

/// The words of a reason by its code.
pub fn reason_text(code: usize) -> Option<&'static str> {
    REASONS.get(code).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resolution::weights::{ANSWER_FEATURES, OUTCOME, QUESTION_FEATURES};

    #[test]
    fn every_reason_has_one_code() {
        for (code, what) in REASONS.iter().enumerate() {
            assert_eq!((reason_code(what), reason_text(code)), (Some(code), Some(*what)));
        }
        let features = QUESTION_FEATURES.iter().chain(&ANSWER_FEATURES).chain(&OUTCOME);
        for (key, what) in features {
            assert!(reason_code(what).is_some(), "the reason of {key} has no code");
        }
        assert_eq!((reason_code("gossip"), reason_text(REASONS.len())), (None, None));
    }
}
