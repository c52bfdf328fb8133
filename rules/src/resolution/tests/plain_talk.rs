//! Talk as it is in channels where nobody puts question marks, and where people correct themselves in a word.

use super::*;

#[test]
fn what_the_asker_changed_is_the_answer() {
    for (question, help, words) in [
        (
            "my proxy keeps returning 502 for the wiki, any ideas?",
            "are both containers in the same network?",
            "oh lol, the upstream port was 80 inside the container. changed it in the Proxyfile and its up",
        ),
        (
            "the database refuses my password after the move",
            "check hba.conf",
            "turned out the old volume still had the old one, so i ran `compose down -v`. all good now",
        ),
        (
            "my game keeps crashing when i open the map",
            "verify the files",
            "tried that. ended up removing an old minimap plugin and now it opens fine",
        ),
        (
            "how do i stop the bot from answering twice?",
            "did you set POLL_INTERVAL?",
            "nah it wasn't that. had two supervisors running, killed one with `sv delete 1`",
        ),
        (
            "디스코드 봇이 명령을 인식을 못 해요",
            "봇을 다시 초대해 보세요",
            "초대 링크에 commands 스코프가 빠져 있었어요. 추가하니 잘 됩니다",
        ),
    ] {
        let verdict = Story::new()
            .says(ASKER, question)
            .says(HELPER, help)
            .replying_to(1)
            .says(ASKER, words)
            .judged();
        let ConversationVerdict::Resolved(found) = &verdict else { panic!("{words}: {verdict:?}") };
        assert_eq!(found.answers[0].author, UserId(ASKER), "{words}");
    }
}

#[test]
fn success_with_what_somebody_told_is_theirs_in_korean_too() {
    Story::new()
        .says(ASKER, "화면이 자꾸 꺼지는데 어떻게 하나요?")
        .says(HELPER, "주사율을 60으로 낮추세요")
        .says(ASKER, "알려주신 대로 설정을 바꾸니까 잘 됩니다")
        .answers_with(&[2]);
}

#[test]
fn a_word_with_a_star_replaces_a_short_answer() {
    let answered = |first: &str, second: &str| {
        Story::new()
            .says(ASKER, "Which port does the remote console use by default?")
            .says(HELPER, first)
            .says(HELPER, second)
            .says(ASKER, "thanks")
    };
    answered("25565", "*25575, sorry").answers_with(&[3]);
    answered("25565", "25575*").answers_with(&[3]);
    // What it put right in a longer one belongs to that one, and stars at both ends are emphasis.
    answered("it is 25575, and the password is set in server.properties", "*25585")
        .answers_with(&[2, 3]);
    answered("25575 unless it is set in server.properties", "*restart* it after a change")
        .answers_with(&[2, 3]);
}

#[test]
fn a_reply_with_advice_tells_that_something_was_asked() {
    let said = |replies: bool| {
        let story = Story::new()
            .says(ASKER, "the overlay sits on the wrong monitor after the update")
            .says(HELPER, "set `overlay.screen` to 2");
        let story = if replies { story.replying_to(1) } else { story };
        story.says(ASKER, "that did it, thanks")
    };
    said(true).comes_to("Confirmed by 2");
    Story::new()
        .says(ASKER, "finished my first map today")
        .says(HELPER, "looks awesome")
        .replying_to(1)
        .says(ASKER, "thanks!")
        .comes_to("none");
}

#[test]
fn a_command_to_a_bot_is_an_answer_where_it_replies() {
    let answered =
        || Story::new().says(ASKER, "how do I get the seed of my world?").says(HELPER, "/seed");
    answered().replying_to(1).says(ASKER, "that worked, thanks").comes_to("Confirmed by 2");
    answered().says(ASKER, "that worked, thanks").comes_to("open");
}

#[test]
fn who_asks_for_the_log_or_jokes_answers_nothing() {
    for (question, reply) in [
        ("how do I build the module for the wifi stick?", "paste the output of make please"),
        ("how do I leave the editor?", "you don't 🤣"),
        ("how do I stop the updater?", "we get this question every day"),
        ("how do I calibrate the offset?", "there's an old thread, use the search bar"),
        ("토큰은 어디서 받나요?", "공식 문서 한번 읽어보세요"),
        ("인덱싱이 느린데 왜 그럴까요?", "음 왜 그럴까요"),
        ("서버를 옮기려면 어떻게 하나요?", "공지 채널 확인해 주세요"),
    ] {
        let verdict = Story::new().says(ASKER, question).says(HELPER, reply).replying_to(1);
        let verdict = verdict.says(ASKER, "ok thanks, 감사합니다").judged();
        assert!(!matches!(verdict, ConversationVerdict::Resolved(_)), "{reply}: {verdict:?}");
    }
}

#[test]
fn own_findings_are_understood_in_other_languages() {
    for (question, words) in [
        (
            "¿por qué mi bot no recibe mensajes?",
            "ya lo encontré, faltaba activar `MESSAGE_CONTENT`",
        ),
        ("por que o servidor não abre?", "descobri, faltava a linha `eula=true`"),
        (
            "warum startet der container nicht?",
            "hab's gefunden, es lag an den Rechten: `chown -R 1000 config`",
        ),
        (
            "pourquoi le service ne démarre pas ?",
            "j'ai trouvé, il manquait `User=web` dans le fichier",
        ),
        ("почему не запускается сервер?", "разобрался, надо было поставить `eula=true`"),
        ("なぜサーバーが起動しないのですか？", "自己解決しました。 `eula=true` が必要でした"),
        ("为什么服务器启动不了？", "找到原因了， `eula=true` 少了"),
    ] {
        let story = Story::new().says(ASKER, question).says(ASKER, words);
        let verdict = story.judged();
        let ConversationVerdict::Resolved(found) = &verdict else { panic!("{words}: {verdict:?}") };
        assert_eq!(found.answers[0].message, MessageId(2), "{words}");
    }
}
