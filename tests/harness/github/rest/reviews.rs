//! Reviews, requests for them, and comments on lines.

use serde_json::{Value, json};

use super::super::answer::{Answer, Outcome};
use super::super::apps::Actor;
use super::super::pulls::Verdict;
use super::super::render;
use super::super::state::{Comment, Line, Pull, Role, World};
use super::Call;

fn pull<'a>(world: &'a World, call: &Call, number: u64) -> &'a Pull {
    world.issue(call.repo, number).pull.as_ref().expect("it is a pull request")
}

pub(super) fn requested(world: &mut World, call: &Call) -> Outcome {
    let number = call.pull(world)?;
    let pull = pull(world, call, number);
    let users = pull.reviewers.iter().map(|login| render::user(world, login)).collect::<Vec<_>>();
    let teams = pull.teams.iter().map(|slug| json!({ "slug": slug })).collect::<Vec<_>>();
    Answer::ok(&json!({ "users": users, "teams": teams }))
}

/// Asks all or nobody.
pub(super) fn request(world: &mut World, call: &Call) -> Outcome {
    let number = call.pull(world)?;
    let people = call.names("reviewers").unwrap_or_default();
    let teams = call.names("team_reviewers").unwrap_or_default();
    let of = &world.repos[&call.repo];
    if people.contains(&world.issue(call.repo, number).author) {
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
        |login: &String| !of.roles.contains_key(login) && world.role(of, login) <= Role::Read;
    let unknown = |slug: &String| !world.teams.contains_key(&format!("{}/{slug}", of.owner));
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
        world.request(call.repo, number, &by, Some(login), None);
    }
    for slug in teams {
        world.request(call.repo, number, &by, None, Some(slug));
    }
    Answer::created(&render::pull(world, call.repo, number))
}

pub(super) fn unrequest(world: &mut World, call: &Call) -> Outcome {
    let number = call.pull(world)?;
    let pull = world.pull_mut(call.repo, number);
    for login in call.names("reviewers").unwrap_or_default() {
        pull.reviewers.remove(&login);
    }
    for slug in call.names("team_reviewers").unwrap_or_default() {
        pull.teams.remove(&slug);
    }
    Answer::ok(&render::pull(world, call.repo, number))
}

pub(super) fn list(world: &mut World, call: &Call) -> Outcome {
    let number = call.pull(world)?;
    let reviews = pull(world, call, number).reviews.iter();
    let shown = reviews.map(|review| render::review(world, call.repo, number, review.id)).collect();
    call.page(world, shown)
}

pub(super) fn create(world: &mut World, call: &Call) -> Outcome {
    let number = call.pull(world)?;
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
    let id = world.review(call.repo, number, &call.by(), verdict, body, &lines)?;
    Answer::ok(&render::review(world, call.repo, number, id))
}

fn shown<'a>(
    world: &World,
    call: &Call,
    all: impl Iterator<Item = (u64, &'a Comment)>,
) -> Vec<Value> {
    let since = all.filter(|(_, remark)| call.is_since(remark.updated));
    since.map(|(number, remark)| render::one_comment(world, call.repo, number, remark)).collect()
}

pub(super) fn remarks(world: &mut World, call: &Call) -> Outcome {
    let number = call.pull(world)?;
    let all = pull(world, call, number).remarks.iter().map(|remark| (number, remark));
    call.page(world, shown(world, call, all))
}

pub(super) fn remarks_of_all(world: &mut World, call: &Call) -> Outcome {
    let pulls = world.repos[&call.repo].issues.values().flat_map(|issue| {
        let remarks = issue.pull.iter().flat_map(|pull| &pull.remarks);
        remarks.map(|remark| (issue.number, remark))
    });
    let mut all = pulls.collect::<Vec<_>>();
    super::issues::sort_comments(call, &mut all);
    call.page(world, shown(world, call, all.into_iter()))
}

/// The comment on a line that the path names.
fn place(world: &World, call: &Call) -> Outcome<(u64, u64)> {
    let id = call.id("id")?;
    let number = world.comment_place(call.repo, id, true).ok_or_else(Answer::not_found)?;
    Ok((number, id))
}

pub(super) fn remark(world: &mut World, call: &Call) -> Outcome {
    let (number, id) = place(world, call)?;
    Answer::ok(&render::comment(world, call.repo, number, id))
}

pub(super) fn edit_remark(world: &mut World, call: &Call) -> Outcome {
    let (number, id) = place(world, call)?;
    let body = call.need("PullRequestReviewComment", "body")?.to_owned();
    world.edit_comment(call.repo, id, &call.by(), &body)?;
    Answer::ok(&render::comment(world, call.repo, number, id))
}

pub(super) fn delete_remark(world: &mut World, call: &Call) -> Outcome {
    let (_, id) = place(world, call)?;
    world.delete_comment(call.repo, id, &call.by())?;
    Ok(Answer::empty(204))
}

pub(super) fn reply(world: &mut World, call: &Call) -> Outcome {
    let number = call.pull(world)?;
    let (_, first) = place(world, call)?;
    let body = call.need("PullRequestReviewComment", "body")?.to_owned();
    let (_, comment) = world.comment_mut(call.repo, first).ok_or_else(Answer::not_found)?;
    let line = comment.line.clone().ok_or_else(Answer::not_found)?;
    let line = Line { reply_to: Some(first), ..line };
    let id = world.remark(call.repo, number, &call.by(), &body, line);
    Answer::created(&render::comment(world, call.repo, number, id))
}
