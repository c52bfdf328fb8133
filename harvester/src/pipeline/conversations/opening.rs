//! What a thread or forum post begins with.

use indexer::store::{AuthorCache, StoreError};
use rules::config::ruleset::Ruleset;
use rules::model::ids::MessageId;
use rules::model::message::{Channel, Message, MessageKind};
use rules::safety::redact;
use rules::thread_title::{ThreadTitle, repeats_title};

use super::judge::ChannelJudge;

/// The message that a thread was opened from, and what its title adds to it.
#[derive(Debug)]
pub(super) struct ThreadOpening {
    /// The thread with the marks of its title as tags.
    pub(super) channel: Channel,
    /// The title, if it says what the thread is about.
    title: Option<String>,
    /// Who opened the thread, and with which words; none where the thread's own first message does.
    starter: Option<Message>,
}

impl ThreadOpening {
    /// Loads what opened `channel`; a channel that is no thread is left as it is.
    pub(super) fn load(
        judge: &ChannelJudge,
        channel: &Channel,
        authors: &mut AuthorCache,
    ) -> Result<Self, StoreError> {
        if !channel.kind.is_thread() {
            return Ok(Self { channel: channel.clone(), title: None, starter: None });
        }
        let (channel, title) = read_title(channel, &judge.rules);
        let starter = starter(judge, &channel, authors)?;
        let starter = starter.filter(|starter| !starter.text.is_empty() || title.is_some());
        Ok(Self { channel, title, starter })
    }

    /// Puts the opening before the messages of the thread.
    pub(super) fn put_before(&self, messages: &mut Vec<Message>) {
        messages.extend(self.starter.clone());
        messages.sort_by_key(|message| message.id);
        let Some(first) = messages.first_mut() else { return };
        let Some(title) = &self.title else { return };
        if first.text.is_empty() {
            first.text.clone_from(title);
        } else if !repeats_title(&first.text, title) {
            first.text = format!("{title}\n{}", first.text);
        }
    }
}

fn read_title(channel: &Channel, rules: &Ruleset) -> (Channel, Option<String>) {
    let mut channel = channel.clone();
    let name = channel.name.clone();
    let title = ThreadTitle::read(&name, |word| rules.signals.is_solved_tag(word));
    if let Some(mark) = title.solved {
        let tag = if rules.signals.is_solved_tag(mark) { mark } else { "solved" };
        channel.tags.push(tag.to_owned());
    }
    let informative = rules.conversations.question_traits(title.text).informative;
    (channel, informative.then(|| redact(title.text, &rules.safety).into_owned()))
}

/// The message that the thread was opened from: it stands in the channel above and has the thread's id.
/// Where that is not stored, the empty message that the thread begins with tells who opened it.
fn starter(
    judge: &ChannelJudge,
    channel: &Channel,
    authors: &mut AuthorCache,
) -> Result<Option<Message>, StoreError> {
    let (store, runtime) = (&judge.store, &judge.runtime);
    if let Some(parent) = channel.parent {
        let origin = MessageId(channel.id.0);
        let found = runtime.block_on(store.messages_with(parent, &[origin], authors))?;
        if let Some(message) = found.into_iter().find(|message| message.kind.is_talk()) {
            return Ok(Some(message));
        }
    }
    let first = runtime.block_on(store.first_message(channel.id, authors))?;
    let first = first.filter(|first| first.kind == MessageKind::ThreadStarter);
    Ok(first.map(|first| Message { kind: MessageKind::Default, ..first }))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use rules::model::ids::{ChannelId, GuildId, UserId};
    use rules::model::message::{Author, ChannelKind};
    use rules::time;

    use super::*;

    fn message(id: u64, text: &str) -> Message {
        let author = Author { id: UserId(id), name: "ada".into(), bot: false, roles: Vec::new() };
        Message {
            id: MessageId(id),
            channel: ChannelId(1),
            author: Arc::new(author),
            kind: MessageKind::Default,
            sent: time::at_millisecond(id as i64),
            edited: None,
            text: text.into(),
            reply_to: None,
            mentions: Vec::new(),
            reactions: Vec::new(),
            attachments: Vec::new(),
            forwarded: None,
            pinned: false,
        }
    }

    /// The first message of a thread of this name, whose own first message says `text`.
    fn first(name: &str, starter: Option<&str>, text: &str) -> (String, Vec<String>) {
        let channel = Channel {
            id: ChannelId(1),
            guild: GuildId(1),
            kind: ChannelKind::Thread,
            name: name.into(),
            topic: None,
            parent: None,
            parent_name: None,
            tags: Vec::new(),
        };
        let (channel, title) = read_title(&channel, &Ruleset::embedded());
        let starter = starter.map(|text| message(1, text));
        let mut messages = vec![message(2, text)];
        ThreadOpening { channel: channel.clone(), title, starter }.put_before(&mut messages);
        (messages[0].text.clone(), channel.tags)
    }

    #[test]
    fn a_title_is_part_of_the_question_unless_it_says_nothing_more() {
        let asked = "How do I rotate the signing key?";
        for (name, starter, text, expected) in [
            (asked, None, "It fails.", "How do I rotate the signing key?\nIt fails."),
            (asked, Some(""), "Run it.", asked),
            ("How do I rotate the si", Some(asked), "Run it.", asked),
            ("help", None, "It fails.", "It fails."),
        ] {
            assert_eq!(first(name, starter, text), (expected.into(), Vec::new()), "{name}");
        }
    }

    #[test]
    fn a_solved_title_is_a_tag_and_no_words() {
        let (text, tags) = first("[SOLVED] How do I rotate the signing key?", None, "It fails.");
        let expected = "How do I rotate the signing key?\nIt fails.";
        assert_eq!((text.as_str(), tags.len()), (expected, 1));
        assert!(Ruleset::embedded().signals.is_solved_tag(&tags[0]));
        assert_eq!(first("✅ Where is the config?", None, "x").1, ["solved"]);
    }
}
