//! Searches the settings of `rules/same.toml` on labelled sets of questions.
//!
//! ```text
//! cargo run --release -p tests --example fit_same SET.jsonl SET.jsonl ...
//! ```
//! Tries settings drawn evenly from wide ranges and prints the mean of the best: the middle of the
//! plateau carries over to other sets where its highest point does not. For each set it also prints
//! what the settings found on the others alone reach there. The same sets give the same output.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

use anyhow::{Context, bail};
use rules::config::ruleset::{EMBEDDED, Ruleset};
use tests::predict::clusters::{Row, predict_by, read};
use tests::score::clusters::Figures;

const TRIALS: usize = 600;
const BEST: usize = 25;

/// A setting that is searched, and between which values.
const RANGES: [(&str, f64, f64); 10] = [
    ("base", -6.2, -4.2),
    ("words", 3.0, 7.0),
    ("pieces", 0.5, 4.0),
    ("rarest", 0.0, 3.5),
    ("second", 0.0, 3.5),
    ("answered", -1.5, 0.5),
    ("answers", 4.0, 10.0),
    ("pair", 0.35, 0.6),
    ("mean", 0.25, 0.45),
    ("cohesion", 0.1, 0.4),
];

type Settings = [f64; RANGES.len()];

fn main() -> anyhow::Result<()> {
    let paths = std::env::args().skip(1).collect::<Vec<_>>();
    if paths.is_empty() {
        bail!("usage: fit_same SET.jsonl...");
    }
    let sets =
        paths.iter().map(|path| read(Path::new(path))).collect::<anyhow::Result<Vec<_>>>()?;
    let mut trials = Vec::new();
    for settings in drawn() {
        let figures = sets.iter().map(|rows| figures(rows, &settings));
        trials.push((settings, figures.collect::<anyhow::Result<Vec<_>>>()?));
    }
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}", lines(&mean_of_best(&trials, |_| true)))?;
    for (left_out, path) in paths.iter().enumerate().filter(|_| paths.len() > 1) {
        let settings = mean_of_best(&trials, |set| set != left_out);
        let found = figures(&sets[left_out], &settings)?;
        writeln!(
            out,
            "# {path}, by the others: pair F {:.3}, recur3 P {:.3} R {:.3}",
            found.pair.f(),
            found.recurring.precision,
            found.recurring.recall
        )?;
    }
    Ok(())
}

/// Evenly spread settings from a multiplicative generator (MINSTD).
fn drawn() -> impl Iterator<Item = Settings> {
    let mut state = 20_250_101_u64;
    let mut unit = move || {
        state = state * 48_271 % 2_147_483_647;
        state as f64 / 2_147_483_647.0
    };
    (0..TRIALS).map(move |_| RANGES.map(|(_, low, high)| low + unit() * (high - low)))
}

fn figures(rows: &[Row], settings: &Settings) -> anyhow::Result<Figures> {
    let embedded =
        EMBEDDED.iter().find(|(name, _)| *name == "same.toml").context("same.toml is gone")?;
    let replaced = embedded.1.lines().map(|line| {
        let key = line.split(" = ").next().unwrap_or_default();
        match RANGES.iter().position(|(name, ..)| *name == key) {
            Some(at) => format!("{key} = {:.3}\n", settings[at]),
            None => format!("{line}\n"),
        }
    });
    let text = replaced.collect::<String>();
    let rules = Ruleset::parse(|name| (name == "same.toml").then(|| text.clone()));
    let Ok(rules) = rules else { bail!("the settings {settings:?} are refused") };
    let gold = rows.iter().map(|row| row.cluster.clone()).collect::<Vec<_>>();
    Ok(Figures::of(&gold, &predict_by(rows, &rules.same)))
}

/// Precision counts twice: a wrong cluster costs more than a missed one.
fn merit(figures: &Figures) -> f64 {
    let Figures { pair, recurring, .. } = figures;
    pair.f() + 0.3 * pair.precision + 0.3 * (recurring.precision + recurring.recall)
}

fn mean_of_best(trials: &[(Settings, Vec<Figures>)], counts: impl Fn(usize) -> bool) -> Settings {
    let total = |figures: &[Figures]| {
        let counted = figures.iter().enumerate().filter(|(set, _)| counts(*set));
        counted.map(|(_, figures)| merit(figures)).sum::<f64>()
    };
    let mut ranked =
        trials.iter().map(|(settings, figures)| (total(figures), settings)).collect::<Vec<_>>();
    ranked.sort_by(|a, b| b.0.total_cmp(&a.0));
    let best = &ranked[..BEST];
    std::array::from_fn(|at| {
        best.iter().map(|(_, settings)| settings[at]).sum::<f64>() / BEST as f64
    })
}

fn lines(settings: &Settings) -> String {
    let mut text = String::new();
    for ((name, ..), value) in RANGES.iter().zip(settings) {
        let _ = writeln!(text, "{name} = {value:.2}");
    }
    text
}
