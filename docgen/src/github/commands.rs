//! What people tell us in comments: the first line, word by word, and nothing that merely looks like it.

/// The word that addresses us.
pub const HANDLE: &str = "@answer-harvester";
const LONGEST_SNOOZE: u32 = 365;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    Help,
    /// Bring the branch to the current base.
    Rebase,
    /// Throw away what stands on the branch and write it anew.
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

/// What a comment says to us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// It is not for us.
    Nothing,
    Command(Command),
    /// It is for us and cannot be understood: answered with a confused reaction.
    Unclear(String),
}

/// All commands with what they do, for `help`.
pub const HELP: [(&str, &str); 13] = [
    ("help", "show this list"),
    ("rebase", "bring the branch to the current base"),
    ("recreate", "discard every commit on the branch and write it anew"),
    ("refresh", "look at the evidence again"),
    ("reject [reason]", "close it and never propose this question again"),
    ("snooze 14d", "leave it alone for so many days (d) or weeks (w)"),
    ("split", "treat the occurrences as several questions"),
    ("batch", "move it into the weekly pull request"),
    ("ready", "take it out of draft"),
    ("show evidence", "list every occurrence"),
    ("page PATH", "put the answer on this page"),
    ("lang CODE", "write it in this language, such as ko"),
    ("propose", "propose it again after it was closed"),
];

/// Reads the first line of a comment. Quotes and code are never commands.
pub fn read(comment: &str) -> Said {
    // Copied from a body of ours, the handle carries the mark that keeps it from calling anybody.
    let line = comment.lines().next().unwrap_or_default().replace('\u{200b}', "");
    let Some((handle, rest)) = line.split_at_checked(HANDLE.len()) else { return Said::Nothing };
    if !handle.eq_ignore_ascii_case(HANDLE) || !rest.starts_with([' ', '\t']) {
        return Said::Nothing;
    }
    let rest = rest.trim();
    let (verb, argument) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    match command(&verb.to_ascii_lowercase(), argument.trim()) {
        Some(command) => Said::Command(command),
        None => Said::Unclear(rest.to_owned()),
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

fn command(verb: &str, argument: &str) -> Option<Command> {
    let alone = |command| argument.is_empty().then_some(command);
    match verb {
        "help" => alone(Command::Help),
        "rebase" => alone(Command::Rebase),
        "recreate" => alone(Command::Recreate),
        "refresh" => alone(Command::Refresh),
        "split" => alone(Command::Split),
        "batch" => alone(Command::Batch),
        "ready" => alone(Command::Ready),
        "propose" => alone(Command::Propose),
        "reject" => {
            let reason = (!argument.is_empty()).then(|| argument.to_owned());
            Some(Command::Reject { reason })
        }
        "show" => argument.eq_ignore_ascii_case("evidence").then_some(Command::ShowEvidence),
        "snooze" => days(argument).map(|days| Command::Snooze { days }),
        "page" => is_page(argument).then(|| Command::Page(argument.to_owned())),
        "lang" => is_language(argument).then(|| Command::Lang(argument.to_ascii_lowercase())),
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
    (path.ends_with(".md") || path.ends_with(".mdx"))
        && path.chars().all(plain)
        && path.split('/').all(name)
}

fn is_language(code: &str) -> bool {
    (2..=3).contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_the_first_line() {
        let reject = |reason: &str| Command::Reject { reason: Some(reason.into()) };
        for (comment, expected) in [
            ("@answer-harvester help", Command::Help),
            ("@\u{200b}answer-harvester help", Command::Help),
            ("@Answer-Harvester  Rebase  \nplease", Command::Rebase),
            ("@answer-harvester recreate", Command::Recreate),
            ("@answer-harvester refresh", Command::Refresh),
            ("@answer-harvester reject", Command::Reject { reason: None }),
            ("@answer-harvester reject not for docs", reject("not for docs")),
            ("@answer-harvester snooze 14d", Command::Snooze { days: 14 }),
            ("@answer-harvester snooze 2w", Command::Snooze { days: 14 }),
            ("@answer-harvester snooze 3", Command::Snooze { days: 3 }),
            ("@answer-harvester split", Command::Split),
            ("@answer-harvester batch", Command::Batch),
            ("@answer-harvester ready", Command::Ready),
            ("@answer-harvester show evidence", Command::ShowEvidence),
            ("@answer-harvester page docs/a-b.md", Command::Page("docs/a-b.md".into())),
            ("@answer-harvester lang KO", Command::Lang("ko".into())),
            ("@answer-harvester propose", Command::Propose),
        ] {
            assert_eq!(read(comment), Said::Command(expected), "{comment}");
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
            assert_eq!(read(comment), Said::Nothing, "{comment}");
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
            "page a.yml",
            "lang english",
            "show",
        ] {
            let comment = format!("@answer-harvester {rest}");
            assert_eq!(read(&comment), Said::Unclear(rest.into()));
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
            let said = read(&format!("{HANDLE} {example}"));
            assert!(matches!(said, Said::Command(_)), "{usage}");
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
