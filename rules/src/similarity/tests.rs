use std::sync::LazyLock;

use proptest::prelude::*;

use super::*;
use crate::config::ruleset::Ruleset;

static RULES: LazyLock<SimilarityRules> = LazyLock::new(|| Ruleset::embedded().same);

const TALK: [(&str, &str); 12] = [
    ("How do I reset my wallet password?", "Open settings and choose reset password"),
    ("how can I reset the password of my wallet", "settings, then reset password"),
    ("Where is the roadmap for next year?", "It is pinned in announcements"),
    ("Deploy fails with ECONNREFUSED on the worker", "Start the queue before the worker"),
    ("Deploy fails with ETIMEDOUT on the worker", "Raise the worker timeout to 60"),
    ("Does the mobile client support dark mode?", "Yes, under appearance"),
    ("can anyone help?", ""),
    ("does it work?", "yes"),
    ("지갑 비밀번호를 어떻게 초기화하나요?", ""),
    ("지갑 비밀번호 초기화는 어떻게 하나요?", ""),
    ("오늘 서울 날씨가 어떤지 알려 주세요", ""),
    ("What changed in the scheduler since the spring release?", ""),
];

fn asked<'a>(at: usize) -> QaText<'a> {
    QaText { question: TALK[at].0, answer: TALK[at].1 }
}

fn verdict(a: usize, b: usize) -> PairVerdict {
    let epoch = CorpusStats::of((0..TALK.len()).map(asked), &RULES);
    compare_pair(&epoch.signature(&asked(a)), &epoch.signature(&asked(b)), &RULES)
}

fn check(a: usize, b: usize, expect: bool) {
    let PairVerdict { same, score, reasons } = verdict(a, b);
    assert_eq!(same, expect, "{} / {}: {score} {reasons:?}", TALK[a].0, TALK[b].0);
}

#[test]
fn the_same_question_is_known_in_other_words() {
    check(0, 1, true);
    check(8, 9, true);
}

#[test]
fn different_questions_stay_apart() {
    check(0, 2, false);
    check(0, 5, false);
    check(8, 10, false);
    check(0, 8, false);
}

#[test]
fn two_error_codes_are_two_questions() {
    let PairVerdict { same, score, reasons } = verdict(3, 4);
    assert!(!same && score == 0.0);
    assert_eq!(reasons[0].what, "the questions name different errors");
}

#[test]
fn a_question_that_says_nothing_is_the_same_as_none() {
    check(6, 6, false);
    check(7, 7, false);
    assert_eq!(verdict(6, 0).reasons[0].what, "a question says too little to be compared");
}

#[test]
fn reasons_add_up_to_the_score() {
    let PairVerdict { score, reasons, .. } = verdict(0, 1);
    let sum = reasons.iter().map(|reason| reason.weight).sum::<f32>();
    assert!((score - 1.0 / (1.0 + (-sum).exp())).abs() < 1e-6);
}

fn texts_agree(a: &str, b: &str) -> bool {
    let both = [a, b].map(|answer| QaText { question: "How do I join the testers?", answer });
    let epoch = CorpusStats::of((0..TALK.len()).map(asked).chain(both), &RULES);
    let [a, b] = both.map(|one| epoch.signature(&one));
    answers_agree(&a, &b, &RULES)
}

#[test]
fn answers_agree_by_their_words_unless_a_value_contradicts() {
    assert!(texts_agree(
        "Fill in the form on the testers page",
        "fill in the testers form, it is on that page"
    ));
    assert!(!texts_agree("Fill in the form on the testers page", "Ask a moderator for the role"));
    assert!(!texts_agree(
        "Hold 100 points and ask for the role",
        "Hold 500 points and ask for the role"
    ));
    assert!(!texts_agree("", ""));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_two_texts_are_judged_alike_both_ways(
        a in "\\PC{0,80}", b in "\\PC{0,80}", c in "[a-z가-힣 א-ת😀_.0-9]{0,400}"
    ) {
        let items = [
            QaText { question: &a, answer: &c },
            QaText { question: &c, answer: &b },
            QaText { question: &b, answer: "" },
        ];
        let epoch = CorpusStats::of(items, &RULES);
        let signatures = items.map(|item| epoch.signature(&item));
        for one in &signatures {
            for other in &signatures {
                let verdict = compare_pair(one, other, &RULES);
                prop_assert_eq!(&verdict, &compare_pair(other, one, &RULES));
                prop_assert_eq!(verdict.score, pair_score(one, other, &RULES));
                prop_assert!((0.0..=1.0).contains(&verdict.score));
                prop_assert_eq!(answers_agree(one, other, &RULES), answers_agree(other, one, &RULES));
            }
        }
    }

    #[test]
    fn an_epoch_does_not_show_the_order_of_its_items(seed in 0..1_000_u64) {
        let mut order = (0..TALK.len()).collect::<Vec<_>>();
        order.sort_by_key(|at| (*at as u64 + 1).wrapping_mul(seed.wrapping_mul(2) + 1) % 9_973);
        let ordered = CorpusStats::of((0..TALK.len()).map(asked), &RULES);
        let shuffled = CorpusStats::of(order.into_iter().map(asked), &RULES);
        for at in 0..TALK.len() {
            prop_assert_eq!(ordered.signature(&asked(at)), shuffled.signature(&asked(at)));
        }
    }
}

#[test]
fn long_and_empty_texts_are_judged_too() {
    let long = "where does the ledger keep its balances ".repeat(100);
    let items = [QaText { question: &long, answer: "" }, QaText { question: "", answer: &long }];
    let epoch = CorpusStats::of(items, &RULES);
    let signatures = items.map(|item| epoch.signature(&item));
    assert!(compare_pair(&signatures[0], &signatures[0], &RULES).same);
    assert!(!compare_pair(&signatures[0], &signatures[1], &RULES).same);
}

/// Two questions that share one rare word, with vectors at this cosine.
fn with_meaning(cosine: f32) -> PairVerdict {
    let texts = [
        ("Where do I set the wallet address?", "In the settings of the account."),
        ("Why is my wallet so slow today?", "The network is congested."),
    ];
    let texts = texts.map(|(question, answer)| QaText { question, answer });
    let epoch = CorpusStats::of(texts, &RULES);
    let meaning = |vector: [f32; 2]| QaMeaning {
        question: MeaningVector::of(&vector),
        answer: MeaningVector::of(&vector),
    };
    let one = epoch.signature(&texts[0]).with_meaning(meaning([1.0, 0.0]));
    let sine = (1.0 - cosine * cosine).sqrt();
    let other = epoch.signature(&texts[1]).with_meaning(meaning([cosine, sine]));
    assert_eq!(QaSignature::from_bytes(&other.to_bytes()), Some(other.clone()));
    let words = compare_pair(&one, &epoch.signature(&texts[1]), &RULES);
    let alone = epoch.signature(&texts[0]);
    assert_eq!(
        words,
        compare_pair(&alone, &epoch.signature(&texts[1]), &RULES),
        "one vector is none"
    );
    let verdict = compare_pair(&one, &other, &RULES);
    assert_eq!(verdict.score.to_bits(), pair_score(&other, &one, &RULES).to_bits());
    verdict
}

#[test]
fn meaning_parts_what_one_word_joins_and_joins_what_words_part() {
    let [far, near, nearest] = [0.1, 0.8, 1.0].map(with_meaning);
    assert!(far.score < near.score && near.score < nearest.score, "{far:?} {near:?} {nearest:?}");
    assert!(!far.same && nearest.same, "{far:?} {nearest:?}");
    let sum = nearest.reasons.iter().map(|reason| reason.weight).sum::<f32>();
    assert!((1.0 / (1.0 + (-sum).exp()) - nearest.score).abs() < 1e-6);
    assert!(nearest.reasons.iter().any(|one| one.what == "how near the questions are in meaning"));
}
