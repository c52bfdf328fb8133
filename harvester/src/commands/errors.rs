//! `errors`: links that a program prints beside its errors.

mod check;
mod export;

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context as _;
use serde::{Deserialize, Serialize};

use super::{CommandResult, GlobalArgs};

/// The version of the file's format.
const FORMAT: u32 = 1;

#[derive(Debug, clap::Args)]
pub(super) struct ErrorsArgs {
    #[command(subcommand)]
    command: ErrorsCommand,
}

#[derive(Debug, clap::Subcommand)]
enum ErrorsCommand {
    /// Print a JSON map of error links, which a program embeds
    Export(export::ExportArgs),
    /// Check that every link of such a map leads to an answer
    Check(check::CheckArgs),
}

/// What `export` prints and `check` reads.
#[derive(Debug, Serialize, Deserialize)]
struct ErrorLinkMap {
    version: u32,
    /// By fingerprint, or by the program's own codes.
    errors: BTreeMap<String, ErrorLink>,
}

#[derive(Debug, Serialize, Deserialize)]
struct ErrorLink {
    url: String,
    /// The question that is answered; absent where nobody has solved the error yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    /// Whether maintainers reviewed the answer.
    #[serde(default)]
    reviewed: bool,
}

impl ErrorLinkMap {
    fn read(path: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read {}", path.display()))?;
        let map = serde_json::from_str::<Self>(&text).with_context(|| {
            format!("{} is not what `harvester errors export` prints", path.display())
        })?;
        anyhow::ensure!(
            map.version == FORMAT,
            "{} has format {}; this version reads format {FORMAT}",
            path.display(),
            map.version
        );
        Ok(map)
    }
}

pub(super) async fn run(
    options: &GlobalArgs,
    arguments: &ErrorsArgs,
) -> anyhow::Result<CommandResult> {
    match &arguments.command {
        ErrorsCommand::Export(arguments) => export::run(options, arguments).await,
        ErrorsCommand::Check(arguments) => check::run(options, arguments).await,
    }
}
