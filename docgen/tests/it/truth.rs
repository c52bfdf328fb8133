//! What a page and its pull request state holds for this question.

use std::collections::BTreeSet;

use docgen::forge::reconcile::DesiredPullRequest;
use docgen::github::status_comment;
use docgen::page::evidence::cited;
use docgen::pull_request::subject::Week;
use docgen::site::layout::SiteLayout;
use docgen::target::{DocsFolder, DocsTarget};
use rules::model::cluster::Cluster;
use rules::model::ids::{MessageId, UserId};
use rules::resolution::ResolutionGrade;
use rules::time;

use crate::cluster_builder::{DraftFixture, START, cluster};
use crate::hard_clusters::{code, korean};

const PORT: &str = "How do I change the port of the relay?";

/// Two people answered alike and both askers say that it worked: nothing to check.
fn plain() -> Cluster {
    cluster(&[
        (PORT, "Set `relay.port` in the settings file and restart the relay."),
        (
            "How can the port of the relay be changed?",
            "Change `relay.port` in the settings file, then restart the relay.",
        ),
    ])
}

fn with_grade(grade: ResolutionGrade) -> Cluster {
    let mut cluster = plain();
    for one in &mut cluster.occurrences {
        one.grade = grade;
        one.signals.clear();
    }
    cluster
}

fn body(cluster: &Cluster) -> String {
    DraftFixture::new(DocsTarget::Markdown).proposal(cluster).1.body
}

/// The line of what a reviewer should look at.
fn check(cluster: &Cluster) -> Option<String> {
    let body = body(cluster);
    let line = body.lines().find_map(|line| line.strip_prefix("**Check:** "))?;
    Some(line.trim_end_matches('.').to_owned())
}

/// Everything that people are shown of a question: page, pull request, batch and comment.
fn everything(cluster: &Cluster) -> String {
    let (draft, proposal) = DraftFixture::new(DocsTarget::Markdown).proposal(cluster);
    let comment = status_comment::evidence(&draft);
    let layout = SiteLayout::plain(DocsTarget::Markdown, DocsFolder::default());
    let page = draft.page().to_owned();
    let pages = [(cluster.clone(), draft)];
    let batch = DesiredPullRequest::batch(Week { year: 2026, number: 7 }, &pages, &layout, "main");
    [page, proposal.title, proposal.body, comment, batch.body].join("\n")
}

#[test]
fn an_answer_that_nobody_confirmed_is_never_called_more_than_an_answer() {
    let said = everything(&with_grade(ResolutionGrade::Unconfirmed));
    let honest = ["no asker said that an answer worked", "not confirmed by the asker"];
    assert!(honest.iter().all(|words| said.contains(words)), "{said}");
    let rest = honest.iter().fold(said, |said, words| said.replace(words, "")).to_lowercase();
    for claim in ["confirmed", "resolved", "solved", "worked", "thanks", "verified", "surely"] {
        assert!(!rest.contains(claim), "{claim} in {rest}");
    }
}

#[test]
fn each_row_says_of_its_own_answer_what_the_asker_said() {
    let mut cluster = plain();
    cluster.occurrences[0].grade = ResolutionGrade::Thanked;
    cluster.occurrences[0].answers[0].trusted = true;
    cluster.occurrences[1].answers[0].trusted = false;
    let body = body(&cluster);
    let rows = body.lines().filter(|line| line.starts_with("| [")).collect::<Vec<_>>();
    let [newer, older] = rows[..] else { panic!("{body}") };
    assert!(newer.starts_with("| [2025-03-02](https://discord.com/channels/1/2/1010), [answer]"));
    assert!(newer.contains("/1011)") && newer.ends_with("(the asker says it worked) |"), "{newer}");
    assert!(older.starts_with("| [2025-03-01](https://discord.com/channels/1/2/1000), [answer]"));
    assert!(older.ends_with("(trusted, the asker says thanks) |"), "{older}");
}

/// One thing after the other is made special, and it alone is named.
#[test]
fn only_what_is_special_for_this_question_is_to_be_checked() {
    assert_eq!(check(&plain()), None, "{}", body(&plain()));
    let changed = |change: &dyn Fn(&mut Cluster)| {
        let mut cluster = plain();
        change(&mut cluster);
        check(&cluster)
    };
    let answer_with = |more: &'static str| {
        move |cluster: &mut Cluster| {
            for one in &mut cluster.occurrences {
                one.answers[0].text.push_str(more);
            }
        }
    };
    let by_one = |cluster: &mut Cluster| {
        for one in &mut cluster.occurrences {
            one.answers[0].author = UserId(200);
        }
    };
    let late = |cluster: &mut Cluster| {
        cluster.due_since = Some(START + time::days(400));
    };
    assert_eq!(changed(&by_one).as_deref(), Some("one person gave every answer"));
    assert_eq!(changed(&late).as_deref(), Some("the newest answer is from 2025-03-02"));
    let link = " More is on https://docs.lantern.example/port there.";
    assert_eq!(changed(&answer_with(link)).as_deref(), Some("links to `docs.lantern.example`"));
    let version = " That holds from v1.7.0 on.";
    assert_eq!(changed(&answer_with(version)).as_deref(), Some("names `v1.7.0`"));
    let unconfirmed = check(&with_grade(ResolutionGrade::Thanked));
    assert_eq!(unconfirmed.as_deref(), Some("no asker said that an answer worked"));
}

/// Runs of four words in lower case.
fn runs(text: &str) -> BTreeSet<Vec<String>> {
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    let words = words.map(str::to_lowercase).collect::<Vec<_>>();
    words.windows(4).map(<[String]>::to_vec).collect()
}

/// The page without the addresses of its links.
fn words_of(page: &str) -> String {
    let address = regex::Regex::new(r"\]\([^)]*\)").unwrap();
    address.replace_all(page, "]").into_owned()
}

#[test]
fn whatever_stands_on_a_page_links_to_the_message_that_says_it() {
    let mut caused = cluster(&[
        (
            "How do I fix the error of a busy port?\n```\nError: port 4114 of the relay is busy\n```",
            "Stop the old relay with `lanternctl stop`, then start the new one.",
        ),
        (
            "Why do I get the busy port error?",
            "Stop the old relay with `lanternctl stop` and start the new one.",
        ),
        ("How to fix a busy port error?", "Since 2.1.0 you can set `relay.port` to a free number."),
        (
            "How is the busy port error fixed?",
            "The error happens when two relays listen on one port.",
        ),
    ]);
    for (at, one) in caused.occurrences.iter_mut().enumerate() {
        one.answers[0].author = UserId(300 + at as u64);
        one.answers[0].trusted = at > 1;
    }
    for cluster in [caused, code(), plain()] {
        let (draft, _) = DraftFixture::new(DocsTarget::Markdown).proposal(&cluster);
        let page = draft.page();
        let (linked, shown) = (cited(page), runs(&words_of(page)));
        let mut told = 0;
        for one in &cluster.occurrences {
            for quote in one.answers.iter().chain([&one.question]) {
                let of_it = runs(&quote.text).intersection(&shown).cloned().collect::<Vec<_>>();
                // Two people may say the same words: one of them is enough.
                let elsewhere = |run: &Vec<String>| {
                    let others = cluster.occurrences.iter();
                    let others = others.flat_map(|one| one.answers.iter().chain([&one.question]));
                    others
                        .filter(|other| linked.contains(&other.message))
                        .any(|other| runs(&other.text).contains(run))
                };
                assert!(of_it.iter().all(elsewhere), "{} is not linked: {page}", quote.message);
                told += usize::from(!of_it.is_empty());
            }
        }
        assert!(told >= 3, "{page}");
        let known = |id: &MessageId| {
            let quotes = cluster.occurrences.iter();
            let mut quotes = quotes.flat_map(|one| one.answers.iter().chain([&one.question]));
            quotes.any(|quote| quote.message == *id)
        };
        assert!(linked.iter().all(known), "{page}");
        if let Some(versions) =
            page.lines().find_map(|line| line.strip_prefix("Versions mentioned: "))
        {
            for version in versions.split(", ") {
                assert!(
                    page.matches(version.trim_start_matches('v')).count() >= 2,
                    "{version}: {page}"
                );
            }
        }
    }
}

/// How people write is theirs, and may be the work of a program.
#[test]
fn no_text_says_how_the_messages_came_to_be() {
    for cluster in [code(), korean(), plain()] {
        let said = everything(&cluster).to_lowercase();
        for claim in ["language model", "언어 모델", "by hand", "own words"] {
            assert!(!said.contains(claim), "{claim} in {said}");
        }
    }
}
