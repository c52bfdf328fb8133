//! `init`: asks, looks at Discord and the docs repository, and writes the settings and rules.

pub(super) mod live;
mod prompt;

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use docgen::forge::local::LocalForge;
use docgen::target::{DocsFolder, DocsTarget};
use rules::config::scope::Consent;
use rules::model::ids::GuildId;

use super::{CommandResult, GlobalArgs, UsageError};
use crate::config::{self, Config, is_repository};
use crate::setup::{
    CONSENT_MODES, DocsRepository, GitHubCredential, MessageSource, SetupAnswers, SetupFile,
    TOKEN_FILE, next_steps, setup_files,
};
use prompt::SetupPrompt;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  harvester init
  harvester init --source exports --consent server-public --trust Helper --docs ../docs --yes
  HARVESTER__DISCORD__TOKEN=… harvester init --source live --consent later --yes

Asks for what no flag says; with --yes, nothing is asked and the rest gets its default. Writes
DATA/harvester.toml and DATA/rules/scope.toml with comments, and the token, if it is in no file yet,
to DATA/token: all readable by you alone. Existing files are never changed.")]
pub(super) struct InitArgs {
    /// Ask nothing: what no flag says gets its default
    #[arg(long)]
    yes: bool,
    /// Where messages come from
    #[arg(long, value_enum, value_name = "SOURCE")]
    source: Option<SourceArg>,
    /// File whose first line is the bot's token; else it is asked for, or HARVESTER__DISCORD__TOKEN
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// Do not ask Discord about the token
    #[arg(long)]
    offline: bool,
    /// Id of a server to read; by default all servers of the bot
    #[arg(long = "guild", value_name = "ID")]
    guilds: Vec<GuildId>,
    /// Name of a channel to read; by default all that everybody can read
    #[arg(long = "channel", value_name = "NAME")]
    channels: Vec<String>,
    /// What may be quoted: server-public, topic-sentence, ask or later
    #[arg(long, value_name = "MODE", value_parser = CONSENT_MODES.map(|(name, ..)| name))]
    consent: Option<String>,
    /// Role whose members' word counts
    #[arg(long = "trust", value_name = "ROLE")]
    trust: Vec<String>,
    /// Docs repository on this machine; created by the first proposal if missing
    #[arg(long, value_name = "DIR", conflicts_with = "github")]
    docs: Option<PathBuf>,
    /// Docs repository on GitHub
    #[arg(long, value_name = "OWNER/NAME")]
    github: Option<String>,
    /// Id of the GitHub App that proposes
    #[arg(long, value_name = "ID", requires = "github_key")]
    github_app: Option<u64>,
    /// Private key of the GitHub App
    #[arg(long, value_name = "FILE", requires = "github_app")]
    github_key: Option<PathBuf>,
    /// File whose first line is a fine-grained token, instead of an App
    #[arg(long, value_name = "FILE", conflicts_with = "github_app")]
    github_token_file: Option<PathBuf>,
    /// Address and port of the site
    #[arg(long, env = "HARVESTER_LISTEN", value_name = "ADDRESS")]
    listen: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum SourceArg {
    Exports,
    Live,
}

pub(super) async fn run(
    options: &GlobalArgs,
    arguments: &InitArgs,
) -> anyhow::Result<CommandResult> {
    if options.config.is_some() || options.rules.is_some() {
        let says = "init writes into the data directory; leave out --config and --rules";
        return Err(UsageError(says.to_owned()).into());
    }
    for name in [config::FILE, "rules/scope.toml"] {
        let path = options.data.join(name);
        anyhow::ensure!(
            !path.exists(),
            "{} exists and is not changed; edit it, or remove it to start over. `harvester config \
             show` prints what holds",
            path.display()
        );
    }
    let prompt = SetupPrompt::new(!arguments.yes);
    let live = match source(arguments, &prompt)? {
        SourceArg::Exports => None,
        SourceArg::Live => Some(live::ask(arguments, &prompt).await?),
    };
    let roles = live.as_ref().map_or(&[][..], |live| &live.roles);
    let consent = consent(arguments, &prompt)?;
    let trusted_roles = trusted_roles(arguments, &prompt, roles)?;
    let docs = docs(arguments, &prompt)?;
    let listen = match &arguments.listen {
        Some(listen) => listen.clone(),
        None => prompt.line("Address and port of the search page", "127.0.0.1:8080")?,
    };
    let (source, token) = match live {
        Some(live) => (live.source, live.token),
        None => (MessageSource::Exports, None),
    };
    let answers = SetupAnswers { source, consent, trusted_roles, docs, listen };
    let token = token.map(|token| SetupFile { path: TOKEN_FILE, text: format!("{}\n", token.0) });
    for file in token.into_iter().chain(setup_files(&answers)) {
        write_private(&options.data, &file)?;
    }
    check_written(&options.data)?;
    print_end(options, &answers);
    Ok(CommandResult::Success)
}

fn source(arguments: &InitArgs, prompt: &SetupPrompt) -> anyhow::Result<SourceArg> {
    if let Some(source) = arguments.source {
        return Ok(source);
    }
    let options = [
        ("exports", "files of DiscordChatExporter; needs no token"),
        ("live", "a bot on the server reads along; needs its token"),
    ];
    let chosen = prompt.choice("Where do messages come from?", &options, 0)?;
    Ok([SourceArg::Exports, SourceArg::Live][chosen])
}

fn consent(arguments: &InitArgs, prompt: &SetupPrompt) -> anyhow::Result<Option<Consent>> {
    let chosen = match &arguments.consent {
        Some(name) => CONSENT_MODES.iter().position(|(known, ..)| known == name),
        None => {
            let options = CONSENT_MODES.map(|(name, _, consequence)| (name, consequence));
            Some(prompt.choice("What may be quoted in public?", &options, 3)?)
        }
    };
    Ok(chosen.and_then(|at| CONSENT_MODES[at].1))
}

fn trusted_roles(
    arguments: &InitArgs,
    prompt: &SetupPrompt,
    known: &[String],
) -> anyhow::Result<Vec<String>> {
    let unknown = arguments.trust.iter().find(|role| !known.is_empty() && !known.contains(role));
    if let Some(role) = unknown {
        anyhow::bail!("no role is named {role:?}; the server has: {}", known.join(", "));
    }
    if !arguments.trust.is_empty() {
        return Ok(arguments.trust.clone());
    }
    let question = match known.is_empty() {
        true => "Roles whose members' word counts, such as Helper, Moderator (none)".to_owned(),
        false => format!("Roles whose members' word counts, of: {} (none)", known.join(", ")),
    };
    prompt.names(&question, known, &[])
}

fn docs(arguments: &InitArgs, prompt: &SetupPrompt) -> anyhow::Result<DocsRepository> {
    if let Some(path) = &arguments.docs {
        return local_docs(path);
    }
    if let Some(repository) = &arguments.github {
        return github_docs(arguments, prompt, repository.clone());
    }
    let options = [
        ("none", "only search for now"),
        ("local", "a git repository on this machine gets branches"),
        ("github", "a repository on GitHub gets pull requests"),
    ];
    match prompt.choice("Where do proposed pages go?", &options, 0)? {
        1 => local_docs(Path::new(&prompt.line("Path of the repository", "docs.git")?)),
        2 => {
            let repository = prompt.line("Repository (OWNER/NAME)", "")?;
            github_docs(arguments, prompt, repository)
        }
        _ => Ok(DocsRepository::None),
    }
}

fn local_docs(path: &Path) -> anyhow::Result<DocsRepository> {
    let path = absolute(path)?;
    let layout = LocalForge::detect_layout(Path::new(&path))?;
    let (target, folder) = match layout {
        Some(Ok(layout)) => {
            out!("{path} holds {}.", layout.describe());
            (layout.target, layout.folder)
        }
        Some(Err(unknown)) => {
            out!("{path}: {unknown}. Until then pages are Markdown files in answers.");
            (DocsTarget::Markdown, DocsFolder::default())
        }
        None => {
            out!("{path} has no commit yet; pages will be Markdown files in answers.");
            (DocsTarget::Markdown, DocsFolder::default())
        }
    };
    let (target, folder) = (target.as_str().to_owned(), folder.to_string());
    Ok(DocsRepository::Local { path, target, folder })
}

fn github_docs(
    arguments: &InitArgs,
    prompt: &SetupPrompt,
    repository: String,
) -> anyhow::Result<DocsRepository> {
    if !is_repository(&repository) {
        let says = format!("{repository:?} is not a repository on GitHub; expected OWNER/NAME");
        return Err(UsageError(says).into());
    }
    out!("The kind of site and the folder are detected from the files of {repository}.");
    let identity = if let (Some(id), Some(key)) = (arguments.github_app, &arguments.github_key) {
        GitHubCredential::App { id, private_key_file: existing(key)? }
    } else if let Some(file) = &arguments.github_token_file {
        GitHubCredential::TokenFile(existing(file)?)
    } else {
        match prompt.line("File of a fine-grained GitHub token (later)", "")? {
            none if none.is_empty() => GitHubCredential::None,
            file => GitHubCredential::TokenFile(existing(Path::new(&file))?),
        }
    };
    Ok(DocsRepository::GitHub { repository, identity })
}

/// The absolute path of a file that must exist.
fn existing(path: &Path) -> anyhow::Result<String> {
    anyhow::ensure!(path.is_file(), "{} is no file", path.display());
    absolute(path)
}

/// A path of the working directory, for a file that lies elsewhere.
fn absolute(path: &Path) -> anyhow::Result<String> {
    let path =
        std::path::absolute(path).with_context(|| format!("cannot resolve {}", path.display()))?;
    let text = path.to_str().with_context(|| format!("{} is not UTF-8", path.display()))?;
    Ok(text.to_owned())
}

/// Writes a new file that only its owner can read, in directories that only the owner can enter.
fn write_private(data: &Path, file: &SetupFile) -> anyhow::Result<()> {
    let path = data.join(file.path);
    let folder = path.parent().unwrap_or(data);
    let doing = || format!("cannot write {}", path.display());
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).with_context(doing)?;
    let mut options = fs::OpenOptions::new();
    let opened = options.write(true).create_new(true).mode(0o600).open(&path);
    opened.and_then(|mut opened| opened.write_all(file.text.as_bytes())).with_context(doing)
}

/// Loads what was written as the next command will. The token's variable is left out: it was for this
/// command, and what is written names the file that holds the token now.
fn check_written(data: &Path) -> anyhow::Result<()> {
    let (_, environment) = live::token_apart(std::env::vars());
    let config = Config::load(Some(&data.join(config::FILE)), environment.into_iter())?;
    config::load_rules(config.rules.as_deref())?;
    Ok(())
}

fn print_end(options: &GlobalArgs, answers: &SetupAnswers) {
    let bold = anstyle::Style::new().bold();
    let data = options.data.display();
    out!("\nWritten: {data}/harvester.toml and {data}/rules/scope.toml, readable by you alone.");
    let in_environment = live::token_apart(std::env::vars()).0.is_some();
    if in_environment && matches!(answers.source, MessageSource::Live { .. }) {
        out!("The settings name the token's file: unset {} before the next command.", live::TOKEN);
    }
    out!("\n{bold}Next{bold:#}");
    let data = match options.data.as_os_str() == super::DEFAULT_DATA {
        true => String::new(),
        false => format!(" --data {data}"),
    };
    for (command, does) in next_steps(answers) {
        out!("  {:<44} {does}", format!("harvester{data} {command}"));
    }
}
