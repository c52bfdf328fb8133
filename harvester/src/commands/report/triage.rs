use std::sync::Arc;

use anyhow::Context as _;
use rules::report::period::{ReportPeriod, ReportSpan};
use site::reports::markdown::triage_markdown;
use site::reports::triage::{TriageReport, TriageScope};

use super::{OpenReport, ReportFormat};
use crate::clock;
use crate::commands::table::one_line;
use crate::commands::{UsageError, print_json};
use crate::proposals::ProposalReconciler;

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
    /// Open or update one issue for each group in the GitHub repository of [forge]
    #[arg(long)]
    open_issues: bool,
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
    if arguments.open_issues {
        return open_issues(report, &triage).await;
    }
    match arguments.format {
        _ if report.options.json => print_json(&triage.labelled(report.words())),
        ReportFormat::Json => print_json(&triage.labelled(report.words())),
        ReportFormat::Markdown => {
            out!("{}", triage_markdown(&triage, &report.links(), report.words()).trim_end());
            Ok(())
        }
        ReportFormat::Html => {
            Err(UsageError("triage has no HTML form; choose markdown or json".to_owned()).into())
        }
    }
}

async fn open_issues(report: &OpenReport<'_>, triage: &TriageReport) -> anyhow::Result<()> {
    let store = report.options.shared().await?;
    let owner = clock::fresh_name().context("cannot read random numbers from the system")?;
    let (config, rules) = (&report.settings.config, Arc::clone(&report.settings.rules));
    let naming = report.naming.clone();
    let proposer = ProposalReconciler::open(config, rules, store.clone(), naming, owner).await?;
    let proposer = proposer.context("issues need a repository on GitHub; set [forge] github")?;
    let lines = proposer.open_triage_issues(triage).await?;
    store.close().await;
    let lines = lines.context("another process is writing to GitHub; try again in a minute")?;
    if report.options.json {
        return print_json(&lines);
    }
    for line in &lines {
        out!("#{}  {}  {}", line.number, line.outcome, one_line(&line.title, 100));
    }
    if lines.is_empty() {
        out!("No open question was asked by several people.");
    }
    Ok(())
}
