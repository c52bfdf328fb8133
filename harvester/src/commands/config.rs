//! `config`: what holds and where it comes from, and an example of every setting.

use std::collections::BTreeMap;

use clap::CommandFactory as _;
use clap::parser::ValueSource;
use serde::Serialize;

use super::{Cli, CommandResult, GlobalArgs, print_json};
use crate::config::ConfigErrors;
use crate::config::effective::{EffectiveSetting, effective_settings};
use crate::config::reference::render_settings;

#[derive(Debug, clap::Args)]
pub(super) struct ConfigArgs {
    #[command(subcommand)]
    command: ConfigCommand,
}

#[derive(Debug, clap::Subcommand)]
enum ConfigCommand {
    /// Print every setting that holds, and where it comes from
    Show,
    /// Print a settings file with a comment on every setting
    Example,
}

/// Everything that `config show` prints.
#[derive(Serialize)]
struct ConfigListing {
    paths: Vec<PathListing>,
    settings: Vec<EffectiveSetting>,
    /// Rules files that replace the built-in ones.
    replaced_rules: Vec<String>,
}

/// A file or directory of the installation.
#[derive(Serialize)]
struct PathListing {
    what: &'static str,
    path: Option<String>,
    origin: &'static str,
}

pub(super) fn run(options: &GlobalArgs, arguments: &ConfigArgs) -> anyhow::Result<CommandResult> {
    match arguments.command {
        ConfigCommand::Example => out!("{}", render_settings(&BTreeMap::new()).trim_end()),
        ConfigCommand::Show => {
            let listing = listing(options)?;
            if options.json { print_json(&listing)? } else { print_listing(&listing) }
        }
    }
    Ok(CommandResult::Success)
}

fn listing(options: &GlobalArgs) -> anyhow::Result<ConfigListing> {
    let settings = options.settings()?;
    let file = options.settings_file();
    let text = file.as_deref().map(std::fs::read_to_string).transpose()?.unwrap_or_default();
    let rules = options.rules.as_ref().or(settings.config.rules.as_ref());
    let shown = |path: &std::path::PathBuf| path.display().to_string();
    let origin_of_rules = match options.rules {
        Some(_) => origin("rules"),
        None => {
            if rules.is_some() {
                "settings"
            } else {
                "built in"
            }
        }
    };
    let paths = vec![
        PathListing {
            what: "data directory",
            path: Some(shown(&options.data)),
            origin: origin("data"),
        },
        PathListing {
            what: "settings file",
            path: file.as_ref().map(shown),
            origin: if options.config.is_some() { origin("config") } else { "data directory" },
        },
        PathListing { what: "rules directory", path: rules.map(shown), origin: origin_of_rules },
    ];
    let mut replaced_rules = Vec::new();
    for entry in rules.map(std::fs::read_dir).transpose()?.into_iter().flatten() {
        let name = entry?.file_name().to_string_lossy().into_owned();
        replaced_rules.extend(name.ends_with(".toml").then_some(name));
    }
    replaced_rules.sort();
    let effective = effective_settings(&text, std::env::vars());
    let settings = effective.map_err(|mistake| ConfigErrors(vec![mistake]))?;
    Ok(ConfigListing { paths, settings, replaced_rules })
}

/// Where the value of a global flag comes from.
fn origin(flag: &str) -> &'static str {
    match Cli::command().get_matches().value_source(flag) {
        Some(ValueSource::CommandLine) => "flag",
        Some(ValueSource::EnvVariable) => "environment",
        _ => "default",
    }
}

fn print_listing(listing: &ConfigListing) {
    for PathListing { what, path, origin } in &listing.paths {
        match path {
            Some(path) => out!("{what:<26} {path}  ({origin})"),
            None => out!("{what:<26} none"),
        }
    }
    if !listing.replaced_rules.is_empty() {
        out!("{:<26} {}", "replaces built-in rules", listing.replaced_rules.join(", "));
    }
    out!("");
    for EffectiveSetting { setting, value, origin } in &listing.settings {
        match value {
            Some(value) => out!("{setting:<26} {value}  ({origin})"),
            None => out!("{setting:<26} not set"),
        }
    }
}
