//! The served site, as a browser or a program asks it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::exports::{asked_three_times, write};
use crate::sandbox::Sandbox;

/// How long the site waits for requests in progress when it is stopped.
const GRACE: Duration = Duration::from_secs(5);

/// A running `harvester serve`, ended with the test.
pub(crate) struct Served {
    child: Child,
    /// Kept open: who writes to a closed pipe fails.
    _said: BufReader<std::process::ChildStdout>,
    address: String,
}

impl Served {
    /// Starts on a free port, which the program tells when it listens.
    pub(crate) fn start(sandbox: &Sandbox) -> Self {
        let mut command = sandbox.command(&["serve", "--listen", "127.0.0.1:0"]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut said = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        said.read_line(&mut line).unwrap();
        let address = line.split_once("http://").unwrap().1;
        let address = address.split_whitespace().next().unwrap().to_owned();
        Self { child, _said: said, address }
    }

    fn connect(&self) -> TcpStream {
        TcpStream::connect(&self.address).unwrap()
    }

    /// A connection that has had a response and stays open.
    fn kept_alive(&self) -> TcpStream {
        let (mut stream, host) = (self.connect(), &self.address);
        write!(stream, "GET /healthz HTTP/1.1\r\nHost: {host}\r\n\r\n").unwrap();
        assert_ne!(stream.read(&mut [0; 4096]).unwrap(), 0);
        stream
    }

    /// Status and body.
    pub(crate) fn get(&self, path: &str) -> (u16, String) {
        self.get_with(path, "")
    }

    /// The same with further lines of headers.
    pub(crate) fn get_with(&self, path: &str, headers: &str) -> (u16, String) {
        let (mut stream, host) = (self.connect(), &self.address);
        let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n");
        write!(stream, "{request}{headers}\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        (status, body.to_owned())
    }

    pub(crate) fn json(&self, path: &str) -> Value {
        let (status, body) = self.get(path);
        assert_eq!(status, 200, "{path}: {body}");
        serde_json::from_str(&body[body.find('{').unwrap()..=body.rfind('}').unwrap()]).unwrap()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn harvested() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.settle_in();
    let export = asked_three_times("Delete data/index and start again.").export();
    assert_eq!(sandbox.import(&write(&sandbox.path("help.json"), &export)).code, 0);
    sandbox
}

#[test]
fn what_was_imported_is_found_and_read_in_the_browser() {
    let sandbox = harvested();
    let served = Served::start(&sandbox);
    for path in ["/", "/healthz", "/readyz"] {
        assert_eq!(served.get(path).0, 200, "{path}");
    }
    let (_, page) = served.get("/?q=reset+vector+index");
    assert!(page.contains("/answers/") && page.contains("unreviewed"), "{page}");
    let link = page.split("href=\"/answers/").nth(1).unwrap().split('"').next().unwrap();
    let (status, answer) = served.get(&format!("/answers/{link}"));
    assert_eq!(status, 200);
    assert!(answer.contains("Delete data/index") && answer.contains("discord.com/channels/1/5/"));
    assert!(!answer.contains("person_"), "a name is on the page:\n{answer}");
    assert_eq!(served.get("/answers/nothing-of-this-name").0, 404);
}

#[test]
fn the_api_says_what_the_command_line_says() {
    let sandbox = harvested();
    let served = Served::start(&sandbox);
    let found = served.json("/api/v1/search?q=reset+vector+index");
    let printed = sandbox.json(&["search", "reset vector index", "--json"]);
    let id = printed["answers"][0]["id"].as_str().unwrap();
    assert!(found.to_string().contains(id), "{found}");
    let answer = served.json(&format!("/api/v1/answers/{id}"));
    assert!(answer.to_string().contains("Delete data/index"), "{answer}");
    let (status, error) = served.get("/api/v1/search?q=x&limit=many");
    assert_eq!(status, 400);
    assert!(error.contains("limit"), "{error}");
}

#[test]
fn an_import_beside_the_running_site_is_found_there() {
    let sandbox = harvested();
    let served = Served::start(&sandbox);
    let path = "/api/v1/search?q=scheduler+wake+twice";
    assert!(!served.json(path).to_string().contains("jitter"));
    let mut talk = asked_three_times("Delete data/index and start again.");
    talk.resolved(15, "Why does the scheduler wake up twice?", "Set `jitter = 0` in the plan.");
    assert_eq!(sandbox.import(&write(&sandbox.path("help.json"), &talk.export())).code, 0);
    assert!(served.json(path).to_string().contains("jitter"));
}

#[test]
fn a_signal_ends_the_site_well() {
    for signal in ["INT", "TERM"] {
        let mut served = Served::start(&harvested());
        // Connections that wait for a request do not hold it up.
        let _idle = (served.connect(), served.kept_alive());
        let begun = Instant::now();
        let kill = format!("kill -{signal} {}", served.child.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
        assert_eq!(served.child.wait().unwrap().code(), Some(0), "{signal}");
        assert!(begun.elapsed() < GRACE, "{signal} took {:?}", begun.elapsed());
    }
}

#[test]
fn without_consent_the_site_shows_no_words() {
    let sandbox = harvested();
    sandbox.write("data/rules/scope.toml", "[trust]\nroles = ['Helper']\n");
    let served = Served::start(&sandbox);
    for path in ["/?q=reset+vector+index", "/api/v1/search?q=reset+vector+index"] {
        let (status, said) = served.get(path);
        assert_eq!(status, 200);
        assert!(!said.contains("Delete data/index"), "{path}: {said}");
        assert!(!said.contains("changing the embedding model"), "{path}: {said}");
    }
}

#[test]
fn a_program_prints_links_that_lead_to_answers() {
    let sandbox = Sandbox::new();
    sandbox.settle_in();
    let mut talk = asked_three_times("Delete data/index and start again.");
    let asked = "How do I get rid of this? `Error: cannot open database /home/ann/app.db`";
    talk.resolved(15, asked, "Stop the other process first, it holds the lock.");
    assert_eq!(sandbox.import(&write(&sandbox.path("help.json"), &talk.export())).code, 0);
    let served = Served::start(&sandbox);
    let site = format!("http://{}", served.address);
    let messages = |more: &str| {
        let path = sandbox.path("errors.json");
        let text = format!("{{\"E_OPEN\": \"cannot open database C:\\\\app\\\\x.db\"{more}}}");
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let export = |messages: &str| {
        let links = sandbox.run(&["errors", "export", "--for", messages, "--site", &site]);
        assert_eq!(links.code, 0, "{}", links.stderr);
        let path = sandbox.path("error-links.json");
        std::fs::write(&path, links.stdout).unwrap();
        path.display().to_string()
    };
    let checked = sandbox.run(&["errors", "check", &export(&messages(""))]);
    assert_eq!(checked.code, 0, "{}", checked.stdout);
    assert!(checked.stdout.contains("1 of 1 links lead to an answer"), "{}", checked.stdout);

    let unsolved = messages(", \"E_PORT\": \"cannot bind port 80, it is taken\"");
    let checked = sandbox.run(&["errors", "check", &export(&unsolved)]);
    assert_eq!(checked.code, 1, "{}", checked.stdout);
    assert!(checked.stdout.contains("E_PORT: ") && checked.stdout.contains("leads to no answer"));
}

#[test]
fn a_coding_agent_reads_answers_over_standard_input() {
    let sandbox = harvested();
    let mut command = sandbox.command(&["mcp"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut agent = command.spawn().unwrap();
    let arguments = r#"{"q":"reset vector index"}"#;
    let call = format!(
        r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"search_answers","arguments":{arguments}}}}}"#
    );
    let mut input = agent.stdin.take().unwrap();
    writeln!(input, r#"{{"jsonrpc":"2.0","method":"notifications/initialized"}}"#).unwrap();
    writeln!(input, "{call}").unwrap();
    drop(input);
    let mut said = String::new();
    agent.stdout.take().unwrap().read_to_string(&mut said).unwrap();
    assert!(agent.wait().unwrap().success());
    let response = serde_json::from_str::<Value>(&said).unwrap();
    let text = response["result"]["content"][0]["text"].as_str().unwrap();
    assert!(text.contains("Delete data/index"), "{text}");
}
