//! Reduces a case to what its difference takes.

use std::collections::BTreeSet;

use crate::history::{Case, messages, messages_mut};

/// The smallest case that is found by leaving out files, then mutations, then messages, and that still `fails`.
pub(crate) fn shrink(
    mut case: Case,
    fails: impl Fn(&Case) -> anyhow::Result<bool>,
) -> anyhow::Result<Case> {
    let files = (0..case.files.len()).collect::<Vec<_>>();
    let kept = reduce(files, |kept| fails(&without_files(&case, kept)))?;
    case = without_files(&case, &kept);
    let ids = case.files.iter().flat_map(|file| messages(file).iter().map(id));
    let ids = ids.collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>();
    let mutations = case.mutations.clone();
    let with = |mutations: &[_]| Case { mutations: mutations.to_vec(), ..case.clone() };
    let mutations = reduce(mutations, |mutations| fails(&with(mutations)))?;
    case = with(&mutations);
    let kept = reduce(ids, |kept| fails(&without_messages(&case, kept)))?;
    Ok(without_messages(&case, &kept))
}

/// Leaves out ever smaller runs of `items` while the rest `fails`.
fn reduce<T: Clone>(
    mut items: Vec<T>,
    fails: impl Fn(&[T]) -> anyhow::Result<bool>,
) -> anyhow::Result<Vec<T>> {
    let mut run = items.len().div_ceil(2);
    loop {
        let mut at = 0;
        while at < items.len() {
            let mut fewer = items.clone();
            fewer.drain(at..(at + run).min(items.len()));
            if fails(&fewer)? {
                items = fewer;
            } else {
                at += run;
            }
        }
        if run <= 1 {
            return Ok(items);
        }
        run = run.div_ceil(2);
    }
}

fn without_files(case: &Case, kept: &[usize]) -> Case {
    let place = |file: &usize| kept.iter().position(|one| one == file);
    let steps = case.steps.iter().map(|step| step.iter().filter_map(place).collect::<Vec<_>>());
    Case {
        files: kept.iter().map(|file| case.files[*file].clone()).collect(),
        steps: steps.collect(),
        mutations: case.mutations.clone(),
    }
}

fn without_messages(case: &Case, kept: &[String]) -> Case {
    let mut case = case.clone();
    for file in &mut case.files {
        messages_mut(file).retain(|message| kept.contains(&id(message)));
    }
    case
}

fn id(message: &serde_json::Value) -> String {
    message["id"].as_str().unwrap_or_default().to_owned()
}
