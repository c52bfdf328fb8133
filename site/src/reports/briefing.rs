//! What happened in a day, a week or a month.

use std::collections::BTreeSet;

use indexer::store::StoreError;
use jiff::Timestamp;
use rules::model::ids::ChannelId;
use rules::report::alarms::{ALARM_DAYS, ChannelDays, DayCounts, SilenceAlarm, silence_alarms};
use rules::report::period::{ReportPeriod, day_number, day_text};
use rules::report::questions::{QuestionCounts, QuestionList, QuestionShare};
use rules::report::service_level::ServiceLevel;
use rules::time;
use serde::Serialize;

use super::ReportSource;
use super::page_effects::PageEffects;
use super::question_list::{QuestionScope, list_address};
use super::questions::{ReportChannels, ReportQuestion};
use super::sections::{AreaBalance, HelperSection, TopicSection, TrendSection, channel_name};
use super::triage::{TriageGroup, TriageScope};
use super::verification::AnswerToVerify;
use crate::presentation::language::InterfaceLanguage;
use crate::presentation::report_words::ReportText;

/// The report on one period.
#[derive(Debug, Clone, Serialize)]
pub struct BriefingReport {
    pub span: &'static str,
    /// `2025-01-31`, UTC; the last day is part of it.
    pub first_day: String,
    pub last_day: String,
    /// The last day of the period before, which has the same length.
    pub last_day_before: String,
    /// When it was counted; answers may come later.
    pub as_of: String,
    pub messages: u64,
    pub messages_before: u64,
    pub questions: QuestionCounts,
    pub questions_before: QuestionCounts,
    /// The numbers of questions with the lists behind them.
    pub figures: Vec<BriefingFigure>,
    /// The days of the chart: four weeks, or the period if it is longer.
    pub days: Vec<BriefingDay>,
    pub helpers: HelperSection,
    pub topics: Vec<TopicSection>,
    pub areas: Vec<AreaBalance>,
    pub trends: TrendSection,
    /// Open questions that at least two people asked within four weeks.
    pub unanswered: Vec<TriageGroup>,
    /// Whether merged pages are asked for less.
    pub pages: PageEffects,
    pub proposals: ServiceLevel,
    /// Merged answers that nobody has checked since a release, or for long.
    pub to_verify: Vec<AnswerToVerify>,
    pub alarms: Vec<BriefingAlarm>,
}

/// A number with the list behind it.
#[derive(Debug, Clone, Serialize)]
pub struct BriefingFigure {
    pub list: QuestionList,
    pub label: &'static str,
    pub value: FigureValue,
    pub before: FigureValue,
    /// Root-relative, on the site.
    pub url: String,
}

/// A count, or a share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum FigureValue {
    Count(usize),
    Share(QuestionShare),
}

/// The counts of one day.
#[derive(Debug, Clone, Serialize)]
pub struct BriefingDay {
    pub day: String,
    pub messages: u64,
    pub asked: u64,
    pub answered: u64,
    pub confirmed: u64,
}

/// An alarm of a day of the period.
#[derive(Debug, Clone, Serialize)]
pub struct BriefingAlarm {
    pub day: String,
    #[serde(flatten)]
    pub alarm: SilenceAlarm,
    pub channel_name: Option<String>,
}

/// The days of the chart at least, and of open questions.
const FOUR_WEEKS: i64 = 28;

impl BriefingReport {
    /// The root-relative address of the list behind a number of the period.
    pub(crate) fn list_url(&self, scope: QuestionScope<'_>) -> String {
        list_address(self.span, &self.last_day, scope)
    }

    /// The same of the period before.
    pub(crate) fn list_url_before(&self, scope: QuestionScope<'_>) -> String {
        list_address(self.span, &self.last_day_before, scope)
    }
}

impl ReportSource<'_> {
    /// The report on a period as known at `now`.
    pub async fn briefing(
        &self,
        period: &ReportPeriod,
        now: Timestamp,
    ) -> Result<BriefingReport, StoreError> {
        let channels = self.channels().await?;
        let previous = period.previous();
        let history = time::minus(period.since, time::days(ALARM_DAYS as i64));
        let all = self.questions(&channels, history.min(previous.since), period.until).await?;
        let counted = all.iter().map(|one| one.counted.clone()).collect::<Vec<_>>();
        let (days, by_channel) =
            self.day_counts(&channels, &counted, history.min(previous.since), period.until).await?;
        let (mut before, mut these) = (Vec::new(), Vec::new());
        for question in all {
            if period.contains(question.counted.asked) {
                these.push(question);
            } else if previous.contains(question.counted.asked) {
                before.push(question);
            }
        }
        let counts = |questions: &[ReportQuestion]| {
            let counted = questions.iter().map(|one| one.counted.clone()).collect::<Vec<_>>();
            QuestionCounts::of(&counted, now)
        };
        let (questions, questions_before) = (counts(&these), counts(&before));
        let messages = |period: &ReportPeriod| {
            days.iter().filter(|day| period.days().contains(&day.day)).map(|day| day.messages).sum()
        };
        let topics = self.topics(&these, &before);
        let unanswered = TriageScope { until: period.until, days: FOUR_WEEKS };
        Ok(BriefingReport {
            span: period.span.as_str(),
            first_day: period.first_day(),
            last_day: period.last_day(),
            last_day_before: previous.last_day(),
            as_of: day_text(day_number(now)),
            messages: messages(period),
            messages_before: messages(&previous),
            figures: figures(period, &questions, &questions_before),
            questions,
            questions_before,
            days: chart_days(period, &days),
            helpers: self.helpers(&these, &before),
            areas: self.areas(&topics, &channels, period).await?,
            topics,
            trends: self.trends(period, &these, &before).await?,
            unanswered: self.triage(&unanswered, period.until.min(now)).await?.groups,
            pages: self.page_effects(period.until.min(now)).await?,
            proposals: self.service_level(period, now).await?,
            to_verify: self.verification(period.until.min(now)).await?.due,
            alarms: self.period_alarms(period, &channels, &days, &by_channel).await?,
        })
    }

    /// The alarms of each day of the period, each kind once for each channel, on its first day.
    async fn period_alarms(
        &self,
        period: &ReportPeriod,
        channels: &ReportChannels,
        days: &[DayCounts],
        by_channel: &[ChannelDays],
    ) -> Result<Vec<BriefingAlarm>, StoreError> {
        let mut seen = BTreeSet::new();
        let mut alarms = Vec::new();
        // Counts that contradict each other do so now, whatever the period.
        let pairs = self.count_pairs().await?;
        for (at, day) in days.iter().enumerate() {
            if !period.days().contains(&day.day) {
                continue;
            }
            let from = (at + 1).saturating_sub(ALARM_DAYS);
            let by_channel = by_channel.iter().map(|one| ChannelDays {
                channel: one.channel,
                messages: one.messages[from..=at].to_vec(),
            });
            let by_channel = by_channel.collect::<Vec<_>>();
            let pairs = if at + 1 == days.len() { &pairs[..] } else { &[] };
            for alarm in silence_alarms(&days[from..=at], &by_channel, pairs) {
                if seen.insert((alarm.kind, alarm.channel)) {
                    let name = |id: ChannelId| channel_name(channels, id);
                    let channel_name = alarm.channel.map(name);
                    alarms.push(BriefingAlarm { day: day_text(day.day), alarm, channel_name });
                }
            }
        }
        Ok(alarms)
    }
}

fn figures(
    period: &ReportPeriod,
    now: &QuestionCounts,
    before: &QuestionCounts,
) -> Vec<BriefingFigure> {
    let value = |list: QuestionList, counts: &QuestionCounts| match list {
        QuestionList::Asked => FigureValue::Count(counts.asked),
        QuestionList::Answered => FigureValue::Count(counts.answered),
        QuestionList::Confirmed => FigureValue::Count(counts.confirmed),
        QuestionList::Open => FigureValue::Count(counts.open),
        QuestionList::WithinHour => FigureValue::Share(counts.within_hour),
        QuestionList::WithinFourHours => FigureValue::Share(counts.within_four_hours),
        QuestionList::WithinDay => FigureValue::Share(counts.within_day),
    };
    let figure = |list: QuestionList| BriefingFigure {
        list,
        label: ReportText::of(InterfaceLanguage::English).list_label(list),
        value: value(list, now),
        before: value(list, before),
        url: list_address(period.span.as_str(), &period.last_day(), list.into()),
    };
    QuestionList::ALL.map(figure).into()
}

fn chart_days(period: &ReportPeriod, days: &[DayCounts]) -> Vec<BriefingDay> {
    let range = period.days();
    let first = range.start.min(range.end - FOUR_WEEKS);
    let shown = days.iter().filter(|day| (first..range.end).contains(&day.day));
    let day = |day: &DayCounts| BriefingDay {
        day: day_text(day.day),
        messages: day.messages,
        asked: day.asked,
        answered: day.answered,
        confirmed: day.confirmed,
    };
    shown.map(day).collect()
}
