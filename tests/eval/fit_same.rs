//! Searches the settings of `rules/same.toml` on labelled sets of questions.
//!
//! ```text
//! cargo run --release -p tests --example fit_same -- COMMUNITY COMMUNITY ...
//! cargo run --release -p tests --example fit_same -- --model DIR COMMUNITY COMMUNITY ...
//! ```
//! A community is one or more files SET.jsonl, with commas between them, whose figures count together. With a
//! sentence encoder the settings of `[meaning]` are searched and all others stay, without one those of words. The
//! settings of `[meaning]` are from
//!
//! ```text
//! python3 tests/eval/meaning/thin.py T
//! fit_same --model DIR tests/eval/clusters/eliza-2025-01.jsonl T/banking-0.jsonl,T/banking-1.jsonl,T/banking-2.jsonl \
//!     T/sofmattress-0.jsonl,T/sofmattress-1.jsonl,T/sofmattress-2.jsonl
//! ```
//! Tries settings drawn evenly from wide ranges and prints the mean of the best: the middle of the
//! plateau carries over to other sets where its highest point does not. For each community it also prints
//! what the settings found on the others alone reach there. The same sets give the same output.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, bail};
use indexer::encoder::SentenceEncoder;
use rules::config::ruleset::{EMBEDDED, Ruleset};
use rules::similarity::QaMeaning;
use tests::predict::clusters::{Row, meanings, predict_by, read};
use tests::predict::load_encoder;
use tests::score::clusters::Figures;

const TRIALS: usize = 600;
const BEST: usize = 25;

/// A setting that is searched: its section, its name, and between which values.
type Range = (&'static str, &'static str, f64, f64);

const OF_WORDS: [Range; 10] = [
    ("weights", "base", -6.2, -4.2),
    ("weights", "words", 3.0, 7.0),
    ("weights", "pieces", 0.5, 4.0),
    ("weights", "rarest", 0.0, 3.5),
    ("weights", "second", 0.0, 3.5),
    ("weights", "answered", -1.5, 0.5),
    ("weights", "answers", 4.0, 10.0),
    ("link", "pair", 0.35, 0.6),
    ("link", "mean", 0.25, 0.45),
    ("link", "cohesion", 0.1, 0.4),
];

const OF_MEANING: [Range; 5] = [
    ("meaning", "words", 0.4, 1.0),
    ("meaning", "base", -7.0, -2.0),
    ("meaning", "questions", 2.0, 12.0),
    ("meaning", "answered", -2.0, 0.0),
    ("meaning", "answers", 0.0, 5.0),
];

type Settings = Vec<f64>;

/// Questions of one place, in one or several files.
struct Community {
    name: String,
    sets: Vec<(Vec<Row>, Vec<QaMeaning>)>,
}

impl Community {
    fn read(paths: &str, encoder: Option<&Arc<SentenceEncoder>>) -> anyhow::Result<Self> {
        let mut sets = Vec::new();
        for path in paths.split(',') {
            let rows = read(Path::new(path))?;
            let meanings = encoder.map(|encoder| meanings(&rows, encoder)).unwrap_or_default();
            sets.push((rows, meanings));
        }
        Ok(Self { name: paths.to_owned(), sets })
    }

    fn figures(&self, ranges: &[Range], settings: &Settings) -> anyhow::Result<Vec<Figures>> {
        let rules = rules_with(ranges, settings)?;
        let figures = self.sets.iter().map(|(rows, meanings)| {
            let gold = rows.iter().map(|row| row.cluster.clone()).collect::<Vec<_>>();
            Figures::of(&gold, &predict_by(rows, meanings, &rules.same))
        });
        Ok(figures.collect())
    }
}

fn main() -> anyhow::Result<()> {
    let arguments = std::env::args().skip(1).collect::<Vec<_>>();
    let (encoder, paths) = match arguments.as_slice() {
        [flag, model, paths @ ..] if flag == "--model" => (Some(load_encoder(model)?), paths),
        paths => (None, paths),
    };
    if paths.is_empty() {
        bail!("usage: fit_same [--model DIR] SET.jsonl[,SET.jsonl...]...");
    }
    let ranges = if encoder.is_some() { &OF_MEANING[..] } else { &OF_WORDS[..] };
    let communities = paths.iter().map(|paths| Community::read(paths, encoder.as_ref()));
    let communities = communities.collect::<anyhow::Result<Vec<_>>>()?;
    let mut trials = Vec::new();
    for settings in drawn(ranges) {
        let merits = communities.iter().map(|one| Ok(merit(&one.figures(ranges, &settings)?)));
        trials.push((merits.collect::<anyhow::Result<Vec<_>>>()?, settings));
    }
    let mut out = std::io::stdout().lock();
    let settings = mean_of_best(&trials, |_| true);
    writeln!(out, "{}", lines(ranges, &settings))?;
    for one in &communities {
        print(&mut out, one, "by all", &one.figures(ranges, &settings)?)?;
    }
    for (left_out, one) in communities.iter().enumerate().filter(|_| communities.len() > 1) {
        let settings = mean_of_best(&trials, |at| at != left_out);
        print(&mut out, one, "by the others", &one.figures(ranges, &settings)?)?;
    }
    Ok(())
}

fn print(
    out: &mut impl std::io::Write,
    community: &Community,
    how: &str,
    figures: &[Figures],
) -> anyhow::Result<()> {
    for (path, found) in community.name.split(',').zip(figures) {
        writeln!(
            out,
            "# {path}, {how}: pair F {:.3}, recur3 P {:.3} R {:.3}",
            found.pair.f(),
            found.recurring.precision,
            found.recurring.recall
        )?;
    }
    Ok(())
}

/// Evenly spread settings from a multiplicative generator (MINSTD).
fn drawn(ranges: &[Range]) -> impl Iterator<Item = Settings> {
    let mut state = 20_250_101_u64;
    let mut unit = move || {
        state = state * 48_271 % 2_147_483_647;
        state as f64 / 2_147_483_647.0
    };
    let mut draw =
        move || ranges.iter().map(|(_, _, low, high)| low + unit() * (high - low)).collect();
    (0..TRIALS).map(move |_| draw())
}

fn rules_with(ranges: &[Range], settings: &Settings) -> anyhow::Result<Ruleset> {
    let embedded =
        EMBEDDED.iter().find(|(name, _)| *name == "same.toml").context("same.toml is gone")?;
    let mut section = "";
    let mut text = String::new();
    for line in embedded.1.lines() {
        if let Some(name) = line.strip_prefix('[') {
            section = name.trim_end_matches(']');
        }
        let key = line.split(" = ").next().unwrap_or_default();
        match ranges.iter().position(|(of, name, ..)| (*of, *name) == (section, key)) {
            Some(at) => writeln!(text, "{key} = {:.3}", settings[at])?,
            None => writeln!(text, "{line}")?,
        }
    }
    let rules = Ruleset::parse(|name| (name == "same.toml").then(|| text.clone()));
    let Ok(rules) = rules else { bail!("the settings {settings:?} are refused") };
    Ok(rules)
}

/// Precision counts twice: a wrong cluster costs more than a missed one.
fn merit(figures: &[Figures]) -> f64 {
    let of_one = |Figures { pair, recurring, .. }: &Figures| {
        pair.f() + 0.3 * pair.precision + 0.3 * (recurring.precision + recurring.recall)
    };
    figures.iter().map(of_one).sum::<f64>() / figures.len() as f64
}

fn mean_of_best(trials: &[(Vec<f64>, Settings)], counts: impl Fn(usize) -> bool) -> Settings {
    let total = |merits: &[f64]| {
        merits.iter().enumerate().filter(|(at, _)| counts(*at)).map(|(_, merit)| merit).sum::<f64>()
    };
    let mut ranked =
        trials.iter().map(|(merits, settings)| (total(merits), settings)).collect::<Vec<_>>();
    ranked.sort_by(|a, b| b.0.total_cmp(&a.0));
    let best = &ranked[..BEST];
    let mean = |at| best.iter().map(|(_, settings)| settings[at]).sum::<f64>() / BEST as f64;
    (0..best[0].1.len()).map(mean).collect()
}

fn lines(ranges: &[Range], settings: &Settings) -> String {
    let mut text = String::new();
    for ((section, name, ..), value) in ranges.iter().zip(settings) {
        let _ = writeln!(text, "{section}.{name} = {value:.2}");
    }
    text
}
