//! Several processes, each with a part of the work: one truth, whichever of them is killed or paused.

use std::time::Duration;

use serde_json::Value;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions as _, Connection as _};
use tests::harness::discord::FakeDiscord;
use tests::harness::github::{FakeGitHub, How, Issue, Role};

use super::catching_up::state;
use super::daemon::Daemon;
use super::discord_fixture::DiscordFixture;
use crate::same_state::{talk, whole};
use crate::sandbox::Sandbox;

const PARTITIONS: u64 = 64;

/// The running processes of a role, and those that ended less than half a minute ago.
pub(super) fn with_role<'s>(status: &'s Value, role: &'s str) -> impl Iterator<Item = &'s Value> {
    let all = status["daemons"].as_object().into_iter().flatten().map(|(_, pulse)| pulse);
    all.filter(move |pulse| pulse["roles"].as_array().unwrap().iter().any(|one| one == role))
}

/// How many partitions each process says that it judges, in order.
pub(super) fn shares(status: &Value) -> Vec<u64> {
    let judges = with_role(status, "judge");
    let mut shares =
        judges.map(|one| one["judged_partitions"].as_u64().unwrap()).collect::<Vec<_>>();
    shares.sort_unstable();
    shares
}

pub(super) fn has_caught_up(status: &Value, times: u64) -> bool {
    with_role(status, "gateway").any(|pulse| {
        let done = &pulse["discord"]["catching_up"]["catch_ups_done_total"];
        done.as_u64() >= Some(times) && pulse["deliveries_waiting"] == 0
    }) && status["behind"] == false
}

#[test]
fn each_role_asks_only_for_what_it_needs() {
    let sandbox = Sandbox::new();
    sandbox.write("data/harvester.toml", "[site]\nlisten = '127.0.0.1:0'\n");
    for (roles, code, words) in [
        ("gateway", 78, "no Discord token"),
        ("gateway,judge", 78, "no Discord token"),
        ("propose", 78, "needs `github`"),
        ("editor", 2, "possible values: gateway, judge, propose, site"),
    ] {
        let (ended, said) = sandbox.start_only(roles, "refused").ended();
        assert_eq!(ended, code, "{roles}: {said}");
        assert!(said.contains(words), "{roles}: {said}");
    }
    let mut judge = sandbox.start_only("judge", "judge");
    judge.wait_until("it judges everything", |status| shares(status) == [PARTITIONS]);
    let mut site = sandbox.start_only("site", "site");
    let told = site.wait_until("both tell their roles", |status| {
        with_role(status, "judge").count() == 1 && with_role(status, "site").count() == 1
    });
    assert!(with_role(&told, "site").all(|one| one["leads"] == false), "{told}");
    let said = sandbox.stdout_of(&["status"]);
    assert!(said.contains("64    partitions of 64 judged; clusters"), "{said}");
    site.wait_until("it serves", |_| site_of(&sandbox).is_some());
    site.stop();
    judge.stop();
}

/// The address in the log of the process `site`.
fn site_of(sandbox: &Sandbox) -> Option<String> {
    let log = std::fs::read_to_string(sandbox.path("site.log")).unwrap();
    let (_, after) = log.split_once("serving on http://")?;
    Some(after.split_whitespace().next()?.to_owned())
}

#[test]
fn judges_that_come_are_killed_and_go_come_to_what_one_process_comes_to() {
    let (files, _) = whole();
    files.settle_in();
    let discord = FakeDiscord::start();
    for (_, export) in talk() {
        discord.load_export(&export);
    }
    let sandbox = Sandbox::new();
    sandbox.point_at(&discord, "");
    let mut index = sandbox.start_only("site", "site");
    let killed = sandbox.start_only("judge", "killed");
    let mut gateway = sandbox.start_only("gateway", "gateway");
    gateway.wait_until("messages are read", |status| status["messages"].as_u64() > Some(0));
    killed.kill();
    let gone = sandbox.start_only("judge", "gone");
    let mut judge = sandbox.start_only("judge", "judge");
    judge.wait_until("two share the work", |status| {
        shares(status).ends_with(&[PARTITIONS / 2, PARTITIONS / 2])
    });
    gone.stop();
    judge.wait_until("one has all of it again", |status| {
        shares(status).ends_with(&[PARTITIONS]) && has_caught_up(status, 2)
    });
    assert!(judge.log().contains("judges 64 of 64 partitions"), "{}", judge.log());
    index.wait_until("the site tells how it is", |status| with_role(status, "site").count() == 1);
    for process in [gateway, judge, index] {
        process.stop();
    }
    assert_eq!(state(&sandbox), state(&files));
    discord.assert_no_surprises();
}

#[test]
fn a_process_that_is_paused_longer_than_its_leases_writes_nothing_when_it_wakes_up() {
    let fixture = DiscordFixture::new();
    let DiscordFixture { discord, help, asker, .. } = &fixture;
    let sandbox = Sandbox::new();
    sandbox.point_at(discord, "");
    let mut index = sandbox.start_only("site", "site");
    index.wait_until("it writes the index, which no other process can take over", |status| {
        with_role(status, "site").any(|one| one["follows_index"] == true)
    });
    let mut paused = sandbox.start_only("gateway,judge", "paused");
    fixture.solve(*help, *asker, "Why does my kiln whistle?", "Oil the damper of the kiln.");
    paused.wait_until("the first question is judged", |status| {
        has_caught_up(status, 1) && status["conversations_by_status"]["resolved"] == 1
    });
    pause(&paused, &sandbox);
    fixture.solve(*help, *asker, "Why does my wheel wobble?", "Shim the bearing on the left.");
    let mut other = sandbox.start_only("gateway,judge", "other");
    other.wait_until("the other takes over shard, judging and clustering", |status| {
        status["conversations_by_status"]["resolved"] == 2
            && status["behind"] == false
            && with_role(status, "judge").any(|one| one["leads"] == true)
    });
    paused.signal("-CONT");
    for words in ["lost the shard lease", "to another process; what was not stored is left to it"] {
        paused.wait_until(words, |_| said(&sandbox, "paused", words) == 1);
    }
    fixture.solve(*help, *asker, "Why does my sieve clog?", "Soak the sieve overnight.");
    other.wait_until("life goes on", |status| {
        status["conversations_by_status"]["resolved"] == 3 && status["behind"] == false
    });
    assert_eq!(discord.look(|state| state.hub.connected()), 1);
    for process in [other, paused, index] {
        process.stop();
    }

    let fresh = Sandbox::new();
    fresh.point_at(discord, "");
    let mut daemon = fresh.start();
    daemon.settled(1);
    daemon.stop();
    assert_eq!(state(&sandbox), state(&fresh), "as if one process had done everything");
    discord.assert_no_surprises();
}

#[test]
fn a_gateway_that_comes_takes_its_share_of_the_shards_and_all_when_it_is_alone() {
    let fixture = DiscordFixture::new();
    let DiscordFixture { discord, help, asker, .. } = &fixture;
    discord.recommend_shards(2);
    let sandbox = Sandbox::new();
    sandbox.point_at(discord, "");
    let first = sandbox.start_only("gateway,judge", "first");
    let connected =
        |many| discord.wait_until("shards connect", |state| state.hub.connected() == many);
    connected(2);
    let mut second = sandbox.start_only("gateway,judge", "second");
    second.wait_until("each has one", |_| {
        said(&sandbox, "first", "leaves the shard") == 1
            && said(&sandbox, "second", "to Discord; the bot is in") == 1
    });
    connected(2);
    fixture.solve(*help, *asker, "Why does my kiln whistle?", "Oil the damper of the kiln.");
    second.wait_until("it is heard and judged", |status| {
        status["conversations_by_status"]["resolved"] == 1 && status["behind"] == false
    });
    first.kill();
    fixture.solve(*help, *asker, "Why does my wheel wobble?", "Shim the bearing on the left.");
    second.wait_until("nothing is lost", |status| {
        status["conversations_by_status"]["resolved"] == 2 && status["behind"] == false
    });
    connected(2);
    second.stop();
    discord.assert_no_surprises();
}

/// How often a process has logged these words.
fn said(sandbox: &Sandbox, name: &str, words: &str) -> usize {
    let log = std::fs::read_to_string(sandbox.path(&format!("{name}.log"))).unwrap();
    log.matches(words).count()
}

/// Pauses a process where it does not hold the file of the store, which nobody could write to then.
fn pause(process: &Daemon<'_>, sandbox: &Sandbox) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let options = SqliteConnectOptions::new()
        .filename(sandbox.path("data/store.sqlite"))
        .busy_timeout(Duration::from_secs(2));
    let can_write = || {
        runtime.block_on(async {
            let mut store: SqliteConnection = options.connect().await.unwrap();
            let begun = sqlx::query("BEGIN IMMEDIATE").execute(&mut store).await;
            store.close().await.unwrap();
            begun.is_ok()
        })
    };
    process.signal("-STOP");
    if sandbox.store_url().is_some() {
        // A server ends the transaction of who is paused by itself.
        return;
    }
    while !can_write() {
        process.signal("-CONT");
        process.signal("-STOP");
    }
}

const DOCS: &str = "harbor/docs";
const ANSWER: &str = "Delete the folder `data/index` and restart the agent; it builds it again.";
const SECRET: &str = "listen-well";

#[test]
fn one_pull_request_comes_of_many_processes_of_which_one_is_killed() {
    let fixture = DiscordFixture::new();
    let DiscordFixture { discord, guild, help, .. } = &fixture;
    for (name, question) in [
        ("asta", "How do I reset the vector index after changing the embedding model?"),
        ("bero", "How can I reset the vector index after I change the embedding model?"),
        ("cora", "How do I reset the vector index when the embedding model changes?"),
    ] {
        discord.advance(Duration::from_secs(3_600));
        fixture.solve(*help, discord.person(*guild, name), question, ANSWER);
    }
    let github = FakeGitHub::start();
    github.repo(DOCS, &[("mkdocs.yml", "site_name: Harbor\n"), ("docs/index.md", "# Start\n")]);
    github.member(DOCS, "mina", Role::Write);
    github.member(DOCS, "harvester-app", Role::Write);
    let sandbox = Sandbox::new();
    let forge = format!(
        "[forge]\ngithub = '{DOCS}'\napi_url = '{}'\ntoken = '{}'\nwebhook_secret = '{SECRET}'\n",
        github.url(),
        github.personal_token("harvester-app", &[]),
    );
    sandbox.point_at(discord, &forge);
    let ready = |one: &Issue, branch: &str| {
        one.pull.is_some() && one.branch().starts_with(branch) && !one.is_draft()
    };

    let mut gateway = sandbox.start_only("gateway", "gateway");
    let judges = ["one", "two"].map(|name| sandbox.start_only("judge", name));
    gateway.wait_until("all is judged", |status| has_caught_up(status, 1));
    let killed = sandbox.start_only("propose,judge", "killed");
    github.wait_until("the settings are proposed", |state| {
        state.repo(DOCS).issues.values().any(|one| ready(one, "answers/configure"))
    });
    killed.kill();
    let mut site = sandbox.start_only("site", "site");
    let [other, too] = ["other", "too"].map(|name| sandbox.start_only("propose", name));
    site.wait_until("it serves", |_| site_of(&sandbox).is_some());
    let address = site_of(&sandbox).unwrap();
    github.webhooks_to(&format!("http://{address}/webhooks/github"), SECRET);
    github.acting("mina", DOCS).merge(github.pulls(DOCS)[0].number, How::Squash);
    github.wait_until("the page is proposed and ready", |state| {
        state.repo(DOCS).issues.values().any(|one| ready(one, "answers/q"))
    });
    let [one, two] = judges;
    for process in [gateway, one, two, site, other, too] {
        process.stop();
    }
    let pages = github.pulls(DOCS).into_iter().filter(|one| one.branch().starts_with("answers/q"));
    assert_eq!(pages.count(), 1);
    github.assert_no_surprises();
    discord.assert_no_surprises();
}
