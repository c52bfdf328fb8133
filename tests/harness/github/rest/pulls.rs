//! Pull requests.

use serde_json::json;

use super::super::answer::{Answer, Outcome};
use super::super::pulls::{How, NewPull};
use super::super::render::{self, ChangedFile};
use super::super::state::GitHubState;
use super::Call;

pub(super) fn list(state: &mut GitHubState, call: &Call) -> Outcome {
    let of = &state.repos[&call.repo];
    let wanted_state = match call.asked("state") {
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
        (wanted_state == "all" || issue.state() == wanted_state)
            && named
            && (base.is_empty() || base == pull.base)
    });
    let usual = if ["", "created"].contains(&call.asked("sort")) { "desc" } else { "asc" };
    call.sort(&mut fitting, usual);
    let shown = fitting.iter().map(|issue| render::pull(state, call.repo, issue.number));
    call.page(state, shown.collect())
}

pub(super) fn create(state: &mut GitHubState, call: &Call) -> Outcome {
    let head = call.need("PullRequest", "head")?;
    let base = call.need("PullRequest", "base")?;
    let title = call.need("PullRequest", "title")?;
    let owner = state.repos[&call.repo].owner.clone();
    let (head_owner, head) = head.split_once(':').unwrap_or((&owner, head));
    let (body, draft) = (call.text("body").unwrap_or_default(), call.flag("draft"));
    let new = NewPull { head_owner, head, elsewhere: None, base, title, body, draft };
    let number = state.open_pull(call.repo, &call.by(), &new)?;
    Answer::created(&render::whole_pull(state, call.repo, number))
}

pub(super) fn get(state: &mut GitHubState, call: &Call) -> Outcome {
    let number = call.pull(state)?;
    if call.accept.contains("diff") || call.accept.contains("patch") {
        let (base, head) = state.ends(call.repo, number);
        let files = render::changed_files(&state.git, &base, &head);
        let text = files.iter().map(ChangedFile::diff).collect::<String>();
        return Ok(Answer::raw("application/vnd.github.diff", text.into_bytes()));
    }
    Answer::ok(&render::whole_pull(state, call.repo, number))
}

pub(super) fn change(state: &mut GitHubState, call: &Call) -> Outcome {
    let number = call.pull(state)?;
    let by = call.by();
    state.edit(call.repo, number, &by, call.text("title"), call.text("body"))?;
    if let Some(base) = call.text("base") {
        state.set_base(call.repo, number, &by, base)?;
    }
    match call.text("state") {
        None => {}
        Some("open") => state.reopen(call.repo, number, &by)?,
        Some("closed") => state.close(call.repo, number, &by, None),
        Some(_) => return Err(Answer::invalid("PullRequest", "state", "invalid")),
    }
    Answer::ok(&render::whole_pull(state, call.repo, number))
}

pub(super) fn files(state: &mut GitHubState, call: &Call) -> Outcome {
    let number = call.pull(state)?;
    let (base, head) = state.ends(call.repo, number);
    let files = render::changed_files(&state.git, &base, &head);
    call.page(state, files.iter().map(ChangedFile::json).collect())
}

pub(super) fn commits(state: &mut GitHubState, call: &Call) -> Outcome {
    let number = call.pull(state)?;
    let pull = state.issue(call.repo, number).pull.as_ref().expect("it is a pull request");
    let commits = state.git.between(&pull.base_sha, &pull.head_sha);
    let of = &state.repos[&call.repo];
    call.page(state, commits.iter().map(|one| render::commit(state, of, one)).collect())
}

pub(super) fn is_merged(state: &mut GitHubState, call: &Call) -> Outcome {
    let number = call.pull(state)?;
    let merged = state.issue(call.repo, number).is_merged();
    if merged { Ok(Answer::empty(204)) } else { Err(Answer::not_found()) }
}

pub(super) fn merge(state: &mut GitHubState, call: &Call) -> Outcome {
    let number = call.pull(state)?;
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
    let sha = state.merge(call.repo, number, &call.by(), how, message.as_deref(), guard)?;
    let merged = "Pull Request successfully merged";
    Answer::ok(&json!({ "sha": sha, "merged": true, "message": merged }))
}
