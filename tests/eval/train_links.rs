//! Trains the ranker of `rules::disentangle` on logs with human reply annotation.
//!
//! ```text
//! train_links words LOGS.jsonl > candidates
//! train_links weights LOGS.jsonl [EXPORT.json ...] [CHECK.jsonl ...] > rules/links.weights
//! ```
//! First the words, of which `conversations/common_words.py` keeps those of `rules/common_words.txt`, then a build, then
//! the weights. The same input gives the same output.
//!
//! `LOGS.jsonl` tells of busy channels. An `EXPORT.json` is a DiscordChatExporter file with its
//! annotation beside it (`EXPORT.gold.json`: `messages`, each with `id` and `parents`) and tells of quiet
//! ones: labelled conversations laid out at the pace of a help channel, some of them with Discord's
//! replies and some without. A further `.jsonl` is measured only.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a training program prints what it learned"
)]

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

use anyhow::{Context, bail};
use rules::config::ruleset::Ruleset;
use rules::disentangle::features::LinkFeature;
use rules::disentangle::{Disentangler, ParentCandidate, ParentChoice};
use rules::model::ids::MessageId;
use rules::model::message::Message;
use serde::Deserialize;
use tests::predict::conversations::{Line, LineKind, Log, export_messages, logs};

const COMMON_WORDS: usize = 2_000;
const FEATURES: usize = LinkFeature::ALL.len();
/// How much slower the logs are replayed, in turn: many communities are somewhat quieter than the channels
/// that have been annotated.
const PACES: [i32; 3] = [1, 1, 5];
const EPOCHS: usize = 12;
const STEP: f32 = 0.02;
const SHRINK: f32 = 2e-6;

fn main() -> anyhow::Result<()> {
    let arguments = std::env::args().skip(1).collect::<Vec<_>>();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["words", input] => print_words(&logs(Path::new(input))?),
        ["weights", input, others @ ..] => print_weights(Path::new(input), others),
        _ => bail!(
            "usage: train_links words LOGS.jsonl | \
             train_links weights LOGS.jsonl [EXPORT.json ...] [CHECK.jsonl ...]"
        ),
    }
}

/// Prints the words of the most logs, except those that are mostly used to call somebody.
fn print_words(logs: &[Log]) -> anyhow::Result<()> {
    let mut spread = BTreeMap::<String, (usize, usize)>::new();
    let mut calls = BTreeMap::<String, usize>::new();
    for log in logs {
        let talk = log
            .messages
            .iter()
            .filter(|line| matches!(line.kind, LineKind::Msg | LineKind::Action));
        let mut words = HashMap::<String, usize>::new();
        for line in talk {
            for (place, raw) in line.text.split_whitespace().enumerate() {
                let word = bare(raw);
                if place == 0 && raw.ends_with([':', ',']) {
                    *calls.entry(word).or_default() += 1;
                } else if !word.is_empty() {
                    *words.entry(word).or_default() += 1;
                }
            }
        }
        for (word, count) in words {
            let (files, uses) = spread.entry(word).or_default();
            *files += 1;
            *uses += count;
        }
    }
    let mut words = spread
        .into_iter()
        .filter(|(word, (_, uses))| calls.get(word).is_none_or(|calls| calls * 10 < *uses))
        .filter(|(word, _)| word.chars().all(|c| c.is_ascii_lowercase() || c == '\''))
        .collect::<Vec<_>>();
    words.sort_by(|(a, (a_files, a_uses)), (b, (b_files, b_uses))| {
        (b_files, b_uses, a).cmp(&(a_files, a_uses, b))
    });
    let words = words.into_iter().take(COMMON_WORDS).map(|(word, _)| word).collect::<Vec<_>>();
    for line in words.chunks(20) {
        println!("{}", line.join(" "));
    }
    Ok(())
}

fn bare(raw: &str) -> String {
    raw.trim_matches(|character: char| !character.is_alphanumeric()).to_lowercase()
}

/// A message with more than one candidate, and those that people chose.
struct Example {
    /// How quiet the channel was, from 0 to 1.
    quietness: f32,
    candidates: Vec<ParentCandidate>,
    right: Vec<bool>,
}

fn print_weights(input: &Path, others: &[&str]) -> anyhow::Result<()> {
    let rules = Ruleset::embedded();
    let (checks, exports) =
        others.iter().copied().partition::<Vec<_>, _>(|path| path.ends_with(".jsonl"));
    let mut examples = examples(&logs(input)?, &rules, &PACES)?;
    for export in &exports {
        examples.extend(quiet_examples(Path::new(export), &rules)?);
    }
    eprintln!("{} examples", examples.len());
    let means = means(&examples);
    let weights = train(&examples);
    eprintln!("training: {:.3} right", right(&examples, &weights));
    for check in checks {
        for slower in [1, 30, 600] {
            let examples = self::examples(&logs(Path::new(check))?, &rules, &[slower])?;
            eprintln!(
                "{check} {slower} times slower: {:.3} right of {}",
                right(&examples, &weights),
                examples.len()
            );
        }
    }
    let name = input.file_name().context("the input has no name")?.to_string_lossy();
    println!(
        "# Weights of the conversation ranker: feature, weight in a busy channel, weight in a quiet one, mean value over all \
         candidates."
    );
    println!(
        "# Made by `train_links weights {name}` and {} exports, {EPOCHS} epochs over {} messages.",
        exports.len(),
        examples.len()
    );
    for feature in LinkFeature::ALL {
        let place = *feature as usize;
        let (busy, quiet) = (weights[place], weights[FEATURES + place]);
        println!("{} {busy:.4} {quiet:.4} {:.4}", feature.as_str(), means[place]);
    }
    Ok(())
}

/// The annotated messages of logs, each log replayed at one of the paces in turn.
fn examples(logs: &[Log], rules: &Ruleset, paces: &[i32]) -> anyhow::Result<Vec<Example>> {
    let mut examples = Vec::new();
    for (log, pace) in logs.iter().zip(paces.iter().cycle()) {
        let mut parents = BTreeMap::<u64, BTreeSet<u64>>::new();
        for (line, parent) in &log.links {
            parents.entry(*line).or_default().insert(*parent);
        }
        let mut untangler = Disentangler::new(&rules.conversations);
        let messages = log.messages()?;
        let begun = messages.first().map(|message| message.sent).unwrap_or_default();
        for (line, mut message) in log.messages.iter().zip(messages) {
            message.sent = begun + message.sent.duration_since(begun) * *pace;
            let Some(parents) = parents.get(&line.number).filter(|_| line.number >= log.eval_from)
            else {
                untangler.link(&message);
                continue;
            };
            examples.extend(example(&mut untangler, line, &message, parents));
        }
    }
    Ok(examples)
}

/// None where no candidate is right, for nothing can be learned from it.
fn example(
    untangler: &mut Disentangler<'_>,
    line: &Line,
    message: &Message,
    parents: &BTreeSet<u64>,
) -> Option<Example> {
    labelled(untangler.choice(message), |parent| {
        parents.contains(&parent.map_or(line.number, |parent| parent.0 - 1))
    })
}

fn labelled(choice: ParentChoice, is_right: impl Fn(Option<MessageId>) -> bool) -> Option<Example> {
    let ParentChoice { quietness, candidates } = choice;
    let right = candidates.iter().map(|candidate| is_right(candidate.parent)).collect::<Vec<_>>();
    right.contains(&true).then_some(Example { quietness, candidates, right })
}

/// The annotation of an export.
#[derive(Debug, Deserialize)]
struct Annotation {
    messages: Vec<AnnotatedMessage>,
}

#[derive(Debug, Deserialize)]
struct AnnotatedMessage {
    id: MessageId,
    /// None where it starts a conversation.
    parents: Vec<MessageId>,
}

/// The annotated messages of an export whose parent is no native reply.
fn quiet_examples(export: &Path, rules: &Ruleset) -> anyhow::Result<Vec<Example>> {
    let annotation = export.with_extension("gold.json");
    let text = std::fs::read_to_string(&annotation)
        .with_context(|| format!("cannot read {}", annotation.display()))?;
    let annotation = serde_json::from_str::<Annotation>(&text)?;
    let parents = annotation.messages.into_iter().map(|one| (one.id, one.parents));
    let parents = parents.collect::<BTreeMap<_, _>>();
    let (kind, messages) = export_messages(export)?;
    let mut untangler = Disentangler::for_channel(&rules.conversations, kind);
    let mut examples = Vec::new();
    for message in &messages {
        let choice = untangler.choice(message);
        let Some(parents) = parents.get(&message.id) else { continue };
        examples.extend(labelled(choice, |parent| match parent {
            Some(parent) => parents.contains(&parent),
            None => parents.is_empty(),
        }));
    }
    Ok(examples)
}

fn means(examples: &[Example]) -> Vec<f32> {
    let mut sums = vec![0.0_f64; LinkFeature::ALL.len()];
    let (mut pairs, mut starts) = (0.0_f64, 0.0_f64);
    for candidate in examples.iter().flat_map(|example| &example.candidates) {
        *(if candidate.parent.is_some() { &mut pairs } else { &mut starts }) += 1.0;
        for (feature, value) in &candidate.features {
            sums[*feature as usize] += f64::from(*value);
        }
    }
    let start = LinkFeature::Start as usize;
    sums.iter()
        .enumerate()
        .map(|(place, sum)| (sum / if place >= start { starts } else { pairs }) as f32)
        .collect()
}

/// Softmax over the candidates of a message; the right ones share the likelihood. Adam, one step for
/// 32 messages, the step shrinking to nothing.
fn train(examples: &[Example]) -> Vec<f32> {
    let count = 2 * FEATURES;
    let (mut weights, mut speed, mut scale) =
        (vec![0.0_f32; count], vec![0.0_f32; count], vec![0.0_f32; count]);
    // Every 1,009th message in turn mixes the logs; the number is prime.
    let mut order = (0..examples.len()).collect::<Vec<_>>();
    order.sort_by_key(|place| (place % 1_009, *place));
    let steps = EPOCHS * examples.len().div_ceil(32);
    let mut step = 0;
    for _ in 0..EPOCHS {
        for batch in order.chunks(32) {
            step += 1;
            let mut slope = vec![0.0_f32; count];
            for place in batch {
                add_slope(&examples[*place], &weights, &mut slope);
            }
            let pace = STEP * (1.0 - step as f32 / (steps + 1) as f32);
            for place in 0..count {
                let slope = slope[place] / batch.len() as f32 - SHRINK * weights[place];
                speed[place] += 0.1 * (slope - speed[place]);
                scale[place] += 0.001 * (slope * slope - scale[place]);
                let warm = 1.0 - 0.999_f32.powi(step.min(20_000));
                weights[place] += pace * speed[place] / ((scale[place] / warm).sqrt() + 1e-8);
            }
        }
    }
    weights
}

fn add_slope(example: &Example, weights: &[f32], slope: &mut [f32]) {
    let scores = scores(example, weights);
    let most = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let shares = scores.iter().map(|score| (score - most).exp()).collect::<Vec<_>>();
    let all = shares.iter().sum::<f32>();
    let good = shares
        .iter()
        .zip(&example.right)
        .filter(|(_, right)| **right)
        .map(|(share, _)| share)
        .sum::<f32>();
    for (place, candidate) in example.candidates.iter().enumerate() {
        let wanted = if example.right[place] { shares[place] / good.max(1e-20) } else { 0.0 };
        let pull = wanted - shares[place] / all;
        for (feature, value) in &candidate.features {
            let place = *feature as usize;
            slope[place] += pull * value * (1.0 - example.quietness);
            slope[FEATURES + place] += pull * value * example.quietness;
        }
    }
}

fn scores(example: &Example, weights: &[f32]) -> Vec<f32> {
    let score = |candidate: &ParentCandidate| {
        let weighed = candidate.features.iter().map(|(feature, value)| {
            let (busy, quiet) = (weights[*feature as usize], weights[FEATURES + *feature as usize]);
            (busy + example.quietness * (quiet - busy)) * value
        });
        weighed.sum()
    };
    example.candidates.iter().map(score).collect()
}

/// The share of messages whose best candidate is right.
fn right(examples: &[Example], weights: &[f32]) -> f32 {
    let hits = examples.iter().filter(|example| {
        let scores = scores(example, weights);
        let best =
            (0..scores.len()).max_by(|a, b| scores[*a].total_cmp(&scores[*b]).then(b.cmp(a)));
        best.is_some_and(|best| example.right[best])
    });
    hits.count() as f32 / examples.len().max(1) as f32
}
