//! `mixes [--runs N] [--seed S]`: many random mixes of files, pages and live events, with kills.
//!
//! Prints a line for each run that ended otherwise than the truth, and a summary. Built in release, it
//! takes some seconds a run.

#![expect(clippy::print_stdout, reason = "a program that prints its findings")]

use std::process::ExitCode;

fn main() -> anyhow::Result<ExitCode> {
    let program = std::env::current_exe()?.with_file_name("harvester-under-test");
    anyhow::ensure!(program.is_file(), "build it first: cargo build -p tests --bins");
    let (runs, first) = (number("--runs", 200)?, number("--seed", 1)?);
    let mut failed = 0;
    for seed in first..first + runs {
        if let Err(error) = tests::mixes::run(seed, &program) {
            failed += 1;
            println!("seed {seed}: {error:#}");
        }
    }
    println!("{runs} mixes, {failed} ended otherwise than importing the final truth");
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn number(flag: &str, otherwise: u64) -> anyhow::Result<u64> {
    let mut arguments = std::env::args().skip_while(|argument| argument != flag);
    match arguments.nth(1) {
        Some(text) => Ok(text.parse()?),
        None => Ok(otherwise),
    }
}
