//! What a newer export of a whole channel lacks is gone, whatever came first.

use jiff::{SignedDuration, Timestamp};

use super::*;

/// An export of channel 1, made at an hour, with these messages.
fn export(hour: i64, ids: &[u64]) -> WriteBatch {
    let seen = at(hour);
    let messages = ids.iter().map(|id| {
        let id = MessageId::min_at(at(0)).0 + id;
        (message(1, id, 7, "words"), ReactionsCoverage::Whole, seen)
    });
    WriteBatch {
        channels: vec![(channel(1), seen)],
        messages: messages.collect(),
        ..WriteBatch::default()
    }
}

fn at(hour: i64) -> Timestamp {
    let first = MessageId(1_300_000_000_000_000_000).created_at();
    first + SignedDuration::from_hours(hour)
}

async fn stored(store: &Store) -> Vec<u64> {
    let first = MessageId::min_at(at(0)).0;
    all(store, 1).await.iter().map(|message| message.id.0 - first).collect()
}

#[tokio::test]
async fn what_a_newer_whole_export_lacks_goes_in_any_order() {
    let (older, newer) = (export(1, &[1, 2, 3, 4]), export(2, &[1, 3, 4]));
    for order in [[&older, &newer], [&newer, &older]] {
        let (store, _folder) = empty().await;
        for batch in order {
            store.apply_batch(batch).await.unwrap();
        }
        assert_eq!(store.missing_messages(ChannelId(1)).await.unwrap(), None, "none was whole");
        store.record_snapshot(ChannelId(1), at(2)).await.unwrap();
        store.record_snapshot(ChannelId(1), at(1)).await.unwrap();
        let missing = store.missing_messages(ChannelId(1)).await.unwrap().unwrap();
        assert_eq!((missing.missing, missing.stored, missing.exported), (1, 4, at(2)));
        assert_eq!(store.delete_missing(&missing).await.unwrap(), 1);
        assert_eq!(stored(&store).await, [1, 3, 4]);
        for batch in order {
            store.apply_batch(batch).await.unwrap();
        }
        assert_eq!(stored(&store).await, [1, 3, 4], "what is gone stays gone");
        assert_eq!(store.missing_messages(ChannelId(1)).await.unwrap(), None);
    }
}

#[tokio::test]
async fn what_was_seen_or_written_since_the_export_stays() {
    let (store, _folder) = empty().await;
    store.apply_batch(&export(1, &[1, 2])).await.unwrap();
    store.record_snapshot(ChannelId(1), at(1)).await.unwrap();
    store.apply_batch(&export(3, &[5])).await.unwrap();
    let later = MessageId::min_at(at(2)).0 - MessageId::min_at(at(0)).0;
    store.apply_batch(&export(0, &[later])).await.unwrap();
    assert_eq!(store.missing_messages(ChannelId(1)).await.unwrap(), None);
}
