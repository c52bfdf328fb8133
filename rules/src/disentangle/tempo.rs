//! What pauses and open questions mean at the channel's own pace.

use jiff::SignedDuration;

use super::features::{FeatureSink, LinkFeature};
use super::fingerprint::TextTraits;
use super::window::{MessageWindow, SpeakerSet, WINDOW, WindowMessage, log_seconds};

/// Beyond half an hour a pause is told apart by other features: ln(1801).
pub(super) const LATEST: f32 = 7.5;
/// A channel is busy up to this pace, in logarithms of seconds: 20 seconds between two lines...
const BUSY: f32 = 3.0;
/// ...and quiet from this one: four minutes.
const QUIET: f32 = 5.5;
/// A person who asks after a longer pause rarely goes on with what they said before.
const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// How quiet a channel of this pace is, from 0 to 1.
pub(super) fn quietness(pace: f32) -> f32 {
    ((pace - BUSY) / (QUIET - BUSY)).clamp(0.0, 1.0)
}

/// Who sends the message.
#[derive(Debug, Clone, Copy)]
pub(super) struct TempoSpeaker {
    pub(super) me: SpeakerSet,
    /// Whether I have not spoken in the window.
    pub(super) newcomer: bool,
    /// Whether I speak to nobody in particular.
    pub(super) nobody: bool,
}

/// What the window holds for a message that says nothing of whom it is for.
#[derive(Debug)]
pub(super) struct ChannelTempo {
    speaker: TempoSpeaker,
    asks: bool,
    /// Whether the message is a question of its own.
    alone: bool,
    seeks: bool,
    speaks_to_one: bool,
    /// Where questions stand that nobody seems to have answered, newest first and one bit each.
    unanswered: u64,
    /// Where the newest question of somebody else stands whose author nobody has named since.
    unnamed_question: Option<usize>,
    my_question: Option<usize>,
    /// Who asked last, if not I.
    latest_asker: SpeakerSet,
}

/// A message before it.
#[derive(Debug)]
pub(super) struct TempoCandidate {
    /// How many lines came since.
    pub(super) place: usize,
    pub(super) person: SpeakerSet,
    pub(super) addresses: bool,
    pub(super) calls_me: bool,
    /// Whether I spoke since.
    pub(super) own_since: bool,
    /// The pause since, and its logarithm in seconds.
    pub(super) gap: SignedDuration,
    pub(super) late: f32,
    /// Whether the two share rare words.
    pub(super) shares: bool,
}

impl ChannelTempo {
    /// `people` are the authors of the window's lines, newest first, and whom they speak to.
    pub(super) fn of(
        window: &MessageWindow,
        line: &WindowMessage,
        people: &[(SpeakerSet, SpeakerSet); WINDOW],
        speaker: TempoSpeaker,
    ) -> Self {
        let traits = line.text.traits;
        let mut tempo = Self {
            speaker,
            asks: traits.asks(),
            alone: speaker.nobody && line.text.stands_alone(),
            seeks: traits.has(TextTraits::SEEKS),
            speaks_to_one: traits.has(TextTraits::SPEAKS_TO_ONE),
            unanswered: unanswered(window, people),
            unnamed_question: None,
            my_question: None,
            latest_asker: 0,
        };
        let mut named = 0;
        for (place, other) in window.newest_first().enumerate() {
            let (person, addressed) = people[place];
            if other.text.traits.asks() {
                tempo.note_question(place, person, addressed, named);
            }
            named |= addressed;
        }
        tempo
    }

    fn note_question(
        &mut self,
        place: usize,
        person: SpeakerSet,
        addressed: SpeakerSet,
        named_since: SpeakerSet,
    ) {
        if person & self.speaker.me != 0 {
            self.my_question = self.my_question.or(Some(place));
        } else if addressed == 0 {
            if named_since & person == 0 {
                self.unnamed_question = self.unnamed_question.or(Some(place));
            }
            if self.latest_asker == 0 {
                self.latest_asker = person;
            }
        }
    }

    /// `own_late` is the logarithm of the seconds since my last message.
    pub(super) fn start(&self, own_late: Option<f32>, sink: &mut impl FeatureSink) {
        use LinkFeature::*;
        let nobody = self.speaker.nobody;
        if let Some(late) = own_late {
            let beyond = (late - LATEST).max(0.0);
            sink.add(StartOwnBeyond, beyond);
            if self.asks && nobody {
                sink.add(StartAsksBeyond, beyond);
                sink.when(StartAsksBeyondHour, late > log_seconds(HOUR));
            }
        }
        if self.alone {
            sink.add(StartAlone, 1.0);
            sink.when(StartAloneSeeks, self.seeks);
            sink.when(StartAloneNewcomer, self.speaker.newcomer);
        } else if nobody {
            sink.when(StartCounterQuestion, self.asks && self.speaks_to_one);
            sink.when(StartUnanswered, self.unanswered != 0);
        }
    }

    pub(super) fn candidate(&self, candidate: &TempoCandidate, sink: &mut impl FeatureSink) {
        if candidate.person & self.speaker.me != 0 {
            self.own(candidate, sink);
        } else if self.speaker.nobody {
            self.other(candidate, sink);
        }
    }

    fn own(&self, candidate: &TempoCandidate, sink: &mut impl FeatureSink) {
        use LinkFeature::*;
        let beyond = (candidate.late - LATEST).max(0.0);
        sink.add(OwnBeyond, beyond);
        sink.when(OwnLastBeyondHour, !candidate.own_since && candidate.gap > HOUR);
        if self.asks && self.speaker.nobody {
            sink.add(OwnAsksBeyond, beyond);
            sink.when(OwnAsksBeyondHour, candidate.gap > HOUR);
        }
        if self.alone {
            sink.add(OwnAlone, 1.0);
            sink.add(OwnAloneLate, candidate.late);
            sink.when(OwnAloneUnanswered, self.is_unanswered(candidate));
        }
    }

    fn other(&self, candidate: &TempoCandidate, sink: &mut impl FeatureSink) {
        use LinkFeature::*;
        let unanswered = self.is_unanswered(candidate);
        if !candidate.calls_me {
            sink.add(PlainBeyond, (candidate.late - LATEST).max(0.0));
        }
        if self.alone {
            sink.add(OtherAlone, 1.0);
            sink.when(OtherAloneShared, candidate.shares);
        } else if unanswered {
            let newer = self.unanswered & ((1 << candidate.place) - 1);
            sink.add(Unanswered, 1.0);
            sink.when(UnansweredShared, candidate.shares);
            sink.when(UnansweredNewcomer, self.speaker.newcomer);
            sink.when(LatestUnanswered, newer == 0);
            sink.when(OnlyUnanswered, self.unanswered.count_ones() == 1);
        }
        let unnamed = self.unnamed_question == Some(candidate.place);
        if self.asks {
            sink.when(CounterQuestion, self.speaks_to_one);
            sink.when(CounterQuestionUnanswered, self.speaks_to_one && unanswered);
            sink.when(LatestQuestionAsks, unnamed);
        } else {
            sink.when(LatestQuestion, unnamed);
            sink.when(LatestAsker, self.latest_asker & candidate.person != 0);
        }
        // Somebody answers what I asked, and I go on.
        let after_mine = self.my_question.is_some_and(|mine| candidate.place < mine);
        sink.when(ToMineByAnswer, after_mine && !candidate.addresses);
    }

    fn is_unanswered(&self, candidate: &TempoCandidate) -> bool {
        self.unanswered >> candidate.place & 1 != 0
    }
}

/// The places of questions that nobody seems to have answered: a message answers the newest question of
/// whom it speaks to, or else the newest one of another person.
fn unanswered(window: &MessageWindow, people: &[(SpeakerSet, SpeakerSet); WINDOW]) -> u64 {
    let mut open = 0_u64;
    for (place, line) in window.newest_first().enumerate().rev() {
        let (person, addressed) = people[place];
        if addressed == 0 && line.text.stands_alone() {
            open |= 1 << place;
            continue;
        }
        let mut rest = open;
        while rest != 0 {
            let newest = rest.trailing_zeros() as usize;
            rest &= rest - 1;
            let (asker, _) = people[newest];
            if addressed & asker != 0 || addressed == 0 && asker & person == 0 {
                open &= !(1 << newest);
                break;
            }
            if addressed == 0 {
                // The asker goes on with the question.
                break;
            }
        }
    }
    open
}
