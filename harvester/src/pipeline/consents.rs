//! Records the consents that need no author's answer, with their source and time.

use std::collections::BTreeMap;

use indexer::store::{ConsentGrant, PendingChannel, Store, StoreError};
use jiff::Timestamp;
use rules::config::scope::{Consent, ScopeRules};
use rules::model::message::Channel;

/// The sources of such consents: the operator's rules, or what a channel's topic says.
const RULES: &str = "scope.toml";
const TOPIC: &str = "topic";

/// Notes for each channel that is about to be judged which consent stands, or stands no longer.
pub(super) async fn note(
    store: &Store,
    scope: &ScopeRules,
    channels: &[PendingChannel],
    now: Timestamp,
) -> Result<(), StoreError> {
    let wanted = channels.iter().flat_map(|pending| subjects(&pending.channel));
    let noted = store.consents_for(&wanted.collect::<Vec<_>>()).await?;
    let noted = noted.into_iter().filter(|one| one.withdrawn.is_none());
    let noted = noted.filter(|one| [RULES, TOPIC].contains(&one.source.as_str()));
    let mut noted = noted.map(|one| (one.subject, one.source)).collect::<BTreeMap<_, _>>();
    let served = channels.iter().filter(|pending| !pending.hidden).map(|pending| &pending.channel);
    for channel in served.filter(|channel| scope.covers(channel).is_ok()) {
        let by_rules = scope.consent == Some(Consent::ServerPublic);
        let by_topic = !by_rules && scope.may_quote(channel);
        let sources = [(RULES, by_rules), (TOPIC, by_topic)];
        for (subject, (source, stands)) in subjects(channel).into_iter().zip(sources) {
            if stands && !noted.contains_key(&subject) {
                let source = source.to_owned();
                let subject = subject.clone();
                let consent = ConsentGrant { subject, source, at: now, withdrawn: None };
                store.give_consent(&consent).await?;
                noted.insert(consent.subject, consent.source);
            } else if !stands && noted.remove(&subject).is_some() {
                store.withdraw_consent(&subject, now).await?;
            }
        }
    }
    Ok(())
}

/// A channel's server, and the channel itself.
fn subjects(channel: &Channel) -> [String; 2] {
    [format!("server:{}", channel.guild), format!("channel:{}", channel.id)]
}
