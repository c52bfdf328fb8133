//! Two processes on one file.

use jiff::SignedDuration;
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
