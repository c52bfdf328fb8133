//! Askers who find it out themselves, and helpers who replace what they said.

use super::*;

fn asked() -> Story {
    Story::new()
        .says(ASKER, "Why does the relay refuse to start? It says the address is in use.")
        .says(HELPER, "Set relay.port to another value and restart it")
}

#[test]
fn what_the_asker_found_out_is_the_answer() {
    for words in [
        "nvm, it was `-p`",
        "solved, my mistake, I had typed `--prot`",
        "figured it out: the supervisor had launched a second copy",
        "turns out the supervisor had launched a second copy",
        "okay I'm an idiot, two supervisors were enabled",
        "never mind, it was a leftover supervisor",
        "found it, the supervisor kept a stale socket",
        "the reason was a second supervisor",
    ] {
        asked().says(ASKER, words).comes_to("Confirmed by 3");
    }
    Story::new()
        .says(ASKER, "릴레이가 왜 시작이 안 되나요? 주소가 사용 중이라고 나와요")
        .says(HELPER, "relay.port 값을 바꾸고 다시 시작하세요")
        .says(ASKER, "알고 보니 관리 프로그램이 두 개 켜져 있었네요")
        .comes_to("Thanked by 3");
}

#[test]
fn an_own_finding_that_says_nothing_answers_nothing() {
    for words in [
        "nvm, figured it out",
        "never mind, solved it myself",
        "found the problem, thanks anyway",
        "nvm I'll ask tomorrow",
        "turns out the supervisor still has the same problem",
        "fixed, it was my own mistake in the settings",
        "got it, a typo in the unit file",
    ] {
        let verdict = asked().says(ASKER, words).judged();
        let own = match &verdict {
            ConversationVerdict::Resolved(found) => found.answers[0].author == UserId(ASKER),
            _ => false,
        };
        assert!(!own, "{words}: {verdict:?}");
    }
}

#[test]
fn what_the_asker_says_was_not_the_cause_gives_nobody_credit() {
    for words in [
        "fixed, had nothing to do with relay.port",
        "solved it, changing relay.port was not needed",
        "solved, was a silly typo on my side",
        "ok works now, I had fat fingered the settings",
        "works, user error in the unit file",
    ] {
        let verdict = asked().says(ASKER, words).judged();
        let confirmed = match &verdict {
            ConversationVerdict::Resolved(found) => found.grade < ResolutionGrade::Unconfirmed,
            _ => false,
        };
        assert!(!confirmed, "{words}: {verdict:?}");
    }
}

#[test]
fn success_in_the_words_of_the_help_is_the_helpers() {
    for words in [
        "changing relay.port solved it",
        "that fixed it, the address was taken by the old relay",
        "I got it to work as you explained, thank you!",
    ] {
        let verdict = asked().says(ASKER, words).judged();
        let ConversationVerdict::Resolved(found) = &verdict else { panic!("{words}: {verdict:?}") };
        assert_eq!(found.answers[0].author, UserId(HELPER), "{words}");
    }
}

#[test]
fn a_value_that_replaces_the_one_before_is_a_correction() {
    for (wrong, right) in [
        ("Put it into relay.yml", "sorry, relay.toml"),
        ("Put it into relay.yml", "it's toml, not yml"),
        ("Set relay.port to 4114", "ah they changed that, it starts at 41140"),
        ("Add the user to the group audio", "no, video. Not audio."),
        ("Choose Advanced, then Reset", "got that backwards, Reset first"),
        ("relay.yml 에 넣으세요", "아 yml 말고 toml 입니다"),
    ] {
        Story::new()
            .says(ASKER, "How do I change the port of the relay?")
            .says(HELPER, wrong)
            .replying_to(1)
            .says(HELPER, right)
            .says(ASKER, "that worked, thanks!")
            .answers_with(&[3]);
    }
}

#[test]
fn a_second_step_replaces_nothing() {
    for (first, second) in [
        ("Open relay.toml", "and set relay.port to 4114"),
        ("Stop the relay", "not the whole machine"),
        ("Run `relay stop`", "then delete /var/lib/relay/lock"),
    ] {
        Story::new()
            .says(ASKER, "How do I change the port of the relay?")
            .says(HELPER, first)
            .replying_to(1)
            .says(HELPER, second)
            .says(ASKER, "that worked, thanks!")
            .answers_with(&[2, 3]);
    }
}

#[test]
fn who_says_where_when_and_by_whom_it_will_be_answered_answers_nothing() {
    for words in [
        "somebody from the team is usually around at noon",
        "have you asked the maintainers yet",
        "I'll have a look once I'm home",
        "the devs are pretty responsive, give them a day",
        "담당자분이 점심쯤 오실 거예요",
        "지난주에도 나온 질문이네요",
    ] {
        let story = Story::new()
            .says(ASKER, "Why does the relay refuse to start?")
            .says(HELPER, words)
            .replying_to(1)
            .says(ASKER, "ok thanks");
        let verdict = story.judged();
        assert!(!matches!(verdict, ConversationVerdict::Resolved(_)), "{words}: {verdict:?}");
    }
}
