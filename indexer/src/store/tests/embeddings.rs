//! Vectors of texts come late, and go at once with the words.

use super::likeness::judged;
use super::*;
use crate::cluster::recluster::recluster;
use crate::encoder::{Embedding, TextEmbedding};
use rules::config::ruleset::Ruleset;
use rules::model::ids::ConversationId;
use rules::time;

fn text(question: &str) -> (String, String) {
    (question.to_owned(), "In the settings file, under network.".to_owned())
}

async fn ask(store: &Store, id: u64, question: &str) {
    store.save_conversations(&[judged(id, &text(question))]).await.unwrap();
}

async fn cluster(store: &Store) {
    recluster(store, &Arc::new(Ruleset::embedded()), time::at_millisecond(1), false).await.unwrap();
}

fn vector(number: f32) -> TextEmbedding {
    let question = Embedding::from_f32(&[number, 1.0, 0.5]);
    TextEmbedding { question, answer: None }
}

/// Reads what waits; returns how many texts that were.
async fn encode(store: &Store) -> usize {
    let texts = store.unencoded_texts(100).await.unwrap();
    let encoded = texts.into_iter().zip([1.0, 2.0, 3.0, 4.0]);
    let encoded = encoded.map(|(text, number)| (text, vector(number))).collect::<Vec<_>>();
    store.save_embeddings(&encoded).await.unwrap();
    encoded.len()
}

async fn stored(store: &Store) -> i64 {
    let count = engine::query_scalar("SELECT COUNT(*) FROM text_embeddings");
    count.fetch_one(&store.read).await.unwrap()
}

/// Three questions, two of which say the same words.
async fn asked() -> (Store, TempDir) {
    let (store, folder) = empty().await;
    store.use_encoder("one").await.unwrap();
    ask(&store, 1, "How is the listening port changed?").await;
    ask(&store, 2, "How is the listening port changed?").await;
    ask(&store, 3, "Where are the daily backups written?").await;
    assert_eq!(encode(&store).await, 0, "texts are known once they were clustered");
    cluster(&store).await;
    (store, folder)
}

fn question(id: u64) -> MessageId {
    MessageId(id << 30)
}

async fn vectors(store: &Store) -> Vec<MessageId> {
    let questions = [1, 2, 3].map(question).into();
    store.embeddings_of(&questions).await.unwrap().into_keys().collect()
}

#[tokio::test]
async fn each_text_is_read_once_and_its_documents_are_written_again() {
    let (store, _folder) = asked().await;
    let before = store.newest_change().await.unwrap();
    assert_eq!(encode(&store).await, 2);
    assert_eq!(encode(&store).await, 0);
    assert_eq!(stored(&store).await, 2);
    assert_eq!(vectors(&store).await, [1, 2, 3].map(question));
    assert_eq!(store.encoding_progress().await.unwrap(), (2, 2));
    assert!(store.newest_change().await.unwrap() > before);
}

#[tokio::test]
async fn vectors_go_with_the_words_before_anything_is_clustered() {
    let (store, _folder) = asked().await;
    encode(&store).await;
    store.remove_conversations(&[ConversationId(question(3))]).await.unwrap();
    assert_eq!(stored(&store).await, 1);
    ask(&store, 1, "How is the colour of the title changed?").await;
    assert_eq!(stored(&store).await, 0, "an edited text keeps no vector of what it said");
    cluster(&store).await;
    assert_eq!(encode(&store).await, 2, "the other who asked the same is read again");
    assert_eq!(vectors(&store).await, [1, 2].map(question));
}

#[tokio::test]
async fn what_was_deleted_while_it_was_read_gets_no_vector() {
    let (store, _folder) = asked().await;
    let texts = store.unencoded_texts(100).await.unwrap();
    store.remove_conversations(&[ConversationId(question(3))]).await.unwrap();
    let late = texts.into_iter().map(|text| (text, vector(1.0))).collect::<Vec<_>>();
    store.save_embeddings(&late).await.unwrap();
    assert_eq!(vectors(&store).await, [1, 2].map(question));
    assert_eq!(stored(&store).await, 1);
}

#[tokio::test]
async fn another_model_has_every_text_read_again() {
    let (store, _folder) = asked().await;
    encode(&store).await;
    assert!(!store.use_encoder("one").await.unwrap());
    assert_eq!(stored(&store).await, 2);
    assert!(store.use_encoder("two").await.unwrap());
    assert_eq!(stored(&store).await, 0);
    assert_eq!(encode(&store).await, 2);
    assert!(store.use_encoder("").await.unwrap(), "no model is another one too");
    assert_eq!((stored(&store).await, store.encoder().await.unwrap()), (0, None));
}
