//! A thread, the message that it was opened from and the channel above are judged with each other.

use rules::time;

use super::*;

const THREAD: u64 = 100;

fn thread() -> Channel {
    Channel { kind: ChannelKind::Thread, parent: Some(ChannelId(1)), ..channel(THREAD) }
}

/// A channel whose message 100 opened a thread with one answer, all of it judged.
async fn opened() -> (Store, TempDir) {
    let (store, folder) = empty().await;
    let mut opening =
        batch([message(1, 90, 5, "hello"), message(1, THREAD, 5, "how do I reset it?")]);
    opening.channels.push((thread(), time::at_millisecond(1)));
    opening.messages.push((
        message(THREAD, 120, 6, "hold it"),
        ReactionsCoverage::Whole,
        time::at_millisecond(1),
    ));
    store.apply_batch(&opening).await.unwrap();
    judge_all(&store).await;
    (store, folder)
}

#[tokio::test]
async fn an_edited_or_deleted_opening_has_its_thread_judged_again() {
    let (store, _folder) = opened().await;
    let mut edited = message(1, THREAD, 5, "how do I reset the relay?");
    edited.edited = Some(time::at_millisecond(200));
    store.apply_batch(&batch([edited])).await.unwrap();
    assert_eq!(pending(&store).await, [(1, THREAD), (THREAD, 0)]);
    judge_all(&store).await;
    let deleted = WriteBatch {
        deleted: vec![(ChannelId(1), MessageId(THREAD), time::at_millisecond(300))],
        ..WriteBatch::default()
    };
    store.apply_batch(&deleted).await.unwrap();
    assert_eq!(pending(&store).await, [(1, THREAD), (THREAD, 0)]);
    judge_all(&store).await;
    store.apply_batch(&batch([message(1, 400, 5, "something else")])).await.unwrap();
    assert_eq!(pending(&store).await, [(1, 400)], "other messages leave the thread alone");
}

#[tokio::test]
async fn a_thread_that_is_seen_later_takes_its_opening_out_of_the_channel() {
    let (store, _folder) = empty().await;
    store.apply_batch(&batch([message(1, THREAD, 5, "how do I reset it?")])).await.unwrap();
    judge_all(&store).await;
    let openings =
        async || store.thread_openings(ChannelId(1), &[MessageId(THREAD)]).await.unwrap();
    assert!(openings().await.is_empty() && !store.has_threads(ChannelId(1)).await.unwrap());
    let seen =
        WriteBatch { channels: vec![(thread(), time::at_millisecond(2))], ..WriteBatch::default() };
    store.apply_batch(&seen).await.unwrap();
    assert_eq!(pending(&store).await, [(1, THREAD)]);
    assert_eq!(openings().await, [MessageId(THREAD)]);
    let known = store.channels_with(&[ChannelId(THREAD), ChannelId(7)].into()).await.unwrap();
    let known = known.iter().map(|one| (one.channel.id.0, one.channel.parent));
    assert_eq!(known.collect::<Vec<_>>(), [(THREAD, Some(ChannelId(1)))]);
    let hidden = WriteBatch {
        hidden: vec![(ChannelId(THREAD), time::at_millisecond(9))],
        ..WriteBatch::default()
    };
    judge_all(&store).await;
    store.apply_batch(&hidden).await.unwrap();
    assert!(openings().await.is_empty(), "a hidden thread takes nothing");
    assert_eq!(pending(&store).await[0], (1, THREAD));
}

#[tokio::test]
async fn the_topic_of_a_channel_holds_for_its_threads() {
    let (store, _folder) = opened().await;
    let topic = Some("We may publish.".to_owned());
    let seen = Channel { topic: topic.clone(), ..channel(1) };
    let seen =
        WriteBatch { channels: vec![(seen, time::at_millisecond(2))], ..WriteBatch::default() };
    store.apply_batch(&seen).await.unwrap();
    let pending = store.pending_channels().await.unwrap();
    let topics = pending.iter().map(|one| (one.channel.id.0, &one.channel.topic));
    assert_eq!(topics.collect::<Vec<_>>(), [(1, &topic), (THREAD, &topic)]);
}

#[tokio::test]
async fn the_first_message_of_a_thread_is_its_starter_where_there_is_one() {
    let (store, _folder) = opened().await;
    let mut faces = AuthorCache::default();
    let mut starter = message(THREAD, 110, 5, "");
    let mut notice = message(THREAD, 105, 5, "pinned a message");
    notice.kind = MessageKind::System;
    starter.kind = MessageKind::ThreadStarter;
    let first = store.first_message(ChannelId(THREAD), &mut faces).await.unwrap();
    assert_eq!(first.map(|first| first.id), Some(MessageId(120)));
    store.apply_batch(&batch([notice, starter])).await.unwrap();
    let first = store.first_message(ChannelId(THREAD), &mut faces).await.unwrap().unwrap();
    assert_eq!((first.id, first.kind), (MessageId(110), MessageKind::ThreadStarter));
}
