//! The questions about a live server, and what Discord says about them.

use std::time::Duration;

use anyhow::Context as _;
use rules::model::ids::GuildId;

use super::prompt::SetupPrompt;
use super::{InitArgs, absolute};
use crate::commands::UsageError;
use crate::config::{Config, SecretString};
use crate::discord::rest::RestClient;
use crate::discord::server_survey::{
    BotSurvey, SurveyedServer, check_token_shape, invitation, survey,
};
use crate::setup::{MessageSource, TOKEN_FILE};

/// How long Discord may take to answer all questions about a token.
const TIMEOUT: Duration = Duration::from_secs(20);

/// The environment variable of the bot's token.
pub(super) const TOKEN: &str = "HARVESTER__DISCORD__TOKEN";

/// What was decided about a live server.
pub(super) struct LiveAnswers {
    pub(super) source: MessageSource,
    /// The token, unless it is in a file already.
    pub(super) token: Option<SecretString>,
    /// Names of the roles on the chosen servers.
    pub(super) roles: Vec<String>,
}

pub(super) async fn ask(arguments: &InitArgs, prompt: &SetupPrompt) -> anyhow::Result<LiveAnswers> {
    let (from_environment, others) = token_apart(std::env::vars());
    let environment = Config::load(None, others.into_iter())?.discord;
    let token = token(arguments, prompt, from_environment.or(environment.token))?;
    let api_url = environment.api_url;
    let mut guilds = arguments.guilds.clone();
    let mut roles = Vec::new();
    if !arguments.offline {
        let found = look(&token, api_url.as_deref()).await?;
        print_bot(&found);
        if guilds.is_empty() && found.servers.len() > 1 {
            guilds = choose_servers(prompt, &found)?;
        }
        for id in &guilds {
            let known = found.servers.iter().any(|server| server.id == *id);
            anyhow::ensure!(known, "the bot is not in the server {id}; {}", invite(&found));
        }
        let chosen = |server: &&SurveyedServer| guilds.is_empty() || guilds.contains(&server.id);
        for server in found.servers.iter().filter(chosen) {
            print_server(server);
            roles.extend(server.roles.iter().map(|role| role.name.clone()));
        }
    }
    roles.sort();
    roles.dedup();
    let channels = match arguments.channels.is_empty() {
        true => {
            let question = "Channels to read, separated by commas (all that everybody can read)";
            prompt.names(question, &[], &[])?
        }
        false => arguments.channels.clone(),
    };
    let (token_file, token) = match &arguments.token_file {
        Some(file) => (absolute(file)?, None),
        None => (TOKEN_FILE.to_owned(), Some(token)),
    };
    let source = MessageSource::Live { token_file, guilds, channels, api_url };
    Ok(LiveAnswers { source, token, roles })
}

/// The token that the environment sets, to the letter, and the other variables.
pub(super) fn token_apart(
    environment: impl Iterator<Item = (String, String)>,
) -> (Option<SecretString>, Vec<(String, String)>) {
    let is_token = |name: &str| name.eq_ignore_ascii_case(TOKEN);
    let (token, others): (Vec<_>, Vec<_>) = environment.partition(|(name, _)| is_token(name));
    (token.into_iter().next().map(|(_, text)| SecretString(text)), others)
}

/// The token from a file, the environment or the terminal, if it has the shape of one.
fn token(
    arguments: &InitArgs,
    prompt: &SetupPrompt,
    environment: Option<SecretString>,
) -> anyhow::Result<SecretString> {
    let token = match (&arguments.token_file, environment) {
        (Some(file), _) => {
            let text = std::fs::read_to_string(file)
                .with_context(|| format!("cannot read {}", file.display()))?;
            SecretString(text.lines().next().unwrap_or_default().trim().to_owned())
        }
        (None, Some(token)) => token,
        (None, None) if arguments.yes => {
            let says =
                "no token; give --token-file, or HARVESTER__DISCORD__TOKEN in the environment";
            return Err(UsageError(says.to_owned()).into());
        }
        (None, None) => SecretString(prompt.secret(
            "The bot's token (Bot page on https://discord.com/developers/applications; not shown)",
        )?),
    };
    check_token_shape(&token.0).context("this is no bot token")?;
    Ok(token)
}

/// Asks Discord about the token.
pub(in crate::commands) async fn look(
    token: &SecretString,
    api_url: Option<&str>,
) -> anyhow::Result<BotSurvey> {
    let rest = RestClient::new(token, api_url, 1.0)?;
    match tokio::time::timeout(TIMEOUT, survey(&rest)).await {
        Ok(found) => Ok(found?),
        Err(_) => {
            let reason = rest
                .outage()
                .map_or_else(|| "Discord answers too slowly".to_owned(), |outage| outage.reason);
            anyhow::bail!(
                "{reason}, after {} s; check the network and `[discord] api_url`",
                TIMEOUT.as_secs()
            )
        }
    }
}

fn choose_servers(prompt: &SetupPrompt, found: &BotSurvey) -> anyhow::Result<Vec<GuildId>> {
    let names = found.servers.iter().map(|server| server.name.clone()).collect::<Vec<_>>();
    let question = format!("Servers to read, of: {} (all)", names.join(", "));
    let chosen = prompt.names(&question, &names, &[])?;
    let chosen = found.servers.iter().filter(|server| chosen.contains(&server.name));
    Ok(chosen.map(|server| server.id).collect())
}

fn print_bot(found: &BotSurvey) {
    out!("The token is that of the bot {} (application {}).", found.name, found.application);
    match found.message_content {
        true => out!("Message Content Intent is enabled."),
        false => out!(
            "Message Content Intent is NOT enabled: switch it on at \
             https://discord.com/developers/applications/{}/bot before `harvester run`.",
            found.application
        ),
    }
    if found.servers.is_empty() {
        out!("The bot is in no server; {}", invite(found));
    }
}

fn invite(found: &BotSurvey) -> String {
    format!("invite it with {}", invitation(found.application))
}

fn print_server(server: &SurveyedServer) {
    let names = |public: bool| {
        let channels = server.channels.iter().filter(|channel| channel.public == public);
        channels.map(|channel| format!("#{}", channel.place.name)).collect::<Vec<_>>()
    };
    let (public, hidden) = (names(true), names(false));
    out!(
        "Server {} ({}): everybody can read {} of {} channels, and only these are read.",
        server.name,
        server.id,
        public.len(),
        server.channels.len()
    );
    for (label, names) in [("read", public), ("not read", hidden)] {
        if !names.is_empty() {
            out!("  {label:<8}  {}", names.join(" "));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_of_the_environment_is_taken_to_the_letter() {
        let environment = [("HARVESTER__discord__token", "007"), ("HARVESTER__SITE__BURST", "9")];
        let environment = environment.map(|(name, text)| (name.to_owned(), text.to_owned()));
        let (token, others) = token_apart(environment.clone().into_iter());
        assert_eq!(token, Some(SecretString("007".into())));
        assert_eq!(others, environment[1..]);
        assert_eq!(token_apart(others.into_iter()).0, None);
    }
}
