//! Asks the stand-in as a program would.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use serde_json::{Value, json};
use tests::harness::github::FakeGitHub;
use tests::harness::github::wire::{self, Response};

pub(crate) const DOCS: &str = "harbor/docs";

/// Somebody with a token.
pub(crate) struct Client<'a> {
    pub(crate) github: &'a FakeGitHub,
    pub(crate) token: String,
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) raw: Response,
    pub(crate) body: Value,
}

impl Answer {
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.raw.body);
        self.body
    }

    /// A refusal with these words somewhere.
    #[track_caller]
    pub(crate) fn refused(self, status: u16, words: &str) {
        assert_eq!(self.status, status, "{}", self.raw.body);
        assert!(self.raw.body.contains(words), "{words:?} is not in {}", self.raw.body);
    }
}

/// A statement by the App as GitHub takes it.
pub(crate) fn jwt(github: &FakeGitHub, app: u64) -> String {
    let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let now = github.now().as_second();
    let head = part(json!({ "alg": "RS256", "typ": "JWT" }));
    let claims = part(json!({ "iat": now - 60, "exp": now + 540, "iss": app.to_string() }));
    let signed = format!("{head}.{claims}");
    let lines = github.private_key().lines().filter(|line| !line.starts_with('-'));
    let key = STANDARD.decode(lines.collect::<String>()).unwrap();
    let key = RsaKeyPair::from_der(&key).unwrap();
    let mut signature = vec![0; key.public().modulus_len()];
    let random = ring::rand::SystemRandom::new();
    key.sign(&RSA_PKCS1_SHA256, &random, signed.as_bytes(), &mut signature).unwrap();
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}

impl<'a> Client<'a> {
    /// The App's installation in [`DOCS`].
    pub(crate) fn app(github: &'a FakeGitHub) -> Self {
        let app = Client { github, token: jwt(github, github.app_id()) };
        let id = app.get(&format!("/repos/{DOCS}/installation")).expect(200)["id"].clone();
        let path = format!("/app/installations/{id}/access_tokens");
        let lent = app.ask("POST", &path, &json!({ "repositories": ["docs"] })).expect(201);
        Client { github, token: lent["token"].as_str().unwrap().to_owned() }
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.send("GET", path, None, &[]).unwrap()
    }

    pub(crate) fn ask(&self, method: &str, path: &str, body: &Value) -> Answer {
        self.send(method, path, Some(body), &[]).unwrap()
    }

    /// Something in [`DOCS`], read or written.
    pub(crate) fn docs(&self, path: &str) -> Answer {
        self.get(&format!("/repos/{DOCS}{path}"))
    }

    pub(crate) fn write(&self, method: &str, path: &str, body: Value) -> Answer {
        self.ask(method, &format!("/repos/{DOCS}{path}"), &body)
    }

    /// `None` if no answer came.
    pub(crate) fn send(
        &self,
        method: &str,
        path: &str,
        body: Option<&Value>,
        more: &[(&str, &str)],
    ) -> Option<Answer> {
        let token = format!("Bearer {}", self.token);
        let mut headers = vec![("user-agent", "client"), ("authorization", token.as_str())];
        headers.extend(more);
        let url = format!("{}{path}", self.github.url());
        let body = body.map(Value::to_string).unwrap_or_default();
        let raw = wire::exchange(method, &url, &headers, &body, Duration::from_secs(60)).ok()?;
        let body = serde_json::from_str(&raw.body).unwrap_or(Value::Null);
        Some(Answer { status: raw.status, raw, body })
    }

    /// Puts a commit with one file on a branch, new or not, as our program does; its id.
    pub(crate) fn commit(&self, branch: &str, path: &str, text: &str) -> String {
        let known = self.docs(&format!("/git/ref/heads/{branch}"));
        let from = if known.status == 200 { branch } else { "main" };
        let head = self.docs(&format!("/git/ref/heads/{from}")).expect(200);
        let head = head["object"]["sha"].as_str().unwrap().to_owned();
        let tree = json!([{ "path": path, "mode": "100644", "type": "blob", "content": text }]);
        let tree = json!({ "base_tree": head, "tree": tree });
        let tree = self.write("POST", "/git/trees", tree).expect(201)["sha"].clone();
        let commit = json!({ "message": "Answer it", "tree": tree, "parents": [head] });
        let sha = self.write("POST", "/git/commits", commit).expect(201)["sha"].clone();
        if known.status == 200 {
            let path = format!("/git/refs/heads/{branch}");
            self.write("PATCH", &path, json!({ "sha": sha })).expect(200);
        } else {
            let wanted = json!({ "ref": format!("refs/heads/{branch}"), "sha": sha });
            self.write("POST", "/git/refs", wanted).expect(201);
        }
        sha.as_str().unwrap().to_owned()
    }

    /// Opens a pull request as a draft from a branch with one file.
    pub(crate) fn propose(&self, branch: &str, path: &str, text: &str) -> u64 {
        self.commit(branch, path, text);
        let wanted = json!({ "title": "docs: an answer", "head": branch, "base": "main",
            "body": "What is asked often", "draft": true });
        self.write("POST", "/pulls", wanted).expect(201)["number"].as_u64().unwrap()
    }
}
