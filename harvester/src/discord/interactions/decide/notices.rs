//! Notices to askers, without a notification and once each: that an answer waits for their word, and where the
//! page of their question is.

use jiff::{SignedDuration, Timestamp};
use rules::model::cluster::{Cluster, Occurrence};
use rules::model::ids::{ChannelId, MessageId, UserId};
use rules::resolution::{ConversationVerdict, ResolutionGrade};
use rules::time;

use super::answers::title;
use crate::discord::interactions::payload::custom_id::{CustomId, NudgeAnswer};
use crate::discord::interactions::text::escape::inert;
use crate::discord::interactions::text::language::BotLanguage;
use crate::discord::interactions::text::messages;
use crate::discord::interactions::text::reply::{Button, ButtonStyle, Reply};
use rules::publish::anonymize::Participants;
use rules::publish::pseudonym::AuthorNaming;

/// What waited longer than this beyond its time is left alone: the asker has moved on, and a server that
/// begins to nudge does not write under years of questions.
pub const NUDGED_WITHIN: SignedDuration = time::days(3);
/// A page is announced so long after its merge...
const ANNOUNCED_WITHIN: SignedDuration = time::days(14);
/// ...to those who asked so long before it.
const STILL_OF_INTEREST: SignedDuration = time::days(90);
/// UTF-16 units of a page's title.
const TITLE: usize = 200;

/// An answer that waits for the asker's word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Nudge {
    pub question: MessageId,
    pub channel: ChannelId,
    pub asker: UserId,
    pub answer: MessageId,
}

/// The nudge of an exchange in a channel, if its best answer waits for the asker's word: somebody else
/// answered, nobody said that it helped, and nobody has written after `last` for `after`.
pub fn nudge(
    verdict: &ConversationVerdict,
    (channel, last): (ChannelId, MessageId),
    after: SignedDuration,
    now: Timestamp,
) -> Option<Nudge> {
    let (question, answers) = match verdict {
        ConversationVerdict::Open { question, answers, .. } => (question, answers),
        ConversationVerdict::Resolved(resolution)
            if resolution.grade == ResolutionGrade::Unconfirmed =>
        {
            (&resolution.question, &resolution.answers)
        }
        ConversationVerdict::NotAQuestion { .. } | ConversationVerdict::Resolved(_) => return None,
    };
    let quiet = now.duration_since(last.created_at());
    let answer = answers.first().filter(|answer| answer.author != question.asker)?;
    (after..after + NUDGED_WITHIN).contains(&quiet).then_some(Nudge {
        question: question.messages[0],
        channel,
        asker: question.asker,
        answer: answer.message,
    })
}

/// The nudge as a reply to the answer, in the language of the question.
pub(crate) fn nudge_reply(nudge: &Nudge, asked: &str) -> Reply {
    let language = BotLanguage::of_text(asked);
    let press = |said| CustomId::Nudged { question: nudge.question, answer: nudge.answer, said };
    Reply::new(messages::did_it_help(language, nudge.asker)).buttons(vec![
        Button::new(
            press(NudgeAnswer::Solved),
            messages::solved_by_this(language),
            ButtonStyle::Green,
        ),
        Button::new(press(NudgeAnswer::NotYet), messages::not_yet(language), ButtonStyle::Grey),
        Button::new(
            press(NudgeAnswer::NoQuestion),
            messages::no_question(language),
            ButtonStyle::Grey,
        ),
    ])
}

/// The occurrences of a cluster whose askers get a notice of its page: asked not long before the merge, and merged
/// not long ago.
pub fn announced(cluster: &Cluster, now: Timestamp) -> Vec<&Occurrence> {
    let Some(merged_answer) =
        cluster.merged_answer.as_ref().filter(|answer| answer.page_url().is_some())
    else {
        return Vec::new();
    };
    if !(SignedDuration::ZERO..ANNOUNCED_WITHIN).contains(&now.duration_since(merged_answer.merged))
    {
        return Vec::new();
    }
    let recent = |one: &&Occurrence| {
        merged_answer.merged.duration_since(one.question.sent) < STILL_OF_INTEREST
    };
    cluster.core().filter(recent).collect()
}

/// The announcement as a reply to the answer of one occurrence; `None` without a page or a title to show.
pub(crate) fn page_reply(
    cluster: &Cluster,
    occurrence: &Occurrence,
    naming: &AuthorNaming,
) -> Option<Reply> {
    let page = cluster.merged_answer.as_ref()?.page_url()?;
    let title = title(cluster, &Participants::of(cluster, naming))?;
    let language = BotLanguage::of_text(&occurrence.question.text);
    let asker = occurrence.question.author;
    Some(Reply::new(messages::has_a_page(language, asker, &inert(&title, TITLE), page)))
}

#[cfg(test)]
mod tests {
    use rules::model::cluster::MergedAnswer;
    use rules::resolution::{Answer, Question, Resolution};

    use super::*;
    use crate::discord::interactions::test_support::{at, cluster, naming, occurrence};

    const CHANNEL: ChannelId = ChannelId(1);
    const LAST: u64 = 900_000;
    const AFTER: SignedDuration = SignedDuration::from_hours(24);

    fn question() -> Question {
        Question {
            messages: vec![MessageId(7)],
            asker: UserId(2),
            asked: Timestamp::UNIX_EPOCH,
            reasons: vec![],
        }
    }

    fn answer(author: u64) -> Answer {
        let message = MessageId(8);
        Answer { message, messages: vec![message], author: UserId(author), score: 1.0 }
    }

    fn open(answers: Vec<Answer>) -> ConversationVerdict {
        ConversationVerdict::Open { question: question(), answers, reasons: Vec::new() }
    }

    fn resolved(grade: ResolutionGrade) -> ConversationVerdict {
        ConversationVerdict::Resolved(Resolution {
            question: question(),
            answers: vec![answer(3)],
            grade,
            confidence: 0.5,
            signals: Vec::new(),
            reasons: Vec::new(),
        })
    }

    fn after(verdict: &ConversationVerdict, quiet: SignedDuration) -> Option<MessageId> {
        let last = MessageId(LAST << 22);
        let now = at(LAST) + quiet;
        nudge(verdict, (CHANNEL, last), AFTER, now).map(|nudge| nudge.answer)
    }

    #[test]
    fn an_answer_without_the_askers_word_waits_for_it_once_all_is_quiet() {
        let waits = Some(MessageId(8));
        assert_eq!(after(&open(vec![answer(3)]), AFTER), waits);
        assert_eq!(after(&resolved(ResolutionGrade::Unconfirmed), AFTER), waits);
        assert_eq!(
            after(&open(vec![answer(3)]), AFTER - SignedDuration::from_millis(1)),
            None,
            "people still talk"
        );
        assert_eq!(after(&open(vec![answer(3)]), AFTER + NUDGED_WITHIN), None, "long ago");
        assert_eq!(after(&open(Vec::new()), AFTER), None, "nobody answered");
        assert_eq!(after(&open(vec![answer(2)]), AFTER), None, "the asker alone");
        for grade in
            [ResolutionGrade::Certain, ResolutionGrade::Confirmed, ResolutionGrade::Thanked]
        {
            assert_eq!(after(&resolved(grade), AFTER), None, "{grade:?} has the asker's word");
        }
    }

    #[test]
    fn a_nudge_speaks_the_askers_language_and_has_three_buttons() {
        let nudge = Nudge {
            question: MessageId(7),
            channel: CHANNEL,
            asker: UserId(2),
            answer: MessageId(8),
        };
        let english = nudge_reply(&nudge, "how do I start?").public();
        let korean = nudge_reply(&nudge, "어떻게 시작하나요?").public();
        for body in [&english, &korean] {
            assert_eq!(body["components"][0]["components"].as_array().unwrap().len(), 3);
            assert_eq!(body["allowed_mentions"], serde_json::json!({"parse": []}));
        }
        assert!(english["content"].as_str().unwrap().starts_with("<@2>, did this answer"));
        assert!(korean["content"].as_str().unwrap().contains("해결"));
    }

    #[test]
    fn a_page_is_announced_to_recent_askers_while_it_is_new() {
        let occurrences = vec![occurrence(10, "How do I reset it?", "Open settings.")];
        let mut known = cluster(occurrences);
        let asked = known.occurrences[0].question.sent;
        assert!(announced(&known, asked).is_empty(), "there is no page");
        known.merged_answer = Some(MergedAnswer {
            title: "Resetting *it*".to_owned(),
            answer: "Open settings.".to_owned(),
            link: "https://docs.example.org/faq/reset".to_owned(),
            merged: asked + time::days(1),
        });
        let announced_after = |days: i64| announced(&known, asked + time::days(days)).len();
        assert_eq!(
            [announced_after(0), announced_after(1), announced_after(10), announced_after(16)],
            [0, 1, 1, 0]
        );
        let reply = page_reply(&known, &known.occurrences[0], &naming()).unwrap();
        assert!(reply.text.contains("https://docs.example.org/faq/reset"), "{}", reply.text);
        assert!(reply.text.contains("Resetting \\*it\\*"), "{}", reply.text);
        known.merged_answer.as_mut().unwrap().merged = asked + STILL_OF_INTEREST;
        assert!(
            announced(&known, known.merged_answer.as_ref().unwrap().merged).is_empty(),
            "long ago"
        );
    }
}
