//! A server that says nothing: packets are lost on the way, and no end of the connection is told of it. The driver waits
//! for as long as the system does, some of its connections for ever.

use std::io;
use std::pin::Pin;
use std::time::Duration;

use sqlx::{Connection as _, Error, PgConnection};

/// The longest that a statement takes: longer than a writer waits for its turn.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(120);
/// The same of one that rewrites the tables of a large store.
pub(in crate::store) const REWRITE_TIMEOUT: Duration = Duration::from_hours(2);
/// The same of a connection that should have nothing to do.
const PING_TIMEOUT: Duration = Duration::from_secs(5);

/// What the server answers; its silence is an error that passes. Boxed: what waits for a statement is part of many deep
/// futures.
pub(super) fn answer<'a, T: 'a, A>(
    ask: impl FnOnce() -> A + Send + 'a,
) -> Pin<Box<dyn Future<Output = Result<T, Error>> + Send + 'a>>
where
    A: Future<Output = Result<T, Error>> + Send + 'a,
{
    Box::pin(async move { answer_within(STATEMENT_TIMEOUT, ask()).await })
}

/// The same of what may take longer, or not so long.
pub(in crate::store) async fn answer_within<T>(
    timeout: Duration,
    asked: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    let silence = |_| Error::Io(io::Error::new(io::ErrorKind::TimedOut, "the server is silent"));
    tokio::time::timeout(timeout, asked).await.map_err(silence)?
}

/// Fails where a connection that is not used any more is silent: the pool drops it, and makes another one.
/// Without this it would keep the place of one.
pub(in crate::store) async fn check_released(connection: &mut PgConnection) -> Result<bool, Error> {
    answer_within(PING_TIMEOUT, connection.ping()).await.map(|()| true)
}
