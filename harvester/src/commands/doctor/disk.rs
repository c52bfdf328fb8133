//! Whether the files of the store and the index are whole, and hold the same answers.

use std::collections::BTreeSet;
use std::path::Path;

use indexer::search::{self, SearchError};
use indexer::store::{Store, StoreError};

use super::super::unmatched::unmatched_settings;
use super::super::{GlobalArgs, LoadedSettings, ReadHandle};
use super::{DoctorFinding, bad, good, todo};
use crate::pipeline::{INDEX, workspace_indexes};

/// What helps a damaged store.
const STORE_REMEDY: &str = "stop the daemon and run `harvester restore DIR` with a backup;\n\
    without one, `sqlite3 store.sqlite .recover` saves what can still be read";

/// Reads all of the store and the index. Nothing is written while the store is damaged.
pub(super) async fn check(
    options: &GlobalArgs,
    settings: Option<&LoadedSettings>,
) -> Vec<DoctorFinding> {
    let mut findings = vec![store_file(&options.data).await];
    let mut indexes = BTreeSet::from([options.data.join(INDEX)]);
    if let Some(settings) = settings {
        indexes.extend(workspace_indexes(&options.data, &settings.rules.workspaces));
    }
    findings.extend(indexes.iter().filter_map(|index| index_files(index)));
    let whole = Store::exists(&options.data) && findings.iter().all(|finding| finding.passed);
    if let Some(settings) = settings.filter(|_| whole) {
        match contents(options, settings).await {
            Ok(found) => findings.extend(found),
            Err(error) => findings.push(bad("data directory", format!("{error:#}"))),
        }
    }
    findings
}

async fn store_file(data: &Path) -> DoctorFinding {
    let problems = async { Store::open_read_only(data).await?.problems().await };
    match problems.await {
        Ok(problems) if problems.is_empty() => good("store file", "whole"),
        Ok(problems) => {
            let first = problems.first().map_or("", String::as_str);
            bad(
                "store file",
                format!("damaged in {} places: {first}\n{STORE_REMEDY}", problems.len()),
            )
        }
        Err(StoreError::Empty(_)) => {
            let says = format!("{} is empty; import an export or start the daemon", data.display());
            todo("data directory", says)
        }
        Err(error) => {
            let error = anyhow::Error::from(error);
            bad("store file", format!("cannot be read: {error:#}\n{STORE_REMEDY}"))
        }
    }
}

/// `None` without an index, which the next command builds.
fn index_files(index: &Path) -> Option<DoctorFinding> {
    const REMEDY: &str = "run `harvester reindex`, which builds it from the store";
    match search::damaged_files(index) {
        Ok(damaged) if damaged.is_empty() => Some(good("index files", "whole")),
        Ok(damaged) => {
            let first = damaged.first().map(|file| file.display().to_string()).unwrap_or_default();
            Some(bad("index files", format!("{} damaged: {first}\n{REMEDY}", damaged.len())))
        }
        Err(SearchError::NoIndex(_)) if !index.join("meta.json").exists() => None,
        Err(error) => {
            let error = anyhow::Error::from(error);
            Some(bad("index files", format!("cannot be read: {error:#}\n{REMEDY}")))
        }
    }
}

async fn contents(
    options: &GlobalArgs,
    settings: &LoadedSettings,
) -> anyhow::Result<Vec<DoctorFinding>> {
    let reading = options.reading(settings).await?;
    let mut findings = stored(&reading).await?;
    let unmatched = unmatched_settings(&reading.store, &settings.rules.scope).await?;
    findings.extend(unmatched.into_iter().map(|says| todo("settings", says)));
    Ok(findings)
}

async fn stored(reading: &ReadHandle) -> anyhow::Result<Vec<DoctorFinding>> {
    let ReadHandle { store, searcher, behind } = reading;
    let counts = store.counts().await?;
    let mut findings = vec![good("store", format!("{} messages", counts.messages))];
    let stored = store.cluster_ids().await?.into_iter().collect::<BTreeSet<_>>();
    let indexed = searcher.ids()?.into_iter().collect::<BTreeSet<_>>();
    let missing = stored.difference(&indexed).count();
    let surplus = indexed.difference(&stored).count();
    findings.push(if missing + surplus == 0 {
        good("index", format!("holds all {} answers of the store", stored.len()))
    } else {
        let says = format!(
            "{missing} answers are missing and {surplus} are obsolete; run `harvester reindex`"
        );
        bad("index", says)
    });
    if *behind {
        let says = "the newest messages are still being processed by another process";
        findings.push(good("analysis", says));
    }
    Ok(findings)
}
