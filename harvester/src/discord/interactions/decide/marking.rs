//! "Mark as answer" and "Not an answer": who may mark, and what follows.

use std::collections::BTreeSet;

use indexer::store::AnswerMarkRow;
use jiff::Timestamp;
use rules::disentangle::AnswerMark;
use rules::model::ids::{MessageId, UserId};

use super::forum::{ForumPost, TagAction};
use super::permissions::MemberAuthority;
use crate::discord::interactions::payload::custom_id::{CustomId, TagId};
use crate::discord::interactions::payload::interaction::{Interaction, TargetMessage};
use crate::discord::interactions::text::language::BotLanguage;
use crate::discord::interactions::text::messages;
use crate::discord::interactions::text::messages::{MarkResult, TagResult};
use crate::discord::interactions::text::reply::{Button, ButtonStyle, Reply};

/// The facts that a decision about a message needs.
#[derive(Debug, Clone, Default)]
pub(crate) struct MarkFacts {
    /// Whether the channel is read and everybody may see it.
    pub(crate) read: bool,
    /// The askers of the message's conversation or thread.
    pub(crate) askers: BTreeSet<UserId>,
    /// Whether the scope rules trust the person who acts.
    pub(crate) trusted: bool,
    /// Whether the acting user has opted out: their mark cannot be stored either.
    pub(crate) left: bool,
    /// Whether the message's author has opted out.
    pub(crate) opted_out: bool,
    /// Whether to ask the author for consent: the server asks authors, and this one was not asked.
    pub(crate) unasked: bool,
    /// The question and its asker, if the asker is to be asked for consent too.
    pub(crate) question: Option<(MessageId, UserId)>,
    pub(crate) thread: Option<ForumPost>,
}

/// Why nothing was marked; the reply states it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MarkRefusal {
    #[error("the channel is not read")]
    NotRead,
    #[error("the user is neither asker, trusted nor moderator")]
    MayNot,
    #[error("the user has opted out")]
    Left,
    #[error("the bot wrote the message")]
    OwnMessage,
    #[error("the author has opted out")]
    OptedOut,
}

impl MarkRefusal {
    pub(crate) fn reply(self, language: BotLanguage) -> Reply {
        Reply::new(match self {
            Self::NotRead => messages::not_read(language),
            Self::MayNot => messages::may_not_mark(language),
            Self::Left => messages::you_left(language),
            Self::OwnMessage => messages::own_message(language),
            Self::OptedOut => messages::opted_out(language),
        })
    }
}

/// The steps that marking a message takes.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct MarkPlan {
    pub(crate) mark: AnswerMarkRow,
    /// Whether the bot's ✅ belongs under the message.
    pub(crate) react: bool,
    pub(crate) tagging: TagAction,
    /// The author, if they are to be asked for consent.
    pub(crate) consent_from: Option<UserId>,
    /// The question and its asker, if the asker is to be asked for consent.
    pub(crate) question_consent_from: Option<(MessageId, UserId)>,
}

/// Whether the user may mark messages of this conversation.
pub(crate) fn may_mark(interaction: &Interaction, facts: &MarkFacts) -> Result<(), MarkRefusal> {
    if interaction.guild.is_none() || !facts.read {
        return Err(MarkRefusal::NotRead);
    }
    if facts.left {
        return Err(MarkRefusal::Left);
    }
    let Interaction { user, permissions, .. } = *interaction;
    let authority =
        MemberAuthority { user, permissions, trusted: facts.trusted, askers: &facts.askers };
    if authority.may_mark() { Ok(()) } else { Err(MarkRefusal::MayNot) }
}

/// Plans how to mark a message as an answer, or as not an answer.
pub(crate) fn plan(
    interaction: &Interaction,
    target: &TargetMessage,
    answers: bool,
    facts: &MarkFacts,
    solved: impl Fn(&str) -> bool,
    now: Timestamp,
) -> Result<MarkPlan, MarkRefusal> {
    may_mark(interaction, facts)?;
    if target.author.0 == interaction.application.0 {
        return Err(MarkRefusal::OwnMessage);
    }
    if facts.opted_out {
        return Err(MarkRefusal::OptedOut);
    }
    let TargetMessage { message, channel, author, bot, .. } = *target;
    let tagging = match &facts.thread {
        Some(thread) if answers => thread.solving(solved, interaction.bot_permissions),
        _ => TagAction::Leave,
    };
    Ok(MarkPlan {
        mark: AnswerMarkRow { channel, message, by: interaction.user, answers, at: now },
        react: answers,
        tagging,
        consent_from: (answers && facts.unasked && !bot).then_some(author),
        question_consent_from: facts.question.filter(|_| answers),
    })
}

/// Renders what was done, with an undo button.
pub(crate) fn render_marked(
    plan: &MarkPlan,
    marked: &MarkResult,
    entry: i64,
    language: BotLanguage,
) -> Reply {
    let tag = match (&marked.tagged, &plan.tagging) {
        (TagResult::Set(_), TagAction::Set { added, .. }) => Some(added.id),
        _ => None,
    };
    let undo = CustomId::UndoMark { message: plan.mark.message, tag, entry };
    Reply::new(messages::marked(language, marked)).buttons(vec![Button::new(
        undo,
        messages::undo(language),
        ButtonStyle::Grey,
    )])
}

/// What remains after a user's own mark is removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MarkUndo {
    /// Whether the bot's ✅ belongs under the message.
    pub(crate) react: bool,
    /// All tags that the post keeps, if one is removed.
    pub(crate) applied: Option<Vec<TagId>>,
}

/// `left` are the marks that remain on the message: while at least one of them marks it as an
/// answer and none as not an answer, ✅ and tag stay.
pub(crate) fn plan_undo(
    left: &[AnswerMark],
    tag: Option<TagId>,
    thread: Option<&ForumPost>,
    solved: impl Fn(&str) -> bool,
) -> MarkUndo {
    let stands = !left.is_empty() && left.iter().all(|mark| mark.answers);
    let taken = thread.zip(tag).filter(|_| !stands);
    MarkUndo { react: stands, applied: taken.and_then(|(thread, tag)| thread.without(tag, solved)) }
}

#[cfg(test)]
mod tests {
    use rules::time;

    use super::super::forum::ForumTag;
    use super::*;
    use crate::discord::interactions::payload::interaction::InteractionKind;
    use crate::discord::interactions::test_support;

    const NOW: Timestamp = time::at_millisecond(5_000);

    fn opened(change: impl Fn(&mut serde_json::Value)) -> (Interaction, TargetMessage) {
        let mut json = test_support::menu("Mark as answer");
        change(&mut json);
        let interaction = Interaction::read(&json).unwrap();
        let InteractionKind::MessageMenu { target, .. } = interaction.what.clone() else {
            panic!("no menu")
        };
        (interaction, target)
    }

    fn asked_here() -> MarkFacts {
        MarkFacts {
            read: true,
            askers: BTreeSet::from([test_support::USER]),
            ..MarkFacts::default()
        }
    }

    fn decide(facts: &MarkFacts, answers: bool) -> Result<MarkPlan, MarkRefusal> {
        let (interaction, target) = opened(|_| ());
        plan(&interaction, &target, answers, facts, |name| name == "Solved", NOW)
    }

    #[test]
    fn the_asker_marks_an_answer() {
        let plan = decide(&asked_here(), true).unwrap();
        let (message, channel) = (test_support::ANSWER, test_support::CHANNEL);
        let mark =
            AnswerMarkRow { channel, message, by: test_support::USER, answers: true, at: NOW };
        let (tagging, consent_from, question_consent_from) = (TagAction::Leave, None, None);
        assert_eq!(
            plan,
            MarkPlan { mark, react: true, tagging, consent_from, question_consent_from }
        );
        assert!(!decide(&asked_here(), false).unwrap().react);
    }

    #[test]
    fn strangers_may_not_but_trusted_people_and_moderators_may() {
        let mut facts = MarkFacts { read: true, ..MarkFacts::default() };
        assert_eq!(decide(&facts, true), Err(MarkRefusal::MayNot));
        facts.trusted = true;
        assert!(decide(&facts, true).is_ok());
        facts.trusted = false;
        let (moderator, target) = opened(|json| json["member"]["permissions"] = "8192".into());
        assert!(plan(&moderator, &target, true, &facts, |_| false, NOW).is_ok());
    }

    #[test]
    fn nothing_is_marked_in_direct_messages_and_unread_channels() {
        let (interaction, target) = opened(|json| {
            json.as_object_mut().unwrap().remove("guild_id");
        });
        let decided = plan(&interaction, &target, true, &asked_here(), |_| false, NOW);
        assert_eq!(decided, Err(MarkRefusal::NotRead));
        let unread = MarkFacts { read: false, ..asked_here() };
        assert_eq!(decide(&unread, true), Err(MarkRefusal::NotRead));
    }

    #[test]
    fn our_own_words_and_those_of_people_who_left_are_let_alone() {
        let (interaction, mut target) = opened(|_| ());
        target.author = UserId(test_support::APPLICATION);
        let decided = plan(&interaction, &target, true, &asked_here(), |_| false, NOW);
        assert_eq!(decided, Err(MarkRefusal::OwnMessage));
        let theirs = MarkFacts { opted_out: true, ..asked_here() };
        assert_eq!(decide(&theirs, true), Err(MarkRefusal::OptedOut));
        let left = MarkFacts { left: true, ..asked_here() };
        assert_eq!(decide(&left, true), Err(MarkRefusal::Left));
    }

    #[test]
    fn consent_is_asked_of_a_person_once_and_only_for_answers() {
        let question = Some((MessageId(390), test_support::USER));
        let facts = MarkFacts { unasked: true, question, ..asked_here() };
        assert_eq!(decide(&facts, true).unwrap().question_consent_from, question);
        assert_eq!(decide(&facts, false).unwrap().question_consent_from, None);
        assert_eq!(decide(&facts, true).unwrap().consent_from, Some(test_support::ANSWERER));
        assert_eq!(decide(&facts, false).unwrap().consent_from, None);
        let (interaction, mut target) = opened(|_| ());
        target.bot = true;
        let of_bot = plan(&interaction, &target, true, &facts, |_| false, NOW).unwrap();
        assert_eq!(of_bot.consent_from, None);
    }

    fn post(applied: &[u64]) -> ForumPost {
        let tag = ForumTag { id: TagId(3), name: "Solved".to_owned(), moderated: false };
        let applied = applied.iter().copied().map(TagId).collect();
        ForumPost { applied, available: vec![tag], ..ForumPost::default() }
    }

    #[test]
    fn undoing_takes_back_the_tag_only_if_we_had_set_it() {
        let facts = MarkFacts { thread: Some(post(&[1])), ..asked_here() };
        let plan = decide(&facts, true).unwrap();
        let undo_of = |tagged| {
            let marked = MarkResult { answers: true, reacted: true, tagged };
            render_marked(&plan, &marked, 12, BotLanguage::Korean).ephemeral()["components"]
                .to_string()
        };
        assert!(undo_of(TagResult::Set("Solved".to_owned())).contains("harvest:unmark:400:3:12"));
        assert!(undo_of(TagResult::Refused).contains("harvest:unmark:400:0:12"));
    }

    #[test]
    fn what_others_marked_too_stays() {
        let mark = |answers| AnswerMark { message: MessageId(4), by: UserId(9), answers };
        let solved = |name: &str| name == "Solved";
        let thread = post(&[1, 3]);
        let undo = |left: &[AnswerMark]| plan_undo(left, Some(TagId(3)), Some(&thread), solved);
        assert_eq!(undo(&[mark(true)]), MarkUndo { react: true, applied: None });
        let all = MarkUndo { react: false, applied: Some(vec![TagId(1)]) };
        assert_eq!(undo(&[mark(false)]), all);
        assert_eq!(undo(&[mark(true), mark(false)]), all);
        assert_eq!(undo(&[]), all);
    }
}
