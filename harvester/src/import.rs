//! Reads DiscordChatExporter JSON, one message at a time, whatever its version, order or size.

mod byte_window;
pub mod error;
pub mod file_report;
pub mod files;
pub mod reader;
mod schema;
pub mod whole_channels;

mod authors;
mod mapping;

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use encoding_rs_io::{DecodeReaderBytes, DecodeReaderBytesBuilder};

use crate::event::ChatEvent;
use error::ImportError;
use file_report::FileReport;
use reader::ExportReader;

/// Reads a whole export and hands every event to `sink`: the channel first, then its messages in
/// the file's order. `path` only names the file in errors.
///
/// # Errors
/// A file that is not an export, cannot be read, or breaks off. What came before the break has been
/// handed over, and the error carries its report.
pub fn read_export(
    path: &Path,
    reader: impl Read,
    sink: &mut impl FnMut(ChatEvent),
) -> Result<FileReport, ImportError> {
    let mut export = ExportReader::new(path, reader);
    while let Some(event) = export.next_event()? {
        sink(event);
    }
    Ok(export.into_report())
}

/// A file as UTF-8: one that begins with the mark of UTF-16, as some editors save it, is decoded.
pub type DecodingReader<R> = DecodeReaderBytes<R, Vec<u8>>;

/// Opens an export for reading; every byte read is added to `bytes_read`.
///
/// # Errors
/// The file is missing or may not be read.
pub fn open(
    path: &Path,
    bytes_read: Arc<AtomicU64>,
) -> Result<ExportReader<DecodingReader<CountingReader<File>>>, ImportError> {
    let file =
        File::open(path).map_err(|source| ImportError::cannot_open(path.to_owned(), source))?;
    Ok(ExportReader::new(path, decoded(CountingReader { reader: file, bytes_read })))
}

fn decoded<R: Read>(reader: R) -> DecodingReader<R> {
    DecodeReaderBytesBuilder::new().utf8_passthru(true).build(reader)
}

/// A reader that tells another thread how far it has come.
#[derive(Debug)]
pub struct CountingReader<R> {
    reader: R,
    bytes_read: Arc<AtomicU64>,
}

impl<R: Read> Read for CountingReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.read(buffer)?;
        self.bytes_read.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

#[cfg(test)]
mod tests;
