use rules::report::period::{ReportPeriod, ReportSpan};
use site::reports::contradictions::{ContradictionScope, contradictions_markdown};

use super::{OpenReport, ReportFormat};
use crate::commands::{UsageError, print_json};

#[derive(Debug, clap::Args)]
pub(super) struct ContradictionsArgs {
    /// Look at what was said in so many days
    #[arg(long, default_value_t = 90, value_parser = clap::value_parser!(i64).range(1..=366))]
    days: i64,
    /// The last day, as 2025-01-31, UTC; by default yesterday
    #[arg(long, value_name = "DATE")]
    until: Option<String>,
    #[arg(long, value_enum, default_value = "markdown")]
    format: ReportFormat,
}

pub(super) async fn run(
    report: &OpenReport<'_>,
    arguments: &ContradictionsArgs,
) -> anyhow::Result<()> {
    let last = match &arguments.until {
        None => ReportPeriod::before(ReportSpan::Day, super::now()),
        Some(text) => ReportPeriod::ending_on(ReportSpan::Day, text),
    };
    let last =
        last.ok_or_else(|| UsageError("--until is not a day; write it as 2025-01-31".to_owned()))?;
    report.warn_if_silent(&last).await?;
    let scope = ContradictionScope { until: last.until, days: arguments.days };
    let found = report.source().contradictions(&scope, report.words()).await?;
    match arguments.format {
        _ if report.options.json => print_json(&found),
        ReportFormat::Json => print_json(&found),
        ReportFormat::Markdown => {
            out!("{}", contradictions_markdown(&found, &report.links(), report.words()).trim_end());
            Ok(())
        }
        ReportFormat::Html => Err(UsageError(
            "contradictions has no HTML form here; it is at /reports/contradictions".to_owned(),
        )
        .into()),
    }
}
