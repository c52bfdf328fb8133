mod on_github;

use anyhow::Context as _;
use docgen::change::unified_diff;
use docgen::forge::LocalOutcome;
use docgen::forge::local::LocalForge;
use docgen::page::draft::{Draft, DraftContext, DraftRefusal};
use indexer::store::Store;
use rules::model::cluster::Cluster;
use serde::Serialize;

use super::table::one_line;
use super::{CommandResult, GlobalArgs, LoadedSettings, is_in_use, print_json};
use crate::clock;
use crate::pipeline::PROPOSALS;
use crate::proposals::local::{
    LocalCandidate, LocalProposal, follow_deletions, hold_over_limits, hold_snoozed, plan_local,
    propose_local,
};
use crate::proposals::local_guides::{LocalGuide, LocalGuideContext, propose_guides};
use crate::proposals::local_merged::follow_merged;
use crate::proposals::local_review::follow_review_decisions;

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

/// The outcome of proposing to a local repository.
pub(super) struct ProposeSummary {
    pub(super) proposed: Vec<LocalProposal>,
    pub(super) refused: Vec<(Cluster, DraftRefusal)>,
    guides: Vec<LocalGuide>,
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
    if options.json {
        print_json(&lines(&round))?;
        return Ok(CommandResult::Success);
    }
    for line in lines(&round) {
        out!("{:<14} {:<28} {}", line.id, line.outcome, line.title.unwrap_or_default());
    }
    if round.proposed.is_empty() && round.refused.is_empty() && round.guides.is_empty() {
        out!("No page is due. `harvester clusters` lists recurring questions.");
    }
    Ok(CommandResult::Success)
}

/// Proposes every page that is due.
pub(super) async fn propose(
    options: &GlobalArgs,
    settings: &LoadedSettings,
    store: &Store,
) -> anyhow::Result<ProposeSummary> {
    let repository = settings.config.forge.repository.as_deref().context(
        "no repository to propose to; set `repository` or `github` in [forge] of the settings file",
    )?;
    let forge = LocalForge::open(repository, &options.data.join(PROPOSALS))?;
    let naming = settings.naming(store).await?;
    follow_review_decisions(store, clock::now()).await?;
    let mut considered = plan_local(store, &settings.context(&naming)).await?;
    let guides = guide_context(settings, settings.context(&naming), &considered)?;
    hold_back(store, settings, &mut considered).await?;
    let (proposed, refused, guided) = (Vec::new(), Vec::new(), Vec::new());
    let mut round = ProposeSummary { proposed, refused, guides: guided };
    for one in considered {
        match one.page {
            Ok((draft, proposal)) => {
                let page = (one.cluster, draft, proposal);
                round.proposed.push(propose_local(store, &forge, page, clock::now()).await?);
            }
            Err(refusal) => round.refused.push((one.cluster, refusal)),
        }
    }
    let open = settings.config.forge.open;
    round.guides = propose_guides(store, &forge, &guides, open, clock::now()).await?;
    let context = settings.context(&naming);
    follow_deletions(store, &forge, &context, clock::now()).await?;
    follow_merged(store, &forge, context.target, clock::now()).await?;
    Ok(round)
}

/// Holds back what may not be proposed now.
async fn hold_back(
    store: &Store,
    settings: &LoadedSettings,
    considered: &mut [LocalCandidate],
) -> anyhow::Result<()> {
    hold_snoozed(store, considered, clock::now()).await?;
    let open = settings.config.forge.open;
    Ok(hold_over_limits(store, considered, open, clock::now()).await?)
}

/// What guides are planned with: the questions as considered before the limits hold any back.
pub(super) fn guide_context<'c>(
    settings: &LoadedSettings,
    context: DraftContext<'c>,
    considered: &[LocalCandidate],
) -> anyhow::Result<LocalGuideContext<'c>> {
    let repository = settings.config.forge.repository.as_deref();
    let layout = repository.map(LocalForge::detect_layout).transpose()?.flatten();
    let root = layout.and_then(Result::ok).map(|layout| layout.root).unwrap_or_default();
    Ok(LocalGuideContext::new(context, root, considered))
}

async fn dry_run(
    options: &GlobalArgs,
    settings: &LoadedSettings,
    full: bool,
) -> anyhow::Result<CommandResult> {
    let reading = options.reading(settings).await?;
    let naming = settings.naming(&reading.store).await?;
    let mut considered = plan_local(&reading.store, &settings.context(&naming)).await?;
    let guides = guide_context(settings, settings.context(&naming), &considered)?;
    let guides = guides.plan(&reading.store, clock::now()).await?;
    hold_back(&reading.store, settings, &mut considered).await?;
    let questions = considered.iter().map(|one| {
        let page = one.page.as_ref().map(|(draft, text)| (draft, text.clone()));
        (one.cluster.id.to_string(), page.map_err(ToString::to_string))
    });
    let guides = guides.iter().map(|guide| {
        let page = guide.page.as_ref().map(|page| (page.draft(), page.pull_request_text()));
        (format!("guide {:?}", guide.name), page.map_err(Clone::clone))
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
        title: Some(&one.proposal.title),
        path: Some(Draft::path(&one.draft)),
        outcome: outcome(&one.outcome),
    });
    let refused = round.refused.iter().map(|(cluster, refusal)| ProposeItem {
        id: cluster.id.to_string(),
        branch: None,
        title: None,
        path: None,
        outcome: one_line(&format!("rejected: {refusal}"), 200),
    });
    let guides = round.guides.iter().map(|one| ProposeItem {
        id: one.id.to_string(),
        branch: one.page.is_ok().then_some(&one.branch),
        title: Some(one.page.as_ref().map_or(&one.name, |(page, _)| page.draft().title())),
        path: one.page.as_ref().ok().map(|(page, _)| page.draft().path()),
        outcome: match &one.page {
            Ok((_, done)) => outcome(done),
            Err(why) => one_line(&format!("no guide: {why}"), 200),
        },
    });
    proposed.chain(refused).chain(guides).collect()
}

pub(super) fn outcome(outcome: &LocalOutcome) -> String {
    match outcome {
        LocalOutcome::Opened(_) => "opened".to_owned(),
        LocalOutcome::Updated(_) => "updated".to_owned(),
        LocalOutcome::UpToDate(_) => "up to date".to_owned(),
        LocalOutcome::HandsOff(why) => format!("hands off: {why}"),
    }
}
