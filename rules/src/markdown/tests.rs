use proptest::prelude::*;
use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag};

use super::*;

fn page(text: &str) -> String {
    render(&parse(text, &["Bob Smith"]), MarkdownDialect::CommonMark)
}

#[test]
fn discord_markdown_becomes_commonmark() {
    for (text, expected) in [
        ("one\ntwo", "one\\\ntwo"),
        ("one\n\ntwo", "one\n\ntwo"),
        (
            "**bold** *it* _it_ __under__ ~~gone~~ ||hidden||",
            "**bold** *it* *it* \\_\\_under\\_\\_ ~~gone~~ hidden",
        ),
        (
            "__two words__ __init__.py snake_case_name",
            "*two words* \\_\\_init\\_\\_.py snake_case_name",
        ),
        ("***both***", "***both***"),
        ("size 2*3*4 and 2**8**2", "size 2\\*3\\*4 and 2\\*\\*8\\*\\*2"),
        ("*.example.org, then *all* of it", "\\*.example.org, then *all* of it"),
        ("2 * 3 * 4 and a*b", "2 \\* 3 \\* 4 and a\\*b"),
        ("# Title\ntext", "**Title**\n\ntext"),
        ("#### literal\n#tag", "\\#### literal\\\n\\#tag"),
        ("-# small", "small"),
        ("term\n~~: no~~definition", "term\\\n\\: nodefinition"),
        ("Title\n---", "Title\\\n\\---"),
        ("> quoted\nafter", "> quoted\n\nafter"),
        (">>> all\nof it", "> all\\\n> of it"),
        ("- a\n  - b\n- c", "- a\n  - b\n- c"),
        ("3. c\n4. d", "3. c\n4. d"),
        ("1. a\n```sh\nrun\n```\n2. b", "1. a\n\n   ```sh\n   run\n   ```\n\n2. b"),
        ("so ```rust\nlet a;\n``` done", "so\n\n```rust\nlet a;\n```\n\ndone"),
        ("```one line```", "```text\none line\n```"),
        ("```js\nlet a", "```js\nlet a\n```"),
        ("use `a ``b` ok", "use ```a ``b``` ok"),
        ("``a`b``", "``a`b``"),
        ("see https://x.example/a_b?c=d.", "see <https://x.example/a_b?c=d>."),
        ("[docs](https://x.example/a)", "[docs](https://x.example/a)"),
        ("[docs](<https://x.example/a>)", "[docs](https://x.example/a)"),
        ("[x](javascript:alert(1))", "\\[x\\](javascript:alert(1))"),
        (
            "[good.example](https://evil.example/a)",
            "good.example ([evil.example](https://evil.example/a))",
        ),
        ("https://good.example@evil.example/", "https&#58;//good.example&#64;evil.example/"),
        ("![x](https://x.example/i.png)", "\\![x](https://x.example/i.png)"),
        ("<@123> try this", "try this"),
        ("ask <@!123>, <#5>, <@&7>", "ask a user, a channel, a role"),
        ("@Bob Smith: try this", "try this"),
        ("thank @Bob Smith or @amy now", "thank a user or a user now"),
        ("install @scope/core@1.2.3 first", "install `@scope/core@1.2.3` first"),
        ("nice <:wave:12> <a:run:3>", "nice :wave: :run:"),
        ("at <t:1700000000:R>", "at 2023-11-14 22:13 UTC"),
        ("run </help me:12>", "run `/help me`"),
        ("Vec<String> & {x} $y |", "Vec&#60;String> & &#123;x&#125; &#36;y &#124;"),
        ("a\u{202e}b\u{200b}c", "abc"),
        ("{{#include x}} --8<-- y", "&#123;&#123;#include x&#125;&#125; --8&#60;-- y"),
    ] {
        assert_eq!(page(text), expected, "{text}");
    }
}

#[test]
fn python_markdown_has_other_signs_breaks_and_indents() {
    for (text, expected) in [
        ("one\ntwo", "one  \ntwo"),
        ("2 * 3 [x] ~~gone~~ a_b _c", "2 &#42; 3 &#91;x&#93; gone a_b &#95;c"),
        ("**bold** and *it*", "**bold** and *it*"),
        ("#tag\n- - x", "&#35;tag\n\n- &#45; x"),
        (
            "++a++ ==b== :tada: 1 + 1 = 2",
            "&#43;+a&#43;&#43; &#61;&#61;b&#61;&#61; &#58;tada: 1 + 1 = 2",
        ),
        ("- a\n  - b\n- c", "- a\n    - b\n- c"),
        ("1. a\n```sh\nrun\n```\n2. b", "1. a\n\n        run\n\n2. b"),
        ("> so:\n> ```\n> run\n> ```", "> so:\n>\n>     run"),
        ("so `:::x y` or `a:::b`", "so ::&#58;x y or `a:::b`"),
        ("see https://x.example/a_b.", "see <https://x.example/a_b>."),
        ("![x](https://x.example/i.png)", "&#33;[x](https://x.example/i.png)"),
    ] {
        assert_eq!(render(&parse(text, &[]), MarkdownDialect::Python), expected, "{text}");
    }
    assert_eq!(escape("1. a\n> b", MarkdownDialect::Python), "1&#46; a  \n&#62; b");
}

#[test]
fn mdx_has_its_own_traps() {
    for (text, expected) in [
        ("import os", "&#105;mport os"),
        ("first\nexport A=1", "first\\\n&#101;xport A=1"),
        ("see https://x.example/a", "see [https://x.example/a](https://x.example/a)"),
        (":::danger", "\\:::danger"),
    ] {
        assert_eq!(render(&parse(text, &[]), MarkdownDialect::Mdx), expected);
    }
}

#[test]
fn hostile_length_and_depth_stay_cheap() {
    for unit in [
        "> ",
        "*",
        "**a",
        "[",
        "[a](",
        "`",
        "``a`",
        "```",
        "<@",
        "- ",
        "||",
        "_a",
        "@a",
        "https://a.b/",
        "\\",
        "<t:1:",
        "~~x",
    ] {
        let text = unit.repeat(70_000 / unit.len());
        let blocks = parse(&text, &[]);
        render(&blocks, MarkdownDialect::Mdx);
    }
}

/// What a reader of our page sees, without white space; everything a page must not hold is a panic.
fn read(markdown: &str) -> String {
    let mut seen = String::new();
    for event in Parser::new_ext(markdown, Options::all() - Options::ENABLE_SMART_PUNCTUATION) {
        match event {
            Event::Text(text) | Event::Code(text) => seen.push_str(&text),
            Event::Start(tag) => refuse(&tag, markdown),
            Event::End(_) | Event::SoftBreak | Event::HardBreak => {}
            other => panic!("{other:?} in {markdown:?}"),
        }
    }
    seen.chars().filter(|c| !c.is_whitespace()).collect()
}

fn refuse(tag: &Tag<'_>, markdown: &str) {
    match tag {
        Tag::Paragraph | Tag::BlockQuote(None) | Tag::List(_) | Tag::Item => {}
        Tag::Emphasis | Tag::Strong | Tag::Strikethrough => {}
        Tag::CodeBlock(CodeBlockKind::Fenced(_)) => {}
        Tag::Link { dest_url, .. }
            if dest_url.starts_with("https://") || dest_url.starts_with("http://") => {}
        other => panic!("{other:?} in {markdown:?}"),
    }
}

fn without_space(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect()
}

/// Everything Markdown, MDX, HTML, Discord and template engines care about, in random order.
pub(crate) const SPECIAL: [&str; 64] = [
    "*",
    "**",
    "***",
    "_",
    "__",
    "`",
    "``",
    "```",
    "~~",
    "||",
    "|",
    ">",
    "> ",
    ">>> ",
    "# ",
    "## ",
    "-# ",
    "- ",
    "* ",
    "+ ",
    "1. ",
    "1) ",
    "---",
    "===",
    "\n",
    "\n\n",
    "\n  ",
    "\n    ",
    "\t",
    " ",
    "<",
    "</",
    "<b>",
    "<!--",
    "-->",
    "{",
    "}",
    "{{",
    "$",
    "$$",
    "[",
    "]",
    "](",
    ")",
    "!",
    "![",
    "https://x.example/a",
    "http://",
    "www.",
    "javascript:",
    "a",
    "b c",
    "import ",
    "export ",
    "@amy",
    "<@12>",
    "<#1>",
    "<:e:1>",
    "&lt;",
    "\\",
    ":::",
    "[^1]",
    "모델",
    "\u{202e}",
];

fn hostile() -> impl Strategy<Value = String> {
    let special = prop::sample::select(SPECIAL.to_vec()).prop_map(str::to_owned);
    prop::collection::vec(prop_oneof![8 => special, 1 => "\\PC{0,6}"], 0..24)
        .prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, ..ProptestConfig::default() })]

    #[test]
    fn nothing_breaks_out_and_no_word_is_lost(text in hostile()) {
        let blocks = parse(&text, &[]);
        for flavour in [MarkdownDialect::CommonMark, MarkdownDialect::Mdx] {
            let written = render(&blocks, flavour);
            prop_assert_eq!(read(&written), without_space(&plain_text(&blocks)), "{:?} {}", text, written);
        }
    }

    #[test]
    fn literal_text_stays_literal(text in hostile()) {
        for flavour in [MarkdownDialect::CommonMark, MarkdownDialect::Mdx] {
            let written = escape(&text, flavour);
            prop_assert_eq!(read(&written), without_space(&visible(&text)), "{:?} {}", text, written);
        }
        prop_assert_eq!(read(&format!("x {}", code_span(&text))), format!("x{}", without_space(&visible(&text))));
        prop_assert_eq!(read(&code_block(&text, Some("<b>"))), without_space(&visible(&text)));
    }

    #[test]
    fn words_without_markup_survive(text in "[a-zA-Z0-9 ,.가-힣\n]{0,80}") {
        let blocks = parse(&text, &[]);
        let numbers = |text: &str| without_space(text).replace(|c: char| c.is_ascii_digit() || c == '.', "");
        prop_assert_eq!(numbers(&plain_text(&blocks)), numbers(&text));
    }
}
