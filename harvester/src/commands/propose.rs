mod on_github;

use anyhow::Context as _;
use docgen::draft::{Draft, Refusal};
use docgen::forge::Outcome;
use docgen::forge::local::LocalForge;
use indexer::store::Store;
use rules::cluster::Cluster;
use serde::Serialize;

use super::table::one_line;
use super::{Ended, Options, Settings, is_in_use, print_json};
use crate::clock;
use crate::pipeline::{self, PROPOSALS, Proposed, consider};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  harvester propose --dry-run     print exactly what would be sent, send nothing
  harvester propose               bring every proposal as far as it goes now

Needs [forge] in the settings. `repository` is a git repository on this machine, bare or not, made if
it does not exist: each page gets a branch answers/ID, titles and bodies are written to DATA/proposals.
`github` is OWNER/NAME: each page gets a pull request, as many at a time as maintainers allow.")]
pub(super) struct Arguments {
    /// Print exactly what would be proposed, and propose nothing
    #[arg(long)]
    dry_run: bool,
}

/// All that came of proposing.
pub(super) struct Round {
    pub(super) proposed: Vec<Proposed>,
    pub(super) refused: Vec<(Cluster, Refusal)>,
}

#[derive(Serialize)]
struct Line<'l> {
    id: String,
    branch: Option<&'l str>,
    title: Option<&'l str>,
    path: Option<&'l str>,
    outcome: String,
}

pub(super) async fn run(options: &Options, arguments: &Arguments) -> anyhow::Result<Ended> {
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
        return Ok(Ended::Well);
    }
    for line in lines(&round) {
        say!("{:<14} {:<28} {}", line.id, line.outcome, line.title.unwrap_or_default());
    }
    if round.proposed.is_empty() && round.refused.is_empty() {
        say!("No page is due. `harvester clusters` shows what recurs.");
    }
    Ok(Ended::Well)
}

/// Proposes every page that is due.
pub(super) async fn propose(
    options: &Options,
    settings: &Settings,
    store: &Store,
) -> anyhow::Result<Round> {
    let repository = settings.config.forge.repository.as_deref().context(
        "no place to propose to; set `repository` or `github` in [forge] of the settings file",
    )?;
    let forge = LocalForge::open(repository, &options.data.join(PROPOSALS))?;
    let naming = settings.naming(store).await?;
    let considered = consider(store, &settings.context(&naming)).await?;
    let mut round = Round { proposed: Vec::new(), refused: Vec::new() };
    for one in considered {
        match one.page {
            Ok((draft, proposal)) => {
                let page = (one.cluster, draft, proposal);
                round.proposed.push(pipeline::propose(store, &forge, page, clock::now()).await?);
            }
            Err(refusal) => round.refused.push((one.cluster, refusal)),
        }
    }
    Ok(round)
}

async fn rehearse(options: &Options, settings: &Settings) -> anyhow::Result<Ended> {
    let reading = options.reading(settings).await?;
    let naming = settings.naming(&reading.store).await?;
    let considered = consider(&reading.store, &settings.context(&naming)).await?;
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
        return Ok(Ended::Well);
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
    Ok(Ended::Well)
}

fn lines(round: &Round) -> Vec<Line<'_>> {
    let proposed = round.proposed.iter().map(|one| Line {
        id: one.cluster.id.to_string(),
        branch: Some(&one.proposal.branch),
        title: Some(&one.proposal.title),
        path: Some(Draft::path(&one.draft)),
        outcome: outcome(&one.outcome),
    });
    let refused = round.refused.iter().map(|(cluster, refusal)| Line {
        id: cluster.id.to_string(),
        branch: None,
        title: None,
        path: None,
        outcome: one_line(&format!("refused: {refusal}"), 200),
    });
    proposed.chain(refused).collect()
}

pub(super) fn outcome(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Opened(_) => "opened".to_owned(),
        Outcome::Updated(_) => "updated".to_owned(),
        Outcome::UpToDate(_) => "up to date".to_owned(),
        Outcome::HandsOff(why) => format!("hands off: {why}"),
    }
}
