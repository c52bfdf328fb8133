//! Ties, and notes of what is to be grouped and indexed.

use std::collections::BTreeSet;

use jiff::Timestamp;
use rules::config::ruleset::Ruleset;
use rules::model::cluster::{ClusterState, Occurrence, Quote};
use rules::model::ids::{ClusterId, ConversationId};
use rules::model::workspace::{Workspace, Workspaces};
use rules::resolution::ResolutionGrade;
use rules::time;

use super::*;
use crate::cluster::recluster::recluster;
use crate::cluster::texts::update_graph;

const ASKED: [&str; 4] = [
    "How do I reset the password of my wallet?",
    "Where can I find the roadmap for next year?",
    "Does the mobile client support dark mode?",
    "How can I reset my wallet password?",
];

fn judged(number: usize, question: &str) -> ConversationRow {
    let id = MessageId(number as u64 * 10 + 10);
    let quote = |message, text: &str| Quote {
        message,
        author: UserId(number as u64),
        author_name: "Ada".into(),
        trusted: false,
        text: text.into(),
        sent: Timestamp::UNIX_EPOCH,
        has_attachment: false,
    };
    let occurrence = Occurrence {
        conversation: ConversationId(id),
        guild: GuildId(1),
        channel: ChannelId(1),
        channel_name: "help".into(),
        question: quote(id, question),
        answers: vec![quote(MessageId(id.0 + 1), "Look into the settings")],
        grade: ResolutionGrade::Certain,
        confidence: 1.0,
        signals: Vec::new(),
        reasons: Vec::new(),
        quotable: true,
        people: Vec::new(),
        newcomers: Default::default(),
    };
    ConversationRow {
        id: ConversationId(id),
        channel: ChannelId(1),
        last: id,
        links: question.into(),
        exchanges: vec![ExchangeRow {
            id,
            status: ExchangeStatus::Resolved,
            verdict: String::new(),
            occurrence: Some(occurrence),
        }],
    }
}

fn unresolved(number: usize, status: ExchangeStatus) -> ConversationRow {
    let mut row = judged(number, ASKED[number]);
    row.exchanges[0].status = status;
    row.exchanges[0].occurrence = None;
    row
}

fn cluster(question: u64) -> ClusterId {
    ClusterId::of_question(MessageId(question))
}

async fn settled() -> (Store, TempDir, Arc<Ruleset>) {
    let (store, folder) = empty().await;
    let rules = Arc::new(Ruleset::embedded());
    let all = ASKED.iter().enumerate().map(|(number, text)| judged(number, text));
    store.save_conversations(&all.collect::<Vec<_>>()).await.unwrap();
    recluster(&store, &rules, time::at_millisecond(1), false).await.unwrap();
    (store, folder, rules)
}

/// The questions of each cluster.
async fn groups(store: &Store) -> Vec<Vec<u64>> {
    let mut clusters = store.clusters(1, 10).await.unwrap();
    clusters.sort_by(|one, other| one.id.cmp(&other.id));
    let questions = |one: &rules::model::cluster::Cluster| {
        one.occurrences.iter().map(|one| one.question.message.0).collect::<Vec<_>>()
    };
    let mut groups = clusters.iter().map(questions).collect::<Vec<_>>();
    groups.sort();
    groups
}

#[tokio::test]
async fn tied_questions_are_grouped_whatever_their_likeness() {
    let (store, _folder, rules) = settled().await;
    assert_eq!(groups(&store).await, [vec![10, 40], vec![20], vec![30]]);
    store
        .mark_duplicate(MessageId(30), MessageId(40), UserId(5), time::at_millisecond(2))
        .await
        .unwrap();
    store
        .mark_duplicate(MessageId(20), MessageId(99), UserId(5), time::at_millisecond(2))
        .await
        .unwrap();
    assert!(store.needs_recluster().await.unwrap());
    recluster(&store, &rules, time::at_millisecond(3), false).await.unwrap();
    assert!(!store.needs_recluster().await.unwrap());
    assert_eq!(groups(&store).await, [vec![10, 30, 40], vec![20]]);
    store
        .mark_duplicate(MessageId(30), MessageId(20), UserId(6), time::at_millisecond(4))
        .await
        .unwrap();
    store
        .mark_duplicate(MessageId(30), MessageId(10), UserId(5), time::at_millisecond(3))
        .await
        .unwrap();
    recluster(&store, &rules, time::at_millisecond(5), false).await.unwrap();
    assert_eq!(groups(&store).await, [vec![10, 40], vec![20, 30]], "the latest tie stands");
    assert!(
        !store.unmark_duplicate(MessageId(30), UserId(5), time::at_millisecond(3)).await.unwrap()
    );
    assert!(
        store.unmark_duplicate(MessageId(30), UserId(5), time::at_millisecond(6)).await.unwrap()
    );
    recluster(&store, &rules, time::at_millisecond(7), false).await.unwrap();
    assert_eq!(groups(&store).await, [vec![10, 40], vec![20], vec![30]]);
    let ties = store.duplicate_marks_of(&[20, 30].map(MessageId).into()).await.unwrap();
    assert_eq!(ties, [(MessageId(20), MessageId(99))]);
}

#[tokio::test]
async fn equal_questions_of_two_workspaces_never_meet() {
    let workspace = |server: u64| Workspace {
        name: format!("server-{server}"),
        servers: vec![GuildId(server)],
        channels: Vec::new(),
    };
    let asked_in = |number, server| {
        let mut row = judged(number, ASKED[0]);
        for exchange in &mut row.exchanges {
            exchange.occurrence.iter_mut().for_each(|one| one.guild = GuildId(server));
        }
        row
    };
    let all = [(0, 1), (1, 2), (2, 1), (3, 2)].map(|(number, server)| asked_in(number, server));
    let (store, _folder) = empty().await;
    store.save_conversations(&all).await.unwrap();
    store
        .mark_duplicate(MessageId(10), MessageId(20), UserId(5), time::at_millisecond(1))
        .await
        .unwrap();
    let mut rules = Ruleset::embedded();
    recluster(&store, &Arc::new(rules.clone()), time::at_millisecond(2), true).await.unwrap();
    assert_eq!(groups(&store).await, [vec![10, 20, 30, 40]], "of one community");
    rules.workspaces = Workspaces::new(vec![workspace(1), workspace(2)]);
    recluster(&store, &Arc::new(rules), time::at_millisecond(3), true).await.unwrap();
    assert_eq!(groups(&store).await, [vec![10, 30], vec![20, 40]]);
}

#[tokio::test]
async fn the_index_hears_of_an_edit_or_deletion_before_the_clusters_are_settled() {
    let (store, _folder, _rules) = settled().await;
    let last_change = store.newest_change().await.unwrap();
    store.save_conversations(&[judged(1, ASKED[1])]).await.unwrap();
    assert_eq!(store.newest_change().await.unwrap(), last_change, "nothing changed");
    store
        .save_conversations(&[judged(1, "Where is the plan?"), judged(7, "And this?")])
        .await
        .unwrap();
    store.remove_conversations(&[ConversationId(MessageId(10))]).await.unwrap();
    let changes = store.changes_after(last_change, 10).await.unwrap();
    let changed = changes.into_iter().map(|change| change.cluster).collect::<Vec<_>>();
    assert_eq!(changed, [cluster(20), cluster(10)]);
    let open = unresolved(2, ExchangeStatus::Open);
    store.save_conversations(&[open]).await.unwrap();
    let gone = store.clusters_with(&[cluster(30)]).await.unwrap();
    assert!(gone.is_empty() && store.newest_change().await.unwrap() == last_change + 3);
}

#[tokio::test]
async fn what_was_followed_and_not_grouped_is_grouped_next() {
    let (store, _folder, rules) = settled().await;
    store.save_conversations(&[judged(1, ASKED[0])]).await.unwrap();
    update_graph(&store, &rules, usize::MAX).await.unwrap();
    assert!(store.needs_recluster().await.unwrap(), "the process ended in between");
    store.remove_conversations(&[ConversationId(MessageId(30))]).await.unwrap();
    let (next, by) = (store.clone(), Arc::clone(&rules));
    let mut tasks = tokio::task::JoinSet::new();
    tasks.spawn(async move { recluster(&next, &by, time::at_millisecond(2), false).await });
    tasks.join_next().await.unwrap().unwrap().unwrap();
    assert!(!store.needs_recluster().await.unwrap());
    assert_eq!(groups(&store).await, [vec![10, 20, 40]]);
}

#[tokio::test]
async fn what_people_may_have_seen_is_cited() {
    let (store, _folder, _rules) = settled().await;
    let seen = WriteBatch {
        channels: vec![(channel(1), time::at_millisecond(1))],
        ..WriteBatch::default()
    };
    store.apply_batch(&seen).await.unwrap();
    let cited = async |channel| store.published_messages(ChannelId(channel)).await.unwrap();
    assert_eq!(cited(1).await, BTreeSet::new());
    store.set_state(&cluster(20), ClusterState::Merged).await.unwrap();
    assert_eq!(cited(1).await, [MessageId(20), MessageId(21)].into());
    // The same talk in a thread that was opened from the message that asked.
    let thread = Channel { kind: ChannelKind::Thread, parent: Some(ChannelId(1)), ..channel(20) };
    let seen =
        WriteBatch { channels: vec![(thread, time::at_millisecond(1))], ..WriteBatch::default() };
    store.apply_batch(&seen).await.unwrap();
    let mut moved = judged(1, ASKED[1]);
    moved.channel = ChannelId(20);
    moved.exchanges[0].occurrence.as_mut().unwrap().channel = ChannelId(20);
    store.save_conversations(&[moved]).await.unwrap();
    assert_eq!((cited(1).await, cited(20).await), ([MessageId(20)].into(), [MessageId(21)].into()));
}

#[tokio::test]
async fn what_was_settled_within_a_day_is_counted() {
    let (store, _folder) = empty().await;
    let mut all = (0..3).map(|number| judged(number, ASKED[number])).collect::<Vec<_>>();
    let late = all[1].exchanges[0].occurrence.as_mut().unwrap();
    late.answers[0].sent = time::at_millisecond(1) + time::days(1);
    all[2] = unresolved(2, ExchangeStatus::Open);
    all.push(unresolved(3, ExchangeStatus::NoQuestion));
    store.save_conversations(&all).await.unwrap();
    assert_eq!(
        store.answered_counts_since(Timestamp::UNIX_EPOCH, time::days(1)).await.unwrap(),
        (3, 1)
    );
    let later = MessageId(1 << 40).created_at();
    assert_eq!(store.answered_counts_since(later, time::days(1)).await.unwrap(), (0, 0));
}
