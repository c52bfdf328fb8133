//! The last talk messages of a channel and who speaks in them.

use std::collections::VecDeque;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::addressing::{AddressMatch, NamePattern, target};
use super::fingerprint::{MOST_PINGS, TextFingerprint};
use super::lexicon::Lexicon;
use crate::model::ids::{MessageId, UserId};
use crate::model::message::{Author, Message};
use crate::time;

/// How many talk messages of its channel before it a link may depend on, besides the message that a
/// native reply names.
pub const WINDOW: usize = 40;

/// The longest pauses that a link bridges.
#[derive(Debug, Clone, Copy)]
pub(super) struct MaxPauses {
    pub(super) gap: SignedDuration,
    pub(super) named_gap: SignedDuration,
}

impl MaxPauses {
    pub(super) fn allow(self, gap: SignedDuration, named: bool) -> bool {
        gap <= if named { self.named_gap } else { self.gap }
    }
}

/// A set of speakers, one bit each.
pub(super) type SpeakerSet = u64;

// The window and the message that is being linked must fit the bits.
const _: () = assert!(WINDOW < 64);

/// A talk message with all that comparing needs.
#[derive(Debug, Clone)]
pub(super) struct WindowMessage {
    pub(super) id: MessageId,
    pub(super) sent: Timestamp,
    pub(super) text: TextFingerprint,
    pub(super) bot: bool,
    /// Whom the text calls, whether or not they spoke.
    pub(super) target: Option<u32>,
    /// The logarithm of the seconds since the line before it.
    pub(super) pause: f32,
    speaker: usize,
    number: u64,
    /// The number of the line that it is a native reply to, if it stood in the window then.
    reply: Option<u64>,
    full: SpeakerSet,
    partial: SpeakerSet,
    inside: SpeakerSet,
}

/// A person under one name. Somebody who changes the name is two speakers with the same `person`.
#[derive(Debug, Clone)]
struct Speaker {
    author: Arc<Author>,
    name: NamePattern,
    person: SpeakerSet,
    lines: usize,
}

#[derive(Debug, Clone, Default)]
pub(super) struct MessageWindow {
    lines: VecDeque<WindowMessage>,
    speakers: Vec<Option<Speaker>>,
    next: u64,
}

impl MessageWindow {
    pub(super) fn newest_first(
        &self,
    ) -> impl DoubleEndedIterator<Item = &WindowMessage> + ExactSizeIterator {
        self.lines.iter().rev()
    }

    pub(super) fn len(&self) -> usize {
        self.lines.len()
    }

    pub(super) fn newest(&self) -> Option<&WindowMessage> {
        self.lines.back()
    }

    pub(super) fn holds(&self, message: MessageId) -> bool {
        self.lines.iter().any(|line| line.id == message)
    }

    /// The usual pause between two lines: the mean of the logarithms.
    pub(super) fn pace(&self) -> Option<f32> {
        let pauses = self.lines.iter().skip(1).map(|line| line.pause);
        (self.lines.len() > 3).then(|| pauses.sum::<f32>() / (self.lines.len() - 1) as f32)
    }

    /// Everything that is the same person as the line's author.
    pub(super) fn person(&self, line: &WindowMessage) -> SpeakerSet {
        self.speakers[line.speaker].as_ref().map_or(0, |speaker| speaker.person)
    }

    /// Whom a line speaks to, of those who are here.
    pub(super) fn addressed(&self, line: &WindowMessage) -> SpeakerSet {
        let replied = line.reply.and_then(|number| self.numbered(number));
        let replied = replied.map_or(0, |target| self.person(target));
        let named = if line.full | replied != 0 { line.full | replied } else { line.partial };
        named & !self.person(line)
    }

    /// Whether a line names somebody by the beginning of the name only.
    pub(super) fn is_partial(&self, line: &WindowMessage) -> bool {
        line.full == 0 && line.partial != 0
    }

    pub(super) fn mentioned_inside(&self, line: &WindowMessage) -> SpeakerSet {
        line.inside & !self.person(line)
    }

    /// Reads a message against the window, without adding it.
    pub(super) fn read(&mut self, message: &Message, lexicon: &Lexicon) -> WindowMessage {
        let mut text = TextFingerprint::of(&message.text, lexicon);
        for mention in message.mentions.iter().take(MOST_PINGS + 1) {
            if !text.pings.contains(&mention.id) {
                text.pings.push(mention.id);
            }
        }
        if text.pings.len() > MOST_PINGS {
            text.pings.clear();
        }
        let speaker = self.speaker(&message.author, lexicon);
        let pause =
            self.newest().map_or(0.0, |last| log_seconds(message.sent.duration_since(last.sent)));
        let mut line = WindowMessage {
            id: message.id,
            sent: message.sent,
            bot: message.author.bot,
            target: target(&text),
            pause,
            speaker,
            number: self.next,
            reply: message
                .reply_to
                .and_then(|id| self.lines.iter().find(|line| line.id == id))
                .map(|line| line.number),
            full: 0,
            partial: 0,
            inside: 0,
            text,
        };
        for (place, speaker) in self.speakers.iter().enumerate() {
            if let Some(speaker) = speaker {
                line.record_addressee(place, speaker);
            }
        }
        line
    }

    /// Adds a line that was read against this very window; the oldest leaves where it is full.
    pub(super) fn push(&mut self, line: WindowMessage) {
        self.next += 1;
        self.lines.push_back(line);
        if self.lines.len() > WINDOW
            && let Some(oldest) = self.lines.pop_front()
        {
            self.drop_speaker(oldest.speaker);
        }
    }

    fn numbered(&self, number: u64) -> Option<&WindowMessage> {
        let oldest = self.lines.front()?.number;
        self.lines.get(usize::try_from(number.checked_sub(oldest)?).ok()?)
    }

    /// The place of the author among the speakers, for one more line.
    fn speaker(&mut self, author: &Arc<Author>, lexicon: &Lexicon) -> usize {
        let known = self.speakers.iter().position(|speaker| {
            speaker.as_ref().is_some_and(|speaker| {
                Arc::ptr_eq(&speaker.author, author)
                    || speaker.author.id == author.id && speaker.author.name == author.name
            })
        });
        let place = known.unwrap_or_else(|| self.add_speaker(author, lexicon));
        if let Some(speaker) = &mut self.speakers[place] {
            speaker.lines += 1;
        }
        place
    }

    fn add_speaker(&mut self, author: &Arc<Author>, lexicon: &Lexicon) -> usize {
        let place = self.speakers.iter().position(Option::is_none).unwrap_or_else(|| {
            self.speakers.push(None);
            self.speakers.len() - 1
        });
        let mut person = 1 << place;
        for (other, speaker) in self.speakers.iter_mut().enumerate() {
            if let Some(speaker) = speaker
                && speaker.author.id == author.id
            {
                speaker.person |= 1 << place;
                person |= 1 << other;
            }
        }
        let speaker = Speaker {
            author: author.clone(),
            name: NamePattern::of(&author.name, lexicon),
            person,
            lines: 0,
        };
        for line in &mut self.lines {
            line.record_addressee(place, &speaker);
        }
        self.speakers[place] = Some(speaker);
        place
    }

    fn drop_speaker(&mut self, place: usize) {
        let Some(speaker) = &mut self.speakers[place] else { return };
        speaker.lines -= 1;
        if speaker.lines > 0 {
            return;
        }
        self.speakers[place] = None;
        for speaker in self.speakers.iter_mut().flatten() {
            speaker.person &= !(1 << place);
        }
        for line in &mut self.lines {
            line.clear_speaker(place);
        }
    }
}

impl WindowMessage {
    /// Notes whether the line speaks to this speaker.
    fn record_addressee(&mut self, place: usize, speaker: &Speaker) {
        let bit = 1 << place;
        if self.is_pinged(speaker.author.id) {
            self.full |= bit;
            return;
        }
        match speaker.name.addressed_in(&self.text) {
            Some(AddressMatch::Full) => self.full |= bit,
            Some(AddressMatch::Partial) => self.partial |= bit,
            Some(AddressMatch::Inside) => self.inside |= bit,
            None => {}
        }
    }

    fn clear_speaker(&mut self, place: usize) {
        let others = !(1 << place);
        self.full &= others;
        self.partial &= others;
        self.inside &= others;
    }

    fn is_pinged(&self, user: UserId) -> bool {
        self.text.pings.contains(&user)
    }
}

/// The natural logarithm of one plus the seconds.
pub(super) fn log_seconds(length: SignedDuration) -> f32 {
    (1.0 + time::whole_milliseconds(length).max(0) as f32 / 1_000.0).ln()
}
