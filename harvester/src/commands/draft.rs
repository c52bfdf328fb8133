use std::path::{Path, PathBuf};

use anyhow::Context as _;
use docgen::page::draft::Draft;
use rules::model::ids::ClusterId;
use serde::Serialize;

use super::table::one_line;
use super::{CommandResult, GlobalArgs, ReadHandle, print_json};
use crate::pipeline::DRAFTS;
use crate::proposals::due_pages::{DuePage, consider_page, plan_due_pages};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  harvester draft                write all pages that are due to DATA/drafts
  harvester draft q1a2b3c4d5     print one page, due or not")]
pub(super) struct DraftArgs {
    /// A cluster id; without it, all pages that are due
    id: Option<ClusterId>,
}

#[derive(Serialize)]
struct Drafted<'d> {
    id: String,
    occurrences: usize,
    title: Option<&'d str>,
    path: Option<&'d str>,
    page: Option<&'d str>,
    refused: Option<String>,
}

pub(super) async fn run(
    options: &GlobalArgs,
    arguments: &DraftArgs,
) -> anyhow::Result<CommandResult> {
    let settings = options.settings()?;
    let ReadHandle { store, .. } = options.reading(&settings).await?;
    let naming = settings.naming(&store).await?;
    let context = settings.context(&naming);
    if let Some(id) = &arguments.id {
        let Some(cluster) = store.cluster(id).await? else {
            anyhow::bail!("there is no cluster {id}; `harvester clusters --all` lists them");
        };
        return show(options, &consider_page(&store, cluster, &context).await?);
    }
    let considered = plan_due_pages(&store, &context).await?;
    let drafts = considered.iter().filter_map(|one| one.page.as_ref().ok());
    let folder = write_pages(&options.data, drafts.map(|(draft, _)| draft))?;
    if options.json {
        print_json(&considered.iter().map(drafted).collect::<Vec<_>>())?;
        return Ok(CommandResult::Success);
    }
    for one in &considered {
        match &one.page {
            Ok((draft, _)) => {
                out!("drafted  {}  {}", draft.cluster(), folder.join(draft.path()).display())
            }
            Err(refusal) => out!("rejected {}  {refusal}", one.cluster.id),
        }
    }
    if considered.is_empty() {
        out!("No page is due. `harvester clusters` lists recurring questions.");
    }
    Ok(CommandResult::Success)
}

/// Writes each page into the folder of drafts and returns that folder.
pub(super) fn write_pages<'d>(
    data: &Path,
    drafts: impl Iterator<Item = &'d Draft>,
) -> anyhow::Result<PathBuf> {
    let folder = data.join(DRAFTS);
    for draft in drafts {
        write(&folder.join(draft.path()), draft.page())?;
    }
    Ok(folder)
}

fn show(options: &GlobalArgs, considered: &DuePage) -> anyhow::Result<CommandResult> {
    if options.json {
        print_json(&drafted(considered))?;
    }
    match &considered.page {
        Ok((draft, _)) => {
            if !options.json {
                out!("{}", draft.page().trim_end());
            }
            Ok(CommandResult::Success)
        }
        Err(refusal) => {
            eprintln!(
                "no page for {}: {}",
                considered.cluster.id,
                one_line(&refusal.to_string(), 300)
            );
            Ok(CommandResult::Failure)
        }
    }
}

fn drafted(considered: &DuePage) -> Drafted<'_> {
    let draft = considered.page.as_ref().ok().map(|(draft, _)| draft);
    Drafted {
        id: considered.cluster.id.to_string(),
        occurrences: considered.cluster.times_answered(),
        title: draft.map(Draft::title),
        path: draft.map(Draft::path),
        page: draft.map(Draft::page),
        refused: considered.page.as_ref().err().map(ToString::to_string),
    }
}

fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    let folder = path.parent().expect("a page is in a folder");
    std::fs::create_dir_all(folder)
        .and_then(|()| std::fs::write(path, text))
        .with_context(|| format!("cannot write {}", path.display()))
}
