//! `propose`, where proposals are pull requests on GitHub.

use std::sync::Arc;

use anyhow::Context as _;

use crate::clock;
use crate::commands::table::one_line;
use crate::commands::{CommandResult, GlobalArgs, LoadedSettings, print_json};
use crate::proposals::reconciler::{ProposalReconciler, RoundOutcome};

/// One round on GitHub, or what it would send.
pub(super) async fn run(
    options: &GlobalArgs,
    settings: &LoadedSettings,
    dry_run: bool,
) -> anyhow::Result<CommandResult> {
    // What a killed run left is finished first, unless a daemon is at it.
    options.reading(settings).await?;
    let store = options.shared().await?;
    let naming = settings.naming(&store).await?;
    let owner = clock::fresh_name().context("the system gives no random numbers")?;
    let rules = Arc::clone(&settings.rules);
    let proposer =
        ProposalReconciler::open(&settings.config, rules, store.clone(), naming, owner).await?;
    let proposer = proposer.context("no repository on GitHub is set")?;
    let ended = match dry_run {
        true => rehearsed(options, &proposer).await,
        false => one_round(options, &proposer).await,
    };
    store.close().await;
    // The index follows what became known.
    options.reading(settings).await?;
    ended
}

async fn one_round(
    options: &GlobalArgs,
    proposer: &ProposalReconciler,
) -> anyhow::Result<CommandResult> {
    let report = match proposer.round().await? {
        RoundOutcome::Done(report) => report,
        RoundOutcome::Busy => anyhow::bail!("another process is proposing; try again in a minute"),
        RoundOutcome::Parked(until) => {
            let minutes = (until.0 - clock::now().0).max(0) / 60_000 + 1;
            anyhow::bail!("GitHub asks for silence; try again in {minutes} minute(s)")
        }
    };
    if options.json {
        print_json(&report)?;
        return Ok(CommandResult::Well);
    }
    say!("{}: {}.", proposer.github.name(), report.stage);
    for line in &report.lines {
        let number = line.number.map_or_else(String::new, |number| format!("#{number}"));
        let (id, title) = (line.cluster.to_string(), one_line(&line.title, 60));
        say!("{id:<14} {number:>6}  {:<28} {title}", line.outcome);
    }
    report.notes.iter().for_each(|note| say!("note: {note}"));
    Ok(CommandResult::Well)
}

async fn rehearsed(
    options: &GlobalArgs,
    proposer: &ProposalReconciler,
) -> anyhow::Result<CommandResult> {
    let (stage, rehearsed) = proposer.dry_run().await?;
    if options.json {
        print_json(&serde_json::json!({ "stage": stage, "questions": rehearsed }))?;
        return Ok(CommandResult::Well);
    }
    say!("{}: {stage}.\n", proposer.github.name());
    for one in &rehearsed {
        say!("==== {} {}", one.cluster, one.outcome);
        let Some(sent) = &one.sent else { continue };
        let pull = &sent.pull_request;
        let text = |key: &str| pull[key].as_str().unwrap_or_default();
        say!("---- commit\n{}", sent.commit_message);
        for (path, after) in &sent.files {
            match after {
                Some(after) => say!("---- file {path}\n{after}"),
                None => say!("---- file {path} is deleted"),
            }
        }
        sent.notes.iter().for_each(|note| say!("---- note {note}"));
        let draft = if pull["draft"] == true { "draft " } else { "" };
        say!("---- {draft}pull request {} into {}", text("head"), text("base"));
        say!("---- title\n{}\n---- body\n{}", text("title"), text("body"));
        say!("---- labels {:?}, reviewers {:?}\n", sent.labels, sent.reviewers);
    }
    say!("Nothing was sent: {} question(s) were considered.", rehearsed.len());
    Ok(CommandResult::Well)
}
