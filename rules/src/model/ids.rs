//! One type per identifier, so that a channel can never stand where a message should.

use std::fmt;
use std::num::ParseIntError;
use std::str::FromStr;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// 2015-01-01T00:00:00Z, where Discord's snowflakes begin to count.
const DISCORD_EPOCH: Timestamp = Timestamp::constant(1_420_070_400, 0);

/// A snowflake holds its milliseconds since [`DISCORD_EPOCH`] above this many bits.
const TIME_SHIFT: u32 = 22;

macro_rules! snowflake {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub u64);

        impl $name {
            /// The creation time that the snowflake carries in its upper 42 bits.
            pub fn created_at(self) -> Timestamp {
                let milliseconds = (self.0 >> TIME_SHIFT) as i64;
                DISCORD_EPOCH + SignedDuration::from_millis(milliseconds)
            }

            /// The least snowflake of a time; before Discord's epoch, zero.
            pub fn min_at(time: Timestamp) -> Self {
                let milliseconds = time.as_millisecond() - DISCORD_EPOCH.as_millisecond();
                Self((milliseconds.max(0) as u64) << TIME_SHIFT)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = ParseIntError;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }

        /// Text, as Discord writes ids in JSON: they do not fit a JavaScript number.
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    )+};
}

snowflake! {
    GuildId,
    /// A channel, a thread or a forum post: Discord gives all three ids of one kind.
    ChannelId,
    MessageId,
    UserId,
    RoleId,
}

/// A conversation is named by its earliest message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ConversationId(pub MessageId);

impl fmt::Display for ConversationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A cluster is named by its earliest question: `q` and the message id in base 36.
///
/// A site holds several for each answer, so that an id needs no allocation of its own.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ClusterId([u8; CLUSTER_ID_BYTES]);

/// As many as the longest id has; after a shorter one stand zeros, so that ids sort as their texts do.
const CLUSTER_ID_BYTES: usize = 14;

impl ClusterId {
    pub fn of_question(question: MessageId) -> Self {
        let mut rest = question.0;
        let mut digits = Vec::new();
        loop {
            digits.push(char::from_digit((rest % 36) as u32, 36).expect("a digit below 36"));
            rest /= 36;
            if rest == 0 {
                break;
            }
        }
        let text = std::iter::once('q').chain(digits.into_iter().rev()).collect::<String>();
        Self::of_text(&text)
    }

    /// The message that an id was made of; `None` for an id that no message can have given.
    pub fn question(&self) -> Option<MessageId> {
        let digits = self.as_str().strip_prefix('q')?;
        u64::from_str_radix(digits, 36).ok().map(MessageId)
    }

    pub fn as_str(&self) -> &str {
        let end = self.0.iter().position(|byte| *byte == 0).unwrap_or(CLUSTER_ID_BYTES);
        std::str::from_utf8(&self.0[..end]).expect("letters and digits")
    }

    fn of_text(well_formed: &str) -> Self {
        let mut bytes = [0; CLUSTER_ID_BYTES];
        bytes[..well_formed.len()].copy_from_slice(well_formed.as_bytes());
        Self(bytes)
    }
}

impl fmt::Debug for ClusterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ClusterId").field(&self.as_str()).finish()
    }
}

impl TryFrom<String> for ClusterId {
    type Error = ParseClusterIdError;

    fn try_from(text: String) -> Result<Self, ParseClusterIdError> {
        text.parse()
    }
}

impl From<ClusterId> for String {
    fn from(id: ClusterId) -> Self {
        id.as_str().to_owned()
    }
}

impl fmt::Display for ClusterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_str().fmt(f)
    }
}

/// Says why a text is no cluster id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a cluster id: expected `q` and lower-case letters or digits")]
pub struct ParseClusterIdError(String);

impl FromStr for ClusterId {
    type Err = ParseClusterIdError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let well_formed = text.strip_prefix('q').is_some_and(|digits| {
            (1..CLUSTER_ID_BYTES).contains(&digits.len())
                && digits.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_lowercase())
        });
        if well_formed {
            Ok(Self::of_text(text))
        } else {
            Err(ParseClusterIdError(text.to_owned()))
        }
    }
}

/// The address of a message in Discord's own clients.
pub fn permalink(guild: GuildId, channel: ChannelId, message: MessageId) -> String {
    format!("https://discord.com/channels/{guild}/{channel}/{message}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time;

    #[test]
    fn a_snowflake_knows_when_it_was_made() {
        let time = time::at_millisecond(1_462_015_105_796);
        assert_eq!(MessageId(175_928_847_299_117_063).created_at(), time);
        assert_eq!(MessageId::min_at(time), MessageId(175_928_847_299_117_063 >> 22 << 22));
        assert_eq!(MessageId::min_at(Timestamp::UNIX_EPOCH), MessageId(0));
    }

    #[test]
    fn a_cluster_id_reads_back_and_nothing_else_does() {
        let id = ClusterId::of_question(MessageId(u64::MAX));
        assert_eq!(id.as_str().parse(), Ok(id.clone()));
        for wrong in ["", "q", "qA", "x1", "q../etc", "q12345678901234"] {
            assert!(wrong.parse::<ClusterId>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn ids_are_text_in_json() {
        assert_eq!(serde_json::to_string(&UserId(7)).unwrap(), "\"7\"");
        assert_eq!(serde_json::from_str::<UserId>("\"7\"").unwrap(), UserId(7));
        assert!(serde_json::from_str::<UserId>("\"x\"").is_err());
    }
}
