//! How many questions were asked, and what became of them.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::model::ids::{ChannelId, ClusterId, MessageId, UserId};
use crate::resolution::ResolutionGrade;
use crate::time;

/// A question, counted once, by its first message.
#[derive(Debug, Clone, PartialEq)]
pub struct AskedQuestion {
    pub message: MessageId,
    pub channel: ChannelId,
    pub asker: UserId,
    pub asked: Timestamp,
    pub outcome: QuestionOutcome,
    /// When somebody else first wrote in the conversation after it; programs do not count.
    pub first_reply: Option<Timestamp>,
    /// Where an answer was found: of several, the one that settled it.
    pub answer: Option<FoundAnswer>,
    /// The recurring question that it belongs to.
    pub cluster: Option<ClusterId>,
    /// The index of its topic in `topics.toml`.
    pub topic: Option<usize>,
}

/// The answer that settled a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FoundAnswer {
    pub by: UserId,
    pub at: Timestamp,
}

/// What became of a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QuestionOutcome {
    Open,
    /// The asker says that a suggested known answer helped.
    Suggested,
    Answered(ResolutionGrade),
}

/// The questions behind a number of a report. Each count of questions is the length of one such list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum QuestionList {
    /// Every question.
    Asked,
    /// An answer was found in the conversation, or a suggested one helped.
    Answered,
    /// Answered, and somebody said so: the asker, a mark, a solved tag or an accepting reaction. Thanks alone
    /// do not confirm.
    Confirmed,
    /// Not answered.
    Open,
    /// Answered within an hour of being asked, and so on.
    WithinHour,
    WithinFourHours,
    WithinDay,
}

impl QuestionList {
    pub const ALL: [Self; 7] = [
        Self::Asked,
        Self::Answered,
        Self::Confirmed,
        Self::Open,
        Self::WithinHour,
        Self::WithinFourHours,
        Self::WithinDay,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Answered => "answered",
            Self::Confirmed => "confirmed",
            Self::Open => "open",
            Self::WithinHour => "within-1h",
            Self::WithinFourHours => "within-4h",
            Self::WithinDay => "within-24h",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|list| list.as_str() == text)
    }

    /// Whether a question is of this list.
    pub fn contains(self, question: &AskedQuestion) -> bool {
        match self {
            Self::Asked => true,
            Self::Answered => question.outcome != QuestionOutcome::Open,
            Self::Confirmed => matches!(
                question.outcome,
                QuestionOutcome::Answered(ResolutionGrade::Certain | ResolutionGrade::Confirmed)
            ),
            Self::Open => question.outcome == QuestionOutcome::Open,
            Self::WithinHour | Self::WithinFourHours | Self::WithinDay => question
                .answer
                .is_some_and(|answer| answer.at.duration_since(question.asked) <= self.limit()),
        }
    }

    /// The time that an answer may take.
    fn limit(self) -> SignedDuration {
        match self {
            Self::WithinHour => SignedDuration::from_hours(1),
            Self::WithinFourHours => SignedDuration::from_hours(4),
            _ => time::days(1),
        }
    }
}

/// A number of questions out of a number of questions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct QuestionShare {
    pub part: usize,
    pub of: usize,
}

impl QuestionShare {
    /// In whole percent; `None` of nothing.
    pub fn percent(self) -> Option<usize> {
        (self.of > 0).then(|| (self.part * 100 + self.of / 2) / self.of)
    }
}

/// The questions of a period, counted.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct QuestionCounts {
    pub asked: usize,
    /// Different people who asked.
    pub askers: usize,
    pub answered: usize,
    pub confirmed: usize,
    pub open: usize,
    /// Of the questions that are at least so old: a younger one may still be answered in time.
    pub within_hour: QuestionShare,
    pub within_four_hours: QuestionShare,
    pub within_day: QuestionShare,
    /// The time from a question to the first reply, the median of the questions that got one.
    #[serde(rename = "median_first_reply_ms", with = "crate::time::milliseconds::optional")]
    pub median_first_reply: Option<SignedDuration>,
}

impl QuestionCounts {
    /// Counts questions as they are known at `now`.
    pub fn of(questions: &[AskedQuestion], now: Timestamp) -> Self {
        let count = |list: QuestionList| questions.iter().filter(|one| list.contains(one)).count();
        let share = |list: QuestionList| {
            let old = questions.iter().filter(|one| now.duration_since(one.asked) >= list.limit());
            let (part, of) = old
                .fold((0, 0), |(part, of), one| (part + usize::from(list.contains(one)), of + 1));
            QuestionShare { part, of }
        };
        let askers = questions.iter().map(|one| one.asker);
        let waits =
            questions.iter().filter_map(|one| Some(one.first_reply?.duration_since(one.asked)));
        Self {
            asked: count(QuestionList::Asked),
            askers: askers.collect::<std::collections::BTreeSet<_>>().len(),
            answered: count(QuestionList::Answered),
            confirmed: count(QuestionList::Confirmed),
            open: count(QuestionList::Open),
            within_hour: share(QuestionList::WithinHour),
            within_four_hours: share(QuestionList::WithinFourHours),
            within_day: share(QuestionList::WithinDay),
            median_first_reply: median(waits.collect()),
        }
    }
}

/// When somebody else first wrote after a question: `said` are the people's messages of its conversation, `next`
/// is where the next question in it begins, and `answers` are the messages that answer or try to.
pub fn first_reply(
    (question, asker, asked): (MessageId, UserId, Timestamp),
    said: &[(MessageId, UserId)],
    next: Option<MessageId>,
    answers: &[MessageId],
) -> Option<Timestamp> {
    let ends = |message: &MessageId| next.is_none_or(|next| *message < next);
    let others = said.iter().filter(|(message, by)| *by != asker && ends(message));
    // Who solves it alone has got no reply.
    let is_own = |answer: &MessageId| said.contains(&(*answer, asker));
    let answers = answers.iter().filter(|answer| !is_own(answer));
    let replies = others.map(|(message, _)| *message).chain(answers.copied());
    let first = replies.filter(|message| *message > question).min()?;
    // An import may move the time of a message, but not that between two.
    Some(time::plus(asked, first.created_at().duration_since(question.created_at())))
}

/// The value in the middle; of an even number, the mean of the two there.
pub(super) fn median(mut values: Vec<SignedDuration>) -> Option<SignedDuration> {
    values.sort_unstable();
    let middle = values.len() / 2;
    match values.len() {
        0 => None,
        even if even % 2 == 0 => Some((values[middle - 1] + values[middle]) / 2),
        _ => Some(values[middle]),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A question at an hour, by an asker.
    pub(in crate::report) fn question(number: u64, asker: u64, hour: i64) -> AskedQuestion {
        AskedQuestion {
            message: MessageId(number),
            channel: ChannelId(1),
            asker: UserId(asker),
            asked: Timestamp::UNIX_EPOCH + SignedDuration::from_hours(hour),
            outcome: QuestionOutcome::Open,
            first_reply: None,
            answer: None,
            cluster: None,
            topic: None,
        }
    }

    pub(in crate::report) fn answered(
        question: AskedQuestion,
        minutes: i64,
        by: u64,
        grade: ResolutionGrade,
    ) -> AskedQuestion {
        let at = question.asked + SignedDuration::from_mins(minutes);
        AskedQuestion {
            outcome: QuestionOutcome::Answered(grade),
            first_reply: Some(at),
            answer: Some(FoundAnswer { by: UserId(by), at }),
            ..question
        }
    }

    #[test]
    fn every_count_is_the_length_of_its_list() {
        let mut replied = question(4, 3, 3);
        replied.first_reply = Some(replied.asked + SignedDuration::from_mins(10));
        let questions = [
            answered(question(1, 1, 0), 60, 9, ResolutionGrade::Confirmed),
            answered(question(2, 1, 1), 61, 9, ResolutionGrade::Thanked),
            answered(question(3, 2, 2), 25 * 60, 8, ResolutionGrade::Unconfirmed),
            replied,
            AskedQuestion { outcome: QuestionOutcome::Suggested, ..question(5, 4, 4) },
            // Too young for a share of those that waited a day.
            answered(question(6, 5, 90), 5, 8, ResolutionGrade::Certain),
        ];
        let now = Timestamp::UNIX_EPOCH + SignedDuration::from_hours(100);
        let counts = QuestionCounts::of(&questions, now);
        let expected = QuestionCounts {
            asked: 6,
            askers: 5,
            answered: 5,
            confirmed: 2,
            open: 1,
            within_hour: QuestionShare { part: 2, of: 6 },
            within_four_hours: QuestionShare { part: 3, of: 6 },
            within_day: QuestionShare { part: 2, of: 5 },
            // 5, 10, 60, 61 and 1,500 minutes.
            median_first_reply: Some(SignedDuration::from_hours(1)),
        };
        assert_eq!(counts, expected);
        assert_eq!(counts.answered + counts.open, counts.asked);
        for list in QuestionList::ALL {
            assert_eq!(QuestionList::parse(list.as_str()), Some(list));
        }
    }

    #[test]
    fn the_first_reply_is_of_somebody_else_before_the_next_question() {
        let at = |minute: i64| {
            MessageId::min_at(time::at_millisecond(1_500_000_000_000 + minute * 60_000))
        };
        let (asker, helper) = (UserId(1), UserId(2));
        let question = (at(0), asker, Timestamp::UNIX_EPOCH);
        let said = [(at(1), asker), (at(7), helper), (at(9), helper)];
        let minutes = |next, answers: &[MessageId]| {
            first_reply(question, &said, next, answers)
                .map(|at| at.duration_since(Timestamp::UNIX_EPOCH).as_mins())
        };
        assert_eq!(minutes(None, &[]), Some(7));
        assert_eq!(minutes(Some(at(5)), &[]), None);
        assert_eq!(minutes(Some(at(5)), &[at(9)]), Some(9));
        assert_eq!(minutes(Some(at(5)), &[at(1)]), None, "the asker's own answer is no reply");
    }

    #[test]
    fn nothing_is_no_share_and_no_median() {
        let counts = QuestionCounts::of(&[], Timestamp::UNIX_EPOCH);
        assert_eq!((counts.within_day.percent(), counts.median_first_reply), (None, None));
        assert_eq!(QuestionShare { part: 2, of: 3 }.percent(), Some(67));
        let hours = SignedDuration::from_hours;
        assert_eq!(median(vec![hours(3), hours(1)]), Some(hours(2)));
    }
}
