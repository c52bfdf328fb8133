//! Messages as safe HTML and as plain lines.

use rules::markdown::{MarkdownBlock, MarkdownInline, MarkdownList};

/// Writes the tree of a message as HTML. All text is escaped; the tags and attributes are only those
/// written here.
pub(crate) fn html_of(blocks: &[MarkdownBlock]) -> String {
    let mut html = String::new();
    push_blocks(&mut html, blocks);
    html
}

fn push_blocks(html: &mut String, blocks: &[MarkdownBlock]) {
    for block in blocks {
        match block {
            MarkdownBlock::Paragraph(inlines) => {
                html.push_str("<p>");
                push_inlines(html, inlines);
                html.push_str("</p>\n");
            }
            // A long line scrolls; the focus lets the keyboard scroll it.
            MarkdownBlock::Code { language: _, text } => {
                html.push_str("<pre tabindex=\"0\"><code>");
                push_text(html, text);
                html.push_str("</code></pre>\n");
            }
            MarkdownBlock::Quote(inner) => {
                html.push_str("<blockquote>\n");
                push_blocks(html, inner);
                html.push_str("</blockquote>\n");
            }
            MarkdownBlock::List(list) => push_list(html, list),
        }
    }
}

fn push_list(html: &mut String, MarkdownList { start, items }: &MarkdownList) {
    html.push_str(&match start {
        Some(start) => format!("<ol start=\"{start}\">\n"),
        None => "<ul>\n".to_owned(),
    });
    for item in items {
        html.push_str("<li>");
        push_blocks(html, item);
        html.push_str("</li>\n");
    }
    html.push_str(if start.is_some() { "</ol>\n" } else { "</ul>\n" });
}

fn push_inlines(html: &mut String, inlines: &[MarkdownInline]) {
    for inline in inlines {
        match inline {
            MarkdownInline::Text(text) => push_text(html, text),
            MarkdownInline::Break => html.push_str("<br>"),
            MarkdownInline::Code(text) => wrap(html, "code", |html| push_text(html, text)),
            MarkdownInline::Strong(inner) => wrap(html, "strong", |html| push_inlines(html, inner)),
            MarkdownInline::Emphasis(inner) => wrap(html, "em", |html| push_inlines(html, inner)),
            MarkdownInline::Strike(inner) => wrap(html, "s", |html| push_inlines(html, inner)),
            MarkdownInline::Link { text, url } => push_link(html, text, url),
        }
    }
}

fn wrap(html: &mut String, tag: &str, inner: impl FnOnce(&mut String)) {
    html.push_str(&format!("<{tag}>"));
    inner(html);
    html.push_str(&format!("</{tag}>"));
}

/// A link says by its attributes that strangers made it. One to no web address stays text.
fn push_link(html: &mut String, text: &[MarkdownInline], url: &str) {
    if !(url.starts_with("https://") || url.starts_with("http://")) {
        return push_inlines(html, text);
    }
    html.push_str("<a href=\"");
    push_text(html, url);
    html.push_str("\" rel=\"nofollow ugc noopener noreferrer\">");
    push_inlines(html, text);
    html.push_str("</a>");
}

fn push_text(html: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            c => html.push(c),
        }
    }
}

/// The beginning of a line, at most `most` characters, cut between words where they have spaces.
pub(crate) fn beginning(line: &str, most: usize) -> String {
    let Some((end, _)) = line.char_indices().nth(most) else { return line.to_owned() };
    let head = &line[..end];
    let word_end = head.rfind(' ').filter(|at| *at > end / 2).unwrap_or(end);
    format!("{}…", head[..word_end].trim_end_matches([' ', ',', ';', ':', '.']))
}

/// The script's language where it is certain enough to choose fonts and line breaks by it.
pub(crate) fn language(text: &str) -> Option<&'static str> {
    let count = |is: fn(&char) -> bool| text.chars().filter(is).count();
    let letters = count(|c| c.is_alphabetic());
    let hangul = count(|c| matches!(c, '\u{ac00}'..='\u{d7a3}' | '\u{1100}'..='\u{11ff}'));
    let kana = count(|c| matches!(c, '\u{3040}'..='\u{30ff}'));
    let han = count(|c| matches!(c, '\u{4e00}'..='\u{9fff}'));
    let most_of = |part: usize| part * 10 >= letters.max(1) * 3;
    if most_of(hangul) {
        Some("ko")
    } else if kana > 0 && most_of(kana + han) {
        Some("ja")
    } else if most_of(han) {
        Some("zh")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rules::markdown::parse;

    fn html(text: &str) -> String {
        html_of(&parse(text, &[]))
    }

    #[test]
    fn markup_of_strangers_becomes_text() {
        for (input, expected) in [
            ("a <b>c</b>", "<p>a &lt;b&gt;c&lt;/b&gt;</p>\n"),
            ("one\ntwo", "<p>one<br>two</p>\n"),
            ("~~no~~ **yes**", "<p><s>no</s> <strong>yes</strong></p>\n"),
            ("use `a<b`", "<p>use <code>a&lt;b</code></p>\n"),
            ("```sh\nls <x>\n```", "<pre tabindex=\"0\"><code>ls &lt;x&gt;</code></pre>\n"),
        ] {
            assert_eq!(html(input), expected, "{input}");
        }
    }

    #[test]
    fn links_carry_their_distance() {
        let link = html("see https://example.org/?x=1&y=2 there");
        assert!(
            link.contains("href=\"https://example.org/?x=1&amp;y=2\" rel=\"nofollow ugc"),
            "{link}"
        );
        let url = "javascript:x".to_owned();
        let forged = MarkdownBlock::Paragraph(vec![MarkdownInline::Link {
            text: vec![MarkdownInline::Text("x".into())],
            url,
        }]);
        assert_eq!(html_of(&[forged]), "<p>x</p>\n");
    }

    #[test]
    fn lines_end_between_words() {
        assert_eq!(beginning("short", 10), "short");
        assert_eq!(beginning("the quick brown fox", 12), "the quick…");
        assert_eq!(beginning("가나다라마바사", 3), "가나다…");
    }

    #[test]
    fn scripts_tell_languages() {
        assert_eq!(language("지갑 연결이 안 돼요 wallet"), Some("ko"));
        assert_eq!(language("ポートの設定"), Some("ja"));
        assert_eq!(language("端口设置"), Some("zh"));
        assert_eq!(language("how to set 포트"), None);
        assert_eq!(language(""), None);
    }

    /// The tags that prose may be made of, with all that may stand in them.
    fn is_prose(tag: &str) -> bool {
        let bare = tag.trim_start_matches('/');
        let plain =
            ["p", "br", "em", "strong", "s", "code", "ul", "li", "blockquote", "pre", "a", "ol"];
        let link = bare
            .strip_prefix("a href=\"http")
            .and_then(|rest| rest.strip_suffix("\" rel=\"nofollow ugc noopener noreferrer\""));
        plain.contains(&bare)
            || tag == "pre tabindex=\"0\""
            || tag.starts_with("ol start=\"")
            || link.is_some_and(|url| !url.contains(['"', ' ', '\'']))
    }

    proptest! {
        #[test]
        fn whatever_is_said_only_prose_comes_out(
            pieces in prop::collection::vec(
                prop_oneof![
                    Just("<script>alert(1)</script>".to_owned()),
                    Just("<img src=x onerror=alert(1)>".to_owned()),
                    Just("[x](javascript:alert(1))".to_owned()),
                    Just("[x](https://example.org/\"onclick=\"y)".to_owned()),
                    Just("<https://example.org/<b>>".to_owned()),
                    Just("```\" onload=\"x\n".to_owned()),
                    Just("\n> - 1. # ".to_owned()),
                    "[ -~\n]{0,12}",
                    "\\PC{0,6}",
                ],
                0..8,
            )
        ) {
            let rendered = html(&pieces.concat());
            for piece in rendered.split('<').skip(1) {
                let tag = piece.split('>').next().unwrap_or_default();
                prop_assert!(is_prose(tag), "<{}> in {}", tag, rendered);
            }
        }
    }
}
