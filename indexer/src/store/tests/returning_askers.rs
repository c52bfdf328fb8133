//! Who comes back with a question was not helped before, in whatever order the store learns of it.

use jiff::SignedDuration;
use rules::disentangle::TopicSketch;
use rules::model::ids::ConversationId;

use super::exchanges::resolved;
use super::*;

const ASKED: u64 = 0b1111;
const DAY: u64 = (SignedDuration::from_hours(24).as_millis() as u64) << 22;

/// A question with its status; a resolved one has an occurrence.
fn question(
    id: u64,
    channel: u64,
    asker: u64,
    topics: u64,
    status: ExchangeStatus,
) -> ConversationRow {
    let mut row = resolved(id, &[id]);
    row.channel = ChannelId(channel);
    let exchange = &mut row.exchanges[0];
    exchange.status = status;
    exchange.asked = Some(AskedBy { asker: UserId(asker), topics: TopicSketch(topics) });
    exchange.verdict = format!("{{\"q\":[{id}]}}");
    if status != ExchangeStatus::Resolved {
        exchange.occurrence = None;
    }
    row
}

fn solved(id: u64) -> ConversationRow {
    question(id, 1, 7, ASKED, ExchangeStatus::Resolved)
}

fn open(id: u64) -> ConversationRow {
    question(id, 2, 7, ASKED, ExchangeStatus::Open)
}

/// A store with channels 1 and 2 of one server, and 3 of another.
async fn with_channels() -> (Store, TempDir) {
    let (store, folder) = empty().await;
    let elsewhere = Channel { guild: GuildId(2), ..channel(3) };
    let channels =
        [channel(1), channel(2), elsewhere].map(|one| (one, time::at_millisecond(1))).to_vec();
    store.apply_batch(&WriteBatch { channels, ..WriteBatch::default() }).await.unwrap();
    (store, folder)
}

/// The status of each exchange by its id, and the questions that count as occurrences.
async fn stored(store: &Store) -> (Vec<(i64, String)>, Vec<i64>) {
    let exchanges = engine::query_as("SELECT id, status FROM exchanges ORDER BY id");
    let questions = engine::query_scalar("SELECT question FROM occurrences ORDER BY question");
    (
        exchanges.fetch_all(&store.read).await.unwrap(),
        questions.fetch_all(&store.read).await.unwrap(),
    )
}

#[tokio::test]
async fn an_open_question_reopens_the_same_one_of_its_asker_in_any_order() {
    for batches in [
        vec![vec![solved(10), open(20)]],
        vec![vec![solved(10)], vec![open(20)]],
        vec![vec![open(20)], vec![solved(10)]],
        vec![vec![solved(10)], vec![open(20)], vec![solved(10)], vec![open(20)]],
    ] {
        let (store, _folder) = with_channels().await;
        for batch in batches {
            store.save_conversations(&batch).await.unwrap();
        }
        let statuses = vec![(10, "reopened".to_owned()), (20, "open".to_owned())];
        assert_eq!(stored(&store).await, (statuses, Vec::new()));
    }
}

#[tokio::test]
async fn another_question_person_server_or_time_reopens_nothing() {
    for later in [
        question(20, 1, 7, 0b1111_0000, ExchangeStatus::Open),
        question(20, 1, 7, 0b0011, ExchangeStatus::Open),
        question(20, 1, 8, ASKED, ExchangeStatus::Open),
        question(20, 3, 7, ASKED, ExchangeStatus::Open),
        question(20, 1, 7, ASKED, ExchangeStatus::Helped),
        question(20, 1, 7, ASKED, ExchangeStatus::Resolved),
        question(5, 1, 7, ASKED, ExchangeStatus::Open),
        question(10 + 15 * DAY, 1, 7, ASKED, ExchangeStatus::Open),
    ] {
        let (store, _folder) = with_channels().await;
        let described = format!("{later:?}");
        store.save_conversations(&[solved(10), later]).await.unwrap();
        let (statuses, questions) = stored(&store).await;
        assert!(statuses.contains(&(10, "resolved".to_owned())), "{described}");
        assert!(questions.contains(&10), "{described}");
    }
}

#[tokio::test]
async fn what_was_reopened_is_judged_again_once_the_later_question_is_open_no_more() {
    let (store, _folder) = with_channels().await;
    for closes in [true, false] {
        store.save_conversations(&[solved(10), open(20)]).await.unwrap();
        judge_all(&store).await;
        if closes {
            let later = question(20, 2, 7, ASKED, ExchangeStatus::Helped);
            store.save_conversations(&[later]).await.unwrap();
        } else {
            store.remove_conversations(&[ConversationId(MessageId(20))]).await.unwrap();
        }
        assert_eq!(pending(&store).await, [(1, 10)]);
        store.save_conversations(&[solved(10)]).await.unwrap();
        assert_eq!(stored(&store).await.1, [10]);
        assert_eq!(judge_all(&store).await.len(), 1);
    }
}
