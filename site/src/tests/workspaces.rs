//! Two communities in one data directory: nothing of one is in anything that the other reads.

use std::collections::BTreeSet;

use axum::http::Method;
use indexer::store::{DemandKind, FeedbackVerdict, SearchOutcome, WriteBatch};
use jiff::Timestamp;
use rules::model::ids::{ChannelId, ConversationId, GuildId, UserId};
use rules::model::message::{Channel, ChannelKind};
use rules::model::reason::WeightedReason;
use rules::model::workspace::{Workspace, Workspaces};
use rules::resolution::{ConversationVerdict, Question};
use rules::time;
use serde_json::json;

use super::*;
use crate::access::settings::VisitorSettings;
use crate::routes::{operator_routes, workspace_routes};

const ERROR: &str = "Error: cannot open database belfry.db";
/// In every text, name and id of the other community.
const MARKS: [&str; 4] = ["belfry", "Belfry", "carillon", "787878"];

pub(super) struct Communities {
    pub(super) site: TestSite,
    /// The cluster of the other community.
    pub(super) other: Cluster,
    pub(super) harbor: String,
    pub(super) tower: String,
}

fn channel(id: u64, server: u64, name: &str) -> Channel {
    Channel {
        id: ChannelId(id),
        guild: GuildId(server),
        kind: ChannelKind::Text,
        name: name.to_owned(),
        topic: None,
        parent: None,
        parent_name: None,
        tags: Vec::new(),
        closed: false,
    }
}

fn of_tower(day: u64, question: &str, answer: &str) -> rules::model::cluster::Occurrence {
    let mut one = occurrence(day, question, answer);
    one.guild = GuildId(787_878);
    one.channel = ChannelId(7_878_781);
    one.channel_name = "carillon".to_owned();
    one
}

pub(super) async fn communities() -> Communities {
    let named = |name: &str, server| Workspace {
        name: name.to_owned(),
        servers: vec![GuildId(server)],
        channels: Vec::new(),
    };
    let workspaces = Workspaces::new(vec![named("harbor", 11), named("tower", 787_878)]);
    let anonymous = Some("harbor".to_owned());
    let visitors = VisitorSettings { anonymous, ..VisitorSettings::default() };
    let failed =
        of_tower(60, &format!("Belfry fails:\n```\n{ERROR}\n```"), "Ring the belfry bell.");
    let twice = of_tower(61, "Belfry fails with the database, why?", "Ring the belfry bell.");
    let other = cluster(vec![failed, twice]);
    let [port, wallet] = some();
    let clusters = [port, wallet, other.clone()];
    let topics = test_site::topics("[[topic]]\nname = \"Belfry matters\"\nwords = [\"belfry\"]");
    let parts = TestSiteParts { workspaces, visitors, topics, ..TestSiteParts::default() };
    let mut site = TestSite::made_of(&clusters, parts).await;
    let seen = time::at_millisecond(1_759_900_000_000);
    let channels = [channel(22, 11, "help"), channel(7_878_781, 787_878, "carillon")];
    let channels = channels.map(|one| (one, seen)).to_vec();
    site.store.apply_batch(&WriteBatch { channels, ..WriteBatch::default() }).await.unwrap();
    ask_in_tower(&site, seen).await;
    let title = "Ringing the Belfry".to_owned();
    site.merge(&MergedAnswerRow { title, ..merged_port(&other) }).await;
    site.store.add_feedback(&other.id, FeedbackVerdict::Helped, NOW).await.unwrap();
    let searched = (DemandKind::Query, "k", "belfry bells");
    site.store.record_search("tower", searched, SearchOutcome::Missed, NOW).await.unwrap();
    let mut tokens = Vec::new();
    for name in ["harbor", "tower"] {
        tokens.push(
            site.token(|row| {
                row.id = name.to_owned();
                row.workspace = name.to_owned();
                row.scopes = "admin".to_owned();
                row.per_minute = 10_000;
            })
            .await,
        );
    }
    let [harbor, tower] = tokens.try_into().unwrap();
    Communities { site, other, harbor, tower }
}

/// An open question of the other community.
async fn ask_in_tower(site: &TestSite, seen: Timestamp) {
    let id = MessageId::min_at(seen - time::days(1));
    let question = Question {
        messages: vec![id],
        asker: UserId(7),
        asked: id.created_at(),
        reasons: vec![WeightedReason::new("belfry", 0.0)],
    };
    let verdict = ConversationVerdict::Open { question, answers: Vec::new(), reasons: Vec::new() };
    let open = ExchangeRow {
        id,
        status: ExchangeStatus::Open,
        asked: None,
        verdict: indexer::store::write_verdict(&verdict),
        occurrence: None,
    };
    let row = ConversationRow {
        id: ConversationId(id),
        channel: ChannelId(7_878_781),
        last: id,
        links: "[]".to_owned(),
        exchanges: vec![open],
    };
    site.store.save_conversations(&[row]).await.unwrap();
}

/// Requests for what the other community has, for every route; a route that is missing here fails the test.
fn requests(other: &Cluster) -> Vec<(&'static str, Vec<SentRequest>)> {
    let id = &other.id;
    let fingerprint = rules::error_fingerprint::normalized_errors(ERROR)[0].fingerprint();
    let get = |addresses: &[&str]| {
        let one = |address: &&str| (Method::GET, (*address).to_owned(), String::new());
        addresses.iter().map(one).collect::<Vec<_>>()
    };
    let send = |method: &Method, address: String, body: &str| {
        vec![(method.clone(), address, body.to_owned())]
    };
    let tool = |name: &str, arguments| {
        let params = json!({ "name": name, "arguments": arguments });
        let call = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params });
        (Method::POST, "/mcp".to_owned(), call.to_string())
    };
    let tools = vec![
        tool("search_answers", json!({ "query": "ringing bell" })),
        tool("search_answers", json!({ "query": "ringing bel" })),
        tool("get_answer", json!({ "id": id.as_str() })),
        tool("find_by_error", json!({ "text": "cannot open database x.db" })),
        tool("get_fact", json!({ "name": "belfry" })),
        tool("report_outdated", json!({ "id": id.as_str() })),
    ];
    vec![
        ("/", get(&["/", "/?q=ringing+bell", "/?q=ringng+bel&channel=7878781"])),
        ("/results", get(&["/results", "/results?q=ringing+bell"])),
        (
            "/answers/{slug}",
            get(&[
                &format!("/answers/{id}"),
                &format!("/answers/ringing-the-belfry-{id}"),
                &format!("/answers/ringing-the-belfry-{id}.md"),
                &format!("/answers/ringing-the-belfry-{id}.json"),
            ]),
        ),
        (
            "/answers/{slug}/feedback/{verdict}",
            send(&Method::POST, format!("/answers/x-{id}/feedback/wrong"), ""),
        ),
        ("/browse", get(&["/browse"])),
        (
            "/browse/{kind}/{name}",
            get(&[
                "/browse/list/all",
                "/browse/server/787878",
                "/browse/channel/7878781",
                "/browse/topic/Belfry%20matters",
            ]),
        ),
        ("/reports/briefing", get(&["/reports/briefing?period=month"])),
        ("/reports/questions", get(&["/reports/questions?list=asked"])),
        ("/reports/contradictions", get(&["/reports/contradictions"])),
        ("/review", get(&["/review"])),
        ("/review/{id}", get(&[&format!("/review/{id}")])),
        ("/review/{id}/{decision}", send(&Method::POST, format!("/review/{id}/accept"), "")),
        ("/review/undo/{seq}", send(&Method::POST, "/review/undo/1".to_owned(), "")),
        ("/review/sign-in", get(&["/review/sign-in"])),
        ("/review/sign-out", send(&Method::POST, "/review/sign-out".to_owned(), "")),
        ("/e/{fingerprint}", get(&[&format!("/e/{fingerprint}")])),
        ("/sitemap.xml", get(&["/sitemap.xml"])),
        ("/feed.atom", get(&["/feed.atom"])),
        ("/opensearch.xml", get(&["/opensearch.xml"])),
        ("/llms.txt", get(&["/llms.txt"])),
        ("/robots.txt", get(&["/robots.txt"])),
        ("/mcp", tools),
        (
            "/api/v1/search",
            get(&[
                "/api/v1/search?q=ringing+bell",
                "/api/v1/search?q=ringng",
                "/api/v1/search?q=bell&format=markdown",
                "/api/v1/search?q=bell&channel=7878781",
            ]),
        ),
        (
            "/api/v1/answers",
            get(&[
                "/api/v1/answers",
                "/api/v1/answers?status=known",
                "/api/v1/answers?format=markdown",
            ]),
        ),
        ("/api/v1/answers/{id}", get(&[&format!("/api/v1/answers/{id}")])),
        (
            "/api/v1/answers/{id}/feedback",
            send(&Method::POST, format!("/api/v1/answers/{id}/feedback"), r#"{"verdict":"wrong"}"#),
        ),
        ("/api/v1/clusters", get(&["/api/v1/clusters"])),
        ("/api/v1/topics", get(&["/api/v1/topics", "/api/v1/topics?format=markdown"])),
        ("/api/v1/facts", get(&["/api/v1/facts", "/api/v1/facts?q=bell"])),
        ("/api/v1/suggest", get(&["/api/v1/suggest?q=ringing", "/api/v1/suggest?q=bell"])),
        ("/api/v1/errors", get(&["/api/v1/errors?text=cannot+open+database+y.db"])),
        ("/api/v1/backlog", get(&["/api/v1/backlog"])),
        ("/api/v1/changes", get(&["/api/v1/changes"])),
        ("/api/v1/demand", get(&["/api/v1/demand"])),
        ("/favicon.ico", get(&["/favicon.ico"])),
        ("/assets/{name}", get(&["/assets/site.css"])),
        ("/healthz", get(&["/healthz"])),
        ("/readyz", get(&["/readyz"])),
        // Counts of the whole installation, for the operator alone.
        ("/metrics", get(&["/metrics"])),
        (
            "/api/v1/clusters/{id}/same-as",
            send(&Method::DELETE, format!("/api/v1/clusters/{id}/same-as"), ""),
        ),
        (
            "/api/v1/clusters/{id}/same-as/{other}",
            send(&Method::PUT, format!("/api/v1/clusters/{}/same-as/{id}", some()[0].id), ""),
        ),
    ]
}

impl Communities {
    async fn ask_as(
        &self,
        token: Option<&str>,
        (method, address, body): &SentRequest,
    ) -> TestResponse {
        let mut headers = vec![("content-type", "application/json")];
        let bearer = token.map(|token| format!("Bearer {token}"));
        headers.extend(bearer.as_deref().map(|bearer| ("authorization", bearer)));
        self.site.send(method.clone(), address, &headers, body).await
    }
}

type SentRequest = (Method, String, String);

/// What of the other community is in a response, besides what the request itself names.
fn leaked(reply: &TestResponse, other: &Cluster, request: &SentRequest) -> Vec<String> {
    let (_, address, body) = request;
    let said = format!("{:?}\n{}", reply.headers, reply.body);
    let marks = MARKS.into_iter().chain([other.id.as_str()]);
    let marks = marks.filter(|mark| !address.contains(mark) && !body.contains(mark));
    marks.filter(|mark| said.contains(mark)).map(str::to_owned).collect()
}

#[tokio::test]
async fn nothing_of_another_workspace_is_in_any_response() {
    let all = communities().await;
    let mut shown = BTreeSet::new();
    for (path, requests) in requests(&all.other) {
        for request in &requests {
            for token in [None, Some(all.harbor.as_str())] {
                let reply = all.ask_as(token, request).await;
                assert!(!reply.status.is_server_error(), "{request:?}: {}", reply.body);
                let leaked = leaked(&reply, &all.other, request);
                assert!(leaked.is_empty(), "{leaked:?} in {request:?}: {}", reply.body);
            }
            let reply = all.ask_as(Some(&all.tower), request).await;
            assert!(!reply.status.is_server_error(), "{request:?}: {}", reply.body);
            if !leaked(&reply, &all.other, request).is_empty() || reply.status.is_success() {
                shown.insert(path);
            }
        }
    }
    // The same requests show it to those whose it is: the test asks for what is there.
    // Reports are about everything, so that a site that is divided has none.
    let silent = [
        "/api/v1/clusters/{id}/same-as",
        "/api/v1/clusters/{id}/same-as/{other}",
        "/reports/briefing",
        "/reports/questions",
        "/reports/contradictions",
        // Nothing waits there, and decisions lead back to the list.
        "/review/{id}/{decision}",
        "/review/undo/{seq}",
        "/review/sign-out",
        // Names of files carry their digest.
        "/assets/{name}",
    ];
    for (path, _) in requests(&all.other) {
        assert!(
            shown.contains(path) || silent.contains(&path) || path.contains("feedback"),
            "{path}"
        );
    }
    let counts = all.site.store.feedback(&all.other.id).await.unwrap();
    assert!(counts.wrong + counts.outdated <= 1, "only the token of the tower counts: {counts:?}");
}

#[tokio::test]
async fn the_operator_sees_the_counts_of_all_workspaces() {
    let metrics = communities().await.site.get("/metrics").await;
    assert_eq!(metrics.status, StatusCode::OK, "{}", metrics.body);
    let counts = metrics.body.lines().filter_map(|line| line.strip_prefix("harvester_clusters{"));
    let counts = counts.filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok());
    assert_eq!(counts.sum::<u64>(), 3, "{}", metrics.body);
}

#[tokio::test]
async fn every_route_and_tool_is_asked() {
    let all = communities().await;
    let asked = requests(&all.other);
    let paths = asked.iter().map(|(path, _)| (*path).to_owned()).collect::<BTreeSet<_>>();
    let description = all.site.get("/api/v1/openapi.json").await.json();
    let described = description["paths"].as_object().unwrap().keys().cloned();
    let routed = workspace_routes().into_iter().map(|(path, ..)| path.to_owned());
    let open =
        operator_routes(&HttpSettings::default()).into_iter().map(|(path, _)| path.to_owned());
    assert_eq!(paths, described.chain(routed).chain(open).collect::<BTreeSet<_>>());
    let list = json!({ "jsonrpc": "2.0", "id": 2, "method": "tools/list" }).to_string();
    let json = [("content-type", "application/json")];
    let tools = all.site.send(Method::POST, "/mcp", &json, &list).await.json();
    let bodies = asked.iter().flat_map(|(_, requests)| requests).map(|(_, _, body)| body);
    let bodies = bodies.map(String::as_str).collect::<String>();
    for tool in tools["result"]["tools"].as_array().unwrap() {
        assert!(bodies.contains(&tool["name"].to_string()), "{tool}");
    }
}

#[tokio::test]
async fn a_tag_and_the_changes_tell_nothing_of_another_workspace() {
    let mut all = communities().await;
    let address = "/api/v1/search?q=port";
    let tag = all.site.get(address).await.header("etag").to_owned();
    let tower = all.site.get_by(address, &all.tower).await.header("etag").to_owned();
    let seen = all.site.get("/api/v1/changes?limit=100").await.json();
    let own = seen["changes"].as_array().unwrap().len();
    let title = "Ringing the Belfry again".to_owned();
    let again = MergedAnswerRow { title, digest: "e".into(), ..merged_port(&all.other) };
    all.site.merge(&again).await;
    let same = all.site.get_with(address, &[("if-none-match", &tag)]).await;
    assert_eq!(same.status, StatusCode::NOT_MODIFIED);
    let changed = all.site.get_by(address, &all.tower).await;
    assert_ne!(changed.header("etag"), tower);
    let after = all.site.get("/api/v1/changes?limit=100").await.json();
    assert_eq!(after["changes"].as_array().unwrap().len(), own);
    let cursor = seen["meta"]["cursor"].as_str().unwrap();
    let next = all.site.get_by(&format!("/api/v1/changes?cursor={cursor}"), &all.tower).await;
    let next = next.json();
    assert_eq!(next["changes"][0]["id"], all.other.id.as_str(), "{next}");
    assert_eq!(next["changes"][0]["kind"], "changed");
}

#[tokio::test]
async fn a_question_of_two_workspaces_is_shown_to_neither() {
    let all = communities().await;
    let ours = occurrence(70, "Where is the gangway key?", "On the hook.");
    let mixed =
        cluster(vec![ours, of_tower(71, "where is the gangway key", "On the belfry hook.")]);
    all.site.keep(std::slice::from_ref(&mixed)).await;
    for token in [&all.harbor, &all.tower] {
        let reply = all.site.get_by(&format!("/api/v1/answers/{}", mixed.id), token).await;
        assert_eq!(reply.status, StatusCode::NOT_FOUND);
    }
}
