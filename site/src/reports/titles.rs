//! The words by which reports name questions: what may be quoted, without names, after the safety verdict.

use std::collections::{BTreeMap, BTreeSet};

use indexer::store::{AskedQuestionRow, AuthorCache, StoreError};
use rules::config::scope::Consent;
use rules::model::ids::{ClusterId, MessageId};
use rules::publish::anonymize::Participants;
use rules::publish::presentation::presentable;
use rules::safety::{judge_text, redact};
use serde::Serialize;

use super::ReportSource;
use super::questions::ReportChannels;
use crate::pages::slug::{address, slug};
use crate::pages::title::title;
use crate::presentation::words::InterfaceText;

/// A recurring question by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NamedQuestion {
    pub id: ClusterId,
    pub title: String,
    /// Root-relative, on the site.
    pub url: String,
    /// Its words may not be quoted; the title says so in English.
    #[serde(skip)]
    pub(crate) withheld: bool,
}

/// The characters of a title at most; what is longer is cut at a word.
const MAX_TITLE: usize = 140;

impl ReportSource<'_> {
    /// The clusters with these ids by name; ids that are no more are left out.
    pub(super) async fn name_clusters(
        &self,
        ids: &BTreeSet<ClusterId>,
    ) -> Result<BTreeMap<ClusterId, NamedQuestion>, StoreError> {
        let ids = ids.iter().cloned().collect::<Vec<_>>();
        let clusters = self.store.clusters_with(&ids).await?;
        let text = InterfaceText::english();
        let named = clusters.iter().map(|cluster| {
            let shown = presentable(cluster, &self.rules.safety, &self.rules.facts);
            let people = Participants::of(&shown, self.naming);
            let (asked, title) = title(&shown, &people, text);
            let withheld = asked.is_none() && shown.merged_answer.is_none();
            let url = address(&slug(&title, &shown.id));
            let id = shown.id.clone();
            (id.clone(), NamedQuestion { id, title: shortened(&title), url, withheld })
        });
        Ok(named.collect())
    }

    /// The title of a question that is not answered; `None` where its words may not be quoted or shown.
    pub(super) async fn name_open_question(
        &self,
        row: &AskedQuestionRow,
        channels: &ReportChannels,
    ) -> Result<Option<String>, StoreError> {
        let Some(channel) = channels.get(&row.channel) else { return Ok(None) };
        let scope = &self.rules.scope;
        if !scope.may_quote(channel) {
            if scope.consent != Some(Consent::Ask) {
                return Ok(None);
            }
            let agreed = self.store.consented_messages(&row.messages).await?;
            if !row.messages.iter().all(|message| agreed.contains(message)) {
                return Ok(None);
            }
        }
        let said = self.store.people_in(&[row.conversation].into()).await?;
        let said = said.into_values().flatten().map(|(message, _)| message);
        let ids = said.chain(row.messages.iter().copied()).collect::<BTreeSet<MessageId>>();
        let ids = ids.into_iter().collect::<Vec<_>>();
        let messages =
            self.store.messages_with(row.channel, &ids, &mut AuthorCache::default()).await?;
        let names = messages.iter().flat_map(|message| {
            let mentioned = message.mentions.iter().map(|mention| mention.name.as_str());
            let author = Some(message.author.name.as_str()).filter(|_| !message.author.bot);
            mentioned.chain(author).chain(message.relayed_name())
        });
        let people = Participants::among(names, self.naming);
        let asks = messages.iter().filter(|message| row.messages.contains(&message.id));
        let text = asks.map(|message| message.own_words()).collect::<Vec<_>>().join("\n");
        let text = redact(&text, &self.rules.safety).into_owned();
        let verdict = judge_text(&text, &self.rules.safety, &self.rules.facts);
        let title = verdict.shown(&text).map(|shown| shortened(&people.title(&shown)));
        Ok(title.filter(|title| title.chars().any(char::is_alphabetic)))
    }
}

/// A text on one line, cut between words.
pub(super) fn shortened(title: &str) -> String {
    if title.chars().count() <= MAX_TITLE {
        return title.to_owned();
    }
    let head = title.chars().take(MAX_TITLE).collect::<String>();
    let words = head.rsplit_once(' ').map_or(head.as_str(), |(words, _)| words);
    format!("{words}…")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_title_is_cut_between_words() {
        let long = "word ".repeat(60);
        let short = shortened(&long);
        assert!(short.ends_with("word…") && short.chars().count() <= MAX_TITLE + 1, "{short}");
        assert_eq!(shortened("Where is it?"), "Where is it?");
    }
}
