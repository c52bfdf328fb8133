//! One export file as a stream of events.

use std::io::Read;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rules::model::ids::{ChannelId, GuildId};
use rules::model::message::{Channel, Message, MessageKind};
use serde::de::IgnoredAny;

use super::authors::AuthorInterner;
use super::byte_window::{ByteWindow, LONGEST_VALUE, ParseAttempt, ReadError, parse, reason};
use super::error::ImportError;
use super::file_report::FileReport;
use super::mapping::{self, MappedMessage};
use super::schema::{ExportChannel, ExportDateRange, ExportGuild, ExportMessage};
use crate::event::ChatEvent;
use crate::wire::lenient::{LenientObject, LenientScalar};

/// Reads an export message by message, in memory that does not grow with the file.
///
/// The exporter writes guild and channel before the messages, and so they must come. Everything
/// else may stand in any order.
pub struct ExportReader<R> {
    path: PathBuf,
    window: ByteWindow<R>,
    place: ExportPosition,
    guild: Option<GuildId>,
    channel: Option<Channel>,
    /// What comes before the next thing that is read.
    queued: Option<ChatEvent>,
    messages_seen: bool,
    authors: AuthorInterner,
    report: FileReport,
}

/// What is to be read next.
#[derive(Debug, Clone, Copy)]
enum ExportPosition {
    Header,
    FirstMessage(ChannelId),
    NextMessage(ChannelId),
    End,
}

impl<R: Read> ExportReader<R> {
    /// `path` only names the file in errors.
    pub fn new(path: &Path, reader: R) -> Self {
        Self {
            path: path.to_owned(),
            window: ByteWindow::new(reader),
            place: ExportPosition::Header,
            guild: None,
            channel: None,
            queued: None,
            messages_seen: false,
            authors: AuthorInterner::default(),
            report: FileReport::default(),
        }
    }

    /// The next event: the channel, the name of its server, then its messages in the file's order; `None` at the end.
    ///
    /// # Errors
    /// The file is not an export, cannot be read, or breaks off. Every message before the break has
    /// been returned; after an error comes the end.
    pub fn next_event(&mut self) -> Result<Option<ChatEvent>, ImportError> {
        if let Some(event) = self.queued.take() {
            return Ok(Some(event));
        }
        let step = match self.place {
            ExportPosition::Header => self.read_header(),
            ExportPosition::FirstMessage(channel) => {
                self.read_messages(channel, true).map_err(ReadStop::Trouble)
            }
            ExportPosition::NextMessage(channel) => {
                self.read_messages(channel, false).map_err(ReadStop::Trouble)
            }
            ExportPosition::End => Ok(None),
        };
        step.map_err(|stop| self.stop(stop))
    }

    /// What was read so far; of the whole file once `next_event` has returned `None`.
    pub fn into_report(self) -> FileReport {
        self.report
    }

    /// Reads up to the messages.
    fn read_header(&mut self) -> Result<Option<ChatEvent>, ReadStop> {
        self.window.skip_byte_order_mark()?;
        match self.window.peek()? {
            Some(b'{') => {}
            Some(_) => return Err(ReadStop::NotAnExport("it does not begin with `{`")),
            None => return Err(self.window.malformed("the file is empty").into()),
        }
        self.window.expect(b"{")?;
        if self.window.peek()? == Some(b'}') {
            return Err(ReadStop::NotAnExport("it has no `messages`"));
        }
        loop {
            if self.read_field()? {
                let Some((channel, guild)) = self.channel.take().zip(self.guild) else {
                    let why = "`guild` and `channel` do not come before `messages`";
                    return Err(ReadStop::NotAnExport(why));
                };
                let channel = Channel { guild, ..channel };
                self.place = ExportPosition::FirstMessage(channel.id);
                let at = self.report.exported_at;
                let name = &self.report.guild_name;
                // Direct messages have no server.
                if guild != GuildId(0) && !name.is_empty() {
                    self.queued = Some(ChatEvent::ServerSeen(guild, name.clone(), at));
                }
                return Ok(Some(ChatEvent::ChannelSeen(channel, at)));
            }
            if self.window.expect(b",}")? == b'}' {
                return Err(ReadStop::NotAnExport("it has no `messages`"));
            }
        }
    }

    /// Reads one field of the root object; true where it is `messages`, whose array is then open.
    fn read_field(&mut self) -> Result<bool, ReadError> {
        if self.window.peek()?.is_some_and(|byte| byte != b'"') {
            return Err(self.window.malformed("expected the name of a field"));
        }
        let at = self.window.offset();
        let key = self.window.take(whole(key))?;
        self.window.expect(b":")?;
        match key.as_str() {
            "guild" if !self.messages_seen => {
                let (id, name) = self.window.take(whole(guild))?;
                self.guild = id;
                self.report.guild_name = name;
            }
            "channel" if !self.messages_seen => {
                self.channel = self.window.take(whole(channel))?;
                if let Some(Channel { id, name, .. }) = &self.channel {
                    self.report.channel = Some(*id);
                    self.report.channel_name.clone_from(name);
                }
            }
            "exportedAt" => {
                self.report.exported_at = self.window.take(whole(time))?.unwrap_or_default();
            }
            "dateRange" => self.report.unlimited = self.window.take(whole(unlimited))?,
            "messageCount" => self.report.message_count_stated = self.window.take(whole(count))?,
            "messages" if self.messages_seen => {
                return Err(ReadError::Malformed { offset: at, why: "a second `messages`".into() });
            }
            "messages" => {
                self.window.expect(b"[")?;
                self.messages_seen = true;
                return Ok(true);
            }
            _ => {
                self.window.take(whole(anything))?;
            }
        }
        Ok(false)
    }

    /// Reads up to the next message, or to the end of the file.
    fn read_messages(
        &mut self,
        channel: ChannelId,
        mut first: bool,
    ) -> Result<Option<ChatEvent>, ReadError> {
        loop {
            if first && self.window.peek()? == Some(b']') {
                self.window.expect(b"]")?;
                return self.read_footer();
            }
            if !first && self.window.expect(b",]")? == b']' {
                return self.read_footer();
            }
            first = false;
            self.place = ExportPosition::NextMessage(channel);
            self.window.peek()?;
            let offset = self.window.offset();
            let authors = &mut self.authors;
            match self.window.take(|bytes| read_message(bytes, channel, authors))? {
                Ok(mapped) => {
                    let MappedMessage { message, unknown_type } = mapped;
                    self.report.messages += 1;
                    let system = [MessageKind::System, MessageKind::ThreadStarter];
                    self.report.system += u64::from(system.contains(&message.kind));
                    self.report.blank += u64::from(message.kind.is_talk() && is_blank(&message));
                    if let Some(name) = unknown_type {
                        self.report.count_unknown_type(&name);
                    }
                    return Ok(Some(ChatEvent::Posted(message, self.report.exported_at)));
                }
                Err(why) => self.report.skip(offset, why),
            }
        }
    }

    /// Reads from the end of the messages to the end of the file.
    fn read_footer(&mut self) -> Result<Option<ChatEvent>, ReadError> {
        while self.window.expect(b",}")? == b',' {
            self.read_field()?;
        }
        if self.window.peek()?.is_some() {
            return Err(self.window.malformed("something follows the end of the export"));
        }
        self.report.complete = true;
        self.place = ExportPosition::End;
        Ok(None)
    }

    /// Ends the reading with an error that says what was read before.
    fn stop(&mut self, stop: ReadStop) -> ImportError {
        self.place = ExportPosition::End;
        let path = self.path.clone();
        let report = Box::new(self.report.clone());
        let broken = |offset, why| ImportError::Broken {
            path: path.clone(),
            offset,
            why,
            report: report.clone(),
        };
        match stop {
            ReadStop::NotAnExport(why) => ImportError::NotAnExport { path, why: why.to_owned() },
            ReadStop::Trouble(ReadError::Cut { offset }) => {
                broken(offset, "the file ends too early".to_owned())
            }
            ReadStop::Trouble(ReadError::Malformed { offset, why }) => broken(offset, why),
            ReadStop::Trouble(ReadError::TooLong { offset }) => broken(
                offset,
                format!("a single value of more than {} MB begins here", LONGEST_VALUE >> 20),
            ),
            ReadStop::Trouble(ReadError::Io { offset, source }) => {
                ImportError::Unreadable { path, offset, source, report }
            }
        }
    }
}

/// Why reading ends before the file's proper end.
enum ReadStop {
    NotAnExport(&'static str),
    Trouble(ReadError),
}

impl From<ReadError> for ReadStop {
    fn from(trouble: ReadError) -> Self {
        Self::Trouble(trouble)
    }
}

/// A value and the bytes that it took.
type Parsed<T> = Result<(T, usize), serde_json::Error>;

/// Turns a parser of one value into one that can wait for more of the file.
fn whole<T>(parser: impl Fn(&[u8]) -> Parsed<T>) -> impl FnMut(&[u8]) -> ParseAttempt<T> {
    move |bytes| match parser(bytes) {
        Ok((value, used)) => ParseAttempt::Done { value, used },
        Err(error) => ParseAttempt::failed(bytes, &error),
    }
}

fn key(bytes: &[u8]) -> Parsed<String> {
    parse(bytes)
}

fn anything(bytes: &[u8]) -> Parsed<IgnoredAny> {
    parse(bytes)
}

/// Id and name of a guild; direct messages have the guild 0.
fn guild(bytes: &[u8]) -> Parsed<(Option<GuildId>, String)> {
    let (LenientObject(raw), used) = parse::<LenientObject<ExportGuild<'_>>>(bytes)?;
    let ExportGuild { id, name } = raw.unwrap_or_default();
    let id = id.whole().filter(|id| *id == 0).or_else(|| id.id());
    Ok(((id.map(GuildId), name.words().unwrap_or_default().into_owned()), used))
}

fn channel(bytes: &[u8]) -> Parsed<Option<Channel>> {
    let (LenientObject(raw), used) = parse::<LenientObject<ExportChannel<'_>>>(bytes)?;
    Ok((raw.and_then(mapping::channel), used))
}

/// Whether a range of dates is there and has no end at either side.
fn unlimited(bytes: &[u8]) -> Parsed<bool> {
    let (LenientObject(raw), used) = parse::<LenientObject<ExportDateRange<'_>>>(bytes)?;
    let open =
        |range: ExportDateRange<'_>| range.after.text().is_none() && range.before.text().is_none();
    Ok((raw.is_some_and(open), used))
}

fn time(bytes: &[u8]) -> Parsed<Option<Timestamp>> {
    let (text, used) = parse::<LenientScalar<'_>>(bytes)?;
    Ok((text.text().and_then(|text| mapping::time(&text)), used))
}

fn count(bytes: &[u8]) -> Parsed<Option<u64>> {
    let (count, used) = parse::<LenientScalar<'_>>(bytes)?;
    Ok((count.whole(), used))
}

fn is_blank(message: &Message) -> bool {
    let empty = message.text.trim().is_empty() && message.attachments.is_empty();
    empty && message.forwarded.is_none()
}

/// Reads one element of `messages`: a message, or why a well-formed value is none.
fn read_message(
    bytes: &[u8],
    channel: ChannelId,
    authors: &mut AuthorInterner,
) -> ParseAttempt<Result<MappedMessage, String>> {
    let fault = if bytes.first() == Some(&b'{') {
        match parse::<ExportMessage<'_>>(bytes) {
            Ok((raw, used)) => {
                let value = mapping::message(raw, channel, authors).map_err(str::to_owned);
                return ParseAttempt::Done { value, used };
            }
            Err(error) if error.is_eof() => return ParseAttempt::Cut,
            Err(error) => reason(&error),
        }
    } else {
        "it is not an object".to_owned()
    };
    match anything(bytes) {
        Ok((_, used)) => ParseAttempt::Done { value: Err(fault), used },
        Err(error) => ParseAttempt::failed(bytes, &error),
    }
}
