//! A story's store in PostgreSQL, looked at from beside.

use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

/// The table and the text of every row that has any, but for what visitors of the site searched for, which is theirs.
pub(crate) fn texts(url: &str) -> Vec<(String, String)> {
    const TABLES: &str = "SELECT CAST(table_name AS TEXT), string_agg(quote_ident(column_name), ', ') \
         FROM information_schema.columns WHERE table_schema = current_schema() \
         AND table_name <> 'search_demand' \
         AND data_type IN ('text', 'bytea', 'ARRAY') GROUP BY table_name";
    block_on(async {
        let mut server = PgConnection::connect(url).await.unwrap();
        let mut texts = Vec::new();
        let tables = sqlx::query_as::<_, (String, String)>(TABLES).fetch_all(&mut server).await;
        for (table, columns) in tables.unwrap() {
            let rows = format!("SELECT concat_ws(' ', {columns}) FROM {table}");
            let rows = sqlx::query_scalar::<_, String>(AssertSqlSafe(rows)).fetch_all(&mut server);
            texts.extend(rows.await.unwrap().into_iter().map(|row| (table.clone(), row)));
        }
        server.close().await.unwrap();
        texts
    })
}

/// A connection that has the turn of writers until it closes.
pub(crate) async fn hold(url: &str) -> PgConnection {
    let mut server = PgConnection::connect(url).await.unwrap();
    let turn = "SELECT pg_advisory_lock($1, hashtext(current_schema()))";
    let turn = sqlx::query(turn).bind(i32::from_be_bytes(*b"turn"));
    turn.execute(&mut server).await.unwrap();
    server
}

/// Waits until another connection waits for its turn.
pub(crate) async fn somebody_waits(server: &mut PgConnection) {
    let waits =
        "SELECT EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted)";
    while !sqlx::query_scalar::<_, bool>(waits).fetch_one(&mut *server).await.unwrap() {}
}

fn block_on<T>(done: impl Future<Output = T>) -> T {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_all().build().unwrap().block_on(done)
}
