//! `harvester run`, pointed at a stand-in for Discord.

use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tests::harness::discord::FakeDiscord;

use crate::sandbox::Sandbox;

/// A running daemon; killed when dropped.
pub(crate) struct Daemon<'w> {
    sandbox: &'w Sandbox,
    log: PathBuf,
    child: Child,
}

/// How long something that the daemon does by itself may take before a story fails.
const PATIENCE: Duration = Duration::from_secs(60);

impl Sandbox {
    /// Settings for a server, with rules that trust helpers and declare it public.
    pub(crate) fn point_at(&self, discord: &FakeDiscord, more: &str) {
        self.write(
            "data/rules/scope.toml",
            "[trust]\nroles = ['Helper']\n[consent]\nmode = 'server-public'\n",
        );
        self.write("data/token", &format!("{}\n", discord.token()));
        let settings = format!(
            "[rules]\ndirectory = 'rules'\n[site]\nlisten = '127.0.0.1:0'\n[discord]\n\
             token_file = 'token'\napi_url = '{}'\nrate_share = 1.0\n{more}\n",
            discord.url(),
        );
        self.write("data/harvester.toml", &settings);
    }

    pub(crate) fn start(&self) -> Daemon<'_> {
        self.start_telling(&std::env::var("DAEMON_LOG").unwrap_or("info".to_owned()))
    }

    /// As `start`, with this much in the log.
    pub(crate) fn start_telling(&self, level: &str) -> Daemon<'_> {
        self.start_logging(&["run"], level, "daemon.log")
    }

    /// Starts a process with these roles, which writes its log to `NAME.log`.
    pub(crate) fn start_only(&self, roles: &str, name: &str) -> Daemon<'_> {
        self.start_logging(&["run", "--only", roles], "info", &format!("{name}.log"))
    }

    fn start_logging(&self, arguments: &[&str], level: &str, log: &str) -> Daemon<'_> {
        let log = self.path(log);
        let child = self
            .command(arguments)
            .env("RUST_LOG", level)
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(&log).unwrap())
            .spawn()
            .unwrap();
        Daemon { sandbox: self, log, child }
    }
}

impl Daemon<'_> {
    /// Waits until `status --json` is as wished.
    pub(crate) fn wait_until(&mut self, what: &str, wished: impl Fn(&Value) -> bool) -> Value {
        let begun = Instant::now();
        loop {
            let ran = self.sandbox.run(&["status", "--json"]);
            if let Ok(status) = serde_json::from_str::<Value>(&ran.stdout)
                && wished(&status)
            {
                return status;
            }
            if let Some(ended) = self.child.try_wait().unwrap() {
                panic!("the daemon ended ({ended}) before {what}\n{}", self.log());
            }
            assert!(begun.elapsed() < PATIENCE, "never: {what}\n{}\n{}", ran.stdout, self.log());
        }
    }

    /// What it has logged so far.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap()
    }

    /// What the system calls it.
    pub(crate) fn process(&self) -> u32 {
        self.child.id()
    }

    /// Waits until everything is read, judged and indexed.
    pub(crate) fn settled(&mut self, times: u64) -> Value {
        self.wait_until("all is read and judged", |status| {
            let mine = status["daemons"].as_object().and_then(|all| all.values().next());
            let Some(pulse) = mine else { return false };
            let catching_up = &pulse["discord"]["catching_up"];
            catching_up["catch_ups_done_total"].as_u64() >= Some(times)
                && pulse["deliveries_waiting"] == 0
                && is_judged(status)
        })
    }

    /// Ends it as an operator does; it must end well.
    pub(crate) fn stop(mut self) {
        self.signal("-TERM");
        let ended = self.child.wait().unwrap();
        assert!(ended.success(), "{ended}\n{}", self.log());
    }

    /// Sends it a signal, such as `-STOP`.
    pub(crate) fn signal(&self, signal: &str) {
        let pid = self.process().to_string();
        let sent = std::process::Command::new("kill").args([signal, &pid]).status().unwrap();
        assert!(sent.success());
    }

    /// `kill -9`.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Waits for it to end by itself; the exit code and what it said.
    pub(crate) fn ended(mut self) -> (i32, String) {
        let code = self.child.wait().unwrap().code().unwrap_or(-1);
        (code, self.log())
    }
}

impl Drop for Daemon<'_> {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Whether nothing is left to judge, group or index.
fn is_judged(status: &Value) -> bool {
    status["behind"] == false
}
