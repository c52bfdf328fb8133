//! What people leave of a page is read again.

use docgen::page::draft::{Draft, build_draft};
use docgen::page::read_back::{ReadPage, parse_page};
use docgen::target::DocsTarget;
use proptest::prelude::*;
use rules::model::ids::{ClusterId, MessageId};

use crate::cluster_builder::{DraftFixture, cluster};

const EXCHANGES: [(&str, &str); 3] = [
    (
        "How do I rebuild the index after an upgrade?",
        "Stop the daemon, then run `lanternd reindex` on v1.7.0:\n```sh\n# all of it\nlanternd reindex\n```",
    ),
    ("how to rebuild the search index", "Delete the folder `index/`; it is made again."),
    ("Search finds nothing, rebuild the index?", "Run lanternd reindex, as the docs tell."),
];

fn id() -> ClusterId {
    ClusterId::of_question(MessageId(1_000))
}

/// The draft of a target and the file that holds it.
fn filed(exchanges: &[(&str, &str)], target: DocsTarget) -> Option<(Draft, String)> {
    let fixture = DraftFixture::new(target);
    let draft = build_draft(&cluster(exchanges), &fixture.context()).ok()?;
    let file = draft.file(None).unwrap();
    Some((draft, file))
}

/// The answer of a page as the template wrote it: what stands above the lists, without sources.
fn written(draft: &Draft) -> String {
    let page = draft.page();
    let begins = page.find("</a>").unwrap() + "</a>".len();
    let lists = ["# Also asked as\n", "\nSource: ["].map(|heading| page.rfind(heading));
    let ends = lists.into_iter().flatten().min().unwrap();
    let mut answer = String::new();
    for line in page[begins..ends].trim_end_matches('#').lines() {
        let heading = line.strip_prefix("## ") == Some(draft.title()) && answer.trim().is_empty();
        let source = line.starts_with("Source: [") && line.contains("/channels/");
        if !source && !heading {
            answer.push_str(line);
            answer.push('\n');
        }
    }
    squeezed(&answer)
}

/// Without blank lines, which may differ where something between them went.
fn squeezed(text: &str) -> String {
    text.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}

#[test]
fn our_own_pages_read_back() {
    for target in DocsTarget::ALL {
        let (draft, file) = filed(&EXCHANGES, target).unwrap();
        let page = parse_page(&id(), &file, target).unwrap();
        assert_eq!(page.title, draft.title(), "{target:?}");
        assert_eq!(squeezed(&page.answer), written(&draft), "{target:?}");
        assert!(
            page.answer.contains("lanternd reindex") && page.answer.contains("Versions mentioned")
        );
        let ids = [1_000, 1_001, 1_010, 1_011, 1_020].map(MessageId);
        assert_eq!(page.evidence, ids, "{target:?}");
        let crlf = file.replace('\n', "\r\n");
        let again = parse_page(&id(), &crlf, target).unwrap();
        assert_ne!(again.digest, page.digest);
        assert_eq!(ReadPage { digest: page.digest.clone(), ..again }, page);
        assert_eq!(
            parse_page(&id(), &format!("\u{feff}{file}"), target).unwrap().title,
            page.title
        );
    }
}

fn check(
    name: &str,
    target: DocsTarget,
    change: impl Fn(&str) -> String,
    title: &str,
    answer: &str,
) {
    let (_, file) = filed(&EXCHANGES[..], target).unwrap();
    let changed = change(&file);
    assert_ne!(changed, file, "{name} changes nothing");
    let page = parse_page(&id(), &changed, target).unwrap();
    assert_eq!(page.title, title, "{name}");
    let answer_text = squeezed(&page.answer);
    for ours in ["answer-", "Source:", "/channels/", "Also asked", "Resolved "] {
        assert!(!answer_text.contains(ours), "{name}: {ours} in {answer_text}");
    }
    assert!(answer_text.starts_with(answer), "{name}: {answer_text}");
    assert!(page.evidence.contains(&MessageId(1_001)), "{name}");
}

#[test]
fn what_people_change_is_theirs_and_what_we_wrote_is_left_out() {
    let title = "How do I rebuild the index after an upgrade?";
    let first = "Delete the folder";
    for target in [DocsTarget::Markdown, DocsTarget::Faq] {
        check(
            "a heading",
            target,
            |file| file.replace(title, "Rebuild *it* \\<all\\>"),
            "Rebuild it <all>",
            first,
        );
        check(
            "a heading with an id",
            target,
            |file| file.replace(title, "Rebuild it {#re}"),
            "Rebuild it",
            first,
        );
        check(
            "the variants' heading",
            target,
            |file| file.replace("Also asked as", "How others asked it"),
            title,
            first,
        );
        check(
            "words first",
            target,
            |file| file.replace(first, "First of all:\ndelete the folder"),
            title,
            "First of all:",
        );
        check("no variants", target, |file| without(file, "# Also asked as"), title, first);
        check("a bold source", target, |file| file.replace("Source:", "**Source**:"), title, first);
        check("no anchor", target, |file| without(file, "<a id="), title, first);
        check("no marker", target, |file| without(file, "id=qrs digest"), title, first);
    }
    check(
        "front matter",
        DocsTarget::Docusaurus,
        |file| file.replace(&format!("title: \"{title}\""), "title: 'It''s rebuilt'"),
        "It's rebuilt",
        first,
    );
    check(
        "a heading below",
        DocsTarget::Docusaurus,
        |file| file.replace(first, "## Steps\n\nDelete"),
        title,
        "## Steps\nDelete",
    );
}

fn without(file: &str, what: &str) -> String {
    file.lines().filter(|line| !line.contains(what)).map(|line| format!("{line}\n")).collect()
}

#[test]
fn moved_lists_are_left_out_where_they_stand() {
    let (_, file) = filed(&EXCHANGES, DocsTarget::Markdown).unwrap();
    let at = file.find("## Also asked as").unwrap();
    let answer = file.find("Delete the folder").unwrap();
    let (lists, mark) = file[at..].split_at(file[at..].find("<!--").unwrap());
    let moved = format!("{}{lists}{}{mark}", &file[..answer], &file[answer..at]);
    let before = parse_page(&id(), &file, DocsTarget::Markdown).unwrap();
    let after = parse_page(&id(), &moved, DocsTarget::Markdown).unwrap();
    assert_eq!(squeezed(&after.answer), squeezed(&before.answer));
    assert_eq!((after.title, after.evidence), (before.title, before.evidence));
}

#[test]
fn one_answer_of_many_is_read() {
    let (_, file) = filed(&EXCHANGES, DocsTarget::Faq).unwrap();
    let other = "<a id=\"answer-qzz\"></a>\n\n## Other\n\nElse.\n\n<!-- answer-harvester:v1 id=qzz digest=d -->\n";
    let both = file.replace(
        "<!-- answer-harvester:end -->",
        &format!("{other}\n<!-- answer-harvester:end -->"),
    );
    let alone = parse_page(&id(), &file, DocsTarget::Faq).unwrap();
    let page = parse_page(&id(), &both, DocsTarget::Faq).unwrap();
    assert_eq!((page.title, page.answer), (alone.title, alone.answer));
    let zz = "qzz".parse().unwrap();
    let page = parse_page(&zz, &both, DocsTarget::Faq).unwrap();
    assert_eq!((page.title.as_str(), page.answer.as_str()), ("Other", "Else."));
    assert_eq!(parse_page(&"qyy".parse().unwrap(), &both, DocsTarget::Faq), None);
    let unmarked = without(&both, "id=qzz");
    assert_eq!(parse_page(&zz, &unmarked, DocsTarget::Faq).unwrap().answer, "Else.");
}

#[test]
fn links_in_an_answer_are_no_evidence_beside_ours() {
    let (_, file) = filed(&EXCHANGES, DocsTarget::Markdown).unwrap();
    let linked =
        file.replace("Delete the folder", "As [here](https://discord.com/channels/9/9/77), delete");
    assert!(
        !parse_page(&id(), &linked, DocsTarget::Markdown)
            .unwrap()
            .evidence
            .contains(&MessageId(77))
    );
    let bare = "# Mine\n\nSee https://discord.com/channels/9/9/77\n";
    let page = parse_page(&id(), bare, DocsTarget::Markdown).unwrap();
    assert_eq!(page.evidence, [MessageId(77)]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn whatever_was_said_reads_back(
        answer in "(Run `lanternd reindex` first\\.|Use the settings page to rebuild it\\.)(\n[ -~가-각]{0,30}){0,6}",
        target in prop::sample::select(DocsTarget::ALL.to_vec()),
    ) {
        let exchanges = [EXCHANGES[0].0, EXCHANGES[1].0, EXCHANGES[2].0].map(|asked| (asked, answer.as_str()));
        if let Some((draft, file)) = filed(&exchanges, target) {
            let page = parse_page(&id(), &file, target).unwrap();
            prop_assert_eq!(squeezed(&page.answer), written(&draft));
            prop_assert_eq!(page.title, draft.title());
        }
    }

    #[test]
    fn any_file_is_read(
        pieces in prop::collection::vec(prop_oneof![
            Just("---\n".to_owned()), Just("title: x\n".to_owned()), Just("```\n".to_owned()),
            Just("## Evidence\n".to_owned()), Just("<a id=\"answer-qrs\"></a>\n".to_owned()),
            Just("<!-- answer-harvester:v1 id=qrs digest=x -->\n".to_owned()), Just("# \r\n".to_owned()),
            "\\PC{0,8}\n?",
        ], 0..12),
        target in prop::sample::select(DocsTarget::ALL.to_vec()),
    ) {
        parse_page(&id(), &pieces.concat(), target);
    }
}
