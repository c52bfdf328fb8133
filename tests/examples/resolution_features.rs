//! Writes what the weights of `rules/signals.toml` are multiplied with, for `eval/resolution/fit.py`.

use std::io::{BufWriter, Write};
use std::path::Path;

use anyhow::Context;

fn main() -> anyhow::Result<()> {
    let input = std::env::args().nth(1).context("usage: resolution_features INPUT.jsonl")?;
    let mut out = BufWriter::new(std::io::stdout().lock());
    tests::predict::resolution::features(Path::new(&input), &mut out)?;
    Ok(out.flush()?)
}
