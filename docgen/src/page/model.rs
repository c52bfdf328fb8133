//! A page that can be proposed, and what decides how it looks.

use jiff::Timestamp;
use rules::config::ruleset::Ruleset;
use rules::model::ids::{ClusterId, MessageId};
use rules::model::page_edit::PageEdit;
use rules::publish::pseudonym::AuthorNaming;

use crate::page::evidence::EvidenceItem;
use crate::target::{DocsFolder, DocsTarget};

/// Everything besides the cluster that decides what a page looks like.
#[derive(Clone, Copy)]
pub struct DraftContext<'a> {
    pub target: DocsTarget,
    pub folder: &'a DocsFolder,
    /// Where the page goes if people chose a place for it; else its title decides.
    pub path: Option<&'a str>,
    /// The words that a reviewer chose for title and main answer.
    pub edit: Option<&'a PageEdit>,
    pub rules: &'a Ruleset,
    pub naming: &'a AuthorNaming,
    /// The program's version, for the disclosure.
    pub version: &'a str,
}

/// A page with its evidence. Only [`build_draft`](crate::page::draft::build_draft) makes one, and of a guide
/// [`build_guide`](crate::page::guide::build_guide).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    pub(crate) cluster: ClusterId,
    pub(crate) target: DocsTarget,
    pub(crate) title: String,
    pub(crate) path: String,
    pub(crate) page: String,
    /// The main answer in the target's dialect.
    pub(crate) answer_text: String,
    /// Whether it shows an error message or code of an asker.
    pub(crate) shows_error: bool,
    pub(crate) digest: String,
    /// Newest first. Empty for a guide alone.
    pub(crate) evidence: Vec<EvidenceItem>,
    /// The message that holds the main answer; of a guide, one that it stands on.
    pub(crate) answer: MessageId,
    /// An answer that cannot be true beside the main one.
    pub(crate) contradiction: Option<ContradictingAnswer>,
    /// Addresses that the answers link to.
    pub(crate) links: Vec<String>,
    pub(crate) versions: Vec<String>,
}

/// An answer that contradicts the main one of its page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ContradictingAnswer {
    pub given: Timestamp,
    pub link: String,
}

impl Draft {
    pub fn cluster(&self) -> &ClusterId {
        &self.cluster
    }

    /// Plain text: escape it where it is shown.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// Relative to the repository's root.
    pub fn path(&self) -> &str {
        &self.path
    }

    pub fn page(&self) -> &str {
        &self.page
    }

    /// SHA-256 of path and page in lower-case hexadecimal: the same digest is the same draft.
    pub fn digest(&self) -> &str {
        &self.digest
    }
}
