//! What people say by hand, and what the daemon writes down.

use rules::disentangle::AnswerMark;
use rules::model::ids::ClusterId;
use rules::model::message::{ReactionChange, ReactionOp};
use rules::time;

use super::*;

const ASKER: UserId = UserId(5);
const HELPER: UserId = UserId(6);

#[tokio::test]
async fn the_latest_mark_of_each_person_stands() {
    let (store, _folder) = empty().await;
    let (place, answer) = (ChannelId(1), MessageId(20));
    let mark = |by, answers, at| AnswerMarkRow { channel: place, message: answer, by, answers, at };
    store.set_mark(&mark(ASKER, true, time::at_millisecond(5))).await.unwrap();
    store.apply_batch(&batch([message(1, 10, 5, "how?"), message(1, 20, 6, "so")])).await.unwrap();
    assert_eq!(pending(&store).await.len(), 1, "the mark came before the channel");
    judge_all(&store).await;
    store.set_mark(&mark(HELPER, false, time::at_millisecond(3))).await.unwrap();
    assert_eq!(pending(&store).await, [(1, 20)]);
    let mark_by = |by, answers| AnswerMark { message: answer, by, answers };
    let marks = store.marks(place, &[MessageId(10), answer]).await.unwrap();
    assert_eq!(marks, [mark_by(HELPER, false), mark_by(ASKER, true)]);
    judge_all(&store).await;
    assert!(
        !store.revoke_mark(place, answer, ASKER, time::at_millisecond(4)).await.unwrap(),
        "marked later"
    );
    assert!(store.revoke_mark(place, answer, ASKER, time::at_millisecond(6)).await.unwrap());
    assert!(!store.revoke_mark(place, answer, ASKER, time::at_millisecond(7)).await.unwrap());
    store.set_mark(&mark(ASKER, true, time::at_millisecond(5))).await.unwrap();
    assert_eq!(store.marks(place, &[answer]).await.unwrap(), [mark_by(HELPER, false)]);
    assert_eq!(pending(&store).await, [(1, 20)]);
}

#[tokio::test]
async fn a_consent_keeps_its_first_time_until_it_is_withdrawn() {
    let (store, _folder) = empty().await;
    store.apply_batch(&batch([message(1, 10, 5, "how?")])).await.unwrap();
    judge_all(&store).await;
    let consent = |subject: &str, at| ConsentGrant {
        subject: subject.into(),
        source: "asked".into(),
        at: time::at_millisecond(at),
        withdrawn: None,
    };
    store.give_consent(&consent("message:10", 3)).await.unwrap();
    assert_eq!(pending(&store).await, [(1, 10)]);
    judge_all(&store).await;
    store.give_consent(&consent("message:10", 4)).await.unwrap();
    assert_eq!(pending(&store).await, []);
    assert_eq!(
        store.consents_for(&["message:10".to_owned()]).await.unwrap(),
        [consent("message:10", 3)]
    );
    let both = [MessageId(10), MessageId(11)];
    assert_eq!(store.consented_messages(&both).await.unwrap(), [MessageId(10)].into());
    assert!(store.withdraw_consent("message:10", time::at_millisecond(9)).await.unwrap());
    assert!(!store.withdraw_consent("message:10", time::at_millisecond(9)).await.unwrap());
    assert!(store.consented_messages(&both).await.unwrap().is_empty());
    store.give_consent(&consent("message:10", 5)).await.unwrap();
    assert!(store.consented_messages(&both).await.unwrap().is_empty(), "given before");
    judge_all(&store).await;
    store.give_consent(&consent("server:1", 6)).await.unwrap();
    assert_eq!(pending(&store).await, [], "the rules say what a server's consent allows");
    assert_eq!(store.live_counts().await.unwrap().consents, 1);
}

#[tokio::test]
async fn a_question_gets_one_suggestion_and_one_person_answers_it() {
    let (store, _folder) = empty().await;
    let suggestion = Suggestion {
        question: MessageId(10),
        channel: ChannelId(1),
        cluster: ClusterId::of_question(MessageId(3)),
        confidence: 0.75,
        at: time::at_millisecond(1),
        posted: None,
        helped: None,
    };
    assert!(store.suggest(&suggestion).await.unwrap());
    assert!(!store.suggest(&suggestion).await.unwrap());
    store.suggestion_posted(MessageId(10), MessageId(11)).await.unwrap();
    store.apply_batch(&batch([message(1, 10, 5, "how?")])).await.unwrap();
    judge_all(&store).await;
    assert!(
        store.answer_suggestion(MessageId(10), true, ASKER, time::at_millisecond(2)).await.unwrap()
    );
    assert_eq!(pending(&store).await, [(1, 10)]);
    let helped = store.helped_questions(ChannelId(1)).await.unwrap();
    assert_eq!(helped, [MessageId(10)].into());
    assert!(
        !store
            .answer_suggestion(MessageId(10), false, HELPER, time::at_millisecond(3))
            .await
            .unwrap()
    );
    let answered =
        Suggestion { posted: Some(MessageId(11)), helped: Some(true), ..suggestion.clone() };
    assert_eq!(store.suggestion(MessageId(10)).await.unwrap(), Some(answered));
    assert!(
        store
            .answer_suggestion(MessageId(10), false, ASKER, time::at_millisecond(4))
            .await
            .unwrap()
    );
    let counts = store.live_counts().await.unwrap();
    assert_eq!((counts.suggestions_posted, counts.suggestions_not_helped), (1, 1));
}

#[tokio::test]
async fn actions_are_written_down_the_last_first() {
    let (store, _folder) = empty().await;
    let deed = |what: &str, undoes| AuditRow {
        seq: 0,
        at: time::at_millisecond(1),
        by: ASKER,
        what: what.into(),
        target: "10".into(),
        undoes,
    };
    let first = store.audit(&deed("mark", None)).await.unwrap();
    let second = store.audit(&deed("unmark", Some(first))).await.unwrap();
    let rows = store.audit_rows(5).await.unwrap();
    assert_eq!(rows[0], AuditRow { seq: second, ..deed("unmark", Some(first)) });
    assert_eq!(rows[1].seq, first);
}

fn unreadable(raw: &str, message: u64) -> QuarantinedPayload {
    QuarantinedPayload {
        id: 0,
        source: "gateway".into(),
        kind: "MESSAGE_CREATE".into(),
        why: "no author".into(),
        raw: raw.into(),
        channel: Some(ChannelId(1)),
        message: Some(MessageId(message)),
        seen: time::at_millisecond(1),
        tries: 0,
    }
}

#[tokio::test]
async fn what_cannot_be_read_is_kept_once_until_it_can_or_is_deleted() {
    let (store, _folder) = empty().await;
    let quarantined = vec![unreadable("{1}", 10), unreadable("{1}", 10), unreadable("{2}", 11)];
    store.apply_batch(&WriteBatch { quarantined, ..WriteBatch::default() }).await.unwrap();
    let kept = store.quarantined(9).await.unwrap();
    assert_eq!(kept.iter().map(|one| one.raw.as_str()).collect::<Vec<_>>(), ["{1}", "{2}"]);
    assert_eq!(store.live_counts().await.unwrap().quarantined_by_kind["MESSAGE_CREATE"], 2);
    store.record_failed_retry(kept[1].id, "no id either").await.unwrap();
    store.remove_quarantined(kept[0].id).await.unwrap();
    let again = store.quarantined(9).await.unwrap();
    let expected = QuarantinedPayload { tries: 1, why: "no id either".into(), ..kept[1].clone() };
    assert_eq!(again, [expected]);
    let deleted = vec![(ChannelId(1), MessageId(11), time::at_millisecond(2))];
    store.apply_batch(&WriteBatch { deleted, ..WriteBatch::default() }).await.unwrap();
    let late = vec![unreadable("{3}", 11)];
    store.apply_batch(&WriteBatch { quarantined: late, ..WriteBatch::default() }).await.unwrap();
    assert_eq!(store.quarantined(9).await.unwrap(), []);
    assert!(store.purge_due().await.unwrap());
}

#[tokio::test]
async fn what_could_be_read_later_is_let_go() {
    let (store, _folder) = empty().await;
    let quarantined = [(1, 10), (9, 11), (1, 12)].map(|(seen, message)| QuarantinedPayload {
        seen: time::at_millisecond(seen),
        ..unreadable(&format!("{{{message}}}"), message)
    });
    store
        .apply_batch(&WriteBatch { quarantined: quarantined.into(), ..WriteBatch::default() })
        .await
        .unwrap();
    let read = [10, 11].map(|id| {
        (message(1, id, 5, "at last"), ReactionsCoverage::Whole, time::at_millisecond(4))
    });
    store
        .apply_batch(&WriteBatch { messages: read.into(), ..WriteBatch::default() })
        .await
        .unwrap();
    let left = store.quarantined(9).await.unwrap();
    assert_eq!(left.iter().map(|one| one.raw.as_str()).collect::<Vec<_>>(), ["{11}", "{12}"]);
}

#[tokio::test]
async fn a_reading_is_the_last_word_of_its_reader() {
    let (store, _folder) = empty().await;
    let reading = ChannelProgress {
        channel: ChannelId(1),
        guild: GuildId(1),
        newest: MessageId(20),
        oldest: MessageId(10),
        complete: false,
        gapped: true,
        reconciled: time::at_millisecond(1),
        archived_until: time::at_millisecond(2),
    };
    let done = ChannelProgress { complete: true, gapped: false, oldest: MessageId(5), ..reading };
    for one in [reading, done] {
        store
            .apply_batch(&WriteBatch { reading: vec![one], ..WriteBatch::default() })
            .await
            .unwrap();
    }
    assert_eq!(store.channel_progress().await.unwrap(), [done]);
    let gone = vec![(ChannelId(1), time::at_millisecond(3))];
    store.apply_batch(&WriteBatch { gone, ..WriteBatch::default() }).await.unwrap();
    assert_eq!(store.channel_progress().await.unwrap(), []);
}

#[tokio::test]
async fn stored_messages_are_found_by_range_and_by_id() {
    let (store, _folder) = empty().await;
    let said = [message(1, 10, 5, "a"), message(2, 11, 5, "b"), message(1, 12, 5, "c")];
    store.apply_batch(&batch(said)).await.unwrap();
    let between = store.ids_between(ChannelId(1), MessageId(10), MessageId(12)).await.unwrap();
    assert_eq!(between, [MessageId(10), MessageId(12)]);
    let found =
        store.channels_of_messages(&[MessageId(12), MessageId(11), MessageId(9)]).await.unwrap();
    assert_eq!(found, [(MessageId(11), ChannelId(2)), (MessageId(12), ChannelId(1))]);
}

#[tokio::test]
async fn what_is_counted_tells_changes_apart() {
    let (store, _folder) = empty().await;
    let said = || batch([message(1, 10, 5, "a")]);
    assert_eq!(
        store.apply_batch(&said()).await.unwrap(),
        Applied { added: 1, ..Applied::default() }
    );
    let unchanged = Applied { unchanged: 1, ..Applied::default() };
    assert_eq!(store.apply_batch(&said()).await.unwrap(), unchanged);
    let change = ReactionChange {
        channel: ChannelId(1),
        message: MessageId(10),
        emoji: "+".into(),
        what: ReactionOp::Added(HELPER),
    };
    let reacted = || WriteBatch {
        reactions: vec![(change.clone(), time::at_millisecond(2))],
        ..WriteBatch::default()
    };
    judge_all(&store).await;
    let updated = Applied { updated: 1, ..Applied::default() };
    assert_eq!(store.apply_batch(&reacted()).await.unwrap(), updated);
    assert_eq!(pending(&store).await, [(1, 10)]);
    assert_eq!(store.apply_batch(&reacted()).await.unwrap(), unchanged);
    let deleted = || WriteBatch {
        deleted: vec![(ChannelId(1), MessageId(10), time::at_millisecond(3))],
        ..WriteBatch::default()
    };
    let gone = Applied { deleted: 1, ..Applied::default() };
    assert_eq!(store.apply_batch(&deleted()).await.unwrap(), gone);
    assert_eq!(store.apply_batch(&deleted()).await.unwrap(), Applied::default());
    assert_eq!(store.apply_batch(&said()).await.unwrap(), unchanged);
    assert_eq!(store.apply_batch(&reacted()).await.unwrap(), unchanged);
    assert_eq!(all(&store, 1).await, []);
}
