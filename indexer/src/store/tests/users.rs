//! People are known by name wherever they spoke.

use rules::model::cluster::{Cluster, ClusterState};
use rules::model::ids::{ClusterId, RoleId};
use rules::model::message::Role;
use rules::time;

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
        representative: MessageId(100),
        outside_core: Default::default(),
        due_since: None,
        merged_answer: None,
    };
    cluster.occurrences[0].people = vec!["Ada".into()];
    store.add_named_people(&mut cluster).await.unwrap();
    assert_eq!(cluster.occurrences[0].people, ["Ada", "Look"]);
}

#[tokio::test]
async fn a_join_date_that_is_learned_late_has_the_first_words_judged_again() {
    let (store, _folder) = empty().await;
    let joined = time::at_millisecond(1_700_000_000_000);
    let at = |days| MessageId::min_at(joined + time::days(days)).0;
    let words = [message(1, at(1), 9, "how?"), message(1, at(9), 9, "and how?")];
    store.apply_batch(&batch(words)).await.unwrap();
    judge_all(&store).await;
    let counts_from = joined + time::days(7);
    let join = MemberJoin { guild: GuildId(1), user: UserId(9), joined, counts_from };
    let seen = |joins| WriteBatch { joins, ..WriteBatch::default() };
    store.apply_batch(&seen(vec![join])).await.unwrap();
    assert_eq!(pending(&store).await, [(1, at(1))]);
    assert_eq!(judge_all(&store).await[0].ranges[0].last, MessageId(at(1)));
    let again = MemberJoin { joined: joined + time::days(1), ..join };
    store.apply_batch(&seen(vec![again, join])).await.unwrap();
    assert_eq!(pending(&store).await, []);
    let dates = store.join_dates(GuildId(1), &[UserId(8), UserId(9)]).await.unwrap();
    assert_eq!(dates.into_iter().collect::<Vec<_>>(), [(UserId(9), joined)]);
    store.erase_user(UserId(9), "an operator", time::at_millisecond(5)).await.unwrap();
    assert!(store.join_dates(GuildId(1), &[UserId(9)]).await.unwrap().is_empty());
    store.apply_batch(&seen(vec![join])).await.unwrap();
    assert!(store.join_dates(GuildId(1), &[UserId(9)]).await.unwrap().is_empty(), "opted out");
}

#[tokio::test]
async fn the_holders_of_a_role_are_those_who_were_last_seen_with_it() {
    let (store, _folder) = empty().await;
    let role = |id, name: &str| Role { id: RoleId(id), name: name.into() };
    let said = |id, user, roles: Vec<Role>| {
        let mut said = message(1, id, user, "hello");
        said.author = Arc::new(Author { roles, ..(*said.author).clone() });
        said
    };
    let words = [
        said(10, 5, vec![role(7, "Helper"), role(8, "Blue")]),
        said(11, 6, vec![role(8, "Blue")]),
        said(12, 9, Vec::new()),
    ];
    store.apply_batch(&batch(words)).await.unwrap();
    let holders = async |roles: &[&str]| {
        let roles = roles.iter().map(ToString::to_string).collect::<Vec<_>>();
        let holders = store.role_holders(&roles).await.unwrap();
        holders.into_iter().map(|user| user.0).collect::<Vec<_>>()
    };
    assert_eq!((holders(&["Helper"]).await, holders(&["8"]).await), (vec![5], vec![5, 6]));
    assert_eq!((holders(&[]).await, holders(&["helper"]).await), (Vec::new(), Vec::new()));
    let later = [said(20, 5, vec![role(8, "Blue")]), said(21, 9, vec![role(7, "Helper")])];
    store.apply_batch(&batch(later)).await.unwrap();
    assert_eq!(holders(&["7", "Helper"]).await, [9]);
    store.erase_user(UserId(5), "an operator", time::at_millisecond(5)).await.unwrap();
    assert_eq!(holders(&["7", "8"]).await, [6, 9]);
}
