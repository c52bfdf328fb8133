//! Two processes on one file.

use std::collections::BTreeMap;
use std::pin::Pin;

use jiff::SignedDuration;
use rules::model::ids::ClusterId;
use rules::time;

use super::*;

async fn two() -> (Store, Store, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let (one, other) = tokio::join!(
        Store::open_shared(location(folder.path())),
        Store::open_shared(location(folder.path()))
    );
    (one.unwrap(), other.unwrap(), folder)
}

const TTL: SignedDuration = SignedDuration::from_millis(50);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lease_has_one_holder_and_its_fence_grows_with_each_takeover() {
    let (one, other, _folder) = two().await;
    let (now, later) = (time::at_millisecond(1_000), time::at_millisecond(1_100));
    assert_eq!(one.acquire_lease("jobs", "a", TTL, now).await.unwrap(), Some(LeaseFence(1)));
    assert_eq!(other.acquire_lease("jobs", "b", TTL, now).await.unwrap(), None);
    assert_eq!(
        one.acquire_lease("jobs", "a", TTL, time::at_millisecond(1_040)).await.unwrap(),
        Some(LeaseFence(1))
    );
    assert!(other.still_holds("jobs", LeaseFence(1), time::at_millisecond(1_080)).await.unwrap());
    assert!(!other.still_holds("jobs", LeaseFence(1), time::at_millisecond(1_090)).await.unwrap());
    assert_eq!(other.acquire_lease("jobs", "b", TTL, later).await.unwrap(), Some(LeaseFence(2)));
    assert!(!one.still_holds("jobs", LeaseFence(1), later).await.unwrap());
    one.release_lease("jobs", "a").await.unwrap();
    assert!(one.still_holds("jobs", LeaseFence(2), later).await.unwrap());
    other.release_lease("jobs", "b").await.unwrap();
    assert!(!one.still_holds("jobs", LeaseFence(2), later).await.unwrap());
    assert_eq!(one.acquire_lease("jobs", "a", TTL, later).await.unwrap(), Some(LeaseFence(3)));
}

/// A write that is done under a lease.
type FencedWrite = for<'s> fn(&'s Store) -> Pin<Box<dyn Future<Output = Result<()>> + 's>>;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn under_a_lost_lease_nothing_is_written() {
    let (one, other, _folder) = two().await;
    one.apply_batch(&batch([message(1, 10, 5, "how do I?")])).await.unwrap();
    let (now, later) = (time::at_millisecond(1_000), time::at_millisecond(1_100));
    let fence = one.acquire_lease("jobs", "a", TTL, now).await.unwrap().unwrap();
    let under = one.under(HeldLease { name: "jobs".to_owned(), fence });
    // That its time is over takes nothing away before somebody else has it.
    under.set("a", "1").await.unwrap();
    other.acquire_lease("jobs", "b", TTL, later).await.unwrap().unwrap();
    let writes: [(&str, FencedWrite); 15] = [
        ("set", |store| Box::pin(store.set("a", "2"))),
        ("unset", |store| Box::pin(store.unset("a"))),
        ("save_conversations", |store| Box::pin(store.save_conversations(&[]))),
        ("remove_conversations", |store| Box::pin(store.remove_conversations(&[]))),
        ("mark_everything_pending", |store| Box::pin(store.mark_everything_pending())),
        ("clear_pending", |store| {
            Box::pin(async {
                let pending = store.pending_channels().await?;
                store.clear_pending(&pending[0]).await
            })
        }),
        ("give_consent", |store| {
            Box::pin(async {
                let (subject, source) = ("server:1".to_owned(), "scope.toml".to_owned());
                let at = time::at_millisecond(1);
                store.give_consent(&ConsentGrant { subject, source, at, withdrawn: None }).await
            })
        }),
        ("save_regroup", |store| {
            Box::pin(async { store.save_regroup(&RegroupPlan::default()).await.map(drop) })
        }),
        ("change_likeness", |store| Box::pin(async { store.change_likeness().await.map(drop) })),
        ("save_embeddings", |store| Box::pin(async { store.save_embeddings(&[]).await.map(drop) })),
        ("use_encoder", |store| Box::pin(async { store.use_encoder("x").await.map(drop) })),
        ("begin_step", |store| {
            Box::pin(async {
                let cluster = ClusterId::of_question(MessageId(10));
                store.begin_step(&cluster, "open", time::at_millisecond(1)).await.map(drop)
            })
        }),
        ("settle_review", |store| Box::pin(store.settle_review(1, None))),
        ("set_time", |store| Box::pin(store.set_time("t", time::at_millisecond(1)))),
        ("apply_batch", |store| {
            Box::pin(async {
                store.apply_batch(&batch([message(1, 11, 5, "late")])).await.map(drop)
            })
        }),
    ];
    for (name, write) in writes {
        let refused = write(&under).await;
        assert!(matches!(&refused, Err(StoreError::LeaseLost(lease)) if lease == "jobs"), "{name}");
    }
    assert_eq!(one.setting("a").await.unwrap().as_deref(), Some("1"));
    assert_eq!(pending(&one).await, [(1, 10)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_leases_are_taken_renewed_and_given_back_at_once() {
    let (one, other, _folder) = two().await;
    let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
    let now = time::at_millisecond(1_000);
    let got = one.acquire_leases(&names(&["j/2", "j/1"]), "a", TTL, now).await.unwrap();
    assert_eq!(got, [("j/1".into(), LeaseFence(1)), ("j/2".into(), LeaseFence(1))].into());
    let got = other.acquire_leases(&names(&["j/1", "j/3"]), "b", TTL, now).await.unwrap();
    assert_eq!(got, [("j/3".into(), LeaseFence(1))].into());
    let owners = one.lease_owners("j/", now).await.unwrap();
    let expected = [("j/1", "a"), ("j/2", "a"), ("j/3", "b")];
    assert_eq!(owners, expected.map(|(name, owner)| (name.into(), owner.into())).into());
    one.release_leases(&names(&["j/1", "j/3"]), "a").await.unwrap();
    assert_eq!(one.lease_owners("j/", now).await.unwrap().len(), 2);
    assert_eq!(other.release_leases_of("a").await.unwrap(), 1);
    let got = other.acquire_leases(&names(&["j/1", "j/2", "j/3"]), "b", TTL, now).await.unwrap();
    assert_eq!(got.values().collect::<Vec<_>>(), [&LeaseFence(2), &LeaseFence(2), &LeaseFence(1)]);
    other.forget_leases("j/", time::at_millisecond(1_051)).await.unwrap();
    assert_eq!(one.lease_owners("j/", now).await.unwrap(), BTreeMap::new());
}

#[test]
fn the_lock_of_a_process_is_free_once_it_has_ended() {
    let folder = tempfile::tempdir().unwrap();
    let one = ProcessLock::take(folder.path(), "one").unwrap();
    let other = ProcessLock::take(folder.path(), "other").unwrap();
    assert_eq!(one.owner(), "one");
    assert!(ProcessLock::ended(folder.path()).unwrap().is_empty());
    // As after `kill -9`: the file stays.
    let left = folder.path().join("processes/killed");
    std::fs::write(&left, "").unwrap();
    let ended = ProcessLock::ended(folder.path()).unwrap();
    assert_eq!(ended.iter().map(ProcessLock::owner).collect::<Vec<_>>(), ["killed"]);
    assert!(ProcessLock::ended(folder.path()).unwrap().is_empty(), "only one process sees to it");
    ended.into_iter().for_each(ProcessLock::end);
    assert!(!left.exists());
    drop(one);
    let ended = ProcessLock::ended(folder.path()).unwrap();
    assert_eq!(ended.iter().map(ProcessLock::owner).collect::<Vec<_>>(), ["one"]);
    other.end();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_claim_is_won_once() {
    let (one, other, _folder) = two().await;
    let mut tasks = tokio::task::JoinSet::new();
    for round in 0..40 {
        for (owner, store) in [("a", one.clone()), ("b", other.clone())] {
            let key = format!("interaction-{round}");
            tasks.spawn(async move {
                store.claim_once(&key, owner, time::at_millisecond(1)).await.unwrap()
            });
        }
    }
    let won = tasks.join_all().await.into_iter().filter(|won| *won).count();
    assert_eq!(won, 40);
    assert!(!one.claim_once("interaction-0", "a", time::at_millisecond(2)).await.unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writers_wait_for_each_other_and_lose_nothing() {
    let (one, other, _folder) = two().await;
    let mut tasks = tokio::task::JoinSet::new();
    for round in 0..20_u64 {
        for (half, store) in [(0, one.clone()), (1, other.clone())] {
            let said = (0..10).map(|at| message(1, round * 20 + half * 10 + at + 1, 5, "hello"));
            let batch = batch(said);
            tasks.spawn(async move { store.apply_batch(&batch).await.unwrap().added });
        }
    }
    assert_eq!(tasks.join_all().await.into_iter().sum::<u64>(), 400);
    assert_eq!(all(&one, 1).await.len(), 400);
    let later = one.pending_channels().await.unwrap();
    other.apply_batch(&batch([message(1, 500, 5, "while it is judged")])).await.unwrap();
    one.clear_pending(&later[0]).await.unwrap();
    assert_eq!(pending(&one).await, [(1, 500)], "what came meanwhile is not taken as judged");
}
