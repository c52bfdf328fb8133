//! Moments and lengths of time to the millisecond, as Discord's ids, stored rows and JSON have them.
//!
//! jiff's own serialisation is not compiled in: a field that is stored or sent must name [`milliseconds`], or it does
//! not compile, so that no moment is ever written in another form.

use jiff::{SignedDuration, Timestamp};

const MILLISECONDS_PER_SECOND: i64 = 1_000;
const NANOSECONDS_PER_MILLISECOND: i64 = 1_000_000;

/// A moment by its milliseconds since the Unix epoch. Stored rows and foreign files can hold any number: one before
/// [`Timestamp::MIN`] or after [`Timestamp::MAX`] gives that edge.
pub const fn at_millisecond(milliseconds: i64) -> Timestamp {
    // The seconds of `Timestamp::MIN` and `Timestamp::MAX`, which jiff does not say in constants.
    const FIRST_SECOND: i64 = -377_705_023_201;
    const LAST_SECOND: i64 = 253_402_207_200;
    let second = milliseconds.div_euclid(MILLISECONDS_PER_SECOND);
    if second < FIRST_SECOND {
        return Timestamp::MIN;
    }
    if second > LAST_SECOND {
        return Timestamp::MAX;
    }
    let rest = milliseconds.rem_euclid(MILLISECONDS_PER_SECOND) * NANOSECONDS_PER_MILLISECOND;
    Timestamp::constant(second, rest as i32)
}

/// The moment without what is finer than a millisecond, as it reads back from where it is stored.
pub fn whole_millisecond(at: Timestamp) -> Timestamp {
    at_millisecond(at.as_millisecond())
}

/// The moment a length later, at most [`Timestamp::MAX`].
pub fn plus(at: Timestamp, length: SignedDuration) -> Timestamp {
    at.saturating_add(length).expect("only a span has units without a fixed length")
}

/// The moment a length earlier, at least [`Timestamp::MIN`].
pub fn minus(at: Timestamp, length: SignedDuration) -> Timestamp {
    at.saturating_sub(length).expect("only a span has units without a fixed length")
}

/// A number of days of 24 hours, as UTC has them.
pub const fn days(count: i64) -> SignedDuration {
    SignedDuration::from_hours(count * 24)
}

/// How many whole days of 24 hours a length has.
pub const fn whole_days(length: SignedDuration) -> i64 {
    length.as_hours() / 24
}

/// The milliseconds of a length, at most those that 64 bits hold.
pub fn whole_milliseconds(length: SignedDuration) -> i64 {
    i64::try_from(length.as_millis()).unwrap_or(if length.is_negative() {
        i64::MIN
    } else {
        i64::MAX
    })
}

/// A moment or a length that stands in JSON as an integer of milliseconds.
pub trait WholeMilliseconds: Sized {
    fn to_milliseconds(&self) -> i64;

    fn from_milliseconds(milliseconds: i64) -> Self;
}

impl WholeMilliseconds for Timestamp {
    fn to_milliseconds(&self) -> i64 {
        self.as_millisecond()
    }

    fn from_milliseconds(milliseconds: i64) -> Self {
        at_millisecond(milliseconds)
    }
}

impl WholeMilliseconds for SignedDuration {
    fn to_milliseconds(&self) -> i64 {
        whole_milliseconds(*self)
    }

    fn from_milliseconds(milliseconds: i64) -> Self {
        Self::from_millis(milliseconds)
    }
}

/// For serde's `with`: a moment or a length as an integer of milliseconds.
pub mod milliseconds {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::WholeMilliseconds;

    pub fn serialize<T: WholeMilliseconds, S: Serializer>(
        value: &T,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        value.to_milliseconds().serialize(serializer)
    }

    pub fn deserialize<'de, T: WholeMilliseconds, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<T, D::Error> {
        i64::deserialize(deserializer).map(T::from_milliseconds)
    }

    /// The same for what may be missing. A field that may be absent when it is read needs `default` as well.
    pub mod optional {
        use serde::{Deserialize, Deserializer, Serialize, Serializer};

        use crate::time::WholeMilliseconds;

        pub fn serialize<T: WholeMilliseconds, S: Serializer>(
            value: &Option<T>,
            serializer: S,
        ) -> Result<S::Ok, S::Error> {
            value.as_ref().map(T::to_milliseconds).serialize(serializer)
        }

        pub fn deserialize<'de, T: WholeMilliseconds, D: Deserializer<'de>>(
            deserializer: D,
        ) -> Result<Option<T>, D::Error> {
            Ok(Option::<i64>::deserialize(deserializer)?.map(T::from_milliseconds))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_of_milliseconds_reads_back_and_one_beyond_the_calendar_gives_its_edge() {
        for milliseconds in [0, 1, -1, 1_462_015_105_796, -62_135_596_800_001] {
            assert_eq!(at_millisecond(milliseconds).as_millisecond(), milliseconds);
        }
        let (first, last) = (Timestamp::MIN, Timestamp::MAX);
        for beyond in [first.as_millisecond() - 1, i64::MIN] {
            assert_eq!(at_millisecond(beyond), first, "{beyond}");
        }
        for beyond in [last.as_millisecond() + 1, i64::MAX] {
            assert_eq!(at_millisecond(beyond), last, "{beyond}");
        }
        for edge in [first, last] {
            assert_eq!(at_millisecond(edge.as_millisecond()), whole_millisecond(edge));
            assert_eq!(whole_millisecond(edge).as_millisecond(), edge.as_millisecond());
        }
        let finer: Timestamp = "2025-01-05T10:00:00.123456Z".parse().unwrap();
        assert_eq!(whole_millisecond(finer).to_string(), "2025-01-05T10:00:00.123Z");
    }

    #[test]
    fn adding_stops_at_the_edge() {
        assert_eq!(plus(Timestamp::UNIX_EPOCH, days(1)), at_millisecond(86_400_000));
        assert_eq!(plus(Timestamp::MAX, SignedDuration::MAX), Timestamp::MAX);
        assert_eq!(minus(Timestamp::MIN, SignedDuration::MAX), Timestamp::MIN);
        assert_eq!(whole_milliseconds(SignedDuration::MIN), i64::MIN);
        assert_eq!(whole_days(days(3) - SignedDuration::from_millis(1)), 2);
    }

    #[test]
    fn moments_and_lengths_stand_in_json_as_milliseconds() {
        #[derive(Debug, PartialEq, serde::Serialize, serde::Deserialize)]
        struct Row {
            #[serde(with = "milliseconds")]
            at: Timestamp,
            #[serde(with = "milliseconds::optional", default)]
            lasted: Option<SignedDuration>,
        }
        let row = Row { at: at_millisecond(5), lasted: Some(SignedDuration::from_secs(2)) };
        let text = serde_json::to_string(&row).unwrap();
        assert_eq!(text, r#"{"at":5,"lasted":2000}"#);
        assert_eq!(serde_json::from_str::<Row>(&text).unwrap(), row);
        let absent = serde_json::from_str::<Row>(r#"{"at":9223372036854775807}"#).unwrap();
        assert_eq!(absent, Row { at: Timestamp::MAX, lasted: None });
    }
}
