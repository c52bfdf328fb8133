//! An answer as JSON, with the content of its page.

use indexer::store::FeedbackCounts;
use serde::Serialize;
use utoipa::ToSchema;

use crate::pages::review_status::ReviewStatus;
use crate::pages::view::{
    AnswerView, EvidenceDetails, EvidenceView, OptionView, QuotedMessage, ReasonView, WordingView,
};

/// `{"answer": …}`, as `/api/v1/answers/{id}` and the `.json` form give it. Times are RFC 3339, UTC.
#[derive(Serialize, ToSchema)]
pub(crate) struct AnswerEnvelope<'a> {
    answer: AnswerJson<'a>,
}

#[derive(Serialize, ToSchema)]
struct AnswerJson<'a> {
    id: &'a str,
    url: &'a str,
    title: &'a str,
    status: ReviewStatus,
    state: &'a str,
    occurrences: usize,
    askers: usize,
    last_confirmed: &'a str,
    channels: &'a [String],
    versions: &'a [String],
    /// The version that somebody confirmed it for.
    confirmed_for: Option<&'a str>,
    /// The first release since then: nobody has checked the answer for it.
    unchecked_since: Option<&'a str>,
    also_asked_as: Vec<&'a str>,
    question: Option<QuoteJson<'a>>,
    /// The page in the documentation, where maintainers merged the first answer.
    page: Option<&'a str>,
    /// Best first.
    answers: Vec<OptionJson<'a>>,
    evidence: Vec<EvidenceJson<'a>>,
    feedback: FeedbackJson,
}

/// How many readers said what of an answer.
#[derive(Serialize, ToSchema)]
struct FeedbackJson {
    helped: u64,
    outdated: u64,
    wrong: u64,
}

/// One of the answers, with those who stand behind it.
#[derive(Serialize, ToSchema)]
struct OptionJson<'a> {
    /// `reviewed`, `confirmed`, `trusted`, `agreed` or `one-person`: what it rests on.
    strength: &'a str,
    /// Independent people who gave or confirmed it; 0 for a merged answer.
    people: usize,
    #[serde(flatten)]
    quote: QuoteJson<'a>,
}

#[derive(Serialize, ToSchema)]
struct QuoteJson<'a> {
    /// Whether maintainers merged it; then it has no one author, and the address is its page's.
    reviewed: bool,
    markdown: &'a str,
    by: &'a str,
    trusted: bool,
    at: &'a str,
    url: &'a str,
}

#[derive(Serialize, ToSchema)]
struct EvidenceJson<'a> {
    resolved: &'a str,
    question_url: &'a str,
    answer_url: &'a str,
    /// Whether it is one of the `occurrences`: not if it asks something near, or one person asks again.
    counted: bool,
    /// Whether the people agreed to be quoted; if not, there is nothing but date and links.
    quotable: bool,
    #[serde(flatten)]
    details: Option<EvidenceDetailsJson<'a>>,
}

#[derive(Serialize, ToSchema)]
struct EvidenceDetailsJson<'a> {
    channel: &'a str,
    asker: &'a str,
    answerer: &'a str,
    grade: &'a str,
    /// 0 to 1.
    confidence: f32,
    signals: Vec<SignalJson<'a>>,
    reasons: Vec<ReasonJson<'a>>,
}

#[derive(Serialize, ToSchema)]
struct SignalJson<'a> {
    what: &'a str,
    url: &'a str,
}

#[derive(Serialize, ToSchema)]
struct ReasonJson<'a> {
    what: &'a str,
    weight: f32,
    url: Option<&'a str>,
}

impl AnswerView {
    pub(crate) fn export(&self, feedback: FeedbackCounts) -> AnswerEnvelope<'_> {
        let FeedbackCounts { helped, outdated, wrong } = feedback;
        AnswerEnvelope {
            answer: AnswerJson {
                id: &self.id,
                url: &self.url,
                title: &self.title,
                status: self.status,
                state: self.state,
                occurrences: self.occurrences,
                askers: self.askers,
                last_confirmed: &self.last_confirmed.exact,
                channels: &self.channels,
                versions: &self.versions,
                confirmed_for: self.validity.confirmed_for.as_deref(),
                unchecked_since: self.validity.unchecked_since.as_deref(),
                also_asked_as: self
                    .variants
                    .iter()
                    .map(|WordingView { text, .. }| text.as_str())
                    .collect(),
                question: self.question.as_ref().map(QuoteJson::of),
                page: self
                    .answer
                    .as_ref()
                    .map(|answer| &answer.quote)
                    .filter(|quote| quote.merged && !quote.url.is_empty())
                    .map(|quote| quote.url.as_str()),
                answers: self.answer.iter().chain(&self.others).map(OptionJson::of).collect(),
                evidence: self.evidence.iter().map(EvidenceJson::of).collect(),
                feedback: FeedbackJson { helped, outdated, wrong },
            },
        }
    }
}

impl<'a> OptionJson<'a> {
    fn of(option: &'a OptionView) -> Self {
        Self {
            strength: option.strength,
            people: option.people,
            quote: QuoteJson::of(&option.quote),
        }
    }
}

impl<'a> QuoteJson<'a> {
    fn of(said: &'a QuotedMessage) -> Self {
        Self {
            reviewed: said.merged,
            markdown: &said.markdown,
            by: &said.by,
            trusted: said.trusted,
            at: &said.at.exact,
            url: &said.url,
        }
    }
}

impl<'a> EvidenceJson<'a> {
    fn of(evidence: &'a EvidenceView) -> Self {
        let EvidenceView { at, question_url, answer_url, counted, details } = evidence;
        Self {
            resolved: &at.exact,
            question_url,
            answer_url,
            counted: *counted,
            quotable: details.is_some(),
            details: details.as_ref().map(EvidenceDetailsJson::of),
        }
    }
}

impl<'a> EvidenceDetailsJson<'a> {
    fn of(details: &'a EvidenceDetails) -> Self {
        let EvidenceDetails {
            channel,
            asker,
            answerer,
            summary: _,
            grade,
            confidence,
            signals,
            reasons,
        } = details;
        Self {
            channel,
            asker,
            answerer,
            grade,
            confidence: f32::from(*confidence) / 100.0,
            signals: signals
                .iter()
                .map(|sign| SignalJson { what: &sign.what, url: &sign.url })
                .collect(),
            reasons: reasons
                .iter()
                .map(|ReasonView { what, weight, url }| ReasonJson {
                    what,
                    weight: *weight,
                    url: url.as_deref(),
                })
                .collect(),
        }
    }
}
