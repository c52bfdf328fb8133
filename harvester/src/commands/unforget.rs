use rules::model::ids::UserId;

use super::{CommandResult, GlobalArgs, print_json};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  harvester unforget 175928847299117063

Takes back `harvester forget` for an id that was mistyped: from now on this user is stored again. What was
erased does not come back by itself; importing the history again restores it. Somebody who asked to be
forgotten in Discord stays forgotten.")]
pub(super) struct UnforgetArgs {
    /// The Discord user id
    #[arg(value_name = "USER")]
    user: UserId,
}

pub(super) async fn run(
    options: &GlobalArgs,
    arguments: &UnforgetArgs,
) -> anyhow::Result<CommandResult> {
    let store = options.shared().await?;
    let undone = store.withdraw_opt_out(arguments.user).await?;
    store.close().await;
    if options.json {
        print_json(&serde_json::json!({ "undone": undone }))?;
    } else if undone {
        out!(
            "This user is stored again from now on. Import the history again to restore what was erased."
        );
    }
    if !undone {
        eprintln!("error: the operator has not erased this user; nothing was changed");
    }
    Ok(if undone { CommandResult::Success } else { CommandResult::Failure })
}
