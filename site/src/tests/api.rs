//! What programs read.

use indexer::store::WriteBatch;
use rules::model::ids::{ChannelId, ConversationId, GuildId};
use rules::model::message::{Channel, ChannelKind};
use serde_json::Value;

use super::*;

const MODULE_ERROR: &str = "Error: Cannot find module '/home/ann/bot/dist/index.js'";

/// A site where somebody solved an error.
async fn solved() -> (TestSite, Cluster) {
    let question = format!("My bot is down since the update:\n```\n{MODULE_ERROR}\n```");
    let failed = cluster(vec![occurrence(50, &question, "Run the build before you start it.")]);
    let [port, wallet] = some();
    (TestSite::with(&[failed.clone(), port, wallet]).await, failed)
}

#[tokio::test]
async fn an_error_leads_to_its_answer_from_any_machine() {
    let (site, failed) = solved().await;
    let text = r#"cannot find module "C:\Users\Bo\bot\dist\index.js""#;
    let query = crate::pages::slug::percent_encoded(text);
    let found = site.get(&format!("/api/v1/errors?text={query}")).await.json();
    let error = &found["errors"][0];
    assert_eq!(error["answer"]["id"], failed.id.as_str(), "{found}");
    assert_eq!(error["normalized"], "cannot find module '<path>'");
    let link = error["url"].as_str().unwrap().strip_prefix("http://localhost").unwrap();
    let moved = site.get(link).await;
    assert_eq!(moved.status, StatusCode::TEMPORARY_REDIRECT);
    assert!(moved.header("location").ends_with(failed.id.as_str()));
}

#[tokio::test]
async fn an_unknown_error_offers_to_search() {
    let (site, _) = solved().await;
    let unknown = site.get("/e/1-0123456789abcdef?q=Cannot+open+%3Cfile%3E").await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
    for part in ["No answer to this error yet", "value=\"Cannot open &lt;file&gt;\"", "noindex"] {
        assert!(unknown.body.contains(part), "{part} in {}", unknown.body);
    }
    assert_eq!(site.get("/e/nonsense").await.status, StatusCode::NOT_FOUND);
    let general = site.get("/api/v1/errors?text=error").await.json();
    assert_eq!(general["errors"], Value::Array(Vec::new()));
    assert_eq!(site.get("/api/v1/errors").await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_list_goes_on_at_its_cursor() {
    let (site, _) = solved().await;
    let mut seen = Vec::new();
    let mut address = "/api/v1/answers?limit=1".to_owned();
    loop {
        let page = site.get(&address).await.json();
        seen.push(page["answers"][0]["id"].as_str().unwrap().to_owned());
        assert_eq!(page["meta"]["total"], 3);
        let Some(cursor) = page["meta"]["next_cursor"].as_str() else { break };
        address = format!("/api/v1/answers?limit=1&cursor={cursor}");
    }
    seen.dedup();
    assert_eq!(seen.len(), 3);
    let recurring = site.get("/api/v1/clusters").await.json();
    assert_eq!(recurring["clusters"].as_array().unwrap().len(), 1);
    for wrong in ["limit=0", "limit=101", "limit=x", "cursor=x", "status=maybe", "page=2"] {
        let reply = site.get(&format!("/api/v1/answers?{wrong}")).await;
        assert_eq!(reply.status, StatusCode::BAD_REQUEST, "{wrong}");
        assert_eq!(reply.json()["error"]["code"], "bad_request", "{wrong}");
    }
}

#[tokio::test]
async fn suggestions_come_while_somebody_types() {
    let (site, _) = solved().await;
    let typed = site.get("/api/v1/suggest?q=server+po").await.json();
    assert_eq!(typed["suggestions"][0]["title"], "Where do I set the server port?");
    let browser = site.get("/api/v1/suggest?q=server+po&format=opensearch").await.json();
    assert_eq!(browser[0], "server po");
    assert_eq!(browser[1][0], "Where do I set the server port?");
    assert!(browser[3][0].as_str().unwrap().starts_with("http://localhost/answers/"));
    let nothing = site.get("/api/v1/suggest?q=").await.json();
    assert_eq!(nothing["suggestions"], Value::Array(Vec::new()));
}

#[tokio::test]
async fn a_search_has_a_markdown_form() {
    let (site, _) = solved().await;
    let reply = site.get("/api/v1/search?q=server+port&format=markdown").await;
    assert_eq!(reply.header("content-type"), "text/markdown; charset=utf-8");
    assert!(
        reply.body.starts_with("- [Where do I set the server port?](http://localhost/answers/")
    );
    let wrong = site.get("/api/v1/search?q=x&format=pdf").await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn what_has_not_changed_is_not_sent_again() {
    let (mut site, _) = solved().await;
    let address = "/api/v1/search?q=port";
    let first = site.get(address).await;
    let tag = first.header("etag").to_owned();
    assert!(tag.starts_with("W/\""), "{tag}");
    let again = site.get_with(address, &[("if-none-match", &tag)]).await;
    assert_eq!((again.status, again.body.as_str()), (StatusCode::NOT_MODIFIED, ""));
    let more = [cluster(vec![occurrence(30, "Which port has the relay?", "Port 80.")])];
    site.keep(&more).await;
    let behind = site.get_with(address, &[("if-none-match", &tag)]).await;
    assert_eq!(behind.status, StatusCode::OK);
    site.index(&more).await;
    let fresh = site.get_with(address, &[("if-none-match", behind.header("etag"))]).await;
    assert_eq!(fresh.status, StatusCode::OK, "the index has caught up since");
    assert!(fresh.body.contains("relay"));
}

#[tokio::test]
async fn only_listed_origins_may_read_from_a_script() {
    let allowed_origins = vec!["https://docs.example.org".parse().unwrap()];
    let settings = HttpSettings { allowed_origins, ..HttpSettings::default() };
    let site = TestSite::with_settings(&some(), &settings).await;
    for (origin, allowed) in
        [("https://docs.example.org", "https://docs.example.org"), ("https://evil.example", "")]
    {
        let reply = site.get_with("/api/v1/search?q=port", &[("origin", origin)]).await;
        assert_eq!(reply.header("access-control-allow-origin"), allowed);
        assert_eq!(
            site.get_with("/", &[("origin", origin)]).await.header("access-control-allow-origin"),
            ""
        );
    }
}

#[tokio::test]
async fn responses_are_compressed_for_those_who_can_read_it() {
    let (site, _) = solved().await;
    let request = Request::builder()
        .uri("/")
        .header(header::HOST, "localhost")
        .header(header::ACCEPT_ENCODING, "gzip")
        .extension(PeerAddress("127.0.0.1".parse().unwrap()));
    let response = site.router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    assert_eq!(response.headers()["content-encoding"], "gzip");
    assert_eq!(site.get("/").await.header("content-encoding"), "");
}

#[tokio::test]
async fn every_described_route_answers_and_every_failure_is_an_envelope() {
    let (site, failed) = solved().await;
    let description = site.get("/api/v1/openapi.json").await.json();
    assert_eq!(description["openapi"], "3.1.0");
    let paths = description["paths"].as_object().unwrap();
    assert!(paths.len() >= 6);
    for (path, methods) in paths {
        for (method, described) in methods.as_object().unwrap() {
            for (status, response) in described["responses"].as_object().unwrap() {
                assert!(response["description"].is_string(), "{status} of {path}");
            }
            let address = path.replace("{id}", failed.id.as_str()).replace("{other}", "q1");
            let address = format!("{address}?q=port&text=x");
            let reply = site.ask(&method.to_uppercase(), &address).await;
            assert_ne!(reply.status, StatusCode::NOT_FOUND, "{method} {path}");
            assert!(!reply.status.is_server_error(), "{method} {path}");
            if reply.status != StatusCode::OK {
                let reply = reply.json();
                let code = reply["error"]["code"].as_str().unwrap();
                assert!(["bad_request", "unauthorized"].contains(&code), "{method} {path}: {code}");
            }
        }
    }
}

#[tokio::test]
async fn open_questions_are_listed_by_link_without_words() {
    let site = TestSite::with(&[]).await;
    let channel = |id, name: &str| Channel {
        id: ChannelId(id),
        guild: GuildId(11),
        kind: ChannelKind::Text,
        name: name.to_owned(),
        topic: None,
        parent: None,
        parent_name: None,
        tags: Vec::new(),
    };
    let seen = Millis(1_759_900_000_000);
    let channels = vec![(channel(22, "help"), seen), (channel(23, "backroom"), seen)];
    let hidden = vec![(ChannelId(23), Millis(seen.0 + 1))];
    let batch = WriteBatch { channels, hidden, ..WriteBatch::default() };
    site.store.apply_batch(&batch).await.unwrap();
    let asked = [(1, 22), (2, 23), (3, 22)].map(|(day, channel)| ConversationRow {
        id: ConversationId(MessageId::min_at(Millis(seen.0 - day * Millis::DAY))),
        channel: ChannelId(channel),
        last: MessageId::min_at(Millis(seen.0 - day * Millis::DAY)),
        links: String::new(),
        exchanges: vec![ExchangeRow {
            id: MessageId::min_at(Millis(seen.0 - day * Millis::DAY)),
            status: ExchangeStatus::Open,
            verdict: "\"the zanzibar question\"".to_owned(),
            occurrence: None,
        }],
    });
    site.store.save_conversations(&asked).await.unwrap();
    let first = site.get("/api/v1/backlog?limit=1").await;
    assert!(!first.body.contains("backroom") && !first.body.contains("zanzibar"));
    let first = first.json();
    assert_eq!(first["meta"]["total"], 2, "{first}");
    let question = &first["questions"][0];
    assert_eq!(question["channel"]["name"], "help");
    assert_eq!(question["days_open"], 4);
    assert!(question["url"].as_str().unwrap().starts_with("https://discord.com/channels/11/22/"));
    let cursor = first["meta"]["next_cursor"].as_str().unwrap();
    let rest = site.get(&format!("/api/v1/backlog?cursor={cursor}")).await.json();
    assert_eq!(rest["questions"][0]["days_open"], 2);
    assert!(rest["meta"]["next_cursor"].is_null());
    assert_eq!(site.get("/api/v1/backlog?days=91").await.status, StatusCode::BAD_REQUEST);
}
