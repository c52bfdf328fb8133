use jiff::{SignedDuration, Timestamp};

use super::*;

/// What is seen in one row of a story, at seconds from its start.
type Story<'a> = &'a [(i64, HealthEvent)];

fn at(seconds: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_secs(1_700_000_000 + seconds)
}

fn restart(seconds: i64) -> HealthAction {
    HealthAction::Restart(SignedDuration::from_secs(seconds))
}

/// A connection that is established since second 0.
fn connected() -> ShardHealth {
    let mut health = started();
    for sign in [HealthEvent::Identify, HealthEvent::Ready] {
        health.record(sign, at(0));
    }
    health
}

fn started() -> ShardHealth {
    let mut health = ShardHealth::new(HealthTimeouts::default(), at(-100));
    health.record(HealthEvent::Started, at(0));
    health
}

/// Plays a story, judging after each sign, until something else than `Keep`.
fn play(health: &mut ShardHealth, story: Story) -> HealthAction {
    for (seconds, sign) in story {
        health.record(*sign, at(*seconds));
        let verdict = health.verdict(at(*seconds));
        if verdict != HealthAction::Keep {
            return verdict;
        }
    }
    HealthAction::Keep
}

#[test]
fn what_serenity_mends_itself_is_left_alone() {
    let check = |row: &str, story: Story| {
        assert_eq!(play(&mut connected(), story), HealthAction::Keep, "{row}");
    };
    for row in ["2: close 4000", "3: asked to reconnect", "4: the line drops"] {
        check(
            row,
            &[(60, HealthEvent::Dispatch), (61, HealthEvent::Resume), (61, HealthEvent::Resumed)],
        );
    }
    let again = [(60, HealthEvent::Resume), (65, HealthEvent::Identify), (66, HealthEvent::Ready)];
    check("5: RESUME refused", &again);
    check(
        "6: no answer to heartbeats",
        &[(41, HealthEvent::Ack), (124, HealthEvent::Identify), (125, HealthEvent::Ready)],
    );
    check(
        "7: no connection for 3 s",
        &[(60, HealthEvent::Dispatch), (65, HealthEvent::Identify), (66, HealthEvent::Ready)],
    );
    for code in [4001, 4002, 4005, 4008] {
        let story = [
            (60, HealthEvent::Closed(code)),
            (60, HealthEvent::Resume),
            (60, HealthEvent::Resumed),
        ];
        check(&format!("8: close {code}"), &story);
    }
    for code in [4003, 4009] {
        let story = [
            (60, HealthEvent::Closed(code)),
            (65, HealthEvent::Identify),
            (66, HealthEvent::Ready),
        ];
        check(&format!("8: close {code}"), &story);
    }
    let once =
        [(60, HealthEvent::Closed(4007)), (60, HealthEvent::Resume), (60, HealthEvent::Resumed)];
    check("8: one close 4007", &once);
}

#[test]
fn closings_that_no_session_can_follow_end_it() {
    for (code, reason) in [
        (4004, GatewayFatal::Token),
        (4010, GatewayFatal::Shard),
        (4011, GatewayFatal::ShardingRequired),
        (4012, GatewayFatal::Version),
        (4013, GatewayFatal::Intents),
        (4014, GatewayFatal::MessageContent),
    ] {
        let mut health = connected();
        let story = [(1, HealthEvent::Identify), (1, HealthEvent::Closed(code))];
        assert_eq!(play(&mut health, &story), HealthAction::Stop(reason), "{code}");
        assert!(GatewayFatal::of_close(code).unwrap().to_string().contains(&code.to_string()));
    }
    assert!(GatewayFatal::MessageContent.to_string().contains("developer portal"));
}

#[test]
fn endless_4007_is_left_for_longer_and_longer() {
    let mut health = connected();
    let (mut now, mut pauses) = (1, Vec::new());
    for _ in 0..8 {
        let story = [(now, HealthEvent::Closed(4007)), (now, HealthEvent::Resume)].repeat(30);
        let HealthAction::Restart(pause) = play(&mut health, &story) else {
            panic!("keeps looping")
        };
        pauses.push(pause.as_secs());
        now += pause.as_secs();
        let fresh =
            [(now, HealthEvent::Started), (now, HealthEvent::Identify), (now, HealthEvent::Ready)];
        assert_eq!(play(&mut health, &fresh), HealthAction::Keep);
    }
    assert_eq!(pauses, [5, 10, 20, 40, 80, 160, 300, 300]);
    assert_eq!(health.verdict(at(now)), HealthAction::Keep, "a pause is no silence");

    now += 3_600;
    let calm = [(now, HealthEvent::Ack), (now + 1, HealthEvent::Ack)];
    assert_eq!(play(&mut health, &calm), HealthAction::Keep);
    let story = [(now + 2, HealthEvent::Resume)].repeat(21);
    assert_eq!(play(&mut health, &story), restart(5), "an hour of calm is rewarded");
}

#[test]
fn sessions_without_answer_trip_at_the_sixth() {
    let mut health = started();
    let story: Vec<_> = (0..5).map(|n| (n * 6, HealthEvent::Identify)).collect();
    assert_eq!(play(&mut health, &story), HealthAction::Keep);
    assert_eq!(play(&mut health, &[(30, HealthEvent::Identify)]), restart(5));
    assert_eq!(health.verdict(at(31)), HealthAction::Keep, "ordered once");
}

#[test]
fn more_than_sixty_sessions_an_hour_end_it() {
    let mut health = started();
    let often = |every: i64, count: i64| -> Vec<_> {
        (0..count)
            .flat_map(|n| [(n * every, HealthEvent::Identify), (n * every, HealthEvent::Ready)])
            .collect()
    };
    assert_eq!(play(&mut health, &often(61, 500)), HealthAction::Keep);
    let mut health = started();
    assert_eq!(
        play(&mut health, &often(30, 500)),
        HealthAction::Stop(GatewayFatal::TooManySessions(61))
    );
}

#[test]
fn silence_restarts_and_goes_on_until_it_ends_the_process() {
    let mut health = connected();
    assert_eq!(play(&mut health, &[(100, HealthEvent::Ack)]), HealthAction::Keep);
    assert_eq!(health.verdict(at(234)), HealthAction::Keep);
    assert_eq!(health.verdict(at(235)), restart(5));
    health.record(HealthEvent::Started, at(240));
    assert_eq!(health.verdict(at(375)), restart(10));
    health.record(HealthEvent::Started, at(385));
    assert_eq!(health.verdict(at(414)), HealthAction::Keep, "pauses do not count");
    assert_eq!(health.verdict(at(415)), HealthAction::Stop(GatewayFatal::Dead(300)));
}

#[test]
fn a_gateway_that_is_never_reached_ends_the_process() {
    let mut health = started();
    assert_eq!(health.verdict(at(134)), HealthAction::Keep);
    assert_eq!(health.verdict(at(135)), restart(5));
    health.record(HealthEvent::Started, at(140));
    assert_eq!(health.verdict(at(274)), HealthAction::Keep);
    assert_eq!(health.verdict(at(275)), restart(10));
    health.record(HealthEvent::Started, at(285));
    assert_eq!(health.verdict(at(314)), HealthAction::Keep);
    assert_eq!(health.verdict(at(315)), HealthAction::Stop(GatewayFatal::Dead(300)));
}

#[test]
fn heartbeats_do_not_stand_for_a_session() {
    for asked in [HealthEvent::Identify, HealthEvent::Resume] {
        let mut health = connected();
        let acks = (1..4).map(|n| (100 + n * 41, HealthEvent::Ack));
        let story: Vec<_> = [(100, asked)].into_iter().chain(acks).collect();
        assert_eq!(play(&mut health, &story), HealthAction::Keep, "{asked:?}");
        assert_eq!(health.verdict(at(235)), restart(5), "{asked:?}");
    }
}
