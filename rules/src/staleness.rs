//! Whether a merged answer still holds.
//!
//! A maintainer is asked to look again only for a reason that can be shown: evidence that went, a
//! later version with another answer, or a later confirmed answer that cannot be true beside the page.
//! More detail, other words, another platform or another way are no contradiction.

use crate::config::toml_reader::TomlReader;
use crate::language::Languages;
use crate::language::page_words::PageWords;
use crate::markdown::{MarkdownBlock, parse, plain_text, read_page};
use crate::model::cluster::{Cluster, MergedAnswer, Occurrence};
use crate::model::ids::MessageId;
use crate::resolution::{ResolutionGrade, SignalKind};
use crate::similarity::{
    CorpusStats, QaSignature, QaText, SimilarityRules, answers_agree_except_versions, containment,
    names_rivals,
};
use crate::versions::newer;
use claims::{AnswerClaims, ClaimCues};

/// The rules of staleness: `truth.toml`.
#[derive(Debug, Clone)]
pub struct StalenessRules {
    cues: ClaimCues,
    held: f32,
    taken_back: f32,
}

impl StalenessRules {
    pub(crate) fn read(file: &mut TomlReader, languages: &Languages) -> Self {
        let cues = file.section("says", |table| ClaimCues::read(table, languages));
        let (held, taken_back) = file.section("agree", |table| {
            let mut share = |key, default| table.number(key, default, 0.01, 1.0) as f32;
            (share("held", 0.5), share("taken_back", 0.6))
        });
        Self { cues, held, taken_back }
    }
}

impl StalenessRules {
    /// Whether a sentence advises against what it names, or says that it has ended.
    pub fn denies(&self, sentence: &str) -> bool {
        self.cues.denies(sentence)
    }
}

/// The verdict on a known answer. `by` is the index of the occurrence that shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StalenessVerdict {
    Current,
    /// Messages that are its evidence may not be shown any more.
    EvidenceDeleted {
        evidence: Vec<MessageId>,
    },
    /// A later answer names a higher version than the page does, and is another answer.
    Newer {
        version: String,
        by: usize,
    },
    /// A later answer cannot be true beside the page.
    Contradicted {
        by: usize,
    },
}

/// Judges the merged answer of a cluster. `core` are the occurrences that are surely the same question,
/// as [`crate::due::due`] gives them; only those count that were resolved after the merge and confirmed
/// by their asker, a mark, or a trusted person. `gone` is the evidence that may not be shown. Without a
/// merged answer there is nothing to take back.
pub fn check_staleness(
    cluster: &Cluster,
    core: &[usize],
    gone: &[MessageId],
    epoch: &CorpusStats,
    same: &SimilarityRules,
    rules: &StalenessRules,
) -> StalenessVerdict {
    if !gone.is_empty() {
        return StalenessVerdict::EvidenceDeleted { evidence: gone.to_vec() };
    }
    let Some(merged_answer) = &cluster.merged_answer else { return StalenessVerdict::Current };
    let page = MergedClaims::of(merged_answer, epoch, rules);
    let mut later = core
        .iter()
        .filter_map(|at| Some((*at, cluster.occurrences.get(*at)?)))
        .filter(|(_, one)| one.resolved() > merged_answer.merged && is_confirmed(one))
        .map(|(at, one)| LaterClaims::of(at, one, epoch, rules))
        .collect::<Vec<_>>();
    later.sort_by_key(|one| (one.occurrence.resolved(), one.at));
    let judge = StalenessCheck { page: &page, same, rules };
    let newest = later.iter().rev().find_map(|one| Some((judge.newer(one)?, one.at)));
    if let Some((version, by)) = newest {
        return StalenessVerdict::Newer { version, by };
    }
    // A later answer that agrees with the page outweighs earlier ones against it.
    for one in later.iter().rev() {
        if judge.contradicts(one) {
            return StalenessVerdict::Contradicted { by: one.at };
        }
        if judge.agrees(one) {
            break;
        }
    }
    StalenessVerdict::Current
}

/// Whether two answers to one question cannot both be true: one advises against what the other tells, or
/// says that it has ended, or one says yes and the other no.
pub fn answers_contradict(one: &str, other: &str, rules: &StalenessRules) -> bool {
    let said = |text: &str| AnswerClaims::of(&parse(text, &[]), &rules.cues);
    let (first, second) = (said(one), said(other));
    let against = |a: &AnswerClaims, b: &AnswerClaims| {
        a.is_ended_by(b, rules.taken_back) || a.is_advised_against_by(b)
    };
    let differ = |a: Option<bool>, b: Option<bool>| a.zip(b).is_some_and(|(a, b)| a != b);
    against(&first, &second)
        || against(&second, &first)
        || differ(rules.cues.verdict(one), rules.cues.verdict(other))
}

/// Whether the asker, a mark or a trusted person stands behind its answer.
pub fn is_confirmed(occurrence: &Occurrence) -> bool {
    occurrence.grade <= ResolutionGrade::Confirmed
        || occurrence.best_answer().trusted
        || occurrence.signals.iter().any(|signal| signal.kind == SignalKind::TrustedAnswer)
}

/// A merged answer as it is compared.
struct MergedClaims {
    text: String,
    said: AnswerClaims,
    /// Of the whole answer, and of each of its parts: a page says more than one answer does.
    signatures: Vec<QaSignature>,
}

impl MergedClaims {
    fn of(merged_answer: &MergedAnswer, epoch: &CorpusStats, rules: &StalenessRules) -> Self {
        let mut blocks = read_page(&merged_answer.answer);
        drop_symptom(&mut blocks);
        let text = plain_text(&blocks);
        let parts = blocks.iter().map(|block| plain_text(std::slice::from_ref(block)));
        let signatures = std::iter::once(text.clone())
            .chain(parts)
            .map(|answer| {
                epoch.signature(&QaText { question: &merged_answer.title, answer: &answer })
            })
            .collect();
        let said = AnswerClaims::of(&blocks, &rules.cues);
        Self { text: format!("{}\n{text}", merged_answer.title), said, signatures }
    }
}

/// Drops the symptom that a page opens with: it is no instruction.
fn drop_symptom(blocks: &mut Vec<MarkdownBlock>) {
    let is_intro = |block: &MarkdownBlock| {
        matches!(block, MarkdownBlock::Paragraph(_))
            && PageWords::all()
                .any(|words| words.symptom == plain_text(std::slice::from_ref(block)).trim())
    };
    if blocks.first().is_some_and(is_intro)
        && matches!(blocks.get(1), Some(MarkdownBlock::Code { .. }))
    {
        blocks.drain(..2);
    }
}

/// A later answer as it is compared.
struct LaterClaims<'c> {
    at: usize,
    occurrence: &'c Occurrence,
    said: AnswerClaims,
    signature: QaSignature,
}

impl<'c> LaterClaims<'c> {
    fn of(
        at: usize,
        occurrence: &'c Occurrence,
        epoch: &CorpusStats,
        rules: &StalenessRules,
    ) -> Self {
        let answer = occurrence.best_answer().text.as_str();
        let asked = QaText { question: &occurrence.question.text, answer };
        Self {
            at,
            occurrence,
            said: AnswerClaims::of(&parse(answer, &[]), &rules.cues),
            signature: epoch.signature(&asked),
        }
    }

    fn answer(&self) -> &str {
        &self.occurrence.best_answer().text
    }
}

struct StalenessCheck<'p> {
    page: &'p MergedClaims,
    same: &'p SimilarityRules,
    rules: &'p StalenessRules,
}

impl StalenessCheck<'_> {
    /// Whether the page says the same, whatever version either is about.
    fn agrees(&self, later: &LaterClaims<'_>) -> bool {
        let says_so = |part: &QaSignature| {
            answers_agree_except_versions(part, &later.signature, self.same)
                || containment(&later.signature, part) >= self.rules.held
        };
        later.said.holds() || self.page.signatures.iter().any(says_so)
    }

    /// Whether the two are about different platforms or products.
    fn is_elsewhere(&self, later: &LaterClaims<'_>) -> bool {
        self.page.signatures.first().is_none_or(|page| names_rivals(page, &later.signature))
    }

    /// The version that a later answer names above the page's, if it is another answer.
    fn newer(&self, later: &LaterClaims<'_>) -> Option<String> {
        if self.agrees(later) || self.is_elsewhere(later) {
            return None;
        }
        let page = self.page.text.as_str();
        let in_answer = newer(page, later.answer());
        // A question about a later version may have any answer.
        let in_question = || {
            let other = self.page.said.shares_nothing_with(&later.said);
            other.then(|| newer(page, &later.occurrence.question.text)).flatten()
        };
        in_answer.or_else(in_question)
    }

    fn contradicts(&self, later: &LaterClaims<'_>) -> bool {
        let (page, said) = (&self.page.said, &later.said);
        if self.is_elsewhere(later) {
            return false;
        }
        if page.is_ended_by(said, self.rules.taken_back)
            || said.is_ended_by(page, self.rules.taken_back)
        {
            return true;
        }
        if self.agrees(later) || said.adds() {
            return false;
        }
        page.shares_nothing_with(said)
            || page.is_advised_against_by(said)
            || said.is_advised_against_by(page)
    }
}

mod claims;
#[cfg(test)]
mod tests;
