use std::path::PathBuf;

use serde::Serialize;

use super::ErrorLinkMap;
use crate::commands::{CommandResult, GlobalArgs, print_json};
use crate::link_check::{LinkChecker, LinkState};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  harvester errors check error-links.json

Asks the site for every link of the file; needs no data directory. Exits with 1 if a link leads to no
answer or cannot be reached.")]
pub(super) struct CheckArgs {
    /// What `harvester errors export` printed
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

#[derive(Serialize)]
struct CheckedLink {
    error: String,
    url: String,
    /// `answered`, `unanswered` or `unreachable`.
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<String>,
}

pub(super) async fn run(
    options: &GlobalArgs,
    arguments: &CheckArgs,
) -> anyhow::Result<CommandResult> {
    let map = ErrorLinkMap::read(&arguments.file)?;
    let checker = LinkChecker::new()?;
    let mut checked = Vec::new();
    for (error, link) in map.errors {
        let (state, problem) = match checker.check(&link.url).await {
            LinkState::Answered => ("answered", None),
            LinkState::Unanswered => ("unanswered", None),
            LinkState::Unreachable(problem) => ("unreachable", Some(problem)),
        };
        checked.push(CheckedLink { error, url: link.url, state, problem });
    }
    let dead = checked.iter().filter(|one| one.state != "answered").count();
    if options.json {
        print_json(&checked)?;
    } else {
        for one in checked.iter().filter(|one| one.state != "answered") {
            let why = one.problem.as_deref().unwrap_or("leads to no answer");
            out!("{}: {} ({why})", one.error, one.url);
        }
        out!("{} of {} links lead to an answer", checked.len() - dead, checked.len());
    }
    Ok(if dead == 0 { CommandResult::Success } else { CommandResult::Failure })
}
