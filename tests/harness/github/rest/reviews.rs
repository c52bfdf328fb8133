//! Reviews, requests for them, and comments on lines.

use serde_json::{Value, json};

use super::super::answer::{Answer, Outcome};
use super::super::apps::Actor;
use super::super::pulls::Verdict;
use super::super::render;
use super::super::state::{Comment, GitHubState, Line, Pull, Role};
use super::Call;

fn pull<'a>(state: &'a GitHubState, call: &Call, number: u64) -> &'a Pull {
    state.issue(call.repo, number).pull.as_ref().expect("it is a pull request")
}

pub(super) fn requested(state: &mut GitHubState, call: &Call) -> Outcome {
    let number = call.pull(state)?;
    let pull = pull(state, call, number);
    let users = pull.reviewers.iter().map(|login| render::user(state, login)).collect::<Vec<_>>();
    let teams = pull.teams.iter().map(|slug| json!({ "slug": slug })).collect::<Vec<_>>();
    Answer::ok(&json!({ "users": users, "teams": teams }))
}

/// Asks all or nobody.
pub(super) fn request(state: &mut GitHubState, call: &Call) -> Outcome {
    let number = call.pull(state)?;
    let people = call.names("reviewers").unwrap_or_default();
    let teams = call.names("team_reviewers").unwrap_or_default();
    let of = &state.repos[&call.repo];
    if people.contains(&state.issue(call.repo, number).author) {
        let message = "Review cannot be requested from pull request author.";
        return Err(Answer::refusal(422, message));
    }
    let sees_teams = match &call.actor {
        Actor::Bearer(token) => token.permissions.contains_key("members"),
        _ => false,
    };
    if !teams.is_empty() && !sees_teams {
        let message = format!("Could not resolve to a node with the global id of 'T_{}'.", of.id);
        return Err(Answer::refusal(422, &message));
    }
    let stranger =
        |login: &String| !of.roles.contains_key(login) && state.role(of, login) <= Role::Read;
    let unknown = |slug: &String| !state.teams.contains_key(&format!("{}/{slug}", of.owner));
    if people.iter().any(stranger) || teams.iter().any(unknown) {
        let message = format!(
            "Reviews may only be requested from collaborators. One or more of the users or teams \
             you specified is not a collaborator of the {} repository.",
            of.full_name()
        );
        return Err(Answer::refusal(422, &message));
    }
    let by = call.by();
    for login in people {
        state.request(call.repo, number, &by, Some(login), None);
    }
    for slug in teams {
        state.request(call.repo, number, &by, None, Some(slug));
    }
    Answer::created(&render::pull(state, call.repo, number))
}

pub(super) fn unrequest(state: &mut GitHubState, call: &Call) -> Outcome {
    let number = call.pull(state)?;
    let pull = state.pull_mut(call.repo, number);
    for login in call.names("reviewers").unwrap_or_default() {
        pull.reviewers.remove(&login);
    }
    for slug in call.names("team_reviewers").unwrap_or_default() {
        pull.teams.remove(&slug);
    }
    Answer::ok(&render::pull(state, call.repo, number))
}

pub(super) fn list(state: &mut GitHubState, call: &Call) -> Outcome {
    let number = call.pull(state)?;
    let reviews = pull(state, call, number).reviews.iter();
    let shown = reviews.map(|review| render::review(state, call.repo, number, review.id)).collect();
    call.page(state, shown)
}

pub(super) fn create(state: &mut GitHubState, call: &Call) -> Outcome {
    let number = call.pull(state)?;
    let verdict = match call.text("event") {
        Some("APPROVE") => Verdict::Approve,
        Some("REQUEST_CHANGES") => Verdict::RequestChanges,
        Some("COMMENT") => Verdict::Comment,
        _ => return Err(Answer::invalid("PullRequestReview", "event", "invalid")),
    };
    let lines = call.body.get("comments").and_then(Value::as_array).cloned().unwrap_or_default();
    let lines = lines.iter().map(|line| {
        let text = |name: &str| line[name].as_str().unwrap_or_default();
        (text("path"), line["line"].as_u64().unwrap_or(1), text("body"))
    });
    let lines = lines.collect::<Vec<_>>();
    let body = call.text("body").unwrap_or_default();
    let id = state.review(call.repo, number, &call.by(), verdict, body, &lines)?;
    Answer::ok(&render::review(state, call.repo, number, id))
}

fn shown<'a>(
    state: &GitHubState,
    call: &Call,
    all: impl Iterator<Item = (u64, &'a Comment)>,
) -> Vec<Value> {
    let since = all.filter(|(_, remark)| call.is_since(remark.updated));
    since.map(|(number, remark)| render::one_comment(state, call.repo, number, remark)).collect()
}

pub(super) fn remarks(state: &mut GitHubState, call: &Call) -> Outcome {
    let number = call.pull(state)?;
    let all = pull(state, call, number).remarks.iter().map(|remark| (number, remark));
    call.page(state, shown(state, call, all))
}

pub(super) fn remarks_of_all(state: &mut GitHubState, call: &Call) -> Outcome {
    let pulls = state.repos[&call.repo].issues.values().flat_map(|issue| {
        let remarks = issue.pull.iter().flat_map(|pull| &pull.remarks);
        remarks.map(|remark| (issue.number, remark))
    });
    let mut all = pulls.collect::<Vec<_>>();
    super::issues::sort_comments(call, &mut all);
    call.page(state, shown(state, call, all.into_iter()))
}

/// The comment on a line that the path names.
fn place(state: &GitHubState, call: &Call) -> Outcome<(u64, u64)> {
    let id = call.id("id")?;
    let number = state.comment_place(call.repo, id, true).ok_or_else(Answer::not_found)?;
    Ok((number, id))
}

pub(super) fn remark(state: &mut GitHubState, call: &Call) -> Outcome {
    let (number, id) = place(state, call)?;
    Answer::ok(&render::comment(state, call.repo, number, id))
}

pub(super) fn edit_remark(state: &mut GitHubState, call: &Call) -> Outcome {
    let (number, id) = place(state, call)?;
    let body = call.need("PullRequestReviewComment", "body")?.to_owned();
    state.edit_comment(call.repo, id, &call.by(), &body)?;
    Answer::ok(&render::comment(state, call.repo, number, id))
}

pub(super) fn delete_remark(state: &mut GitHubState, call: &Call) -> Outcome {
    let (_, id) = place(state, call)?;
    state.delete_comment(call.repo, id, &call.by())?;
    Ok(Answer::empty(204))
}

pub(super) fn reply(state: &mut GitHubState, call: &Call) -> Outcome {
    let number = call.pull(state)?;
    let (_, first) = place(state, call)?;
    let body = call.need("PullRequestReviewComment", "body")?.to_owned();
    let (_, comment) = state.comment_mut(call.repo, first).ok_or_else(Answer::not_found)?;
    let line = comment.line.clone().ok_or_else(Answer::not_found)?;
    let line = Line { reply_to: Some(first), ..line };
    let id = state.remark(call.repo, number, &call.by(), &body, line);
    Answer::created(&render::comment(state, call.repo, number, id))
}
