//! A history that changes between its exports, and an order in which the exports come.

use std::collections::BTreeSet;
use std::fmt;
use std::path::Path;

use anyhow::Context;
use serde_json::{Value, json};

use crate::store_mutations::StoreMutation;
use tests::seeded_rng::SeededRng;

const MOST_CHANNELS: usize = 4;
const GUILD: &str = "77";

/// Files, and how they are imported: each step takes in some of them, in this order, and catches up.
/// Between the steps people change what is stored.
#[derive(Debug, Clone)]
pub(crate) struct Case {
    pub(crate) files: Vec<Value>,
    pub(crate) steps: Vec<Vec<usize>>,
    /// Each with the number of steps before it, in their order.
    pub(crate) mutations: Vec<(usize, StoreMutation)>,
}

impl Case {
    pub(crate) fn invent(dice: &mut SeededRng) -> anyhow::Result<Self> {
        let mut channels = Vec::new();
        let slice = Slice::choose(dice);
        for number in 0..1 + dice.roll(MOST_CHANNELS) {
            // The same talk in another channel asks the same questions again.
            let slice = if dice.roll(2) == 0 { slice } else { Slice::choose(dice) };
            channels.push(invent_channel(number, slice, dice)?);
        }
        let mut files = Vec::new();
        let times = 1 + dice.roll(3);
        for time in 0..times {
            let mut exported = channels.clone();
            let last = time + 1 == times;
            exported.iter_mut().for_each(|channel| {
                channel["exportedAt"] = date(time, dice.roll(2)).into();
                if !last {
                    hold_back(channel, dice);
                }
            });
            files.extend(exported.iter().flat_map(|channel| parts(channel, last, dice)));
            channels.iter_mut().for_each(|channel| live_on(channel, time, dice));
        }
        for _ in 0..dice.roll(3) {
            let contradicted = contradict(&files[dice.roll(files.len())], dice);
            files.push(contradicted);
        }
        let mut order = (0..files.len()).collect::<Vec<_>>();
        dice.shuffle(&mut order);
        for _ in 0..dice.roll(4) {
            order.insert(dice.roll(order.len()), dice.roll(files.len()));
        }
        let mut steps = Vec::new();
        let most = 1 + dice.roll(5);
        while !order.is_empty() {
            let rest = order.split_off(order.len().min(1 + dice.roll(most)));
            steps.push(std::mem::replace(&mut order, rest));
        }
        let mutations = (0..dice.roll(7)).filter_map(|number| {
            let mutation = StoreMutation::invent(&files[dice.roll(files.len())], number, dice)?;
            Some((dice.roll(steps.len() + 1), mutation))
        });
        let mut mutations = mutations.collect::<Vec<_>>();
        mutations.sort_by_key(|(before, _)| *before);
        Ok(Self { files, steps, mutations })
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, file) in self.files.iter().enumerate() {
            let (channel, at) = (&file["channel"], &file["exportedAt"]);
            writeln!(f, "file {number}: {channel} exported at {at}")?;
            for message in messages(file) {
                writeln!(f, "  {message}")?;
            }
        }
        writeln!(f, "steps: {:?}", self.steps)?;
        self.mutations
            .iter()
            .try_for_each(|(before, mutation)| writeln!(f, "after {before} steps: {mutation}"))
    }
}

pub(crate) fn messages(file: &Value) -> &[Value] {
    file["messages"].as_array().map_or(&[], Vec::as_slice)
}

pub(crate) fn messages_mut(file: &mut Value) -> &mut Vec<Value> {
    file["messages"].as_array_mut().expect("an export has a list of messages")
}

/// Some messages of a bundled export that follow each other.
#[derive(Clone, Copy)]
struct Slice {
    export: &'static str,
    share: usize,
    length: usize,
}

impl Slice {
    fn choose(dice: &mut SeededRng) -> Self {
        let exports = ["demo-eliza/coders", "demo-eliza/discussion", "demo-ubuntu/support"];
        Self {
            export: exports[dice.roll(exports.len())],
            share: dice.roll(1_000),
            length: [30 + dice.roll(170), 300 + dice.roll(500)][usize::from(dice.roll(4) == 0)],
        }
    }

    fn read(self) -> anyhow::Result<Value> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../harvester/demo/exports");
        let path = folder.join(self.export).with_extension("json");
        let text = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        let mut export = serde_json::from_str::<Value>(&text)?;
        let all = messages_mut(&mut export);
        let length = self.length.min(all.len());
        let start = (all.len() - length) * self.share / 1_000;
        *all = all.drain(start..start + length).collect();
        Ok(export)
    }
}

fn invent_channel(number: usize, slice: Slice, dice: &mut SeededRng) -> anyhow::Result<Value> {
    let mut channel = slice.read()?;
    let kind = if dice.roll(5) == 0 { "GuildPublicThread" } else { "GuildTextChat" };
    channel["guild"]["id"] = GUILD.into();
    channel["channel"]["id"] = (900 + number).to_string().into();
    channel["channel"]["type"] = kind.into();
    let own = |id: &str| {
        let id = id.parse::<u64>().context("an id is a number")?;
        anyhow::Ok((id * MOST_CHANNELS as u64 + number as u64).to_string())
    };
    let helpers = (0..3).map(|_| dice.roll(messages(&channel).len())).collect::<Vec<_>>();
    let all = messages_mut(&mut channel);
    let helpers = helpers.iter().map(|at| author(&all[*at])).collect::<BTreeSet<_>>();
    for message in all.iter_mut() {
        message["id"] = own(message["id"].as_str().unwrap_or_default())?.into();
        if let Some(target) = message["reference"]["messageId"].as_str() {
            message["reference"]["messageId"] = own(target)?.into();
        }
        if message["reference"].is_object() {
            message["reference"]["channelId"] = (900 + number).to_string().into();
        }
        if helpers.contains(&author(message)) && dice.roll(2) == 0 {
            message["author"]["roles"] = json!([{ "id": "5", "name": "Helper" }]);
        }
    }
    for _ in 0..all.len() / 6 {
        disturb(all, number, dice);
    }
    Ok(channel)
}

fn author(message: &Value) -> String {
    message["author"]["id"].as_str().unwrap_or_default().to_owned()
}

/// Something that real talk has, if not often.
fn disturb(all: &mut [Value], number: usize, dice: &mut SeededRng) {
    let at = dice.roll(all.len());
    let earlier = all[dice.roll(at + 1)].clone();
    match dice.roll(10) {
        0..=2 => reply(&mut all[at], earlier["id"].clone(), number),
        // To a message that nobody exported.
        3 => reply(&mut all[at], (1_000_000 + dice.roll(9_000_000)).to_string().into(), number),
        4 => {
            let any = all[dice.roll(all.len())]["id"].clone();
            reply(&mut all[at], any, number);
        }
        5 => reply(&mut all[at], earlier["id"].clone(), dice.roll(MOST_CHANNELS)),
        6 => all[at]["timestamp"] = earlier["timestamp"].clone(),
        7 => all[at]["type"] = "ChannelPinnedMessage".into(),
        8 => all[at]["author"] = earlier["author"].clone(),
        _ => {
            let by = earlier["author"]["id"].clone();
            let tick = json!({ "emoji": { "name": "✅" }, "count": 1, "users": [{ "id": by }] });
            all[at]["reactions"] = json!([tick]);
        }
    }
}

fn reply(message: &mut Value, target: Value, number: usize) {
    message["type"] = "Reply".into();
    message["reference"] = json!({
        "messageId": target, "channelId": (900 + number).to_string(), "guildId": GUILD,
    });
}

fn date(time: usize, more: usize) -> String {
    format!("2090-0{}-0{}T00:00:00+00:00", time + 1, more + 1)
}

/// An early export does not have what was said later, nor what its maker could not read.
fn hold_back(channel: &mut Value, dice: &mut SeededRng) {
    let all = messages_mut(channel);
    all.truncate(1 + dice.roll(all.len()));
    if dice.roll(2) == 0 && all.len() > 10 {
        let start = dice.roll(all.len() - 5);
        let end = (start + 1 + dice.roll(40)).min(all.len());
        all.drain(start..end);
    }
}

/// What happens in a channel between two exports.
fn live_on(channel: &mut Value, time: usize, dice: &mut SeededRng) {
    match dice.roll(8) {
        0 => channel["channel"]["name"] = format!("renamed-{time}").into(),
        1 => channel["channel"]["topic"] = format!("topic {time}").into(),
        _ => {}
    }
    let all = messages_mut(channel);
    for _ in 0..dice.roll(8) {
        let at = dice.roll(all.len());
        let other = dice.roll(all.len());
        match dice.roll(7) {
            0 | 1 => {
                all[at]["content"] = all[other]["content"].clone();
                all[at]["timestampEdited"] = date(time, dice.roll(3)).into();
            }
            // Discord embeds and unwraps without an edit time.
            2 => all[at]["content"] = format!("{} ({time})", all[at]["content"]).into(),
            3 => all[at]["reactions"] = all[other]["reactions"].clone(),
            4 => rename(all, at, &format!("somebody_{time}{}", dice.roll(3))),
            5 => {
                let roles = [json!([]), json!([{ "id": "5", "name": "Helper" }])];
                let who = author(&all[at]);
                let roles = &roles[dice.roll(2)];
                let theirs = all.iter_mut().filter(|message| author(message) == who);
                theirs.for_each(|message| message["author"]["roles"] = roles.clone());
            }
            _ => {
                let id = all[other]["id"].clone();
                let number = channel["channel"]["id"].as_str().and_then(|id| id.parse().ok());
                let all = messages_mut(channel);
                reply(&mut all[at], id, number.unwrap_or(900_usize) - 900);
                return;
            }
        }
    }
}

/// Another export of the same moment that tells something else: no time decides between the two.
fn contradict(file: &Value, dice: &mut SeededRng) -> Value {
    let mut file = file.clone();
    let before = messages(&file).to_vec();
    match dice.roll(4) {
        0 => file["channel"]["name"] = "renamed-meanwhile".into(),
        1 => file["channel"]["topic"] = ["one topic", "another topic"][dice.roll(2)].into(),
        _ => {}
    }
    let all = messages_mut(&mut file);
    for _ in 0..all.len().min(4) {
        let at = dice.roll(all.len());
        match dice.roll(4) {
            0 => all[at]["content"] = "Said otherwise, is it?".into(),
            1 => rename(all, at, "meanwhile"),
            2 => all[at]["author"]["roles"] = json!([{ "id": "5", "name": "Helper" }]),
            _ => all[at]["author"]["roles"] = json!([]),
        }
    }
    if dice.roll(2) == 0 {
        let place = [0, all.len()][dice.roll(2)];
        all.splice(place..place, before);
    }
    file
}

fn rename(all: &mut [Value], at: usize, name: &str) {
    let who = author(&all[at]);
    for message in all.iter_mut().filter(|message| author(message) == who) {
        message["author"]["nickname"] = name.into();
    }
}

/// A channel's export as one file or several. Of an early one, some may be missing.
fn parts(channel: &Value, all: bool, dice: &mut SeededRng) -> Vec<Value> {
    let count = messages(channel).len();
    let number = 1 + dice.roll(6);
    let interleaved = dice.roll(3) == 0;
    let mut parts = Vec::new();
    for part in 0..number {
        let mut file = channel.clone();
        let mut at = 0;
        messages_mut(&mut file).retain(|_| {
            at += 1;
            let place = if interleaved { at % number } else { (at - 1) * number / count };
            place == part
        });
        if dice.roll(8) == 0 {
            messages_mut(&mut file).reverse();
        }
        if all || dice.roll(3) > 0 {
            parts.push(file);
        }
    }
    parts
}
