//! A store of every older version is brought up to date with rows in it.

use jiff::Timestamp;
use rules::model::cluster::{ClusterState, Occurrence, Quote};
use rules::model::ids::{ClusterId, ConversationId};
use rules::resolution::ResolutionGrade;
use rules::time;
use sqlx::migrate::Migrator;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, SqlitePool};

use super::*;
use crate::store::migrations::{MIGRATIONS, migrator};

const SPINE_ROWS: &str = r#"
INSERT INTO channels (id, guild, kind, name, tags, observed) VALUES (1, 1, 'text', 'help', '[]', 4);
INSERT INTO messages VALUES
    (1, 10, 5, 'P5', 0, 'default', 10, 0, 4, 77, 'plain', NULL),
    (1, 11, 5, 'P5', 0, 'default', 11, 0, 4, 9223372036854775807, 'liked',
     '{"reactions":[{"emoji":"+","count":1,"users":["6"]}]}'),
    (1, 12, 5, 'P5', 0, 'default', 12, 0, 4, 79, 'pinned',
     '{"reactions":[{"emoji":"+","count":1,"users":["6"]}],"pinned":true}');
INSERT INTO occurrences (conversation, channel, question, touched, grade, body)
    VALUES (10, 1, 10, 1, 'certain', '{}');
"#;

/// Rows for the tables and columns that each version added.
const VERSION_ROWS: [&str; 5] = [
    "INSERT INTO channels (id, guild, kind, name, tags, observed, pending_from)
        VALUES (1, 1, 'text', 'help', '[]', 4, 100);
    INSERT INTO people VALUES (5, 'P5', 0, '[{\"id\":\"3\",\"name\":\"staff\"}]', 100, 4);
    INSERT INTO messages (channel, id, author, author_name, bot, kind, sent, edited, observed,
        digest, text, extra) VALUES
        (1, 100, 5, 'P5', 0, 'default', 100, 0, 4, 77, 'how?', NULL),
        (1, 101, 6, 'P6', 0, 'default', 101, 0, 4, 78, 'so', NULL);
    INSERT INTO conversations VALUES (100, 1, 101, '[]', 'resolved', '{\"messages\":[100]}');
    INSERT INTO occurrences VALUES (100, 1, 100, 'CLUSTER', 0, 'certain', 'BODY');
    INSERT INTO clusters VALUES ('CLUSTER', 'proposed', 1, 1, 100, 7, 0);
    INSERT INTO redirects VALUES ('FORMER', 'CLUSTER');
    INSERT INTO changes (cluster) VALUES ('FORMER'), ('CLUSTER');
    INSERT INTO proposals (cluster, branch, head, digest, title, path, state, opened, updated)
        VALUES
        ('CLUSTER', 'answers/reset', 'h', 'd', 'docs: reset', 'a.md', 'open', 8, 9);",
    "INSERT INTO readings VALUES (1, 1, 101, 100, 1, 0, 5, 6);
    INSERT INTO marks VALUES (1, 101, 5, 1, 7);
    INSERT INTO ties VALUES (100, 50, 5, 7, 1);",
    "INSERT INTO pending (channel, first, last) VALUES (1, 100, 101);",
    "UPDATE proposals SET number = 12, ledger = '{\"l\":1}', wishes = '{\"w\":1}', note = 'why';
    INSERT INTO outbox (cluster, step, begun, ended, outcome)
        VALUES ('CLUSTER', 'push', 8, 9, 'done'), ('CLUSTER', 'open', 9, NULL, NULL);
    INSERT INTO canon VALUES ('CLUSTER', 12, 'a.md', 'https://docs.example', 'Reset', 'So.', 'd', 9);
    INSERT INTO canon_evidence VALUES ('CLUSTER', 100, 1), ('CLUSTER', 101, 1);",
    "INSERT INTO splits VALUES (100, 7, 1);",
];

/// A store that was made by the first `version` migrations, filled, and then opened.
pub(super) async fn migrated_from(version: usize, rows: &[String]) -> (Store, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(data_directory::STORE_FILE);
    let options = SqliteConnectOptions::new().filename(file).create_if_missing(true);
    let pool = SqlitePool::connect_with(options).await.unwrap();
    let former = migrator().iter().take(version).cloned().collect::<Vec<_>>();
    Migrator::with_migrations(former).run(&pool).await.unwrap();
    for sql in rows {
        sqlx::raw_sql(AssertSqlSafe(sql.clone())).execute(&pool).await.unwrap();
    }
    pool.close().await;
    (Store::open_shared(folder.path()).await.unwrap(), folder)
}

fn cluster() -> ClusterId {
    ClusterId::of_question(MessageId(100))
}

fn occurrence() -> Occurrence {
    let quote = |id: u64, text: &str| Quote {
        message: MessageId(id),
        author: UserId(id),
        author_name: format!("P{id}"),
        trusted: false,
        text: text.into(),
        sent: time::at_millisecond(id as i64),
        has_attachment: false,
    };
    Occurrence {
        conversation: ConversationId(MessageId(100)),
        guild: GuildId(1),
        channel: ChannelId(1),
        channel_name: "help".into(),
        question: quote(100, "how?"),
        answers: vec![quote(101, "so")],
        grade: ResolutionGrade::Certain,
        confidence: 1.0,
        signals: Vec::new(),
        reasons: Vec::new(),
        quotable: true,
        people: Vec::new(),
        newcomers: Default::default(),
    }
}

#[tokio::test]
async fn reactions_move_out_of_the_extras_and_yield_to_what_is_read_next() {
    let (store, _folder) = migrated_from(1, &[SPINE_ROWS.into()]).await;
    let messages = all(&store, 1).await;
    let reactions = messages.iter().map(|one| one.reactions.len()).collect::<Vec<_>>();
    assert_eq!(reactions, [0, 1, 1]);
    assert!(messages[2].pinned && store.needs_recluster().await.unwrap());
    let mut again = messages[1].clone();
    again.reactions[0].emoji = "*".into();
    let batch = WriteBatch {
        messages: vec![(again.clone(), ReactionsCoverage::Whole, time::at_millisecond(4))],
        ..WriteBatch::default()
    };
    store.apply_batch(&batch).await.unwrap();
    assert_eq!(all(&store, 1).await[1].reactions, again.reactions);
}

#[tokio::test]
async fn every_older_version_keeps_its_rows() {
    let former = ClusterId::of_question(MessageId(50));
    for version in 1..=VERSION_ROWS.len() {
        let rows = VERSION_ROWS[..version].iter().map(|sql| {
            sql.replace("CLUSTER", cluster().as_str())
                .replace("FORMER", former.as_str())
                .replace("BODY", &to_json(&occurrence()))
        });
        let (store, _folder) = migrated_from(version, &rows.collect::<Vec<_>>()).await;
        let migrations = engine::query_scalar::<i64>("SELECT COUNT(*) FROM _sqlx_migrations");
        let migrations = migrations.fetch_one(&store.read).await.unwrap();
        assert_eq!(migrations as usize, MIGRATIONS.len());
        check_spine(&store, &former).await;
        check_live(&store, version >= 2).await;
        let pending = store.pending_channels().await.unwrap();
        let last = pending[0].ranges.last().unwrap().last;
        assert_eq!((pending.len(), pending[0].ranges[0].first), (1, MessageId(100)), "{last:?}");
        check_proposals(&store, version >= 4).await;
        let asked = [MessageId(100)].into();
        let splits = store.split_marks_of(&asked).await.unwrap().into_iter().collect::<Vec<_>>();
        assert_eq!(splits, vec![MessageId(100); usize::from(version >= 5)]);
        assert!(store.needs_recluster().await.unwrap(), "of version {version}");
        assert_eq!(indexes(&store).await, indexes(&empty_file().await.0).await);
    }
}

/// What the first version stored.
async fn check_spine(store: &Store, former: &ClusterId) {
    let texts = all(store, 1).await.into_iter().map(|one| one.text).collect::<Vec<_>>();
    assert_eq!(texts, ["how?", "so"]);
    let people = store.people_with_roles().await.unwrap();
    assert_eq!((people.len(), people[0].name.as_str()), (1, "P5"));
    let holders = store.role_holders(&["staff".to_owned()]).await.unwrap();
    assert_eq!(holders, [UserId(5)].into());
    let conversation = store.conversation(ConversationId(MessageId(100))).await.unwrap().unwrap();
    assert_eq!(conversation.links, "[]");
    let exchanges = store.exchanges(conversation.id).await.unwrap();
    let exchanges = exchanges.iter().map(|one| (one.id, one.verdict.as_str()));
    assert_eq!(exchanges.collect::<Vec<_>>(), [(MessageId(100), r#"{"messages":[100]}"#)]);
    let asked = store.answered_counts_since(Timestamp::UNIX_EPOCH, time::days(1)).await.unwrap();
    assert_eq!(asked, (1, 1), "an exchange each, and its occurrence");
    let occurrences = store.occurrences_asked(&[MessageId(100)].into()).await.unwrap();
    let stored = &occurrences[0];
    assert_eq!((occurrences.len(), &stored.cluster), (1, &Some(cluster())));
    assert_eq!(to_json(&stored.occurrence), to_json(&occurrence()));
    let summary = ClusterSummary {
        id: cluster(),
        state: ClusterState::Proposed,
        size: 1,
        outside_core: Default::default(),
        times: 1,
        askers: 1,
        representative: MessageId(100),
        due_since: Some(time::at_millisecond(7)),
    };
    assert_eq!(store.cluster_summaries().await.unwrap(), [summary]);
    let changes = store.changes_after(0, 10).await.unwrap();
    let change = |seq, cluster| IndexChange { seq, cluster };
    assert_eq!(changes, [change(1, former.clone()), change(2, cluster())]);
    // An id of the feed is never used twice, also where the feed was emptied before.
    let next = "DELETE FROM index_changes; INSERT INTO index_changes (cluster) VALUES ('x')";
    let Pool::Sqlite(pool) = &store.write else { panic!("it is a file") };
    sqlx::raw_sql(next).execute(pool).await.unwrap();
    assert_eq!(store.newest_change().await.unwrap(), 3);
}

/// What the second version added, where the store was one already.
async fn check_live(store: &Store, has_rows: bool) {
    let progress = ChannelProgress {
        channel: ChannelId(1),
        guild: GuildId(1),
        newest: MessageId(101),
        oldest: MessageId(100),
        complete: true,
        gapped: false,
        reconciled: time::at_millisecond(5),
        archived_until: time::at_millisecond(6),
    };
    let count = usize::from(has_rows);
    assert_eq!(store.channel_progress().await.unwrap(), vec![progress; count]);
    let marks = store.marks(ChannelId(1), &[MessageId(101)]).await.unwrap();
    assert_eq!(marks.len(), count);
    assert!(marks.iter().all(|mark| mark.by == UserId(5) && mark.answers));
    let duplicates = store.duplicate_marks_of(&[MessageId(50)].into()).await.unwrap();
    assert_eq!(duplicates, vec![(MessageId(100), MessageId(50)); count]);
}

/// A proposal, and what the fourth version added to it.
async fn check_proposals(store: &Store, has_rows: bool) {
    let text = |text: &str, otherwise: &str| if has_rows { text } else { otherwise }.to_owned();
    let proposal = Proposal {
        cluster: cluster(),
        branch: "answers/reset".into(),
        head: "h".into(),
        digest: "d".into(),
        title: "docs: reset".into(),
        path: "a.md".into(),
        state: ProposalState::Open,
        opened: time::at_millisecond(8),
        updated: time::at_millisecond(9),
        purpose: "answer".into(),
        number: has_rows.then_some(12),
        progress: text(r#"{"l":1}"#, "{}"),
        requests: text(r#"{"w":1}"#, "{}"),
        note: has_rows.then(|| "why".into()),
    };
    assert_eq!(store.proposals().await.unwrap(), [proposal]);
    let steps = store.steps_of(&cluster()).await.unwrap();
    let steps = steps.iter().map(|step| (step.seq, step.step.as_str(), step.ended));
    let all = [(1, "push", Some(time::at_millisecond(9))), (2, "open", None)];
    assert_eq!(steps.collect::<Vec<_>>(), all[..if has_rows { 2 } else { 0 }]);
    let merged = store.merged_answer(&cluster()).await.unwrap();
    let evidence = merged.as_ref().map(|merged| (merged.answer.as_str(), merged.evidence.len()));
    assert_eq!(evidence, has_rows.then_some(("So.", 2)));
    assert_eq!(store.deleted_evidence(&cluster()).await.unwrap(), []);
}

async fn indexes(store: &Store) -> Vec<(String, String)> {
    engine::query_as("SELECT name, tbl_name FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name")
        .fetch_all(&store.read)
        .await
        .unwrap()
}
