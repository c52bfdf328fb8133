//! The page of a guide: answers in an order that people chose, each by its title with a link, and the open
//! questions that belong to them. Of chat, it holds titles alone.

use std::collections::BTreeSet;

use rules::language::page_words::{GuideWords, PageWords};
use rules::markdown::{MarkdownDialect, escape};
use rules::model::ids::{ClusterId, MessageId};
use rules::publish::fact_matrix::{fact_matrix, linked_addresses};
use rules::safety::{CanonicalFact, judge_text, redact};

use crate::directives::plain_title;
use crate::lines::{hash, shortened};
use crate::page::draft::DraftRefusal;
use crate::page::format::{MARKER, anchor, marker};
use crate::page::lint::lint_guide;
use crate::page::model::{Draft, DraftContext};
use crate::page::render::digest;
use crate::paths::is_reserved;
use crate::pull_request::subject::Subject;
use crate::target::DocsTarget;

/// What a guide is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuideInput {
    /// Names its page and its branch.
    pub name: String,
    pub title: String,
    pub intro: Option<String>,
    pub steps: Vec<GuideStepInput>,
}

/// One heading with what stands below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuideStepInput {
    pub title: String,
    pub intro: Option<String>,
    /// What maintainers wrote down.
    pub facts: Vec<CanonicalFact>,
    pub answers: Vec<GuideAnswer>,
    pub open: Vec<GuideQuestion>,
}

/// An answer by its title.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuideAnswer {
    pub title: String,
    pub place: AnswerPlace,
    /// The messages that the title and the link stand on.
    pub evidence: Vec<MessageId>,
}

/// Where an answer is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AnswerPlace {
    /// On a merged page, by its path in the repository.
    Page { cluster: ClusterId, path: String },
    /// In chat: maintainers have not reviewed it.
    Message(String),
}

/// A question without an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuideQuestion {
    pub title: String,
    /// On Discord, newest first.
    pub links: Vec<String>,
    pub evidence: Vec<MessageId>,
}

/// The page of a guide with what a proposal says of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuideDraft {
    pub(crate) name: String,
    pub(crate) draft: Draft,
    pub(crate) steps: Vec<GuideStepInput>,
    evidence: Vec<MessageId>,
}

/// Digits at the end of a guide's digest that are of its answers alone, without open questions.
const ANSWER_DIGITS: usize = 16;
const LONGEST_DESCRIPTION: usize = 150;

impl GuideDraft {
    /// The page as a page of answers is drafted; its id is the guide's.
    pub fn draft(&self) -> &Draft {
        &self.draft
    }

    /// The messages whose words or links are on the page.
    pub fn evidence(&self) -> &[MessageId] {
        &self.evidence
    }

    /// How a page of this guide that was generated before differs from this one.
    pub fn compare(&self, page: &str) -> GuideChange {
        let Some(digest) = marked_digest(page, self.draft.cluster()) else {
            return GuideChange::EditedByPeople;
        };
        let page = page.replace("\r\n", "\n");
        let line = marker(self.draft.cluster(), digest, self.draft.target);
        let body = page.trim_end().strip_suffix(&line).and_then(|body| body.strip_suffix('\n'));
        let is_ours = body.is_some_and(|body| {
            digest.starts_with(&crate::page::render::digest(&self.draft.path, body))
        });
        let answers =
            |digest: &str| digest[digest.len().saturating_sub(ANSWER_DIGITS)..].to_owned();
        match () {
            () if !is_ours => GuideChange::EditedByPeople,
            () if answers(digest) == answers(&self.draft.digest) => GuideChange::None,
            () => GuideChange::Answers,
        }
    }
}

/// How the page of a guide differs from the one that would be written now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GuideChange {
    /// Its answers are the same.
    None,
    /// Other answers, or the same under other titles or links.
    Answers,
    /// People changed it: it is theirs.
    EditedByPeople,
}

/// The digest in the marker of a guide's page.
fn marked_digest<'p>(page: &'p str, guide: &ClusterId) -> Option<&'p str> {
    let (_, rest) = page.split_once(&format!("{MARKER} id={guide} digest="))?;
    let digest = rest.split(|c: char| !c.is_ascii_hexdigit()).next().unwrap_or_default();
    (!digest.is_empty()).then_some(digest)
}

/// Builds the page of a guide; `root` is the folder of the site's pages, empty or ending in `/`. Titles that
/// contain what must not be published are left out.
pub fn build_guide(
    input: &GuideInput,
    context: &DraftContext<'_>,
    root: &str,
) -> Result<GuideDraft, DraftRefusal> {
    if context.rules.scope.consent.is_none() {
        return Err(DraftRefusal::NoConsent);
    }
    let steps = input.steps.iter().map(|step| publishable(step, context)).collect::<Vec<_>>();
    if steps.iter().all(|step| step.answers.is_empty() && step.facts.is_empty()) {
        return Err(DraftRefusal::Held("no step of the guide has an answer or a fact"));
    }
    // A guide is a page of its own where all answers share one file.
    let target = match context.target {
        DocsTarget::Faq => DocsTarget::Markdown,
        other => other,
    };
    let name =
        if is_reserved(&input.name) { format!("guide-{}", input.name) } else { input.name.clone() };
    let path = format!("{}/{name}.{}", context.folder, target.extension());
    let key = Subject::Guide(input.name.clone()).key();
    let writer = GuideWriter {
        input,
        steps: &steps,
        dialect: target.flavour(),
        target: context.target,
        words: &PageWords::for_text(&input.title).guide,
        path: &path,
        root,
    };
    let body = writer.page(&key);
    let digest = format!("{}{}", digest(&path, &body), hash(&writer.answers()));
    let page = format!("{body}\n{}\n", marker(&key, &digest, target));
    let mut evidence = steps
        .iter()
        .flat_map(|step| {
            let answers = step.answers.iter().flat_map(|one| &one.evidence);
            answers.chain(step.open.iter().flat_map(|one| &one.evidence)).copied()
        })
        .collect::<Vec<_>>();
    evidence.sort_unstable();
    evidence.dedup();
    let draft = Draft {
        cluster: key,
        target,
        title: input.title.clone(),
        path: path.clone(),
        page,
        answer_text: String::new(),
        shows_error: false,
        digest,
        evidence: Vec::new(),
        answer: evidence.first().copied().unwrap_or(MessageId(0)),
        contradiction: None,
        links: Vec::new(),
        versions: Vec::new(),
    };
    let has_facts = steps.iter().any(|step| !step.facts.is_empty());
    lint_guide(&draft, &writer.headings(), (writer.links(), has_facts), context)
        .map_err(DraftRefusal::Faulty)?;
    Ok(GuideDraft { name: input.name.clone(), draft, steps, evidence })
}

/// A step without what must not be published.
fn publishable(step: &GuideStepInput, context: &DraftContext<'_>) -> GuideStepInput {
    let fits = |title: &str| {
        let verdict = judge_text(title, &context.rules.safety, &context.rules.facts);
        !title.trim().is_empty()
            && verdict.findings.is_empty()
            && redact(title, &context.rules.safety) == title
    };
    GuideStepInput {
        answers: step.answers.iter().filter(|one| fits(&one.title)).cloned().collect(),
        open: step.open.iter().filter(|one| fits(&one.title)).cloned().collect(),
        ..step.clone()
    }
}

/// Writes the page.
struct GuideWriter<'g> {
    input: &'g GuideInput,
    steps: &'g [GuideStepInput],
    dialect: MarkdownDialect,
    /// Of the pages that it links to.
    target: DocsTarget,
    words: &'g GuideWords,
    path: &'g str,
    root: &'g str,
}

impl GuideWriter<'_> {
    fn has_front_matter(&self) -> bool {
        self.dialect == MarkdownDialect::Mdx
    }

    fn literal(&self, text: &str) -> String {
        escape(&one_line(text), self.dialect)
    }

    /// Everything but the marker.
    fn page(&self, key: &ClusterId) -> String {
        let GuideInput { title, intro, .. } = self.input;
        let mut text = if self.has_front_matter() {
            let about = shortened(&one_line(intro.as_ref().unwrap_or(title)), LONGEST_DESCRIPTION);
            format!("---\ntitle: {}\ndescription: {}\n---\n\n", quoted(title), quoted(&about))
        } else {
            format!("# {}\n\n", self.literal(title))
        };
        text.push_str(&format!("{}\n", anchor(key)));
        if let Some(intro) = intro {
            text.push_str(&format!("\n{}\n", self.literal(intro)));
        }
        for (at, step) in self.steps.iter().enumerate() {
            text.push_str(&format!("\n## {}. {}\n\n", at + 1, self.literal(&step.title)));
            if let Some(intro) = &step.intro {
                text.push_str(&format!("{}\n\n", self.literal(intro)));
            }
            if !step.facts.is_empty() {
                text.push_str(&format!("{}\n", self.matrix(step)));
            }
            let answers = step.answers.iter().map(|one| self.answer_line(one));
            let lines = answers.chain(step.open.iter().map(|one| self.question_line(one)));
            let lines = lines.map(|line| format!("- {line}\n")).collect::<String>();
            match lines.is_empty() && step.facts.is_empty() {
                true => text.push_str(&format!("{}\n", self.literal(&self.words.nothing_yet))),
                false => text.push_str(&lines),
            }
        }
        text
    }

    fn matrix(&self, step: &GuideStepInput) -> String {
        fact_matrix(&step.facts.iter().collect::<Vec<_>>(), self.dialect)
    }

    fn answer_line(&self, answer: &GuideAnswer) -> String {
        let link = format!("[{}]({})", self.literal(&answer.title), self.address(&answer.place));
        match answer.place {
            AnswerPlace::Page { .. } => link,
            AnswerPlace::Message(_) => {
                format!("{link} ({})", self.literal(&self.words.not_reviewed))
            }
        }
    }

    fn question_line(&self, question: &GuideQuestion) -> String {
        let links = question.links.iter().enumerate();
        let links = links.map(|(at, url)| format!("[{}]({url})", at + 1)).collect::<Vec<_>>();
        let title = self.literal(&question.title);
        format!("{} {title} ({})", self.literal(&self.words.open_question), links.join(" "))
    }

    fn address(&self, place: &AnswerPlace) -> String {
        match place {
            AnswerPlace::Message(link) => link.clone(),
            AnswerPlace::Page { cluster, path } => {
                page_address(self.target, self.root, (self.path, path), cluster)
            }
        }
    }

    /// What of the page are its answers: two pages that are equal in this answer the same.
    fn answers(&self) -> String {
        let steps = self.steps.iter().map(|step| {
            let lines = step.answers.iter().map(|one| self.answer_line(one)).collect::<Vec<_>>();
            let facts = if step.facts.is_empty() { String::new() } else { self.matrix(step) };
            format!(
                "{} {}\n{facts}{}",
                step.title,
                step.intro.as_deref().unwrap_or_default(),
                lines.join("\n")
            )
        });
        let GuideInput { title, intro, .. } = self.input;
        let intro = intro.as_deref().unwrap_or_default();
        format!("{title}\n{intro}\n{}", steps.collect::<Vec<_>>().join("\n"))
    }

    /// The headings as a reader sees them.
    fn headings(&self) -> Vec<String> {
        let title = (!self.has_front_matter()).then(|| one_line(&self.input.title));
        let steps = self.steps.iter().enumerate();
        let steps = steps.map(|(at, step)| format!("{}. {}", at + 1, one_line(&step.title)));
        title.into_iter().chain(steps).collect()
    }

    fn links(&self) -> BTreeSet<String> {
        let answers = self.steps.iter().flat_map(|step| &step.answers);
        let answers = answers.map(|answer| self.address(&answer.place));
        let questions = self.steps.iter().flat_map(|step| &step.open);
        let facts = self.steps.iter().flat_map(|step| &step.facts).collect::<Vec<_>>();
        let links = answers.chain(questions.flat_map(|question| question.links.clone()));
        links.chain(linked_addresses(&facts)).collect()
    }
}

/// The address of one page on another, as the generator of the site resolves it.
fn page_address(
    target: DocsTarget,
    root: &str,
    (from, to): (&str, &str),
    cluster: &ClusterId,
) -> String {
    let (from, to) = match (from.strip_prefix(root), to.strip_prefix(root)) {
        (Some(from), Some(to)) => (from, to),
        _ => (from, to),
    };
    if target == DocsTarget::Mintlify {
        return format!("/{}", encoded(to.rsplit_once('.').map_or(to, |(name, _)| name)));
    }
    let folders = |path: &str| {
        let mut names = path.split('/').map(str::to_owned).collect::<Vec<_>>();
        names.pop();
        names
    };
    let (here, there) = (folders(from), folders(to));
    let shared = here.iter().zip(&there).take_while(|(one, other)| one == other).count();
    let up = "../".repeat(here.len() - shared);
    let down = to.split('/').skip(shared).collect::<Vec<_>>().join("/");
    // What looks like a scheme or the root of a site must be a path.
    let here = if up.is_empty() { "./" } else { "" };
    let anchor = match target {
        DocsTarget::Faq => format!("#answer-{cluster}"),
        _ => String::new(),
    };
    format!("{here}{up}{}{anchor}", encoded(&down))
}

/// A path in a link.
fn encoded(path: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./".contains(&byte);
    let written = |byte: u8| match plain(byte) {
        true => char::from(byte).to_string(),
        false => format!("%{byte:02X}"),
    };
    path.bytes().map(written).collect()
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A JSON string is a YAML string too.
fn quoted(text: &str) -> String {
    serde_json::Value::from(plain_title(&one_line(text))).to_string()
}

#[cfg(test)]
mod tests {
    use rules::config::ruleset::Ruleset;
    use rules::config::scope::Consent;
    use rules::publish::pseudonym::{AuthorNaming, Salt};

    use super::*;
    use crate::target::DocsFolder;

    fn input(title: &str, question: &str) -> GuideInput {
        let cluster = ClusterId::of_question(MessageId(36));
        let path = "docs/answers/how-do-i-begin.md".to_owned();
        let answer = |title: &str, place, message| GuideAnswer {
            title: title.to_owned(),
            place,
            evidence: vec![MessageId(message)],
        };
        let message = AnswerPlace::Message("https://discord.com/channels/1/2/30".to_owned());
        GuideInput {
            name: "first-steps".to_owned(),
            title: title.to_owned(),
            intro: Some("Read this first.".to_owned()),
            steps: vec![
                GuideStepInput {
                    title: "Install {it}".to_owned(),
                    intro: None,
                    facts: Vec::new(),
                    answers: vec![
                        answer("How do I begin?", AnswerPlace::Page { cluster, path }, 36),
                        answer(question, message, 30),
                    ],
                    open: vec![GuideQuestion {
                        title: "Why does `it` stop?".to_owned(),
                        links: vec!["https://discord.com/channels/1/2/40".to_owned()],
                        evidence: vec![MessageId(40)],
                    }],
                },
                GuideStepInput {
                    title: "Run it".to_owned(),
                    intro: Some("When it is there.".to_owned()),
                    facts: Vec::new(),
                    answers: Vec::new(),
                    open: Vec::new(),
                },
            ],
        }
    }

    fn built(input: &GuideInput, target: DocsTarget) -> Result<GuideDraft, DraftRefusal> {
        let mut rules = Ruleset::embedded();
        rules.scope.consent = Some(Consent::ServerPublic);
        let folder: DocsFolder = "docs/answers".parse().unwrap();
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
        build_guide(input, &context, "docs/")
    }

    #[test]
    fn a_guide_reads_like_this_and_passes_its_checks_everywhere() {
        for target in DocsTarget::ALL {
            let guide = built(&input("First steps", "Where is <b>{it}</b>?"), target).unwrap();
            assert_eq!(guide.evidence(), [MessageId(30), MessageId(36), MessageId(40)]);
            assert_eq!(guide.compare(guide.draft().page()), GuideChange::None, "{target:?}");
        }
        let guide = built(&input("First steps", "Where is it?"), DocsTarget::MkDocs).unwrap();
        assert_eq!(guide.draft().path(), "docs/answers/first-steps.md");
        let page = guide.draft().page();
        let (text, marker) = page.trim_end().rsplit_once('\n').unwrap();
        let expected = "# First steps\n\n<a id=\"answer-KEY\"></a>\n\nRead this first.\n\n\
            ## 1. Install \\{it\\}\n\n- [How do I begin?](./how-do-i-begin.md)\n\
            - [Where is it?](https://discord.com/channels/1/2/30) (not reviewed yet)\n\
            - Open question: Why does \\`it\\` stop? ([1](https://discord.com/channels/1/2/40))\n\n\
            ## 2. Run it\n\nWhen it is there.\n\nNothing is answered here yet.\n";
        let plain = |text: &str| {
            let signs = [("&#123;", "{"), ("&#125;", "}"), ("&#96;", "`"), ("\\", "")];
            signs.iter().fold(text.to_owned(), |text, (sign, shown)| text.replace(sign, shown))
        };
        let key = guide.draft().cluster().as_str();
        assert_eq!(plain(text), plain(&expected.replace("KEY", key)));
        assert!(marker.starts_with("<!-- answer-harvester:v1 id="), "{marker}");
        let korean = built(&input("처음 30분", "Where is it?"), DocsTarget::MkDocs).unwrap();
        let page = korean.draft().page();
        assert!(
            page.contains("(아직 검토되지 않음)") && page.contains("아직 답변이 없는 질문:"),
            "{page}"
        );
    }

    #[test]
    fn only_other_answers_change_a_guide_and_what_people_edit_is_theirs() {
        let before = built(&input("First steps", "Where is it?"), DocsTarget::Markdown).unwrap();
        let page = before.draft().page();
        let mut other = input("First steps", "Where is it?");
        other.steps[0].open.clear();
        let gap = built(&other, DocsTarget::Markdown).unwrap();
        assert_ne!(gap.draft().digest(), before.draft().digest());
        assert_eq!(gap.compare(page), GuideChange::None);
        let renamed = built(&input("First steps", "Where was it?"), DocsTarget::Markdown).unwrap();
        assert_eq!(renamed.compare(page), GuideChange::Answers);
        assert_eq!(renamed.compare(&page.replace('\n', "\r\n")), GuideChange::Answers);
        for edited in [page.replace("first.", "second."), format!("{page}\nMore.\n"), String::new()]
        {
            assert_eq!(renamed.compare(&edited), GuideChange::EditedByPeople, "{edited}");
        }
    }

    #[test]
    fn facts_stand_in_a_table_and_another_value_changes_the_guide() {
        let fact = |value: &str| {
            let text = format!(
                "[[fact]]\nkey = 'exchange-one'\nkind = 'status'\nvalue = '{value}'\nsince = '2025-01-31'\n\
                 source = 'https://example.org/one'\ntable = 'Exchange status'\n"
            );
            let files = [("facts.toml".to_owned(), text)].into();
            Ruleset::from_files(&files).unwrap().facts.canonical.to_vec()
        };
        let with = |value: &str, target| {
            let mut input = input("Exchange status", "Where is it?");
            input.steps.truncate(1);
            input.steps[0].answers.clear();
            input.steps[0].open.clear();
            input.steps[0].facts = fact(value);
            built(&input, target).unwrap()
        };
        for target in DocsTarget::ALL {
            let page = with("open", target);
            assert!(page.draft().page().contains("| exchange one | open |"), "{target:?}");
            let before = page.draft().page();
            assert_eq!(with("open", target).compare(before), GuideChange::None);
            assert_eq!(with("closed", target).compare(before), GuideChange::Answers);
        }
    }

    #[test]
    fn what_may_not_be_published_is_no_title() {
        let guide = built(&input("First steps", "Is discord.gg/abc it?"), DocsTarget::Markdown);
        let guide = guide.unwrap();
        assert!(!guide.draft().page().contains("discord.gg"), "{}", guide.draft().page());
        assert_eq!(guide.evidence(), [MessageId(36), MessageId(40)]);
        let mut empty = input("First steps", "");
        empty.steps[0].answers.clear();
        assert!(built(&empty, DocsTarget::Markdown).is_err());
    }

    #[test]
    fn a_page_is_linked_as_its_generator_finds_it() {
        let id = ClusterId::of_question(MessageId(36));
        let from = "docs/answers/guide.mdx";
        for (target, to, expected) in [
            (DocsTarget::Mintlify, "docs/answers/a.mdx", "/answers/a"),
            (DocsTarget::Docusaurus, "docs/answers/a.mdx", "./a.mdx"),
            (DocsTarget::MkDocs, "docs/answers/topic/a b.md", "./topic/a%20b.md"),
            (DocsTarget::MdBook, "docs/start/a.md", "../start/a.md"),
            (DocsTarget::Faq, "docs/answers.md", "../answers.md#answer-q10"),
        ] {
            assert_eq!(page_address(target, "docs/", (from, to), &id), expected);
        }
    }
}
