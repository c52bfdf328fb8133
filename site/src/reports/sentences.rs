//! The sentences of the reports, in the language of their words.

use indexer::store::FeedbackCounts;
use jiff::SignedDuration;
use rules::report::alarms::{AlarmFigures, AlarmKind, AlarmStretch, CountedThings, SilenceAlarm};
use rules::report::contradictions::ContradictionKind;
use rules::report::deflection::{
    DeflectionCounts, DeflectionEstimate, DeflectionVerdict, GOAL, MINUTES_OF_AN_ASKING,
};
use rules::report::period::{day_number, day_text};
use rules::report::questions::{QuestionList, QuestionOutcome, QuestionShare};
use rules::report::triage::{TriageImpact, TriagePriority, TriageStatus};
use rules::resolution::ResolutionGrade;
use rules::time;
use rules::verification::VerificationVerdict;

use super::briefing::{BriefingReport, FigureValue};
use super::page_effects::{PageEffect, PageEffects};
use super::titles::NamedQuestion;
use super::triage::TriageReport;
use super::verification::AnswerToVerify;
use crate::presentation::report_words::ReportText;
use crate::presentation::words::{filled, grouped};

impl BriefingReport {
    /// With the labels that programs show to people in a language.
    pub fn labelled(mut self, words: &'static ReportText) -> Self {
        for figure in &mut self.figures {
            figure.label = words.list_label(figure.list);
        }
        for group in &mut self.unanswered {
            group.trend = words.trend(&group.impact);
            group.next_step = words.next_step(group.status);
        }
        for alarm in &mut self.alarms {
            alarm.alarm.what = words.alarm(&alarm.alarm);
        }
        for answer in &mut self.to_verify {
            answer.why = words.why_unchecked(answer);
        }
        self
    }
}

impl TriageReport {
    /// With the phrases that programs show to people in a language.
    pub fn labelled(mut self, words: &'static ReportText) -> Self {
        self.formula = &words.triage_formula;
        for group in &mut self.groups {
            group.trend = words.trend(&group.impact);
            group.next_step = words.next_step(group.status);
        }
        self
    }
}

impl ReportText {
    /// A question under its title in this language.
    pub(crate) fn named(&self, question: &NamedQuestion) -> NamedQuestion {
        let title = match question.withheld {
            true => self.withheld.to_string(),
            false => question.title.clone(),
        };
        NamedQuestion { title, ..question.clone() }
    }

    pub(crate) fn period(&self, first: &str, last: &str) -> String {
        match first == last {
            true => first.to_owned(),
            false => filled(&self.period, &[("first", first), ("last", last)]),
        }
    }

    /// "week before".
    pub(crate) fn before(&self, span: &str) -> &str {
        match span {
            "day" => &self.day_before,
            "month" => &self.month_before,
            _ => &self.week_before,
        }
    }

    /// A list in words.
    pub(crate) fn list_label(&self, list: QuestionList) -> &str {
        match list {
            QuestionList::Asked => &self.asked,
            QuestionList::Answered => &self.answered,
            QuestionList::Confirmed => &self.confirmed,
            QuestionList::Open => &self.open,
            QuestionList::WithinHour => &self.within_hour,
            QuestionList::WithinFourHours => &self.within_four_hours,
            QuestionList::WithinDay => &self.within_day,
        }
    }

    pub(crate) fn figure(&self, value: FigureValue) -> String {
        match value {
            FigureValue::Count(count) => grouped(count),
            FigureValue::Share(share) => self.share(share),
        }
    }

    /// "67 %"; a dash of nothing.
    pub(crate) fn share(&self, share: QuestionShare) -> String {
        let percent = share.percent();
        percent.map_or_else(
            || "–".to_owned(),
            |percent| filled(&self.percent, &[("n", &percent.to_string())]),
        )
    }

    /// "40 min", "5.5 h", "3.2 days".
    pub(crate) fn duration(&self, length: SignedDuration) -> String {
        let minutes = time::whole_milliseconds(length) as f64 / 60_000.0;
        let (text, number) = match minutes {
            minutes if minutes < 1.0 => return self.under_a_minute.to_string(),
            minutes if minutes < 100.0 => (&self.minutes, format!("{minutes:.0}")),
            minutes if minutes < 48.0 * 60.0 => (&self.hours, format!("{:.1}", minutes / 60.0)),
            minutes => (&self.days, format!("{:.1}", minutes / 1_440.0)),
        };
        filled(text, &[("n", &number)])
    }

    /// Who helped; `None` if nobody did.
    pub(crate) fn helpers(&self, report: &BriefingReport) -> Option<String> {
        self.helper_sentence(&self.helped, report)
    }

    /// The same with the number of the period before.
    pub(crate) fn helpers_before(&self, report: &BriefingReport) -> Option<String> {
        self.helper_sentence(&self.helped_before, report)
    }

    fn helper_sentence(&self, sentence: &str, report: &BriefingReport) -> Option<String> {
        let helpers = &report.helpers;
        let values = [
            ("people", &*self.people.of(helpers.helpers)),
            ("questions", &*self.questions.of(helpers.answers)),
            ("before", &*helpers.before.to_string()),
            ("time", self.before(report.span)),
            ("first", &*self.share(helpers.top_one)),
            ("three", &*self.share(helpers.top_three)),
        ];
        (helpers.helpers > 0).then(|| filled(sentence, &values))
    }

    /// What is known of a page's effect: "asked 12 times in 60 days before, 3 in 60 days after: -72 % per active
    /// asker (95 % between -93 and -6 %)".
    pub(crate) fn effect(&self, effect: &PageEffect) -> String {
        let DeflectionCounts { asked_before, asked_after, .. } = effect.counts;
        let estimate = effect.estimate;
        let estimate =
            estimate.map_or_else(|| self.not_asked_before.to_string(), |one| self.estimate(one));
        let measured = filled(
            &self.effect,
            &[
                ("times", &self.times.of(asked_before as usize)),
                ("days_before", &effect.days_before.to_string()),
                ("after", &grouped(asked_after as usize)),
                ("days_after", &effect.days_after.to_string()),
                ("estimate", &estimate),
            ],
        );
        [Some(measured), self.suggestions(effect), self.readers(effect)]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join("; ")
    }

    fn suggestions(&self, effect: &PageEffect) -> Option<String> {
        let (shown, helped) = (effect.suggestions.shown, effect.suggestions.helped);
        let values = [("shown", &*shown.to_string()), ("helped", &*helped.to_string())];
        (shown > 0).then(|| filled(&self.suggestions, &values))
    }

    fn readers(&self, effect: &PageEffect) -> Option<String> {
        let FeedbackCounts { helped, outdated, wrong } = effect.feedback;
        let values = [
            ("helped", &*helped.to_string()),
            ("outdated", &*outdated.to_string()),
            ("wrong", &*wrong.to_string()),
        ];
        (helped + outdated + wrong > 0).then(|| filled(&self.readers, &values))
    }

    /// What stands before the effect of a page where it is clear: that it is asked for less, or should be improved.
    pub(crate) fn effect_mark(&self, effect: &PageEffect) -> Option<&str> {
        match effect.verdict {
            Some(DeflectionVerdict::Less) => Some(&self.less),
            _ if effect.needs_work => Some(&self.needs_work),
            _ => None,
        }
    }

    /// What all measured pages did together: the change, whether it reaches the goal, and the time that it saves.
    pub(crate) fn page_totals(&self, pages: &PageEffects) -> Vec<String> {
        let Some(total) = pages.total_estimate else { return Vec::new() };
        let goal = match total.change <= GOAL {
            true => &self.goal_reached,
            false => &self.goal_not_reached,
        };
        let askings = pages.avoided.round();
        let minutes = SignedDuration::from_secs_f64(askings * MINUTES_OF_AN_ASKING * 60.0);
        let saved = (askings >= 1.0).then(|| {
            let values = [
                ("askings", &*format!("{askings:.0}")),
                ("time", &*self.duration(minutes)),
                ("minutes", &*format!("{MINUTES_OF_AN_ASKING:.0}")),
            ];
            filled(&self.time_saved, &values)
        });
        let all = filled(&self.all_pages, &[("estimate", &self.estimate(total))]);
        let goal = filled(goal, &[("goal", &format!("{GOAL:.0}"))]);
        [Some(all), Some(goal), saved].into_iter().flatten().collect()
    }

    /// The change of a rate with its interval.
    pub(crate) fn estimate(&self, estimate: DeflectionEstimate) -> String {
        let high = estimate.high.map_or_else(
            || self.any_increase.to_string(),
            |high| filled(&self.percent, &[("n", &format!("{high:+.0}"))]),
        );
        let (change, low) = (format!("{:+.0}", estimate.change), format!("{:+.0}", estimate.low));
        filled(&self.estimate, &[("change", &change), ("low", &low), ("high", &high)])
    }

    /// The state of the proposals, a sentence each.
    pub(crate) fn proposal_lines(&self, report: &BriefingReport) -> Vec<String> {
        let level = &report.proposals;
        let share = level.proposed_in_time;
        let timed = |count: usize, time: Option<SignedDuration>, plain: &str, with_time: &str| {
            let (sentence, time) = match time {
                Some(time) => (with_time, self.duration(time)),
                None => (plain, String::new()),
            };
            let (part, all) = (share.part.to_string(), share.of.to_string());
            let n = count.to_string();
            filled(sentence, &[("n", &n), ("time", &time), ("part", &part), ("all", &all)])
        };
        let proposed = match share.of {
            0 => self.none_due.to_string(),
            _ => timed(
                0,
                level.slowest_proposal,
                &self.proposed_in_time,
                &self.proposed_in_time_slowest,
            ),
        };
        let (running, late) = (level.running.to_string(), level.late.to_string());
        vec![
            proposed,
            filled(&self.not_proposed, &[("running", &running), ("late", &late)]),
            timed(level.decided, level.median_decision, &self.decided, &self.decided_half),
            timed(level.undecided, level.longest_undecided, &self.waiting, &self.waiting_oldest),
        ]
    }

    /// Why an answer is to be checked again, and when it last was.
    pub(crate) fn verification(&self, answer: &AnswerToVerify) -> String {
        let why = self.why_unchecked(answer);
        filled(&self.verify_detail, &[("why", &why), ("day", &answer.checked)])
    }

    fn why_unchecked(&self, answer: &AnswerToVerify) -> String {
        let (version, since) = match &answer.verdict {
            VerificationVerdict::Ended { issue, closed, .. } => {
                let day = day_text(day_number(*closed));
                return filled(&self.holds_until, &[("issue", issue), ("day", &day)]);
            }
            VerificationVerdict::Current { confirmed_for } => (confirmed_for, None),
            VerificationVerdict::Released { confirmed_for, since, .. } => {
                (confirmed_for, Some(since.to_string()))
            }
            VerificationVerdict::Aged { confirmed_for, confirmed } => {
                (confirmed_for, Some(day_text(day_number(*confirmed))))
            }
        };
        let version = version
            .as_ref()
            .map(|version| filled(&self.confirmed_for, &[("version", &version.to_string())]));
        let since = since.map(|since| filled(&self.unchecked_since, &[("time", &since)]));
        version.into_iter().chain(since).collect::<Vec<_>>().join(", ")
    }

    pub(crate) fn alarm_kind(&self, kind: AlarmKind) -> &str {
        match kind {
            AlarmKind::NothingAnswered => &self.alarm_nothing_answered,
            AlarmKind::NothingConfirmed => &self.alarm_nothing_confirmed,
            AlarmKind::SuddenDrop => &self.alarm_sudden_drop,
            AlarmKind::UnknownShapes => &self.alarm_unknown_shapes,
            AlarmKind::SilentChannel => &self.alarm_silent_channel,
            AlarmKind::Contradiction => &self.alarm_contradiction,
        }
    }

    /// An alarm in a sentence.
    pub(crate) fn alarm(&self, alarm: &SilenceAlarm) -> String {
        let stretch = |stretch: &AlarmStretch| {
            let day = day_text(stretch.last);
            match stretch.days {
                1 => filled(&self.stretch_day, &[("day", &day)]),
                days => filled(&self.stretch_days, &[("n", &days.to_string()), ("day", &day)]),
            }
        };
        let write = |sentence: &str, time: &AlarmStretch, count: u64, other: (&str, u64)| {
            let values = [
                ("stretch", &*stretch(time)),
                ("count", &*count.to_string()),
                (other.0, &*other.1.to_string()),
            ];
            filled(sentence, &values)
        };
        match &alarm.figures {
            AlarmFigures::Stopped { time, of, percent } => {
                let sentence = match alarm.kind {
                    AlarmKind::NothingConfirmed => &self.none_confirmed,
                    _ => &self.none_answered,
                };
                write(sentence, time, *of, ("percent", *percent))
            }
            AlarmFigures::Fallen { time, things, count, least } => {
                let sentence = match things {
                    CountedThings::Messages => &self.fallen_messages,
                    CountedThings::Questions => &self.fallen_questions,
                };
                write(sentence, time, *count, ("least", *least))
            }
            AlarmFigures::Unread { count, all, day } => {
                let (count, all) = (count.to_string(), all.to_string());
                let values = [("count", &*count), ("all", &all), ("day", &day_text(*day))];
                filled(&self.unread, &values)
            }
            AlarmFigures::Silent { time, least } => write(&self.silent, time, 0, ("least", *least)),
            AlarmFigures::Differing => alarm.what.clone(),
        }
    }

    /// What became of a question.
    pub(crate) fn outcome(&self, outcome: QuestionOutcome) -> &str {
        match outcome {
            QuestionOutcome::Open => &self.outcome_open,
            QuestionOutcome::Suggested => &self.outcome_suggested,
            QuestionOutcome::Answered(ResolutionGrade::Certain) => &self.outcome_solved,
            QuestionOutcome::Answered(ResolutionGrade::Confirmed) => &self.outcome_confirmed,
            QuestionOutcome::Answered(ResolutionGrade::Thanked) => &self.outcome_thanked,
            QuestionOutcome::Answered(ResolutionGrade::Unconfirmed) => &self.outcome_unconfirmed,
        }
    }

    /// "Two answers", "Against a page", "Against a fact".
    pub(crate) fn contradiction(&self, kind: ContradictionKind) -> &str {
        match kind {
            ContradictionKind::Fact => &self.against_fact,
            ContradictionKind::Page => &self.against_page,
            ContradictionKind::Answer => &self.two_answers,
        }
    }

    pub(crate) fn status(&self, status: TriageStatus) -> &str {
        match status {
            TriageStatus::Documented => &self.status_documented,
            TriageStatus::AnsweredElsewhere => &self.status_elsewhere,
            TriageStatus::Tried => &self.status_tried,
            TriageStatus::Unanswered => &self.status_unanswered,
        }
    }

    /// What would settle a group of that status.
    pub(crate) fn next_step(&self, status: TriageStatus) -> &str {
        match status {
            TriageStatus::Documented => &self.next_documented,
            TriageStatus::AnsweredElsewhere => &self.next_elsewhere,
            TriageStatus::Tried => &self.next_tried,
            TriageStatus::Unanswered => &self.next_unanswered,
        }
    }

    pub(crate) fn priority(&self, priority: TriagePriority) -> &str {
        match priority {
            TriagePriority::High => &self.priority_high,
            TriagePriority::Medium => &self.priority_medium,
            TriagePriority::Low => &self.priority_low,
        }
    }

    pub(crate) fn trend(&self, impact: &TriageImpact) -> &str {
        match impact.trend() {
            "rising" => &self.trend_rising,
            "falling" => &self.trend_falling,
            _ => &self.trend_steady,
        }
    }
}

#[cfg(test)]
mod tests {
    use rules::report::alarms::{DayCounts, silence_alarms};

    use super::*;
    use crate::presentation::language::InterfaceLanguage;

    #[test]
    fn the_sentences_in_english_are_those_of_the_rules() {
        let words = ReportText::of(InterfaceLanguage::English);
        for status in [
            TriageStatus::Documented,
            TriageStatus::AnsweredElsewhere,
            TriageStatus::Tried,
            TriageStatus::Unanswered,
        ] {
            assert_eq!(words.status(status), status.as_str());
            assert_eq!(words.next_step(status), status.next_step());
        }
        for kind in AlarmKind::ALL {
            assert_eq!(words.alarm_kind(kind), kind.as_str().replace('-', " "));
        }
        let day = |day: i64| DayCounts {
            day,
            messages: if day < 40 { 100 } else { 0 },
            unknown: if day < 40 { 0 } else { 50 },
            asked: if day < 40 { 20 } else { 0 },
            answered: 15,
            confirmed: if day < 39 { 10 } else { 0 },
        };
        let days = (5..=40).map(day).collect::<Vec<_>>();
        let alarms = silence_alarms(&days, &[], &[]);
        assert!(alarms.len() > 1, "{alarms:?}");
        for alarm in alarms {
            assert_eq!(words.alarm(&alarm), alarm.what);
            let korean = ReportText::of(InterfaceLanguage::Korean).alarm(&alarm);
            assert!(korean.contains("메시지") || korean.contains("답변"), "{korean}");
        }
    }
}
