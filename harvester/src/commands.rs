//! The command line: one module per command, and here what they share.

#![expect(clippy::print_stderr, reason = "commands report errors on standard error")]

/// Prints a line on standard output, with colours where the terminal shows them.
macro_rules! out {
    ($($line:tt)*) => { $crate::commands::print_line(format_args!($($line)*)) };
}

mod backlog;
mod backup;
mod clusters;
mod completions;
mod config;
mod demo;
mod doctor;
mod draft;
mod errors;
mod facts;
mod forget;
mod guide;
mod import;
mod init;
mod mcp;
mod migrate_store;
mod probe;
mod proposals;
mod propose;
mod redact;
mod reindex;
mod release;
mod report;
mod restore;
mod retry;
mod run;
mod search;
mod serve;
mod status;
mod table;
mod token;
mod unforget;
mod unmatched;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use clap::{Parser, Subcommand};
use docgen::page::draft::DraftContext;
use docgen::target::{DocsFolder, DocsTarget};
use indexer::encoder::SentenceEncoder;
use indexer::search::{SearchError, Searcher};
use indexer::store::{Store, StoreError, StoreLocation};
use rules::config::ruleset::Ruleset;
use rules::model::workspace::WHOLE;
use rules::publish::pseudonym::AuthorNaming;
use site::{FeedWatch, SiteWorkspaces};

use crate::clock;
use crate::config::{Config, ConfigErrors, FILE, load_rules};
use crate::discord::gateway::GatewayFatal;
use crate::discord::rest::{RefusedRequest, RestError};
use crate::logging::{self, LogDetail, LogFormat};
use crate::pipeline::{INDEX, Pipeline, PipelineError, is_behind, workspace_indexes};
use crate::process_limits::keep_files_private;

/// Finds the recurring questions of a Discord community and their answers: reads messages, detects
/// resolved questions, clusters the recurring ones, serves a search page and proposes docs pages.
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
  harvester demo                               try everything on three bundled exports
  harvester init                               write settings and rules for your server
  harvester run                                listen to Discord and serve the answers
  harvester import exports/                    import DiscordChatExporter JSON files
  harvester search \"how do I enable voice\"     search the answers
  harvester clusters                           list recurring questions
  harvester propose --dry-run                  show what would be sent
  harvester serve                              search page on http://127.0.0.1:8080

Exit codes: 0 success, 1 failure, 2 usage error, 78 wrong settings, token or permissions.";

#[derive(Debug, clap::Args)]
struct GlobalArgs {
    /// Directory that holds the store and the index
    #[arg(
        long,
        global = true,
        env = "HARVESTER_DATA",
        value_name = "DIR",
        default_value = DEFAULT_DATA
    )]
    data: PathBuf,
    /// Settings file; by default harvester.toml in the data directory, if it exists
    #[arg(long, global = true, env = "HARVESTER_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    /// Directory whose *.toml files replace the embedded rules of the same name
    #[arg(long, global = true, env = "HARVESTER_RULES", value_name = "DIR")]
    rules: Option<PathBuf>,
    /// Print JSON instead of text
    #[arg(long, global = true)]
    json: bool,
    /// Format of the log on standard error; RUST_LOG selects what is logged
    #[arg(
        long,
        global = true,
        env = "HARVESTER_LOG_FORMAT",
        value_name = "FORMAT",
        value_enum,
        default_value = "text"
    )]
    log_format: LogFormat,
    /// Log only warnings and errors, and show no progress
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    quiet: bool,
    /// Log the steps of the work too
    #[arg(short, long, global = true)]
    verbose: bool,
}

/// The data directory where none is named.
const DEFAULT_DATA: &str = "harvester-data";

#[derive(Debug, Subcommand)]
enum CliCommand {
    /// Try everything on three bundled exports, then serve the result
    Demo(demo::DemoArgs),
    /// Ask about your server and write settings and rules
    Init(Box<init::InitArgs>),
    /// Print the settings that hold, or an example of all
    Config(config::ConfigArgs),
    /// Run the daemon: listen to Discord, catch up, serve the site and open pull requests
    Run(run::RunArgs),
    /// Import DiscordChatExporter JSON files
    Import(import::ImportArgs),
    /// Search the answers
    Search(search::SearchArgs),
    /// List recurring questions, or show one with all reasons
    Clusters(clusters::ClustersArgs),
    /// Draft the pages that are due, or one page
    Draft(draft::DraftArgs),
    /// Propose the pages that are due to the docs repository
    Propose(propose::ProposeArgs),
    /// List the proposals with their states and deadlines
    Proposals,
    /// Serve the search page and the HTTP API
    Serve(serve::ServeArgs),
    /// Serve the answers to a coding agent over standard input and output (Model Context Protocol)
    Mcp(mcp::McpArgs),
    /// List what people look for and do not find
    Backlog(backlog::BacklogArgs),
    /// Make, list and revoke tokens of the API
    Token(token::TokenArgs),
    /// Make and check links that a program prints beside its errors
    Errors(errors::ErrorsArgs),
    /// List the official facts, or print them as a page
    Facts(facts::FactsArgs),
    /// Check that a running site answers (for container health checks)
    Probe(probe::ProbeArgs),
    /// Print a guide: a page made of answers in a chosen order
    Guide(guide::GuideArgs),
    /// Record a release, after which answers are checked again
    Release(release::ReleaseArgs),
    /// Reports: what was asked and answered, and what stays open
    Report(report::ReportArgs),
    /// Erase a user's data and never store it again
    Forget(forget::ForgetArgs),
    /// Take back the erasure of a mistyped user id
    Unforget(unforget::UnforgetArgs),
    /// Show what would be redacted before a text is stored
    Redact(redact::RedactArgs),
    /// Retry payloads that could not be parsed
    Retry,
    /// Show stored data and daemon status
    Status,
    /// Check settings, rules, data directory, index and GitHub access
    #[command(alias = "check")]
    Doctor,
    /// Copy the store, also while the daemon runs
    Backup(backup::BackupArgs),
    /// Put a backup in the place of the store
    Restore(restore::RestoreArgs),
    /// Copy the store into a PostgreSQL database, or back
    MigrateStore(migrate_store::MigrateStoreArgs),
    /// Rebuild the index from the store
    Reindex,
    /// Print a shell completion script
    Completions(completions::CompletionsArgs),
}

/// How a command that returned no error ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum CommandResult {
    Success,
    /// It did what it could, and has printed the problems.
    Failure,
}

/// Parses the command line, runs the command and returns its exit code.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    match cli.run() {
        Ok(CommandResult::Success) => ExitCode::SUCCESS,
        Ok(CommandResult::Failure) => ExitCode::FAILURE,
        Err(error) => {
            print_error(&error);
            ExitCode::from(exit_code(&error))
        }
    }
}

/// The command cannot do what its flags say together.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct UsageError(String);

/// A setting that the command needs is missing.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct MissingSetting(&'static str);

/// Exit code of a usage error, as clap has it.
const USAGE: u8 = 2;
/// `EX_CONFIG` of sysexits.h: a restart would fail the same way, until the operator changes something.
const CONFIGURATION: u8 = 78;

fn exit_code(error: &anyhow::Error) -> u8 {
    let rejects = |error: &RestError| error.unauthorized();
    let refused = |error: &RefusedRequest| !error.source.passes();
    let configuration = error.is::<ConfigErrors>()
        || error.is::<MissingSetting>()
        || error.downcast_ref::<GatewayFatal>().is_some_and(GatewayFatal::needs_operator)
        || error.downcast_ref::<RefusedRequest>().is_some_and(refused)
        || error.downcast_ref::<RestError>().is_some_and(rejects);
    match () {
        () if error.is::<UsageError>() => USAGE,
        () if configuration => CONFIGURATION,
        () => 1,
    }
}

/// Prints an error with its causes.
fn print_error(error: &anyhow::Error) {
    let [start, end] = [anstyle::AnsiColor::Red.on_default().bold(), anstyle::Style::new()];
    let mut last = error.to_string();
    anstream::eprintln!("{start}error:{end:#} {last}");
    for cause in error.chain().skip(1).map(ToString::to_string) {
        // Some errors end with the text of their cause.
        if !last.ends_with(&cause) {
            anstream::eprintln!("  caused by: {cause}");
            last = cause;
        }
    }
}

impl Cli {
    fn run(&self) -> anyhow::Result<CommandResult> {
        keep_files_private();
        logging::start(self.options.log_format, self.options.log_detail())?;
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        runtime.block_on(self.dispatch())
    }

    async fn dispatch(&self) -> anyhow::Result<CommandResult> {
        let options = &self.options;
        match &self.command {
            CliCommand::Demo(arguments) => demo::run(options, arguments).await,
            CliCommand::Init(arguments) => init::run(options, arguments).await,
            CliCommand::Config(arguments) => config::run(options, arguments),
            CliCommand::Run(arguments) => run::run(options, arguments).await,
            CliCommand::Import(arguments) => import::run(options, arguments).await,
            CliCommand::Search(arguments) => search::run(options, arguments).await,
            CliCommand::Clusters(arguments) => clusters::run(options, arguments).await,
            CliCommand::Draft(arguments) => draft::run(options, arguments).await,
            CliCommand::Propose(arguments) => propose::run(options, arguments).await,
            CliCommand::Proposals => proposals::run(options).await,
            CliCommand::Serve(arguments) => serve::run(options, arguments).await,
            CliCommand::Mcp(arguments) => mcp::run(options, arguments).await,
            CliCommand::Backlog(arguments) => backlog::run(options, arguments).await,
            CliCommand::Token(arguments) => token::run(options, arguments).await,
            CliCommand::Errors(arguments) => errors::run(options, arguments).await,
            CliCommand::Facts(arguments) => facts::run(options, arguments),
            CliCommand::Probe(arguments) => probe::run(options, arguments).await,
            CliCommand::Guide(arguments) => guide::run(options, arguments).await,
            CliCommand::Release(arguments) => release::run(options, arguments).await,
            CliCommand::Report(arguments) => report::run(options, arguments).await,
            CliCommand::Forget(arguments) => forget::run(options, arguments).await,
            CliCommand::Unforget(arguments) => unforget::run(options, arguments).await,
            CliCommand::Redact(arguments) => redact::run(options, arguments),
            CliCommand::Retry => retry::run(options).await,
            CliCommand::Status => status::run(options).await,
            CliCommand::Doctor => doctor::run(options).await,
            CliCommand::Backup(arguments) => backup::run(options, arguments).await,
            CliCommand::Restore(arguments) => restore::run(options, arguments).await,
            CliCommand::MigrateStore(arguments) => migrate_store::run(options, arguments).await,
            CliCommand::Reindex => reindex::run(options).await,
            CliCommand::Completions(arguments) => completions::run(arguments),
        }
    }
}

impl GlobalArgs {
    fn log_detail(&self) -> LogDetail {
        match (self.quiet, self.verbose) {
            (true, _) => LogDetail::Warnings,
            (false, false) => LogDetail::Progress,
            (false, true) => LogDetail::Steps,
        }
    }

    /// The settings file, if there is one.
    fn settings_file(&self) -> Option<PathBuf> {
        let beside_data = self.data.join(FILE);
        self.config.clone().or_else(|| beside_data.is_file().then_some(beside_data))
    }

    fn config(&self) -> anyhow::Result<Config> {
        Config::load(self.settings_file().as_deref(), std::env::vars())
    }

    /// Where the store is.
    fn store_location(&self) -> anyhow::Result<StoreLocation> {
        Ok(self.config()?.store_location(&self.data))
    }

    fn settings(&self) -> anyhow::Result<LoadedSettings> {
        let config = self.config()?;
        let directory = self.rules.as_deref().or(config.rules.as_deref());
        let mut rules = load_rules(directory)?;
        rules.facts.list_links(config.own_links().iter().map(String::as_str));
        rules.workspaces.clone_from(&config.workspaces);
        let folder = config.folder.clone().unwrap_or_default();
        Ok(LoadedSettings { config, rules: Arc::new(rules), folder })
    }

    /// Opens the data directory for writing and finishes what an interrupted run left undone.
    async fn pipeline(&self, settings: &LoadedSettings) -> anyhow::Result<Pipeline> {
        let salt = clock::fresh_salt().context("cannot read random numbers from the system")?;
        let location = settings.config.store_location(&self.data);
        let mut pipeline = Pipeline::open(location, Arc::clone(&settings.rules), &salt).await?;
        pipeline.catch_up(clock::now()).await?;
        Ok(pipeline)
    }

    /// Opens the data directory for reading. Work that an interrupted run left undone, or that changed
    /// rules require, is done first, unless another process is writing there.
    async fn reading(&self, settings: &LoadedSettings) -> anyhow::Result<ReadHandle> {
        match self.read_only(settings).await {
            Ok(reading) if !reading.behind => return Ok(reading),
            Err(error) if is_empty(&error) => return Err(error),
            _ => {}
        }
        match self.pipeline(settings).await {
            Ok(pipeline) => pipeline.close().await,
            Err(error) if is_in_use(&error) => {
                tracing::info!("another process is writing; its unfinished work is not shown yet");
            }
            Err(error) => return Err(error),
        }
        self.read_only(settings).await
    }

    async fn read_only(&self, settings: &LoadedSettings) -> anyhow::Result<ReadHandle> {
        let store = Store::open_read_only(settings.config.store_location(&self.data)).await?;
        let searcher = Searcher::open(&self.data.join(INDEX))?;
        let workspaces = self.workspace_searchers(&settings.rules)?;
        let cursor = searcher.cursor();
        let is_even = workspaces.iter().all(|workspace| workspace.cursor() == cursor);
        let cursor = cursor.filter(|_| is_even);
        let behind =
            !store.is_up_to_date().await? || is_behind(&store, &settings.rules, cursor).await?;
        Ok(ReadHandle { store, searcher, behind })
    }

    /// A searcher for each workspace.
    fn workspace_searchers(&self, rules: &Ruleset) -> Result<Vec<Searcher>, SearchError> {
        let directories = workspace_indexes(&self.data, &rules.workspaces);
        directories.iter().map(|directory| Searcher::open(directory)).collect()
    }

    /// The site over the data directory, and what watches that its indexes are not too old. Where nothing can be
    /// written there, nothing is counted.
    async fn site(
        &self,
        settings: LoadedSettings,
    ) -> anyhow::Result<(SiteWorkspaces, Arc<FeedWatch>)> {
        let ReadHandle { store: readable, .. } = self.reading(&settings).await?;
        let store = match self.shared().await {
            Ok(store) => store,
            Err(error) => {
                tracing::warn!(
                    error = format!("{error:#}"),
                    "feedback and searches are not counted"
                );
                readable
            }
        };
        let naming = settings.naming(&store).await?;
        let encoder = settings.encoder().await?;
        let searchers = self.workspace_searchers(&settings.rules)?.into_iter();
        let searchers = searchers.map(|searcher| searcher.with_encoder(encoder.clone()));
        let searchers = searchers.collect::<Vec<_>>();
        let watch = Arc::new(FeedWatch::new(store.clone(), searchers.clone(), clock::now));
        let LoadedSettings { config, rules, .. } = settings;
        let (branding, visitors) = (config.branding, config.visitors);
        let site =
            SiteWorkspaces::new(store, searchers, naming, rules, branding, visitors, clock::now);
        Ok((site.watched_by(Arc::clone(&watch)), watch))
    }
}

/// The operator's settings and rules.
struct LoadedSettings {
    config: Config,
    rules: Arc<Ruleset>,
    /// Where pages go if neither settings nor repository name a folder.
    folder: DocsFolder,
}

impl LoadedSettings {
    /// The workspace of this name, or the only one.
    pub(super) fn workspace(&self, name: Option<&str>) -> anyhow::Result<String> {
        let workspaces = &self.rules.workspaces;
        let known = workspaces.all().into_iter().map(|(_, name)| name).collect::<Vec<_>>();
        let known = known.join(", ");
        match name {
            Some(name) if workspaces.named(name).is_none() => {
                let says = format!("{name:?} is no workspace; expected one of {known}");
                Err(UsageError(says).into())
            }
            None if workspaces.is_divided() => {
                Err(UsageError(format!("--workspace is missing; one of {known}")).into())
            }
            named => Ok(named.unwrap_or(WHOLE).to_owned()),
        }
    }

    /// The sentence encoder of `[meaning]`, if one is set.
    async fn encoder(&self) -> anyhow::Result<Option<Arc<SentenceEncoder>>> {
        let Some(meaning) = self.config.meaning.clone() else { return Ok(None) };
        let loading = tokio::task::spawn_blocking(move || meaning.load());
        Ok(Some(Arc::new(loading.await?.context("[meaning] model")?)))
    }

    async fn naming(&self, store: &Store) -> anyhow::Result<AuthorNaming> {
        if self.config.display_names {
            return Ok(AuthorNaming::DisplayNames);
        }
        let salt = store.salt().await?.context("the store has no salt; run `harvester doctor`")?;
        Ok(AuthorNaming::Pseudonyms(salt))
    }

    fn context<'s>(&'s self, naming: &'s AuthorNaming) -> DraftContext<'s> {
        DraftContext {
            target: self.config.target.unwrap_or(DocsTarget::Markdown),
            folder: &self.folder,
            path: None,
            edit: None,
            rules: &self.rules,
            naming,
            version: env!("CARGO_PKG_VERSION"),
        }
    }
}

/// A data directory opened for reading.
struct ReadHandle {
    store: Store,
    searcher: Searcher,
    /// Whether another process still has messages to analyse, cluster or index.
    behind: bool,
}

fn is_empty(error: &anyhow::Error) -> bool {
    matches!(
        error.downcast_ref::<StoreError>(),
        Some(StoreError::Empty(_) | StoreError::EmptyDatabase)
    )
}

fn is_in_use(error: &anyhow::Error) -> bool {
    matches!(
        error.downcast_ref::<PipelineError>(),
        Some(PipelineError::Store(StoreError::InUse(_)))
    )
}

fn print_json(value: &impl serde::Serialize) -> anyhow::Result<()> {
    out!("{}", serde_json::to_string_pretty(value)?);
    Ok(())
}

/// Prints a line. Ends the program when standard output was closed, as by `| head`, and with an error
/// when it cannot be written to, as on a full disk.
fn print_line(line: std::fmt::Arguments<'_>) {
    use std::io::Write as _;
    let Err(error) = writeln!(anstream::stdout(), "{line}") else { return };
    if error.kind() == std::io::ErrorKind::BrokenPipe {
        std::process::exit(0);
    }
    tracing::error!(error = %logging::error_chain(&error), "cannot write to standard output");
    std::process::exit(1);
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn exit_codes_tell_what_a_restart_cannot_repair() {
        let refused = |source| RefusedRequest { request: "GET /gateway/bot", source };
        for (error, code) in [
            (anyhow::Error::from(UsageError("x".into())), 2),
            (ConfigErrors(Vec::new()).into(), 78),
            (MissingSetting("x").into(), 78),
            (GatewayFatal::Token.into(), 78),
            (GatewayFatal::MessageContent.into(), 78),
            (GatewayFatal::Dead(300).into(), 1),
            (refused(RestError::Unauthorized).into(), 78),
            (refused(RestError::NotJson).into(), 1),
            (anyhow::anyhow!("x"), 1),
        ] {
            let said = error.to_string();
            assert_eq!(exit_code(&error.context("while starting")), code, "{said}");
        }
    }
}
