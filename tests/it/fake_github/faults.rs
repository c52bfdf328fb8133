//! Answers go wrong as scripted, and listeners get everything.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::mpsc;

use jiff::SignedDuration;
use ring::hmac;
use serde_json::{Value, json};
use tests::harness::github::{Fault, Trouble, Verdict};

use super::client::{Client, DOCS};
use super::with_docs;

#[test]
fn limits_and_refusals_come_as_scripted() {
    let github = with_docs();
    let bot = Client::app(&github);
    let met = |fault: Fault| {
        github.fault("GET", "/repos/*/pulls", fault);
        bot.docs("/pulls")
    };
    met(Fault::Forbidden).refused(403, "integration");
    let wait = |fault: Fault| met(fault).raw.header("retry-after").map(str::to_owned);
    assert_eq!(wait(Fault::ForbiddenFor(7)).as_deref(), Some("7"));
    assert_eq!(wait(Fault::TooMany(Some(9))).as_deref(), Some("9"));
    assert_eq!(wait(Fault::SecondaryLimit(None)), None);
    met(Fault::SecondaryLimit(None)).refused(403, "secondary rate limit");
    met(Fault::TooMany(None)).refused(429, "");
    let primary = met(Fault::PrimaryLimit(90));
    assert_eq!(primary.raw.header("x-ratelimit-remaining"), Some("0"));
    primary.refused(403, "rate limit exceeded");
    met(Fault::Conflict).refused(409, "Conflict");
    met(Fault::PullCap).refused(422, "limited");
    met(Fault::BadCredentials).refused(401, "Bad credentials");
    met(Fault::Status(502)).refused(502, "Unicorn");
    assert_eq!(met(Fault::Answer(200, json!([1]))).expect(200), json!([1]));
    bot.docs("/pulls").expect(200);
    github.rate_limit(2);
    bot.docs("/pulls").expect(200);
    assert_eq!(bot.docs("/labels").raw.header("x-ratelimit-remaining"), Some("0"));
    bot.docs("/pulls").refused(403, "rate limit exceeded");
    assert_eq!(bot.get("/rate_limit").expect(200)["rate"]["remaining"], 0);
    github.advance(SignedDuration::from_millis(3_600_001));
    bot.get("/rate_limit").refused(401, "Bad credentials");
    Client::app(&github).docs("/pulls").refused(403, "rate limit");
    github.assert_no_surprises();
}

#[test]
fn an_answer_may_be_lost_before_or_after_the_effect() {
    let github = with_docs();
    let bot = Client::app(&github);
    let open = |title: &str| {
        let path = format!("/repos/{DOCS}/issues");
        bot.send("POST", &path, Some(&json!({ "title": title })), &[])
    };
    let titles = || github.issues(DOCS).into_iter().map(|issue| issue.title).collect::<Vec<_>>();
    let on = |fault: Fault| Trouble::on("POST", "/repos/*/issues", fault);
    github.trouble(on(Fault::Dropped));
    assert!(open("one").is_none() && titles().is_empty());
    github.trouble(on(Fault::Dropped).after_the_effect());
    assert!(open("two").is_none() && titles() == ["two"]);
    github.trouble(on(Fault::Status(503)));
    assert_eq!(open("three").unwrap().status, 503);
    github.trouble(on(Fault::Status(503)).after_the_effect().skip(1).times(2));
    let statuses = ["four", "five", "six", "seven"].map(|title| open(title).unwrap().status);
    assert_eq!(statuses, [201, 503, 503, 201]);
    assert_eq!(titles(), ["two", "four", "five", "six", "seven"]);
    github.trouble(on(Fault::Malformed));
    assert_eq!(open("eight").unwrap().body, Value::Null);
    github.trouble(on(Fault::Without(&["node_id", "user", "html_url"])));
    let trimmed = open("nine").unwrap().body;
    assert!(trimmed.get("user").is_none() && trimmed["number"] == 7);
    assert_eq!((github.count("POST", "/repos/*/issues"), github.most_writes_at_once()), (9, 1));
    let unanswered = github.requests().into_iter().filter(|asked| asked.status == 0);
    assert_eq!(unanswered.count(), 2);
}

#[test]
fn a_request_is_held_until_it_is_released() {
    let github = with_docs();
    let bot = Client::app(&github);
    let path = format!("/repos/{DOCS}/issues");
    for after in [false, true] {
        let trouble = Trouble::on("POST", &path, Fault::Held);
        github.trouble(if after { trouble.after_the_effect() } else { trouble });
        std::thread::scope(|scope| {
            let asking = scope.spawn(|| bot.ask("POST", &path, &json!({ "title": "slow" })).status);
            github.wait_until_held();
            assert_eq!(github.issues(DOCS).len(), if after { 2 } else { 0 });
            github.release();
            assert_eq!(asking.join().unwrap(), 201);
        });
    }
}

#[test]
fn who_goes_away_before_the_effect_has_done_nothing() {
    let github = with_docs();
    let bot = Client::app(&github);
    let path = format!("/repos/{DOCS}/issues");
    for (after, issues) in [(false, 0), (true, 1)] {
        let trouble = Trouble::on("*", "*/issues", Fault::Held);
        github.trouble(if after { trouble.after_the_effect() } else { trouble });
        let address = github.url().replace("http://", "");
        let mut connection = std::net::TcpStream::connect(address).unwrap();
        let body = r#"{"title":"cut off"}"#;
        let request = format!(
            "POST {path} HTTP/1.1\r\nhost: x\r\nuser-agent: x\r\nauthorization: Bearer {}\r\n\
             content-length: {}\r\n\r\n{body}",
            bot.token,
            body.len()
        );
        connection.write_all(request.as_bytes()).unwrap();
        github.wait_until_held();
        drop(connection);
        github.wait_until("the service knows", |state| state.log.writing == 0);
        github.release();
        bot.docs("/issues").expect(200);
        assert_eq!(github.issues(DOCS).len(), issues);
    }
    github.assert_no_surprises();
}

/// Hears so many deliveries, and answers each with 202.
fn listen(listener: &TcpListener, most: usize, received: &mpsc::Sender<(String, String)>) {
    for connection in listener.incoming().take(most) {
        let mut connection = connection.unwrap();
        let mut got = Vec::new();
        let mut part = [0; 4_096];
        loop {
            let count = connection.read(&mut part).unwrap();
            got.extend(&part[..count]);
            let text = String::from_utf8_lossy(&got).into_owned();
            let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            if body.len() == length.unwrap().parse::<usize>().unwrap() {
                received.send((head.to_owned(), body.to_owned())).unwrap();
                break;
            }
        }
        connection.write_all(b"HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n").unwrap();
    }
}

#[test]
fn every_act_is_sent_signed_again_and_out_of_order() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let url = format!("http://{}/hooks", listener.local_addr().unwrap());
    let (heard, deliveries) = mpsc::channel();
    let github = with_docs();
    github.webhooks_to(&url, "quiet harbor");
    std::thread::scope(|scope| {
        scope.spawn(|| listen(&listener, 11, &heard));
        let bot = Client::app(&github);
        let number = bot.propose("answers/q1", "faq/q1.md", "words\n");
        let mina = github.acting("mina", DOCS);
        mina.push("answers/q1", &[("faq/q1.md", Some("better\n"))], "Better");
        mina.review(number, Verdict::Comment, "Hm");
        mina.comment(number, "done");
        github.settle_webhooks();
        github.hold_webhooks();
        mina.edit_title(number, "docs: words");
        mina.close(number);
        github.deliver_backwards();
        let deliveries = github.deliveries();
        let first = deliveries.iter().find(|one| one.action == "opened").unwrap();
        github.deliver_forged(first.id);
        let app = Client { github: &github, token: super::jwt(&github, github.app_id()) };
        let listed = app.get("/app/hook/deliveries?per_page=1").expect(200);
        assert_eq!(
            (&listed[0]["action"], &listed[0]["status_code"]),
            (&json!("closed"), &json!(202))
        );
        let again = format!("/app/hook/deliveries/{}/attempts", listed[0]["id"]);
        app.ask("POST", &again, &json!({})).expect(202);
        github.settle_webhooks();
    });
    let heard = deliveries.try_iter().collect::<Vec<_>>();
    let header = |head: &str, name: &str| {
        let found = head.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")));
        found.unwrap().to_owned()
    };
    let what = heard.iter().map(|(head, body)| {
        let body = serde_json::from_str::<Value>(body).unwrap();
        let action = body["action"].as_str().unwrap_or("-").to_owned();
        format!("{} {action} {}", header(head, "x-github-event"), body["sender"]["login"])
    });
    let what = what.map(|line| line.replace('"', "")).collect::<Vec<_>>();
    assert_eq!(
        what,
        [
            "push - answer-harvester[bot]",
            "pull_request opened answer-harvester[bot]",
            "push - mina",
            "pull_request synchronize mina",
            "pull_request_review submitted mina",
            "issue_comment created mina",
            "pull_request closed mina",
            "pull_request edited mina",
            "push - harbor",
            "pull_request opened answer-harvester[bot]",
            "pull_request closed mina",
        ]
    );
    let key = hmac::Key::new(hmac::HMAC_SHA256, b"quiet harbor");
    let signed = heard.iter().map(|(head, body)| {
        let signature = header(head, "x-hub-signature-256");
        let digits = signature.strip_prefix("sha256=").unwrap().as_bytes().chunks(2);
        let bytes =
            digits.map(|two| u8::from_str_radix(std::str::from_utf8(two).unwrap(), 16).unwrap());
        hmac::verify(&key, body.as_bytes(), &bytes.collect::<Vec<_>>()).is_ok()
    });
    let signed = signed.collect::<Vec<_>>();
    assert_eq!((signed.iter().filter(|good| **good).count(), signed[9]), (10, false));
    assert_eq!(header(&heard[6].0, "x-github-delivery"), header(&heard[10].0, "x-github-delivery"));
    github.assert_no_surprises();
}
