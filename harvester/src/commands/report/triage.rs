use rules::report::period::{ReportPeriod, ReportSpan};
use site::reports::markdown::triage_markdown;
use site::reports::triage::TriageScope;

use super::{OpenReport, ReportFormat};
use crate::commands::{UsageError, print_json};

#[derive(Debug, clap::Args)]
pub(super) struct TriageArgs {
    /// Look at the questions of so many days
    #[arg(long, default_value_t = 90, value_parser = clap::value_parser!(i64).range(1..=366))]
    days: i64,
    /// The last day, as 2025-01-31, UTC; by default yesterday
    #[arg(long, value_name = "DATE")]
    until: Option<String>,
    #[arg(long, value_enum, default_value = "markdown")]
    format: ReportFormat,
}

pub(super) async fn run(report: &OpenReport<'_>, arguments: &TriageArgs) -> anyhow::Result<()> {
    let now = super::now();
    let last = match &arguments.until {
        None => ReportPeriod::before(ReportSpan::Day, now),
        Some(text) => ReportPeriod::ending_on(ReportSpan::Day, text),
    };
    let last =
        last.ok_or_else(|| UsageError("--until is not a day; write it as 2025-01-31".to_owned()))?;
    report.warn_if_silent(&last).await?;
    let scope = TriageScope { until: last.until, days: arguments.days };
    let triage = report.source().triage(&scope, last.until.min(now)).await?;
    match arguments.format {
        _ if report.options.json => print_json(&triage),
        ReportFormat::Json => print_json(&triage),
        ReportFormat::Markdown => {
            out!("{}", triage_markdown(&triage, &report.links()).trim_end());
            Ok(())
        }
        ReportFormat::Html => {
            Err(UsageError("triage has no HTML form; choose markdown or json".to_owned()).into())
        }
    }
}
