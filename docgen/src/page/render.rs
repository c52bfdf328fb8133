//! The page as text.

use std::sync::LazyLock;

use rules::markdown::{MarkdownBlock, code_block, escape, plain_text, render};
use rules::model::cluster::{Occurrence, Quote};
use rules::model::ids::{ClusterId, Millis};
use serde::Serialize;
use sha2::{Digest, Sha256};
use tera::Tera;

use crate::directives::plain_title;
use crate::page::evidence::EvidenceItem;
use crate::page::format::{
    ALSO_ASKED, ALSO_SUGGESTED, EVIDENCE, anchor, evidence_links, marker, more_line,
    resolved_summary, source_line,
};
use crate::page::model::DraftContext;
use crate::target::DocsTarget;

/// Evidence that a page lists; the proposal lists more.
const MOST_ROWS: usize = 12;

static TEMPLATES: LazyLock<Tera> = LazyLock::new(|| {
    let mut tera = Tera::default();
    tera.add_raw_templates([
        ("page.md", include_str!("../templates/page.md")),
        ("proposal.md", include_str!("../templates/proposal.md")),
        ("mending.md", include_str!("../templates/mending.md")),
        ("batch.md", include_str!("../templates/batch.md")),
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
    pub symptom: Option<String>,
    pub answers: Vec<RenderedAnswer>,
    pub versions: &'d [String],
    pub variants: Vec<String>,
    pub evidence: &'d [EvidenceItem],
    pub askers: usize,
    pub confirmed: Millis,
}

/// An answer in the page's dialect, with where it comes from.
#[derive(Serialize)]
pub(crate) struct RenderedAnswer {
    text: String,
    plain: String,
    source: String,
}

pub(crate) fn answer(
    occurrence: &Occurrence,
    quote: &Quote,
    blocks: &[MarkdownBlock],
    context: &DraftContext<'_>,
) -> RenderedAnswer {
    let flavour = context.target.flavour();
    let name = escape(&context.naming.name(quote), flavour);
    RenderedAnswer {
        text: render(&context.target.guarded(blocks), flavour),
        plain: plain_text(blocks),
        source: source_line(&name, quote.sent, &occurrence.answer_link(quote)),
    }
}

/// A page with what the lint needs to know about it.
pub(crate) struct RenderedPage {
    pub text: String,
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
    also_suggested: &'static str,
    also_asked: &'static str,
    evidence_heading: &'static str,
    title: String,
    title_json: String,
    description_json: String,
    anchor: String,
    symptom: Option<String>,
    answers: &'p [RenderedAnswer],
    versions: Option<String>,
    variants: Vec<String>,
    summary: String,
    evidence: Vec<String>,
    more_evidence: Option<String>,
}

impl PageInput<'_> {
    pub(crate) fn render_page(&self, path: &str, target: DocsTarget) -> RenderedPage {
        let flavour = target.flavour();
        let values = PageValues {
            front_matter: target.has_front_matter(),
            section: target == DocsTarget::Faq,
            below: if target == DocsTarget::Faq { "###" } else { "##" },
            also_suggested: ALSO_SUGGESTED,
            also_asked: ALSO_ASKED,
            evidence_heading: EVIDENCE,
            title: escape(self.title, flavour),
            title_json: json(self.title),
            description_json: json(&self.description()),
            anchor: anchor(self.cluster),
            symptom: self
                .symptom
                .as_deref()
                .map(|symptom| code_block(&target.guarded_code(symptom), None)),
            answers: &self.answers,
            versions: (!self.versions.is_empty())
                .then(|| escape(&format!("Applies to: {}", self.versions.join(", ")), flavour)),
            variants: self.variants.iter().map(|text| escape(text, flavour)).collect(),
            summary: resolved_summary(self.evidence.len(), self.askers, self.confirmed),
            evidence: self
                .evidence
                .iter()
                .take(MOST_ROWS)
                .map(|row| self::row(row, target))
                .collect(),
            more_evidence: (self.evidence.len() > MOST_ROWS)
                .then(|| more_line(self.evidence.len() - MOST_ROWS)),
        };
        let body = fill("page.md", &values);
        let digest = digest(path, &body);
        let text = format!("{body}\n{}\n", marker(self.cluster, &digest, target));
        RenderedPage { text, digest, headings: self.headings(target) }
    }

    fn headings(&self, target: DocsTarget) -> Vec<String> {
        let title = (!target.has_front_matter()).then(|| self.title.to_owned());
        let others = (self.answers.len() > 1).then(|| ALSO_SUGGESTED.to_owned());
        let variants = (!self.variants.is_empty()).then(|| ALSO_ASKED.to_owned());
        title.into_iter().chain(others).chain(variants).chain([EVIDENCE.to_owned()]).collect()
    }

    /// The answer's first words, for lists of pages and search engines.
    fn description(&self) -> String {
        let words = self.answers.first().map(|answer| answer.plain.as_str()).unwrap_or_default();
        let line = words.split_whitespace().collect::<Vec<_>>().join(" ");
        shortened(&line, 150)
    }
}

/// At most so many characters, cut at a word.
pub(crate) fn shortened(line: &str, most: usize) -> String {
    if line.chars().count() <= most {
        return line.to_owned();
    }
    let cut = line.char_indices().nth(most - 1).map_or(line.len(), |(at, _)| at);
    let words = line[..cut].rfind(char::is_whitespace).filter(|at| *at > cut / 2).unwrap_or(cut);
    format!("{}\u{2026}", line[..words].trim_end_matches([',', ' ', ';', ':']))
}

fn row(row: &EvidenceItem, target: DocsTarget) -> String {
    let links = evidence_links(row);
    let Some(told) = &row.told else { return links };
    let flavour = target.flavour();
    let (asker, answerer) = (escape(&told.asker, flavour), escape(&told.answerer, flavour));
    format!("{links}. Asked by {asker}, answered by {answerer}; {}.", told.signals)
}

/// A JSON string is a YAML string too.
fn json(text: &str) -> String {
    serde_json::Value::from(plain_title(text)).to_string()
}

pub(crate) fn digest(path: &str, body: &str) -> String {
    let digest = Sha256::new().chain_update(path).chain_update([0]).chain_update(body).finalize();
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}
