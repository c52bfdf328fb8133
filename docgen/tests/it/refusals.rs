use docgen::page::draft::{DraftRefusal, build_new_draft};
use docgen::target::DocsTarget;
use rules::model::ids::UserId;
use rules::publish::pseudonym::AuthorNaming;

use crate::cluster_builder::{DraftFixture, cluster};

const QUESTION: &str = "How do I rebuild the index?";
const ANSWER: &str = "Run `lanternd reindex` and wait for it to end.";

fn refusal(target: DocsTarget, question: &str, answer: &str) -> String {
    match DraftFixture::new(target).draft(&cluster(&[(question, answer)])) {
        Ok(draft) => draft.page().to_owned(),
        Err(refusal) => refusal.to_string(),
    }
}

#[test]
fn nothing_is_drafted_without_consent() {
    let cluster = cluster(&[(QUESTION, ANSWER)]);
    assert_eq!(
        DraftFixture::with_scope(DocsTarget::Markdown, "").draft(&cluster),
        Err(DraftRefusal::NoConsent)
    );
}

#[test]
fn nothing_is_quoted_from_who_did_not_agree() {
    let mut cluster = cluster(&[
        (QUESTION, ANSWER),
        ("secret wording of the question?", "Hidden words about the index here."),
    ]);
    cluster.occurrences[1].quotable = false;
    let (draft, proposal) = DraftFixture::new(DocsTarget::Markdown).proposal(&cluster);
    for text in [draft.page(), &proposal.body] {
        assert!(!text.contains("secret") && !text.contains("Hidden"), "{text}");
    }
    assert!(proposal.body.contains("https://discord.com/channels/1/2/1010"), "{}", proposal.body);
    cluster.occurrences[0].quotable = false;
    assert_eq!(
        DraftFixture::new(DocsTarget::Markdown).draft(&cluster),
        Err(DraftRefusal::NothingQuotable)
    );
}

#[test]
fn what_facts_do_not_list_is_refused_with_its_value() {
    let address = format!("0x{}", "ab12".repeat(10));
    for (question, answer, expected) in [
        (
            QUESTION,
            format!("{ANSWER} The contract is {address}."),
            format!("a contract address {address}"),
        ),
        (
            QUESTION,
            format!("{ANSWER} Join hxxps://discord[.]gg/abc."),
            "an invite discord.gg/abc".to_owned(),
        ),
        (
            "is bit.ly/3xYz the right page for the index?",
            ANSWER.to_owned(),
            "a shortened link bit.ly/3xYz".to_owned(),
        ),
    ] {
        let said = refusal(DocsTarget::Markdown, question, &answer);
        assert_eq!(said, format!("it contains values that facts.toml does not list: {expected}"));
    }
}

#[test]
fn an_answer_that_does_not_stand_alone_is_refused() {
    for (answer, why) in [
        ("@Asker0", "it has no words"),
        ("👍", "it has no words"),
        ("yes", "it only says yes, no or thanks"),
        ("try it", "it is too short"),
        ("as I said, run the command", "it refers to something that the reader does not see"),
        ("Set `a` as <#123> says", "it points to a channel that readers cannot find"),
    ] {
        assert_eq!(
            refusal(DocsTarget::Markdown, QUESTION, answer),
            format!("no answer is self-contained: {why}")
        );
    }
    let better = cluster(&[(QUESTION, "yes"), (QUESTION, ANSWER)]);
    assert!(
        DraftFixture::new(DocsTarget::Markdown)
            .draft(&better)
            .unwrap()
            .page()
            .contains("Run `lanternd reindex`")
    );
}

#[test]
fn template_tags_in_code_are_entities_where_a_generator_may_run_them() {
    let answer = "Write `{{ user }}` into the page, or this:\n```yaml\n{{#include secret.txt}}\n\n{% x %}\n```";
    for target in [DocsTarget::Markdown, DocsTarget::Faq, DocsTarget::MkDocs] {
        // MkDocs has no Vue to keep away.
        let page = refusal(target, QUESTION, answer);
        let page = if target == DocsTarget::MkDocs {
            assert!(!page.contains("v-pre"), "{page}");
            page.replace("<code>", "<code v-pre>").replace("<pre>", "<pre v-pre>")
        } else {
            page
        };
        let span = "<code v-pre>&#123;&#123; user &#125;&#125;</code>";
        let block = "<pre v-pre><code class=\"language-yaml\">&#123;&#123;&#35;include secret.txt&#125;&#125;\n\n&#123;&#37; x &#37;&#125;</code></pre>";
        assert!(page.contains(span) && page.contains(block), "{page}");
        assert!(!page.contains("{{") && !page.contains("{%"), "{page}");
    }
    assert!(refusal(DocsTarget::Mintlify, QUESTION, answer).contains("{{#include secret.txt}}"));
}

#[test]
fn secrets_and_names_never_reach_a_page() {
    let page = refusal(
        DocsTarget::Markdown,
        QUESTION,
        "Mail jo.doe@mail.example.org or ask helper_0 and @Asker0, then run `lanternd reindex`.",
    );
    assert!(page.contains("redacted: e-mail address"), "{page}");
    assert!(page.contains("ask a user and a user"), "{page}");
    assert!(
        !page.contains("helper\\_0") && !page.contains("helper_0") && !page.contains("jo.doe"),
        "{page}"
    );
}

#[test]
fn a_display_name_is_chat_too() {
    let mut cluster = cluster(&[(QUESTION, ANSWER), (QUESTION, ANSWER)]);
    let name = "<b>Eve</b> **{x}** [a](https://evil.example) @everyone | `";
    for one in &mut cluster.occurrences {
        one.question.author_name = name.into();
        one.answers[0].author_name = name.into();
    }
    for target in [DocsTarget::Markdown, DocsTarget::Mintlify] {
        let mut fixture = DraftFixture::new(target);
        fixture.naming = AuthorNaming::DisplayNames;
        let (draft, proposal) = fixture.proposal(&cluster);
        assert!(!draft.page().contains("Eve"), "{}", draft.page());
        let cell = "| `` <b>Eve</b> **{x}** [a](https://evil.example) @\u{200b}everyone \\| ` `` (";
        assert!(proposal.body.contains(cell), "{}", proposal.body);
    }
}

#[test]
fn answers_that_contradict_each_other_keep_the_page_back_and_are_shown_to_the_reviewer() {
    let exchanges = [
        ("Can the relay run two filters?", "Yes, list both names under `filters` in the settings."),
        ("Is it possible to run two filters?", "Yes, list both under `filters` in the settings."),
        ("Can I use two filters in one relay?", "No, only one filter can run at a time, sorry."),
        ("Does the relay take two filters?", "No, only one filter can run at a time."),
    ];
    let fixture = DraftFixture::new(DocsTarget::Markdown);
    let mut cluster = cluster(&exchanges);
    for (at, one) in cluster.occurrences.iter_mut().enumerate() {
        one.answers[0].author = UserId(300 + at as u64);
    }
    let refused = build_new_draft(&cluster, &fixture.context()).unwrap_err();
    assert_eq!(refused, DraftRefusal::Contradicted);
    let (_, proposal) = fixture.proposal(&cluster);
    assert!(proposal.body.contains("contradicts this one"), "{}", proposal.body);
    cluster.occurrences.truncate(2);
    assert!(build_new_draft(&cluster, &fixture.context()).is_ok());
}
