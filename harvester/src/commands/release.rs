//! `release`: what was released when, so that answers are checked again.

use anyhow::Context as _;
use jiff::Timestamp;
use jiff::civil::Date;
use rules::verification::ReleaseRecord;
use rules::versions::ProjectVersion;

use super::table::day;
use super::{CommandResult, GlobalArgs, UsageError, print_json};
use crate::clock;
use crate::config::is_repository;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  harvester release                                the releases that are known
  harvester release v1.7.2                         released now
  harvester release v1.7.2 --date 2025-11-03
  harvester release v1.7.2 --repository OWNER/NAME
  harvester release v1.7.2 --forget                recorded by mistake")]
pub(super) struct ReleaseArgs {
    /// The version; without it, the releases that are known are listed
    #[arg(value_name = "VERSION")]
    release: Option<String>,
    /// What was released, as OWNER/NAME, where there are several
    #[arg(long, value_name = "NAME", default_value = "", hide_default_value = true)]
    repository: String,
    /// The day of the release, as 2025-01-31, UTC; by default now
    #[arg(long, value_name = "DATE", requires = "release")]
    date: Option<Date>,
    /// Forget a release
    #[arg(long, requires = "release", conflicts_with = "date")]
    forget: bool,
}

pub(super) async fn run(
    options: &GlobalArgs,
    arguments: &ReleaseArgs,
) -> anyhow::Result<CommandResult> {
    let settings = options.settings()?;
    let Some(version) = &arguments.release else {
        let releases = options.reading(&settings).await?.store.releases().await?;
        return list(options, &releases);
    };
    let version = ProjectVersion::parse(version)
        .ok_or_else(|| UsageError(format!("{version:?} is not a version; write it as v1.7.2")))?;
    let repository = arguments.repository.clone();
    if !repository.is_empty() && !is_repository(&repository) {
        return Err(UsageError(format!("{repository:?} is not OWNER/NAME")).into());
    }
    let store = options.shared().await?;
    if arguments.forget {
        anyhow::ensure!(
            store.forget_release(&repository, &version).await?,
            "no release {version} is recorded; `harvester release` lists them"
        );
        return print_done(options, "forgotten", &version);
    }
    let at = arguments.date.map_or_else(|| Ok(clock::now()), start_of)?;
    store.record_release(&ReleaseRecord { repository, version: version.clone(), at }).await?;
    print_done(options, "recorded", &version)
}

fn print_done(
    options: &GlobalArgs,
    done: &str,
    version: &ProjectVersion,
) -> anyhow::Result<CommandResult> {
    match options.json {
        true => print_json(&serde_json::json!({ done: version }))?,
        false => out!("{version} is {done}. `harvester report verify` lists what to check again."),
    }
    Ok(CommandResult::Success)
}

fn list(options: &GlobalArgs, releases: &[ReleaseRecord]) -> anyhow::Result<CommandResult> {
    if options.json {
        print_json(&releases)?;
        return Ok(CommandResult::Success);
    }
    if releases.is_empty() {
        out!("No release is recorded; `harvester release VERSION` records one.");
    }
    for release in releases {
        out!("{}  {:<16} {}", day(release.at), release.version.to_string(), release.repository);
    }
    Ok(CommandResult::Success)
}

/// The beginning of a day, UTC.
fn start_of(date: Date) -> anyhow::Result<Timestamp> {
    let zoned = date.to_zoned(jiff::tz::TimeZone::UTC).context("the day has no beginning")?;
    Ok(zoned.timestamp())
}
