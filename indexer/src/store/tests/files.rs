//! The store as a file: who may read it, what may stand in its place, copies and their way back.

use std::fs::{Permissions, set_permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use sqlx::SqlitePool;

use super::*;
use crate::store::data_directory::{NEW_STORE_FILE, STORE_FILE};
use crate::store::sqlite_file::writing;

fn mode(path: &Path) -> u32 {
    path.metadata().unwrap().permissions().mode() & 0o777
}

/// Makes a store with a message in it, and closes it.
async fn filled(data: &Path) {
    let store = Store::open_shared(data).await.unwrap();
    store.apply_batch(&batch([message(1, 10, 5, "hello")])).await.unwrap();
    store.close().await;
}

async fn messages(data: &Path) -> u64 {
    let store = Store::open_shared(data).await.unwrap();
    let counts = store.counts().await.unwrap();
    store.close().await;
    counts.messages
}

#[tokio::test]
async fn nobody_else_may_look_in_also_where_others_could_before() {
    let folder = tempfile::tempdir().unwrap();
    let fresh = folder.path().join("deep/data");
    filled(&fresh).await;
    assert_eq!((mode(&fresh), mode(&fresh.join(STORE_FILE))), (0o700, 0o600));
    for lock in ["migrating.lock", "open.lock"] {
        assert_eq!(mode(&fresh.join(lock)), 0o600, "{lock}");
    }
    set_permissions(&fresh, Permissions::from_mode(0o755)).unwrap();
    set_permissions(fresh.join(STORE_FILE), Permissions::from_mode(0o644)).unwrap();
    filled(&fresh).await;
    assert_eq!((mode(&fresh), mode(&fresh.join(STORE_FILE))), (0o700, 0o600));
}

#[tokio::test]
async fn what_is_no_store_is_refused_and_left_as_it_is() {
    let foreign = tempfile::tempdir().unwrap();
    let pool = writing(&foreign.path().join("other")).create_if_missing(true);
    let pool = SqlitePool::connect_with(pool).await.unwrap();
    sqlx::query("CREATE TABLE bookmarks (url TEXT)").execute(&pool).await.unwrap();
    pool.close().await;
    let database = std::fs::read(foreign.path().join("other")).unwrap();
    for (content, why) in [
        (&b""[..], "is empty"),
        (b"SQLite", "cut short"),
        (b"%PDF-1.7 and much more", "is not a SQLite database"),
        (&database, "another program"),
    ] {
        let data = tempfile::tempdir().unwrap();
        let file = data.path().join(STORE_FILE);
        std::fs::write(&file, content).unwrap();
        let [writing, reading] =
            [Store::open_shared(data.path()).await, Store::open_read_only(data.path()).await];
        for refused in [writing, reading] {
            let error = refused.unwrap_err().to_string();
            assert!(error.contains(why) && error.contains("harvester restore"), "{error}");
        }
        assert_eq!(std::fs::read(&file).unwrap(), content, "{why}");
    }
}

#[tokio::test]
async fn a_lost_store_whose_log_is_there_is_not_replaced() {
    let data = tempfile::tempdir().unwrap();
    std::fs::write(data.path().join("store.sqlite-wal"), "pages").unwrap();
    let error = Store::open_shared(data.path()).await.unwrap_err().to_string();
    assert!(error.contains("its log is there"), "{error}");
    assert!(!data.path().join(STORE_FILE).exists());
}

#[tokio::test]
async fn a_store_that_was_half_made_is_made_again() {
    let data = tempfile::tempdir().unwrap();
    for name in [NEW_STORE_FILE, "store.sqlite.new-wal"] {
        std::fs::write(data.path().join(name), "half of it").unwrap();
    }
    filled(data.path()).await;
    assert_eq!(messages(data.path()).await, 1);
    assert!(!data.path().join(NEW_STORE_FILE).exists());
}

#[tokio::test]
async fn a_copy_is_of_one_moment_and_comes_back() {
    let (store, data) = empty_file().await;
    store.apply_batch(&batch([message(1, 10, 5, "hello")])).await.unwrap();
    let backup = data.path().join("backups/first");
    let file = store.back_up(&backup).await.unwrap();
    assert_eq!((mode(&backup), mode(&file)), (0o700, 0o600));
    assert!(matches!(store.back_up(&backup).await, Err(StoreError::BackupExists(_))));
    store.apply_batch(&batch([message(1, 11, 5, "later")])).await.unwrap();
    assert!(matches!(StoreReplacement::begin(data.path()), Err(StoreError::InUse(_))));
    store.close().await;
    drop(store);
    let replacement = StoreReplacement::begin(data.path()).unwrap();
    assert!(matches!(Store::open_shared(data.path()).await, Err(StoreError::InUse(_))));
    let former = replacement.restore(&backup).await.unwrap().unwrap();
    drop(replacement);
    assert_eq!(messages(data.path()).await, 1);
    let elsewhere = tempfile::tempdir().unwrap();
    std::fs::rename(former, elsewhere.path().join(STORE_FILE)).unwrap();
    assert_eq!(messages(elsewhere.path()).await, 2, "the former store was set aside whole");
}

#[tokio::test]
async fn a_backup_that_is_not_whole_changes_nothing() {
    let [data, backup] = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    filled(data.path()).await;
    let replacement = StoreReplacement::begin(data.path()).unwrap();
    let missing = replacement.restore(backup.path()).await;
    assert!(matches!(missing, Err(StoreError::NoBackup(_))));
    filled(backup.path()).await;
    damage(&backup.path().join(STORE_FILE));
    assert!(replacement.restore(backup.path()).await.is_err());
    drop(replacement);
    assert_eq!(messages(data.path()).await, 1);
}

/// Overwrites all but the first two pages.
fn damage(file: &Path) {
    let mut bytes = std::fs::read(file).unwrap();
    bytes[8_192..].fill(0x5a);
    std::fs::write(file, bytes).unwrap();
}

#[tokio::test]
async fn damage_is_found() {
    let data = tempfile::tempdir().unwrap();
    filled(data.path()).await;
    let store = Store::open_read_only(data.path()).await.unwrap();
    assert_eq!(store.problems().await.unwrap(), Vec::<String>::new());
    store.close().await;
    damage(&data.path().join(STORE_FILE));
    let found = async { Store::open_read_only(data.path()).await?.problems().await };
    match found.await {
        Ok(problems) => assert!(!problems.is_empty()),
        Err(error) => assert!(matches!(error, StoreError::Damaged(_)), "{error:?}"),
    }
}
