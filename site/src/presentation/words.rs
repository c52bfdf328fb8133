//! The words of the interface: `site/words/*.toml`, one file for each language.

use std::fmt;
use std::ops::Deref;
use std::sync::LazyLock;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use rules::publish::strength::AnswerStrength;
use rules::resolution::{ResolutionGrade, SignalKind};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};

use super::language::InterfaceLanguage;

static ENGLISH: LazyLock<InterfaceText> =
    LazyLock::new(|| parsed(include_str!("../../words/en.toml")));
static KOREAN: LazyLock<InterfaceText> =
    LazyLock::new(|| parsed(include_str!("../../words/ko.toml")));

/// Reads a file of words. Through a table: a struct of hundreds of fields that is read straight from text costs
/// the compiler minutes, since its code then exists once for each kind of value that TOML has.
pub(super) fn parsed<T: DeserializeOwned>(text: &str) -> T {
    let table = text.parse::<toml::Table>();
    table.and_then(T::deserialize).expect("a test parses the words of every language")
}

/// A text of the interface, which lives as long as the program. Hundreds of fields that own nothing also compile
/// in a fraction of the time of as many that have to be dropped wherever reading them may fail.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct StaticText(&'static str);

impl Deref for StaticText {
    type Target = str;

    fn deref(&self) -> &str {
        self.0
    }
}

impl fmt::Display for StaticText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl<'de> Deserialize<'de> for StaticText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(String::deserialize(deserializer)?.leak()))
    }
}

/// Everything that the site says in its own words. A key that a file lacks does not parse.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct InterfaceText {
    pub(crate) date: StaticText,
    pub(crate) skip: StaticText,
    pub(crate) search: StaticText,
    pub(crate) search_label: StaticText,
    pub(crate) search_placeholder: StaticText,
    pub(crate) search_instead: StaticText,
    pub(crate) home_heading: StaticText,
    pub(crate) home_lead: StaticText,
    pub(crate) home_lead_named: StaticText,
    pub(crate) home_description: StaticText,
    pub(crate) key_search: StaticText,
    pub(crate) key_choose: StaticText,
    pub(crate) key_open: StaticText,
    pub(crate) key_clear: StaticText,
    pub(crate) close: StaticText,
    pub(crate) recent_searches: StaticText,
    pub(crate) forget_searches: StaticText,
    pub(crate) chat_answers: StaticText,
    pub(crate) all_results: StaticText,
    pub(crate) footer: StaticText,
    pub(crate) footer_label: StaticText,
    pub(crate) docs: StaticText,
    pub(crate) ask: StaticText,
    pub(crate) source: StaticText,
    pub(crate) privacy: StaticText,
    pub(crate) browse: StaticText,
    pub(crate) feed: StaticText,
    pub(crate) feed_title: StaticText,
    pub(crate) recurring: StaticText,
    pub(crate) no_recurring: StaticText,
    pub(crate) figure_messages: StaticText,
    pub(crate) figure_conversations: StaticText,
    pub(crate) figure_resolved: StaticText,
    pub(crate) figure_recurring: StaticText,
    pub(crate) filters_label: StaticText,
    pub(crate) filter_all: StaticText,
    pub(crate) filter_reviewed: StaticText,
    pub(crate) filter_unreviewed: StaticText,
    pub(crate) nothing_found: StaticText,
    pub(crate) no_match: StaticText,
    pub(crate) no_match_filtered: StaticText,
    pub(crate) search_everything: StaticText,
    pub(crate) hint_error: StaticText,
    pub(crate) hint_words: StaticText,
    pub(crate) hint_ask: StaticText,
    pub(crate) nearest_note: StaticText,
    pub(crate) weak_note: StaticText,
    pub(crate) pages_label: StaticText,
    pub(crate) previous: StaticText,
    pub(crate) next: StaticText,
    pub(crate) range_of: StaticText,
    pub(crate) nearest_summary: StaticText,
    pub(crate) last_answered: StaticText,
    pub(crate) from_year: StaticText,
    pub(crate) badge_reviewed: StaticText,
    pub(crate) badge_confirmed: StaticText,
    pub(crate) badge_trusted: StaticText,
    pub(crate) badge_one_person: StaticText,
    pub(crate) about_reviewed: StaticText,
    pub(crate) about_confirmed: StaticText,
    pub(crate) about_trusted: StaticText,
    pub(crate) about_agreed: StaticText,
    pub(crate) about_one_person: StaticText,
    pub(crate) answered_for: StaticText,
    pub(crate) twice: StaticText,
    pub(crate) copy_link: StaticText,
    pub(crate) copied: StaticText,
    pub(crate) answer_heading: StaticText,
    pub(crate) others_heading: StaticText,
    pub(crate) others_from_chat: StaticText,
    pub(crate) others_note: StaticText,
    pub(crate) withheld_answer: StaticText,
    pub(crate) withheld_title: StaticText,
    pub(crate) versions: StaticText,
    pub(crate) holds_for: StaticText,
    pub(crate) holds_for_unchecked: StaticText,
    pub(crate) unchecked_since: StaticText,
    pub(crate) advice_ended: StaticText,
    pub(crate) said_before: StaticText,
    pub(crate) full_question: StaticText,
    pub(crate) also_asked: StaticText,
    pub(crate) related: StaticText,
    pub(crate) evidence_note: StaticText,
    pub(crate) evidence_of: StaticText,
    pub(crate) evidence_hidden: StaticText,
    pub(crate) evidence_uncounted: StaticText,
    pub(crate) question: StaticText,
    pub(crate) answer: StaticText,
    pub(crate) on_discord: StaticText,
    pub(crate) reviewed_by: StaticText,
    pub(crate) in_documentation: StaticText,
    pub(crate) trusted: StaticText,
    pub(crate) not_it: StaticText,
    pub(crate) feedback_heading: StaticText,
    pub(crate) feedback_helped: StaticText,
    pub(crate) feedback_outdated: StaticText,
    pub(crate) feedback_wrong: StaticText,
    pub(crate) feedback_noted: StaticText,
    pub(crate) signal_mark: StaticText,
    pub(crate) signal_tag: StaticText,
    pub(crate) signal_reaction: StaticText,
    pub(crate) signal_worked: StaticText,
    pub(crate) signal_thanks: StaticText,
    pub(crate) signal_trusted: StaticText,
    pub(crate) grade_certain: StaticText,
    pub(crate) grade_confirmed: StaticText,
    pub(crate) grade_thanked: StaticText,
    pub(crate) grade_unconfirmed: StaticText,
    pub(crate) browse_heading: StaticText,
    pub(crate) browse_description: StaticText,
    pub(crate) topics: StaticText,
    pub(crate) channels: StaticText,
    pub(crate) servers: StaticText,
    pub(crate) server: StaticText,
    pub(crate) answers_heading: StaticText,
    pub(crate) all_answers: StaticText,
    pub(crate) reviewed_answers: StaticText,
    pub(crate) catalogue_growing: StaticText,
    pub(crate) error_page_heading: StaticText,
    pub(crate) error_page_note: StaticText,
    pub(crate) failed_not_found: StaticText,
    pub(crate) failed_not_found_note: StaticText,
    pub(crate) failed_too_many: StaticText,
    pub(crate) failed_too_many_note: StaticText,
    pub(crate) failed_request: StaticText,
    pub(crate) failed_internal: StaticText,
    pub(crate) failed_internal_note: StaticText,
    pub(crate) notice_empty: StaticText,
    pub(crate) notice_empty_todo: StaticText,
    pub(crate) notice_consent: StaticText,
    pub(crate) notice_consent_todo: StaticText,
    pub(crate) notice_reading: StaticText,
    pub(crate) notice_unreviewed: StaticText,
    pub(crate) people: CountedText,
    pub(crate) times: CountedText,
    pub(crate) answered_questions: CountedText,
    pub(crate) similar_questions: CountedText,
    pub(crate) conversations: CountedText,
    pub(crate) behind: CountedText,
    pub(crate) badge_agreed: CountedText,
    pub(crate) weak_matches: CountedText,
    pub(crate) fact_official: StaticText,
    pub(crate) fact_since: StaticText,
    pub(crate) fact_verify: StaticText,
}

/// A text with `{n}` for one and for any other number.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CountedText {
    one: StaticText,
    many: StaticText,
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
            shown: zoned.strftime(&*self.date).to_string(),
        }
    }

    /// "once", "twice", "7 times".
    pub(crate) fn times(&self, count: usize) -> String {
        match count {
            2 => self.twice.to_string(),
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
            AnswerStrength::Reviewed => self.badge_reviewed.to_string(),
            AnswerStrength::ConfirmedByAsker => self.badge_confirmed.to_string(),
            AnswerStrength::Trusted => self.badge_trusted.to_string(),
            AnswerStrength::Agreed(people) => self.badge_agreed.of(people),
            AnswerStrength::OnePerson => self.badge_one_person.to_string(),
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
