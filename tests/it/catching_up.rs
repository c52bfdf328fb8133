//! What was said while nobody listened is found, and nothing is taken for deleted that is only hidden.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use harvester::config::SecretString;
use harvester::discord::catch_up::{CatchUp, CatchUpScope};
use harvester::discord::guild_view::GuildView;
use harvester::discord::rest::{RequestLane, RestClient};
use harvester::ingest_queue::{IngestQueue, ingest_queue};
use harvester::pipeline::Pipeline;
use harvester::wire::api;
use indexer::store::{AuthorCache, Store, StoreError};
use jiff::SignedDuration;
use rules::config::ruleset::Ruleset;
use rules::model::message::Message;
use rules::publish::pseudonym::Salt;
use tests::harness::discord::{ChannelId, FakeDiscord, Fault, GuildId, MessageId, may};
use tokio::task::JoinSet;

/// A store beside a server, and nothing between them but REST.
struct Story {
    discord: FakeDiscord,
    guild: GuildId,
    rules: Arc<Ruleset>,
    pipeline: Pipeline,
    feed: IngestQueue,
    _intake: JoinSet<Result<(), StoreError>>,
    _data: tempfile::TempDir,
}

impl Story {
    async fn begin() -> Self {
        let discord = FakeDiscord::start();
        let guild = discord.guild("Tidepool");
        let data = tempfile::tempdir().unwrap();
        let rules = Arc::new(Ruleset::embedded());
        let salt = Salt([7; 16]);
        let pipeline = Pipeline::open(data.path(), Arc::clone(&rules), &salt).await.unwrap();
        let (feed, deliveries) = ingest_queue();
        let mut intake = JoinSet::new();
        intake.spawn(pipeline.intake().deliveries(deliveries, |_| {}));
        Self { discord, guild, rules, pipeline, feed, _intake: intake, _data: data }
    }

    fn store(&self) -> &Store {
        &self.pipeline.store
    }

    /// A process that has just connected.
    async fn connected(&self) -> CatchUp {
        let token = SecretString(self.discord.token().to_owned());
        let rest = RestClient::new(&token, Some(&self.discord.url()), 1.0).unwrap();
        let get = async |path: String| rest.get(RequestLane::Live, &path).await.unwrap();
        let mut payload = get(format!("/guilds/{}", self.guild)).await;
        payload["channels"] = get(format!("/guilds/{}/channels", self.guild)).await;
        let active = get(format!("/guilds/{}/threads/active", self.guild)).await;
        payload["threads"] = active["threads"].clone();
        let reach = CatchUpScope { history_days: 0, reconcile_days: 7 };
        let (store, rules) = (self.store().clone(), Arc::clone(&self.rules));
        let catch_up = CatchUp::new(rest, store, rules, self.feed.clone(), reach).await.unwrap();
        catch_up.put_guild(GuildView::of(api::guild(&payload).unwrap(), &[]));
        catch_up.out_of_step();
        catch_up
    }

    /// Connects and catches up; returns how many calls that took.
    async fn catch_up(&self) -> usize {
        self.discord.forget_requests();
        self.connected().await.run(self.guild).await.unwrap();
        self.discord.requests().len()
    }

    /// A process that reads `before` and is killed while it waits for the messages of `stuck`.
    async fn killed_at(&self, stuck: ChannelId, before: ChannelId) {
        let path = format!("/channels/{stuck}/messages");
        self.discord.fault(Fault::Stall, "GET", &path, usize::MAX);
        let (connected, guild) = (self.connected().await, self.guild);
        let mut process = JoinSet::new();
        process.spawn(async move { connected.run(guild).await });
        while self.stored(before).await.is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        process.shutdown().await;
        self.discord.clear_faults();
    }

    async fn stored(&self, channel: ChannelId) -> BTreeMap<MessageId, Message> {
        let ids = self.store().ids_between(channel, MessageId(0), MessageId(u64::MAX >> 1));
        let ids = ids.await.unwrap();
        let mut faces = AuthorCache::default();
        let stored = self.store().messages_with(channel, &ids, &mut faces);
        stored.await.unwrap().into_iter().map(|message| (message.id, message)).collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_start_reads_everything_and_the_next_one_nothing() {
    let story = Story::begin().await;
    let discord = &story.discord;
    let help = discord.channel(story.guild, "help");
    let forum = discord.forum(story.guild, "questions", &["Solved"]);
    let mina = discord.person(story.guild, "mina");
    discord.nick(story.guild, mina, Some("Mina of the tide"));
    for number in 0..250 {
        discord.post(help, mina, &format!("Note {number}"));
    }
    let post = discord.forum_post(forum, mina, "It fails", "How do I reset it?", &["Solved"]);
    let thanked = discord.post(post, mina, "Delete the folder.");
    discord.react(post, thanked, mina, "✅");
    discord.archive(post);

    story.catch_up().await;
    let said = story.stored(help).await;
    assert_eq!(said.len(), 250);
    assert!(said.values().all(|message| message.author.name == "Mina of the tide"));
    let reactions = &story.stored(post).await[&thanked].reactions;
    assert_eq!((reactions.len(), reactions[0].users.as_slice()), (1, &[mina][..]));
    let channels = story.store().channels().await.unwrap();
    let stored = channels.iter().find(|stored| stored.channel.id == post).unwrap();
    assert_eq!(stored.channel.tags, ["Solved"]);

    let calls = story.catch_up().await;
    assert!(calls <= 15, "{calls} calls to find nothing new");
    discord.assert_no_surprises();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_changed_while_away_is_found() {
    let story = Story::begin().await;
    let discord = &story.discord;
    let help = discord.channel(story.guild, "help");
    let mina = discord.person(story.guild, "mina");
    let ids = (0..120).map(|at| discord.post(help, mina, &format!("Note {at}")));
    let ids = ids.collect::<Vec<_>>();
    let thread = discord.thread_from(help, ids[0], mina, "Aside");
    discord.post(thread, mina, "First.");
    discord.archive(thread);
    story.catch_up().await;

    for at in 0..50 {
        discord.edit(help, ids[at], &format!("Better note {at}"));
        discord.delete(help, ids[50 + at]);
    }
    ids[100..].iter().for_each(|id| discord.react(help, *id, mina, "✅"));
    let news = discord.post(help, mina, "One more.");
    discord.revive(thread);
    let revived = discord.post(thread, mina, "Second.");
    discord.archive(thread);

    let calls = story.catch_up().await;
    let said = story.stored(help).await;
    assert_eq!(said.len(), 71);
    assert!(said[&ids[7]].text.starts_with("Better"));
    assert!(ids[100..].iter().all(|id| said[id].reactions[0].users == [mina]));
    assert!(said.contains_key(&news) && story.stored(thread).await.contains_key(&revived));
    assert!(calls <= 45, "{calls} calls");
    discord.assert_no_surprises();
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_read_the_history_deletes_nothing() {
    let story = Story::begin().await;
    let discord = &story.discord;
    let help = discord.channel(story.guild, "help");
    let mina = discord.person(story.guild, "mina");
    for _ in 0..5 {
        discord.post(help, mina, "Still here.");
    }
    story.catch_up().await;
    discord.overwrite(help, discord.bot().0, 0, may::READ_MESSAGE_HISTORY);
    story.catch_up().await;
    assert_eq!(story.stored(help).await.len(), 5);
    let channels = story.store().channels().await.unwrap();
    assert!(channels.iter().any(|stored| stored.channel.id == help && stored.hidden));

    let closed = discord.channel(story.guild, "closed");
    discord.post(closed, mina, "Unread.");
    discord.overwrite(closed, discord.bot().0, 0, may::READ_MESSAGE_HISTORY);
    story.catch_up().await;
    let readings = story.store().channel_progress().await.unwrap();
    assert!(readings.iter().all(|reading| reading.channel != closed), "it was never read");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_while_threads_are_read_forgets_none_of_them() {
    let story = Story::begin().await;
    let discord = &story.discord;
    let forum = discord.forum(story.guild, "questions", &[]);
    let mina = discord.person(story.guild, "mina");
    // The first posts were archived the longest ago: they are on the second page.
    let posts = (0..104).map(|at| {
        let post = discord.forum_post(forum, mina, &format!("Post {at}"), "How?", &[]);
        discord.archive_at(post, discord.now() - SignedDuration::from_hours(104 - at));
        post
    });
    let posts = posts.collect::<Vec<_>>();
    story.killed_at(posts[1], posts[0]).await;
    story.catch_up().await;
    for post in posts {
        assert_eq!(story.stored(post).await.len(), 1, "{post}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_that_closes_before_its_history_is_read_keeps_no_other_waiting() {
    let story = Story::begin().await;
    let discord = &story.discord;
    let mina = discord.person(story.guild, "mina");
    let [help, talk] = ["help", "talk"].map(|name| discord.channel(story.guild, name));
    for number in 0..150 {
        discord.post(help, mina, &format!("Note {number}"));
        discord.post(talk, mina, &format!("Word {number}"));
    }
    story.killed_at(talk, help).await;
    discord.forbid(help, true);
    let done = tokio::time::timeout(Duration::from_secs(60), story.catch_up()).await;
    assert!(done.is_ok_and(|calls| calls < 20), "it asks again and again");
    assert_eq!(story.stored(help).await.len(), 100);
    assert_eq!(story.stored(talk).await.len(), 150);
}
