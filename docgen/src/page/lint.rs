//! Parses a generated page independently and rejects what must not be there.
//!
//! The escapers already keep chat from making structure; this is the second lock, with another key.

use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};
use rules::markdown::{
    ENCODED_SPAN_END, MarkdownBlock, MarkdownDialect, decode_block, is_encoded_span_start,
};
use rules::model::cluster::Cluster;
use rules::publish::anonymize::Participants;
use rules::safety::{FactRules, judge_text, redact};

use crate::directives::{directive_in, plain_title};
use crate::page::format::{anchor, marker};
use crate::page::model::{Draft, DraftContext};
use crate::target::DocsTarget;

/// Something on a page that must not be there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LintError {
    pub what: &'static str,
    /// A link or a heading, where `what` alone is not enough. Never a secret.
    pub detail: String,
}

impl fmt::Display for LintError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.detail.is_empty() {
            f.write_str(self.what)
        } else {
            write!(f, "{} {:?}", self.what, self.detail)
        }
    }
}

/// Checks a page against its draft.
pub(crate) fn lint_page(
    draft: &Draft,
    headings: &[String],
    people: &Participants<'_>,
    cluster: &Cluster,
    context: &DraftContext<'_>,
    facts: &FactRules,
) -> Result<(), Vec<LintError>> {
    let mut lint =
        PageLint { hosts: hosts(draft), permalinks: permalinks(cluster), ..PageLint::default() };
    let seen = lint.read_page(draft, headings, context.target);
    lint.check_words(&seen, context, facts);
    if people.names_left_in(&seen.prose) {
        lint.fault("a person's name", "");
    }
    if lint.faults.is_empty() { Ok(()) } else { Err(lint.faults) }
}

/// Checks the page of a guide, which links to these addresses alone, and has tables only where it has facts.
pub(crate) fn lint_guide(
    draft: &Draft,
    headings: &[String],
    (links, has_facts): (BTreeSet<String>, bool),
    context: &DraftContext<'_>,
) -> Result<(), Vec<LintError>> {
    let mut lint =
        PageLint { permalinks: links, may_have_tables: has_facts, ..PageLint::default() };
    let seen = lint.read_page(draft, headings, draft.target);
    lint.check_words(&seen, context, &context.rules.facts);
    if lint.faults.is_empty() { Ok(()) } else { Err(lint.faults) }
}

#[derive(Default)]
struct PageLint {
    faults: Vec<LintError>,
    hosts: BTreeSet<String>,
    permalinks: BTreeSet<String>,
    may_have_tables: bool,
}

/// The visible content of a page.
#[derive(Default)]
struct VisibleContent {
    prose: String,
    code: String,
    /// Code that stands as HTML, decoded.
    encoded: String,
    headings: Vec<String>,
}

fn hosts(draft: &Draft) -> BTreeSet<String> {
    draft.links.iter().filter_map(|link| host(link)).map(str::to_owned).collect()
}

fn permalinks(cluster: &Cluster) -> BTreeSet<String> {
    let of = |one: &rules::model::cluster::Occurrence| {
        let answers = one.answers.iter().map(|answer| one.answer_link(answer)).collect::<Vec<_>>();
        answers.into_iter().chain([one.question_link()])
    };
    cluster.occurrences.iter().flat_map(of).collect()
}

fn host(link: &str) -> Option<&str> {
    let rest = link.strip_prefix("https://").or_else(|| link.strip_prefix("http://"))?;
    rest.split(['/', '?', '#']).next().filter(|host| !host.is_empty())
}

impl PageLint {
    fn fault(&mut self, what: &'static str, detail: impl Into<String>) {
        self.faults.push(LintError { what, detail: detail.into() });
    }

    fn read_page(
        &mut self,
        draft: &Draft,
        headings: &[String],
        target: DocsTarget,
    ) -> VisibleContent {
        let body = self.without_front_matter(&draft.page, &draft.title, target);
        let body = self.without_fixed_lines(body, draft, target);
        let seen = self.read(&body, target);
        let wanted = headings.iter().map(|heading| heading.trim());
        if seen.headings.iter().map(String::as_str).ne(wanted) {
            self.fault("a heading that the template did not write", seen.headings.join(" / "));
        }
        seen
    }

    /// Front matter is the wanted title and a description, each a JSON string, and nothing else.
    fn without_front_matter<'p>(
        &mut self,
        page: &'p str,
        wanted: &str,
        target: DocsTarget,
    ) -> &'p str {
        if !target.has_front_matter() {
            return page;
        }
        let mut lines = page.splitn(5, '\n');
        let mut next = || lines.next().unwrap_or_default();
        let (open, title, description, close, body) = (next(), next(), next(), next(), next());
        let text = |line: &str, key: &str| {
            line.strip_prefix(key).and_then(|value| serde_json::from_str::<String>(value).ok())
        };
        let (title, about) = (text(title, "title: "), text(description, "description: "));
        if open != "---" || close != "---" || title.is_none() || about.is_none() {
            self.fault("front matter beyond title and description", "");
        }
        if title.as_ref().is_some_and(|title| *title != plain_title(wanted)) {
            self.fault("another title in the front matter", "");
        }
        for found in title.iter().chain(&about).filter_map(|text| directive_in(text)) {
            self.fault("in the front matter", found);
        }
        body
    }

    /// The anchor and the marker are the only HTML or JSX of a page; each occurs once, unchanged.
    fn without_fixed_lines(&mut self, body: &str, draft: &Draft, target: DocsTarget) -> String {
        let fixed = [anchor(&draft.cluster), marker(&draft.cluster, &draft.digest, target)];
        for line in &fixed {
            if body.lines().filter(|other| other == line).count() != 1 {
                self.fault("a fixed line that does not occur exactly once", line);
            }
        }
        body.lines()
            .map(|line| if fixed.iter().any(|fixed| fixed == line) { "" } else { line })
            .collect::<Vec<_>>()
            .join("\n")
    }

    fn read(&mut self, body: &str, target: DocsTarget) -> VisibleContent {
        let mut seen = VisibleContent::default();
        let (mut heading, mut code) = (None, false);
        let mut html = String::new();
        let mut in_span = false;
        let options = Options::all() - Options::ENABLE_SMART_PUNCTUATION;
        for (event, range) in Parser::new_ext(body, options).into_offset_iter() {
            match event {
                Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
                Event::End(TagEnd::Heading(_)) => seen.headings.extend(heading.take()),
                Event::Start(Tag::HtmlBlock) => html.clear(),
                Event::Html(line) => html.push_str(&line),
                Event::End(TagEnd::HtmlBlock) => self.read_encoded_block(&html, target, &mut seen),
                Event::InlineHtml(tag) if !in_span && is_encoded_span_start(&tag) => in_span = true,
                Event::InlineHtml(tag) if in_span && &*tag == ENCODED_SPAN_END => in_span = false,
                Event::End(TagEnd::Paragraph) if in_span => self.fault("HTML", ""),
                Event::Text(text) if in_span => seen.encoded.push_str(&text),
                Event::Start(tag) => {
                    code |= matches!(tag, Tag::CodeBlock(_));
                    self.check_tag(&tag, target);
                }
                Event::End(TagEnd::CodeBlock) => code = false,
                Event::Text(text) if code => seen.code.push_str(&text),
                Event::Text(text) => {
                    self.check_source(body, range, target);
                    heading.iter_mut().for_each(|heading| heading.push_str(&text));
                    seen.prose.push_str(&text);
                }
                Event::Code(text) => {
                    heading.iter_mut().for_each(|heading| heading.push_str(&text));
                    seen.code.push_str(&text);
                    seen.code.push('\n');
                }
                Event::End(_) | Event::SoftBreak | Event::HardBreak => seen.prose.push('\n'),
                Event::InlineHtml(_) => self.fault("HTML", ""),
                other => self.fault("markup", format!("{other:?}")),
            }
        }
        seen
    }

    /// The only HTML of a page beyond its fixed lines: code in which every sign of a tag is an entity.
    fn read_encoded_block(&mut self, html: &str, target: DocsTarget, seen: &mut VisibleContent) {
        match decode_block(html) {
            Some(MarkdownBlock::Code { text, .. }) if !target.runs(html) => {
                seen.encoded.push_str(&text);
                seen.encoded.push('\n');
            }
            _ => self.fault("HTML", ""),
        }
    }

    fn check_tag(&mut self, tag: &Tag<'_>, target: DocsTarget) {
        match tag {
            Tag::Paragraph | Tag::BlockQuote(None) | Tag::List(_) | Tag::Item => {}
            Tag::Emphasis | Tag::Strong | Tag::Strikethrough => {}
            Tag::Table(_) | Tag::TableHead | Tag::TableRow | Tag::TableCell
                if self.may_have_tables => {}
            Tag::CodeBlock(CodeBlockKind::Fenced(language)) => {
                if target.fence_language(language) != Some(language) {
                    self.fault("a fence that a generator may run", language.as_ref());
                }
            }
            // Python-Markdown supports no fence inside a list or a quote.
            Tag::CodeBlock(CodeBlockKind::Indented) if target == DocsTarget::MkDocs => {}
            Tag::Link { dest_url, .. } => {
                let known = self.permalinks.contains(dest_url.as_ref())
                    || host(dest_url).is_some_and(|host| self.hosts.contains(host));
                if !known {
                    self.fault("a link that is in no answer", dest_url.as_ref());
                }
            }
            Tag::Image { .. } => self.fault("an image", ""),
            other => self.fault("markup", format!("{other:?}")),
        }
    }

    /// What is text in CommonMark may be code in MDX: there these characters are entities.
    fn check_source(&mut self, body: &str, range: Range<usize>, target: DocsTarget) {
        let source = &body[range.clone()];
        if target.flavour() != MarkdownDialect::Mdx {
            return;
        }
        let starts_line = range.start == 0 || body[..range.start].ends_with('\n');
        if source.contains(['{', '}', '<', '$']) {
            self.fault("an unescaped brace, dollar sign or angle bracket", "");
        }
        if starts_line && (source.starts_with("import") || source.starts_with("export")) {
            self.fault("a line that MDX would run as code", "");
        }
    }

    fn check_words(
        &mut self,
        seen: &VisibleContent,
        context: &DraftContext<'_>,
        facts: &FactRules,
    ) {
        let VisibleContent { prose, code, encoded, .. } = seen;
        for text in [prose, code, encoded] {
            for found in judge_text(text, &context.rules.safety, facts).findings {
                self.fault("a value that facts.toml does not list:", found.value);
            }
            if redact(text, &context.rules.safety) != *text {
                self.fault("a secret", "");
            }
        }
        if context.target.runs(code) {
            self.fault("template tags in code", "");
        }
    }
}

#[cfg(test)]
mod tests {
    use rules::config::ruleset::Ruleset;
    use rules::model::ids::MessageId;
    use rules::publish::pseudonym::{AuthorNaming, Salt};

    use super::*;
    use crate::target::DocsFolder;
    use crate::test_support::cluster;

    /// What is wrong with a page that holds `text` between its title and its marker.
    fn faults(text: &str, target: DocsTarget) -> Vec<&'static str> {
        let (cluster, rules, folder) = (cluster(), Ruleset::embedded(), DocsFolder::default());
        let naming = AuthorNaming::Pseudonyms(Salt([0; 16]));
        let context = DraftContext {
            target,
            folder: &folder,
            path: None,
            edit: None,
            rules: &rules,
            naming: &naming,
            version: "0",
        };
        let (head, headings) = match target {
            DocsTarget::Markdown | DocsTarget::MkDocs | DocsTarget::MdBook | DocsTarget::Faq => {
                ("# T", vec!["T".to_owned()])
            }
            DocsTarget::Mintlify | DocsTarget::Docusaurus => {
                ("---\ntitle: \"T\"\ndescription: \"D\"\n---", Vec::new())
            }
        };
        let fixed = [anchor(&cluster.id), marker(&cluster.id, "d", target)];
        let draft = Draft {
            page: format!("{head}\n\n{}\n\n{text}\n\n{}\n", fixed[0], fixed[1]),
            cluster: cluster.id.clone(),
            target,
            title: "T".into(),
            path: "answers/t.md".into(),
            answer_text: text.into(),
            shows_error: false,
            digest: "d".into(),
            evidence: Vec::new(),
            answer: MessageId(6),
            contradiction: None,
            links: vec!["https://good.example/a".into()],
            versions: Vec::new(),
        };
        let people = Participants::of(&cluster, &naming);
        let faults = lint_page(&draft, &headings, &people, &cluster, &context, &rules.facts)
            .err()
            .unwrap_or_default();
        faults.into_iter().map(|fault| fault.what).collect()
    }

    #[test]
    fn a_page_as_we_write_it_passes() {
        let text = "<pre v-pre><code>&#123;x&#125;</code></pre>\n\nUse <code v-pre>&#123;</code> `a_b` **now**.\n\n1. one\n\n   ```sh\n   run {x} <b>\n   ```\n\n> said\n\n\
            [question](https://discord.com/channels/1/2/5) [x](https://good.example/b)";
        for target in DocsTarget::ALL {
            assert_eq!(faults(text, target), Vec::<&str>::new());
        }
    }

    #[test]
    fn what_must_not_be_there_is_found() {
        for (text, expected) in [
            ("a <b>c</b>", vec!["HTML", "HTML"]),
            ("<!-- x -->", vec!["HTML"]),
            ("<pre v-pre><code>{{ x }}</code></pre>", vec!["HTML"]),
            ("a <code v-pre>b", vec!["HTML"]),
            ("![x](https://good.example/i.png)", vec!["an image"]),
            ("[x](https://other.example/)", vec!["a link that is in no answer"]),
            ("[x](javascript:alert)", vec!["a link that is in no answer"]),
            ("[x](https://discord.com/channels/1/2/7)", vec!["a link that is in no answer"]),
            ("## Mine", vec!["a heading that the template did not write"]),
            ("text\n===", vec!["a heading that the template did not write"]),
            ("a\n\n---\n\nb", vec!["markup"]),
            ("mail a.b@mail.example.org", vec!["a secret"]),
            ("go to discord.gg/abc", vec!["a value that facts.toml does not list:"]),
            ("ask some_body5", vec!["a person's name"]),
            ("`{{ config }}`", vec!["template tags in code"]),
            ("```mermaid\nx\n```", vec!["a fence that a generator may run"]),
            ("```mdx-code-block\nx\n```", vec!["a fence that a generator may run"]),
            ("<a id=\"answer-q5\"></a>", vec!["a fixed line that does not occur exactly once"]),
        ] {
            assert_eq!(faults(text, DocsTarget::Markdown), expected, "{text}");
        }
    }

    #[test]
    fn what_only_mdx_runs_is_found_too() {
        for (text, expected) in [
            ("a {x}", vec!["an unescaped brace, dollar sign or angle bracket"]),
            ("export const a = 1", vec!["a line that MDX would run as code"]),
            ("first\nimport os", vec!["a line that MDX would run as code"]),
        ] {
            assert_eq!(faults(text, DocsTarget::Mintlify), expected, "{text}");
            assert_eq!(faults(text, DocsTarget::Markdown), Vec::<&str>::new(), "{text}");
        }
    }
}
