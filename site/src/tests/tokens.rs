//! Tokens, feedback, and what is counted of searches.

use axum::http::Method;
use indexer::store::{ApiTokenRow, TokenDigest};
use jiff::{SignedDuration, Timestamp};
use rules::model::workspace::WHOLE;
use rules::time;

use super::*;
use crate::access::credentials::TOKEN_PREFIX;
use crate::access::settings::VisitorSettings;

impl TestSite {
    /// Adds a token and returns it.
    pub(super) async fn token(&self, change: impl FnOnce(&mut ApiTokenRow)) -> String {
        let mut row = ApiTokenRow {
            id: "a".to_owned(),
            name: "test".to_owned(),
            workspace: WHOLE.to_owned(),
            scopes: "search:read".to_owned(),
            per_minute: 100,
            created: Timestamp::UNIX_EPOCH,
            expires: None,
            revoked: None,
            last_used: None,
        };
        change(&mut row);
        let token = format!("{TOKEN_PREFIX}{}-token", row.id);
        self.store.add_api_token(&TokenDigest::of(&token), &row).await.unwrap();
        token
    }

    pub(super) async fn get_by(&self, address: &str, token: &str) -> TestResponse {
        self.get_with(address, &[("authorization", &format!("Bearer {token}"))]).await
    }

    pub(super) async fn send(
        &self,
        method: Method,
        address: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> TestResponse {
        let mut request = Request::builder().method(method).uri(address);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        reply(self.router.clone(), request.body(Body::from(body.to_owned())).unwrap()).await
    }
}

/// A site that shows visitors without a token nothing.
async fn closed() -> TestSite {
    let visitors = VisitorSettings { anonymous: None, ..VisitorSettings::default() };
    TestSite::made_of(&some(), TestSiteParts { visitors, ..TestSiteParts::default() }).await
}

#[tokio::test]
async fn a_closed_site_opens_to_a_token_and_says_what_is_left_of_it() {
    let site = closed().await;
    let refused = site.get("/api/v1/search?q=port").await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    assert_eq!(refused.json()["error"]["code"], "unauthorized");
    assert_eq!(refused.header("www-authenticate"), "Bearer realm=\"answers\"");
    assert_eq!(site.get("/").await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(site.get("/healthz").await.status, StatusCode::OK);

    let token = site.token(|row| row.per_minute = 2).await;
    let first = site.get_by("/api/v1/search?q=port", &token).await;
    assert_eq!(first.status, StatusCode::OK, "{}", first.body);
    let limits = |reply: &TestResponse| {
        ["ratelimit-limit", "ratelimit-remaining", "ratelimit-reset"]
            .map(|name| reply.header(name).to_owned())
    };
    assert_eq!(limits(&first), ["2", "1", "30"]);
    assert_eq!(first.header("cache-control"), "private, no-cache");
    let encoded = base64::Engine::encode(
        &base64::engine::general_purpose::STANDARD,
        format!("anybody:{token}"),
    );
    let page = site.get_with("/", &[("authorization", &format!("Basic {encoded}"))]).await;
    assert_eq!(page.status, StatusCode::OK, "a browser sends it as a password");
    let spent = site.get_by("/api/v1/search?q=port", &token).await;
    assert_eq!(spent.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(limits(&spent), ["2", "0", "60"]);
    assert!(!spent.header("retry-after").is_empty());
}

#[tokio::test]
async fn what_is_not_a_valid_token_opens_nothing_even_where_everybody_may_read() {
    let site = TestSite::with(&some()).await;
    let expired = site.token(|row| row.expires = Some(NOW)).await;
    let revoked = site
        .token(|row| {
            row.id = "b".to_owned();
            row.revoked = Some(time::at_millisecond(1));
        })
        .await;
    let foreign = site
        .token(|row| {
            row.id = "c".to_owned();
            row.workspace = "elsewhere".to_owned();
        })
        .await;
    for token in [expired.as_str(), &revoked, &foreign, "nonsense", ""] {
        let reply = site.get_by("/api/v1/search?q=port", token).await;
        assert_eq!(reply.status, StatusCode::UNAUTHORIZED, "{token}");
        assert!(reply.header("www-authenticate").contains("invalid_token"), "{token}");
        assert!(!reply.body.contains("port"), "{token}");
    }
    let future = site
        .token(|row| {
            row.id = "d".to_owned();
            row.expires = Some(NOW + SignedDuration::from_millis(1));
        })
        .await;
    assert_eq!(site.get_by("/api/v1/search?q=port", &future).await.status, StatusCode::OK);
    let refused = site.get_by("/api/v1/backlog", &future).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(refused.header("www-authenticate").ends_with("scope=\"backlog:read\""));
}

#[tokio::test]
async fn the_password_of_a_proxy_in_front_is_no_token() {
    let basic = |pair: &str| {
        let encoded = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, pair);
        format!("Basic {encoded}")
    };
    let staff = basic("staff:open sesame");
    let open = TestSite::with(&some()).await;
    for address in ["/", "/api/v1/search?q=port"] {
        let reply = open.get_with(address, &[("authorization", &staff)]).await;
        assert_eq!(reply.status, StatusCode::OK, "{address}: {}", reply.body);
    }
    let wrong = basic(&format!("staff:{TOKEN_PREFIX}wrong"));
    let reply = open.get_with("/", &[("authorization", &wrong)]).await;
    assert_eq!(reply.status, StatusCode::UNAUTHORIZED, "a wrong token is refused");
    let reply = closed().await.get_with("/", &[("authorization", &staff)]).await;
    assert_eq!(reply.status, StatusCode::UNAUTHORIZED, "a password opens nothing");
}

#[tokio::test]
async fn the_last_use_is_kept_to_the_minute_and_no_token_is_stored() {
    let site = TestSite::with(&some()).await;
    let token = site.token(|_| ()).await;
    site.store.record_token_use("a", NOW).await.unwrap();
    let [row] = site.store.api_tokens().await.unwrap().try_into().unwrap();
    assert_eq!(row.last_used, Some(NOW - SignedDuration::from_secs(NOW.as_second() % 60)));
    site.store.record_token_use("a", NOW - SignedDuration::from_mins(2)).await.unwrap();
    assert_eq!(site.store.api_tokens().await.unwrap()[0].last_used, row.last_used);
    assert!(site.store.revoke_api_token("a", NOW).await.unwrap());
    assert!(!site.store.revoke_api_token("a", NOW).await.unwrap());
    let found = site.store.api_token(&TokenDigest::of(&token)).await.unwrap().unwrap();
    assert!(!found.is_valid(NOW) && !format!("{found:?}").contains(&token));
}

#[tokio::test]
async fn feedback_is_counted_once_and_only_from_this_site() {
    let site = TestSite::with(&some()).await;
    let [port, _] = some();
    let address = format!("/answers/where-do-i-set-the-server-port-{}", port.id);
    let page = site.get(&address).await.body;
    let action = format!("{address}/feedback/helped");
    assert!(page.contains(&format!("formaction=\"{action}\"")), "{page}");
    let forged = [("sec-fetch-site", "cross-site")];
    let reply = site.send(Method::POST, &action, &forged, "").await;
    assert_eq!(reply.status, StatusCode::FORBIDDEN);
    let own = [("sec-fetch-site", "same-origin")];
    let reply = site.send(Method::POST, &action, &own, "").await;
    assert_eq!(reply.status, StatusCode::SEE_OTHER);
    assert_eq!(reply.header("location"), format!("{address}#noted"));
    let json = [("content-type", "application/json")];
    let api = format!("/api/v1/answers/{}/feedback", port.id);
    let again = site.send(Method::POST, &api, &json, r#"{"verdict":"wrong"}"#).await;
    assert_eq!(again.status, StatusCode::TOO_MANY_REQUESTS, "one reader counts once");
    for body in ["", "{}", r#"{"verdict":"great"}"#] {
        let reply = site.send(Method::POST, &api, &json, body).await;
        assert_eq!(reply.status, StatusCode::BAD_REQUEST, "{body}");
    }
    let shown = site.get(&format!("/api/v1/answers/{}", port.id)).await;
    assert_eq!(shown.json()["answer"]["feedback"]["helped"], 1);
    assert_eq!(shown.json()["answer"]["feedback"]["wrong"], 0);
    let tag = shown.header("etag").to_owned();
    let address = format!("/api/v1/answers/{}", port.id);
    let same = site.get_with(&address, &[("if-none-match", &tag)]).await;
    assert_eq!(same.status, StatusCode::NOT_MODIFIED);
}

/// Waits for what is written beside the requests.
async fn demand(site: &TestSite, rows: usize) -> Vec<indexer::store::DemandRow> {
    loop {
        let found = site.store.search_demand(WHOLE, 100).await.unwrap();
        if found.len() >= rows {
            return found;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn what_is_looked_for_in_vain_is_listed_for_those_who_may_know() {
    let site = TestSite::with(&some()).await;
    site.get("/?q=Where+is+the+Zeppelin%3F").await;
    demand(&site, 1).await;
    site.get("/results?q=where+is+the+zeppelin&settled=1").await;
    site.get("/results?q=where+is+the").await;
    site.get("/api/v1/errors?text=Error%3A+cannot+open+database+zeppelin.db").await;
    let rows = demand(&site, 2).await;
    let words = rows.iter().find(|row| row.words == "where is the zeppelin").unwrap();
    assert_eq!(words.missed, words.searches);
    assert_eq!(rows.iter().filter(|row| row.kind == indexer::store::DemandKind::Error).count(), 1);
    assert!(!rows.iter().any(|row| row.words == "where is the"), "it was still being typed");

    assert_eq!(site.get("/api/v1/demand").await.status, StatusCode::UNAUTHORIZED);
    let token = site.token(|row| row.scopes = "backlog:read".to_owned()).await;
    let listed = site.get_by("/api/v1/demand", &token).await.json();
    let listed = listed["demand"].as_array().unwrap();
    assert!(listed.iter().any(|one| one["words"] == "where is the zeppelin"), "{listed:?}");
}

#[tokio::test]
async fn a_result_that_is_opened_is_no_demand() {
    let site = TestSite::with(&some()).await;
    let found = site.get("/?q=server+port").await.body;
    demand(&site, 1).await;
    let (_, rest) = found.split_once("href=\"/answers/").unwrap();
    let address = format!("/answers/{}", rest.split('"').next().unwrap());
    assert_eq!(site.get(&address).await.status, StatusCode::OK);
    while !site.store.search_demand(WHOLE, 100).await.unwrap().is_empty() {
        tokio::task::yield_now().await;
    }
}
