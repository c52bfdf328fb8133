//! One proposal: what was done for it, what maintainers requested, and its state.

use std::borrow::Cow;
use std::collections::BTreeSet;

use docgen::forge::observed::ObservedState;
use docgen::forge::reconcile::{
    DesiredPullRequest, PullRequestProgress, PullRequestPurpose, PushedHead,
};
use docgen::github::comment_commands::rebase_is_ticked;
use docgen::page::evidence::cited;
use docgen::pull_request::marker::BodyMarker;
use docgen::pull_request::subject::{Subject, Week};
use indexer::store::{Proposal, ProposalState};
use jiff::Timestamp;
use rules::model::ids::{ClusterId, MessageId};
use serde::{Deserialize, Serialize};

use super::error::{ProposingError, Result};
use super::report::BranchChange;

/// The label of pull requests that correct a merged page.
pub(crate) const CORRECTION_LABEL: &str = "canon:fix";
/// Processed comments and reviews that are remembered.
const MOST_PROCESSED: usize = 500;

/// What maintainers requested, and what has to be remembered for that.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct MaintainerRequests {
    /// Its box on the dashboard was ticked: limits do not apply.
    #[serde(rename = "asked")]
    pub(crate) requested: bool,
    /// Somebody wants it again after it was closed.
    #[serde(rename = "asked_again")]
    pub(crate) requested_again: bool,
    pub(crate) rebase: bool,
    /// This head of the branch may be replaced.
    pub(crate) recreate: Option<String>,
    /// With it, what people made of title and body may be replaced.
    pub(crate) anew: bool,
    #[serde(with = "rules::time::milliseconds::optional", default)]
    pub(crate) snoozed_until: Option<Timestamp>,
    /// It is to come with others.
    pub(crate) batch: bool,
    /// Where the page goes.
    pub(crate) page: Option<String>,
    /// The language of the occurrences that the page is made of.
    pub(crate) lang: Option<String>,
    /// Comments and reviews that were answered.
    #[serde(rename = "heard")]
    pub(crate) processed: BTreeSet<u64>,
    /// The messages that the page on the branch stands on.
    pub(crate) evidence: Vec<MessageId>,
    /// Every message that its page or a description of it ever stood on: they tell which question it is for.
    pub(crate) sources: Vec<MessageId>,
    /// Those of them that were deleted and that no closed pull request quotes any more.
    pub(crate) redacted: Vec<MessageId>,
    /// The answer is a part of a page that other people wrote.
    pub(crate) extends: bool,
    /// The questions of a batch.
    pub(crate) members: Vec<ClusterId>,
}

impl MaintainerRequests {
    /// Adds messages that a page stands on.
    pub(crate) fn record_sources(&mut self, evidence: &[MessageId]) {
        let new = evidence.iter().filter(|one| !self.sources.contains(one)).copied();
        let new = new.collect::<Vec<_>>();
        self.sources.extend(new);
    }

    /// The messages on the branch that a new page does not stand on any more.
    pub(crate) fn evidence_left_out(&self, evidence: &[MessageId]) -> Vec<MessageId> {
        self.evidence.iter().filter(|one| !evidence.contains(one)).copied().collect()
    }

    /// Adds the messages of a page that is about to stand on the branch. They are stored with the first step,
    /// so that every message on a branch is known.
    pub(crate) fn add_evidence(&mut self, evidence: &[MessageId]) {
        let new = evidence.iter().filter(|one| !self.evidence.contains(one)).copied();
        let new = new.collect::<Vec<_>>();
        self.evidence.extend(new);
        self.record_sources(evidence);
    }

    /// Whether messages are of the question that its page was written for. What is left of a cluster after
    /// all of those went is another question.
    pub(crate) fn is_same_question(&self, evidence: &[MessageId]) -> bool {
        let mut known = self.sources.iter().chain(&self.evidence).peekable();
        known.peek().is_none() || known.any(|one| evidence.contains(one))
    }
}

/// A proposal as the store keeps it, read.
#[derive(Debug, Clone)]
pub struct TrackedProposal {
    pub(crate) row: Proposal,
    pub(crate) progress: PullRequestProgress,
    pub(crate) requests: MaintainerRequests,
}

impl TrackedProposal {
    pub(crate) fn of(row: Proposal) -> Result<Self> {
        let unreadable = |source| ProposingError::Unreadable { branch: row.branch.clone(), source };
        let mut progress =
            serde_json::from_str::<PullRequestProgress>(&row.progress).map_err(unreadable)?;
        let requests = serde_json::from_str(&row.requests).map_err(unreadable)?;
        // Earlier versions kept no progress of branches in a local repository.
        let is_bare = progress == PullRequestProgress::default() && !row.head.is_empty();
        if is_bare && row.state != ProposalState::Withdrawn {
            let (head, digest) = (row.head.clone(), row.digest.clone());
            progress.pushed = Some(PushedHead { head, digest, base: None, at: row.updated });
            progress.opened = Some(row.opened);
        }
        Ok(Self { row, progress, requests })
    }

    /// A proposal of which nothing is known yet.
    pub(crate) fn new_planned(cluster: &ClusterId, branch: String, now: Timestamp) -> Self {
        let row = Proposal {
            cluster: cluster.clone(),
            branch,
            head: String::new(),
            digest: String::new(),
            title: String::new(),
            path: String::new(),
            state: ProposalState::Planned,
            opened: now,
            updated: now,
            purpose: purpose_name(PullRequestPurpose::Answer).to_owned(),
            number: None,
            progress: String::new(),
            requests: String::new(),
            note: None,
        };
        Self {
            row,
            progress: PullRequestProgress::default(),
            requests: MaintainerRequests::default(),
        }
    }

    /// As the store keeps it.
    pub(crate) fn to_row(&self, now: Timestamp) -> Proposal {
        let json = |value: serde_json::Result<String>| value.expect("plain values are JSON");
        let pushed = self.progress.pushed.as_ref();
        Proposal {
            head: pushed.map_or_else(String::new, |pushed| pushed.head.clone()),
            digest: pushed.map_or_else(String::new, |pushed| pushed.digest.clone()),
            number: self.progress.number.or(self.row.number),
            progress: json(serde_json::to_string(&self.progress)),
            requests: json(serde_json::to_string(&self.requests)),
            updated: now,
            ..self.row.clone()
        }
    }

    /// The desired pull request, with what people requested; a ticked box is a request.
    pub(crate) fn apply_requests<'w>(
        &mut self,
        wanted: &'w DesiredPullRequest,
        seen: &ObservedState,
    ) -> Cow<'w, DesiredPullRequest> {
        let open = seen.pulls.iter().find(|pull| pull.is_open());
        // With the data lost, what it stands on follows from its links.
        if let Some(open) = open.filter(|open| self.progress.number != Some(open.number)) {
            self.requests.evidence.extend(cited(open.body()));
        }
        self.requests.rebase |= open.is_some_and(|pull| rebase_is_ticked(pull.body()));
        let on_base = |progress: &PullRequestProgress| {
            progress.pushed.as_ref().is_some_and(|pushed| pushed.base.as_ref() == Some(&seen.base))
        };
        if on_base(&self.progress) {
            self.requests.rebase = false;
        }
        let stands = seen.branch.as_ref().map(|branch| &branch.head);
        let ours = open.and_then(|pull| BodyMarker::read(pull.body())).map(|marker| marker.head);
        if self.requests.anew && self.requests.recreate.is_none() && ours.as_ref() == stands {
            self.requests.recreate = ours;
        }
        if self.requests.recreate.is_some() && self.requests.recreate.as_ref() != stands {
            self.requests.recreate = None;
            self.requests.anew = false;
        }
        let MaintainerRequests { rebase, recreate, anew, requested_again, .. } = &self.requests;
        if !rebase && recreate.is_none() && !requested_again {
            return Cow::Borrowed(wanted);
        }
        Cow::Owned(DesiredPullRequest {
            rebase: *rebase,
            recreate: recreate.clone(),
            anew: *anew,
            requested_again: *requested_again,
            ..wanted.clone()
        })
    }

    /// Whether it is one pull request for several pages, or part of one.
    pub(crate) fn is_batch(&self) -> bool {
        self.week().is_some()
    }

    /// Whether it is one of the questions of a batch.
    pub(crate) fn is_member_of_batch(&self) -> bool {
        self.is_batch() && self.requests.members.is_empty()
    }

    /// The week of a batch.
    pub(crate) fn week(&self) -> Option<Week> {
        match Subject::parse(&self.row.branch)? {
            Subject::Batch(week) => Some(week),
            Subject::Settings | Subject::Guide(_) | Subject::Answer(_) => None,
        }
    }

    /// Remembers that a comment or review was answered; false if it was before.
    pub(crate) fn mark_processed(&mut self, id: u64) -> bool {
        let news = self.requests.processed.insert(id);
        while self.requests.processed.len() > MOST_PROCESSED {
            self.requests.processed.pop_first();
        }
        news
    }

    /// Allows replacing the last pushed commit on the branch.
    pub(crate) fn allow_replace(&mut self) {
        self.requests.recreate = self.progress.pushed.as_ref().map(|pushed| pushed.head.clone());
    }

    /// Leaves it alone until a time.
    pub(crate) fn snooze(&mut self, until: Timestamp) {
        self.requests.snoozed_until = Some(until);
    }

    /// Whether maintainers have had it before them: as a pull request, or as a branch where there are none.
    pub(crate) fn was_offered(&self) -> bool {
        self.progress.number.is_some() || self.progress.opened.is_some()
    }

    /// What was done with the branch since it had a head. One that was found is as it was.
    pub(crate) fn branch_change(&self, before: Option<&String>) -> Option<BranchChange> {
        let built = self.progress.built.as_ref().map(|built| &built.made.sha);
        let pushed = self.progress.pushed.as_ref().map(|pushed| &pushed.head);
        match (before, pushed) {
            (None, Some(head)) => (built == Some(head)).then_some(BranchChange::New),
            (Some(before), Some(head)) => (before != head).then_some(BranchChange::Moved),
            (_, None) => None,
        }
    }

    /// Whether something was done for it.
    pub(crate) fn is_begun(&self) -> bool {
        self.was_offered() || self.progress.built.is_some()
    }

    /// Whether nothing was done for it and nobody asks for it.
    pub(crate) fn is_untouched(&self) -> bool {
        self.row.state == ProposalState::Planned && !self.is_begun() && !self.requests.requested
    }

    pub(crate) fn is_snoozed(&self, now: Timestamp) -> bool {
        self.requests.snoozed_until.is_some_and(|until| now < until)
    }

    /// Whether it is open for maintainers.
    pub(crate) fn is_open(&self) -> bool {
        matches!(self.row.state, ProposalState::Open | ProposalState::HandsOff)
    }

    /// Whether it was closed or found needless, so that only a person brings it back.
    pub(crate) fn is_closed(&self) -> bool {
        matches!(
            self.row.state,
            ProposalState::Rejected
                | ProposalState::Superseded
                | ProposalState::Merged
                | ProposalState::Nothing
        )
    }
}

/// How the store names a purpose.
pub(crate) fn purpose_name(purpose: PullRequestPurpose) -> &'static str {
    match purpose {
        PullRequestPurpose::Answer => "answer",
        PullRequestPurpose::Correction => "correction",
        PullRequestPurpose::Removal => "removal",
        PullRequestPurpose::Withdrawal => "withdrawal",
    }
}

#[cfg(test)]
mod tests {
    use rules::time;

    use super::*;

    #[test]
    fn a_branch_of_an_earlier_version_is_known_by_what_was_stored_of_it() {
        let id = ClusterId::of_question(MessageId(36));
        let planned =
            TrackedProposal::new_planned(&id, format!("answers/{id}"), time::at_millisecond(5)).row;
        let stored = |state| Proposal {
            state,
            head: "c0ffee".to_owned(),
            digest: "d1".to_owned(),
            progress: "{}".to_owned(),
            requests: "{}".to_owned(),
            ..planned.clone()
        };
        let known = TrackedProposal::of(stored(ProposalState::Open)).unwrap();
        assert_eq!(known.progress.pushed.as_ref().unwrap().head, "c0ffee");
        assert!(known.was_offered());
        let row = known.to_row(time::at_millisecond(6));
        assert_eq!((row.head.as_str(), row.digest.as_str()), ("c0ffee", "d1"));
        let gone = TrackedProposal::of(stored(ProposalState::Withdrawn)).unwrap();
        assert!(!gone.was_offered() && gone.progress.pushed.is_none());
    }
}
