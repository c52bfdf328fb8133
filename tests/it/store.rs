//! Every write may happen twice, in any order.

use std::sync::Arc;

use indexer::store::{AuthorCache, PendingRange, ReactionsCoverage, Store, WriteBatch, WriteLock};
use jiff::Timestamp;
use proptest::prelude::*;
use rules::model::ids::{ChannelId, GuildId, MessageId, RoleId, UserId};
use rules::model::message::{Author, Channel, ChannelKind, Message, MessageKind, Reaction, Role};
use rules::time;

/// One version of a message, as some source saw it at some time.
#[derive(Debug, Clone)]
struct Version {
    channel: u64,
    id: u64,
    edited: Option<i64>,
    observed: i64,
    text: String,
    author: u64,
    name: String,
    reply: Option<u64>,
    reactions: u32,
    kind: MessageKind,
    pinned: bool,
}

fn version() -> impl Strategy<Value = Version> {
    let place = (1_u64..3, 1_u64..6, proptest::option::of(1_i64..4), 0_i64..3);
    let said = ("[ab]{0,2}", proptest::option::of(1_u64..6), 0_u32..2, any::<bool>());
    let kinds = [MessageKind::Default, MessageKind::Reply, MessageKind::System, MessageKind::Other];
    let person = (7_u64..9, "[ab]");
    (place, said, proptest::sample::select(kinds.to_vec()), person).prop_map(
        |((channel, id, edited, observed), (text, reply, reactions, pinned), kind, person)| {
            let (author, name) = person;
            Version {
                channel,
                id,
                edited,
                observed,
                text,
                author,
                name,
                reply,
                reactions,
                kind,
                pinned,
            }
        },
    )
}

fn message(version: &Version) -> (Message, ReactionsCoverage, Timestamp) {
    // A person has the same roles in all that a source says at one time.
    let role = Role { id: RoleId(version.observed as u64), name: version.name.clone() };
    let author = Author {
        id: UserId(version.author),
        name: version.name.clone(),
        bot: false,
        roles: if version.observed == 0 { Vec::new() } else { vec![role] },
    };
    let reaction = Reaction { emoji: "+".into(), count: version.reactions, users: Vec::new() };
    let message = Message {
        id: MessageId(version.id),
        channel: ChannelId(version.channel),
        author: Arc::new(author),
        kind: version.kind,
        sent: Timestamp::UNIX_EPOCH,
        edited: version.edited.map(time::at_millisecond),
        text: version.text.clone(),
        reply_to: version.reply.map(MessageId),
        mentions: Vec::new(),
        reactions: if version.reactions == 0 { Vec::new() } else { vec![reaction] },
        attachments: Vec::new(),
        forwarded: None,
        pinned: version.pinned,
    };
    (message, ReactionsCoverage::Whole, time::at_millisecond(version.observed))
}

fn channel(id: u64) -> Channel {
    Channel {
        id: ChannelId(id),
        guild: GuildId(1),
        kind: ChannelKind::Text,
        name: "help".into(),
        topic: None,
        parent: None,
        parent_name: None,
        tags: Vec::new(),
    }
}

/// What stands in the end: every message with all its fields, and all counts.
#[derive(Debug, PartialEq)]
struct Stored {
    messages: Vec<Message>,
    texts: Vec<String>,
    people: Vec<Author>,
    pending: Vec<(ChannelId, MessageId)>,
    counts: String,
}

/// Applies batches of versions, one after the other.
async fn applied(batches: &[Vec<Version>]) -> Stored {
    let folder = tempfile::tempdir().unwrap();
    let lock = WriteLock::take(folder.path()).unwrap();
    let store = Store::open(folder.path(), &lock).await.unwrap();
    for versions in batches {
        let messages = versions.iter().map(message).collect();
        let channels =
            vec![(channel(1), Timestamp::UNIX_EPOCH), (channel(2), Timestamp::UNIX_EPOCH)];
        store
            .apply_batch(&WriteBatch { channels, messages, ..WriteBatch::default() })
            .await
            .unwrap();
    }
    let mut faces = AuthorCache::default();
    let mut messages = Vec::new();
    for id in [1, 2] {
        let rows = store
            .messages_in(ChannelId(id), PendingRange::to_the_end(MessageId(0)), 100, &mut faces)
            .await
            .unwrap();
        messages.extend(rows);
    }
    let pending = store.pending_channels().await.unwrap();
    let stored = Stored {
        // `Debug` of a message hides its text.
        texts: messages.iter().map(|message| message.text.clone()).collect(),
        messages,
        people: store.people_with_roles().await.unwrap(),
        pending: pending.into_iter().map(|one| (one.channel.id, one.ranges[0].first)).collect(),
        counts: serde_json::to_string(&store.counts().await.unwrap()).unwrap(),
    };
    store.close().await;
    stored
}

/// Versions in some order, and the same ones in another, some of them twice.
fn two_orders() -> impl Strategy<Value = (Vec<Version>, Vec<Version>)> {
    proptest::collection::vec(version(), 1..16).prop_flat_map(|versions| {
        let twice = versions.iter().chain(&versions).cloned().collect::<Vec<_>>();
        (Just(versions), Just(twice).prop_shuffle())
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_newest_version_stands_whatever_the_order(
        (versions, mixed) in two_orders(),
        size in 1_usize..5,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let expected = runtime.block_on(applied(std::slice::from_ref(&versions)));
        let batches = mixed.chunks(size).map(<[Version]>::to_vec).collect::<Vec<_>>();
        prop_assert_eq!(runtime.block_on(applied(&batches)), expected);
    }
}
