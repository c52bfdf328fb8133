//! Plays a case into a data directory and reads the state that it ends in.

use std::fmt::Write;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::ensure;
use harvester::pipeline::Pipeline;
use harvester::progress::{ProgressReporter, Unit};
use indexer::store::{PendingRange, Store};
use jiff::Timestamp;
use rules::config::ruleset::Ruleset;
use rules::model::ids::{ChannelId, MessageId};
use rules::publish::pseudonym::Salt;
use serde_json::Value;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::history::Case;

const RULES: &str = "[trust]\nroles = ['Helper']\n[consent]\nmode = 'server-public'\n";
/// When everything is found out: one moment, so that it cannot show.
const NOW: Timestamp = Timestamp::constant(4_000_000_000, 0);

pub(crate) struct Player {
    rules: Arc<Ruleset>,
    runtime: Runtime,
}

impl Player {
    pub(crate) fn new() -> anyhow::Result<Self> {
        let scope = |name: &str| (name == "scope.toml").then(|| RULES.to_owned());
        let rules = Ruleset::parse(scope).expect("the rules of this program are well-formed");
        Ok(Self { rules: Arc::new(rules), runtime: Runtime::new()? })
    }

    /// Where the steps end in another state than all files at once, then all mutations, judged at the end.
    pub(crate) fn difference(&self, case: &Case) -> anyhow::Result<Option<String>> {
        let mutations = case.mutations.iter().map(|(_, mutation)| (1, mutation.clone())).collect();
        let files = case.files.clone();
        let at_once = Case { steps: vec![(0..files.len()).collect()], files, mutations };
        let expected = self.runtime.block_on(self.state(&at_once, false))?;
        let found = self.runtime.block_on(self.state(case, true))?;
        Ok((expected != found).then(|| difference(&expected, &found)))
    }

    /// The state that a case ends in, if all is judged after every step and mutation or only at the end.
    async fn state(&self, case: &Case, step_by_step: bool) -> anyhow::Result<String> {
        let Case { files, steps, mutations } = case;
        let folder = TempDir::new()?;
        let mut paths = Vec::new();
        for (number, file) in files.iter().enumerate() {
            let path = folder.path().join(format!("{number}.json"));
            std::fs::write(&path, serde_json::to_vec(file)?)?;
            paths.push(path);
        }
        let data = folder.path().join("data");
        let mut pipeline = Pipeline::open(&data, Arc::clone(&self.rules), &Salt([7; 16])).await?;
        for number in 0..=steps.len() {
            for (_, mutation) in mutations.iter().filter(|(before, _)| *before == number) {
                mutation.happen(&pipeline.store).await?;
                if step_by_step {
                    pipeline.catch_up(NOW).await?;
                }
            }
            let Some(step) = steps.get(number) else { break };
            let paths = step.iter().map(|file| paths[*file].clone()).collect::<Vec<PathBuf>>();
            let progress = ProgressReporter::start("reading", Unit::Bytes, 0);
            let report = pipeline.intake().files(paths, &progress).await?;
            for file in report.files {
                ensure!(file.error.is_none(), "{:?}", file.error);
            }
            if step_by_step {
                pipeline.catch_up(NOW).await?;
            }
        }
        pipeline.catch_up(NOW).await?;
        let state = state(&pipeline.store, files).await?;
        pipeline.close().await;
        Ok(state)
    }
}

/// Counts, every conversation and every cluster, line by line.
async fn state(store: &Store, files: &[Value]) -> anyhow::Result<String> {
    let mut text = serde_json::to_string_pretty(&store.counts().await?)?;
    let mut channels = files
        .iter()
        .filter_map(|file| file["channel"]["id"].as_str()?.parse::<u64>().ok())
        .collect::<Vec<_>>();
    channels.sort_unstable();
    channels.dedup();
    for channel in channels {
        for one in store
            .conversations_reaching(ChannelId(channel), MessageId(0), PendingRange::END)
            .await?
        {
            write!(text, "\n{} {}", one.id.0, one.links)?;
            for exchange in store.exchanges(one.id).await? {
                write!(text, "\n  {} {}", exchange.id, exchange.verdict)?;
            }
        }
    }
    let mut clusters = store.clusters(1, usize::MAX).await?;
    clusters.sort_by(|one, other| one.id.cmp(&other.id));
    for cluster in clusters {
        write!(text, "\n{}", serde_json::to_string(&cluster)?)?;
    }
    Ok(text)
}

fn difference(expected: &str, found: &str) -> String {
    let mut text = String::new();
    for line in expected.lines().filter(|line| found.lines().all(|other| other != *line)) {
        let _ = writeln!(text, "- {line}");
    }
    for line in found.lines().filter(|line| expected.lines().all(|other| other != *line)) {
        let _ = writeln!(text, "+ {line}");
    }
    text
}
