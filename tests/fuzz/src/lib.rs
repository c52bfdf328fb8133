//! What must hold for any bytes: one function for each parser and writer that meets other people's text.
//!
//! Plain functions: the integration tests drive them with random bytes and with the seeds, libFuzzer
//! drives them through `fuzz_targets/`. Each panics if something does not hold.

use std::path::Path;

use docgen::change::FileEdit;
use docgen::edit::nav::{NavEntry, NavFormat, NavSection};
use docgen::github::auth::Credential;
use docgen::github::webhook::{self, WebhookError};
use docgen::pull_request::marker::{BodyMarker, without};
use harvester::import::read_export;
use pulldown_cmark::{Event, Options, Parser, Tag};
use rules::config::ruleset::Ruleset;
use rules::markdown::{MarkdownDialect, code_span, escape, parse, plain_text, render, visible};
use rules::safety::redact;

const FORMATS: [NavFormat; 5] = [
    NavFormat::Mintlify,
    NavFormat::MdBook,
    NavFormat::MkDocs,
    NavFormat::VitePress,
    NavFormat::Toctree,
];

/// A page is named in a navigation by one line or string in which nothing is live; everything else stays, a
/// second time changes nothing, and taking it out leaves what was there. The first byte chooses the format, the first line is
/// the title, the rest is the file.
pub fn navigation(bytes: &[u8]) {
    let Some((format, rest)) = bytes.split_first() else { return };
    let kind = FORMATS[usize::from(*format) % FORMATS.len()];
    let rest = String::from_utf8_lossy(rest);
    let (title, file) = rest.split_once('\n').unwrap_or((&rest, ""));
    let page = "answers/an-answer.md".to_owned();
    let section = NavSection { folder: "/answers/".to_owned(), title: "Answers".to_owned() };
    let section = (kind == NavFormat::VitePress).then_some(section);
    let entry = NavEntry { kind, page, title: title.to_owned(), section };
    let Ok(Some(listed)) = FileEdit::List(entry.clone()).apply(Some(file)) else { return };
    assert!(listed.len() > file.len(), "naming a page only adds");
    let signs = ["{{", "{%", "{#", "{!", "<%", "-8<-", "</", "<!", "<?"];
    let live =
        signs.iter().find(|sign| listed.matches(*sign).count() > file.matches(*sign).count());
    assert_eq!(live, None, "a program acts upon the entry");
    if ![NavFormat::Mintlify, NavFormat::VitePress].contains(&kind) {
        let added = listed.split('\n').count() - file.split('\n').count();
        assert!(added <= 2, "a title adds {added} lines");
        let kept = file.lines().filter(|line| !line.trim().is_empty());
        assert!(kept.clone().all(|line| listed.contains(line)), "a line of the file is lost");
    }
    let twice = FileEdit::List(entry.clone()).apply(Some(&listed)).expect("it was just written");
    assert_eq!(twice, None, "naming a page twice changes something");
    if let Ok(Some(unlisted)) = FileEdit::Unlist(entry).apply(Some(&listed)) {
        assert!(unlisted.len() < listed.len(), "taking a page out adds something");
    }
}

/// What people wrote reads back as the same words, rendered as a page or escaped as plain words, and nothing
/// of it is markup of another kind, HTML or a link elsewhere.
pub fn markdown(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let blocks = parse(&text, &[]);
    for dialect in [MarkdownDialect::CommonMark, MarkdownDialect::Mdx] {
        let page = render(&blocks, dialect);
        assert_eq!(words_on(&page), without_space(&plain_text(&blocks)), "{page:?}");
        let words = escape(&text, dialect);
        assert_eq!(words_on(&words), without_space(&visible(&text)), "{words:?}");
    }
    let span = format!("x {}", code_span(&text));
    assert_eq!(words_on(&span), format!("x{}", without_space(&visible(&text))), "{span:?}");
}

/// The words that a reader of a page sees, without spaces; anything that acts is refused.
fn words_on(page: &str) -> String {
    let mut seen = String::new();
    for event in Parser::new_ext(page, Options::all() - Options::ENABLE_SMART_PUNCTUATION) {
        match event {
            Event::Text(text) | Event::Code(text) => seen.push_str(&text),
            Event::Start(Tag::Link { dest_url, .. }) => {
                let web = dest_url.starts_with("https://") || dest_url.starts_with("http://");
                assert!(web, "a link to {dest_url} on {page:?}");
            }
            Event::Start(Tag::Image { .. } | Tag::HtmlBlock | Tag::Heading { .. })
            | Event::Html(_)
            | Event::InlineHtml(_)
            | Event::Rule => panic!("{event:?} on {page:?}"),
            _ => {}
        }
    }
    without_space(&seen)
}

fn without_space(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect()
}

/// A secret on a line of its own is not in the result, whatever stands around it.
pub fn redaction(bytes: &[u8]) {
    thread_local! {
        static RULES: Ruleset = Ruleset::embedded();
    }
    let text = String::from_utf8_lossy(bytes);
    let token = format!("{}_{}", "ghp", "4kR9wZ2mQ7xT1vB8nL5cY3pH6sD0fGjAeUiO");
    let half = text.floor_char_boundary(text.len() / 2);
    let (before, after) = text.split_at(half);
    let message = format!("{before}\n{token}\n{after}");
    RULES.with(|rules| {
        let once = redact(&message, &rules.safety).into_owned();
        assert!(!once.contains(&token), "a token is kept");
        assert_eq!(redact(&once, &rules.safety), once, "redacting twice changes something");
    });
}

/// An export is read to its end or to an error, and what was counted was handed over.
pub fn export(bytes: &[u8]) {
    let mut posted = 0;
    let counted = read_export(Path::new("fuzz.json"), bytes, &mut |event| {
        posted += u64::from(matches!(event, harvester::event::ChatEvent::Posted(..)));
    });
    let report = match &counted {
        Ok(report) => Some(report),
        Err(error) => error.report(),
    };
    assert_eq!(report.map_or(posted, |report| report.messages), posted, "messages were lost");
    assert!(counted.is_err() || report.is_some_and(|report| report.complete));
}

/// Only signed deliveries are read, and any signed bytes give a delivery or an error of the body.
pub fn webhook(bytes: &[u8]) {
    let secret = Credential::new("a secret".to_owned());
    let read = |signature: &str| {
        let of = |name: &str| Some(if name == "x-hub-signature-256" { signature } else { "some" });
        webhook::read(&secret, of, bytes)
    };
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, b"a secret");
    let tag = ring::hmac::sign(&key, bytes);
    let hexadecimal = tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    assert_eq!(read(&format!("sha256={}", "0".repeat(64))), Err(WebhookError::Signature));
    assert_eq!(read(&String::from_utf8_lossy(bytes)), Err(WebhookError::Signature));
    let signed = read(&format!("sha256={hexadecimal}"));
    assert!(matches!(signed, Ok(_) | Err(WebhookError::Body)), "{signed:?}");
}

/// A marker that was read is read again from what is written with it.
pub fn marker(bytes: &[u8]) {
    let body = String::from_utf8_lossy(bytes);
    let Some(marker) = BodyMarker::read(&body) else { return };
    let written = marker.on("the rest\n");
    assert_eq!(BodyMarker::read(&written), Some(marker), "a marker reads back");
    assert_eq!(without(&written), "the rest\n");
}
