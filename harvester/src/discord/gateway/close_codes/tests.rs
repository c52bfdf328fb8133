use tracing_subscriber::layer::SubscriberExt as _;

use super::*;

#[test]
fn understands_what_serenity_writes() {
    let check = |said: &str, expected: Option<HealthEvent>| {
        let message = format!("[ShardInfo {{ id: ShardId(3), total: 7 }}] {said}");
        assert_eq!(
            parse_log_line(&message),
            expected.map(|health_event| (3, health_event)),
            "{said}"
        );
    };
    check("Identifying", Some(HealthEvent::Identify));
    check("Attempting to resume", Some(HealthEvent::Resume));
    check("Sent invalid authentication, please check the token.", Some(HealthEvent::Closed(4004)));
    check("Sent invalid seq: 12.", Some(HealthEvent::Closed(4007)));
    check("Sent invalid shard data.", Some(HealthEvent::Closed(4010)));
    check("Shard has too many guilds.", Some(HealthEvent::Closed(4011)));
    check("Unknown unclean close 4012: Some(\"x\")", Some(HealthEvent::Closed(4012)));
    check("Unknown unclean close 99999: None", None);
    check("Hello 4010", None);
    assert_eq!(
        parse_log_line("[Shard Queuer] Err starting shard 3: Tungstenite(Io(Os { code: 111"),
        Some((3, HealthEvent::NotOpened))
    );
    assert_eq!(parse_log_line("Err deserializing text: Sent invalid shard data."), None);
}

#[test]
fn hears_three_modules_and_keeps_only_numbers() {
    let mut health_events = listen();
    let subscriber = tracing_subscriber::registry().with(layer());
    tracing::subscriber::with_default(subscriber, || {
        tracing::debug!(target: "serenity::gateway::ws", "[{}] Identifying", "ShardId(901)");
        tracing::warn!(target: "serenity::gateway::shard", "[ShardId(901)] Sent invalid shard data.");
        tracing::warn!(target: "serenity::gateway::ws", "words of people {}", "x".repeat(500));
        tracing::warn!(target: "harvester", "[ShardId(901)] Sent invalid shard data.");
        tracing::trace!(target: "serenity::gateway::ws", "[ShardId(901)] Identifying");
    });
    let mut events = Vec::new();
    while let Ok(health_event) = health_events.try_recv() {
        events.extend((health_event.shard == 901).then_some(health_event.event));
    }
    assert_eq!(events, [HealthEvent::Identify, HealthEvent::Closed(4010)]);
}
