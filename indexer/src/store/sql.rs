//! How ids and times stand in SQLite.

use rules::model::ids::{ChannelId, ConversationId, GuildId, MessageId, UserId};
use rules::time::WholeMilliseconds;

/// An id as SQLite's signed integer: the same 64 bits, so that ids below 2^63, which all are, keep their order.
pub(crate) trait SqlId: Sized {
    fn to_sql(self) -> i64;

    fn from_sql(value: i64) -> Self;
}

macro_rules! sql_ids {
    ($($id:ident),+) => {$(
        impl SqlId for $id {
            fn to_sql(self) -> i64 {
                self.0.cast_signed()
            }

            fn from_sql(value: i64) -> Self {
                Self(value.cast_unsigned())
            }
        }
    )+};
}

sql_ids!(ChannelId, GuildId, MessageId, UserId);

impl SqlId for ConversationId {
    fn to_sql(self) -> i64 {
        self.0.to_sql()
    }

    fn from_sql(value: i64) -> Self {
        Self(MessageId::from_sql(value))
    }
}

/// A moment or a length of time as SQLite's signed integer, in milliseconds: of a moment, since the Unix epoch. A
/// stored moment beyond jiff's calendar reads as its edge.
pub(crate) trait SqlTime: Sized {
    fn to_sql(self) -> i64;

    fn from_sql(value: i64) -> Self;
}

impl<T: WholeMilliseconds> SqlTime for T {
    fn to_sql(self) -> i64 {
        self.to_milliseconds()
    }

    fn from_sql(value: i64) -> Self {
        Self::from_milliseconds(value)
    }
}
