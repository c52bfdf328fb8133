//! The whole router over a store and an index on disk.

mod api;
mod broken_days;
mod discovery;
mod guides;
mod mcp;
mod network;
mod reading;
mod reports;
mod review;
mod test_site;
mod tokens;
mod workspaces;

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use axum::routing::get;
use indexer::store::{ConversationRow, ExchangeRow, ExchangeStatus, MergedAnswerRow, RegroupPlan};
use proptest::prelude::*;
use rules::model::cluster::{Cluster, ClusterState};
use rules::model::ids::{ClusterId, MessageId};
use rules::time;
use tower::ServiceExt;

use self::test_site::{NOW, TestResponse, TestSite, TestSiteParts, reply};
use crate::http::client::PeerAddress;
use crate::http::settings::HttpSettings;
use crate::presentation::branding::SiteBranding;
use crate::test_support::{cluster, occurrence};

/// One question asked three times, of which one may not be quoted, and a known one in Korean.
fn some() -> [Cluster; 2] {
    let mut hidden = occurrence(4, "the vermilion port of my box?", "ask the gardener");
    hidden.quotable = false;
    let port = cluster(vec![
        occurrence(1, "Where do I set the server port?", "Set `SERVER_PORT` in the `.env` file."),
        occurrence(2, "how can i change the port", "In `.env`, and restart. Works since v1.4.0."),
        hidden,
    ]);
    let mut wallet = cluster(vec![occurrence(
        9,
        "지갑 연결이 안 돼요. 어떻게 하나요?",
        "브라우저를 새로 고치세요.",
    )]);
    wallet.state = ClusterState::Merged;
    [port, wallet]
}

/// What maintainers merged for a cluster, with everything that must not become markup.
fn merged_port(port: &Cluster) -> MergedAnswerRow {
    MergedAnswerRow {
        cluster: port.id.clone(),
        number: Some(4),
        path: "answers/port.md".into(),
        link: "https://docs.example/port".into(),
        title: "Choosing a <port>".into(),
        answer: "## First\n\nSet `LISTEN_PORT`.\n\n<script>alert(1)</script>\n\n\
                 [docs](javascript:alert(2)) <b onclick=x>bold</b>, on v2.0.1\n\n## Other answers\n\nUse `PROXY_PORT`. (1 helper)"
            .into(),
        digest: "d".into(),
        merged: time::at_millisecond(1_759_708_800_000),
        evidence: Vec::new(),
    }
}

#[tokio::test]
async fn no_format_serves_a_live_link_or_harmful_advice() {
    let linked = occurrence(1, "Where do I set the port?", "See https://blog.example/port for it.");
    let harmful = occurrence(3, "Where is the port set?", "Just dm me for the working file.");
    let site = TestSite::with(&[cluster(vec![linked, harmful])]).await;
    let found = site.get("/api/v1/search?q=port").await;
    let found: serde_json::Value = serde_json::from_str(&found.body).unwrap();
    let address = found["answers"][0]["url"].as_str().unwrap().to_owned();
    for form in ["", ".md", ".json"] {
        let served = site.get(&format!("{address}{form}")).await;
        assert_eq!(served.status, StatusCode::OK);
        assert!(served.body.contains("not listed by maintainers"), "{}", served.body);
        for text in ["https://blog.example", "dm me"] {
            assert!(!served.body.contains(text), "{text} in {}", served.body);
        }
    }
}

#[tokio::test]
async fn somebody_searches_and_opens_an_answer() {
    let site = TestSite::with(&some()).await;
    let home = site.get("/").await;
    assert_eq!(home.status, StatusCode::OK);
    assert!(home.body.contains("Recurring questions") && home.body.contains("server port"));

    let found = site.get("/?q=server+port").await;
    assert!(found.body.contains("<mark>port</mark>"), "{}", found.body);
    assert!(found.body.contains("value=\"server port\""));
    let [port, _] = some();
    let address = format!("/answers/where-do-i-set-the-server-port-{}", port.id);
    assert!(found.body.contains(&format!("href=\"{address}?s=")));

    let answer = site.get(&address).await;
    assert_eq!(answer.status, StatusCode::OK);
    for part in
        ["unreviewed", "<code>.env</code>", "v1.4.0", "How can I change the port", "3 times"]
    {
        assert!(answer.body.contains(part), "{part} in {}", answer.body);
    }
    for part in ["vermilion", "gardener", "Display Name"] {
        assert!(!answer.body.contains(part), "{part}");
    }
}

#[tokio::test]
async fn a_merged_answer_is_shown_in_the_words_of_its_maintainers() {
    let mut site = TestSite::with(&some()).await;
    let [port, _] = some();
    let merged = merged_port(&port);
    site.merge(&merged).await;

    let found = site.get("/api/v1/search?q=LISTEN_PORT&status=known").await.json();
    assert_eq!(found["answers"][0]["title"], "Choosing a <port>", "{found}");
    assert_eq!(found["answers"][0]["status"], "known");
    let snippet = found["answers"][0]["snippet"].as_str().unwrap();
    assert!(snippet.starts_with("First Set LISTEN_PORT."), "{snippet}");
    assert!(!snippet.contains("PROXY_PORT"), "another answer runs into it: {snippet}");
    let asked = site.get("/api/v1/search?q=server+port").await.json();
    assert_eq!(asked["answers"][0]["id"], port.id.as_str(), "the askers' words still find it");

    let address = found["answers"][0]["url"].as_str().unwrap().to_owned();
    let page = site.get(&address).await.body;
    for part in [
        "<h1 dir=\"auto\">Choosing a &lt;port&gt;</h1>",
        "<strong>First</strong>",
        "<code>LISTEN_PORT</code>",
        "<a href=\"https://docs.example/port\"",
        "Reviewed by maintainers",
        "Other answers from chat",
        "v2.0.1",
    ] {
        assert!(page.contains(part), "{part} in {page}");
    }
    for part in
        ["alert(", "onclick", "<script>", "No maintainer has reviewed this.", "<li>v1.4.0</li>"]
    {
        assert!(!page.contains(part), "{part} in {page}");
    }
    let json = site.get(&format!("{address}.json")).await.json();
    let answer = &json["answer"];
    assert_eq!((&answer["status"], &answer["page"]), (&"known".into(), &merged.link.into()));
    assert_eq!(answer["answers"][0]["reviewed"], true);
    assert_eq!(answer["answers"][1]["reviewed"], false);
    let text = site.get(&format!("{address}.md")).await.body;
    assert!(
        text.contains("> **First**") && text.contains("Maintainers, 6 Oct 2025: <https://docs")
    );
    assert!(text.contains("## Other answers from chat (unreviewed)"), "{text}");

    site.store.delete_merged_answer(&port.id).await.unwrap();
    let again = site.get(&format!("/api/v1/answers/{}", port.id)).await.json();
    assert_eq!(again["answer"]["status"], "unreviewed");
}

#[tokio::test]
async fn an_answer_has_one_address_and_three_forms() {
    let site = TestSite::with(&some()).await;
    let [port, wallet] = some();
    let canonical = format!("/answers/where-do-i-set-the-server-port-{}", port.id);
    for other in
        [format!("/answers/{}", port.id), format!("/answers/%2F%2Fevil.example-{}", port.id)]
    {
        let moved = site.get(&other).await;
        assert_eq!(moved.status, StatusCode::PERMANENT_REDIRECT);
        assert_eq!(moved.header("location"), canonical);
        assert_eq!(
            site.get(&format!("{other}.json")).await.header("location"),
            format!("{canonical}.json")
        );
    }
    let json = site.get(&format!("{canonical}.json")).await.json();
    assert_eq!(json, site.get(&format!("/api/v1/answers/{}", port.id)).await.json());
    assert_eq!(json["answer"]["evidence"].as_array().unwrap().len(), 3);
    assert_eq!(json["answer"]["evidence"][2]["quotable"], false);
    assert!(json["answer"]["evidence"][2].get("asker").is_none());

    let markdown = site.get(&format!("{canonical}.md")).await;
    assert_eq!(markdown.header("content-type"), "text/markdown; charset=utf-8");
    assert!(markdown.body.starts_with("# Where do I set the server port"), "{}", markdown.body);

    let korean = site.get(&format!("/answers/{}", wallet.id)).await;
    assert!(korean.header("location").starts_with("/answers/%"), "{}", korean.header("location"));
    let page = site.get(korean.header("location")).await;
    assert!(page.body.contains("lang=\"ko\"") && page.body.contains("badge reviewed"));
}

#[tokio::test]
async fn an_id_that_leads_elsewhere_is_followed() {
    let site = TestSite::with(&some()).await;
    let [port, wallet] = some();
    let gone = vec![(wallet.id.clone(), Some(port.id.clone()))];
    site.store.save_regroup(&RegroupPlan { gone, ..RegroupPlan::default() }).await.unwrap();
    let moved = site.get(&format!("/answers/{}", wallet.id)).await;
    assert_eq!(moved.status, StatusCode::PERMANENT_REDIRECT);
    assert!(moved.header("location").ends_with(port.id.as_str()));
    let answer = site.get(&format!("/api/v1/answers/{}", wallet.id)).await.json();
    assert_eq!(answer["answer"]["id"], port.id.as_str());
}

#[tokio::test]
async fn the_api_answers_with_what_was_found() {
    let site = TestSite::with(&some()).await;
    let found = site.get("/api/v1/search?q=port&limit=5").await.json();
    assert_eq!(found["answers"][0]["title"], "Where do I set the server port?");
    assert_eq!(found["answers"][0]["status"], "unreviewed");
    assert_eq!(found["answers"][0]["occurrences"], 3);
    assert_eq!(found["answers"][0]["channels"][0]["name"], "help");
    assert_eq!(found["meta"]["limit"], 5);
    assert_eq!(found["meta"]["nearest_only"], false);
    let pasted = format!("/api/v1/search?q={}port&limit=5", "zyzzyva%20".repeat(80));
    let pasted = site.get(&pasted).await.json();
    assert_eq!(pasted["meta"]["searched_for"], "port");
    assert_eq!(pasted["answers"][0]["title"], "Where do I set the server port?");
    let known =
        site.get("/api/v1/search?q=%EC%A7%80%EA%B0%91&status=known&channel=22").await.json();
    assert_eq!(known["answers"][0]["status"], "known");
}

#[tokio::test]
async fn every_failure_of_the_api_has_one_envelope() {
    let site = TestSite::with(&[]).await;
    let long = format!("/api/v1/search?q={}", "a".repeat(16_385));
    let longer = format!("/api/v1/search?q={}", "a".repeat(60_000));
    for (method, address, status, code) in [
        ("GET", "/api", 404, "not_found"),
        ("GET", "/api/v2/search", 404, "not_found"),
        ("GET", "/api/v1/answers/q0zzz", 404, "not_found"),
        ("GET", "/api/v1/answers/../x", 404, "not_found"),
        ("GET", "/answers/nothing-q0zzz.json", 404, "not_found"),
        ("POST", "/api/v1/search?q=x", 405, "method_not_allowed"),
        ("DELETE", "/readyz", 405, "method_not_allowed"),
        ("GET", "/api/v1/search", 400, "bad_request"),
        ("GET", "/api/v1/search?q=x&status=maybe", 400, "bad_request"),
        ("GET", "/api/v1/search?q=x&limit=9999999999999999999999", 400, "bad_request"),
        ("GET", &long, 400, "bad_request"),
        ("GET", &longer, 414, "uri_too_long"),
        ("GET", "/api/v1/answers/%ff", 400, "bad_request"),
    ] {
        let reply = site.ask(method, address).await;
        assert_eq!(reply.status.as_u16(), status, "{method} {address}");
        assert_eq!(reply.header("content-type"), "application/json", "{address}");
        let json = reply.json();
        assert_eq!(json["error"]["code"], code, "{address}");
        assert!(!json["error"]["message"].as_str().unwrap().is_empty());
        assert_eq!(json.as_object().unwrap().len(), 1);
    }
    assert_eq!(site.ask("POST", "/api/v1/search").await.header("allow"), "GET,HEAD");
}

#[tokio::test]
async fn people_get_pages_for_failures() {
    let site = TestSite::with(&[]).await;
    for (address, status) in
        [("/nowhere", 404), ("/answers/x", 404), ("/?q=a&limit=0", 400), ("/assets/site.css", 404)]
    {
        let reply = site.get(address).await;
        assert_eq!(reply.status.as_u16(), status, "{address}");
        assert!(reply.header("content-type").starts_with("text/html"), "{address}");
        assert!(reply.body.contains("<form role=\"search\""), "{address}");
    }
    assert_eq!(site.get("/?utm_source=elsewhere").await.status, StatusCode::OK);
}

#[tokio::test]
async fn nothing_found_still_helps() {
    let site = TestSite::with(&some()).await;
    let none = site.get("/?q=zyzzyva").await;
    assert_eq!(none.status, StatusCode::OK);
    assert!(none.body.contains("server port"), "the nearest or the most asked: {}", none.body);
    let empty = TestSite::with(&[]).await;
    assert!(empty.get("/").await.body.contains("Nothing has been read yet."));
    assert!(empty.get("/?q=x").await.body.contains("Nothing found"));
}

#[tokio::test]
async fn headers_stand_on_every_answer() {
    let site = TestSite::with(&some()).await;
    for address in ["/", "/?q=port", "/nowhere", "/api/v1/search?q=port", "/api/v1", "/healthz"] {
        let reply = site.get(address).await;
        let policy = reply.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'; script-src 'self'"), "{address}");
        assert!(!policy.contains("unsafe"), "{policy}");
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cache-control", "no-cache"),
        ] {
            assert_eq!(reply.header(name), value, "{address}");
        }
        let head = site.ask("HEAD", address).await;
        assert_eq!((head.status, head.body.as_str()), (reply.status, ""), "{address}");
    }
}

#[tokio::test]
async fn assets_are_cached_for_ever_under_their_hash() {
    let site = TestSite::with(&[]).await;
    let home = site.get("/").await.body;
    let start = home.find("/assets/site-").unwrap();
    let address = &home[start..start + home[start..].find('"').unwrap()];
    let asset = site.get(address).await;
    assert!(asset.header("cache-control").contains("immutable"));
    let request = Request::builder()
        .uri(address)
        .header(header::IF_NONE_MATCH, asset.header("etag"))
        .body(Body::empty())
        .unwrap();
    let again = reply(site.router.clone(), request).await;
    assert_eq!((again.status, again.body.as_str()), (StatusCode::NOT_MODIFIED, ""));
}

#[tokio::test]
async fn readiness_means_that_the_index_follows_the_store() {
    let mut site = TestSite::with(&some()).await;
    assert_eq!(site.get("/readyz").await.status, StatusCode::OK);
    let more = [cluster(vec![occurrence(30, "Is there a dark theme?", "Yes, in the menu.")])];
    site.keep(&more).await;
    let behind = site.get("/readyz").await;
    assert_eq!(behind.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(behind.json()["error"]["code"], "not_ready");
    site.index(&more).await;
    assert_eq!(site.get("/readyz").await.status, StatusCode::OK);
    site.store.close().await;
    assert_eq!(site.get("/readyz").await.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(site.get("/healthz").await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_broken_store_tells_visitors_nothing_of_itself() {
    let site = TestSite::with(&some()).await;
    site.store.close().await;
    let [port, _] = some();
    for address in [format!("/api/v1/answers/{}", port.id), format!("/answers/{}", port.id)] {
        let reply = site.get(&address).await;
        assert_eq!(reply.status, StatusCode::INTERNAL_SERVER_ERROR);
        for inside in ["sql", "Sql", "pool", "store failed"] {
            assert!(!reply.body.contains(inside), "{inside} in {}", reply.body);
        }
    }
}

#[tokio::test]
async fn a_panic_is_answered_without_its_message() {
    async fn fall() -> &'static str {
        panic!("the secret is 42")
    }
    let router = Router::new().route("/api/fall", get(fall));
    let router = crate::guarded(router, &HttpSettings::default(), Arc::default());
    let request = Request::builder().uri("/api/fall").body(Body::empty()).unwrap();
    let reply = reply(router, request).await;
    assert_eq!(reply.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(reply.json()["error"]["code"], "internal");
    assert!(!reply.body.contains("42"));
}

#[tokio::test(start_paused = true)]
async fn what_takes_too_long_is_given_up() {
    let router = Router::new().route("/api/wait", get(std::future::pending::<()>));
    let router = crate::guarded(router, &HttpSettings::default(), Arc::default());
    let request = Request::builder().uri("/api/wait").body(Body::empty()).unwrap();
    let reply = reply(router, request).await;
    assert_eq!(reply.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(reply.json()["error"]["code"], "timeout");
}

#[tokio::test]
async fn serving_ends_when_the_caller_says_so() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let stop = Arc::new(tokio::sync::Notify::new());
    let stopped = Arc::clone(&stop);
    let settings = HttpSettings::default();
    let stop_signal = async move { stopped.notified().await };
    let serving = crate::serve(listener, Router::new(), &settings, stop_signal);
    stop.notify_one();
    serving.await.unwrap();
}

/// Says the same hostile words in every place that a page shows.
async fn page_of_hostile_words(words: &str) -> Vec<TestResponse> {
    let mut hostile = occurrence(1, words, words);
    hostile.channel_name = words.to_owned();
    hostile.question.author_name = words.to_owned();
    hostile.reasons[0].what = words.to_owned();
    let other = occurrence(2, &format!("{words}?"), &format!("other {words}"));
    let hostile = cluster(vec![hostile, other]);
    let site = TestSite::with(std::slice::from_ref(&hostile)).await;
    let query = crate::pages::slug::percent_encoded(&words.chars().take(500).collect::<String>());
    let moved = site.get(&format!("/answers/{}", hostile.id)).await;
    let address = match moved.header("location") {
        "" => format!("/answers/{}", hostile.id),
        location => location.to_owned(),
    };
    vec![
        site.get("/").await,
        site.get(&format!("/?q={query}")).await,
        site.get(&format!("/results?q={query}")).await,
        site.get(&address).await,
        site.get(&format!("/?q=x&status={query}")).await,
        site.get(&format!("/{query}")).await,
        site.get("/browse/list/all").await,
        site.get(&format!("/e/1-0123456789abcdef?q={query}")).await,
    ]
}

/// The tags of a page. Text never holds a bare `<`, so whatever follows one is a tag.
fn tags(page: &str) -> impl Iterator<Item = &str> {
    page.split('<').skip(1).map(|piece| piece.split('>').next().unwrap_or_default())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]
    #[test]
    fn chat_never_becomes_markup(words in prop_oneof![
        Just("<script>alert(1)</script>".to_owned()),
        Just("\"><img src=x onerror=alert(1)>".to_owned()),
        Just("' onmouseover='alert(1)' <svg/onload=alert(1)>".to_owned()),
        Just("{{ asset(name='x') }} {% raw %} </textarea><iframe>".to_owned()),
        Just("[x](javascript:alert(1)) <base href=//evil.example>".to_owned()),
        Just("</title><meta http-equiv=refresh>".to_owned()),
        "[<>\"'&/a-z =`]{1,40}",
        "\\PC{1,40}",
    ]) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        for reply in runtime.block_on(page_of_hostile_words(&words)) {
            prop_assert!(reply.status != StatusCode::INTERNAL_SERVER_ERROR, "{}", reply.body);
            for tag in tags(&reply.body) {
                let name = tag.trim_start_matches('/').split([' ', '\n']).next().unwrap_or_default();
                let forbidden = ["img src=x", "iframe", "svg", "base", "textarea", "meta http"];
                prop_assert!(!forbidden.iter().any(|word| tag.trim_start_matches('/').starts_with(word)), "<{}>", tag);
                prop_assert!(name != "script" || tag.starts_with("script src=\"/assets/") || tag == "/script", "<{}>", tag);
                let attributes = tag.replace("&#39;", "").replace("&quot;", "");
                prop_assert!(!attributes.contains(" on") || ["value=\"", "href=\"", "content=\""].iter().any(|name| attributes.contains(name)), "<{}>", tag);
                prop_assert!(!tag.contains("href=\"javascript"), "<{}>", tag);
            }
        }
    }
}

#[tokio::test]
async fn an_unknown_id_is_not_found() {
    let site = TestSite::with(&some()).await;
    let id = ClusterId::of_question(MessageId(5));
    assert_eq!(site.get(&format!("/answers/{id}")).await.status, StatusCode::NOT_FOUND);
}
