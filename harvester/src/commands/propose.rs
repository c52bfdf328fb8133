mod on_github;

use anyhow::Context as _;
use docgen::forge::LocalOutcome;
use docgen::forge::local::LocalForge;
use docgen::page::draft::{Draft, DraftRefusal};
use indexer::store::Store;
use rules::model::cluster::Cluster;
use serde::Serialize;

use super::table::one_line;
use super::{CommandResult, GlobalArgs, LoadedSettings, is_in_use, print_json};
use crate::clock;
use crate::pipeline::{self, LocalProposal, PROPOSALS, plan_local};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  harvester propose --dry-run     print exactly what would be sent, send nothing
  harvester propose               bring every proposal as far as it goes now

Needs [forge] in the settings. `repository` is a git repository on this machine, bare or not, made if
it does not exist: each page gets a branch answers/ID, titles and bodies are written to DATA/proposals.
`github` is OWNER/NAME: each page gets a pull request, as many at a time as maintainers allow.")]
pub(super) struct ProposeArgs {
    /// Print exactly what would be proposed, and propose nothing
    #[arg(long)]
    dry_run: bool,
}

/// All that came of proposing.
pub(super) struct ProposeSummary {
    pub(super) proposed: Vec<LocalProposal>,
    pub(super) refused: Vec<(Cluster, DraftRefusal)>,
}

#[derive(Serialize)]
struct ProposeItem<'l> {
    id: String,
    branch: Option<&'l str>,
    title: Option<&'l str>,
    path: Option<&'l str>,
    outcome: String,
}

pub(super) async fn run(
    options: &GlobalArgs,
    arguments: &ProposeArgs,
) -> anyhow::Result<CommandResult> {
    let settings = options.settings()?;
    if settings.config.forge.github.is_some() {
        return on_github::run(options, &settings, arguments.dry_run).await;
    }
    if arguments.dry_run {
        return rehearse(options, &settings).await;
    }
    let round = match options.pipeline(&settings).await {
        Ok(mut pipeline) => {
            let round = propose(options, &settings, &pipeline.store).await?;
            pipeline.catch_up(clock::now()).await?;
            pipeline.close().await;
            round
        }
        // A running daemon has judged everything, and indexes what changes here.
        Err(error) if is_in_use(&error) => {
            let store = options.shared().await?;
            let round = propose(options, &settings, &store).await?;
            store.close().await;
            round
        }
        Err(error) => return Err(error),
    };
    if options.json {
        print_json(&lines(&round))?;
        return Ok(CommandResult::Well);
    }
    for line in lines(&round) {
        say!("{:<14} {:<28} {}", line.id, line.outcome, line.title.unwrap_or_default());
    }
    if round.proposed.is_empty() && round.refused.is_empty() {
        say!("No page is due. `harvester clusters` shows what recurs.");
    }
    Ok(CommandResult::Well)
}

/// Proposes every page that is due.
pub(super) async fn propose(
    options: &GlobalArgs,
    settings: &LoadedSettings,
    store: &Store,
) -> anyhow::Result<ProposeSummary> {
    let repository = settings.config.forge.repository.as_deref().context(
        "no place to propose to; set `repository` or `github` in [forge] of the settings file",
    )?;
    let forge = LocalForge::open(repository, &options.data.join(PROPOSALS))?;
    let naming = settings.naming(store).await?;
    let considered = plan_local(store, &settings.context(&naming)).await?;
    let mut round = ProposeSummary { proposed: Vec::new(), refused: Vec::new() };
    for one in considered {
        match one.page {
            Ok((draft, proposal)) => {
                let page = (one.cluster, draft, proposal);
                round
                    .proposed
                    .push(pipeline::propose_local(store, &forge, page, clock::now()).await?);
            }
            Err(refusal) => round.refused.push((one.cluster, refusal)),
        }
    }
    Ok(round)
}

async fn rehearse(
    options: &GlobalArgs,
    settings: &LoadedSettings,
) -> anyhow::Result<CommandResult> {
    let reading = options.reading(settings).await?;
    let naming = settings.naming(&reading.store).await?;
    let considered = plan_local(&reading.store, &settings.context(&naming)).await?;
    if options.json {
        let pages = considered.iter().map(|one| match &one.page {
            Ok((draft, proposal)) => serde_json::json!({
                "id": one.cluster.id, "branch": proposal.branch, "title": proposal.title,
                "body": proposal.body, "path": draft.path(), "page": draft.page(),
            }),
            Err(refusal) => {
                serde_json::json!({ "id": one.cluster.id, "refused": refusal.to_string() })
            }
        });
        print_json(&pages.collect::<Vec<_>>())?;
        return Ok(CommandResult::Well);
    }
    for one in &considered {
        match &one.page {
            Ok((draft, proposal)) => {
                say!("==== branch {}\n==== title  {}", proposal.branch, proposal.title);
                say!("==== file   {}\n{}", draft.path(), draft.page());
                say!("==== body\n{}\n", proposal.body);
            }
            Err(refusal) => say!("==== refused {}: {refusal}\n", one.cluster.id),
        }
    }
    say!("Nothing was written: {} cluster(s) were considered.", considered.len());
    Ok(CommandResult::Well)
}

fn lines(round: &ProposeSummary) -> Vec<ProposeItem<'_>> {
    let proposed = round.proposed.iter().map(|one| ProposeItem {
        id: one.cluster.id.to_string(),
        branch: Some(&one.proposal.branch),
        title: Some(&one.proposal.title),
        path: Some(Draft::path(&one.draft)),
        outcome: outcome(&one.outcome),
    });
    let refused = round.refused.iter().map(|(cluster, refusal)| ProposeItem {
        id: cluster.id.to_string(),
        branch: None,
        title: None,
        path: None,
        outcome: one_line(&format!("refused: {refusal}"), 200),
    });
    proposed.chain(refused).collect()
}

pub(super) fn outcome(outcome: &LocalOutcome) -> String {
    match outcome {
        LocalOutcome::Opened(_) => "opened".to_owned(),
        LocalOutcome::Updated(_) => "updated".to_owned(),
        LocalOutcome::UpToDate(_) => "up to date".to_owned(),
        LocalOutcome::HandsOff(why) => format!("hands off: {why}"),
    }
}
