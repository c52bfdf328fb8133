//! What a step leaves in the ledger.

use rules::ids::Millis;

use super::super::git::Made;
use super::{Built, Do, Ledger, Outcome, Pushed, Seen, Wanted};

/// After so many steps in a row that changed nothing the failure is told instead of tried again.
pub(super) const MOST_TRIES: u32 = 4;

/// What came of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Done {
    Well,
    Made(Made),
    Opened(u64),
    Checked(bool),
    /// It did not work, and does not have to.
    Warned(String),
    /// Nobody knows, or what was seen is not true any more: look again.
    Unsure,
    /// The repository takes no drafts.
    NoDrafts,
}

impl Ledger {
    pub(super) fn note(
        &mut self,
        wanted: &Wanted,
        seen: &Seen,
        (what, done): (&Do, Done),
        now: Millis,
    ) {
        match &done {
            Done::Unsure => self.tries += 1,
            _ => self.tries = 0,
        }
        if let Done::Warned(warning) = &done
            && !self.warnings.contains(warning)
        {
            self.warnings.push(warning.clone());
        }
        match (what, done) {
            (Do::Build { follows, .. }, Done::Made(made)) => {
                self.build(wanted, seen, made, *follows, now);
            }
            // A commit that the host does not take is made again.
            (Do::CreateBranch { .. } | Do::MoveBranch { .. }, Done::Unsure) => {
                let taken = |branch: &super::Branch| {
                    self.built.as_ref().is_some_and(|built| built.puts(&branch.head))
                };
                if self.tries > 1 && !seen.branch.as_ref().is_some_and(taken) {
                    self.built = None;
                }
            }
            (Do::CreateBranch { sha } | Do::MoveBranch { sha, .. }, _) => self.push(sha),
            (Do::Open { .. }, Done::NoDrafts) => self.undraftable = true,
            (Do::Open { head, digest }, Done::Opened(number)) => {
                self.adopt(number);
                self.opened = Some(now);
                self.found(head, digest, now);
            }
            (Do::Adopt(number), _) => self.adopt(*number),
            (Do::Describe { head, digest, .. }, Done::Well) => {
                self.revision += 1;
                self.found(head, digest, now);
            }
            (Do::Check { head }, Done::Checked(true)) => self.checked = Some(head.clone()),
            (Do::Check { head }, Done::Checked(false)) => self.faulty = Some(head.clone()),
            (Do::Label(_), Done::Well | Done::Warned(_)) => self.labelled = true,
            (Do::MarkReady { .. }, Done::Well | Done::Warned(_)) => self.readied = true,
            (Do::Ask { reviewer, .. }, Done::Well | Done::Warned(_)) => {
                self.asked.insert(reviewer.clone());
            }
            (Do::DeleteBranch | Do::Rest(Outcome::Withdrawn), Done::Well) => {
                self.pushed = None;
                self.built = None;
            }
            _ => {}
        }
    }

    fn build(&mut self, wanted: &Wanted, seen: &Seen, made: Made, follows: bool, now: Millis) {
        for note in &made.notes {
            if !self.warnings.contains(note) {
                self.warnings.push(note.clone());
            }
        }
        if !made.verified && !made.empty {
            let warning = "GitHub did not sign our commit".to_owned();
            if !self.warnings.contains(&warning) {
                self.warnings.push(warning);
            }
        }
        self.built = Some(Built {
            made,
            digest: wanted.digest.clone(),
            base: seen.base.clone(),
            from: seen.branch.as_ref().map(|branch| branch.head.clone()),
            follows,
            anew: wanted.anew,
            at: now,
        });
    }

    fn push(&mut self, sha: &str) {
        if let Some(built) = self.built.as_ref().filter(|built| built.puts(sha)) {
            self.pushed = Some(Pushed {
                head: sha.to_owned(),
                digest: built.digest.clone(),
                base: Some(built.base.clone()),
                at: built.at,
            });
        }
    }

    /// What was found on the branch without our having put it there in this ledger.
    fn found(&mut self, head: &str, digest: &str, now: Millis) {
        if self.pushed.as_ref().is_none_or(|pushed| pushed.head != head)
            && self.built.as_ref().is_none_or(|built| !built.puts(head))
        {
            let (head, digest) = (head.to_owned(), digest.to_owned());
            self.pushed = Some(Pushed { head, digest, base: None, at: now });
        }
    }

    fn adopt(&mut self, number: u64) {
        if self.number == Some(number) {
            return;
        }
        let Self { built, pushed, undraftable, warnings, .. } = std::mem::take(self);
        *self =
            Self { number: Some(number), built, pushed, undraftable, warnings, ..Self::default() };
    }
}
