//! Issues, comments, labels and reactions, of pull requests too.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::super::answer::{Answer, Outcome};
use super::super::render;
use super::super::state::{Comment, GitHubState, Role};
use super::super::talk::REACTIONS;
use super::Call;

pub(super) fn list(state: &mut GitHubState, call: &Call) -> Outcome {
    let of = &state.repos[&call.repo];
    let wanted_state = match call.asked("state") {
        "" => "open",
        state => state,
    };
    let labels = call.asked("labels").split(',').filter(|name| !name.is_empty());
    let labels = labels.map(str::to_owned).collect::<BTreeSet<_>>();
    let creator = call.asked("creator");
    let mut fitting = of.issues.values().collect::<Vec<_>>();
    fitting.retain(|issue| {
        (wanted_state == "all" || issue.state() == wanted_state)
            && labels.is_subset(&issue.labels)
            && (creator.is_empty() || creator == issue.author)
            && call.is_since(issue.updated)
    });
    call.sort(&mut fitting, "desc");
    let shown = fitting.iter().map(|issue| render::issue(state, call.repo, issue.number));
    call.page(state, shown.collect())
}

pub(super) fn create(state: &mut GitHubState, call: &Call) -> Outcome {
    let title = call.need("Issue", "title")?;
    let body = call.text("body").unwrap_or_default();
    let number = state.open_issue(call.repo, &call.by(), title, body)?;
    if let Some(names) = call.names("labels")
        && may_label(state, call)
    {
        state.set_labels(call.repo, number, &call.by(), names.into_iter().collect());
    }
    Answer::created(&render::issue(state, call.repo, number))
}

pub(super) fn get(state: &mut GitHubState, call: &Call) -> Outcome {
    let number = call.number(state)?;
    Answer::ok(&render::issue(state, call.repo, number))
}

pub(super) fn change(state: &mut GitHubState, call: &Call) -> Outcome {
    let number = call.number(state)?;
    let by = call.by();
    state.edit(call.repo, number, &by, call.text("title"), call.text("body"))?;
    if let Some(names) = call.names("labels") {
        state.set_labels(call.repo, number, &by, names.into_iter().collect());
    }
    match call.text("state") {
        None => {}
        Some("open") => state.reopen(call.repo, number, &by)?,
        Some("closed") => state.close(call.repo, number, &by, call.text("state_reason")),
        Some(_) => return Err(Answer::invalid("Issue", "state", "invalid")),
    }
    Answer::ok(&render::issue(state, call.repo, number))
}

/// The oldest first, unless another order was asked for.
pub(super) fn sort_comments(call: &Call, all: &mut [(u64, &Comment)]) {
    let by_update = call.asked("sort") == "updated";
    all.sort_by_key(|(_, one)| (if by_update { one.updated } else { one.created }, one.id));
    if call.asked("direction") == "desc" && !call.asked("sort").is_empty() {
        all.reverse();
    }
}

pub(super) fn comments(state: &mut GitHubState, call: &Call) -> Outcome {
    let number = call.number(state)?;
    let all = state.issue(call.repo, number).comments.iter();
    let since = all.filter(|comment| call.is_since(comment.updated));
    let shown = since.map(|comment| render::one_comment(state, call.repo, number, comment));
    call.page(state, shown.collect())
}

pub(super) fn comments_of_all(state: &mut GitHubState, call: &Call) -> Outcome {
    let issues = state.repos[&call.repo].issues.values();
    let all = issues.flat_map(|issue| issue.comments.iter().map(|one| (issue.number, one)));
    let mut all = all.filter(|(_, comment)| call.is_since(comment.updated)).collect::<Vec<_>>();
    sort_comments(call, &mut all);
    let shown = all.iter().map(|(number, one)| render::one_comment(state, call.repo, *number, one));
    call.page(state, shown.collect())
}

pub(super) fn create_comment(state: &mut GitHubState, call: &Call) -> Outcome {
    let number = call.number(state)?;
    let body = call.need("IssueComment", "body")?.to_owned();
    let id = state.comment(call.repo, number, &call.by(), &body)?;
    Answer::created(&render::comment(state, call.repo, number, id))
}

/// The comment that the path names, with its issue.
fn place(state: &GitHubState, call: &Call) -> Outcome<(u64, u64)> {
    let id = call.id("id")?;
    let number = state.comment_place(call.repo, id, false).ok_or_else(Answer::not_found)?;
    Ok((number, id))
}

pub(super) fn comment(state: &mut GitHubState, call: &Call) -> Outcome {
    let (number, id) = place(state, call)?;
    Answer::ok(&render::comment(state, call.repo, number, id))
}

pub(super) fn edit_comment(state: &mut GitHubState, call: &Call) -> Outcome {
    let (number, id) = place(state, call)?;
    let body = call.need("IssueComment", "body")?.to_owned();
    state.edit_comment(call.repo, id, &call.by(), &body)?;
    Answer::ok(&render::comment(state, call.repo, number, id))
}

pub(super) fn delete_comment(state: &mut GitHubState, call: &Call) -> Outcome {
    let (_, id) = place(state, call)?;
    state.delete_comment(call.repo, id, &call.by())?;
    Ok(Answer::empty(204))
}

fn shown_labels(state: &GitHubState, call: &Call, number: u64) -> Value {
    let names = state.issue(call.repo, number).labels.iter();
    names.map(|name| render::label(state, call.repo, name)).collect()
}

pub(super) fn labels(state: &mut GitHubState, call: &Call) -> Outcome {
    let number = call.number(state)?;
    Answer::ok(&shown_labels(state, call, number))
}

/// An App that may write here may label; of people only those with a role.
fn may_label(state: &GitHubState, call: &Call) -> bool {
    let by = call.by();
    let bot = state.users.get(&by).is_some_and(|user| user.kind == "Bot");
    bot || state.role(&state.repos[&call.repo], &by) >= Role::Triage
}

fn label(
    state: &mut GitHubState,
    call: &Call,
    change: impl FnOnce(&mut BTreeSet<String>) -> Outcome<()>,
) -> Outcome {
    let number = call.number(state)?;
    if !may_label(state, call) {
        return Err(Answer::refusal(403, "Must have triage rights to label"));
    }
    let mut labels = state.issue(call.repo, number).labels.clone();
    change(&mut labels)?;
    state.set_labels(call.repo, number, &call.by(), labels);
    Answer::ok(&shown_labels(state, call, number))
}

fn named(call: &Call) -> Outcome<Vec<String>> {
    call.names("labels").ok_or_else(|| Answer::invalid("Label", "labels", "missing_field"))
}

pub(super) fn add_labels(state: &mut GitHubState, call: &Call) -> Outcome {
    let names = named(call)?;
    label(state, call, |labels| {
        labels.extend(names);
        Ok(())
    })
}

pub(super) fn set_labels(state: &mut GitHubState, call: &Call) -> Outcome {
    let names = named(call)?;
    label(state, call, |labels| {
        *labels = names.into_iter().collect();
        Ok(())
    })
}

pub(super) fn remove_label(state: &mut GitHubState, call: &Call) -> Outcome {
    let missing = || Answer::refusal(404, "Label does not exist");
    label(state, call, |labels| labels.remove(call.param("name")).then_some(()).ok_or_else(missing))
}

fn shown_reactions(state: &GitHubState, all: &BTreeSet<(String, String)>) -> Vec<Value> {
    let shown = all.iter().zip(1..);
    shown.map(|((who, content), id)| {
        json!({ "id": id, "content": content, "user": render::user(state, who) })
    }).collect()
}

/// Adds a reaction: 201, or 200 if it was there.
fn add_reaction(state: &GitHubState, call: &Call, all: &mut BTreeSet<(String, String)>) -> Outcome {
    let content = call.need("Reaction", "content")?;
    if !REACTIONS.contains(&content) {
        return Err(Answer::invalid("Reaction", "content", "invalid"));
    }
    let added = all.insert((call.by(), content.to_owned()));
    let shown = shown_reactions(state, all);
    let at = all.iter().position(|one| *one == (call.by(), content.to_owned()));
    let body = &shown[at.expect("it was just added")];
    if added { Answer::created(body) } else { Answer::ok(body) }
}

pub(super) fn reactions(state: &mut GitHubState, call: &Call) -> Outcome {
    let number = call.number(state)?;
    let shown = shown_reactions(state, &state.issue(call.repo, number).reactions);
    call.page(state, shown)
}

pub(super) fn react(state: &mut GitHubState, call: &Call) -> Outcome {
    let number = call.number(state)?;
    let mut all = state.issue(call.repo, number).reactions.clone();
    let answer = add_reaction(state, call, &mut all);
    state.issue_mut(call.repo, number).reactions = all;
    answer
}

fn reactions_of(state: &mut GitHubState, call: &Call) -> Outcome<BTreeSet<(String, String)>> {
    let found = state.comment_mut(call.repo, call.id("id")?).ok_or_else(Answer::not_found)?;
    Ok(found.1.reactions.clone())
}

fn set_reactions(
    state: &mut GitHubState,
    call: &Call,
    all: BTreeSet<(String, String)>,
) -> Outcome<()> {
    let found = state.comment_mut(call.repo, call.id("id")?).ok_or_else(Answer::not_found)?;
    found.1.reactions = all;
    Ok(())
}

pub(super) fn comment_reactions(state: &mut GitHubState, call: &Call) -> Outcome {
    let all = reactions_of(state, call)?;
    let shown = shown_reactions(state, &all);
    call.page(state, shown)
}

pub(super) fn react_to_comment(state: &mut GitHubState, call: &Call) -> Outcome {
    let mut all = reactions_of(state, call)?;
    let answer = add_reaction(state, call, &mut all);
    set_reactions(state, call, all)?;
    answer
}

pub(super) fn unreact(state: &mut GitHubState, call: &Call) -> Outcome {
    let all = reactions_of(state, call)?;
    let gone = call.id("reaction")?;
    let rest = all.into_iter().zip(1_u64..).filter(|(_, id)| *id != gone).map(|(one, _)| one);
    set_reactions(state, call, rest.collect())?;
    Ok(Answer::empty(204))
}
