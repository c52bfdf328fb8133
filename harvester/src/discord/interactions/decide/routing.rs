//! Routes an interaction to an action, before anything is looked up.

use rules::model::ids::{ClusterId, MessageId};

use crate::discord::interactions::payload::command_definitions::name;
use crate::discord::interactions::payload::custom_id::{CustomId, NudgeAnswer, TagId};
use crate::discord::interactions::payload::interaction::{
    Interaction, InteractionKind, TargetMessage,
};
use crate::discord::interactions::text::language::BotLanguage;
use crate::discord::interactions::text::messages;
use crate::discord::interactions::text::reply::{Button, ButtonStyle, Reply};

/// The first response, which Discord requires within three seconds.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum FirstResponse {
    /// Autocompletion choices.
    Choices { text: String },
    /// The complete reply, visible to this user only.
    Say(Reply),
    /// An action that may take longer: acknowledged first.
    Work { work: DeferredAction, ack: AckKind },
}

/// How a deferred action is acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AckKind {
    /// With a private message that is filled in later.
    Fill,
    /// Silently: the message with the button is changed later.
    Change,
}

/// An action that needs the store or a request to Discord.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum DeferredAction {
    Find { query: String },
    LookUpFact { name: String },
    Mark { target: TargetMessage, answers: bool },
    OfferSame { target: TargetMessage },
    Status,
    Pause(bool),
    Forget,
    Export,
    UndoMark { message: MessageId, tag: Option<TagId>, entry: i64 },
    MarkDuplicate { message: MessageId, cluster: ClusterId },
    UnmarkDuplicate { message: MessageId, question: MessageId, entry: i64 },
    Consent { message: MessageId, given: bool },
    Suggested { question: MessageId, helped: bool },
    Nudged { question: MessageId, answer: MessageId, said: NudgeAnswer },
    UndoDecline { question: MessageId },
}

/// Decides the first response.
pub(crate) fn route_interaction(interaction: &Interaction) -> FirstResponse {
    let language = interaction.language;
    let first = match &interaction.what {
        InteractionKind::Typing { text, .. } => {
            return FirstResponse::Choices { text: text.clone() };
        }
        InteractionKind::Slash { path, options } => {
            let path = path.iter().map(String::as_str).collect::<Vec<_>>();
            let query = options.get(name::QUERY).map(String::as_str);
            let fact = options.get(name::FACT_NAME).map(String::as_str);
            slash(&path, query.or(fact).unwrap_or_default(), interaction)
        }
        InteractionKind::MessageMenu { name, target } => menu(name, target, language),
        InteractionKind::Button { custom_id, .. } => pressed(custom_id, None, language),
        InteractionKind::Choice { custom_id, values, .. } => {
            pressed(custom_id, values.first().map(String::as_str), language)
        }
    };
    if interaction.guild.is_none() && !first.is_about_oneself() {
        return FirstResponse::Say(Reply::new(messages::only_in_servers(language)));
    }
    first
}

impl FirstResponse {
    fn fill(work: DeferredAction) -> Self {
        Self::Work { work, ack: AckKind::Fill }
    }

    fn change(work: DeferredAction) -> Self {
        Self::Work { work, ack: AckKind::Change }
    }

    /// Whether it is allowed in a direct message, too.
    fn is_about_oneself(&self) -> bool {
        match self {
            Self::Say(_) => true,
            Self::Choices { .. } => false,
            Self::Work { work, .. } => {
                matches!(work, DeferredAction::Forget | DeferredAction::Export)
            }
        }
    }
}

fn slash(path: &[&str], query: &str, interaction: &Interaction) -> FirstResponse {
    let Interaction { language, permissions, .. } = *interaction;
    let refused =
        |words: fn(BotLanguage) -> &'static str| FirstResponse::Say(Reply::new(words(language)));
    match *path {
        [name::ANSWERS] if query.trim().is_empty() => refused(messages::empty_query),
        [name::ANSWERS] => FirstResponse::fill(DeferredAction::Find { query: query.to_owned() }),
        [name::FACT] if query.trim().is_empty() => refused(messages::empty_query),
        [name::FACT] => FirstResponse::fill(DeferredAction::LookUpFact { name: query.to_owned() }),
        [name::HARVESTER, name::STATUS] if permissions.moderates() => {
            FirstResponse::fill(DeferredAction::Status)
        }
        [name::HARVESTER, name::STATUS] => refused(messages::moderators_only),
        [name::HARVESTER, name::PAUSE | name::RESUME] if !permissions.manages_server() => {
            refused(messages::managers_only)
        }
        [name::HARVESTER, name::PAUSE] => FirstResponse::fill(DeferredAction::Pause(true)),
        [name::HARVESTER, name::RESUME] => FirstResponse::fill(DeferredAction::Pause(false)),
        [name::HARVESTER, name::FORGET_ME] => {
            let button =
                Button::new(CustomId::Forget, messages::forget(language), ButtonStyle::Red);
            FirstResponse::Say(
                Reply::new(messages::forget_question(language)).buttons(vec![button]),
            )
        }
        [name::HARVESTER, name::EXPORT_ME] => FirstResponse::fill(DeferredAction::Export),
        _ => refused(messages::unknown_command),
    }
}

fn menu(name: &str, target: &TargetMessage, language: BotLanguage) -> FirstResponse {
    let target = target.clone();
    match name {
        name::MARK => FirstResponse::fill(DeferredAction::Mark { target, answers: true }),
        name::NOT_AN_ANSWER => FirstResponse::fill(DeferredAction::Mark { target, answers: false }),
        name::SAME_QUESTION => FirstResponse::fill(DeferredAction::OfferSame { target }),
        _ => FirstResponse::Say(Reply::new(messages::unknown_command(language))),
    }
}

fn pressed(custom_id: &str, chosen: Option<&str>, language: BotLanguage) -> FirstResponse {
    let cluster = chosen.and_then(|value| value.parse::<ClusterId>().ok());
    let work = match (custom_id.parse::<CustomId>(), cluster) {
        (Ok(CustomId::ChooseSame { message }), Some(cluster)) => {
            DeferredAction::MarkDuplicate { message, cluster }
        }
        (Ok(CustomId::Forget), None) => DeferredAction::Forget,
        (Ok(CustomId::UndoMark { message, tag, entry }), None) => {
            DeferredAction::UndoMark { message, tag, entry }
        }
        (Ok(CustomId::UndoDuplicate { message, question, entry }), None) => {
            DeferredAction::UnmarkDuplicate { message, question, entry }
        }
        (Ok(CustomId::Allow { message }), None) => DeferredAction::Consent { message, given: true },
        (Ok(CustomId::Withdraw { message }), None) => {
            DeferredAction::Consent { message, given: false }
        }
        (Ok(CustomId::Suggested { question, helped }), None) => {
            DeferredAction::Suggested { question, helped }
        }
        (Ok(CustomId::Nudged { question, answer, said }), None) => {
            DeferredAction::Nudged { question, answer, said }
        }
        (Ok(CustomId::UndoDecline { question }), None) => DeferredAction::UndoDecline { question },
        _ => return FirstResponse::Say(Reply::new(messages::unknown_button(language))),
    };
    FirstResponse::change(work)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::discord::interactions::test_support::{button, choice, menu, slash};
    use serde_json::{Value, json};

    fn open(json: &Value) -> FirstResponse {
        route_interaction(&Interaction::read(json).unwrap())
    }

    fn said(json: &Value) -> String {
        match open(json) {
            FirstResponse::Say(reply) => reply.text,
            other => panic!("not said: {other:?}"),
        }
    }

    fn harvester(subcommand: &str, permissions: u64, locale: &str) -> Value {
        let mut json = slash("harvester", json!([{"type": 1, "name": subcommand}]));
        json["member"]["permissions"] = permissions.to_string().into();
        json["locale"] = locale.into();
        json
    }

    #[test]
    fn a_question_is_looked_up_and_an_empty_one_is_not() {
        let ask =
            |text: &str| slash("answers", json!([{"type": 3, "name": "query", "value": text}]));
        let work = DeferredAction::Find { query: "lost key".to_owned() };
        assert_eq!(open(&ask("lost key")), FirstResponse::Work { work, ack: AckKind::Fill });
        assert!(said(&ask("  ")).contains("looking for"));
        let mut typing = ask("lo");
        typing["type"] = 4.into();
        typing["data"]["options"][0]["focused"] = true.into();
        assert_eq!(open(&typing), FirstResponse::Choices { text: "lo".to_owned() });
    }

    #[test]
    fn each_command_asks_for_its_own_permission() {
        const MESSAGES: u64 = 1 << 13;
        const GUILD: u64 = 1 << 5;
        for (subcommand, permissions, expected) in [
            ("status", 0, None),
            ("status", MESSAGES, Some(DeferredAction::Status)),
            ("pause", MESSAGES, None),
            ("pause", GUILD, Some(DeferredAction::Pause(true))),
            ("resume", GUILD, Some(DeferredAction::Pause(false))),
            ("resume", 0, None),
            ("export-me", 0, Some(DeferredAction::Export)),
            ("drop-all", GUILD, None),
        ] {
            let work = match open(&harvester(subcommand, permissions, "en-US")) {
                FirstResponse::Work { work, ack: AckKind::Fill } => Some(work),
                _ => None,
            };
            assert_eq!(work, expected, "{subcommand} {permissions}");
        }
        assert_eq!(said(&harvester("pause", 0, "ko")), "서버를 관리하는 사람만 할 수 있어요.");
        assert_eq!(said(&harvester("status", 0, "de")), "Only moderators can do that.");
    }

    #[test]
    fn forgetting_is_confirmed_first() {
        let FirstResponse::Say(reply) = open(&harvester("forget-me", 0, "en-US")) else { panic!() };
        let body = reply.ephemeral();
        assert_eq!(body["components"][0]["components"][0]["custom_id"], "harvest:forget");
        let confirmed = open(&button("harvest:forget"));
        assert_eq!(
            confirmed,
            FirstResponse::Work { work: DeferredAction::Forget, ack: AckKind::Change }
        );
    }

    #[test]
    fn menus_are_known_by_their_english_names() {
        for (name, answers) in [("Mark as answer", true), ("Not an answer", false)] {
            let FirstResponse::Work { work: DeferredAction::Mark { answers: found, .. }, .. } =
                open(&menu(name))
            else {
                panic!("{name}")
            };
            assert_eq!(found, answers);
        }
        let same = open(&menu("Same question as…"));
        assert!(matches!(same, FirstResponse::Work { work: DeferredAction::OfferSame { .. }, .. }));
        assert!(said(&menu("Ban this person")).contains("Reload"));
    }

    #[test]
    fn foreign_and_damaged_controls_do_nothing() {
        for custom_id in ["", "x", "harvest:unmark:1", "harvest:forget:2", &"9".repeat(4_000)] {
            assert!(said(&button(custom_id)).contains("no longer"), "{custom_id}");
        }
        for (custom_id, value) in [
            ("harvest:same:5", "not a cluster"),
            ("harvest:same:5", "q<@1>"),
            ("harvest:forget", "q1"),
        ] {
            assert!(said(&choice(custom_id, value)).contains("no longer"), "{custom_id} {value}");
        }
        assert!(said(&button("harvest:same:5")).contains("no longer"));
        let work = DeferredAction::MarkDuplicate {
            message: MessageId(5),
            cluster: "qa1".parse().unwrap(),
        };
        assert_eq!(
            open(&choice("harvest:same:5", "qa1")),
            FirstResponse::Work { work, ack: AckKind::Change }
        );
    }

    #[test]
    fn in_direct_messages_one_can_only_see_to_oneself() {
        let direct = |mut json: Value| {
            let user = json["member"]["user"].clone();
            json.as_object_mut().unwrap().remove("guild_id");
            json.as_object_mut().unwrap().remove("member");
            json["user"] = user;
            open(&json)
        };
        for json in
            [menu("Mark as answer"), button("harvest:allow:5"), harvester("status", 8, "ko")]
        {
            assert!(matches!(direct(json), FirstResponse::Say(_)));
        }
        let export = direct(harvester("export-me", 0, "en-US"));
        assert_eq!(
            export,
            FirstResponse::Work { work: DeferredAction::Export, ack: AckKind::Fill }
        );
    }
}
