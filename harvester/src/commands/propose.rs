mod locally;
mod on_github;

use std::borrow::Cow;

use docgen::change::unified_diff;
use rules::publish::title::clean_title;
use serde::Serialize;

use self::locally::considered_pages;
pub(super) use self::locally::{ProposeSummary, ProposedPage, follow_deletions, propose};
use super::table::one_line;
use super::{CommandResult, GlobalArgs, LoadedSettings, is_in_use, print_json};
use crate::clock;
use crate::proposals::PageOutcome;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  harvester propose --dry-run     print what would change as a diff, without sending it
  harvester propose --dry-run --full   print whole files
  harvester propose               create and update all proposals

Needs [forge] in the settings. `repository` is a git repository on this machine, bare or not, created
if missing: each page gets a branch answers/ID, titles and bodies are written to DATA/proposals; at most
`open` branches (20) wait for review at once.
`github` is OWNER/NAME: each page gets a pull request, within the limits that maintainers set.")]
pub(super) struct ProposeArgs {
    /// Print what would be sent, without sending it: files as diffs
    #[arg(long)]
    dry_run: bool,
    /// With --dry-run, print whole files instead of diffs
    #[arg(long, requires = "dry_run")]
    full: bool,
}

#[derive(Serialize)]
struct ProposeItem<'l> {
    id: String,
    branch: Option<&'l str>,
    /// Of the pull request, or the question where nothing is proposed.
    title: Cow<'l, str>,
    path: Option<&'l str>,
    outcome: String,
}

pub(super) async fn run(
    options: &GlobalArgs,
    arguments: &ProposeArgs,
) -> anyhow::Result<CommandResult> {
    let settings = options.settings()?;
    if settings.config.forge.github.is_some() {
        return on_github::run(options, &settings, arguments).await;
    }
    if arguments.dry_run {
        return dry_run(options, &settings, arguments.full).await;
    }
    let round = match options.pipeline(&settings).await {
        Ok(mut pipeline) => {
            let round = propose(options, &settings, &pipeline.store).await?;
            pipeline.catch_up(clock::now()).await?;
            pipeline.close().await;
            round
        }
        // A running daemon analyses messages, and indexes what changes here.
        Err(error) if is_in_use(&error) => {
            let store = options.shared().await?;
            let round = propose(options, &settings, &store).await?;
            store.close().await;
            round
        }
        Err(error) => return Err(error),
    };
    let failed = round.proposed.iter().any(|one| matches!(one.outcome, PageOutcome::Failed(_)));
    let ended = if failed { CommandResult::Failure } else { CommandResult::Success };
    if options.json {
        print_json(&lines(&round))?;
        return Ok(ended);
    }
    for line in lines(&round) {
        match line.branch {
            Some(_) => out!("{:<14} {:<28} {}", line.id, line.outcome, line.title),
            None => out!("{:<14} {}\n{:15}{}", line.id, line.title, "", line.outcome),
        }
    }
    if round.proposed.is_empty() && round.refused.is_empty() && round.guides.is_empty() {
        out!("No page is due. `harvester clusters` lists recurring questions.");
    }
    Ok(ended)
}

async fn dry_run(
    options: &GlobalArgs,
    settings: &LoadedSettings,
    full: bool,
) -> anyhow::Result<CommandResult> {
    let reading = options.reading(settings).await?;
    let (considered, guides) = considered_pages(options, settings, &reading.store).await?;
    let questions = considered.iter().map(|one| {
        let page = one.page.as_ref().map(|(draft, text)| (draft, text.clone()));
        (one.cluster.id.to_string(), page)
    });
    let guides = guides.iter().map(|guide| {
        let page = guide.page.as_ref().map(|page| (page.draft(), page.pull_request_text()));
        (format!("guide {:?}", guide.name), page)
    });
    let pages = questions.chain(guides).collect::<Vec<_>>();
    if options.json {
        let pages = pages.iter().map(|(id, page)| match page {
            Ok((draft, proposal)) => serde_json::json!({
                "id": draft.cluster(), "branch": proposal.branch, "title": proposal.title,
                "body": proposal.body, "path": draft.path(), "page": draft.page(),
            }),
            Err(refusal) => serde_json::json!({ "id": id, "refused": refusal }),
        });
        print_json(&pages.collect::<Vec<_>>())?;
        return Ok(CommandResult::Success);
    }
    for (id, page) in &pages {
        match page {
            Ok((draft, proposal)) => {
                out!("==== branch {}\n==== title  {}", proposal.branch, proposal.title);
                match full {
                    true => out!("==== file   {}\n{}", draft.path(), draft.page()),
                    false => out!("{}", unified_diff(draft.path(), None, Some(draft.page()))),
                }
                out!("==== body\n{}\n", proposal.body);
            }
            Err(refusal) => out!("==== rejected {id}: {refusal}\n"),
        }
    }
    out!("Dry run, nothing written: {} cluster(s) checked.", considered.len());
    Ok(CommandResult::Success)
}

fn lines(round: &ProposeSummary) -> Vec<ProposeItem<'_>> {
    let proposed = round.proposed.iter().map(|one| ProposeItem {
        id: one.cluster.id.to_string(),
        branch: Some(&one.proposal.branch),
        title: Cow::Borrowed(&one.proposal.title),
        path: Some(one.draft.path()),
        outcome: one.outcome.to_string(),
    });
    let refused = round.refused.iter().map(|(cluster, refusal)| ProposeItem {
        id: cluster.id.to_string(),
        branch: None,
        title: clean_title(&cluster.representative_question().text).into(),
        path: None,
        outcome: one_line(&format!("rejected: {refusal}"), 200),
    });
    let guides = round.guides.iter().map(|one| ProposeItem {
        id: one.cluster.to_string(),
        branch: None,
        title: Cow::Borrowed(&one.title),
        path: None,
        outcome: one_line(&one.outcome, 200),
    });
    proposed.chain(refused).chain(guides).collect()
}
