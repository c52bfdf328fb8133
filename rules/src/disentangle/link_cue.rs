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

    /// The stable word that stores and APIs use.
    pub fn as_str(self) -> &'static str {
        self.words().0
    }

    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|cue| cue.as_str() == word)
    }

    /// An English phrase about the message, lower case, without names.
    pub fn text(self) -> &'static str {
        self.words().1
    }

    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Reply => ("reply", "is a Discord reply to it"),
            Self::Thread => ("thread", "stands in the same thread"),
            Self::Names => ("names", "names its author"),
            Self::NamedBy => ("named-by", "its author was named there"),
            Self::Partners => ("partners", "the two were talking with each other"),
            Self::OwnTalk => ("own-talk", "goes on with what its author said"),
            Self::SharedWords => ("shared-words", "shares rare words with it"),
            Self::AnswersQuestion => ("answers-question", "follows a question"),
            Self::NextTo => ("next-to", "stands close to it"),
            Self::SoonAfter => ("soon-after", "was sent soon after it"),
            Self::FirstWords => ("first-words", "its author has not spoken lately"),
            Self::AsksAnew => ("asks-anew", "opens with a question or a greeting"),
            Self::NamesNobodyHere => ("names-nobody-here", "names nobody who spoke lately"),
            Self::AfterSilence => ("after-silence", "was sent after a silence"),
            Self::NothingNear => ("nothing-near", "nothing before it fits better"),
        }
    }
}

impl fmt::Display for LinkCue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cue_reads_back_from_its_word() {
        for cue in LinkCue::ALL {
            assert_eq!(LinkCue::parse(cue.as_str()), Some(cue));
            assert!(!cue.text().is_empty());
        }
        assert_eq!(LinkCue::parse("gossip"), None);
    }
}
