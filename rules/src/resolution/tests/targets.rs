//! Which answer a confirmation is about, which one is refused, and how long an answer is.

use super::*;
use crate::config::ruleset::EMBEDDED;

/// Two answers, the first of them wrong.
fn two_answers() -> Story {
    Story::new()
        .says(ASKER, "How do I rotate the signing key of the relay?")
        .says(HELPER, "Delete the key file and start the relay, it makes a new one")
        .replying_to(1)
        .says(OTHER, "Run `relay keys rotate` and restart the relay")
        .replying_to(1)
}

fn best_answer(story: &Story) -> Option<Answer> {
    match story.judged() {
        ConversationVerdict::Resolved(found) => Some(found.answers[0].clone()),
        _ => None,
    }
}

#[test]
fn a_reply_a_name_or_a_number_says_which_answer_helped() {
    two_answers().says(ASKER, "thanks, that worked!").replying_to(2).comes_to("Confirmed by 2");
    two_answers().says(ASKER, "thanks, that worked!").replying_to(3).comes_to("Confirmed by 3");
    for (words, expected) in [
        ("the second one worked, thanks", "Confirmed by 3"),
        ("the first one worked, thanks", "Confirmed by 2"),
        ("thanks person2, that worked", "Confirmed by 2"),
        ("person3's command worked", "Confirmed by 3"),
        ("@person2 that fixed it", "Confirmed by 2"),
    ] {
        two_answers().says(ASKER, words).comes_to(expected);
    }
}

#[test]
fn an_own_solution_in_a_reply_gives_nobody_credit() {
    let asked = || {
        Story::new()
            .says(ASKER, "How do I rotate the signing key of the relay?")
            .says(HELPER, "Delete the key file and start the relay, it makes a new one")
            .replying_to(1)
    };
    for words in ["never mind, it was something else", "solved, that was a typo of mine, my fault"]
    {
        let found = best_answer(&asked().says(ASKER, words).replying_to(2));
        let helper = found.is_some_and(|answer| answer.message == MessageId(2));
        assert!(!helper, "{words}");
    }
    asked().says(ASKER, "solved it, thanks!").replying_to(2).comes_to("Confirmed by 2");
}

#[test]
fn the_command_that_an_asker_found_is_the_answer() {
    let asked = || {
        Story::new()
            .says(ASKER, "How do I rotate the signing key of the relay?")
            .says(HELPER, "Delete the cache folder and install everything again")
    };
    for words in [
        "nvm, I had to run `relay keys rotate`",
        "found it! `relay keys rotate` was needed",
        "figured it out: `relay keys rotate` fixes it",
        "for anyone else: `relay keys rotate` did it",
        "solved, the trick was `relay keys rotate`",
    ] {
        let verdict = asked().says(ASKER, words).judged();
        let ConversationVerdict::Resolved(found) = verdict else { panic!("{words}") };
        let answers = found.answers.iter().map(|answer| answer.message).collect::<Vec<_>>();
        assert_eq!(answers, [MessageId(3)], "{words}");
    }
    asked()
        .says(OTHER, "or use `relay keys rotate`")
        .says(ASKER, "solved, it was `relay keys rotate`")
        .comes_to("Thanked by 3");
}

#[test]
fn talk_of_asking_and_helping_answers_nothing() {
    for words in [
        "someone from the team will look into it tomorrow",
        "that was answered here many times already",
        "you would have to ask the developers",
        "a fix is planned for the next release",
        "hm, strange",
    ] {
        Story::new()
            .says(ASKER, "How do I rotate the signing key of the relay?")
            .says(HELPER, words)
            .replying_to(1)
            .says(ASKER, "ok thanks")
            .comes_to("open");
    }
}

#[test]
fn what_is_said_of_a_question_or_a_bot_confirms_nobody() {
    let asked = || {
        Story::new()
            .says(ASKER, "The relay does not start and prints an error, how can I fix it?")
            .says(HELPER, "which version are you on?")
    };
    asked().says(ASKER, "nvm figured it out").comes_to("open");
    asked().says(ASKER, "works now, thanks").comes_to("open");
    asked()
        .says(BOT, "Delete the lock file")
        .says(ASKER, "thanks, that worked")
        .replying_to(3)
        .comes_to("open");
}

#[test]
fn success_elsewhere_or_later_confirms_nothing() {
    for words in [
        "that solved my other problem, thanks",
        "it works in safari but not in chrome",
        "thanks, that deleted my config",
        "I'll tell you when it is solved",
        "ok thanks but I need it for the client",
    ] {
        let grade = match answered().says(ASKER, words).judged() {
            ConversationVerdict::Resolved(found) => Some(found.grade),
            _ => None,
        };
        assert!(grade.is_none_or(|grade| grade == ResolutionGrade::Unconfirmed), "{words}");
    }
}

#[test]
fn a_refused_answer_is_never_the_answer() {
    for words in [
        "don't do that, you will lose all clients. Run `relay keys rotate` instead",
        "that's outdated, use `relay keys rotate`",
        "wrong, it breaks the clients; `relay keys rotate` is the way",
    ] {
        let story = Story::new()
            .says(ASKER, "How do I rotate the signing key of the relay?")
            .says(HELPER, "Delete the key file and start the relay")
            .says(ASKER, "thanks, that worked!")
            .says(OTHER, words)
            .replying_to(2)
            .trusting(OTHER);
        let best = best_answer(&story);
        assert!(best.is_none_or(|best| best.message == MessageId(4)), "{words}");
    }
}

#[test]
fn what_another_helper_refuses_is_not_among_the_answers() {
    for words in [
        "that has been deprecated for years, use `relay keys rotate`",
        "no no, this wipes the sessions. `relay keys rotate`",
        "your advice is dangerous, run `relay keys rotate`",
    ] {
        let story = Story::new()
            .says(ASKER, "How do I rotate the signing key of the relay?")
            .says(HELPER, "Delete the key file and start the relay")
            .says(OTHER, words)
            .says(ASKER, "that worked, thanks!");
        let ConversationVerdict::Resolved(found) = story.judged() else { panic!("{words}") };
        let answers = found.answers.iter().map(|answer| answer.message).collect::<Vec<_>>();
        assert_eq!(answers, [MessageId(3)], "{words}");
    }
}

#[test]
fn a_trusted_persons_correction_is_the_answer() {
    let story = Story::new()
        .says(ASKER, "How do I rotate the signing key of the relay?")
        .says(HELPER, "Delete the key file and start the relay")
        .says(ASKER, "thanks, that worked!")
        .says(OTHER, "Please don't do that. Run `relay keys rotate` instead")
        .replying_to(2)
        .trusting(OTHER);
    assert_eq!(best_answer(&story).expect("it is corrected").message, MessageId(4));
}

#[test]
fn what_a_helper_takes_back_is_dropped() {
    for words in [
        "wait no, that's wrong, run `relay keys rotate` instead",
        "scratch that, use `relay keys rotate`",
        "actually no, that would wipe it. use `relay keys rotate`",
        "sorry, I mixed that up: `relay keys rotate`",
    ] {
        let story = Story::new()
            .says(ASKER, "How do I rotate the signing key of the relay?")
            .says(HELPER, "Delete the key file and start the relay")
            .says(HELPER, words)
            .says(ASKER, "thanks, that worked!");
        let best = best_answer(&story).expect("it worked");
        assert_eq!(best.messages, [MessageId(3)], "{words}");
    }
    Story::new()
        .says(ASKER, "How do I rotate the signing key of the relay?")
        .says(HELPER, "Run `relay keys rotate`\n\nEDIT: this no longer works since 2.0")
        .says(ASKER, "thanks, that worked!")
        .comes_to("open");
}

#[test]
fn steps_of_one_helper_are_one_answer_in_order() {
    let story = Story::new()
        .says(ASKER, "How do I rotate the signing key of the relay?")
        .says(HELPER, "first stop the relay with `relay stop`")
        .says(HELPER, "then run `relay keys rotate`")
        .says(ASKER, "done")
        .says(HELPER, "and start it again with `relay start`")
        .says(ASKER, "thanks, that worked!");
    let best = best_answer(&story).expect("it worked");
    assert_eq!(best.messages, [MessageId(2), MessageId(3), MessageId(5)]);
}

#[test]
fn advice_that_failed_is_no_part_of_what_worked() {
    let story = Story::new()
        .says(ASKER, "How do I rotate the signing key of the relay?")
        .says(HELPER, "Delete the key file and start the relay")
        .says(ASKER, "did that, same error")
        .says(HELPER, "ok then run `relay keys rotate`")
        .says(ASKER, "that fixed it");
    assert_eq!(best_answer(&story).expect("it worked").messages, [MessageId(4)]);
}

#[test]
fn a_thread_that_somebody_closed_after_an_answer_is_likelier_resolved() {
    let confidence = |story: Story| match story.judged() {
        ConversationVerdict::Resolved(found) => (found.grade, found.confidence),
        _ => panic!("{:?}", story.judged()),
    };
    let open = confidence(answered().says(ASKER, "thanks, that worked!"));
    let closed = confidence(answered().says(ASKER, "thanks, that worked!").closed());
    assert_eq!(open.0, closed.0, "no closing alone makes a grade");
    assert!(closed.1 > open.1 + 0.02, "{open:?} {closed:?}");
    // It answers nothing, and helps nobody who still fails.
    Story::new().says(ASKER, "How do I rotate the key?").closed().comes_to("open");
    let failing = || answered().says(ASKER, "no, the same error");
    failing().comes_to("open");
    failing().closed().comes_to("open");
}

#[test]
fn a_short_command_is_an_answer() {
    Story::new()
        .says(ASKER, "How can I see which release of the system I have?")
        .says(HELPER, "`lsb_release -a`")
        .says(ASKER, "thanks")
        .comes_to("Thanked by 2");
}

#[test]
fn a_name_that_is_an_ordinary_word_insults_nobody() {
    for name in ["lunar clown harbour", "stupid simple storage", "go away timer"] {
        Story::new()
            .says(ASKER, &format!("Why does the {name} server quit after it was upgraded?"))
            .says(
                HELPER,
                &format!(
                    "Open the {name} file, set its port to 4114 and restart it, then see \
                     https://docs.example.org/quickstart for details."
                ),
            )
            .replying_to(1)
            .says(ASKER, "thanks, that worked")
            .replying_to(2)
            .comes_to("Confirmed by 2");
    }
}

#[test]
fn whoever_stands_behind_a_listed_relay_is_a_person() {
    let (_, embedded) = EMBEDDED.iter().find(|(name, _)| *name == "signals.toml").unwrap();
    let text = embedded.replace("relays = []", "relays = ['bridge']");
    let rules = Ruleset::parse(|name| (name == "signals.toml").then(|| text.clone())).unwrap();
    let mut story = Story::new()
        .says(ASKER, "How do I rotate the signing key of the relay?")
        .says(BOT, "<mia> Run `relay keys rotate` and restart the relay")
        .says(ASKER, "thanks, that worked!");
    let bridge = Author { id: UserId(BOT), name: "bridge".into(), bot: true, roles: Vec::new() };
    story.messages[1].author = Arc::new(bridge);
    let conversation = story.conversation();
    let verdict = classify(&conversation, &rules.signals);
    let relayed = matches!(verdict, ConversationVerdict::Resolved(_));
    let unlisted = matches!(story.judged(), ConversationVerdict::Open { .. });
    assert!(relayed && unlisted);
    assert_eq!(
        conversation.messages[1].own_words(),
        "Run `relay keys rotate` and restart the relay"
    );
}

#[test]
fn success_after_several_answers_is_not_sure_of_any() {
    two_answers().says(ASKER, "thanks, that worked!").comes_to("Thanked by 3");
    // What failed before is not meant.
    Story::new()
        .says(ASKER, "How do I rotate the signing key of the relay?")
        .says(HELPER, "Delete the key file and start the relay, it makes a new one")
        .says(ASKER, "that did not work")
        .says(OTHER, "Run `relay keys rotate` and restart the relay")
        .says(ASKER, "thanks, that worked!")
        .comes_to("Confirmed by 4");
}

#[test]
fn who_asks_the_same_again_was_not_helped() {
    let returned = answered()
        .says(ASKER, "that worked, thanks!")
        .says(ASKER, "How do I rotate the signing key of the relay?");
    let grade = match returned.judged() {
        ConversationVerdict::Resolved(found) => Some(found.grade),
        _ => None,
    };
    assert!(grade.is_none_or(|grade| grade == ResolutionGrade::Unconfirmed), "{grade:?}");
}

#[test]
fn words_in_an_alphabet_without_a_list_speak_neither_for_nor_against() {
    let asked = || {
        Story::new()
            .says(ASKER, "كيف يمكنني تغيير مفتاح الخادم؟")
            .says(HELPER, "شغل `relay keys rotate` ثم أعد التشغيل")
            .replying_to(1)
    };
    asked().comes_to("Unconfirmed by 2");
    asked().says(ASKER, "تمام يا صديقي").comes_to("Unconfirmed by 2");
}

#[test]
fn a_helper_who_corrects_the_last_message_is_quoted_with_the_correction() {
    for (question, wrong, opening, thanks) in [
        ("How do I list the jobs of the relay?", "Delete the whole queue.", "er,", "that works"),
        ("How do I list the jobs of the relay?", "Delete the whole queue.", "sorry no:", "thanks"),
        (
            "릴레이의 작업을 어떻게 보나요?",
            "큐를 전부 지우세요.",
            "앗 잘못 썼어요.",
            "됩니다 감사합니다",
        ),
    ] {
        let right = format!("{opening} `relay jobs --all`");
        Story::new()
            .says(ASKER, question)
            .says(HELPER, wrong)
            .replying_to(1)
            .says(HELPER, &right)
            .says(ASKER, thanks)
            .answers_with(&[3]);
    }
    // A second step is no correction, whatever word it opens with, where it shows nothing.
    Story::new()
        .says(ASKER, "How do I list the jobs of the relay?")
        .says(HELPER, "Run `relay jobs --all` in a shell.")
        .replying_to(1)
        .says(HELPER, "actually any shell of the host will do")
        .says(ASKER, "that works")
        .answers_with(&[2, 3]);
}

#[test]
fn talk_of_asking_in_the_words_of_the_question_is_no_answer() {
    for words in [
        "the relay authors discussed that on friday",
        "the relay authors mentioned jobs last week too",
    ] {
        let story = Story::new()
            .says(ASKER, "How do I list the jobs of the relay?")
            .says(HELPER, words)
            .replying_to(1)
            .says(ASKER, "ok thanks");
        let verdict = story.judged();
        assert!(!matches!(verdict, ConversationVerdict::Resolved(_)), "{words}: {verdict:?}");
    }
}

#[test]
fn an_instruction_beside_a_hint_at_the_manual_is_an_answer() {
    let settled = |words: &str| {
        let story = Story::new()
            .says(ASKER, "How do I change the port of the relay?")
            .says(HELPER, words)
            .replying_to(1)
            .says(ASKER, "ok thanks");
        matches!(story.judged(), ConversationVerdict::Resolved(_))
    };
    for words in [
        "Set the port in relay.yaml and restart it, the docs list all settings",
        "Set the port in relay.yaml and restart it, the manual has all of them",
        "Change LISTEN_PORT, the rest is in the readme",
        "Edit /etc/relay.conf. More is in the wiki.",
        "Start it with --port 4114; read the docs for more",
    ] {
        assert!(settled(words), "{words}");
    }
    for words in [
        "it's in the docs",
        "read the manual, it is all there",
        "check the wiki, then open a ticket",
        "see the documentation of relay.yaml",
        "in the manual, section 4.2",
        "ask in #relay-help, they know",
        "open an issue at https://git.example.org/relay, the docs are old",
    ] {
        assert!(!settled(words), "{words}");
    }
}
