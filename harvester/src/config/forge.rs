//! `[forge]`: where proposals go.

use std::path::PathBuf;

use docgen::github::auth::{AppKey, Auth, Credential as Key};
use docgen::github::client::PUBLIC_API;
use rules::config::toml_reader::TomlReader;

use super::secrets::{SecretFiles, SecretString};
use super::{address, is_unencrypted};

/// `[forge]`: a git repository on this machine, or one on GitHub.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ForgeConfig {
    /// `repository`: the git repository on this machine that gets the proposals. Default: none.
    pub repository: Option<PathBuf>,
    /// `github`: the repository on GitHub, `OWNER/NAME`. Default: none.
    pub github: Option<GitHubConfig>,
    /// `open`: how many branches of the local repository wait for review at once; the limits of a
    /// repository on GitHub are its maintainers'. Default: 20.
    pub open: usize,
}

/// How a repository on GitHub is reached.
#[derive(Debug, Clone, PartialEq)]
pub struct GitHubConfig {
    pub repository: String,
    /// `api_url`: `https://HOST/api/v3` for GitHub Enterprise. Default: github.com's.
    pub api_url: String,
    pub who: GitHubIdentity,
    /// `poll_minutes`: the interval between rounds, in minutes. Default: 10.
    pub poll_minutes: u32,
    /// `webhook_secret` or `webhook_secret_file`: with it GitHub can start rounds at once, at
    /// `/webhooks/github`. Default: none.
    pub webhook_secret: Option<SecretString>,
    /// `releases`: repositories, `OWNER/NAME`, after whose releases reviewed answers are checked again. Default:
    /// none.
    pub releases: Vec<String>,
}

/// The account that proposes.
#[derive(Debug, Clone, PartialEq)]
pub enum GitHubIdentity {
    Nobody,
    /// `token` or `token_file`: a fine-grained personal access token.
    Person(SecretString),
    /// `app_id` with `private_key_file`: a GitHub App.
    App {
        id: u64,
        key: SecretString,
    },
}

impl ForgeConfig {
    pub(super) fn read(table: &mut TomlReader, secrets: &mut SecretFiles) -> Self {
        let repository = table.optional_text("repository").map(|path| secrets.base().join(path));
        let name = table.optional_text("github");
        let api_url = address(table, "api_url").unwrap_or_else(|| PUBLIC_API.to_owned());
        let who = who(table, secrets);
        if who != GitHubIdentity::Nobody && is_unencrypted(&api_url) {
            table.wrong("api_url", "the token would be sent unencrypted; use https://");
        }
        let poll_minutes = table.integer("poll_minutes", 10, 1, 1_440) as u32;
        let webhook_secret = secrets.secret(table, ["webhook_secret", "webhook_secret_file"]);
        if repository.is_some() && name.is_some() {
            table.wrong("github", "`repository` is set too; proposals go to one place");
        }
        let open = table.integer("open", 20, 1, 10_000) as usize;
        let releases = table.texts("releases");
        for name in releases.iter().filter(|name| !is_repository(name)) {
            let said = format!("{name:?} is not a repository; expected OWNER/NAME");
            table.wrong("releases", said);
        }
        let github = name.map(|repository| GitHubConfig {
            repository,
            api_url,
            who,
            poll_minutes,
            webhook_secret,
            releases,
        });
        if let Some(github) = &github
            && !is_repository(&github.repository)
        {
            let said = format!("{:?} is not a repository; expected OWNER/NAME", github.repository);
            table.wrong("github", said);
        }
        Self { repository, github, open }
    }
}

impl GitHubIdentity {
    /// What proves it; `None` for nobody.
    pub fn auth(&self) -> anyhow::Result<Option<Auth>> {
        Ok(match self {
            Self::Nobody => None,
            Self::Person(token) => Some(Auth::Token(Key::new(token.0.clone()))),
            Self::App { id, key } => {
                Some(Auth::App(Box::new(AppKey::new(*id, &Key::new(key.0.clone()))?)))
            }
        })
    }
}

fn who(table: &mut TomlReader, secrets: &mut SecretFiles) -> GitHubIdentity {
    let token = secrets.secret(table, ["token", "token_file"]);
    let id = table.integer("app_id", 0, 0, i64::MAX) as u64;
    let file = table.optional_text("private_key_file");
    match (token, id, file) {
        (Some(_), 1.., _) => {
            table.wrong("app_id", "`token` is set too; only one of them can be");
            GitHubIdentity::Nobody
        }
        (Some(token), ..) => GitHubIdentity::Person(token),
        (None, 1.., Some(file)) => match secrets.text(table, "private_key_file", &file) {
            Some(text) => GitHubIdentity::App { id, key: SecretString(text) },
            None => GitHubIdentity::Nobody,
        },
        (None, 1.., None) => {
            table.wrong("app_id", "an App needs `private_key_file` too");
            GitHubIdentity::Nobody
        }
        (None, 0, Some(_)) => {
            table.wrong("private_key_file", "a key needs `app_id` too");
            GitHubIdentity::Nobody
        }
        (None, 0, None) => GitHubIdentity::Nobody,
    }
}

/// Whether a text is `OWNER/NAME`.
pub(crate) fn is_repository(text: &str) -> bool {
    let plain = |part: &str| {
        let allowed = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        !part.is_empty() && part.chars().all(allowed)
    };
    text.split_once('/').is_some_and(|(owner, name)| plain(owner) && plain(name))
}
