use std::sync::LazyLock;

use proptest::prelude::*;

use super::*;
use crate::config::ruleset::Ruleset;
use crate::test_support::cluster;
use crate::time;

const MERGED: i64 = 1_000;
static RULES: LazyLock<Ruleset> = LazyLock::new(Ruleset::embedded);

/// A page with one later answer, at index 1 and in the core.
fn judged(page: (&str, &str), asked: &str, later: &str) -> StalenessVerdict {
    let mut cluster = cluster(&[(page.0, page.1), (asked, later)]);
    cluster.occurrences[0].answers[0].sent = time::at_millisecond(MERGED - 1);
    cluster.occurrences[1].answers[0].sent = time::at_millisecond(MERGED + 1);
    cluster.merged_answer = Some(MergedAnswer {
        title: page.0.to_owned(),
        answer: page.1.to_owned(),
        link: String::new(),
        merged: time::at_millisecond(MERGED),
    });
    judge(&cluster)
}

fn judge(cluster: &Cluster) -> StalenessVerdict {
    let asked = cluster
        .occurrences
        .iter()
        .map(|one| QaText { question: &one.question.text, answer: &one.best_answer().text });
    let epoch = CorpusStats::of(asked, &RULES.same);
    let core = (0..cluster.occurrences.len()).collect::<Vec<_>>();
    check_staleness(cluster, &core, &[], &epoch, &RULES.same, &RULES.truth)
}

const PORT: (&str, &str) = (
    "How do I change the port of the server?",
    "Set `PORT` in `server.env` and restart the daemon. It is read once, at the start.\n\nApplies to: v1.4.0",
);

fn stands(page: (&str, &str), later: &str) {
    assert_eq!(judged(page, page.0, later), StalenessVerdict::Current, "{later}");
}

fn contradicted(page: (&str, &str), later: &str) {
    assert_eq!(judged(page, page.0, later), StalenessVerdict::Contradicted { by: 1 }, "{later}");
}

#[test]
fn what_agrees_adds_or_is_about_something_else_stands() {
    for later in [
        "Put PORT into server.env and restart the daemon",
        "set `PORT`, e.g. `PORT=8081`, then restart",
        "You need to set PORT in server.env. Don't forget to restart the daemon.",
        "In server.env set `PORT`, and open the same port in the firewall with `ufw allow 8081`",
        "Also run `lanternctl reload` afterwards",
        "Alternatively use `--listen 8081` on the command line",
        "On Windows use `setx LISTEN 8081`",
        "Don't set `PORT` in the shell, put it into `server.env`",
        "I did not need anything else, thanks",
        "If `PORT` is not set it falls back to 8080",
        "The error about `PORT` no longer appears once you restart",
        "ask in the other channel",
        "server.env의 PORT 값을 바꾸고 다시 시작하세요",
        "PORT 값을 바꾸면 돼요, 재시작 잊지 마세요",
    ] {
        stands(PORT, later);
    }
}

#[test]
fn what_cannot_be_true_beside_the_page_contradicts_it() {
    for later in [
        "`PORT` is no longer read. Use `listen.address` in `lantern.toml`",
        "PORT was removed, it is `LISTEN_ADDRESS` in lantern.toml these days. `PORT` is deprecated.",
        "Use `listen.address` in `lantern.toml`",
        "Don't set `PORT`, use `LISTEN_ADDRESS`",
        "Use `LISTEN_ADDRESS` instead of `PORT`",
        "`PORT`는 더 이상 읽지 않아요. `listen.address`를 쓰세요",
        "`PORT` 대신 `LISTEN_ADDRESS`를 쓰세요",
    ] {
        contradicted(PORT, later);
    }
    let weekend = ("Can I withdraw on weekends?", "Yes, withdrawals are possible on weekends too.");
    contradicted(weekend, "Withdrawals on weekends are no longer possible");
    stands(weekend, "Yes, withdrawals on weekends are possible, they take longer");
    let ended =
        ("Does the old theme work?", "`legacy-theme` is no longer supported, pick another one.");
    contradicted(ended, "Put `legacy-theme` into the settings and reload");
    stands(ended, "It's not supported anymore, `legacy-theme` was removed");
    let korean = ("주말에도 출금할 수 있나요?", "네, 주말에도 출금이 가능합니다.");
    contradicted(korean, "주말 출금은 더 이상 가능하지 않습니다");
    stands(korean, "네, 주말 출금도 가능해요");
}

#[test]
fn only_what_is_confirmed_after_the_merge_counts() {
    let other = "Use `listen.address` in `lantern.toml`";
    let mut cluster = cluster(&[
        (PORT.0, PORT.1),
        (PORT.0, other),
        (PORT.0, "Set PORT in server.env and restart"),
    ]);
    let merged_answer = MergedAnswer {
        title: PORT.0.to_owned(),
        answer: PORT.1.to_owned(),
        link: String::new(),
        merged: time::at_millisecond(MERGED),
    };
    cluster.merged_answer = Some(merged_answer);
    let mut at = |times: [i64; 3]| {
        for (one, time) in cluster.occurrences.iter_mut().zip(times) {
            one.answers[0].sent = time::at_millisecond(time);
        }
        judge(&cluster)
    };
    assert_eq!(at([1, 2, 3]), StalenessVerdict::Current, "before the merge");
    assert_eq!(at([1, 1_002, 3]), StalenessVerdict::Contradicted { by: 1 });
    assert_eq!(
        at([1, 1_002, 1_003]),
        StalenessVerdict::Current,
        "somebody confirms the page later"
    );
    assert_eq!(at([1, 1_003, 1_002]), StalenessVerdict::Contradicted { by: 1 });
    cluster.occurrences[1].grade = ResolutionGrade::Thanked;
    assert_eq!(judge(&cluster), StalenessVerdict::Current, "nobody confirms it");
    cluster.occurrences[1].answers[0].trusted = true;
    assert_eq!(judge(&cluster), StalenessVerdict::Contradicted { by: 1 });
    cluster.merged_answer = None;
    assert_eq!(judge(&cluster), StalenessVerdict::Current);
}

#[test]
fn a_higher_version_with_another_answer_is_newer() {
    let newer = |version: &str| StalenessVerdict::Newer { version: version.to_owned(), by: 1 };
    let asked = "How do I change the port of the server?";
    let later = "Since v2.0.0 it is `listen.address` in `lantern.toml`";
    assert_eq!(judged(PORT, asked, later), newer("v2.0.0"));
    let on = "I run v2.0.0, how do I change the port?";
    assert_eq!(judged(PORT, on, "Use `listen.address` in `lantern.toml`"), newer("v2.0.0"));
    assert_eq!(judged(PORT, on, "Look into the settings page"), StalenessVerdict::Current);
    for same in [
        "Set `PORT` in `server.env` and restart the daemon, on v2.0.0 as well",
        "Still the same in v2.0.0",
        "on node v22.1.0 you have to look at the settings page",
    ] {
        assert_eq!(judged(PORT, asked, same), StalenessVerdict::Current, "{same}");
    }
}

#[test]
fn evidence_that_went_comes_first() {
    let cluster = cluster(&[("a", "b")]);
    let epoch = CorpusStats::of([], &RULES.same);
    let gone = [MessageId(7)];
    assert_eq!(
        check_staleness(&cluster, &[0], &gone, &epoch, &RULES.same, &RULES.truth),
        StalenessVerdict::EvidenceDeleted { evidence: vec![MessageId(7)] }
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn no_answer_contradicts_itself(
        words in prop::collection::vec(
            prop_oneof![
                Just("no longer"), Just("don't use"), Just("instead of"), Just("대신"), Just("더 이상"),
                Just("`PORT`"), Just("`listen.address`"), Just("server_port"), Just("v2.0.1"), Just("withdrawals"),
                Just("possible."), Just("weekends,"), Just("but"), Just("if"), Just("windows"), Just("출금은"),
            ],
            1..24,
        )
    ) {
        let text = words.join(" ");
        prop_assert_eq!(judged((PORT.0, &text), PORT.0, &text), StalenessVerdict::Current);
    }

    #[test]
    fn any_two_answers_are_judged(page in "\\PC{0,60}", later in "\\PC{0,60}") {
        judged((PORT.0, &page), PORT.0, &later);
    }
}
