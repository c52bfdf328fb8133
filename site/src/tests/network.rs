//! Strangers: slow ones, greedy ones, and those who come under another name.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use axum::body::Bytes;
use axum::routing::MethodRouter;
use rules::time;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinSet;

use super::*;
use crate::http::settings::{HttpTimeouts, MetricsToken, RequestRate};
use crate::http::webhooks::{WebhookReceiver, WebhookReply};

/// A test that waits longer than this has failed.
const PATIENCE: Duration = Duration::from_secs(60);
const NEVER: Duration = Duration::from_secs(86_400);
const SOON: Duration = Duration::from_millis(50);

/// Time-outs that no test reaches.
fn patient() -> HttpSettings {
    let timeouts = HttpTimeouts { head: NEVER, body: NEVER, response: NEVER, write: NEVER };
    HttpSettings { timeouts, ..HttpSettings::default() }
}

/// A server on a free port; it ends with the set.
async fn started(router: Router, settings: HttpSettings) -> (SocketAddr, JoinSet<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let mut server = JoinSet::new();
    server.spawn(async move {
        crate::serve(listener, router, &settings, std::future::pending()).await.unwrap();
    });
    (address, server)
}

fn one_page(page: MethodRouter) -> Router {
    Router::new().route("/", page)
}

/// Connects and sends the start of something.
async fn connect_and_send(address: SocketAddr, text: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(text.as_bytes()).await.unwrap();
    stream
}

/// Everything that comes until the other end closes.
async fn read_response(mut stream: TcpStream) -> String {
    let mut bytes = Vec::new();
    let read = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut bytes)).await.unwrap();
    // A connection that is closed with unread data in it ends with an error.
    drop(read);
    String::from_utf8(bytes).unwrap()
}

/// Waits for a text to arrive.
async fn await_text(stream: &mut TcpStream, text: &str) {
    let mut response = String::new();
    while !response.contains(text) {
        let mut bytes = [0; 256];
        let read = tokio::time::timeout(PATIENCE, stream.read(&mut bytes)).await.unwrap().unwrap();
        assert!(read > 0, "the connection ended after {response:?}");
        response.push_str(std::str::from_utf8(&bytes[..read]).unwrap());
    }
}

const GET: &str = "GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";

#[tokio::test]
async fn sockets_that_ask_nothing_make_room_for_who_asks() {
    let settings = HttpSettings { max_connections: 8, ..patient() };
    let (address, _server) = started(one_page(get("here")), settings).await;
    let mut silent = Vec::new();
    for count in 0..30 {
        silent.push(
            connect_and_send(address, if count % 2 == 0 { "" } else { "GET / HTTP/1.1\r\nho" })
                .await,
        );
    }
    for _ in 0..3 {
        assert!(read_response(connect_and_send(address, GET).await).await.ends_with("here"));
    }
    let first = silent.remove(0);
    assert_eq!(read_response(first).await, "", "the one that waited longest was closed");
}

#[tokio::test]
async fn a_connection_that_is_kept_waits_with_the_others() {
    let settings = HttpSettings { max_connections: 2, ..patient() };
    let (address, _server) = started(one_page(get("here")), settings).await;
    let mut kept = connect_and_send(address, "GET / HTTP/1.1\r\nhost: localhost\r\n\r\n").await;
    await_text(&mut kept, "here").await;
    let _silent = connect_and_send(address, "").await;
    assert!(read_response(connect_and_send(address, GET).await).await.ends_with("here"));
    assert_eq!(read_response(kept).await, "");
}

#[tokio::test]
async fn headers_that_do_not_come_end_the_connection() {
    let timeouts = HttpTimeouts { head: SOON, ..patient().timeouts };
    let (address, _server) =
        started(one_page(get("here")), HttpSettings { timeouts, ..patient() }).await;
    for start in ["", "GET / HTTP/1.1\r\n", "GET / HTTP/1.1\r\nhost: localhost\r\n\r\n"] {
        let answer = read_response(connect_and_send(address, start).await).await;
        assert_eq!(answer.ends_with("here"), start.ends_with("\r\n\r\n"), "{start:?}: {answer}");
    }
}

/// A body that tells when it is dropped.
struct LargeBody(Vec<u8>, Arc<Notify>);

impl AsRef<[u8]> for LargeBody {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Drop for LargeBody {
    fn drop(&mut self) {
        self.1.notify_one();
    }
}

#[tokio::test]
async fn a_response_that_nobody_takes_is_dropped() {
    let timeouts = HttpTimeouts { write: SOON, ..patient().timeouts };
    let dropped = Arc::new(Notify::new());
    let notify = Arc::clone(&dropped);
    let page = get(async move || Bytes::from_owner(LargeBody(vec![0; 64 << 20], notify)));
    let (address, _server) = started(one_page(page), HttpSettings { timeouts, ..patient() }).await;
    let _unread = connect_and_send(address, GET).await;
    tokio::time::timeout(PATIENCE, dropped.notified()).await.unwrap();
}

/// Accepts what has the right words in it.
struct Words;

impl WebhookReceiver for Words {
    fn receive<'h>(&self, _: &dyn Fn(&str) -> Option<&'h str>, raw: &[u8]) -> WebhookReply {
        if raw == b"right" { WebhookReply::Accepted } else { WebhookReply::Unsigned }
    }
}

/// A site with a webhook, and the first lines of a signed delivery of so many bytes.
async fn with_webhook(timeouts: HttpTimeouts) -> (SocketAddr, JoinSet<()>) {
    let settings = HttpSettings { timeouts, ..patient() };
    let routes = crate::http::webhooks::routes(Arc::new(Words), settings.timeouts.body);
    started(crate::guarded(routes, &settings, Default::default()), settings).await
}

fn delivery(length: usize) -> String {
    let digest = "0f".repeat(32);
    format!(
        "POST /webhooks/github HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\
         x-hub-signature-256: sha256={digest}\r\ncontent-length: {length}\r\n"
    )
}

#[tokio::test]
async fn a_delivery_is_read_only_if_it_can_be_genuine() {
    let (address, _server) = with_webhook(patient().timeouts).await;
    for (sent, status) in [
        (format!("{}\r\nright", delivery(5)), "204"),
        (format!("{}\r\nwrong", delivery(5)), "401"),
        (format!("{}\r\n", delivery(1_000_000).replace("sha256=", "sha256=-")), "401"),
        (format!("{}\r\n", delivery(26_214_400)), "413"),
        (
            "GET /webhooks/github HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n".into(),
            "405",
        ),
    ] {
        let answer = read_response(connect_and_send(address, &sent).await).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{sent}: {answer}");
    }
    let chunked = delivery(0).replace("content-length: 0", "transfer-encoding: chunked");
    let chunk = format!("{chunked}\r\n100001\r\n{}\r\n", "x".repeat(0x10_0001));
    assert!(
        read_response(connect_and_send(address, &chunk).await).await.starts_with("HTTP/1.1 413 ")
    );
}

#[tokio::test]
async fn four_bodies_are_read_at_once_and_the_next_must_wait() {
    let (address, _server) = with_webhook(patient().timeouts).await;
    let mut slow = Vec::new();
    for _ in 0..4 {
        let mut one =
            connect_and_send(address, &format!("{}expect: 100-continue\r\n\r\n", delivery(5)))
                .await;
        await_text(&mut one, "100 Continue").await;
        slow.push(one);
    }
    let fifth =
        read_response(connect_and_send(address, &format!("{}\r\nright", delivery(5))).await).await;
    assert!(fifth.starts_with("HTTP/1.1 503 ") && fifth.contains("retry-after: 5"), "{fifth}");
    let mut first = slow.remove(0);
    first.write_all(b"right").await.unwrap();
    await_text(&mut first, "204 No Content").await;
    let again =
        read_response(connect_and_send(address, &format!("{}\r\nright", delivery(5))).await).await;
    assert!(again.starts_with("HTTP/1.1 204 "), "{again}");
}

#[tokio::test]
async fn a_body_that_does_not_come_is_given_up() {
    let (address, _server) = with_webhook(HttpTimeouts { body: SOON, ..patient().timeouts }).await;
    let answer =
        read_response(connect_and_send(address, &format!("{}\r\nrig", delivery(5))).await).await;
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
}

/// What a request gets that comes from an address, with headers.
async fn from(
    router: &Router,
    peer: &str,
    headers: &[(&'static str, &str)],
    path: &str,
) -> TestResponse {
    let mut request = Request::builder().uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let mut request = request.body(Body::empty()).unwrap();
    request.extensions_mut().insert(PeerAddress(peer.parse().unwrap()));
    reply(router.clone(), request).await
}

#[tokio::test]
async fn who_asks_too_often_learns_when_to_retry() {
    let rate = RequestRate { per_second: NonZeroU32::MIN, burst: NonZeroU32::new(2).unwrap() };
    let settings = HttpSettings {
        rate: Some(rate),
        trusted_proxies: vec!["127.0.0.1/32".parse().unwrap()],
        ..HttpSettings::default()
    };
    let router = crate::guarded(one_page(get("here")), &settings, Default::default());
    let behind = |client| [("x-forwarded-for", client)];
    for expected in [200, 200, 429] {
        let reply = from(&router, "127.0.0.1", &behind("192.0.2.1"), "/").await;
        assert_eq!(reply.status.as_u16(), expected);
        assert_eq!(reply.header("retry-after"), if expected == 429 { "1" } else { "" });
    }
    assert_eq!(from(&router, "127.0.0.1", &behind("192.0.2.2"), "/").await.status, 200);
    // Who is no trusted proxy cannot choose the bucket.
    for (spoofed, expected) in [("1.1.1.1", 200), ("2.2.2.2", 200), ("3.3.3.3", 429)] {
        let reply = from(&router, "192.0.2.9", &behind(spoofed), "/").await;
        assert_eq!(reply.status.as_u16(), expected);
    }
}

#[tokio::test]
async fn another_sites_name_is_not_answered() {
    let settings =
        HttpSettings { hosts: vec!["answers.example.org".into()], ..HttpSettings::default() };
    let site = TestSite::with_settings(&some(), &settings).await;
    for (host, status) in [
        ("localhost:8080", 200),
        ("127.0.0.1", 200),
        ("answers.example.org", 200),
        ("rebound.example", 421),
        ("a b", 400),
    ] {
        let reply = from(&site.router, "127.0.0.1", &[("host", host)], "/?q=port").await;
        assert_eq!(reply.status.as_u16(), status, "{host}");
        assert_eq!(reply.body.contains("Set "), status == 200, "{host}");
    }
    let twice = [("host", "localhost"), ("host", "rebound.example")];
    assert_eq!(from(&site.router, "127.0.0.1", &twice, "/").await.status, 400);
}

#[tokio::test]
async fn metrics_are_for_this_machine_and_for_the_token() {
    let settings = HttpSettings {
        metrics_token: Some(MetricsToken::new("scrape")),
        ..HttpSettings::default()
    };
    let open = TestSite::with(&some()).await;
    let closed = TestSite::with_settings(&some(), &settings).await;
    let [right, wrong] =
        [[("authorization", "Bearer scrape")], [("authorization", "Bearer scrapes")]];
    let proxied = [("x-forwarded-for", "127.0.0.1")];
    for (site, peer, headers, status) in [
        (&open, "127.0.0.1", &[][..], 200),
        (&open, "::1", &[], 200),
        (&open, "192.0.2.1", &[], 403),
        (&open, "127.0.0.1", &proxied, 403),
        (&open, "192.0.2.1", &right, 403),
        (&closed, "192.0.2.1", &right, 200),
        (&closed, "192.0.2.1", &wrong, 403),
        (&closed, "192.0.2.1", &[], 403),
    ] {
        let reply = from(&site.router, peer, headers, "/metrics").await;
        assert_eq!(reply.status.as_u16(), status, "{peer} {headers:?}");
        assert_eq!(reply.body.contains("harvester_messages"), status == 200);
    }
}

#[tokio::test]
async fn crawlers_read_reviewed_answers_only() {
    let site = TestSite::with(&some()).await;
    let [port, _] = some();
    let before = site.get("/robots.txt").await;
    assert_eq!(before.header("content-type"), "text/plain; charset=utf-8");
    assert!(before.body.contains("Disallow: /\n") && !before.body.contains("/answers/"));
    let merged = MergedAnswerRow {
        cluster: port.id.clone(),
        number: Some(4),
        path: "answers/port.md".into(),
        link: "https://docs.example/port".into(),
        title: "Choosing a port".into(),
        answer: "Set it.".into(),
        digest: "d".into(),
        merged: time::at_millisecond(1_759_708_800_000),
        evidence: Vec::new(),
    };
    site.store.upsert_merged_answer(&merged).await.unwrap();
    let after = site.get("/robots.txt").await.body;
    assert!(after.contains(&format!("Allow: /answers/*{}$", port.id)), "{after}");
    assert_eq!(after.matches("/answers/").count(), 1);
}
