//! Issues, comments, labels and reactions, of pull requests too.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::super::answer::{Answer, Outcome};
use super::super::render;
use super::super::state::{Comment, Role, World};
use super::super::talk::REACTIONS;
use super::Call;

pub(super) fn list(world: &mut World, call: &Call) -> Outcome {
    let of = &world.repos[&call.repo];
    let state = match call.asked("state") {
        "" => "open",
        state => state,
    };
    let labels = call.asked("labels").split(',').filter(|name| !name.is_empty());
    let labels = labels.map(str::to_owned).collect::<BTreeSet<_>>();
    let creator = call.asked("creator");
    let mut fitting = of.issues.values().collect::<Vec<_>>();
    fitting.retain(|issue| {
        (state == "all" || issue.state() == state)
            && labels.is_subset(&issue.labels)
            && (creator.is_empty() || creator == issue.author)
            && call.is_since(issue.updated)
    });
    call.sort(&mut fitting, "desc");
    let shown = fitting.iter().map(|issue| render::issue(world, call.repo, issue.number));
    call.page(world, shown.collect())
}

pub(super) fn create(world: &mut World, call: &Call) -> Outcome {
    let title = call.need("Issue", "title")?;
    let body = call.text("body").unwrap_or_default();
    let number = world.open_issue(call.repo, &call.by(), title, body)?;
    if let Some(names) = call.names("labels")
        && may_label(world, call)
    {
        world.set_labels(call.repo, number, &call.by(), names.into_iter().collect());
    }
    Answer::created(&render::issue(world, call.repo, number))
}

pub(super) fn get(world: &mut World, call: &Call) -> Outcome {
    let number = call.number(world)?;
    Answer::ok(&render::issue(world, call.repo, number))
}

pub(super) fn change(world: &mut World, call: &Call) -> Outcome {
    let number = call.number(world)?;
    let by = call.by();
    world.edit(call.repo, number, &by, call.text("title"), call.text("body"))?;
    if let Some(names) = call.names("labels") {
        world.set_labels(call.repo, number, &by, names.into_iter().collect());
    }
    match call.text("state") {
        None => {}
        Some("open") => world.reopen(call.repo, number, &by)?,
        Some("closed") => world.close(call.repo, number, &by, call.text("state_reason")),
        Some(_) => return Err(Answer::invalid("Issue", "state", "invalid")),
    }
    Answer::ok(&render::issue(world, call.repo, number))
}

/// The oldest first, unless another order was asked for.
pub(super) fn sort_comments(call: &Call, all: &mut [(u64, &Comment)]) {
    let by_update = call.asked("sort") == "updated";
    all.sort_by_key(|(_, one)| (if by_update { one.updated } else { one.created }, one.id));
    if call.asked("direction") == "desc" && !call.asked("sort").is_empty() {
        all.reverse();
    }
}

pub(super) fn comments(world: &mut World, call: &Call) -> Outcome {
    let number = call.number(world)?;
    let all = world.issue(call.repo, number).comments.iter();
    let since = all.filter(|comment| call.is_since(comment.updated));
    let shown = since.map(|comment| render::one_comment(world, call.repo, number, comment));
    call.page(world, shown.collect())
}

pub(super) fn comments_of_all(world: &mut World, call: &Call) -> Outcome {
    let issues = world.repos[&call.repo].issues.values();
    let all = issues.flat_map(|issue| issue.comments.iter().map(|one| (issue.number, one)));
    let mut all = all.filter(|(_, comment)| call.is_since(comment.updated)).collect::<Vec<_>>();
    sort_comments(call, &mut all);
    let shown = all.iter().map(|(number, one)| render::one_comment(world, call.repo, *number, one));
    call.page(world, shown.collect())
}

pub(super) fn say(world: &mut World, call: &Call) -> Outcome {
    let number = call.number(world)?;
    let body = call.need("IssueComment", "body")?.to_owned();
    let id = world.comment(call.repo, number, &call.by(), &body)?;
    Answer::created(&render::comment(world, call.repo, number, id))
}

/// The comment that the path names, with its issue.
fn place(world: &World, call: &Call) -> Outcome<(u64, u64)> {
    let id = call.id("id")?;
    let number = world.comment_place(call.repo, id, false).ok_or_else(Answer::not_found)?;
    Ok((number, id))
}

pub(super) fn comment(world: &mut World, call: &Call) -> Outcome {
    let (number, id) = place(world, call)?;
    Answer::ok(&render::comment(world, call.repo, number, id))
}

pub(super) fn edit_comment(world: &mut World, call: &Call) -> Outcome {
    let (number, id) = place(world, call)?;
    let body = call.need("IssueComment", "body")?.to_owned();
    world.edit_comment(call.repo, id, &call.by(), &body)?;
    Answer::ok(&render::comment(world, call.repo, number, id))
}

pub(super) fn delete_comment(world: &mut World, call: &Call) -> Outcome {
    let (_, id) = place(world, call)?;
    world.delete_comment(call.repo, id, &call.by())?;
    Ok(Answer::empty(204))
}

fn shown_labels(world: &World, call: &Call, number: u64) -> Value {
    let names = world.issue(call.repo, number).labels.iter();
    names.map(|name| render::label(world, call.repo, name)).collect()
}

pub(super) fn labels(world: &mut World, call: &Call) -> Outcome {
    let number = call.number(world)?;
    Answer::ok(&shown_labels(world, call, number))
}

/// An App that may write here may label; of people only those with a role.
fn may_label(world: &World, call: &Call) -> bool {
    let by = call.by();
    let bot = world.users.get(&by).is_some_and(|user| user.kind == "Bot");
    bot || world.role(&world.repos[&call.repo], &by) >= Role::Triage
}

fn label(
    world: &mut World,
    call: &Call,
    change: impl FnOnce(&mut BTreeSet<String>) -> Outcome<()>,
) -> Outcome {
    let number = call.number(world)?;
    if !may_label(world, call) {
        return Err(Answer::refusal(403, "Must have triage rights to label"));
    }
    let mut labels = world.issue(call.repo, number).labels.clone();
    change(&mut labels)?;
    world.set_labels(call.repo, number, &call.by(), labels);
    Answer::ok(&shown_labels(world, call, number))
}

fn named(call: &Call) -> Outcome<Vec<String>> {
    call.names("labels").ok_or_else(|| Answer::invalid("Label", "labels", "missing_field"))
}

pub(super) fn add_labels(world: &mut World, call: &Call) -> Outcome {
    let names = named(call)?;
    label(world, call, |labels| {
        labels.extend(names);
        Ok(())
    })
}

pub(super) fn set_labels(world: &mut World, call: &Call) -> Outcome {
    let names = named(call)?;
    label(world, call, |labels| {
        *labels = names.into_iter().collect();
        Ok(())
    })
}

pub(super) fn remove_label(world: &mut World, call: &Call) -> Outcome {
    let missing = || Answer::refusal(404, "Label does not exist");
    label(world, call, |labels| labels.remove(call.param("name")).then_some(()).ok_or_else(missing))
}

fn shown_reactions(world: &World, all: &BTreeSet<(String, String)>) -> Vec<Value> {
    let shown = all.iter().zip(1..);
    shown.map(|((who, content), id)| {
        json!({ "id": id, "content": content, "user": render::user(world, who) })
    }).collect()
}

/// Adds a reaction: 201, or 200 if it was there.
fn add_reaction(world: &World, call: &Call, all: &mut BTreeSet<(String, String)>) -> Outcome {
    let content = call.need("Reaction", "content")?;
    if !REACTIONS.contains(&content) {
        return Err(Answer::invalid("Reaction", "content", "invalid"));
    }
    let added = all.insert((call.by(), content.to_owned()));
    let shown = shown_reactions(world, all);
    let at = all.iter().position(|one| *one == (call.by(), content.to_owned()));
    let body = &shown[at.expect("it was just added")];
    if added { Answer::created(body) } else { Answer::ok(body) }
}

pub(super) fn reactions(world: &mut World, call: &Call) -> Outcome {
    let number = call.number(world)?;
    let shown = shown_reactions(world, &world.issue(call.repo, number).reactions);
    call.page(world, shown)
}

pub(super) fn react(world: &mut World, call: &Call) -> Outcome {
    let number = call.number(world)?;
    let mut all = world.issue(call.repo, number).reactions.clone();
    let answer = add_reaction(world, call, &mut all);
    world.issue_mut(call.repo, number).reactions = all;
    answer
}

fn reactions_of(world: &mut World, call: &Call) -> Outcome<BTreeSet<(String, String)>> {
    let found = world.comment_mut(call.repo, call.id("id")?).ok_or_else(Answer::not_found)?;
    Ok(found.1.reactions.clone())
}

fn set_reactions(world: &mut World, call: &Call, all: BTreeSet<(String, String)>) -> Outcome<()> {
    let found = world.comment_mut(call.repo, call.id("id")?).ok_or_else(Answer::not_found)?;
    found.1.reactions = all;
    Ok(())
}

pub(super) fn comment_reactions(world: &mut World, call: &Call) -> Outcome {
    let all = reactions_of(world, call)?;
    let shown = shown_reactions(world, &all);
    call.page(world, shown)
}

pub(super) fn react_to_comment(world: &mut World, call: &Call) -> Outcome {
    let mut all = reactions_of(world, call)?;
    let answer = add_reaction(world, call, &mut all);
    set_reactions(world, call, all)?;
    answer
}

pub(super) fn unreact(world: &mut World, call: &Call) -> Outcome {
    let all = reactions_of(world, call)?;
    let gone = call.id("reaction")?;
    let rest = all.into_iter().zip(1_u64..).filter(|(_, id)| *id != gone).map(|(one, _)| one);
    set_reactions(world, call, rest.collect())?;
    Ok(Answer::empty(204))
}
