//! What an operator chose not to keep goes, and nothing that an answer stands on.

use jiff::Timestamp;
use rules::model::ids::ConversationId;
use rules::time;

use super::exchanges::resolved;
use super::*;

const KEPT: RetentionDays = RetentionDays(100);
const NOW: Timestamp = time::at_millisecond(1_700_000_000_000);

/// The first message of the conversation that ended so many days before now.
fn days_ago(days: i64) -> u64 {
    MessageId::min_at(NOW - time::days(days)).0
}

/// A conversation of two messages and an exchange that came to nothing.
fn unresolved(id: u64, status: ExchangeStatus) -> ConversationRow {
    let exchange = ExchangeRow {
        id: MessageId(id),
        status,
        asked: None,
        verdict: "{}".to_owned(),
        occurrence: None,
    };
    ConversationRow {
        id: ConversationId(MessageId(id)),
        channel: ChannelId(1),
        last: MessageId(id + 1),
        links: format!("[[{id},0,\"\"],[{},-1,\"\"]]", id + 1),
        exchanges: vec![exchange],
    }
}

async fn with_messages(rows: &[ConversationRow]) -> (Store, TempDir) {
    let (store, folder) = empty().await;
    let ids = rows.iter().flat_map(|row| [row.id.0.0, row.id.0.0 + 1]);
    let messages = ids.map(|id| message(1, id, 7, "what was said"));
    store.apply_batch(&batch(messages)).await.unwrap();
    judge_all(&store).await;
    store.save_conversations(rows).await.unwrap();
    (store, folder)
}

async fn ids(store: &Store) -> Vec<u64> {
    all(store, 1).await.iter().map(|message| message.id.0).collect()
}

#[tokio::test]
async fn only_old_conversations_without_an_answer_go() {
    let (small_talk, open, answered, lately) =
        (days_ago(300), days_ago(200), days_ago(150), days_ago(99));
    let mut kept = resolved(answered, &[answered]);
    kept.links = format!("[[{answered},0,\"\"],[{},-1,\"\"]]", answered + 1);
    let rows = [
        unresolved(small_talk, ExchangeStatus::NoQuestion),
        unresolved(open, ExchangeStatus::Open),
        kept,
        unresolved(lately, ExchangeStatus::Open),
    ];
    let (store, _folder) = with_messages(&rows).await;

    let none = store.drop_unresolved(RetentionDays(0), NOW).await.unwrap();
    assert_eq!(none, DroppedConversations::default());
    let dropped = store.drop_unresolved(KEPT, NOW).await.unwrap();
    assert_eq!(dropped, DroppedConversations { conversations: 2, messages: 4 });
    assert_eq!(ids(&store).await, [answered, answered + 1, lately, lately + 1]);
    assert!(store.pending_channels().await.unwrap().is_empty(), "nothing is judged again for it");
    let left = [small_talk, open, answered, lately].map(|id| ConversationId(MessageId(id)));
    let mut exchanges = Vec::new();
    for conversation in left {
        exchanges.push(store.exchanges(conversation).await.unwrap().len());
    }
    assert_eq!(exchanges, [0, 0, 1, 1]);
    let again = store.drop_unresolved(KEPT, NOW).await.unwrap();
    assert_eq!(again, DroppedConversations::default());
}

#[tokio::test]
async fn what_people_marked_and_what_waits_to_be_judged_stays() {
    let (marked, open) = (days_ago(300), days_ago(200));
    let rows = [unresolved(marked, ExchangeStatus::Open), unresolved(open, ExchangeStatus::Open)];
    let (store, _folder) = with_messages(&rows).await;
    let mark = AnswerMarkRow {
        channel: ChannelId(1),
        message: MessageId(marked + 1),
        by: UserId(9),
        answers: false,
        at: time::at_millisecond(5),
    };
    store.set_mark(&mark).await.unwrap();

    assert!(!store.pending_channels().await.unwrap().is_empty(), "a mark is judged");
    let waits = store.drop_unresolved(KEPT, NOW).await.unwrap();
    assert_eq!(waits, DroppedConversations::default());
    judge_all(&store).await;
    let dropped = store.drop_unresolved(KEPT, NOW).await.unwrap();
    assert_eq!(dropped, DroppedConversations { conversations: 1, messages: 2 });
    assert_eq!(ids(&store).await, [marked, marked + 1]);
}

#[tokio::test]
async fn an_export_brings_back_what_was_dropped_until_the_next_time() {
    let open = days_ago(200);
    let (store, _folder) = with_messages(&[unresolved(open, ExchangeStatus::Open)]).await;
    store.drop_unresolved(KEPT, NOW).await.unwrap();
    assert_eq!(ids(&store).await, [0; 0]);

    let messages = [open, open + 1].map(|id| message(1, id, 7, "what was said"));
    store.apply_batch(&batch(messages)).await.unwrap();
    judge_all(&store).await;
    store.save_conversations(&[unresolved(open, ExchangeStatus::Open)]).await.unwrap();
    let dropped = store.drop_unresolved(KEPT, NOW).await.unwrap();
    assert_eq!(dropped, DroppedConversations { conversations: 1, messages: 2 });
}
