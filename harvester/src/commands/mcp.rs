//! `mcp`: the answers as tools for a coding agent that starts this program.

use anyhow::Context as _;
use site::mcp::McpSession;

use super::{CommandResult, GlobalArgs};

#[derive(Debug, clap::Args)]
pub(super) struct McpArgs {
    /// The workspace that is served; needed where the settings have several
    #[arg(long, value_name = "NAME")]
    workspace: Option<String>,
}

/// Answers one message per line of standard input until it ends. The log goes to standard error.
pub(super) async fn run(
    options: &GlobalArgs,
    arguments: &McpArgs,
) -> anyhow::Result<CommandResult> {
    let settings = options.settings()?;
    let workspace = settings.workspace(arguments.workspace.as_deref())?;
    let (site, watch) = options.site(settings).await?;
    let session = McpSession::new(&site, &workspace).context("the workspace has no index")?;
    tokio::select! {
        answered = answer_lines(&session) => answered,
        never = watch.keep_observing() => match never {},
    }
}

async fn answer_lines(session: &McpSession) -> anyhow::Result<CommandResult> {
    while let Some(line) = tokio::task::spawn_blocking(next_line).await?? {
        if let Some(response) = session.answer_line(&line).await {
            out!("{response}");
        }
    }
    Ok(CommandResult::Success)
}

/// The next line of standard input; `None` at its end.
fn next_line() -> std::io::Result<Option<String>> {
    let mut line = String::new();
    let read = std::io::stdin().read_line(&mut line)?;
    Ok((read > 0).then_some(line))
}
