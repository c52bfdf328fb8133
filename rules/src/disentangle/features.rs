//! What the ranker sees of a message and one message before it.

use super::link_cue::LinkCue;

macro_rules! features {
    ($($(#[$doc:meta])* $name:ident $word:literal $cue:expr,)+) => {
        /// One input of the linear ranker.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum LinkFeature { $($(#[$doc])* $name,)+ }

        impl LinkFeature {
            /// In the order of the weights file.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// The word of the weights file.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word),+ }
            }

            /// The cue that a weight of this feature counts for, if people can make sense of it.
            pub(super) fn cue(self) -> Option<LinkCue> {
                match self { $(Self::$name => $cue),+ }
            }
        }
    };
}

use LinkCue::*;

features! {
    // How the two messages stand to each other: exactly one of these for every candidate.
    Own "own" Some(OwnTalk),
    OwnNaming "own-naming" Some(OwnTalk),
    OwnNamingAway "own-naming-away" Some(OwnTalk),
    Named "named" Some(Names),
    Called "called" Some(NamedBy),
    CalledNaming "called-naming" Some(NamedBy),
    CalledNamingAway "called-naming-away" Some(NamedBy),
    Aside "aside" None,
    AsideNaming "aside-naming" None,
    AsideNamingAway "aside-naming-away" None,
    Plain "plain" None,
    PlainNaming "plain-naming" None,
    PlainNamingAway "plain-naming-away" None,
    // Distance in talk messages, as a logarithm, for each of them.
    OwnFar "own-far" Some(NextTo),
    OwnNamingFar "own-naming-far" Some(NextTo),
    OwnNamingAwayFar "own-naming-away-far" Some(NextTo),
    NamedFar "named-far" Some(NextTo),
    CalledFar "called-far" Some(NextTo),
    CalledNamingFar "called-naming-far" Some(NextTo),
    CalledNamingAwayFar "called-naming-away-far" Some(NextTo),
    AsideFar "aside-far" Some(NextTo),
    AsideNamingFar "aside-naming-far" Some(NextTo),
    AsideNamingAwayFar "aside-naming-away-far" Some(NextTo),
    PlainFar "plain-far" Some(NextTo),
    PlainNamingFar "plain-naming-far" Some(NextTo),
    PlainNamingAwayFar "plain-naming-away-far" Some(NextTo),
    // Time between them.
    Late "late" Some(SoonAfter),
    LateForPace "late-for-pace" Some(SoonAfter),
    OwnLate "own-late" Some(SoonAfter),
    NamedLate "named-late" Some(SoonAfter),
    CalledLate "called-late" Some(SoonAfter),
    WithinSeconds "within-seconds" Some(SoonAfter),
    WithinMinute "within-minute" Some(SoonAfter),
    WithinMinutes "within-minutes" Some(SoonAfter),
    BeyondQuarter "beyond-quarter" Some(SoonAfter),
    // Tempo: what a long pause means depends on who speaks and on how busy the channel is.
    OwnBeyond "own-beyond" Some(SoonAfter),
    OwnAsksBeyond "own-asks-beyond" None,
    OwnAsksBeyondHour "own-asks-beyond-hour" None,
    PlainBeyond "plain-beyond" Some(SoonAfter),
    LatestQuestion "latest-question" Some(AnswersQuestion),
    LatestQuestionAsks "latest-question-asks" Some(AnswersQuestion),
    LatestAsker "latest-asker" Some(AnswersQuestion),
    LatestUnanswered "latest-unanswered" Some(AnswersQuestion),
    OnlyUnanswered "only-unanswered" Some(AnswersQuestion),
    Unanswered "unanswered" Some(AnswersQuestion),
    UnansweredShared "unanswered-shared" Some(AnswersQuestion),
    UnansweredNewcomer "unanswered-newcomer" Some(AnswersQuestion),
    OwnAlone "own-alone" None,
    OwnAloneLate "own-alone-late" None,
    OwnAloneUnanswered "own-alone-unanswered" Some(OwnTalk),
    OtherAlone "other-alone" None,
    OtherAloneShared "other-alone-shared" None,
    CounterQuestion "counter-question" Some(AnswersQuestion),
    CounterQuestionUnanswered "counter-question-unanswered" Some(AnswersQuestion),
    OwnLastBeyondHour "own-last-beyond-hour" None,
    ToMineByAnswer "to-mine-by-answer" Some(Partners),
    // Place.
    Adjacent "adjacent" Some(NextTo),
    AdjacentOwn "adjacent-own" Some(OwnTalk),
    AdjacentQuiet "adjacent-quiet" Some(NextTo),
    AdjacentPair "adjacent-pair" Some(NextTo),
    Second "second" Some(NextTo),
    // Who spoke since.
    OwnLast "own-last" Some(OwnTalk),
    OwnSince "own-since" None,
    AuthorLast "author-last" None,
    AuthorSince "author-since" None,
    NamedLast "named-last" Some(Names),
    CalledLast "called-last" Some(NamedBy),
    CalledSince "called-since" None,
    CalledAnsweredSince "called-answered-since" None,
    CalledOwnSince "called-own-since" None,
    OthersNameMe "others-name-me" None,
    // Who talks with whom.
    NamedOnlyInside "named-only-inside" Some(Names),
    CalledOnlyInside "called-only-inside" Some(NamedBy),
    NamedInPart "named-in-part" Some(Names),
    Mutual "mutual" Some(Partners),
    NamedAside "named-aside" None,
    NamedQuestion "named-question" Some(AnswersQuestion),
    NamedUnheard "named-unheard" Some(Names),
    NamedAnsweredSince "named-answered-since" None,
    NamedAnsweredByOther "named-answered-by-other" None,
    NamedShared "named-shared" Some(SharedWords),
    NamedShort "named-short" None,
    NamedLong "named-long" Some(Names),
    NamedAsks "named-asks" None,
    NamedLastLate "named-last-late" None,
    CalledQuestion "called-question" Some(AnswersQuestion),
    CalledShared "called-shared" Some(SharedWords),
    CalledLong "called-long" None,
    CalledShort "called-short" None,
    CalledAsks "called-asks" None,
    CalledLastLate "called-last-late" None,
    OwnTargetSilent "own-target-silent" Some(OwnTalk),
    OwnTargetSpoke "own-target-spoke" None,
    SameTarget "same-target" Some(Partners),
    OwnSameTarget "own-same-target" Some(Partners),
    OwnOtherTarget "own-other-target" None,
    PartnerILastNamed "partner-i-last-named" Some(Partners),
    PartnerWhoNamedMe "partner-who-named-me" Some(Partners),
    NamesWhomINamed "names-whom-i-named" Some(Partners),
    PartnerSinceMine "partner-since-mine" Some(Partners),
    FollowsMine "follows-mine" Some(Partners),
    FollowsMyQuestion "follows-my-question" Some(Partners),
    FollowsMyNaming "follows-my-naming" Some(Partners),
    OwnButPartnerSpoke "own-but-partner-spoke" None,
    OwnLastLate "own-last-late" Some(SoonAfter),
    OwnLastNaming "own-last-naming" None,
    OwnLastQuestion "own-last-question" None,
    OwnLastAnswered "own-last-answered" None,
    CalledOpen "called-open" Some(NamedBy),
    PlainOpenQuestion "plain-open-question" Some(AnswersQuestion),
    NewcomerToOpenQuestion "newcomer-to-open-question" Some(AnswersQuestion),
    AuthorNamedSince "author-named-since" None,
    // Words.
    SharedOne "shared-one" Some(SharedWords),
    SharedTwo "shared-two" Some(SharedWords),
    SharedMore "shared-more" Some(SharedWords),
    SharedShare "shared-share" Some(SharedWords),
    OwnShared "own-shared" Some(SharedWords),
    OldShared "old-shared" Some(SharedWords),
    SharedMost "shared-most" Some(SharedWords),
    SameText "same-text" Some(SharedWords),
    OwnUnlike "own-unlike" None,
    OtherUnlike "other-unlike" None,
    // Kinds of sentence.
    ToQuestion "to-question" Some(AnswersQuestion),
    ToOpenQuestion "to-open-question" Some(AnswersQuestion),
    ToQuestionByAnswer "to-question-by-answer" Some(AnswersQuestion),
    ToNewcomer "to-newcomer" Some(AnswersQuestion),
    QuestionToQuestion "question-to-question" None,
    OwnQuestionTwice "own-question-twice" None,
    OwnGoesOn "own-goes-on" Some(OwnTalk),
    GoesOn "goes-on" None,
    OwnCorrects "own-corrects" Some(OwnTalk),
    OwnAfterTrailing "own-after-trailing" Some(OwnTalk),
    ThanksToOther "thanks-to-other" None,
    ThanksToOwn "thanks-to-own" None,
    AgreesWithOther "agrees-with-other" None,
    AgreesWithQuestion "agrees-with-question" Some(AnswersQuestion),
    ToThanks "to-thanks" None,
    ToGreeting "to-greeting" None,
    GreetsGreeting "greets-greeting" None,
    GreetsOther "greets-other" None,
    QuestionToOther "question-to-other" None,
    ToLink "to-link" None,
    ToShort "to-short" None,
    ToLong "to-long" None,
    ShortToOther "short-to-other" None,
    ShortToOwn "short-to-own" None,
    LongToOwn "long-to-own" None,
    QuestionToOwn "question-to-own" None,
    ToBot "to-bot" None,
    FromBot "from-bot" None,
    // No candidate at all: the message starts a conversation.
    Start "start" Some(NothingNear),
    StartQuestion "start-question" Some(AsksAnew),
    StartAsks "start-asks" Some(AsksAnew),
    StartGreets "start-greets" Some(AsksAnew),
    StartThanks "start-thanks" None,
    StartAgrees "start-agrees" None,
    StartGoesOn "start-goes-on" None,
    StartNaming "start-naming" None,
    StartNamingAway "start-naming-away" Some(NamesNobodyHere),
    StartNamedInside "start-named-inside" None,
    StartShort "start-short" None,
    StartLong "start-long" Some(AsksAnew),
    StartLink "start-link" None,
    StartNewcomer "start-newcomer" Some(FirstWords),
    StartNewcomerAsks "start-newcomer-asks" Some(AsksAnew),
    StartNewcomerLong "start-newcomer-long" Some(FirstWords),
    StartOwnNear "start-own-near" None,
    StartOwnLate "start-own-late" Some(AfterSilence),
    StartCalled "start-called" None,
    StartCalledLate "start-called-late" None,
    StartCalledOpen "start-called-open" None,
    StartSilence "start-silence" Some(AfterSilence),
    StartSilenceForPace "start-silence-for-pace" Some(AfterSilence),
    StartSilenceLong "start-silence-long" Some(AfterSilence),
    StartQuestionSilence "start-question-silence" Some(AfterSilence),
    StartNewcomerSilence "start-newcomer-silence" Some(AfterSilence),
    StartQuestionPace "start-question-pace" Some(AsksAnew),
    StartPace "start-pace" None,
    StartCrowd "start-crowd" None,
    StartOpenQuestion "start-open-question" None,
    StartSharing "start-sharing" None,
    StartFromBot "start-from-bot" None,
    StartAfterBot "start-after-bot" None,
    StartAlone "start-alone" Some(AsksAnew),
    StartAloneSeeks "start-alone-seeks" Some(AsksAnew),
    StartAloneNewcomer "start-alone-newcomer" Some(AsksAnew),
    StartCounterQuestion "start-counter-question" None,
    StartUnanswered "start-unanswered" None,
    StartOwnBeyond "start-own-beyond" Some(AfterSilence),
    StartAsksBeyond "start-asks-beyond" Some(AfterSilence),
    StartAsksBeyondHour "start-asks-beyond-hour" Some(AfterSilence),
    StartFirst "start-first" Some(NothingNear),
}

/// Where the features of one candidate go.
pub(super) trait FeatureSink {
    fn add(&mut self, feature: LinkFeature, value: f32);

    fn when(&mut self, feature: LinkFeature, holds: bool) {
        if holds {
            self.add(feature, 1.0);
        }
    }
}

/// Collects them, for training and for telling why.
impl FeatureSink for Vec<(LinkFeature, f32)> {
    fn add(&mut self, feature: LinkFeature, value: f32) {
        self.push((feature, value));
    }
}
