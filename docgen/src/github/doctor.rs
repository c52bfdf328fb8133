//! Whether everything is there that proposing needs, and what to do about what is not.

use http::Method;
use serde::Deserialize;
use serde_json::json;

use super::client::{GitHubClient, GitHubError, Result, encoded};
use super::models::{GitCommit, Repository};
use super::onboarding::{RepositorySettings, SETTINGS};
use crate::site::layout::detect;

/// The result of one check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GitHubFinding {
    pub what: &'static str,
    pub well: bool,
    /// How it is, and what to do where it is not well.
    pub says: String,
}

/// A rule that holds for a branch.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct BranchRule {
    #[serde(rename = "type")]
    kind: String,
}

/// What is wrong with the file of owners.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct CodeownersErrors {
    errors: Vec<CodeownersError>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct CodeownersError {
    line: u64,
    kind: String,
    path: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct BranchProtection {
    protected: bool,
}

fn good(what: &'static str, says: impl Into<String>) -> GitHubFinding {
    GitHubFinding { what, well: true, says: says.into() }
}

fn bad(what: &'static str, says: impl Into<String>) -> GitHubFinding {
    GitHubFinding { what, well: false, says: says.into() }
}

impl GitHubClient {
    /// Looks at account, permissions, branch rules, owners, signatures, settings and pages. Writes one
    /// commit that no branch shows, to see whether the host signs it.
    pub async fn run_checks(&self) -> Vec<GitHubFinding> {
        let mut findings = Vec::new();
        match self.login().await {
            Ok(me) => findings.push(good("account", format!("proposals are opened by {me}"))),
            Err(error) => {
                findings.push(bad("account", advice(&error)));
                return findings;
            }
        }
        let repository = match self.repository().await {
            Ok(repository) => repository,
            Err(error) => {
                findings.push(bad("repository", advice(&error)));
                return findings;
            }
        };
        findings.push(standing(&repository));
        for found in [
            self.examine_rules(&repository.default_branch).await,
            self.examine_owners().await,
            self.examine_signature(&repository.default_branch).await,
            self.examine_pages(&repository.default_branch).await,
        ] {
            match found {
                Ok(more) => findings.extend(more),
                Err(error) => findings.push(bad("GitHub", advice(&error))),
            }
        }
        findings
    }

    async fn examine_rules(&self, base: &str) -> Result<Vec<GitHubFinding>> {
        let path = self.repo_path(&format!("rules/branches/{}", encoded(base)));
        let rules = self.list::<BranchRule>(&path, 100).await?;
        let path = self.repo_path(&format!("branches/{}", encoded(base)));
        let protected = self
            .get_optional::<BranchProtection>(&path)
            .await?
            .is_some_and(|branch| branch.protected);
        let reviewed = rules.iter().any(|rule| rule.kind == "pull_request");
        Ok(vec![if reviewed || protected {
            good("branch rules", format!("{base} is protected, so only people can merge"))
        } else {
            bad(
                "branch rules",
                format!(
                    "{base} is not protected, and this account can push to it; add a ruleset that \
                     requires a pull request with one approval, without a bypass for this account"
                ),
            )
        }])
    }

    async fn examine_owners(&self) -> Result<Vec<GitHubFinding>> {
        let path = self.repo_path("codeowners/errors");
        let Some(found) = self.get_optional::<CodeownersErrors>(&path).await? else {
            return Ok(vec![good("code owners", "there is no CODEOWNERS file")]);
        };
        let told =
            found.errors.iter().map(|one| format!("{} line {}: {}", one.path, one.line, one.kind));
        let told = told.collect::<Vec<_>>();
        Ok(vec![match told.is_empty() {
            true => good("code owners", "CODEOWNERS has no errors"),
            false => bad(
                "code owners",
                format!("invalid lines request no reviews; fix these:\n{}", told.join("\n")),
            ),
        }])
    }

    /// A commit whose author is left out is signed by the host for Apps, and not for people's tokens.
    async fn examine_signature(&self, base: &str) -> Result<Vec<GitHubFinding>> {
        let head = self.head(base).await?.ok_or_else(|| GitHubError::NoBranch(base.to_owned()))?;
        let path = self.repo_path(&format!("git/commits/{}", encoded(&head)));
        let tree = self.get::<GitCommit>(&path).await?.tree.sha;
        let message = "Check whether commits are signed; this commit is on no branch";
        let body = json!({ "message": message, "tree": tree, "parents": [head] });
        let path = self.repo_path("git/commits");
        let commit = self.write::<GitCommit>(Method::POST, &path, &body).await?;
        let path = self.repo_path(&format!("rules/branches/{}", encoded(base)));
        let rules = self.list::<BranchRule>(&path, 100).await?;
        let demanded = rules.iter().any(|rule| rule.kind == "required_signatures");
        Ok(vec![match (commit.verification.verified, demanded) {
            (true, _) => good("signatures", "commits are verified"),
            (false, false) => {
                good("signatures", "commits are not verified, and no rule requires it")
            }
            (false, true) => bad(
                "signatures",
                format!(
                    "{base} requires signed commits, and commits of this account are not verified; use a \
                     GitHub App (`app_id` and `private_key_file`), whose commits GitHub signs"
                ),
            ),
        }])
    }

    async fn examine_pages(&self, base: &str) -> Result<Vec<GitHubFinding>> {
        let head = self.head(base).await?.ok_or_else(|| GitHubError::NoBranch(base.to_owned()))?;
        let files = self.files(&head).await?;
        let layout = detect(files.paths());
        let nav = layout.nav.map_or_else(String::new, |nav| format!(", listed in {}", nav.path));
        let pages = good(
            "pages",
            format!(
                "found a {} site: pages go into {}{nav}",
                layout.target.as_str(),
                layout.folder
            ),
        );
        let settings = match self.text(&files, SETTINGS).await? {
            None => {
                good("settings", format!("{SETTINGS} does not exist yet; a pull request adds it"))
            }
            Some(text) => match RepositorySettings::read(&text) {
                (settings, mistakes) if mistakes.is_empty() => {
                    let state = if settings.enabled { "on" } else { "off" };
                    good("settings", format!("{SETTINGS} turns proposals {state}"))
                }
                (_, mistakes) => {
                    let told = mistakes.iter().map(ToString::to_string).collect::<Vec<_>>();
                    bad("settings", told.join("\n"))
                }
            },
        };
        Ok(vec![pages, settings])
    }
}

fn standing(repository: &Repository) -> GitHubFinding {
    let name = &repository.full_name;
    if repository.archived {
        return bad("repository", format!("{name} is archived; nothing can be proposed there"));
    }
    match repository.permissions.as_ref().is_none_or(|may| may.push) {
        true => good("repository", format!("{name} is writable")),
        false => bad(
            "repository",
            format!(
                "this account cannot write to {name}; grant the token or the App read and write access \
                 to Contents, Pull requests and Issues"
            ),
        ),
    }
}

/// What to do about a failure.
fn advice(error: &GitHubError) -> String {
    let what = match error.status() {
        Some(401) => "the token or the key was rejected; create a new one",
        Some(403) => {
            "a permission is missing; the token or the App needs read and write access to Contents, Pull \
             requests and Issues, and read access to Metadata"
        }
        Some(404) => {
            "the repository does not exist or this account cannot see it; check `github` and where the App is installed"
        }
        Some(422) => {
            "the App was not granted read and write access to Contents, Pull requests and Issues"
        }
        _ => "check the address and the network",
    };
    format!("{error}\n{what}")
}
