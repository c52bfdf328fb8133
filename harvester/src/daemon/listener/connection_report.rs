//! The log lines about the connection to Discord: one when a condition starts to hold, then at most
//! one a minute while it holds. Pure: the caller looks at the connection and prints the lines.

use std::collections::{BTreeMap, BTreeSet};

use indexer::store::CatchUpCounts;
use jiff::{SignedDuration, Timestamp};
use rules::model::ids::GuildId;
use rules::time;

use crate::discord::gateway::{CONNECTED, NOT_OPENED, STANDING_BY};
use crate::discord::rest::DiscordOutage;
use crate::discord::server_survey::invitation;

/// The first repetition of a line; each further one waits twice as long, up to the longest.
const REPEAT: SignedDuration = SignedDuration::from_mins(1);
const LONGEST_REPEAT: SignedDuration = SignedDuration::from_hours(1);
/// An outage without a failure for this long is over, or nothing was asked since: retries come sooner.
const OUTAGE_LASTS_AT_MOST: SignedDuration = SignedDuration::from_secs(90);

/// What the reporter looks at.
#[derive(Debug, Clone, Default)]
pub(super) struct ConnectionView {
    /// The stage of each shard; none before Discord has sent their number.
    pub(super) stages: Vec<String>,
    pub(super) outage: Option<DiscordOutage>,
    /// The servers that the bot is in, and its application, as the current sessions report them.
    pub(super) servers: BTreeSet<GuildId>,
    pub(super) application: Option<u64>,
    /// `[discord] guilds`.
    pub(super) wanted: Vec<GuildId>,
    pub(super) catch_up: CatchUpCounts,
}

/// Something that an operator has to know about the connection.
#[derive(Debug, Clone, PartialEq, Eq)]
enum ConnectionCondition {
    Connected {
        servers: usize,
    },
    StandingBy,
    Unreachable(String),
    /// No connection to the gateway can be opened.
    GatewayClosed,
    /// A shard stays in this stage.
    Connecting(String),
    NoServer {
        application: Option<u64>,
    },
    UnknownServers {
        unknown: Vec<GuildId>,
        present: Vec<GuildId>,
    },
    CatchingUp {
        read: u64,
    },
}

/// What was printed about one kind of condition.
#[derive(Debug, Clone, Copy)]
struct PrintedLines {
    since: Timestamp,
    next: Timestamp,
    count: u32,
}

/// Decides which lines are due.
#[derive(Debug, Default)]
pub(super) struct ConnectionReport {
    open: BTreeMap<&'static str, PrintedLines>,
    was_standby: bool,
}

/// A line of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ReportLine {
    pub(super) warning: bool,
    pub(super) text: String,
}

impl ConnectionReport {
    /// The lines that are due at `now`.
    pub(super) fn lines(&mut self, view: &ConnectionView, now: Timestamp) -> Vec<ReportLine> {
        let conditions = conditions(view, now);
        self.open.retain(|kind, _| conditions.iter().any(|one| one.kind() == *kind));
        let mut lines = Vec::new();
        for condition in conditions {
            let next = time::plus(now, condition.patience());
            let printed = PrintedLines { since: now, next, count: 0 };
            let printed = self.open.entry(condition.kind()).or_insert(printed);
            if now < printed.next || (printed.count > 0 && !condition.repeats()) {
                continue;
            }
            let pause = REPEAT * (1 << printed.count.min(10));
            printed.next = time::plus(now, pause.min(condition.longest_repeat()));
            printed.count += 1;
            let seconds = now.duration_since(printed.since).as_secs();
            let took_over = std::mem::take(&mut self.was_standby);
            self.was_standby = match condition {
                ConnectionCondition::StandingBy => true,
                ConnectionCondition::Connected { .. } => false,
                _ => took_over,
            };
            let text = condition.text(seconds, took_over);
            lines.push(ReportLine { warning: condition.is_warning(), text });
        }
        lines
    }
}

fn conditions(view: &ConnectionView, now: Timestamp) -> Vec<ConnectionCondition> {
    let all_in = |stage: &str| view.stages.iter().all(|one| one == stage);
    let fresh = |outage: &&DiscordOutage| now.duration_since(outage.last) < OUTAGE_LASTS_AT_MOST;
    if let Some(outage) = view.outage.as_ref().filter(fresh) {
        return vec![ConnectionCondition::Unreachable(outage.reason.clone())];
    }
    if !view.stages.is_empty() && all_in(STANDING_BY) {
        return vec![ConnectionCondition::StandingBy];
    }
    let waiting = |stage: &&String| *stage != CONNECTED && *stage != STANDING_BY;
    match view.stages.iter().find(waiting) {
        Some(stage) if stage == NOT_OPENED => return vec![ConnectionCondition::GatewayClosed],
        Some(stage) => return vec![ConnectionCondition::Connecting(stage.clone())],
        None if view.stages.is_empty() => {
            return vec![ConnectionCondition::Connecting("asking for the gateway".to_owned())];
        }
        None => {}
    }
    // Of servers on the shards of another process this one hears nothing.
    let has_all_shards = !view.stages.iter().any(|stage| stage == STANDING_BY);
    if view.servers.is_empty() && has_all_shards {
        return vec![ConnectionCondition::NoServer { application: view.application }];
    }
    let mut conditions = vec![ConnectionCondition::Connected { servers: view.servers.len() }];
    let unknown = view.wanted.iter().filter(|id| !view.servers.contains(id));
    let unknown = unknown.copied().collect::<Vec<_>>();
    if !unknown.is_empty() && has_all_shards {
        let present = view.servers.iter().copied().collect();
        conditions.push(ConnectionCondition::UnknownServers { unknown, present });
    }
    if view.catch_up.catch_ups_total > view.catch_up.catch_ups_done_total {
        let read = view.catch_up.messages_read_total;
        conditions.push(ConnectionCondition::CatchingUp { read });
    }
    conditions
}

impl ConnectionCondition {
    /// Lines of one kind are limited together.
    fn kind(&self) -> &'static str {
        match self {
            Self::Connected { .. } => "connected",
            Self::StandingBy => "standing by",
            Self::Unreachable(_) => "unreachable",
            Self::GatewayClosed => "gateway closed",
            Self::Connecting(_) => "connecting",
            Self::NoServer { .. } => "no server",
            Self::UnknownServers { .. } => "unknown servers",
            Self::CatchingUp { .. } => "catching up",
        }
    }

    /// How long it may hold before its first line.
    fn patience(&self) -> SignedDuration {
        match self {
            Self::Connected { .. } => SignedDuration::ZERO,
            Self::StandingBy | Self::NoServer { .. } | Self::UnknownServers { .. } => {
                SignedDuration::from_secs(1)
            }
            Self::Unreachable(_) | Self::GatewayClosed => SignedDuration::from_secs(4),
            Self::Connecting(_) | Self::CatchingUp { .. } => SignedDuration::from_secs(8),
        }
    }

    fn repeats(&self) -> bool {
        !matches!(self, Self::Connected { .. })
    }

    /// What ends by itself is reported every minute; what may hold for weeks ever more rarely.
    fn longest_repeat(&self) -> SignedDuration {
        match self {
            Self::StandingBy | Self::NoServer { .. } | Self::UnknownServers { .. } => {
                LONGEST_REPEAT
            }
            _ => REPEAT,
        }
    }

    fn is_warning(&self) -> bool {
        !matches!(self, Self::Connected { .. } | Self::StandingBy | Self::CatchingUp { .. })
    }

    fn text(&self, seconds: i64, took_over: bool) -> String {
        match self {
            Self::Connected { servers } => {
                let took = if took_over { "took over the connection" } else { "connected" };
                format!("{took} to Discord; the bot is in {servers} server(s)")
            }
            Self::StandingBy => {
                "standing by: another process is connected to Discord, and this one \
                                 takes over if that one ends"
                    .to_owned()
            }
            Self::Unreachable(reason) => format!("{reason} (for {seconds} s); retrying"),
            Self::GatewayClosed => format!(
                "Discord's API answers, but no connection to its gateway can be opened (for \
                 {seconds} s); retrying. Are outgoing WebSocket connections on port 443 blocked?"
            ),
            Self::Connecting(stage) => {
                format!("not connected to Discord yet: {stage} (for {seconds} s); retrying")
            }
            Self::NoServer { application } => format!(
                "the bot is in no server; invite it with {}, nothing is read until then",
                application
                    .map_or_else(|| "the URL generator of its application".to_owned(), invitation)
            ),
            Self::UnknownServers { unknown, present } => format!(
                "[discord] guilds names {}, but the bot is only in {}; correct the id, or invite the \
                 bot there",
                ids(unknown),
                ids(present)
            ),
            Self::CatchingUp { read } => {
                format!("catching up: {read} messages read (for {seconds} s)")
            }
        }
    }
}

fn ids(ids: &[GuildId]) -> String {
    ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_secs(second)
    }

    fn view(stage: &str, servers: &[u64]) -> ConnectionView {
        ConnectionView {
            stages: vec![stage.to_owned()],
            servers: servers.iter().copied().map(GuildId).collect(),
            application: Some(7),
            ..ConnectionView::default()
        }
    }

    /// The seconds at which lines appear in the first five minutes.
    fn printed(view: &ConnectionView) -> Vec<i64> {
        let mut report = ConnectionReport::default();
        let lines = (0..300).map(|second| report.lines(view, at(second)).len());
        let lines = lines.collect::<Vec<_>>();
        (0..300).filter(|second| lines[*second as usize] > 0).collect()
    }

    #[test]
    fn each_state_is_reported_within_ten_seconds_and_then_at_most_once_a_minute() {
        let outage = DiscordOutage {
            since: Timestamp::UNIX_EPOCH,
            last: Timestamp::MAX,
            reason: "Discord is unreachable".into(),
        };
        let unreachable = ConnectionView { outage: Some(outage), ..ConnectionView::default() };
        let counts = CatchUpCounts { catch_ups_total: 1, ..CatchUpCounts::default() };
        let mut unknown = view(CONNECTED, &[5]);
        unknown.wanted = vec![GuildId(6)];
        for (view, part) in [
            (view(CONNECTED, &[]), "client_id=7&scope"),
            (unknown, "names 6, but the bot is only in 5"),
            (view(NOT_OPENED, &[]), "port 443"),
            (unreachable, "Discord is unreachable"),
            (view("identifying", &[]), "identifying"),
            (view(STANDING_BY, &[]), "standing by"),
            (ConnectionView { catch_up: counts, ..view(CONNECTED, &[5]) }, "catching up"),
        ] {
            let mut report = ConnectionReport::default();
            let mut at = Vec::new();
            for tick in 0..600 {
                let lines = report.lines(&view, time::at_millisecond(1_000_000 + tick * 500));
                at.extend(lines.iter().filter(|line| line.text.contains(part)).map(|_| tick * 500));
            }
            assert!(at.first().is_some_and(|first| *first <= 10_000), "{part}: {at:?}");
            assert!(at.windows(2).all(|pair| pair[1] - pair[0] >= 60_000), "{part}: {at:?}");
        }
    }

    #[test]
    fn an_outage_that_nobody_noticed_again_is_over() {
        let reason = "Discord is unreachable".to_owned();
        let outage = DiscordOutage { since: Timestamp::UNIX_EPOCH, last: at(10), reason };
        let view = ConnectionView { outage: Some(outage), ..view(CONNECTED, &[5]) };
        assert_eq!(conditions(&view, at(20)).len(), 1);
        let later = conditions(&view, at(200));
        assert_eq!(later, [ConnectionCondition::Connected { servers: 1 }]);
    }

    #[test]
    fn what_may_hold_for_weeks_is_repeated_ever_more_rarely() {
        assert_eq!(printed(&view(STANDING_BY, &[])), [1, 61, 181]);
        assert_eq!(printed(&view(NOT_OPENED, &[])), [4, 64, 124, 184, 244]);
        assert_eq!(printed(&view(CONNECTED, &[5])), [0]);
    }

    #[test]
    fn a_process_with_some_of_the_shards_does_not_say_what_it_cannot_know() {
        let mut view = view(CONNECTED, &[]);
        view.wanted = vec![GuildId(6)];
        view.stages.push(STANDING_BY.to_owned());
        assert_eq!(conditions(&view, at(1)), [ConnectionCondition::Connected { servers: 0 }]);
    }

    #[test]
    fn a_takeover_differs_from_a_start() {
        let mut report = ConnectionReport::default();
        assert_eq!(report.lines(&view(STANDING_BY, &[]), Timestamp::UNIX_EPOCH), []);
        assert_eq!(report.lines(&view(STANDING_BY, &[]), at(2)).len(), 1);
        assert_eq!(report.lines(&view("identifying", &[]), at(3)), []);
        let lines = report.lines(&view(CONNECTED, &[5]), at(4));
        assert_eq!(lines.len(), 1);
        assert!(lines[0].text.starts_with("took over the connection"), "{}", lines[0].text);
        report.lines(&view("resuming", &[5]), at(5));
        let lines = report.lines(&view(CONNECTED, &[5]), at(6));
        assert!(lines[0].text.starts_with("connected to Discord"), "{}", lines[0].text);
    }
}
