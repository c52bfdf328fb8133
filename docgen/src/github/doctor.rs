//! Whether everything is there that proposing needs, and what to do about what is not.

use std::collections::BTreeMap;

use http::Method;
use serde::Deserialize;
use serde_json::json;

use super::client::{GitHubClient, GitHubError, Result, encoded};
use super::models::{GitCommit, Repository};
use super::onboarding::{RepositorySettings, SETTINGS};
use crate::forge::commits::CommitTree;
use crate::site::detection::detect;
use crate::site::generator::UnknownPlace;
use crate::site::layout::SiteLayout;
use crate::target::DocsFolder;

/// The result of one check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GitHubFinding {
    pub what: &'static str,
    pub passed: bool,
    /// How it is, and what to do if it did not pass.
    pub message: String,
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

/// What a host reports of the rules of a branch.
#[derive(Debug)]
enum BranchRules {
    Listed(Vec<BranchRule>),
    /// A private repository of an account that does not pay has none.
    NotOnThisPlan,
    /// An older GitHub Enterprise Server has only protected branches.
    NotOnThisHost,
}

/// Why a refused request for rules is no failure; `None` if it is one.
fn no_rules(error: &GitHubError) -> Option<BranchRules> {
    match error {
        GitHubError::Refused { status: 403, message, .. }
            if message.contains("Upgrade to GitHub") =>
        {
            Some(BranchRules::NotOnThisPlan)
        }
        GitHubError::Refused { status: 404, .. } => Some(BranchRules::NotOnThisHost),
        _ => None,
    }
}

fn good(what: &'static str, message: impl Into<String>) -> GitHubFinding {
    GitHubFinding { what, passed: true, message: message.into() }
}

fn bad(what: &'static str, message: impl Into<String>) -> GitHubFinding {
    GitHubFinding { what, passed: false, message: message.into() }
}

impl GitHubClient {
    /// Looks at account, permissions, branch rules, owners, signatures, settings and pages. Writes one
    /// commit that no branch shows, to see whether the host signs it.
    /// `folder` is where the operator wants pages.
    pub async fn run_checks(&self, folder: Option<&DocsFolder>) -> Vec<GitHubFinding> {
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
        findings.push(repository_access(&repository));
        for found in [
            self.examine_rules(&repository.default_branch).await,
            self.examine_owners().await,
            self.examine_signature(&repository.default_branch).await,
            self.examine_pages(&repository.default_branch, folder).await,
        ] {
            match found {
                Ok(more) => findings.extend(more),
                Err(error) => findings.push(bad("GitHub", advice(&error))),
            }
        }
        findings
    }

    async fn examine_rules(&self, base: &str) -> Result<Vec<GitHubFinding>> {
        let rules = match self.branch_rules(base).await? {
            BranchRules::Listed(rules) => rules,
            BranchRules::NotOnThisPlan => {
                let message = "GitHub has rules for a private repository on paid plans only, so \
                    nothing but the roles of its members keeps this account from merging";
                return Ok(vec![good("branch rules", message)]);
            }
            BranchRules::NotOnThisHost => Vec::new(),
        };
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

    async fn branch_rules(&self, base: &str) -> Result<BranchRules> {
        let path = self.repo_path(&format!("rules/branches/{}", encoded(base)));
        match self.list::<BranchRule>(&path, 100).await {
            Ok(rules) => Ok(BranchRules::Listed(rules)),
            Err(error) => no_rules(&error).ok_or(error),
        }
    }

    async fn examine_owners(&self) -> Result<Vec<GitHubFinding>> {
        let path = self.repo_path("codeowners/errors");
        let Some(found) = self.get_optional::<CodeownersErrors>(&path).await? else {
            return Ok(vec![good("code owners", "there is no CODEOWNERS file")]);
        };
        let errors =
            found.errors.iter().map(|one| format!("{} line {}: {}", one.path, one.line, one.kind));
        let errors = errors.collect::<Vec<_>>();
        Ok(vec![match errors.is_empty() {
            true => good("code owners", "CODEOWNERS has no errors"),
            false => bad(
                "code owners",
                format!("invalid lines request no reviews; fix these:\n{}", errors.join("\n")),
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
        let demanded = match self.branch_rules(base).await? {
            BranchRules::Listed(rules) => {
                rules.iter().any(|rule| rule.kind == "required_signatures")
            }
            BranchRules::NotOnThisPlan | BranchRules::NotOnThisHost => false,
        };
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

    /// `folder` is the operator's choice.
    async fn examine_pages(
        &self,
        base: &str,
        folder: Option<&DocsFolder>,
    ) -> Result<Vec<GitHubFinding>> {
        let head = self.head(base).await?.ok_or_else(|| GitHubError::NoBranch(base.to_owned()))?;
        let files = self.files(&head).await?;
        let texts = self.read_settings(&files, &mut BTreeMap::new()).await?;
        let detected = detect(files.paths(), |path| texts.get(path).cloned());
        let written = self.text(&files, SETTINGS).await?;
        let current = written.as_deref().map(RepositorySettings::read);
        let chosen = current.as_ref().and_then(|(settings, _)| settings.folder.as_ref()).or(folder);
        let pages = pages_finding(&detected, chosen, &files);
        let settings = match &current {
            None => {
                good("settings", format!("{SETTINGS} does not exist yet; a pull request adds it"))
            }
            Some((settings, mistakes)) if mistakes.is_empty() => {
                let state = if settings.enabled { "on" } else { "off" };
                good("settings", format!("{SETTINGS} turns proposals {state}"))
            }
            Some((_, mistakes)) => {
                let reasons = mistakes.iter().map(ToString::to_string).collect::<Vec<_>>();
                bad("settings", reasons.join("\n"))
            }
        };
        Ok(vec![pages, settings])
    }
}

/// Whether pages have a place that the site builds.
fn pages_finding(
    detected: &std::result::Result<SiteLayout, UnknownPlace>,
    chosen: Option<&DocsFolder>,
    files: &CommitTree,
) -> GitHubFinding {
    match (detected, chosen) {
        (Ok(layout), None) => good("pages", format!("found {}", layout.describe())),
        (Ok(layout), Some(folder)) if layout.is_inside(folder) => {
            let layout = SiteLayout { folder: folder.clone(), ..layout.clone() };
            good("pages", format!("found {}", layout.describe()))
        }
        (Ok(layout), Some(folder)) => bad(
            "pages",
            format!(
                "the {} site builds {}, and pages would go into {folder}, which is outside of it; \
                 set `folder` to one below {}",
                layout.generator,
                layout.root,
                layout.root.trim_end_matches('/')
            ),
        ),
        (Err(unknown), None) => bad("pages", unknown.to_string()),
        (Err(unknown), Some(folder)) => {
            let inside = format!("{folder}/");
            let above = crate::paths::folder(&inside[..inside.len() - 1]);
            let there = |place: &str| files.paths().any(|path| path.starts_with(place));
            match there(&inside) || above.is_empty() || there(above) {
                true => good(
                    "pages",
                    format!(
                        "go into {folder}, as the settings say; whether the site builds it is not known"
                    ),
                ),
                false => bad("pages", format!("{unknown}; {folder} is not in the repository")),
            }
        }
    }
}

fn repository_access(repository: &Repository) -> GitHubFinding {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_without_rules_is_no_failure() {
        let refused = |status, message: &str| {
            let (method, path) = (Method::GET, "rules/branches/main".to_owned());
            no_rules(&GitHubError::Refused { method, path, status, message: message.to_owned() })
        };
        let upgrade =
            "Upgrade to GitHub Pro or make this repository public to enable this feature.";
        assert!(matches!(refused(403, upgrade), Some(BranchRules::NotOnThisPlan)));
        assert!(matches!(refused(404, "Not Found"), Some(BranchRules::NotOnThisHost)));
        assert!(refused(403, "Resource not accessible by integration").is_none());
        assert!(refused(500, upgrade).is_none());
    }

    #[test]
    fn a_folder_that_the_site_does_not_build_is_no_ok() {
        let layout = detect(["web/mkdocs.yml", "web/docs/a.md"], |_| Some(String::new()));
        let unknown = Err(UnknownPlace {
            generator: crate::site::generator::SiteGenerator::Docusaurus,
            settings: "docusaurus.config.js".to_owned(),
            why: "computes the `path` of its docs".to_owned(),
        });
        for (detected, folder, passed, message) in [
            (
                &layout,
                None,
                true,
                "a site built by MkDocs: pages go into web/docs/answers, listed in web/mkdocs.yml",
            ),
            (&layout, Some("web/docs/faq"), true, "web/docs/faq"),
            (&layout, Some("answers"), false, "outside of it"),
            (&unknown, None, false, "cannot tell where pages go"),
            (&unknown, Some("docs/answers"), false, "is not in the repository"),
        ] {
            let folder = folder.map(|folder| folder.parse().unwrap());
            let found = pages_finding(detected, folder.as_ref(), &CommitTree::default());
            assert_eq!(found.passed, passed, "{found:?}");
            assert!(found.message.contains(message), "{found:?}");
        }
    }
}
