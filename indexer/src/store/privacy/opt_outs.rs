//! People who do not want to be stored: known by salted hashes, so that the list names nobody.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

use rules::model::ids::UserId;
use rules::model::message::Message;
use rules::publish::pseudonym::Salt;
use sha2::{Digest, Sha256};

use super::quotes::{digest_of_line, digests_in, erased_among, without_quotes};
use crate::store::engine::{self, Transaction};
use crate::store::operations::settings::{hex, read_salt};
use crate::store::{Result, Store, StoreError};

/// Everybody who opted out.
#[derive(Clone, Default)]
pub struct OptOuts {
    salt: Option<Salt>,
    digests: HashSet<String>,
    /// Digests of the quoted lines, of the messages at hand, that people who opted out wrote.
    quotes: HashSet<String>,
}

impl fmt::Debug for OptOuts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OptOuts").field("people", &self.digests.len()).finish_non_exhaustive()
    }
}

impl OptOuts {
    /// Whether a person opted out.
    pub fn covers(&self, user: UserId) -> bool {
        let digest = self.salt.as_ref().filter(|_| !self.digests.is_empty());
        digest.is_some_and(|salt| self.digests.contains(&digest_of(user, salt)))
    }

    /// A message without the mentions and reactions of people who opted out; `None` if one of them
    /// wrote it.
    pub fn screen<'m>(&self, message: &'m Message) -> Option<Cow<'m, Message>> {
        if self.digests.is_empty() {
            return Some(Cow::Borrowed(message));
        }
        if self.covers(message.author.id) {
            return None;
        }
        let covered = without(message, &|user| self.covers(user));
        let covered = covered.map_or(Cow::Borrowed(message), Cow::Owned);
        let salt = self.salt.as_ref().filter(|_| !self.quotes.is_empty());
        let unquoted = salt.and_then(|salt| {
            without_quotes(&covered.text, &|line| self.quotes.contains(&digest_of_line(line, salt)))
        });
        Some(match unquoted {
            Some(text) => Cow::Owned(Message { text, ..covered.into_owned() }),
            None => covered,
        })
    }

    /// Whether a raw text holds the id of somebody who opted out.
    pub(in crate::store) fn named_in(&self, raw: &str) -> bool {
        !self.digests.is_empty()
            && raw
                .split(|c: char| !c.is_ascii_digit())
                .filter_map(|digits| digits.parse().ok())
                .any(|id| self.covers(UserId(id)))
    }
}

/// What stands in a text where somebody who opted out was mentioned.
const SOMEONE: &str = "@someone";

/// A message without mentions of, and reactions by, the people that are to be left out; `None` if
/// it has none.
pub(in crate::store) fn without(
    message: &Message,
    left_out: &dyn Fn(UserId) -> bool,
) -> Option<Message> {
    let names = message
        .mentions
        .iter()
        .filter(|mention| !mention.name.is_empty())
        .map(|mention| (mention.name.as_str(), left_out(mention.id)))
        .collect::<Vec<_>>();
    let text = hide_mentions(&message.text, &names, left_out);
    let forwarded = message.forwarded.as_deref();
    let forwarded = forwarded.and_then(|text| hide_mentions(text, &names, left_out));
    let mentioned = message.mentions.iter().any(|mention| left_out(mention.id));
    let mut users = message.reactions.iter().flat_map(|reaction| &reaction.users);
    let reacts = users.any(|user| left_out(*user));
    if text.is_none() && forwarded.is_none() && !mentioned && !reacts {
        return None;
    }
    let mut rest = message.clone();
    rest.text = text.unwrap_or(rest.text);
    rest.forwarded = forwarded.or(rest.forwarded);
    rest.mentions.retain(|mention| !left_out(mention.id));
    for reaction in &mut rest.reactions {
        let before = reaction.users.len();
        reaction.users.retain(|user| !left_out(*user));
        let gone = (before - reaction.users.len()) as u32;
        reaction.count = reaction.count.saturating_sub(gone);
    }
    rest.reactions.retain(|reaction| reaction.count > 0 || !reaction.users.is_empty());
    Some(rest)
}

/// Puts [`SOMEONE`] for each mention of the people to be left out; `None` if there is none. `names`
/// are the mentions as a source may have rendered them, each with whether it is to be left out.
fn hide_mentions(
    text: &str,
    names: &[(&str, bool)],
    left_out: &dyn Fn(UserId) -> bool,
) -> Option<String> {
    let mut hidden = String::new();
    let mut kept = 0;
    let mut looked = 0;
    while let Some(found) = text[looked..].find('@') {
        let at = looked + found;
        looked = at + 1;
        let mention = match raw_mention(text, at) {
            Some((range, user)) => left_out(user).then_some(range),
            None => rendered_mention(text, at, names),
        };
        if let Some((start, end)) = mention {
            hidden.push_str(&text[kept..start]);
            hidden.push_str(SOMEONE);
            kept = end;
            looked = end;
        }
    }
    if kept == 0 {
        return None;
    }
    hidden.push_str(&text[kept..]);
    Some(hidden)
}

/// The place and person of `<@id>` or `<@!id>` around the `@` at a place.
fn raw_mention(text: &str, at: usize) -> Option<((usize, usize), UserId)> {
    let start = at.checked_sub(1).filter(|start| text.as_bytes()[*start] == b'<')?;
    let rest = &text[at + 1..];
    let digits = rest.strip_prefix('!').unwrap_or(rest);
    let length = digits.find('>')?;
    let user = digits[..length].parse().ok()?;
    let end = text.len() - digits.len() + length + 1;
    Some(((start, end), UserId(user)))
}

/// The place of `@name` where the longest name that fits is one to be left out.
fn rendered_mention(text: &str, at: usize, names: &[(&str, bool)]) -> Option<(usize, usize)> {
    let rest = &text[at + 1..];
    let fitting = names.iter().filter(|(name, _)| rest.starts_with(name));
    let (name, left_out) = fitting.max_by_key(|(name, left_out)| (name.len(), *left_out))?;
    left_out.then_some((at, at + 1 + name.len()))
}

impl Store {
    /// Takes an opt-out back that somebody else wrote down for a person; false if there is none. What the
    /// person asked for stands.
    pub async fn withdraw_opt_out(&self, user: UserId) -> Result<bool> {
        let mut transaction = self.begin().await?;
        let salt = salt(&mut transaction).await?;
        let done = engine::query("DELETE FROM opt_outs WHERE digest = $1 AND by_whom = 'operator'")
            .bind(digest_of(user, &salt))
            .execute(&mut transaction)
            .await?;
        transaction.commit().await?;
        Ok(done.rows_affected() > 0)
    }

    /// Everybody who opted out.
    pub async fn opt_outs(&self) -> Result<OptOuts> {
        let mut transaction = self.read.begin_reading().await?;
        read(&mut transaction).await
    }
}

/// Reads the list as a transaction sees it.
pub(in crate::store) async fn read(connection: &mut Transaction) -> Result<OptOuts> {
    let digests = engine::query_scalar::<String>("SELECT digest FROM opt_outs")
        .fetch_all(&mut *connection)
        .await?;
    if digests.is_empty() {
        return Ok(OptOuts::default());
    }
    let salt = Some(salt(connection).await?);
    Ok(OptOuts { salt, digests: digests.into_iter().collect(), quotes: HashSet::new() })
}

/// The list for some messages, with the quotes in them that are to be left out.
pub(in crate::store) async fn read_for<'m>(
    connection: &mut Transaction,
    messages: impl Iterator<Item = &'m Message>,
) -> Result<OptOuts> {
    let mut opted_out = read(connection).await?;
    if let Some(salt) = &opted_out.salt {
        let lines = digests_in(messages.map(|message| message.text.as_str()), salt);
        opted_out.quotes = erased_among(connection, lines).await?;
    }
    Ok(opted_out)
}

/// The salt of the hashes, which is that of the pseudonyms.
pub(in crate::store) async fn salt(connection: &mut Transaction) -> Result<Salt> {
    let text = engine::query_scalar::<String>("SELECT value FROM settings WHERE name = 'salt'")
        .fetch_optional(connection)
        .await?;
    text.as_deref().map_or(Err(StoreError::NoSalt), read_salt)
}

/// Says whether that is new.
pub(in crate::store) async fn insert(
    connection: &mut Transaction,
    digest: &str,
    by: &str,
    at: i64,
) -> Result<bool> {
    let done = engine::query(
        "INSERT INTO opt_outs (digest, by_whom, at) VALUES ($1, $2, $3) \
         ON CONFLICT (digest) DO NOTHING",
    )
    .bind(digest)
    .bind(by)
    .bind(at)
    .execute(connection)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// What stands for a person in the list.
pub(in crate::store) fn digest_of(user: UserId, salt: &Salt) -> String {
    let hash = Sha256::new().chain_update("opt-out").chain_update(salt.0);
    hex(&hash.chain_update(user.0.to_le_bytes()).finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, names: &[(&str, bool)], expected: &str) {
        let hidden = hide_mentions(text, names, &|user| user == UserId(7));
        assert_eq!(hidden.as_deref().unwrap_or(text), expected, "{text}");
    }

    #[test]
    fn only_mentions_of_the_person_are_hidden() {
        let names = [("Ann", true), ("Anna Lee", false), ("Bo", false)];
        check("hi <@7>, <@!7> and <@8>", &[], "hi @someone, @someone and <@8>");
        check("@Ann님 @Anna Lee @Bo @Ann", &names, "@someone님 @Anna Lee @Bo @someone");
        check("ask Ann, mail a@b", &names, "ask Ann, mail a@b");
        check("<@ <@> <@x> <@!7", &[("7", false)], "<@ <@> <@x> <@!7");
        check("@@Ann", &names, "@@someone");
    }
}
