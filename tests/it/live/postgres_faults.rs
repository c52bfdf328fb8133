//! What goes wrong between processes and a PostgreSQL server. Nothing is asked where `HARVESTER_TEST_STORE` names no
//! server, or PostgreSQL is not installed.

use std::sync::Arc;
use std::time::{Duration, Instant};

use harvester::config::{Config, load_rules};
use harvester::daemon::{Daemon, ProcessRole, ProcessRoles};
use indexer::store::{ProcessLock, Store, StoreLocation};
use rules::publish::pseudonym::{AuthorNaming, Salt};
use sqlx::Connection as _;
use tests::harness::network_link::NetworkLink;

use super::catching_up::state;
use super::discord_fixture::DiscordFixture;
use super::replicas::{Machine, alone, daemon_log, server, solve};
use super::roles::{has_caught_up, shares, with_role};
use crate::sandbox::Sandbox;
use crate::server_store;

const KILN: [&str; 2] = ["Why does my kiln whistle?", "Oil the damper of the kiln."];
const WHEEL: [&str; 2] = ["Why does my wheel wobble?", "Shim the bearing on the left."];

#[test]
fn machines_whose_clocks_differ_by_minutes_share_the_work_and_take_over_in_time() {
    let Some(server) = server() else { return };
    let fixture = DiscordFixture::new();
    let machine = |ahead: i64| {
        let sandbox = Sandbox::on(&server.url()).with_clock_ahead(ahead);
        Machine::of(sandbox, &fixture.discord)
    };
    let (right, early, late) = (machine(0), machine(600), machine(-600));
    let mut watching = right.run("judge");
    let ahead = early.run("gateway,judge");
    watching.wait_until("who is ahead connects", |status| {
        has_caught_up(status, 1) && shares(status) == [32, 32]
    });
    let behind = late.run("gateway,judge");
    solve(&fixture, KILN);
    watching.wait_until("three share", |status| {
        shares(status) == [20, 22, 22] && status["conversations_by_status"]["resolved"] == 1
    });
    assert_eq!(fixture.discord.look(|state| state.hub.connected()), 1);
    ahead.kill();
    let killed = Instant::now();
    solve(&fixture, WHEEL);
    watching.wait_until("who is behind connects and reads what was missed", |status| {
        status["conversations_by_status"]["resolved"] == 2 && shares(status).ends_with(&[32, 32])
    });
    assert!(killed.elapsed() < Duration::from_secs(60), "{:?}", killed.elapsed());
    for machine in [&right, &late] {
        assert!(!daemon_log(machine).contains("lost"), "{}", daemon_log(machine));
    }
    watching.stop();
    behind.stop();
    assert_eq!(state(&right.sandbox), alone(&fixture.discord));
    fixture.discord.assert_no_surprises();
}

#[test]
fn a_machine_that_the_network_cuts_off_is_replaced_and_does_no_harm_when_it_comes_back() {
    let Some(server) = server() else { return };
    let fixture = DiscordFixture::new();
    let link = NetworkLink::to(server.port());
    let cut_off = Machine::of(Sandbox::on(&server.url_at(link.port())), &fixture.discord);
    let near = Machine::new(&server, &fixture.discord);
    let mut lonely = cut_off.run("gateway,judge");
    lonely.wait_until("it has everything", |status| {
        has_caught_up(status, 1) && shares(status) == [64]
    });
    let mut other = near.run("gateway,judge");
    other.wait_until("they share", |status| shares(status) == [32, 32]);
    link.go_down();
    solve(&fixture, KILN);
    other.wait_until("the other takes over shard, judging and clustering", |status| {
        status["conversations_by_status"]["resolved"] == 1
            && status["behind"] == false
            && with_role(status, "judge").any(|one| one["leads"] == true)
    });
    assert_eq!(fixture.discord.look(|state| state.hub.connected()), 1);
    link.come_back();
    solve(&fixture, WHEEL);
    other.wait_until("they share again", |status| {
        shares(status) == [32, 32] && status["conversations_by_status"]["resolved"] == 2
    });
    lonely.stop();
    other.stop();
    assert_eq!(state(&near.sandbox), alone(&fixture.discord));
    fixture.discord.assert_no_surprises();
}

/// Runs a test in which time passes at once while it is stopped.
fn with_time(test: impl Future<Output = ()>) {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_all().build().unwrap().block_on(test);
}

#[test]
fn a_connection_that_stays_silent_is_given_up_and_replaced() {
    let Some(server) = server() else { return };
    let link = NetworkLink::to(server.port());
    let folder = tempfile::tempdir().unwrap();
    with_time(async {
        let url = server.url_at(link.port()).parse().unwrap();
        let location = StoreLocation { data: folder.path().to_owned(), server: Some(url) };
        let store = Store::open_shared(location).await.unwrap();
        let mut turn = server_store::hold(&server.url()).await;
        let mut asked = std::pin::pin!(store.set("told", "into silence"));
        tokio::select! {
            done = &mut asked => panic!("{done:?}"),
            () = server_store::somebody_waits(&mut turn) => {}
        }
        link.go_down();
        tokio::time::pause();
        let silent = asked.await.unwrap_err();
        assert!(silent.passes(), "under way: {silent:?}");
        let silent = store.setting("told").await.unwrap_err();
        assert!(silent.passes(), "before it begins: {silent:?}");
        tokio::time::resume();
        turn.close().await.unwrap();
        link.restart();
        let begun = Instant::now();
        while store.set("told", "after").await.is_err() {
            assert!(begun.elapsed() < Duration::from_secs(60), "it never answers again");
        }
        assert_eq!(store.setting("told").await.unwrap().as_deref(), Some("after"));
        store.close().await;
    });
}

#[test]
fn a_daemon_outlasts_a_server_that_is_away_for_ten_minutes() {
    let Some(server) = server() else { return };
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().to_owned();
    with_time(async {
        let url = server.url().parse().unwrap();
        let location = StoreLocation { data: data.clone(), server: Some(url) };
        let store = Store::open_shared(location.clone()).await.unwrap();
        let watching = Store::open_shared(location).await.unwrap();
        let daemon = Daemon {
            config: Config { listen: "127.0.0.1:0".to_owned(), ..Config::default() },
            roles: ProcessRoles::new(&[ProcessRole::Judge]),
            rules: Arc::new(load_rules(None).unwrap()),
            store,
            naming: AuthorNaming::Pseudonyms(Salt([7; 16])),
            encoder: None,
            process: ProcessLock::take(&data, "one").unwrap(),
            data,
        };
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let mut running = std::pin::pin!(daemon.run(async {
            let _ = stopped.await;
        }));
        tokio::select! {
            ended = &mut running => panic!("{ended:?}"),
            () = judges(&watching) => {}
        }
        server.stop();
        tokio::time::pause();
        tokio::select! {
            ended = &mut running => panic!("{ended:?}"),
            () = tokio::time::sleep(Duration::from_secs(600)) => {}
        }
        tokio::time::resume();
        server.resume();
        tokio::select! {
            ended = &mut running => panic!("{ended:?}"),
            () = judges(&watching) => {}
        }
        stop.send(()).unwrap();
        running.await.unwrap();
    });
}

/// Waits until the leases of judging are held.
async fn judges(store: &Store) {
    let begun = Instant::now();
    let is_held = async || {
        let now = store.lease_time().await?;
        store.lease_owners("judge/", now).await
    };
    while !is_held().await.is_ok_and(|owners| owners.len() == 64) {
        assert!(begun.elapsed() < Duration::from_secs(60), "nobody judges");
        tokio::task::yield_now().await;
    }
}

/// The error of a command on this database.
fn refusal(url: &str) -> String {
    let ran = Sandbox::on(url).run(&["run", "--only", "judge"]);
    assert_ne!(ran.code, 0, "{}", ran.stdout);
    ran.stderr
}

#[test]
fn what_is_wrong_with_the_server_is_said_with_what_to_do() {
    let Some(server) = server() else { return };
    server.sql("CREATE ROLE ann LOGIN PASSWORD 'right'");
    server.require_password("ann");
    let at =
        |login: &str, rest: &str| format!("postgres://{login}@127.0.0.1:{}/{rest}", server.port());
    let nowhere = NetworkLink::to(server.port());
    nowhere.go_down();
    for (url, said) in [
        (at("ann:wrong", "postgres"), "PostgreSQL refuses the login; check user and password"),
        (at("bob", "postgres"), "PostgreSQL refuses the login; check user and password"),
        (at("ann:right", "answers"), "PostgreSQL does not have the database of `url` in [store]"),
        (at("ann:right", "postgres"), "PostgreSQL does not allow that; make the user of `url`"),
        (at("harvester", "postgres?sslmode=require"), "no encrypted connection to the PostgreSQL"),
        (server.url_at(nowhere.port()), "the PostgreSQL server of the store cannot be reached"),
    ] {
        let shown = refusal(&url);
        assert!(shown.contains(said), "{url}: {shown}");
        assert!(!shown.contains("wrong") && !shown.contains("right"), "{shown}");
    }
}

#[test]
fn a_connection_may_be_encrypted_and_asks_for_a_certificate_that_is_known() {
    let Some(server) = server() else { return };
    server.encrypt();
    let sandbox = Sandbox::on(&format!("{}?sslmode=require", server.url()));
    let mut judge = sandbox.start_only("judge", "judge");
    judge.wait_until("it judges over TLS", |status| shares(status) == [64]);
    server.sql(IS_ENCRYPTED);
    judge.stop();
    let strict = refusal(&format!("{}?sslmode=verify-full", server.url()));
    assert!(strict.contains("check `sslmode` and `sslrootcert`"), "{strict}");
}

/// Fails unless some process has an encrypted connection.
const IS_ENCRYPTED: &str = "DO $$ BEGIN ASSERT (SELECT bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) \
                            WHERE application_name = 'harvester'); END $$";
