//! The one place that reads the clock and the machine's randomness.

use rules::ids::Millis;
use rules::pseudonym::Salt;

/// The current time.
pub fn now() -> Millis {
    Millis(jiff::Timestamp::now().as_millisecond())
}

/// A salt that nobody can guess.
pub fn fresh_salt() -> Result<Salt, getrandom::Error> {
    fresh().map(Salt)
}

/// A name that no other process has.
pub fn fresh_name() -> Result<String, getrandom::Error> {
    Ok(format!("{:016x}", u64::from_le_bytes(fresh()?)))
}

fn fresh<const N: usize>() -> Result<[u8; N], getrandom::Error> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)?;
    Ok(bytes)
}
