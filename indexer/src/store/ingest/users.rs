//! People as last seen.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use rules::model::cluster::Cluster;
use rules::model::ids::{MessageId, UserId};
use rules::model::message::{Author, Role};
use sqlx::AssertSqlSafe;

use crate::store::engine::{self, Transaction};
use crate::store::sql::{SqlId, SqlTime};
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
    /// Adds everybody whose name is a word of the cluster's texts to those whom it must not name, wherever
    /// they spoke.
    pub async fn add_named_people(&self, cluster: &mut Cluster) -> Result<()> {
        let quotes = cluster.occurrences.iter().filter(|one| one.quotable);
        let quotes = quotes.flat_map(|one| one.answers.iter().chain([&one.question]));
        let words = quotes.flat_map(|quote| name_words(&quote.text)).collect::<BTreeSet<_>>();
        let mut named = BTreeSet::new();
        for chunk in words.into_iter().collect::<Vec<_>>().chunks(MAX_BINDS) {
            let sql = format!(
                "SELECT name FROM users WHERE bot = 0 AND lower(name) IN {}",
                placeholders(1, chunk.len())
            );
            let mut query = engine::query_scalar::<String>(AssertSqlSafe(sql));
            for word in chunk {
                query = query.bind(word);
            }
            named.extend(query.fetch_all(&self.read).await?);
        }
        if let Some(first) = cluster.occurrences.first_mut() {
            named.extend(std::mem::take(&mut first.people));
            first.people = named.into_iter().collect();
        }
        Ok(())
    }

    /// Everybody who ever spoke and has one of these roles, by name or id, as last seen.
    pub async fn role_holders(&self, roles: &[String]) -> Result<BTreeSet<UserId>> {
        let rows = engine::query_scalar::<i64>(
            "SELECT role_holders.user FROM role_holders WHERE role IN (SELECT value FROM json_each($1))",
        );
        let rows = rows.bind(roles.to_vec()).fetch_all(&self.read).await?;
        Ok(rows.into_iter().map(UserId::from_sql).collect())
    }

    /// Everybody who ever spoke and has a role, as last seen.
    pub async fn people_with_roles(&self) -> Result<Vec<Author>> {
        let rows = engine::query_as::<(i64, String, bool, String)>(
            "SELECT id, name, bot, roles FROM users WHERE roles <> '[]' ORDER BY id",
        )
        .fetch_all(&self.read)
        .await?;
        rows.into_iter().map(author).collect()
    }
}

/// The words of a text that may be somebody's name, as SQLite lowers them.
fn name_words(text: &str) -> impl Iterator<Item = String> {
    let words = text.split(|c: char| !c.is_alphanumeric() && c != '_');
    let words = words.filter(|word| (3..=32).contains(&word.chars().count()));
    words.map(str::to_ascii_lowercase)
}

pub(in crate::store) fn author(
    (id, name, bot, roles): (i64, String, bool, String),
) -> Result<Author> {
    Ok(Author { id: UserId::from_sql(id), name, bot, roles: from_json("roles", &roles)? })
}

/// Keeps the newest sight of each person.
pub(in crate::store) async fn upsert_users<'a>(
    connection: &mut Transaction,
    seen: impl Iterator<Item = (&'a Author, MessageId, Timestamp)>,
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
            placeholders(chunk.len(), COLUMNS)
        );
        let mut query = engine::query(AssertSqlSafe(sql));
        for (id, UserSighting { as_of, observed, name, roles, bot }) in chunk {
            query = query
                .bind(id.to_sql())
                .bind(*name)
                .bind(*bot)
                .bind(roles.as_str())
                .bind(as_of.to_sql())
                .bind(*observed);
        }
        query.execute(&mut *connection).await?;
    }
    Ok(())
}

fn latest<'a>(
    seen: impl Iterator<Item = (&'a Author, MessageId, Timestamp)>,
) -> Vec<(UserId, UserSighting<'a>)> {
    let mut latest = BTreeMap::<UserId, UserSighting<'a>>::new();
    for (author, as_of, observed) in seen {
        // Most sights are older than one already met: the roles are written only where they may count.
        let known = latest.get(&author.id);
        if known.is_some_and(|known| {
            (known.as_of, known.observed, known.name)
                > (as_of, observed.to_sql(), author.name.as_str())
        }) {
            continue;
        }
        let roles = to_json(&sorted(&author.roles));
        let sight = UserSighting {
            as_of,
            observed: observed.to_sql(),
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
