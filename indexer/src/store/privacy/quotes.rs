//! What erased people wrote, quoted in the messages of others: `> line`.

use std::collections::{BTreeSet, HashSet};

use rules::model::ids::{ChannelId, MessageId};
use rules::model::message::Message;
use rules::publish::pseudonym::Salt;
use sha2::{Digest, Sha256};
use sqlx::AssertSqlSafe;

use crate::store::engine::{self, Transaction, named_row};
use crate::store::ingest::batch::MessageKey;
use crate::store::ingest::invalidations::Invalidations;
use crate::store::ingest::message_versions::{MessageVersion, rewrite_message};
use crate::store::ingest::messages::{AuthorCache, MessageRow, message};
use crate::store::operations::settings::hex;
use crate::store::sql::SqlId;
use crate::store::{MAX_BINDS, Result, placeholders};

/// A shorter line says too little to be known again.
const SHORTEST: usize = 8;
/// A part of a line of this length is a quote of it.
const SHORTEST_PART: usize = 16;

/// A text without the quoted lines of which `is_erased` holds; `None` if there is none. It is asked with the
/// words of the line, without marks.
pub(super) fn without_quotes(text: &str, is_erased: &dyn Fn(&str) -> bool) -> Option<String> {
    let mut to_the_end = false;
    let mut dropped = false;
    let kept = text.split_inclusive('\n').filter(|line| {
        to_the_end |= line.trim_start().starts_with(">>> ");
        let erased = quoted(line, to_the_end).is_some_and(|words| is_erased(&words));
        dropped |= erased;
        !erased
    });
    let kept = kept.collect::<String>();
    dropped.then(|| kept.trim_end().to_owned())
}

/// The words of a quoted line.
fn quoted(line: &str, to_the_end: bool) -> Option<String> {
    let line = line.trim_start();
    let words = match line.strip_prefix('>') {
        Some(rest) => words_of(rest),
        None if to_the_end => words_of(line),
        None => return None,
    };
    Some(words).filter(|words| !words.is_empty())
}

/// The words of a line in lower case, without marks.
fn words_of(line: &str) -> String {
    let line = line.to_lowercase();
    let words = line.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ")
}

/// What stands for a line in the list.
pub(super) fn digest_of_line(words: &str, salt: &Salt) -> String {
    let hash = Sha256::new().chain_update("quote").chain_update(salt.0);
    hex(&hash.chain_update(words.as_bytes()).finalize())
}

/// The digests of the quoted lines of some texts.
pub(in crate::store) fn digests_in<'t>(
    texts: impl Iterator<Item = &'t str>,
    salt: &Salt,
) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for text in texts {
        let mut to_the_end = false;
        for line in text.lines() {
            to_the_end |= line.trim_start().starts_with(">>> ");
            found.extend(quoted(line, to_the_end).map(|words| digest_of_line(&words, salt)));
        }
    }
    found
}

/// Those of some digests that are of lines of erased people.
pub(in crate::store) async fn erased_among(
    connection: &mut Transaction,
    digests: BTreeSet<String>,
) -> Result<HashSet<String>> {
    let digests = digests.into_iter().collect::<Vec<_>>();
    let mut found = HashSet::new();
    for chunk in digests.chunks(MAX_BINDS) {
        let sql = format!(
            "SELECT digest FROM erased_quotes WHERE digest IN {}",
            placeholders(1, chunk.len())
        );
        let mut query = engine::query_scalar::<String>(AssertSqlSafe(sql));
        for digest in chunk {
            query = query.bind(digest);
        }
        found.extend(query.fetch_all(&mut *connection).await?);
    }
    Ok(found)
}

/// Takes quotes of messages that were just deleted out of what others wrote in the same channels, and remembers
/// the lines by their digests. In a reply to one of the messages every quoted line goes.
pub(super) async fn erase_quotes(
    connection: &mut Transaction,
    own: &[(MessageKey, String)],
    salt: &Salt,
    stale: &mut Invalidations,
) -> Result<()> {
    let lines = own.iter().flat_map(|(_, text)| text.lines()).map(words_of);
    let lines = lines.filter(|words| words.len() >= SHORTEST).collect::<HashSet<_>>();
    for words in &lines {
        insert(connection, &digest_of_line(words, salt)).await?;
    }
    let ids = own.iter().map(|((_, id), _)| *id).collect::<HashSet<MessageId>>();
    let channels = own.iter().map(|((channel, _), _)| *channel).collect::<BTreeSet<ChannelId>>();
    for channel in channels {
        for (key, observed, message) in quoting(connection, channel).await? {
            let replies = message.reply_to.is_some_and(|to| ids.contains(&to));
            let is_erased = |words: &str| {
                let part = |line: &String| words.len() >= SHORTEST_PART && line.contains(words);
                replies || lines.contains(words) || lines.iter().any(part)
            };
            let Some(text) = without_quotes(&message.text, &is_erased) else { continue };
            let left = digests_in(std::iter::once(text.as_str()), salt);
            let before = digests_in(std::iter::once(message.text.as_str()), salt);
            for digest in before.difference(&left) {
                insert(connection, digest).await?;
            }
            let rest = Message { text, ..message };
            rewrite_message(connection, key, MessageVersion::of(&rest, observed), &rest).await?;
            stale.purge(key);
        }
    }
    Ok(())
}

named_row! {
    struct QuotingRow {
        observed: i64,
        ..message: MessageRow
    }
}

/// The messages of a channel in which a line may be quoted.
async fn quoting(
    connection: &mut Transaction,
    channel: ChannelId,
) -> Result<Vec<(MessageKey, i64, Message)>> {
    let rows = engine::query_as::<QuotingRow>(
        "SELECT id, author, author_name, bot, kind, sent, edited, text, extra, reactions, \
         reactions_as_of, observed FROM messages WHERE channel = $1 \
         AND (substr(ltrim(text), 1, 1) = '>' OR instr(text, $2) > 0)",
    )
    .bind(channel.to_sql())
    .bind("\n>")
    .fetch_all(connection)
    .await?;
    let mut authors = AuthorCache::default();
    let mut found = Vec::with_capacity(rows.len());
    for row in rows {
        let (message, _) = message(row.message, channel, &mut authors)?;
        found.push(((channel, message.id), row.observed, message));
    }
    Ok(found)
}

async fn insert(connection: &mut Transaction, digest: &str) -> Result<()> {
    engine::query("INSERT INTO erased_quotes (digest) VALUES ($1) ON CONFLICT DO NOTHING")
        .bind(digest)
        .execute(connection)
        .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_quotes_of_erased_lines_go() {
        let is_erased = |words: &str| words == "turn the gallipot left";
        for (text, expected) in [
            ("> Turn the *gallipot* left!\nNo, right.", Some("No, right.")),
            ("a\n> turn the gallipot left\n> and wait\nb", Some("a\n> and wait\nb")),
            (">>> hm\nTurn the gallipot left.", Some(">>> hm")),
            ("Turn the gallipot left", None),
            ("> and wait\nTurn the gallipot left", None),
        ] {
            assert_eq!(without_quotes(text, &is_erased).as_deref(), expected, "{text}");
        }
    }
}
