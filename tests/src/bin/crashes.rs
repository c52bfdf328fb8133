//! `crashes [--runs N] [--seed S]`: proposals through kills, faults, lost data and busy maintainers.
//!
//! Prints a line for each run that ended otherwise than it must, and a summary. Built in release, it
//! takes some hundredths of a second a run.

#![expect(clippy::print_stdout, reason = "a program that prints its findings")]

use std::process::ExitCode;
use std::time::Instant;

fn main() -> anyhow::Result<ExitCode> {
    let program = std::env::current_exe()?.with_file_name("harvester-under-test");
    anyhow::ensure!(program.is_file(), "build it first: cargo build --release -p tests --bins");
    let (runs, first) = (number("--runs", 1_000)?, number("--seed", 1)?);
    let begun = Instant::now();
    let prepared = tests::crashes::Prepared::new(&program)?;
    let (mut failed, mut sum) = (0, tests::crashes::Ran::default());
    for seed in first..first + runs {
        match prepared.run(seed) {
            Ok(ran) => sum += ran,
            Err(error) => {
                failed += 1;
                println!("seed {seed}: {error:#}");
            }
        }
    }
    println!("{sum}");
    println!(
        "{runs} runs in {:.0} s, {failed} ended otherwise than with exactly one pull request for each \
         question, its right content, and nothing of people's lost",
        begun.elapsed().as_secs_f32()
    );
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn number(flag: &str, otherwise: u64) -> anyhow::Result<u64> {
    let mut arguments = std::env::args().skip_while(|argument| argument != flag);
    match arguments.nth(1) {
        Some(text) => Ok(text.parse()?),
        None => Ok(otherwise),
    }
}
