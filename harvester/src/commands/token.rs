//! `token`: who may read and write through the API.

use anyhow::Context as _;
use indexer::store::{ApiTokenRow, TokenDigest};
use jiff::Timestamp;
use rules::time;
use site::access::credentials::TOKEN_PREFIX;
use site::access::scopes::ApiScope;

use super::table::{day, one_line};
use super::{CommandResult, GlobalArgs, print_json};
use crate::clock;

/// Characters of a token that are kept to recognise it, after the prefix.
const ID_CHARS: usize = 8;

#[derive(Debug, clap::Args)]
pub(super) struct TokenArgs {
    #[command(subcommand)]
    command: TokenCommand,
}

#[derive(Debug, clap::Subcommand)]
enum TokenCommand {
    /// Make a token and print it, once
    Create(CreateArgs),
    /// List the tokens, without their secrets
    List,
    /// End a token at once
    Revoke {
        /// The beginning of the token, as the list shows it
        id: String,
    },
}

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  harvester token create \"docs search\"
  harvester token create agent --scope search:read --scope feedback:write --expires-days 30
  harvester token create partner --workspace partner --per-minute 60")]
struct CreateArgs {
    /// What it is for
    name: String,
    /// The workspace that it opens; needed where the settings have several
    #[arg(long, value_name = "NAME")]
    workspace: Option<String>,
    /// What it may do: search:read (default), backlog:read, feedback:write, clusters:write, admin
    #[arg(long = "scope", value_name = "SCOPE", default_value = "search:read")]
    scopes: Vec<ApiScope>,
    /// Days until it ends; 0 is never
    #[arg(long, value_name = "DAYS", default_value_t = 365)]
    expires_days: u32,
    /// Requests in a minute
    #[arg(long, value_name = "N", default_value_t = 600, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    per_minute: u32,
}

pub(super) async fn run(
    options: &GlobalArgs,
    arguments: &TokenArgs,
) -> anyhow::Result<CommandResult> {
    match &arguments.command {
        TokenCommand::Create(arguments) => create(options, arguments).await,
        TokenCommand::List => list(options).await,
        TokenCommand::Revoke { id } => revoke(options, id).await,
    }
}

async fn create(options: &GlobalArgs, arguments: &CreateArgs) -> anyhow::Result<CommandResult> {
    let settings = options.settings()?;
    let workspace = settings.workspace(arguments.workspace.as_deref())?;
    let secret = clock::fresh_secret().context("cannot read random numbers from the system")?;
    let token = format!("{TOKEN_PREFIX}{secret}");
    let now = clock::now();
    let mut scopes = arguments.scopes.clone();
    scopes.sort();
    scopes.dedup();
    let row = ApiTokenRow {
        id: token[..TOKEN_PREFIX.len() + ID_CHARS].to_owned(),
        name: arguments.name.clone(),
        workspace,
        scopes: scopes.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "),
        per_minute: arguments.per_minute,
        created: now,
        expires: (arguments.expires_days > 0)
            .then(|| time::plus(now, time::days(i64::from(arguments.expires_days)))),
        revoked: None,
        last_used: None,
    };
    options.shared().await?.add_api_token(&TokenDigest::of(&token), &row).await?;
    if options.json {
        print_json(&serde_json::json!({ "id": row.id, "token": token }))?;
    } else {
        out!("{token}");
        tracing::info!("this is shown once; the store keeps only a digest of it");
    }
    Ok(CommandResult::Success)
}

async fn list(options: &GlobalArgs) -> anyhow::Result<CommandResult> {
    let settings = options.settings()?;
    let tokens = options.reading(&settings).await?.store.api_tokens().await?;
    let now = clock::now();
    if options.json {
        let all = tokens.iter().map(|token| token_json(token, now)).collect::<Vec<_>>();
        print_json(&all)?;
        return Ok(CommandResult::Success);
    }
    if tokens.is_empty() {
        out!("No tokens. `harvester token create NAME` makes one.");
        return Ok(CommandResult::Success);
    }
    out!(
        "{:<12} {:<8} {:<10} {:<10} {:<12} name and scopes",
        "id",
        "state",
        "expires",
        "last use",
        "workspace"
    );
    for token in &tokens {
        out!(
            "{:<12} {:<8} {:<10} {:<10} {:<12} {}: {} ({}/min)",
            token.id,
            state(token, now),
            token.expires.map_or_else(|| "never".to_owned(), day),
            token.last_used.map_or_else(|| "never".to_owned(), day),
            token.workspace,
            one_line(&token.name, 40),
            token.scopes,
            token.per_minute
        );
    }
    Ok(CommandResult::Success)
}

async fn revoke(options: &GlobalArgs, id: &str) -> anyhow::Result<CommandResult> {
    options.settings()?;
    let store = options.shared().await?;
    anyhow::ensure!(
        store.revoke_api_token(id, clock::now()).await?,
        "no token {id} is in use; `harvester token list` shows them"
    );
    if options.json {
        print_json(&serde_json::json!({ "revoked": id }))?;
    } else {
        out!("Revoked {id}.");
    }
    Ok(CommandResult::Success)
}

fn token_json(token: &ApiTokenRow, now: Timestamp) -> serde_json::Value {
    serde_json::json!({
        "id": token.id,
        "name": token.name,
        "state": state(token, now),
        "workspace": token.workspace,
        "scopes": token.scopes.split(' ').collect::<Vec<_>>(),
        "per_minute": token.per_minute,
        "created": token.created.as_millisecond(),
        "expires": token.expires.map(Timestamp::as_millisecond),
        "last_used": token.last_used.map(Timestamp::as_millisecond),
    })
}

fn state(token: &ApiTokenRow, now: Timestamp) -> &'static str {
    match token.is_valid(now) {
        true => "valid",
        false if token.revoked.is_some() => "revoked",
        false => "expired",
    }
}
