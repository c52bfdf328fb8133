//! Merged answers go with what they stand on, and follow their clusters.

use rules::config::ruleset::Ruleset;
use rules::model::cluster::{ClusterState, Occurrence, Quote};
use rules::model::ids::{ClusterId, ConversationId};
use rules::resolution::ResolutionGrade;
use rules::time;

use super::*;
use crate::cluster::recluster::recluster;

const ASKED: &str = "How do I reset the password of my wallet?";
const TITLE: &str = "Resetting quixotic passwords";
const ANSWER: &str = "Open the zanzibar settings.";

fn judged(channel: u64, question: u64, asked: &str) -> ConversationRow {
    let quote = |id: u64, text: &str| Quote {
        message: MessageId(id),
        author: UserId(id),
        author_name: format!("P{id}"),
        trusted: false,
        text: text.into(),
        sent: time::at_millisecond(id as i64),
        has_attachment: false,
    };
    let conversation = ConversationId(MessageId(question));
    let occurrence = Occurrence {
        conversation,
        guild: GuildId(1),
        channel: ChannelId(channel),
        channel_name: "help".into(),
        question: quote(question, asked),
        answers: vec![quote(question + 1, "Open the settings")],
        grade: ResolutionGrade::Certain,
        confidence: 1.0,
        signals: Vec::new(),
        reasons: Vec::new(),
        quotable: true,
        people: Vec::new(),
        newcomers: Default::default(),
    };
    ConversationRow {
        id: conversation,
        channel: ChannelId(channel),
        last: MessageId(question + 1),
        links: "[]".into(),
        exchanges: vec![ExchangeRow {
            id: MessageId(question),
            status: ExchangeStatus::Resolved,
            asked: None,
            verdict: format!("{{\"messages\":[{question}]}}"),
            occurrence: Some(occurrence),
        }],
    }
}

fn id(question: u64) -> ClusterId {
    ClusterId::of_question(MessageId(question))
}

fn merged(question: u64) -> MergedAnswerRow {
    MergedAnswerRow {
        cluster: id(question),
        number: Some(7),
        path: "answers/reset.md".into(),
        link: "https://docs.example/reset".into(),
        title: TITLE.into(),
        answer: ANSWER.into(),
        digest: "d".into(),
        merged: time::at_millisecond(5),
        evidence: vec![MessageId(question + 1), MessageId(question)],
    }
}

fn proposal(question: u64, state: ProposalState) -> Proposal {
    Proposal {
        cluster: id(question),
        branch: format!("answers/{}", id(question)),
        head: "h".into(),
        digest: "d".into(),
        title: format!("docs: {TITLE}"),
        path: "answers/reset.md".into(),
        state,
        opened: time::at_millisecond(1),
        updated: time::at_millisecond(1),
        purpose: "answer".into(),
        number: Some(7),
        progress: "{}".into(),
        requests: "{}".into(),
        note: None,
    }
}

/// Two conversations in two channels, each a cluster; the first is known and proposed.
async fn known() -> (Store, TempDir, Arc<Ruleset>) {
    let (store, folder) = empty().await;
    let said = [(1, 100), (1, 101), (2, 200), (2, 201)];
    let said = said.map(|(channel, id)| message(channel, id, id, "words"));
    let mut batch = batch(said);
    batch.channels.push((channel(2), time::at_millisecond(1)));
    store.apply_batch(&batch).await.unwrap();
    judge_all(&store).await;
    let other = judged(2, 200, "Where can I find the roadmap for next year?");
    store.save_conversations(&[judged(1, 100, ASKED), other]).await.unwrap();
    let rules = Arc::new(Ruleset::embedded());
    recluster(&store, &rules, time::at_millisecond(1), false).await.unwrap();
    store.upsert_proposal(&proposal(100, ProposalState::Merged)).await.unwrap();
    store.upsert_merged_answer(&merged(100)).await.unwrap();
    store.set_state(&id(100), ClusterState::Merged).await.unwrap();
    (store, folder, rules)
}

async fn served(store: &Store, question: u64) -> Option<String> {
    let cluster = store.cluster(&id(question)).await.unwrap()?;
    cluster.merged_answer.map(|answer| format!("{}: {}", answer.title, answer.answer))
}

fn words() -> Option<String> {
    Some(format!("{TITLE}: {ANSWER}"))
}

async fn title(store: &Store) -> String {
    store.proposal(&id(100)).await.unwrap().unwrap().title
}

/// Whether the words of the answer stand in a file of the store.
fn is_written(folder: &TempDir) -> bool {
    let files = std::fs::read_dir(folder.path()).unwrap();
    let mut bytes = files.map(|entry| std::fs::read(entry.unwrap().path()).unwrap());
    bytes.any(|bytes| {
        ["quixotic", "zanzibar"]
            .iter()
            .any(|word| bytes.windows(word.len()).any(|part| part == word.as_bytes()))
    })
}

#[tokio::test]
async fn a_merged_answer_is_served_and_the_index_hears_of_it_once() {
    let (store, _folder, _) = known().await;
    assert_eq!(served(&store, 100).await, words());
    assert_eq!(served(&store, 200).await, None);
    assert_eq!(store.deleted_evidence(&id(100)).await.unwrap(), []);
    assert!(store.published_messages(ChannelId(1)).await.unwrap().contains(&MessageId(101)));
    let kept = store.merged_answer(&id(100)).await.unwrap().unwrap();
    assert_eq!(kept.evidence, [MessageId(100), MessageId(101)]);
    assert_eq!(store.merged_answers().await.unwrap(), [kept]);
    let last_change = store.newest_change().await.unwrap();
    store.upsert_merged_answer(&merged(100)).await.unwrap();
    assert_eq!(store.newest_change().await.unwrap(), last_change, "nothing changed");
    let edited =
        MergedAnswerRow { answer: "Look there.".into(), digest: "e".into(), ..merged(100) };
    store.upsert_merged_answer(&edited).await.unwrap();
    assert_eq!(store.changes_after(last_change, 9).await.unwrap()[0].cluster, id(100));
    assert_eq!(served(&store, 100).await, Some(format!("{TITLE}: Look there.")));
    store.delete_merged_answer(&id(100)).await.unwrap();
    assert_eq!(
        (served(&store, 100).await, store.newest_change().await.unwrap()),
        (None, last_change + 2)
    );
}

#[tokio::test]
async fn the_words_go_with_a_message_and_come_back_when_kept_again() {
    let (store, folder, _) = known().await;
    let last_change = store.newest_change().await.unwrap();
    let deleted = vec![(ChannelId(1), MessageId(101), time::at_millisecond(9))];
    store.apply_batch(&WriteBatch { deleted, ..WriteBatch::default() }).await.unwrap();
    assert_eq!(served(&store, 100).await, None);
    assert_eq!(store.changes_after(last_change, 9).await.unwrap()[0].cluster, id(100));
    assert_eq!(title(&store).await, "");
    let kept = store.merged_answer(&id(100)).await.unwrap().unwrap();
    assert_eq!(
        (kept.title.as_str(), kept.answer.as_str(), kept.path.as_str()),
        ("", "", "answers/reset.md")
    );
    assert_eq!(store.deleted_evidence(&id(100)).await.unwrap(), [MessageId(101)]);
    assert!(store.purge_due().await.unwrap());
    judge_all(&store).await;
    purge(&store).await;
    assert!(!is_written(&folder));
    store.upsert_merged_answer(&merged(100)).await.unwrap();
    assert_eq!(served(&store, 100).await, None, "it still stands on what went");
    let mended = MergedAnswerRow { evidence: vec![MessageId(100)], ..merged(100) };
    store.upsert_merged_answer(&mended).await.unwrap();
    assert_eq!(served(&store, 100).await, words());
}

#[tokio::test]
async fn the_words_go_with_a_person_and_with_a_channel() {
    let (store, folder, _) = known().await;
    store.erase_user(UserId(100), "self", time::at_millisecond(9)).await.unwrap();
    assert_eq!((served(&store, 100).await, title(&store).await.as_str()), (None, ""));
    judge_all(&store).await;
    store.purge_deleted_text().await.unwrap();
    assert!(!is_written(&folder));

    let (store, folder, _) = known().await;
    store
        .apply_batch(&WriteBatch {
            gone: vec![(ChannelId(1), time::at_millisecond(9))],
            ..WriteBatch::default()
        })
        .await
        .unwrap();
    assert_eq!((served(&store, 100).await, title(&store).await.as_str()), (None, ""));
    assert_eq!(store.deleted_evidence(&id(100)).await.unwrap().len(), 2);
    judge_all(&store).await;
    store.purge_deleted_text().await.unwrap();
    assert!(!is_written(&folder));
}

#[tokio::test]
async fn messages_that_are_no_evidence_take_nothing_along() {
    let (store, _folder, _) = known().await;
    let deleted = vec![
        (ChannelId(2), MessageId(201), time::at_millisecond(9)),
        (ChannelId(1), MessageId(999), time::at_millisecond(9)),
    ];
    store.apply_batch(&WriteBatch { deleted, ..WriteBatch::default() }).await.unwrap();
    assert_eq!(
        (served(&store, 100).await, title(&store).await),
        (words(), format!("docs: {TITLE}"))
    );
}

#[tokio::test]
async fn while_a_channel_is_hidden_its_answers_are_not_served() {
    let (store, _folder, _) = known().await;
    let last_change = store.newest_change().await.unwrap();
    store
        .apply_batch(&WriteBatch {
            hidden: vec![(ChannelId(1), time::at_millisecond(5))],
            ..WriteBatch::default()
        })
        .await
        .unwrap();
    assert_eq!((served(&store, 100).await, title(&store).await), (None, format!("docs: {TITLE}")));
    assert!(!store.cluster(&id(100)).await.unwrap().unwrap().has_merged_answer());
    assert_eq!(store.deleted_evidence(&id(100)).await.unwrap().len(), 2);
    assert_eq!(store.newest_change().await.unwrap(), last_change + 1);
    assert_eq!(store.merged_answer(&id(100)).await.unwrap().unwrap().answer, ANSWER);
    store
        .apply_batch(&WriteBatch {
            channels: vec![(channel(1), time::at_millisecond(6))],
            ..WriteBatch::default()
        })
        .await
        .unwrap();
    assert_eq!(
        (served(&store, 100).await, store.newest_change().await.unwrap()),
        (words(), last_change + 2)
    );
}

#[tokio::test]
async fn an_answer_follows_its_cluster_into_another() {
    let (store, _folder, rules) = known().await;
    store.upsert_proposal(&proposal(200, ProposalState::Open)).await.unwrap();
    store.set_state(&id(200), ClusterState::Proposed).await.unwrap();
    // A third question makes the second cluster the larger one.
    store
        .save_conversations(&[judged(2, 300, "where is the roadmap for next year?")])
        .await
        .unwrap();
    store
        .mark_duplicate(MessageId(300), MessageId(200), UserId(5), time::at_millisecond(2))
        .await
        .unwrap();
    recluster(&store, &rules, time::at_millisecond(2), false).await.unwrap();
    store
        .mark_duplicate(MessageId(100), MessageId(200), UserId(5), time::at_millisecond(2))
        .await
        .unwrap();
    recluster(&store, &rules, time::at_millisecond(3), false).await.unwrap();
    let cluster = store.cluster(&id(100)).await.unwrap().unwrap();
    assert_eq!((&cluster.id, cluster.merged_answer.is_some()), (&id(200), true));
    assert_eq!(store.merged_answer(&id(200)).await.unwrap().unwrap().cluster, id(100));
    assert_eq!(store.deleted_evidence(&id(200)).await.unwrap(), []);
    assert_eq!(store.proposal(&id(200)).await.unwrap().unwrap().cluster, id(200));
    store
        .upsert_merged_answer(&MergedAnswerRow {
            answer: "Own.".into(),
            evidence: vec![MessageId(200)],
            ..merged(200)
        })
        .await
        .unwrap();
    assert_eq!(served(&store, 100).await, Some(format!("{TITLE}: Own.")), "its own comes first");
    let last_change = store.newest_change().await.unwrap();
    store
        .upsert_merged_answer(&MergedAnswerRow { answer: "Other.".into(), ..merged(100) })
        .await
        .unwrap();
    assert_eq!(store.changes_after(last_change, 9).await.unwrap()[0].cluster, id(200));
    // Parted again, each has its own.
    store.unmark_duplicate(MessageId(100), UserId(5), time::at_millisecond(4)).await.unwrap();
    recluster(&store, &rules, time::at_millisecond(5), false).await.unwrap();
    assert_eq!(served(&store, 100).await, Some(format!("{TITLE}: Other.")));
    assert_eq!(store.cluster(&id(100)).await.unwrap().unwrap().state, ClusterState::Merged);
}

#[tokio::test]
async fn a_cluster_that_comes_back_is_what_it_was() {
    let (store, _folder, rules) = known().await;
    store.upsert_proposal(&proposal(200, ProposalState::Rejected)).await.unwrap();
    store.set_state(&id(200), ClusterState::Rejected).await.unwrap();
    let gone = [100, 200].map(|question| ConversationId(MessageId(question)));
    store.remove_conversations(&gone).await.unwrap();
    recluster(&store, &rules, time::at_millisecond(3), false).await.unwrap();
    assert!(store.cluster_ids().await.unwrap().is_empty());
    let again = [
        judged(1, 90, "How can I reset my wallet password?"),
        judged(1, 100, ASKED),
        judged(2, 200, "Where can I find the roadmap for next year?"),
    ];
    store.save_conversations(&again).await.unwrap();
    recluster(&store, &rules, time::at_millisecond(4), false).await.unwrap();
    let states = store.cluster_summaries().await.unwrap();
    let states = states.into_iter().map(|one| (one.id, one.state)).collect::<Vec<_>>();
    assert_eq!(states.len(), 2);
    assert!(states.contains(&(id(100), ClusterState::Merged)), "{states:?}");
    assert!(states.contains(&(id(200), ClusterState::Rejected)), "{states:?}");
    assert_eq!(served(&store, 90).await, None);
    assert_eq!(served(&store, 100).await, words());
}

#[tokio::test]
async fn steps_end_with_their_proposal_and_old_ones_go() {
    let (store, _folder) = empty().await;
    let first = store.begin_step(&id(100), "branch", time::at_millisecond(10)).await.unwrap();
    let second = store.begin_step(&id(100), "pull", time::at_millisecond(11)).await.unwrap();
    store.begin_step(&id(200), "branch", time::at_millisecond(12)).await.unwrap();
    assert_eq!(store.unended_steps().await.unwrap().len(), 3);
    let planned = proposal(100, ProposalState::Planned);
    store.end_step(first, "made", &planned, time::at_millisecond(20)).await.unwrap();
    let steps = store.steps_of(&id(100)).await.unwrap();
    assert_eq!(
        (steps[0].ended, steps[0].outcome.as_deref()),
        (Some(time::at_millisecond(20)), Some("made"))
    );
    assert_eq!((steps[1].seq, steps[1].ended), (second, None));
    assert_eq!(store.proposal(&id(100)).await.unwrap(), Some(planned));
    let open = Proposal { note: Some("why".into()), ..proposal(100, ProposalState::Open) };
    let later = time::at_millisecond(21) + time::days(30);
    store.end_step(second, "opened", &open, later).await.unwrap();
    let steps = store.steps_of(&id(100)).await.unwrap();
    assert_eq!(steps.iter().map(|step| step.seq).collect::<Vec<_>>(), [second]);
    assert_eq!(store.proposal(&id(100)).await.unwrap(), Some(open));
    assert_eq!(store.unended_steps().await.unwrap().len(), 1);
    let counts = store.counts().await.unwrap();
    assert_eq!((counts.proposals, counts.proposals_by_state["open"]), (1, 1));
}
