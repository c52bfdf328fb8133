//! The parts of a briefing that are more than a count.

use std::collections::{BTreeMap, BTreeSet};

use indexer::store::StoreError;
use jiff::Timestamp;
use rules::model::ids::{ChannelId, ClusterId, MessageId, UserId};
use rules::report::helpers::HelperCounts;
use rules::report::period::ReportPeriod;
use rules::report::questions::QuestionShare;
use rules::report::topic_balance::topic_counts;
use rules::report::trends::cluster_activity;
use serde::Serialize;

use super::ReportSource;
use super::questions::{ReportChannels, ReportQuestion};
use super::titles::NamedQuestion;

/// Who answered.
#[derive(Debug, Clone, Serialize)]
pub struct HelperSection {
    /// People whose answers settled a question of somebody else.
    pub helpers: usize,
    pub before: usize,
    /// Their answers.
    pub answers: usize,
    /// The share of the one, and of the three, who answered most.
    pub top_one: QuestionShare,
    pub top_three: QuestionShare,
    pub busiest: Vec<BusyHelper>,
}

/// One of those who answered most, under the name that may be shown.
#[derive(Debug, Clone, Serialize)]
pub struct BusyHelper {
    pub name: String,
    pub answers: usize,
}

/// The questions of one topic.
#[derive(Debug, Clone, Serialize)]
pub struct TopicSection {
    /// `None` where no word of any topic is used.
    pub topic: Option<String>,
    pub area: Option<String>,
    pub asked: usize,
    pub before: usize,
    pub answered: usize,
    pub open: usize,
}

/// The questions and the talk of one area, such as product or market.
#[derive(Debug, Clone, Serialize)]
pub struct AreaBalance {
    pub area: String,
    pub questions: usize,
    /// Messages of people that use words of its topics.
    pub messages: usize,
}

/// A recurring question with how often it was asked.
#[derive(Debug, Clone, Serialize)]
pub struct TrendingQuestion {
    #[serde(flatten)]
    pub question: NamedQuestion,
    pub asked: usize,
    pub before: usize,
    pub askers: usize,
}

/// The recurring questions that changed.
#[derive(Debug, Clone, Default, Serialize)]
pub struct TrendSection {
    /// First asked in the period, by at least two people.
    pub new: Vec<TrendingQuestion>,
    /// Asked at least three times and twice as often as before, without the new ones.
    pub worse: Vec<TrendingQuestion>,
}

/// So many questions of a kind are listed.
const LISTED: usize = 10;
/// Messages that are read at once.
const BATCH: u32 = 5_000;

impl ReportSource<'_> {
    pub(super) fn helpers(
        &self,
        questions: &[ReportQuestion],
        before: &[ReportQuestion],
    ) -> HelperSection {
        let counted = |questions: &[ReportQuestion]| {
            HelperCounts::of(&questions.iter().map(|one| one.counted.clone()).collect::<Vec<_>>())
        };
        let (counts, earlier) = (counted(questions), counted(before));
        let found = questions.iter().filter_map(|one| one.row.occurrence.as_ref());
        let names = found
            .map(|one| (one.answerer, one.answerer_name.as_str()))
            .collect::<BTreeMap<UserId, _>>();
        let busiest = counts.busiest.iter().map(|(person, answers)| BusyHelper {
            name: self.naming.name_of(*person, names.get(person).copied().unwrap_or_default()),
            answers: *answers,
        });
        HelperSection {
            helpers: counts.helpers,
            before: earlier.helpers,
            answers: counts.top_one.of,
            top_one: counts.top_one,
            top_three: counts.top_three,
            busiest: busiest.collect(),
        }
    }

    pub(super) fn topics(
        &self,
        questions: &[ReportQuestion],
        before: &[ReportQuestion],
    ) -> Vec<TopicSection> {
        let topics = self.rules.topics.all();
        if topics.is_empty() {
            return Vec::new();
        }
        let counted = |questions: &[ReportQuestion]| {
            questions.iter().map(|one| one.counted.clone()).collect::<Vec<_>>()
        };
        let counts = topic_counts(&counted(questions), &counted(before), topics.len());
        let sections = counts.into_iter().map(|one| {
            let topic = one.topic.map(|at| &topics[at]);
            TopicSection {
                topic: topic.map(|topic| topic.name.clone()),
                area: topic.and_then(|topic| topic.area.clone()),
                asked: one.asked,
                before: one.before,
                answered: one.answered,
                open: one.open,
            }
        });
        sections.collect()
    }

    /// The balance of the areas that topics name; empty where none does.
    pub(super) async fn areas(
        &self,
        topics: &[TopicSection],
        channels: &ReportChannels,
        period: &ReportPeriod,
    ) -> Result<Vec<AreaBalance>, StoreError> {
        let all = self.rules.topics.all();
        let mut areas = BTreeMap::<&str, AreaBalance>::new();
        for area in all.iter().filter_map(|topic| topic.area.as_deref()) {
            let area_topics = topics.iter().filter(|topic| topic.area.as_deref() == Some(area));
            let questions = area_topics.map(|topic| topic.asked).sum();
            let balance = AreaBalance { area: area.to_owned(), questions, messages: 0 };
            areas.insert(area, balance);
        }
        if areas.is_empty() {
            return Ok(Vec::new());
        }
        for channel in channels.keys() {
            let mut after = MessageId(MessageId::min_at(period.since).0.saturating_sub(1));
            loop {
                let talk = self.store.talk_of_people(*channel, after, period.until, BATCH).await?;
                let Some((last, _)) = talk.last() else { break };
                after = *last;
                let topics =
                    talk.iter().filter_map(|(_, text)| self.rules.topics.index_of([text.as_str()]));
                for area in topics.filter_map(|at| all[at].area.as_deref()) {
                    areas.entry(area).and_modify(|balance| balance.messages += 1);
                }
            }
        }
        Ok(areas.into_values().collect())
    }

    pub(super) async fn trends(
        &self,
        period: &ReportPeriod,
        questions: &[ReportQuestion],
        before: &[ReportQuestion],
    ) -> Result<TrendSection, StoreError> {
        let counted = |questions: &[ReportQuestion]| {
            questions.iter().map(|one| one.counted.clone()).collect::<Vec<_>>()
        };
        let activity = cluster_activity(&counted(questions), &counted(before));
        let candidates = activity.iter().filter(|one| one.asked >= 2);
        let ids = candidates.map(|one| one.cluster.clone()).collect::<BTreeSet<_>>();
        let first_asked = self.first_asked(&ids).await?;
        let (mut new, mut worse) = (Vec::new(), Vec::new());
        for one in activity.iter().filter(|one| ids.contains(&one.cluster)) {
            let first = first_asked.get(&one.cluster).copied().unwrap_or_default();
            if one.is_new(first, period) {
                new.push(one);
            } else if one.got_worse() && !period.contains(first) {
                worse.push(one);
            }
        }
        for list in [&mut new, &mut worse] {
            list.sort_by_key(|one| {
                std::cmp::Reverse((one.asked - one.before.min(one.asked), one.askers))
            });
            list.truncate(LISTED);
        }
        let named = new.iter().chain(&worse).map(|one| one.cluster.clone()).collect();
        let names = self.name_clusters(&named).await?;
        let trending = |list: Vec<&rules::report::trends::ClusterActivity>| {
            let of_one = |one: &rules::report::trends::ClusterActivity| {
                Some(TrendingQuestion {
                    question: names.get(&one.cluster)?.clone(),
                    asked: one.asked,
                    before: one.before,
                    askers: one.askers,
                })
            };
            list.into_iter().filter_map(of_one).collect()
        };
        Ok(TrendSection { new: trending(new), worse: trending(worse) })
    }

    async fn first_asked(
        &self,
        ids: &BTreeSet<ClusterId>,
    ) -> Result<BTreeMap<ClusterId, Timestamp>, StoreError> {
        let clusters = self.store.clusters_with(&ids.iter().cloned().collect::<Vec<_>>()).await?;
        let firsts = clusters.into_iter().filter_map(|cluster| {
            let first = cluster.occurrences.iter().map(|one| one.question.sent).min()?;
            Some((cluster.id, first))
        });
        Ok(firsts.collect())
    }
}

/// The name of a channel with its mark, `#help`.
pub(super) fn channel_name(channels: &ReportChannels, id: ChannelId) -> String {
    channels.get(&id).map_or_else(|| id.to_string(), |channel| format!("#{}", channel.name))
}
