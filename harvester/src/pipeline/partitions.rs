//! Which process judges which channels: all channels are divided into partitions, and each partition is judged by
//! whoever holds its lease.

use std::fmt::{self, Display, Formatter};

use rules::model::ids::ChannelId;

/// The number of partitions. It stays: two processes that count differently would judge a channel at once.
pub const PARTITIONS: u8 = 64;

/// 2^64 divided by the golden ratio: spreads ids whose low bits are nearly all alike, as Discord's are.
const SPREAD: u64 = 0x9E37_79B9_7F4A_7C15;

/// A share of the channels that is judged by one process at a time. Shown as the name of its lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Partition(u8);

impl Partition {
    pub(super) fn of(channel: ChannelId) -> Self {
        let spread = channel.0.wrapping_mul(SPREAD) >> (u64::BITS - u8::BITS);
        Self(spread as u8 % PARTITIONS)
    }

    /// The partition whose lease has this name.
    pub(super) fn of_lease(name: &str) -> Option<Self> {
        let number = name.strip_prefix("judge/")?.parse::<u8>().ok()?;
        (number < PARTITIONS).then_some(Self(number))
    }

    pub(super) fn all() -> impl Iterator<Item = Self> {
        (0..PARTITIONS).map(Self)
    }
}

impl Display for Partition {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "judge/{}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn channels_that_were_made_one_after_the_other_spread_over_all_partitions() {
        // Snowflakes: a millisecond apart, on one worker.
        let channels = (0..6_400_u64).map(|at| ChannelId((1_000_000 + at) << 22));
        let mut sizes = BTreeMap::<_, usize>::new();
        channels.for_each(|id| *sizes.entry(Partition::of(id)).or_default() += 1);
        assert_eq!(sizes.len(), usize::from(PARTITIONS));
        assert!(sizes.values().all(|size| (50..=150).contains(size)), "{sizes:?}");
    }

    #[test]
    fn a_channel_stays_in_its_partition() {
        let places = [1, 2, 871_393_254_114_861_097].map(|id| Partition::of(ChannelId(id)).0);
        assert_eq!(places, [PLACES[0], PLACES[1], PLACES[2]]);
    }

    /// Written down: another version of the program must come to the same.
    const PLACES: [u8; 3] = [30, 60, 18];
}
