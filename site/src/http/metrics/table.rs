//! Every metric with its type, labels, help and source. Times are in seconds since the Unix epoch.

use std::collections::BTreeMap;
use std::fmt;

use indexer::store::{
    CatchUpCounts, DaemonStatus, GatewayStatus, InteractionCounts, LiveCounts, ProposalRoundCounts,
    StoreCounts,
};
use jiff::{SignedDuration, Timestamp};
use rules::report::alarms::AlarmKind;

use self::MetricKind::{Counter, Gauge};
use crate::reports::health::OperationHealth;

/// A metric that is read from an `S`.
pub(super) struct Metric<S> {
    pub(super) name: &'static str,
    pub(super) kind: MetricKind,
    pub(super) labels: &'static [&'static str],
    pub(super) help: &'static str,
    pub(super) read: fn(&S) -> Samples,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum MetricKind {
    /// Only grows, from 0 at the start of the daemon.
    Counter,
    Gauge,
}

impl MetricKind {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
        }
    }
}

/// A value for each combination of label values.
pub(super) type Samples = Vec<(Vec<String>, SampleValue)>;

#[derive(Debug, Clone, Copy)]
pub(super) enum SampleValue {
    Count(u64),
    Time(Timestamp),
}

impl fmt::Display for SampleValue {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(count) => count.fmt(out),
            Self::Time(at) => {
                let at = at.as_millisecond();
                write!(out, "{}.{:03}", at / 1_000, at.rem_euclid(1_000))
            }
        }
    }
}

/// What the store holds.
#[derive(Debug, Default)]
pub(super) struct StoreStatus {
    pub(super) counts: StoreCounts,
    pub(super) live: LiveCounts,
    pub(super) health: OperationHealth,
}

fn count(count: u64) -> Samples {
    vec![(Vec::new(), SampleValue::Count(count))]
}

/// A length of time; no sample where there is none.
fn seconds(length: Option<SignedDuration>) -> Samples {
    length.map_or_else(Vec::new, |length| count(length.as_secs() as u64))
}

fn time(at: Option<Timestamp>) -> Samples {
    at.map(|at| (Vec::new(), SampleValue::Time(at))).into_iter().collect()
}

fn counts_by<K: ToString>(counts: &BTreeMap<K, u64>) -> Samples {
    let sample = |(label, count): (&K, &u64)| (vec![label.to_string()], SampleValue::Count(*count));
    counts.iter().map(sample).collect()
}

fn labelled<const N: usize>(counts: [(&str, u64); N]) -> Samples {
    let sample = |(label, count): (&str, u64)| (vec![label.to_owned()], SampleValue::Count(count));
    counts.into_iter().map(sample).collect()
}

/// The metrics of the store, which all processes share.
pub(super) const STORE: &[Metric<StoreStatus>] = &[
    Metric {
        name: "harvester_channels",
        kind: Gauge,
        labels: &[],
        help: "Channels in scope.",
        read: |store| count(store.counts.channels),
    },
    Metric {
        name: "harvester_channels_pending",
        kind: Gauge,
        labels: &[],
        help: "Channels with messages that wait for analysis.",
        read: |store| count(store.counts.channels_pending),
    },
    Metric {
        name: "harvester_channels_hidden",
        kind: Gauge,
        labels: &[],
        help: "Channels that not everyone can read; nothing of them is published.",
        read: |store| count(store.live.channels_hidden),
    },
    Metric {
        name: "harvester_channels_gapped",
        kind: Gauge,
        labels: &[],
        help: "Channels that missed live events and must be fetched again.",
        read: |store| count(store.live.channels_gapped),
    },
    Metric {
        name: "harvester_channels_backfilling",
        kind: Gauge,
        labels: &[],
        help: "Channels whose history has not been read to its start.",
        read: |store| count(store.live.channels_backfilling),
    },
    Metric {
        name: "harvester_users",
        kind: Gauge,
        labels: &[],
        help: "Discord users.",
        read: |store| count(store.counts.people),
    },
    Metric {
        name: "harvester_opted_out_users",
        kind: Gauge,
        labels: &[],
        help: "Discord users who have opted out.",
        read: |store| count(store.live.opted_out),
    },
    Metric {
        name: "harvester_consents",
        kind: Gauge,
        labels: &[],
        help: "Consents that have not been withdrawn.",
        read: |store| count(store.live.consents),
    },
    Metric {
        name: "harvester_messages",
        kind: Gauge,
        labels: &["kind"],
        help: "Stored messages by kind.",
        read: |store| counts_by(&store.counts.messages_by_kind),
    },
    Metric {
        name: "harvester_tombstones",
        kind: Gauge,
        labels: &["kind"],
        help: "Deletions of messages and of whole channels.",
        read: |store| {
            let live = &store.live;
            labelled([("message", live.messages_deleted), ("channel", live.channels_deleted)])
        },
    },
    Metric {
        name: "harvester_quarantined_payloads",
        kind: Gauge,
        labels: &["kind"],
        help: "Payloads that could not be parsed, by event type.",
        read: |store| counts_by(&store.live.quarantined_by_kind),
    },
    Metric {
        name: "harvester_conversations",
        kind: Gauge,
        labels: &["status"],
        help: "Conversations by verdict.",
        read: |store| counts_by(&store.counts.conversations_by_status),
    },
    Metric {
        name: "harvester_occurrences",
        kind: Gauge,
        labels: &["grade"],
        help: "Resolved conversations by how they were confirmed.",
        read: |store| counts_by(&store.counts.resolutions_by_grade),
    },
    Metric {
        name: "harvester_clusters",
        kind: Gauge,
        labels: &["state"],
        help: "Clusters of occurrences of the same question, by state.",
        read: |store| counts_by(&store.counts.clusters_by_state),
    },
    Metric {
        name: "harvester_recurring_clusters",
        kind: Gauge,
        labels: &[],
        help: "Clusters with at least two occurrences.",
        read: |store| count(store.counts.recurring),
    },
    Metric {
        name: "harvester_answer_marks",
        kind: Gauge,
        labels: &[],
        help: "Messages marked as answers by members.",
        read: |store| count(store.live.marks),
    },
    Metric {
        name: "harvester_duplicate_marks",
        kind: Gauge,
        labels: &[],
        help: "Questions marked as the same as another question.",
        read: |store| count(store.live.ties),
    },
    Metric {
        name: "harvester_suggestions",
        kind: Gauge,
        labels: &["outcome"],
        help: "Suggestions that the bot posted, by the asker's rating.",
        read: |store| {
            let LiveCounts { suggestions_posted, suggestions_helped, .. } = store.live;
            let not_helped = store.live.suggestions_not_helped;
            labelled([
                ("helped", suggestions_helped),
                ("not_helped", not_helped),
                ("unrated", suggestions_posted.saturating_sub(suggestions_helped + not_helped)),
            ])
        },
    },
    Metric {
        name: "harvester_proposals",
        kind: Gauge,
        labels: &["state"],
        help: "Proposals by state.",
        read: |store| counts_by(&store.counts.proposals_by_state),
    },
    Metric {
        name: "harvester_alarms",
        kind: Gauge,
        labels: &["kind"],
        help: "Alarms on silence and on counts that contradict each other; 0 where all is well.",
        read: |store| {
            let raised = |kind| store.health.alarms.iter().filter(|one| one.kind == kind).count();
            labelled(AlarmKind::ALL.map(|kind| (kind.as_str(), raised(kind) as u64)))
        },
    },
    Metric {
        name: "harvester_proposal_deadlines",
        kind: Gauge,
        labels: &["result"],
        help: "Due questions of the last 28 days, by whether they were proposed in time.",
        read: |store| {
            let share = store.health.service_level.proposed_in_time;
            labelled([("in_time", share.part as u64), ("late", (share.of - share.part) as u64)])
        },
    },
    Metric {
        name: "harvester_slowest_proposal_seconds",
        kind: Gauge,
        labels: &[],
        help: "The longest time from a threshold to its proposal in the last 28 days.",
        read: |store| seconds(store.health.service_level.slowest_proposal),
    },
    Metric {
        name: "harvester_undecided_proposals",
        kind: Gauge,
        labels: &[],
        help: "Proposals that wait for a decision.",
        read: |store| count(store.health.service_level.undecided as u64),
    },
    Metric {
        name: "harvester_longest_undecided_seconds",
        kind: Gauge,
        labels: &[],
        help: "How long the oldest of them has waited.",
        read: |store| seconds(store.health.service_level.longest_undecided),
    },
];

/// The metrics of each daemon, which carry the label `daemon` besides their own.
pub(super) const DAEMON: &[Metric<DaemonStatus>] = &[
    Metric {
        name: "harvester_status_timestamp_seconds",
        kind: Gauge,
        labels: &[],
        help: "When the daemon last wrote its status.",
        read: |daemon| time(Some(daemon.at)),
    },
    Metric {
        name: "harvester_leader",
        kind: Gauge,
        labels: &[],
        help: "1 for the daemon that clusters, 0 for the others.",
        read: |daemon| count(daemon.leader.into()),
    },
    Metric {
        name: "harvester_role",
        kind: Gauge,
        labels: &["role"],
        help: "1 for each role of the daemon: gateway, judge, propose, site.",
        read: |daemon| {
            let sample = |role: &String| (vec![role.clone()], SampleValue::Count(1));
            daemon.roles.iter().map(sample).collect()
        },
    },
    Metric {
        name: "harvester_judged_partitions",
        kind: Gauge,
        labels: &[],
        help: "How many of the 64 partitions of channels the daemon judges.",
        read: |daemon| count(daemon.judged_partitions),
    },
    Metric {
        name: "harvester_index_writer",
        kind: Gauge,
        labels: &[],
        help: "1 for a daemon that writes the index of its data directory.",
        read: |daemon| count(daemon.follows_index.into()),
    },
    Metric {
        name: "harvester_messages_stored_total",
        kind: Counter,
        labels: &["change"],
        help: "Messages that were stored, by what changed.",
        read: |daemon| {
            labelled([
                ("added", daemon.messages_added_total),
                ("updated", daemon.messages_updated_total),
                ("unchanged", daemon.messages_unchanged_total),
                ("deleted", daemon.messages_deleted_total),
            ])
        },
    },
    Metric {
        name: "harvester_last_event_stored_timestamp_seconds",
        kind: Gauge,
        labels: &[],
        help: "When the last event was stored.",
        read: |daemon| time(daemon.last_event_stored),
    },
    Metric {
        name: "harvester_last_index_pass_timestamp_seconds",
        kind: Gauge,
        labels: &[],
        help: "When the index last caught up with the store.",
        read: |daemon| time(daemon.last_index_pass),
    },
    Metric {
        name: "harvester_ingest_queue_length",
        kind: Gauge,
        labels: &[],
        help: "Live batches that wait to be stored.",
        read: |daemon| count(daemon.ingest_queue_length),
    },
    Metric {
        name: "harvester_ingest_queue_rejected_total",
        kind: Counter,
        labels: &[],
        help: "Events that were rejected because the queue was full.",
        read: |daemon| gateway(daemon, |gateway| count(gateway.lost_by_full_queue)),
    },
    Metric {
        name: "harvester_gateway_sessions_started_total",
        kind: Counter,
        labels: &[],
        help: "Gateway sessions that Discord started (READY).",
        read: |daemon| gateway(daemon, |gateway| count(gateway.ready_total)),
    },
    Metric {
        name: "harvester_gateway_sessions_resumed_total",
        kind: Counter,
        labels: &[],
        help: "Gateway sessions that Discord resumed (RESUMED).",
        read: |daemon| gateway(daemon, |gateway| count(gateway.resumed_total)),
    },
    Metric {
        name: "harvester_gateway_identifies_total",
        kind: Counter,
        labels: &[],
        help: "IDENTIFY payloads sent to the gateway.",
        read: |daemon| gateway(daemon, |gateway| count(gateway.identifies_total)),
    },
    Metric {
        name: "harvester_gateway_resumes_total",
        kind: Counter,
        labels: &[],
        help: "RESUME payloads sent to the gateway.",
        read: |daemon| gateway(daemon, |gateway| count(gateway.resumes_total)),
    },
    Metric {
        name: "harvester_gateway_restarts_total",
        kind: Counter,
        labels: &[],
        help: "Gateway clients that were dropped and replaced.",
        read: |daemon| gateway(daemon, |gateway| count(gateway.restarts_total)),
    },
    Metric {
        name: "harvester_gateway_closes_total",
        kind: Counter,
        labels: &["code"],
        help: "Gateway connections that Discord closed, by close code.",
        read: |daemon| gateway(daemon, |gateway| counts_by(&gateway.closings)),
    },
    Metric {
        name: "harvester_gateway_unparsed_events_total",
        kind: Counter,
        labels: &["event"],
        help: "Gateway events that the client library could not parse, by type.",
        read: |daemon| gateway(daemon, |gateway| counts_by(&gateway.unknown_events_total)),
    },
    Metric {
        name: "harvester_gateway_shards",
        kind: Gauge,
        labels: &[],
        help: "Shards of the bot.",
        read: |daemon| gateway(daemon, |gateway| count(gateway.shards.into())),
    },
    Metric {
        name: "harvester_gateway_shard_state",
        kind: Gauge,
        labels: &["shard", "state"],
        help: "1 for the current state of each shard.",
        read: |daemon| gateway(daemon, shard_states),
    },
    Metric {
        name: "harvester_gateway_last_event_timestamp_seconds",
        kind: Gauge,
        labels: &[],
        help: "When the gateway last sent an event.",
        read: |daemon| gateway(daemon, |gateway| time(gateway.last_dispatch)),
    },
    Metric {
        name: "harvester_gateway_last_ack_timestamp_seconds",
        kind: Gauge,
        labels: &[],
        help: "When the gateway last acknowledged a heartbeat.",
        read: |daemon| gateway(daemon, |gateway| time(gateway.last_ack)),
    },
    Metric {
        name: "harvester_discord_requests_total",
        kind: Counter,
        labels: &["lane"],
        help: "Requests to Discord's REST API, by lane.",
        read: |daemon| {
            let requests = &daemon.discord.requests;
            labelled([
                ("live", requests.live_calls_total),
                ("history", requests.history_calls_total),
            ])
        },
    },
    Metric {
        name: "harvester_discord_retries_total",
        kind: Counter,
        labels: &[],
        help: "Requests to Discord's REST API that were retried.",
        read: |daemon| count(daemon.discord.requests.calls_retried_total),
    },
    Metric {
        name: "harvester_discord_rate_limited_total",
        kind: Counter,
        labels: &[],
        help: "Requests that Discord's REST API refused because of a rate limit.",
        read: |daemon| count(daemon.discord.requests.calls_limited_total),
    },
    Metric {
        name: "harvester_catch_ups_total",
        kind: Counter,
        labels: &[],
        help: "Catch-ups that were started.",
        read: |daemon| catch_up(daemon, |counts| counts.catch_ups_total),
    },
    Metric {
        name: "harvester_catch_ups_done_total",
        kind: Counter,
        labels: &[],
        help: "Catch-ups that were completed.",
        read: |daemon| catch_up(daemon, |counts| counts.catch_ups_done_total),
    },
    Metric {
        name: "harvester_messages_read_total",
        kind: Counter,
        labels: &[],
        help: "Messages fetched by catch-ups, backfills and rechecks.",
        read: |daemon| catch_up(daemon, |counts| counts.messages_read_total),
    },
    Metric {
        name: "harvester_deletions_found_total",
        kind: Counter,
        labels: &[],
        help: "Deletions that only a recheck found.",
        read: |daemon| catch_up(daemon, |counts| counts.deletions_found_total),
    },
    Metric {
        name: "harvester_interactions_total",
        kind: Counter,
        labels: &["outcome"],
        help: "Interactions that the daemon received, by outcome.",
        read: |daemon| daemon.discord.interactions.map_or_else(Vec::new, interactions),
    },
    Metric {
        name: "harvester_proposal_rounds_total",
        kind: Counter,
        labels: &["result"],
        help: "Proposal rounds on GitHub, by result.",
        read: |daemon| {
            proposals(daemon, |rounds| {
                labelled([("done", rounds.rounds_total), ("failed", rounds.failed_rounds_total)])
            })
        },
    },
    Metric {
        name: "harvester_proposal_last_round_timestamp_seconds",
        kind: Gauge,
        labels: &[],
        help: "When a proposal round last succeeded.",
        read: |daemon| proposals(daemon, |rounds| time(rounds.last_round)),
    },
    Metric {
        name: "harvester_proposals_by_deadline",
        kind: Gauge,
        labels: &["status"],
        help: "Due clusters by the status of their deadline.",
        read: |daemon| proposals(daemon, |rounds| counts_by(&rounds.by_clock)),
    },
];

fn gateway(daemon: &DaemonStatus, read: fn(&GatewayStatus) -> Samples) -> Samples {
    daemon.discord.gateway.as_ref().map_or_else(Vec::new, read)
}

fn shard_states(gateway: &GatewayStatus) -> Samples {
    let states = gateway.stages.iter();
    let sample = |(shard, state): (&u32, &String)| {
        (vec![shard.to_string(), state.clone()], SampleValue::Count(1))
    };
    states.map(sample).collect()
}

fn catch_up(daemon: &DaemonStatus, read: fn(&CatchUpCounts) -> u64) -> Samples {
    daemon.discord.catch_up.as_ref().map_or_else(Vec::new, |counts| count(read(counts)))
}

fn interactions(counts: InteractionCounts) -> Samples {
    labelled([
        ("answered", counts.interactions_answered_total),
        ("unreadable", counts.interactions_unreadable_total),
        ("failed", counts.interactions_failed_total),
    ])
}

fn proposals(daemon: &DaemonStatus, read: fn(&ProposalRoundCounts) -> Samples) -> Samples {
    daemon.proposals.as_ref().map_or_else(Vec::new, read)
}
