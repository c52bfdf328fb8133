use std::time::Duration;

use indexer::store::Store;
use rules::model::ids::UserId;

use super::table::grouped;
use super::{CommandResult, GlobalArgs, is_in_use, print_json};
use crate::clock;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  harvester forget 175928847299117063

Erases everything that this user wrote or did from the store, the index, drafts and the API, and
never stores it again. Discord shows the user id with \"Copy User ID\".")]
pub(super) struct ForgetArgs {
    /// The Discord user id
    #[arg(value_name = "USER")]
    user: UserId,
}

/// How long a running daemon may take to analyse, index and purge.
const PATIENCE: Duration = Duration::from_secs(60);

pub(super) async fn run(
    options: &GlobalArgs,
    arguments: &ForgetArgs,
) -> anyhow::Result<CommandResult> {
    let settings = options.settings()?;
    let store = options.shared().await?;
    let forgotten = store.erase_user(arguments.user, "operator", clock::now()).await?;
    let purged = match options.pipeline(&settings).await {
        Ok(pipeline) => {
            pipeline.close().await;
            true
        }
        Err(error) if is_in_use(&error) => purged_by_daemon(&store).await?,
        Err(error) => return Err(error),
    };
    store.close().await;
    if options.json {
        print_json(&serde_json::json!({ "messages": forgotten.messages, "purged": purged }))?;
    } else {
        out!(
            "Erased {} message(s) in {} channel(s). Data of this user is never stored again.",
            grouped(forgotten.messages),
            forgotten.channels
        );
    }
    if !purged {
        eprintln!(
            "error: the running daemon has not purged the index within a minute; \
             stop it and run this command again"
        );
    }
    Ok(if purged { CommandResult::Success } else { CommandResult::Failure })
}

/// Waits until the daemon on this data directory has purged the erased data.
async fn purged_by_daemon(store: &Store) -> anyhow::Result<bool> {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    while tokio::time::Instant::now() < deadline {
        if !store.purge_due().await? {
            return Ok(true);
        }
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    Ok(false)
}
