//! Figures for questions, resolutions and answers, as the sets' own scorer counts them.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use rules::config::ruleset::Ruleset;
use rules::resolution::{ResolutionGrade, SignalRules};
use serde::Deserialize;

use crate::predict::resolution::{Prediction, Row, predict, rows};

/// What people say about a row.
#[derive(Debug, Deserialize)]
struct Gold {
    id: String,
    question: String,
    resolved: Option<String>,
    answer_ids: Vec<u64>,
}

/// A dialogue with links from a question to its answers, and nothing about its resolution.
#[derive(Debug, Deserialize)]
struct Linked {
    id: String,
    answers: Vec<(u64, u64)>,
}

pub fn run(eval: &Path, out: &mut dyn Write) -> anyhow::Result<()> {
    let rules = Ruleset::embedded().signals;
    writeln!(out, "resolution")?;
    let mut all = Vec::new();
    for path in sets(eval)? {
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let inputs = rows::<Row>(&path)?;
        if let Ok(gold) = rows::<Gold>(&path) {
            let judged = judged(gold, &inputs, &rules);
            figures(out, &name, &judged)?;
            all.extend(judged);
        } else {
            linked(out, &name, &rows(&path)?, &inputs, &rules)?;
        }
    }
    figures(out, "together", &all)
}

fn sets(eval: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut sets = match fs::read_dir(eval) {
        Ok(entries) => {
            entries.map(|entry| Ok(entry?.path())).collect::<anyhow::Result<Vec<_>>>()?
        }
        Err(_) => Vec::new(),
    };
    sets.retain(|path| path.extension().is_some_and(|end| end == "jsonl"));
    sets.sort();
    Ok(sets)
}

fn judged(gold: Vec<Gold>, inputs: &[Row], rules: &SignalRules) -> Vec<(Gold, Prediction)> {
    let predictions = inputs.iter().map(|row| predict(row, rules));
    let judged = gold.into_iter().zip(predictions).collect::<Vec<_>>();
    assert!(
        judged.iter().all(|(gold, prediction)| gold.id == prediction.id),
        "both come from one file"
    );
    judged
}

fn figures(out: &mut dyn Write, name: &str, judged: &[(Gold, Prediction)]) -> anyhow::Result<()> {
    let support = |gold: &Gold| gold.question == "support";
    let asked = judged.iter().filter(|(gold, _)| gold.question != "other").collect::<Vec<_>>();
    let question = Counts::of(&asked, |gold| support(gold), |prediction| prediction.question);
    let settled = judged
        .iter()
        .filter(|(gold, _)| support(gold) && matches!(gold.resolved.as_deref(), Some("yes" | "no")))
        .collect::<Vec<_>>();
    let yes = |gold: &Gold| gold.resolved.as_deref() == Some("yes");
    let resolved = Counts::of(&settled, yes, |prediction| prediction.resolved == "yes");
    let answered = judged
        .iter()
        .filter(|(gold, _)| support(gold) && yes(gold) && !gold.answer_ids.is_empty())
        .collect::<Vec<_>>();
    let hits = |most: usize| {
        let hit = |prediction: &Prediction, gold: &Gold| {
            prediction.answers.iter().take(most).any(|answer| gold.answer_ids.contains(answer))
        };
        answered.iter().filter(|(gold, prediction)| hit(prediction, gold)).count()
    };
    let right = |(gold, prediction): &&(Gold, Prediction)| {
        support(gold)
            && yes(gold)
            && prediction.answer.is_some_and(|answer| gold.answer_ids.contains(&answer))
    };
    let harvest = |loosest: ResolutionGrade| {
        let published = judged.iter().filter(|(_, prediction)| {
            prediction.question && prediction.grade.is_some_and(|grade| grade <= loosest)
        });
        let published = published.collect::<Vec<_>>();
        (published.iter().filter(|pair| right(pair)).count(), published.len())
    };
    writeln!(
        out,
        "  {name:12} rows {:3}   question P {:.3} R {:.3} F1 {:.3}   resolved accuracy {:.3} P {:.3} R {:.3} F1 {:.3} of {}",
        judged.len(),
        question.precision(),
        question.recall(),
        question.f1(),
        resolved.accuracy(),
        resolved.precision(),
        resolved.recall(),
        resolved.f1(),
        settled.len(),
    )?;
    let (one, three) = (hits(1), hits(3));
    write!(
        out,
        "  {:12} answer among the best one {:.3}, three {:.3} of {}   harvest right/published: ",
        "",
        ratio(one, answered.len()),
        ratio(three, answered.len()),
        answered.len()
    )?;
    for (gate, loosest) in [
        ("all", ResolutionGrade::Unconfirmed),
        ("thanked", ResolutionGrade::Thanked),
        ("confirmed", ResolutionGrade::Confirmed),
    ] {
        let (right, published) = harvest(loosest);
        write!(out, "{gate} {right}/{published} = {:.3}  ", ratio(right, published))?;
    }
    writeln!(out)?;
    let printed =
        judged.iter().filter_map(|pair| Some((pair.1.confidence?, pair.1.grade?, right(&pair))));
    reliability(out, &printed.collect::<Vec<_>>())
}

/// How often what is shown as resolved is right: by grade, and by the probability that is printed.
fn reliability(
    out: &mut dyn Write,
    printed: &[(f32, ResolutionGrade, bool)],
) -> anyhow::Result<()> {
    let share = |such: &dyn Fn(f32, ResolutionGrade) -> bool| {
        let such = printed.iter().filter(|(confidence, grade, _)| such(*confidence, *grade));
        such.fold((0, 0), |(good, all), (_, _, right)| (good + usize::from(*right), all + 1))
    };
    write!(out, "  {:12} right by grade: ", "")?;
    for (name, which) in [
        ("confirmed", ResolutionGrade::Confirmed),
        ("thanked", ResolutionGrade::Thanked),
        ("unconfirmed", ResolutionGrade::Unconfirmed),
    ] {
        let (good, all) = share(&|_, grade| grade == which);
        write!(out, "{name} {good}/{all}  ")?;
    }
    write!(out, "  by confidence: ")?;
    for fifth in 0_u8..5 {
        let low = f32::from(fifth) * 0.2;
        let (good, all) = share(&|confidence, _| (low..low + 0.2).contains(&confidence.min(0.999)));
        write!(out, "{low:.1}+ {good}/{all}  ")?;
    }
    let errors = printed.iter().map(|(confidence, _, right)| {
        (f64::from(*confidence) - f64::from(u8::from(*right))).powi(2)
    });
    let brier = errors.sum::<f64>() / printed.len().max(1) as f64;
    Ok(writeln!(out, "  Brier {brier:.3}")?)
}

/// Counts how often the message that answers some question of a dialogue is found.
fn linked(
    out: &mut dyn Write,
    name: &str,
    gold: &[Linked],
    inputs: &[Row],
    rules: &SignalRules,
) -> anyhow::Result<()> {
    let predictions = inputs.iter().map(|row| predict(row, rules)).collect::<Vec<_>>();
    let pairs = gold.iter().zip(&predictions).filter(|(gold, _)| !gold.answers.is_empty());
    let pairs = pairs.collect::<Vec<_>>();
    assert!(
        pairs.iter().all(|(gold, prediction)| gold.id == prediction.id),
        "both come from one file"
    );
    let asked = pairs.iter().filter(|(_, prediction)| prediction.question).count();
    let hits = |most: usize| {
        let hit = |answers: &[u64], gold: &Linked| {
            answers
                .iter()
                .take(most)
                .any(|one| gold.answers.iter().any(|(_, answer)| answer == one))
        };
        pairs.iter().filter(|(gold, prediction)| hit(&prediction.answers, gold)).count()
    };
    writeln!(
        out,
        "  {name:12} rows {:3}   question R {:.3}   answer to any question among the best one {:.3}, three {:.3}",
        pairs.len(),
        ratio(asked, pairs.len()),
        ratio(hits(1), pairs.len()),
        ratio(hits(3), pairs.len()),
    )?;
    Ok(())
}

#[derive(Debug, Default)]
struct Counts {
    both: usize,
    gold: usize,
    predicted: usize,
    equal: usize,
    all: usize,
}

impl Counts {
    fn of(
        pairs: &[&(Gold, Prediction)],
        gold: impl Fn(&Gold) -> bool,
        predicted: impl Fn(&Prediction) -> bool,
    ) -> Self {
        let mut counts = Self { all: pairs.len(), ..Self::default() };
        for (row, prediction) in pairs {
            let (is, says) = (gold(row), predicted(prediction));
            counts.both += usize::from(is && says);
            counts.gold += usize::from(is);
            counts.predicted += usize::from(says);
            counts.equal += usize::from(is == says);
        }
        counts
    }

    fn precision(&self) -> f64 {
        ratio(self.both, self.predicted)
    }

    fn recall(&self) -> f64 {
        ratio(self.both, self.gold)
    }

    fn f1(&self) -> f64 {
        let (precision, recall) = (self.precision(), self.recall());
        if precision + recall == 0.0 {
            0.0
        } else {
            2.0 * precision * recall / (precision + recall)
        }
    }

    fn accuracy(&self) -> f64 {
        ratio(self.equal, self.all)
    }
}

fn ratio(part: usize, whole: usize) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}
