//! Rounds of a harvester that may be cut short.

use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use docgen::forge::Forge;
use docgen::github::auth::{Auth, Credential};
use docgen::github::client::GitHubClient;
use harvester::pipeline::Pipeline;
use harvester::proposals::{ProposalReconciler, ProposingError, RoundOutcome};
use indexer::store::{Store, WriteBatch};
use jiff::{SignedDuration, Timestamp};
use rules::config::ruleset::Ruleset;
use rules::model::ids::{ChannelId, MessageId};
use rules::publish::pseudonym::{AuthorNaming, Salt};

use super::{CHANNEL, DOCS, MOST_ROUNDS, Run, copy};
use crate::harness::github::{Fault, Request, Trouble};
use crate::service_clock::ServiceClock;

/// How often a held request is looked for.
const GLANCE: Duration = Duration::from_millis(1);

/// What cuts into a round at some request.
#[derive(Clone, Copy)]
pub(super) enum Cut {
    Fault,
    Kill,
    /// A person acts while the request is under way.
    Meanwhile,
}

/// Deletes a message and lets everything follow.
pub(super) async fn delete(
    data: &Path,
    rules: &Arc<Ruleset>,
    message: MessageId,
    now: Timestamp,
) -> anyhow::Result<()> {
    let mut pipeline = Pipeline::open(data, rules.clone(), &Salt([0; 16])).await?;
    let deleted = vec![(ChannelId(CHANNEL), message, now)];
    pipeline.store.apply_batch(&WriteBatch { deleted, ..WriteBatch::default() }).await?;
    pipeline.catch_up(now).await?;
    pipeline.close().await;
    Ok(())
}

impl Run<'_> {
    /// One random thing happens.
    pub(super) fn step(&mut self) -> anyhow::Result<()> {
        // No process begins within a second of another's end.
        self.github.advance(SignedDuration::from_millis(1_000 + self.dice.roll(4_000) as i64));
        let owner = ["one", "other"][self.dice.roll(2)];
        match self.dice.roll(20) {
            0..=10 => {
                let cut = [None, Some(Cut::Fault), Some(Cut::Kill), Some(Cut::Meanwhile)];
                let cut = cut[self.dice.roll(4)];
                self.disturbed(owner, cut)
            }
            11..=15 => self.act(),
            16 | 17 => {
                self.github.advance(SignedDuration::from_hours(self.dice.roll(30) as i64));
                Ok(())
            }
            18 if !self.changed => self.lose_a_message(),
            _ if self.dice.roll(3) == 0 => self.lose_data(),
            _ => Ok(()),
        }
    }

    fn lose_a_message(&mut self) -> anyhow::Result<()> {
        (self.changed, self.ran.deleted) = (true, self.ran.deleted + 1);
        let (gone, now) = (self.prepared.gone, self.github.now());
        self.runtime.block_on(delete(self.folder.path(), &self.prepared.rules, gone, now))
    }

    fn lose_data(&mut self) -> anyhow::Result<()> {
        self.ran.lost += 1;
        self.forgot = true;
        std::fs::remove_dir_all(self.folder.path())?;
        let copied = if self.changed { "after" } else { "before" };
        copy(&self.prepared.folder.path().join(copied), self.folder.path())
    }

    fn disturbed(&mut self, owner: &str, cut: Option<Cut>) -> anyhow::Result<()> {
        let after = self.dice.roll(2) == 0;
        let faults = [
            Fault::Dropped,
            Fault::Status(502),
            Fault::Malformed,
            Fault::SecondaryLimit(None),
            Fault::SecondaryLimit(Some(3)),
            Fault::TooMany(Some(120)),
            Fault::Conflict,
            Fault::Status(500),
        ];
        if let Some(cut) = cut {
            let fault = match cut {
                Cut::Fault => faults[self.dice.roll(faults.len())].clone(),
                Cut::Kill | Cut::Meanwhile => Fault::Held,
            };
            // A refusal means that nothing was done.
            let lossy = matches!(fault, Fault::Dropped | Fault::Status(_) | Fault::Held);
            let skip = self.dice.roll(60);
            let trouble = Trouble::on("*", "*", fault).skip(skip);
            self.github.trouble(if after && lossy { trouble.after_the_effect() } else { trouble });
            self.ran.faults += usize::from(matches!(cut, Cut::Fault));
        }
        self.round(owner, cut)?;
        self.github.clear_faults();
        Ok(())
    }

    /// One round, which something may cut into.
    pub(super) fn round(&mut self, owner: &str, mut cut: Option<Cut>) -> anyhow::Result<()> {
        let runtime = self.runtime.clone();
        self.ran.rounds += 1;
        runtime.block_on(async {
            let proposer = self.proposer(owner).await?;
            {
                let mut round = pin!(proposer.round());
                loop {
                    let done = tokio::select! {
                        done = &mut round => Some(done),
                        () = tokio::time::sleep(GLANCE), if cut.is_some() => None,
                    };
                    match (done, cut, self.github.held()) {
                        (Some(done), ..) => {
                            self.judge(&done)?;
                            break;
                        }
                        (None, Some(Cut::Kill), Some(_)) => {
                            self.ran.kills += 1;
                            break;
                        }
                        (None, Some(Cut::Meanwhile), Some(held)) => {
                            cut = None;
                            self.meanwhile(&held)?;
                            self.github.release();
                        }
                        _ => {}
                    }
                }
            }
            proposer.store.close().await;
            self.github.release();
            self.github.wait_until("the last request is over", |state| state.log.writing == 0);
            Ok(())
        })
    }

    /// Somebody does something while a request is under way. Forcing a branch has no condition on what
    /// it replaces: between our look and the move is a gap of one request, which is known.
    fn meanwhile(&mut self, held: &Request) -> anyhow::Result<()> {
        if held.path.contains("/git/refs") || held.method == "PATCH" {
            return Ok(());
        }
        self.act()
    }

    /// A round may fail, but not without end or for what it found stored.
    fn judge(&self, done: &Result<RoundOutcome, ProposingError>) -> anyhow::Result<()> {
        match done {
            Err(error @ (ProposingError::Endless { .. } | ProposingError::Unreadable { .. })) => {
                bail!("{error}")
            }
            Ok(RoundOutcome::Done(report)) => {
                let endless = report.lines.iter().find(|line| line.outcome.contains("steps"));
                ensure!(endless.is_none(), "{endless:?}");
                Ok(())
            }
            _ => Ok(()),
        }
    }

    async fn proposer(&self, owner: &str) -> anyhow::Result<ProposalReconciler> {
        let store = Store::open_shared(self.folder.path()).await?;
        let auth = Auth::Token(Credential::new(self.token.clone()));
        let clock = Arc::new(ServiceClock(self.github.clone()));
        let salt = store.salt().await?;
        Ok(ProposalReconciler {
            forge: Arc::new(Forge::GitHub(Box::new(GitHubClient::new(
                &self.github.url(),
                DOCS,
                auth,
                clock,
                None,
            )?))),
            limits: Default::default(),
            rules: self.prepared.rules.clone(),
            naming: AuthorNaming::Pseudonyms(salt.context("an import keeps a salt")?),
            target: None,
            folder: None,
            documents: Default::default(),
            guide_gaps: Arc::default(),
            needing_work: Arc::default(),
            releases: Vec::new(),
            owner: owner.to_owned(),
            store,
        })
    }

    /// Nothing goes wrong any more, until nothing is left to do.
    pub(super) fn rest(&mut self) -> anyhow::Result<()> {
        let mut quiet = 0;
        for _ in 0..MOST_ROUNDS {
            self.github.advance(SignedDuration::from_hours(25));
            let before = self.github.writes();
            self.round("one", None)?;
            quiet = if self.github.writes() == before { quiet + 1 } else { 0 };
            if quiet == 2 {
                return Ok(());
            }
        }
        bail!("it never comes to rest")
    }
}
