//! The words of the interface: `site/words/*.toml`, one file for each language.

use std::sync::LazyLock;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use rules::publish::strength::AnswerStrength;
use rules::resolution::{ResolutionGrade, SignalKind};
use serde::{Deserialize, Serialize};

use super::language::InterfaceLanguage;

static ENGLISH: LazyLock<InterfaceText> =
    LazyLock::new(|| parsed(include_str!("../../words/en.toml")));
static KOREAN: LazyLock<InterfaceText> =
    LazyLock::new(|| parsed(include_str!("../../words/ko.toml")));

fn parsed(text: &str) -> InterfaceText {
    toml::from_str(text).expect("a test parses the words of every language")
}

/// Everything that the site says in its own words. A key that a file lacks does not parse.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct InterfaceText {
    pub(crate) date: String,
    pub(crate) skip: String,
    pub(crate) search: String,
    pub(crate) search_label: String,
    pub(crate) search_placeholder: String,
    pub(crate) search_instead: String,
    pub(crate) home_heading: String,
    pub(crate) home_lead: String,
    pub(crate) home_lead_named: String,
    pub(crate) home_description: String,
    pub(crate) key_search: String,
    pub(crate) key_choose: String,
    pub(crate) key_open: String,
    pub(crate) key_clear: String,
    pub(crate) close: String,
    pub(crate) recent_searches: String,
    pub(crate) forget_searches: String,
    pub(crate) chat_answers: String,
    pub(crate) all_results: String,
    pub(crate) footer: String,
    pub(crate) footer_label: String,
    pub(crate) docs: String,
    pub(crate) ask: String,
    pub(crate) source: String,
    pub(crate) privacy: String,
    pub(crate) browse: String,
    pub(crate) feed: String,
    pub(crate) feed_title: String,
    pub(crate) recurring: String,
    pub(crate) no_recurring: String,
    pub(crate) figure_messages: String,
    pub(crate) figure_conversations: String,
    pub(crate) figure_resolved: String,
    pub(crate) figure_recurring: String,
    pub(crate) filters_label: String,
    pub(crate) filter_all: String,
    pub(crate) filter_reviewed: String,
    pub(crate) filter_unreviewed: String,
    pub(crate) nothing_found: String,
    pub(crate) no_match: String,
    pub(crate) no_match_filtered: String,
    pub(crate) search_everything: String,
    pub(crate) hint_error: String,
    pub(crate) hint_words: String,
    pub(crate) hint_ask: String,
    pub(crate) nearest_note: String,
    pub(crate) weak_note: String,
    pub(crate) pages_label: String,
    pub(crate) previous: String,
    pub(crate) next: String,
    pub(crate) range_of: String,
    pub(crate) nearest_summary: String,
    pub(crate) last_answered: String,
    pub(crate) from_year: String,
    pub(crate) badge_reviewed: String,
    pub(crate) badge_confirmed: String,
    pub(crate) badge_trusted: String,
    pub(crate) badge_one_person: String,
    pub(crate) about_reviewed: String,
    pub(crate) about_confirmed: String,
    pub(crate) about_trusted: String,
    pub(crate) about_agreed: String,
    pub(crate) about_one_person: String,
    pub(crate) answered_for: String,
    pub(crate) twice: String,
    pub(crate) copy_link: String,
    pub(crate) copied: String,
    pub(crate) answer_heading: String,
    pub(crate) others_heading: String,
    pub(crate) others_from_chat: String,
    pub(crate) others_note: String,
    pub(crate) withheld_answer: String,
    pub(crate) withheld_title: String,
    pub(crate) versions: String,
    pub(crate) holds_for: String,
    pub(crate) holds_for_unchecked: String,
    pub(crate) unchecked_since: String,
    pub(crate) advice_ended: String,
    pub(crate) said_before: String,
    pub(crate) full_question: String,
    pub(crate) also_asked: String,
    pub(crate) related: String,
    pub(crate) evidence_note: String,
    pub(crate) evidence_of: String,
    pub(crate) evidence_hidden: String,
    pub(crate) evidence_uncounted: String,
    pub(crate) question: String,
    pub(crate) answer: String,
    pub(crate) on_discord: String,
    pub(crate) reviewed_by: String,
    pub(crate) in_documentation: String,
    pub(crate) trusted: String,
    pub(crate) not_it: String,
    pub(crate) feedback_heading: String,
    pub(crate) feedback_helped: String,
    pub(crate) feedback_outdated: String,
    pub(crate) feedback_wrong: String,
    pub(crate) feedback_noted: String,
    pub(crate) signal_mark: String,
    pub(crate) signal_tag: String,
    pub(crate) signal_reaction: String,
    pub(crate) signal_worked: String,
    pub(crate) signal_thanks: String,
    pub(crate) signal_trusted: String,
    pub(crate) grade_certain: String,
    pub(crate) grade_confirmed: String,
    pub(crate) grade_thanked: String,
    pub(crate) grade_unconfirmed: String,
    pub(crate) browse_heading: String,
    pub(crate) browse_description: String,
    pub(crate) topics: String,
    pub(crate) channels: String,
    pub(crate) servers: String,
    pub(crate) server: String,
    pub(crate) answers_heading: String,
    pub(crate) all_answers: String,
    pub(crate) reviewed_answers: String,
    pub(crate) catalogue_growing: String,
    pub(crate) error_page_heading: String,
    pub(crate) error_page_note: String,
    pub(crate) failed_not_found: String,
    pub(crate) failed_not_found_note: String,
    pub(crate) failed_too_many: String,
    pub(crate) failed_too_many_note: String,
    pub(crate) failed_request: String,
    pub(crate) failed_internal: String,
    pub(crate) failed_internal_note: String,
    pub(crate) notice_empty: String,
    pub(crate) notice_empty_todo: String,
    pub(crate) notice_consent: String,
    pub(crate) notice_consent_todo: String,
    pub(crate) notice_reading: String,
    pub(crate) notice_unreviewed: String,
    pub(crate) people: CountedText,
    pub(crate) times: CountedText,
    pub(crate) answered_questions: CountedText,
    pub(crate) similar_questions: CountedText,
    pub(crate) conversations: CountedText,
    pub(crate) behind: CountedText,
    pub(crate) badge_agreed: CountedText,
    pub(crate) weak_matches: CountedText,
    pub(crate) fact_official: String,
    pub(crate) fact_since: String,
    pub(crate) fact_verify: String,
}

/// A text with `{n}` for one and for any other number.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CountedText {
    one: String,
    many: String,
}

/// A time for machines and for people, in UTC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct DisplayDate {
    /// RFC 3339, to the second.
    pub(crate) exact: String,
    /// "6 Oct 2025".
    pub(crate) shown: String,
}

/// What the badge of a strength says, for readers outside the site too: "Reviewed", "3 people agree".
pub fn badge(strength: AnswerStrength, language: InterfaceLanguage) -> String {
    InterfaceText::of(language).badge(strength)
}

impl InterfaceText {
    pub(crate) fn of(language: InterfaceLanguage) -> &'static Self {
        match language {
            InterfaceLanguage::English => &ENGLISH,
            InterfaceLanguage::Korean => &KOREAN,
        }
    }

    /// The words of the API and of every form that programs read.
    pub(crate) fn english() -> &'static Self {
        &ENGLISH
    }

    pub(crate) fn date(&self, at: Timestamp) -> DisplayDate {
        let zoned = at.to_zoned(TimeZone::UTC);
        DisplayDate {
            exact: zoned.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            shown: zoned.strftime(&self.date).to_string(),
        }
    }

    /// "once", "twice", "7 times".
    pub(crate) fn times(&self, count: usize) -> String {
        match count {
            2 => self.twice.clone(),
            count => self.times.of(count),
        }
    }

    pub(crate) fn signal(&self, kind: SignalKind) -> &str {
        match kind {
            SignalKind::ManualMark => &self.signal_mark,
            SignalKind::SolvedTag => &self.signal_tag,
            SignalKind::AcceptingReaction => &self.signal_reaction,
            SignalKind::Worked => &self.signal_worked,
            SignalKind::Thanks => &self.signal_thanks,
            SignalKind::TrustedAnswer => &self.signal_trusted,
        }
    }

    pub(crate) fn grade(&self, grade: ResolutionGrade) -> &str {
        match grade {
            ResolutionGrade::Certain => &self.grade_certain,
            ResolutionGrade::Confirmed => &self.grade_confirmed,
            ResolutionGrade::Thanked => &self.grade_thanked,
            ResolutionGrade::Unconfirmed => &self.grade_unconfirmed,
        }
    }

    /// What the badge of a strength says.
    pub(crate) fn badge(&self, strength: AnswerStrength) -> String {
        match strength {
            AnswerStrength::Reviewed => self.badge_reviewed.clone(),
            AnswerStrength::ConfirmedByAsker => self.badge_confirmed.clone(),
            AnswerStrength::Trusted => self.badge_trusted.clone(),
            AnswerStrength::Agreed(people) => self.badge_agreed.of(people),
            AnswerStrength::OnePerson => self.badge_one_person.clone(),
        }
    }

    /// What a strength means, in a sentence.
    pub(crate) fn about(&self, strength: AnswerStrength) -> &str {
        match strength {
            AnswerStrength::Reviewed => &self.about_reviewed,
            AnswerStrength::ConfirmedByAsker => &self.about_confirmed,
            AnswerStrength::Trusted => &self.about_trusted,
            AnswerStrength::Agreed(_) => &self.about_agreed,
            AnswerStrength::OnePerson => &self.about_one_person,
        }
    }
}

impl CountedText {
    /// The text with the number, its thousands separated.
    pub(crate) fn of(&self, count: usize) -> String {
        let text = if count == 1 { &self.one } else { &self.many };
        filled(text, &[("n", &grouped(count))])
    }
}

/// A text with each `{name}` replaced, once through, so that a value is never read as a placeholder.
pub(crate) fn filled(text: &str, values: &[(&str, &str)]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, inside)) = rest.split_once('{') {
        out.push_str(before);
        let known = inside.split_once('}').and_then(|(name, after)| {
            let (_, value) = values.iter().find(|(known, _)| *known == name)?;
            Some((*value, after))
        });
        match known {
            Some((value, after)) => {
                out.push_str(value);
                rest = after;
            }
            None => {
                out.push('{');
                rest = inside;
            }
        }
    }
    out.push_str(rest);
    out
}

/// A count with commas between thousands.
pub(crate) fn grouped(count: usize) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use rules::time;

    use super::*;
    use crate::test_support::placeholders;

    #[test]
    fn every_language_says_everything_with_the_same_values() {
        let [english, korean] =
            [include_str!("../../words/en.toml"), include_str!("../../words/ko.toml")];
        assert_eq!(placeholders(english), placeholders(korean));
        for language in InterfaceLanguage::ALL {
            assert!(!InterfaceText::of(language).search.is_empty());
        }
    }

    #[test]
    fn dates_are_utc() {
        let text = InterfaceText::english();
        let date = text.date(time::at_millisecond(1_759_708_800_000));
        assert_eq!(date.exact, "2025-10-06T00:00:00Z");
        assert_eq!(date.shown, "6 Oct 2025");
        assert_eq!(text.date(Timestamp::MAX).shown, "30 Dec 9999");
        let korean = InterfaceText::of(InterfaceLanguage::Korean);
        assert_eq!(korean.date(time::at_millisecond(1_759_708_800_000)).shown, "2025년 10월 6일");
    }

    #[test]
    fn counts_agree_with_their_nouns() {
        let text = InterfaceText::english();
        assert_eq!(text.people.of(1), "1 person");
        assert_eq!(text.people.of(0), "0 people");
        assert_eq!(text.people.of(1_234_567), "1,234,567 people");
        assert_eq!([1, 2, 7].map(|count| text.times(count)), ["once", "twice", "7 times"]);
    }

    #[test]
    fn a_value_is_never_read_as_a_placeholder() {
        assert_eq!(filled("{a} and {b}{", &[("a", "{b}"), ("b", "x")]), "{b} and x{");
        assert_eq!(filled("{unknown}", &[]), "{unknown}");
    }
}
