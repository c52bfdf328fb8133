//! One module per command; this one holds what they share.

#![expect(clippy::print_stderr, reason = "commands speak to the person at the terminal")]

/// Prints a line, with colours where the terminal shows them.
macro_rules! say {
    ($($words:tt)*) => { $crate::commands::print_line(format_args!($($words)*)) };
}

mod clusters;
mod completions;
mod demo;
mod doctor;
mod draft;
mod forget;
mod import;
mod proposals;
mod propose;
mod reindex;
mod retry;
mod run;
mod search;
mod serve;
mod status;
mod table;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use clap::{Parser, Subcommand};
use docgen::page::draft::DraftContext;
use docgen::target::{DocsFolder, DocsTarget};
use indexer::search::Searcher;
use indexer::store::{Store, StoreError};
use rules::config::ruleset::Ruleset;
use rules::publish::pseudonym::AuthorNaming;
use tracing_subscriber::filter::{EnvFilter, FilterExt as _, filter_fn};
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};

use crate::clock;
use crate::config::{self, Config};
use crate::discord::gateway::close_codes;
use crate::pipeline::{INDEX, Pipeline, PipelineError, is_behind};

/// Turns a community's chat into known answers: imports Discord talk, finds the questions that were
/// resolved, clusters the recurring ones, serves search, and proposes docs pages.
#[derive(Debug, Parser)]
#[command(name = "harvester", version, propagate_version = true, after_help = EXAMPLES)]
struct Cli {
    #[command(flatten)]
    options: GlobalArgs,
    #[command(subcommand)]
    command: CliCommand,
}

const EXAMPLES: &str = "\
Examples:
  harvester demo                               see it all on two bundled exports
  harvester run                                listen to Discord and serve what is known
  harvester import exports/                    read DiscordChatExporter JSON files
  harvester search \"how do I enable voice\"     ask what is known
  harvester clusters                           list recurring questions
  harvester propose --dry-run                  show what would be proposed
  harvester serve                              search page on http://127.0.0.1:8080

Exit codes: 0 done, 1 failed, 2 wrong use.";

#[derive(Debug, clap::Args)]
struct GlobalArgs {
    /// Directory that holds the store and the index
    #[arg(
        long,
        global = true,
        env = "HARVESTER_DATA",
        value_name = "DIR",
        default_value = "harvester-data"
    )]
    data: PathBuf,
    /// Settings file; without it, harvester.toml in the data directory if there is one
    #[arg(long, global = true, env = "HARVESTER_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    /// Directory whose *.toml files replace the embedded rules of the same name
    #[arg(long, global = true, env = "HARVESTER_RULES", value_name = "DIR")]
    rules: Option<PathBuf>,
    /// Print JSON instead of text, where a command lists something
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum CliCommand {
    /// Run everything on the two exports that come with the program, then serve the result
    Demo(demo::DemoArgs),
    /// Listen to Discord, catch up, stay up, and serve what is known
    Run(run::RunArgs),
    /// Read DiscordChatExporter JSON files, and harvest what they hold
    Import(import::ImportArgs),
    /// Search the answers
    Search(search::SearchArgs),
    /// List recurring questions, or show one with every reason behind it
    Clusters(clusters::ClustersArgs),
    /// Draft the pages that are due, or one page
    Draft(draft::DraftArgs),
    /// Propose the pages that are due to the docs repository
    Propose(propose::ProposeArgs),
    /// List the proposals with their states and clocks
    Proposals,
    /// Serve the search page and the HTTP API
    Serve(serve::ServeArgs),
    /// Remove everything of a person, and never store them again
    Forget(forget::ForgetArgs),
    /// Read again what could not be read when it came
    Retry,
    /// Show what is stored, and how a running daemon is
    Status,
    /// Check settings, rules, data directory, the index against the store, and GitHub
    #[command(visible_alias = "doctor")]
    Check,
    /// Build the index anew from the store
    Reindex,
    /// Print a completion script for a shell
    Completions(completions::CompletionsArgs),
}

/// How a command that did not fail outright ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum CommandResult {
    Well,
    /// It did what it could, and has said what was wrong.
    Badly,
}

/// Reads the command line, runs the command, and tells how it ended by the exit code.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    match cli.run() {
        Ok(CommandResult::Well) => ExitCode::SUCCESS,
        Ok(CommandResult::Badly) => ExitCode::FAILURE,
        Err(error) => {
            print_error(&error);
            ExitCode::FAILURE
        }
    }
}

/// Tells why the command failed.
fn print_error(error: &anyhow::Error) {
    let [start, end] = [anstyle::AnsiColor::Red.on_default().bold(), anstyle::Style::new()];
    anstream::eprintln!("{start}error:{end:#} {error}");
    for cause in error.chain().skip(1) {
        anstream::eprintln!("  because: {cause}");
    }
}

impl Cli {
    fn run(&self) -> anyhow::Result<CommandResult> {
        log_to_stderr();
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        runtime.block_on(self.dispatch())
    }

    async fn dispatch(&self) -> anyhow::Result<CommandResult> {
        let options = &self.options;
        match &self.command {
            CliCommand::Demo(arguments) => demo::run(options, arguments).await,
            CliCommand::Run(arguments) => run::run(options, arguments).await,
            CliCommand::Import(arguments) => import::run(options, arguments).await,
            CliCommand::Search(arguments) => search::run(options, arguments).await,
            CliCommand::Clusters(arguments) => clusters::run(options, arguments).await,
            CliCommand::Draft(arguments) => draft::run(options, arguments).await,
            CliCommand::Propose(arguments) => propose::run(options, arguments).await,
            CliCommand::Proposals => proposals::run(options).await,
            CliCommand::Serve(arguments) => serve::run(options, arguments).await,
            CliCommand::Forget(arguments) => forget::run(options, arguments).await,
            CliCommand::Retry => retry::run(options).await,
            CliCommand::Status => status::run(options).await,
            CliCommand::Check => doctor::run(options).await,
            CliCommand::Reindex => reindex::run(options).await,
            CliCommand::Completions(arguments) => completions::run(arguments),
        }
    }
}

impl GlobalArgs {
    fn settings(&self) -> anyhow::Result<LoadedSettings> {
        let beside_data = self.data.join(config::FILE);
        let file = self.config.clone().or_else(|| beside_data.is_file().then_some(beside_data));
        let config = Config::load(file.as_deref(), std::env::vars())?;
        let directory = self.rules.as_deref().or(config.rules.as_deref());
        let rules = config::load_rules(directory)?;
        let folder = config.folder.clone().unwrap_or_default();
        Ok(LoadedSettings { config, rules: Arc::new(rules), folder })
    }

    /// Opens the data directory for writing and brings it up to date, so that whatever a killed run
    /// left behind is finished first.
    async fn pipeline(&self, settings: &LoadedSettings) -> anyhow::Result<Pipeline> {
        let salt = clock::fresh_salt().context("the system gives no random numbers")?;
        let mut pipeline = Pipeline::open(&self.data, Arc::clone(&settings.rules), &salt).await?;
        pipeline.catch_up(clock::now()).await?;
        Ok(pipeline)
    }

    /// Opens the data directory for reading. What a killed run left unfinished, or other rules judge
    /// anew, is done first, unless another process is writing there.
    async fn reading(&self, settings: &LoadedSettings) -> anyhow::Result<ReadHandle> {
        if !Store::exists(&self.data) {
            return Err(StoreError::Empty(self.data.clone()).into());
        }
        if let Ok(reading) = self.read_only(settings).await
            && !reading.behind
        {
            return Ok(reading);
        }
        match self.pipeline(settings).await {
            Ok(pipeline) => pipeline.close().await,
            Err(error) if is_in_use(&error) => {
                tracing::info!("another process is writing; reading what it has finished");
            }
            Err(error) => return Err(error),
        }
        self.read_only(settings).await
    }

    async fn read_only(&self, settings: &LoadedSettings) -> anyhow::Result<ReadHandle> {
        let store = Store::open_read_only(&self.data).await?;
        let searcher = Searcher::open(&self.data.join(INDEX))?;
        let behind = is_behind(&store, &settings.rules, searcher.cursor()).await?;
        Ok(ReadHandle { store, searcher, behind })
    }
}

/// What the operator decided.
struct LoadedSettings {
    config: Config,
    rules: Arc<Ruleset>,
    /// Where pages go in a repository that tells nothing by itself.
    folder: DocsFolder,
}

impl LoadedSettings {
    async fn naming(&self, store: &Store) -> anyhow::Result<AuthorNaming> {
        if self.config.display_names {
            return Ok(AuthorNaming::DisplayNames);
        }
        let salt = store.salt().await?.context("the store has no salt; run `harvester check`")?;
        Ok(AuthorNaming::Pseudonyms(salt))
    }

    fn context<'s>(&'s self, naming: &'s AuthorNaming) -> DraftContext<'s> {
        DraftContext {
            target: self.config.target.unwrap_or(DocsTarget::Markdown),
            folder: &self.folder,
            path: None,
            rules: &self.rules,
            naming,
            version: env!("CARGO_PKG_VERSION"),
        }
    }
}

/// A data directory as a reader sees it.
struct ReadHandle {
    store: Store,
    searcher: Searcher,
    /// Whether another process has yet to judge, group or index something.
    behind: bool,
}

fn is_in_use(error: &anyhow::Error) -> bool {
    matches!(
        error.downcast_ref::<PipelineError>(),
        Some(PipelineError::Store(StoreError::InUse(_)))
    )
}

fn print_json(value: &impl serde::Serialize) -> anyhow::Result<()> {
    say!("{}", serde_json::to_string_pretty(value)?);
    Ok(())
}

/// A reader that has seen enough (`| head`) ends the program; there is nobody left to tell.
fn print_line(words: std::fmt::Arguments<'_>) {
    use std::io::Write as _;
    if writeln!(anstream::stdout(), "{words}").is_err() {
        std::process::exit(0);
    }
}

/// Libraries whose logs carry what people wrote, or what the wire carries: never shown, whatever
/// `RUST_LOG` says.
const SILENT: [&str; 8] = [
    "serenity",
    "tungstenite",
    "tokio_tungstenite",
    "reqwest",
    "hyper",
    "hyper_util",
    "h2",
    "rustls",
];

/// `RUST_LOG` chooses what is logged; without it, warnings and the progress of long work.
fn log_to_stderr() {
    let filter =
        EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn,harvester=info"));
    let shown = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_target(false)
        .without_time()
        .with_filter(filter.and(filter_fn(|about| !is_silent(about.target()))));
    let subscriber = tracing_subscriber::registry().with(shown).with(close_codes::layer());
    // A second call, as tests make it, keeps the first subscriber.
    let _ = tracing::subscriber::set_global_default(subscriber);
}

fn is_silent(target: &str) -> bool {
    let crate_name = target.split("::").next().unwrap_or_default();
    SILENT.contains(&crate_name)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }
}
