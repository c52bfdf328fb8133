use super::*;
use crate::report::test_chance::ChanceNumbers;

/// A community with two channels, by day.
struct Community {
    days: Vec<DayCounts>,
    channels: Vec<ChannelDays>,
}

impl Community {
    /// `messages` a day on weekdays and half of that at weekends; one in ten asks, six in ten of those are
    /// answered, and three in ten of these confirmed.
    fn simulated(seed: u64, messages: f64, days: i64) -> Self {
        let mut chance = ChanceNumbers(seed);
        let [mut first, mut second] = [Vec::new(), Vec::new()];
        let mut counts = Vec::new();
        for day in 0..days {
            let mean = if day % 7 < 5 { messages } else { messages / 2.0 };
            let (busy, quiet) = (chance.events(mean * 0.7), chance.events(mean * 0.3));
            let asked = chance.successes(busy + quiet, 0.1);
            let answered = chance.successes(asked, 0.6);
            let confirmed = chance.successes(answered, 0.3);
            counts.push(DayCounts {
                day,
                messages: busy + quiet,
                unknown: 0,
                asked,
                answered,
                confirmed,
            });
            first.push(busy);
            second.push(quiet);
        }
        let channel = |id, messages| ChannelDays { channel: ChannelId(id), messages };
        Self { days: counts, channels: vec![channel(1, first), channel(2, second)] }
    }

    /// The kinds of alarm at the end of a day.
    fn alarms_on(&self, day: usize, pairs: &[CountPair]) -> Vec<AlarmKind> {
        let from = (day + 1).saturating_sub(ALARM_DAYS);
        let channels = self.channels.iter().map(|one| ChannelDays {
            channel: one.channel,
            messages: one.messages[from..=day].to_vec(),
        });
        let alarms = silence_alarms(&self.days[from..=day], &channels.collect::<Vec<_>>(), pairs);
        alarms.into_iter().map(|alarm| alarm.kind).collect()
    }
}

const COUNTED: [CountPair; 1] = [CountPair { what: "resolved questions", one: 7, other: 7 }];

#[test]
fn no_alarm_in_quiet_healthy_months() {
    // From a few messages a day to a large server, each over five months.
    for (seed, messages) in [(1, 2.0), (2, 6.0), (3, 15.0), (4, 40.0), (5, 120.0), (6, 300.0)] {
        let community = Community::simulated(seed, messages, 150);
        for day in 0..150 {
            let alarms = community.alarms_on(day, &COUNTED);
            assert_eq!(alarms, [], "{messages} messages, day {day}");
        }
    }
}

#[test]
fn each_of_six_planted_breaks_raises_an_alarm_within_a_day() {
    const BROKEN: usize = 60;
    for (kind, plant) in [
        (
            AlarmKind::NothingAnswered,
            (|day, _| day.answered = 0) as fn(&mut DayCounts, &mut [ChannelDays]),
        ),
        (AlarmKind::NothingConfirmed, |day, _| day.confirmed = 0),
        (AlarmKind::SuddenDrop, |day, _| day.messages /= 10),
        (AlarmKind::UnknownShapes, |day, _| day.unknown = day.messages / 4),
        (AlarmKind::SilentChannel, |_, channels| channels[1].messages[BROKEN] = 0),
    ] {
        let mut community = Community::simulated(7, 400.0, BROKEN as i64 + 1);
        assert_eq!(community.alarms_on(BROKEN - 1, &COUNTED), []);
        assert_eq!(community.alarms_on(BROKEN, &COUNTED), []);
        plant(&mut community.days[BROKEN], &mut community.channels);
        let alarms = community.alarms_on(BROKEN, &COUNTED);
        assert!(alarms.contains(&kind), "{kind:?} is not among {alarms:?}");
    }
    let differing = [CountPair { what: "resolved questions", one: 424, other: 212 }];
    let community = Community::simulated(7, 400.0, 3);
    assert_eq!(community.alarms_on(2, &differing), [AlarmKind::Contradiction]);
}

#[test]
fn a_small_community_gets_an_alarm_before_a_week_is_over() {
    let mut community = Community::simulated(9, 60.0, 67);
    for day in &mut community.days[60..] {
        day.answered = 0;
        day.confirmed = 0;
    }
    let first_alarm =
        (60..67).find(|day| community.alarms_on(*day, &[]).contains(&AlarmKind::NothingAnswered));
    assert!(first_alarm.is_some_and(|day| day > 60), "{first_alarm:?}");
}

#[test]
fn an_alarm_shows_its_figures() {
    let mut community = Community::simulated(7, 400.0, 61);
    community.days[60].answered = 0;
    let alarms = silence_alarms(&community.days[26..], &[], &[]);
    let asked = community.days[60].asked;
    assert_eq!(alarms.len(), 1, "{alarms:?}");
    let begins =
        format!("none of {asked} questions on 1970-03-02 was found answered; in the four weeks");
    assert!(alarms[0].what.starts_with(&begins), "{}", alarms[0].what);
}
