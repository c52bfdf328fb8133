//! The exchanges of a conversation go with it, wherever their messages end up.

use jiff::Timestamp;
use rules::model::cluster::{Occurrence, Quote};
use rules::model::ids::ConversationId;
use rules::resolution::ResolutionGrade;

use super::*;

/// A conversation of resolved exchanges, by their first messages.
pub(super) fn resolved(conversation: u64, exchanges: &[u64]) -> ConversationRow {
    let quote = |message, text: &str| Quote {
        message: MessageId(message),
        author: UserId(1),
        author_name: "Ada".into(),
        trusted: false,
        text: text.into(),
        sent: Timestamp::UNIX_EPOCH,
        has_attachment: false,
    };
    let occurrence = |question| Occurrence {
        conversation: ConversationId(MessageId(conversation)),
        guild: GuildId(1),
        channel: ChannelId(1),
        channel_name: "help".into(),
        question: quote(question, "How do I rotate the signing key?"),
        answers: vec![quote(question + 1, "Look into the settings")],
        grade: ResolutionGrade::Certain,
        confidence: 1.0,
        signals: Vec::new(),
        reasons: Vec::new(),
        quotable: true,
        people: Vec::new(),
        newcomers: Default::default(),
    };
    let exchange = |id: &u64| ExchangeRow {
        id: MessageId(*id),
        status: ExchangeStatus::Resolved,
        asked: None,
        verdict: String::new(),
        occurrence: Some(occurrence(*id)),
    };
    ConversationRow {
        id: ConversationId(MessageId(conversation)),
        channel: ChannelId(1),
        last: MessageId(conversation),
        links: format!("{exchanges:?}"),
        exchanges: exchanges.iter().map(exchange).collect(),
    }
}

/// The conversation and the first message of each exchange, and the same of each occurrence.
async fn stored(store: &Store) -> [Vec<(i64, i64)>; 2] {
    let read = |sql: &'static str| engine::query_as::<(i64, i64)>(sql).fetch_all(&store.read);
    [
        read("SELECT conversation, id FROM exchanges ORDER BY 1, 2").await.unwrap(),
        read("SELECT conversation, question FROM occurrences ORDER BY 1, 2").await.unwrap(),
    ]
}

async fn expect(store: &Store, places: &[(i64, i64)]) {
    assert_eq!(stored(store).await, [places, places]);
}

#[tokio::test]
async fn an_exchange_that_moves_to_another_conversation_leaves_nothing_behind() {
    let (store, _folder) = empty().await;
    store.save_conversations(&[resolved(10, &[10, 30])]).await.unwrap();
    expect(&store, &[(10, 10), (10, 30)]).await;
    // Both are judged at once: what one keeps the other may have lost.
    store.save_conversations(&[resolved(10, &[10]), resolved(30, &[30])]).await.unwrap();
    expect(&store, &[(10, 10), (30, 30)]).await;
    // A message before them that arrives later is the root of all.
    store.save_conversations(&[resolved(5, &[5, 10, 30])]).await.unwrap();
    let former = [10, 30].map(|id| ConversationId(MessageId(id)));
    store.remove_conversations(&former).await.unwrap();
    expect(&store, &[(5, 5), (5, 10), (5, 30)]).await;
}

#[tokio::test]
async fn a_conversation_that_ends_with_fewer_exchanges_or_none_leaves_nothing_behind() {
    let (store, _folder) = empty().await;
    store.save_conversations(&[resolved(10, &[10, 20, 30])]).await.unwrap();
    store.save_conversations(&[resolved(10, &[10, 30])]).await.unwrap();
    expect(&store, &[(10, 10), (10, 30)]).await;
    store.save_conversations(&[resolved(10, &[])]).await.unwrap();
    expect(&store, &[]).await;
    store.save_conversations(&[resolved(10, &[10, 30])]).await.unwrap();
    store.remove_conversations(&[ConversationId(MessageId(10))]).await.unwrap();
    expect(&store, &[]).await;
}
