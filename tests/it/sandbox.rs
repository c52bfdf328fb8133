//! A data directory of its own, and the program run on it.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::{BufRead, BufReader};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use indexer::store::StoreLocation;
use serde_json::Value;
use tempfile::TempDir;

pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_harvester-under-test");

/// Where the store of a sandbox is.
enum SandboxStore {
    /// Where the stories of this run have theirs.
    OfRun,
    /// In the PostgreSQL database that it shares with other sandboxes.
    Shared(String),
    /// In a file of SQLite in the data directory.
    File,
}

/// Where one story happens.
pub(crate) struct Sandbox {
    folder: TempDir,
    store: SandboxStore,
    /// How far the clock of its machine is ahead, in seconds.
    clock_ahead: i64,
}

/// What a command came to.
pub(crate) struct CommandOutput {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// All that the stored history decides, to the byte.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct State {
    pub(crate) status: String,
    pub(crate) clusters: String,
    pub(crate) found: String,
}

/// Where the store of a story is: in its data directory, or in a schema of its own on the PostgreSQL server that
/// `HARVESTER_TEST_STORE` is the address of.
pub(crate) fn store_of(data: &Path) -> StoreLocation {
    let server = server_url(data).map(|url| url.parse().unwrap());
    StoreLocation { data: data.to_owned(), server }
}

fn server_url(data: &Path) -> Option<String> {
    let server = std::env::var("HARVESTER_TEST_STORE").ok()?;
    let mut hasher = DefaultHasher::new();
    data.hash(&mut hasher);
    Some(format!("{server}?options[search_path]=story_{:016x}", hasher.finish()))
}

/// `kill -9`.
const KILLED: i32 = 9;

impl Sandbox {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), store: SandboxStore::OfRun, clock_ahead: 0 }
    }

    /// With a data directory of its own, and the store in this PostgreSQL database.
    pub(crate) fn on(server: &str) -> Self {
        Self { store: SandboxStore::Shared(server.to_owned()), ..Self::new() }
    }

    /// With the store in a file whatever the run: for the demo, which makes one, and for what is about that file.
    pub(crate) fn with_file() -> Self {
        Self { store: SandboxStore::File, ..Self::new() }
    }

    /// The address of the PostgreSQL database with the store; `None` if it is in a file.
    pub(crate) fn store_url(&self) -> Option<String> {
        match &self.store {
            SandboxStore::OfRun => server_url(&self.data()),
            SandboxStore::Shared(url) => Some(url.clone()),
            SandboxStore::File => None,
        }
    }

    /// The same, on a machine whose clock is so many seconds ahead.
    pub(crate) fn with_clock_ahead(self, seconds: i64) -> Self {
        Self { clock_ahead: seconds, ..self }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.path("data")
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(PROGRAM);
        command.env_clear().arg("--data").arg(self.data()).args(arguments).stdin(Stdio::null());
        if let Some(url) = self.store_url() {
            command.env("HARVESTER__STORE__URL", url);
        }
        if self.clock_ahead != 0 {
            command.env("HARVESTER_TEST_CLOCK_AHEAD", self.clock_ahead.to_string());
        }
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> CommandOutput {
        CommandOutput::of(self.command(arguments).output().unwrap())
    }

    /// Runs a command that must end well.
    pub(crate) fn stdout_of(&self, arguments: &[&str]) -> String {
        let ran = self.run(arguments);
        assert_eq!(ran.code, 0, "{arguments:?}\n{}\n{}", ran.stdout, ran.stderr);
        ran.stdout
    }

    pub(crate) fn import(&self, path: &Path) -> CommandOutput {
        self.run(&["import", path.to_str().unwrap()])
    }

    /// How many steps a command tells in its log: every statement that it sends to the store.
    pub(crate) fn steps(&self, arguments: &[&str]) -> usize {
        let output = self.command(arguments).env("RUST_LOG", "debug").output().unwrap();
        assert!(output.status.success(), "{arguments:?}");
        output.stderr.split(|byte| *byte == b'\n').count() - 1
    }

    /// Starts a command and kills it when it has logged that many steps; false if it ended before.
    pub(crate) fn kill_after(&self, arguments: &[&str], steps: usize) -> bool {
        let mut command = self.command(arguments);
        command.env("RUST_LOG", "debug").stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut log_lines = BufReader::new(child.stderr.take().unwrap()).lines();
        assert!(log_lines.by_ref().take(steps).all(|line| line.is_ok()));
        child.kill().unwrap();
        child.wait().unwrap().signal() == Some(KILLED)
    }

    pub(crate) fn state(&self) -> State {
        State {
            status: self.stdout_of(&["status", "--json"]),
            clusters: self.stdout_of(&["clusters", "--all", "--json"]),
            found: self.stdout_of(&[
                "search",
                "how do I fix this error",
                "--limit",
                "50",
                "--json",
            ]),
        }
    }

    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.stdout_of(arguments)).unwrap()
    }

    /// Rules that trust helpers and declare the server public, and a repository to propose to.
    pub(crate) fn settle_in(&self) {
        self.write(
            "data/rules/scope.toml",
            "[trust]\nroles = ['Helper']\n[consent]\nmode = 'server-public'\n",
        );
        self.write(
            "data/harvester.toml",
            "[rules]\ndirectory = 'rules'\n[forge]\nrepository = 'docs.git'\n",
        );
    }

    pub(crate) fn docs(&self) -> git2::Repository {
        git2::Repository::open(self.path("data/docs.git")).unwrap()
    }

    /// Path and text of every page that a branch of proposals adds to the default branch.
    pub(crate) fn pages(&self) -> Vec<(String, String)> {
        let docs = self.docs();
        let mut pages = Vec::new();
        for (_, head) in self.branches() {
            let commit = docs.find_commit(head).unwrap();
            let before = commit.parent(0).unwrap().tree().unwrap();
            let diff =
                docs.diff_tree_to_tree(Some(&before), Some(&commit.tree().unwrap()), None).unwrap();
            for delta in diff.deltas() {
                let page = docs.find_blob(delta.new_file().id()).unwrap();
                let path = delta.new_file().path().unwrap().to_str().unwrap().to_owned();
                pages.push((path, String::from_utf8(page.content().to_vec()).unwrap()));
            }
        }
        pages
    }

    /// Name and commit of every branch of proposals.
    pub(crate) fn branches(&self) -> Vec<(String, git2::Oid)> {
        let docs = self.docs();
        let mut branches = docs
            .references_glob("refs/heads/answers/*")
            .unwrap()
            .map(|branch| {
                let branch = branch.unwrap();
                (branch.name().unwrap().to_owned(), branch.target().unwrap())
            })
            .collect::<Vec<_>>();
        branches.sort();
        branches
    }
}

impl CommandOutput {
    pub(crate) fn of(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}
