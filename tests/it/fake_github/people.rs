//! Pull requests live through what people do to them.

use serde_json::json;
use tests::harness::github::{Act, How, Notification, Role, Rules, Verdict};

use super::client::{Client, DOCS};
use super::with_docs;

#[test]
fn a_pull_request_is_opened_once_and_for_something() {
    let github = with_docs();
    let bot = Client::app(&github);
    let number = bot.propose("answers/q1", "faq/q1.md", "words\n");
    let open = |head: &str, base: &str| {
        let wanted = json!({ "title": "t", "head": head, "base": base });
        bot.write("POST", "/pulls", wanted)
    };
    open("answers/q1", "main").refused(422, "A pull request already exists for harbor:answers/q1.");
    open("answers/none", "main").refused(422, "invalid");
    bot.write("POST", "/pulls", json!({ "head": "answers/q1" })).refused(422, "missing_field");
    github.acting("mina", DOCS).force_push("answers/q2", &github.branches(DOCS)["main"]);
    open("answers/q2", "main").refused(422, "No commits between main and answers/q2");
    let long =
        json!({ "title": "t", "head": "answers/q1", "base": "main", "body": "x".repeat(65_537) });
    bot.write("POST", "/pulls", long).refused(422, "body is too long");
    github.set(DOCS, |repo| repo.drafts = false);
    let draft = json!({ "title": "t", "head": "answers/q1", "base": "main", "draft": true });
    bot.write("POST", "/pulls", draft).refused(422, "Draft pull requests are not supported");
    let found = bot.docs("/pulls?state=all&head=harbor:answers/q1").expect(200);
    assert_eq!((found.as_array().unwrap().len(), &found[0]["number"]), (1, &json!(number)));
    assert_eq!(bot.docs("/pulls?head=sol:answers/q1").expect(200), json!([]));
    let files = bot.docs(&format!("/pulls/{number}/files")).expect(200);
    assert_eq!(
        (&files[0]["filename"], &files[0]["patch"]),
        (&json!("faq/q1.md"), &json!("@@ -0,0 +1,1 @@\n+words"))
    );
    let commits = bot.docs(&format!("/pulls/{number}/commits")).expect(200);
    assert_eq!(commits[0]["author"]["login"], github.bot());
    github.assert_no_surprises();
}

#[test]
fn a_pull_request_follows_its_branch_and_closes_with_it() {
    let github = with_docs();
    let bot = Client::app(&github);
    let mina = github.acting("mina", DOCS);
    let number = bot.propose("answers/q1", "faq/q1.md", "words\n");
    let pull = format!("/pulls/{number}");
    let pushed = mina.push("answers/q1", &[("faq/q1.md", Some("better\n"))], "Better");
    assert_eq!(bot.docs(&pull).expect(200)["head"]["sha"], pushed);
    mina.force_push("answers/q1", &github.branches(DOCS)["main"]);
    assert_eq!(bot.docs(&pull).expect(200)["state"], "closed");
    bot.write("PATCH", &pull, json!({ "state": "open" })).refused(422, "no new commits");
    mina.force_push("answers/q1", &pushed);
    bot.write("PATCH", &pull, json!({ "state": "open" })).refused(422, "force-pushed or recreated");
    let other = bot.propose("answers/q2", "faq/q2.md", "words\n");
    mina.close(other);
    mina.reopen(other);
    mina.delete_branch("answers/q2");
    let other = bot.docs(&format!("/pulls/{other}")).expect(200);
    assert_eq!((&other["state"], &other["merged"]), (&json!("closed"), &json!(false)));
    github.assert_no_surprises();
}

#[test]
fn the_same_lines_conflict_and_others_merge() {
    let github = with_docs();
    let bot = Client::app(&github);
    let mina = github.acting("mina", DOCS);
    let page = "faq/tides.md";
    let clean = bot.propose("answers/q1", page, "one\ntwo\nthree\nfour\nFIVE\n");
    let torn = bot.propose("answers/q2", page, "ONE\ntwo\nthree\nfour\nfive\n");
    mina.push("main", &[(page, Some("eins\ntwo\nthree\nfour\nfive\n"))], "Translate");
    let mergeable = |number| bot.docs(&format!("/pulls/{number}")).expect(200)["mergeable"].clone();
    assert_eq!((mergeable(clean), mergeable(torn)), (json!(null), json!(null)));
    assert_eq!((mergeable(clean), mergeable(torn)), (json!(true), json!(false)));
    let merge = |number, body| bot.write("PUT", &format!("/pulls/{number}/merge"), body);
    merge(clean, json!({})).refused(405, "still a draft");
    mina.mark_ready(clean);
    mina.mark_ready(torn);
    merge(torn, json!({})).refused(405, "not mergeable");
    merge(clean, json!({ "sha": "0000" })).refused(409, "Head branch was modified");
    mina.merge_edited(clean, How::Squash, &[("faq/more.md", Some("more\n"))], Some("Say it"));
    assert_eq!(github.file(DOCS, "main", page).unwrap(), "eins\ntwo\nthree\nfour\nFIVE\n");
    assert_eq!(github.file(DOCS, "main", "faq/more.md").unwrap(), "more\n");
    let last = github.commits(DOCS, "main").pop().unwrap();
    assert_eq!((last.message.as_str(), last.parents.len()), ("Say it", 1));
    let merged = bot.docs(&format!("/pulls/{clean}")).expect(200);
    assert_eq!((&merged["merged"], &merged["merge_commit_sha"]), (&json!(true), &json!(last.sha)));
    bot.write("PATCH", &format!("/pulls/{clean}"), json!({ "state": "open" }))
        .refused(422, "merged");
    github.assert_no_surprises();
}

#[test]
fn owners_are_asked_once_when_a_draft_is_ready() {
    let github = with_docs();
    let bot = Client::app(&github);
    let number = bot.propose("answers/q1", "faq/q1.md", "words\n");
    assert!(github.notifications().is_empty());
    let pull = bot.docs(&format!("/pulls/{number}")).expect(200);
    let query = "mutation($id: ID!) { markPullRequestReadyForReview(input: {pullRequestId: $id}) \
        { pullRequest { isDraft } } }";
    let ready = json!({ "query": query, "variables": { "id": pull["node_id"] } });
    for _ in 0..2 {
        let done = bot.ask("POST", "/graphql", &ready).expect(200);
        let shown = &done["data"]["markPullRequestReadyForReview"]["pullRequest"];
        assert_eq!(shown["isDraft"], false);
    }
    let requested = |who: &str| Notification { who: who.into(), why: "review_requested", number };
    assert_eq!(github.notifications(), [requested("oda"), requested("mina")]);
    let ask = |body| bot.write("POST", &format!("/pulls/{number}/requested_reviewers"), body);
    ask(json!({ "reviewers": [github.bot()] })).refused(422, "pull request author");
    ask(json!({ "reviewers": ["mina", "stranger"] })).refused(422, "only be requested from collab");
    ask(json!({ "team_reviewers": ["pilots"] })).expect(201);
    github.grant("members", "none");
    ask(json!({ "team_reviewers": ["pilots"] })).refused(422, "global id");
    assert_eq!(github.notifications().len(), 2);
    github.protect(DOCS, "main", Rules { approvals: Some(1), ..Rules::default() });
    bot.write("PUT", &format!("/pulls/{number}/merge"), json!({})).refused(405, "approving review");
    let review = json!({ "event": "APPROVE" });
    bot.write("POST", &format!("/pulls/{number}/reviews"), review).refused(422, "your own pull");
    let mina = github.acting("mina", DOCS);
    mina.review(number, Verdict::RequestChanges, "Shorter, please");
    mina.review_lines(number, Verdict::Approve, "", &[("faq/q1.md", 1, "fine words")]);
    let reviews = bot.docs(&format!("/pulls/{number}/reviews")).expect(200);
    assert_eq!(
        (&reviews[0]["state"], &reviews[1]["state"]),
        (&json!("CHANGES_REQUESTED"), &json!("APPROVED"))
    );
    let remarks = bot.docs(&format!("/pulls/{number}/comments")).expect(200);
    assert_eq!(remarks[0]["body"], "fine words");
    let reply = format!("/pulls/{number}/comments/{}/replies", remarks[0]["id"]);
    bot.write("POST", &reply, json!({ "body": "thanks" })).expect(201);
    mina.merge(number, How::Merge);
    assert_eq!(github.commits(DOCS, "main").pop().unwrap().parents.len(), 2);
    github.assert_no_surprises();
}

#[test]
fn talk_is_edited_marked_and_judged_by_who_speaks() {
    let github = with_docs();
    let bot = Client::app(&github);
    let mina = github.acting("mina", DOCS);
    let wanted = json!({ "title": "Dashboard", "body": "- [ ] open `q1`\n- [ ] open `q2`", "labels": ["board"] });
    let number = bot.write("POST", "/issues", wanted).expect(201)["number"].as_u64().unwrap();
    mina.tick(number, "`q2`");
    let issue = bot.docs(&format!("/issues/{number}")).expect(200);
    assert_eq!(issue["body"], "- [ ] open `q1`\n- [x] open `q2`");
    assert_eq!(issue["labels"][0]["name"], "board");
    let comments = format!("/issues/{number}/comments");
    let said = bot.write("POST", &comments, json!({ "body": "status" })).expect(201);
    let path = format!("/issues/comments/{}", said["id"]);
    bot.write("PATCH", &path, json!({ "body": "status, later" })).expect(200);
    let asked = mina.comment(number, "and now?");
    let reactions = format!("/issues/comments/{asked}/reactions");
    assert_eq!(bot.write("POST", &reactions, json!({ "content": "eyes" })).status, 201);
    assert_eq!(bot.write("POST", &reactions, json!({ "content": "eyes" })).status, 200);
    bot.write("POST", &reactions, json!({ "content": "shrug" })).refused(422, "invalid");
    github.person("tomo");
    let all = [("mina", "write"), ("sol", "read"), ("oda", "write"), ("tomo", "read")];
    for (login, expected) in all {
        let found = bot.docs(&format!("/collaborators/{login}/permission")).expect(200);
        assert_eq!(found["permission"], expected, "{login}");
    }
    bot.docs("/collaborators/nobody/permission").refused(404, "is not a user");
    let shown = bot.docs(&comments).expect(200);
    assert_eq!(shown[1]["author_association"], "COLLABORATOR");
    assert_eq!(shown[1]["reactions"]["eyes"], 1);
    mina.lock(number);
    github.member(DOCS, "mina", Role::Read);
    let token = github.personal_token("mina", &[]);
    let locked = Client { github: &github, token };
    locked.write("POST", &comments, json!({ "body": "hm" })).refused(403, "locked");
    bot.docs("/codeowners/errors").expect(200)["errors"][0]["message"].as_str().unwrap();
    github.assert_no_surprises();
}

#[test]
fn human_work_that_is_overwritten_is_noticed() {
    let github = with_docs();
    let bot = Client::app(&github);
    let mina = github.acting("mina", DOCS);
    let number = bot.propose("answers/q1", "faq/q1.md", "words\n");
    let ours = github.branches(DOCS)["answers/q1"].clone();
    let theirs = mina.push("answers/q1", &[("faq/q1.md", Some("better\n"))], "Better");
    bot.commit("answers/q1", "faq/q1.md", "appended\n");
    assert!(github.overwritten().is_empty());
    let path = "/git/refs/heads/answers/q1";
    bot.write("PATCH", path, json!({ "sha": ours, "force": true })).expect(200);
    let lost = github.overwritten();
    assert_eq!(lost.iter().map(|one| one.sha.as_str()).collect::<Vec<_>>(), [theirs]);
    let other = bot.propose("answers/q2", "faq/q2.md", "words\n");
    mina.mark_ready(other);
    mina.merge_edited(other, How::Squash, &[("faq/q2.md", Some("better\n"))], None);
    bot.send("DELETE", &format!("/repos/{DOCS}/git/refs/heads/answers/q2"), None, &[]).unwrap();
    assert_eq!(github.overwritten().len(), 1);
    assert_eq!(github.numbered_one(DOCS, number).branch(), "answers/q1");
}

#[test]
fn whom_our_words_disturb_is_counted() {
    let github = with_docs();
    let bot = Client::app(&github);
    let number = bot.propose("answers/q1", "faq/q1.md", "words\n");
    assert!(github.mentions().is_empty());
    let head = github.branches(DOCS)["answers/q1"].clone();
    let body = format!("&#64;mina said `@sol` in #7, see {}", &head[..9]);
    bot.write("PATCH", &format!("/pulls/{number}"), json!({ "body": body, "title": "fixes #3" }))
        .expect(200);
    bot.write("PATCH", &format!("/pulls/{number}"), json!({ "body": "", "title": "quiet" }))
        .expect(200);
    github.acting("mina", DOCS).comment(number, "@sol look");
    let found = github.mentions().into_iter().map(|one| (one.act, one.words)).collect::<Vec<_>>();
    for expected in [
        (Act::Ping, "@mina"),
        (Act::Refer, "#7"),
        (Act::Refer, &head[..9]),
        (Act::Close, "fixes #3"),
    ] {
        assert!(found.contains(&(expected.0, expected.1.to_owned())), "{expected:?} in {found:?}");
    }
    assert_eq!(found.iter().filter(|(act, _)| *act == Act::Ping).count(), 1);
    let notified = github.notifications().into_iter().map(|one| (one.who, one.why));
    assert_eq!(
        notified.collect::<Vec<_>>(),
        [("mina".to_owned(), "mention"), ("sol".to_owned(), "mention")]
    );
}

#[test]
fn strangers_may_forge_but_not_from_our_branch() {
    let github = with_docs();
    let bot = Client::app(&github);
    let tomo = github.acting("tomo", DOCS);
    let forged =
        tomo.open_pull_from_fork("answers/q1", &[("faq/q1.md", Some("spam\n"))], "docs", "marker");
    let pull = bot.docs(&format!("/pulls/{forged}")).expect(200);
    assert_eq!(
        (&pull["head"]["label"], &pull["user"]["login"]),
        (&json!("tomo:answers/q1"), &json!("tomo"))
    );
    assert_eq!(bot.docs("/pulls?state=all&head=harbor:answers/q1").expect(200), json!([]));
    let ours = bot.propose("answers/q1", "faq/q1.md", "words\n");
    assert_eq!(github.pulls(DOCS).iter().map(|one| one.number).collect::<Vec<_>>(), [forged, ours]);
}

#[test]
fn a_commit_by_graphql_is_bound_to_the_head_that_was_seen() {
    let github = with_docs();
    let token = github.personal_token("mina", &[("contents", "write")]);
    let mina = Client { github: &github, token };
    let commit = |head: &str| {
        let query = "mutation($input: CreateCommitOnBranchInput!) { createCommitOnBranch(input: $input) { commit { oid } } }";
        let input = json!({
            "branch": { "repositoryNameWithOwner": DOCS, "branchName": "main" },
            "message": { "headline": "Two at once" }, "expectedHeadOid": head,
            "fileChanges": {
                "additions": [{ "path": "faq/new.md", "contents": "bmV3" }],
                "deletions": [{ "path": "README.md" }],
            },
        });
        let asked = json!({ "query": query, "variables": { "input": input } });
        mina.ask("POST", "/api/graphql", &asked).expect(200)
    };
    assert_eq!(commit("0000")["errors"][0]["type"], "STALE_DATA");
    let done = commit(&github.branches(DOCS)["main"]);
    let last = github.commits(DOCS, "main").pop().unwrap();
    assert_eq!(done["data"]["createCommitOnBranch"]["commit"]["oid"], last.sha);
    assert!(last.verified && last.by == "mina");
    let files = github.files(DOCS, "main").into_keys().collect::<Vec<_>>();
    assert_eq!(files, ["CODEOWNERS", "faq/new.md", "faq/tides.md"]);
    github.assert_no_surprises();
}
