//! `propose`, where proposals are pull requests on GitHub.

use std::sync::Arc;

use anyhow::Context as _;
use docgen::change::unified_diff;
use docgen::github::client::GitHubClient;

use crate::clock;
use crate::commands::propose::ProposeArgs;
use crate::commands::table::{one_line, room};
use crate::commands::{CommandResult, GlobalArgs, LoadedSettings, print_json};
use crate::proposals::{ProposalReconciler, RoundOutcome};

/// Runs one round on GitHub, or prints what it would send.
pub(super) async fn run(
    options: &GlobalArgs,
    settings: &LoadedSettings,
    arguments: &ProposeArgs,
) -> anyhow::Result<CommandResult> {
    // Interrupted work is finished first, unless a daemon does it.
    options.reading(settings).await?;
    let store = options.shared().await?;
    let naming = settings.naming(&store).await?;
    let owner = clock::fresh_name().context("cannot read random numbers from the system")?;
    let rules = Arc::clone(&settings.rules);
    let proposer =
        ProposalReconciler::open(&settings.config, rules, store.clone(), naming, owner).await?;
    let proposer = proposer.context("no GitHub repository is set")?;
    let ended = match arguments.dry_run {
        true => rehearsed(options, &proposer, arguments.full).await,
        false => one_round(options, &proposer).await,
    };
    store.close().await;
    // Update the index with newly merged answers.
    options.reading(settings).await?;
    ended
}

async fn one_round(
    options: &GlobalArgs,
    proposer: &ProposalReconciler,
) -> anyhow::Result<CommandResult> {
    let report = match proposer.round().await? {
        RoundOutcome::Done(report) => report,
        RoundOutcome::Busy => {
            anyhow::bail!("another process is running a proposal round; try again in a minute")
        }
        RoundOutcome::Deferred(until) => {
            let minutes = until.duration_since(clock::now()).as_mins().max(0) + 1;
            anyhow::bail!(
                "rate-limited by GitHub, or GitHub is unreachable; try again in {minutes} minute(s)"
            )
        }
    };
    if options.json {
        print_json(&report)?;
        return Ok(CommandResult::Success);
    }
    out!("{}: {}.", github_name(proposer), report.stage);
    for line in &report.lines {
        let number = line.number.map_or_else(String::new, |number| format!("#{number}"));
        let (id, title) = (line.cluster.to_string(), one_line(&line.title, room(53, 60)));
        out!("{id:<14} {number:>6}  {:<28} {title}", line.outcome);
    }
    report.notes.iter().for_each(|note| out!("note: {note}"));
    Ok(CommandResult::Success)
}

/// `owner/name`.
fn github_name(proposer: &ProposalReconciler) -> String {
    proposer.forge.github().map(GitHubClient::name).unwrap_or_default()
}

async fn rehearsed(
    options: &GlobalArgs,
    proposer: &ProposalReconciler,
    full: bool,
) -> anyhow::Result<CommandResult> {
    let (stage, rehearsed) = proposer.dry_run().await?;
    if options.json {
        print_json(&serde_json::json!({ "stage": stage, "questions": rehearsed }))?;
        return Ok(CommandResult::Success);
    }
    out!("{}: {stage}.\n", github_name(proposer));
    for one in &rehearsed {
        out!("==== {} {}", one.cluster, one.outcome);
        let Some(sent) = &one.sent else { continue };
        let pull = &sent.pull_request;
        let text = |key: &str| pull[key].as_str().unwrap_or_default();
        out!("---- commit\n{}", sent.commit_message);
        for (path, after) in &sent.files {
            let before = sent.before.get(path).and_then(Option::as_deref);
            match after {
                Some(after) if full => out!("---- file {path}\n{after}"),
                None if full => out!("---- file {path} is deleted"),
                _ => out!("{}", unified_diff(path, before, after.as_deref())),
            }
        }
        sent.notes.iter().for_each(|note| out!("---- note {note}"));
        let draft = if pull["draft"] == true { "draft " } else { "" };
        out!("---- {draft}pull request {} into {}", text("head"), text("base"));
        out!("---- title\n{}\n---- body\n{}", text("title"), text("body"));
        out!("---- labels {:?}, reviewers {:?}\n", sent.labels, sent.reviewers);
    }
    out!("Dry run, nothing sent: {} question(s) checked.", rehearsed.len());
    Ok(CommandResult::Success)
}
