//! Why a link is what it is, in words short enough for a table.

use std::fmt;

/// One argument for a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LinkCue {
    Reply,
    Thread,
    Names,
    NamedBy,
    Partners,
    OwnTalk,
    SharedWords,
    AnswersQuestion,
    NextTo,
    SoonAfter,
    FirstWords,
    AsksAnew,
    NamesNobodyHere,
    AfterSilence,
    NothingNear,
}

impl LinkCue {
    pub const ALL: [Self; 15] = [
        Self::Reply,
        Self::Thread,
        Self::Names,
        Self::NamedBy,
        Self::Partners,
        Self::OwnTalk,
        Self::SharedWords,
        Self::AnswersQuestion,
        Self::NextTo,
        Self::SoonAfter,
        Self::FirstWords,
        Self::AsksAnew,
        Self::NamesNobodyHere,
        Self::AfterSilence,
        Self::NothingNear,
    ];

    /// The stable letter that stores use.
    pub fn letter(self) -> char {
        self.words().1
    }

    pub fn from_letter(letter: char) -> Option<Self> {
        Self::ALL.into_iter().find(|cue| cue.letter() == letter)
    }

    /// An English phrase about the message, lower case, without names.
    pub fn text(self) -> &'static str {
        self.words().2
    }

    fn words(self) -> (&'static str, char, &'static str) {
        match self {
            Self::Reply => ("reply", 'r', "is a Discord reply to it"),
            Self::Thread => ("thread", 't', "stands in the same thread"),
            Self::Names => ("names", 'n', "names its author"),
            Self::NamedBy => ("named-by", 'b', "its author was named there"),
            Self::Partners => ("partners", 'p', "the two were talking with each other"),
            Self::OwnTalk => ("own-talk", 'o', "goes on with what its author said"),
            Self::SharedWords => ("shared-words", 'w', "shares rare words with it"),
            Self::AnswersQuestion => ("answers-question", 'q', "follows a question"),
            Self::NextTo => ("next-to", 'x', "stands close to it"),
            Self::SoonAfter => ("soon-after", 's', "was sent soon after it"),
            Self::FirstWords => ("first-words", 'f', "its author has not spoken lately"),
            Self::AsksAnew => ("asks-anew", 'a', "opens with a question or a greeting"),
            Self::NamesNobodyHere => ("names-nobody-here", 'h', "names nobody who spoke lately"),
            Self::AfterSilence => ("after-silence", 'l', "was sent after a silence"),
            Self::NothingNear => ("nothing-near", 'e', "nothing before it fits better"),
        }
    }
}

impl fmt::Display for LinkCue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.words().0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cue_reads_back_from_its_letter() {
        for cue in LinkCue::ALL {
            assert_eq!(LinkCue::from_letter(cue.letter()), Some(cue));
            assert!(!cue.text().is_empty());
        }
        assert_eq!(LinkCue::from_letter('?'), None);
    }
}
