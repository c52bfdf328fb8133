//! The page as text.

use std::sync::LazyLock;

use rules::language::page_words::PageWords;
use rules::markdown::{
    MarkdownBlock, MarkdownDialect, MarkdownInline, MarkdownList, escape, plain_text,
};
use rules::model::cluster::Occurrence;
use rules::model::ids::ClusterId;
use serde::Serialize;
use sha2::{Digest, Sha256};
use tera::Tera;

use crate::directives::plain_title;
use crate::lines::shortened;
use crate::page::format::{anchor, marker, source_line};
use crate::page::selection::{AnswerSentence, DraftAnswer, QuestionText};
use crate::target::DocsTarget;

static TEMPLATES: LazyLock<Tera> = LazyLock::new(|| {
    let mut tera = Tera::default();
    tera.add_raw_templates([
        ("page.md", include_str!("../templates/page.md")),
        ("proposal.md", include_str!("../templates/proposal.md")),
        ("mending.md", include_str!("../templates/mending.md")),
        ("batch.md", include_str!("../templates/batch.md")),
        ("guide.md", include_str!("../templates/guide.md")),
    ])
    .expect("the embedded templates are checked by a test");
    tera
});

/// Fills an embedded template. Every value must already be escaped for its place.
pub(crate) fn fill(template: &str, values: &impl Serialize) -> String {
    let values = tera::Context::from_serialize(values).expect("a struct with named fields");
    let text =
        TEMPLATES.render(template, &values).expect("the embedded templates fit their values");
    one_blank_line(&text)
}

/// Template tags leave empty lines behind; outside fences one blank line is enough.
fn one_blank_line(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut fence: Option<String> = None;
    for line in text.lines() {
        let bare = line.trim_start_matches([' ', '>']);
        let ticks = bare.chars().take_while(|c| *c == '`').collect::<String>();
        match &fence {
            Some(open) if bare == *open => fence = None,
            None if ticks.len() >= 3 => fence = Some(ticks),
            _ => {}
        }
        if fence.is_some() || !line.trim().is_empty() || !out.ends_with("\n\n") {
            out.push_str(line);
            out.push('\n');
        }
    }
    let kept = out.trim_matches('\n').len();
    let start = out.len() - out.trim_start_matches('\n').len();
    format!("{}\n", &out[start..start + kept])
}

/// What a page is made of.
pub(crate) struct PageInput<'d> {
    pub cluster: &'d ClusterId,
    pub title: &'d str,
    /// The occurrence whose question is the title.
    pub asked: &'d Occurrence,
    pub symptom: Option<QuestionText<'d>>,
    pub cause: Option<AnswerSentence<'d>>,
    /// Best first. Never empty.
    pub answers: &'d [DraftAnswer<'d>],
    pub versions: &'d [String],
    pub variants: Vec<QuestionText<'d>>,
}

/// A page with what the lint needs to know about it.
pub(crate) struct RenderedPage {
    pub text: String,
    /// The main answer in the page's dialect.
    pub answer: String,
    pub digest: String,
    /// The headings that the template made, in order, as their visible text.
    pub headings: Vec<String>,
}

#[derive(Serialize)]
struct PageValues<'p> {
    front_matter: bool,
    /// One answer of many in a file.
    section: bool,
    /// What begins a heading below the title's.
    below: &'static str,
    words: HeadingWords<'p>,
    title: String,
    title_json: String,
    description_json: String,
    anchor: String,
    symptom: Option<String>,
    cause: Option<String>,
    answer: &'p str,
    versions: Option<String>,
    others: Option<String>,
    variants: Vec<String>,
    source: String,
}

#[derive(Serialize)]
struct HeadingWords<'p> {
    symptom: &'p str,
    other_answers: &'p str,
    also_asked: &'p str,
}

impl PageInput<'_> {
    pub(crate) fn render_page(&self, path: &str, target: DocsTarget) -> RenderedPage {
        let flavour = target.flavour();
        let words = PageWords::for_text(self.title);
        let answer = target.render(&self.answers[0].blocks);
        let versions = format!("{}: {}", words.versions, self.versions.join(", "));
        let values = PageValues {
            front_matter: target.has_front_matter(),
            section: target == DocsTarget::Faq,
            below: if target == DocsTarget::Faq { "###" } else { "##" },
            words: HeadingWords {
                symptom: &words.symptom,
                other_answers: &words.other_answers,
                also_asked: &words.also_asked,
            },
            title: escape(self.title, flavour),
            title_json: json(self.title),
            description_json: json(&self.description()),
            anchor: anchor(self.cluster),
            symptom: self.symptom.as_ref().map(|symptom| target.render_code(&symptom.text)),
            cause: self
                .cause
                .as_ref()
                .map(|one| target.render(std::slice::from_ref(&one.sentence))),
            answer: &answer,
            versions: (!self.versions.is_empty()).then(|| escape(&versions, flavour)),
            others: self.other_answers(target, words),
            variants: self.variants.iter().map(|one| linked(one, flavour)).collect(),
            source: self.source(words),
        };
        let body = fill("page.md", &values);
        let digest = digest(path, &body);
        let text = format!("{body}\n{}\n", marker(self.cluster, &digest, target));
        RenderedPage { text, answer, digest, headings: self.headings(target, words) }
    }

    /// The answers after the first one, each with the people behind it; several of them as a numbered list.
    fn other_answers(&self, target: DocsTarget, words: &PageWords) -> Option<String> {
        let option = |answer: &DraftAnswer<'_>| with_people(answer, words);
        match &self.answers[1..] {
            [] => None,
            [only] => Some(target.render(&option(only))),
            several => {
                let items = several.iter().map(option).collect();
                let list = MarkdownList { start: Some(1), items };
                Some(target.render(&[MarkdownBlock::List(list)]))
            }
        }
    }

    /// Every message whose words are on the page but for the wordings, which are links themselves.
    fn source(&self, words: &PageWords) -> String {
        let mut questions = vec![self.asked];
        let symptom = self.symptom.iter().map(|symptom| symptom.occurrence);
        questions.extend(symptom.filter(|one| one.question.message != self.asked.question.message));
        let questions = questions.iter().map(|one| (one.question.sent, one.question_link()));
        let answers = self.answers.iter().map(|answer| (answer.occurrence, answer.quote));
        let cause = self.cause.iter().map(|cause| (cause.occurrence, cause.quote));
        let answers = answers.chain(cause).map(|(one, quote)| (quote.sent, one.answer_link(quote)));
        source_line(words, &questions.collect::<Vec<_>>(), &answers.collect::<Vec<_>>())
    }

    fn headings(&self, target: DocsTarget, words: &PageWords) -> Vec<String> {
        let title = (!target.has_front_matter()).then(|| self.title.to_owned());
        let others = (self.answers.len() > 1).then(|| words.other_answers.clone());
        let variants = (!self.variants.is_empty()).then(|| words.also_asked.clone());
        title.into_iter().chain(others).chain(variants).collect()
    }

    /// The answer's first words, for lists of pages and search engines.
    fn description(&self) -> String {
        let words = plain_text(&self.answers[0].blocks);
        let line = words.split_whitespace().collect::<Vec<_>>().join(" ");
        shortened(&line, 150)
    }
}

/// An answer that ends in the number of people behind it. One that goes on from the main answer has the same
/// people and no number.
fn with_people(answer: &DraftAnswer<'_>, words: &PageWords) -> Vec<MarkdownBlock> {
    let mut blocks = answer.blocks.clone();
    let support = answer.solution_rank.support;
    let behind = match support.people {
        0 => return blocks,
        1 if support.trusted > 0 => words.one_helper.clone(),
        1 => words.one_person.clone(),
        more => words.people.replace("{count}", &more.to_string()),
    };
    if let Some(MarkdownBlock::Paragraph(inlines)) = blocks.last_mut() {
        inlines.push(MarkdownInline::Text(format!(" ({behind})")));
    } else {
        blocks.push(MarkdownBlock::Paragraph(vec![MarkdownInline::Text(format!("({behind})"))]));
    }
    blocks
}

/// Another wording of the question as a link to where it was asked.
fn linked(wording: &QuestionText<'_>, flavour: MarkdownDialect) -> String {
    format!("[{}]({})", escape(&wording.text, flavour), wording.occurrence.question_link())
}

/// A JSON string is a YAML string too.
fn json(text: &str) -> String {
    serde_json::Value::from(plain_title(text)).to_string()
}

/// SHA-256 of path and page without its last line: the same digest is the same page.
pub(crate) fn digest(path: &str, body: &str) -> String {
    let digest = Sha256::new().chain_update(path).chain_update([0]).chain_update(body).finalize();
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}
