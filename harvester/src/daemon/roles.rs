//! What a process does, of all that an installation has to do.

use std::collections::BTreeSet;
use std::fmt::{self, Display, Formatter};

/// A part of the daemon's work. Each part can run in any number of processes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub enum ProcessRole {
    /// Connects to Discord: messages, commands, replies, reading what was missed
    Gateway,
    /// Finds questions and answers in messages, and clusters them
    Judge,
    /// Opens pull requests on GitHub and keeps them up to date
    Propose,
    /// Serves the site and its API
    Site,
}

impl ProcessRole {
    pub const ALL: [Self; 4] = [Self::Gateway, Self::Judge, Self::Propose, Self::Site];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Gateway => "gateway",
            Self::Judge => "judge",
            Self::Propose => "propose",
            Self::Site => "site",
        }
    }
}

/// The roles of one process, at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProcessRoles(BTreeSet<ProcessRole>);

impl ProcessRoles {
    /// Those that are named; all if none is.
    pub fn new(only: &[ProcessRole]) -> Self {
        let all = if only.is_empty() { &ProcessRole::ALL } else { only };
        Self(all.iter().copied().collect())
    }

    pub fn has(&self, role: ProcessRole) -> bool {
        self.0.contains(&role)
    }

    /// Whether it reads or makes vectors of a sentence encoder.
    pub fn use_encoder(&self) -> bool {
        self.0.iter().any(|role| *role != ProcessRole::Propose)
    }

    /// Whether it has the index of its data directory follow the store, if no other process does: where it searches,
    /// and, where all processes share the directory with the store, where it judges.
    pub fn follow_index(&self, store_is_on_server: bool) -> bool {
        let searches = self.has(ProcessRole::Gateway) || self.has(ProcessRole::Site);
        searches || (self.has(ProcessRole::Judge) && !store_is_on_server)
    }

    pub fn names(&self) -> Vec<String> {
        self.0.iter().map(|role| role.as_str().to_owned()).collect()
    }
}

impl Display for ProcessRoles {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&self.names().join(","))
    }
}
