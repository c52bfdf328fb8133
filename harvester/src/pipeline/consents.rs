//! Records the consents that need no author's answer, with their source and time.

use std::collections::BTreeSet;

use indexer::store::{ConsentGrant, PendingChannel, Store, StoreError};
use jiff::Timestamp;
use rules::config::scope::{Consent, ScopeRules};
use rules::model::message::Channel;

/// The sources of such consents: the operator's rules, or what a channel's topic says.
const RULES: &str = "scope.toml";
const TOPIC: &str = "topic";

/// Notes for a channel that is about to be judged which consent stands, or stands no longer.
pub(super) async fn note(
    store: &Store,
    scope: &ScopeRules,
    pending: &PendingChannel,
    now: Timestamp,
) -> Result<(), StoreError> {
    let channel = &pending.channel;
    if pending.hidden || scope.covers(channel).is_err() {
        return Ok(());
    }
    let noted = store.consents_for(&subjects(channel)).await?;
    let noted = noted.into_iter().filter(|one| one.withdrawn.is_none());
    let noted = noted.filter(|one| [RULES, TOPIC].contains(&one.source.as_str()));
    let noted = noted.map(|one| one.subject).collect::<BTreeSet<_>>();
    let by_rules = scope.consent == Some(Consent::ServerPublic);
    let by_topic = !by_rules && scope.may_quote(channel);
    let sources = [(RULES, by_rules), (TOPIC, by_topic)];
    for (subject, (source, stands)) in subjects(channel).into_iter().zip(sources) {
        let is_noted = noted.contains(&subject);
        if stands && !is_noted {
            let source = source.to_owned();
            let consent = ConsentGrant { subject, source, at: now, withdrawn: None };
            store.give_consent(&consent).await?;
        } else if !stands && is_noted {
            store.withdraw_consent(&subject, now).await?;
        }
    }
    Ok(())
}

/// A channel's server, and the channel itself.
fn subjects(channel: &Channel) -> [String; 2] {
    [format!("server:{}", channel.guild), format!("channel:{}", channel.id)]
}
