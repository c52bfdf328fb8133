//! Whether a command of a maintainer can do anything, and what to say where it cannot.

use docgen::github::comment_commands::CommentCommand;

/// What a command depends on.
#[derive(Debug, Clone, Default)]
pub(crate) struct CommandFacts {
    /// Why updates have stopped, if they have.
    pub(crate) hands_off: Option<String>,
    pub(crate) is_open: bool,
    /// The branch begins at the newest commit of its base.
    pub(crate) on_base: bool,
    pub(crate) is_batched: bool,
    /// It is a guide, which is made by the operator's rules.
    pub(crate) is_guide: bool,
    /// Occurrences that may be split off.
    pub(crate) occurrences: usize,
    /// Whether a question of it is written in Korean, and whether one is not.
    pub(crate) languages: (bool, bool),
    /// Where the page is now.
    pub(crate) path: String,
    /// Whether the site's pages are MDX.
    pub(crate) mdx: bool,
}

/// Why nothing would come of a command; `None` if something does.
pub(crate) fn refusal(command: &CommentCommand, facts: &CommandFacts) -> Option<String> {
    let taken = |instead: &str| {
        let why = facts.hands_off.as_deref()?;
        Some(format!("{why}, so the branch is no longer changed; {instead}"))
    };
    let outline = "this is a guide: its file in the operator's rules says what stands in it";
    let own = "change it yourself, or comment recreate to discard what people did";
    match command {
        CommentCommand::Refresh
        | CommentCommand::Batch
        | CommentCommand::Page(_)
        | CommentCommand::Lang(_)
        | CommentCommand::Split
        | CommentCommand::ShowEvidence
            if facts.is_guide =>
        {
            Some(outline.to_owned())
        }
        CommentCommand::Rebase => {
            let done = "the branch is on the current base already".to_owned();
            taken("rebase it yourself, or comment recreate to discard what people did")
                .or(facts.on_base.then_some(done))
        }
        CommentCommand::Refresh | CommentCommand::Batch => taken(own)
            .or((facts.is_batched && *command == CommentCommand::Batch)
                .then(|| "it is in the weekly pull request already".to_owned())),
        CommentCommand::Page(path) => taken(own).or_else(|| page_refusal(path, facts)),
        CommentCommand::Lang(code) => taken(own).or_else(|| language_refusal(code, facts)),
        CommentCommand::Split => (facts.occurrences < 2)
            .then(|| "there is only one occurrence left, so nothing can be split".to_owned()),
        CommentCommand::Propose => facts.is_open.then(|| "it is open already".to_owned()),
        CommentCommand::Help
        | CommentCommand::Recreate
        | CommentCommand::Reject { .. }
        | CommentCommand::Snooze { .. }
        | CommentCommand::Ready
        | CommentCommand::ShowEvidence => None,
    }
}

fn page_refusal(path: &str, facts: &CommandFacts) -> Option<String> {
    if path == facts.path {
        return Some("the answer is on this page already".to_owned());
    }
    (path.ends_with(".mdx") && !facts.mdx)
        .then(|| "this site's pages are Markdown, and the answer would not be valid MDX".to_owned())
}

fn language_refusal(code: &str, facts: &CommandFacts) -> Option<String> {
    let main = code.split('-').next().unwrap_or(code);
    match (main, facts.languages) {
        ("ko", (true, _)) | ("en", (_, true)) => None,
        ("ko" | "en", _) => Some(format!("no question of this page was asked in {main}")),
        _ => Some("pages can be written in en or ko".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_that_does_nothing_says_why() {
        let plain = CommandFacts {
            occurrences: 3,
            languages: (false, true),
            path: "docs/a.md".to_owned(),
            is_open: true,
            ..CommandFacts::default()
        };
        let taken = CommandFacts {
            hands_off: Some("someone committed to the branch".to_owned()),
            ..plain.clone()
        };
        let guide = CommandFacts { is_guide: true, ..plain.clone() };
        let page = |path: &str| CommentCommand::Page(path.to_owned());
        let lang = |code: &str| CommentCommand::Lang(code.to_owned());
        for (command, facts, expected) in [
            (CommentCommand::Rebase, &plain, None),
            (CommentCommand::Rebase, &taken, Some("rebase it yourself")),
            (
                CommentCommand::Rebase,
                &CommandFacts { on_base: true, ..plain.clone() },
                Some("current base already"),
            ),
            (CommentCommand::Refresh, &plain, None),
            (CommentCommand::Refresh, &taken, Some("someone committed")),
            (
                CommentCommand::Batch,
                &CommandFacts { is_batched: true, ..plain.clone() },
                Some("weekly"),
            ),
            (page("docs/b.md"), &plain, None),
            (page("docs/a.md"), &plain, Some("already")),
            (page("docs/b.mdx"), &plain, Some("MDX")),
            (page("docs/b.mdx"), &CommandFacts { mdx: true, ..plain.clone() }, None),
            (page("docs/b.md"), &CommandFacts { mdx: true, ..plain.clone() }, None),
            (lang("en"), &plain, None),
            (lang("ko-KR"), &plain, Some("asked in ko")),
            (lang("fr"), &plain, Some("en or ko")),
            (CommentCommand::Split, &plain, None),
            (
                CommentCommand::Split,
                &CommandFacts { occurrences: 1, ..plain.clone() },
                Some("only one"),
            ),
            (CommentCommand::Propose, &plain, Some("open already")),
            (CommentCommand::Help, &taken, None),
            (CommentCommand::Split, &guide, Some("operator's rules")),
            (CommentCommand::Rebase, &guide, None),
        ] {
            let said = refusal(&command, facts);
            assert_eq!(said.is_some(), expected.is_some(), "{command:?}: {said:?}");
            let fits = said.iter().zip(expected).all(|(said, expected)| said.contains(expected));
            assert!(fits, "{command:?}: {said:?}");
        }
    }
}
