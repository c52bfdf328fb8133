//! `report`: what a community asks, what stays open, and whether pages help.

mod briefing;
mod contradictions;
mod questions;
mod triage;
mod verify;

use anyhow::Context as _;
use jiff::Timestamp;
use rules::publish::pseudonym::AuthorNaming;
use rules::report::period::{ReportPeriod, ReportSpan};
use site::presentation::language::InterfaceLanguage;
use site::presentation::report_words::ReportText;
use site::reports::ReportSource;
use site::reports::markdown::SiteLinks;

use super::{CommandResult, GlobalArgs, LoadedSettings, ReadHandle, UsageError};
use crate::clock;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  harvester report briefing --period week
  harvester report briefing --period month --until 2025-01-31 --format html > january.html
  harvester report questions --period week --list open
  harvester report triage --days 90
  harvester report triage --open-issues
  harvester report contradictions --days 30
  harvester report verify
  harvester report verify --checked q1a2b3c")]
pub(super) struct ReportArgs {
    #[command(subcommand)]
    command: ReportCommand,
}

#[derive(Debug, clap::Subcommand)]
enum ReportCommand {
    /// What was asked and answered in a day, a week or a month
    Briefing(briefing::BriefingArgs),
    /// The questions behind a number of the briefing
    Questions(questions::QuestionsArgs),
    /// Open questions that recur, with what to do about them
    Triage(triage::TriageArgs),
    /// Answers and messages that cannot be true beside an answer, a page or a fact
    Contradictions(contradictions::ContradictionsArgs),
    /// Reviewed answers to check again, after a release or for their age
    Verify(verify::VerifyArgs),
}

/// The days of a report.
#[derive(Debug, clap::Args)]
struct PeriodArgs {
    /// How many days
    #[arg(long, value_enum, default_value = "week")]
    period: PeriodChoice,
    /// The last day, as 2025-01-31, UTC; by default yesterday
    #[arg(long, value_name = "DATE")]
    until: Option<String>,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum PeriodChoice {
    Day,
    Week,
    Month,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum ReportFormat {
    Markdown,
    Html,
    Json,
}

impl PeriodArgs {
    fn period(&self, now: Timestamp) -> Result<ReportPeriod, UsageError> {
        let span = match self.period {
            PeriodChoice::Day => ReportSpan::Day,
            PeriodChoice::Week => ReportSpan::Week,
            PeriodChoice::Month => ReportSpan::Month,
        };
        let period = match &self.until {
            None => ReportPeriod::before(span, now),
            Some(text) => ReportPeriod::ending_on(span, text),
        };
        period.ok_or_else(|| UsageError("--until is not a day; write it as 2025-01-31".to_owned()))
    }
}

pub(super) async fn run(
    options: &GlobalArgs,
    arguments: &ReportArgs,
) -> anyhow::Result<CommandResult> {
    let settings = options.settings()?;
    if let ReportCommand::Verify(verify::VerifyArgs { checked: Some(id), .. }) = &arguments.command
    {
        verify::mark_checked(&options.shared().await?, id, now()).await?;
    }
    let reading = options.reading(&settings).await?;
    let naming = settings.naming(&reading.store).await?;
    let report = OpenReport { options, settings: &settings, reading: &reading, naming: &naming };
    match &arguments.command {
        ReportCommand::Briefing(arguments) => briefing::run(&report, arguments).await?,
        ReportCommand::Questions(arguments) => questions::run(&report, arguments).await?,
        ReportCommand::Triage(arguments) => triage::run(&report, arguments).await?,
        ReportCommand::Contradictions(arguments) => contradictions::run(&report, arguments).await?,
        ReportCommand::Verify(arguments) => verify::run(&report, arguments).await?,
    }
    Ok(CommandResult::Success)
}

/// What every report needs.
struct OpenReport<'r> {
    options: &'r GlobalArgs,
    settings: &'r LoadedSettings,
    reading: &'r ReadHandle,
    naming: &'r AuthorNaming,
}

impl OpenReport<'_> {
    fn source(&self) -> ReportSource<'_> {
        ReportSource {
            store: &self.reading.store,
            rules: &self.settings.rules,
            naming: self.naming,
        }
    }

    /// The language of the site, for reports that people read.
    fn language(&self) -> InterfaceLanguage {
        self.settings.config.branding.language.unwrap_or_default()
    }

    fn words(&self) -> &'static ReportText {
        ReportText::of(self.language())
    }

    fn links(&self) -> SiteLinks {
        SiteLinks { origin: self.settings.config.branding.url.as_ref().map(ToString::to_string) }
    }

    /// Tells on standard error that a report on days without messages says little, and which days have some.
    async fn warn_if_silent(&self, period: &ReportPeriod) -> anyhow::Result<()> {
        let newest = self.reading.store.newest_message().await;
        let newest = newest.context("cannot read the newest message")?;
        if let Some(newest) = newest.filter(|newest| *newest < period.since) {
            tracing::warn!(
                "the newest message is of {}; try --until {0}",
                super::table::day(newest)
            );
        }
        Ok(())
    }
}

fn now() -> Timestamp {
    clock::now()
}
