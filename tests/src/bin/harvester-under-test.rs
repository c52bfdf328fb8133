//! The product's own command line, built beside the tests so that they can run it. `HARVESTER_TEST_CLOCK_AHEAD` is how many
//! seconds its clock is ahead of this machine's.

#![expect(clippy::unwrap_used, reason = "a test that sets it wrongly has failed")]

use jiff::SignedDuration;

fn main() -> std::process::ExitCode {
    if let Ok(seconds) = std::env::var("HARVESTER_TEST_CLOCK_AHEAD") {
        harvester::clock::run_ahead(SignedDuration::from_secs(seconds.parse().unwrap()));
    }
    harvester::commands::main()
}
