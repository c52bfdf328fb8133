//! How links are written into the store.

use indexer::store::{StoreError, StoredConversation};
use rules::disentangle::ParentLink;
use rules::disentangle::link_cue::LinkCue;
use rules::model::ids::MessageId;

/// `[[message, parent or 0, [cue, …]], …]`
pub(super) fn write_links(links: &[ParentLink]) -> String {
    let rows = links
        .iter()
        .map(|link| {
            let cues = link.cues.iter().flatten().map(|cue| cue.as_str()).collect::<Vec<_>>();
            (link.message.0, link.parent.map_or(0, |parent| parent.0), cues)
        })
        .collect::<Vec<_>>();
    serde_json::to_string(&rows).expect("numbers and words are JSON")
}

/// The links of a stored conversation, as they were written.
pub fn read_links(stored: &StoredConversation) -> Result<Vec<ParentLink>, StoreError> {
    parse_links(&stored.links)
}

pub(super) fn parse_links(text: &str) -> Result<Vec<ParentLink>, StoreError> {
    let unreadable = |source| StoreError::Unreadable {
        what: "a conversation's links",
        source: Box::new(source),
    };
    let rows = serde_json::from_str::<Vec<(u64, u64, Vec<String>)>>(text).map_err(unreadable)?;
    let link = |(message, parent, words): (u64, u64, Vec<String>)| {
        let mut cues = [None; 3];
        for (cue, word) in cues.iter_mut().zip(&words) {
            *cue = LinkCue::parse(word);
        }
        ParentLink {
            message: MessageId(message),
            parent: (parent != 0).then_some(MessageId(parent)),
            cues,
        }
    };
    Ok(rows.into_iter().map(link).collect())
}
