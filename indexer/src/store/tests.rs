mod embeddings;
mod erasure;
mod exchanges;
mod files;
mod likeness;
mod manual_actions;
mod merged_answers;
mod migration;
mod order;
mod postgres;
mod processes;
mod query_plans;
mod reclustering;
mod retention;
mod returning_askers;
mod short_verdicts;
mod snapshots;
mod threads;
mod transfer;
mod users;

use std::sync::Arc;

use rules::model::ids::{ChannelId, GuildId, MessageId, UserId};
use rules::model::message::{Author, Channel, ChannelKind, Message, MessageKind};
use rules::publish::pseudonym::Salt;
use rules::time;
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

use super::*;

#[test]
fn placeholders_are_rows_of_nameless_binds() {
    assert_eq!(placeholders(2, 2), "(?,?),(?,?)");
    assert_eq!(placeholders(1, 3), "(?,?,?)");
}

/// Where a test keeps the store of a directory: in it, or in a schema of its own on the PostgreSQL server that
/// `HARVESTER_TEST_STORE` is the address of.
pub(crate) fn location(folder: &Path) -> StoreLocation {
    let server = std::env::var("HARVESTER_TEST_STORE").ok().map(|server| {
        let name = Sha256::digest(folder.as_os_str().as_encoded_bytes())[..8].to_vec();
        let schema = operations::settings::hex(&name);
        format!("{server}?options[search_path]=test_{schema}").parse().unwrap()
    });
    StoreLocation { data: folder.to_owned(), server }
}

/// An empty store with a salt, which goes with the directory.
async fn empty() -> (Store, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open_shared(location(folder.path())).await.unwrap();
    store.keep_salt(&Salt([7; 16])).await.unwrap();
    (store, folder)
}

/// The same, always in a file of SQLite.
async fn empty_file() -> (Store, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open_shared(folder.path()).await.unwrap();
    store.keep_salt(&Salt([7; 16])).await.unwrap();
    (store, folder)
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
        closed: false,
    }
}

fn message(channel: u64, id: u64, author: u64, text: &str) -> Message {
    let author =
        Author { id: UserId(author), name: format!("P{author}"), bot: false, roles: Vec::new() };
    Message {
        id: MessageId(id),
        channel: ChannelId(channel),
        author: Arc::new(author),
        kind: MessageKind::Default,
        sent: time::at_millisecond(id as i64),
        edited: None,
        text: text.to_owned(),
        reply_to: None,
        mentions: Vec::new(),
        reactions: Vec::new(),
        attachments: Vec::new(),
        forwarded: None,
        pinned: false,
    }
}

/// A batch of whole messages, seen at 1, in channel 1.
fn batch(messages: impl IntoIterator<Item = Message>) -> WriteBatch {
    let messages = messages
        .into_iter()
        .map(|message| (message, ReactionsCoverage::Whole, time::at_millisecond(1)));
    WriteBatch {
        channels: vec![(channel(1), time::at_millisecond(1))],
        messages: messages.collect(),
        ..WriteBatch::default()
    }
}

/// Purges deleted text as often as a daemon would: on a server it waits for other tests, which read as before.
async fn purge(store: &Store) {
    for _ in 0..10_000 {
        store.purge_deleted_text().await.unwrap();
        if !store.purge_due().await.unwrap() {
            return;
        }
    }
    panic!("deleted text is not purged");
}

/// Every message of a channel.
async fn all(store: &Store, channel: u64) -> Vec<Message> {
    let mut faces = AuthorCache::default();
    let range = PendingRange::to_the_end(MessageId(0));
    store.messages_in(ChannelId(channel), range, 100_000, &mut faces).await.unwrap()
}

/// Stands in for judging: clears what is pending; returns it.
async fn judge_all(store: &Store) -> Vec<PendingChannel> {
    let pending = store.pending_channels().await.unwrap();
    for one in &pending {
        store.clear_pending(one).await.unwrap();
    }
    pending
}

/// What is pending: channels, and the first message to be judged in each.
async fn pending(store: &Store) -> Vec<(u64, u64)> {
    let pending = store.pending_channels().await.unwrap();
    pending.iter().map(|one| (one.channel.id.0, one.ranges[0].first.0)).collect()
}
