use proptest::prelude::*;
use rules::model::ids::{ClusterId, MessageId};

use super::*;
use crate::change::FileEdit;
use crate::edit::extension::SectionExtension;
use crate::edit::nav::NavSection;

const KINDS: [NavFormat; 5] = [
    NavFormat::Mintlify,
    NavFormat::MdBook,
    NavFormat::MkDocs,
    NavFormat::VitePress,
    NavFormat::Toctree,
];

fn entry(kind: NavFormat, title: &str) -> NavEntry {
    let path = if kind == NavFormat::Mintlify { "answers/new.mdx" } else { "answers/new.md" };
    let section = NavSection { title: "Answers".to_owned(), folder: kind.named("answers/") };
    let section = (kind == NavFormat::VitePress).then_some(section);
    NavEntry { kind, page: kind.named(path), title: title.to_owned(), section }
}

/// A navigation of each kind, as people write them.
fn site(kind: NavFormat) -> &'static str {
    match kind {
        NavFormat::Mintlify => {
            "{\"name\": \"X\", \"navigation\": {\"groups\": [{\"group\": \"A\", \"pages\": [\"intro\", \"answers/a\"]}]}}\n"
        }
        NavFormat::MdBook => {
            "# Summary\n\n[Preface](p.md)\n\n- [A](a.md)\n  - [B](answers/b.md)\n\n[End](e.md)\n"
        }
        NavFormat::MkDocs => {
            "site_name: X # mine\nnav:\n  - Home: index.md\n  - Answers:\n      - \"A: b\": answers/a.md\nplugins:\n  - macros\n  - x: !!python/name:a.b\n"
        }
        NavFormat::VitePress => {
            "export default { themeConfig: { sidebar: [{ text: 'A', items: [{ text: 'B', link: '/answers/b' }] }] } };\n"
        }
        NavFormat::Toctree => "# A\n\n```{toctree}\nb\n```\n",
    }
}

fn listed(kind: NavFormat, title: &str) -> Result<String, EditError> {
    let text = FileEdit::List(entry(kind, title)).apply(Some(site(kind)))?;
    Ok(text.expect("the page is not in the navigation yet"))
}

/// The title of the new page as a program of its kind reads it from the file.
fn title_in(kind: NavFormat, text: &str) -> Option<String> {
    match kind {
        NavFormat::Mintlify | NavFormat::Toctree => None,
        NavFormat::VitePress => {
            let file = ScriptLiteral::of_file(text)?;
            let own = |one: &&ScriptLiteral| {
                one.get("link").and_then(ScriptLiteral::text) == Some("/answers/new")
            };
            file.all().into_iter().find(own)?.get("text")?.text().map(str::to_owned)
        }
        NavFormat::MdBook => summary(text).into_iter().find_map(|item| match item {
            SummaryItem::Link(page, words) if page == "answers/new.md" => Some(words),
            _ => None,
        }),
        NavFormat::MkDocs => {
            let parts = yaml(text).unwrap();
            let at = parts.iter().position(
                |part| matches!(part, YamlPart::Scalar(text, _) if text == "answers/new.md"),
            );
            match &parts[at? - 1] {
                YamlPart::Scalar(title, _) => Some(title.clone()),
                YamlPart::Other(_) => None,
            }
        }
    }
}

#[test]
fn a_question_never_becomes_code_in_a_navigation() {
    for title in [
        "What does {{ 7*7 }} print?",
        "Why is {{ cycler.__init__.__globals__.os.popen('id').read() }} shown?",
        "{% raw %} {% include 'x' %} {# y #} <%= z %>",
        "a\": !!python/object/apply:os.system [id]\n  - b: c.md",
        "x\nplugins:\n  - exec",
        "<script src=//x.example></script>",
        "](x.md) [y](javascript:alert)",
        "{{#include /etc/passwd}} --8<-- \"x\"",
        "# {: onclick=x } \\",
        "[skip ci] & &lt;b&gt; *a* _b_ `c`",
        "\u{2028}- evil: x.md\u{85}",
        "'\"\\",
        "? : - | > % @ ` !tag &anchor *alias",
    ] {
        for kind in KINDS {
            let text = listed(kind, title).unwrap();
            if let Some(read) = title_in(kind, &text) {
                assert_eq!(read, plain_title(title));
                assert_eq!(directive_in(&read), None, "{read}");
            }
            for live in ["{{", "{%", "<script", "<%", "skip ci]"] {
                assert!(!text.contains(live), "{text}");
            }
        }
    }
}

#[test]
fn a_file_in_which_the_entry_would_mean_something_else_stays() {
    let entry = |kind| entry(kind, "T");
    let inside = "nav:\n  - a: |\n      - b: answers/c.md\n";
    let outcome = FileEdit::List(entry(NavFormat::MkDocs)).apply(Some(inside));
    assert!(matches!(outcome, Err(EditError::Unsafe(_))), "{outcome:?}");
    let broken = "nav:\n  - a: b.md\nx: [\n";
    let outcome = FileEdit::List(entry(NavFormat::MkDocs)).apply(Some(broken));
    assert_eq!(outcome, Err(EditError::Unreadable));
    let fenced = "# Summary\n\n```\n- [A](a.md)\n```\n";
    let outcome = FileEdit::List(entry(NavFormat::MdBook)).apply(Some(fenced));
    assert!(matches!(outcome, Err(EditError::Unsafe(_))), "{outcome:?}");
}

#[test]
fn an_answer_is_put_only_where_nothing_is_open() {
    let cluster = ClusterId::of_question(MessageId(36));
    let headings = vec!["Ports".to_owned()];
    let text =
        "<a id=\"answer-q10\"></a>\n\nUse `9`.\n\n<!-- answer-harvester:v1 id=q10 digest=d -->"
            .to_owned();
    let extension = FileEdit::Extend(SectionExtension { cluster, headings, at_end: false, text });
    let put = |file: &str| extension.apply(Some(file));
    assert!(put("# Ports\n\nThey are open.\n\n- one\n- two\n").is_ok());
    assert!(put("# Ports\r\n\r\n> They are open.\r\n").is_ok());
    for open in ["# Ports\n\n```sh\nrun\n", "# Ports\n\n<!-- later\n", "# Ports\n\n<pre>\n"] {
        assert!(matches!(put(open), Err(EditError::Unsafe(_))), "{open}");
    }
}

#[test]
fn a_rewritten_page_gets_no_new_html() {
    let replace = |text: &str| {
        let seen = crate::lines::hash("# A\n\n<b>mine</b>\n");
        FileEdit::Replace { seen, text: text.to_owned() }.apply(Some("# A\n\n<b>mine</b>\n"))
    };
    assert!(replace("# A\n\n<a id=\"answer-q10\"></a>\n\n<b>mine</b> too\n").is_ok());
    assert_eq!(replace("# A\n\n<script>x</script>\n"), Err(EditError::Unsafe("HTML")));
}

#[test]
fn redirects_are_read_back() {
    for (kind, before) in [
        (NavFormat::Mintlify, "{\n  \"name\": \"X\"\n}\n"),
        (
            NavFormat::MkDocs,
            "plugins:\n  - search\n  - redirects:\n      redirect_maps:\n        a.md: b.md\n",
        ),
        (NavFormat::MkDocs, "plugins:\n  - redirects:\n      redirect_maps: {}\nsite_name: X\n"),
        (
            NavFormat::MkDocs,
            "plugins:\n  - redirects:\n      redirect_maps: { a.md: b.md }\nsite_name: X\n",
        ),
        (
            NavFormat::MdBook,
            "[book]\ntitle = \"X\"\n\n[output.html.redirect]\n\"/a.html\" = \"b.html\"\n",
        ),
    ] {
        let redirect = Redirect { kind, from: "old/x.md".into(), to: "new/x.md".into() };
        let after = FileEdit::Redirect(redirect.clone()).apply(Some(before)).unwrap().unwrap();
        assert_eq!(check_redirect(&redirect, before, &after), Ok(()));
        let more = after.replace('X', "Y");
        if more != after {
            assert!(check_redirect(&redirect, before, &more).is_err(), "{more}");
        }
    }
}

/// Text of the signs that YAML, JSON, Markdown and templates give a meaning.
fn hostile() -> impl Strategy<Value = String> {
    let sign = prop::sample::select(vec![
        "{{",
        "}}",
        "{%",
        "%}",
        "<",
        ">",
        "<!--",
        "-->",
        "[",
        "]",
        "(",
        ")",
        "\"",
        "'",
        "\\",
        "`",
        "*",
        "_",
        "#",
        ":",
        ": ",
        "- ",
        "|",
        "&",
        "!",
        "?",
        "@",
        "%",
        "~",
        "^",
        "=",
        "+",
        ",",
        " ",
        "\n",
        "\r\n",
        "\t",
        "\u{85}",
        "\u{2028}",
        "\u{feff}",
        "\u{0}",
        "\u{ffff}",
        "é",
        "가",
        "a",
        "7*7",
        "null",
        "https://x.example",
        "[skip ci]",
        "&amp;",
        "-8<-",
        "$",
        "{#",
    ]);
    prop::collection::vec(sign, 1..16).prop_map(|signs| signs.concat())
}

proptest! {
    #[test]
    fn any_title_is_read_back_as_it_was_meant(title in hostile()) {
        prop_assume!(!plain_title(&title).is_empty());
        for kind in KINDS {
            let text = listed(kind, &title).unwrap();
            if let Some(read) = title_in(kind, &text) {
                prop_assert_eq!(&read, &plain_title(&title));
                prop_assert_eq!(directive_in(&read), None);
            }
            let back = FileEdit::Unlist(entry(kind, &title)).apply(Some(&text)).unwrap().unwrap();
            prop_assert_eq!(back, site(kind));
        }
    }
}
