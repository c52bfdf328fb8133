//! A store of the version before is brought up to date with rows in it.

use super::*;

const ROWS: &str = r#"
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

#[tokio::test]
async fn reactions_move_out_of_the_extras_and_yield_to_what_is_read_next() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(FILE);
    let options = SqliteConnectOptions::new().filename(file).create_if_missing(true);
    let pool = SqlitePool::connect_with(options).await.unwrap();
    let first = migrator().iter().take(1).cloned().collect::<Vec<_>>();
    Migrator::with_migrations(first).run(&pool).await.unwrap();
    sqlx::raw_sql(ROWS).execute(&pool).await.unwrap();
    pool.close().await;

    let store = Store::open_shared(folder.path()).await.unwrap();
    let told = all(&store, 1).await;
    let reactions = told.iter().map(|one| one.reactions.len()).collect::<Vec<_>>();
    assert_eq!(reactions, [0, 1, 1]);
    assert!(told[2].pinned && store.needs_recluster().await.unwrap());
    let mut again = told[1].clone();
    again.reactions[0].emoji = "*".into();
    let batch = WriteBatch {
        messages: vec![(again.clone(), ReactionsCoverage::Whole, Millis(4))],
        ..WriteBatch::default()
    };
    store.apply_batch(&batch).await.unwrap();
    assert_eq!(all(&store, 1).await[1].reactions, again.reactions);
}
