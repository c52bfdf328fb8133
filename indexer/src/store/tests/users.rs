//! People are known by name wherever they spoke.

use rules::model::cluster::{Cluster, ClusterState};
use rules::model::ids::ClusterId;

use super::exchanges::resolved;
use super::*;

#[tokio::test]
async fn who_is_named_in_an_answer_is_known_from_any_channel() {
    let (store, _folder) = empty().await;
    let mut elsewhere = message(2, 90, 30, "good morning");
    let named = |id, name: &str, bot| {
        Arc::new(Author { id: UserId(id), name: name.into(), bot, roles: Vec::new() })
    };
    elsewhere.author = named(30, "Look", false);
    let mut program = message(2, 91, 31, "hello");
    program.author = named(31, "key", true);
    let words = batch([elsewhere, program, message(2, 92, 32, "hi")]);
    store.apply_batch(&words).await.unwrap();
    let occurrence = resolved(100, &[100]).exchanges[0].occurrence.clone().unwrap();
    let mut cluster = Cluster {
        id: ClusterId::of_question(MessageId(100)),
        state: ClusterState::Due,
        occurrences: vec![occurrence],
        centre: MessageId(100),
        due_since: None,
        canon: None,
    };
    cluster.occurrences[0].people = vec!["Ada".into()];
    store.add_named_people(&mut cluster).await.unwrap();
    assert_eq!(cluster.occurrences[0].people, ["Ada", "Look"]);
}
