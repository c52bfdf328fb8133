//! What happens to stored messages besides exports.

use std::fmt;

use indexer::store::{AnswerMarkRow, Result, Store, WriteBatch};
use jiff::{SignedDuration, Timestamp};
use rules::model::ids::{ChannelId, MessageId, UserId};
use rules::time;
use serde_json::Value;

use crate::history::messages;
use tests::seeded_rng::SeededRng;

/// In the years of the exports, so that some come before and some after.
const BETWEEN: Timestamp = Timestamp::constant(3_790_000_000, 0);

/// Something done at a moment of its own, so that its place among the imports must not show.
#[derive(Debug, Clone)]
pub(crate) enum StoreMutation {
    Delete(ChannelId, Vec<MessageId>, Timestamp),
    Hide(ChannelId, Timestamp),
    Mark(AnswerMarkRow),
}

impl StoreMutation {
    /// A mutation on the messages of a file; `None` on an empty one.
    pub(crate) fn invent(file: &Value, number: usize, dice: &mut SeededRng) -> Option<Self> {
        let all = messages(file).iter().filter_map(|message| id(&message["id"]));
        let all = all.map(MessageId).collect::<Vec<_>>();
        if all.is_empty() {
            return None;
        }
        let channel = ChannelId(id(&file["channel"]["id"])?);
        let at =
            BETWEEN + time::days(dice.roll(12) as i64) + SignedDuration::from_millis(number as i64);
        let message = all[dice.roll(all.len())];
        Some(match dice.roll(8) {
            0 => Self::Hide(channel, at),
            1 | 2 => {
                let by = UserId(dice.roll(3) as u64 + 1);
                let answers = dice.roll(3) > 0;
                Self::Mark(AnswerMarkRow { channel, message, by, answers, at })
            }
            3 => {
                let first = dice.roll(all.len());
                let run = all.into_iter().skip(first).take(1 + dice.roll(30));
                Self::Delete(channel, run.collect(), at)
            }
            _ => Self::Delete(channel, vec![message], at),
        })
    }

    pub(crate) async fn happen(&self, store: &Store) -> Result<()> {
        let mut batch = WriteBatch::default();
        match self {
            Self::Delete(channel, messages, at) => {
                batch.deleted = messages.iter().map(|message| (*channel, *message, *at)).collect();
            }
            Self::Hide(channel, at) => batch.hidden.push((*channel, *at)),
            Self::Mark(mark) => return store.set_mark(mark).await,
        }
        store.apply_batch(&batch).await.map(drop)
    }
}

impl fmt::Display for StoreMutation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Delete(channel, messages, _) => write!(f, "in {channel} delete {messages:?}"),
            Self::Hide(channel, at) => write!(f, "hide {channel} at {}", at.as_millisecond()),
            Self::Mark(mark) => write!(f, "{mark:?}"),
        }
    }
}

fn id(value: &Value) -> Option<u64> {
    value.as_str()?.parse().ok()
}
