//! A healthy community, and six ways in which the program may fail it unnoticed: each is told within a day, by
//! `status`, by the metrics and by the briefing.

use indexer::cluster::recluster::recluster;
use indexer::store::WriteBatch;
use rules::model::ids::{ChannelId, GuildId};
use rules::model::message::{Channel, ChannelKind, MessageKind};
use rules::publish::pseudonym::{AuthorNaming, Salt};
use rules::report::alarms::AlarmKind;
use rules::resolution::ResolutionGrade;

use super::reports::{Community, MINUTES};
use super::test_site::summary;
use super::*;
use crate::reports::ReportSource;

/// The last whole day before the clock of the site, counted from the first day of a community.
const YESTERDAY: i64 = 280;
/// Days of talk: four weeks of history and some days to look at.
const DAYS: i64 = 43;
/// Where people chat beside the questions.
const LOUNGE: ChannelId = ChannelId(23);

/// What goes wrong on the last day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PlantedBreak {
    NobodyAnswered,
    NothingConfirmed,
    HardlyAnyMessages,
    UnknownShapes,
    ChannelVanished,
    CountsContradict,
}

impl PlantedBreak {
    const ALL: [(Self, AlarmKind); 6] = [
        (Self::NobodyAnswered, AlarmKind::NothingAnswered),
        (Self::NothingConfirmed, AlarmKind::NothingConfirmed),
        (Self::HardlyAnyMessages, AlarmKind::SuddenDrop),
        (Self::UnknownShapes, AlarmKind::UnknownShapes),
        (Self::ChannelVanished, AlarmKind::SilentChannel),
        (Self::CountsContradict, AlarmKind::Contradiction),
    ];
}

/// Fourteen questions a day, of which twelve are answered and eight confirmed, and some chat.
fn community(broken: Option<PlantedBreak>) -> Community {
    let mut community = Community::default();
    for day in YESTERDAY - DAYS + 1..=YESTERDAY {
        let broken = broken.filter(|_| day == YESTERDAY);
        let questions = if broken == Some(PlantedBreak::HardlyAnyMessages) { 1 } else { 14 };
        for at in 0..questions {
            let (minute, asker) = (day * MINUTES + at * 60, 1_000 + (day * 14 + at) as u64);
            let grade = match at {
                0..8 if broken != Some(PlantedBreak::NothingConfirmed) => {
                    ResolutionGrade::Confirmed
                }
                _ => ResolutionGrade::Unconfirmed,
            };
            match at {
                0..12 if broken != Some(PlantedBreak::NobodyAnswered) => {
                    community.answer((minute, asker, "How do I set it?"), (5, 801), grade);
                }
                _ => community.ask(minute, asker, "Does anybody know?", Some(9)),
            }
        }
        chat(&mut community, day, broken);
    }
    community
}

fn chat(community: &mut Community, day: i64, broken: Option<PlantedBreak>) {
    let (said, kind) = match broken {
        Some(PlantedBreak::ChannelVanished | PlantedBreak::HardlyAnyMessages) => return,
        Some(PlantedBreak::UnknownShapes) => (20, MessageKind::Other),
        _ => (20, MessageKind::Default),
    };
    for at in 0..said {
        community.say(day * MINUTES + at * 30 + 1, 700 + at as u64, "Nice weather");
        let message = community.messages.last_mut().unwrap();
        message.channel = LOUNGE;
        message.kind = if at < 10 { MessageKind::Default } else { kind };
    }
}

async fn recorded_site(community: &Community) -> TestSite {
    let site = TestSite::with(&[]).await;
    let lounge = Channel {
        id: LOUNGE,
        guild: GuildId(11),
        kind: ChannelKind::Text,
        name: "lounge".into(),
        topic: None,
        parent: None,
        parent_name: None,
        tags: Vec::new(),
        closed: false,
    };
    let channels = vec![(lounge, NOW)];
    site.store.apply_batch(&WriteBatch { channels, ..WriteBatch::default() }).await.unwrap();
    community.store(&site.store).await;
    site
}

impl TestSite {
    /// The kinds of alarm that `status`, the metrics and the briefing of yesterday tell.
    async fn alarms(&self) -> [Vec<AlarmKind>; 3] {
        let naming = AuthorNaming::Pseudonyms(Salt([3; 16]));
        let source = ReportSource { store: &self.store, rules: &self.rules, naming: &naming };
        let health = source.health(NOW).await.unwrap();
        let metrics = self.get("/metrics").await.body;
        let briefing = self.get("/reports/briefing?period=day").await.body;
        let in_metrics = |kind: &AlarmKind| {
            !metrics.contains(&format!("harvester_alarms{{kind=\"{}\"}} 0\n", kind.as_str()))
        };
        let in_briefing = |kind: &AlarmKind| {
            let words = kind.as_str().replace('-', " ");
            briefing.contains(&format!("<strong>{words}</strong>"))
        };
        let mut in_status = health.alarms.iter().map(|one| one.kind).collect::<Vec<_>>();
        in_status.sort();
        in_status.dedup();
        let reports = |by: &dyn Fn(&AlarmKind) -> bool| {
            AlarmKind::ALL.into_iter().filter(|kind| by(kind)).collect::<Vec<_>>()
        };
        [in_status, reports(&in_metrics), reports(&in_briefing)]
    }
}

#[tokio::test]
async fn a_healthy_month_raises_no_alarm_anywhere() {
    let site = recorded_site(&community(None)).await;
    assert_eq!(site.alarms().await, [const { Vec::new() }; 3]);
    // Neither on any day of the last week.
    let week = site.get("/reports/briefing?period=week").await.body;
    assert!(week.contains("98 ") || week.contains(">98<"), "seven days of fourteen: {week}");
    assert!(!week.contains("class=\"alarms\""), "{week}");
}

#[tokio::test]
async fn each_of_six_planted_breaks_is_told_within_a_day_in_all_three_places() {
    for (planted, kind) in PlantedBreak::ALL {
        let site = recorded_site(&community(Some(planted))).await;
        if planted == PlantedBreak::CountsContradict {
            lose_count(&site).await;
        }
        for alarms in site.alarms().await {
            assert!(alarms.contains(&kind), "{planted:?}: {alarms:?}");
        }
    }
}

/// A cluster says that it holds more than was answered.
async fn lose_count(site: &TestSite) {
    recluster(&site.store, &site.rules, NOW, false).await.unwrap();
    let [one] = &site.store.clusters(1, 1).await.unwrap()[..] else { panic!("no cluster") };
    let mut wrong = summary(one);
    wrong.size += 1;
    let clusters = vec![wrong];
    site.store.save_regroup(&RegroupPlan { clusters, ..RegroupPlan::default() }).await.unwrap();
}
