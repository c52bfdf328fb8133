use clap::CommandFactory;
use clap_complete::{Shell, generate};

use super::{Cli, CommandResult};

#[derive(Debug, clap::Args)]
pub(super) struct CompletionsArgs {
    /// bash, zsh, fish, elvish or powershell
    shell: Shell,
}

pub(super) fn run(arguments: &CompletionsArgs) -> anyhow::Result<CommandResult> {
    generate(arguments.shell, &mut Cli::command(), "harvester", &mut std::io::stdout());
    Ok(CommandResult::Success)
}
