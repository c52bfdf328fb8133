//! A store moves to PostgreSQL and back, and is the same.

use super::*;

/// A store with something in many of its tables.
async fn filled(store: &Store) {
    store.keep_salt(&Salt([7; 16])).await.unwrap();
    let words = (10..1_300).map(|id| message(1, id, id % 7, "what a\0question"));
    store.apply_batch(&batch(words)).await.unwrap();
    let deleted = vec![(ChannelId(1), MessageId(11), time::at_millisecond(3))];
    store.apply_batch(&WriteBatch { deleted, ..WriteBatch::default() }).await.unwrap();
    let at = time::at_millisecond(9);
    let row = |what: &str| AuditRow {
        seq: 0,
        at,
        by: UserId(5),
        what: what.into(),
        target: String::new(),
        undoes: None,
    };
    for what in ["first", "second"] {
        store.audit(&row(what)).await.unwrap();
    }
}

#[tokio::test]
async fn a_store_moves_to_a_server_and_back() {
    let [data, other, back] = [(); 3].map(|()| tempfile::tempdir().unwrap());
    let (file, server) = (StoreLocation::from(data.path()), location(other.path()));
    let from = Store::open_shared(file.clone()).await.unwrap();
    filled(&from).await;
    let there = StoreTransfer::open(file.clone(), server.clone()).await.unwrap();
    let copied = there.copy().await.unwrap();
    let rows = |name: &str| copied.iter().find(|table| table.name == name).unwrap().rows;
    assert_eq!((rows("messages"), rows("audit"), rows("tombstones")), (1_289, 2, 1));
    // The store is no empty one any more.
    assert!(matches!(there.copy().await, Err(StoreError::NotEmpty)));
    let home = StoreTransfer::open(server.clone(), back.path().into()).await.unwrap();
    home.copy().await.unwrap();
    for place in [server, back.path().into()] {
        let store = Store::open_shared(place).await.unwrap();
        assert_eq!(store.counts().await.unwrap(), from.counts().await.unwrap());
        let said = &all(&store, 1).await[0].text;
        assert!(
            ["what a\u{fffd}question", "what a\0question"].contains(&said.as_str()),
            "{said:?}"
        );
        let entry = store.audit_rows(9).await.unwrap().remove(0);
        assert_eq!((entry.seq, entry.what.as_str()), (2, "second"));
        assert_eq!(store.audit(&entry).await.unwrap(), 3, "a number is not given again");
    }
}

#[tokio::test]
async fn a_copy_that_was_cut_short_is_no_store_and_goes_on() {
    let [data, other] = [(); 2].map(|()| tempfile::tempdir().unwrap());
    let (file, server) = (StoreLocation::from(data.path()), location(other.path()));
    filled(&Store::open_shared(file.clone()).await.unwrap()).await;
    let transfer = StoreTransfer::open(file, server.clone()).await.unwrap();
    transfer.copy().await.unwrap();
    // As if it had ended after the first tables.
    let to = Store::open_shared(server.clone()).await.unwrap();
    to.set("transfer", &transfer.mark_of_source().await.unwrap()).await.unwrap();
    for sql in ["DELETE FROM messages WHERE id > 600", "DELETE FROM audit"] {
        engine::query(sql).execute(&to.write).await.unwrap();
    }
    let half = [Store::open_shared(server.clone()).await, Store::open_read_only(server).await];
    assert!(half.iter().all(|opened| matches!(opened, Err(StoreError::HalfCopied))));
    let copied = transfer.copy().await.unwrap();
    let rows = |name: &str| copied.iter().find(|table| table.name == name).unwrap().rows;
    assert_eq!((rows("messages"), rows("audit")), (1_289, 2));
}
