mod discord;

use std::collections::BTreeSet;
use std::sync::Arc;

use docgen::github::client::GitHubClient;
use indexer::store::Store;
use serde::Serialize;

use super::{CommandResult, GlobalArgs, LoadedSettings, ReadHandle, print_json};
use crate::clock::SystemClock;
use crate::config::{ForgeConfig, GitHubConfig};

/// The result of one check.
#[derive(Debug, Serialize)]
struct DoctorFinding {
    what: &'static str,
    well: bool,
    says: String,
}

pub(super) async fn run(options: &GlobalArgs) -> anyhow::Result<CommandResult> {
    let mut findings = Vec::new();
    match options.settings() {
        Ok(settings) => {
            findings.push(good("settings and rules", "valid"));
            findings.push(consent(settings.rules.scope.consent.is_some()));
            findings.extend(discord::check(&settings).await);
            findings.extend(forge(&settings).await);
            if Store::exists(&options.data) {
                match options.reading(&settings).await {
                    Ok(reading) => findings.extend(stored(&reading).await?),
                    Err(error) => findings.push(bad("data directory", format!("{error:#}"))),
                }
            } else {
                let says = format!(
                    "{} is empty; import an export or start the daemon",
                    options.data.display()
                );
                findings.push(good("data directory", says));
            }
        }
        Err(error) => findings.push(bad("settings and rules", format!("{error:#}"))),
    }
    let well = findings.iter().all(|finding| finding.well);
    if options.json {
        print_json(&findings)?;
    } else {
        findings.iter().for_each(tell);
    }
    Ok(if well { CommandResult::Success } else { CommandResult::Failure })
}

fn good(what: &'static str, says: impl Into<String>) -> DoctorFinding {
    DoctorFinding { what, well: true, says: says.into() }
}

fn bad(what: &'static str, says: impl Into<String>) -> DoctorFinding {
    DoctorFinding { what, well: false, says: says.into() }
}

fn consent(chosen: bool) -> DoctorFinding {
    good(
        "consent",
        if chosen {
            "a consent mode is set in scope.toml"
        } else {
            "no consent mode is set in scope.toml; nothing is quoted or drafted until one is"
        },
    )
}

/// Checks where proposals go, and whether that works.
async fn forge(settings: &LoadedSettings) -> Vec<DoctorFinding> {
    let ForgeConfig { repository, github } = &settings.config.forge;
    if let Some(forge) = github {
        return on_github(forge).await;
    }
    vec![good(
        "proposals",
        match repository {
            Some(path) => format!("go to the git repository {}", path.display()),
            None => "no [forge] repository is set: `propose` needs one".to_owned(),
        },
    )]
}

async fn on_github(forge: &GitHubConfig) -> Vec<DoctorFinding> {
    let auth = match forge.who.auth() {
        Ok(Some(auth)) => auth,
        Ok(None) => {
            let says = "no GitHub account is set; set `token_file`, or `app_id` and `private_key_file`, in [forge]";
            return vec![bad("proposals", says)];
        }
        Err(error) => return vec![bad("proposals", format!("{error:#}"))],
    };
    let clock = Arc::new(SystemClock);
    match GitHubClient::new(&forge.api_url, &forge.repository, auth, clock, None) {
        Ok(github) => {
            let found = github.run_checks().await.into_iter();
            let found =
                found.map(|one| DoctorFinding { what: one.what, well: one.well, says: one.says });
            let goes = good("proposals", format!("go to {} on GitHub", forge.repository));
            std::iter::once(goes).chain(found).collect()
        }
        Err(error) => vec![bad("proposals", error.to_string())],
    }
}

async fn stored(reading: &ReadHandle) -> anyhow::Result<Vec<DoctorFinding>> {
    let ReadHandle { store, searcher, behind } = reading;
    let counts = store.counts().await?;
    let mut findings = vec![good("store", format!("{} messages", counts.messages))];
    let stored = store.cluster_ids().await?.into_iter().collect::<BTreeSet<_>>();
    let indexed = searcher.ids()?.into_iter().collect::<BTreeSet<_>>();
    let missing = stored.difference(&indexed).count();
    let surplus = indexed.difference(&stored).count();
    findings.push(if missing + surplus == 0 {
        good("index", format!("holds all {} answers of the store", stored.len()))
    } else {
        let says = format!(
            "{missing} answers are missing and {surplus} are obsolete; run `harvester reindex`"
        );
        bad("index", says)
    });
    if *behind {
        let says = "the newest messages are still being processed by another process";
        findings.push(good("analysis", says));
    }
    Ok(findings)
}

fn tell(finding: &DoctorFinding) {
    let (mark, colour) = match finding.well {
        true => ("ok", anstyle::AnsiColor::Green),
        false => ("failed", anstyle::AnsiColor::Red),
    };
    let style = colour.on_default();
    let mut lines = finding.says.lines();
    let first = lines.next().unwrap_or_default();
    out!("{style}{mark:>6}{style:#}  {:<20} {first}", finding.what);
    lines.for_each(|line| out!("{:>29}{line}", ""));
}
