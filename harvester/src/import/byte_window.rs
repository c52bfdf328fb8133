//! A window that slides over a file and keeps its byte offset.

use std::io::{self, Read};

use serde::Deserialize;
use serde_json::Deserializer;

const INITIAL_BYTES: usize = 64 << 10;
/// The longest single value that is read: a message with 200,000 reacting users fits.
pub(super) const LONGEST_VALUE: usize = 64 << 20;

/// The part of a file that is in memory: one value and what was read with it.
pub(super) struct ByteWindow<R> {
    reader: R,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    /// File offset of `buffer[0]`.
    base: u64,
    ended: bool,
}

/// Why reading cannot go on.
#[derive(Debug)]
pub(super) enum ReadError {
    /// The file ends too early, at this offset.
    Cut {
        offset: u64,
    },
    Malformed {
        offset: u64,
        why: String,
    },
    TooLong {
        offset: u64,
    },
    Io {
        offset: u64,
        source: io::Error,
    },
}

/// What a parser made of the bytes it was shown.
pub(super) enum ParseAttempt<T> {
    Done {
        value: T,
        used: usize,
    },
    /// The bytes end inside the value.
    Cut,
    /// No continuation of the bytes makes sense from the index `at` on.
    Wrong {
        at: usize,
        why: String,
    },
}

impl<R: Read> ByteWindow<R> {
    pub(super) fn new(reader: R) -> Self {
        Self { reader, buffer: Vec::new(), start: 0, end: 0, base: 0, ended: false }
    }

    /// File offset of the next byte.
    pub(super) fn offset(&self) -> u64 {
        self.base + self.start as u64
    }

    /// Steps over a byte order mark at the start of the file.
    pub(super) fn skip_byte_order_mark(&mut self) -> Result<(), ReadError> {
        self.fill()?;
        if self.rest().starts_with(b"\xEF\xBB\xBF") {
            self.start += 3;
        }
        Ok(())
    }

    /// The next byte that is not white space, left in place; `None` at the end of the file.
    pub(super) fn peek(&mut self) -> Result<Option<u8>, ReadError> {
        loop {
            let blanks = self
                .rest()
                .iter()
                .take_while(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n'))
                .count();
            self.start += blanks;
            if let Some(&byte) = self.rest().first() {
                return Ok(Some(byte));
            }
            if self.ended {
                return Ok(None);
            }
            self.fill()?;
        }
    }

    /// Takes the next byte that is not white space, which must be one of `allowed`.
    pub(super) fn expect(&mut self, allowed: &[u8]) -> Result<u8, ReadError> {
        match self.peek()? {
            Some(byte) if allowed.contains(&byte) => {
                self.start += 1;
                Ok(byte)
            }
            Some(_) => {
                let names: Vec<String> =
                    allowed.iter().map(|&byte| format!("`{}`", char::from(byte))).collect();
                Err(self.malformed(format!("expected {}", names.join(" or "))))
            }
            None => Err(ReadError::Cut { offset: self.offset() }),
        }
    }

    /// Takes one value, showing `parse` more and more of the file until it is whole.
    pub(super) fn take<T>(
        &mut self,
        mut parse: impl FnMut(&[u8]) -> ParseAttempt<T>,
    ) -> Result<T, ReadError> {
        self.peek()?;
        loop {
            match parse(self.rest()) {
                // A number that touches the window's edge may go on behind it.
                ParseAttempt::Done { used, .. } if used == self.rest().len() && !self.ended => {}
                ParseAttempt::Done { value, used } => {
                    self.start += used;
                    return Ok(value);
                }
                ParseAttempt::Cut if self.ended => {
                    return Err(ReadError::Cut { offset: self.base + self.end as u64 });
                }
                ParseAttempt::Cut => {}
                ParseAttempt::Wrong { at, why } => {
                    return Err(ReadError::Malformed { offset: self.offset() + at as u64, why });
                }
            }
            self.fill()?;
        }
    }

    pub(super) fn malformed(&self, why: impl Into<String>) -> ReadError {
        ReadError::Malformed { offset: self.offset(), why: why.into() }
    }

    fn rest(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    /// Moves the rest to the front and reads on until the buffer is full or the file ends. A rest
    /// that fills the buffer doubles it; a buffer that grew for one long value shrinks again.
    fn fill(&mut self) -> Result<(), ReadError> {
        self.buffer.copy_within(self.start..self.end, 0);
        self.base += self.start as u64;
        self.end -= self.start;
        self.start = 0;
        let size = (self.end * 2).next_power_of_two().max(INITIAL_BYTES);
        if size > 2 * LONGEST_VALUE {
            return Err(ReadError::TooLong { offset: self.base });
        }
        if size != self.buffer.len() {
            self.buffer.resize(size, 0);
            self.buffer.shrink_to(size);
        }
        while self.end < self.buffer.len() {
            match self.reader.read(&mut self.buffer[self.end..]) {
                Ok(0) => {
                    self.ended = true;
                    break;
                }
                Ok(count) => self.end += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(source) => {
                    return Err(ReadError::Io { offset: self.base + self.end as u64, source });
                }
            }
        }
        Ok(())
    }
}

/// Parses the value at the start of `bytes` and says how many bytes it took.
pub(super) fn parse<'a, T: Deserialize<'a>>(
    bytes: &'a [u8],
) -> Result<(T, usize), serde_json::Error> {
    let mut values = Deserializer::from_slice(bytes).into_iter::<T>();
    match values.next() {
        Some(value) => Ok((value?, values.byte_offset())),
        // Nothing but white space: let the parser itself say that the end came too early.
        None => Err(serde_json::from_slice::<serde::de::IgnoredAny>(bytes)
            .expect_err("white space is no value")),
    }
}

impl<T> ParseAttempt<T> {
    /// Judges the parser's error over `bytes`.
    pub(super) fn failed(bytes: &[u8], error: &serde_json::Error) -> Self {
        if error.is_eof() {
            Self::Cut
        } else {
            Self::Wrong { at: index_of(bytes, error), why: reason(error) }
        }
    }
}

/// The parser's words without its line and column, which count from the value's start.
pub(super) fn reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rfind(" at line ") {
        Some(end) => text[..end].to_owned(),
        None => text,
    }
}

/// The index of the byte that the parser stumbled over: its columns count bytes, from one.
fn index_of(bytes: &[u8], error: &serde_json::Error) -> usize {
    let line_start = match error.line().saturating_sub(2) {
        _ if error.line() < 2 => 0,
        earlier_breaks => bytes
            .iter()
            .enumerate()
            .filter(|(_, byte)| **byte == b'\n')
            .nth(earlier_breaks)
            .map_or(0, |(index, _)| index + 1),
    };
    let index = (line_start + error.column().saturating_sub(1)).min(bytes.len());
    // In a text that is passed over, the parser stops one byte before a control character.
    match bytes.get(index + 1) {
        Some(0..0x20) if bytes[index] >= 0x20 && reason(error).starts_with("control char") => {
            index + 1
        }
        _ => index,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_grows_for_a_long_value_and_shrinks_again() {
        let text = format!("{:?} {}", "x".repeat(3 << 20), "7 ".repeat(1 << 20));
        let mut window = ByteWindow::new(text.as_bytes());
        let take = |window: &mut ByteWindow<&[u8]>| {
            window.take(|bytes| match parse::<serde_json::Value>(bytes) {
                Ok((value, used)) => ParseAttempt::Done { value, used },
                Err(error) => ParseAttempt::failed(bytes, &error),
            })
        };
        assert_eq!(take(&mut window).unwrap().as_str().unwrap().len(), 3 << 20);
        for _ in 0..(1 << 20) {
            assert_eq!(take(&mut window).unwrap(), 7);
        }
        assert_eq!(window.buffer.capacity(), INITIAL_BYTES);
        assert_eq!(window.peek().unwrap(), None);
        assert_eq!(window.offset(), text.len() as u64);
    }

    #[test]
    fn a_stumble_is_placed_on_its_byte() {
        let check = |text: &str, expected: usize| {
            let error = parse::<serde_json::Value>(text.as_bytes()).unwrap_err();
            assert_eq!(index_of(text.as_bytes(), &error), expected, "{text}");
        };
        check("{\"a\":?}", 5);
        check("{\n\"a\":?}", 6);
        check("{\n\n \"\u{e9}\" ?}", 9);
        check("[1 2]", 3);
        check("[NaN]", 1);
        check("[\"a\u{1}\"]", 3);
    }
}
