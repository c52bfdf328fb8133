//! Seeded runs with kills, faults and busy maintainers; `crashes` plays a thousand of them.

use std::path::Path;

use tests::crashes::Prepared;

use crate::sandbox::PROGRAM;

#[test]
fn whatever_fails_there_is_one_pull_request_for_each_question() {
    let prepared = Prepared::new(Path::new(PROGRAM)).unwrap();
    for seed in 1..=15 {
        prepared.run(seed).unwrap_or_else(|error| panic!("seed {seed}: {error:#}"));
    }
}
