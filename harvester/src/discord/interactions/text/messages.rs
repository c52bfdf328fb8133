//! Every sentence of the bot, in each language that it supports.

use jiff::Timestamp;
use rules::model::ids::UserId;
use rules::publish::strength::AnswerStrength;
use site::presentation::words;

use super::language::BotLanguage;

/// What marking a message did, as the reply reports it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MarkResult {
    pub(crate) answers: bool,
    pub(crate) reacted: bool,
    pub(crate) tagged: TagResult,
}

/// What happened to the solved tag of a forum post.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum TagResult {
    NotAsked,
    /// Set, with the name of the tag.
    Set(String),
    Full,
    Refused,
}

/// A day, shown by Discord in each reader's own format.
pub(crate) fn day(at: Timestamp) -> String {
    format!("<t:{}:D>", at.as_second())
}

/// "3 minutes ago", computed by each reader's Discord client.
pub(crate) fn ago(at: Timestamp) -> String {
    format!("<t:{}:R>", at.as_second())
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
        "This works only in a server.",
        "서버 안에서만 쓸 수 있어요.";
    unknown_command:
        "This command no longer exists. Reload Discord and try again.",
        "더 이상 없는 명령어예요. 디스코드를 새로고침한 뒤 다시 시도해 주세요.";
    unknown_button:
        "This button no longer works.",
        "더 이상 쓸 수 없는 버튼이에요.";
    failed:
        "Something went wrong. Please try again in a minute.",
        "문제가 생겼어요. 잠시 뒤에 다시 시도해 주세요.";
    may_not_mark:
        "Only the person who asked, helpers and moderators can do that here.",
        "여기서는 질문한 사람, 도우미, 운영진만 할 수 있어요.";
    moderators_only:
        "Only moderators can do that.",
        "운영진만 할 수 있어요.";
    managers_only:
        "Only people who manage this server can do that.",
        "서버를 관리하는 사람만 할 수 있어요.";
    not_read:
        "The bot does not read this channel, so nothing here can be marked.",
        "봇이 읽지 않는 채널이라 표시할 수 없어요.";
    own_message:
        "The bot wrote that message. Please mark the one that a person wrote.",
        "봇이 쓴 메시지예요. 사람이 쓴 메시지에 표시해 주세요.";
    opted_out:
        "That author has opted out; nothing was marked.",
        "작성자가 저장을 거부해서 표시하지 않았어요.";
    you_left:
        "You have opted out, so this cannot be saved.",
        "저장을 거부하셔서 기록할 수 없어요.";
    empty_query:
        "Type what you are looking for.",
        "무엇을 찾는지 적어 주세요.";
    nothing_found:
        "No answer found.\n\nAsk in a help channel. A good question says what you want to do, what you tried, and the exact error message.",
        "답변을 찾지 못했어요.\n\n도움 채널에 질문해 보세요. 하려는 일, 시도해 본 방법, 정확한 오류 메시지를 함께 적으면 좋아요.";
    nearest:
        "No confident match. The most similar questions:",
        "딱 맞는 답변은 없어요. 가장 비슷한 질문들이에요:";
    found:
        "The best answers:",
        "찾은 답변이에요:";
    official:
        "✅ Official, from the maintainers",
        "✅ 운영진이 확인한 공식 정보예요";
    verify_at:
        "verify at",
        "확인하기:";
    no_such_fact:
        "There is no official fact of that name. Ask in a help channel, and trust no address or link that strangers send.",
        "그런 이름의 공식 정보는 없어요. 도움 채널에 물어보시고, 모르는 사람이 보낸 주소나 링크는 믿지 마세요.";
    known_facts:
        "Known names:",
        "찾을 수 있는 이름:";
    not_public:
        "An answered question that may not be quoted",
        "인용할 수 없는 해결된 질문";
    read_there:
        "The author has not agreed to be quoted; open the original message.",
        "작성자가 인용에 동의하지 않았어요. 원래 메시지에서 읽어 주세요.";
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
        "That has already been undone.",
        "이미 되돌렸어요.";
    choose_same:
        "Which question is it the same as?",
        "어느 질문과 같은가요?";
    choose:
        "Choose a question",
        "질문 고르기";
    nothing_alike:
        "No similar question found.",
        "비슷한 질문을 찾지 못했어요.";
    gone_cluster:
        "That question no longer exists. Please start again.",
        "그 질문은 이제 없어요. 처음부터 다시 해 주세요.";
    marked_same:
        "Marked as the same question. Both are counted together within a minute or so.",
        "같은 질문으로 표시했어요. 곧 함께 집계돼요.";
    allow:
        "Yes, you may quote me",
        "네, 인용해도 돼요";
    withdraw:
        "Withdraw",
        "동의 철회";
    allowed:
        "Thank you! The author agreed to be quoted here and can withdraw this at any time.",
        "고마워요! 작성자가 인용에 동의했어요. 동의는 언제든 철회할 수 있어요.";
    withdrawn:
        "The author withdrew consent and is no longer quoted here.",
        "작성자가 동의를 철회해서 더 이상 인용되지 않아요.";
    only_the_author:
        "Only the author of that message can decide this.",
        "메시지를 쓴 사람만 정할 수 있어요.";
    paused:
        "Paused: no suggestions and no proposals until someone resumes. Reading, search and deletion continue.",
        "일시정지했어요. 다시 시작할 때까지 답변 추천과 문서 제안을 하지 않아요. 읽기, 검색, 삭제는 계속돼요.";
    resumed:
        "Resumed.",
        "다시 시작했어요.";
    forget_question:
        "This deletes all of your stored messages and everything made from them, and nothing of yours is stored again. Within a minute it is gone from search too; a change to published pages is requested within the hour. Your messages on Discord stay where they are.\n\nThe deletion cannot be undone. Do you want to continue?",
        "저장된 내 메시지와 그 메시지로 만든 모든 것을 지우고, 다시는 저장하지 않아요. 1분 안에 검색에서도 사라지고, 이미 공개된 페이지는 한 시간 안에 수정을 요청해요. 디스코드에 있는 메시지는 그대로예요.\n\n삭제한 뒤에는 되돌릴 수 없어요. 계속할까요?";
    forget:
        "Forget me",
        "내 기록 삭제";
    exported:
        "All data stored about you. Only you can see this message.",
        "나에 대해 저장된 모든 데이터예요. 이 메시지는 나만 볼 수 있어요.";
    exported_part:
        "The file was too large for one message. Join the parts in order.",
        "파일이 커서 여러 개로 나눴어요. 순서대로 이어 붙이세요.";
    suggestion:
        "This may have been answered before:",
        "이미 답변이 나온 질문일 수 있어요:";
    solved_it:
        "That solved it",
        "해결됐어요";
    not_it:
        "Not it",
        "아니에요";
    helped:
        "Thank you for the feedback.",
        "알려 줘서 고마워요.";
    did_not_help:
        "Thank you for the feedback. The question stays open.",
        "알려 줘서 고마워요. 질문은 계속 열려 있어요.";
    solved_by_this:
        "Solved by this message",
        "이 메시지로 해결됐어요";
    not_yet:
        "Not yet",
        "아직이에요";
    no_question:
        "Not a question",
        "질문이 아니에요";
    declined:
        "Noted: this was not a question. It is not counted any more.",
        "질문이 아니라고 기록했어요. 더 이상 집계하지 않아요.";
    not_your_question:
        "Only the person who asked, helpers and moderators can use these buttons.",
        "질문한 사람, 도우미, 운영진만 이 버튼을 쓸 수 있어요.";
}

/// Asks the asker of a question whether the answer that the message replies to helped. Mentions them without
/// a ping.
pub(crate) fn did_it_help(language: BotLanguage, asker: UserId) -> String {
    language.pick(
        format!(
            "<@{asker}>, did this answer solve your question? Telling helps whoever asks next."
        ),
        format!("<@{asker}>님, 이 답변으로 해결됐나요? 알려 주시면 다음에 묻는 분께 도움이 돼요."),
    )
}

/// Tells an asker where the page of their question is. Mentions them without a ping.
pub(crate) fn has_a_page(language: BotLanguage, asker: UserId, title: &str, page: &str) -> String {
    language.pick(
        format!("<@{asker}>, your question now has a reviewed page: [{title}](<{page}>)"),
        format!("<@{asker}>님, 질문하신 내용이 검토된 문서로 올라왔어요: [{title}](<{page}>)"),
    )
}

/// How often a question was answered, and when last.
pub(crate) fn times(language: BotLanguage, count: usize, last: Timestamp) -> String {
    let day = day(last);
    match (language, count) {
        (BotLanguage::English, 1) => format!("answered once, {day}"),
        (BotLanguage::English, count) => format!("answered {count} times, last {day}"),
        (BotLanguage::Korean, 1) => format!("한 번 해결됨, {day}"),
        (BotLanguage::Korean, count) => format!("{count}번 해결됨, 마지막 {day}"),
    }
}

/// The same without Discord's timestamp markup, which labels do not render.
pub(crate) fn times_plain(language: BotLanguage, count: usize, strength: AnswerStrength) -> String {
    let times = match (language, count) {
        (BotLanguage::English, 1) => "answered once".to_owned(),
        (BotLanguage::English, count) => format!("answered {count} times"),
        (BotLanguage::Korean, count) => format!("{count}번 해결됨"),
    };
    format!("{times} · {}", badge(language, strength))
}

/// What an answer rests on, in the words of the site's badges.
pub(crate) fn badge(language: BotLanguage, strength: AnswerStrength) -> String {
    let badge = words::badge(strength, language.of_interface());
    match strength {
        AnswerStrength::Reviewed => format!("✅ {badge}"),
        _ => badge,
    }
}

/// Reports what marking a message did.
pub(crate) fn marked(language: BotLanguage, marked: &MarkResult) -> String {
    let first = if marked.answers {
        language.pick(
            "Marked as the answer. It counts from now on.",
            "답변으로 표시했어요. 지금부터 반영돼요.",
        )
    } else {
        language.pick("Marked as not an answer.", "답변이 아니라고 표시했어요.")
    };
    let mut sentences = vec![first.to_owned()];
    if marked.answers && !marked.reacted {
        let text = language
            .pick("The bot could not react with ✅ here.", "여기서는 봇이 ✅ 반응을 달 수 없어요.");
        sentences.push(text.to_owned());
    }
    match &marked.tagged {
        TagResult::NotAsked => {}
        TagResult::Set(name) => {
            sentences.push(
                language.pick(format!("Tag set: {name}."), format!("태그를 달았어요: {name}")),
            );
        }
        TagResult::Full => sentences.push(
            language.pick("The post already has five tags.", "이미 태그가 다섯 개예요.").to_owned(),
        ),
        TagResult::Refused => sentences.push(
            language
                .pick(
                    "The bot could not set the solved tag: it needs the permission Manage Threads.",
                    "해결 태그를 달려면 봇에 '스레드 관리하기' 권한이 필요해요.",
                )
                .to_owned(),
        ),
    }
    sentences.join(" ")
}

/// Asks the author of an answer whether it may be quoted. Mentions them without a ping.
pub(crate) fn may_we_quote(language: BotLanguage, author: UserId, link: &str) -> String {
    language.pick(
        format!("<@{author}>, [this message]({link}) was marked as an answer. May it be quoted in the public documentation, under a made-up name?"),
        format!("<@{author}>님, [이 메시지]({link})가 답변으로 표시됐어요. 공개 문서에 가명으로 인용해도 될까요?"),
    )
}

/// Asks the author of a question whether it may be quoted.
pub(crate) fn may_we_quote_asker(language: BotLanguage, author: UserId, link: &str) -> String {
    language.pick(
        format!("<@{author}>, [this question]({link}) has an answer. May the question be quoted in the public documentation, under a made-up name?"),
        format!("<@{author}>님, [이 질문]({link})에 답변이 나왔어요. 질문을 공개 문서에 가명으로 인용해도 될까요?"),
    )
}

/// Reports how many messages of a user were deleted.
pub(crate) fn forgotten(language: BotLanguage, messages: u64) -> String {
    let deleted = match messages {
        1 => "1 message deleted".to_owned(),
        count => format!("{count} messages deleted"),
    };
    language.pick(
        format!("{deleted}. Within a minute they are gone from search too, and nothing of yours is stored again."),
        format!("메시지 {messages}개를 지웠어요. 1분 안에 검색에서도 모두 사라지고, 다시는 저장하지 않아요."),
    )
}

#[cfg(test)]
mod tests {
    use rules::time;

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
        for label in [
            undo,
            allow,
            withdraw,
            forget,
            solved_it,
            not_it,
            solved_by_this,
            not_yet,
            no_question,
            choose,
        ] {
            for language in [BotLanguage::English, BotLanguage::Korean] {
                assert!(label(language).encode_utf16().count() <= 80, "{}", label(language));
            }
        }
    }

    #[test]
    fn the_outcome_of_a_mark_is_shown() {
        let reply = |answers, reacted, tagged| {
            marked(BotLanguage::English, &MarkResult { answers, reacted, tagged })
        };
        let all = reply(true, true, TagResult::Set("Solved".to_owned()));
        assert_eq!(all, "Marked as the answer. It counts from now on. Tag set: Solved.");
        assert!(reply(true, false, TagResult::Refused).contains("Manage Threads"));
        assert_eq!(reply(false, false, TagResult::NotAsked), "Marked as not an answer.");
    }

    #[test]
    fn counts_read_well() {
        let at = time::at_millisecond(1_700_000_000_000);
        assert_eq!(times(BotLanguage::English, 1, at), "answered once, <t:1700000000:D>");
        assert_eq!(times(BotLanguage::Korean, 3, at), "3번 해결됨, 마지막 <t:1700000000:D>");
    }
}
