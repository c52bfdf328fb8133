//! A person who is forgotten is in no table, and in no byte of any file.

use rules::model::cluster::{Occurrence, Quote};
use rules::model::ids::ConversationId;
use rules::model::message::{Mention, Reaction, ReactionChange, ReactionOp};
use rules::resolution::ResolutionGrade;
use rules::time;
use sqlx::AssertSqlSafe;

use super::*;

const PERSON: UserId = UserId(812_345_678_901_234_567);
const NAME: &str = "Quillfeather";
const WORDS: &str = "zephyrous marmalade";
const CHANNELS: u64 = 3;
const MESSAGES: u64 = 3_000;

/// Talk of many people, one of whom is [`PERSON`]; others mention and answer them.
fn talk() -> Vec<Message> {
    let mut talk = Vec::new();
    for number in 0..MESSAGES {
        // A stride that is prime to the count: the ids come in no order.
        let at = number * 1_777 % MESSAGES;
        let (channel, id) = (1 + at % CHANNELS, 1_000 + at);
        let filler = "some words about something else, again and again ".repeat((at % 7) as usize);
        let own = at.is_multiple_of(11);
        let text = if own { format!("{WORDS} {filler}") } else { filler };
        let mut one = message(channel, id, if own { PERSON.0 } else { 20 + at % 5 }, &text);
        if own {
            let author = Author { id: PERSON, name: NAME.into(), bot: false, roles: Vec::new() };
            one.author = Arc::new(author);
        }
        if at % 13 == 1 {
            one.text = format!("{} thanks @{NAME}, <@{PERSON}> and <@!{PERSON}>", one.text);
            one.mentions = vec![Mention { id: PERSON, name: NAME.into() }];
            one.forwarded = Some(format!("<@{PERSON}> said so"));
            one.reactions = vec![
                Reaction { emoji: "+".into(), count: 2, users: vec![UserId(20), PERSON] },
                Reaction { emoji: "-".into(), count: 1, users: vec![PERSON] },
            ];
        }
        talk.push(one);
    }
    talk
}

fn judged(message: &Message) -> ConversationRow {
    let quote = Quote {
        message: message.id,
        author: message.author.id,
        author_name: message.author.name.clone(),
        trusted: false,
        text: message.text.clone(),
        sent: message.sent,
        has_attachment: false,
    };
    let conversation = ConversationId(message.id);
    let occurrence = Occurrence {
        conversation,
        guild: GuildId(1),
        channel: message.channel,
        channel_name: "help".into(),
        question: quote.clone(),
        answers: vec![quote],
        grade: ResolutionGrade::Certain,
        confidence: 1.0,
        signals: Vec::new(),
        reasons: Vec::new(),
        quotable: true,
        people: vec![message.author.name.clone()],
        newcomers: Default::default(),
    };
    ConversationRow {
        id: conversation,
        channel: message.channel,
        last: message.id,
        links: "[]".into(),
        exchanges: vec![ExchangeRow {
            id: message.id,
            status: ExchangeStatus::Resolved,
            asked: None,
            verdict: format!("{{\"said\":\"{}\",\"by\":\"{}\"}}", message.text, message.author.id),
            occurrence: Some(occurrence),
        }],
    }
}

/// Judges anew what is pending: conversations of one message each.
async fn judge_again(store: &Store) {
    for pending in store.pending_channels().await.unwrap() {
        let said = all(store, pending.channel.id.0).await;
        for range in &pending.ranges {
            let begun = store.conversations_begun(pending.channel.id, *range).await.unwrap();
            let said = said.iter().filter(|one| range.holds(one.id)).collect::<Vec<_>>();
            let gone = begun.into_iter().filter(|id| said.iter().all(|one| one.id != id.0));
            store.remove_conversations(&gone.collect::<Vec<_>>()).await.unwrap();
            store
                .save_conversations(&said.into_iter().map(judged).collect::<Vec<_>>())
                .await
                .unwrap();
        }
        store.clear_pending(&pending).await.unwrap();
    }
}

/// How often a trace of the person stands in the files of the store, or in its tables where a server has the files.
async fn traces(store: &Store, folder: &TempDir) -> Vec<String> {
    let id = PERSON.to_string();
    let number = PERSON.0.to_be_bytes();
    let traces = [id.as_bytes(), &number, NAME.as_bytes(), WORDS.as_bytes()];
    let mut found = Vec::new();
    for (name, bytes) in kept_bytes(store, folder).await {
        for (which, trace) in traces.iter().enumerate() {
            let count = bytes.windows(trace.len()).filter(|part| part == trace).count();
            if count > 0 {
                found.push(format!("{name}: trace {which}, {count} times"));
            }
        }
    }
    found
}

async fn kept_bytes(store: &Store, folder: &TempDir) -> Vec<(String, Vec<u8>)> {
    if let Pool::Sqlite(_) = &store.read {
        let paths = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path());
        return paths
            .map(|path| (path.display().to_string(), std::fs::read(&path).unwrap()))
            .collect();
    }
    let names = "SELECT tablename::text FROM pg_tables WHERE schemaname = current_schema()";
    let names = engine::query_scalar::<String>(names).fetch_all(&store.read).await.unwrap();
    let mut kept = Vec::new();
    for name in names {
        let rows =
            format!("SELECT COALESCE(string_agg(CAST(one AS text), ' '), '') FROM {name} AS one");
        let rows = engine::query_scalar::<String>(AssertSqlSafe(rows));
        kept.push((name, rows.fetch_one(&store.read).await.unwrap().into_bytes()));
    }
    kept
}

async fn store_all(store: &Store) {
    for chunk in talk().chunks(500) {
        let mut batch = batch(chunk.to_vec());
        batch.channels = (1..=CHANNELS).map(|id| (channel(id), time::at_millisecond(1))).collect();
        store.apply_batch(&batch).await.unwrap();
    }
    judge_again(store).await;
    let reaction = |message| ReactionChange {
        channel: ChannelId(1),
        message: MessageId(message),
        emoji: "+".into(),
        what: ReactionOp::Added(PERSON),
    };
    let batch = WriteBatch {
        // One to a message that is stored, one to a message that is not.
        reactions: vec![
            (reaction(1_003), time::at_millisecond(5)),
            (reaction(9_999), time::at_millisecond(5)),
        ],
        quarantined: vec![QuarantinedPayload {
            id: 0,
            source: "rest".into(),
            kind: "message".into(),
            why: "odd".into(),
            raw: format!("{{\"author\":{{\"id\":\"{PERSON}\",\"name\":\"{NAME}\"}}}}"),
            channel: None,
            message: None,
            seen: time::at_millisecond(1),
            tries: 0,
        }],
        ..WriteBatch::default()
    };
    store.apply_batch(&batch).await.unwrap();
    let by_hand = AnswerMarkRow {
        channel: ChannelId(1),
        message: MessageId(1_003),
        by: PERSON,
        answers: true,
        at: time::at_millisecond(6),
    };
    store.set_mark(&by_hand).await.unwrap();
    store
        .mark_duplicate(MessageId(1_003), MessageId(1_006), PERSON, time::at_millisecond(6))
        .await
        .unwrap();
    let deed = AuditRow {
        seq: 0,
        at: time::at_millisecond(6),
        by: PERSON,
        what: "mark".into(),
        target: format!("for {PERSON}"),
        undoes: None,
    };
    store.audit(&deed).await.unwrap();
    for (subject, source) in
        [("message:1000", "asked".to_owned()), ("server:1", format!("by {PERSON}"))]
    {
        let consent = ConsentGrant {
            subject: subject.into(),
            source,
            at: time::at_millisecond(1),
            withdrawn: None,
        };
        store.give_consent(&consent).await.unwrap();
    }
    store.set("judged-with", &format!("rules {PERSON}")).await.unwrap();
    judge_again(store).await;
}

#[tokio::test]
async fn a_forgotten_person_leaves_no_byte() {
    let (store, folder) = empty().await;
    store_all(&store).await;
    let kept = store.personal_data_of(PERSON).await.unwrap();
    assert_eq!(kept.name.as_deref(), Some(NAME));
    assert_eq!(kept.messages.len() as u64, MESSAGES.div_ceil(11));
    assert!(kept.mentioned_in.len() > 150 && kept.reactions.len() > 300);
    assert_eq!((kept.marks.len(), kept.duplicate_marks.len(), kept.actions.len()), (1, 1, 1));
    assert_eq!((kept.consents.len(), kept.unreadable.len()), (1, 1));
    serde_json::to_string(&kept).unwrap();

    let forgotten = store.erase_user(PERSON, "self", time::at_millisecond(9)).await.unwrap();
    assert_eq!(forgotten.messages, MESSAGES.div_ceil(11));
    assert_eq!(forgotten.channels as u64, CHANNELS);
    let again = store.erase_user(PERSON, "self", time::at_millisecond(10)).await.unwrap();
    assert_eq!(again, ErasureSummary::default());
    assert!(store.opt_outs().await.unwrap().covers(PERSON));
    assert!(!store.opt_outs().await.unwrap().covers(UserId(20)));
    let left = serde_json::to_value(store.personal_data_of(PERSON).await.unwrap()).unwrap();
    let empty = |value: &serde_json::Value| value.as_array().is_none_or(Vec::is_empty);
    assert!(left.as_object().unwrap().values().all(empty), "{left}");
    let first = (&all(&store, 2).await[0].text, 0);
    assert!(first.0.ends_with("thanks @someone, @someone and @someone"), "{}", first.0);

    store.purge_deleted_text().await.unwrap();
    assert!(store.purge_due().await.unwrap(), "verdicts still quote what was deleted");
    judge_again(&store).await;
    purge(&store).await;
    assert_eq!(traces(&store, &folder).await, Vec::<String>::new());

    let left = left_after(&store).await;
    store_all_again(&store).await;
    assert_eq!(left_after(&store).await, left, "what comes later is not stored");
    store.purge_deleted_text().await.unwrap();
    if !store.is_on_server() {
        store.close().await;
    }
    assert_eq!(traces(&store, &folder).await, Vec::<String>::new());
}

#[tokio::test]
async fn quotes_of_a_forgotten_person_go_and_do_not_come_back() {
    let (store, _folder) = empty().await;
    let quoting = [
        message(1, 20, 8, "> Turn the gallipot valve to the left.\nThat is right."),
        message(1, 21, 8, "> the gallipot valve to the left\n> Restart it.\nBoth."),
        message(1, 22, 8, "> Restart it.\nYes."),
    ];
    let own = message(1, 19, PERSON.0, "Turn the gallipot valve to the left.\nIt worked.");
    store.apply_batch(&batch(std::iter::once(own).chain(quoting.clone()))).await.unwrap();
    store.erase_user(PERSON, "operator", time::at_millisecond(9)).await.unwrap();
    let texts = async || all(&store, 1).await.into_iter().map(|one| one.text).collect::<Vec<_>>();
    let left = ["That is right.", "> Restart it.\nBoth.", "> Restart it.\nYes."];
    assert_eq!(texts().await, left);
    store.apply_batch(&batch(quoting)).await.unwrap();
    assert_eq!(texts().await, left, "another reading brings nothing back");
    assert!(store.withdraw_opt_out(PERSON).await.unwrap());
    assert!(!store.withdraw_opt_out(PERSON).await.unwrap());
    store.erase_user(PERSON, "themselves", time::at_millisecond(10)).await.unwrap();
    assert!(!store.withdraw_opt_out(PERSON).await.unwrap(), "who asked for it stays forgotten");
}

/// The same history once more, as a second reading of the source would tell it.
async fn store_all_again(store: &Store) {
    for chunk in talk().chunks(700) {
        store.apply_batch(&batch(chunk.to_vec())).await.unwrap();
    }
    assert_eq!(pending(store).await, []);
}

async fn left_after(store: &Store) -> Vec<i64> {
    let mut counts = Vec::new();
    for table in ["messages", "users", "reaction_changes", "quarantine"] {
        let sql = format!("SELECT COUNT(*) FROM {table}");
        counts.push(engine::query_scalar(AssertSqlSafe(sql)).fetch_one(&store.read).await.unwrap());
    }
    let digest = "SELECT CAST(SUM(digest >> 24) AS BIGINT) FROM messages";
    counts.push(engine::query_scalar(digest).fetch_one(&store.read).await.unwrap());
    counts
}

#[tokio::test]
async fn deleted_words_leave_the_files_once_their_conversations_are_judged() {
    let (store, folder) = empty().await;
    store.apply_batch(&batch([message(1, 10, 5, WORDS), message(1, 11, 6, "so")])).await.unwrap();
    judge_again(&store).await;
    assert!(!store.purge_due().await.unwrap());
    assert!(!traces(&store, &folder).await.is_empty());
    let deleted = vec![(ChannelId(1), MessageId(10), time::at_millisecond(3))];
    store.apply_batch(&WriteBatch { deleted, ..WriteBatch::default() }).await.unwrap();
    assert_eq!(pending(&store).await, [(1, 10)]);
    store.purge_deleted_text().await.unwrap();
    assert!(store.purge_due().await.unwrap());
    judge_again(&store).await;
    purge(&store).await;
    assert_eq!(traces(&store, &folder).await, Vec::<String>::new());
}
