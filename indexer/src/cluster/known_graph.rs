//! The graph of likeness as far as a process has read it, kept from one grouping to the next.
//!
//! Most of what a grouping reads are edges around what the one before read. The store counts the changes of its edges:
//! what another process changed meanwhile is found by the count, and everything is read again.

use std::collections::BTreeSet;

use rules::model::ids::MessageId;

use crate::cluster::regions::LikenessGraph;

/// The edges of so many texts are kept; in unit tests few, so that some are read again.
const MOST_KEPT: usize = if cfg!(test) { 150 } else { 20_000 };

/// Part of the graph, as it was at a version of the stored edges.
#[derive(Debug, Default)]
pub(crate) struct KnownGraph {
    pub(crate) version: i64,
    pub(crate) graph: LikenessGraph,
}

/// How a transaction changed the edges.
#[derive(Debug, Default)]
pub(crate) struct EdgeChanges {
    /// Texts that got or lost edges.
    pub(crate) changed: BTreeSet<MessageId>,
    /// Those of them that lost some.
    pub(crate) parted: BTreeSet<MessageId>,
    /// Whether all edges were removed.
    pub(crate) emptied: bool,
}

impl EdgeChanges {
    pub(crate) fn is_empty(&self) -> bool {
        self.changed.is_empty() && !self.emptied
    }
}

impl KnownGraph {
    /// What is known at a version: nothing, if it is another one.
    pub(crate) fn at(self, version: i64) -> Self {
        if self.version == version { self } else { Self { version, ..Self::default() } }
    }

    /// Follows the changes that led to a version. Those before it must be known already, or nothing stays known.
    pub(crate) fn follow(&mut self, version: i64, changes: &EdgeChanges) {
        if self.version != version - 1 || changes.emptied {
            *self = Self { version, ..Self::default() };
            return;
        }
        self.version = version;
        self.graph.forget(&changes.changed, &changes.parted);
    }

    /// The same, or nothing where it is too much to be kept.
    pub(crate) fn bounded(self) -> Self {
        if self.graph.len() <= MOST_KEPT {
            self
        } else {
            Self { version: self.version, ..Self::default() }
        }
    }
}
