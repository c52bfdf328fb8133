//! The evidence for an answer, as maintainers read it.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use rules::model::cluster::Occurrence;
use rules::model::ids::MessageId;
use rules::publish::anonymize::Participants;
use rules::publish::pseudonym::AuthorNaming;
use rules::resolution::ResolutionGrade;
use rules::safety::{FactRules, SafetyRules, judge_text, redact};

/// One occurrence as a page and a proposal show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EvidenceItem {
    pub asked: Timestamp,
    pub resolved: Timestamp,
    pub question_link: String,
    pub answer_link: String,
    /// `None` where the author has not agreed to be quoted: then only links and date are shown.
    pub quote: Option<EvidenceQuote>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EvidenceQuote {
    pub asker: String,
    pub answerer: String,
    pub trusted: bool,
    /// The strongest sign that the answer helped.
    pub helped: Option<HelpSign>,
    pub question: String,
    /// `None` where it contains what must not be published.
    pub answer: Option<String>,
}

/// What shows that an answer helped, strongest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum HelpSign {
    Confirmed,
    Thanked,
}

impl HelpSign {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Confirmed => "the asker says it worked",
            Self::Thanked => "the asker says thanks",
        }
    }
}

impl EvidenceItem {
    pub(crate) fn of(
        occurrence: &Occurrence,
        naming: &AuthorNaming,
        (safety, facts): (&SafetyRules, &FactRules),
        people: &Participants<'_>,
    ) -> Self {
        let answer = occurrence.best_answer();
        let text = redact(&answer.text, safety);
        let quote = occurrence.quotable.then(|| EvidenceQuote {
            asker: naming.name(&occurrence.question),
            answerer: naming.name(answer),
            trusted: answer.trusted,
            helped: help_sign(occurrence.grade),
            question: people.line(&redact(&occurrence.question.text, safety)),
            answer: judge_text(&answer.text, safety, facts)
                .is_publishable()
                .then(|| people.line(&text)),
        });
        Self {
            asked: occurrence.question.sent,
            resolved: occurrence.resolved(),
            question_link: occurrence.question_link(),
            answer_link: occurrence.answer_link(answer),
            quote,
        }
    }
}

fn help_sign(grade: ResolutionGrade) -> Option<HelpSign> {
    match grade {
        ResolutionGrade::Certain | ResolutionGrade::Confirmed => Some(HelpSign::Confirmed),
        ResolutionGrade::Thanked => Some(HelpSign::Thanked),
        ResolutionGrade::Unconfirmed => None,
    }
}

/// The day of a moment in UTC, `2025-01-31`.
pub(crate) fn day(moment: Timestamp) -> String {
    written(moment, "%Y-%m-%d")
}

/// `2025-01-31 13:05 UTC`.
pub(crate) fn minute(moment: Timestamp) -> String {
    written(moment, "%Y-%m-%d %H:%M UTC")
}

fn written(moment: Timestamp, format: &str) -> String {
    moment.to_zoned(TimeZone::UTC).strftime(format).to_string()
}

/// The messages that a text links to, in its order.
pub fn cited(text: &str) -> Vec<MessageId> {
    let links = text.split("discord.com/channels/").skip(1).filter_map(|link| {
        let ids = link.split(|c: char| c != '/' && !c.is_ascii_digit()).next()?;
        ids.split('/').nth(2)?.parse().ok()
    });
    links.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_tell_their_messages() {
        let text = "[a](https://discord.com/channels/1/2/30), https://discord.com/channels/1/2 and \
            <https://discord.com/channels/1/2/31> discord.com/channels/@me/2/33";
        assert_eq!(cited(text), [MessageId(30), MessageId(31)]);
    }
}
