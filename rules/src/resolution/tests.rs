//! Verdicts on small conversations, written as they happen.

mod other_words;
mod own_solutions;
mod plain_talk;
mod targets;
mod words;

use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};

use proptest::prelude::*;

use super::*;
use crate::config::ruleset::Ruleset;
use crate::model::ids::{ChannelId, ConversationId, GuildId};
use crate::model::message::{Author, Channel, ChannelKind, Message, MessageKind, Reaction};
use crate::time;

static RULES: LazyLock<Ruleset> = LazyLock::new(Ruleset::embedded);

const ASKER: u64 = 1;
const HELPER: u64 = 2;
const OTHER: u64 = 3;
const BOT: u64 = 9;

/// A conversation in the making; message ids count from 1.
struct Story {
    channel: Channel,
    messages: Vec<Message>,
    trusted: BTreeSet<UserId>,
    marks: Vec<AnswerMark>,
}

impl Story {
    fn new() -> Self {
        let channel = Channel {
            id: ChannelId(1),
            guild: GuildId(1),
            kind: ChannelKind::Text,
            name: "help".into(),
            topic: None,
            parent: None,
            parent_name: None,
            tags: Vec::new(),
            closed: false,
        };
        Self { channel, messages: Vec::new(), trusted: BTreeSet::new(), marks: Vec::new() }
    }

    fn says(mut self, who: u64, text: &str) -> Self {
        let id = MessageId(self.messages.len() as u64 + 1);
        self.messages.push(Message {
            id,
            channel: ChannelId(1),
            author: Arc::new(Author {
                id: UserId(who),
                name: format!("person{who}"),
                bot: who == BOT,
                roles: Vec::new(),
            }),
            kind: MessageKind::Default,
            sent: time::at_millisecond(id.0 as i64 * 1_000),
            edited: None,
            text: text.to_owned(),
            reply_to: None,
            mentions: Vec::new(),
            reactions: Vec::new(),
            attachments: Vec::new(),
            forwarded: None,
            pinned: false,
        });
        self
    }

    fn last(&mut self) -> &mut Message {
        self.messages.last_mut().expect("somebody has spoken")
    }

    fn replying_to(mut self, message: u64) -> Self {
        self.last().reply_to = Some(MessageId(message));
        self
    }

    fn forwarding(mut self, text: &str) -> Self {
        self.last().forwarded = Some(text.to_owned());
        self
    }

    fn reacted(mut self, who: u64, emoji: &str) -> Self {
        let reaction = Reaction { emoji: emoji.into(), count: 1, users: vec![UserId(who)] };
        self.last().reactions.push(reaction);
        self
    }

    fn trusting(mut self, who: u64) -> Self {
        self.trusted.insert(UserId(who));
        self
    }

    fn tagged(mut self, tag: &str) -> Self {
        self.channel.kind = ChannelKind::Thread;
        self.channel.tags.push(tag.into());
        self
    }

    fn closed(mut self) -> Self {
        self.channel.kind = ChannelKind::Thread;
        self.channel.closed = true;
        self
    }

    fn marked(mut self, message: u64, answers: bool) -> Self {
        self.marks.push(AnswerMark { message: MessageId(message), by: UserId(OTHER), answers });
        self
    }

    fn conversation(&self) -> Conversation<'_> {
        Conversation {
            id: ConversationId(MessageId(1)),
            channel: &self.channel,
            messages: self.messages.iter().collect(),
            trusted: &self.trusted,
            marks: self.marks.clone(),
        }
    }

    fn judged(&self) -> ConversationVerdict {
        classify(&self.conversation(), &RULES.signals)
    }

    /// Asserts that the question is resolved by the answer of these messages.
    fn answers_with(self, messages: &[u64]) {
        let ConversationVerdict::Resolved(found) = self.judged() else {
            panic!("{:?}", self.judged())
        };
        let messages = messages.iter().map(|id| MessageId(*id)).collect::<Vec<_>>();
        assert_eq!(found.answers[0].messages, messages);
    }

    /// Checks the verdict's summary: `none`, `open`, or the grade with its best answer.
    fn comes_to(self, expected: &str) {
        let said = match self.judged() {
            ConversationVerdict::NotAQuestion { .. } => "none".to_owned(),
            ConversationVerdict::Open { .. } => "open".to_owned(),
            ConversationVerdict::Resolved(found) => {
                format!("{:?} by {}", found.grade, found.answers[0].message)
            }
        };
        let talk = self.messages.iter().map(|message| message.text.as_str()).collect::<Vec<_>>();
        assert_eq!(said, expected, "{talk:?}");
    }
}

/// A question and its answer, for stories about what follows.
fn answered() -> Story {
    Story::new()
        .says(ASKER, "How do I rotate the signing key of the relay?")
        .says(HELPER, "Run `relay keys rotate` and restart the relay")
}

#[test]
fn a_language_of_the_rules_directory_asks_and_thanks() {
    let text = "name = 'Toy'\n[signals]\nquestion_openers = ['zorp']\nthanks = ['blimf']";
    let files = [("languages/toy.toml".to_owned(), text.to_owned())].into();
    let toy = Ruleset::from_files(&files).unwrap();
    let story = Story::new()
        .says(ASKER, "Zorp relay klonk port")
        .says(HELPER, "Set the port in relay.yaml and restart the relay")
        .says(ASKER, "blimf");
    let verdict = classify(&story.conversation(), &toy.signals);
    let ConversationVerdict::Resolved(resolution) = verdict else { panic!("{verdict:?}") };
    assert_eq!(resolution.grade, ResolutionGrade::Thanked);
    assert!(matches!(story.judged(), ConversationVerdict::NotAQuestion { .. }));
}

#[test]
fn phrases_in_the_signals_file_replace_the_built_in_languages() {
    let text = "[[language]]\nname = 'Own'\nthanks = ['blimf']\n[asking]\nthanks = 1.0";
    let own = Ruleset::parse(|name| (name == "signals.toml").then(|| text.to_owned())).unwrap();
    let asks = |text| {
        let story = Story::new().says(ASKER, text);
        let verdict = classify(&story.conversation(), &own.signals);
        !matches!(verdict, ConversationVerdict::NotAQuestion { .. })
    };
    assert!(asks("blimf for the relay and the port"));
    assert!(!asks("thanks for the relay and the port"));
}

#[test]
fn the_askers_last_words_decide() {
    for (words, expected) in [
        ("that worked, thank you!", "Confirmed by 2"),
        ("solved", "Confirmed by 2"),
        ("thanks!", "Thanked by 2"),
        ("thx a lot", "Thanked by 2"),
        ("🙏", "Thanked by 2"),
        ("감사합니다!", "Thanked by 2"),
        ("해결됐어요 감사합니다", "Confirmed by 2"),
        ("still not working", "open"),
        ("doesn't work, thanks anyway", "open"),
        ("no luck", "open"),
        ("thanks but it didn't help", "open"),
        ("고맙지만 안 돼요", "open"),
        ("same error again", "open"),
    ] {
        answered().says(ASKER, words).comes_to(expected);
    }
}

#[test]
fn later_trouble_takes_an_acceptance_back() {
    answered().says(ASKER, "that worked").says(ASKER, "wait, it fails again").comes_to("open");
}

#[test]
fn thanks_before_any_answer_thank_for_nothing() {
    Story::new()
        .says(ASKER, "Why does the relay drop my webhooks? Thanks in advance")
        .says(ASKER, "thanks")
        .comes_to("open");
}

#[test]
fn a_direct_answer_without_an_echo_stays_unconfirmed() {
    Story::new()
        .says(ASKER, "How do I rotate the signing key of the relay?")
        .says(HELPER, "Run `relay keys rotate` and restart the relay")
        .replying_to(1)
        .comes_to("Unconfirmed by 2");
}

#[test]
fn questions_redirections_and_ignorance_answer_nothing() {
    for reply in
        ["which version do you run?", "no idea", "ask in #relay-dev", "google it", "lol", "hi"]
    {
        Story::new()
            .says(ASKER, "The relay keeps crashing with an error, how can I fix it?")
            .says(HELPER, reply)
            .comes_to("open");
    }
}

#[test]
fn the_answer_before_the_confirmation_wins_over_later_chat() {
    answered()
        .says(ASKER, "works now, thanks")
        .says(
            OTHER,
            "You can also set the rotation in the relay settings, I use that for the signing key",
        )
        .comes_to("Confirmed by 2");
}

#[test]
fn talk_that_does_not_ask_is_no_question() {
    Story::new().says(ASKER, "good morning all").says(HELPER, "hi").comes_to("none");
    Story::new().says(ASKER, "no problem").comes_to("none");
    Story::new().says(BOT, "How can I help you today?").comes_to("none");
    Story::new().says(ASKER, "we are excited to announce the new relay @everyone").comes_to("none");
    Story::new().comes_to("none");
}

#[test]
fn bots_and_forwards_do_not_answer() {
    Story::new()
        .says(ASKER, "How do I rotate the signing key?")
        .says(BOT, "Use the rotate command of the signing key")
        .says(HELPER, "")
        .forwarding("Use the rotate command")
        .comes_to("open");
}

#[test]
fn marks_win_over_everything() {
    answered()
        .says(OTHER, "or reinstall")
        .says(ASKER, "thanks")
        .marked(3, true)
        .comes_to("Certain by 3");
    answered().says(ASKER, "thanks").marked(2, false).comes_to("open");
    Story::new()
        .says(ASKER, "relay keys")
        .says(HELPER, "rotate them")
        .marked(2, true)
        .comes_to("Certain by 2");
}

#[test]
fn a_solved_tag_makes_the_best_answer_certain() {
    for tag in ["Solved", "✅ Solved", "해결"] {
        answered().tagged(tag).comes_to("Certain by 2");
    }
}

#[test]
fn a_reaction_counts_from_the_asker_and_from_trusted_people_alone() {
    let story = || {
        Story::new()
            .says(ASKER, "The relay crashes at start with an error, what can I do?")
            .says(HELPER, "Delete the lock file")
    };
    story().reacted(ASKER, "✅").comes_to("Certain by 2");
    story().reacted(ASKER, "👍🏽").comes_to("Certain by 2");
    story().trusting(OTHER).reacted(OTHER, "✔️").comes_to("Certain by 2");
    story().reacted(ASKER, "❌").comes_to("open");
    let unmoved = story().judged();
    assert_eq!(story().reacted(OTHER, "✅").judged(), unmoved);
    assert_eq!(story().reacted(HELPER, "✅").judged(), unmoved);
}

#[test]
fn a_trusted_answerer_is_a_signal() {
    let ConversationVerdict::Resolved(found) =
        answered().says(ASKER, "thanks").trusting(HELPER).judged()
    else {
        panic!("thanks resolve")
    };
    let kinds = found.signals.iter().map(|signal| signal.kind).collect::<Vec<_>>();
    assert_eq!(kinds, [SignalKind::Thanks, SignalKind::TrustedAnswer]);
}

#[test]
fn a_question_gathers_its_parts_and_skips_the_greeting() {
    let story = Story::new()
        .says(ASKER, "hi all")
        .says(ASKER, "I upgraded the relay to 2.1 this morning")
        .says(ASKER, "why does it drop all webhooks?")
        .says(ASKER, "the log says queue full")
        .says(HELPER, "raise queue.max in the settings")
        .says(ASKER, "how high?");
    let (ConversationVerdict::Open { question, .. }
    | ConversationVerdict::Resolved(Resolution { question, .. })) = story.judged()
    else {
        panic!("it asks")
    };
    assert_eq!(question.messages, [MessageId(2), MessageId(3), MessageId(4)]);
    assert_eq!(question.asker, UserId(ASKER));
}

#[test]
fn korean_questions_and_answers_are_understood() {
    Story::new()
        .says(ASKER, "안녕하세요 릴레이 서명 키는 어떻게 바꾸나요?")
        .says(HELPER, "릴레이 설정에서 서명 키를 바꾸시면 됩니다")
        .says(ASKER, "잘 됩니다 감사합니다")
        .comes_to("Confirmed by 2");
    Story::new().says(ASKER, "로그인이 안 돼요 도와주세요").comes_to("open");
}

#[test]
fn a_reason_is_never_what_holds_for_every_question() {
    let story = answered().says(ASKER, "thanks, that worked!");
    let ConversationVerdict::Resolved(found) = story.judged() else { panic!("it worked") };
    let reasons = found.reasons.iter().map(|reason| reason.what.as_str()).collect::<Vec<_>>();
    assert!(reasons.contains(&"the asker says that it worked"), "{reasons:?}");
    assert!(!reasons.contains(&"most questions stay open"), "{reasons:?}");
}

#[test]
fn what_an_asker_found_alone_is_not_said_to_come_from_somebody_who_helps() {
    let story = Story::new()
        .says(ASKER, "How do I rotate the signing key of the relay?")
        .says(ASKER, "figured it out, it was `relay keys rotate --now`");
    let ConversationVerdict::Resolved(found) = story.judged() else { panic!("it was found") };
    let reasons = found.reasons.iter().map(|reason| reason.what.as_str()).collect::<Vec<_>>();
    assert!(reasons.contains(&"the asker shows what solved it"), "{reasons:?}");
    assert!(reasons.iter().all(|what| !what.contains("help")), "{reasons:?}");
}

#[test]
fn no_reason_carries_words_of_the_chat() {
    let verdict = answered().says(ASKER, "that worked").judged();
    let json = serde_json::to_string(&verdict).unwrap();
    assert!(!json.contains("rotate") && !json.contains("person"), "{json}");
}

proptest! {
    #[test]
    fn hostile_talk_never_panics_and_is_judged_the_same_twice(
        said in proptest::collection::vec((1_u64..4, "(?s).{0,80}|[?!👍❌ 가-힣]{0,40}|(```|`|> |@|<@1> |person1: |\u{202E}|ة){0,30}"), 0..12)
    ) {
        let story = said.iter().fold(Story::new(), |story, (who, text)| story.says(*who, text));
        prop_assert_eq!(story.judged(), story.judged());
    }
}

#[test]
fn ten_thousand_messages_are_judged_by_their_beginning() {
    let story =
        (0..10_000).fold(answered(), |story, at| story.says(at % 50 + 10, "and so on and on"));
    assert!(matches!(
        story.judged(),
        ConversationVerdict::Resolved(_) | ConversationVerdict::Open { .. }
    ));
    answered().says(ASKER, &"a? ".repeat(1_300)).judged();
}
