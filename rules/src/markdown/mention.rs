//! Discord's own tokens: people, roles, channels, commands, emoji, times.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::MarkdownInline;

/// What a token becomes, and how many bytes it took.
pub(super) struct MentionToken {
    pub inline: Option<MarkdownInline>,
    pub length: usize,
    /// Whether it speaks to somebody: then it says nothing at the start of a line.
    pub addresses: bool,
}

/// Longer than any token Discord makes.
const LONGEST: usize = 120;

/// Reads `<@1>`, `<@&1>`, `<#1>`, `<:name:1>`, `<t:1:R>`, `</name:1>` or `<id:guide>`.
pub(super) fn parse_angle_token(text: &str) -> Option<MentionToken> {
    let end = text.bytes().take(LONGEST).position(|byte| byte == b'>')?;
    let inner = text.get(1..end)?;
    let inline = if let Some(id) = inner.strip_prefix("@&") {
        is_id(id).then(|| display_text("a role"))
    } else if let Some(id) = inner.strip_prefix("@!").or_else(|| inner.strip_prefix('@')) {
        is_id(id).then(|| display_text("a user"))
    } else if let Some(id) = inner.strip_prefix('#') {
        is_id(id).then(|| display_text("a channel"))
    } else if let Some(place) = inner.strip_prefix("id:") {
        ["guide", "browse", "customize", "home"].contains(&place).then_some(None)
    } else if let Some(command) = inner.strip_prefix('/') {
        let (name, id) = command.rsplit_once(':')?;
        let plain = name.chars().all(|c| c.is_alphanumeric() || "-_ ".contains(c));
        (is_id(id) && plain && !name.is_empty())
            .then(|| Some(MarkdownInline::Code(format!("/{name}"))))
    } else if let Some(time) = inner.strip_prefix("t:") {
        moment(time).map(|time| Some(MarkdownInline::Text(time)))
    } else {
        emoji(inner).map(|name| Some(MarkdownInline::Text(format!(":{name}:"))))
    }?;
    let addresses = inner.starts_with('@');
    Some(MentionToken { inline, length: end + 1, addresses })
}

/// Reads `@name` as a source shows a mention; `people` first, since their names may hold spaces.
pub(super) fn parse_at_mention(text: &str, people: &[&str]) -> Option<MentionToken> {
    let rest = &text[1..];
    let ends = |after: &str| !after.starts_with(|c: char| c.is_alphanumeric() || "_-/".contains(c));
    let known = people
        .iter()
        .filter(|name| !name.is_empty() && rest.strip_prefix(**name).is_some_and(ends));
    if let Some(name) = known.max_by_key(|name| name.len()) {
        return Some(MentionToken {
            inline: display_text("a user"),
            length: 1 + name.len(),
            addresses: true,
        });
    }
    if let Some(length) = package(rest) {
        let inline = Some(MarkdownInline::Code(text[..=length].to_owned()));
        return Some(MentionToken { inline, length: 1 + length, addresses: false });
    }
    let name = |c: char| c.is_alphanumeric() || "_.-".contains(c);
    let length = rest.find(|c| !name(c)).unwrap_or(rest.len());
    let length = rest[..length].trim_end_matches(['.', '-']).len();
    let who = match &rest[..length] {
        "" => return None,
        "everyone" | "here" => "everyone",
        _ => "a user",
    };
    Some(MentionToken { inline: display_text(who), length: 1 + length, addresses: true })
}

/// The length of `scope/name` or `scope/name@version` as package registries write it.
fn package(text: &str) -> Option<usize> {
    let part = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_.".contains(c);
    let scope = text.find(|c| !part(c))?;
    let name = text[scope..].strip_prefix('/')?;
    let length = name.find(|c| !part(c) && c != '@' && c != '/').unwrap_or(name.len());
    let name = name[..length].trim_end_matches(['.', '-', '@', '/']);
    (scope > 0 && !name.is_empty()).then_some(scope + 1 + name.len())
}

#[expect(clippy::unnecessary_wraps, reason = "the shape of a token's inline")]
fn display_text(text: &str) -> Option<MarkdownInline> {
    Some(MarkdownInline::Text(text.to_owned()))
}

fn is_id(text: &str) -> bool {
    (1..=20).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn emoji(inner: &str) -> Option<&str> {
    let (name, id) =
        inner.strip_prefix("a:").or_else(|| inner.strip_prefix(':'))?.split_once(':')?;
    let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    (is_id(id) && plain && !name.is_empty()).then_some(name)
}

/// A moment as an absolute date in UTC: "in two hours" means nothing on a page. The style letter
/// decides only whether the clock time is shown.
fn moment(text: &str) -> Option<String> {
    let (seconds, style) = text.split_once(':').unwrap_or((text, "f"));
    let format = match style {
        "d" | "D" => "%Y-%m-%d",
        "t" | "T" | "f" | "F" | "R" | "s" | "S" => "%Y-%m-%d %H:%M UTC",
        _ => return None,
    };
    let time = Timestamp::from_second(seconds.parse().ok()?).ok()?;
    Some(time.to_zoned(TimeZone::UTC).strftime(format).to_string())
}
