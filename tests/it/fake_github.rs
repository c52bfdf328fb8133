//! The stand-in for GitHub does what GitHub does.

mod client;
mod faults;
mod people;

use jiff::SignedDuration;
use serde_json::json;
use tests::harness::github::{FakeGitHub, Role, Rules};

use client::{Client, DOCS, jwt};

/// A repository with a page, an owner of pages, and somebody who may write.
pub(crate) fn with_docs() -> FakeGitHub {
    let github = FakeGitHub::start();
    github.repo(
        DOCS,
        &[
            ("README.md", "# Harbor\n"),
            ("faq/tides.md", "one\ntwo\nthree\nfour\nfive\n"),
            ("CODEOWNERS", "# who\n*.md @mina @harbor/pilots\n"),
        ],
    );
    github.member(DOCS, "mina", Role::Write);
    github.member(DOCS, "sol", Role::Read);
    github.team("harbor/pilots", &["oda"], Role::Write);
    github
}

#[test]
fn an_app_shows_who_it_is_and_gets_what_it_was_granted() {
    let github = with_docs();
    let app = Client { github: &github, token: jwt(&github, github.app_id()) };
    assert_eq!(app.get("/app").expect(200)["slug"], "answer-harvester");
    assert_eq!(app.get("/app/installations").expect(200).as_array().unwrap().len(), 1);
    app.docs("").refused(401, "Bad credentials");
    let forged = Client { github: &github, token: jwt(&github, 1) };
    forged.get("/app").refused(401, "Issuer");
    let bot = Client::app(&github);
    assert_eq!(bot.docs("").expect(200)["permissions"]["push"], true);
    bot.get("/user").refused(403, "integration");
    bot.get("/app").refused(401, "JSON web token");
    github.repo("harbor/ships", &[("README.md", "ships")]);
    let path = "/repos/harbor/ships/issues";
    bot.ask("POST", path, &json!({ "title": "x" })).refused(403, "integration");
    github.grant("issues", "read");
    bot.write("POST", "/issues", json!({ "title": "x" })).refused(403, "not accessible");
    github.advance(SignedDuration::from_mins(61));
    bot.docs("").refused(401, "Bad credentials");
    let token = github.personal_token("sol", &[("contents", "write")]);
    let sol = Client { github: &github, token };
    assert_eq!(sol.get("/user").expect(200)["login"], "sol");
    sol.write("POST", "/git/blobs", json!({ "content": "x" })).refused(403, "personal access");
    github.set(DOCS, |repo| repo.private = true);
    github.member(DOCS, "sol", Role::None);
    sol.docs("").refused(404, "Not Found");
    github.assert_no_surprises();
}

#[test]
fn objects_have_the_names_that_git_gives_them() {
    let github = with_docs();
    let bot = Client::app(&github);
    let blob = bot.write("POST", "/git/blobs", json!({ "content": "hello\n" })).expect(201);
    assert_eq!(blob["sha"], "ce013625030ba8dba906f756967f9e9ca394464a");
    let entry = json!([{ "path": "a/hello.txt", "mode": "100644", "sha": blob["sha"] }]);
    let tree = bot.write("POST", "/git/trees", json!({ "tree": entry })).expect(201);
    assert_eq!(tree["sha"], "a5f974729d2c8d288c3a1c3203f6874a527548a6");
    let who = json!({ "name": "A", "email": "a@example.org", "date": "2020-01-01T00:00:00Z" });
    let commit = json!({ "message": "one", "tree": tree["sha"], "author": who });
    let commit = bot.write("POST", "/git/commits", commit).expect(201);
    assert_eq!(commit["sha"], "d513e53dc58b1f9680dccc8a63d4955c8ab31027");
    assert_eq!(commit["verification"]["verified"], false);
    github.assert_no_surprises();
}

#[test]
fn trees_take_texts_and_removals_and_refuse_nonsense() {
    let github = with_docs();
    let bot = Client::app(&github);
    let tree = |entries| {
        bot.write(
            "POST",
            "/git/trees",
            json!({ "base_tree": github.branches(DOCS)["main"], "tree": entries }),
        )
    };
    let made = tree(json!([
        { "path": "faq/tides.md", "mode": "100644", "sha": null },
        { "path": "faq/new.md", "mode": "100644", "content": "new" },
    ]));
    let sha = made.expect(201)["sha"].clone();
    let sha = sha.as_str().unwrap();
    let all = bot.docs(&format!("/git/trees/{sha}?recursive=1")).expect(200);
    let paths = all["tree"].as_array().unwrap().iter().map(|entry| entry["path"].clone());
    assert_eq!(paths.collect::<Vec<_>>(), ["CODEOWNERS", "README.md", "faq", "faq/new.md"]);
    for (entry, words) in [
        (json!({ "path": "gone.md", "mode": "100644", "sha": null }), "BadObjectState"),
        (json!({ "path": "a//b", "mode": "100644", "content": "" }), "malformed path"),
        (json!({ "path": "a", "mode": "777", "content": "" }), "tree.mode"),
        (json!({ "path": "a", "mode": "100644" }), "either tree.sha or tree.content"),
        (json!({ "path": "a", "mode": "100644", "sha": "00" }), "not a valid blob"),
    ] {
        tree(json!([entry])).refused(422, words);
    }
    let workflow = json!([{ "path": ".github/workflows/x.yml", "mode": "100644", "content": "" }]);
    tree(workflow).refused(403, "integration");
    github.assert_no_surprises();
}

#[test]
fn references_move_forward_unless_forced() {
    let github = with_docs();
    let bot = Client::app(&github);
    let first = bot.commit("answers/q1", "faq/q1.md", "one");
    let second = bot.commit("answers/q1", "faq/q1.md", "two");
    let path = "/git/refs/heads/answers/q1";
    bot.write("PATCH", path, json!({ "sha": first })).refused(422, "not a fast forward");
    bot.write("PATCH", path, json!({ "sha": first, "force": true })).expect(200);
    assert_eq!(bot.docs("/git/ref/heads/answers/q1").expect(200)["object"]["sha"], first);
    let again = json!({ "ref": "refs/heads/answers/q1", "sha": second });
    bot.write("POST", "/git/refs", again).refused(422, "already exists");
    let nested = json!({ "ref": "refs/heads/answers", "sha": second });
    bot.write("POST", "/git/refs", nested).expect(422);
    let found = bot.docs("/git/matching-refs/heads/answers/").expect(200);
    assert_eq!(found.as_array().unwrap().len(), 1);
    let compared = bot.docs(&format!("/compare/{first}...{second}")).expect(200);
    assert_eq!((&compared["status"], &compared["ahead_by"]), (&json!("ahead"), &json!(1)));
    assert_eq!(bot.send("DELETE", &format!("/repos/{DOCS}{path}"), None, &[]).unwrap().status, 204);
    bot.docs("/git/ref/heads/answers/q1").refused(404, "Not Found");
    github.protect(DOCS, "main", Rules { approvals: Some(1), ..Rules::default() });
    let rules = bot.docs("/rules/branches/main").expect(200);
    assert_eq!(rules[0]["type"], "pull_request");
    let main = json!({ "sha": second });
    bot.write("PATCH", "/git/refs/heads/main", main).refused(422, "rule violations");
    let commit = bot.docs(&format!("/git/commits/{second}")).expect(200);
    assert_eq!(commit["verification"]["verified"], true);
    assert_eq!(commit["committer"]["name"], "GitHub");
    github.assert_no_surprises();
}

#[test]
fn files_are_written_only_over_what_was_seen() {
    let github = with_docs();
    let bot = Client::app(&github);
    let page = bot.docs("/contents/faq/tides.md?ref=main").expect(200);
    assert_eq!(page["content"], "b25lCnR3bwp0aHJlZQpmb3VyCmZpdmUK\n");
    let raw = [("accept", "application/vnd.github.raw+json")];
    let raw = bot.send("GET", &format!("/repos/{DOCS}/contents/README.md"), None, &raw).unwrap();
    assert_eq!(raw.raw.body, "# Harbor\n");
    let listed = bot.docs("/contents").expect(200);
    let names = listed.as_array().unwrap().iter().map(|entry| entry["name"].clone());
    assert_eq!(names.collect::<Vec<_>>(), ["CODEOWNERS", "README.md", "faq"]);
    let put = |sha: Option<&str>| {
        let body = json!({ "message": "m", "content": "bmV3", "branch": "main", "sha": sha });
        bot.write("PUT", "/contents/faq/tides.md", body)
    };
    put(None).refused(422, "wasn't supplied");
    put(Some("0000")).refused(409, "does not match");
    put(page["sha"].as_str()).expect(200);
    assert_eq!(github.file(DOCS, "main", "faq/tides.md").unwrap(), "new");
    let fresh = json!({ "message": "m", "content": "eA==" });
    bot.write("PUT", "/contents/faq/x.md", fresh).expect(201);
    github.assert_no_surprises();
}

#[test]
fn lists_come_in_pages_and_unchanged_answers_are_304() {
    let github = with_docs();
    let bot = Client::app(&github);
    let mina = github.acting("mina", DOCS);
    let numbers = (0..5).map(|n| mina.open_issue(&format!("issue {n}"), "")).collect::<Vec<_>>();
    mina.comment(numbers[0], "this one");
    github.advance(SignedDuration::from_secs(5));
    mina.comment(numbers[1], "that one");
    let page = bot.docs("/issues?per_page=2&page=2&direction=asc").expect(200);
    assert_eq!((&page[0]["number"], &page[1]["number"]), (&json!(3), &json!(4)));
    let first = bot.docs("/issues?per_page=2");
    assert!(first.raw.header("link").unwrap().contains("page=2>; rel=\"next\""));
    let recent = bot.docs("/issues?sort=updated&per_page=1").expect(200);
    assert_eq!(recent[0]["number"], 2);
    let since = bot.docs("/issues/comments?sort=updated&direction=desc").expect(200);
    let at = since[0]["updated_at"].as_str().unwrap();
    let later = bot.docs(&format!("/issues/comments?since={at}")).expect(200);
    assert_eq!(later.as_array().unwrap().len(), 1);
    let tag = first.raw.header("etag").unwrap().to_owned();
    let path = format!("/repos/{DOCS}/issues?per_page=2");
    let again = |tag: &str| bot.send("GET", &path, None, &[("if-none-match", tag)]).unwrap();
    assert_eq!((again(&tag).status, again(&tag).raw.body), (304, String::new()));
    mina.open_issue("another", "");
    assert_eq!(again(&tag).status, 200);
    github.assert_no_surprises();
}

#[test]
fn what_the_service_does_not_know_is_a_surprise() {
    let github = with_docs();
    let bot = Client::app(&github);
    bot.docs("/nonsense").refused(404, "Not Found");
    bot.write("POST", "/issues/comments/3", json!({})).refused(404, "Not Found");
    bot.ask("POST", "/api/v3/graphql", &json!({ "query": "{ viewer }" })).refused(404, "");
    assert_eq!(github.surprises().len(), 3);
    let path = format!("/api/v3/repos/{DOCS}");
    assert_eq!(bot.get(&path).expect(200)["name"], "docs");
    let viewer = bot.ask("POST", "/api/graphql", &json!({ "query": "{ viewer { login } }" }));
    assert_eq!(viewer.expect(200)["data"]["viewer"]["login"], github.bot());
    assert_eq!(github.surprises().len(), 3);
    github.rename(DOCS, "handbook");
    let moved = bot.docs("/pulls?state=all");
    assert_eq!(moved.status, 301);
    let to = moved.raw.header("location").unwrap().strip_prefix(&github.url()).unwrap().to_owned();
    assert_eq!(bot.get(&to).status, 200);
    assert_eq!(bot.get("/repos/harbor/handbook").expect(200)["full_name"], "harbor/handbook");
}
