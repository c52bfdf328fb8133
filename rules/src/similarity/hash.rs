//! Words by number: 32 bits, of which the upper two tell the kind of feature.

const WIDE_OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
const WIDE_PRIME: u64 = 0x0000_0100_0000_01b3;
const OFFSET: u32 = 0x811c_9dc5;
const PRIME: u32 = 0x0100_0193;

/// FNV-1a over `salt` and `text`.
pub(super) fn hash(salt: &str, text: &str) -> u32 {
    let bytes = salt.bytes().chain(std::iter::once(0)).chain(text.bytes());
    bytes.fold(OFFSET, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(PRIME))
}

/// FNV-1a over `text` in 64 bits, wide enough to tell texts apart.
pub(super) fn wide_hash(text: &str) -> u64 {
    text.bytes().fold(WIDE_OFFSET, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(WIDE_PRIME))
}
