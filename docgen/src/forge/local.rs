//! A local git repository as forge: a branch per proposal, its text in a file beside it.

use std::collections::BTreeMap;
use std::fs;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use git2::build::TreeUpdateBuilder;
use git2::{
    BranchType, Commit, ErrorCode, FileMode, ObjectType, Oid, Repository, RepositoryInitOptions,
    Signature, Time, TreeWalkMode, TreeWalkResult, message_trailers_strs,
};
use jiff::Timestamp;
use rules::model::ids::ClusterId;

use super::commits::{ChangedFiles, CommitTree, CreatedCommit};
use super::error::LocalForgeError;
use super::observed::{BasePage, ForgeCapabilities, ObservedBranch, ObservedState, ProposalText};
use super::prune::drop_objects;
use super::reconcile::progress::StepResult;
use super::reconcile::{DesiredPullRequest, PullRequestProgress, ReconcileOutcome, ReconcileStep};
use crate::change::FileChange;
use crate::github::client::ClientClock;
use crate::page::format::bears;
use crate::pull_request::marker;
use crate::pull_request::marker::{CLUSTER, DIGEST};
use crate::pull_request::subject::BRANCHES;
use crate::site::detection::detect;
use crate::site::generator::UnknownPlace;
use crate::site::layout::SiteLayout;

const AUTHOR: &str = "Answer Harvester";
const EMAIL: &str = "noreply@answer-harvester.invalid";
/// Tried in this order where the repository's default branch is unknown.
const DEFAULT_BRANCHES: [&str; 2] = ["main", "master"];
/// The mode of a symbolic link in a tree.
const SYMBOLIC_LINK: i32 = 0o120_000;

type Result<T> = std::result::Result<T, LocalForgeError>;

/// Never touches HEAD, the index or a working tree: only objects and refs under `answers/`, and the first
/// commit of a repository without any.
pub struct LocalForge {
    path: PathBuf,
    proposals: PathBuf,
    clock: Arc<dyn ClientClock>,
    /// Generated commits that no branch leads to any more.
    superseded: Mutex<Vec<Oid>>,
}

impl LocalForge {
    /// The repository at `path`, bare or not, which need not be there yet. Titles and bodies are
    /// written into `proposals`. The clock tells the commits' time.
    pub fn new(path: &Path, proposals: &Path, clock: Arc<dyn ClientClock>) -> Self {
        let (path, proposals) = (path.to_owned(), proposals.to_owned());
        Self { path, proposals, clock, superseded: Mutex::default() }
    }

    /// The kind of site that the repository at `path` holds, by the files of its default branch; `None`
    /// where there is no repository or no commit yet.
    pub fn detect_layout(
        path: &Path,
    ) -> Result<Option<std::result::Result<SiteLayout, UnknownPlace>>> {
        let Some(repository) = opened(path)? else { return Ok(None) };
        let Some(name) = default_branch(&repository) else { return Ok(None) };
        let Some(head) = head_of(&repository, &name)? else { return Ok(None) };
        let files = files_of(&repository, &head.id().to_string())?;
        let text = |path: &str| {
            let bytes = bytes_of(&repository, &files, path).ok()??;
            Some(String::from_utf8_lossy(&bytes).into_owned())
        };
        Ok(Some(detect(files.paths(), text)))
    }

    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The branch that proposals are merged into.
    pub fn base_branch(&self) -> Result<String> {
        let found = opened(&self.path)?.and_then(|repository| default_branch(&repository));
        Ok(found.unwrap_or_else(|| DEFAULT_BRANCHES[0].to_owned()))
    }

    pub(super) fn head(&self, branch: &str) -> Result<Option<String>> {
        let Some(repository) = opened(&self.path)? else { return Ok(None) };
        Ok(head_of(&repository, branch)?.map(|commit| commit.id().to_string()))
    }

    /// Every file of a commit; none of no commit.
    pub(super) fn files(&self, commit: &str) -> Result<CommitTree> {
        match opened(&self.path)? {
            Some(repository) if !commit.is_empty() => files_of(&repository, commit),
            _ => Ok(CommitTree::default()),
        }
    }

    pub(super) fn text(&self, files: &CommitTree, path: &str) -> Result<Option<String>> {
        Ok(self.texts(files, [path])?.pop().map(|(_, text)| text))
    }

    /// The text of those of the files that are there.
    pub(super) fn texts<'p>(
        &self,
        files: &CommitTree,
        paths: impl IntoIterator<Item = &'p str>,
    ) -> Result<Vec<(String, String)>> {
        let Some(repository) = opened(&self.path)? else { return Ok(Vec::new()) };
        let mut texts = Vec::new();
        for path in paths {
            if let Some(bytes) = bytes_of(&repository, files, path)? {
                texts.push((path.to_owned(), String::from_utf8_lossy(&bytes).into_owned()));
            }
        }
        Ok(texts)
    }

    pub(super) fn observe(&self, wanted: &DesiredPullRequest) -> Result<ObservedState> {
        let mut seen = ObservedState {
            capabilities: ForgeCapabilities { pull_requests: false },
            text: self.observe_text(wanted),
            ..ObservedState::default()
        };
        let Some(repository) = opened(&self.path)? else { return Ok(seen) };
        let branch = head_of(&repository, &wanted.branch)?;
        if let Some(base) = head_of(&repository, &wanted.base)? {
            seen.base = base.id().to_string();
            seen.base_page = base_page(&repository, wanted, &base, branch.as_ref())?;
        }
        if let Some(head) = branch {
            seen.branch = Some(ObservedBranch {
                head: head.id().to_string(),
                ours: digest_of(&head, &wanted.cluster),
                checked_out: is_checked_out(&repository, &wanted.branch)?,
            });
        }
        Ok(seen)
    }

    /// As [`Forge::execute`](super::Forge::execute) says.
    pub(super) fn execute(
        &self,
        wanted: &DesiredPullRequest,
        progress: &mut PullRequestProgress,
        (seen, what): (&ObservedState, ReconcileStep),
    ) -> Result<Option<ReconcileOutcome>> {
        let done = self.act(wanted, progress, seen, &what)?;
        progress.record_result(wanted, seen, (&what, done), self.now());
        Ok(what.outcome())
    }

    fn act(
        &self,
        wanted: &DesiredPullRequest,
        progress: &PullRequestProgress,
        seen: &ObservedState,
        what: &ReconcileStep,
    ) -> Result<StepResult> {
        match what {
            ReconcileStep::StartBase => self.start_base(&wanted.base),
            ReconcileStep::Build { onto, .. } => {
                // One that was never put on the branch is on none.
                let replaced = progress.built.as_ref().filter(|built| {
                    let stands =
                        seen.branch.as_ref().is_some_and(|branch| built.puts(&branch.head));
                    !built.made.empty && !stands
                });
                self.supersede(replaced.map(|built| built.made.sha.as_str()))?;
                Ok(StepResult::Made(self.commit(wanted, onto)?))
            }
            ReconcileStep::CreateBranch { sha } => self.create_branch(&wanted.branch, sha),
            ReconcileStep::MoveBranch { sha, .. } => self.move_branch(&wanted.branch, seen, sha),
            ReconcileStep::DeleteBranch => self.delete_branch(wanted, seen),
            ReconcileStep::WriteText => {
                self.write_text(wanted)?;
                Ok(StepResult::Done)
            }
            ReconcileStep::Done(_) => Ok(StepResult::Done),
            ReconcileStep::Open { .. }
            | ReconcileStep::Adopt(_)
            | ReconcileStep::Describe { .. }
            | ReconcileStep::Check { .. }
            | ReconcileStep::Label(_)
            | ReconcileStep::MarkReady { .. }
            | ReconcileStep::RequestReview { .. }
            | ReconcileStep::Withdraw { .. } => {
                unreachable!("nothing is asked of a forge that it does not have")
            }
        }
    }

    /// Removes the objects of commits that were replaced or taken back, unless something else leads to them.
    /// The log of a branch that was replaced goes first: it leads to the old commit. Returns how many stay
    /// because somebody packed the repository.
    pub fn drop_superseded(&self) -> Result<usize> {
        let commits =
            std::mem::take(&mut *self.superseded.lock().unwrap_or_else(PoisonError::into_inner));
        let repository = opened(&self.path)?.filter(|_| !commits.is_empty());
        let Some(repository) = repository else { return Ok(0) };
        let doing = git("drop replaced commits");
        for branch in repository.branches(Some(BranchType::Local)).map_err(&doing)? {
            let (branch, _) = branch.map_err(&doing)?;
            let name = branch.get().name().map(str::to_owned).map_err(&doing)?;
            if name.starts_with(&format!("refs/heads/{BRANCHES}")) {
                repository.reflog_delete(&name).map_err(&doing)?;
            }
        }
        drop_objects(&repository, &commits).map_err(doing)
    }

    /// Merges a branch into the default branch, as a maintainer would who changes nothing: the demo shows with
    /// it what follows. Only where no other commit came in between.
    pub fn merge_unchanged(&self, branch: &str) -> Result<()> {
        let doing = git("merge a page");
        let Some(repository) = opened(&self.path)? else { return Ok(()) };
        let Some(name) = default_branch(&repository) else { return Ok(()) };
        let Some(commit) = head_of(&repository, branch)? else { return Ok(()) };
        let parent = commit.parent_id(0).map_err(&doing)?;
        let name = format!("refs/heads/{name}");
        let log = "merge a page";
        repository.reference_matching(&name, commit.id(), true, parent, log).map_err(doing)?;
        Ok(())
    }

    /// Makes the repository, bare, if it is not there.
    pub fn make_repository(&self) -> Result<()> {
        if opened(&self.path)?.is_some() {
            return Ok(());
        }
        let mut options = RepositoryInitOptions::new();
        let head = DEFAULT_BRANCHES[0];
        options.bare(true).mkpath(true).initial_head(head).external_template(false);
        Repository::init_opts(&self.path, &options).map(drop).map_err(git("make a repository"))
    }

    /// An empty first commit, in a repository that is made if it is not there.
    fn start_base(&self, base: &str) -> Result<StepResult> {
        let doing = git("make the first commit");
        self.make_repository()?;
        let repository = Repository::open(&self.path).map_err(git("open"))?;
        let empty = repository.treebuilder(None).and_then(|builder| builder.write());
        let tree = empty.and_then(|empty| repository.find_tree(empty)).map_err(&doing)?;
        let (name, who) = (format!("refs/heads/{base}"), self.signature()?);
        let made =
            repository.commit(Some(&name), &who, &who, "Start the documentation\n", &tree, &[]);
        done_unless(ErrorCode::Modified, made, doing)
    }

    fn commit(&self, wanted: &DesiredPullRequest, onto: &str) -> Result<CreatedCommit> {
        let doing = git("commit a page");
        let repository = Repository::open(&self.path).map_err(git("open"))?;
        let base = Oid::from_str(onto).and_then(|id| repository.find_commit(id)).map_err(&doing)?;
        let tree = base.tree().map_err(&doing)?;
        let files = files_of(&repository, onto)?;
        let texts = texts_to_change(&repository, wanted, &files)?;
        let ChangedFiles { after, notes, taken } =
            ChangedFiles::of(&wanted.changes, &files, &texts);
        let nothing = |notes| {
            let sha = onto.to_owned();
            Ok(CreatedCommit { sha, verified: true, empty: true, taken, notes })
        };
        if taken {
            return nothing(notes);
        }
        let mut update = TreeUpdateBuilder::new();
        for (path, text) in after {
            match text {
                Some(text) => {
                    let blob = repository.blob(text.as_bytes()).map_err(&doing)?;
                    update.upsert(path, blob, FileMode::Blob);
                }
                None => {
                    update.remove(path);
                }
            }
        }
        let changed = update.create_updated(&repository, &tree).map_err(&doing)?;
        if changed == tree.id() {
            return nothing(notes);
        }
        let changed = repository.find_tree(changed).map_err(&doing)?;
        let who = self.signature()?;
        let id = repository
            .commit(None, &who, &who, &wanted.message, &changed, &[&base])
            .map_err(&doing)?;
        Ok(CreatedCommit { sha: id.to_string(), verified: true, empty: false, taken, notes })
    }

    fn create_branch(&self, branch: &str, sha: &str) -> Result<StepResult> {
        let doing = git("make a branch");
        let repository = Repository::open(&self.path).map_err(git("open"))?;
        let id = Oid::from_str(sha).map_err(&doing)?;
        let name = format!("refs/heads/{branch}");
        let made = repository.reference(&name, id, false, "propose an answer");
        done_unless(ErrorCode::Exists, made, doing)
    }

    /// Moves the branch only if its head is still the one that was observed.
    fn move_branch(&self, branch: &str, seen: &ObservedState, sha: &str) -> Result<StepResult> {
        let doing = git("move a branch");
        let repository = Repository::open(&self.path).map_err(git("open"))?;
        let Some(observed) = &seen.branch else { return Ok(StepResult::OutcomeUnknown) };
        let (id, old) = (Oid::from_str(sha), Oid::from_str(&observed.head));
        let (id, old) = (id.map_err(&doing)?, old.map_err(&doing)?);
        let name = format!("refs/heads/{branch}");
        let moved = repository.reference_matching(&name, id, true, old, "propose an answer again");
        let done = done_unless(ErrorCode::Modified, moved, doing)?;
        if done == StepResult::Done {
            self.supersede(Some(observed.head.as_str()))?;
        }
        Ok(done)
    }

    /// The text goes first: without its branch it would not be looked for. A branch that has moved since it was
    /// observed stays.
    fn delete_branch(
        &self,
        wanted: &DesiredPullRequest,
        seen: &ObservedState,
    ) -> Result<StepResult> {
        let doing = git("delete a branch");
        let path = self.text_path(&wanted.cluster);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(written(&path)(error)),
            _ => {}
        }
        let Some(observed) = &seen.branch else { return Ok(StepResult::Done) };
        let repository = Repository::open(&self.path).map_err(git("open"))?;
        match head_of(&repository, &wanted.branch)? {
            None => return Ok(StepResult::Done),
            Some(head) if head.id().to_string() != observed.head => {
                return Ok(StepResult::OutcomeUnknown);
            }
            Some(_) => {}
        }
        let name = format!("refs/heads/{}", wanted.branch);
        let reference = repository.find_reference(&name);
        reference.and_then(|mut reference| reference.delete()).map_err(&doing)?;
        self.supersede(Some(observed.head.as_str()))?;
        Ok(StepResult::Done)
    }

    fn supersede(&self, commit: Option<&str>) -> Result<()> {
        let Some(commit) = commit else { return Ok(()) };
        let id = Oid::from_str(commit).map_err(git("drop replaced commits"))?;
        self.superseded.lock().unwrap_or_else(PoisonError::into_inner).push(id);
        Ok(())
    }

    fn text_path(&self, cluster: &ClusterId) -> PathBuf {
        self.proposals.join(format!("{cluster}.md"))
    }

    fn observe_text(&self, wanted: &DesiredPullRequest) -> ProposalText {
        match fs::read(self.text_path(&wanted.cluster)) {
            Ok(old) if old == text_beside(wanted).as_bytes() => ProposalText::Current,
            Ok(_) => ProposalText::Outdated,
            // One that cannot be read is written again, or its removal says why not.
            Err(error) if error.kind() == ErrorKind::NotFound => ProposalText::Absent,
            Err(_) => ProposalText::Outdated,
        }
    }

    /// A reader finds the old words or the new ones, never half of them.
    fn write_text(&self, wanted: &DesiredPullRequest) -> Result<()> {
        let path = self.text_path(&wanted.cluster);
        let unfinished = path.with_extension("md.unfinished");
        let write = || {
            fs::create_dir_all(&self.proposals)?;
            let mut file = fs::File::create(&unfinished)?;
            file.write_all(text_beside(wanted).as_bytes())?;
            file.sync_all()?;
            fs::rename(&unfinished, &path)
        };
        write().map_err(written(&path))
    }

    fn signature(&self) -> Result<Signature<'static>> {
        let time = Time::new(self.now().as_second(), 0);
        Signature::new(AUTHOR, EMAIL, &time).map_err(git("sign a commit"))
    }
}

/// The repository, if there is one.
fn opened(path: &Path) -> Result<Option<Repository>> {
    match Repository::open(path) {
        Ok(repository) => Ok(Some(repository)),
        Err(error) if error.code() == ErrorCode::NotFound => Ok(None),
        Err(error) => Err(git("open")(error)),
    }
}

/// A bare repository says what its default branch is; in a working one HEAD is what somebody
/// works on, so that the usual names come first.
fn default_branch(repository: &Repository) -> Option<String> {
    let head = repository.find_reference("HEAD").ok();
    let head = head.and_then(|head| {
        head.symbolic_target()
            .ok()
            .flatten()
            .and_then(|name| name.strip_prefix("refs/heads/"))
            .map(str::to_owned)
    });
    let exists = |name: &str| repository.find_branch(name, BranchType::Local).is_ok();
    let usual = || DEFAULT_BRANCHES.into_iter().find(|name| exists(name)).map(str::to_owned);
    let head = head.filter(|name| exists(name) && !name.starts_with(BRANCHES));
    if repository.is_bare() { head.or_else(usual) } else { usual().or(head) }
}

fn head_of<'r>(repository: &'r Repository, branch: &str) -> Result<Option<Commit<'r>>> {
    match repository.find_branch(branch, BranchType::Local) {
        Ok(branch) => {
            branch.into_reference().peel_to_commit().map(Some).map_err(git("read a branch"))
        }
        Err(error) if error.code() == ErrorCode::NotFound => Ok(None),
        Err(error) => Err(git("read a branch")(error)),
    }
}

fn files_of(repository: &Repository, commit: &str) -> Result<CommitTree> {
    let doing = git("list the files");
    let id = Oid::from_str(commit).map_err(&doing)?;
    let tree = repository.find_commit(id).and_then(|commit| commit.tree()).map_err(&doing)?;
    let mut files = CommitTree {
        commit: commit.to_owned(),
        tree: tree.id().to_string(),
        ..CommitTree::default()
    };
    tree.walk(TreeWalkMode::PreOrder, |folder, entry| {
        if entry.kind() == Some(ObjectType::Blob) {
            let path = format!("{folder}{}", String::from_utf8_lossy(entry.name_bytes()));
            if entry.filemode() == SYMBOLIC_LINK {
                files.links.insert(path.clone());
            }
            files.blobs.insert(path, entry.id().to_string());
        }
        TreeWalkResult::Ok
    })
    .map_err(&doing)?;
    Ok(files)
}

fn bytes_of(repository: &Repository, files: &CommitTree, path: &str) -> Result<Option<Vec<u8>>> {
    let doing = git("read a file");
    let Some(blob) = files.blobs.get(path) else { return Ok(None) };
    let blob = Oid::from_str(blob).and_then(|id| repository.find_blob(id)).map_err(doing)?;
    Ok(Some(blob.content().to_vec()))
}

fn texts_to_change<'w>(
    repository: &Repository,
    wanted: &'w DesiredPullRequest,
    files: &CommitTree,
) -> Result<BTreeMap<&'w str, Vec<u8>>> {
    let mut texts = BTreeMap::new();
    for path in ChangedFiles::read_paths(&wanted.changes) {
        if let Some(bytes) = bytes_of(repository, files, path)? {
            texts.insert(path, bytes);
        }
    }
    Ok(texts)
}

/// Whether the base has the page: it bears the cluster's mark, the whole branch was merged, or its words are there.
fn base_page(
    repository: &Repository,
    wanted: &DesiredPullRequest,
    base: &Commit<'_>,
    branch: Option<&Commit<'_>>,
) -> Result<BasePage> {
    let files = files_of(repository, &base.id().to_string())?;
    let texts = texts_to_change(repository, wanted, &files)?;
    let is_own = |bytes: &Vec<u8>| bears(&String::from_utf8_lossy(bytes), &wanted.cluster);
    if texts.values().any(is_own) {
        return Ok(BasePage::Own);
    }
    let ours = branch.filter(|head| digest_of(head, &wanted.cluster).is_some());
    if let Some(head) = ours
        && (head.id() == base.id()
            || repository
                .graph_descendant_of(base.id(), head.id())
                .map_err(git("read the default branch"))?)
    {
        return Ok(BasePage::Own);
    }
    // A person may have taken the words over without the marks.
    let is_said = |change: &FileChange| {
        let text = texts.get(change.path()).map(|bytes| String::from_utf8_lossy(bytes));
        text.is_some_and(|text| change.is_said_in(&text))
    };
    if wanted.changes.iter().any(is_said) {
        return Ok(BasePage::Own);
    }
    Ok(match ChangedFiles::of(&wanted.changes, &files, &texts).taken {
        true => BasePage::Foreign,
        false => BasePage::Absent,
    })
}

/// A branch that some working tree shows must not move under it.
fn is_checked_out(repository: &Repository, branch: &str) -> Result<bool> {
    let doing = git("look at the working trees");
    let shows = |repository: &Repository| {
        let head = repository.find_reference("HEAD").ok();
        let target = head.as_ref().and_then(|head| head.symbolic_target().ok().flatten());
        !repository.is_bare() && target == Some(format!("refs/heads/{branch}").as_str())
    };
    if shows(repository) {
        return Ok(true);
    }
    let names = repository.worktrees().map_err(doing)?;
    Ok(names.iter().flatten().flatten().any(|name| {
        let worktree = repository.find_worktree(name);
        worktree
            .and_then(|tree| Repository::open_from_worktree(&tree))
            .is_ok_and(|tree| shows(&tree))
    }))
}

/// The digest in the trailers, if this program made the commit for this cluster: it is recognised by author,
/// committer and trailers.
fn digest_of(commit: &Commit<'_>, cluster: &ClusterId) -> Option<String> {
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
    (value(CLUSTER)? == cluster.as_str()).then(|| value(DIGEST)).flatten()
}

/// The title, an empty line, the body.
fn text_beside(wanted: &DesiredPullRequest) -> String {
    let body = marker::first_line(&wanted.cluster, &wanted.digest) + &wanted.body;
    format!("{}\n\n{body}", wanted.title)
}

/// What somebody else did in the meantime is observed again.
fn done_unless<T>(
    code: ErrorCode,
    result: std::result::Result<T, git2::Error>,
    doing: impl Fn(git2::Error) -> LocalForgeError,
) -> Result<StepResult> {
    match result {
        Ok(_) => Ok(StepResult::Done),
        Err(error) if error.code() == code => Ok(StepResult::OutcomeUnknown),
        Err(error) => Err(doing(error)),
    }
}

fn git(doing: &'static str) -> impl Fn(git2::Error) -> LocalForgeError {
    move |source| LocalForgeError::Git { doing, source }
}

fn written(path: &Path) -> impl Fn(std::io::Error) -> LocalForgeError {
    let path = path.to_owned();
    move |source| LocalForgeError::Write { path: path.clone(), source }
}
