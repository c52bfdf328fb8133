//! Whether the documentation answers a question already.
//!
//! The pages of a site are read section by section. A draft is compared with each: whether its heading asks
//! the same, by the rules that compare questions in chat, and whether its own text holds what the answer names
//! and the answer's words. Where only one of both holds, a reviewer is shown the section. Everything is a function of the files, the draft and the rules.

mod section_index;
mod terms;

use std::ops::Range;

use rules::config::ruleset::Ruleset;
use rules::markdown::MarkdownDialect;
use rules::model::ids::ClusterId;
use rules::similarity::{CorpusStats, QaSignature, QaText, pair_score};

use crate::page::model::Draft;
use crate::page::outline::{DocSection, plain};
use crate::paths::{is_generated, is_page};
use section_index::SectionIndex;
use terms::AnswerTerms;

/// A longer page is no page that people read through.
const LONGEST_PAGE: usize = 1_000_000;

/// The pages of a documentation repository, as they are compared with drafts.
pub struct DocsTree {
    epoch: CorpusStats,
    sections: Vec<IndexedSection>,
    index: SectionIndex,
}

/// A section with what it is compared by.
struct IndexedSection {
    place: SectionRef,
    /// The cluster of a generated page.
    cluster: Option<ClusterId>,
    asked: Vec<QaSignature>,
    /// What the section itself says, and what it says with everything below it, as
    /// [`terms::squeezed`] writes them.
    own: String,
    text: String,
}

/// A section of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SectionRef {
    pub path: String,
    /// The headings above it and its own, outermost first, as plain text.
    pub headings: Vec<String>,
    /// The bytes from its heading to the next heading of any level.
    pub range: Range<usize>,
}

/// Whether the documentation covers a draft.
#[derive(Debug, Clone, PartialEq)]
pub enum ExistingCoverage {
    /// No section answers the question.
    None,
    /// The text of a section answers it.
    Section {
        place: SectionRef,
        /// The score of the same question, 0 to 1.
        alike: f32,
        /// A way of asking that the section does not have, if it would be found better with it.
        missing: Option<String>,
    },
    /// A person wants the answer on this page, which other people wrote: in the section with these headings,
    /// or at its end where there are none.
    Page { path: String, headings: Vec<String> },
}

impl ExistingCoverage {
    /// The page that the answer goes to, or is on.
    pub fn path(&self) -> Option<&str> {
        match self {
            Self::None => None,
            Self::Section { place, .. } => Some(&place.path),
            Self::Page { path, .. } => Some(path),
        }
    }

    /// What a proposal that adds a way of asking said before somebody put it in.
    pub fn before_adding(self, asked: &str) -> Self {
        match self {
            Self::Section { place, alike, missing: None } => {
                Self::Section { place, alike, missing: Some(asked.to_owned()) }
            }
            other => other,
        }
    }
}

/// What the documentation says to a draft.
#[derive(Debug, Clone, PartialEq)]
pub struct DocsComparison {
    pub coverage: ExistingCoverage,
    /// What a reviewer should look at where nothing answers it; the nearest first.
    pub nearest: Vec<SectionRef>,
}

/// Sections that a reviewer is shown.
const MOST_NEAREST: usize = 2;

impl DocsTree {
    /// Reads the Markdown files of a repository; other files are passed over. The order in which they
    /// come does not matter.
    pub fn read<'f>(files: impl IntoIterator<Item = (&'f str, &'f str)>, rules: &Ruleset) -> Self {
        let mut files = files
            .into_iter()
            .filter(|(path, text)| {
                is_page(path) && text.len() <= LONGEST_PAGE && !is_generated(text)
            })
            .collect::<Vec<_>>();
        files.sort();
        let pages =
            files.into_iter().map(|(path, text)| (path, text, crate::page::outline::read(text)));
        let pages = pages.collect::<Vec<_>>();
        let parts = pages.iter().flat_map(|(.., parts)| parts);
        let items = parts.clone().flat_map(|part| {
            part.wordings.iter().map(|asked| QaText { question: asked, answer: &part.text })
        });
        let epoch = CorpusStats::of(items, &rules.same);
        let known = |path: &str, page: &str, part: &DocSection| IndexedSection {
            place: SectionRef {
                path: path.to_owned(),
                headings: part.headings.clone(),
                range: part.range.clone(),
            },
            cluster: part.cluster.clone(),
            asked: part
                .wordings
                .iter()
                .map(|asked| epoch.signature(&QaText { question: asked, answer: &part.text }))
                .collect(),
            own: terms::squeezed(&plain(&page[part.range.clone()])),
            text: terms::squeezed(&part.text),
        };
        let sections = pages
            .iter()
            .flat_map(|(path, page, parts)| parts.iter().map(|part| known(path, page, part)))
            .collect::<Vec<_>>();
        let texts = pages.iter().flat_map(|(_, page, parts)| {
            parts
                .iter()
                .map(|part| format!("{}\n{}", part.wordings.join("\n"), &page[part.range.clone()]))
        });
        let texts = texts.collect::<Vec<_>>();
        let index = SectionIndex::of(texts.iter().map(String::as_str));
        Self { epoch, sections, index }
    }

    /// Compares a draft with every section of any page but its own. A section covers the question only if its
    /// heading asks the same and its own text answers it.
    pub fn compare_draft(&self, draft: &Draft, rules: &Ruleset) -> DocsComparison {
        let nothing = DocsComparison { coverage: ExistingCoverage::None, nearest: Vec::new() };
        let Some(own) = crate::page::outline::of_draft(draft.page()) else { return nothing };
        // What is right elsewhere would break a page of MDX.
        let mdx = draft.target.flavour() == MarkdownDialect::Mdx;
        let docs = &rules.pages.docs;
        let terms = AnswerTerms::of(draft.page());
        // People may have named a page of others as the draft's place.
        let has_own = self.sections.iter().any(|known| {
            known.place.path == draft.path() && known.cluster.as_ref() == Some(draft.cluster())
        });
        let mut nearest = Vec::new();
        for (alike, known) in self.ranked(&own, rules) {
            let place = &known.place;
            let is_own = known.cluster.as_ref() == Some(draft.cluster());
            if is_own || has_own && place.path == draft.path() {
                continue;
            }
            let enough = if known.cluster.is_some() { docs.ours } else { docs.alike };
            let answers = terms.are_in(&known.own, docs);
            if answers && alike >= enough && (mdx || !place.path.ends_with(".mdx")) {
                let title = draft.title();
                let missing = (!terms::has_line(&known.text, title)).then(|| title.to_owned());
                let place = place.clone();
                let coverage = ExistingCoverage::Section { place, alike, missing };
                return DocsComparison { coverage, nearest: Vec::new() };
            }
            if nearest.len() < MOST_NEAREST && (answers || alike >= docs.alike) {
                nearest.push(place.clone());
            }
        }
        DocsComparison { nearest, ..nothing }
    }

    /// The sections that share the most words with a draft, with how surely each asks the same, the surest
    /// first; of equals the first by path and place.
    fn ranked(&self, own: &DocSection, rules: &Ruleset) -> Vec<(f32, &IndexedSection)> {
        let sign =
            |asked: &String| self.epoch.signature(&QaText { question: asked, answer: &own.text });
        let questions = own.wordings.iter().map(sign).collect::<Vec<_>>();
        let likeness = |known: &IndexedSection| {
            let pairs = known.asked.iter().flat_map(|there| {
                questions.iter().map(move |here| pair_score(here, there, &rules.same))
            });
            pairs.fold(0.0, f32::max)
        };
        let words = format!("{}\n{}", own.wordings.join("\n"), own.text);
        let near = self.index.nearest(&words).into_iter().map(|at| &self.sections[at]);
        let mut ranked = near.map(|known| (likeness(known), known)).collect::<Vec<_>>();
        ranked.sort_by(|a, b| b.0.total_cmp(&a.0));
        ranked
    }
}

#[cfg(test)]
mod tests;
