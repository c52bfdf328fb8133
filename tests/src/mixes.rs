//! One history, given to the program in a random mix of ways, must end as importing its final truth.

use std::collections::BTreeMap;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use rules::model::ids::{ChannelId, MessageId};
use serde_json::{Value, json};

use crate::harness::discord::{FakeDiscord, Unreliable};
use crate::seeded_rng::SeededRng;

const PATIENCE: Duration = Duration::from_secs(120);
/// Messages of each export that are deleted, and that are edited.
const CHANGED: usize = 8;
/// Real talk of two communities, and how much of it.
const TALK: [(&str, usize); 2] =
    [("demo-eliza/coders.json", 220), ("demo-ubuntu/support.json", 160)];

/// An export, and what people do to its messages in the end.
struct History {
    export: Value,
    channel: ChannelId,
    edited: BTreeMap<usize, String>,
    deleted: Vec<usize>,
}

/// Plays the mix of a seed to `program`, the product's executable; fails where anything is lost,
/// doubled, or comes back.
pub fn run(seed: u64, program: &Path) -> anyhow::Result<()> {
    let mut dice = SeededRng::new(seed);
    let histories = TALK
        .iter()
        .map(|(name, count)| History::of(name, *count, &mut dice))
        .collect::<anyhow::Result<Vec<_>>>()?;
    let folder = tempfile::tempdir()?;
    let truth = Place { program: program.to_owned(), data: folder.path().join("truth") };
    for (at, history) in histories.iter().enumerate() {
        truth.import(&history.truth(), &format!("{at}"))?;
    }
    let mix = Place { program: program.to_owned(), data: folder.path().join("mix") };
    play(&mix, &histories, &mut dice)?;
    let (expected, found) = (truth.state()?, mix.state()?);
    for (what, expected) in &expected {
        let found = found.get(what).unwrap_or(&Value::Null);
        if let Some(place) = difference(expected, found, what) {
            bail!("{place}");
        }
    }
    Ok(())
}

/// The first place where two values differ, with what stands there.
fn difference(expected: &Value, found: &Value, place: &str) -> Option<String> {
    match (expected, found) {
        (Value::Array(one), Value::Array(other)) if one.len() == other.len() => {
            let pairs = one.iter().zip(other).enumerate();
            let mut inside = pairs.map(|(at, (one, other))| (format!("{place}/{at}"), one, other));
            inside.find_map(|(place, one, other)| difference(one, other, &place))
        }
        (Value::Object(one), Value::Object(other)) if one.len() == other.len() => {
            let inside = one.iter().filter_map(|(key, value)| {
                let other = other.get(key).unwrap_or(&Value::Null);
                difference(value, other, &format!("{place}/{key}"))
            });
            let inside = inside.collect::<Vec<_>>();
            (!inside.is_empty()).then(|| inside.join("; "))
        }
        _ if expected == found => None,
        _ => Some(format!("{place}: expected {expected}, found {found}")),
    }
}

fn play(place: &Place, histories: &[History], dice: &mut SeededRng) -> anyhow::Result<()> {
    let discord = FakeDiscord::start();
    discord.identify_spacing(Duration::ZERO);
    discord.leave_events_unchecked();
    place.point_at(&discord)?;
    let mut played = Vec::new();
    for (at, history) in histories.iter().enumerate() {
        let count = history.count();
        let past = dice.roll(count);
        discord.load_export(&history.part(0..past));
        if dice.roll(2) == 0 {
            place.import(&history.part(0..dice.roll(past)), &format!("early-{at}"))?;
        }
        played.push(past);
    }
    let mut daemon = place.start()?;
    discord.unreliable(Some(Unreliable {
        seed: dice.roll(1 << 20) as u64,
        lost: 20,
        twice: 50,
        late: 50,
        broken: 4,
        forgotten: 2,
    }));
    while histories.iter().zip(&played).any(|(history, played)| *played < history.count()) {
        for (history, played) in histories.iter().zip(&mut played) {
            let next = (*played + 1 + dice.roll(60)).min(history.count());
            discord.play(&history.export, *played..next);
            *played = next;
        }
        if dice.roll(3) == 0 {
            daemon.end(dice.roll(2) == 0)?;
            daemon = place.start()?;
        }
    }
    discord.unreliable(None);
    daemon.end(dice.roll(2) == 0)?;
    let daemon = place.start()?;
    // What the program never saw it cannot know to be deleted.
    place.settled(histories.iter().map(|history| history.count()).sum::<usize>() as u64)?;
    for history in histories {
        history.change(&discord, dice);
    }
    daemon.end(dice.roll(2) == 0)?;
    let expected = histories.iter().map(|history| history.count() - CHANGED).sum::<usize>() as u64;
    let daemon = place.start()?;
    place.settled(expected)?;
    daemon.end(true)?;
    for (at, history) in histories.iter().enumerate() {
        place.import(&history.export, &format!("late-{at}"))?;
    }
    let found = discord.findings();
    ensure!(found.is_empty(), "Discord would refuse: {found:?}");
    Ok(())
}

impl History {
    fn of(name: &str, count: usize, dice: &mut SeededRng) -> anyhow::Result<Self> {
        let path =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../harvester/demo/exports").join(name);
        let mut export = serde_json::from_slice::<Value>(&std::fs::read(path)?)?;
        let messages = export["messages"].as_array_mut().context("an export has messages")?;
        messages.truncate(count);
        export["messageCount"] = count.into();
        // What is exported before it happens on the server is older than that.
        export["exportedAt"] = "2025-06-01T00:00:00+00:00".into();
        let channel = export["channel"]["id"].as_str().context("a channel has an id")?.parse()?;
        let mut history = Self { export, channel, edited: BTreeMap::new(), deleted: Vec::new() };
        while history.deleted.len() < CHANGED {
            let at = dice.roll(history.count());
            let author = history.author(at);
            let others = (0..history.count()).filter(|other| {
                history.author(*other) == author && !history.deleted.contains(other)
            });
            // People whose every message is deleted are still people whom the store has met.
            if !history.deleted.contains(&at) && others.count() > 2 {
                history.deleted.push(at);
            }
        }
        while history.edited.len() < CHANGED {
            let at = dice.roll(history.count());
            if !history.deleted.contains(&at) && history.export["messages"][at]["type"] == "Default"
            {
                let text = format!("Is it better to turn valve {} the other way?", dice.roll(900));
                history.edited.insert(at, text);
            }
        }
        Ok(history)
    }

    fn count(&self) -> usize {
        self.export["messages"].as_array().map_or(0, Vec::len)
    }

    fn author(&self, at: usize) -> &Value {
        &self.export["messages"][at]["author"]["id"]
    }

    fn id(&self, at: usize) -> MessageId {
        let id = self.export["messages"][at]["id"].as_str();
        id.and_then(|id| id.parse().ok()).expect("a bundled message has an id")
    }

    fn part(&self, range: std::ops::Range<usize>) -> Value {
        let mut part = self.export.clone();
        let messages = self.export["messages"].as_array().map_or(&[][..], |all| &all[range]);
        part["messageCount"] = messages.len().into();
        part["messages"] = messages.into();
        part
    }

    /// Edits and deletes on the server, seen by the program or not.
    fn change(&self, discord: &FakeDiscord, dice: &mut SeededRng) {
        let change = |at: usize, quiet: bool| {
            let act = |discord: &FakeDiscord| match self.edited.get(&at) {
                Some(text) => discord.edit(self.channel, self.id(at), text),
                None => discord.delete(self.channel, self.id(at)),
            };
            if quiet { discord.without_events(act) } else { act(discord) }
        };
        for at in self.edited.keys().chain(&self.deleted) {
            change(*at, dice.roll(2) == 0);
        }
    }

    /// The export that somebody would make in the end.
    fn truth(&self) -> Value {
        let mut truth = self.export.clone();
        let messages = self.export["messages"].as_array().into_iter().flatten().enumerate();
        let left = messages.filter(|(at, _)| !self.deleted.contains(at)).map(|(at, message)| {
            let mut message = message.clone();
            if let Some(text) = self.edited.get(&at) {
                message["content"] = text.as_str().into();
                message["timestampEdited"] = "2026-01-01T00:00:00+00:00".into();
            }
            message
        });
        let left = left.collect::<Vec<_>>();
        truth["messageCount"] = left.len().into();
        truth["messages"] = left.into();
        truth
    }
}

/// A data directory and the program that works on it.
struct Place {
    program: PathBuf,
    data: PathBuf,
}

/// A running daemon; killed when dropped.
struct Daemon(Child);

impl Daemon {
    /// Ends it as an operator does, or as a power cut does.
    fn end(mut self, gently: bool) -> anyhow::Result<()> {
        if gently {
            Command::new("kill").args(["-TERM", &self.0.id().to_string()]).status()?;
            let ended = self.0.wait()?;
            // The word may come before the program can hear it.
            let at_once = ended.signal().is_some();
            ensure!(ended.success() || at_once, "the daemon did not end well: {ended}");
        }
        Ok(())
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Place {
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.env_clear().arg("--data").arg(&self.data).args(arguments).stdin(Stdio::null());
        command
    }

    fn json(&self, arguments: &[&str]) -> anyhow::Result<Value> {
        let ran = self.command(arguments).output()?;
        let said = String::from_utf8_lossy(&ran.stderr);
        ensure!(ran.status.success(), "{arguments:?}: {said}");
        Ok(serde_json::from_slice(&ran.stdout)?)
    }

    fn import(&self, export: &Value, name: &str) -> anyhow::Result<()> {
        std::fs::create_dir_all(&self.data)?;
        let file = self.data.join(format!("{name}.json"));
        std::fs::write(&file, export.to_string())?;
        let file = file.to_str().context("a path is text")?;
        let ran = self.command(&["import", file]).output()?;
        ensure!(ran.status.success(), "import: {}", String::from_utf8_lossy(&ran.stderr));
        Ok(())
    }

    fn point_at(&self, discord: &FakeDiscord) -> anyhow::Result<()> {
        std::fs::create_dir_all(&self.data)?;
        let settings = format!(
            "[site]\nlisten = '127.0.0.1:0'\n[discord]\ntoken = '{}'\napi_url = '{}'\n\
             rate_share = 1.0\nreconcile_days = 3650\n",
            discord.token(),
            discord.url()
        );
        Ok(std::fs::write(self.data.join("harvester.toml"), settings)?)
    }

    fn start(&self) -> anyhow::Result<Daemon> {
        let mut command = self.command(&["run"]);
        Ok(Daemon(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn()?))
    }

    /// Waits until the newest daemon has caught up and everything is judged.
    fn settled(&self, messages: u64) -> anyhow::Result<()> {
        let begun = Instant::now();
        loop {
            let status = self.json(&["status", "--json"]).unwrap_or_default();
            let pulses = status["daemons"].as_object().into_iter().flatten();
            let done = pulses.map(|(_, pulse)| {
                pulse["discord"]["catching_up"]["catch_ups_done_total"].as_u64().unwrap_or(0)
            });
            let caught_up = done.max().unwrap_or(0) >= TALK.len() as u64;
            let judged = status["behind"] == false;
            if caught_up && judged && status["messages"] == messages {
                return Ok(());
            }
            ensure!(begun.elapsed() < PATIENCE, "never {messages} messages: {status}");
        }
    }

    /// Everything that the history alone decides.
    fn state(&self) -> anyhow::Result<BTreeMap<&'static str, Value>> {
        let mut status = self.json(&["status", "--json"])?;
        for live in ["live", "daemons"] {
            status[live] = json!(null);
        }
        Ok(BTreeMap::from([
            ("all", status),
            ("clusters", self.json(&["clusters", "--all", "--json"])?),
            (
                "search",
                self.json(&["search", "how do I fix this error", "--limit", "50", "--json"])?,
            ),
        ]))
    }
}
