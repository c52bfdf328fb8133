//! The one place that reads the clock and the machine's randomness.

use std::pin::Pin;
use std::time::Duration;

use docgen::github::client::ClientClock;
use rules::model::ids::Millis;
use rules::publish::pseudonym::Salt;

/// The current time.
pub fn now() -> Millis {
    Millis(jiff::Timestamp::now().as_millisecond())
}

/// The system clock, for code that takes a clock as an argument.
pub struct SystemClock;

impl ClientClock for SystemClock {
    fn now(&self) -> Millis {
        now()
    }

    fn sleep(&self, millis: i64) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(tokio::time::sleep(Duration::from_millis(millis.max(0) as u64)))
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
