use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn entry(kind: NavFormat, page: &str) -> NavEntry {
    NavEntry { kind, page: page.into(), title: "How do I [reset] it?".into(), section: None }
}

/// What is inserted between the text before and after it.
fn check(kind: NavFormat, page: &str, before: &str, after: &str, expected: &str) {
    let text = format!("{before}{after}");
    let listed = entry(kind, page).listed_in(&text).unwrap();
    assert_eq!(listed, format!("{before}{expected}{after}"));
    assert_eq!(entry(kind, page).listed_in(&listed).unwrap(), listed, "twice");
    let again = entry(kind, page).unlisted_in(&listed).unwrap();
    assert_eq!(again.trim_end(), text.trim_end(), "and away");
}

#[test]
fn docs_json_gets_one_string() {
    let one = NavFormat::Mintlify;
    check(
        one,
        "answers/reset",
        "{\n \"navigation\": {\"tabs\": [{\"groups\": [\n  {\"group\": \"A\", \"pages\": [\"intro\"]},\n  \
         {\"group\": \"B\", \"pages\": [\n    \"answers/port\"",
        ",\n    \"cli/x\"\n  ]}]}, {\"groups\": [{\"group\": \"API\", \"pages\": [\"api/a\"]}]}]}}\n",
        ",\n    \"answers/reset\"",
    );
    check(
        one,
        "answers/reset",
        "{\"navigation\": {\"groups\": [{\"pages\": [\"a\", {\"group\": \"FAQ\", \"pages\": [\"b\"",
        "]}, \"c\"]}]}}",
        ", \"answers/reset\"",
    );
    check(
        one,
        "answers/reset",
        "{\"navigation\": {\"tabs\": [{\"groups\": [{\"group\": \"A\", \"pages\": [\"x\"]}, \
         {\"group\": \"Z\", \"pages\": [",
        "]}]}, {\"groups\": [{\"group\": \"API\", \"pages\": [\"api/a\"]}]}]}}",
        "\"answers/reset\"",
    );
    check(
        one,
        "answers/reset",
        "{\"navigation\": [{\"group\": \"A\", \"pages\": [\r\n\t\t\"x\",\r\n\t\t\"y\"",
        "\r\n]}]}",
        ",\r\n\t\t\"answers/reset\"",
    );
    for (text, expected) in [
        ("{\"navigation\": {}}", EditError::NoList),
        ("{\"pages\": [\"elsewhere\"]}", EditError::NoList),
        ("{\"navigation\": ", EditError::Unreadable),
    ] {
        assert_eq!(entry(one, "answers/reset").listed_in(text), Err(expected), "{text}");
    }
}

#[test]
fn a_summary_gets_one_bullet() {
    let book = NavFormat::MdBook;
    let line = "- [How do I \\[reset\\] it?](answers/reset.md)\n";
    let head = "# Summary\n\n[Preface](p.md)\n\n";
    check(book, "answers/reset.md", &format!("{head}- [A](a.md)\n"), "\n[End](e.md)\n", line);
    check(
        book,
        "answers/reset.md",
        &format!("{head}- [A](a.md)\n  - [Q](answers/q.md)\n    - [Deep](d.md)\n"),
        "- [B](b.md)\n",
        &format!("  {line}"),
    );
    check(
        book,
        "answers/reset.md",
        "* [A](a.md)\n  * [B](b.md)",
        "",
        &format!("\n{}", line.replace("- [", "* [").trim_end()),
    );
    check(book, "answers/reset.md", "# Summary\n", "", &format!("\n{line}"));
}

#[test]
fn a_mkdocs_navigation_gets_one_line() {
    let site = NavFormat::MkDocs;
    let line = "- \"How do I [reset] it?\": answers/reset.md\n";
    let tail = "\nplugins:\n  - search\n  - x: !!python/name:a.b\n";
    check(
        site,
        "answers/reset.md",
        "site_name: X\nnav:\n  - Home: index.md\n  - Guide:\n      - a.md\n",
        tail,
        &format!("  {line}"),
    );
    check(
        site,
        "answers/reset.md",
        "nav: # ours\n- index.md\n- Answers:\n  - 'Q': 'answers/q.md'\n",
        "- Other: o.md\nextra: 1\n",
        &format!("  {line}"),
    );
    let entry = entry(site, "answers/reset.md");
    for text in ["site_name: X\n", "# nav:\nx: 1\n"] {
        assert_eq!(entry.listed_in(text).unwrap(), text, "lists every page by itself");
    }
    for text in ["nav: [a.md]\n", "nav:\nplugins: []\n"] {
        assert_eq!(entry.listed_in(text), Err(EditError::NoList), "{text}");
    }
}

#[test]
fn a_page_with_others_below_it_is_not_taken_away() {
    let text = "- [Q](answers/reset.md)\n  - [Deep](d.md)\n";
    let book = entry(NavFormat::MdBook, "answers/reset.md");
    assert_eq!(book.unlisted_in(text), Err(EditError::HasPages));
    let first = "{\"navigation\": {\"pages\": [ \"answers/reset\" , \"b\"]}}";
    let list = entry(NavFormat::Mintlify, "answers/reset").unlisted_in(first).unwrap();
    assert_eq!(list, "{\"navigation\": {\"pages\": [ \"b\"]}}");
}

/// A navigation as people write it, in any shape, with numbers and nulls in it.
fn groups() -> impl Strategy<Value = Value> {
    let name = || "[a-z\"\\\\é {}]{0,5}(/[a-z]{1,3})?".prop_map(Value::from);
    let page = prop_oneof![4 => name(), 1 => Just(json!(null)), 1 => Just(json!(-1.5))];
    let pages = page.prop_recursive(3, 20, 4, |page| {
        (".{0,4}", prop::collection::vec(page, 0..4))
            .prop_map(|(group, pages)| json!({ "group": group, "pages": pages }))
    });
    prop::collection::vec(("[a-z]{0,4}", prop::collection::vec(pages, 0..4)), 1..4).prop_map(|all| {
        let groups = all.into_iter().map(|(group, pages)| json!({ "pages": pages, "group": group }));
        json!({ "x": [1, "]"], "navigation": { "groups": groups.collect::<Vec<_>>() }, "pages": [] })
    })
}

fn strings(value: &Value) -> usize {
    match value {
        Value::String(_) => 1,
        Value::Array(all) => all.iter().map(strings).sum(),
        Value::Object(all) => all.values().map(strings).sum(),
        _ => 0,
    }
}

proptest! {
    #[test]
    fn of_docs_json_everything_else_stays_and_the_result_parses(groups in groups(), pretty: bool) {
        let text = match pretty {
            true => serde_json::to_string_pretty(&groups),
            false => serde_json::to_string(&groups),
        }.unwrap();
        let listed = entry(NavFormat::Mintlify, "answers/reset").listed_in(&text).unwrap();
        prop_assert!(is_insertion(&text, &listed));
        let after = serde_json::from_str::<Value>(&listed).unwrap();
        prop_assert_eq!(strings(&after), strings(&groups) + 1);
        let again = entry(NavFormat::Mintlify, "answers/reset").unlisted_in(&listed).unwrap();
        prop_assert_eq!(serde_json::from_str::<Value>(&again).unwrap(), groups);
    }

    #[test]
    fn any_bytes_make_no_panic_and_lose_nothing(text in ".{0,60}", lines in "([ -]{0,3}[a-z:\\[\\](){}\"]{0,9}\r?\n){0,6}") {
        for kind in [NavFormat::Mintlify, NavFormat::MdBook, NavFormat::MkDocs] {
            for text in [format!("{text}\nnav:\n{lines}"), format!("nav:\n{lines}{text}")] {
                if let Ok(listed) = entry(kind, "answers/reset.md").listed_in(&text) {
                    prop_assert!(is_insertion(&text, &listed));
                }
            }
        }
    }

    #[test]
    fn a_bullet_lands_on_a_line_of_its_own(items in prop::collection::vec((0_usize..4, "[a-z]{1,4}"), 1..8)) {
        let text = items.iter().map(|(deep, name)| {
            format!("{}- [{name}](answers/{name}x.md)\n", "  ".repeat(*deep))
        }).collect::<String>();
        let listed = entry(NavFormat::MdBook, "answers/reset.md").listed_in(&text).unwrap();
        prop_assert_eq!(listed.lines().count(), text.lines().count() + 1);
        let kept = listed.lines().filter(|line| !line.contains("reset")).map(|line| format!("{line}\n"));
        prop_assert_eq!(kept.collect::<String>(), text);
    }
}

/// Whether one text is the other with something put in at one place.
fn is_insertion(text: &str, listed: &str) -> bool {
    let (old, new) = (text.as_bytes(), listed.as_bytes());
    let same = old.iter().zip(new).take_while(|(a, b)| a == b).count();
    let rest = old.iter().rev().zip(new.iter().rev()).take_while(|(a, b)| a == b).count();
    new.len() >= old.len() && same + rest >= old.len()
}
