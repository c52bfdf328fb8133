use std::io;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use indexer::store::{StoreError, StoreReplacement};

use super::{CommandResult, GlobalArgs, print_json};
use crate::pipeline::{INDEX, WORKSPACE_INDEXES};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  harvester restore backups/2026-11-29

Stop the daemon first. The backup is checked before anything changes; the present store is set aside
beside the new one, and the index is built again.")]
pub(super) struct RestoreArgs {
    /// Directory that `harvester backup` wrote
    #[arg(value_name = "DIR")]
    directory: PathBuf,
}

pub(super) async fn run(
    options: &GlobalArgs,
    arguments: &RestoreArgs,
) -> anyhow::Result<CommandResult> {
    let settings = options.settings()?;
    if settings.config.store_server.is_some() {
        let says = "put a copy back with `pg_restore --clean`, then run `harvester reindex`";
        return Err(StoreError::OnServer(says).into());
    }
    let replacement = StoreReplacement::begin(&options.data)?;
    let set_aside = replacement.restore(&arguments.directory).await?;
    drop(replacement);
    // The index may be ahead of the restored store.
    for index in [INDEX, WORKSPACE_INDEXES] {
        remove_index(&options.data.join(index))?;
    }
    let pipeline = options.pipeline(&settings).await?;
    let counts = pipeline.store.counts().await?;
    pipeline.close().await;
    if options.json {
        print_json(&serde_json::json!({ "messages": counts.messages, "replaced": set_aside }))?;
        return Ok(CommandResult::Success);
    }
    out!("Restored {} messages and built the index again.", counts.messages);
    if let Some(former) = set_aside {
        out!("The former store is now {}; delete it when all is well.", former.display());
    }
    out!(
        "What was deleted or forgotten since the backup may be back: repeat `harvester forget`; \
         `harvester run` compares the recent days with Discord."
    );
    Ok(CommandResult::Success)
}

fn remove_index(index: &Path) -> anyhow::Result<()> {
    match std::fs::remove_dir_all(index) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", index.display()))
        }
        _ => Ok(()),
    }
}
