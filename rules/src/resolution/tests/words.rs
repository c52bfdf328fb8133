//! What askers say when an answer helped, and when it did not: written before any labelled set was read.

use super::*;

const ACCEPTANCES: [&str; 50] = [
    "that worked, thank you so much",
    "works now, cheers",
    "it works!",
    "perfect, all good now",
    "that did the trick",
    "you're a lifesaver, it's running again",
    "yep, that was it",
    "that was exactly it",
    "ah, the missing slash. fixed",
    "fixed it, ty",
    "sorted, thanks",
    "all sorted",
    "problem gone, thanks",
    "the error is gone",
    "no more errors",
    "no more crashes since I did that",
    "it finally starts",
    "booting fine now",
    "we're back up",
    "back online, thank you",
    "it's up and running again",
    "builds cleanly now",
    "compiles now, thx",
    "tests pass now",
    "your fix works",
    "your solution worked",
    "confirmed working",
    "can confirm, that solves it",
    "that solved my problem",
    "resolved, thanks",
    "issue resolved",
    "solved!",
    "worked like a charm",
    "works a treat",
    "works beautifully",
    "that fixed everything",
    "bingo",
    "you nailed it",
    "spot on, thank you",
    "got it working thanks to you",
    "managed to get it going with that",
    "success!",
    "it logged in now",
    "now it loads",
    "it does work, sorry for the noise",
    "that's the answer I needed",
    "just what I was looking for, thank you",
    "exactly what I needed",
    "you were right, it was the cache",
    "awesome, it went through",
];

const REFUSALS: [&str; 50] = [
    "still not working",
    "nope, same thing",
    "didn't work",
    "that doesn't help",
    "no change",
    "no difference",
    "same error",
    "it still crashes",
    "tried that already",
    "already did that, no luck",
    "I did that and it fails",
    "now it's even worse",
    "thanks, but that broke everything",
    "thanks, that wiped my settings",
    "thanks anyway",
    "thanks for trying",
    "that fixed a different problem",
    "it works on my laptop but not on the server",
    "works in safari but not in chrome",
    "it worked for a minute and then died again",
    "the problem came back",
    "it's back",
    "not solved",
    "not fixed yet",
    "that's not what I asked",
    "that is not it",
    "wrong answer",
    "I wish that worked",
    "if that works I'll tell you",
    "I'll let you know if it works",
    "will report back once it's fixed",
    "does it work for you?",
    "did that fix it for you?",
    "how do I know it worked?",
    "it should have worked but it didn't",
    "it never works",
    "it works only half of the time",
    "hardly works",
    "I hope this works",
    "would be great if it worked",
    "that command does not exist",
    "there is no such option",
    "permission denied again",
    "I get another error now",
    "it says unknown flag",
    "the option isn't there",
    "no idea what you mean",
    "I don't understand",
    "I gave up",
    "I gave up and bought another one",
];

const KOREAN_ACCEPTANCES: [&str; 20] = [
    "해결됐습니다 감사합니다",
    "이제 잘 되네요",
    "잘 됩니다!",
    "됐어요 감사해요",
    "오 된다 감사",
    "덕분에 해결했어요",
    "해결 완료했습니다",
    "말씀하신 대로 하니까 되네요",
    "이제 정상 작동합니다",
    "고쳐졌어요",
    "문제 해결됐어요",
    "오류 사라졌어요",
    "에러 안 나네요 이제",
    "와 진짜 되네 ㅋㅋ",
    "성공했습니다",
    "감사합니다 잘 돌아가요",
    "바로 되네요 고맙습니다",
    "이거였네요 감사합니다",
    "그게 문제였네요, 이제 돼요",
    "잘돼요 ㄱㅅ",
];

const KOREAN_REFUSALS: [&str; 20] = [
    "안 돼요",
    "아직 안 됩니다",
    "여전히 오류가 나요",
    "그래도 안 되네요",
    "똑같아요",
    "해결이 안 됐어요",
    "해결되지 않았습니다",
    "해봤는데 안 돼요",
    "감사합니다만 안 되네요",
    "다른 오류가 나요",
    "변화가 없어요",
    "그대로예요",
    "되면 알려드릴게요",
    "잘 되면 좋겠네요",
    "해결되면 말씀드릴게요",
    "이렇게 하면 되나요?",
    "그건 이미 해봤어요",
    "더 이상해졌어요",
    "소용없네요",
    "무슨 말인지 모르겠어요",
];

/// How an answer stands once the asker has said `words` about it.
fn grade_after(words: &str, question: &str, answer: &str) -> Option<ResolutionGrade> {
    let story =
        Story::new().says(ASKER, question).says(HELPER, answer).replying_to(1).says(ASKER, words);
    match story.judged() {
        ConversationVerdict::Resolved(found) => Some(found.grade),
        _ => None,
    }
}

fn accepted<'t>(texts: &[&'t str], question: &str, answer: &str) -> Vec<&'t str> {
    let speaks_for = |grade| matches!(grade, ResolutionGrade::Confirmed | ResolutionGrade::Thanked);
    let texts = texts.iter().copied();
    texts.filter(|words| grade_after(words, question, answer).is_some_and(speaks_for)).collect()
}

const ENGLISH: (&str, &str) = (
    "The relay refuses to start after the upgrade, how can I fix that?",
    "Delete the lock file in the data folder and start the relay again",
);
const KOREAN: (&str, &str) = (
    "업그레이드 후에 릴레이가 시작되지 않아요. 어떻게 고치나요?",
    "데이터 폴더의 잠금 파일을 지우고 릴레이를 다시 시작하세요",
);

#[test]
fn nine_of_ten_acceptances_are_seen_and_no_refusal_is_taken_for_one() {
    for (what, texts, (question, answer), least) in [
        ("English", &ACCEPTANCES[..], ENGLISH, 45),
        ("Korean", &KOREAN_ACCEPTANCES[..], KOREAN, 18),
    ] {
        let seen = accepted(texts, question, answer);
        let unseen = texts.iter().filter(|text| !seen.contains(text)).collect::<Vec<_>>();
        assert!(seen.len() >= least, "{what}: unseen {unseen:?}");
    }
    assert_eq!(accepted(&REFUSALS, ENGLISH.0, ENGLISH.1), Vec::<&str>::new());
    assert_eq!(accepted(&KOREAN_REFUSALS, KOREAN.0, KOREAN.1), Vec::<&str>::new());
}
