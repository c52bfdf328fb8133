//! Words by number: 32 bits, of which the upper two tell the kind of feature.

const OFFSET: u32 = 0x811c_9dc5;
const PRIME: u32 = 0x0100_0193;

/// FNV-1a over `salt` and `text`.
pub(super) fn hash(salt: &str, text: &str) -> u32 {
    let bytes = salt.bytes().chain(std::iter::once(0)).chain(text.bytes());
    bytes.fold(OFFSET, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(PRIME))
}
