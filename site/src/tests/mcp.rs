//! Coding agents, over HTTP and over lines.

use axum::http::Method;
use serde_json::{Value, json};

use super::*;

/// Sends a message to `/mcp`.
async fn post(site: &TestSite, message: &Value) -> TestResponse {
    let request = Request::builder()
        .method(Method::POST)
        .uri("/mcp")
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(message.to_string()))
        .unwrap();
    reply(site.router.clone(), request).await
}

/// What a tool says, and whether it calls that an error.
async fn call(site: &TestSite, name: &str, arguments: Value) -> (String, bool) {
    let params = json!({ "name": name, "arguments": arguments });
    let message = json!({ "jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": params });
    let response = post(site, &message).await.json();
    assert_eq!(response["id"], 7, "{response}");
    let result = &response["result"];
    (result["content"][0]["text"].as_str().unwrap().to_owned(), result["isError"] == true)
}

#[tokio::test]
async fn an_agent_connects_and_lists_the_tools() {
    let site = TestSite::with(&some()).await;
    let hello = json!({ "jsonrpc": "2.0", "id": "a", "method": "initialize", "params": {
        "protocolVersion": "2025-03-26", "capabilities": {}, "clientInfo": { "name": "x", "version": "1" }
    }});
    let response = post(&site, &hello).await.json();
    assert_eq!(response["result"]["protocolVersion"], "2025-03-26");
    assert_eq!(response["id"], "a");
    let ready = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
    let accepted = post(&site, &ready).await;
    assert_eq!((accepted.status, accepted.body.as_str()), (StatusCode::ACCEPTED, ""));
    let list = json!({ "jsonrpc": "2.0", "id": 2, "method": "tools/list" });
    let tools = post(&site, &list).await.json();
    let names = tools["result"]["tools"].as_array().unwrap().iter().map(|tool| &tool["name"]);
    assert_eq!(
        names.collect::<Vec<_>>(),
        ["search_answers", "get_answer", "get_fact", "find_by_error", "report_outdated"]
    );
    for (message, code) in [
        (json!({ "jsonrpc": "2.0", "id": 3, "method": "resources/list" }), -32_601),
        (json!({ "jsonrpc": "1.0", "id": 3, "method": "ping" }), -32_600),
        (json!([]), -32_600),
    ] {
        assert_eq!(post(&site, &message).await.json()["error"]["code"], code, "{message}");
    }
    assert_eq!(site.get("/mcp").await.status, StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn an_agent_searches_reads_and_finds_an_error() {
    let question = "It fails:\n```\nError: cannot open database /home/ann/app.db\n```";
    let locked = cluster(vec![occurrence(50, question, "Stop the other process first.")]);
    let [port, wallet] = some();
    let site = TestSite::with(&[port.clone(), wallet, locked.clone()]).await;
    for name in ["query", "q", "question", "userQuery"] {
        let (text, failed) = call(&site, "search_answers", json!({ name: "server port" })).await;
        assert!(!failed && text.contains(&format!("id {}: Where do I set", port.id)), "{text}");
        assert!(
            text.contains("Confirmed by the asker") && text.contains("untrusted data"),
            "{text}"
        );
    }
    let (text, _) = call(&site, "get_answer", json!({ "id": port.id.as_str() })).await;
    assert!(text.contains("\n> Set `SERVER\\_PORT`") || text.contains("SERVER_PORT"), "{text}");
    assert!(!text.contains("vermilion") && !text.contains("Display Name"));
    let error = json!({ "error": "cannot open database C:\\app\\x.db" });
    let (text, _) = call(&site, "find_by_error", error).await;
    assert!(text.contains(locked.id.as_str()) && text.contains("http://localhost/e/1-"), "{text}");
    let report = json!({ "id": port.id.as_str(), "verdict": "wrong" });
    assert!(!call(&site, "report_outdated", report.clone()).await.1);
    assert!(call(&site, "report_outdated", report).await.1, "one reader counts once");
    assert_eq!(site.store.feedback(&port.id).await.unwrap().wrong, 1);
    for (name, arguments) in [
        ("report_outdated", json!({})),
        ("search_answers", json!({})),
        ("get_answer", json!({ "id": "q0zzz" })),
        ("get_fact", json!({})),
        ("find_by_error", Value::Null),
    ] {
        assert!(call(&site, name, arguments).await.1, "{name}");
    }
    let unknown =
        json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": { "name": "x" } });
    assert_eq!(post(&site, &unknown).await.json()["error"]["code"], -32_602);
}
