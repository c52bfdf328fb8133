//! A change deep in a long channel costs what it touches, and ends as judging everything would.

use std::sync::Arc;

use harvester::pipeline::Pipeline;
use indexer::store::{PendingRange, ReactionsCoverage, Store, WriteBatch};
use jiff::Timestamp;
use rules::config::ruleset::Ruleset;
use rules::model::ids::{ChannelId, GuildId, MessageId, UserId};
use rules::model::message::{Author, Channel, ChannelKind, Message, MessageKind};
use rules::publish::pseudonym::Salt;
use rules::time;

const CHANNEL: ChannelId = ChannelId(5);
const LENGTH: u64 = 20_000;
const NOW: Timestamp = Timestamp::constant(4_000_000_000, 0);

/// When the `number`th message is sent: three minutes after the one before, but for a pause of three
/// days after every thirtieth, which no conversation outlasts.
fn sent(number: u64) -> u64 {
    number * 180_000 + number / 30 * 3 * 86_400_000
}

fn id(number: u64) -> MessageId {
    MessageId(sent(number) << 22)
}

fn message(number: u64) -> Message {
    const SAID: [&str; 6] = [
        "How do I mount the second disk after a reboot?",
        "Put it into fstab, then it mounts by itself.",
        "that worked, thanks!",
        "morning all",
        "Does the installer still ask for a swap partition?",
        "only in expert mode",
    ];
    let who = 100 + number * 7 % 23;
    let name = format!("person_{who}");
    Message {
        id: id(number),
        channel: CHANNEL,
        author: Arc::new(Author { id: UserId(who), name, bot: false, roles: Vec::new() }),
        kind: MessageKind::Default,
        sent: time::at_millisecond(1_400_000_000_000 + sent(number) as i64),
        edited: None,
        text: SAID[(number * 5 % 7 % 6) as usize].to_owned(),
        // Somebody comes back to the beginning very late.
        reply_to: (number + 100 == LENGTH).then_some(id(12)),
        mentions: Vec::new(),
        reactions: Vec::new(),
        attachments: Vec::new(),
        forwarded: None,
        pinned: false,
    }
}

fn channel() -> Channel {
    Channel {
        id: CHANNEL,
        guild: GuildId(1),
        kind: ChannelKind::Text,
        name: "help".into(),
        topic: None,
        parent: None,
        parent_name: None,
        tags: Vec::new(),
    }
}

async fn judged(store: &Store) -> Vec<(MessageId, String, String)> {
    let all = store.conversations_reaching(CHANNEL, MessageId(0), PendingRange::END).await.unwrap();
    let mut judged = Vec::new();
    for one in all {
        let exchanges = store.exchanges(one.id).await.unwrap();
        let verdicts = exchanges.into_iter().map(|exchange| exchange.verdict);
        judged.push((one.id.0, one.links, verdicts.collect::<Vec<_>>().join("\n")));
    }
    judged
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_in_a_long_channel_reads_little() {
    let folder = tempfile::tempdir().unwrap();
    let rules = Arc::new(Ruleset::embedded());
    let mut pipeline = Pipeline::open(folder.path(), rules, &Salt([1; 16])).await.unwrap();
    let messages = (1..=LENGTH)
        .map(|number| (message(number), ReactionsCoverage::Whole, time::at_millisecond(1)))
        .collect();
    let channels = vec![(channel(), time::at_millisecond(1))];
    pipeline
        .store
        .apply_batch(&WriteBatch { channels, messages, ..WriteBatch::default() })
        .await
        .unwrap();
    assert!(pipeline.catch_up(NOW).await.unwrap().messages >= LENGTH);

    let edited = Message {
        text: "Which of the mirrors is the nearest?".into(),
        edited: Some(time::at_millisecond(2)),
        ..message(3)
    };
    let edit = WriteBatch {
        messages: vec![(edited, ReactionsCoverage::Whole, time::at_millisecond(2))],
        ..WriteBatch::default()
    };
    let deletion = |number| WriteBatch {
        deleted: vec![(CHANNEL, id(number), time::at_millisecond(3))],
        ..WriteBatch::default()
    };
    for (what, batch) in [
        ("edit the third", edit),
        ("delete the 10,000th", deletion(10_000)),
        ("delete the twelfth, which a late message replies to", deletion(12)),
    ] {
        pipeline.store.apply_batch(&batch).await.unwrap();
        let read = pipeline.catch_up(NOW).await.unwrap().messages;
        assert!((1..1_000).contains(&read), "{what}: {read} messages read");
    }

    let bounded = judged(&pipeline.store).await;
    pipeline.store.mark_everything_pending().await.unwrap();
    pipeline.catch_up(NOW).await.unwrap();
    assert!(bounded == judged(&pipeline.store).await);
}
