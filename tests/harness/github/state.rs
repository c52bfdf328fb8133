//! What the service knows: people, repositories, issues and pull requests.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use rules::time;

use super::apps::Access;
use super::faults::Faults;
use super::git::{Git, Sha};
use super::log::Log;
use super::webhooks::Hooks;

/// What somebody may do in a repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    None,
    Read,
    Triage,
    Write,
    Maintain,
    Admin,
}

impl Role {
    /// As the API names it.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Read => "read",
            Self::Triage => "triage",
            Self::Write => "write",
            Self::Maintain => "maintain",
            Self::Admin => "admin",
        }
    }
}

#[derive(Debug, Clone)]
pub struct User {
    pub id: u64,
    /// `User`, `Bot` or `Organization`.
    pub kind: &'static str,
}

#[derive(Debug, Clone)]
pub struct Team {
    pub members: BTreeSet<String>,
    pub role: Role,
}

/// What the owners of a repository demand of a branch.
#[derive(Debug, Clone, Copy, Default)]
pub struct Rules {
    /// Changes come by pull request, with this many approvals.
    pub approvals: Option<usize>,
    pub signed_commits: bool,
    pub no_force_push: bool,
}

#[derive(Debug)]
pub struct Repo {
    pub id: u64,
    pub owner: String,
    pub name: String,
    pub default_branch: String,
    pub private: bool,
    pub archived: bool,
    /// The App may see it.
    pub installed: bool,
    /// It takes drafts of pull requests.
    pub drafts: bool,
    /// By full name, as `refs/heads/main`.
    pub refs: BTreeMap<String, Sha>,
    pub roles: BTreeMap<String, Role>,
    /// Issues and pull requests, which share their numbers.
    pub issues: BTreeMap<u64, Issue>,
    /// Colours by name.
    pub labels: BTreeMap<String, String>,
    pub rules: BTreeMap<String, Rules>,
    /// The conclusion of the checks of a commit; a commit that is not here has none.
    pub checks: BTreeMap<Sha, String>,
    pub moves: Vec<Move>,
    /// Oldest first.
    pub releases: Vec<Release>,
}

/// A version that the owners of a repository gave out.
#[derive(Debug, Clone)]
pub struct Release {
    pub tag: String,
    pub prerelease: bool,
    pub published: Timestamp,
}

/// A branch that began, moved or went.
#[derive(Debug, Clone)]
pub struct Move {
    pub name: String,
    pub before: Option<Sha>,
    pub after: Option<Sha>,
    pub by: String,
    pub at: Timestamp,
}

#[derive(Debug, Clone)]
pub struct Issue {
    pub id: u64,
    pub number: u64,
    pub title: String,
    pub body: String,
    pub author: String,
    pub open: bool,
    pub state_reason: Option<String>,
    pub labels: BTreeSet<String>,
    pub locked: bool,
    pub created: Timestamp,
    pub updated: Timestamp,
    pub closed: Option<Timestamp>,
    pub closed_by: Option<String>,
    pub comments: Vec<Comment>,
    /// Who and with what.
    pub reactions: BTreeSet<(String, String)>,
    pub edits: Vec<Edit>,
    /// There if it is a pull request.
    pub pull: Option<Pull>,
}

/// A title, body or comment that was written over.
#[derive(Debug, Clone)]
pub struct Edit {
    /// `title`, `body` or `comment`.
    pub what: &'static str,
    pub before: String,
    pub after: String,
    pub by: String,
}

#[derive(Debug, Clone)]
pub struct Pull {
    /// The account whose repository has the branch.
    pub head_owner: String,
    pub head: String,
    pub head_sha: Sha,
    pub base: String,
    pub base_sha: Sha,
    pub draft: bool,
    pub merged: Option<Merge>,
    pub reviewers: BTreeSet<String>,
    pub teams: BTreeSet<String>,
    pub reviews: Vec<Review>,
    /// Comments on lines.
    pub remarks: Vec<Comment>,
    /// The ends for which it is known whether they merge.
    pub(super) weighed: Option<(Sha, Sha)>,
}

#[derive(Debug, Clone)]
pub struct Merge {
    pub at: Timestamp,
    pub by: String,
    pub sha: Sha,
}

#[derive(Debug, Clone)]
pub struct Comment {
    pub id: u64,
    pub author: String,
    pub body: String,
    pub created: Timestamp,
    pub updated: Timestamp,
    pub reactions: BTreeSet<(String, String)>,
    /// There if it is about a line of a pull request.
    pub line: Option<Line>,
}

#[derive(Debug, Clone)]
pub struct Line {
    pub path: String,
    pub line: u64,
    pub commit: Sha,
    pub reply_to: Option<u64>,
    pub review: u64,
}

#[derive(Debug, Clone)]
pub struct Review {
    pub id: u64,
    pub author: String,
    /// `APPROVED`, `CHANGES_REQUESTED` or `COMMENTED`.
    pub state: &'static str,
    pub body: String,
    pub commit: Sha,
    pub at: Timestamp,
}

/// Somebody was notified of something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notification {
    pub who: String,
    /// `mention`, `review_requested` or `subscribed`.
    pub why: &'static str,
    pub number: u64,
}

/// Real time until it is set.
#[derive(Debug, Default)]
pub(super) struct Clock {
    pub(super) frozen: Option<Timestamp>,
    pub(super) moved: SignedDuration,
}

/// The limit on requests of an hour.
#[derive(Debug)]
pub(super) struct Budget {
    pub(super) limit: u64,
    pub(super) used: u64,
    pub(super) reset: Timestamp,
}

/// Everything.
#[derive(Debug)]
pub struct GitHubState {
    pub git: Git,
    pub repos: BTreeMap<u64, Repo>,
    pub users: BTreeMap<String, User>,
    /// By organization and slug: `harbor/docs-team`.
    pub teams: BTreeMap<String, Team>,
    pub notifications: Vec<Notification>,
    /// Accounts that are the product's.
    pub ours: BTreeSet<String>,
    pub log: Log,
    pub(super) access: Access,
    /// Old full names of repositories that were renamed.
    pub(super) moved: BTreeMap<String, u64>,
    pub(super) faults: Faults,
    pub(super) hooks: Hooks,
    pub(super) clock: Clock,
    pub(super) budget: Budget,
    /// Where the service is: `http://127.0.0.1:1234`.
    pub(super) url: String,
    last_id: u64,
}

impl GitHubState {
    pub(super) fn new(url: String, hooks: Hooks) -> Self {
        let mut state = Self {
            git: Git::default(),
            repos: BTreeMap::new(),
            users: BTreeMap::new(),
            teams: BTreeMap::new(),
            notifications: Vec::new(),
            ours: BTreeSet::new(),
            log: Log::default(),
            access: Access::new(),
            moved: BTreeMap::new(),
            faults: Faults::default(),
            hooks,
            clock: Clock::default(),
            budget: Budget { limit: 5_000, used: 0, reset: Timestamp::UNIX_EPOCH },
            url,
            last_id: 700_000_000,
        };
        let bot = state.access.bot();
        state.add_user(&bot, "Bot");
        state.ours.insert(bot);
        state
    }

    pub fn now(&self) -> Timestamp {
        let now = self.clock.frozen.unwrap_or_else(|| time::whole_millisecond(Timestamp::now()));
        now + self.clock.moved
    }

    pub(super) fn next_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    pub(super) fn add_user(&mut self, login: &str, kind: &'static str) {
        let id = self.next_id();
        self.users.entry(login.to_owned()).or_insert(User { id, kind });
    }

    /// The repository of a full name, an old one too.
    pub(super) fn repo_id(&self, full_name: &str) -> Option<u64> {
        let wanted = full_name.to_lowercase();
        let named = self.repos.values().find(|repo| repo.full_name().to_lowercase() == wanted);
        named.map(|repo| repo.id).or_else(|| self.moved.get(&wanted).copied())
    }

    /// The repository of a full name; a test that asks for another fails.
    #[track_caller]
    pub fn repo(&self, full_name: &str) -> &Repo {
        let id = self.repo_id(full_name);
        &self.repos[&id.unwrap_or_else(|| panic!("there is no repository {full_name}"))]
    }

    #[track_caller]
    pub(super) fn repo_mut(&mut self, id: u64) -> &mut Repo {
        self.repos.get_mut(&id).unwrap()
    }

    #[track_caller]
    pub(super) fn issue(&self, repo: u64, number: u64) -> &Issue {
        self.repos[&repo].issues.get(&number).unwrap_or_else(|| panic!("there is no #{number}"))
    }

    #[track_caller]
    pub(super) fn issue_mut(&mut self, repo: u64, number: u64) -> &mut Issue {
        self.repo_mut(repo).issues.get_mut(&number).unwrap()
    }

    #[track_caller]
    pub(super) fn pull_mut(&mut self, repo: u64, number: u64) -> &mut Pull {
        self.issue_mut(repo, number).pull.as_mut().expect("it is a pull request")
    }

    /// Notes that something happened to an issue or pull request.
    pub(super) fn touch(&mut self, repo: u64, number: u64) {
        let now = self.now();
        self.issue_mut(repo, number).updated = now;
    }

    /// What somebody may do: as owner, as collaborator or through a team.
    pub fn role(&self, repo: &Repo, login: &str) -> Role {
        if repo.owner == login {
            return Role::Admin;
        }
        let direct = repo.roles.get(login).copied().unwrap_or(Role::None);
        let teams = self.teams.iter().filter(|(name, team)| {
            name.split('/').next() == Some(repo.owner.as_str()) && team.members.contains(login)
        });
        let best = teams.map(|(_, team)| team.role).max().unwrap_or(Role::None).max(direct);
        if repo.private { best } else { best.max(Role::Read) }
    }

    /// How the author of something stands to the repository.
    pub fn association(&self, repo: &Repo, login: &str) -> &'static str {
        let in_organization = self.teams.iter().any(|(name, team)| {
            name.split('/').next() == Some(repo.owner.as_str()) && team.members.contains(login)
        });
        let merged = |issue: &Issue| {
            issue.author == login && issue.pull.as_ref().is_some_and(|pull| pull.merged.is_some())
        };
        if repo.owner == login {
            "OWNER"
        } else if in_organization {
            "MEMBER"
        } else if repo.roles.contains_key(login) {
            "COLLABORATOR"
        } else if repo.issues.values().any(merged) {
            "CONTRIBUTOR"
        } else {
            "NONE"
        }
    }
}

impl Repo {
    pub fn full_name(&self) -> String {
        format!("{}/{}", self.owner, self.name)
    }

    /// Where a branch stands.
    pub fn head(&self, branch: &str) -> Option<&Sha> {
        self.refs.get(&format!("refs/heads/{branch}"))
    }

    /// What is meant by a branch, a full reference or an id; nothing means the default branch.
    pub fn resolve(&self, git: &Git, name: &str) -> Option<Sha> {
        let name = if name.is_empty() { &self.default_branch } else { name };
        let tags = ["", "refs/", "refs/heads/", "refs/tags/"];
        let found = tags.iter().find_map(|above| self.refs.get(&format!("{above}{name}")));
        found.cloned().or_else(|| git.commit(name).map(|commit| commit.sha.clone()))
    }
}

impl Issue {
    pub fn state(&self) -> &'static str {
        if self.open { "open" } else { "closed" }
    }

    pub fn is_merged(&self) -> bool {
        self.pull.as_ref().is_some_and(|pull| pull.merged.is_some())
    }

    pub fn is_draft(&self) -> bool {
        self.pull.as_ref().is_some_and(|pull| pull.draft)
    }

    /// The branch that a pull request brings; empty for an issue.
    pub fn branch(&self) -> &str {
        self.pull.as_ref().map_or("", |pull| &pull.head)
    }
}
