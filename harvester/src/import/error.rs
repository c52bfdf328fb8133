//! Errors of reading an export.

use std::io;
use std::path::{Path, PathBuf};

use super::file_report::FileReport;

#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    #[error("cannot open {}: {source}", path.display())]
    CannotOpen { path: PathBuf, source: io::Error },
    /// Some other file: nothing was handed over.
    #[error("{} is not a DiscordChatExporter JSON export: {why}", path.display())]
    NotAnExport { path: PathBuf, why: String },
    /// An export up to `offset`, counted in bytes; what came before was handed over.
    #[error(
        "{} is damaged at byte {offset}: {why}. {} imported; export the channel again and import \
         that file too, no message is stored twice",
        path.display(),
        messages(report)
    )]
    Broken { path: PathBuf, offset: u64, why: String, report: Box<FileReport> },
    /// Reading failed at `offset`; what came before was handed over.
    #[error(
        "cannot read {} beyond byte {offset}: {source}. {} imported; import it again when the file \
         can be read, no message is stored twice",
        path.display(),
        messages(report)
    )]
    Unreadable { path: PathBuf, offset: u64, source: io::Error, report: Box<FileReport> },
}

impl ImportError {
    pub(super) fn cannot_open(path: PathBuf, source: io::Error) -> Self {
        Self::CannotOpen { path, source }
    }

    pub fn path(&self) -> &Path {
        match self {
            Self::CannotOpen { path, .. }
            | Self::NotAnExport { path, .. }
            | Self::Broken { path, .. }
            | Self::Unreadable { path, .. } => path,
        }
    }

    /// What was handed over before the error.
    pub fn report(&self) -> Option<&FileReport> {
        match self {
            Self::CannotOpen { .. } | Self::NotAnExport { .. } => None,
            Self::Broken { report, .. } | Self::Unreadable { report, .. } => Some(report),
        }
    }
}

fn messages(report: &FileReport) -> String {
    match report.messages {
        0 => "No message before it was".to_owned(),
        1 => "The 1 message before it was".to_owned(),
        count => format!("The {count} messages before it were"),
    }
}
