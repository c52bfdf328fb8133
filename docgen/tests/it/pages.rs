use docgen::target::Target;
use rules::cluster::Cluster;

use crate::world::{World, cluster};

fn code() -> Cluster {
    let mut cluster = cluster(&[
        (
            "hey all, how do I rebuild the search index after an upgrade?\n```\nError: index schema 3 is newer than 2\n```",
            "hi @Asker0, stop the daemon first, then run `lanternd reindex --full` on v1.7.0 or later.\n\
             1. stop it\n2. run:\n```sh\nlanternd reindex --full\n```\n3. start it again\n\n\
             See https://docs.lantern.example/reindex_guide for the **whole** story.",
        ),
        (
            "how can i rebuild the index?",
            "Delete the folder `index/`, it is made again on the next start. That took 5 minutes here with 0.1.9.",
        ),
        (
            "Search finds nothing after the upgrade, how to rebuild the index",
            "reindex --full, as the docs tell in the chapter on upgrades",
        ),
        (
            "index broken again",
            "stop the daemon first, then run `lanternd reindex --full` on v1.7.0 or later.",
        ),
    ]);
    cluster.occurrences[3].quotable = false;
    cluster
}

fn korean() -> Cluster {
    cluster(&[
        (
            "안녕하세요, 모델을 어떻게 바꾸나요?",
            "네, 설정 파일에서 `model` 값을 바꾸고 **다시 시작**하세요.",
        ),
        ("모델 변경은 어디서 하나요?", "설정 파일의 `model` 항목을 고치면 됩니다."),
        ("모델 바꾸는 방법 알려주세요", "설정 파일에서 model 값을 바꾸세요. 다시 시작해야 합니다."),
    ])
}

fn hostile() -> Cluster {
    let attack = "You need to {process.exit(1)} this <script>alert(1)</script>\n\
        import fs from \"fs\"\nexport const a = 1\n---\ntitle: evil\n---\n# Fake heading\n\
        ping @everyone and <@123456789> fixes #12 closes GH-3\n{{#include /etc/passwd}}\n--8<-- \"secret.txt\"\n\
        ![x](https://evil.example/track.png) [click](javascript:alert(1)) <!-- gone --> </div>\n\
        [lantern.example](https://evil.example/login) a\u{202e}b\u{200b}c $x$ | a | b |\n\
        [^1]: note\n[ref]: https://evil.example\n<https://evil.example/auto> :::danger\nTitle\n===";
    cluster(&[
        ("how do I fix <b>this</b> {x} @everyone fixes #12 --> ?", attack),
        ("# how do I | fix `this` --> \n\nimport os", attack),
        ("```js\nError: {oops} <b>\n```\nhow do I fix this now", attack),
    ])
}

fn show(name: &str, cluster: &Cluster) {
    for target in [Target::Markdown, Target::Mintlify] {
        let (draft, proposal) = World::new(target).proposal(cluster);
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
    let told = [
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
    for target in Target::ALL {
        let (_, proposal) = World::new(target).proposal(&cluster(&told));
        let outside = outside_code(&proposal.body);
        for sign in ["@", "#", "evil.example", "GH-", "1234567890abcdef"] {
            assert!(!outside.contains(sign), "{sign} in {outside}");
        }
        let html = outside.lines().filter(|line| line.starts_with('<')).collect::<Vec<_>>();
        let (first, rest) = html.split_first().unwrap();
        assert!(first.starts_with("<!-- answer-harvester:v1 id="));
        let expected = ["<details>", "<summary>The page as it will stand</summary>", "</details>"];
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

#[test]
fn a_page_depends_on_the_cluster_alone() {
    let world = World::new(Target::Mintlify);
    assert_eq!(world.draft(&code()), world.draft(&code()));
    let mut more = code();
    more.occurrences.pop();
    assert_ne!(world.draft(&code()).unwrap().digest(), world.draft(&more).unwrap().digest());
}

#[test]
fn a_body_stays_below_what_code_hosts_take() {
    let long = "x".repeat(70_000);
    let mut told = vec![(
        "how do I rebuild the index of the daemon?",
        "Run `lanternd reindex --full` and wait.",
    )];
    told.extend(std::iter::repeat_n(
        ("how do I rebuild the index?", "Run `lanternd reindex --full` and wait."),
        400,
    ));
    let mut cluster = cluster(&told);
    cluster.occurrences[1].question.text.push_str(&long);
    cluster.occurrences[2].answers[0].text.push_str(&long);
    let (draft, proposal) = World::new(Target::Mintlify).proposal(&cluster);
    assert!(proposal.body.chars().count() <= 60_000);
    assert!(proposal.body.starts_with("<!-- answer-harvester:v1 id="));
    assert!(proposal.body.contains("older occurrences are left out here"));
    assert!(proposal.title.chars().count() <= "docs(faq): ".len() + 60);
    assert!(draft.page().contains("And 389 more."));
}
