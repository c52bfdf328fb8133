//! Files, pages and live events in random mixes, with kills, losses, edits and deletions.

use std::path::Path;

use crate::sandbox::PROGRAM;

#[test]
fn any_mix_of_ways_ends_as_importing_the_final_truth() {
    for seed in 1..=2 {
        if let Err(error) = tests::mixes::run(seed, Path::new(PROGRAM)) {
            panic!("seed {seed}: {error:#}");
        }
    }
}
