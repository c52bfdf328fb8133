//! The product's own command line, built beside the tests so that they can run it.

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
