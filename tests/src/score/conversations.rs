//! Figures for untangled talk, as the annotation's publishers count them: over all annotated lines,
//! the notices of joins and parts included.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write;
use std::path::Path;

use anyhow::Context;
use rules::config::ruleset::Ruleset;

use crate::predict::conversations::{Log, links, logs};

/// A line of one log.
type Place = (usize, u64);

pub fn run(eval: &Path, out: &mut dyn Write) -> anyhow::Result<()> {
    let rules = Ruleset::embedded();
    let mut sets = fs::read_dir(eval)
        .with_context(|| format!("cannot list {}", eval.display()))?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<Vec<_>, _>>()?;
    sets.retain(|path| path.extension().is_some_and(|extension| extension == "jsonl"));
    sets.sort();
    writeln!(out, "conversations")?;
    writeln!(
        out,
        "  {:<16}{:>8}{:>8}{:>8}{:>8}{:>8}",
        "set", "lines", "link F", "VI", "1-1", "exact F"
    )?;
    for path in sets {
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        let Figures { lines, link_f, vi, one_to_one, exact_f } = figures(&logs(&path)?, &rules)?;
        writeln!(
            out,
            "  {name:<16}{lines:>8}{link_f:>8.1}{vi:>8.1}{one_to_one:>8.1}{exact_f:>8.1}"
        )?;
    }
    Ok(())
}

/// In percent, but for the count of lines.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Figures {
    lines: usize,
    link_f: f64,
    /// One minus the variation of information over its bound.
    vi: f64,
    one_to_one: f64,
    exact_f: f64,
}

fn figures(logs: &[Log], rules: &Ruleset) -> anyhow::Result<Figures> {
    let (mut gold, mut found) = (BTreeSet::new(), BTreeSet::new());
    for (number, log) in logs.iter().enumerate() {
        let linked = log.links.iter().filter(|(line, _)| *line >= log.eval_from);
        gold.extend(linked.map(|(line, parent)| ((number, *line), (number, *parent))));
        let annotated = log.links.iter().map(|(line, _)| *line).collect::<BTreeSet<_>>();
        let links = links(log, rules)?.into_iter().filter(|(line, _)| annotated.contains(line));
        found
            .extend(links.map(|(line, parent)| ((number, line), (number, parent.unwrap_or(line)))));
    }
    let lines = gold.iter().map(|(line, _)| *line).collect::<BTreeSet<_>>();
    let shared = gold.intersection(&found).count();
    let link_f = f1(share(shared, found.len()), share(shared, gold.len()));
    Ok(compare(&lines, &conversations(&gold), &conversations(&found), link_f))
}

/// Each line with its conversation: lines that are joined by links, in whatever direction.
fn conversations(links: &BTreeSet<(Place, Place)>) -> BTreeMap<Place, Place> {
    fn root(above: &mut BTreeMap<Place, Place>, mut line: Place) -> Place {
        while let Some(next) = above.get(&line).copied().filter(|next| *next != line) {
            line = next;
        }
        above.entry(line).or_insert(line);
        line
    }
    let mut above = BTreeMap::new();
    for (line, parent) in links {
        let (one, other) = (root(&mut above, *line), root(&mut above, *parent));
        above.insert(one.max(other), one.min(other));
    }
    let lines = above.keys().copied().collect::<Vec<_>>();
    lines.into_iter().map(|line| (line, root(&mut above, line))).collect()
}

fn compare(
    lines: &BTreeSet<Place>,
    gold: &BTreeMap<Place, Place>,
    found: &BTreeMap<Place, Place>,
    link_f: f64,
) -> Figures {
    let (mut both, mut golds, mut founds) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    for line in lines {
        let (right, group) = (gold[line], found.get(line).copied().unwrap_or(*line));
        *both.entry((group, right)).or_insert(0_usize) += 1;
        *golds.entry(right).or_insert(0_usize) += 1;
        *founds.entry(group).or_insert(0_usize) += 1;
    }
    let total = lines.len() as f64;
    let (mut joint, mut mutual, mut exact) = (0.0, 0.0, 0);
    for ((group, right), count) in &both {
        let (count, group, right) = (*count as f64, founds[group] as f64, golds[right] as f64);
        joint -= count / total * (count / total).log2();
        mutual += count / total * (count * total / (group * right)).log2();
        exact += usize::from(count == group && count == right && count > 1.0);
    }
    let several = |sizes: &BTreeMap<Place, usize>| sizes.values().filter(|size| **size > 1).count();
    Figures {
        lines: lines.len(),
        link_f,
        vi: 100.0 - 100.0 * (joint - mutual) / total.log2(),
        one_to_one: share(best_match(&both), lines.len()),
        exact_f: f1(share(exact, several(&founds)), share(exact, several(&golds))),
    }
}

/// The most lines that a one-to-one match of found and labelled conversations can cover: the
/// assignment problem, solved by shortest augmenting paths over a square matrix.
fn best_match(both: &BTreeMap<(Place, Place), usize>) -> usize {
    let number =
        |places: BTreeSet<Place>| places.into_iter().zip(1..).collect::<BTreeMap<_, usize>>();
    let rows = number(both.keys().map(|(group, _)| *group).collect());
    let columns = number(both.keys().map(|(_, right)| *right).collect());
    let size = rows.len().max(columns.len());
    let mut cost = vec![vec![0_i64; size + 1]; size + 1];
    for ((group, right), count) in both {
        cost[rows[group]][columns[right]] = -(*count as i64);
    }
    let matched = assign(&cost, size);
    let covered = (1..=size).map(|column| -cost[matched[column]][column]).sum::<i64>();
    covered as usize
}

/// For each column from 1 on, its row in a cheapest assignment (Kuhn and Munkres, with potentials).
fn assign(cost: &[Vec<i64>], size: usize) -> Vec<usize> {
    let (mut of_row, mut of_column) = (vec![0; size + 1], vec![0; size + 1]);
    let mut matched = vec![0; size + 1];
    for row in 1..=size {
        matched[0] = row;
        let (mut least, mut used, mut way) =
            (vec![i64::MAX; size + 1], vec![false; size + 1], vec![0; size + 1]);
        let mut column = 0;
        while matched[column] != 0 {
            used[column] = true;
            let (here, mut step, mut next) = (matched[column], i64::MAX, 0);
            for other in (1..=size).filter(|other| !used[*other]) {
                let reduced = cost[here][other] - of_row[here] - of_column[other];
                if reduced < least[other] {
                    (least[other], way[other]) = (reduced, column);
                }
                if least[other] < step {
                    (step, next) = (least[other], other);
                }
            }
            for other in 0..=size {
                if used[other] {
                    of_row[matched[other]] += step;
                    of_column[other] -= step;
                } else if other > 0 {
                    least[other] -= step;
                }
            }
            column = next;
        }
        while column != 0 {
            matched[column] = matched[way[column]];
            column = way[column];
        }
    }
    matched
}

fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 { 0.0 } else { 100.0 * part as f64 / whole as f64 }
}

fn f1(precision: f64, recall: f64) -> f64 {
    if precision + recall > 0.0 { 2.0 * precision * recall / (precision + recall) } else { 0.0 }
}
