//! Maintainers decide without GitHub.

use axum::http::Method;
use indexer::store::{ProposalState, ReviewDecision};

use super::*;

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

/// A question that waits for a decision, and another one.
async fn desk() -> (TestSite, [Cluster; 2]) {
    let [mut port, wallet] = some();
    port.state = ClusterState::Candidate;
    (TestSite::with(&[port.clone(), wallet.clone()]).await, [port, wallet])
}

impl TestSite {
    async fn reviewer(&self) -> String {
        self.token(|row| row.scopes = "clusters:write".to_owned()).await
    }

    /// Sends a form as a browser does that is signed in with a token.
    async fn send_form(&self, address: &str, token: &str, body: &str) -> TestResponse {
        let cookie = format!("review_token={token}");
        let headers = [("cookie", cookie.as_str()), ("sec-fetch-site", "same-origin"), FORM];
        self.send(Method::POST, address, &headers, body).await
    }

    async fn review_page(&self, address: &str, token: &str) -> TestResponse {
        self.get_with(address, &[("cookie", &format!("review_token={token}"))]).await
    }

    async fn audited(&self) -> Vec<String> {
        let rows = self.store.audit_rows(100).await.unwrap();
        rows.into_iter().rev().map(|row| row.what).collect()
    }

    async fn state_of(&self, cluster: &Cluster) -> ClusterState {
        self.store.cluster(&cluster.id).await.unwrap().unwrap().state
    }
}

#[tokio::test]
async fn a_token_signs_in_and_the_cookie_is_for_reviewing_alone() {
    let (site, _) = desk().await;
    let token = site.reviewer().await;
    let away = site.get("/review").await;
    assert_eq!((away.status, away.header("location")), (StatusCode::SEE_OTHER, "/review/sign-in"));
    let form = site.get("/review/sign-in").await;
    assert!(form.body.contains("type=\"password\""), "{}", form.body);

    let body = format!("token={token}");
    let signed = site.send(Method::POST, "/review/sign-in", &[FORM], &body).await;
    assert_eq!((signed.status, signed.header("location")), (StatusCode::SEE_OTHER, "/review"));
    let cookie = signed.header("set-cookie");
    for part in ["HttpOnly", "SameSite=Strict", "Path=/review"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    let page = site.review_page("/review", &token).await;
    assert_eq!(page.status, StatusCode::OK);
    assert_eq!(page.header("cache-control"), "private, no-store");
    assert!(page.body.contains("candidate") && page.body.contains("<kbd>j</kbd>"), "{}", page.body);
    // The cookie opens nothing else.
    let other = site.review_page("/api/v1/demand", &token).await;
    assert_eq!(other.status, StatusCode::UNAUTHORIZED);

    let reader = site.token(|row| row.id = "reader".to_owned()).await;
    for (wrong, why) in [(reader.as_str(), "does not allow"), ("ahv_x", "not valid")] {
        let body = format!("token={wrong}");
        let refused = site.send(Method::POST, "/review/sign-in", &[FORM], &body).await;
        assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
        assert!(refused.body.contains(why) && refused.header("set-cookie").is_empty());
    }
    assert_eq!(site.review_page("/review", &reader).await.status, StatusCode::FORBIDDEN);
    let out = site.send(Method::POST, "/review/sign-out", &[], "").await;
    assert!(out.header("set-cookie").contains("Max-Age=0"));
}

#[tokio::test]
async fn a_form_of_another_site_decides_nothing() {
    let (site, [port, _]) = desk().await;
    let token = site.reviewer().await;
    let cookie = format!("review_token={token}");
    let address = format!("/review/{}/reject", port.id);
    for foreign in [("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")] {
        let headers = [("cookie", cookie.as_str()), FORM, foreign];
        let sent = site.send(Method::POST, &address, &headers, "").await;
        assert_eq!(sent.status, StatusCode::FORBIDDEN);
        let sent = site.send(Method::POST, "/review/sign-in", &[FORM, foreign], "token=x").await;
        assert_eq!(sent.status, StatusCode::FORBIDDEN);
    }
    let unsigned = site.send(Method::POST, &address, &[FORM], "").await;
    assert_eq!(unsigned.status, StatusCode::UNAUTHORIZED);
    assert_eq!(site.state_of(&port).await, ClusterState::Candidate);
    assert!(site.audited().await.is_empty());
}

#[tokio::test]
async fn every_decision_is_audited_and_taken_back() {
    let (site, [port, wallet]) = desk().await;
    let token = site.reviewer().await;
    let with = format!("with=%2Fanswers%2Fx-{}", wallet.id);
    for (decision, body) in [
        ("accept", ""),
        ("snooze", "days=3"),
        ("edit", "title=Set+the+port&answer=Use+%60.env%60."),
        ("merge", with.as_str()),
        ("split", ""),
        ("reject", ""),
    ] {
        let address = format!("/review/{}/{decision}", port.id);
        let sent = site.send_form(&address, &token, body).await;
        assert_eq!(sent.status, StatusCode::SEE_OTHER, "{decision}: {}", sent.body);
        let [latest] = &site.store.review_decisions(1).await.unwrap()[..] else { panic!() };
        assert_eq!((latest.decision.name(), latest.by.as_str()), (decision, "token a"));
        let rejected = site.state_of(&port).await == ClusterState::Rejected;
        assert_eq!(rejected, decision == "reject");
        assert_eq!(site.store.page_edits().await.unwrap().len(), usize::from(decision == "edit"));
        let undo = format!("/review/undo/{}", latest.seq);
        assert_eq!(site.send_form(&undo, &token, "").await.status, StatusCode::SEE_OTHER);
        let again = site.send_form(&undo, &token, "").await;
        assert_eq!(again.status, StatusCode::CONFLICT, "{decision}");
        let audited = site.audited().await;
        let expected = [format!("review-{decision}"), format!("review-undo-{decision}")];
        assert_eq!(audited[audited.len() - 2..], expected);
    }
    assert_eq!(site.state_of(&port).await, ClusterState::Candidate);
    assert!(site.store.page_edits().await.unwrap().is_empty());
    assert!(site.store.waiting_review_decisions().await.unwrap().is_empty());
}

#[tokio::test]
async fn what_cannot_be_done_is_refused_with_a_reason() {
    let (site, [port, wallet]) = desk().await;
    let token = site.reviewer().await;
    let of_port = |decision: &str| format!("/review/{}/{decision}", port.id);
    for (address, body, status) in [
        (of_port("edit"), "title=&answer=x", StatusCode::BAD_REQUEST),
        (of_port("edit"), "title=x&answer=https%3A%2F%2Fblog.example%2Fx", StatusCode::BAD_REQUEST),
        (of_port("merge"), "with=nothing", StatusCode::BAD_REQUEST),
        (of_port("merge"), &format!("with={}", port.id), StatusCode::BAD_REQUEST),
        (of_port("snooze"), "days=9999", StatusCode::BAD_REQUEST),
        (of_port("publish"), "", StatusCode::NOT_FOUND),
        (format!("/review/{}/split", wallet.id), "", StatusCode::CONFLICT),
        (format!("/review/{}/reject", wallet.id), "", StatusCode::CONFLICT),
        ("/review/qzzzzzzzzzz/accept".to_owned(), "", StatusCode::NOT_FOUND),
        ("/review/undo/7".to_owned(), "", StatusCode::NOT_FOUND),
    ] {
        let sent = site.send_form(&address, &token, body).await;
        assert_eq!(sent.status, status, "{address}: {}", sent.body);
    }
    assert!(site.audited().await.is_empty());
}

#[tokio::test]
async fn words_of_a_reviewer_go_with_the_messages_below_them() {
    let (site, [port, _]) = desk().await;
    let token = site.reviewer().await;
    let edit = "title=Set+the+port&answer=Use+the+quixotic+file.";
    site.send_form(&format!("/review/{}/edit", port.id), &token, edit).await;
    let page = site.review_page(&format!("/review/{}", port.id), &token).await;
    assert!(page.body.contains("Use the quixotic file."), "{}", page.body);
    // None of its messages is stored here, as after a deletion.
    let deleted = vec![(port.occurrences[0].channel, port.occurrences[0].question.message, NOW)];
    let batch = indexer::store::WriteBatch { deleted, ..Default::default() };
    site.store.apply_batch(&batch).await.unwrap();
    assert!(site.store.page_edits().await.unwrap().is_empty());
}

#[tokio::test]
async fn another_workspace_can_neither_be_seen_nor_decided_about() {
    let all = workspaces::communities().await;
    let (site, other) = (&all.site, &all.other);
    let list = site.review_page("/review", &all.harbor).await;
    assert!(list.status == StatusCode::OK && !list.body.contains("elfry"), "{}", list.body);
    for decision in ["accept", "reject", "snooze", "edit", "merge", "split"] {
        let address = format!("/review/{}/{decision}", other.id);
        let sent = site.send_form(&address, &all.harbor, "title=a&answer=b").await;
        assert_eq!(sent.status, StatusCode::NOT_FOUND, "{decision}");
    }
    let foreign = format!("with={}", other.id);
    let own = some()[0].id.clone();
    let merged = site.send_form(&format!("/review/{own}/merge"), &all.harbor, &foreign).await;
    assert_eq!(merged.status, StatusCode::NOT_FOUND);
    let address = format!("/review/{}/accept", other.id);
    assert_eq!(site.send_form(&address, &all.tower, "").await.status, StatusCode::SEE_OTHER);
    let [row] = &site.store.review_decisions(9).await.unwrap()[..] else { panic!() };
    let undo = format!("/review/undo/{}", row.seq);
    assert_eq!(site.send_form(&undo, &all.harbor, "").await.status, StatusCode::NOT_FOUND);
    let list = site.review_page("/review", &all.harbor).await;
    assert!(!list.body.contains("elfry"), "{}", list.body);
}

#[tokio::test]
async fn what_is_on_github_already_is_not_taken_back_here() {
    let (site, [port, _]) = desk().await;
    let decided = ReviewDecision::Accept;
    let seq = site.store.record_review(&port, &decided, "token a", NOW).await.unwrap();
    let row = site.store.review_decision(seq).await.unwrap().unwrap();
    for (state, may) in [
        (None, true),
        (Some(ProposalState::Held), true),
        (Some(ProposalState::Open), false),
        (Some(ProposalState::HandsOff), false),
        (Some(ProposalState::Merged), false),
    ] {
        assert_eq!(row.may_undo(state).is_ok(), may, "{state:?}");
    }
}

#[tokio::test]
async fn the_review_speaks_the_language_of_the_visitor() {
    let (site, [port, _]) = desk().await;
    let token = site.reviewer().await;
    site.send_form(&format!("/review/{}/snooze", port.id), &token, "days=3").await;
    let cookie = format!("review_token={token}");
    let korean = [("cookie", cookie.as_str()), ("accept-language", "ko")];
    let list = site.get_with("/review", &korean).await.body;
    for part in ["<html lang=\"ko\"", "최근 결정", "3일 미룸", "14일 미루기", "명이 답변함", "후보"]
    {
        assert!(list.contains(part), "{part}: {list}");
    }
    for english in ["Latest decisions", "Snooze", "Accept", "Sign out"] {
        assert!(!list.contains(english), "{english}: {list}");
    }
    let one = site.get_with(&format!("/review/{}", port.id), &korean).await.body;
    assert!(one.contains("페이지 수정") && !one.contains("Merge into"), "{one}");
    assert!(one.contains("한 사람이 물음") && !one.contains("asked by"), "{one}");
    let form = site.get_with("/review/sign-in", &[("accept-language", "ko")]).await.body;
    assert!(form.contains("검토하려면 로그인하세요") && !form.contains("Token"), "{form}");
}
