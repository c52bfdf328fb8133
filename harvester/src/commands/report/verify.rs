use anyhow::Context as _;
use indexer::store::Store;
use jiff::Timestamp;
use rules::model::ids::ClusterId;
use site::reports::markdown::verification_markdown;

use super::{OpenReport, ReportFormat};
use crate::commands::{UsageError, print_json};

#[derive(Debug, clap::Args)]
pub(super) struct VerifyArgs {
    /// Note that the answer of this cluster still holds
    #[arg(long, value_name = "ID")]
    pub(super) checked: Option<ClusterId>,
    #[arg(long, value_enum, default_value = "markdown")]
    format: ReportFormat,
}

pub(super) async fn run(report: &OpenReport<'_>, arguments: &VerifyArgs) -> anyhow::Result<()> {
    let found = report.source().verification(super::now()).await?;
    match arguments.format {
        _ if report.options.json => print_json(&found),
        ReportFormat::Json => print_json(&found),
        ReportFormat::Markdown => {
            out!("{}", verification_markdown(&found, &report.links()).trim_end());
            Ok(())
        }
        ReportFormat::Html => {
            Err(UsageError("verify has no HTML form; choose markdown or json".to_owned()).into())
        }
    }
}

/// Notes that an answer still holds.
pub(super) async fn mark_checked(
    store: &Store,
    id: &ClusterId,
    now: Timestamp,
) -> anyhow::Result<()> {
    let cluster = store.cluster(id).await?;
    let cluster = cluster.with_context(|| {
        format!("there is no cluster {id}; `harvester report verify` lists what has to be checked")
    })?;
    Ok(store.mark_checked(&cluster.id, now).await?)
}
