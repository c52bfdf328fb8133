//! Repositories: branches, rules, owners, people, commits, labels.

use serde_json::{Value, json};

use super::super::answer::{Answer, Outcome};
use super::super::apps::Actor;
use super::super::owners;
use super::super::render;
use super::super::state::{GitHubState, Release, Repo, Role};
use super::Call;

pub(super) fn get(state: &mut GitHubState, call: &Call) -> Outcome {
    let of = &state.repos[&call.repo];
    let mut value = render::repo(state, of);
    if let Actor::Bearer(token) = &call.actor {
        let role = match token.permissions.get("contents").map(String::as_str) {
            Some("write") if token.installation => Role::Write,
            _ if token.installation => Role::Read,
            _ => state.role(of, &token.login),
        };
        value["permissions"] = json!({
            "admin": role >= Role::Admin, "maintain": role >= Role::Maintain,
            "push": role >= Role::Write, "triage": role >= Role::Triage,
            "pull": role >= Role::Read,
        });
    }
    Answer::ok(&value)
}

fn branch_of(of: &Repo, name: &str, sha: &str) -> Value {
    json!({ "name": name, "commit": { "sha": sha }, "protected": of.rules.contains_key(name) })
}

pub(super) fn branches(state: &mut GitHubState, call: &Call) -> Outcome {
    let of = &state.repos[&call.repo];
    let named = of
        .refs
        .iter()
        .filter_map(|(name, sha)| Some(branch_of(of, name.strip_prefix("refs/heads/")?, sha)));
    call.page(state, named.collect())
}

pub(super) fn branch(state: &mut GitHubState, call: &Call) -> Outcome {
    let of = &state.repos[&call.repo];
    let name = call.param("branch");
    let missing = || Answer::refusal(404, "Branch not found");
    let sha = of.head(name).ok_or_else(missing)?;
    let mut value = branch_of(of, name, sha);
    if let Some(commit) = state.git.commit(sha) {
        value["commit"] = render::commit(state, of, commit);
    }
    Answer::ok(&value)
}

pub(super) fn rules(state: &mut GitHubState, call: &Call) -> Outcome {
    let of = &state.repos[&call.repo];
    let found = of.rules.get(call.param("branch")).copied().unwrap_or_default();
    let rule = |kind: &str, parameters: Value| {
        let mut rule = json!({
            "type": kind, "ruleset_source_type": "Repository", "ruleset_id": of.id,
            "ruleset_source": of.full_name(),
        });
        if !parameters.is_null() {
            rule["parameters"] = parameters;
        }
        rule
    };
    let mut all = Vec::new();
    if let Some(approvals) = found.approvals {
        all.push(rule(
            "pull_request",
            json!({
                "required_approving_review_count": approvals, "require_code_owner_review": false,
                "dismiss_stale_reviews_on_push": false, "require_last_push_approval": false,
                "required_review_thread_resolution": false,
            }),
        ));
    }
    if found.signed_commits {
        all.push(rule("required_signatures", Value::Null));
    }
    if found.no_force_push {
        all.push(rule("non_fast_forward", Value::Null));
    }
    call.page(state, all)
}

pub(super) fn owner_errors(state: &mut GitHubState, call: &Call) -> Outcome {
    let of = &state.repos[&call.repo];
    let commit = of.resolve(&state.git, call.asked("ref")).ok_or_else(Answer::not_found)?;
    let (path, text) = owners::file(&state.git, &commit).ok_or_else(Answer::not_found)?;
    let mut errors = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let line = line.split('#').next().unwrap_or_default();
        for owner in line.split_whitespace().skip(1) {
            let name = owner.trim_start_matches('@');
            let may = state.teams.get(name).map(|team| team.role);
            if may.unwrap_or_else(|| state.role(of, name)) < Role::Write {
                errors.push(json!({
                    "line": at + 1, "column": line.find(owner).map(|at| at + 1), "path": path,
                    "kind": "Unknown owner", "source": line, "suggestion": null,
                    "message": format!("Unknown owner on line {}: make sure {owner} exists and \
                        has write access to the repository", at + 1),
                }));
            }
        }
    }
    Answer::ok(&json!({ "errors": errors }))
}

pub(super) fn permission(state: &mut GitHubState, call: &Call) -> Outcome {
    let of = &state.repos[&call.repo];
    if let Actor::Bearer(token) = &call.actor
        && !token.installation
        && state.role(of, &token.login) < Role::Write
    {
        let message = "Must have push access to view collaborator permission.";
        return Err(Answer::refusal(403, message));
    }
    let login = call.param("login");
    if !state.users.contains_key(login) {
        return Err(Answer::refusal(404, &format!("{login} is not a user")));
    }
    let role = state.role(of, login);
    let permission = match role {
        Role::Maintain => "write",
        Role::Triage => "read",
        role => role.name(),
    };
    let user = render::user(state, login);
    Answer::ok(&json!({ "permission": permission, "role_name": role.name(), "user": user }))
}

pub(super) fn releases(state: &mut GitHubState, call: &Call) -> Outcome {
    let of = &state.repos[&call.repo];
    let release = |(at, one): (usize, &Release)| {
        json!({
            "id": at, "tag_name": one.tag, "name": one.tag, "draft": false,
            "prerelease": one.prerelease, "created_at": render::time(one.published),
            "published_at": render::time(one.published), "body": "",
            "html_url": format!("https://github.com/{}/releases/tag/{}", of.full_name(), one.tag),
        })
    };
    let newest_first = of.releases.iter().enumerate().rev().map(release).collect();
    call.page(state, newest_first)
}

pub(super) fn collaborator(state: &mut GitHubState, call: &Call) -> Outcome {
    let of = &state.repos[&call.repo];
    let login = call.param("login");
    let is_one = of.roles.contains_key(login) || state.role(of, login) > Role::Read;
    if is_one { Ok(Answer::empty(204)) } else { Err(Answer::not_found()) }
}

pub(super) fn compare(state: &mut GitHubState, call: &Call) -> Outcome {
    let of = &state.repos[&call.repo];
    let ends = call.param("ends");
    let (base, head) = ends.split_once("...").ok_or_else(Answer::not_found)?;
    let resolve = |name: &str| {
        let own = format!("{}:", of.owner);
        let name = name.strip_prefix(&own).unwrap_or(name);
        of.resolve(&state.git, name).ok_or_else(Answer::not_found)
    };
    let (base, head) = (resolve(base)?, resolve(head)?);
    let ahead = state.git.between(&base, &head);
    let behind = state.git.between(&head, &base).len();
    let meet = state.git.merge_base(&base, &head).ok_or_else(Answer::not_found)?;
    let shown = |sha: &str| render::commit(state, of, state.git.commit(sha).expect("it resolved"));
    let status = match (ahead.len(), behind) {
        (0, 0) => "identical",
        (_, 0) => "ahead",
        (0, _) => "behind",
        _ => "diverged",
    };
    let files = render::changed_files(&state.git, &base, &head);
    if call.accept.contains("diff") {
        let text = files.iter().map(render::ChangedFile::diff).collect::<String>();
        return Ok(Answer::raw("application/vnd.github.diff", text.into_bytes()));
    }
    Answer::ok(&json!({
        "status": status, "ahead_by": ahead.len(), "behind_by": behind,
        "total_commits": ahead.len(), "base_commit": shown(&base),
        "merge_base_commit": shown(&meet),
        "commits": ahead.iter().map(|one| render::commit(state, of, one)).collect::<Vec<_>>(),
        "files": files.iter().map(render::ChangedFile::json).collect::<Vec<_>>(),
    }))
}

pub(super) fn commits(state: &mut GitHubState, call: &Call) -> Outcome {
    let of = &state.repos[&call.repo];
    let head = of.resolve(&state.git, call.asked("sha")).ok_or_else(Answer::not_found)?;
    let path = call.asked("path");
    let mut history = state.git.history(&head);
    history.reverse();
    if !path.is_empty() {
        let at = |sha: &str| {
            let files = state.git.files(sha);
            files.into_iter().filter(|(known, _)| known.starts_with(path)).collect::<Vec<_>>()
        };
        history.retain(|one| {
            at(&one.sha) != one.parents.first().map(|sha| at(sha)).unwrap_or_default()
        });
    }
    call.page(state, history.iter().map(|one| render::commit(state, of, one)).collect())
}

/// The commit that the path names.
fn named(state: &GitHubState, call: &Call) -> Outcome<String> {
    let of = &state.repos[&call.repo];
    let message = format!("No commit found for SHA: {}", call.param("name"));
    of.resolve(&state.git, call.param("name")).ok_or_else(|| Answer::refusal(422, &message))
}

pub(super) fn commit(state: &mut GitHubState, call: &Call) -> Outcome {
    let of = &state.repos[&call.repo];
    let sha = named(state, call)?;
    let commit = state.git.commit(&sha).ok_or_else(Answer::not_found)?;
    let mut value = render::commit(state, of, commit);
    let parent = commit.parents.first().cloned().unwrap_or_default();
    let files = render::changed_files(&state.git, &parent, &sha);
    value["files"] = files.iter().map(render::ChangedFile::json).collect();
    Answer::ok(&value)
}

pub(super) fn check_runs(state: &mut GitHubState, call: &Call) -> Outcome {
    let sha = named(state, call)?;
    let runs = state.repos[&call.repo].checks.get(&sha).map(|conclusion| {
        json!({ "id": 1, "name": "build", "head_sha": sha, "status": "completed",
            "conclusion": conclusion })
    });
    let runs = runs.into_iter().collect::<Vec<_>>();
    Answer::ok(&json!({ "total_count": runs.len(), "check_runs": runs }))
}

pub(super) fn status(state: &mut GitHubState, call: &Call) -> Outcome {
    let sha = named(state, call)?;
    Answer::ok(&json!({ "state": "pending", "sha": sha, "total_count": 0, "statuses": [] }))
}

pub(super) fn pulls_of_commit(state: &mut GitHubState, call: &Call) -> Outcome {
    let sha = named(state, call)?;
    let has = |number: u64| {
        let (base, head) = state.ends(call.repo, number);
        let merged =
            state.issue(call.repo, number).pull.as_ref().and_then(|pull| pull.merged.as_ref());
        merged.is_some_and(|merge| merge.sha == sha)
            || state.git.between(&base, &head).iter().any(|one| one.sha == sha)
    };
    let all = state.repos[&call.repo].issues.values().filter(|issue| issue.pull.is_some());
    let with_it = all.map(|issue| issue.number).filter(|number| has(*number));
    let shown = with_it.map(|number| render::pull(state, call.repo, number)).collect();
    call.page(state, shown)
}

pub(super) fn labels(state: &mut GitHubState, call: &Call) -> Outcome {
    let names = state.repos[&call.repo].labels.keys();
    call.page(state, names.map(|name| render::label(state, call.repo, name)).collect())
}

pub(super) fn label(state: &mut GitHubState, call: &Call) -> Outcome {
    let name = call.param("name");
    if !state.repos[&call.repo].labels.contains_key(name) {
        return Err(Answer::not_found());
    }
    Answer::ok(&render::label(state, call.repo, name))
}

pub(super) fn create_label(state: &mut GitHubState, call: &Call) -> Outcome {
    let name = call.need("Label", "name")?.to_owned();
    let color = call.text("color").unwrap_or("ededed").to_owned();
    let six = color.len() == 6 && color.bytes().all(|byte| byte.is_ascii_hexdigit());
    if !six {
        return Err(Answer::invalid("Label", "color", "invalid"));
    }
    let known = &mut state.repo_mut(call.repo).labels;
    if known.keys().any(|known| known.eq_ignore_ascii_case(&name)) {
        return Err(Answer::invalid("Label", "name", "already_exists"));
    }
    known.insert(name.clone(), color);
    Answer::created(&render::label(state, call.repo, &name))
}
