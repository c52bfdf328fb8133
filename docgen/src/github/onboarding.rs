//! How a repository switches us on: by merging a pull request that brings our settings.

use std::fmt;

use rules::ids::{ClusterId, MessageId, Millis};
use rules::markdown::code_span;

use super::ensure::{Purpose, Wanted};
use super::marker;
use crate::caps::Limits;
use crate::change::Change;
use crate::forge::message;
use crate::hosted;
use crate::layout::Layout;
use crate::target::{Folder, Target};

/// The settings that maintainers own. The only path below a folder with a dot that we ever propose.
pub const SETTINGS: &str = ".github/answer-harvester.yml";
/// The branch of the pull request that brings them.
pub const BRANCH: &str = "answers/configure";

/// Questions that the first pull request names.
const SHOWN: usize = 5;

/// What maintainers decided. What they left out is `None` and comes from detection or the operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    pub enabled: bool,
    pub target: Option<Target>,
    pub folder: Option<Folder>,
    pub limits: Limits,
    /// Logins asked for review where no code owner is.
    pub reviewers: Vec<String>,
    pub labels: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            enabled: true,
            target: None,
            folder: None,
            limits: Limits::default(),
            reviewers: Vec::new(),
            labels: true,
        }
    }
}

/// A line that was not understood. Everything else in the file counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    pub line: usize,
    pub told: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{SETTINGS} line {}: {}", self.line, self.told)
    }
}

impl Settings {
    /// Reads `key: value` lines and lists, the part of YAML that the file needs. What cannot be read
    /// keeps its default and is told.
    pub fn read(text: &str) -> (Self, Vec<Mistake>) {
        let (mut settings, mut mistakes) = (Self::default(), Vec::new());
        let mut list = None;
        for (at, raw) in text.lines().enumerate() {
            let line = without_comment(raw).trim_end();
            if line.trim().is_empty() || line == "---" {
                continue;
            }
            let told = match (line.trim_start().strip_prefix("- "), line.split_once(':')) {
                (Some(item), _) if list == Some("reviewers") => settings.reviewer(item),
                (Some(_), _) => Err("a list item, but no list begins here".to_owned()),
                (None, Some((key, value))) => {
                    let key = key.trim();
                    list = (key == "reviewers" && value.trim().is_empty()).then_some("reviewers");
                    settings.set(key, value.trim())
                }
                (None, None) => Err("expected a line like `key: value`".to_owned()),
            };
            if let Err(told) = told {
                mistakes.push(Mistake { line: at + 1, told });
            }
        }
        (settings, mistakes)
    }

    fn set(&mut self, key: &str, value: &str) -> Result<(), String> {
        let text = unquoted(value);
        match key {
            "enabled" => self.enabled = truth(key, text)?,
            "labels" => self.labels = truth(key, text)?,
            "target" => self.target = Some(text.parse()?),
            "folder" => self.folder = Some(text.trim_matches('/').parse()?),
            "open" => self.limits.open = count(key, text)?,
            "per_day" => self.limits.per_day = count(key, text)?,
            "per_hour" => self.limits.per_hour = count(key, text)?,
            "batch" => self.limits.batch = count(key, text)?,
            "limits" if text.is_empty() => {}
            "reviewers" => {
                let items = text.trim_start_matches('[').trim_end_matches(']').split(',');
                for item in items.map(str::trim).filter(|item| !item.is_empty()) {
                    self.reviewer(item)?;
                }
            }
            _ => {
                return Err(format!(
                    "{key:?} is no setting; expected enabled, target, folder, limits, open, per_day, \
                     per_hour, batch, reviewers or labels"
                ));
            }
        }
        Ok(())
    }

    fn reviewer(&mut self, item: &str) -> Result<(), String> {
        let login = unquoted(item.trim()).trim_start_matches('@');
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
        if login.is_empty() || !login.chars().all(plain) {
            return Err(format!("{login:?} is no login of a person"));
        }
        self.reviewers.push(login.to_owned());
        Ok(())
    }

    /// The file that the first pull request proposes.
    pub fn proposed(target: Target, folder: &Folder) -> String {
        let Limits { open, per_day, per_hour, batch } = Limits::default();
        format!(
            "# Answer Harvester proposes pages for questions that come up again and again.\n\
             # Merging this file switches it on; `enabled: false` switches it off.\n\
             enabled: true\n\n\
             # markdown, mintlify, docusaurus, mkdocs, mdbook or faq (one file of answers)\n\
             target: {}\n\
             # where the pages go\n\
             folder: {folder}\n\n\
             limits:\n  open: {open}      # pull requests at once\n  per_day: {per_day}\n  \
             per_hour: {per_hour}\n  batch: {batch}     # answers in the weekly pull request, if more wait\n\n\
             # logins that are asked for review; code owners are asked by GitHub itself\n\
             reviewers: []\n\
             labels: true\n",
            target.as_str()
        )
    }
}

fn without_comment(line: &str) -> &str {
    match line.find(" #") {
        _ if line.trim_start().starts_with('#') => "",
        Some(at) => &line[..at],
        None => line,
    }
}

fn unquoted(value: &str) -> &str {
    let inner = |quote: char| value.strip_prefix(quote)?.strip_suffix(quote);
    inner('"').or_else(|| inner('\'')).unwrap_or(value)
}

fn truth(key: &str, text: &str) -> Result<bool, String> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" => Ok(true),
        "false" | "no" | "off" => Ok(false),
        _ => Err(format!("{key} is {text:?}; expected true or false")),
    }
}

fn count(key: &str, text: &str) -> Result<usize, String> {
    let number = text.parse::<usize>().ok().filter(|number| *number <= 100);
    number.ok_or_else(|| format!("{key} is {text:?}; expected a number from 0 to 100"))
}

/// The id of the pull request that brings the settings.
pub fn id() -> ClusterId {
    ClusterId::of_question(MessageId(0))
}

/// The pull request that brings the settings. It is no question's: its cluster has the id that no
/// message has.
pub fn wanted(layout: &Layout, base: &str, first: &[String]) -> Wanted {
    let cluster = id();
    let text = Settings::proposed(layout.target, &layout.folder);
    let digest = marker::hash(&text);
    let title = "docs: configure Answer Harvester".to_owned();
    Wanted {
        branch: BRANCH.to_owned(),
        purpose: Purpose::Answer,
        base: base.to_owned(),
        body: introduction(layout, first),
        message: message(&title, &cluster, &digest),
        title,
        digest,
        changes: vec![Change::Write { path: SETTINGS.to_owned(), text }],
        cluster,
        labels: Vec::new(),
        reviewers: Vec::new(),
        ready: true,
        rebase: false,
        recreate: None,
        anew: false,
        asked_again: false,
    }
}

fn introduction(layout: &Layout, first: &[String]) -> String {
    let Limits { open, per_day, .. } = Limits::default();
    let mut body = format!(
        "Questions that were resolved again and again in the community's chat can become pages of this \
         documentation. Each one would be a pull request of its own, with its evidence, and nothing is \
         published that you do not merge.\n\n### What to expect\n\n\
         - pages of the kind {} in {}\n- at most {open} open pull requests and {per_day} a day\n\
         - a commit of yours on a branch ends the automatic updates there\n\n\
         Merge this to switch it on, after editing the file as you like. Close it, and nothing more \
         happens.\n",
        code_span(layout.target.as_str()),
        code_span(&layout.folder.to_string()),
    );
    if !first.is_empty() {
        body.push_str("\n### What would come first\n\n");
    }
    for question in first.iter().take(SHOWN) {
        body.push_str(&format!("- {}\n", hosted::span(question, 120)));
    }
    body
}

/// What is seen of the settings and of the pull request that brings them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seen {
    /// The file on the default branch.
    pub settings: Option<String>,
    /// The newest pull request of [`BRANCH`].
    pub request: Option<Request>,
    /// Years of chat are read for the first time: drafts are shown, nothing is opened.
    pub backfilling: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Request {
    Open,
    Merged,
    Closed(Millis),
}

/// Whether we may propose at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stage {
    /// Nothing is opened, the pull request with the settings neither.
    DryRun,
    /// Open the pull request with the settings.
    Introduce,
    /// It is open: nothing else happens until it is merged.
    Waiting,
    On(Settings, Vec<Mistake>),
    /// Maintainers closed it or switched us off: never ask again.
    Off,
}

/// Decides what a repository allows.
pub fn stage(seen: &Seen) -> Stage {
    if let Some(text) = &seen.settings {
        let (settings, mistakes) = Settings::read(text);
        return match (settings.enabled, seen.backfilling) {
            (false, _) => Stage::Off,
            (true, true) => Stage::DryRun,
            (true, false) => Stage::On(settings, mistakes),
        };
    }
    match seen.request {
        Some(Request::Open) => Stage::Waiting,
        // A merged file that is gone was taken away by somebody.
        Some(Request::Closed(_) | Request::Merged) => Stage::Off,
        None if seen.backfilling => Stage::DryRun,
        None => Stage::Introduce,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_we_propose_is_read_without_mistakes() {
        for target in Target::ALL {
            let folder = "docs/answers".parse::<Folder>().unwrap();
            let (settings, mistakes) = Settings::read(&Settings::proposed(target, &folder));
            assert_eq!(mistakes, []);
            let expected =
                Settings { target: Some(target), folder: Some(folder), ..Settings::default() };
            assert_eq!(settings, expected);
        }
    }

    #[test]
    fn every_mistake_is_told_and_the_rest_counts() {
        let text = "---\nenabled: maybe\ntarget: \"hugo\"\nfolder: '/docs/answers/'\nlimits:\n  open: 5 # more\n  \
            per_day: -1\nreviewers:\n  - '@amy-b'\n  - a team\n- bob\ncolour: red\nwhat\n";
        let (settings, mistakes) = Settings::read(text);
        assert_eq!(settings.limits, Limits { open: 5, ..Limits::default() });
        assert_eq!(settings.reviewers, ["amy-b", "bob"]);
        assert_eq!(settings.folder, "docs/answers".parse().ok());
        assert!(settings.enabled && settings.target.is_none());
        let told = mistakes.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
        insta::assert_snapshot!(told, @r#"
        .github/answer-harvester.yml line 2: enabled is "maybe"; expected true or false
        .github/answer-harvester.yml line 3: "hugo" is no target; expected one of markdown, mintlify, docusaurus, mkdocs, mdbook, faq
        .github/answer-harvester.yml line 7: per_day is "-1"; expected a number from 0 to 100
        .github/answer-harvester.yml line 10: "a team" is no login of a person
        .github/answer-harvester.yml line 12: "colour" is no setting; expected enabled, target, folder, limits, open, per_day, per_hour, batch, reviewers or labels
        .github/answer-harvester.yml line 13: expected a line like `key: value`
        "#);
        assert_eq!(Settings::read("reviewers: [amy, \"bob\"]").0.reviewers, ["amy", "bob"]);
    }

    #[test]
    fn the_first_pull_request_brings_the_settings_and_calls_nobody() {
        let first = vec!["@amy how do I fix #1?".to_owned(); 9];
        let wanted = wanted(&crate::layout::detect(["mkdocs.yml"]), "main", &first);
        assert!(wanted.changes.iter().all(Change::is_allowed));
        assert_eq!(
            wanted.body.matches("- `@\u{200b}amy how do I fix #\u{200b}1?`\n").count(),
            SHOWN
        );
        assert!(wanted.body.contains("- pages of the kind `mkdocs` in `docs/answers`\n"));
        for path in [".github/workflows/a.yml", ".git/x", "a/../.github/answer-harvester.yml", "/a"]
        {
            assert!(!Change::Delete { path: path.into() }.is_allowed(), "{path}");
        }
    }

    #[test]
    fn nothing_opens_before_the_settings_are_merged() {
        let on = |text: &str| Stage::On(Settings::read(text).0, Vec::new());
        for (settings, request, backfilling, expected) in [
            (None, None, true, Stage::DryRun),
            (None, None, false, Stage::Introduce),
            (None, Some(Request::Open), false, Stage::Waiting),
            (None, Some(Request::Open), true, Stage::Waiting),
            (None, Some(Request::Closed(Millis(1))), false, Stage::Off),
            (None, Some(Request::Merged), false, Stage::Off),
            (Some("enabled: true"), Some(Request::Merged), true, Stage::DryRun),
            (Some("enabled: true"), Some(Request::Merged), false, on("")),
            (Some("enabled: no"), None, false, Stage::Off),
            (Some(""), None, false, on("")),
        ] {
            let seen = Seen { settings: settings.map(str::to_owned), request, backfilling };
            assert_eq!(stage(&seen), expected, "{seen:?}");
        }
    }
}
