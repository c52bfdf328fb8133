//! The one place that reads the clock and the machine's randomness.

use std::pin::Pin;
use std::sync::atomic::{AtomicI64, Ordering};

use docgen::github::client::ClientClock;
use jiff::{SignedDuration, Timestamp};
use rules::publish::pseudonym::Salt;
use rules::time;

/// How far [`now`] is ahead of the system's clock, in milliseconds.
static AHEAD: AtomicI64 = AtomicI64::new(0);

/// The current time.
pub fn now() -> Timestamp {
    let ahead = SignedDuration::from_millis(AHEAD.load(Ordering::Relaxed));
    time::plus(time::whole_millisecond(Timestamp::now()), ahead)
}

/// Has this process take for the current time what the clock of a machine would show that is so far ahead.
pub fn run_ahead(ahead: SignedDuration) {
    AHEAD.store(time::whole_milliseconds(ahead), Ordering::Relaxed);
}

/// The system clock, for code that takes a clock as an argument.
pub struct SystemClock;

impl ClientClock for SystemClock {
    fn now(&self) -> Timestamp {
        now()
    }

    fn sleep(&self, length: SignedDuration) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(tokio::time::sleep(length.max(SignedDuration::ZERO).unsigned_abs()))
    }
}

/// A random salt.
pub fn fresh_salt() -> Result<Salt, getrandom::Error> {
    fresh().map(Salt)
}

/// A random name for this process.
pub fn fresh_name() -> Result<String, getrandom::Error> {
    Ok(format!("{:016x}", u64::from_le_bytes(fresh()?)))
}

/// A random secret of 192 bits, as 48 hexadecimal digits.
pub fn fresh_secret() -> Result<String, getrandom::Error> {
    Ok(fresh::<24>()?.iter().map(|byte| format!("{byte:02x}")).collect())
}

fn fresh<const N: usize>() -> Result<[u8; N], getrandom::Error> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)?;
    Ok(bytes)
}
