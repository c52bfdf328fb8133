//! Imports small invented histories in many orders and partitions, and tells where the order shows.
//!
//! `orders --runs N --seed S` plays the seeds S, S+1, … and exits with 1 if any of them ends in
//! different states. A difference is reduced to the files and messages that it takes, and printed.

mod history;
mod play;
mod shrink;
mod store_mutations;

use std::io::Write;
use std::process::ExitCode;

use anyhow::{Context, bail};
use history::Case;
use play::Player;
use tests::seeded_rng::SeededRng;

const USAGE: &str = "usage: orders [--runs N] [--seed S]";

fn main() -> anyhow::Result<ExitCode> {
    let (runs, first) = arguments()?;
    let player = Player::new()?;
    let mut out = std::io::stdout().lock();
    let mut differing = 0;
    for seed in first..first + runs {
        let case = Case::invent(&mut SeededRng::new(seed))?;
        if player.difference(&case)?.is_some() {
            differing += 1;
            writeln!(out, "seed {seed}: the order shows")?;
            let small = shrink::shrink(case, |case| Ok(player.difference(case)?.is_some()))?;
            writeln!(out, "{small}{}", player.difference(&small)?.unwrap_or_default())?;
        }
        if (seed - first + 1).is_multiple_of(100) {
            writeln!(out, "{} runs, {differing} with a difference", seed - first + 1)?;
        }
    }
    writeln!(out, "{runs} runs from seed {first}: {differing} with a difference")?;
    Ok(if differing == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn arguments() -> anyhow::Result<(u64, u64)> {
    let (mut runs, mut seed) = (1_000, 1);
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let number = words.next().context(USAGE)?.parse::<u64>().context(USAGE)?;
        match word.as_str() {
            "--runs" => runs = number,
            "--seed" => seed = number,
            _ => bail!(USAGE),
        }
    }
    Ok((runs, seed))
}
