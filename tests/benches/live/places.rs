//! What a large server costs: memory, and requests to Discord.

use std::path::Path;
use std::process::Child;

use rules::model::ids::UserId;
use tests::harness::discord::{ChannelId, FakeDiscord, GuildId, Kind};

use super::{held_memory, opened, peak_memory, start, wait};

const CHANNELS: usize = 250;
const THREADS: usize = 7_000;
const UPDATES: usize = 2_500;
const NEW_THREADS: usize = 100;

/// Catches up with a large server, and then has its channels renamed and threads opened.
pub(super) fn measure() -> anyhow::Result<()> {
    let discord = FakeDiscord::start();
    discord.leave_events_unchecked();
    let (channels, asker) = large_server(&discord);
    let scratch = tempfile::tempdir()?;
    let mut daemon = start(scratch.path(), &discord)?;
    println!("a server of {CHANNELS} channels and {THREADS} archived threads");
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let store = runtime.block_on(opened(scratch.path()))?;
    let stored = || anyhow::Ok(runtime.block_on(store.counts())?.messages as usize);
    wait(|| Ok(stored()? >= CHANNELS + THREADS))?;
    wait(|| is_quiet(scratch.path()))?;
    tell("first catch-up", &discord, &daemon, 0);

    let before = requests(&discord);
    for at in 0..UPDATES {
        discord.rename(channels[at % CHANNELS], &format!("room-{at}"));
    }
    let last = format!("room-{}", UPDATES - 1);
    let renamed = || {
        let all = runtime.block_on(store.channels())?;
        Ok(all.iter().any(|one| one.channel.name == last))
    };
    wait(renamed)?;
    wait(|| is_quiet(scratch.path()))?;
    tell(&format!("{UPDATES} renamed channels"), &discord, &daemon, before);

    let before = requests(&discord);
    for channel in &channels[..NEW_THREADS] {
        let thread = discord.thread(*channel, Kind::PublicThread, asker, "a new one");
        discord.post(thread, asker, "Why does my bowl crack in the bisque?");
    }
    wait(|| Ok(stored()? >= CHANNELS + THREADS + NEW_THREADS))?;
    wait(|| is_quiet(scratch.path()))?;
    tell(&format!("{NEW_THREADS} new threads"), &discord, &daemon, before);
    daemon.kill()?;
    daemon.wait()?;
    Ok(())
}

/// A message in each channel and in each thread below.
fn large_server(discord: &FakeDiscord) -> (Vec<ChannelId>, UserId) {
    let guild: GuildId = discord.guild("Large");
    let asker = discord.person(guild, "asta");
    let channels =
        (0..CHANNELS).map(|at| discord.channel(guild, &format!("room {at}"))).collect::<Vec<_>>();
    for channel in &channels {
        discord.post(*channel, asker, "Good morning to all.");
    }
    for at in 0..THREADS {
        let channel = channels[at % CHANNELS];
        let thread = discord.thread(channel, Kind::PublicThread, asker, &format!("thread {at}"));
        discord.post(thread, asker, "How long does a kiln take to cool?");
        discord.archive(thread);
    }
    (channels, asker)
}

/// Whether the daemon says that its first catch-up is done and nothing waits.
fn is_quiet(data: &Path) -> anyhow::Result<bool> {
    let said = std::process::Command::new(super::PROGRAM)
        .arg("--data")
        .arg(data)
        .args(["status", "--json"])
        .output()?;
    let status = serde_json::from_slice::<serde_json::Value>(&said.stdout)?;
    let daemon = status["daemons"].as_object().and_then(|all| all.values().next());
    let caught_up = daemon.map(|one| &one["discord"]["catching_up"]["catch_ups_done_total"]);
    let waiting = daemon.map(|one| &one["deliveries_waiting"]);
    Ok(status["behind"] == false
        && caught_up.and_then(|done| done.as_u64()) >= Some(1)
        && waiting.and_then(|waiting| waiting.as_u64()) == Some(0))
}

fn requests(discord: &FakeDiscord) -> usize {
    discord.count("GET", "*")
}

fn tell(what: &str, discord: &FakeDiscord, daemon: &Child, before: usize) {
    let memory = |held: Option<u64>| held.unwrap_or_default() / 1_024;
    println!(
        "{what:<25} {:>6} requests, {:>4} MB held, {:>4} MB at most",
        requests(discord) - before,
        memory(held_memory(daemon.id())),
        memory(peak_memory(daemon.id()))
    );
}
