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

Removes everything that this person wrote or did from the store, the index, drafts and the API, and
never stores any of it again. Their user id is shown by Discord's own \"Copy User ID\".")]
pub(super) struct ForgetArgs {
    /// The person's Discord user id
    #[arg(value_name = "USER")]
    user: UserId,
}

/// How long a running daemon may take to judge, index and purge.
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
        say!(
            "Forgot {} message(s) in {} channel(s). Nothing of this person is stored again.",
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
    Ok(if purged { CommandResult::Well } else { CommandResult::Badly })
}

/// Waits until the daemon that runs on this data directory has purged what was forgotten.
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
