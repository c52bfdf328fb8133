//! Whether the files of the store and the index are whole, and hold the same answers.

use std::collections::BTreeSet;
use std::path::Path;

use indexer::search::{self, SearchError};
use indexer::store::{ServerUrl, Store, StoreError, StoreLocation};
use jiff::Timestamp;

use super::super::status::running_daemons;
use super::super::unmatched::unmatched_settings;
use super::super::{GlobalArgs, LoadedSettings, ReadHandle};
use super::{DoctorFinding, bad, good, todo};
use crate::clock;
use crate::pipeline::{INDEX, workspace_indexes};

/// What helps a damaged store.
const STORE_REMEDY: &str = "stop the daemon and run `harvester restore DIR` with a backup;\n\
    without one, `sqlite3 store.sqlite .recover` saves what can still be read";

/// Bytes on the disk below which the next batch of messages or merge of the index may fail.
const LEAST_FREE: u64 = 100 << 20;
/// Bytes that are enough for any small store.
const AMPLE_FREE: u64 = 1 << 30;
/// By how much clocks may differ without harm to deadlines and the order of what is read.
const CLOCK_TOLERANCE_MINUTES: i64 = 5;

/// Reads all of the store and the index. Nothing is written while the store is damaged.
pub(super) async fn check(
    options: &GlobalArgs,
    settings: Option<&LoadedSettings>,
) -> Vec<DoctorFinding> {
    let location = settings.map(|settings| settings.config.store_location(&options.data));
    let location = location.unwrap_or_else(|| options.data.as_path().into());
    let mut findings = vec![match &location.server {
        None => store_file(&options.data).await,
        Some(server) => store_on_server(&location, server).await,
    }];
    let mut indexes = BTreeSet::from([options.data.join(INDEX)]);
    if let Some(settings) = settings {
        indexes.extend(workspace_indexes(&options.data, &settings.rules.workspaces));
    }
    findings.extend(indexes.iter().filter_map(|index| index_files(index)));
    let whole = location.exists() && findings.iter().all(|finding| finding.passed);
    if let Some(settings) = settings.filter(|_| whole) {
        match contents(options, settings).await {
            Ok(found) => findings.extend(found),
            Err(error) => findings.push(bad("data directory", format!("{error:#}"))),
        }
    }
    findings.extend(space(&options.data));
    findings
}

/// `None` where the system does not say how much is free, as before the directory is made.
fn space(data: &Path) -> Option<DoctorFinding> {
    let volume = rustix::fs::statvfs(data).ok()?;
    let store = data.join("store.sqlite").metadata().map_or(0, |file| file.len());
    Some(space_finding(volume.f_bavail.saturating_mul(volume.f_frsize), store))
}

/// Whether the bytes that are free are enough for a store of this size: a backup and an upgrade need as much
/// again.
fn space_finding(free: u64, store: u64) -> DoctorFinding {
    const MIB: u64 = 1 << 20;
    let says = format!("{} MiB are free", free / MIB);
    if free < LEAST_FREE {
        bad("disk space", format!("{says}; nothing can be stored soon: make room"))
    } else if free < AMPLE_FREE.max(store) {
        todo("disk space", format!("{says}; a backup or an upgrade may not fit: make room"))
    } else {
        good("disk space", says)
    }
}

/// The clock of this machine beside Discord's, which the ids of messages carry.
fn clock_finding(newest: Option<Timestamp>, now: Timestamp) -> DoctorFinding {
    let ahead = newest.map_or(0, |newest| newest.duration_since(now).as_mins());
    if ahead < CLOCK_TOLERANCE_MINUTES {
        return good("clock", "no message is from the future");
    }
    let says = format!(
        "the newest message is from {ahead} minutes after now: the clock of this machine is behind; \
         turn time synchronisation on (`timedatectl set-ntp true`)"
    );
    bad("clock", says)
}

/// The server looks after its files itself.
async fn store_on_server(location: &StoreLocation, server: &ServerUrl) -> DoctorFinding {
    let size = async { Store::open_read_only(location.clone()).await?.size().await };
    match size.await {
        Ok(bytes) => good("store", format!("in {server}, {} MiB", bytes >> 20)),
        Err(StoreError::EmptyDatabase) => {
            todo("store", format!("{server} is empty; import an export or start the daemon"))
        }
        Err(error) => bad("store", format!("{server}: {:#}", anyhow::Error::from(error))),
    }
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
    findings.extend(processes(&reading.store).await?);
    findings.push(clock_finding(reading.store.newest_message().await?, clock::now()));
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

/// What each running process does, and which part of the work none does.
async fn processes(store: &Store) -> anyhow::Result<Vec<DoctorFinding>> {
    let running = running_daemons(store).await?;
    if running.is_empty() {
        return Ok(Vec::new());
    }
    let said = running.iter().map(|(name, status)| format!("{name}: {}", status.roles.join(", ")));
    let said = said.collect::<Vec<_>>().join("\n");
    let is_done =
        |role: &str| running.iter().any(|(_, status)| status.roles.iter().any(|one| one == role));
    let undone = ["gateway", "judge", "site"].into_iter().filter(|role| !is_done(role));
    let undone = undone.collect::<Vec<_>>();
    Ok(vec![match undone.as_slice() {
        [] => good("processes", said),
        undone => todo("processes", format!("{said}\nno process does: {}", undone.join(", "))),
    }])
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use rules::time;

    use super::super::FindingLevel;
    use super::*;

    #[test]
    fn a_disk_that_is_nearly_full_is_told_before_it_is() {
        let level =
            |free_mib: u64, store_mib: u64| space_finding(free_mib << 20, store_mib << 20).level;
        assert_eq!(level(50, 1), FindingLevel::Wrong);
        assert_eq!(level(500, 1), FindingLevel::Todo);
        assert_eq!(level(2_000, 5_000), FindingLevel::Todo, "a backup would not fit");
        assert_eq!(level(2_000, 500), FindingLevel::Ok);
    }

    #[test]
    fn a_clock_that_is_behind_is_told() {
        let now = time::at_millisecond(1_760_000_000_000);
        let newest = |minutes: i64| Some(now + SignedDuration::from_mins(minutes));
        assert!(clock_finding(None, now).passed && clock_finding(newest(-60), now).passed);
        assert!(clock_finding(newest(2), now).passed);
        let behind = clock_finding(newest(12), now);
        assert!(!behind.passed && behind.message.contains("12 minutes"), "{}", behind.message);
    }
}
