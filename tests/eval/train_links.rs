//! Trains the ranker of `rules::disentangle` on logs with human reply annotation.
//!
//! ```text
//! train_links words LOGS.jsonl > rules/common_words.txt
//! train_links weights LOGS.jsonl [CHECK.jsonl ...] > rules/links.weights
//! ```
//! First the words, then a build, then the weights. The same input gives the same output.

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
use rules::disentangle::{Disentangler, ParentCandidate};
use rules::model::message::Message;
use tests::predict::conversations::{Line, LineKind, Log, logs};

const COMMON_WORDS: usize = 2_000;
/// How much slower the logs are told, in turn: most communities are quieter than the channels that
/// have been annotated.
const PACES: [i64; 4] = [1, 5, 30, 300];
const EPOCHS: usize = 12;
const STEP: f32 = 0.02;
const SHRINK: f32 = 2e-6;

fn main() -> anyhow::Result<()> {
    let arguments = std::env::args().skip(1).collect::<Vec<_>>();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["words", input] => print_words(&logs(Path::new(input))?),
        ["weights", input, checks @ ..] => print_weights(Path::new(input), checks),
        _ => bail!(
            "usage: train_links words LOGS.jsonl | train_links weights LOGS.jsonl [CHECK.jsonl ...]"
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
    candidates: Vec<ParentCandidate>,
    right: Vec<bool>,
}

fn print_weights(input: &Path, checks: &[&str]) -> anyhow::Result<()> {
    let rules = Ruleset::embedded();
    let examples = examples(&logs(input)?, &rules, &PACES)?;
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
        "# Weights of the conversation ranker: feature, weight, mean value over all candidates."
    );
    println!(
        "# Made by `train_links weights {name}`, {EPOCHS} epochs over {} messages.",
        examples.len()
    );
    for feature in LinkFeature::ALL {
        let place = *feature as usize;
        println!("{} {:.4} {:.4}", feature.as_str(), weights[place], means[place]);
    }
    Ok(())
}

/// The annotated messages of logs, each log told at one of the paces in turn.
fn examples(logs: &[Log], rules: &Ruleset, paces: &[i64]) -> anyhow::Result<Vec<Example>> {
    let mut examples = Vec::new();
    for (log, pace) in logs.iter().zip(paces.iter().cycle()) {
        let mut parents = BTreeMap::<u64, BTreeSet<u64>>::new();
        for (line, parent) in &log.links {
            parents.entry(*line).or_default().insert(*parent);
        }
        let mut untangler = Disentangler::new(&rules.conversations);
        for (line, mut message) in log.messages.iter().zip(log.messages()?) {
            message.sent.0 *= pace;
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
    let candidates = untangler.candidates(message);
    let right = candidates
        .iter()
        .map(|candidate| {
            parents.contains(&candidate.parent.map_or(line.number, |parent| parent.0 - 1))
        })
        .collect::<Vec<_>>();
    right.contains(&true).then_some(Example { candidates, right })
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
    let count = LinkFeature::ALL.len();
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
            slope[*feature as usize] += pull * value;
        }
    }
}

fn scores(example: &Example, weights: &[f32]) -> Vec<f32> {
    let score = |candidate: &ParentCandidate| {
        candidate.features.iter().map(|(feature, value)| weights[*feature as usize] * value).sum()
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
