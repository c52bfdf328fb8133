//! The questions behind a number.

use std::collections::BTreeSet;

use indexer::store::StoreError;
use jiff::Timestamp;
use rules::model::ids::permalink;
use rules::report::period::ReportPeriod;
use rules::report::questions::QuestionList;
use serde::Serialize;

use super::ReportSource;
use super::sections::channel_name;
use crate::pages::slug::percent_encoded;
use crate::presentation::language::InterfaceLanguage;
use crate::presentation::report_words::ReportText;
use crate::presentation::words::InterfaceText;

/// The questions of a period that a number counts, earliest first.
#[derive(Debug, Clone, Serialize)]
pub struct QuestionListing {
    pub label: &'static str,
    pub first_day: String,
    pub last_day: String,
    pub total: usize,
    /// The first so many of them.
    pub questions: Vec<ListedQuestion>,
}

/// One question of a list.
#[derive(Debug, Clone, Serialize)]
pub struct ListedQuestion {
    /// RFC 3339, UTC, and the day as people read it.
    pub asked: String,
    pub day: String,
    pub channel: String,
    /// The question on Discord.
    pub url: String,
    /// `None` where its words may not be quoted.
    pub title: Option<String>,
    /// Its answer on the site, if it has one.
    pub answer: Option<String>,
    pub outcome: &'static str,
    /// Minutes to the first reply, and to the answer.
    pub first_reply_minutes: Option<i64>,
    pub answer_minutes: Option<i64>,
}

/// Questions that one listing shows at most.
pub const MOST_LISTED: usize = 200;

/// Which questions of a period.
#[derive(Debug, Clone, Copy)]
pub struct QuestionScope<'s> {
    pub list: QuestionList,
    /// Only those of the topic of this name; of no topic where it is empty.
    pub topic: Option<&'s str>,
}

impl From<QuestionList> for QuestionScope<'_> {
    fn from(list: QuestionList) -> Self {
        Self { list, topic: None }
    }
}

/// The root-relative address of the list behind a number, by the length and the last day of its period.
pub(crate) fn list_address(span: &str, last_day: &str, scope: QuestionScope<'_>) -> String {
    let QuestionScope { list, topic } = scope;
    let topic = topic.map(|name| format!("&topic={}", percent_encoded(name))).unwrap_or_default();
    format!("/reports/questions?period={span}&until={last_day}&list={}{topic}", list.as_str())
}

impl ReportSource<'_> {
    /// The questions of a period that are in a scope, at most [`MOST_LISTED`] from `offset` on, with labels in a language.
    pub async fn question_list(
        &self,
        period: &ReportPeriod,
        scope: QuestionScope<'_>,
        offset: usize,
        language: InterfaceLanguage,
    ) -> Result<QuestionListing, StoreError> {
        let (words, text) = (ReportText::of(language), InterfaceText::of(language));
        let channels = self.channels().await?;
        let mut questions = self.questions(&channels, period.since, period.until).await?;
        let QuestionScope { list, topic } = scope;
        let topics = self.rules.topics.all();
        questions.retain(|one| {
            let name = one.counted.topic.map_or("", |at| topics[at].name.as_str());
            list.contains(&one.counted) && topic.is_none_or(|topic| topic == name)
        });
        let total = questions.len();
        let shown = questions.iter().skip(offset).take(MOST_LISTED).collect::<Vec<_>>();
        let clusters = shown.iter().filter_map(|one| one.counted.cluster.clone());
        let names = self.name_clusters(&clusters.collect::<BTreeSet<_>>()).await?;
        let mut listed = Vec::new();
        for one in shown {
            let named = one.counted.cluster.as_ref().and_then(|cluster| names.get(cluster));
            let title = match named {
                Some(named) => Some(named.title.clone()),
                None => self.name_open_question(&one.row, &channels).await?,
            };
            let minutes =
                |at: Option<Timestamp>| at.map(|at| at.duration_since(one.counted.asked).as_mins());
            let asked = text.date(one.counted.asked);
            let guild = channels.get(&one.row.channel).map(|channel| channel.guild);
            listed.push(ListedQuestion {
                asked: asked.exact,
                day: asked.shown,
                channel: channel_name(&channels, one.row.channel),
                url: guild
                    .map(|guild| permalink(guild, one.row.channel, one.counted.message))
                    .unwrap_or_default(),
                title,
                answer: named.map(|named| named.url.clone()),
                outcome: words.outcome(one.counted.outcome),
                first_reply_minutes: minutes(one.counted.first_reply),
                answer_minutes: minutes(one.counted.answer.map(|answer| answer.at)),
            });
        }
        Ok(QuestionListing {
            label: words.list_label(list),
            first_day: period.first_day(),
            last_day: period.last_day(),
            total,
            questions: listed,
        })
    }
}
