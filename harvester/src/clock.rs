//! The one place that reads the clock and the machine's randomness.

use rules::ids::Millis;
use rules::pseudonym::Salt;

/// The current time.
pub fn now() -> Millis {
    Millis(jiff::Timestamp::now().as_millisecond())
}

/// A salt that nobody can guess.
pub fn fresh_salt() -> Result<Salt, getrandom::Error> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)?;
    Ok(Salt(bytes))
}
