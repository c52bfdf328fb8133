//! Tokens of the API. Of a token, only its digest is kept.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};

use crate::store::engine;
use crate::store::sql::SqlTime;
use crate::store::{Result, Store};

/// How exactly the last use of a token is kept: a write for each request would slow them all.
const LAST_USE_PRECISION: SignedDuration = SignedDuration::from_mins(1);

/// The SHA-256 of a whole token. A token is 192 random bits, which nobody guesses, so that no slow digest is
/// needed, and looking a digest up tells nothing about the token.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct TokenDigest(String);

/// A token as the operator sees it. Times are when something happens or happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiTokenRow {
    /// The beginning of the token.
    pub id: String,
    pub name: String,
    pub workspace: String,
    /// Separated by spaces.
    pub scopes: String,
    pub per_minute: u32,
    pub created: Timestamp,
    pub expires: Option<Timestamp>,
    pub revoked: Option<Timestamp>,
    /// To the minute.
    pub last_used: Option<Timestamp>,
}

type ApiTokenTuple =
    (String, String, String, String, i64, i64, Option<i64>, Option<i64>, Option<i64>);

const COLUMNS: &str =
    "id, name, workspace, scopes, per_minute, created, expires, revoked, last_used";

impl TokenDigest {
    pub fn of(token: &str) -> Self {
        let digest = Sha256::digest(token.as_bytes());
        Self(digest.iter().map(|byte| format!("{byte:02x}")).collect())
    }
}

impl fmt::Debug for TokenDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(digest of a token)")
    }
}

impl ApiTokenRow {
    /// Whether it opens anything at this time.
    pub fn is_valid(&self, now: Timestamp) -> bool {
        self.revoked.is_none() && self.expires.is_none_or(|expires| now < expires)
    }
}

impl Store {
    pub async fn add_api_token(&self, digest: &TokenDigest, token: &ApiTokenRow) -> Result<()> {
        let ApiTokenRow {
            id,
            name,
            workspace,
            scopes,
            per_minute,
            created,
            expires,
            revoked,
            last_used,
        } = token;
        engine::query(
            "INSERT INTO api_tokens (id, digest, name, workspace, scopes, per_minute, created, \
             expires, revoked, last_used) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        )
        .bind(id)
        .bind(&digest.0)
        .bind(name)
        .bind(workspace)
        .bind(scopes)
        .bind(per_minute)
        .bind(created.to_sql())
        .bind(expires.map(SqlTime::to_sql))
        .bind(revoked.map(SqlTime::to_sql))
        .bind(last_used.map(SqlTime::to_sql))
        .execute(&self.write)
        .await?;
        Ok(())
    }

    /// The token with this digest, valid or not.
    pub async fn api_token(&self, digest: &TokenDigest) -> Result<Option<ApiTokenRow>> {
        let sql =
            sqlx::AssertSqlSafe(format!("SELECT {COLUMNS} FROM api_tokens WHERE digest = $1"));
        let found = engine::query_as::<ApiTokenTuple>(sql)
            .bind(&digest.0)
            .fetch_optional(&self.read)
            .await?;
        Ok(found.map(token))
    }

    /// Every token, the newest first.
    pub async fn api_tokens(&self) -> Result<Vec<ApiTokenRow>> {
        let sql = format!("SELECT {COLUMNS} FROM api_tokens ORDER BY created DESC, id");
        let rows = engine::query_as::<ApiTokenTuple>(sqlx::AssertSqlSafe(sql));
        Ok(rows.fetch_all(&self.read).await?.into_iter().map(token).collect())
    }

    /// Revokes a token; false if none has this id, or it was revoked before.
    pub async fn revoke_api_token(&self, id: &str, now: Timestamp) -> Result<bool> {
        let done =
            engine::query("UPDATE api_tokens SET revoked = $2 WHERE id = $1 AND revoked IS NULL")
                .bind(id)
                .bind(now.to_sql())
                .execute(&self.write)
                .await?;
        Ok(done.rows_affected() > 0)
    }

    /// Records that a token was used, at most once a minute.
    pub async fn record_token_use(&self, id: &str, now: Timestamp) -> Result<()> {
        let now = now.to_sql();
        let minute = now - now.rem_euclid(LAST_USE_PRECISION.to_sql());
        engine::query(
            "UPDATE api_tokens SET last_used = $2 \
             WHERE id = $1 AND (last_used IS NULL OR last_used < $2)",
        )
        .bind(id)
        .bind(minute)
        .execute(&self.write)
        .await?;
        Ok(())
    }
}

fn token(row: ApiTokenTuple) -> ApiTokenRow {
    let (id, name, workspace, scopes, per_minute, created, expires, revoked, last_used) = row;
    ApiTokenRow {
        id,
        name,
        workspace,
        scopes,
        per_minute: per_minute as u32,
        created: Timestamp::from_sql(created),
        expires: expires.map(Timestamp::from_sql),
        revoked: revoked.map(Timestamp::from_sql),
        last_used: last_used.map(Timestamp::from_sql),
    }
}
