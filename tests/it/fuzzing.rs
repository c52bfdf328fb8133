//! The fuzz targets, driven without a fuzzer.

use std::path::Path;

use proptest::prelude::*;

type FuzzTarget = fn(&[u8]);

const TARGETS: [(&str, FuzzTarget); 6] = [
    ("navigation", fuzz::navigation),
    ("redaction", fuzz::redaction),
    ("export", fuzz::export),
    ("webhook", fuzz::webhook),
    ("marker", fuzz::marker),
    ("markdown", fuzz::markdown),
];

fn seeds(name: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds").join(name);
    let files = std::fs::read_dir(folder).unwrap();
    files.map(|file| std::fs::read(file.unwrap().path()).unwrap()).collect()
}

#[test]
fn every_seed_holds() {
    for (name, target) in TARGETS {
        let seeds = seeds(name);
        assert!(!seeds.is_empty(), "{name} has no seeds");
        seeds.iter().for_each(|seed| target(seed));
    }
}

/// A seed with some of its bytes replaced, dropped or doubled.
fn mutated(seed: &[u8], cuts: &[(usize, usize, Vec<u8>)]) -> Vec<u8> {
    let mut bytes = seed.to_vec();
    for (at, count, put) in cuts {
        let start = at % (bytes.len() + 1);
        let end = (start + count).min(bytes.len());
        bytes.splice(start..end, put.iter().copied());
    }
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_bytes_hold(
        bytes in proptest::collection::vec(any::<u8>(), 0..200),
        text in "\\PC{0,80}",
        cuts in proptest::collection::vec(
            (any::<usize>(), 0_usize..9, proptest::collection::vec(any::<u8>(), 0..9)), 0..4
        ),
    ) {
        for (name, target) in TARGETS {
            target(&bytes);
            target(text.as_bytes());
            seeds(name).iter().for_each(|seed| target(&mutated(seed, &cuts)));
        }
    }
}
