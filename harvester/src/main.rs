//! The command line. Exit codes: 0 done, 1 failed, 2 wrong use.

use std::process::ExitCode;

use clap::Parser;
use harvester::commands::{Cli, Ended};

fn main() -> ExitCode {
    let cli = Cli::parse();
    match cli.run() {
        Ok(Ended::Well) => ExitCode::SUCCESS,
        Ok(Ended::Badly) => ExitCode::FAILURE,
        Err(error) => {
            cli.complain(&error);
            ExitCode::FAILURE
        }
    }
}
