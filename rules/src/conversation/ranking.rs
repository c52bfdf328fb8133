//! Looks at every candidate for the message before a message.

use super::features::{Feature, Sink};
use super::reading::Traits;
use super::window::{Line, People, Window, log_seconds};
use super::{Limits, WINDOW};

/// The pause that a channel is taken to have before it has shown its own: a minute.
const USUAL_PACE: f32 = 4.1;
/// Beyond half an hour the absolute time tells nothing more: ln(1801).
const LATEST: f32 = 7.5;
const ADJACENT_LINES: usize = 6;
const SHORT: u32 = 3;
const LONG: u32 = 15;

/// A message against the window before it.
pub(super) struct Ranking<'w> {
    window: &'w Window,
    line: &'w Line,
    me: People,
    named: People,
    naming: Naming,
    mentioned: People,
    pace: f32,
    /// Whom my latest naming line named.
    whom_i_named: People,
    /// Who named me last.
    who_named_me: People,
    /// How many people spoke in the last lines, with me.
    company: u32,
}

/// Whom the message speaks to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Naming {
    Nobody,
    SomebodyHere,
    SomebodyAway,
}

/// What happened between a candidate and the message, while walking back.
struct Since {
    lines: usize,
    own: u32,
    /// How many lines each speaker has said.
    said: [u8; 64],
    addressed: People,
    /// Whom I have addressed.
    answered: People,
    called_me: u32,
    spoke: People,
}

/// What the walk over the candidates tells of the start.
#[derive(Default)]
struct Found {
    own: Option<(usize, f32)>,
    called: Option<(usize, f32, bool)>,
    shared: u32,
    open_question: bool,
}

impl<'w> Ranking<'w> {
    pub(super) fn of(window: &'w Window, line: &'w Line) -> Self {
        let me = window.person(line);
        let named = window.addressed(line);
        let naming = match (named, line.target) {
            (0, None) => Naming::Nobody,
            (0, Some(_)) => Naming::SomebodyAway,
            _ => Naming::SomebodyHere,
        };
        let (mut whom_i_named, mut who_named_me, mut company) = (0, 0, me);
        for (place, other) in window.newest_first().enumerate() {
            let person = window.person(other);
            let addressed = window.addressed(other);
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
        Self {
            window,
            line,
            me,
            named,
            naming,
            mentioned: window.mentioned_inside(line),
            pace: window.pace().unwrap_or(USUAL_PACE),
            whom_i_named,
            who_named_me,
            company: company.count_ones(),
        }
    }

    /// Fills a sink for every candidate, newest first, and for the start at the end.
    pub(super) fn each<S: Sink>(
        &self,
        limits: Limits,
        mut sink: impl FnMut() -> S,
        mut done: impl FnMut(Option<&'w Line>, S),
    ) {
        let (mut since, mut found) = (Since::nothing(), Found::default());
        for other in self.window.newest_first() {
            let pair = Pair::of(self, other, &since);
            pair.note(&mut found, &since);
            if limits.allow(pair.gap, pair.is_named() || pair.calls_me()) {
                let mut sink = sink();
                pair.fill(&mut sink);
                done(Some(other), sink);
            }
            let (person, addressed) = (pair.person, pair.addressed);
            since.pass(self.me, person, addressed);
        }
        let mut start = sink();
        self.start(&found, &mut start);
        done(None, start);
    }

    /// The features of one candidate, counted in the order of [`Self::each`].
    pub(super) fn features_of(&self, limits: Limits, wanted: usize) -> Vec<(Feature, f32)> {
        let (mut place, mut features) = (0, Vec::new());
        let sink = || {
            place += 1;
            (place == wanted + 1).then(Vec::new)
        };
        self.each(limits, sink, |_, sink| features.extend(sink.into_iter().flatten()));
        features
    }

    fn start(&self, found: &Found, sink: &mut impl Sink) {
        use Feature::*;
        let text = &self.line.text;
        let newcomer = found.own.is_none();
        let asks = text.traits.has(Traits::QUESTION_MARK);
        sink.add(Start, 1.0);
        sink.when(StartQuestion, asks);
        sink.when(StartAsks, text.traits.has(Traits::ASKS));
        sink.when(StartGreets, text.traits.has(Traits::GREETS));
        sink.when(StartThanks, text.traits.has(Traits::THANKS));
        sink.when(StartAgrees, text.traits.has(Traits::AGREES));
        sink.when(StartGoesOn, text.traits.has(Traits::CONTINUES));
        sink.when(StartNaming, self.naming == Naming::SomebodyHere);
        sink.when(StartNamingAway, self.naming == Naming::SomebodyAway);
        sink.when(StartNamedInside, self.naming == Naming::Nobody && self.mentioned != 0);
        sink.when(StartShort, text.word_count <= SHORT);
        sink.when(StartLong, text.word_count >= LONG);
        sink.when(StartLink, text.traits.has(Traits::LINK));
        sink.when(StartNewcomer, newcomer);
        sink.when(StartNewcomerAsks, newcomer && asks && self.naming == Naming::Nobody);
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
        sink.add(StartPace, self.pace.min(LATEST));
        sink.add(StartCrowd, self.company as f32);
        sink.when(StartOpenQuestion, found.open_question);
        sink.when(StartSharing, found.shared > 1);
        sink.when(StartFromBot, self.line.bot);
        sink.when(StartAfterBot, self.window.newest().is_some_and(|last| last.bot));
        sink.when(StartFirst, self.window.len() < WINDOW / 2);
    }
}

impl Since {
    fn nothing() -> Self {
        Self { lines: 0, own: 0, said: [0; 64], addressed: 0, answered: 0, called_me: 0, spoke: 0 }
    }

    fn pass(&mut self, me: People, person: People, addressed: People) {
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
struct Pair<'r, 'w> {
    ranking: &'r Ranking<'w>,
    other: &'w Line,
    since: &'r Since,
    person: People,
    addressed: People,
    gap: i64,
}

impl<'r, 'w> Pair<'r, 'w> {
    fn of(ranking: &'r Ranking<'w>, other: &'w Line, since: &'r Since) -> Self {
        let person = ranking.window.person(other);
        let addressed = ranking.window.addressed(other);
        let gap = (ranking.line.sent.0 - other.sent.0).max(0);
        Self { ranking, other, since, person, addressed, gap }
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
        self.other.text.traits.has(Traits::QUESTION_MARK)
            && !self.is_own()
            && self.since.addressed & self.person == 0
    }

    fn note(&self, found: &mut Found, since: &Since) {
        let distance = since.lines + 1;
        if self.is_own() && found.own.is_none() {
            found.own = Some((distance, log_seconds(self.gap)));
        }
        if self.calls_me() && found.called.is_none() {
            found.called = Some((distance, log_seconds(self.gap), since.own == 0));
        }
        found.open_question |= self.is_open_question() && self.addressed == 0;
        found.shared = found.shared.max(self.ranking.line.text.shared_topics(&self.other.text));
    }

    fn fill(&self, sink: &mut impl Sink) {
        let far = (self.since.lines as f32 + 1.0).ln();
        let late = log_seconds(self.gap);
        self.relation(far, late.min(LATEST), sink);
        self.time(late, sink);
        self.place(sink);
        self.turns(sink);
        self.partners(sink);
        self.words(sink);
        self.kinds(sink);
    }

    fn relation(&self, far: f32, late: f32, sink: &mut impl Sink) {
        use Feature::*;
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

    fn time(&self, late: f32, sink: &mut impl Sink) {
        use Feature::*;
        sink.add(Late, late.min(LATEST));
        sink.add(LateForPace, late - self.ranking.pace);
        sink.when(WithinSeconds, self.gap < 12_000);
        sink.when(WithinMinute, self.gap < 60_000);
        sink.when(WithinMinutes, self.gap < 300_000);
        sink.when(BeyondQuarter, self.gap > 900_000);
    }

    fn place(&self, sink: &mut impl Sink) {
        use Feature::*;
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

    fn turns(&self, sink: &mut impl Sink) {
        use Feature::*;
        let since = self.since;
        let by_author = since.said[self.person.trailing_zeros() as usize & 63];
        if self.is_own() {
            sink.when(OwnLast, since.own == 0);
        } else {
            sink.when(AuthorLast, by_author == 0);
            sink.add(AuthorSince, (1.0 + f32::from(by_author)).ln());
            sink.when(NamedLast, by_author == 0 && self.is_named());
        }
        if since.own > 0 {
            sink.add(OwnSince, (1.0 + since.own as f32).ln());
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

    fn partners(&self, sink: &mut impl Sink) {
        use Feature::*;
        let ranking = self.ranking;
        let same_target = ranking.named & self.addressed != 0
            || ranking.line.target.is_some() && ranking.line.target == self.other.target;
        if self.is_own() {
            sink.when(OwnSameTarget, same_target);
            sink.when(
                OwnOtherTarget,
                !same_target && ranking.naming != Naming::Nobody && self.addressed != 0,
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
        let nobody = ranking.naming == Naming::Nobody;
        sink.when(PartnerILastNamed, nobody && ranking.whom_i_named & self.person != 0);
        sink.when(
            PartnerWhoNamedMe,
            nobody && ranking.who_named_me & self.person != 0 && !self.calls_me(),
        );
        sink.when(NamesWhomINamed, nobody && ranking.whom_i_named & self.addressed != 0);
    }

    fn words(&self, sink: &mut impl Sink) {
        use Feature::*;
        let (mine, theirs) = (&self.ranking.line.text, &self.other.text);
        let shared = mine.shared_topics(theirs);
        if shared == 0 {
            return;
        }
        sink.when(SharedOne, shared == 1);
        sink.when(SharedTwo, shared == 2);
        sink.when(SharedMore, shared > 2);
        let share = shared as f32 / (mine.topics.len() as f32 * theirs.topics.len() as f32).sqrt();
        sink.add(SharedShare, share);
        sink.when(OwnShared, self.is_own());
        sink.when(OldShared, self.since.lines > 10);
    }

    fn kinds(&self, sink: &mut impl Sink) {
        use Feature::*;
        let (mine, theirs) = (self.ranking.line.text.traits, self.other.text.traits);
        let (asks, asked) = (mine.has(Traits::QUESTION_MARK), theirs.has(Traits::QUESTION_MARK));
        let (words, their_words) = (self.ranking.line.text.word_count, self.other.text.word_count);
        if self.is_own() {
            sink.when(OwnQuestionTwice, asks && asked);
            sink.when(OwnGoesOn, mine.has(Traits::CONTINUES));
            sink.when(OwnCorrects, mine.has(Traits::CORRECTS));
            sink.when(OwnAfterTrailing, theirs.has(Traits::TRAILS_OFF) && self.since.own == 0);
            sink.when(ThanksToOwn, mine.has(Traits::THANKS));
        } else {
            let newcomer = self.since.spoke & self.person == 0 && self.addressed == 0;
            sink.when(ToQuestion, asked);
            sink.when(ToOpenQuestion, self.is_open_question());
            sink.when(ToQuestionByAnswer, asked && !asks && self.addressed == 0);
            sink.when(ToNewcomer, newcomer && their_words >= LONG);
            sink.when(QuestionToQuestion, asks && asked);
            sink.when(QuestionToOther, asks);
            sink.when(GoesOn, mine.has(Traits::CONTINUES));
            sink.when(ThanksToOther, mine.has(Traits::THANKS));
            sink.when(AgreesWithOther, mine.has(Traits::AGREES));
            sink.when(AgreesWithQuestion, mine.has(Traits::AGREES) && asked);
            sink.when(GreetsGreeting, mine.has(Traits::GREETS) && theirs.has(Traits::GREETS));
            sink.when(GreetsOther, mine.has(Traits::GREETS));
            sink.when(ShortToOther, words <= SHORT);
            sink.when(ToBot, self.other.bot);
            sink.when(FromBot, self.ranking.line.bot);
        }
        sink.when(ToThanks, theirs.has(Traits::THANKS));
        sink.when(ToGreeting, theirs.has(Traits::GREETS));
        sink.when(ToLink, theirs.has(Traits::LINK));
        sink.when(ToShort, their_words <= SHORT);
        sink.when(ToLong, their_words >= LONG);
    }
}
