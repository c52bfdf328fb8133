//! Whether the documentation answers a question already.
//!
//! The pages of a repository are read section by section. A draft is compared with each: whether its
//! heading asks the same, by the rules that compare questions in chat, and whether its text holds
//! what is particular about the answer. Everything is a function of the files, the draft and the rules.

mod terms;

use std::ops::Range;

use rules::config::ruleset::Ruleset;
use rules::markdown::MarkdownDialect;
use rules::model::ids::ClusterId;
use rules::occurrence_ranking::overlap;
use rules::similarity::{CorpusStats, QaSignature, QaText, pair_score};

use crate::page::model::Draft;
use crate::page::outline::DocSection;
use crate::paths::{is_generated, is_page};
use terms::AnswerTerms;

/// A longer page is no page that people read through.
const LONGEST_PAGE: usize = 1_000_000;

/// The pages of a documentation repository, as they are compared with drafts.
pub struct DocsTree {
    epoch: CorpusStats,
    sections: Vec<IndexedSection>,
}

/// A section with what it is compared by.
struct IndexedSection {
    place: SectionRef,
    /// The cluster of a generated page.
    cluster: Option<ClusterId>,
    asked: Vec<QaSignature>,
    /// The section with everything below it, without markup.
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
    /// No section asks the same.
    None,
    Section {
        place: SectionRef,
        /// Whether the section has what is particular about the answer.
        answers: bool,
        /// The score of the same question, 0 to 1.
        alike: f32,
        /// A way of asking that the section does not have, if it would be found better with it.
        missing: Option<String>,
    },
}

impl ExistingCoverage {
    /// The page with the section.
    pub fn path(&self) -> Option<&str> {
        match self {
            Self::None => None,
            Self::Section { place, .. } => Some(&place.path),
        }
    }
}

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
        let pages = files.into_iter().map(|(path, text)| (path, crate::page::outline::read(text)));
        let pages = pages.collect::<Vec<_>>();
        let parts = pages.iter().flat_map(|(_, parts)| parts);
        let items = parts.clone().flat_map(|part| {
            part.wordings.iter().map(|asked| QaText { question: asked, answer: &part.text })
        });
        let epoch = CorpusStats::of(items, &rules.same);
        let known = |path: &str, part: &DocSection| IndexedSection {
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
            text: part.text.clone(),
        };
        let sections = pages
            .iter()
            .flat_map(|(path, parts)| parts.iter().map(|part| known(path, part)))
            .collect();
        Self { epoch, sections }
    }

    /// The section that asks what the draft answers, on any page but the draft's own.
    pub fn find_coverage(&self, draft: &Draft, rules: &Ruleset) -> ExistingCoverage {
        let Some(own) = crate::page::outline::of_draft(draft.page()) else {
            return ExistingCoverage::None;
        };
        // What is right elsewhere would break a page of MDX.
        let mdx = draft.target.flavour() == MarkdownDialect::Mdx;
        let passed = |known: &&(f32, &IndexedSection)| {
            let path = known.1.place.path.as_str();
            let own = known.1.cluster.as_ref() == Some(draft.cluster()) || path == draft.path();
            own || path.ends_with(".mdx") && !mdx
        };
        let ranked = self.ranked(&own, rules);
        let Some((alike, known)) = ranked.iter().find(|one| !passed(one)) else {
            return ExistingCoverage::None;
        };
        let docs = &rules.pages.docs;
        let answers = AnswerTerms::of(draft.page()).are_in(&known.text, docs);
        let same = match &known.cluster {
            Some(_) => answers && *alike >= docs.ours,
            None => *alike >= docs.alike && (answers || known.is_covered(&own, docs.heading)),
        };
        if !same {
            return ExistingCoverage::None;
        }
        let missing = (!terms::says(&known.text, draft.title())).then(|| draft.title().to_owned());
        ExistingCoverage::Section { place: known.place.clone(), answers, alike: *alike, missing }
    }

    /// Every section with how surely it asks the same, the surest first; of equals the first by path
    /// and place.
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
        let mut ranked =
            self.sections.iter().map(|known| (likeness(known), known)).collect::<Vec<_>>();
        ranked.sort_by(|a, b| b.0.total_cmp(&a.0));
        ranked
    }
}

impl IndexedSection {
    /// Whether a wording holds what the section's heading says: "move the index" is not asked by
    /// "rebuild the index", however rare an index is.
    fn is_covered(&self, own: &DocSection, share: f32) -> bool {
        let heading = self.place.headings.last().map_or("", String::as_str);
        own.wordings.iter().any(|wording| overlap(heading, wording) >= share)
    }
}

#[cfg(test)]
mod tests;
