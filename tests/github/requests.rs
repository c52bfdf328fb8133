//! Every request that we make of GitHub, held against GitHub's own description of its API.
//!
//! The stories run against our stand-in, whose log tells what was asked. The description says whether
//! GitHub knows such a path, such a query and such a body. With the address of a Prism that serves the
//! description in `GITHUB_CONTRACT`, as `tests/github/contract` gives it, Prism judges every request as
//! a whole, and its answers, which are GitHub's examples, must be readable to us.

#![expect(clippy::unwrap_used, reason = "a story that cannot go on is a failed test")]
#![expect(clippy::print_stdout, reason = "the contract run says what it judged")]

mod description;

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use description::Description;
use docgen::change::{FileChange, FileEdit};
use docgen::edit::nav::{NavEntry, NavFormat};
use docgen::forge::reconcile;
use docgen::forge::reconcile::{
    DesiredPullRequest, PullRequestProgress, PullRequestPurpose, PushedHead, ReconcileOutcome,
};
use docgen::github::auth::{AppKey, Auth, Credential};
use docgen::github::client::{ClientClock, GitHubClient};
use docgen::github::dashboard;
use docgen::github::execute;
use docgen::github::issue_api::CommandReaction;
use docgen::github::onboarding;
use jiff::{SignedDuration, Timestamp};
use rules::model::ids::{ClusterId, MessageId};
use rules::time;
use serde_json::json;
use tests::harness::github::{FakeGitHub, Fault, Request, Role, Trouble, Verdict, wire};

const DOCS: &str = "harbor/docs";
const PATIENCE: Duration = Duration::from_secs(60);

/// What the stories must have asked, so that nothing stays unchecked because no story asks it.
const ASKED: &[&str] = &[
    "DELETE /repos/{owner}/{repo}/git/refs/{ref}",
    "GET /app",
    "GET /repos/{owner}/{repo}",
    "GET /repos/{owner}/{repo}/branches/{branch}",
    "GET /repos/{owner}/{repo}/codeowners/errors",
    "GET /repos/{owner}/{repo}/collaborators/{username}/permission",
    "GET /repos/{owner}/{repo}/commits/{ref}",
    "GET /repos/{owner}/{repo}/contents/{path}",
    "GET /repos/{owner}/{repo}/git/blobs/{file_sha}",
    "GET /repos/{owner}/{repo}/git/commits/{commit_sha}",
    "GET /repos/{owner}/{repo}/git/ref/{ref}",
    "GET /repos/{owner}/{repo}/git/trees/{tree_sha}",
    "GET /repos/{owner}/{repo}/installation",
    "GET /repos/{owner}/{repo}/issues",
    "GET /repos/{owner}/{repo}/issues/comments",
    "GET /repos/{owner}/{repo}/issues/{issue_number}/comments",
    "GET /repos/{owner}/{repo}/pulls",
    "GET /repos/{owner}/{repo}/pulls/{pull_number}",
    "GET /repos/{owner}/{repo}/pulls/{pull_number}/comments",
    "GET /repos/{owner}/{repo}/pulls/{pull_number}/reviews",
    "GET /repos/{owner}/{repo}/rules/branches/{branch}",
    "GET /user",
    "PATCH /repos/{owner}/{repo}/git/refs/{ref}",
    "PATCH /repos/{owner}/{repo}/issues/comments/{comment_id}",
    "PATCH /repos/{owner}/{repo}/issues/{issue_number}",
    "PATCH /repos/{owner}/{repo}/pulls/{pull_number}",
    "POST /app/installations/{installation_id}/access_tokens",
    "POST /repos/{owner}/{repo}/git/commits",
    "POST /repos/{owner}/{repo}/git/refs",
    "POST /repos/{owner}/{repo}/git/trees",
    "POST /repos/{owner}/{repo}/issues",
    "POST /repos/{owner}/{repo}/issues/comments/{comment_id}/reactions",
    "POST /repos/{owner}/{repo}/issues/{issue_number}/comments",
    "POST /repos/{owner}/{repo}/issues/{issue_number}/labels",
    "POST /repos/{owner}/{repo}/pulls",
    "POST /repos/{owner}/{repo}/pulls/{pull_number}/requested_reviewers",
];

#[test]
fn github_knows_every_request_of_ours() {
    let requests = asked();
    let description = Description::vendored();
    let mut seen = BTreeMap::new();
    for request in &requests {
        let (path, operation) = description
            .operation(&request.method, &request.path)
            .unwrap_or_else(|| panic!("GitHub has no {} {}", request.method, request.path));
        let unknown = operation.unknown_names(&request.query, request.body.as_ref());
        assert!(unknown.is_empty(), "{} {path} knows no {unknown:?}", request.method);
        *seen.entry(format!("{} {path}", request.method)).or_insert(0) += 1;
    }
    assert_eq!(seen.keys().map(String::as_str).collect::<Vec<_>>(), ASKED);
    let Ok(prism) = std::env::var("GITHUB_CONTRACT") else { return };
    mind(&prism, &requests);
    let refused = requests.iter().filter_map(|one| refusal(&prism, one)).collect::<Vec<_>>();
    assert!(refused.is_empty(), "{}", refused.join("\n"));
    println!("{} requests of {} kinds were judged", requests.len(), seen.len());
}

/// GitHub's own examples hold all that our verdicts stand on.
#[test]
fn githubs_examples_are_readable_to_us() {
    let Ok(prism) = std::env::var("GITHUB_CONTRACT") else { return };
    runtime().block_on(async {
        let auth = Auth::Token(Credential::new("a token"));
        let github =
            GitHubClient::new(&prism, "octocat/Hello-World", auth, Arc::new(StoppedClock), None)
                .unwrap();
        assert_eq!(github.login().await.unwrap(), "octocat");
        assert!(!github.repository().await.unwrap().default_branch.is_empty());
        let head = github.head("answers/q1").await.unwrap().unwrap();
        github.commit(&head).await.unwrap();
        let files = github.files(&head).await.unwrap();
        let path = files.paths().next().unwrap().to_owned();
        assert!(!github.text(&files, &path).await.unwrap().unwrap().is_empty());
        talk(&github, 1).await;
        let findings = github.run_checks(None).await;
        assert!(findings.iter().all(|one| one.what != "GitHub"), "{findings:?}");
        let wanted = wanted("d1");
        let pushed =
            PushedHead { head, digest: "old".into(), base: None, at: Timestamp::UNIX_EPOCH };
        let mut progress =
            PullRequestProgress { pushed: Some(pushed), ..PullRequestProgress::default() };
        while progress.number.is_none() {
            let seen = execute::observe(&github, &wanted, &progress).await.unwrap();
            let what = reconcile::next_step(&wanted, &progress, &seen, github.now());
            let rests =
                execute::execute(&github, &wanted, &mut progress, (&seen, what)).await.unwrap();
            assert_eq!(rests, None);
            if let Some(built) = &progress.built {
                // Its answers never change: what was built stands on the branch from here on.
                let (digest, at) = (built.digest.clone(), built.at);
                let head = seen.branch.unwrap().head;
                progress.pushed = Some(PushedHead { head, digest, base: None, at });
                progress.built = None;
            }
        }
        assert_eq!(progress.number, Some(1_347));
    });
}

/// What Prism finds wrong with a request, if anything.
fn refusal(prism: &str, request: &Request) -> Option<String> {
    let query = if request.query.is_empty() { "" } else { "?" };
    let url = format!("{prism}{}{query}{}", request.path, request.query);
    let body = request.body.as_ref().map(ToString::to_string).unwrap_or_default();
    let mut headers =
        vec![("accept", "application/vnd.github+json"), ("authorization", "Bearer x")];
    if !body.is_empty() {
        headers.push(("content-type", "application/json"));
    }
    let answer = wire::exchange(&request.method, &url, &headers, &body, PATIENCE).unwrap();
    let failure = || format!("{} {url} {body}: {}", request.method, answer.body);
    (answer.status >= 400).then(failure)
}

/// A request that GitHub would refuse is refused here too.
fn mind(prism: &str, requests: &[Request]) {
    let opened = requests.iter().find(|one| one.method == "POST" && one.path.ends_with("/pulls"));
    let spoilt = |spoil: &dyn Fn(&mut serde_json::Value)| {
        let mut request = opened.unwrap().clone();
        spoil(request.body.as_mut().unwrap());
        refusal(prism, &request)
    };
    assert_eq!(spoilt(&|_| ()), None);
    assert!(spoilt(&|body| drop(body.as_object_mut().unwrap().remove("base"))).is_some());
    assert!(spoilt(&|body| body["draft"] = json!("yes")).is_some());
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

/// The stand-in's clock, which a sleep moves.
struct Moved(Arc<FakeGitHub>);

impl ClientClock for Moved {
    fn now(&self) -> Timestamp {
        self.0.now()
    }

    fn sleep(&self, length: SignedDuration) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        self.0.advance(length);
        Box::pin(std::future::ready(()))
    }
}

/// Time that does not matter.
struct StoppedClock;

impl ClientClock for StoppedClock {
    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH + time::days(1)
    }

    fn sleep(&self, _: SignedDuration) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(std::future::ready(()))
    }
}

/// A proposal that touches files in every way.
fn wanted(digest: &str) -> DesiredPullRequest {
    let cluster = ClusterId::of_question(MessageId(36));
    let layout = docgen::site::detection::detect(["book.toml"], |_| Some(String::new())).unwrap();
    let entry = NavEntry {
        kind: NavFormat::MdBook,
        page: "answers/tide.md".into(),
        title: "When is high tide?".into(),
        section: None,
    };
    let mark = format!("<!-- answer-harvester:v1 id={cluster} digest={digest} -->");
    let page = format!("# When is high tide?\n\nTwice a day, says {digest}.\n\n{mark}\n");
    DesiredPullRequest {
        purpose: PullRequestPurpose::Answer,
        branch: format!("answers/{cluster}"),
        title: "docs(faq): When is high tide?".into(),
        body: format!("Adds a page, as of {digest}.\n"),
        message: format!(
            "docs(faq): When is high tide?\n\nCanon-Cluster: {cluster}\nCanon-Digest: {digest}\n"
        ),
        digest: digest.into(),
        changes: vec![
            FileChange::Write { path: "src/answers/tide.md".into(), text: page },
            FileChange::Edit { path: "src/SUMMARY.md".into(), edit: FileEdit::List(entry) },
            FileChange::Delete { path: "src/old.md".into() },
        ],
        cluster,
        labels: vec!["answer-harvester".into()],
        reviewers: vec!["mina".into()],
        ..onboarding::wanted(Ok(&layout), "main", &[])
    }
}

/// Everything that the stories ask of the stand-in.
fn asked() -> Vec<Request> {
    let fake = Arc::new(FakeGitHub::start());
    fake.repo(
        DOCS,
        &[("src/SUMMARY.md", "# Summary\n\n- [Old](old.md)\n"), ("src/old.md", "# Old\n")],
    );
    fake.member(DOCS, "mina", Role::Write);
    runtime().block_on(async {
        let key = AppKey::new(fake.app_id(), &Credential::new(fake.private_key())).unwrap();
        let github = client(&fake, Auth::App(Box::new(key)));
        let findings = github.run_checks(None).await;
        assert!(findings.iter().all(|one| one.what != "GitHub"), "{findings:?}");
        proposals(&fake, &github).await;
        let token = fake.personal_token("mina", &[("contents", "read")]);
        client(&fake, Auth::Token(Credential::new(token))).login().await.unwrap();
    });
    fake.assert_no_surprises();
    let mut requests = fake.requests();
    requests.retain(|request| request.path != "/graphql");
    requests
}

fn client(fake: &Arc<FakeGitHub>, auth: Auth) -> GitHubClient {
    GitHubClient::new(&fake.url(), DOCS, auth, Arc::new(Moved(Arc::clone(fake))), None).unwrap()
}

/// Opened, renewed, read by somebody, renewed on top, talked about, withdrawn.
async fn proposals(fake: &FakeGitHub, github: &GitHubClient) {
    let mut progress = PullRequestProgress::default();
    let number = match settled(github, &wanted("d1"), &mut progress).await {
        ReconcileOutcome::Open { number: Some(number), .. } => number,
        other => panic!("{other:?}"),
    };
    // The branch is found again with nothing of ours on record.
    settled(github, &wanted("d1"), &mut PullRequestProgress::default()).await;
    fake.advance(SignedDuration::from_hours(25));
    settled(github, &wanted("d2"), &mut progress).await;
    let mina = fake.acting("mina", DOCS);
    let comment = mina.comment(number, "Could it name the harbour?");
    fake.advance(SignedDuration::from_hours(25));
    settled(github, &wanted("d3"), &mut progress).await;
    talk(github, comment).await;
    assert_eq!(github.pulls_of(&wanted("d3").branch).await.unwrap().len(), 1);
    mina.review(number, Verdict::Comment, "It could name the pier too.");
    assert_eq!(github.reviews(number).await.unwrap().len(), 1);
    fake.trouble(Trouble::on(
        "GET",
        "/repos/*/git/trees/*",
        Fault::Answer(200, json!({ "sha": "t", "tree": [], "truncated": true })),
    ));
    let page = execute::merged_text(github, None, "main", "src/old.md").await.unwrap();
    assert_eq!(page.as_deref(), Some("# Old\n"));
    let gone = DesiredPullRequest { purpose: PullRequestPurpose::Withdrawal, ..wanted("d3") };
    assert_eq!(settled(github, &gone, &mut progress).await, ReconcileOutcome::Withdrawn);
    let other =
        mina.open_pull_from_fork("pier", &[("pier.md", Some("# Pier\n"))], "Add a pier", "");
    github.close_pull(other).await.unwrap();
}

/// The status comment and the dashboard, each made and edited; a reaction; what others said.
async fn talk(github: &GitHubClient, comment: u64) {
    let cluster = ClusterId::of_question(MessageId(36));
    for text in ["It waits for a review.\n", "It was read.\n"] {
        github.upsert_status_comment(comment_on(), &cluster, text).await.unwrap();
    }
    github.react(comment, CommandReaction::Done).await.unwrap();
    assert!(github.may_command("mina").await.unwrap());
    github.comments_since(Timestamp::UNIX_EPOCH).await.unwrap();
    let rows =
        |backlog| dashboard::DashboardTotals { backlog, ..dashboard::DashboardTotals::default() };
    for backlog in [1, 2] {
        let mut found = github.dashboard().await.unwrap();
        if let Some(found) = &mut found {
            found.edited = Timestamp::UNIX_EPOCH;
        }
        let text = dashboard::render_dashboard(&[], &rows(backlog));
        github.update_dashboard(found.as_ref(), &text).await.unwrap();
    }
}

/// The first pull request of a repository.
fn comment_on() -> u64 {
    1
}

async fn settled(
    github: &GitHubClient,
    wanted: &DesiredPullRequest,
    progress: &mut PullRequestProgress,
) -> ReconcileOutcome {
    for _ in 0..60 {
        let seen = execute::observe(github, wanted, progress).await.unwrap();
        let what = reconcile::next_step(wanted, progress, &seen, github.now());
        if let Some(outcome) =
            execute::execute(github, wanted, progress, (&seen, what)).await.unwrap()
        {
            return outcome;
        }
    }
    panic!("it does not come to rest: {progress:?}");
}
