//! One pull request per cluster, for ever: what to do next is a function of what is seen.
//!
//! The driver looks at everything, [`next`] names one thing to do, the driver does it and looks again.
//! A kill between any two calls, an answer that got lost or a second daemon only change what is seen.

mod act;
mod note;

use std::collections::BTreeSet;

pub use act::{look, merged_text, opening, take};
use rules::ids::{ClusterId, Millis};
use serde::{Deserialize, Serialize};

use super::git::Made;
use super::marker::{self, Marker};
use super::models::Pull;
use crate::change::Change;

/// The label of a pull request whose place something better took.
pub const SUPERSEDED: &str = "canon:superseded";
/// Somebody who reads a pull request must not find it changed many times a day.
const BETWEEN_PUSHES: i64 = Millis::DAY;
/// The host throws commits away that no branch shows.
const COMMIT_KEEPS: i64 = Millis::DAY;

/// Why there is a pull request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Purpose {
    /// A page for a question that has none.
    Answer,
    /// A merged page is to change.
    Correction,
    /// A merged page is to go.
    Removal,
    /// The evidence is gone: what is still open is closed, and its words with it.
    Withdrawal,
}

/// The pull request as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    pub cluster: ClusterId,
    pub purpose: Purpose,
    pub branch: String,
    /// The branch that it is to be merged into.
    pub base: String,
    pub title: String,
    /// Without the marker.
    pub body: String,
    /// Equal digests are the same change.
    pub digest: String,
    pub changes: Vec<Change>,
    /// The commit's message, with our trailers.
    pub message: String,
    pub labels: Vec<String>,
    /// Logins, asked one by one after the pull request is ready.
    pub reviewers: Vec<String>,
    /// Whether it leaves the state of a draft when our checks pass.
    pub ready: bool,
    /// Somebody with write access asked for the current base.
    pub rebase: bool,
    /// Somebody with write access gave up this head: what stands there may be replaced.
    pub recreate: Option<String>,
    /// With the head, what people made of title and body may be replaced too.
    pub anew: bool,
    /// Somebody asked for it again after it was closed.
    pub asked_again: bool,
}

/// What we did so far, stored by the caller after each step. With nothing in it everything is found
/// again from what is seen.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Ledger {
    pub number: Option<u64>,
    /// When we opened it; `None` for one that was found.
    pub opened: Option<Millis>,
    pub revision: u32,
    /// A commit that may not be on the branch yet.
    pub built: Option<Built>,
    /// What of ours stood on the branch when we last looked.
    pub pushed: Option<Pushed>,
    pub labelled: bool,
    pub asked: BTreeSet<String>,
    /// The head whose files were read back and found right.
    pub checked: Option<String>,
    /// The head whose files were read back and found wrong: it stays a draft.
    pub faulty: Option<String>,
    pub readied: bool,
    /// This repository takes no drafts.
    pub undraftable: bool,
    /// Steps in a row of which nothing came.
    pub tries: u32,
    /// What did not work and does not matter enough to stop.
    pub warnings: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Built {
    pub made: Made,
    pub digest: String,
    /// The head of the base when it was made.
    pub base: String,
    /// The head of our branch that it replaces or follows.
    pub from: Option<String>,
    /// Whether it follows that head instead of replacing it.
    pub follows: bool,
    /// Whether title and body are written anew with it, whatever people made of them.
    #[serde(default)]
    pub anew: bool,
    pub at: Millis,
}

impl Built {
    fn puts(&self, head: &str) -> bool {
        !self.made.empty && self.made.sha == head
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pushed {
    pub head: String,
    pub digest: String,
    /// The head of the base that it stands on, where known.
    pub base: Option<String>,
    pub at: Millis,
}

/// All that is looked at before anything is done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seen {
    pub me: String,
    /// The head of the base branch.
    pub base: String,
    /// Every pull request from our branch, newest first.
    pub pulls: Vec<Pull>,
    pub branch: Option<Branch>,
    /// Whether a person reviewed or commented the open one.
    pub touched: bool,
}

/// Our branch.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Branch {
    pub head: String,
    /// The digest in the trailers, if our account made this commit for this cluster.
    pub ours: Option<String>,
}

/// One thing to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Do {
    /// Make a commit: on the base, or upon the branch's head.
    Build {
        onto: String,
        follows: bool,
    },
    CreateBranch {
        sha: String,
    },
    MoveBranch {
        sha: String,
        force: bool,
    },
    Open {
        head: String,
        digest: String,
    },
    /// Remember a pull request that was found.
    Adopt(u64),
    /// Write title and body, or only the marker where a person edited the body.
    Describe {
        number: u64,
        head: String,
        digest: String,
        keep_body: bool,
    },
    Check {
        head: String,
    },
    Label(u64),
    MarkReady {
        node: String,
    },
    Ask {
        number: u64,
        reviewer: String,
    },
    /// Take our words out of title and body, and close it unless people work on it.
    Withdraw {
        number: u64,
        close: bool,
    },
    DeleteBranch,
    Rest(Outcome),
}

impl Do {
    /// Its name in the outbox.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Build { .. } => "build",
            Self::CreateBranch { .. } => "create-branch",
            Self::MoveBranch { .. } => "move-branch",
            Self::Open { .. } => "open",
            Self::Adopt(_) => "adopt",
            Self::Describe { .. } => "describe",
            Self::Check { .. } => "check",
            Self::Label(_) => "label",
            Self::MarkReady { .. } => "mark-ready",
            Self::Ask { .. } => "ask",
            Self::Withdraw { .. } => "withdraw",
            Self::DeleteBranch => "delete-branch",
            Self::Rest(_) => "rest",
        }
    }
}

/// How things stand when nothing is left to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It is open and as it should be, or will be when it may be changed again.
    Open {
        number: u64,
        head: String,
        digest: String,
        conflict: bool,
    },
    HandsOff {
        number: Option<u64>,
        why: Why,
    },
    /// A person closed it or deleted the branch: it stays closed.
    Rejected {
        number: Option<u64>,
    },
    Superseded {
        number: u64,
    },
    /// We closed it, or there is nothing to close.
    Withdrawn,
    /// Merged: the text at `commit` is what people made of it.
    Known {
        number: u64,
        commit: Option<String>,
    },
    /// The base already says all of it.
    Nothing,
}

/// Why a pull request or a branch is not ours to change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Why {
    #[error("somebody committed to the branch")]
    HumanCommit,
    #[error("somebody edited the title")]
    TitleEdited,
    #[error("somebody changed the base")]
    BaseChanged,
    #[error("somebody took our mark out of the body")]
    MarkGone,
    #[error("the branch is gone")]
    BranchGone,
    #[error("somebody else opened a pull request from our branch")]
    NotOurs,
    #[error("another page stands at the same path")]
    PathTaken,
}

/// Names the next thing to do. Pure, so that every state can be tested.
pub fn next(wanted: &Wanted, ledger: &Ledger, seen: &Seen, now: Millis) -> Do {
    let state = State { wanted, ledger, seen, now };
    match seen.pulls.iter().find(|pull| pull.is_open()) {
        Some(pull) => state.with_open(pull),
        None => state.without_open(),
    }
}

struct State<'s> {
    wanted: &'s Wanted,
    ledger: &'s Ledger,
    seen: &'s Seen,
    now: Millis,
}

fn hands_off(pull: &Pull, why: Why) -> Do {
    Do::Rest(Outcome::HandsOff { number: Some(pull.number), why })
}

impl State<'_> {
    fn by_us(&self, pull: &Pull) -> bool {
        let login = pull.user.as_ref().map(|user| user.login.as_str()).unwrap_or_default();
        !login.is_empty() && login.eq_ignore_ascii_case(&self.seen.me)
    }

    /// The marker of a pull request for this cluster.
    fn marker(&self, pull: &Pull) -> Option<Marker> {
        Marker::read(pull.body()).filter(|marker| marker.cluster == self.wanted.cluster)
    }

    /// What of ours stands on the branch; `None` if the commit is somebody else's.
    fn standing(&self, branch: &Branch, marker: Option<&Marker>) -> Option<Pushed> {
        let head = branch.head.clone();
        let pushed = |digest: &str, base, at| {
            Some(Pushed { head: head.clone(), digest: digest.to_owned(), base, at })
        };
        if let Some(built) = self.ledger.built.as_ref().filter(|one| one.puts(&branch.head)) {
            return pushed(&built.digest, Some(built.base.clone()), built.at);
        }
        if let Some(known) = self.ledger.pushed.as_ref().filter(|one| one.head == branch.head) {
            return Some(known.clone());
        }
        if let Some(marker) = marker.filter(|marker| marker.head == branch.head) {
            return pushed(&marker.digest, None, Millis(0));
        }
        if let Some(digest) = &branch.ours {
            return pushed(digest, None, Millis(0));
        }
        (self.wanted.recreate.as_deref() == Some(branch.head.as_str()))
            .then(|| pushed("", None, Millis(0)))
            .flatten()
    }

    fn with_open(&self, pull: &Pull) -> Do {
        let marker = self.marker(pull);
        if !self.by_us(pull) {
            return hands_off(pull, Why::NotOurs);
        }
        let known = self.ledger.number == Some(pull.number);
        if marker.is_some() && !known {
            return Do::Adopt(pull.number);
        }
        let Some(branch) = &self.seen.branch else { return hands_off(pull, Why::BranchGone) };
        let standing = self.standing(branch, marker.as_ref());
        if self.wanted.purpose == Purpose::Withdrawal && known {
            return match (standing, &marker) {
                (Some(_), _) => Do::Withdraw { number: pull.number, close: true },
                (None, Some(marker)) if !marker.withdrawn => {
                    Do::Withdraw { number: pull.number, close: false }
                }
                (None, _) => hands_off(pull, Why::HumanCommit),
            };
        }
        let Some(marker) = marker else { return hands_off(pull, Why::MarkGone) };
        let Some(standing) = standing else { return hands_off(pull, Why::HumanCommit) };
        let renamed = !marker.title.is_empty() && marker.title != marker::hash(&pull.title);
        if renamed && !self.is_anew(branch, &marker) {
            return hands_off(pull, Why::TitleEdited);
        }
        if pull.base.branch != self.wanted.base {
            return hands_off(pull, Why::BaseChanged);
        }
        self.renewed(pull, branch, &standing)
            .or_else(|| self.described(pull, branch, &marker, &standing))
            .unwrap_or_else(|| self.cared_for(pull, &standing))
    }

    /// Whether title and body are to be replaced whatever people made of them: somebody gave them up
    /// with the branch, or words in them lost their source.
    fn is_anew(&self, branch: &Branch, marker: &Marker) -> bool {
        let gives_up = self.wanted.recreate.as_deref() == Some(branch.head.as_str());
        let built = self.ledger.built.as_ref().filter(|built| built.puts(&branch.head));
        let undescribed = marker.head != branch.head;
        self.wanted.anew && gives_up || undescribed && built.is_some_and(|built| built.anew)
    }

    /// Brings the branch up to what is wanted, if it may be touched at all today.
    fn renewed(&self, pull: &Pull, branch: &Branch, standing: &Pushed) -> Option<Do> {
        let other = standing.digest != self.wanted.digest;
        let behind = standing.base.as_deref() != Some(self.seen.base.as_str());
        let conflict = pull.mergeable == Some(false) && !self.seen.touched;
        let rebase = behind && (self.wanted.rebase || conflict);
        let rested = self.now.0 - standing.at.0 >= BETWEEN_PUSHES;
        let urgent = self.wanted.purpose != Purpose::Answer || self.wanted.recreate.is_some();
        if !rebase && !(other && (rested || urgent)) {
            return None;
        }
        // Once somebody has read it, what is new comes on top, so that they see what changed.
        let follows = self.seen.touched && !self.wanted.rebase && self.wanted.recreate.is_none();
        if let Some(built) = self.built(Some(&branch.head), follows) {
            if built.made.taken {
                return Some(hands_off(pull, Why::PathTaken));
            }
            // The base may say everything by itself: then a person decides about the rest.
            if built.made.empty {
                return None;
            }
            let sha = built.made.sha.clone();
            return Some(Do::MoveBranch { sha, force: !follows });
        }
        let onto = if follows { &branch.head } else { &self.seen.base };
        Some(Do::Build { onto: onto.clone(), follows })
    }

    /// A commit made for exactly this, if there is one.
    fn built(&self, from: Option<&str>, follows: bool) -> Option<&Built> {
        self.ledger.built.as_ref().filter(|built| {
            built.digest == self.wanted.digest
                && built.from.as_deref() == from
                && built.follows == follows
                && (follows || built.base == self.seen.base)
                && self.now.0 - built.at.0 < COMMIT_KEEPS
        })
    }

    fn described(
        &self,
        pull: &Pull,
        branch: &Branch,
        marker: &Marker,
        standing: &Pushed,
    ) -> Option<Do> {
        let Wanted { title, body, .. } = self.wanted;
        let moved = marker.head != standing.head || marker.digest != standing.digest;
        let other = marker.title != marker::hash(title) || marker.body != marker::hash(body);
        let rested = self.now.0 - standing.at.0 >= BETWEEN_PUSHES;
        let current = standing.digest == self.wanted.digest;
        let renamed = other && current && rested;
        if !moved && !renamed {
            return None;
        }
        let edited = marker.body != marker::hash(&marker::without(pull.body()))
            && !self.is_anew(branch, marker);
        let Pushed { head, digest, .. } = standing.clone();
        // A body for another draft than the one on the branch would tell a lie.
        Some(Do::Describe { number: pull.number, head, digest, keep_body: edited || !current })
    }

    fn cared_for(&self, pull: &Pull, standing: &Pushed) -> Do {
        let (number, ledger) = (pull.number, self.ledger);
        let is_head = |head: &Option<String>| head.as_deref() == Some(standing.head.as_str());
        let current = standing.digest == self.wanted.digest;
        if current && !is_head(&ledger.checked) && !is_head(&ledger.faulty) {
            return Do::Check { head: standing.head.clone() };
        }
        let labelled = self.wanted.labels.iter().all(|label| pull.has_label(label));
        if !labelled && !ledger.labelled {
            return Do::Label(number);
        }
        let ready = self.wanted.ready && is_head(&ledger.checked) && !ledger.readied;
        if pull.draft && ready && !pull.node_id.is_empty() {
            return Do::MarkReady { node: pull.node_id.clone() };
        }
        let waiting = |login: &String| {
            let requested =
                pull.requested_reviewers.iter().any(|one| one.login.eq_ignore_ascii_case(login));
            !requested
                && !ledger.asked.contains(login)
                && !login.eq_ignore_ascii_case(&self.seen.me)
        };
        let reviewer = self.wanted.reviewers.iter().find(|login| waiting(login));
        if let Some(reviewer) = reviewer.filter(|_| !pull.draft && !self.seen.touched) {
            return Do::Ask { number, reviewer: reviewer.clone() };
        }
        Do::Rest(Outcome::Open {
            number,
            head: standing.head.clone(),
            digest: standing.digest.clone(),
            conflict: pull.mergeable == Some(false),
        })
    }

    fn without_open(&self) -> Do {
        let ours = |pull: &&Pull| self.by_us(pull) && self.belongs(pull);
        if let Some(pull) = self.seen.pulls.iter().find(ours)
            && let Some(end) = self.ended(pull)
        {
            return end;
        }
        let Some(branch) = &self.seen.branch else { return self.without_branch() };
        let Some(standing) = self.standing(branch, None) else {
            return Do::Rest(Outcome::HandsOff { number: None, why: Why::HumanCommit });
        };
        if self.wanted.purpose == Purpose::Withdrawal {
            return Do::DeleteBranch;
        }
        let built = self.built(Some(&branch.head), false);
        if standing.digest == self.wanted.digest {
            return Do::Open { head: standing.head, digest: standing.digest };
        }
        match built {
            Some(built) => self.placed(built, true),
            None => Do::Build { onto: self.seen.base.clone(), follows: false },
        }
    }

    /// A closed pull request whose marker a person took away is still known by its number.
    fn belongs(&self, pull: &Pull) -> bool {
        self.marker(pull).is_some() || self.ledger.number == Some(pull.number)
    }

    /// What the end of the newest pull request means; `None` if another one may be opened.
    fn ended(&self, pull: &Pull) -> Option<Do> {
        let marker = self.marker(pull);
        let digest = marker.as_ref().map(|marker| marker.digest.as_str());
        let same = digest == Some(self.wanted.digest.as_str());
        let number = pull.number;
        let withdrawn = marker.as_ref().is_some_and(|marker| marker.withdrawn);
        match self.wanted.purpose {
            Purpose::Correction | Purpose::Removal if !same => return None,
            Purpose::Withdrawal if !pull.is_merged() => {
                let ours = self
                    .seen
                    .branch
                    .as_ref()
                    .and_then(|branch| self.standing(branch, marker.as_ref()));
                let rest = Do::Rest(Outcome::Withdrawn);
                return Some(if ours.is_some() { Do::DeleteBranch } else { rest });
            }
            _ => {}
        }
        if pull.is_merged() {
            let at_head = |branch: &&Branch| branch.head == pull.head.sha;
            return Some(match self.seen.branch.as_ref().filter(at_head) {
                Some(_) => Do::DeleteBranch,
                None => Do::Rest(Outcome::Known { number, commit: pull.merge_commit_sha.clone() }),
            });
        }
        if self.wanted.asked_again || withdrawn {
            return None;
        }
        Some(Do::Rest(if pull.has_label(SUPERSEDED) {
            Outcome::Superseded { number }
        } else {
            Outcome::Rejected { number: Some(number) }
        }))
    }

    fn without_branch(&self) -> Do {
        if self.wanted.purpose == Purpose::Withdrawal {
            return Do::Rest(Outcome::Withdrawn);
        }
        // The branch was there before any pull request: a person deleted it.
        let deleted = self.ledger.pushed.is_some() && self.seen.pulls.is_empty();
        if deleted && !self.wanted.asked_again {
            return Do::Rest(Outcome::Rejected { number: None });
        }
        match self.built(None, false) {
            Some(built) => self.placed(built, false),
            None => Do::Build { onto: self.seen.base.clone(), follows: false },
        }
    }

    /// Puts a commit on the branch, unless there is nothing to put there.
    fn placed(&self, built: &Built, exists: bool) -> Do {
        let sha = built.made.sha.clone();
        if built.made.taken {
            Do::Rest(Outcome::HandsOff { number: None, why: Why::PathTaken })
        } else if built.made.empty {
            Do::Rest(Outcome::Nothing)
        } else if exists {
            Do::MoveBranch { sha, force: true }
        } else {
            Do::CreateBranch { sha }
        }
    }
}

#[cfg(test)]
mod tests;
