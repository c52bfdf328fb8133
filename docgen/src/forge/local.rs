//! A local git repository as forge: a branch per proposal, its text in a file beside it.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use git2::build::TreeUpdateBuilder;
use git2::{
    BranchType, Commit, ErrorCode, FileMode, Oid, Repository, RepositoryInitOptions, Signature,
    Time, Tree, TreeWalkMode, TreeWalkResult, message_trailers_strs,
};
use rules::model::ids::{ClusterId, Millis};

use super::prune::drop_objects;
use super::{ForgeError, LocalHandsOff, LocalOutcome, LocalPush};
use crate::change::FileChange;
use crate::page::format::MARKER;
use crate::page::model::Draft;
use crate::pull_request::answer::PullRequestText;
use crate::pull_request::check::check_subject;
use crate::pull_request::marker::{CLUSTER, DIGEST, commit_message};
use crate::pull_request::subject::BRANCHES;
use crate::site::detection::detect;
use crate::site::generator::UnknownPlace;
use crate::site::layout::SiteLayout;

const AUTHOR: &str = "Answer Harvester";
const EMAIL: &str = "noreply@answer-harvester.invalid";
/// Tried in this order where the repository's default branch is unknown.
const DEFAULT_BRANCHES: [&str; 2] = ["main", "master"];

/// Never touches HEAD, the index or a working tree: only objects and refs under `answers/`.
pub struct LocalForge {
    repository: Repository,
    proposals: PathBuf,
    /// Generated commits that no branch leads to any more.
    superseded: RefCell<Vec<Oid>>,
}

impl LocalForge {
    /// Opens the repository at `path`, bare or not, or makes a bare one. Titles and bodies are
    /// written into `proposals`, which is made if missing.
    pub fn open(path: &Path, proposals: &Path) -> Result<Self, ForgeError> {
        let repository = match Repository::open(path) {
            Ok(repository) => repository,
            Err(error) if error.code() == ErrorCode::NotFound => {
                let mut options = RepositoryInitOptions::new();
                options.bare(true).mkpath(true).initial_head("main").external_template(false);
                Repository::init_opts(path, &options).map_err(git("make a repository"))?
            }
            Err(error) => return Err(git("open")(error)),
        };
        fs::create_dir_all(proposals).map_err(written(proposals))?;
        Ok(Self { repository, proposals: proposals.to_owned(), superseded: RefCell::default() })
    }

    /// The kind of site that the repository at `path` holds, by the files of its default branch; `None`
    /// where there is no repository or no commit yet.
    pub fn detect_layout(
        path: &Path,
    ) -> Result<Option<Result<SiteLayout, UnknownPlace>>, ForgeError> {
        let repository = match Repository::open(path) {
            Ok(repository) => repository,
            Err(error) if error.code() == ErrorCode::NotFound => return Ok(None),
            Err(error) => return Err(git("open")(error)),
        };
        let forge = Self { repository, proposals: PathBuf::new(), superseded: RefCell::default() };
        let Some(name) = forge.default_branch() else { return Ok(None) };
        let Some(head) = forge.head(&name)? else { return Ok(None) };
        let tree = head.tree().map_err(git("list the files"))?;
        forge.layout_of(&tree).map(Some)
    }

    fn layout_of(&self, tree: &Tree<'_>) -> Result<Result<SiteLayout, UnknownPlace>, ForgeError> {
        let doing = git("list the files");
        let mut paths = Vec::new();
        tree.walk(TreeWalkMode::PreOrder, |folder, entry| {
            paths.push(format!("{folder}{}", String::from_utf8_lossy(entry.name_bytes())));
            TreeWalkResult::Ok
        })
        .map_err(&doing)?;
        Ok(detect(paths.iter().map(String::as_str), |path: &str| self.text_of(tree, path)))
    }

    /// What a file holds; `None` if there is none.
    fn text_of(&self, tree: &Tree<'_>, path: &str) -> Option<String> {
        let entry = tree.get_path(Path::new(path)).ok()?;
        let blob = self.repository.find_blob(entry.id()).ok()?;
        Some(String::from_utf8_lossy(blob.content()).into_owned())
    }

    /// Every file that proposing a draft changes, with its text: the page, the first page of the section of
    /// answers, and the lists that name them. A list that cannot take a name stays as it is: the page is
    /// worth reviewing without it.
    fn files(
        &self,
        tree: &Tree<'_>,
        draft: &Draft,
    ) -> Result<BTreeMap<String, String>, ForgeError> {
        let old = self.text_of(tree, draft.path());
        let text = draft.file(old.as_deref()).expect("it was looked whether the page has a place");
        let mut files = BTreeMap::from([(draft.path().to_owned(), text)]);
        let Ok(layout) = self.layout_of(tree)? else { return Ok(files) };
        if layout.target != draft.target || !layout.is_page(draft.path()) {
            return Ok(files);
        }
        let changes = layout.section_changes().into_iter().chain(layout.changes(draft));
        for change in changes.filter(|change| change.is_allowed() && change.path() != draft.path())
        {
            let FileChange::Edit { path, edit } = change else { continue };
            let before = files.get(&path).cloned().or_else(|| self.text_of(tree, &path));
            if let Ok(Some(after)) = edit.apply(before.as_deref()) {
                files.insert(path, after);
            }
        }
        Ok(files)
    }

    /// Puts a draft on its branch, unless it is there or the branch belongs to people. `known` is
    /// what was pushed before, as far as the caller remembers; without it a missing branch is made.
    /// `now` is the commit's time.
    pub fn propose(
        &self,
        proposal: &PullRequestText,
        draft: &Draft,
        known: Option<&LocalPush>,
        now: Millis,
    ) -> Result<LocalOutcome, ForgeError> {
        check_subject(&proposal.title)?;
        let ours = CommitTemplate { at: now, cluster: draft.cluster() };
        let base = self.base(&ours)?;
        let tree = base.tree().map_err(git("read the default branch"))?;
        if let Some(why) = self.stands(&tree, draft)? {
            return Ok(LocalOutcome::HandsOff(why));
        }
        let head = self.head(&proposal.branch)?;
        let outcome = match head {
            None if known.is_some() => return Ok(LocalOutcome::HandsOff(LocalHandsOff::Deleted)),
            None => {
                let pushed = self.commit(proposal, draft, &base, &tree, &ours)?;
                self.create(&proposal.branch, &pushed)?;
                LocalOutcome::Opened(pushed)
            }
            Some(head) => {
                let Some(digest) = ours.digest_of(&head, known) else {
                    return Ok(LocalOutcome::HandsOff(LocalHandsOff::HumanCommit));
                };
                if digest == draft.digest() {
                    LocalOutcome::UpToDate(LocalPush { head: head.id().to_string(), digest })
                } else if self.is_checked_out(&proposal.branch)? {
                    return Ok(LocalOutcome::HandsOff(LocalHandsOff::CheckedOut));
                } else {
                    let pushed = self.commit(proposal, draft, &base, &tree, &ours)?;
                    if !self.replace(&proposal.branch, head.id(), &pushed)? {
                        return Ok(LocalOutcome::HandsOff(LocalHandsOff::HumanCommit));
                    }
                    LocalOutcome::Updated(pushed)
                }
            }
        };
        self.write_words(proposal)?;
        Ok(outcome)
    }

    /// Deletes a branch that quotes what was deleted, with its log and the text beside it; false if people
    /// made the branch theirs. `known` is what was pushed.
    pub fn withdraw(
        &self,
        cluster: &ClusterId,
        branch: &str,
        known: &LocalPush,
        now: Millis,
    ) -> Result<bool, ForgeError> {
        let doing = git("delete a branch");
        if let Some(head) = self.head(branch)? {
            let ours = CommitTemplate { at: now, cluster };
            if ours.digest_of(&head, Some(known)).is_none() || self.is_checked_out(branch)? {
                return Ok(false);
            }
            let name = format!("refs/heads/{branch}");
            let mut reference = self.repository.find_reference(&name).map_err(&doing)?;
            reference.delete().map_err(&doing)?;
            self.superseded.borrow_mut().push(head.id());
        }
        let words = self.words_of(cluster);
        match fs::remove_file(&words) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(written(&words)(error)),
            _ => Ok(true),
        }
    }

    /// Removes the objects of commits that were replaced or taken back, unless something else leads to them.
    /// The log of a branch that was replaced goes first: it leads to the old commit. Returns how many stay
    /// because somebody packed the repository.
    pub fn drop_superseded(&self) -> Result<usize, ForgeError> {
        let commits = self.superseded.take();
        if commits.is_empty() {
            return Ok(0);
        }
        let doing = git("drop replaced commits");
        for branch in self.repository.branches(Some(BranchType::Local)).map_err(&doing)? {
            let (branch, _) = branch.map_err(&doing)?;
            let name = branch.get().name().map(str::to_owned).map_err(&doing)?;
            if name.starts_with(&format!("refs/heads/{BRANCHES}")) {
                self.repository.reflog_delete(&name).map_err(&doing)?;
            }
        }
        drop_objects(&self.repository, &commits).map_err(doing)
    }

    /// A file as it stands on the default branch.
    pub fn merged_text(&self, path: &str) -> Result<Option<String>, ForgeError> {
        let name = self.default_branch();
        let Some(head) = name.map(|name| self.head(&name)).transpose()?.flatten() else {
            return Ok(None);
        };
        let tree = head.tree().map_err(git("read the default branch"))?;
        let entry = match tree.get_path(Path::new(path)) {
            Ok(entry) => entry,
            Err(error) if error.code() == ErrorCode::NotFound => return Ok(None),
            Err(error) => return Err(git("read the default branch")(error)),
        };
        let blob = self.repository.find_blob(entry.id()).map_err(git("read a page"))?;
        Ok(Some(String::from_utf8_lossy(blob.content()).into_owned()))
    }

    /// Merges a page into the default branch, as a maintainer would who changes nothing: the demo shows with
    /// it what follows. Only where no other commit came in between.
    pub fn merge_unchanged(&self, pushed: &LocalPush) -> Result<(), ForgeError> {
        let doing = git("merge a page");
        let Some(name) = self.default_branch() else { return Ok(()) };
        let id = Oid::from_str(&pushed.head).map_err(&doing)?;
        let commit = self.repository.find_commit(id).map_err(&doing)?;
        let parent = commit.parent_id(0).map_err(&doing)?;
        let name = format!("refs/heads/{name}");
        let log = "merge a page";
        self.repository.reference_matching(&name, id, true, parent, log).map_err(doing)?;
        Ok(())
    }

    /// The newest commit of the default branch; an empty repository gets an empty one first.
    fn base(&self, ours: &CommitTemplate<'_>) -> Result<Commit<'_>, ForgeError> {
        if let Some(name) = self.default_branch()
            && let Some(commit) = self.head(&name)?
        {
            return Ok(commit);
        }
        let doing = git("make the first commit");
        let empty = self
            .repository
            .treebuilder(None)
            .and_then(|builder| builder.write())
            .map_err(&doing)?;
        let tree = self.repository.find_tree(empty).map_err(&doing)?;
        let who = ours.signature()?;
        let id = self
            .repository
            .commit(Some("refs/heads/main"), &who, &who, "Start the documentation\n", &tree, &[])
            .map_err(&doing)?;
        self.repository.find_commit(id).map_err(&doing)
    }

    /// A bare repository says what its default branch is; in a working one HEAD is what somebody
    /// works on, so that the usual names come first.
    fn default_branch(&self) -> Option<String> {
        let head = self.repository.find_reference("HEAD").ok();
        let head = head.and_then(|head| {
            head.symbolic_target()
                .ok()
                .flatten()
                .and_then(|name| name.strip_prefix("refs/heads/"))
                .map(str::to_owned)
        });
        let exists = |name: &str| self.repository.find_branch(name, BranchType::Local).is_ok();
        let usual = || DEFAULT_BRANCHES.into_iter().find(|name| exists(name)).map(str::to_owned);
        let head = head.filter(|name| exists(name) && !name.starts_with(BRANCHES));
        if self.repository.is_bare() { head.or_else(usual) } else { usual().or(head) }
    }

    fn head(&self, branch: &str) -> Result<Option<Commit<'_>>, ForgeError> {
        match self.repository.find_branch(branch, BranchType::Local) {
            Ok(branch) => {
                branch.into_reference().peel_to_commit().map(Some).map_err(git("read a branch"))
            }
            Err(error) if error.code() == ErrorCode::NotFound => Ok(None),
            Err(error) => Err(git("read a branch")(error)),
        }
    }

    /// Whether the default branch already has a page of this cluster or at its path.
    fn stands(&self, base: &Tree<'_>, draft: &Draft) -> Result<Option<LocalHandsOff>, ForgeError> {
        let entry = match base.get_path(Path::new(draft.path())) {
            Ok(entry) => entry,
            Err(error) if error.code() == ErrorCode::NotFound => return Ok(None),
            Err(error) => return Err(git("read the default branch")(error)),
        };
        let blob = self.repository.find_blob(entry.id()).map_err(git("read a page"))?;
        let mark = format!("{MARKER} id={} ", draft.cluster());
        let old = String::from_utf8_lossy(blob.content());
        if old.contains(&mark) {
            return Ok(Some(LocalHandsOff::Merged));
        }
        // An answer can join a file of many answers if that file has the markers.
        let joins = draft.section().is_some() && draft.file(Some(&old)).is_ok();
        Ok((!joins).then_some(LocalHandsOff::PathTaken))
    }

    fn commit(
        &self,
        proposal: &PullRequestText,
        draft: &Draft,
        base: &Commit<'_>,
        tree: &Tree<'_>,
        ours: &CommitTemplate<'_>,
    ) -> Result<LocalPush, ForgeError> {
        let doing = git("commit a page");
        let mut update = TreeUpdateBuilder::new();
        for (path, text) in self.files(tree, draft)? {
            let blob = self.repository.blob(text.as_bytes()).map_err(&doing)?;
            update.upsert(path, blob, FileMode::Blob);
        }
        let changed = update.create_updated(&self.repository, tree).map_err(&doing)?;
        let changed = self.repository.find_tree(changed).map_err(&doing)?;
        let who = ours.signature()?;
        let message = commit_message(&proposal.title, ours.cluster, draft.digest());
        let id = self
            .repository
            .commit(None, &who, &who, &message, &changed, &[base])
            .map_err(&doing)?;
        Ok(LocalPush { head: id.to_string(), digest: draft.digest().to_owned() })
    }

    fn create(&self, branch: &str, pushed: &LocalPush) -> Result<(), ForgeError> {
        let doing = git("make a branch");
        let id = Oid::from_str(&pushed.head).map_err(&doing)?;
        self.repository
            .reference(&format!("refs/heads/{branch}"), id, false, "propose an answer")
            .map(drop)
            .map_err(doing)
    }

    /// Moves the branch only if its head is still the one that was read; returns whether it did.
    fn replace(&self, branch: &str, seen: Oid, pushed: &LocalPush) -> Result<bool, ForgeError> {
        let doing = git("move a branch");
        let id = Oid::from_str(&pushed.head).map_err(&doing)?;
        let name = format!("refs/heads/{branch}");
        match self.repository.reference_matching(&name, id, true, seen, "propose an answer again") {
            Ok(_) => {
                self.superseded.borrow_mut().push(seen);
                Ok(true)
            }
            Err(error) if error.code() == ErrorCode::Modified => Ok(false),
            Err(error) => Err(doing(error)),
        }
    }

    /// A branch that some working tree shows must not move under it.
    fn is_checked_out(&self, branch: &str) -> Result<bool, ForgeError> {
        let doing = git("look at the working trees");
        let shows = |repository: &Repository| {
            let head = repository.find_reference("HEAD").ok();
            let target = head.as_ref().and_then(|head| head.symbolic_target().ok().flatten());
            !repository.is_bare() && target == Some(format!("refs/heads/{branch}").as_str())
        };
        if shows(&self.repository) {
            return Ok(true);
        }
        let names = self.repository.worktrees().map_err(doing)?;
        Ok(names.iter().flatten().flatten().any(|name| {
            let worktree = self.repository.find_worktree(name);
            worktree
                .and_then(|tree| Repository::open_from_worktree(&tree))
                .is_ok_and(|tree| shows(&tree))
        }))
    }

    fn words_of(&self, cluster: &ClusterId) -> PathBuf {
        self.proposals.join(format!("{cluster}.md"))
    }

    /// Writes `<cluster-id>.md`: the title, an empty line, the body. A reader finds the old words or
    /// the new ones, never half of them.
    fn write_words(&self, proposal: &PullRequestText) -> Result<(), ForgeError> {
        let path = self.words_of(&proposal.cluster);
        let words = format!("{}\n\n{}", proposal.title, proposal.body);
        if fs::read(&path).is_ok_and(|old| old == words.as_bytes()) {
            return Ok(());
        }
        let unfinished = path.with_extension("md.unfinished");
        let write = || {
            let mut file = fs::File::create(&unfinished)?;
            file.write_all(words.as_bytes())?;
            file.sync_all()?;
            fs::rename(&unfinished, &path)
        };
        write().map_err(written(&path))
    }
}

/// Author, time and cluster of generated commits.
struct CommitTemplate<'c> {
    at: Millis,
    cluster: &'c ClusterId,
}

impl CommitTemplate<'_> {
    fn signature(&self) -> Result<Signature<'static>, ForgeError> {
        let time = Time::new(self.at.0.div_euclid(Millis::SECOND), 0);
        Signature::new(AUTHOR, EMAIL, &time).map_err(git("sign a commit"))
    }

    /// The digest that a generated commit carries; `None` for anybody else's. A commit that the record
    /// holds is recognised by its id; another one, made just before the process was killed, by author,
    /// committer and trailers.
    fn digest_of(&self, commit: &Commit<'_>, known: Option<&LocalPush>) -> Option<String> {
        if let Some(known) = known
            && known.head == commit.id().to_string()
        {
            return Some(known.digest.clone());
        }
        let by_us = |who: &Signature<'_>| {
            who.name_bytes() == AUTHOR.as_bytes() && who.email_bytes() == EMAIL.as_bytes()
        };
        if !by_us(&commit.author()) || !by_us(&commit.committer()) || commit.parent_count() != 1 {
            return None;
        }
        let message = commit.message().ok()?;
        let trailers = message_trailers_strs(message).ok()?;
        let value = |key: &str| {
            trailers.iter().find(|(name, _)| *name == key).map(|(_, value)| value.to_owned())
        };
        (value(CLUSTER)? == self.cluster.as_str()).then(|| value(DIGEST)).flatten()
    }
}

fn git(doing: &'static str) -> impl Fn(git2::Error) -> ForgeError {
    move |source| ForgeError::Git { doing, source }
}

fn written(path: &Path) -> impl Fn(std::io::Error) -> ForgeError {
    let path = path.to_owned();
    move |source| ForgeError::Write { path: path.clone(), source }
}
