//! Repositories, members, teams and rules, as their owners set them up.

use std::collections::{BTreeMap, BTreeSet};

use super::FakeGitHub;
use super::refs::Change;
use super::state::{Release, Repo, Role, Rules, Team};

impl FakeGitHub {
    /// Makes a public repository with a first commit on `main` by its owner, an organization, and
    /// installs the App there.
    pub fn repo(&self, full_name: &str, files: &[(&str, &str)]) {
        let (owner, name) = full_name.split_once('/').expect("a name has an owner");
        self.with(|state| {
            state.add_user(owner, "Organization");
            let id = state.next_id();
            let repo = Repo {
                id,
                owner: owner.to_owned(),
                name: name.to_owned(),
                default_branch: "main".to_owned(),
                private: false,
                archived: false,
                installed: true,
                drafts: true,
                refs: BTreeMap::new(),
                roles: BTreeMap::new(),
                issues: BTreeMap::new(),
                labels: BTreeMap::from([("bug".to_owned(), "d73a4a".to_owned())]),
                rules: BTreeMap::new(),
                checks: BTreeMap::new(),
                moves: Vec::new(),
                releases: Vec::new(),
            };
            state.repos.insert(id, repo);
            let files = files.iter().map(|(path, text)| (*path, Some(*text)));
            let files = state.changed("", &files.collect::<Vec<Change<'_>>>());
            let first = state.commit(owner, &[], &files, "Begin", false);
            state.move_ref(id, "refs/heads/main", Some(first), owner);
        });
    }

    /// Changes a repository beyond what has a method here, as `private`, `archived`, `installed`;
    /// what the change returns does not matter.
    #[track_caller]
    pub fn set<T>(&self, full_name: &str, change: impl FnOnce(&mut Repo) -> T) {
        self.with(|state| {
            let id = state.repo(full_name).id;
            change(state.repo_mut(id));
        });
    }

    /// The owners of a repository give out a version now.
    #[track_caller]
    pub fn publish_release(&self, full_name: &str, tag: &str) {
        let published = self.now();
        let prerelease = tag.contains('-');
        let release = Release { tag: tag.to_owned(), prerelease, published };
        self.set(full_name, |repo| repo.releases.push(release));
    }

    /// A person who has an account and nothing else.
    pub fn person(&self, login: &str) {
        self.with(|state| state.add_user(login, "User"));
    }

    /// A person with a role in a repository.
    #[track_caller]
    pub fn member(&self, full_name: &str, login: &str, role: Role) {
        self.person(login);
        self.set(full_name, |repo| repo.roles.insert(login.to_owned(), role));
    }

    /// A team, as `harbor/docs-team`, with a role in all repositories of its organization.
    pub fn team(&self, name: &str, members: &[&str], role: Role) {
        for login in members {
            self.person(login);
        }
        let members = members.iter().map(|login| (*login).to_owned()).collect::<BTreeSet<_>>();
        self.with(|state| drop(state.teams.insert(name.to_owned(), Team { members, role })));
    }

    /// What is demanded of a branch.
    #[track_caller]
    pub fn protect(&self, full_name: &str, branch: &str, rules: Rules) {
        self.set(full_name, |repo| repo.rules.insert(branch.to_owned(), rules));
    }

    /// What the checks of the commit at the head of a branch say: `success`, `failure`, ...
    #[track_caller]
    pub fn checks(&self, full_name: &str, branch: &str, conclusion: &str) {
        self.set(full_name, |repo| {
            let head = repo.head(branch).cloned().expect("there is such a branch");
            repo.checks.insert(head, conclusion.to_owned());
        });
    }

    /// Gives a repository another name; the old one leads to it.
    #[track_caller]
    pub fn rename(&self, full_name: &str, name: &str) {
        self.with(|state| {
            let id = state.repo(full_name).id;
            state.moved.insert(full_name.to_lowercase(), id);
            name.clone_into(&mut state.repo_mut(id).name);
        });
    }
}
