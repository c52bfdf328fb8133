//! The words of the reports and of the review: `site/words/reports` and `site/words/review`, one file
//! for each language.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::language::InterfaceLanguage;
use super::words::CountedText;

static REPORT_WORDS: [LazyLock<ReportText>; 2] = [
    LazyLock::new(|| parsed(include_str!("../../words/reports/en.toml"))),
    LazyLock::new(|| parsed(include_str!("../../words/reports/ko.toml"))),
];
static REVIEW_WORDS: [LazyLock<ReviewText>; 2] = [
    LazyLock::new(|| parsed(include_str!("../../words/review/en.toml"))),
    LazyLock::new(|| parsed(include_str!("../../words/review/ko.toml"))),
];

fn parsed<T: DeserializeOwned>(text: &str) -> T {
    toml::from_str(text).expect("a test parses the words of every language")
}

fn index(language: InterfaceLanguage) -> usize {
    match language {
        InterfaceLanguage::English => 0,
        InterfaceLanguage::Korean => 1,
    }
}

/// Everything that the reports say in their own words.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReportText {
    pub(crate) period: String,
    pub(crate) percent: String,
    pub(crate) under_a_minute: String,
    pub(crate) minutes: String,
    pub(crate) hours: String,
    pub(crate) days: String,
    pub(crate) withheld: String,
    pub(crate) none: String,
    pub(crate) briefing: String,
    pub(crate) briefing_of: String,
    pub(crate) counted_on: String,
    pub(crate) alarms: String,
    pub(crate) questions_heading: String,
    pub(crate) day_before: String,
    pub(crate) week_before: String,
    pub(crate) month_before: String,
    pub(crate) asked: String,
    pub(crate) answered: String,
    pub(crate) confirmed: String,
    pub(crate) open: String,
    pub(crate) within_hour: String,
    pub(crate) within_four_hours: String,
    pub(crate) within_day: String,
    pub(crate) median_first_reply: String,
    pub(crate) people_who_asked: String,
    pub(crate) people_who_helped: String,
    pub(crate) messages: String,
    pub(crate) list_behind: String,
    pub(crate) list_names: String,
    pub(crate) by_day: String,
    pub(crate) questions_by_day: String,
    pub(crate) messages_by_day: String,
    pub(crate) key_answered: String,
    pub(crate) key_open: String,
    pub(crate) key_messages: String,
    pub(crate) who_helps: String,
    pub(crate) nobody_helped: String,
    pub(crate) helped: String,
    pub(crate) helped_before: String,
    pub(crate) topics: String,
    pub(crate) topic: String,
    pub(crate) topic_asked: String,
    pub(crate) topic_before: String,
    pub(crate) topic_answered: String,
    pub(crate) topic_open: String,
    pub(crate) no_topic: String,
    pub(crate) areas: String,
    pub(crate) area: String,
    pub(crate) area_questions: String,
    pub(crate) area_messages: String,
    pub(crate) area_share: String,
    pub(crate) area_line: String,
    pub(crate) new_heading: String,
    pub(crate) new_none: String,
    pub(crate) more_heading: String,
    pub(crate) more_none: String,
    pub(crate) trend_line: String,
    pub(crate) trend_detail: String,
    pub(crate) pages_heading: String,
    pub(crate) pages_none: String,
    pub(crate) less: String,
    pub(crate) all_pages: String,
    pub(crate) effect: String,
    pub(crate) not_asked_before: String,
    pub(crate) estimate: String,
    pub(crate) any_increase: String,
    pub(crate) open_heading: String,
    pub(crate) open_none: String,
    pub(crate) open_line: String,
    pub(crate) open_detail: String,
    pub(crate) proposals: String,
    pub(crate) none_due: String,
    pub(crate) proposed_in_time: String,
    pub(crate) proposed_in_time_slowest: String,
    pub(crate) not_proposed: String,
    pub(crate) decided: String,
    pub(crate) decided_half: String,
    pub(crate) waiting: String,
    pub(crate) waiting_oldest: String,
    pub(crate) slowest: String,
    pub(crate) verify_heading: String,
    pub(crate) verify_detail: String,
    pub(crate) page_link: String,
    pub(crate) confirmed_for: String,
    pub(crate) unchecked_since: String,
    pub(crate) holds_until: String,
    pub(crate) contradictions_link: String,
    pub(crate) contradictions: String,
    pub(crate) contradictions_of: String,
    pub(crate) contradictions_lead: String,
    pub(crate) contradictions_left_out: String,
    pub(crate) against_fact: String,
    pub(crate) against_page: String,
    pub(crate) two_answers: String,
    pub(crate) side_fact: String,
    pub(crate) side_page: String,
    pub(crate) side_answer: String,
    pub(crate) side_answer_of_people: String,
    pub(crate) side_message: String,
    pub(crate) column_question: String,
    pub(crate) column_asked: String,
    pub(crate) column_channel: String,
    pub(crate) column_first_reply: String,
    pub(crate) column_outcome: String,
    pub(crate) outcome_open: String,
    pub(crate) outcome_suggested: String,
    pub(crate) outcome_solved: String,
    pub(crate) outcome_confirmed: String,
    pub(crate) outcome_thanked: String,
    pub(crate) outcome_unconfirmed: String,
    pub(crate) alarm_nothing_answered: String,
    pub(crate) alarm_nothing_confirmed: String,
    pub(crate) alarm_sudden_drop: String,
    pub(crate) alarm_unknown_shapes: String,
    pub(crate) alarm_silent_channel: String,
    pub(crate) alarm_contradiction: String,
    pub(crate) stretch_day: String,
    pub(crate) stretch_days: String,
    pub(crate) none_answered: String,
    pub(crate) none_confirmed: String,
    pub(crate) fallen_messages: String,
    pub(crate) fallen_questions: String,
    pub(crate) unread: String,
    pub(crate) silent: String,
    pub(crate) triage_heading: String,
    pub(crate) triage_summary: String,
    pub(crate) triage_formula: String,
    pub(crate) triage_other: String,
    pub(crate) triage_priority: String,
    pub(crate) triage_status: String,
    pub(crate) triage_impact: String,
    pub(crate) triage_blocking: String,
    pub(crate) triage_seen: String,
    pub(crate) triage_versions: String,
    pub(crate) triage_errors: String,
    pub(crate) triage_documented: String,
    pub(crate) triage_elsewhere: String,
    pub(crate) triage_owner: String,
    pub(crate) triage_no_owner: String,
    pub(crate) triage_next: String,
    pub(crate) triage_questions: String,
    pub(crate) status_documented: String,
    pub(crate) status_elsewhere: String,
    pub(crate) status_tried: String,
    pub(crate) status_unanswered: String,
    pub(crate) next_documented: String,
    pub(crate) next_elsewhere: String,
    pub(crate) next_tried: String,
    pub(crate) next_unanswered: String,
    pub(crate) priority_high: String,
    pub(crate) priority_medium: String,
    pub(crate) priority_low: String,
    pub(crate) trend_rising: String,
    pub(crate) trend_falling: String,
    pub(crate) trend_steady: String,
    pub(crate) people: CountedText,
    pub(crate) questions: CountedText,
    pub(crate) times: CountedText,
    pub(crate) contradiction_count: CountedText,
}

/// Everything that the review says in its own words.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReviewText {
    pub(crate) heading: String,
    pub(crate) heading_of: String,
    pub(crate) sign_out: String,
    pub(crate) sign_in: String,
    pub(crate) sign_in_heading: String,
    pub(crate) token_label: String,
    pub(crate) token_note: String,
    pub(crate) refused_scope: String,
    pub(crate) refused_token: String,
    pub(crate) nothing_waits: String,
    pub(crate) due_by: String,
    pub(crate) score: String,
    pub(crate) edited_title: String,
    pub(crate) why: String,
    pub(crate) against: String,
    pub(crate) accept: String,
    pub(crate) edit: String,
    pub(crate) snooze: String,
    pub(crate) split: String,
    pub(crate) reject: String,
    pub(crate) undo: String,
    pub(crate) save: String,
    pub(crate) merge: String,
    pub(crate) key_walk: String,
    pub(crate) key_accept: String,
    pub(crate) key_edit: String,
    pub(crate) key_reject: String,
    pub(crate) key_snooze: String,
    pub(crate) key_undo: String,
    pub(crate) edit_heading: String,
    pub(crate) edit_title: String,
    pub(crate) edit_answer: String,
    pub(crate) edit_note: String,
    pub(crate) merge_heading: String,
    pub(crate) merge_label: String,
    pub(crate) snooze_label: String,
    pub(crate) latest: String,
    pub(crate) waits: String,
    pub(crate) accepted: String,
    pub(crate) rejected: String,
    pub(crate) edited: String,
    pub(crate) merged: String,
    pub(crate) was_split: String,
    pub(crate) taken_back: String,
    pub(crate) stage_candidate: String,
    pub(crate) stage_open: String,
    pub(crate) stage_hands_off: String,
    pub(crate) stage_held: String,
    pub(crate) stage_failed: String,
    pub(crate) stage_merged: String,
    pub(crate) stage_rejected: String,
    pub(crate) stage_not_due: String,
    pub(crate) stage_due: String,
    pub(crate) due_answered_once: String,
    pub(crate) due_answered: String,
    pub(crate) due_one_asker: String,
    pub(crate) due_askers: String,
    pub(crate) due_counted_together: String,
    pub(crate) due_no_backing: String,
    pub(crate) due_two_answerers: String,
    pub(crate) due_second_answer: String,
    pub(crate) due_two_confirmers: String,
    pub(crate) due_trusted_and_confirmed: String,
    pub(crate) due_spread: String,
    pub(crate) due_spread_trusted: String,
    pub(crate) due_time_bound: String,
    pub(crate) due_place: String,
    pub(crate) due_person: String,
    pub(crate) due_no_subject: String,
    pub(crate) due_score: String,
    pub(crate) due_score_part: String,
    pub(crate) due_one_supporter: String,
    pub(crate) due_supporters: String,
    pub(crate) due_newcomers: String,
    pub(crate) questions: CountedText,
    pub(crate) askers: CountedText,
    pub(crate) answerers: CountedText,
    pub(crate) snooze_days: CountedText,
    pub(crate) snoozed: CountedText,
    /// By the key of the measure.
    pub(crate) score_parts: BTreeMap<String, String>,
}

impl ReportText {
    pub fn of(language: InterfaceLanguage) -> &'static Self {
        &REPORT_WORDS[index(language)]
    }
}

impl ReviewText {
    pub(crate) fn of(language: InterfaceLanguage) -> &'static Self {
        &REVIEW_WORDS[index(language)]
    }
}

#[cfg(test)]
mod tests {
    use crate::test_support::placeholders;

    #[test]
    fn every_language_says_everything_with_the_same_values() {
        for [english, korean] in [
            [
                include_str!("../../words/reports/en.toml"),
                include_str!("../../words/reports/ko.toml"),
            ],
            [
                include_str!("../../words/review/en.toml"),
                include_str!("../../words/review/ko.toml"),
            ],
        ] {
            assert_eq!(placeholders(english), placeholders(korean));
        }
    }
}
