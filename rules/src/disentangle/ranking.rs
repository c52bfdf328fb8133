//! Looks at every candidate for the message before a message.

use std::sync::LazyLock;

use jiff::SignedDuration;

use super::features::{FeatureSink, LinkFeature};
use super::fingerprint::TextTraits;
use super::tempo::{self, ChannelTempo, LATEST, TempoCandidate, TempoSpeaker};
use super::window::{MaxPauses, MessageWindow, SpeakerSet, WINDOW, WindowMessage, log_seconds};
use crate::model::ids::MessageId;

/// The pause that a channel is taken to have before it has shown its own: a minute.
const USUAL_PACE: f32 = 4.1;
const ADJACENT_LINES: usize = 6;
const SHORT: u32 = 3;
const LONG: u32 = 15;

/// The natural logarithms of the counts that a window can hold.
static LOG: LazyLock<[f32; WINDOW + 2]> =
    LazyLock::new(|| std::array::from_fn(|count| (count.max(1) as f32).ln()));

/// A message against the window before it.
pub(super) struct CandidateRanking<'w> {
    window: &'w MessageWindow,
    line: &'w WindowMessage,
    me: SpeakerSet,
    named: SpeakerSet,
    naming: AddresseePresence,
    mentioned: SpeakerSet,
    pace: f32,
    /// The authors of the lines, newest first, and whom they speak to.
    people: [(SpeakerSet, SpeakerSet); WINDOW],
    /// Whom my latest naming line named.
    whom_i_named: SpeakerSet,
    /// Who named me last.
    who_named_me: SpeakerSet,
    /// Whether I have not spoken in the window.
    newcomer: bool,
    /// How many people spoke in the last lines, with me.
    company: u32,
    tempo: ChannelTempo,
}

/// Whom the message speaks to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum AddresseePresence {
    Nobody,
    SomebodyHere,
    SomebodyAway,
}

/// A candidate with what the walk back to it has found.
#[derive(Clone, Copy)]
pub(super) enum RankedCandidate<'w> {
    Line(&'w WindowMessage, InterveningTurns),
    Start(StartContext),
}

impl RankedCandidate<'_> {
    pub(super) fn parent(&self) -> Option<MessageId> {
        match self {
            Self::Line(line, _) => Some(line.id),
            Self::Start(_) => None,
        }
    }
}

/// What happened between a candidate and the message, while walking back.
#[derive(Clone, Copy)]
pub(super) struct InterveningTurns {
    lines: usize,
    own: u32,
    /// How many lines each speaker has said.
    said: [u8; 64],
    addressed: SpeakerSet,
    /// Whom I have addressed.
    answered: SpeakerSet,
    called_me: u32,
    spoke: SpeakerSet,
}

/// What the walk over the candidates tells of the start.
#[derive(Clone, Copy, Default)]
pub(super) struct StartContext {
    own: Option<(usize, f32)>,
    called: Option<(usize, f32, bool)>,
    shared: u32,
    open_question: bool,
}

impl<'w> CandidateRanking<'w> {
    pub(super) fn of(window: &'w MessageWindow, line: &'w WindowMessage) -> Self {
        let me = window.person(line);
        let named = window.addressed(line);
        let naming = match (named, line.target) {
            (0, None) => AddresseePresence::Nobody,
            (0, Some(_)) => AddresseePresence::SomebodyAway,
            _ => AddresseePresence::SomebodyHere,
        };
        let (mut whom_i_named, mut who_named_me, mut company) = (0, 0, me);
        let mut people = [(0, 0); WINDOW];
        for (place, other) in window.newest_first().enumerate() {
            let person = window.person(other);
            let addressed = window.addressed(other);
            people[place] = (person, addressed);
            if person & me != 0 && whom_i_named == 0 {
                whom_i_named = addressed;
            }
            if addressed & me != 0 && who_named_me == 0 {
                who_named_me = person;
            }
            if place < ADJACENT_LINES {
                company |= person;
            }
        }
        let newcomer = people.iter().all(|(person, _)| person & me == 0);
        let nobody = naming == AddresseePresence::Nobody;
        let speaker = TempoSpeaker { me, newcomer, nobody };
        Self {
            window,
            line,
            tempo: ChannelTempo::of(window, line, &people, speaker),
            me,
            named,
            naming,
            mentioned: window.mentioned_inside(line),
            pace: window.pace().unwrap_or(USUAL_PACE),
            newcomer,
            people,
            whom_i_named,
            who_named_me,
            company: company.count_ones(),
        }
    }

    /// How quiet the channel has been, from 0 to 1.
    pub(super) fn quietness(&self) -> f32 {
        tempo::quietness(self.pace)
    }

    /// Fills a sink for every candidate, newest first, and for the start at the end.
    pub(super) fn each<S: FeatureSink>(
        &self,
        limits: MaxPauses,
        mut sink: impl FnMut() -> S,
        mut done: impl FnMut(&RankedCandidate<'w>, S),
    ) {
        let (mut since, mut found) = (InterveningTurns::nothing(), StartContext::default());
        for other in self.window.newest_first() {
            let pair = CandidatePair::of(self, other, &since);
            pair.note(&mut found);
            let (person, addressed, near) = (
                pair.person,
                pair.addressed,
                limits.allow(pair.gap, pair.is_named() || pair.calls_me()),
            );
            if near {
                let mut sink = sink();
                pair.fill(&mut sink);
                done(&RankedCandidate::Line(other, since), sink);
            }
            since.pass(self.me, person, addressed);
        }
        let mut sink = sink();
        self.start(&found, &mut sink);
        done(&RankedCandidate::Start(found), sink);
    }

    /// The features of a candidate that [`Self::each`] has shown.
    pub(super) fn features_of(&self, choice: &RankedCandidate<'w>) -> Vec<(LinkFeature, f32)> {
        let mut features = Vec::with_capacity(40);
        match choice {
            RankedCandidate::Line(other, since) => {
                CandidatePair::of(self, other, since).fill(&mut features)
            }
            RankedCandidate::Start(found) => self.start(found, &mut features),
        }
        features
    }

    fn start(&self, found: &StartContext, sink: &mut impl FeatureSink) {
        use LinkFeature::*;
        let text = &self.line.text;
        let newcomer = found.own.is_none();
        let asks = text.traits.has(TextTraits::QUESTION_MARK);
        sink.add(Start, 1.0);
        sink.when(StartQuestion, asks);
        sink.when(StartAsks, text.traits.has(TextTraits::ASKS));
        sink.when(StartGreets, text.traits.has(TextTraits::GREETS));
        sink.when(StartThanks, text.traits.has(TextTraits::THANKS));
        sink.when(StartAgrees, text.traits.has(TextTraits::AGREES));
        sink.when(StartGoesOn, text.traits.has(TextTraits::CONTINUES));
        sink.when(StartNaming, self.naming == AddresseePresence::SomebodyHere);
        sink.when(StartNamingAway, self.naming == AddresseePresence::SomebodyAway);
        sink.when(
            StartNamedInside,
            self.naming == AddresseePresence::Nobody && self.mentioned != 0,
        );
        sink.when(StartShort, text.word_count <= SHORT);
        sink.when(StartLong, text.word_count >= LONG);
        sink.when(StartLink, text.traits.has(TextTraits::LINK));
        sink.when(StartNewcomer, newcomer);
        sink.when(StartNewcomerAsks, newcomer && asks && self.naming == AddresseePresence::Nobody);
        sink.when(StartNewcomerLong, newcomer && text.word_count >= LONG);
        if let Some((distance, late)) = found.own {
            sink.add(StartOwnNear, 1.0 / distance as f32);
            sink.add(StartOwnLate, late.min(LATEST));
        }
        if let Some((distance, late, open)) = found.called {
            sink.add(StartCalled, 1.0 / distance as f32);
            sink.add(StartCalledLate, late.min(LATEST));
            sink.when(StartCalledOpen, open);
        }
        sink.add(StartSilence, self.line.pause.min(LATEST));
        sink.add(StartSilenceForPace, self.line.pause - self.pace);
        sink.when(StartSilenceLong, self.line.pause > LATEST);
        if asks && self.naming == AddresseePresence::Nobody {
            sink.add(StartQuestionSilence, self.line.pause.min(LATEST));
            sink.add(StartQuestionPace, self.pace.min(LATEST));
        }
        if newcomer {
            sink.add(StartNewcomerSilence, self.line.pause.min(LATEST));
        }
        sink.add(StartPace, self.pace.min(LATEST));
        self.tempo.start(found.own.map(|(_, late)| late), sink);
        sink.add(StartCrowd, self.company as f32);
        sink.when(StartOpenQuestion, found.open_question);
        sink.when(StartSharing, found.shared > 1);
        sink.when(StartFromBot, self.line.bot);
        sink.when(StartAfterBot, self.window.newest().is_some_and(|last| last.bot));
        sink.when(StartFirst, self.window.len() < WINDOW / 2);
    }
}

impl InterveningTurns {
    fn nothing() -> Self {
        Self { lines: 0, own: 0, said: [0; 64], addressed: 0, answered: 0, called_me: 0, spoke: 0 }
    }

    fn pass(&mut self, me: SpeakerSet, person: SpeakerSet, addressed: SpeakerSet) {
        self.lines += 1;
        self.own += u32::from(person & me != 0);
        let mut bits = person;
        while bits != 0 {
            self.said[bits.trailing_zeros() as usize] += 1;
            bits &= bits - 1;
        }
        self.addressed |= addressed;
        if person & me != 0 {
            self.answered |= addressed;
        }
        self.called_me += u32::from(addressed & me != 0);
        self.spoke |= person;
    }
}

/// The message and one candidate.
struct CandidatePair<'r, 'w> {
    ranking: &'r CandidateRanking<'w>,
    other: &'w WindowMessage,
    since: &'r InterveningTurns,
    person: SpeakerSet,
    addressed: SpeakerSet,
    gap: SignedDuration,
    /// The logarithm of the seconds between them.
    late: f32,
    shared: u32,
}

impl<'r, 'w> CandidatePair<'r, 'w> {
    fn of(
        ranking: &'r CandidateRanking<'w>,
        other: &'w WindowMessage,
        since: &'r InterveningTurns,
    ) -> Self {
        let (person, addressed) = ranking.people[since.lines];
        let gap = ranking.line.sent.duration_since(other.sent).max(SignedDuration::ZERO);
        let shared = ranking.line.text.shared_topics(&other.text);
        Self { ranking, other, since, person, addressed, gap, late: log_seconds(gap), shared }
    }

    fn is_own(&self) -> bool {
        self.person & self.ranking.me != 0
    }

    fn is_named(&self) -> bool {
        self.ranking.named & self.person != 0
    }

    fn calls_me(&self) -> bool {
        self.addressed & self.ranking.me != 0
    }

    /// A question whose author nobody has addressed since.
    fn is_open_question(&self) -> bool {
        self.other.text.traits.has(TextTraits::QUESTION_MARK)
            && !self.is_own()
            && self.since.addressed & self.person == 0
    }

    fn note(&self, found: &mut StartContext) {
        let distance = self.since.lines + 1;
        if self.is_own() && found.own.is_none() {
            found.own = Some((distance, self.late));
        }
        if self.calls_me() && found.called.is_none() {
            found.called = Some((distance, self.late, self.since.own == 0));
        }
        found.open_question |= self.is_open_question() && self.addressed == 0;
        found.shared = found.shared.max(self.shared);
    }

    fn fill(&self, sink: &mut impl FeatureSink) {
        self.relation(sink);
        self.time(sink);
        self.tempo(sink);
        self.place(sink);
        self.turns(sink);
        self.partners(sink);
        self.words(sink);
        self.kinds(sink);
    }

    fn relation(&self, sink: &mut impl FeatureSink) {
        use LinkFeature::*;
        let (far, late) = (LOG[self.since.lines + 1], self.late.min(LATEST));
        let naming = self.ranking.naming as usize;
        let (relation, distance) = if self.is_own() {
            sink.add(OwnLate, late);
            (
                [Own, OwnNaming, OwnNamingAway][naming],
                [OwnFar, OwnNamingFar, OwnNamingAwayFar][naming],
            )
        } else if self.is_named() {
            sink.add(NamedLate, late);
            (Named, NamedFar)
        } else if self.calls_me() {
            sink.add(CalledLate, late);
            (
                [Called, CalledNaming, CalledNamingAway][naming],
                [CalledFar, CalledNamingFar, CalledNamingAwayFar][naming],
            )
        } else if self.addressed != 0 || self.other.target.is_some() {
            (
                [Aside, AsideNaming, AsideNamingAway][naming],
                [AsideFar, AsideNamingFar, AsideNamingAwayFar][naming],
            )
        } else {
            (
                [Plain, PlainNaming, PlainNamingAway][naming],
                [PlainFar, PlainNamingFar, PlainNamingAwayFar][naming],
            )
        };
        sink.add(relation, 1.0);
        sink.add(distance, far);
    }

    fn time(&self, sink: &mut impl FeatureSink) {
        use LinkFeature::*;
        sink.add(Late, self.late.min(LATEST));
        sink.add(LateForPace, self.late - self.ranking.pace);
        sink.when(WithinSeconds, self.gap < SignedDuration::from_secs(12));
        sink.when(WithinMinute, self.gap < SignedDuration::from_mins(1));
        sink.when(WithinMinutes, self.gap < SignedDuration::from_mins(5));
        sink.when(BeyondQuarter, self.gap > SignedDuration::from_mins(15));
    }

    fn tempo(&self, sink: &mut impl FeatureSink) {
        let candidate = TempoCandidate {
            place: self.since.lines,
            person: self.person,
            addresses: self.addressed != 0,
            calls_me: self.calls_me(),
            own_since: self.since.own > 0,
            gap: self.gap,
            late: self.late,
            shares: self.shared > 0,
        };
        self.ranking.tempo.candidate(&candidate, sink);
    }

    fn place(&self, sink: &mut impl FeatureSink) {
        use LinkFeature::*;
        match self.since.lines {
            0 => {
                sink.add(Adjacent, 1.0);
                sink.when(AdjacentOwn, self.is_own());
                sink.add(AdjacentQuiet, self.ranking.pace.min(LATEST));
                sink.when(AdjacentPair, self.ranking.company <= 2);
            }
            1 => sink.add(Second, 1.0),
            _ => {}
        }
    }

    fn turns(&self, sink: &mut impl FeatureSink) {
        use LinkFeature::*;
        let since = self.since;
        let by_author = since.said[self.person.trailing_zeros() as usize & 63];
        if self.is_own() {
            self.own_turn(sink);
        } else {
            sink.when(AuthorLast, by_author == 0);
            sink.add(AuthorSince, LOG[1 + usize::from(by_author)]);
            sink.when(NamedLast, by_author == 0 && self.is_named());
        }
        if since.own > 0 {
            sink.add(OwnSince, LOG[1 + since.own as usize]);
        }
        if self.calls_me() {
            sink.when(CalledLast, since.called_me == 0);
            sink.when(CalledSince, since.called_me > 0);
            sink.when(CalledAnsweredSince, since.answered & self.person != 0);
            sink.when(CalledOwnSince, since.own > 0);
        } else {
            sink.when(OthersNameMe, self.ranking.who_named_me != 0 && !self.is_own());
        }
        sink.when(AuthorNamedSince, since.addressed & self.person != 0 && !self.is_own());
    }

    fn own_turn(&self, sink: &mut impl FeatureSink) {
        use LinkFeature::*;
        let since = self.since;
        if since.own > 0 {
            return;
        }
        sink.add(OwnLast, 1.0);
        sink.add(OwnLastLate, self.late.min(LATEST));
        sink.when(OwnLastNaming, self.ranking.naming != AddresseePresence::Nobody);
        sink.when(OwnLastQuestion, self.other.text.traits.has(TextTraits::QUESTION_MARK));
        sink.when(OwnLastAnswered, since.addressed & self.ranking.me != 0);
        sink.when(OwnButPartnerSpoke, self.addressed & since.spoke != 0);
    }

    fn partners(&self, sink: &mut impl FeatureSink) {
        use LinkFeature::*;
        let ranking = self.ranking;
        let same_target = ranking.named & self.addressed != 0
            || ranking.line.target.is_some() && ranking.line.target == self.other.target;
        if self.is_own() {
            let target_spoke = self.since.spoke & ranking.named != 0;
            sink.when(OwnSameTarget, same_target);
            sink.when(OwnTargetSilent, same_target && !target_spoke);
            sink.when(OwnTargetSpoke, target_spoke);
            sink.when(
                OwnOtherTarget,
                !same_target && ranking.naming != AddresseePresence::Nobody && self.addressed != 0,
            );
            return;
        }
        let inside = ranking.mentioned & self.person != 0 && !self.is_named();
        let called_inside = ranking.window.mentioned_inside(self.other) & ranking.me != 0;
        sink.when(NamedOnlyInside, inside);
        sink.when(CalledOnlyInside, called_inside && !self.calls_me());
        sink.when(NamedInPart, self.is_named() && ranking.window.is_partial(ranking.line));
        sink.when(Mutual, self.is_named() && self.calls_me());
        sink.when(SameTarget, same_target);
        let nobody = ranking.naming == AddresseePresence::Nobody;
        sink.when(PartnerILastNamed, nobody && ranking.whom_i_named & self.person != 0);
        sink.when(
            PartnerWhoNamedMe,
            nobody && ranking.who_named_me & self.person != 0 && !self.calls_me(),
        );
        sink.when(NamesWhomINamed, nobody && ranking.whom_i_named & self.addressed != 0);
        sink.when(
            PartnerSinceMine,
            nobody && self.since.own == 0 && ranking.whom_i_named & self.person != 0,
        );
        sink.when(CalledOpen, self.calls_me() && self.since.own == 0);
        self.named(sink);
        self.called(sink);
        self.after_mine(sink);
    }

    /// Which of the lines of somebody whom I name.
    fn named(&self, sink: &mut impl FeatureSink) {
        use LinkFeature::*;
        if !self.is_named() {
            return;
        }
        let (since, text) = (self.since, &self.other.text);
        sink.when(NamedAside, self.addressed != 0 && !self.calls_me());
        sink.when(NamedQuestion, text.traits.has(TextTraits::QUESTION_MARK));
        sink.when(NamedUnheard, since.addressed & self.person == 0);
        sink.when(NamedAnsweredSince, since.answered & self.person != 0);
        sink.when(NamedAnsweredByOther, since.addressed & self.person != 0);
        sink.when(NamedShared, self.shared > 0);
        sink.when(NamedShort, text.word_count <= SHORT);
        sink.when(NamedLong, text.word_count >= LONG);
        sink.when(NamedAsks, self.ranking.line.text.traits.has(TextTraits::QUESTION_MARK));
        if since.spoke & self.person == 0 {
            sink.add(NamedLastLate, self.late.min(LATEST));
        }
    }

    /// Which of the lines that name me.
    fn called(&self, sink: &mut impl FeatureSink) {
        use LinkFeature::*;
        if !self.calls_me() {
            return;
        }
        let text = &self.other.text;
        sink.when(CalledQuestion, text.traits.has(TextTraits::QUESTION_MARK));
        sink.when(CalledShared, self.shared > 0);
        sink.when(CalledLong, text.word_count >= LONG);
        sink.when(CalledShort, text.word_count <= SHORT);
        sink.when(CalledAsks, self.ranking.line.text.traits.has(TextTraits::QUESTION_MARK));
        if self.since.called_me == 0 {
            sink.add(CalledLastLate, self.late.min(LATEST));
        }
    }

    /// A line that names nobody and stands right behind one of mine may speak to me.
    fn after_mine(&self, sink: &mut impl FeatureSink) {
        use LinkFeature::*;
        let Some(before) = self.ranking.window.newest_first().nth(self.since.lines + 1) else {
            return;
        };
        let (person, addressed) = self.ranking.people[self.since.lines + 1];
        if person & self.ranking.me == 0
            || self.addressed != 0
            || self.ranking.naming == AddresseePresence::SomebodyHere
        {
            return;
        }
        sink.add(FollowsMine, 1.0);
        sink.when(FollowsMyQuestion, before.text.traits.has(TextTraits::QUESTION_MARK));
        sink.when(FollowsMyNaming, addressed & self.person != 0);
    }

    fn words(&self, sink: &mut impl FeatureSink) {
        use LinkFeature::*;
        let (mine, theirs) = (&self.ranking.line.text, &self.other.text);
        let shared = self.shared;
        if shared == 0 {
            let informative = mine.topics.len() > 3 && theirs.topics.len() > 3;
            sink.when(OwnUnlike, informative && self.is_own());
            sink.when(OtherUnlike, informative && !self.is_own());
            return;
        }
        sink.when(SharedOne, shared == 1);
        sink.when(SharedTwo, shared == 2);
        sink.when(SharedMore, shared > 2);
        let share = shared as f32 / (mine.topics.len() as f32 * theirs.topics.len() as f32).sqrt();
        sink.add(SharedShare, share);
        sink.when(SharedMost, share > 0.5 && shared > 1);
        sink.when(SameText, shared > 1 && mine.words == theirs.words);
        sink.when(OwnShared, self.is_own());
        sink.when(OldShared, self.since.lines > 10);
    }

    fn kinds(&self, sink: &mut impl FeatureSink) {
        use LinkFeature::*;
        let (mine, theirs) = (self.ranking.line.text.traits, self.other.text.traits);
        let (asks, asked) =
            (mine.has(TextTraits::QUESTION_MARK), theirs.has(TextTraits::QUESTION_MARK));
        let (words, their_words) = (self.ranking.line.text.word_count, self.other.text.word_count);
        if self.is_own() {
            sink.when(OwnQuestionTwice, asks && asked);
            sink.when(OwnGoesOn, mine.has(TextTraits::CONTINUES));
            sink.when(OwnCorrects, mine.has(TextTraits::CORRECTS));
            sink.when(OwnAfterTrailing, theirs.has(TextTraits::TRAILS_OFF) && self.since.own == 0);
            sink.when(ThanksToOwn, mine.has(TextTraits::THANKS));
            sink.when(ShortToOwn, words <= SHORT);
            sink.when(LongToOwn, words >= LONG);
            sink.when(QuestionToOwn, asks);
        } else {
            let newcomer = self.since.spoke & self.person == 0 && self.addressed == 0;
            sink.when(ToQuestion, asked);
            let open = self.is_open_question() && self.addressed == 0;
            let nobody = self.ranking.naming == AddresseePresence::Nobody;
            sink.when(ToOpenQuestion, self.is_open_question());
            sink.when(PlainOpenQuestion, open && !asks && nobody);
            sink.when(NewcomerToOpenQuestion, open && !asks && nobody && self.ranking.newcomer);
            sink.when(ToQuestionByAnswer, asked && !asks && self.addressed == 0);
            sink.when(ToNewcomer, newcomer && their_words >= LONG);
            sink.when(QuestionToQuestion, asks && asked);
            sink.when(QuestionToOther, asks);
            sink.when(GoesOn, mine.has(TextTraits::CONTINUES));
            sink.when(ThanksToOther, mine.has(TextTraits::THANKS));
            sink.when(AgreesWithOther, mine.has(TextTraits::AGREES));
            sink.when(AgreesWithQuestion, mine.has(TextTraits::AGREES) && asked);
            sink.when(
                GreetsGreeting,
                mine.has(TextTraits::GREETS) && theirs.has(TextTraits::GREETS),
            );
            sink.when(GreetsOther, mine.has(TextTraits::GREETS));
            sink.when(ShortToOther, words <= SHORT);
            sink.when(ToBot, self.other.bot);
            sink.when(FromBot, self.ranking.line.bot);
        }
        sink.when(ToThanks, theirs.has(TextTraits::THANKS));
        sink.when(ToGreeting, theirs.has(TextTraits::GREETS));
        sink.when(ToLink, theirs.has(TextTraits::LINK));
        sink.when(ToShort, their_words <= SHORT);
        sink.when(ToLong, their_words >= LONG);
    }
}
