use jiff::Timestamp;

use super::*;
use crate::time;

fn day(number: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + time::days(number)
}

fn release(repository: &str, version: &str, at: i64) -> ReleaseRecord {
    let version = ProjectVersion::parse(version).unwrap();
    ReleaseRecord { repository: repository.to_owned(), version, at: day(at) }
}

fn policy() -> VerificationPolicy {
    VerificationPolicy {
        releases: Some(VersionPart::Minor),
        age: Some(time::days(365)),
        names: Vec::new(),
        until: AdvisoryWords::default(),
    }
}

fn said(text: &str, confirmed: i64, checked: Option<i64>) -> AnswerConfirmation {
    AnswerConfirmation {
        texts: vec![text.to_owned()],
        confirmed: day(confirmed),
        checked: checked.map(day),
        ended: None,
    }
}

/// "current", or what has to be checked, with the version that it was confirmed for.
fn verdict_text(
    answer: &AnswerConfirmation,
    releases: &[ReleaseRecord],
    policy: &VerificationPolicy,
    now: i64,
) -> (String, Option<String>) {
    let verdict = check_verification(answer, releases, policy, day(now));
    let confirmed_for = verdict.confirmed_for().map(ToString::to_string);
    let why = match &verdict {
        VerificationVerdict::Current { .. } => "current".to_owned(),
        VerificationVerdict::Released { since, .. } => format!("since {since}"),
        VerificationVerdict::Ended { issue, .. } => format!("{issue} closed"),
        VerificationVerdict::Aged { .. } => "aged".to_owned(),
    };
    assert_eq!(verdict.is_due(), why != "current");
    (why, confirmed_for)
}

#[test]
fn a_release_asks_for_another_look_at_what_was_confirmed_before_it() {
    let releases = [
        release("", "v1.6.0", 10),
        release("", "v1.6.1", 15),
        release("", "v1.7.0-rc.1", 18),
        release("", "v1.7.0", 20),
        release("", "v1.8.0", 40),
    ];
    for (answer, now, why, confirmed_for) in [
        // Nothing is out that it was not confirmed for; a patch and a trial do not count.
        (said("Restart it.", 12, Some(12)), 19, "current", Some("v1.6.0")),
        (said("Restart it.", 12, Some(12)), 21, "since v1.7.0", Some("v1.6.0")),
        // Confirmed again in chat.
        (said("Restart it.", 22, Some(12)), 25, "current", Some("v1.7.0")),
        // Checked again by a maintainer; then the next release comes.
        (said("Restart it.", 12, Some(22)), 25, "current", Some("v1.7.0")),
        (said("Restart it.", 12, Some(22)), 41, "since v1.8.0", Some("v1.7.0")),
        // Chat that names an older version than the one that is out.
        (said("In v1.6.0 set the flag.", 22, None), 25, "since v1.7.0", Some("v1.6.0")),
        (said("In v1.7.0 set the flag.", 22, None), 25, "current", Some("v1.7.0")),
        // Chat that names none holds for what was out.
        (said("Set the flag.", 22, None), 25, "current", Some("v1.7.0")),
        // Before there was a release.
        (said("Set the flag.", 5, None), 8, "current", None),
        (said("Set the flag.", 5, None), 11, "since v1.6.0", None),
        // Versions of something else say nothing of the project.
        (said("Use Node.js 23.3.0.", 22, None), 25, "current", Some("v1.7.0")),
    ] {
        let found = verdict_text(&answer, &releases, &policy(), now);
        assert_eq!(found, (why.to_owned(), confirmed_for.map(str::to_owned)), "{answer:?} {now}");
    }
}

#[test]
fn the_policy_says_what_counts() {
    let releases =
        [release("", "v1.6.0", 10), release("", "v1.6.1", 15), release("", "v2.0.0", 30)];
    let answer = said("Restart it.", 12, Some(12));
    for (part, now, why) in [
        (Some(VersionPart::Patch), 16, "since v1.6.1"),
        (Some(VersionPart::Minor), 16, "current"),
        (Some(VersionPart::Major), 31, "since v2.0.0"),
        (None, 31, "current"),
        (None, 12 + 366, "aged"),
    ] {
        let policy = VerificationPolicy { releases: part, ..policy() };
        assert_eq!(verdict_text(&answer, &releases, &policy, now).0, why, "{part:?} {now}");
    }
    let ageless = VerificationPolicy { releases: None, age: None, ..policy() };
    assert_eq!(verdict_text(&answer, &releases, &ageless, 9_999).0, "current");
}

#[test]
fn the_releases_of_another_repository_do_not_count() {
    let releases = [
        release("harbor/relay", "v1.6.0", 10),
        release("harbor/agent", "v3.0.0", 11),
        release("harbor/agent", "v3.1.0", 30),
    ];
    let relay = said("With the Relay v1.6.0 set the flag.", 12, Some(12));
    assert_eq!(
        verdict_text(&relay, &releases, &policy(), 31),
        ("current".into(), Some("v1.6.0".into()))
    );
    let agent = said("With the Agent v3.0.0 set the flag.", 12, Some(12));
    assert_eq!(verdict_text(&agent, &releases, &policy(), 31).0, "since v3.1.0");
    let either = said("Set the flag.", 12, Some(12));
    assert_eq!(verdict_text(&either, &releases, &policy(), 31).0, "since v3.1.0");
}
