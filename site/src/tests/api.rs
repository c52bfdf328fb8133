//! What programs read.

use indexer::store::WriteBatch;
use jiff::SignedDuration;
use rules::model::ids::{ChannelId, ConversationId, GuildId};
use rules::model::message::{Channel, ChannelKind};
use rules::time;
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

/// A site whose answers are about three topics.
async fn with_topics() -> TestSite {
    let file = r#"
        [[topic]]
        name = "Set-up"
        words = ["port"]
        [[topic]]
        name = "Build *and* run"
        words = ["build"]
        [[topic]]
        name = "지갑"
        words = ["지갑"]
        [[topic]]
        name = "Never asked"
        words = ["gardening"]
    "#;
    let question = format!("My bot is down since the update:\n```\n{MODULE_ERROR}\n```");
    let failed = cluster(vec![occurrence(50, &question, "Run the build before you start it.")]);
    let [port, wallet] = some();
    let parts = TestSiteParts { topics: test_site::topics(file), ..TestSiteParts::default() };
    TestSite::made_of(&[failed, port, wallet], parts).await
}

#[tokio::test]
async fn topics_are_listed_with_their_answers() {
    let site = with_topics().await;
    let first = site.get("/api/v1/topics?limit=2").await;
    let tag = first.header("etag").to_owned();
    let first = first.json();
    let named = |page: &Value| {
        let topics = page["topics"].as_array().unwrap().iter();
        topics.map(|one| (one["name"].clone(), one["answers"].clone())).collect::<Vec<_>>()
    };
    assert_eq!(named(&first), [("Build *and* run".into(), 1.into()), ("Set-up".into(), 1.into())]);
    assert_eq!(first["meta"]["total"], 3, "a topic without answers is not listed");
    let cursor = first["meta"]["next_cursor"].as_str().unwrap();
    let rest = site.get(&format!("/api/v1/topics?cursor={cursor}")).await.json();
    assert_eq!(named(&rest), [("지갑".into(), 1.into())]);
    assert!(rest["meta"]["next_cursor"].is_null());
    for topic in first["topics"].as_array().unwrap() {
        let page = site.get(topic["url"].as_str().unwrap()).await;
        assert_eq!(page.status, StatusCode::OK, "{topic}");
    }
    let of_topic = site.get("/api/v1/answers?topic=Set-up").await.json();
    assert_eq!(of_topic["answers"][0]["title"], "Where do I set the server port?");
    assert_eq!(of_topic["meta"]["total"], 1);
    assert_eq!(site.get("/api/v1/answers?topic=None").await.json()["meta"]["total"], 0);
    let both = site.get("/api/v1/answers?topic=Set-up&status=known").await;
    assert_eq!(both.status, StatusCode::BAD_REQUEST);
    let again = site.get_with("/api/v1/topics?limit=2", &[("if-none-match", &tag)]).await;
    assert_eq!(again.status, StatusCode::NOT_MODIFIED);
}

#[tokio::test]
async fn lists_have_a_markdown_form() {
    let site = with_topics().await;
    let topics = site.get("/api/v1/topics?format=markdown").await;
    assert_eq!(topics.header("content-type"), "text/markdown; charset=utf-8");
    let first = r"- [Build \*and\* run](http://localhost/browse/topic/Build%20%2Aand%2A%20run): 1";
    assert!(topics.body.starts_with(first), "{}", topics.body);
    for address in ["/api/v1/answers", "/api/v1/clusters"] {
        let list = site.get(&format!("{address}?format=markdown")).await;
        assert_eq!(list.header("content-type"), "text/markdown; charset=utf-8");
        assert!(list.body.contains("[Where do I set the server port?](http://localhost/answers/"));
        let wrong = site.get(&format!("{address}?format=pdf")).await;
        assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
    }
}

#[tokio::test]
async fn a_search_explains_its_scores() {
    let (site, _) = solved().await;
    let plain = site.get("/api/v1/search?q=server+port+zebra").await.json();
    assert!(plain["answers"][0]["score"].is_null(), "{plain}");
    let explained = site.get("/api/v1/search?q=server+port+zebra&explain=true").await.json();
    let score = &explained["answers"][0]["score"];
    let terms = score["terms"].as_array().unwrap();
    let words = terms.iter().map(|one| one["term"].as_str().unwrap()).collect::<Vec<_>>();
    assert_eq!(words, ["server", "port", "zebra"], "{score}");
    let earned = terms.iter().map(|one| one["score"].as_f64().unwrap()).collect::<Vec<_>>();
    assert!(earned[0] > 0.0 && earned[1] > 0.0 && earned[2] == 0.0, "{score}");
    let total = score["prior"].as_f64().unwrap() * earned.iter().sum::<f64>();
    assert!((score["total"].as_f64().unwrap() - total).abs() < 1e-3, "{score}");
    let wrong = site.get("/api/v1/search?q=port&explain=maybe").await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
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
    let nouns =
        ["search", "answers", "clusters", "topics", "backlog", "changes", "suggest", "errors"];
    for noun in nouns {
        assert!(paths.contains_key(&format!("/api/v1/{noun}")), "{noun}");
    }
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
    let seen = time::at_millisecond(1_759_900_000_000);
    let channels = vec![(channel(22, "help"), seen), (channel(23, "backroom"), seen)];
    let hidden = vec![(ChannelId(23), seen + SignedDuration::from_millis(1))];
    let batch = WriteBatch { channels, hidden, ..WriteBatch::default() };
    site.store.apply_batch(&batch).await.unwrap();
    let asked = [(1, 22), (2, 23), (3, 22)].map(|(day, channel)| ConversationRow {
        id: ConversationId(MessageId::min_at(seen - time::days(day))),
        channel: ChannelId(channel),
        last: MessageId::min_at(seen - time::days(day)),
        links: "[]".to_owned(),
        exchanges: vec![ExchangeRow {
            id: MessageId::min_at(seen - time::days(day)),
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
    let list = site.get("/api/v1/backlog?format=markdown&limit=1").await;
    assert_eq!(list.header("content-type"), "text/markdown; charset=utf-8");
    let ends = list.body.ends_with(" in #help, open for 4 days\n");
    assert!(list.body.starts_with("- [2") && ends, "{}", list.body);
    let of_channel = site.get("/api/v1/backlog?channel=23").await.json();
    assert_eq!(of_channel["meta"]["total"], 0, "a hidden channel has no questions for anybody");
    assert_eq!(site.get("/api/v1/backlog?channel=22").await.json()["meta"]["total"], 2);
    assert_eq!(site.get("/api/v1/backlog?channel=help").await.status, StatusCode::BAD_REQUEST);
    assert_eq!(site.get("/api/v1/backlog?days=91").await.status, StatusCode::BAD_REQUEST);
}
