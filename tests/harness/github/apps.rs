//! Who may ask: the App by its key, its installation and people by tokens.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jiff::Timestamp;
use ring::signature::{KeyPair, RSA_PKCS1_2048_8192_SHA256, RsaKeyPair, UnparsedPublicKey};
use serde_json::Value;

use super::FakeGitHub;
use super::answer::{Answer, Outcome};
use super::state::{GitHubState, Repo, Role};

/// A key made for this stand-in; it opens nothing else.
const KEY: &str = include_str!("app_key.pem");
static PUBLIC: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let lines = KEY.lines().filter(|line| !line.starts_with('-')).collect::<String>();
    let pair = RsaKeyPair::from_der(&STANDARD.decode(lines).unwrap()).unwrap();
    pair.public_key().as_ref().to_vec()
});
const APP: u64 = 4_711;
pub(super) const INSTALLATION: u64 = 52_001;
/// GitHub takes ten minutes, and a minute of another clock.
const LONGEST_JWT: i64 = 11 * 60;

/// `read` or `write` by permission, as `contents`.
pub type Permissions = BTreeMap<String, String>;

#[derive(Debug)]
pub(super) struct Access {
    pub(super) slug: String,
    /// What the installation was granted.
    pub(super) granted: Permissions,
    tokens: BTreeMap<String, Token>,
    lent: u64,
}

#[derive(Debug, Clone)]
pub(super) struct Token {
    pub(super) login: String,
    pub(super) permissions: Permissions,
    /// The only repositories that it opens.
    pub(super) only: Option<BTreeSet<u64>>,
    pub(super) until: Option<Timestamp>,
    /// Of the App's installation.
    pub(super) installation: bool,
}

/// Who asks.
#[derive(Debug, Clone)]
pub(super) enum Actor {
    Nobody,
    App,
    Bearer(Token),
}

/// What a route demands.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Need {
    /// The App itself.
    Jwt,
    /// Any token.
    Token,
    Read(&'static str),
    Write(&'static str),
    /// Of issues or of pull requests: the two share these routes.
    ReadTalk,
    WriteTalk,
}

pub(super) fn permissions(all: &[(&str, &str)]) -> Permissions {
    all.iter().map(|(name, level)| ((*name).to_owned(), (*level).to_owned())).collect()
}

impl Access {
    pub(super) fn new() -> Self {
        let granted = permissions(&[
            ("contents", "write"),
            ("pull_requests", "write"),
            ("issues", "write"),
            ("metadata", "read"),
            ("checks", "read"),
            ("statuses", "read"),
            ("members", "read"),
        ]);
        Self { slug: "answer-harvester".into(), granted, tokens: BTreeMap::new(), lent: 0 }
    }

    pub(super) fn bot(&self) -> String {
        format!("{}[bot]", self.slug)
    }

    /// Makes a token; the same request never gets the same one twice.
    pub(super) fn lend(&mut self, token: Token) -> String {
        self.lent += 1;
        let kind = if token.installation { "ghs" } else { "github_pat" };
        let name = format!("{kind}_{:036}", self.lent);
        self.tokens.insert(name.clone(), token);
        name
    }

    /// Who shows this header; 401 if nobody may.
    pub(super) fn actor(&self, header: Option<&str>, now: Timestamp) -> Outcome<Actor> {
        let Some(header) = header else { return Ok(Actor::Nobody) };
        let bad = || Answer::refusal(401, "Bad credentials");
        let (_, shown) = header.split_once(' ').ok_or_else(bad)?;
        if shown.split('.').count() == 3 {
            return check_jwt(shown).map(|()| Actor::App).map_err(|why| Answer::refusal(401, why));
        }
        let token = self.tokens.get(shown).ok_or_else(bad)?;
        match token.until {
            Some(until) if until <= now => Err(bad()),
            _ => Ok(Actor::Bearer(token.clone())),
        }
    }
}

fn check_jwt(jwt: &str) -> Result<(), &'static str> {
    const UNREADABLE: &str = "A JSON web token could not be decoded";
    let parts = jwt.split('.').collect::<Vec<_>>();
    let read = |part: &str| {
        let bytes = URL_SAFE_NO_PAD.decode(part).map_err(|_| UNREADABLE)?;
        serde_json::from_slice::<Value>(&bytes).map_err(|_| UNREADABLE)
    };
    let (head, claims) = (read(parts[0])?, read(parts[1])?);
    let issuer = claims["iss"].as_u64().or_else(|| claims["iss"].as_str()?.parse().ok());
    let span = claims["exp"].as_i64().zip(claims["iat"].as_i64()).map(|(exp, iat)| exp - iat);
    if head["alg"] != "RS256" {
        return Err(UNREADABLE);
    }
    if issuer != Some(APP) {
        return Err("'Issuer' claim ('iss') must be the id of the App");
    }
    if !span.is_some_and(|span| (1..=LONGEST_JWT).contains(&span)) {
        return Err("'Expiration time' claim ('exp') is too far in the future");
    }
    let signature = URL_SAFE_NO_PAD.decode(parts[2]).map_err(|_| UNREADABLE)?;
    let signed = format!("{}.{}", parts[0], parts[1]);
    let public = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, PUBLIC.as_slice());
    public.verify(signed.as_bytes(), &signature).map_err(|_| UNREADABLE)
}

impl Actor {
    /// The login behind it; empty without a token.
    pub(super) fn login(&self) -> String {
        match self {
            Self::Bearer(token) => token.login.clone(),
            Self::App => "the App".to_owned(),
            Self::Nobody => String::new(),
        }
    }

    fn has(&self, permission: &str, write: bool) -> bool {
        let Self::Bearer(token) = self else { return false };
        let level = token.permissions.get(permission).map(String::as_str);
        level == Some("write") || (!write && level == Some("read"))
    }
}

impl GitHubState {
    /// Refuses what the token, the role or the state of the repository does not allow.
    pub(super) fn allow(&self, actor: &Actor, need: Need, repo: Option<&Repo>) -> Outcome<()> {
        let write = matches!(need, Need::Write(_) | Need::WriteTalk);
        match (actor, need) {
            (Actor::App, Need::Jwt) => return Ok(()),
            (Actor::Bearer(_), Need::Token) => {}
            (_, Need::Jwt) => {
                return Err(Answer::refusal(401, "A JSON web token could not be decoded"));
            }
            (Actor::Nobody, _) if write || need == Need::Token => {
                return Err(Answer::refusal(401, "Requires authentication"));
            }
            (Actor::App, _) => return Err(Answer::refusal(401, "Bad credentials")),
            _ => {}
        }
        let Some(repo) = repo else { return Ok(()) };
        if !self.sees(actor, repo) {
            let public_write = !repo.private && write;
            return Err(if public_write { inaccessible(actor, need) } else { Answer::not_found() });
        }
        let permitted = match need {
            Need::Jwt | Need::Token | Need::Read("metadata") => true,
            Need::Read(_) | Need::ReadTalk if !repo.private => true,
            Need::Read(name) => actor.has(name, false),
            Need::Write(name) => actor.has(name, true),
            Need::ReadTalk => actor.has("issues", false) || actor.has("pull_requests", false),
            Need::WriteTalk => actor.has("issues", true) || actor.has("pull_requests", true),
        };
        if !permitted || !self.has_role(actor, need, repo) {
            return Err(inaccessible(actor, need));
        }
        if write && repo.archived {
            return Err(Answer::refusal(403, "Repository was archived so is read-only."));
        }
        Ok(())
    }

    fn sees(&self, actor: &Actor, repo: &Repo) -> bool {
        match actor {
            Actor::Bearer(token) => {
                let within = token.only.as_ref().is_none_or(|only| only.contains(&repo.id));
                let known = if token.installation {
                    repo.installed
                } else {
                    self.role(repo, &token.login) > Role::None
                };
                !repo.private || (within && known)
            }
            _ => !repo.private,
        }
    }

    /// An installation needs no role; a person who changes files does.
    fn has_role(&self, actor: &Actor, need: Need, repo: &Repo) -> bool {
        let Actor::Bearer(token) = actor else { return true };
        let write = matches!(need, Need::Write(_) | Need::WriteTalk);
        if token.installation {
            let within = token.only.as_ref().is_none_or(|only| only.contains(&repo.id));
            return !write || (within && repo.installed);
        }
        need != Need::Write("contents") || self.role(repo, &token.login) >= Role::Write
    }
}

fn inaccessible(actor: &Actor, need: Need) -> Answer {
    let what = match actor {
        Actor::Bearer(token) if token.installation => "integration",
        _ => "personal access token",
    };
    let wanted = match need {
        Need::Write(name) => format!("{name}=write"),
        Need::Read(name) => format!("{name}=read"),
        Need::ReadTalk => "issues=read; pull_requests=read".to_owned(),
        Need::WriteTalk => "issues=write; pull_requests=write".to_owned(),
        Need::Jwt | Need::Token => String::new(),
    };
    Answer::refusal(403, &format!("Resource not accessible by {what}"))
        .with("x-accepted-github-permissions", wanted)
}

impl FakeGitHub {
    pub fn app_id(&self) -> u64 {
        APP
    }

    /// The App's private key, in the form in which GitHub hands it out.
    pub fn private_key(&self) -> &'static str {
        KEY
    }

    /// The login that the App's work carries.
    pub fn bot(&self) -> String {
        self.look(|state| state.access.bot())
    }

    /// A token of a person, which the product may use in place of the App; without permissions in
    /// the list it gets those that the App has.
    pub fn personal_token(&self, login: &str, granted: &[(&str, &str)]) -> String {
        self.with(|state| {
            state.add_user(login, "User");
            state.ours.insert(login.to_owned());
            let all = state.access.granted.clone();
            let permissions = if granted.is_empty() { all } else { permissions(granted) };
            let login = login.to_owned();
            let token = Token { login, permissions, only: None, until: None, installation: false };
            state.access.lend(token)
        })
    }

    /// Changes what the App was granted: `write`, `read` or `none`; lent tokens change too.
    pub fn grant(&self, permission: &str, level: &str) {
        self.with(|state| {
            let access = &mut state.access;
            let lent = access.tokens.values_mut().filter(|token| token.installation);
            let lent = lent.map(|token| &mut token.permissions);
            for permissions in lent.chain([&mut access.granted]) {
                match level {
                    "none" => drop(permissions.remove(permission)),
                    level => drop(permissions.insert(permission.to_owned(), level.to_owned())),
                }
            }
        });
    }

    /// No token that was given out until here is taken any more.
    pub fn revoke_tokens(&self) {
        self.with(|state| state.access.tokens.clear());
    }
}
