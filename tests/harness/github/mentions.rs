//! What GitHub would act on in text: people who are notified, issues that are referred to or closed.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
use regex::Regex;

use super::FakeGitHub;
use super::git::Git;
use super::state::GitHubState;

/// What it would do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Act {
    /// Tell a person or team.
    Ping,
    /// Refer to an issue, pull request or commit, which then shows it.
    Refer,
    /// Close an issue on merge.
    Close,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mention {
    pub act: Act,
    /// The words that do it.
    pub words: String,
    /// As `harbor/docs#3 body`.
    pub place: String,
}

macro_rules! pattern {
    ($name:ident, $text:literal) => {
        static $name: LazyLock<Regex> = LazyLock::new(|| Regex::new($text).unwrap());
    };
}

pattern!(PING, r"(?i)(?:^|[^\w/`])@([a-z0-9](?:[a-z0-9-]{0,38})(?:/[\w-]+)?)");
pattern!(NUMBER, r"(?i)(?:^|[^\w&/#])((?:[\w.-]+/[\w.-]+)?#\d+)\b");
pattern!(GH, r"(?i)\b(GH-\d+)\b");
pattern!(SHA, r"\b([0-9a-f]{7,40})\b");
pattern!(
    LINK,
    r"(?i)https?://(?:www\.)?github\.com/[\w.-]+/[\w.-]+/(?:issues|pull|commit|discussions)/\w+"
);
pattern!(
    CLOSE,
    r"(?i)\b((?:close[sd]?|fix(?:e[sd])?|resolve[sd]?):?\s+(?:(?:[\w.-]+/[\w.-]+)?#\d+|GH-\d+|https?://github\.com/\S+/issues/\d+))"
);
pattern!(COMMENT, r"(?s)<!--.*?(?:-->|$)");
pattern!(CODE, r"(?is)<(code|pre|tt|style|script)\b.*?(?:</(?:code|pre|tt|style|script)>|$)");
pattern!(TAG, r"(?s)<[^>]*>");

/// The logins and teams that a Markdown text would ping.
pub(super) fn pinged(markdown: &str) -> BTreeSet<String> {
    let text = spoken(markdown);
    PING.captures_iter(&text).map(|found| found[1].to_owned()).collect()
}

/// Everything in Markdown that GitHub would act on.
fn in_markdown(git: &Git, markdown: &str) -> Vec<(Act, String)> {
    in_text(git, &spoken(markdown))
}

/// Everything in plain text, as a title or a commit message.
fn in_text(git: &Git, text: &str) -> Vec<(Act, String)> {
    let mut found = Vec::new();
    let mut add = |act: Act, pattern: &Regex| {
        found.extend(pattern.captures_iter(text).map(|words| {
            let words = words.get(1).or_else(|| words.get(0)).unwrap();
            (act, words.as_str().to_owned())
        }));
    };
    add(Act::Close, &CLOSE);
    add(Act::Refer, &NUMBER);
    add(Act::Refer, &GH);
    add(Act::Refer, &LINK);
    add(Act::Ping, &PING);
    let commits = SHA.captures_iter(text).filter(|words| git.has_commit(&words[1]));
    found.extend(commits.map(|words| (Act::Refer, words[1].to_owned())));
    for (act, words) in &mut found {
        if *act == Act::Ping {
            words.insert(0, '@');
        }
    }
    found
}

/// The text that GitHub's filters see: entities and backslashes are resolved, code, comments and
/// tags are gone, and where a link leads stands beside it.
fn spoken(markdown: &str) -> String {
    let options =
        Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS;
    let mut text = String::new();
    let mut html = String::new();
    let mut in_code = false;
    for event in Parser::new_ext(markdown, options) {
        match event {
            Event::Html(part) => {
                html.push_str(&part);
                continue;
            }
            Event::Start(Tag::CodeBlock(_)) => in_code = true,
            Event::End(TagEnd::CodeBlock) => in_code = false,
            Event::Text(part) if !in_code => text.push_str(&part),
            Event::Code(_) => text.push('`'),
            Event::SoftBreak | Event::HardBreak => text.push('\n'),
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                text.push_str(&format!(" {dest_url} "));
            }
            Event::End(
                TagEnd::Paragraph | TagEnd::TableCell | TagEnd::Item | TagEnd::Heading(_),
            ) => {
                text.push('\n');
            }
            _ => {}
        }
    }
    // A block of HTML is text to the filters, but for its tags.
    let html = COMMENT.replace_all(&html, " ");
    let html = CODE.replace_all(&html, "`");
    let links = LINK.find_iter(&html).map(|link| link.as_str()).collect::<Vec<_>>().join(" ");
    format!("{text}\n{}\n{links}", decoded(&TAG.replace_all(&html, " ")))
}

/// The entities that matter here: those of `@` and `#`, by number or name.
fn decoded(html: &str) -> String {
    let mut text = html.to_owned();
    for (entities, sign) in [
        (["&#64;", "&#x40;", "&#X40;", "&commat;"], "@"),
        (["&#35;", "&#x23;", "&#X23;", "&num;"], "#"),
    ] {
        for entity in entities {
            text = text.replace(entity, sign);
        }
    }
    text
}

impl GitHubState {
    /// The places where the product's accounts wrote, with what they wrote: the last words and
    /// all that were written over. The flag says that it is Markdown.
    fn our_words(&self) -> Vec<(String, String, bool)> {
        let mut all = Vec::new();
        for repo in self.repos.values() {
            for issue in repo.issues.values() {
                let place = format!("{}#{}", repo.full_name(), issue.number);
                if self.ours.contains(&issue.author) {
                    all.push((format!("{place} title"), issue.title.clone(), false));
                    all.push((format!("{place} body"), issue.body.clone(), true));
                }
                for edit in issue.edits.iter().filter(|edit| self.ours.contains(&edit.by)) {
                    let place = format!("{place} edited {}", edit.what);
                    all.push((place, edit.after.clone(), edit.what != "title"));
                }
                let pull = issue.pull.as_ref();
                let remarks = pull.iter().flat_map(|pull| &pull.remarks);
                for comment in issue.comments.iter().chain(remarks) {
                    if self.ours.contains(&comment.author) {
                        all.push((format!("{place} comment"), comment.body.clone(), true));
                    }
                }
                for review in pull.iter().flat_map(|pull| &pull.reviews) {
                    if self.ours.contains(&review.author) {
                        all.push((format!("{place} review"), review.body.clone(), true));
                    }
                }
            }
            let pushed = repo.moves.iter().filter_map(|moved| moved.after.as_ref());
            let mut seen = BTreeSet::new();
            for commit in pushed.flat_map(|sha| self.git.history(sha)) {
                if self.ours.contains(&commit.by) && seen.insert(commit.sha.clone()) {
                    let place = format!("{} commit {}", repo.full_name(), &commit.sha[..7]);
                    all.push((place, commit.message, false));
                }
            }
        }
        all
    }
}

impl FakeGitHub {
    /// Everything that the product's accounts ever wrote and that GitHub would act on.
    pub fn mentions(&self) -> Vec<Mention> {
        self.look(|state| {
            let mut all = Vec::new();
            for (place, text, markdown) in state.our_words() {
                let found = if markdown {
                    in_markdown(&state.git, &text)
                } else {
                    in_text(&state.git, &text)
                };
                for (act, words) in found {
                    let mention = Mention { act, words, place: place.clone() };
                    if !all.contains(&mention) {
                        all.push(mention);
                    }
                }
            }
            all
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(markdown: &str, expected: &[(Act, &str)]) {
        let found = in_markdown(&Git::default(), markdown);
        let found = found.iter().map(|(act, words)| (*act, words.as_str())).collect::<Vec<_>>();
        assert_eq!(found, expected, "{markdown}");
    }

    #[test]
    fn escapes_do_not_silence_but_code_does() {
        check("hello @mina", &[(Act::Ping, "@mina")]);
        check("(@harbor/docs-team)", &[(Act::Ping, "@harbor/docs-team")]);
        check("hello &#64;mina and \\@sol", &[(Act::Ping, "@mina"), (Act::Ping, "@sol")]);
        check("see \\#12 or GH-7", &[(Act::Refer, "#12"), (Act::Refer, "GH-7")]);
        check("fixes #12", &[(Act::Close, "fixes #12"), (Act::Refer, "#12")]);
        check("`@mina` and `fixes #12`\n\n```\n@mina #1\n```\n\n    @mina", &[]);
        check("@\u{200b}mina, mina@example.org, #\u{200b}12, a#12", &[]);
        check("<!-- @mina #12 -->\n\ntext", &[]);
        check(
            "<details>\n<td>@mina &#35;3</td> <code>@sol</code>\n</details>",
            &[(Act::Refer, "#3"), (Act::Ping, "@mina")],
        );
        check(
            "[it](https://github.com/harbor/docs/pull/3)",
            &[(Act::Refer, "https://github.com/harbor/docs/pull/3")],
        );
        check("[it](https://redirect.github.com/harbor/docs/pull/3)", &[]);
    }
}
