//! Rows of a span of time: each question once, each message on its day.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use rules::model::ids::{ChannelId, ConversationId, GuildId, MessageId, UserId};
use rules::model::message::{Author, Channel, ChannelKind, Message, MessageKind};
use rules::resolution::{Answer, ConversationVerdict, Question};
use rules::time;
use tempfile::TempDir;

use crate::store::{
    ConversationRow, ExchangeRow, ExchangeStatus, ReactionsCoverage, Store, WriteBatch,
    write_verdict,
};

const NOON: Timestamp = Timestamp::constant((20_000 * 24 + 12) * 3_600, 0);

fn at(hour: i64) -> MessageId {
    MessageId::min_at(NOON + SignedDuration::from_hours(hour))
}

fn message(id: MessageId, author: u64, bot: bool, kind: MessageKind) -> Message {
    let author = Author { id: UserId(author), name: "Ada".into(), bot, roles: Vec::new() };
    Message {
        id,
        channel: ChannelId(1),
        author: author.into(),
        kind,
        sent: id.created_at(),
        edited: None,
        text: format!("words of {}", id.0),
        reply_to: None,
        mentions: Vec::new(),
        reactions: Vec::new(),
        attachments: Vec::new(),
        forwarded: None,
        pinned: false,
    }
}

/// A conversation of an open question at an hour, with a reply of somebody an hour later.
fn open(hour: i64) -> ConversationRow {
    let (question, reply) = (at(hour), at(hour + 1));
    let verdict = ConversationVerdict::Open {
        question: Question {
            messages: vec![question],
            asker: UserId(1),
            asked: question.created_at(),
            reasons: Vec::new(),
        },
        answers: vec![Answer {
            message: reply,
            messages: vec![reply],
            author: UserId(2),
            score: 0.5,
        }],
        reasons: Vec::new(),
    };
    ConversationRow {
        id: ConversationId(question),
        channel: ChannelId(1),
        last: reply,
        links: format!("[[{},0,\"\"],[{},-1,\"\"]]", question.0, reply.0),
        exchanges: vec![ExchangeRow {
            id: question,
            status: ExchangeStatus::Open,
            asked: None,
            verdict: write_verdict(&verdict),
            occurrence: None,
        }],
    }
}

async fn store() -> (Store, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open_shared(crate::store::tests::location(folder.path())).await.unwrap();
    let channel = Channel {
        id: ChannelId(1),
        guild: GuildId(1),
        kind: ChannelKind::Text,
        name: "help".into(),
        topic: None,
        parent: None,
        parent_name: None,
        tags: Vec::new(),
        closed: false,
    };
    let said = [
        message(at(0), 1, false, MessageKind::Default),
        message(at(1), 2, false, MessageKind::Default),
        message(at(2), 3, true, MessageKind::Command),
        message(at(3), 1, false, MessageKind::System),
        message(at(4), 1, false, MessageKind::Other),
        message(at(24), 1, false, MessageKind::Default),
        message(at(25), 2, false, MessageKind::Reply),
    ];
    let whole = |message| (message, ReactionsCoverage::Whole, NOON);
    let batch = WriteBatch {
        channels: vec![(channel, NOON)],
        messages: said.into_iter().map(whole).collect(),
        ..WriteBatch::default()
    };
    store.apply_batch(&batch).await.unwrap();
    store.save_conversations(&[open(0), open(24)]).await.unwrap();
    (store, folder)
}

#[tokio::test]
async fn a_question_is_read_once_in_the_span_in_which_it_asks() {
    let (store, _folder) = store().await;
    let hours = |from: i64, to: i64| {
        (NOON + SignedDuration::from_hours(from), NOON + SignedDuration::from_hours(to))
    };
    for ((since, until), expected) in
        [(hours(0, 1), vec![at(0)]), (hours(1, 24), vec![]), (hours(0, 48), vec![at(0), at(24)])]
    {
        let rows = store.questions_asked(since, until).await.unwrap();
        assert_eq!(rows.iter().map(|row| row.messages[0]).collect::<Vec<_>>(), expected);
    }
    // While a conversation is judged again, its question may stand in two.
    let mut twice = open(0);
    twice.id = ConversationId(MessageId(at(0).0 - 1));
    store.save_conversations(&[twice]).await.unwrap();
    let (since, until) = hours(0, 1);
    let rows = store.questions_asked(since, until).await.unwrap();
    assert_eq!(rows.len(), 1);
    let row = &rows[0];
    assert_eq!((row.asker, row.status.as_str()), (UserId(1), "open"));
    assert_eq!((row.asked, &row.answers[..]), (NOON, &[at(1)][..]));
    let people = store.people_in(&BTreeSet::from([ConversationId(at(0))])).await.unwrap();
    let said = &people[&ConversationId(at(0))];
    assert_eq!(said[..], [(at(0), UserId(1)), (at(1), UserId(2))]);
    assert_eq!(store.message_texts(ChannelId(1), &[at(1)]).await.unwrap().len(), 1);
    assert_eq!(store.asker_days(NOON, NOON + time::days(2)).await.unwrap(), 2);
}

#[tokio::test]
async fn messages_are_counted_by_day_without_notices() {
    let (store, _folder) = store().await;
    let days = store.message_activity(Timestamp::UNIX_EPOCH, NOON + time::days(9)).await.unwrap();
    let counts = days.iter().map(|one| (one.day, one.messages, one.unknown)).collect::<Vec<_>>();
    assert_eq!(counts, [(20_000, 3, 1), (20_001, 2, 0)]);
    assert_eq!(store.newest_message().await.unwrap(), Some(at(25).created_at()));
    let until = NOON + time::days(9);
    let talk = store.talk_of_people(ChannelId(1), MessageId(0), until, 2).await.unwrap();
    assert_eq!(talk.iter().map(|(id, _)| *id).collect::<Vec<_>>(), [at(0), at(1)]);
    let rest = store.talk_of_people(ChannelId(1), at(1), until, 9).await.unwrap();
    assert_eq!(rest.len(), 2);
}
