//! Why a file cannot be edited.

/// Why a file was left as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    #[error("the file cannot be parsed, so it was not changed")]
    Unreadable,
    #[error("the file has no list that the entry could be added to")]
    NoList,
    #[error("other pages are nested below this page in the file")]
    HasPages,
    #[error(
        "the file has no <!-- answer-harvester:start --> and <!-- answer-harvester:end --> lines"
    )]
    NoMarkers,
    #[error("the file no longer has this section")]
    NoSection,
    #[error("read back, the file would hold {0}, so it was not changed")]
    Unsafe(&'static str),
}
