use std::fs;
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use docgen::page::read_back::is_unedited;
use indexer::search::Searcher;
use indexer::store::Store;
use rules::model::ids::UserId;

use super::propose::follow_deletions;
use super::table::grouped;
use super::{CommandResult, GlobalArgs, LoadedSettings, is_in_use, print_json};
use crate::clock;
use crate::pipeline::{DRAFTS, INDEX};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  harvester forget 175928847299117063

Erases everything that this user wrote or did from the store, the index, drafts and the API, and
never stores it again. Discord shows the user id with \"Copy User ID\". Drafts are deleted with it; if
some were edited by hand, it asks first. `harvester unforget` takes a mistyped id back.")]
pub(super) struct ForgetArgs {
    /// The Discord user id
    #[arg(value_name = "USER")]
    user: UserId,
    /// Delete drafts that were edited by hand without asking
    #[arg(long)]
    yes: bool,
}

/// How long a running daemon may take to analyse, index and purge.
const TIMEOUT: Duration = Duration::from_secs(60);

pub(super) async fn run(
    options: &GlobalArgs,
    arguments: &ForgetArgs,
) -> anyhow::Result<CommandResult> {
    let settings = options.settings()?;
    let edited = edited_drafts(&options.data.join(DRAFTS))?;
    if !edited.is_empty() && !arguments.yes && !agrees(&edited)? {
        eprintln!("error: nothing was erased; save these drafts elsewhere, or add --yes");
        return Ok(CommandResult::Failure);
    }
    let store = options.shared().await?;
    let forgotten = store.erase_user(arguments.user, "operator", clock::now()).await?;
    let purged = match options.pipeline(&settings).await {
        Ok(pipeline) => {
            pipeline.close().await;
            true
        }
        Err(error) if is_in_use(&error) => purged_by_daemon(options, &store).await?,
        Err(error) => return Err(error),
    };
    if purged {
        follow_deletions_locally(options, &settings, &store).await?;
    }
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

/// Branches of a local repository lose the quotes at once. On GitHub the daemon's next round does that.
async fn follow_deletions_locally(
    options: &GlobalArgs,
    settings: &LoadedSettings,
    store: &Store,
) -> anyhow::Result<()> {
    let Some(repository) = settings.config.forge.repository.as_deref() else { return Ok(()) };
    if !repository.exists() {
        return Ok(());
    }
    follow_deletions(options, settings, store).await
}

/// The drafts that people changed since they were written, by path.
fn edited_drafts(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut edited = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        if !next.is_dir() {
            continue;
        }
        for entry in
            fs::read_dir(&next).with_context(|| format!("cannot read {}", next.display()))?
        {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text =
                fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
            let place =
                path.strip_prefix(folder).unwrap_or(&path).to_string_lossy().replace('\\', "/");
            if !is_unedited(&place, &String::from_utf8_lossy(&text)) {
                edited.push(path);
            }
        }
    }
    edited.sort();
    Ok(edited)
}

/// Asks on the terminal; without one, nobody agrees.
fn agrees(edited: &[PathBuf]) -> anyhow::Result<bool> {
    eprintln!("{} draft(s) were edited by hand and will be deleted:", edited.len());
    for path in edited {
        eprintln!("  {}", path.display());
    }
    if !std::io::stdin().is_terminal() {
        return Ok(false);
    }
    eprint!("Erase and delete them? [y/N] ");
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    Ok(matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes"))
}

/// Waits until the daemons on this data directory have purged the erased data, from the store and from the index.
async fn purged_by_daemon(options: &GlobalArgs, store: &Store) -> anyhow::Result<bool> {
    let deadline = tokio::time::Instant::now() + TIMEOUT;
    let index = Searcher::open(&options.data.join(INDEX))?;
    let due = store.purge_state().await?.due;
    while tokio::time::Instant::now() < deadline {
        if !store.purge_due().await? && index.purged() >= due {
            return Ok(true);
        }
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    Ok(false)
}
