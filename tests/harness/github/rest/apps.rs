//! The App, its installation and its deliveries; the account behind a token; limits.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::super::answer::{Answer, Outcome};
use super::super::apps::{Actor, INSTALLATION, Permissions, Token};
use super::super::faults::budget;
use super::super::render;
use super::super::state::GitHubState;
use super::super::webhooks::Delivery;
use super::Call;

/// A lent token is good for an hour.
const LENT: SignedDuration = SignedDuration::from_hours(1);
const EVENTS: [&str; 6] = [
    "issue_comment",
    "issues",
    "pull_request",
    "pull_request_review",
    "pull_request_review_comment",
    "push",
];

pub(super) fn app(state: &mut GitHubState, _: &Call) -> Outcome {
    let access = &state.access;
    Answer::ok(&json!({
        "id": 4_711, "slug": access.slug, "name": "Answer Harvester", "node_id": "A_4711",
        "permissions": access.granted, "events": EVENTS, "owner": { "login": "harvesters" },
        "html_url": format!("https://github.com/apps/{}", access.slug),
    }))
}

fn shown(state: &GitHubState) -> Value {
    let owner = state.repos.values().find(|repo| repo.installed).map(|repo| repo.owner.clone());
    json!({
        "id": INSTALLATION, "app_id": 4_711, "app_slug": state.access.slug,
        "account": owner.map(|owner| render::user(state, &owner)), "target_type": "Organization",
        "permissions": state.access.granted, "events": EVENTS, "repository_selection": "selected",
        "suspended_at": null,
        "access_tokens_url": format!("{}/app/installations/{INSTALLATION}/access_tokens", state.url),
    })
}

pub(super) fn installations(state: &mut GitHubState, call: &Call) -> Outcome {
    let some = state.repos.values().any(|repo| repo.installed);
    let all = if some { vec![shown(state)] } else { Vec::new() };
    call.page(state, all)
}

pub(super) fn installation(state: &mut GitHubState, call: &Call) -> Outcome {
    if call.id("id")? != INSTALLATION {
        return Err(Answer::not_found());
    }
    Answer::ok(&shown(state))
}

pub(super) fn installation_of(state: &mut GitHubState, call: &Call) -> Outcome {
    if !state.repos[&call.repo].installed {
        return Err(Answer::not_found());
    }
    Answer::ok(&shown(state))
}

/// Lends a token for all repositories or some, with all permissions or fewer.
pub(super) fn lend(state: &mut GitHubState, call: &Call) -> Outcome {
    if call.id("id")? != INSTALLATION {
        return Err(Answer::not_found());
    }
    let mut only = None;
    if let Some(names) = call.names("repositories") {
        let installed = state.repos.values().filter(|repo| repo.installed);
        let wanted = installed.filter(|repo| names.contains(&repo.name)).map(|repo| repo.id);
        let wanted = wanted.collect::<BTreeSet<_>>();
        if wanted.len() < names.len() {
            let message = "There is at least one repository that does not exist or is not accessible \
                to the parent installation.";
            return Err(Answer::refusal(422, message));
        }
        only = Some(wanted);
    }
    let granted = &state.access.granted;
    let permissions = match call.body.get("permissions") {
        None | Some(Value::Null) => granted.clone(),
        Some(wanted) => {
            let unreadable = |_| Answer::invalid("Token", "permissions", "invalid");
            let wanted =
                serde_json::from_value::<Permissions>(wanted.clone()).map_err(unreadable)?;
            let has = |name: &str, level: &str| {
                let granted = granted.get(name).map(String::as_str);
                granted == Some("write") || granted == Some(level)
            };
            if !wanted.iter().all(|(name, level)| has(name, level)) {
                let message = "The permissions requested are not granted to this installation.";
                return Err(Answer::refusal(422, message));
            }
            wanted
        }
    };
    let until = state.now() + LENT;
    let login = state.access.bot();
    let shown = permissions.clone();
    let until_then = Some(until);
    let token = Token { login, permissions, only, until: until_then, installation: true };
    let token = state.access.lend(token);
    Answer::created(&json!({
        "token": token, "expires_at": render::time(until), "permissions": shown,
        "repository_selection": "selected",
    }))
}

pub(super) fn repositories(state: &mut GitHubState, call: &Call) -> Outcome {
    let Actor::Bearer(token) = &call.actor else { return Err(Answer::not_found()) };
    let within = |id: &u64| token.only.as_ref().is_none_or(|only| only.contains(id));
    let some = state.repos.values().filter(|repo| repo.installed && within(&repo.id));
    let some = some.map(|repo| render::repo(state, repo)).collect::<Vec<_>>();
    Answer::ok(&json!({ "total_count": some.len(), "repositories": some }))
}

pub(super) fn user(state: &mut GitHubState, call: &Call) -> Outcome {
    match &call.actor {
        Actor::Bearer(token) if !token.installation => {
            Answer::ok(&render::user(state, &token.login))
        }
        _ => Err(Answer::refusal(403, "Resource not accessible by integration")),
    }
}

pub(super) fn account(state: &mut GitHubState, call: &Call) -> Outcome {
    match render::user(state, call.param("login")) {
        Value::Null => Err(Answer::not_found()),
        user => Answer::ok(&user),
    }
}

pub(super) fn limits(state: &mut GitHubState, _: &Call) -> Outcome {
    let core = budget(state);
    let resources = json!({ "core": core, "graphql": core, "search": core });
    Answer::ok(&json!({ "resources": resources, "rate": core }))
}

pub(super) fn hook(_: &mut GitHubState, _: &Call) -> Outcome {
    Answer::ok(&json!({ "content_type": "json", "insecure_ssl": "0", "secret": "********" }))
}

fn delivery_json(delivery: &Delivery) -> Value {
    let status = delivery.answers.last().copied().unwrap_or(0);
    let text = if (200..300).contains(&status) { "OK" } else { "failed to connect to host" };
    let action = (!delivery.action.is_empty()).then_some(&delivery.action);
    json!({
        "id": delivery.id, "guid": delivery.guid, "event": delivery.event, "action": action,
        "delivered_at": render::time(delivery.at), "redelivery": delivery.answers.len() > 1,
        "status": text, "status_code": status, "installation_id": INSTALLATION,
    })
}

/// The newest first, in pages that a cursor names.
pub(super) fn deliveries(state: &mut GitHubState, call: &Call) -> Outcome {
    let size = call.asked("per_page").parse().unwrap_or(30_usize).clamp(1, 100);
    let from = call.asked("cursor").parse().unwrap_or(u64::MAX);
    let newest = state.hooks.deliveries.iter().rev().filter(|one| one.id < from);
    let some = newest.take(size + 1).collect::<Vec<_>>();
    let shown = some.iter().take(size).map(|one| delivery_json(one)).collect();
    let answer = Answer::json(200, &Value::Array(shown));
    if some.len() <= size {
        return Ok(answer);
    }
    let cursor = some[size - 1].id;
    let url = format!("{}{}?per_page={size}&cursor={cursor}", state.url, call.path);
    Ok(answer.with("link", format!("<{url}>; rel=\"next\"")))
}

pub(super) fn delivery(state: &mut GitHubState, call: &Call) -> Outcome {
    let id = call.id("id")?;
    let found = state.hooks.deliveries.iter().find(|one| one.id == id);
    let found = found.ok_or_else(Answer::not_found)?;
    let mut value = delivery_json(found);
    let payload = serde_json::from_str::<Value>(&found.payload).unwrap_or_default();
    value["request"] = json!({ "headers": {}, "payload": payload });
    Answer::ok(&value)
}

pub(super) fn redeliver(state: &mut GitHubState, call: &Call) -> Outcome {
    if !state.redeliver(call.id("id")?) {
        return Err(Answer::not_found());
    }
    Ok(Answer { status: 202, ..Answer::json(202, &json!({})) })
}
