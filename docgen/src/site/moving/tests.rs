use rules::model::ids::MessageId;

use super::*;
use crate::edit::error::EditError;
use crate::site::detection::detect;

fn edited(kind: NavFormat, from: &str, to: &str, text: &str) -> Result<String, EditError> {
    Redirect { kind, from: from.into(), to: to.into() }.put_into(text)
}

#[track_caller]
fn check(kind: NavFormat, text: &str, expected: &str) {
    let (from, to) = match kind {
        NavFormat::Mintlify => ("/a/old", "/b/new"),
        NavFormat::MkDocs => ("a/old.md", "b/new.md"),
        NavFormat::MdBook => ("/a/old.html", "../b/new.html"),
        NavFormat::VitePress | NavFormat::Toctree => unreachable!("they have no redirects"),
    };
    let once = edited(kind, from, to, text).unwrap();
    assert_eq!(once, expected);
    assert_eq!(edited(kind, from, to, &once).unwrap(), once, "a second time changes nothing");
    let dos = edited(kind, from, to, &text.replace('\n', "\r\n")).unwrap();
    assert_eq!(dos, expected.replace('\n', "\r\n"));
}

#[test]
fn a_book_has_a_table() {
    let title = "[book]\ntitle = \"H\"\n";
    let entry = "\"/a/old.html\" = \"../b/new.html\"\n";
    let table = "[output.html.redirect]\n";
    check(NavFormat::MdBook, title, &format!("{title}\n{table}{entry}"));
    let other = "\"/x.html\" = \"y.html\" # keep\n";
    let more = "\n[output.html.fold]\nenable = true\n";
    check(
        NavFormat::MdBook,
        &format!("{title}\n{table}{other}{more}"),
        &format!("{title}\n{table}{other}{entry}{more}"),
    );
    // A page that moves back must not lead in a circle, and one that moves on leads to its last place.
    let back = "\"/b/new.html\" = \"../a/old.html\"\n";
    let stale = "\"/a/old.html\" = \"elsewhere.html\"\n";
    check(
        NavFormat::MdBook,
        &format!("{table}{back}{stale}{other}"),
        &format!("{table}{other}{entry}"),
    );
    let inline = "[output.html]\nredirect = { \"/x.html\" = \"y.html\" }\n";
    assert_eq!(edited(NavFormat::MdBook, "/a.html", "b.html", inline), Err(EditError::NoList));
}

#[test]
fn mkdocs_has_a_map_if_it_has_the_plugin() {
    let head = "site_name: H\nplugins:\n  - search\n";
    let tail = "nav:\n  - Home: index.md\n";
    let entry = "\"a/old.md\": \"b/new.md\"\n";
    for (plugin, expected) in [
        (
            "  - redirects:\n      redirect_maps:\n        'x.md': 'y.md'\n".to_owned(),
            format!("  - redirects:\n      redirect_maps:\n        'x.md': 'y.md'\n        {entry}"),
        ),
        (
            "  - redirects:\n      redirect_maps:\n".to_owned(),
            format!("  - redirects:\n      redirect_maps:\n        {entry}"),
        ),
        (
            "  - redirects\n".to_owned(),
            format!("  - redirects:\n      redirect_maps:\n        {entry}"),
        ),
        (
            "  - redirects:\n      redirect_maps:\n        b/new.md: a/old.md\n        a/old.md: z.md\n"
                .to_owned(),
            format!("  - redirects:\n      redirect_maps:\n        {entry}"),
        ),
        (
            "  - redirects:\n      redirect_maps:\n        'x.md': 'y.md'\n  - tags\n".to_owned(),
            format!(
                "  - redirects:\n      redirect_maps:\n        'x.md': 'y.md'\n        {entry}  - tags\n"
            ),
        ),
        (
            "  - redirects:\n      redirect_maps: {}\n".to_owned(),
            format!("  - redirects:\n      redirect_maps: {{{}}}\n", entry.trim_end()),
        ),
        (
            "  - redirects:\n      redirect_maps: {x.md: y.md}\n".to_owned(),
            format!("  - redirects:\n      redirect_maps: {{{}, x.md: y.md}}\n", entry.trim_end()),
        ),
    ] {
        check(NavFormat::MkDocs, &format!("{head}{plugin}{tail}"), &format!("{head}{expected}{tail}"));
    }
    let cut = "plugins:\n  - redirects:\n      redirect_maps: {x.md: y.md,\n        z.md: y.md}\n";
    let from_there = "plugins:\n  - redirects:\n      redirect_maps: {a.md: y.md}\n";
    for without in ["site_name: H\n", head, cut, from_there] {
        assert_eq!(edited(NavFormat::MkDocs, "a.md", "b.md", without), Err(EditError::NoList));
    }
}

#[test]
fn mintlify_has_a_list() {
    let entry = r#"{ "source": "/a/old", "destination": "/b/new" }"#;
    let other = r#"{ "source": "/x", "destination": "/y\"]" }"#;
    let whole = |entries: &str| {
        format!("{{\n  \"name\": \"H\",\n  \"redirects\": [\n    {entries}\n  ]\n}}\n")
    };
    check(NavFormat::Mintlify, "{\n  \"name\": \"H\"\n}\n", &whole(entry));
    check(NavFormat::Mintlify, "{\n  \"name\": \"H\",\n  \"redirects\": []\n}\n", &whole(entry));
    check(NavFormat::Mintlify, &whole(other), &whole(&format!("{other},\n    {entry}")));
    let back = r#"{ "source": "/b/new", "destination": "/a/old" }"#;
    check(
        NavFormat::Mintlify,
        &whole(&format!("{back},\n    {other}")),
        &whole(&format!("{other},\n    {entry}")),
    );
    check(
        NavFormat::Mintlify,
        &whole(back),
        &format!("{{\n  \"name\": \"H\",\n  \"redirects\": [\n    {entry}\n  ]\n}}\n"),
    );
    check(
        NavFormat::Mintlify,
        r#"{"a": {"redirects": [1]}, "redirects": [{"source": "/x", "destination": "/y"}]}"#,
        &format!(
            r#"{{"a": {{"redirects": [1]}}, "redirects": [{{"source": "/x", "destination": "/y"}}, {entry}]}}"#
        ),
    );
    assert_eq!(edited(NavFormat::Mintlify, "/a", "/b", "{"), Err(EditError::Unreadable));
    assert_eq!(
        edited(NavFormat::Mintlify, "/a", "/b", "{\"redirects\": 1}"),
        Err(EditError::NoList)
    );
}

/// Every path that a move changes, with the text where a page is written.
fn moves(settings_file: &str, from: &str, to: &str, text: Option<&str>) -> Vec<String> {
    let page = |path: &str| {
        let text = match path.rsplit('.').next() {
            Some("json") => "{\"navigation\": {}}",
            Some("js") => "export default { presets: [['classic', {}]] };",
            _ => "",
        };
        Some(text.to_owned())
    };
    let layout = detect([settings_file, "docs/a.md"], page).unwrap();
    let cluster = ClusterId::of_question(MessageId(36));
    let moved = PageMove { cluster: &cluster, from, to, title: "What {is} it?" };
    let changes = move_changes(&layout, &moved, text).into_iter().map(|change| match change {
        FileChange::Write { path, text } => format!("write {path}\n{text}"),
        FileChange::Delete { path } => format!("delete {path}"),
        FileChange::Edit { path, edit: FileEdit::Redirect(one) } => {
            format!("{path}: {} leads to {}", one.from, one.to)
        }
        FileChange::Edit { path, .. } => format!("edit {path}"),
    });
    changes.collect()
}

#[test]
fn the_settings_lead_to_the_new_place() {
    for (file, from, to, text, expected) in [
        (
            "book.toml",
            "src/answers/a.md",
            "src/guide/b.md",
            "[book]\n",
            [
                "delete src/answers/a.md",
                "edit src/SUMMARY.md",
                "book.toml: /answers/a.html leads to ../guide/b.html",
            ],
        ),
        (
            "web/mkdocs.yml",
            "web/docs/answers/a.md",
            "web/docs/b.md",
            "plugins:\n- redirects\n",
            [
                "delete web/docs/answers/a.md",
                "edit web/mkdocs.yml",
                "web/mkdocs.yml: answers/a.md leads to b.md",
            ],
        ),
        (
            "docs.json",
            "answers/a.mdx",
            "guide/b.mdx",
            "{}",
            ["delete answers/a.mdx", "edit docs.json", "docs.json: /answers/a leads to /guide/b"],
        ),
    ] {
        let text = if file.ends_with("yml") { text.replace("- r", "  - r") } else { text.into() };
        assert_eq!(moves(file, from, to, Some(&text)), expected);
    }
}

#[test]
fn elsewhere_a_page_stays_that_links_there() {
    insta::assert_snapshot!(
        moves("docusaurus.config.js", "docs/answers/a.mdx", "docs/guide/b.mdx", None).join("\n"),
        @r#"
    write docs/answers/a.mdx
    ---
    title: "What {is} it?"
    unlisted: true
    ---

    This page has moved: [go to the new page](../guide/b.mdx).

    {/* answer-harvester:v1 id=q10 digest=moved */}
    "#);
    insta::assert_snapshot!(moves("README.md", "answers/a.md", "answers/b.md", None).join("\n"), @"
    write answers/a.md
    # What &#123;is&#125; it?

    This page has moved: [go to the new page](b.md).

    <!-- answer-harvester:v1 id=q10 digest=moved -->
    ");
    let without = moves("mkdocs.yml", "docs/a.md", "docs/b/c.md", Some("plugins:\n  - search\n"));
    assert_eq!(without[0], "edit mkdocs.yml");
    assert!(without[1].contains("[go to the new page](b/c.md)"), "{without:?}");
    let inline = "[output.html]\nredirect = {}\n";
    let kept = moves("book.toml", "src/a.md", "src/b.md", Some(inline));
    assert!(kept.len() == 1 && kept[0].starts_with("write src/a.md\n"), "{kept:?}");
    assert_eq!(moves("README.md", "a.md", "a.md", None), Vec::<String>::new());
}
