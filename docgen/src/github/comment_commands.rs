//! Commands in comments: the first line, word by word, outside quotes and code.

use crate::pull_request::labels::HANDLE;

const LONGEST_SNOOZE: u32 = 365;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CommentCommand {
    Help,
    /// Bring the branch to the current base.
    Rebase,
    /// Discard what is on the branch and rebuild it.
    Recreate,
    /// Look at the evidence again.
    Refresh,
    Reject {
        reason: Option<String>,
    },
    Snooze {
        days: u32,
    },
    Split,
    Batch,
    Ready,
    ShowEvidence,
    /// Put the answer on this page.
    Page(String),
    /// Write the answer in this language.
    Lang(String),
    /// Propose it again after it was closed.
    Propose,
}

impl CommentCommand {
    /// Its words without an argument.
    pub fn usage(&self) -> &'static str {
        match self {
            Self::Help => "help",
            Self::Rebase => "rebase",
            Self::Recreate => "recreate",
            Self::Refresh => "refresh",
            Self::Reject { .. } => "reject",
            Self::Snooze { .. } => "snooze",
            Self::Split => "split",
            Self::Batch => "batch",
            Self::Ready => "ready",
            Self::ShowEvidence => "show evidence",
            Self::Page(_) => "page",
            Self::Lang(_) => "lang",
            Self::Propose => "propose",
        }
    }
}

/// What a comment asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CommentRequest {
    /// It is not a command.
    Nothing,
    Command(CommentCommand),
    /// It begins like a command but is not valid: it gets a confused reaction.
    Unclear(String),
}

/// All commands with what they do, for `help`.
pub const HELP: [(&str, &str); 13] = [
    ("help", "show this list"),
    ("rebase", "rebase the branch onto the current base"),
    ("recreate", "discard every commit on the branch and rebuild it"),
    ("refresh", "refresh the evidence"),
    ("reject [reason]", "close it and never propose this question again"),
    ("snooze 14d", "snooze it for a number of days (d) or weeks (w)"),
    ("split", "treat the occurrences as several questions"),
    ("batch", "move it to the weekly pull request"),
    ("ready", "mark it ready for review"),
    ("show evidence", "list every occurrence"),
    ("page PATH", "put the answer on this page, also on one that exists"),
    ("lang CODE", "write it in this language, such as ko"),
    ("propose", "propose it again after it was closed"),
];

/// Reads the first line of a comment. Quotes and code are never commands.
pub fn parse_comment(comment: &str) -> CommentRequest {
    // Copied from a generated text, the handle has an invisible mark that prevents a mention.
    let line = comment.lines().next().unwrap_or_default().replace('\u{200b}', "");
    let Some((handle, rest)) = line.split_at_checked(HANDLE.len()) else {
        return CommentRequest::Nothing;
    };
    if !handle.eq_ignore_ascii_case(HANDLE) || !rest.starts_with([' ', '\t']) {
        return CommentRequest::Nothing;
    }
    let rest = rest.trim();
    let (verb, argument) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    match command(&verb.to_ascii_lowercase(), argument.trim()) {
        Some(command) => CommentRequest::Command(command),
        None => CommentRequest::Unclear(rest.to_owned()),
    }
}

/// Whether the box `rebase` of a body is ticked.
pub fn rebase_is_ticked(body: &str) -> bool {
    body.lines().any(|line| {
        let line = line.trim_end();
        line.strip_prefix("- [x] rebase")
            .or_else(|| line.strip_prefix("- [X] rebase"))
            .is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', ',', ':']))
    })
}

fn command(verb: &str, argument: &str) -> Option<CommentCommand> {
    let alone = |command| argument.is_empty().then_some(command);
    match verb {
        "help" => alone(CommentCommand::Help),
        "rebase" => alone(CommentCommand::Rebase),
        "recreate" => alone(CommentCommand::Recreate),
        "refresh" => alone(CommentCommand::Refresh),
        "split" => alone(CommentCommand::Split),
        "batch" => alone(CommentCommand::Batch),
        "ready" => alone(CommentCommand::Ready),
        "propose" => alone(CommentCommand::Propose),
        "reject" => {
            let reason = (!argument.is_empty()).then(|| argument.to_owned());
            Some(CommentCommand::Reject { reason })
        }
        "show" => argument.eq_ignore_ascii_case("evidence").then_some(CommentCommand::ShowEvidence),
        "snooze" => days(argument).map(|days| CommentCommand::Snooze { days }),
        "page" => is_page(argument).then(|| CommentCommand::Page(argument.to_owned())),
        "lang" => {
            is_language(argument).then(|| CommentCommand::Lang(argument.to_ascii_lowercase()))
        }
        _ => None,
    }
}

fn days(text: &str) -> Option<u32> {
    let (number, times) = match text.strip_suffix(['w', 'W']) {
        Some(weeks) => (weeks, 7),
        None => (text.strip_suffix(['d', 'D']).unwrap_or(text), 1),
    };
    let days = number.trim().parse::<u32>().ok()?.checked_mul(times)?;
    (1..=LONGEST_SNOOZE).contains(&days).then_some(days)
}

/// A path of the repository that a page may have.
fn is_page(path: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
    let name = |name: &str| !name.is_empty() && !name.starts_with('.');
    crate::paths::is_page(path) && path.chars().all(plain) && path.split('/').all(name)
}

fn is_language(code: &str) -> bool {
    (2..=3).contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_the_first_line() {
        let reject = |reason: &str| CommentCommand::Reject { reason: Some(reason.into()) };
        for (comment, expected) in [
            ("@answer-harvester help", CommentCommand::Help),
            ("@\u{200b}answer-harvester help", CommentCommand::Help),
            ("@Answer-Harvester  Rebase  \nplease", CommentCommand::Rebase),
            ("@answer-harvester recreate", CommentCommand::Recreate),
            ("@answer-harvester refresh", CommentCommand::Refresh),
            ("@answer-harvester reject", CommentCommand::Reject { reason: None }),
            ("@answer-harvester reject not for docs", reject("not for docs")),
            ("@answer-harvester snooze 14d", CommentCommand::Snooze { days: 14 }),
            ("@answer-harvester snooze 2w", CommentCommand::Snooze { days: 14 }),
            ("@answer-harvester snooze 3", CommentCommand::Snooze { days: 3 }),
            ("@answer-harvester split", CommentCommand::Split),
            ("@answer-harvester batch", CommentCommand::Batch),
            ("@answer-harvester ready", CommentCommand::Ready),
            ("@answer-harvester show evidence", CommentCommand::ShowEvidence),
            ("@answer-harvester page docs/a-b.md", CommentCommand::Page("docs/a-b.md".into())),
            ("@answer-harvester lang KO", CommentCommand::Lang("ko".into())),
            ("@answer-harvester propose", CommentCommand::Propose),
        ] {
            assert_eq!(parse_comment(comment), CommentRequest::Command(expected), "{comment}");
        }
    }

    #[test]
    fn what_only_looks_like_a_command_is_none() {
        for comment in [
            "",
            "@answer",
            "@answer-harvester",
            "@answer-harvesters help",
            "> @answer-harvester help",
            "`@answer-harvester help`",
            "    @answer-harvester help",
            "```\n@answer-harvester help\n```",
            "well\n@answer-harvester help",
            "ask @answer-harvester help",
            "한국어 댓글입니다 그렇습니다",
        ] {
            assert_eq!(parse_comment(comment), CommentRequest::Nothing, "{comment}");
        }
        for rest in [
            "merge",
            "help me",
            "snooze",
            "snooze 0d",
            "snooze 999d",
            "snooze -1d",
            "page ../x.md",
            "page .github/a.md",
            "page docs/README.md",
            "page a.yml",
            "lang english",
            "show",
        ] {
            let comment = format!("@answer-harvester {rest}");
            assert_eq!(parse_comment(&comment), CommentRequest::Unclear(rest.into()));
        }
    }

    #[test]
    fn every_command_is_in_the_help() {
        for (usage, _) in HELP {
            let example = match usage {
                "page PATH" => "page a.md",
                "lang CODE" => "lang ko",
                other => other,
            };
            let said = parse_comment(&format!("{HANDLE} {example}"));
            let CommentRequest::Command(command) = said else { panic!("{usage}") };
            assert!(usage.starts_with(command.usage()), "{usage}");
        }
    }

    #[test]
    fn a_box_is_ticked_by_an_x() {
        for (body, expected) in [
            ("a\n- [x] rebase\r\nb", true),
            ("- [X] rebase, please", true),
            ("- [ ] rebase", false),
            ("- [x] rebased", false),
            ("> - [x] rebase", false),
        ] {
            assert_eq!(rebase_is_ticked(body), expected, "{body}");
        }
    }
}
