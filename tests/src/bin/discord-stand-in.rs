//! `discord-stand-in [--live N] [EXPORT...]`: exports as a Discord server, for a walk through `init` and `run` without an
//! account.
//!
//! Serves Discord's API and its gateway on a free port of this machine, and prints how `harvester` is pointed at it. The
//! last N messages of each export (20 unless said) are posted live, one a second, while a bot is connected. Without an
//! export it is the server of the demo. Nothing is kept when it ends.

#![expect(clippy::print_stdout, reason = "a program that prints where it listens")]

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use harvester::import::files::find_exports;
use serde_json::Value;
use tests::harness::discord::FakeDiscord;

const DEMO: &str = "../harvester/demo/exports/demo-eliza";
/// How far apart messages are posted.
const PACE: Duration = Duration::from_secs(1);

/// A channel whose last messages are posted later.
struct LiveChannel {
    export: Value,
    /// How many of its messages are there already.
    said: usize,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let (live, exports) = arguments()?;
    let discord = FakeDiscord::start();
    let mut channels = Vec::new();
    for path in find_exports(&exports)?.exports {
        let cannot_read = || format!("cannot read {}", path.display());
        let text = std::fs::read(&path).with_context(cannot_read)?;
        let export = serde_json::from_slice::<Value>(&text).with_context(cannot_read)?;
        channels.push(open(&discord, export, live).with_context(cannot_read)?);
    }
    describe(&discord, &channels);
    let mut tick = tokio::time::interval(PACE);
    let mut was_connected = false;
    loop {
        tick.tick().await;
        let is_connected = discord.look(|state| state.hub.connected() > 0);
        if is_connected != was_connected {
            println!("{}", if is_connected { "a bot is connected" } else { "the bot has left" });
            was_connected = is_connected;
        }
        if is_connected {
            post_next(&discord, &mut channels);
        }
    }
}

fn arguments() -> anyhow::Result<(usize, Vec<PathBuf>)> {
    let (mut live, mut exports) = (20, Vec::new());
    let mut given = std::env::args().skip(1);
    while let Some(argument) = given.next() {
        match argument.as_str() {
            "--live" => live = given.next().context("--live takes a number")?.parse()?,
            flag if flag.starts_with('-') => {
                anyhow::bail!("unknown flag {flag}; the only one is --live N")
            }
            path => exports.push(PathBuf::from(path)),
        }
    }
    if exports.is_empty() {
        exports.push(Path::new(env!("CARGO_MANIFEST_DIR")).join(DEMO));
    }
    Ok((live, exports))
}

/// Makes a channel of an export, without its last messages.
fn open(discord: &FakeDiscord, mut export: Value, live: usize) -> anyhow::Result<LiveChannel> {
    let messages = export["messages"].as_array_mut().context("an export has messages")?;
    let all = std::mem::take(messages);
    let said = all.len().saturating_sub(live);
    *messages = all[..said].to_vec();
    discord.load_export(&export);
    export["messages"] = Value::Array(all);
    Ok(LiveChannel { export, said })
}

fn describe(discord: &FakeDiscord, channels: &[LiveChannel]) {
    for channel in channels {
        let (server, name) = (&channel.export["guild"]["name"], &channel.export["channel"]["name"]);
        let later = channel.export["messages"].as_array().map_or(0, Vec::len) - channel.said;
        println!("server {server}, channel {name}: {} messages, {later} more live", channel.said);
    }
    println!("\nA stand-in for Discord listens until it is stopped. In another terminal:\n");
    println!("  export HARVESTER__DISCORD__API_URL={}", discord.url());
    println!("  export HARVESTER__DISCORD__TOKEN={}", discord.token());
    println!("  harvester init --source live");
    println!("  unset HARVESTER__DISCORD__TOKEN");
    println!("  harvester run\n");
}

/// Posts one message of the first channel that has one left.
fn post_next(discord: &FakeDiscord, channels: &mut [LiveChannel]) {
    let count = |channel: &LiveChannel| channel.export["messages"].as_array().map_or(0, Vec::len);
    let Some(channel) = channels.iter_mut().find(|one| one.said < count(one)) else { return };
    discord.play(&channel.export, channel.said..channel.said + 1);
    channel.said += 1;
    println!("posted a message in {}", channel.export["channel"]["name"]);
}
