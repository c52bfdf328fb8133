use site::reports::html::briefing_html;
use site::reports::markdown::briefing_markdown;

use super::{OpenReport, PeriodArgs, ReportFormat};
use crate::commands::print_json;

#[derive(Debug, clap::Args)]
pub(super) struct BriefingArgs {
    #[command(flatten)]
    days: PeriodArgs,
    #[arg(long, value_enum, default_value = "markdown")]
    format: ReportFormat,
}

pub(super) async fn run(report: &OpenReport<'_>, arguments: &BriefingArgs) -> anyhow::Result<()> {
    let now = super::now();
    let period = arguments.days.period(now)?;
    report.warn_if_silent(&period).await?;
    let briefing = report.source().briefing(&period, now).await?;
    let links = report.links();
    match arguments.format {
        _ if report.options.json => print_json(&briefing.labelled(report.words()))?,
        ReportFormat::Json => print_json(&briefing.labelled(report.words()))?,
        ReportFormat::Markdown => {
            out!("{}", briefing_markdown(&briefing, &links, report.words()).trim_end());
        }
        ReportFormat::Html => {
            let html = briefing_html(&briefing, links.origin.as_deref(), report.language());
            out!("{}", html.map_err(anyhow::Error::from_boxed)?.trim_end());
        }
    }
    Ok(())
}
