//! Every path that is served.

use std::collections::BTreeMap;

use super::super::answer::Outcome;
use super::super::apps::Need;
use super::super::state::GitHubState;
use super::{Call, apps, contents, decoded, gitdata, graphql, issues, pulls, repos, reviews};

type Handler = fn(&mut GitHubState, &Call) -> Outcome;

pub(super) struct Route {
    method: &'static str,
    /// `~` stands for the repository, `{name}` for one part of a path, `{name*}` for some.
    path: &'static str,
    pub(super) need: Need,
    pub(super) handler: Handler,
}

const fn get(path: &'static str, need: Need, handler: Handler) -> Route {
    Route { method: "GET", path, need, handler }
}

const fn post(path: &'static str, need: Need, handler: Handler) -> Route {
    Route { method: "POST", path, need, handler }
}

const fn patch(path: &'static str, need: Need, handler: Handler) -> Route {
    Route { method: "PATCH", path, need, handler }
}

const fn put(path: &'static str, need: Need, handler: Handler) -> Route {
    Route { method: "PUT", path, need, handler }
}

const fn delete(path: &'static str, need: Need, handler: Handler) -> Route {
    Route { method: "DELETE", path, need, handler }
}

const META: Need = Need::Read("metadata");
const READ: Need = Need::Read("contents");
const WRITE: Need = Need::Write("contents");
const PULLS: Need = Need::Read("pull_requests");
const CHANGE_PULLS: Need = Need::Write("pull_requests");

/// Of two that fit, the first holds.
const ROUTES: &[Route] = &[
    post("/graphql", Need::Token, graphql::ask),
    post("/api/graphql", Need::Token, graphql::ask),
    get("/app", Need::Jwt, apps::app),
    get("/app/installations", Need::Jwt, apps::installations),
    get("/app/installations/{id}", Need::Jwt, apps::installation),
    post("/app/installations/{id}/access_tokens", Need::Jwt, apps::lend),
    get("/app/hook/config", Need::Jwt, apps::hook),
    get("/app/hook/deliveries", Need::Jwt, apps::deliveries),
    get("/app/hook/deliveries/{id}", Need::Jwt, apps::delivery),
    post("/app/hook/deliveries/{id}/attempts", Need::Jwt, apps::redeliver),
    get("/installation/repositories", Need::Token, apps::repositories),
    get("/user", Need::Token, apps::user),
    get("/users/{login}", META, apps::account),
    get("/rate_limit", META, apps::limits),
    get("~", META, repos::get),
    get("~/installation", Need::Jwt, apps::installation_of),
    get("~/branches", READ, repos::branches),
    get("~/branches/{branch*}", READ, repos::branch),
    get("~/rules/branches/{branch*}", META, repos::rules),
    get("~/codeowners/errors", READ, repos::owner_errors),
    get("~/collaborators/{login}/permission", META, repos::permission),
    get("~/collaborators/{login}", META, repos::collaborator),
    get("~/compare/{ends*}", READ, repos::compare),
    get("~/commits", READ, repos::commits),
    get("~/commits/{name*}/check-runs", Need::Read("checks"), repos::check_runs),
    get("~/commits/{name*}/status", Need::Read("statuses"), repos::status),
    get("~/commits/{name*}/pulls", PULLS, repos::pulls_of_commit),
    get("~/commits/{name*}", READ, repos::commit),
    get("~/releases", READ, repos::releases),
    get("~/labels", Need::ReadTalk, repos::labels),
    post("~/labels", Need::WriteTalk, repos::create_label),
    get("~/labels/{name}", Need::ReadTalk, repos::label),
    get("~/git/ref/{name*}", READ, gitdata::reference),
    get("~/git/matching-refs/{name*}", READ, gitdata::matching),
    post("~/git/refs", WRITE, gitdata::create_ref),
    patch("~/git/refs/{name*}", WRITE, gitdata::update_ref),
    delete("~/git/refs/{name*}", WRITE, gitdata::delete_ref),
    post("~/git/commits", WRITE, gitdata::create_commit),
    get("~/git/commits/{sha}", READ, gitdata::commit),
    post("~/git/trees", WRITE, gitdata::create_tree),
    get("~/git/trees/{name*}", READ, gitdata::tree),
    post("~/git/blobs", WRITE, gitdata::create_blob),
    get("~/git/blobs/{sha}", READ, gitdata::blob),
    get("~/contents", READ, contents::get),
    get("~/contents/{path*}", READ, contents::get),
    put("~/contents/{path*}", WRITE, contents::put),
    delete("~/contents/{path*}", WRITE, contents::delete),
    get("~/readme", READ, contents::readme),
    get("~/pulls", PULLS, pulls::list),
    post("~/pulls", CHANGE_PULLS, pulls::create),
    get("~/pulls/comments", PULLS, reviews::remarks_of_all),
    get("~/pulls/comments/{id}", PULLS, reviews::remark),
    patch("~/pulls/comments/{id}", CHANGE_PULLS, reviews::edit_remark),
    delete("~/pulls/comments/{id}", CHANGE_PULLS, reviews::delete_remark),
    get("~/pulls/comments/{id}/reactions", PULLS, issues::comment_reactions),
    post("~/pulls/comments/{id}/reactions", CHANGE_PULLS, issues::react_to_comment),
    get("~/pulls/{number}", PULLS, pulls::get),
    patch("~/pulls/{number}", CHANGE_PULLS, pulls::change),
    get("~/pulls/{number}/files", PULLS, pulls::files),
    get("~/pulls/{number}/commits", PULLS, pulls::commits),
    get("~/pulls/{number}/merge", PULLS, pulls::is_merged),
    put("~/pulls/{number}/merge", WRITE, pulls::merge),
    get("~/pulls/{number}/requested_reviewers", PULLS, reviews::requested),
    post("~/pulls/{number}/requested_reviewers", CHANGE_PULLS, reviews::request),
    delete("~/pulls/{number}/requested_reviewers", CHANGE_PULLS, reviews::unrequest),
    get("~/pulls/{number}/reviews", PULLS, reviews::list),
    post("~/pulls/{number}/reviews", CHANGE_PULLS, reviews::create),
    get("~/pulls/{number}/comments", PULLS, reviews::remarks),
    post("~/pulls/{number}/comments/{id}/replies", CHANGE_PULLS, reviews::reply),
    get("~/issues", Need::ReadTalk, issues::list),
    post("~/issues", Need::Write("issues"), issues::create),
    get("~/issues/comments", Need::ReadTalk, issues::comments_of_all),
    get("~/issues/comments/{id}", Need::ReadTalk, issues::comment),
    patch("~/issues/comments/{id}", Need::WriteTalk, issues::edit_comment),
    delete("~/issues/comments/{id}", Need::WriteTalk, issues::delete_comment),
    get("~/issues/comments/{id}/reactions", Need::ReadTalk, issues::comment_reactions),
    post("~/issues/comments/{id}/reactions", Need::WriteTalk, issues::react_to_comment),
    delete("~/issues/comments/{id}/reactions/{reaction}", Need::WriteTalk, issues::unreact),
    get("~/issues/{number}", Need::ReadTalk, issues::get),
    patch("~/issues/{number}", Need::WriteTalk, issues::change),
    get("~/issues/{number}/comments", Need::ReadTalk, issues::comments),
    post("~/issues/{number}/comments", Need::WriteTalk, issues::create_comment),
    get("~/issues/{number}/labels", Need::ReadTalk, issues::labels),
    post("~/issues/{number}/labels", Need::WriteTalk, issues::add_labels),
    put("~/issues/{number}/labels", Need::WriteTalk, issues::set_labels),
    delete("~/issues/{number}/labels/{name}", Need::WriteTalk, issues::remove_label),
    get("~/issues/{number}/reactions", Need::ReadTalk, issues::reactions),
    post("~/issues/{number}/reactions", Need::WriteTalk, issues::react),
];

type Params = BTreeMap<&'static str, String>;

pub(super) fn find(method: &str, path: &str) -> Option<(&'static Route, Params)> {
    let parts = path.trim_start_matches('/').split('/').collect::<Vec<_>>();
    let served = ROUTES.iter().filter(|route| route.method == method);
    served.into_iter().find_map(|route| Some((route, fit(route.path, &parts)?)))
}

fn fit(pattern: &'static str, parts: &[&str]) -> Option<Params> {
    let mut params = Params::new();
    let (rest, parts) = match pattern.strip_prefix('~') {
        None => (pattern, parts),
        Some(rest) => {
            let ["repos", owner, repo, parts @ ..] = parts else { return None };
            params.insert("owner", decoded(owner));
            params.insert("repo", decoded(repo));
            (rest, parts)
        }
    };
    let wanted = rest.split('/').filter(|part| !part.is_empty()).collect::<Vec<_>>();
    let mut left = parts;
    for (at, want) in wanted.iter().enumerate() {
        let name = want.strip_prefix('{').and_then(|want| want.strip_suffix('}'));
        let many = name.and_then(|name| name.strip_suffix('*'));
        // What follows in the pattern must have something to fit too.
        let take =
            if many.is_some() { (left.len() + at + 1).checked_sub(wanted.len())? } else { 1 };
        if take == 0 || left.len() < take {
            return None;
        }
        let (taken, after) = left.split_at(take);
        match many.or(name) {
            Some(name) => drop(params.insert(name, decoded(&taken.join("/")))),
            None if taken == [*want] => {}
            None => return None,
        }
        left = after;
    }
    left.is_empty().then_some(params)
}

#[cfg(test)]
mod tests {
    use super::find;

    #[test]
    fn paths_find_their_routes() {
        let check = |method: &str, path: &str, route: &str, name: &str, value: &str| {
            let (found, params) = find(method, path).unwrap();
            assert_eq!((found.path, params[name].as_str()), (route, value), "{path}");
        };
        check("GET", "/repos/a/b", "~", "repo", "b");
        check(
            "GET",
            "/repos/a/b/git/ref/heads/answers%2Fq1",
            "~/git/ref/{name*}",
            "name",
            "heads/answers/q1",
        );
        check(
            "GET",
            "/repos/a/b/git/ref/heads/answers/q1",
            "~/git/ref/{name*}",
            "name",
            "heads/answers/q1",
        );
        check(
            "GET",
            "/repos/a/b/commits/answers/q1/status",
            "~/commits/{name*}/status",
            "name",
            "answers/q1",
        );
        check("GET", "/repos/a/b/commits/main", "~/commits/{name*}", "name", "main");
        check("GET", "/repos/a/b/pulls/comments", "~/pulls/comments", "owner", "a");
        assert!(find("POST", "/repos/a/b/issues/comments/3").is_none());
        assert!(find("GET", "/repos/a/b/git/ref").is_none());
        assert!(find("GET", "/repos/a").is_none());
    }
}
