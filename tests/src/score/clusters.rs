//! How well predicted clusters match the labelled ones.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

use indexer::encoder::SentenceEncoder;

use crate::predict::clusters::{predict, read};

/// Prints a line of figures for every set in the folder.
pub fn run(
    eval: &Path,
    encoder: Option<&SentenceEncoder>,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let mut sets = std::fs::read_dir(eval)?
        .map(|entry| Ok(entry?.path()))
        .collect::<anyhow::Result<Vec<_>>>()?;
    sets.retain(|path| path.extension().is_some_and(|extension| extension == "jsonl"));
    sets.sort();
    writeln!(
        out,
        "{:<18} {:>6} {:>6} {:>6} {:>6} {:>6} {:>6} {:>6} {:>6} {:>8} {:>8} {:>5}",
        "clusters", "pair P", "R", "F", "B3 P", "R", "F", "ARI", "NMI", "recur3 P", "R", "n"
    )?;
    for set in sets {
        let rows = read(&set)?;
        let gold = rows.iter().map(|row| row.cluster.clone()).collect::<Vec<_>>();
        let f = Figures::of(&gold, &predict(&rows, encoder));
        let name = set.file_stem().unwrap_or_default().to_string_lossy();
        writeln!(
            out,
            "{name:<18} {:6.3} {:6.3} {:6.3} {:6.3} {:6.3} {:6.3} {:6.3} {:6.3} {:8.3} {:8.3} {:5}",
            f.pair.precision,
            f.pair.recall,
            f.pair.f(),
            f.b_cubed.precision,
            f.b_cubed.recall,
            f.b_cubed.f(),
            f.rand_adjusted,
            f.information,
            f.recurring.precision,
            f.recurring.recall,
            rows.len()
        )?;
    }
    Ok(())
}

/// Shares from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rates {
    pub precision: f64,
    pub recall: f64,
}

impl Rates {
    /// The harmonic mean.
    pub fn f(self) -> f64 {
        let sum = self.precision + self.recall;
        if sum == 0.0 { 0.0 } else { 2.0 * self.precision * self.recall / sum }
    }
}

/// How a partition stands to the labelled one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Figures {
    /// Over pairs of rows in one cluster.
    pub pair: Rates,
    pub b_cubed: Rates,
    pub rand_adjusted: f64,
    /// Normalised mutual information.
    pub information: f64,
    /// Clusters of three or more that the other side has with a Jaccard overlap of at least half.
    pub recurring: Rates,
}

/// How many rows each cluster holds, on both sides and in common.
struct Counts<'a> {
    rows: f64,
    gold: BTreeMap<&'a str, f64>,
    predicted: BTreeMap<&'a str, f64>,
    common: BTreeMap<(&'a str, &'a str), f64>,
}

impl Figures {
    pub fn of(gold: &[String], predicted: &[String]) -> Self {
        let counts = Counts::of(gold, predicted);
        Self {
            pair: counts.pair(),
            b_cubed: counts.b_cubed(),
            rand_adjusted: counts.rand_adjusted(),
            information: counts.information(),
            recurring: counts.recurring(),
        }
    }
}

impl<'a> Counts<'a> {
    fn of(gold: &'a [String], predicted: &'a [String]) -> Self {
        let mut counts = Self {
            rows: gold.len() as f64,
            gold: BTreeMap::new(),
            predicted: BTreeMap::new(),
            common: BTreeMap::new(),
        };
        for (a, b) in gold.iter().zip(predicted) {
            *counts.gold.entry(a).or_default() += 1.0;
            *counts.predicted.entry(b).or_default() += 1.0;
            *counts.common.entry((a, b)).or_default() += 1.0;
        }
        counts
    }

    fn pairs(&self) -> [f64; 3] {
        [pairs(self.common.values()), pairs(self.gold.values()), pairs(self.predicted.values())]
    }

    fn pair(&self) -> Rates {
        let [both, gold, predicted] = self.pairs();
        Rates { precision: ratio(both, predicted), recall: ratio(both, gold) }
    }

    fn b_cubed(&self) -> Rates {
        let sum = |size: &dyn Fn(&(&str, &str)) -> f64| {
            self.common.iter().map(|(key, n)| n * n / size(key)).sum::<f64>() / self.rows
        };
        Rates { precision: sum(&|key| self.predicted[key.1]), recall: sum(&|key| self.gold[key.0]) }
    }

    fn rand_adjusted(&self) -> f64 {
        let [both, gold, predicted] = self.pairs();
        let chance = gold * predicted / (self.rows * (self.rows - 1.0) / 2.0);
        let mean = f64::midpoint(gold, predicted);
        if mean == chance { 1.0 } else { (both - chance) / (mean - chance) }
    }

    fn information(&self) -> f64 {
        let entropy = |sizes: &BTreeMap<&str, f64>| {
            -sizes.values().map(|n| n / self.rows * (n / self.rows).ln()).sum::<f64>()
        };
        let entropies = entropy(&self.gold) + entropy(&self.predicted);
        let mutual = self.common.iter().map(|((a, b), n)| {
            n / self.rows * (n * self.rows / (self.gold[a] * self.predicted[b])).ln()
        });
        if entropies == 0.0 { 1.0 } else { 2.0 * mutual.sum::<f64>() / entropies }
    }

    fn recurring(&self) -> Rates {
        let overlap = |a: &str, b: &str, n: f64| n / (self.gold[a] + self.predicted[b] - n);
        let matched = self.common.iter().filter(|((a, b), n)| overlap(a, b, **n) >= 0.5);
        let matched = matched.map(|(key, _)| *key).collect::<Vec<_>>();
        let share = |sizes: &BTreeMap<&str, f64>, found: &dyn Fn(&str) -> bool| {
            let big = sizes.iter().filter(|(_, n)| **n >= 3.0).map(|(name, _)| *name);
            let big = big.collect::<Vec<_>>();
            ratio(big.iter().filter(|name| found(name)).count() as f64, big.len() as f64)
        };
        Rates {
            precision: share(&self.predicted, &|name| matched.iter().any(|(_, b)| *b == name)),
            recall: share(&self.gold, &|name| matched.iter().any(|(a, _)| *a == name)),
        }
    }
}

fn pairs<'n>(sizes: impl Iterator<Item = &'n f64>) -> f64 {
    sizes.map(|n| n * (n - 1.0) / 2.0).sum()
}

/// One where nothing was to be found.
fn ratio(part: f64, whole: f64) -> f64 {
    if whole == 0.0 { 1.0 } else { part / whole }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Vec<String> {
        text.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn equal_partitions_are_perfect() {
        let figures = Figures::of(&names("a a a b c c"), &names("x x x y z z"));
        assert_eq!(figures.pair, Rates { precision: 1.0, recall: 1.0 });
        assert_eq!(figures.recurring, Rates { precision: 1.0, recall: 1.0 });
        assert!(
            (figures.information - 1.0).abs() < 1e-9 && (figures.rand_adjusted - 1.0).abs() < 1e-9
        );
    }

    #[test]
    fn a_mixed_cluster_costs_precision() {
        let figures = Figures::of(&names("a a a b b b"), &names("x x x x y y"));
        assert!((figures.pair.precision - 4.0 / 7.0).abs() < 1e-9, "{figures:?}");
        assert!((figures.pair.recall - 4.0 / 6.0).abs() < 1e-9, "{figures:?}");
        assert_eq!(figures.recurring, Rates { precision: 1.0, recall: 1.0 });
    }
}
