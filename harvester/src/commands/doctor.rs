mod discord;
mod disk;
mod meaning;
mod network;
mod privacy;

use std::sync::Arc;

use docgen::github::client::GitHubClient;
use docgen::target::DocsFolder;
use indexer::store::Store;
use serde::Serialize;

use super::{CommandResult, GlobalArgs, LoadedSettings, print_json};
use crate::clock::SystemClock;
use crate::config::{ForgeConfig, GitHubConfig};

/// The result of one check.
#[derive(Debug, Serialize)]
struct DoctorFinding {
    what: &'static str,
    /// Whether it is no failure.
    #[serde(rename = "well")]
    passed: bool,
    level: FindingLevel,
    #[serde(rename = "says")]
    message: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum FindingLevel {
    Ok,
    /// It works, but something is left for the operator to do.
    Todo,
    Wrong,
}

/// Checks everything, also after a failure.
pub(super) async fn run(options: &GlobalArgs) -> anyhow::Result<CommandResult> {
    let mut findings = vec![versions()];
    let settings = options.settings();
    match &settings {
        Ok(settings) => {
            findings.push(good("settings and rules", "valid"));
            findings.push(consent(settings.rules.scope.consent.is_some()));
            findings.extend(network::check(&settings.config));
            findings.extend(privacy::check(&options.data, &settings.config.secret_files));
            findings.extend(discord::check(settings).await);
            findings.extend(forge(settings).await);
            findings.extend(meaning::check(settings.config.meaning.as_ref()).await);
        }
        Err(error) => {
            findings.push(bad("settings and rules", format!("{error:#}")));
            findings.extend(privacy::check(&options.data, &[]));
        }
    }
    findings.extend(disk::check(options, settings.as_ref().ok()).await);
    let passed = findings.iter().all(|finding| finding.passed);
    if options.json {
        print_json(&findings)?;
    } else {
        findings.iter().for_each(print_finding);
    }
    Ok(if passed { CommandResult::Success } else { CommandResult::Failure })
}

fn good(what: &'static str, message: impl Into<String>) -> DoctorFinding {
    DoctorFinding { what, passed: true, level: FindingLevel::Ok, message: message.into() }
}

fn todo(what: &'static str, message: impl Into<String>) -> DoctorFinding {
    DoctorFinding { what, passed: true, level: FindingLevel::Todo, message: message.into() }
}

fn bad(what: &'static str, message: impl Into<String>) -> DoctorFinding {
    DoctorFinding { what, passed: false, level: FindingLevel::Wrong, message: message.into() }
}

fn versions() -> DoctorFinding {
    let (program, tables) = (env!("CARGO_PKG_VERSION"), Store::tables_version());
    good("versions", format!("harvester {program}, tables of the store {tables}"))
}

fn consent(chosen: bool) -> DoctorFinding {
    if chosen {
        good("consent", "a consent mode is set in scope.toml")
    } else {
        let message = "no consent mode is set: nothing is drafted and the site shows no words; \
                    set consent.mode in scope.toml";
        todo("consent", message)
    }
}

/// Checks where proposals go, and whether that works.
async fn forge(settings: &LoadedSettings) -> Vec<DoctorFinding> {
    let ForgeConfig { repository, github, .. } = &settings.config.forge;
    if let Some(forge) = github {
        return on_github(forge, settings.config.folder.as_ref()).await;
    }
    vec![match repository {
        Some(path) if path.exists() => {
            good("proposals", format!("go to the git repository {}", path.display()))
        }
        Some(path) => {
            let path = path.display();
            todo("proposals", format!("go to {path}, which `propose` makes: nothing is there yet"))
        }
        None => todo("proposals", "no [forge] repository or github is set: `propose` needs one"),
    }]
}

async fn on_github(forge: &GitHubConfig, folder: Option<&DocsFolder>) -> Vec<DoctorFinding> {
    let auth = match forge.who.auth() {
        Ok(Some(auth)) => auth,
        Ok(None) => {
            let message = "no GitHub account is set; set `token_file`, or `app_id` and `private_key_file`, in [forge]";
            return vec![bad("proposals", message)];
        }
        Err(error) => return vec![bad("proposals", format!("{error:#}"))],
    };
    let clock = Arc::new(SystemClock);
    match GitHubClient::new(&forge.api_url, &forge.repository, auth, clock, None) {
        Ok(github) => {
            let found = github.run_checks(folder).await.into_iter();
            let found = found.map(|one| {
                if one.passed { good(one.what, one.message) } else { bad(one.what, one.message) }
            });
            let goes = good("proposals", format!("go to {} on GitHub", forge.repository));
            std::iter::once(goes).chain(found).collect()
        }
        Err(error) => vec![bad("proposals", error.to_string())],
    }
}

fn print_finding(finding: &DoctorFinding) {
    let (mark, colour) = match finding.level {
        FindingLevel::Ok => ("ok", anstyle::AnsiColor::Green),
        FindingLevel::Todo => ("todo", anstyle::AnsiColor::Yellow),
        FindingLevel::Wrong => ("wrong", anstyle::AnsiColor::Red),
    };
    let style = colour.on_default();
    let mut lines = finding.message.lines();
    let first = lines.next().unwrap_or_default();
    out!("{style}{mark:>6}{style:#}  {:<20} {first}", finding.what);
    lines.for_each(|line| out!("{:>29}{line}", ""));
}
