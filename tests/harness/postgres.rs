//! A PostgreSQL server of a test's own, which it may stop, start and cut off.

use std::net::TcpListener;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// A running server with one database; it ends with the test.
pub struct PostgresServer {
    folder: TempDir,
    binaries: PathBuf,
    port: u16,
    /// PostgreSQL refuses to run as root.
    is_root: bool,
}

impl PostgresServer {
    /// Starts a server; `None` where PostgreSQL is not installed.
    pub fn start() -> Option<Self> {
        let binaries = binaries()?;
        let folder = tempfile::tempdir().unwrap();
        let is_root = folder.path().metadata().unwrap().uid() == 0;
        if is_root {
            run(Command::new("chown").arg("postgres").arg(folder.path()));
        }
        let port = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
        let server = Self { folder, binaries, port, is_root };
        run(server
            .command("initdb")
            .args(["--auth", "trust", "--username", "harvester", "--encoding", "UTF8"])
            .args(["--locale", "C.UTF-8", "--no-sync"]));
        server.resume();
        Some(server)
    }

    /// The address of the database.
    pub fn url(&self) -> String {
        self.url_at(self.port)
    }

    /// The same through a link to its port.
    pub fn url_at(&self, port: u16) -> String {
        format!("postgres://harvester@127.0.0.1:{port}/postgres")
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// From now on this user needs a password.
    pub fn require_password(&self, user: &str) {
        let path = self.folder.path().join("data/pg_hba.conf");
        let rules = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, format!("host all {user} 127.0.0.1/32 scram-sha-256\n{rules}"))
            .unwrap();
        run(self.command("pg_ctl").arg("reload"));
    }

    /// From now on it can encrypt connections, with a certificate that nobody knows. Restarts the server.
    pub fn encrypt(&self) {
        let data = self.folder.path().join("data");
        let mut make = Command::new("openssl");
        make.args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]);
        make.args(["-subj", "/CN=localhost", "-out", "server.crt", "-keyout", "server.key"]);
        run(make.current_dir(&data).stderr(Stdio::null()));
        run(Command::new("chmod").arg("600").arg(data.join("server.key")));
        if self.is_root {
            run(Command::new("chown").arg("postgres").arg(data.join("server.key")));
        }
        self.sql("ALTER SYSTEM SET ssl = on");
        self.stop();
        self.resume();
    }

    /// Ends the server as a crash does.
    pub fn stop(&self) {
        run(self.command("pg_ctl").args(["--mode", "immediate", "--wait", "stop"]));
    }

    /// Starts it again after [`PostgresServer::stop`].
    pub fn resume(&self) {
        let options = format!("-p {} -h 127.0.0.1 -k {}", self.port, self.folder.path().display());
        let log = self.folder.path().join("server.log");
        run(self.command("pg_ctl").arg("--log").arg(log).args([
            "--wait",
            "--options",
            &options,
            "start",
        ]));
    }

    /// Cuts every connection.
    pub fn cut_connections(&self) {
        let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                   WHERE pid <> pg_backend_pid() AND datname IS NOT NULL";
        self.sql(cut);
    }

    /// Runs a statement as the owner of everything.
    pub fn sql(&self, sql: &str) {
        let mut psql = Command::new(self.binaries.join("psql"));
        run(psql.args([&self.url(), "--quiet", "--output", "/dev/null", "--command", sql]));
    }

    /// A command on the server's files.
    fn command(&self, name: &str) -> Command {
        let program = self.binaries.join(name);
        let mut command = if self.is_root {
            let mut command = Command::new("setpriv");
            command.args(["--reuid", "postgres", "--regid", "postgres", "--init-groups"]);
            command.arg(program);
            command
        } else {
            Command::new(program)
        };
        command.arg("--pgdata").arg(self.folder.path().join("data"));
        command.current_dir(self.folder.path());
        command
    }
}

impl Drop for PostgresServer {
    fn drop(&mut self) {
        // It may be stopped already.
        let _ = self.command("pg_ctl").args(["--mode", "immediate", "stop"]).output();
    }
}

fn binaries() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?.flatten();
    let folders = versions.map(|version| version.path().join("bin"));
    folders.filter(|folder| Path::new(&folder.join("initdb")).exists()).max()
}

#[track_caller]
fn run(command: &mut Command) {
    // Not captured: what a server that goes on inherits would never end.
    let done = command.stdout(Stdio::null()).status().unwrap();
    assert!(done.success(), "{command:?}");
}
