//! Briefings, the lists behind their numbers, alarms, and the measured effect of a page.

use std::collections::BTreeMap;

use indexer::store::{ChannelProgress, ReactionsCoverage, Store, WriteBatch};
use jiff::{SignedDuration, Timestamp};
use rules::config::ruleset::Ruleset;
use rules::model::cluster::Occurrence;
use rules::model::ids::{ChannelId, ConversationId, GuildId, UserId};
use rules::model::message::{Author, Channel, ChannelKind, Message, MessageKind};
use rules::publish::pseudonym::{AuthorNaming, Salt};
use rules::report::contradictions::ContradictionKind;
use rules::report::deflection::DeflectionVerdict;
use rules::report::period::{ReportPeriod, ReportSpan};
use rules::report::questions::QuestionList;
use rules::resolution::{ConversationVerdict, Question, ResolutionGrade};
use rules::time;

use tempfile::TempDir;

use super::test_site::summary;
use super::*;
use crate::presentation::language::InterfaceLanguage;
use crate::presentation::report_words::ReportText;
use crate::reports::ReportSource;
use crate::reports::briefing::BriefingReport;
use crate::reports::contradictions::{ContradictionScope, contradictions_markdown};
use crate::reports::markdown::{SiteLinks, briefing_markdown, triage_markdown};
use crate::reports::question_list::QuestionScope;
use crate::reports::triage::TriageScope;
use crate::test_support::{quote, verdict};

/// 2025-01-01.
pub(super) const FIRST_DAY: i64 = 20_089;
pub(super) const CHANNEL: ChannelId = ChannelId(22);

/// A community in the making.
#[derive(Default)]
pub(super) struct Community {
    pub(super) messages: Vec<Message>,
    conversations: Vec<ConversationRow>,
    pub(super) clusters: BTreeMap<&'static str, Vec<Occurrence>>,
    last: u64,
}

impl Community {
    /// A message some minutes after the first day began; later ones come later.
    pub(super) fn say(&mut self, minute: i64, author: u64, text: &str) -> MessageId {
        let at = Timestamp::UNIX_EPOCH + time::days(FIRST_DAY) + SignedDuration::from_mins(minute);
        self.last += 1;
        let id = MessageId(MessageId::min_at(at).0 + self.last);
        let name = format!("Display Name {author}");
        let author = Author { id: UserId(author), name, bot: false, roles: Vec::new() };
        self.messages.push(Message {
            id,
            channel: CHANNEL,
            author: Arc::new(author),
            kind: MessageKind::Default,
            sent: at,
            edited: None,
            text: text.to_owned(),
            reply_to: None,
            mentions: Vec::new(),
            reactions: Vec::new(),
            attachments: Vec::new(),
            forwarded: None,
            pinned: false,
        });
        id
    }

    /// A question that stays open; `reply` is how many minutes later somebody replies.
    pub(super) fn ask(&mut self, minute: i64, asker: u64, text: &str, reply: Option<i64>) {
        let question = self.say(minute, asker, text);
        let said = reply.map(|after| self.say(minute + after, 900, "What does the log say?"));
        let verdict = ConversationVerdict::Open {
            question: asked(question, asker),
            answers: Vec::new(),
            reasons: Vec::new(),
        };
        let verdict = indexer::store::write_verdict(&verdict);
        self.keep(question, said, ExchangeStatus::Open, verdict, None);
    }

    /// A question that is answered after some minutes.
    pub(super) fn answer(
        &mut self,
        (minute, asker, text): (i64, u64, &'static str),
        (after, by): (i64, u64),
        grade: ResolutionGrade,
    ) {
        self.answer_with(
            (minute, asker, text),
            (after, by),
            grade,
            "Set it in the settings and restart.",
        );
    }

    /// A question that is answered with these words.
    fn answer_with(
        &mut self,
        (minute, asker, text): (i64, u64, &'static str),
        (after, by): (i64, u64),
        grade: ResolutionGrade,
        words: &str,
    ) {
        let question = self.say(minute, asker, text);
        let answer = self.say(minute + after, by, words);
        let quoted = |id: MessageId, author, text: &str| rules::model::cluster::Quote {
            message: id,
            sent: id.created_at(),
            ..quote(0, author, text)
        };
        let occurrence = Occurrence {
            conversation: ConversationId(question),
            question: quoted(question, asker, text),
            answers: vec![quoted(answer, by, words)],
            grade,
            ..occurrence(1, text, "x")
        };
        self.clusters.entry(text).or_default().push(occurrence.clone());
        let verdict = verdict(&occurrence);
        self.keep(question, Some(answer), ExchangeStatus::Resolved, verdict, Some(occurrence));
    }

    fn keep(
        &mut self,
        id: MessageId,
        reply: Option<MessageId>,
        status: ExchangeStatus,
        verdict: String,
        occurrence: Option<Occurrence>,
    ) {
        let links = std::iter::once(id).chain(reply);
        let links = links.map(|message| format!("[{},0,\"\"]", message.0)).collect::<Vec<_>>();
        self.conversations.push(ConversationRow {
            id: ConversationId(id),
            channel: CHANNEL,
            last: reply.unwrap_or(id),
            links: format!("[{}]", links.join(",")),
            exchanges: vec![ExchangeRow { id, status, asked: None, verdict, occurrence }],
        });
    }

    /// Stores all of it, as read from Discord.
    pub(super) async fn store(&self, store: &Store) {
        let channel = Channel {
            id: CHANNEL,
            guild: GuildId(11),
            kind: ChannelKind::Text,
            name: "help".into(),
            topic: None,
            parent: None,
            parent_name: None,
            tags: Vec::new(),
            closed: false,
        };
        let seen = Timestamp::UNIX_EPOCH + time::days(FIRST_DAY + 300);
        let whole = |message: &Message| (message.clone(), ReactionsCoverage::Whole, seen);
        let batch = WriteBatch {
            channels: vec![(channel, seen)],
            messages: self.messages.iter().map(whole).collect(),
            reading: vec![ChannelProgress { channel: CHANNEL, ..progress() }],
            ..WriteBatch::default()
        };
        store.apply_batch(&batch).await.unwrap();
        for pending in store.pending_channels().await.unwrap() {
            store.clear_pending(&pending).await.unwrap();
        }
        store.save_conversations(&self.conversations).await.unwrap();
        let clusters = self.clusters.values().map(|all| cluster(all.clone())).collect::<Vec<_>>();
        let mut regrouped = RegroupPlan::default();
        for cluster in &clusters {
            let ids = cluster.occurrences.iter().map(|one| one.question.message);
            regrouped.moved.extend(ids.map(|id| (id, cluster.id.clone())));
            regrouped.clusters.push(summary(cluster));
        }
        store.save_regroup(&regrouped).await.unwrap();
    }
}

fn progress() -> ChannelProgress {
    ChannelProgress {
        channel: CHANNEL,
        guild: GuildId(11),
        newest: MessageId(1),
        oldest: MessageId(1),
        complete: true,
        gapped: false,
        reconciled: Timestamp::UNIX_EPOCH,
        archived_until: Timestamp::UNIX_EPOCH,
    }
}

fn asked(question: MessageId, asker: u64) -> Question {
    Question {
        messages: vec![question],
        asker: UserId(asker),
        asked: question.created_at(),
        reasons: Vec::new(),
    }
}

pub(super) const MINUTES: i64 = 24 * 60;

/// Two weeks: five questions in the first, and in the second a new one of two people, one that is asked more,
/// and one that two people ask in vain.
pub(super) fn two_weeks() -> Community {
    let mut community = Community::default();
    let port = "Where do I set the server port?";
    community.answer((60, 1, port), (30, 801), ResolutionGrade::Confirmed);
    community.answer(
        (2 * MINUTES, 2, "How do I rotate the key?"),
        (300, 801),
        ResolutionGrade::Thanked,
    );
    community.ask(3 * MINUTES, 3, "Why is the build so slow?", None);
    let second = 7 * MINUTES;
    for (at, asker) in [(10, 4), (20, 5), (30, 6)] {
        let helper = if asker == 6 { 802 } else { 801 };
        community.answer((second + at, asker, port), (45, helper), ResolutionGrade::Unconfirmed);
    }
    for (at, asker) in [(MINUTES, 7), (2 * MINUTES, 8)] {
        let late = if asker == 8 { 600 } else { 90 };
        let asked = (second + at, asker, "Which region is the cache in?");
        community.answer(asked, (late, 801), ResolutionGrade::Certain);
    }
    let vain =
        "The upload agent can't start after the update, exit code 71, see https://evil.example/x";
    community.ask(second + 3 * MINUTES, 9, vain, Some(20));
    let again = "After the update the upload agent can't start: exit code 71";
    community.ask(second + 4 * MINUTES, 10, again, None);
    community
}

pub(super) async fn empty_store() -> (Store, TempDir) {
    let data = tempfile::tempdir().unwrap();
    (Store::open_shared(data.path()).await.unwrap(), data)
}

pub(super) fn naming() -> AuthorNaming {
    AuthorNaming::Pseudonyms(Salt([3; 16]))
}

pub(super) fn rules(files: &[(&str, &str)]) -> Ruleset {
    let files = files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
    Ruleset::from_files(&files.collect()).unwrap()
}

async fn briefing(store: &Store, rules: &Ruleset, span: ReportSpan, last: &str) -> BriefingReport {
    let period = ReportPeriod::ending_on(span, last).unwrap();
    let naming = naming();
    let source = ReportSource { store, rules, naming: &naming };
    source.briefing(&period, period.until + time::days(3)).await.unwrap()
}

fn english() -> &'static ReportText {
    ReportText::of(InterfaceLanguage::English)
}

#[tokio::test]
async fn the_figures_of_a_week_are_those_counted_by_hand() {
    let (store, _data) = empty_store().await;
    two_weeks().store(&store).await;
    let rules = rules(&[(
        "topics.toml",
        "[[topic]]\nname='Servers'\nwords=['server','upload']\narea='product'\n\
         [[topic]]\nname='Cache'\nwords=['cache']\narea='market'\n",
    )]);
    let report = briefing(&store, &rules, ReportSpan::Week, "2025-01-14").await;
    let counts = &report.questions;
    assert_eq!((counts.asked, counts.answered, counts.confirmed, counts.open), (7, 5, 2, 2));
    let within = [counts.within_hour, counts.within_four_hours, counts.within_day];
    assert_eq!(within.map(|share| (share.part, share.of)), [(3, 7), (4, 7), (5, 7)]);
    // 20, 45, 45, 45, 90 and 600 minutes.
    assert_eq!(counts.median_first_reply, Some(SignedDuration::from_mins(45)));
    let before = &report.questions_before;
    assert_eq!((before.asked, before.answered, before.confirmed, before.open), (3, 2, 1, 1));
    let helpers = &report.helpers;
    assert_eq!((helpers.helpers, helpers.answers, helpers.top_one.part), (2, 5, 4));
    assert!(helpers.busiest.iter().all(|one| !one.name.contains("Display")), "{helpers:?}");
    let topics = report.topics.iter().map(|one| (one.topic.as_deref(), one.asked, one.before));
    let expected = [(Some("Servers"), 5, 1), (Some("Cache"), 2, 0), (None, 0, 2)];
    assert_eq!(topics.collect::<Vec<_>>(), expected);
    let areas = report.areas.iter().map(|one| (one.area.as_str(), one.questions, one.messages));
    assert_eq!(areas.collect::<Vec<_>>(), [("market", 2, 2), ("product", 5, 5)]);
    let [new, worse] = [&report.trends.new, &report.trends.worse].map(|list| {
        list.iter()
            .map(|one| (one.question.title.as_str(), one.asked, one.before))
            .collect::<Vec<_>>()
    });
    assert_eq!(new, [("Which region is the cache in?", 2, 0)]);
    assert_eq!(worse, [("Where do I set the server port?", 3, 1)]);
    assert_eq!(report.messages, 13);
    assert!(report.alarms.is_empty(), "{:?}", report.alarms);
}

#[tokio::test]
async fn words_of_open_questions_are_shown_only_where_they_may_be_quoted_and_then_defanged() {
    let (store, _data) = empty_store().await;
    two_weeks().store(&store).await;
    let naming = naming();
    for (rules, may_quote) in [
        (rules(&[]), false),
        (rules(&[("scope.toml", "[consent]\nmode = 'server-public'\n")]), true),
    ] {
        let source = ReportSource { store: &store, rules: &rules, naming: &naming };
        let until = Timestamp::UNIX_EPOCH + time::days(FIRST_DAY + 14);
        let triage = source.triage(&TriageScope { until, days: 14 }, until).await.unwrap();
        assert_eq!((triage.open, triage.grouped, triage.groups.len()), (3, 2, 1));
        let group = &triage.groups[0];
        assert_eq!((group.impact.askers, group.impact.blocking), (2, 2));
        let text = triage_markdown(&triage, &SiteLinks::default(), english());
        let quoted = text.contains("upload agent");
        assert_eq!(quoted, may_quote, "{text}");
        for none in ["https://evil.example", "Display Name"] {
            assert!(!text.contains(none), "{none} in {text}");
        }
        let report = briefing(&store, &rules, ReportSpan::Week, "2025-01-14").await;
        let text = briefing_markdown(&report, &SiteLinks::default(), english());
        assert_eq!(text.contains("upload agent"), may_quote, "{text}");
    }
}

#[tokio::test]
async fn every_number_of_the_page_leads_to_a_list_of_that_length() {
    let site = TestSite::with(&[]).await;
    two_weeks().store(&site.store).await;
    let page = site.get("/reports/briefing?period=week&until=2025-01-14").await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    assert!(page.body.contains("noindex") && page.body.contains("data:image/svg+xml,"));
    let links = page.body.split("href=\"/reports/questions").skip(1);
    let links = links.map(|rest| {
        let (address, after) = rest.split_once("\">").unwrap();
        let value = after.split_once('<').unwrap().0.to_owned();
        (address.replace("&amp;", "&"), value)
    });
    let links = links.collect::<Vec<_>>();
    let (before, now) =
        links.into_iter().partition::<Vec<_>, _>(|(address, _)| address.contains("2025-01-07"));
    // Seven counts, and three numbers about people that lead to the questions of these people.
    assert_eq!((now.len(), before.len()), (10, 10));
    for (address, value) in before.iter().take(4) {
        let list = site.get(&format!("/reports/questions{address}")).await;
        let rows = list.body.matches("<th scope=\"row\"").count();
        assert_eq!(rows.to_string(), *value, "{address}");
    }
    for (address, value) in now.into_iter().take(7) {
        let list = site.get(&format!("/reports/questions{address}")).await;
        assert_eq!(list.status, StatusCode::OK, "{}", list.body);
        let rows = list.body.matches("<th scope=\"row\"").count();
        match value.strip_suffix(" %") {
            None => assert_eq!(rows.to_string(), value, "{address}"),
            Some(percent) => assert_eq!(((rows * 100 + 3) / 7).to_string(), percent, "{address}"),
        }
        assert!(!list.body.contains("upload agent"), "{address}");
    }
    for wrong in ["period=year", "until=soon", "list=all", "offset=x"] {
        let reply = site.get(&format!("/reports/questions?{wrong}")).await;
        assert_eq!(reply.status, StatusCode::BAD_REQUEST, "{wrong}");
    }
}

#[tokio::test]
async fn the_numbers_of_a_topic_lead_to_its_questions_also_from_markdown() {
    let (store, _data) = empty_store().await;
    two_weeks().store(&store).await;
    let topics = "[[topic]]\nname='Up & down'\nwords=['server','upload']\n";
    let rules = rules(&[("topics.toml", topics)]);
    let report = briefing(&store, &rules, ReportSpan::Week, "2025-01-14").await;
    let links = SiteLinks { origin: Some("https://answers.example".to_owned()) };
    let text = briefing_markdown(&report, &links, english());
    for part in [
        "[5](https://answers.example/reports/questions?period=week&until=2025-01-14&list=asked&topic=Up%20%26%20down)",
        "[1](https://answers.example/reports/questions?period=week&until=2025-01-07&list=asked&topic=Up%20%26%20down)",
        "| none of them | [2](",
    ] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
    let naming = naming();
    let source = ReportSource { store: &store, rules: &rules, naming: &naming };
    let week = ReportPeriod::ending_on(ReportSpan::Week, "2025-01-14").unwrap();
    for (topic, expected) in [(Some("Up & down"), 5), (Some(""), 2), (None, 7), (Some("No"), 0)] {
        let scope = QuestionScope { list: QuestionList::Asked, topic };
        let list = source.question_list(&week, scope, 0, InterfaceLanguage::English).await.unwrap();
        assert_eq!(list.total, expected, "{topic:?}");
    }
}

#[tokio::test]
async fn the_briefing_leads_to_the_contradictions() {
    let site = TestSite::with(&[]).await;
    two_weeks().store(&site.store).await;
    let briefing = site.get("/reports/briefing?period=week&until=2025-01-14").await;
    assert!(briefing.body.contains("href=\"/reports/contradictions\""), "{}", briefing.body);
    let page = site.get("/reports/contradictions").await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    assert!(page.body.contains("<h1>Contradictions</h1>"), "{}", page.body);
    assert!(page.body.contains("0 contradictions") && page.body.contains("noindex"));

    let korean = [("accept-language", "ko")];
    let page = site.get_with("/reports/contradictions", &korean).await.body;
    assert!(page.contains("<h1>모순되는 답변</h1>") && page.contains("0건"), "{page}");
    let list = "/reports/questions?period=week&until=2025-01-14&list=answered";
    let list = site.get_with(list, &korean).await.body;
    for words in ["<h1>답변됨</h1>", "2025-01-08 ~ 2025-01-14", "첫 응답", "← 브리핑"] {
        assert!(list.contains(words), "{words} is not in {list}");
    }
    for words in [">question<", "first reply", "answered,", " min<"] {
        assert!(!list.contains(words), "{words} is in {list}");
    }
}

#[tokio::test]
async fn silence_is_visible_in_the_metrics() {
    let site = TestSite::with(&[]).await;
    let mut community = Community::default();
    // The clock of the site says 2025-10-09: 281 days later.
    for day in 240..281 {
        for minute in 0..24 {
            community.say(day * MINUTES + minute * 50, 1 + minute as u64, "Nice weather");
        }
    }
    let quiet = community.messages.len();
    community.store(&site.store).await;
    let metrics = site.get("/metrics").await.body;
    assert!(metrics.contains("harvester_alarms{kind=\"sudden-drop\"} 0\n"), "{metrics}");

    let site = TestSite::with(&[]).await;
    community.messages.truncate(quiet - 24);
    community.store(&site.store).await;
    let metrics = site.get("/metrics").await.body;
    assert!(metrics.contains("harvester_alarms{kind=\"sudden-drop\"} 1\n"), "{metrics}");
    assert!(metrics.contains("harvester_alarms{kind=\"contradiction\"} 0\n"), "{metrics}");
}

/// Six months in which a page is merged after three: before, the question is asked every second day, afterwards
/// every sixth, while a growing number of other people ask other things.
#[tokio::test]
async fn the_measured_drop_of_a_question_is_the_planted_one() {
    let (store, _data) = empty_store().await;
    let mut community = Community::default();
    let port = "Where do I set the server port?";
    for day in 0..180 {
        let every = if day < 90 { 2 } else { 6 };
        if day % every == 0 {
            let asked = (day * MINUTES + 600, 1_000 + day as u64, port);
            community.answer(asked, (10, 801), ResolutionGrade::Confirmed);
        }
        for other in 0..8 {
            community.ask(
                day * MINUTES + other * 60,
                (day * 8 + other) as u64 + 2_000,
                "Hm?",
                None,
            );
        }
    }
    community.store(&store).await;
    let cluster = cluster(community.clusters[port].clone());
    let merged = MergedAnswerRow {
        cluster: cluster.id.clone(),
        merged: Timestamp::UNIX_EPOCH + time::days(FIRST_DAY + 90),
        ..merged_port(&cluster)
    };
    store.upsert_merged_answer(&merged).await.unwrap();
    let report = briefing(&store, &rules(&[]), ReportSpan::Month, "2025-06-29").await;
    let effect = &report.pages.pages[0];
    assert_eq!((effect.counts.asked_before, effect.counts.asked_after), (30, 10));
    // A day has eight other askers, and one more where the question is asked.
    assert_eq!(effect.counts.asker_days_before, 60 * 8 + 30);
    let estimate = effect.estimate.unwrap();
    let planted = ((1.0 / 6.0 / (8.0 + 1.0 / 6.0)) / (0.5 / 8.5) - 1.0) * 100.0;
    assert!(estimate.low < planted && planted < estimate.high.unwrap(), "{estimate:?} {planted}");
    assert!((estimate.change - planted).abs() < 1.0, "{estimate:?} {planted}");
    assert_eq!(effect.verdict, Some(DeflectionVerdict::Less));
    let text = briefing_markdown(&report, &SiteLinks::default(), english());
    assert!(text.contains("asked 30 times in 60 days before, 10 in 60 days after"), "{text}");
    // Before, 30 of 510 asker-days asked it; of the 490 after it 28.8 would have, which is 19 more than did.
    for line in
        ["Goal, -40 %: reached.", "About 19 fewer askings", "4.8 h, if one takes 15 minutes"]
    {
        assert!(text.contains(line), "{line} is not in {text}");
    }
}

#[tokio::test]
async fn contradictions_are_listed_with_both_sides_and_none_is_resolved() {
    let listed = "0x00000000000000000000000000000000000000aA";
    let other = "0x00000000000000000000000000000000000000bB";
    let facts = format!(
        "[[fact]]\nkey = 'token-address'\nkind = 'address'\nvalue = '{listed}'\n\
         aliases = ['contract address']\n"
    );
    let rules =
        rules(&[("facts.toml", &facts), ("scope.toml", "[consent]\nmode = 'server-public'\n")]);
    let (store, _data) = empty_store().await;
    let mut community = Community::default();
    let relays = "Can I run two relays on one host?";
    let confirmed = ResolutionGrade::Confirmed;
    community.answer_with((60, 1, relays), (5, 801), confirmed, "Yes, give each its own port.");
    let second = "No, the second one stops the first.";
    community.answer_with((MINUTES, 2, relays), (5, 802), confirmed, second);
    let address = "Which address has the token?";
    let answer = format!("The contract address is {other}.");
    community.answer_with((2 * MINUTES, 3, address), (5, 803), confirmed, &answer);
    community.say(3 * MINUTES, 4, &format!("contract address: {other}"));
    community.say(3 * MINUTES + 1, 5, &format!("Is {other} the contract address?"));
    community.say(3 * MINUTES + 2, 6, &format!("the contract address is {listed}"));
    community.store(&store).await;
    let naming = naming();
    let source = ReportSource { store: &store, rules: &rules, naming: &naming };
    let until = Timestamp::UNIX_EPOCH + time::days(FIRST_DAY + 14);
    let report =
        source.contradictions(&ContradictionScope { until, days: 14 }, english()).await.unwrap();
    let found = report.contradictions.iter();
    let found = found.map(|one| (english().contradiction(one.kind), one.question.is_some()));
    let expected = [("Against a fact", true), ("Against a fact", false), ("Two answers", true)];
    assert_eq!(found.collect::<Vec<_>>(), expected);
    let text = contradictions_markdown(&report, &SiteLinks::default(), english());
    for words in ["the fact token-address", "Yes, give each its own port", "stops the first"] {
        assert!(text.contains(words), "{words} is not in {text}");
    }
    assert!(text.contains(listed) && !text.contains(other), "{text}");
    assert!(!text.contains("Display Name"), "{text}");

    // The page that was merged with the first answer is contradicted by the second.
    let cluster = cluster(community.clusters[relays].clone());
    let merged = MergedAnswerRow {
        cluster: cluster.id.clone(),
        title: relays.to_owned(),
        answer: "Yes, give each its own port.".to_owned(),
        merged: Timestamp::UNIX_EPOCH + time::days(FIRST_DAY) + SignedDuration::from_hours(3),
        ..merged_port(&cluster)
    };
    store.upsert_merged_answer(&merged).await.unwrap();
    let report =
        source.contradictions(&ContradictionScope { until, days: 14 }, english()).await.unwrap();
    let pages = report.contradictions.iter().filter(|one| one.kind == ContradictionKind::Page);
    let sides = pages.map(|one| (one.one.what.as_str(), one.other.text.as_deref()));
    assert_eq!(sides.collect::<Vec<_>>(), [("the page of 2025-01-01", Some(second))]);
}
