//! Messages that a newer export of their whole channel lacks: shown, asked about, deleted.

use std::collections::BTreeSet;
use std::io::{self, BufRead, IsTerminal, Write};

use indexer::store::{MissingMessages, Store};

use super::super::table::{day, grouped, one_line};
use crate::import::whole_channels::whole_channels;
use crate::pipeline::FileOutcome;

#[derive(Debug, clap::Args)]
pub(super) struct DeletionArgs {
    /// Delete stored messages that a newer export of their whole channel lacks, without asking
    #[arg(long)]
    accept_deletions: bool,
    /// Delete them even if they are more than the share that points to a truncated export
    #[arg(long)]
    force_deletions: bool,
    /// The share of a channel's messages, in percent, above which deletions are refused
    #[arg(long, value_name = "PERCENT", default_value_t = 20, value_parser = clap::value_parser!(u8).range(0..=100))]
    deletion_limit: u8,
}

/// What to do with the missing messages of one channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum DeletionDecision {
    Delete,
    Ask,
    /// They are too many: the export is probably truncated or filtered.
    Refuse,
}

/// What came of all missing messages.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct DeletionOutcome {
    pub(super) deleted: u64,
    /// Messages that are missing and stay.
    pub(super) kept: u64,
    /// Why deletions that were accepted did not happen.
    pub(super) refused: Vec<String>,
}

impl DeletionArgs {
    /// Decides by the share of a channel's stored messages.
    fn decide(&self, missing: &MissingMessages) -> DeletionDecision {
        let over = missing.missing * 100 > u64::from(self.deletion_limit) * missing.stored;
        match (self.force_deletions, over, self.accept_deletions) {
            (true, ..) | (false, false, true) => DeletionDecision::Delete,
            (false, true, _) => DeletionDecision::Refuse,
            (false, false, false) => DeletionDecision::Ask,
        }
    }

    /// Records which channels were exported as a whole, and deletes what those exports lack, as far as
    /// the operator agrees.
    pub(super) async fn delete_missing(
        &self,
        store: &Store,
        files: &[FileOutcome],
    ) -> anyhow::Result<DeletionOutcome> {
        let stored = || files.iter().filter(|file| file.out_of_scope.is_none());
        let read = stored().filter(|file| file.error.is_none());
        for (channel, at) in whole_channels(read.map(|file| (&*file.path, &file.report))) {
            store.record_snapshot(channel, at).await?;
        }
        let channels = stored().filter_map(|file| file.report.channel).collect::<BTreeSet<_>>();
        let mut outcome = DeletionOutcome::default();
        for channel in channels {
            let Some(missing) = store.missing_messages(channel).await? else { continue };
            if self.is_agreed(&missing, &mut outcome)? {
                outcome.deleted += store.delete_missing(&missing).await?;
            } else {
                outcome.kept += missing.missing;
            }
        }
        Ok(outcome)
    }

    fn is_agreed(
        &self,
        missing: &MissingMessages,
        outcome: &mut DeletionOutcome,
    ) -> io::Result<bool> {
        let summary = describe(missing);
        match self.decide(missing) {
            DeletionDecision::Delete => Ok(true),
            DeletionDecision::Ask => confirm(&summary),
            DeletionDecision::Refuse => {
                let why = format!(
                    "{summary}; that is more than {} %, as if the export were truncated or filtered: \
                     nothing was deleted. Export the channel again, or add --force-deletions",
                    self.deletion_limit
                );
                if self.accept_deletions {
                    outcome.refused.push(why);
                } else {
                    eprintln!("warning: {why}");
                }
                Ok(false)
            }
        }
    }
}

fn describe(missing: &MissingMessages) -> String {
    format!(
        "#{}: {} of {} stored messages are missing in the whole export of {}",
        one_line(&missing.channel_name, 40),
        grouped(missing.missing),
        grouped(missing.stored),
        day(missing.exported)
    )
}

/// Asks on the terminal; without one nothing is deleted.
fn confirm(summary: &str) -> io::Result<bool> {
    let mut terminal = io::stderr();
    if !(io::stdin().is_terminal() && terminal.is_terminal()) {
        eprintln!("warning: {summary}; to delete them, add --accept-deletions");
        return Ok(false);
    }
    write!(terminal, "{summary}. Delete them? [y/N] ")?;
    terminal.flush()?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    Ok(matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes"))
}

#[cfg(test)]
mod tests {
    use rules::model::ids::ChannelId;
    use rules::time;

    use super::*;

    #[test]
    fn few_are_asked_about_and_many_are_refused_unless_forced() {
        let args = |accept_deletions, force_deletions| DeletionArgs {
            accept_deletions,
            force_deletions,
            deletion_limit: 20,
        };
        for (missing, accept, force, expected) in [
            (20, false, false, DeletionDecision::Ask),
            (20, true, false, DeletionDecision::Delete),
            (21, false, false, DeletionDecision::Refuse),
            (21, true, false, DeletionDecision::Refuse),
            (100, false, true, DeletionDecision::Delete),
        ] {
            let missing = MissingMessages {
                channel: ChannelId(5),
                channel_name: "help".into(),
                exported: time::at_millisecond(1),
                missing,
                stored: 100,
            };
            assert_eq!(args(accept, force).decide(&missing), expected, "{missing:?}");
        }
    }
}
