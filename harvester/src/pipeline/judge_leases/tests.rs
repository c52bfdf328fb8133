use rules::time::at_millisecond;

use super::*;

struct Two {
    one: Arc<JudgeLeases>,
    other: Arc<JudgeLeases>,
    _folder: tempfile::TempDir,
}

impl Two {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open_shared(folder.path()).await.unwrap();
        let leases = |name: &str| JudgeLeases::new(store.clone(), name.to_owned(), Arc::default());
        Self { one: leases("one"), other: leases("other"), _folder: folder }
    }

    async fn renew(&self, at: i64) {
        self.one.renew(at_millisecond(at)).await.unwrap();
        self.other.renew(at_millisecond(at)).await.unwrap();
    }

    fn shares(&self) -> [(usize, bool); 2] {
        [self.one.share(), self.other.share()]
    }
}

const ALL: usize = PARTITIONS as usize;

/// A channel of a partition that is held.
fn channel(leases: &Arc<JudgeLeases>) -> ChannelId {
    (1..).map(ChannelId).find(|id| leases.covers(*id)).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_comes_gets_its_share_and_loses_it_when_it_goes() {
    let two = Two::new().await;
    two.one.renew(at_millisecond(1)).await.unwrap();
    assert_eq!(two.shares(), [(ALL, true), (0, false)]);
    two.renew(2).await;
    two.renew(3).await;
    assert_eq!(two.shares(), [(ALL / 2, true), (ALL / 2, false)]);
    two.one.release().await.unwrap();
    two.other.renew(at_millisecond(4)).await.unwrap();
    assert_eq!(two.other.share(), (ALL, true));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_process_had_that_ended_is_free_after_the_length_of_a_lease() {
    let two = Two::new().await;
    two.renew(1).await;
    let until = 1 + JUDGE_LEASE.as_millis() as i64;
    two.other.renew(at_millisecond(until - 1)).await.unwrap();
    assert_eq!(two.other.share(), (0, false));
    two.other.renew(at_millisecond(until)).await.unwrap();
    assert_eq!(two.other.share(), (ALL, true));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_wakes_up_late_writes_nothing() {
    let two = Two::new().await;
    two.one.renew(at_millisecond(1)).await.unwrap();
    let (channel, clustering) = (channel(&two.one), two.one.clustering().unwrap());
    let judging = two.one.enter(channel).unwrap();
    judging.store.set("a", "before").await.unwrap();
    let later = 1 + JUDGE_LEASE.as_millis() as i64;
    two.other.renew(at_millisecond(later)).await.unwrap();
    for late in [&judging.store, &clustering] {
        let refused = late.set("a", "late").await;
        assert!(matches!(refused, Err(StoreError::LeaseLost(_))), "{refused:?}");
    }
    let other = two.other.enter(channel).unwrap();
    assert_eq!(other.store.setting("a").await.unwrap().as_deref(), Some("before"));
    other.store.set("a", "in time").await.unwrap();
    two.one.renew(at_millisecond(later)).await.unwrap();
    assert_eq!(two.one.share(), (0, false), "it stands by");
    assert!(two.one.enter(channel).is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_partition_is_given_back_once_its_channel_is_judged() {
    let two = Two::new().await;
    two.one.renew(at_millisecond(1)).await.unwrap();
    let last =
        (1..).map(ChannelId).find(|id| Partition::of(*id) == Partition::all().last().unwrap());
    let judging = two.one.enter(last.unwrap()).unwrap();
    two.renew(2).await;
    two.renew(3).await;
    assert_eq!(two.shares(), [(ALL / 2 + 1, true), (ALL / 2 - 1, false)]);
    assert!(two.one.enter(last.unwrap()).is_none(), "none of it is begun");
    judging.store.set("a", "done").await.unwrap();
    drop(judging);
    two.renew(4).await;
    two.renew(5).await;
    assert_eq!(two.shares(), [(ALL / 2, true), (ALL / 2, false)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_takes_everything_or_nothing_and_keeps_it() {
    let two = Two::new().await;
    assert!(two.one.take_all(at_millisecond(1)).await.unwrap());
    assert!(!two.other.take_all(at_millisecond(2)).await.unwrap());
    two.other.renew(at_millisecond(3)).await.unwrap();
    assert_eq!(two.shares(), [(ALL, true), (0, false)]);
    two.one.release().await.unwrap();
    assert!(two.other.take_all(at_millisecond(4)).await.unwrap());
}
