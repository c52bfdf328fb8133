use docgen::forge::reconcile::DesiredPullRequest;
use docgen::pull_request::subject::Week;
use docgen::site::layout::SiteLayout;
use docgen::target::{DocsFolder, DocsTarget};
use rules::model::cluster::Cluster;

use crate::cluster_builder::{DraftFixture, cluster};
use crate::hard_clusters::{code, hostile, korean};

/// What begins the line that counts the rows that a table leaves out.
const NOT_LISTED: &str = "Earlier occurrences not listed: ";

fn show(name: &str, cluster: &Cluster) {
    for target in [DocsTarget::Markdown, DocsTarget::Mintlify] {
        let (draft, proposal) = DraftFixture::new(target).proposal(cluster);
        let all = format!(
            "{}\n{}\n===== {}\n{}\n\n{}",
            draft.path(),
            draft.page(),
            proposal.branch,
            proposal.title,
            proposal.body
        );
        insta::assert_snapshot!(format!("{name}_{}", target.as_str()), all);
    }
}

#[test]
fn a_question_with_code() {
    show("code", &code());
}

#[test]
fn a_korean_question() {
    show("korean", &korean());
}

#[test]
fn hostile_talk() {
    show("hostile", &hostile());
}

/// What stands outside code, as a host reads it after decoding entities.
fn outside_code(body: &str) -> String {
    use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
    let (mut out, mut code) = (String::new(), false);
    for event in Parser::new_ext(body, Options::ENABLE_TABLES | Options::ENABLE_TASKLISTS) {
        match event {
            Event::Start(Tag::CodeBlock(_)) => code = true,
            Event::End(TagEnd::CodeBlock) => code = false,
            Event::Text(text) | Event::Html(text) | Event::InlineHtml(text) if !code => {
                out.push_str(&text);
                out.push('\n');
            }
            _ => {}
        }
    }
    out
}

#[test]
fn no_body_calls_or_refers_to_anybody() {
    let exchanges = [
        (
            "@amy how do I fix #12, closes GH-7, fixes https://github.com/a/b/issues/1?",
            "Ask @team/core, it resolves #99 and fixes a/b#3 </details> <!-- &#64;bob --> with `lanternd fix`.",
        ),
        (
            "how do I fix </details> ## Mine | a | b | c `x` ``y`` #12?",
            "Run `lanternd fix @all`:\n```\n````\n@everyone fixes #1\n```",
        ),
        (
            "how do I fix [x](https://evil.example) ![i](https://evil.example/i.png) #12?",
            "Run `lanternd fix` as **@root** said in 1234567890abcdef1234567890abcdef12345678.",
        ),
    ];
    for target in DocsTarget::ALL {
        let (_, proposal) = DraftFixture::new(target).proposal(&cluster(&exchanges));
        let outside = outside_code(&proposal.body);
        for sign in ["@", "#", "evil.example", "GH-", "1234567890abcdef"] {
            assert!(!outside.contains(sign), "{sign} in {outside}");
        }
        let html = outside.lines().filter(|line| line.starts_with('<')).collect::<Vec<_>>();
        let (first, rest) = html.split_first().unwrap();
        assert!(first.starts_with("<!-- answer-harvester:v1 id="));
        let expected = ["<details>", "<summary>Details</summary>", "</details>"];
        assert_eq!(rest, expected, "{}", target.as_str());
        // Mails drop the code: what stands in it must call nobody either.
        for (at, _) in proposal.body.match_indices(['@', '#']) {
            let heading = proposal.body[at..].starts_with("### ")
                || proposal.body[at..].starts_with("## ")
                || proposal.body[at..].starts_with("# ");
            let marked = proposal.body[at + 1..].starts_with('\u{200b}');
            assert!(
                heading || marked,
                "{:?}",
                &proposal.body[at..].chars().take(20).collect::<String>()
            );
        }
        assert!(!proposal.title.contains(['@', '#']) && !proposal.title.contains("://"));
    }
}

/// The lines of a body that people see without unfolding anything.
fn visible(body: &str) -> Vec<&str> {
    let (shown, _) = body.split_once("<details>").unwrap();
    shown.lines().filter(|line| !line.trim().is_empty() && !line.starts_with("<!--")).collect()
}

#[test]
fn a_question_that_asks_something_else_is_no_other_wording() {
    let mut cluster = cluster(&[
        ("How do I get the relay to forward messages of a group?", "Set `forward.groups` to true."),
        ("Why does the relay ignore what groups write?", "Set `forward.groups = true`."),
        ("How do I add the relay to a group?", "Open its card and press the plus sign."),
        (
            "How do I get the relay to forward messages of a large group?",
            "Buy the larger plan first.",
        ),
    ]);
    for (at, one) in cluster.occurrences.iter_mut().enumerate() {
        one.answers[0].author = rules::model::ids::UserId(300 + at as u64);
    }
    let (draft, _) = DraftFixture::new(DocsTarget::Markdown).proposal(&cluster);
    let page = draft.page();
    assert!(!page.contains("add the relay"), "answered otherwise, in other words: {page}");
    assert!(page.contains("ignore what groups write"), "answered alike: {page}");
    assert!(page.contains("messages of a large group"), "the title's words: {page}");
}

#[test]
fn what_got_another_answer_asks_the_same_only_in_the_words_of_the_title() {
    let wordings = [
        ("How do I set the root key of the relay?", "Run `relay key set` and enter the new key."),
        (
            "How do I replace the root key of the relay?",
            "Write it into `relay.key` with an editor.",
        ),
        ("What is the root key of the relay?", "It is shown on the card of the relay."),
        ("How do I set the root key of the relay only once for all groups?", "Use a profile."),
    ];
    let mut cluster = cluster(&wordings);
    for (at, one) in cluster.occurrences.iter_mut().enumerate() {
        one.answers[0].author = rules::model::ids::UserId(300 + at as u64);
    }
    let (draft, _) = DraftFixture::new(DocsTarget::Markdown).proposal(&cluster);
    let page = draft.page();
    assert!(page.contains(&format!("[{}]", wordings[1].0)), "{page}");
    assert!(!page.contains("What is the root key"), "it asks for a fact: {page}");
    assert!(!page.contains("only once"), "it asks for more: {page}");
}

#[test]
fn a_command_or_a_path_alone_is_an_answer_and_what_others_say_beside_it_is_none() {
    for (answer, shown) in [
        ("relayctl -v", "`relayctl -v`"),
        ("/usr/share/relay/keys", "`/usr/share/relay/keys`"),
        ("the card", "no page"),
    ] {
        let asked = ("How do I find the keys of the relay?", answer);
        let mut cluster = cluster(&[asked, asked]);
        for (at, one) in cluster.occurrences.iter_mut().enumerate() {
            one.answers[0].author = rules::model::ids::UserId(300 + at as u64);
            let mut talk = one.answers[0].clone();
            talk.message = rules::model::ids::MessageId(talk.message.0 + 500);
            talk.author = rules::model::ids::UserId(400 + at as u64);
            talk.text = "My own relay freezes while it starts with the latest version.".to_owned();
            one.answers.push(talk);
        }
        let draft = DraftFixture::new(DocsTarget::Markdown).draft(&cluster);
        let page = draft.map_or("no page".to_owned(), |draft| draft.page().to_owned());
        assert!(page.contains(shown) && !page.contains("freezes"), "{answer}: {page}");
    }
}

#[test]
fn a_page_lists_no_wording_in_another_script() {
    let answer = "Set `relay.port` in the settings file and restart the relay.";
    let cluster = cluster(&[
        ("How do I change the port of the relay?", answer),
        ("relay port 는 어떻게 바꾸나요?", answer),
        ("Where is the relay told which port to open?", answer),
    ]);
    let (draft, _) = DraftFixture::new(DocsTarget::Markdown).proposal(&cluster);
    assert!(draft.page().contains("told which port"), "{}", draft.page());
    assert!(!draft.page().contains("바꾸나요"), "{}", draft.page());
}

/// So many times the same question, by different people.
fn repeated(times: usize, question: &str, answer: &str) -> Cluster {
    cluster(&vec![(question, answer); times])
}

#[test]
fn a_pull_request_shows_what_it_is_about_in_25_lines_and_in_order() {
    let long =
        "First stop the daemon, then do this:\n\n".to_owned() + &"- and one more step\n".repeat(40);
    let english = repeated(30, "how do I reset the index of the daemon?", &long);
    let check = "Check:";
    for (cluster, check, details) in [
        (code(), check, "Details"),
        (korean(), "확인할 점:", "자세히"),
        (hostile(), check, "Details"),
        (english, check, "Details"),
    ] {
        for target in [DocsTarget::Markdown, DocsTarget::Mintlify] {
            let (draft, proposal) = DraftFixture::new(target).proposal(&cluster);
            let body = &proposal.body;
            let shown = visible(body);
            assert!(shown.len() <= 25, "{} lines\n{body}", shown.len());
            let at = |what: &str| body.find(what).unwrap_or_else(|| panic!("no {what} in\n{body}"));
            let path = format!("`{}`", draft.path());
            let order = [at(&path), at("```"), at("|---|---|---|---|"), at("<details>")];
            assert!(order.is_sorted(), "{order:?}\n{body}");
            if let Some(risks) = body.find(&format!("**{check}**")) {
                assert!(order[2] < risks && risks < order[3], "{body}");
            }
            assert!(body.contains(&format!("<summary>{details}</summary>")), "{body}");
            for line in shown.iter().filter(|line| line.starts_with("| [")) {
                let cells = line.split(" | ").map(|cell| cell.chars().count());
                assert!(cells.skip(1).all(|length| length <= 140), "{line}");
            }
        }
    }
}

#[test]
fn a_korean_pull_request_is_korean_throughout() {
    let (_, proposal) = DraftFixture::new(DocsTarget::Markdown).proposal(&korean());
    let outside = outside_code(&proposal.body);
    let english = regex::Regex::new(r"[A-Za-z]{3,}(?: [A-Za-z]{2,}){3,}").unwrap();
    let said = english.find_iter(&outside).map(|found| found.as_str()).collect::<Vec<_>>();
    assert!(said.is_empty(), "{said:?}");
}

#[test]
fn a_count_is_the_same_wherever_it_is_stated() {
    let answer = "Run `lanternd reindex --full` and wait until it has ended.";
    for times in [2, 5, 12] {
        let cluster = repeated(times, "how do I rebuild the index of the daemon?", answer);
        let (draft, proposal) = DraftFixture::new(DocsTarget::Markdown).proposal(&cluster);
        let rows = visible(&proposal.body).iter().filter(|line| line.starts_with("| [")).count();
        let more = proposal.body.lines().find_map(|line| line.strip_prefix(NOT_LISTED));
        let hidden = more.map_or(0, |count| count.trim_end_matches('.').parse().unwrap());
        assert_eq!(rows + hidden, times, "{}", proposal.body);
        let comment = docgen::github::status_comment::evidence(&draft);
        assert!(
            comment.starts_with(&format!("This page is based on {times} occurrences")),
            "{comment}"
        );
        assert_eq!(comment.matches("[question]").count(), times);
        let layout = SiteLayout::plain(DocsTarget::Markdown, DocsFolder::default());
        let week = Week { year: 2026, number: 7 };
        let pages = [(cluster.clone(), draft)];
        let batch = DesiredPullRequest::batch(week, &pages, &layout, "main");
        let said = if times == 2 {
            "Answered twice".to_owned()
        } else {
            format!("Answered {times} times")
        };
        assert!(batch.body.contains(&said), "{}", batch.body);
    }
}

#[test]
fn a_page_depends_on_the_cluster_alone() {
    let fixture = DraftFixture::new(DocsTarget::Mintlify);
    assert_eq!(fixture.draft(&code()), fixture.draft(&code()));
    let mut more = code();
    more.occurrences.pop();
    assert_ne!(fixture.draft(&code()).unwrap().digest(), fixture.draft(&more).unwrap().digest());
}

#[test]
fn a_body_stays_below_what_code_hosts_take() {
    let long = "x".repeat(70_000);
    let mut exchanges = vec![(
        "how do I rebuild the index of the daemon?",
        "Run `lanternd reindex --full` and wait.",
    )];
    exchanges.extend(std::iter::repeat_n(
        ("how do I rebuild the index?", "Run `lanternd reindex --full` and wait."),
        400,
    ));
    let mut cluster = cluster(&exchanges);
    cluster.occurrences[1].question.text.push_str(&long);
    cluster.occurrences[2].answers[0].text.push_str(&long);
    let (draft, proposal) = DraftFixture::new(DocsTarget::Mintlify).proposal(&cluster);
    assert!(proposal.body.chars().count() <= 60_000);
    assert!(proposal.body.starts_with("<!-- answer-harvester:v1 id="));
    assert!(proposal.body.contains(&format!("{NOT_LISTED}395.")));
    assert!(proposal.title.chars().count() <= "docs(faq): ".len() + 60);
    assert!(draft.page().lines().count() < 40, "{}", draft.page());
}

#[test]
fn the_cause_stands_before_the_answer_and_options_tell_their_people() {
    let exchanges = [
        (
            "How do I fix the error of a busy port?",
            "Stop the old relay with `lanternctl stop`, then start the new one.",
        ),
        (
            "Why do I get the busy port error?",
            "Stop the old relay with `lanternctl stop` and start the new one.",
        ),
        (
            "How to fix a busy port error?",
            "Change `relay.port` in the settings file to a free number.",
        ),
        (
            "How is the busy port error fixed?",
            "The error happens when two relays listen on one port.",
        ),
    ];
    let mut cluster = cluster(&exchanges);
    for (at, one) in cluster.occurrences.iter_mut().enumerate() {
        one.answers[0].author = rules::model::ids::UserId(300 + at as u64);
        one.answers[0].trusted = at > 1;
    }
    let (draft, _) = DraftFixture::new(DocsTarget::Markdown).proposal(&cluster);
    let place = |text: &str| {
        let found = draft.page().find(text);
        found.unwrap_or_else(|| panic!("{text} is not in {}", draft.page()))
    };
    let cause = place("The error happens when two relays listen on one port.");
    assert!(cause < place("`lanternctl stop`"));
    assert!(place("`lanternctl stop`") < place("to a free number. (2 people)"));
    assert_eq!(draft.page().matches("two relays listen").count(), 1);
}
