//! How generated values differ from words, identifiers and numbers.

/// Values shorter than this are too short to tell.
const SHORTEST: usize = 16;
/// Generated values change between upper case, lower case and digits after 1.8 characters on average, 99 of
/// 100 before 3.2; words and identifiers after four or more.
const LONGEST_RUN: f32 = 3.2;
/// Hexadecimal values have few letters, so that they change less often.
const HEX: usize = 24;
/// Values of letters alone change after two on average, names of many words after four or more.
const LONGEST_RUN_OF_LETTERS: f32 = 3.0;

/// Whether a value has letters and digits.
pub(super) fn is_mixed(value: &str) -> bool {
    value.chars().any(|c| c.is_ascii_digit()) && value.chars().any(char::is_alphabetic)
}

/// Whether a value looks generated: long, mixed, and changing between kinds of characters all the time.
/// Punctuation parts a value into pieces that are looked at together.
pub(super) fn is_random(value: &str) -> bool {
    let length = value.bytes().filter(u8::is_ascii_alphanumeric).count();
    if length < SHORTEST {
        return false;
    }
    if !is_mixed(value) {
        return has_both_cases(value) && mean_run(value, length) <= LONGEST_RUN_OF_LETTERS;
    }
    is_long_hex(value) || mean_run(value, length) <= LONGEST_RUN
}

fn has_both_cases(value: &str) -> bool {
    value.bytes().any(|byte| byte.is_ascii_lowercase())
        && value.bytes().any(|byte| byte.is_ascii_uppercase())
}

fn is_long_hex(value: &str) -> bool {
    let plain = value.bytes().filter(|byte| *byte != b'-');
    plain.clone().count() >= HEX && plain.clone().all(|byte| byte.is_ascii_hexdigit())
}

/// Whether a value is hexadecimal and as long as the digests that programs print.
pub(super) fn is_digest(value: &str) -> bool {
    matches!(value.len(), 7..=12 | 16 | 32 | 40 | 56 | 64 | 96 | 128)
        && value.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Whether a value is an address of a chain rather than a key: `0x` with 40 digits, or base 58 of 32 to 44.
pub(super) fn is_public_address(value: &str) -> bool {
    let base58 = |byte: u8| byte.is_ascii_alphanumeric() && !b"0OIl".contains(&byte);
    let hex = value
        .strip_prefix("0x")
        .is_some_and(|hex| hex.len() == 40 && hex.bytes().all(|byte| byte.is_ascii_hexdigit()));
    hex || ((32..=44).contains(&value.len()) && value.bytes().all(base58))
}

/// Characters between changes, as in `get|Value|2`: an upper-case letter goes with the lower-case ones
/// behind it.
fn mean_run(value: &str, length: usize) -> f32 {
    let mut runs = 0;
    let mut before = b' ';
    let kind = |byte: u8| match byte {
        b'a'..=b'z' => 1,
        b'A'..=b'Z' => 2,
        b'0'..=b'9' => 3,
        _ => 0,
    };
    let mut first_of_run = true;
    for byte in value.bytes() {
        let capitalised = kind(before) == 2 && kind(byte) == 1 && first_of_run;
        if kind(byte) != 0 && kind(byte) != kind(before) && !capitalised {
            runs += 1;
            first_of_run = true;
        } else {
            first_of_run = false;
        }
        before = byte;
    }
    length as f32 / runs.max(1) as f32
}

/// Whether a list of numbers is one of bytes that look generated: none above 255, most of them different,
/// not counting up or down.
pub(super) fn are_random_bytes(list: &str) -> bool {
    let numbers = list.split(',').map(|number| number.trim().parse::<u16>());
    let Ok(numbers) = numbers.collect::<Result<Vec<_>, _>>() else { return false };
    let mut different = numbers.clone();
    different.sort_unstable();
    different.dedup();
    let rising = numbers.windows(2).filter(|pair| pair[0] < pair[1]).count();
    numbers.iter().all(|number| *number <= 255)
        && different.len() * 2 > numbers.len()
        && (numbers.len() / 5..numbers.len() * 4 / 5).contains(&rising)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generated_values_change_all_the_time() {
        for value in [
            "a8Kd02mXq7Zp41LsTy9v",
            "0123a567c9ab0d2f4567e9ab",
            "550e8400-e29b-41d4-a716-446655440000",
        ] {
            assert!(is_random(value), "{value}");
        }
        for value in [
            "getAllRegisteredClientPluginsFromRuntime2",
            "meta-llama/Llama-3.3-70B-Instruct-Turbo-Free",
            "claude-3-5-sonnet-20241022",
            "authentication2tokens4everything",
            "projects/12/secrets/db",
            "1234567890123456",
        ] {
            assert!(!is_random(value), "{value}");
        }
    }

    #[test]
    fn lists_that_count_are_no_keys() {
        let counting = (0..64).map(|n| n.to_string()).collect::<Vec<_>>().join(",");
        let mixed = (0..64u32).map(|n| (n * 97 % 251).to_string()).collect::<Vec<_>>().join(", ");
        assert!(!are_random_bytes(&counting) && are_random_bytes(&mixed));
        assert!(!are_random_bytes("1,2,999"));
    }
}
