//! Every write may happen twice, in any order.

use std::sync::Arc;

use indexer::store::{Batch, Faces, Store, WriteLock};
use proptest::prelude::*;
use rules::ids::{ChannelId, GuildId, MessageId, Millis, UserId};
use rules::message::{Author, Channel, ChannelKind, Message, MessageKind};

/// One version of a message, as some source saw it at some time.
#[derive(Debug, Clone)]
struct Version {
    id: u64,
    edited: Option<i64>,
    observed: i64,
    text: String,
}

fn version() -> impl Strategy<Value = Version> {
    (1_u64..6, proptest::option::of(1_i64..4), 0_i64..3, "[ab]{0,2}")
        .prop_map(|(id, edited, observed, text)| Version { id, edited, observed, text })
}

fn message(version: &Version) -> (Message, Millis) {
    let author = Author { id: UserId(9), name: "someone".into(), bot: false, roles: Vec::new() };
    let message = Message {
        id: MessageId(version.id),
        channel: ChannelId(1),
        author: Arc::new(author),
        kind: MessageKind::Default,
        sent: Millis(0),
        edited: version.edited.map(Millis),
        text: version.text.clone(),
        reply_to: None,
        mentions: Vec::new(),
        reactions: Vec::new(),
        attachments: Vec::new(),
        forwarded: None,
        pinned: false,
    };
    (message, Millis(version.observed))
}

fn channel() -> Channel {
    Channel {
        id: ChannelId(1),
        guild: GuildId(1),
        kind: ChannelKind::Text,
        name: "help".into(),
        topic: None,
        parent: None,
        parent_name: None,
        tags: Vec::new(),
    }
}

/// Applies batches of versions; returns the texts that stand in the end, and all counts.
async fn applied(batches: &[Vec<Version>]) -> (Vec<(MessageId, String)>, String) {
    let folder = tempfile::tempdir().unwrap();
    let lock = WriteLock::take(folder.path()).unwrap();
    let store = Store::open(folder.path(), &lock).await.unwrap();
    for versions in batches {
        let messages = versions.iter().map(message).collect();
        let batch = Batch { channels: vec![(channel(), Millis(0))], messages };
        store.apply(&batch).await.unwrap();
    }
    let mut faces = Faces::default();
    let rows = store.messages_from(ChannelId(1), MessageId(0), 100, &mut faces).await.unwrap();
    let rows = rows.into_iter().map(|message| (message.id, message.text)).collect();
    let counts = serde_json::to_string(&store.counts().await.unwrap()).unwrap();
    store.close().await;
    (rows, counts)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_newest_version_stands_whatever_the_order(
        versions in proptest::collection::vec(version(), 1..12),
        shuffled in Just(()).prop_perturb(|(), mut random| random.random::<u64>()),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let expected = runtime.block_on(applied(std::slice::from_ref(&versions)));
        let mut mixed = versions.clone();
        mixed.sort_by_key(|version| {
            (version.id ^ shuffled).wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ (version.observed as u64) << 7
        });
        let mut batches = mixed.chunks(3).map(<[Version]>::to_vec).collect::<Vec<_>>();
        batches.push(versions);
        prop_assert_eq!(runtime.block_on(applied(&batches)), expected);
    }
}
