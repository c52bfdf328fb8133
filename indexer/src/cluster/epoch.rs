//! What the words of questions are weighed by: statistics that stay as they are while the set grows.
//!
//! An epoch is a function of the set of texts. Its statistics come from the earliest texts, up to a
//! boundary that moves in steps of at most a half of their number, and from a sample of them by
//! digest where they are many. So a new question changes nothing, until the next boundary. Where there
//! are many the latest fifth is never counted either: what people edit and delete, and what a late
//! answer settles, is mostly new. Of the older ones only those in the sample matter.

use rules::similarity::{CorpusStats, QaText, SimilarityRules};
use sha2::{Digest, Sha256};

/// How many leading binary digits of the number of texts an epoch keeps, by that number: among few texts
/// each one tells, and among many weighing them again takes long. In unit tests few, so that changes do
/// not always begin an epoch.
const KEPT_DIGITS: [(u64, u32); 3] = if cfg!(test) {
    [(32, 5), (64, 3), (u64::MAX, 2)]
} else {
    [(512, 8), (4_096, 6), (u64::MAX, 3)]
};
/// About so many texts are enough to tell rare words from common ones; in unit tests few, so that
/// changes do not always meet the sample.
const SAMPLE: u64 = if cfg!(test) { 64 } else { 4_096 };

/// Of so few texts all are counted; of more, all but the latest fifth.
const ALL_COUNTED: u64 = if cfg!(test) { 32 } else { 512 };

/// How many of the earliest texts an epoch stands on, out of so many: those that are counted, rounded
/// down to the leading binary digits of their number.
pub(crate) fn boundary(texts: u64) -> u64 {
    let texts = texts.min(ALL_COUNTED.max(texts / 5 * 4));
    let kept =
        KEPT_DIGITS.iter().find(|(below, _)| texts < *below).map_or(2, |(_, digits)| *digits);
    let dropped = (u64::BITS - texts.leading_zeros()).saturating_sub(kept);
    texts >> dropped << dropped
}

/// Of the texts before a boundary, those with a digest up to this one are counted.
pub(crate) fn greatest_digest(boundary: u64) -> i64 {
    match boundary {
        0..=SAMPLE => i64::MAX,
        _ => (i64::MAX / boundary as i64).saturating_mul(SAMPLE as i64),
    }
}

/// The digest of a text; texts that differ by white space around them only are one.
pub(crate) fn digest(asked: &QaText<'_>) -> i64 {
    let mut hash = Sha256::new();
    hash.update((asked.question.trim().len() as u64).to_le_bytes());
    hash.update(asked.question.trim());
    hash.update(asked.answer.trim());
    let bytes = hash.finalize();
    let first = bytes.first_chunk::<8>().expect("a digest has 32 bytes");
    i64::from_le_bytes(*first) & i64::MAX
}

/// The statistics of the epoch of a set of texts, given in order and each once.
pub(crate) fn stats_of(texts: &[QaText<'_>], rules: &SimilarityRules) -> CorpusStats {
    let boundary = boundary(texts.len() as u64);
    let greatest = greatest_digest(boundary);
    let counted = texts.iter().take(boundary as usize).filter(|text| digest(text) <= greatest);
    CorpusStats::of(counted.copied(), rules).of_population(boundary)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boundaries_grow_by_half_at_most() {
        let at = [0, 1, 31, 35, 63, 80, 119, 120, 159, 160, 100_000].map(boundary);
        assert_eq!(at, [0, 1, 31, 32, 48, 64, 64, 96, 96, 128, 65_536]);
        for texts in 0..20_000 {
            let (now, next) = (boundary(texts), boundary(texts + 1));
            assert!(now <= next && next <= texts + 1 && 2 * now + 9 > texts, "{texts}");
        }
    }

    #[test]
    fn a_sample_keeps_its_size_while_the_set_grows() {
        let digests = (0..30_000_u32).map(|number| {
            digest(&QaText { question: &format!("question {number}"), answer: "yes" })
        });
        let digests = digests.collect::<Vec<_>>();
        assert!(digests.iter().all(|one| (0..=greatest_digest(SAMPLE)).contains(one)));
        for boundary in [SAMPLE, 1_024, 8_192, 24_576] {
            let greatest = greatest_digest(boundary);
            let counted = digests.iter().take(boundary as usize).filter(|one| **one <= greatest);
            let share = counted.count() as f64 / SAMPLE as f64;
            assert!((0.5..1.5).contains(&share), "{boundary}: {share}");
        }
    }

    #[test]
    fn a_digest_tells_where_the_question_ends() {
        let of = |question, answer| digest(&QaText { question, answer });
        assert_ne!(of("ab", "c"), of("a", "bc"));
        assert_eq!(of(" ab\n", "c"), of("ab", "c"));
    }
}
