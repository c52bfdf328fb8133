//! Pull requests.

use serde_json::json;

use super::super::answer::{Answer, Outcome};
use super::super::pulls::{How, NewPull};
use super::super::render::{self, ChangedFile};
use super::super::state::World;
use super::Call;

pub(super) fn list(world: &mut World, call: &Call) -> Outcome {
    let of = &world.repos[&call.repo];
    let state = match call.asked("state") {
        "" => "open",
        state if ["open", "closed", "all"].contains(&state) => state,
        _ => return Err(Answer::invalid("PullRequest", "state", "invalid")),
    };
    let (head, base) = (call.asked("head"), call.asked("base"));
    let mut fitting = of.issues.values().collect::<Vec<_>>();
    fitting.retain(|issue| {
        let Some(pull) = &issue.pull else { return false };
        // A head without its owner is no filter.
        let named = !head.contains(':') || head == format!("{}:{}", pull.head_owner, pull.head);
        (state == "all" || issue.state() == state)
            && named
            && (base.is_empty() || base == pull.base)
    });
    let usual = if ["", "created"].contains(&call.asked("sort")) { "desc" } else { "asc" };
    call.sort(&mut fitting, usual);
    let shown = fitting.iter().map(|issue| render::pull(world, call.repo, issue.number));
    call.page(world, shown.collect())
}

pub(super) fn create(world: &mut World, call: &Call) -> Outcome {
    let head = call.need("PullRequest", "head")?;
    let base = call.need("PullRequest", "base")?;
    let title = call.need("PullRequest", "title")?;
    let owner = world.repos[&call.repo].owner.clone();
    let (head_owner, head) = head.split_once(':').unwrap_or((&owner, head));
    let (body, draft) = (call.text("body").unwrap_or_default(), call.flag("draft"));
    let new = NewPull { head_owner, head, elsewhere: None, base, title, body, draft };
    let number = world.open_pull(call.repo, &call.by(), &new)?;
    Answer::created(&render::whole_pull(world, call.repo, number))
}

pub(super) fn get(world: &mut World, call: &Call) -> Outcome {
    let number = call.pull(world)?;
    if call.accept.contains("diff") || call.accept.contains("patch") {
        let (base, head) = world.ends(call.repo, number);
        let files = render::changed_files(&world.git, &base, &head);
        let text = files.iter().map(ChangedFile::diff).collect::<String>();
        return Ok(Answer::raw("application/vnd.github.diff", text.into_bytes()));
    }
    Answer::ok(&render::whole_pull(world, call.repo, number))
}

pub(super) fn change(world: &mut World, call: &Call) -> Outcome {
    let number = call.pull(world)?;
    let by = call.by();
    world.edit(call.repo, number, &by, call.text("title"), call.text("body"))?;
    if let Some(base) = call.text("base") {
        world.set_base(call.repo, number, &by, base)?;
    }
    match call.text("state") {
        None => {}
        Some("open") => world.reopen(call.repo, number, &by)?,
        Some("closed") => world.close(call.repo, number, &by, None),
        Some(_) => return Err(Answer::invalid("PullRequest", "state", "invalid")),
    }
    Answer::ok(&render::whole_pull(world, call.repo, number))
}

pub(super) fn files(world: &mut World, call: &Call) -> Outcome {
    let number = call.pull(world)?;
    let (base, head) = world.ends(call.repo, number);
    let files = render::changed_files(&world.git, &base, &head);
    call.page(world, files.iter().map(ChangedFile::json).collect())
}

pub(super) fn commits(world: &mut World, call: &Call) -> Outcome {
    let number = call.pull(world)?;
    let pull = world.issue(call.repo, number).pull.as_ref().expect("it is a pull request");
    let commits = world.git.between(&pull.base_sha, &pull.head_sha);
    let of = &world.repos[&call.repo];
    call.page(world, commits.iter().map(|one| render::commit(world, of, one)).collect())
}

pub(super) fn is_merged(world: &mut World, call: &Call) -> Outcome {
    let number = call.pull(world)?;
    let merged = world.issue(call.repo, number).is_merged();
    if merged { Ok(Answer::empty(204)) } else { Err(Answer::not_found()) }
}

pub(super) fn merge(world: &mut World, call: &Call) -> Outcome {
    let number = call.pull(world)?;
    let how = match call.text("merge_method") {
        None | Some("merge") => How::Merge,
        Some("squash") => How::Squash,
        Some("rebase") => How::Rebase,
        Some(_) => return Err(Answer::invalid("PullRequest", "merge_method", "invalid")),
    };
    let title = call.text("commit_title");
    let message = title.map(|title| match call.text("commit_message") {
        Some(rest) => format!("{title}\n\n{rest}"),
        None => title.to_owned(),
    });
    let guard = call.text("sha");
    let sha = world.merge(call.repo, number, &call.by(), how, message.as_deref(), guard)?;
    let merged = "Pull Request successfully merged";
    Answer::ok(&json!({ "sha": sha, "merged": true, "message": merged }))
}
