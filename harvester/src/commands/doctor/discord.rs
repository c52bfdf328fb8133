//! The checks of the Discord connection: token, intent, servers, channels, and whose word counts.

use rules::config::ruleset::Ruleset;
use rules::model::ids::UserId;
use rules::model::message::{Author, Role};

use super::{DoctorFinding, bad, good, todo};
use crate::commands::LoadedSettings;
use crate::commands::init::live::look;
use crate::config::DiscordConfig;
use crate::discord::server_survey::{BotSurvey, SurveyedServer, invitation};

/// Asks Discord, if there is a token.
pub(super) async fn check(settings: &LoadedSettings) -> Vec<DoctorFinding> {
    let discord = &settings.config.discord;
    let Some(token) = &discord.token else {
        return vec![good("Discord", "no token is set: only exports are read")];
    };
    match look(token, discord.api_url.as_deref()).await {
        Ok(found) => findings(&found, discord, &settings.rules),
        Err(error) => vec![bad("Discord", format!("{error:#}"))],
    }
}

fn findings(found: &BotSurvey, discord: &DiscordConfig, rules: &Ruleset) -> Vec<DoctorFinding> {
    let bot = format!("the token is that of {}", found.name);
    let mut findings = vec![good("Discord", bot), intent(found), servers(found, discord)];
    for server in found.servers.iter().filter(|server| discord.selects(server.id)) {
        findings.push(channels(server, rules));
        findings.push(trusted_roles(server, rules));
    }
    findings
}

fn intent(found: &BotSurvey) -> DoctorFinding {
    match found.message_content {
        true => good("message content", "the intent is enabled"),
        false => bad(
            "message content",
            format!(
                "enable Message Content Intent at \
                 https://discord.com/developers/applications/{}/bot",
                found.application
            ),
        ),
    }
}

fn servers(found: &BotSurvey, discord: &DiscordConfig) -> DoctorFinding {
    let invite = || format!("invite the bot with {}", invitation(found.application));
    let known = |id| found.servers.iter().any(|server| server.id == id);
    let unknown = discord.guilds.iter().filter(|id| !known(**id)).map(ToString::to_string);
    let unknown = unknown.collect::<Vec<_>>().join(", ");
    if found.servers.is_empty() {
        return bad("servers", format!("the bot is in no server; {}", invite()));
    }
    if !unknown.is_empty() {
        let says = format!("[discord] guilds names {unknown}, where the bot is not; {}", invite());
        return bad("servers", says);
    }
    let selected = found.servers.iter().filter(|server| discord.selects(server.id));
    let names = selected.map(|server| server.name.as_str()).collect::<Vec<_>>();
    good("servers", names.join(", "))
}

fn channels(server: &SurveyedServer, rules: &Ruleset) -> DoctorFinding {
    let public = server.channels.iter().filter(|channel| channel.public);
    let public = public.collect::<Vec<_>>();
    let read = public.iter().filter(|channel| rules.scope.covers(&channel.place).is_ok()).count();
    let says = format!(
        "{}: {read} channel(s) are read, of {} that everybody can read and {} in all",
        server.name,
        public.len(),
        server.channels.len()
    );
    match (read, public.len()) {
        (1.., _) => good("channels", says),
        (0, 0) => bad("channels", format!("{says}; let @everyone read one, or set `everybody`")),
        (0, _) => bad("channels", format!("{says}; [channels] in scope.toml leaves out all")),
    }
}

fn trusted_roles(server: &SurveyedServer, rules: &Ruleset) -> DoctorFinding {
    let trusted = server.roles.iter().filter(|role| rules.scope.trusts(&bearer(role)));
    let trusted = trusted.map(|role| role.name.as_str()).collect::<Vec<_>>();
    if !trusted.is_empty() {
        return good("trusted roles", format!("{}: {}", server.name, trusted.join(", ")));
    }
    let all = server.roles.iter().map(|role| role.name.as_str()).collect::<Vec<_>>().join(", ");
    let says = format!(
        "{}: no role is trusted, so that only askers confirm answers; [trust] roles in scope.toml \
         may name: {all}",
        server.name
    );
    todo("trusted roles", says)
}

/// Somebody with only this role.
fn bearer(role: &Role) -> Author {
    Author { id: UserId(0), name: String::new(), bot: false, roles: vec![role.clone()] }
}

#[cfg(test)]
mod tests {
    use rules::model::ids::GuildId;

    use super::*;
    use crate::config::Config;

    fn found() -> BotSurvey {
        BotSurvey {
            name: "answer-bot".into(),
            application: 7,
            message_content: true,
            servers: Vec::new(),
        }
    }

    #[test]
    fn a_bot_that_can_read_nothing_fails_the_check_and_says_what_to_do() {
        let mut discord = Config::default().discord;
        let rules = Ruleset::embedded();
        let blind = BotSurvey { message_content: false, ..found() };
        let failed = |found: &BotSurvey, discord: &DiscordConfig| {
            let findings = findings(found, discord, &rules);
            let failed = findings.into_iter().filter(|finding| !finding.passed);
            failed.map(|finding| finding.message).collect::<Vec<_>>().join("\n")
        };
        assert!(failed(&blind, &discord).contains("applications/7/bot"));
        assert!(failed(&found(), &discord).contains("client_id=7"));
        let server = SurveyedServer {
            id: GuildId(5),
            name: "Pottery".into(),
            channels: Vec::new(),
            roles: Vec::new(),
        };
        let in_one = BotSurvey { servers: vec![server], ..found() };
        assert!(failed(&in_one, &discord).contains("let @everyone read one"));
        discord.guilds = vec![GuildId(6)];
        assert!(failed(&in_one, &discord).contains("names 6, where the bot is not"));
    }
}
