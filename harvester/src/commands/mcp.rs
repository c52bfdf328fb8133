//! `mcp`: the answers as tools for a coding agent that starts this program.

use site::SiteState;
use site::mcp::McpSession;

use super::{CommandResult, GlobalArgs, ReadHandle};
use crate::clock;

/// Answers one message per line of standard input until it ends. The log goes to standard error.
pub(super) async fn run(options: &GlobalArgs) -> anyhow::Result<CommandResult> {
    let settings = options.settings()?;
    let ReadHandle { store, searcher, .. } = options.reading(&settings).await?;
    let naming = settings.naming(&store).await?;
    let branding = settings.config.branding.clone();
    let rules = settings.rules;
    let session =
        McpSession::new(SiteState::new(store, searcher, naming, rules, branding, clock::now));
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
