//! Every sentence that the bot says, in the languages that it speaks.

use rules::model::ids::{Millis, UserId};

use super::language::BotLanguage;
use crate::discord::interactions::decide::marking::{MarkResult, TagResult};

/// A day as each reader's own Discord shows it.
pub(crate) fn day(at: Millis) -> String {
    format!("<t:{}:D>", at.0.div_euclid(Millis::SECOND))
}

/// "3 minutes ago", counted by each reader's own Discord.
pub(crate) fn ago(at: Millis) -> String {
    format!("<t:{}:R>", at.0.div_euclid(Millis::SECOND))
}

macro_rules! sentences {
    ($($(#[$doc:meta])* $name:ident: $english:literal, $korean:literal;)+) => {
        $($(#[$doc])* pub(crate) fn $name(language: BotLanguage) -> &'static str {
            language.pick($english, $korean)
        })+

        #[cfg(test)]
        const PLAIN: &[fn(BotLanguage) -> &'static str] = &[$($name),+];
    };
}

sentences! {
    only_in_servers:
        "That works only in a server.",
        "서버 안에서만 쓸 수 있어요.";
    unknown_command:
        "I do not know that command any more. Reload Discord and try again.",
        "더 이상 없는 명령이에요. 디스코드를 새로고침한 뒤 다시 해 보세요.";
    unknown_button:
        "That button no longer does anything.",
        "이 버튼은 더 이상 쓰이지 않아요.";
    failed:
        "Something went wrong on my side. Please try again in a minute.",
        "제 쪽에서 문제가 생겼어요. 잠시 뒤에 다시 해 주세요.";
    may_not_judge:
        "Only the person who asked, helpers and moderators can do that here.",
        "여기서는 질문한 사람, 도우미, 운영진만 할 수 있어요.";
    moderators_only:
        "Only moderators can do that.",
        "운영진만 할 수 있어요.";
    managers_only:
        "Only people who manage this server can do that.",
        "서버를 관리하는 사람만 할 수 있어요.";
    not_read:
        "I do not read this channel, so nothing here can be marked.",
        "제가 읽지 않는 채널이라 표시할 수 없어요.";
    own_message:
        "That is a message of mine. Please mark the one that a person wrote.",
        "그건 제가 쓴 메시지예요. 사람이 쓴 메시지에 표시해 주세요.";
    opted_out:
        "The author of that message asked me to keep nothing of theirs, so I left it alone.",
        "작성자가 기록을 남기지 말라고 해서 그대로 두었어요.";
    you_left:
        "You asked me to keep nothing about you, so I cannot note that.",
        "기록을 남기지 말라고 하셔서 이것도 남길 수 없어요.";
    empty_query:
        "Tell me what you are looking for.",
        "무엇을 찾는지 적어 주세요.";
    nothing_found:
        "I found no answer to that.\n\nAsk in a help channel. A good question says what you want to do, what you tried, and the exact error message.",
        "아직 답변을 찾지 못했어요.\n\n도움 채널에 물어보세요. 무엇을 하려는지, 무엇을 해 봤는지, 오류 메시지가 무엇인지 함께 적으면 좋아요.";
    nearest:
        "Nothing answers exactly that. The nearest questions:",
        "딱 맞는 답변은 없어요. 가장 가까운 질문들이에요:";
    found:
        "The best answers that I know:",
        "찾은 답변이에요:";
    not_public:
        "A settled question whose words are not public",
        "내용이 공개되지 않은 해결된 질문";
    read_there:
        "The words are not mine to repeat. Read them where they were said.",
        "내용을 옮길 수 없어요. 원래 메시지에서 읽어 주세요.";
    known_answer:
        "✅ Known answer",
        "✅ 확인된 답변";
    not_reviewed:
        "Not reviewed yet",
        "아직 검토되지 않음";
    the_question:
        "question",
        "질문";
    the_answer:
        "answer",
        "답변";
    the_page:
        "page",
        "문서";
    undo:
        "Undo",
        "되돌리기";
    undone:
        "Undone.",
        "되돌렸어요.";
    already_undone:
        "That was undone before.",
        "이미 되돌린 일이에요.";
    choose_same:
        "Which question is it the same as?",
        "어느 질문과 같은가요?";
    choose:
        "Choose a question",
        "질문 고르기";
    nothing_alike:
        "I know no question like that one yet.",
        "아직 비슷한 질문이 없어요.";
    gone_cluster:
        "That question is no longer there. Please start again.",
        "그 질문은 이제 없어요. 처음부터 다시 해 주세요.";
    tied:
        "Noted: these are the same question. They are counted together within a minute or so.",
        "같은 질문으로 기록했어요. 곧 함께 집계돼요.";
    allow:
        "Yes, you may quote me",
        "네, 인용해도 돼요";
    withdraw:
        "Withdraw",
        "허락 취소";
    allowed:
        "Thank you! The author agreed to be quoted here. They can withdraw that at any time.",
        "고마워요! 작성자가 인용해도 된다고 했어요. 언제든 취소할 수 있어요.";
    withdrawn:
        "The author withdrew: they are no longer quoted here.",
        "작성자가 허락을 취소했어요. 더 이상 인용되지 않아요.";
    only_the_author:
        "Only the person who wrote that message can decide this.",
        "그 메시지를 쓴 사람만 정할 수 있어요.";
    paused:
        "Paused: no suggestions and no proposals until somebody resumes. Reading, searching and deleting go on.",
        "멈췄어요. 다시 시작할 때까지 제안을 하지 않아요. 읽기, 검색, 삭제는 계속돼요.";
    resumed:
        "Going on.",
        "다시 시작했어요.";
    forget_question:
        "I will delete every message of yours that I keep, and everything made from them, and never store you again. Within a minute it is gone from search too; a published page is asked to be changed within the hour. Your messages on Discord stay where they are.\n\nThere is no way back to what was deleted. Do you want that?",
        "저장된 내 메시지와 거기서 나온 모든 것을 지우고, 다시는 저장하지 않아요. 1분 안에 검색에서도 사라지고, 이미 공개된 페이지는 한 시간 안에 수정을 요청해요. 디스코드에 있는 메시지는 그대로예요.\n\n지운 것은 되살릴 수 없어요. 그래도 할까요?";
    forget:
        "Forget me",
        "내 기록 삭제";
    exported:
        "Everything that I keep about you. Only you can see this message.",
        "저에게 저장된 당신의 모든 기록이에요. 이 메시지는 당신만 볼 수 있어요.";
    exported_part:
        "The file was too large for one message. Join the parts in their order.",
        "파일이 커서 여러 개로 나눴어요. 순서대로 이어 붙이세요.";
    suggestion:
        "This may have been answered before:",
        "전에 나온 답변일지도 몰라요:";
    solved_it:
        "That solved it",
        "해결됐어요";
    not_it:
        "Not it",
        "아니에요";
    helped:
        "Good to hear. Thank you for telling.",
        "다행이에요. 알려 줘서 고마워요.";
    did_not_help:
        "Thank you for telling. The question stays open.",
        "알려 줘서 고마워요. 질문은 열어 둘게요.";
    not_your_question:
        "Only the person who asked, helpers and moderators can tell.",
        "질문한 사람, 도우미, 운영진만 알려 줄 수 있어요.";
}

/// How often a question was answered, and when last.
pub(crate) fn times(language: BotLanguage, count: usize, last: Millis) -> String {
    let day = day(last);
    match (language, count) {
        (BotLanguage::English, 1) => format!("answered once, {day}"),
        (BotLanguage::English, count) => format!("answered {count} times, last {day}"),
        (BotLanguage::Korean, 1) => format!("한 번 해결됨, {day}"),
        (BotLanguage::Korean, count) => format!("{count}번 해결됨, 마지막 {day}"),
    }
}

/// The same without Discord's own dates, which labels do not show.
pub(crate) fn times_plain(language: BotLanguage, count: usize, known: bool) -> String {
    let times = match (language, count) {
        (BotLanguage::English, 1) => "answered once".to_owned(),
        (BotLanguage::English, count) => format!("answered {count} times"),
        (BotLanguage::Korean, count) => format!("{count}번 해결됨"),
    };
    let status = if known { known_answer(language) } else { not_reviewed(language) };
    format!("{times} · {status}")
}

/// What came of marking a message.
pub(crate) fn marked(language: BotLanguage, marked: &MarkResult) -> String {
    let first = if marked.answers {
        language.pick(
            "Marked as the answer. It counts from now on.",
            "답변으로 표시했어요. 지금부터 반영돼요.",
        )
    } else {
        language.pick("Noted: that is not an answer.", "답변이 아니라고 기록했어요.")
    };
    let mut said = vec![first.to_owned()];
    if marked.answers && !marked.reacted {
        let text =
            language.pick("I may not react with ✅ here.", "여기서는 ✅ 반응을 달 수 없어요.");
        said.push(text.to_owned());
    }
    match &marked.tagged {
        TagResult::NotAsked => {}
        TagResult::Set(name) => {
            said.push(
                language.pick(format!("Tag set: {name}."), format!("태그를 달았어요: {name}")),
            );
        }
        TagResult::Full => said.push(
            language.pick("The post has five tags already.", "이미 태그가 다섯 개예요.").to_owned(),
        ),
        TagResult::Refused => said.push(
            language
                .pick(
                    "I may not set the solved tag: that needs the permission Manage Threads.",
                    "해결 태그를 달려면 '스레드 관리하기' 권한이 필요해요.",
                )
                .to_owned(),
        ),
    }
    said.join(" ")
}

/// Asks the author of an answer whether it may be quoted. Names them without a ping.
pub(crate) fn may_we_quote(language: BotLanguage, author: UserId, link: &str) -> String {
    language.pick(
        format!("<@{author}>, [this message]({link}) was marked as an answer. May it be quoted in our public documentation, under a made-up name?"),
        format!("<@{author}>님, [이 메시지]({link})가 답변으로 표시됐어요. 공개 문서에 가명으로 인용해도 될까요?"),
    )
}

/// The same of the message that asked.
pub(crate) fn may_we_quote_asker(language: BotLanguage, author: UserId, link: &str) -> String {
    language.pick(
        format!("<@{author}>, [this question]({link}) has an answer. May the question be quoted in our public documentation, under a made-up name?"),
        format!("<@{author}>님, [이 질문]({link})에 답변이 나왔어요. 질문을 공개 문서에 가명으로 인용해도 될까요?"),
    )
}

/// What was deleted of a person.
pub(crate) fn forgotten(language: BotLanguage, messages: u64) -> String {
    language.pick(
        format!("Done: {messages} message(s) deleted. Within a minute nothing of yours is left in search, and I will not store you again."),
        format!("메시지 {messages}개를 지웠어요. 1분 안에 검색에서도 모두 사라지고, 다시는 저장하지 않아요."),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sentence_is_said_in_both_languages() {
        let hangul = |text: &str| BotLanguage::of_text(text) == BotLanguage::Korean;
        for sentence in PLAIN {
            let (english, korean) = (sentence(BotLanguage::English), sentence(BotLanguage::Korean));
            assert!(!hangul(english) && hangul(korean), "{english} / {korean}");
            assert!(korean.chars().count() < 600 && english.len() < 600, "{english}");
        }
    }

    #[test]
    fn labels_fit_their_buttons() {
        for label in [undo, allow, withdraw, forget, solved_it, not_it, choose] {
            for language in [BotLanguage::English, BotLanguage::Korean] {
                assert!(label(language).encode_utf16().count() <= 80, "{}", label(language));
            }
        }
    }

    #[test]
    fn what_came_of_a_mark_is_told() {
        let told = |answers, reacted, tagged| {
            marked(BotLanguage::English, &MarkResult { answers, reacted, tagged })
        };
        let all = told(true, true, TagResult::Set("Solved".to_owned()));
        assert_eq!(all, "Marked as the answer. It counts from now on. Tag set: Solved.");
        assert!(told(true, false, TagResult::Refused).contains("Manage Threads"));
        assert_eq!(told(false, false, TagResult::NotAsked), "Noted: that is not an answer.");
    }

    #[test]
    fn counts_read_well() {
        let at = Millis(1_700_000_000_000);
        assert_eq!(times(BotLanguage::English, 1, at), "answered once, <t:1700000000:D>");
        assert_eq!(times(BotLanguage::Korean, 3, at), "3번 해결됨, 마지막 <t:1700000000:D>");
    }
}
