//! How links are written into the store.

use std::collections::HashMap;

use indexer::store::{StoreError, StoredConversation};
use rules::disentangle::ParentLink;
use rules::disentangle::link_cue::LinkCue;
use rules::model::ids::MessageId;

/// `[[message, parent, cues], …]`: the parent as the number of places that it stands before, negative, or its id if it
/// stands elsewhere, or 0 without one; each cue as a letter.
pub(super) fn write_links(links: &[ParentLink]) -> String {
    let places = links.iter().enumerate().map(|(place, link)| (link.message, place));
    let places = places.collect::<HashMap<_, _>>();
    let row = |(place, link): (usize, &ParentLink)| {
        let parent = link.parent.map_or(0, |parent| match places.get(&parent) {
            Some(before) if *before < place => *before as i64 - place as i64,
            _ => parent.0.cast_signed(),
        });
        let cues = link.cues.iter().flatten().map(|cue| cue.letter()).collect::<String>();
        (link.message.0, parent, cues)
    };
    let rows = links.iter().enumerate().map(row).collect::<Vec<_>>();
    serde_json::to_string(&rows).expect("numbers and words are JSON")
}

/// The links of a stored conversation, as they were written.
pub fn read_links(stored: &StoredConversation) -> Result<Vec<ParentLink>, StoreError> {
    parse_links(&stored.links)
}

pub(super) fn parse_links(text: &str) -> Result<Vec<ParentLink>, StoreError> {
    let unreadable = |source| StoreError::Unreadable { what: "a conversation's links", source };
    let rows = serde_json::from_str::<Vec<(u64, i64, String)>>(text);
    let rows = rows.map_err(|source| unreadable(source.into()))?;
    let link = |(place, (message, parent, letters)): (usize, &(u64, i64, String))| {
        let parent = match parent {
            0 => None,
            1.. => Some(MessageId(parent.cast_unsigned())),
            _ => {
                let before = place.checked_sub(parent.unsigned_abs() as usize);
                let before = before.ok_or_else(|| unreadable("a parent has no place".into()))?;
                Some(MessageId(rows[before].0))
            }
        };
        let mut cues = [None; 3];
        for (cue, letter) in cues.iter_mut().zip(letters.chars()) {
            *cue = LinkCue::from_letter(letter);
        }
        Ok(ParentLink { message: MessageId(*message), parent, cues })
    };
    rows.iter().enumerate().map(link).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_read_back_as_they_were() {
        let link = |message, parent, cues| ParentLink { message: MessageId(message), parent, cues };
        let links = [
            link(10, None, [Some(LinkCue::FirstWords), Some(LinkCue::AfterSilence), None]),
            link(12, Some(MessageId(10)), [Some(LinkCue::Names), None, None]),
            // Its parent stands above the thread.
            link(15, Some(MessageId(7)), [None; 3]),
            link(16, Some(MessageId(10)), [Some(LinkCue::Reply), None, None]),
        ];
        let text = write_links(&links);
        assert_eq!(text, r#"[[10,0,"fl"],[12,-1,"n"],[15,7,""],[16,-3,"r"]]"#);
        assert_eq!(parse_links(&text).unwrap(), links);
        for wrong in ["", "[[1,-1,\"\"]]", "[[1,0,[]]]"] {
            assert!(parse_links(wrong).is_err(), "{wrong}");
        }
    }
}
