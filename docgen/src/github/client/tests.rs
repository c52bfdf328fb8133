use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Mutex as StdMutex;
use std::thread::JoinHandle;

use jiff::{SignedDuration, Timestamp};

use super::*;

/// Time that goes on only while somebody sleeps.
#[derive(Default)]
struct Still {
    slept: StdMutex<Vec<SignedDuration>>,
}

impl ClientClock for Still {
    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH + self.slept.lock().unwrap().iter().sum::<SignedDuration>()
    }

    fn sleep(&self, length: SignedDuration) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        self.slept.lock().unwrap().push(length);
        Box::pin(std::future::ready(()))
    }
}

/// A host that gives the scripted answers, each `status, headers, body`, and tells what it was asked.
struct Host {
    api: String,
    asked: JoinHandle<Vec<String>>,
}

fn host(script: &[(u16, &str, &str)]) -> Host {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let api = format!("http://{}", listener.local_addr().unwrap());
    let script = script
        .iter()
        .map(|(status, headers, body)| {
            format!(
                "HTTP/1.1 {status} X\r\ncontent-length: {}\r\nconnection: close\r\n{headers}\r\n{body}",
                body.len()
            )
        })
        .collect::<Vec<_>>();
    let asked = std::thread::spawn(move || {
        let mut asked = Vec::new();
        for answer in script {
            let (mut stream, _) = listener.accept().unwrap();
            asked.push(request(&mut stream));
            // An answer without a status hangs up instead.
            if !answer.starts_with("HTTP/1.1 0 ") {
                stream.write_all(answer.as_bytes()).unwrap();
            }
        }
        asked
    });
    Host { api, asked }
}

fn request(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    loop {
        let mut some = [0; 4_096];
        let count = stream.read(&mut some).unwrap();
        bytes.extend_from_slice(&some[..count]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| {
            line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok()
        });
        if count == 0 || body.len() >= length.unwrap_or(0) {
            return text;
        }
    }
}

impl Host {
    fn github(&self, below: &str, clock: &Arc<Still>, auth: Auth) -> GitHubClient {
        let api = format!("{}{below}", self.api);
        GitHubClient::new(&api, "amy/docs", auth, Arc::clone(clock) as Arc<dyn ClientClock>, None)
            .unwrap()
    }

    /// The first lines of all requests.
    fn lines(self) -> Vec<String> {
        let asked = self.asked.join().unwrap();
        let line = |text: &String| text.split(" HTTP/").next().unwrap_or_default().to_owned();
        asked.iter().map(line).collect()
    }
}

fn token() -> Auth {
    Auth::Token(Credential::new("t0ken"))
}

#[tokio::test]
async fn reads_come_again_and_limits_are_waited_for() {
    let script = [
        (502, "", ""),
        (0, "", ""),
        (429, "retry-after: 3\r\n", "{}"),
        (200, "", r#"{"number": 4}"#),
    ];
    let (host, clock) = (host(&script), Arc::new(Still::default()));
    let github = host.github("", &clock, token());
    let pull = github.get::<Value>("/repos/amy/docs/pulls/4").await.unwrap();
    assert_eq!(pull["number"], 4);
    assert_eq!(*clock.slept.lock().unwrap(), [1, 2, 3].map(SignedDuration::from_secs));
    let asked = host.asked.join().unwrap();
    assert_eq!(asked.len(), 4);
    for text in asked {
        let text = text.to_ascii_lowercase();
        assert_eq!(text.matches("authorization: bearer t0ken").count(), 1);
        assert_eq!(text.matches("\r\naccept:").count(), 1, "{text}");
        assert_eq!(text.matches("\r\nx-github-api-version:").count(), 1, "{text}");
        assert!(text.contains("user-agent: "));
    }
}

#[tokio::test]
async fn what_did_not_change_is_not_sent_again() {
    let (one, two) = (r#"{"number": 4}"#, r#"{"number": 5}"#);
    let script = [
        (200, "etag: W/\"one\"\r\n", one),
        (304, "etag: W/\"one\"\r\nx-ratelimit-remaining: 7\r\n", ""),
        (200, "etag: W/\"two\"\r\n", two),
        (304, "", ""),
        (404, "etag: \"three\"\r\n", "{}"),
        (200, "", one),
        (200, "", two),
    ];
    let (host, clock) = (host(&script), Arc::new(Still::default()));
    let github = host.github("", &clock, token());
    let mut read = Vec::new();
    for _ in 0..script.len() {
        read.push(
            github
                .get_optional::<Value>("/issues/4")
                .await
                .unwrap()
                .map(|one| one["number"].clone()),
        );
    }
    let numbers = [Some(4), Some(4), Some(5), Some(5), None, Some(4), Some(5)];
    assert_eq!(read, numbers.map(|number| number.map(Value::from)));
    let asked = host.asked.join().unwrap();
    let tags = asked.iter().map(|text| {
        let line =
            text.lines().find(|line| line.to_ascii_lowercase().starts_with("if-none-match:"));
        line.and_then(|line| line.split(": ").nth(1))
    });
    let (one, two) = (Some("W/\"one\""), Some("W/\"two\""));
    assert_eq!(tags.collect::<Vec<_>>(), [None, one, one, two, two, two, None]);
}

#[tokio::test]
async fn a_write_is_sent_once_and_the_next_one_a_second_later() {
    let script = [(502, "", ""), (0, "", ""), (201, "", r#"{"number": 4}"#)];
    let (host, clock) = (host(&script), Arc::new(Still::default()));
    let github = host.github("", &clock, token());
    for _ in 0..2 {
        let error = github.write::<Value>(Method::POST, "/x", &json!({})).await.unwrap_err();
        assert!(matches!(error, GitHubError::OutcomeUnknown { .. }), "{error}");
    }
    github.write::<Value>(Method::POST, "/x", &json!({})).await.unwrap();
    assert_eq!(*clock.slept.lock().unwrap(), [1, 1].map(SignedDuration::from_secs));
    assert_eq!(host.lines(), ["POST /x"; 3]);
}

#[tokio::test]
async fn while_deferred_nothing_is_sent_even_after_a_restart() {
    let script = [(403, "retry-after: 60\r\n", "{}"), (200, "", "{}")];
    let (host, clock) = (host(&script), Arc::new(Still::default()));
    let github = host.github("", &clock, token());
    let deferred = |result: Result<Value>| match result.unwrap_err() {
        GitHubError::Deferred { not_before } => not_before,
        other => panic!("{other}"),
    };
    let until = deferred(github.get::<Value>("/a").await);
    assert_eq!(until, Timestamp::UNIX_EPOCH + SignedDuration::from_mins(1));
    assert_eq!(deferred(github.write(Method::POST, "/b", &json!({})).await), until);
    let again =
        GitHubClient::new(&host.api, "amy/docs", token(), Arc::clone(&clock) as _, Some(until))
            .unwrap();
    assert_eq!(deferred(again.get("/c").await), until);
    clock.sleep(SignedDuration::from_mins(1)).await;
    again.get::<Value>("/d").await.unwrap();
    assert_eq!(host.lines(), ["GET /a", "GET /d"]);
}

#[tokio::test]
async fn lists_are_paged_by_number_below_the_base_of_an_enterprise_server() {
    let full = serde_json::to_string(&vec![json!({ "id": 1 }); 100]).unwrap();
    let script = [
        (200, "link: <https://elsewhere.example/?page=2>; rel=\"next\"\r\n", full.as_str()),
        (200, "", r#"[{"id": 2}]"#),
        (200, "", r#"{"data": {}}"#),
        (200, "", r#"{"errors": [{"message": "no"}, {"message": "never"}]}"#),
        (301, "location: /repositories/1\r\n", "{}"),
        (404, "", r#"{"message": "Not Found"}"#),
    ];
    let (host, clock) = (host(&script), Arc::new(Still::default()));
    let github = host.github("/api/v3/", &clock, token());
    let all = github.list::<Value>(&github.repo_path("pulls?state=all"), 500).await.unwrap();
    assert_eq!(all.len(), 101);
    github.mutate("mutation { a }", json!({})).await.unwrap();
    let error = github.mutate("mutation { a }", json!({})).await.unwrap_err();
    assert_eq!(error.to_string(), "GitHub refused the query: no: never");
    let error = github.get::<Value>(&github.repo_path("")).await.unwrap_err();
    assert!(matches!(error, GitHubError::Moved { status: 301, .. }));
    assert_eq!(
        github.get_optional::<Value>(&github.repo_path("git/ref/heads/x")).await.unwrap(),
        None
    );
    let expected = [
        "GET /api/v3/repos/amy/docs/pulls?state=all&per_page=100&page=1",
        "GET /api/v3/repos/amy/docs/pulls?state=all&per_page=100&page=2",
        "POST /api/graphql",
        "POST /api/graphql",
        "GET /api/v3/repos/amy/docs",
        "GET /api/v3/repos/amy/docs/git/ref/heads/x",
    ];
    assert_eq!(host.lines(), expected);
}

#[tokio::test]
async fn an_app_lends_a_token_keeps_it_and_renews_it() {
    let openssl = std::process::Command::new("openssl").args(["genrsa", "2048"]).output();
    let Ok(pem) = openssl.map(|output| String::from_utf8(output.stdout).unwrap()) else { return };
    let key = super::super::auth::AppKey::new(5, &Credential::new(pem)).unwrap();
    let lend =
        |token: &str| format!(r#"{{"token": "{token}", "expires_at": "1970-01-01T01:00:00Z"}}"#);
    let (one, two, three) = (lend("one"), lend("two"), lend("three"));
    let found = (200, "", r#"{"id": 9}"#);
    let script = [
        found,
        (201, "", one.as_str()),
        (200, "", "{}"),
        (200, "", "{}"),
        (401, "", "{}"),
        found,
        (201, "", two.as_str()),
        (200, "", "{}"),
        found,
        (201, "", three.as_str()),
        (200, "", "{}"),
    ];
    let (host, clock) = (host(&script), Arc::new(Still::default()));
    let github = host.github("", &clock, Auth::App(Box::new(key)));
    for _ in 0..2 {
        github.get::<Value>("/x").await.unwrap();
    }
    github.write::<Value>(Method::PATCH, "/x", &json!({})).await.unwrap();
    clock.sleep(SignedDuration::from_mins(56)).await;
    github.get::<Value>("/x").await.unwrap();
    let asked = host.asked.join().unwrap();
    let bearers = asked
        .iter()
        .map(|text| {
            let at = text.to_ascii_lowercase().find("bearer ").unwrap();
            let token = text[at + 7..].split("\r\n").next().unwrap();
            if token.contains('.') { "jwt" } else { token }
        })
        .collect::<Vec<_>>();
    let expected = ["jwt", "jwt", "one", "one", "one", "jwt", "jwt", "two", "jwt", "jwt", "three"];
    assert_eq!(bearers, expected);
    assert!(asked[1].starts_with("POST /app/installations/9/access_tokens "));
    assert!(asked[1].contains(r#""repositories":["docs"]"#));
}

#[tokio::test]
async fn a_wrong_address_or_name_is_reported() {
    let new = |api, name| {
        GitHubClient::new(api, name, token(), Arc::new(Still::default()), None)
            .err()
            .map(|e| e.to_string())
    };
    assert!(new("ghe.example", "a/b").is_some_and(|error| error.contains("not an API address")));
    for wrong in ["a", "a/b/c", "a/", "../b", "a/b?c", ""] {
        assert!(
            new(PUBLIC_API, wrong).is_some_and(|error| error.contains("OWNER/NAME")),
            "{wrong}"
        );
    }
    assert_eq!(new(PUBLIC_API, "a.b/c-d_e"), None);
    assert_eq!(encoded("docs/a b#c?.md"), "docs/a%20b%23c%3F.md");
}

#[tokio::test]
async fn an_unexpected_answer_is_reported_and_decides_nothing() {
    let script = [
        (200, "", r#"{"ref": "refs/heads/answers/q1"}"#),
        (200, "", r#"{"object": {"type": "commit", "sha": ""}}"#),
        (200, "", r#"{"object": {"sha": null}}"#),
        (200, "", "<html>"),
        (404, "", "{}"),
    ];
    let (host, clock) = (host(&script), Arc::new(Still::default()));
    let github = host.github("", &clock, token());
    let mut messages = Vec::new();
    for _ in 0..4 {
        let error = github.head("answers/q1").await.unwrap_err();
        assert!(error.may_pass(), "{error}");
        messages.push(error.to_string());
    }
    insta::assert_snapshot!(messages.join("\n"), @r"
    unexpected response from GitHub: /repos/amy/docs/git/ref/heads/answers/q1: missing field `object` at line 1 column 32
    unexpected response from GitHub: /repos/amy/docs/git/ref/heads/answers/q1: sha: must not be empty at line 1 column 40
    unexpected response from GitHub: /repos/amy/docs/git/ref/heads/answers/q1: sha: invalid type: null, expected a string at line 1 column 23
    unexpected response from GitHub: /repos/amy/docs/git/ref/heads/answers/q1: expected value at line 1 column 1
    ");
    assert_eq!(github.head("answers/q1").await.unwrap(), None);
    assert_eq!(host.lines().len(), 5);
}
