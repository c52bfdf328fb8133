use super::*;

/// What is seen in one row of a story, at seconds from its start.
type Story<'a> = &'a [(i64, Sign)];

fn at(seconds: i64) -> Millis {
    Millis(1_700_000_000_000 + seconds * Millis::SECOND)
}

/// A connection that stands since second 0.
fn standing() -> Health {
    let mut health = started();
    for sign in [Sign::Identify, Sign::Ready] {
        health.note(sign, at(0));
    }
    health
}

fn started() -> Health {
    let mut health = Health::new(Limits::default(), at(-100));
    health.note(Sign::Started, at(0));
    health
}

/// Plays a story, judging after each sign, until something else than `Keep`.
fn play(health: &mut Health, story: Story) -> Verdict {
    for (seconds, sign) in story {
        health.note(*sign, at(*seconds));
        let verdict = health.verdict(at(*seconds));
        if verdict != Verdict::Keep {
            return verdict;
        }
    }
    Verdict::Keep
}

#[test]
fn what_serenity_mends_itself_is_left_alone() {
    let check = |row: &str, story: Story| {
        assert_eq!(play(&mut standing(), story), Verdict::Keep, "{row}");
    };
    for row in ["2: close 4000", "3: asked to reconnect", "4: the line drops"] {
        check(row, &[(60, Sign::Dispatch), (61, Sign::Resume), (61, Sign::Resumed)]);
    }
    let again = [(60, Sign::Resume), (65, Sign::Identify), (66, Sign::Ready)];
    check("5: RESUME refused", &again);
    check(
        "6: no answer to heartbeats",
        &[(41, Sign::Ack), (124, Sign::Identify), (125, Sign::Ready)],
    );
    check(
        "7: no connection for 3 s",
        &[(60, Sign::Dispatch), (65, Sign::Identify), (66, Sign::Ready)],
    );
    for code in [4001, 4002, 4005, 4008] {
        let story = [(60, Sign::Closed(code)), (60, Sign::Resume), (60, Sign::Resumed)];
        check(&format!("8: close {code}"), &story);
    }
    for code in [4003, 4009] {
        let story = [(60, Sign::Closed(code)), (65, Sign::Identify), (66, Sign::Ready)];
        check(&format!("8: close {code}"), &story);
    }
    let once = [(60, Sign::Closed(4007)), (60, Sign::Resume), (60, Sign::Resumed)];
    check("8: one close 4007", &once);
}

#[test]
fn closings_that_no_session_can_follow_end_it() {
    for (code, reason) in [
        (4004, GaveUp::Token),
        (4010, GaveUp::Shard),
        (4011, GaveUp::ShardingRequired),
        (4012, GaveUp::Version),
        (4013, GaveUp::Intents),
        (4014, GaveUp::MessageContent),
    ] {
        let mut health = standing();
        let story = [(1, Sign::Identify), (1, Sign::Closed(code))];
        assert_eq!(play(&mut health, &story), Verdict::Stop(reason), "{code}");
        assert!(GaveUp::of_close(code).unwrap().to_string().contains(&code.to_string()));
    }
    assert!(GaveUp::MessageContent.to_string().contains("developer portal"));
}

#[test]
fn endless_4007_is_left_for_longer_and_longer() {
    let mut health = standing();
    let (mut now, mut pauses) = (1, Vec::new());
    for _ in 0..8 {
        let story = [(now, Sign::Closed(4007)), (now, Sign::Resume)].repeat(30);
        let Verdict::Restart(pause) = play(&mut health, &story) else { panic!("keeps looping") };
        pauses.push(pause / Millis::SECOND);
        now += pause / Millis::SECOND;
        let fresh = [(now, Sign::Started), (now, Sign::Identify), (now, Sign::Ready)];
        assert_eq!(play(&mut health, &fresh), Verdict::Keep);
    }
    assert_eq!(pauses, [5, 10, 20, 40, 80, 160, 300, 300]);
    assert_eq!(health.verdict(at(now)), Verdict::Keep, "a pause is no silence");

    now += 3_600;
    let calm = [(now, Sign::Ack), (now + 1, Sign::Ack)];
    assert_eq!(play(&mut health, &calm), Verdict::Keep);
    let story = [(now + 2, Sign::Resume)].repeat(21);
    assert_eq!(play(&mut health, &story), Verdict::Restart(5_000), "an hour of calm is rewarded");
}

#[test]
fn sessions_without_answer_trip_at_the_sixth() {
    let mut health = started();
    let story: Vec<_> = (0..5).map(|n| (n * 6, Sign::Identify)).collect();
    assert_eq!(play(&mut health, &story), Verdict::Keep);
    assert_eq!(play(&mut health, &[(30, Sign::Identify)]), Verdict::Restart(5_000));
    assert_eq!(health.verdict(at(31)), Verdict::Keep, "ordered once");
}

#[test]
fn more_than_sixty_sessions_an_hour_end_it() {
    let mut health = started();
    let often = |every: i64, count: i64| -> Vec<_> {
        (0..count).flat_map(|n| [(n * every, Sign::Identify), (n * every, Sign::Ready)]).collect()
    };
    assert_eq!(play(&mut health, &often(61, 500)), Verdict::Keep);
    let mut health = started();
    assert_eq!(play(&mut health, &often(30, 500)), Verdict::Stop(GaveUp::TooManySessions(61)));
}

#[test]
fn silence_restarts_and_goes_on_until_it_ends_the_process() {
    let mut health = standing();
    assert_eq!(play(&mut health, &[(100, Sign::Ack)]), Verdict::Keep);
    assert_eq!(health.verdict(at(234)), Verdict::Keep);
    assert_eq!(health.verdict(at(235)), Verdict::Restart(5_000));
    health.note(Sign::Started, at(240));
    assert_eq!(health.verdict(at(375)), Verdict::Restart(10_000));
    health.note(Sign::Started, at(385));
    assert_eq!(health.verdict(at(414)), Verdict::Keep, "pauses do not count");
    assert_eq!(health.verdict(at(415)), Verdict::Stop(GaveUp::Dead(300)));
}

#[test]
fn a_gateway_that_is_never_reached_ends_the_process() {
    let mut health = started();
    assert_eq!(health.verdict(at(134)), Verdict::Keep);
    assert_eq!(health.verdict(at(135)), Verdict::Restart(5_000));
    health.note(Sign::Started, at(140));
    assert_eq!(health.verdict(at(274)), Verdict::Keep);
    assert_eq!(health.verdict(at(275)), Verdict::Restart(10_000));
    health.note(Sign::Started, at(285));
    assert_eq!(health.verdict(at(314)), Verdict::Keep);
    assert_eq!(health.verdict(at(315)), Verdict::Stop(GaveUp::Dead(300)));
}

#[test]
fn heartbeats_do_not_stand_for_a_session() {
    for asked in [Sign::Identify, Sign::Resume] {
        let mut health = standing();
        let acks = (1..4).map(|n| (100 + n * 41, Sign::Ack));
        let story: Vec<_> = [(100, asked)].into_iter().chain(acks).collect();
        assert_eq!(play(&mut health, &story), Verdict::Keep, "{asked:?}");
        assert_eq!(health.verdict(at(235)), Verdict::Restart(5_000), "{asked:?}");
    }
}
