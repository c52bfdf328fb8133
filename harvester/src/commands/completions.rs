use clap::CommandFactory;
use clap_complete::{Shell, generate};

use super::{Cli, Ended};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// bash, zsh, fish, elvish or powershell
    shell: Shell,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<Ended> {
    generate(arguments.shell, &mut Cli::command(), "harvester", &mut std::io::stdout());
    Ok(Ended::Well)
}
