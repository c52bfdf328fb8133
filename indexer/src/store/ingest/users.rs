//! People as last seen.

use std::collections::BTreeMap;

use rules::model::ids::{MessageId, Millis, UserId};
use rules::model::message::{Author, Role};
use sqlx::{AssertSqlSafe, SqliteConnection};

use crate::store::{MAX_BINDS, Result, Store, from_json, placeholders, to_json};

/// One sight of a person, compared as the store does: the newest message, then the newest reading,
/// then whatever differs.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct UserSighting<'a> {
    as_of: MessageId,
    observed: i64,
    name: &'a str,
    roles: String,
    bot: bool,
}

impl Store {
    /// Everybody who ever spoke and has a role, as last seen.
    pub async fn people_with_roles(&self) -> Result<Vec<Author>> {
        let rows = sqlx::query_as::<_, (i64, String, bool, String)>(
            "SELECT id, name, bot, roles FROM users WHERE roles <> '[]' ORDER BY id",
        )
        .fetch_all(&self.read)
        .await?;
        rows.into_iter().map(author).collect()
    }
}

pub(in crate::store) fn author(
    (id, name, bot, roles): (i64, String, bool, String),
) -> Result<Author> {
    Ok(Author { id: UserId(id as u64), name, bot, roles: from_json("roles", &roles)? })
}

/// Keeps the newest sight of each person.
pub(in crate::store) async fn upsert_users<'a>(
    connection: &mut SqliteConnection,
    seen: impl Iterator<Item = (&'a Author, MessageId, Millis)>,
) -> Result<()> {
    const COLUMNS: usize = 6;
    let latest = latest(seen);
    for chunk in latest.chunks(MAX_BINDS / COLUMNS) {
        let sql = format!(
            "INSERT INTO users (id, name, bot, roles, as_of, observed) VALUES {} \
             ON CONFLICT (id) DO UPDATE SET name = excluded.name, bot = excluded.bot, \
             roles = excluded.roles, as_of = excluded.as_of, observed = excluded.observed \
             WHERE (excluded.as_of, excluded.observed, excluded.name, excluded.roles, excluded.bot) \
             > (users.as_of, users.observed, users.name, users.roles, users.bot)",
            placeholders(1, chunk.len(), COLUMNS)
        );
        let mut query = sqlx::query(AssertSqlSafe(sql));
        for (id, UserSighting { as_of, observed, name, roles, bot }) in chunk {
            query = query
                .bind(id.0 as i64)
                .bind(*name)
                .bind(*bot)
                .bind(roles.as_str())
                .bind(as_of.0 as i64)
                .bind(*observed);
        }
        query.execute(&mut *connection).await?;
    }
    Ok(())
}

fn latest<'a>(
    seen: impl Iterator<Item = (&'a Author, MessageId, Millis)>,
) -> Vec<(UserId, UserSighting<'a>)> {
    let mut latest = BTreeMap::<UserId, UserSighting<'a>>::new();
    for (author, as_of, observed) in seen {
        // Most sights are older than one already met: the roles are written only where they may count.
        let known = latest.get(&author.id);
        if known.is_some_and(|known| {
            (known.as_of, known.observed, known.name) > (as_of, observed.0, author.name.as_str())
        }) {
            continue;
        }
        let roles = to_json(&sorted(&author.roles));
        let sight = UserSighting {
            as_of,
            observed: observed.0,
            name: &author.name,
            roles,
            bot: author.bot,
        };
        if known.is_none_or(|known| *known < sight) {
            latest.insert(author.id, sight);
        }
    }
    latest.into_iter().collect()
}

fn sorted(roles: &[Role]) -> Vec<&Role> {
    let mut roles = roles.iter().collect::<Vec<_>>();
    roles.sort_by(|one, other| (one.id, &one.name).cmp(&(other.id, &other.name)));
    roles
}
