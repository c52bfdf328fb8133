//! How a repository turns proposals on: by merging a pull request that adds the settings.

use std::fmt;

use jiff::Timestamp;
use rules::markdown::code_span;

use crate::change::FileChange;
use crate::directives::plain_title;
pub use crate::paths::SETTINGS;
use crate::pull_request::desired::{DesiredPullRequest, PullRequestPurpose};
use crate::pull_request::escape;
use crate::pull_request::limits::ProposalLimits;
use crate::pull_request::marker;
use crate::pull_request::subject::Subject;
use crate::site::generator::UnknownPlace;
use crate::site::layout::SiteLayout;
use crate::target::{DocsFolder, DocsTarget};

/// Questions that the first pull request names.
const SHOWN: usize = 5;
const LONGEST_SECTION: usize = 60;
const LONGEST_REASON: usize = 300;

/// What maintainers decided. What they left out is `None` and comes from detection or the operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepositorySettings {
    pub enabled: bool,
    pub target: Option<DocsTarget>,
    pub folder: Option<DocsFolder>,
    /// The name of the section that holds all pages.
    pub section: Option<String>,
    pub limits: ProposalLimits,
    /// Logins asked for review where no code owner is.
    pub reviewers: Vec<String>,
    pub labels: bool,
}

impl Default for RepositorySettings {
    fn default() -> Self {
        Self {
            enabled: true,
            target: None,
            folder: None,
            section: None,
            limits: ProposalLimits::default(),
            reviewers: Vec::new(),
            labels: true,
        }
    }
}

/// A line that was not understood. Everything else in the file counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingsError {
    pub line: usize,
    pub reason: String,
}

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{SETTINGS} line {}: {}", self.line, self.reason)
    }
}

impl RepositorySettings {
    /// Reads `key: value` lines and lists, the part of YAML that the file needs. What cannot be read
    /// keeps its default and is reported.
    pub fn read(text: &str) -> (Self, Vec<SettingsError>) {
        let (mut settings, mut mistakes) = (Self::default(), Vec::new());
        let mut list = None;
        for (at, raw) in text.lines().enumerate() {
            let line = without_comment(raw).trim_end();
            if line.trim().is_empty() || line == "---" {
                continue;
            }
            let reason = match (line.trim_start().strip_prefix("- "), line.split_once(':')) {
                (Some(item), _) if list == Some("reviewers") => settings.reviewer(item),
                (Some(_), _) => Err("a list item outside a list".to_owned()),
                (None, Some((key, value))) => {
                    let key = key.trim();
                    list = (key == "reviewers" && value.trim().is_empty()).then_some("reviewers");
                    settings.set(key, value.trim())
                }
                (None, None) => Err("expected a line like `key: value`".to_owned()),
            };
            if let Err(reason) = reason {
                mistakes.push(SettingsError { line: at + 1, reason });
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
            "section" => self.section = Some(section_title(text)?),
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
                    "{key:?} is not a setting; expected enabled, target, folder, section, limits, open, \
                     per_day, per_hour, batch, reviewers or labels"
                ));
            }
        }
        Ok(())
    }

    fn reviewer(&mut self, item: &str) -> Result<(), String> {
        let login = unquoted(item.trim()).trim_start_matches('@');
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
        if login.is_empty() || !login.chars().all(plain) {
            return Err(format!("{login:?} is not a user login"));
        }
        self.reviewers.push(login.to_owned());
        Ok(())
    }

    /// The file that the first pull request proposes. Where the place of pages is not known, people are to
    /// name it before they merge.
    pub fn proposed(place: Result<&SiteLayout, &UnknownPlace>) -> String {
        let ProposalLimits { open, per_day, per_hour, batch } = ProposalLimits::default();
        let place = match place {
            Ok(layout) => format!(
                "target: {}\n# where the pages go\nfolder: {}\n# the section that they are listed in\nsection: {}\n",
                layout.target.as_str(),
                layout.folder,
                serde_json::Value::from(plain_title(layout.section_title())),
            ),
            Err(_) => {
                "# target: markdown\n# where the pages go; nothing is proposed before this is set\n\
                # folder: docs/answers\n"
                    .to_owned()
            }
        };
        format!(
            "# Answer Harvester proposes pages for recurring questions.\n\
             # Merging this file turns it on; `enabled: false` turns it off.\n\
             enabled: true\n\n\
             # markdown, mintlify, docusaurus, mkdocs, mdbook or faq (one file of answers)\n\
             {place}\n\
             limits:\n  open: {open}      # open pull requests at once\n  per_day: {per_day}\n  \
             per_hour: {per_hour}\n  batch: {batch}     # answers in the weekly pull request\n\n\
             # logins to request reviews from; GitHub itself requests code owners\n\
             reviewers: []\n\
             labels: true\n"
        )
    }
}

/// A title for a navigation.
pub fn section_title(text: &str) -> Result<String, String> {
    let title = plain_title(text);
    if title.is_empty() || title.chars().count() > LONGEST_SECTION {
        return Err(format!(
            "section is {text:?}; expected a title of at most {LONGEST_SECTION} characters"
        ));
    }
    Ok(title)
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

/// The pull request that adds the settings, and makes the section for all pages.
pub fn wanted(
    place: Result<&SiteLayout, &UnknownPlace>,
    base: &str,
    first: &[String],
) -> DesiredPullRequest {
    let cluster = Subject::Settings.key();
    let text = RepositorySettings::proposed(place);
    let digest = marker::hash(&text);
    let title = "docs: configure Answer Harvester".to_owned();
    let settings = FileChange::Write { path: SETTINGS.to_owned(), text };
    let section = place.map(SiteLayout::section_changes).unwrap_or_default();
    DesiredPullRequest {
        branch: Subject::Settings.branch(),
        purpose: PullRequestPurpose::Answer,
        base: base.to_owned(),
        body: introduction(place, &section, first),
        message: marker::commit_message(&title, &cluster, &digest),
        title,
        digest,
        changes: std::iter::once(settings).chain(section).collect(),
        cluster,
        labels: Vec::new(),
        reviewers: Vec::new(),
        ready: true,
        rebase: false,
        recreate: None,
        anew: false,
        requested_again: false,
    }
}

/// Where pages go, or that this is not known.
fn place_lines(place: Result<&SiteLayout, &UnknownPlace>, section: &[FileChange]) -> String {
    let layout = match place {
        Ok(layout) => layout,
        Err(UnknownPlace { generator, settings, why }) => {
            return format!(
                "- **Cannot tell where pages go** in this {generator} site: {}. Set `target` and \
                 `folder` in the file before you merge; nothing is proposed until then\n",
                escape::span(&format!("{settings} {why}"), LONGEST_REASON),
            );
        }
    };
    let mut lines = format!(
        "- {} pages in {}\n",
        code_span(layout.target.as_str()),
        code_span(&layout.folder.to_string())
    );
    if layout.generator.target() == layout.target
        && layout.generator.name().to_lowercase() != layout.target.as_str()
    {
        lines.push_str(&format!("- the site is built by {}\n", layout.generator));
    }
    let files = section.iter().map(|change| code_span(change.path())).collect::<Vec<_>>();
    if !files.is_empty() {
        lines.push_str(&format!(
            "- this pull request makes one section, {}, below which all pages are listed ({})\n",
            escape::span(layout.section_title(), LONGEST_SECTION),
            files.join(", ")
        ));
    }
    lines
}

fn introduction(
    place: Result<&SiteLayout, &UnknownPlace>,
    section: &[FileChange],
    first: &[String],
) -> String {
    let ProposalLimits { open, per_day, .. } = ProposalLimits::default();
    let mut body = format!(
        "Questions that keep coming up in the community's chat can become pages of this documentation. \
         Each page is proposed in a pull request of its own, with its evidence. Nothing is published \
         unless you merge it.\n\n### What to expect\n\n\
         {}- at most {open} open pull requests, and {per_day} new ones per day\n\
         - your first commit on a branch stops automatic updates there\n\n\
         Edit the file as you like, then merge this to turn proposals on. If you close this, nothing \
         is proposed.\n",
        place_lines(place, section),
    );
    if !first.is_empty() {
        body.push_str("\n### First questions\n\n");
    }
    for question in first.iter().take(SHOWN) {
        body.push_str(&format!("- {}\n", escape::span(question, 120)));
    }
    body
}

/// The observed state of the settings and of the pull request that adds them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OnboardingState {
    /// The file on the default branch.
    pub settings: Option<String>,
    /// The newest pull request that adds it.
    pub request: Option<SettingsRequest>,
    /// Years of chat are read for the first time: drafts are shown, nothing is opened.
    pub backfilling: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SettingsRequest {
    Open,
    Merged,
    Closed(Timestamp),
}

/// Whether proposals may be opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OnboardingStage {
    /// Nothing is opened, the pull request with the settings neither.
    DryRun,
    /// Open the pull request with the settings.
    Introduce,
    /// It is open: nothing else happens until it is merged.
    Waiting,
    On(RepositorySettings, Vec<SettingsError>),
    /// Maintainers closed it or turned proposals off: never ask again.
    Off,
}

/// Decides what a repository allows.
pub fn stage(seen: &OnboardingState) -> OnboardingStage {
    if let Some(text) = &seen.settings {
        let (settings, mistakes) = RepositorySettings::read(text);
        return match (settings.enabled, seen.backfilling) {
            (false, _) => OnboardingStage::Off,
            (true, true) => OnboardingStage::DryRun,
            (true, false) => OnboardingStage::On(settings, mistakes),
        };
    }
    match seen.request {
        Some(SettingsRequest::Open) => OnboardingStage::Waiting,
        // A merged file that is missing was removed by someone.
        Some(SettingsRequest::Closed(_) | SettingsRequest::Merged) => OnboardingStage::Off,
        None if seen.backfilling => OnboardingStage::DryRun,
        None => OnboardingStage::Introduce,
    }
}

#[cfg(test)]
mod tests {
    use rules::time;

    use super::*;

    #[test]
    fn what_we_propose_is_read_without_mistakes() {
        for target in DocsTarget::ALL {
            let folder = "docs/answers".parse::<DocsFolder>().unwrap();
            let layout = SiteLayout::plain(target, folder.clone());
            let (settings, mistakes) =
                RepositorySettings::read(&RepositorySettings::proposed(Ok(&layout)));
            assert_eq!(mistakes, []);
            let expected = RepositorySettings {
                target: Some(target),
                folder: Some(folder),
                section: Some("Answers".to_owned()),
                ..RepositorySettings::default()
            };
            assert_eq!(settings, expected);
        }
        let settings = RepositorySettings::read(&RepositorySettings::proposed(Err(&unknown())));
        assert_eq!(settings, (RepositorySettings::default(), Vec::new()));
    }

    fn unknown() -> UnknownPlace {
        let settings = "website/docusaurus.config.js".to_owned();
        let why = "computes the `path` of its docs".to_owned();
        UnknownPlace { generator: crate::site::generator::SiteGenerator::Docusaurus, settings, why }
    }

    #[test]
    fn an_unknown_place_is_reported_instead_of_a_wrong_one() {
        let wanted = wanted(Err(&unknown()), "main", &[]);
        let note = "- **Cannot tell where pages go** in this Docusaurus site: \
            ``website/docusaurus.config.js computes the `path` of its docs``. Set `target` and `folder`";
        assert!(wanted.body.contains(note), "{}", wanted.body);
        assert_eq!(wanted.changes.len(), 1);
        assert_eq!(wanted.check(), Ok(()));
    }

    #[test]
    fn every_mistake_is_reported_and_the_rest_counts() {
        let text = "---\nenabled: maybe\ntarget: \"hugo\"\nfolder: '/docs/answers/'\nlimits:\n  open: 5 # more\n  \
            per_day: -1\nreviewers:\n  - '@amy-b'\n  - a team\n- bob\ncolour: red\nwhat\n";
        let (settings, mistakes) = RepositorySettings::read(text);
        assert_eq!(settings.limits, ProposalLimits { open: 5, ..ProposalLimits::default() });
        assert_eq!(settings.reviewers, ["amy-b", "bob"]);
        assert_eq!(settings.folder, "docs/answers".parse().ok());
        assert!(settings.enabled && settings.target.is_none());
        let text = mistakes.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
        insta::assert_snapshot!(text, @r#"
        .github/answer-harvester.yml line 2: enabled is "maybe"; expected true or false
        .github/answer-harvester.yml line 3: "hugo" is not a target; expected one of markdown, mintlify, docusaurus, mkdocs, mdbook, faq
        .github/answer-harvester.yml line 7: per_day is "-1"; expected a number from 0 to 100
        .github/answer-harvester.yml line 10: "a team" is not a user login
        .github/answer-harvester.yml line 12: "colour" is not a setting; expected enabled, target, folder, section, limits, open, per_day, per_hour, batch, reviewers or labels
        .github/answer-harvester.yml line 13: expected a line like `key: value`
        "#);
        assert_eq!(
            RepositorySettings::read("reviewers: [amy, \"bob\"]").0.reviewers,
            ["amy", "bob"]
        );
    }

    #[test]
    fn the_first_pull_request_brings_the_settings_and_calls_nobody() {
        let first = vec!["@amy how do I fix #1?".to_owned(); 9];
        let layout = crate::site::detection::detect(["mkdocs.yml"], |_| Some(String::new()));
        let wanted = wanted(layout.as_ref(), "main", &first);
        assert_eq!(wanted.check(), Ok(()));
        assert!(wanted.changes.iter().all(FileChange::is_allowed));
        assert_eq!(
            wanted.body.matches("- `@\u{200b}amy how do I fix #\u{200b}1?`\n").count(),
            SHOWN
        );
        assert!(wanted.body.contains("- `mkdocs` pages in `docs/answers`\n"));
        for path in [".github/workflows/a.yml", ".git/x", "a/../.github/answer-harvester.yml", "/a"]
        {
            assert!(!FileChange::Delete { path: path.into() }.is_allowed(), "{path}");
        }
    }

    #[test]
    fn nothing_opens_before_the_settings_are_merged() {
        let on = |text: &str| OnboardingStage::On(RepositorySettings::read(text).0, Vec::new());
        for (settings, request, backfilling, expected) in [
            (None, None, true, OnboardingStage::DryRun),
            (None, None, false, OnboardingStage::Introduce),
            (None, Some(SettingsRequest::Open), false, OnboardingStage::Waiting),
            (None, Some(SettingsRequest::Open), true, OnboardingStage::Waiting),
            (
                None,
                Some(SettingsRequest::Closed(time::at_millisecond(1))),
                false,
                OnboardingStage::Off,
            ),
            (None, Some(SettingsRequest::Merged), false, OnboardingStage::Off),
            (Some("enabled: true"), Some(SettingsRequest::Merged), true, OnboardingStage::DryRun),
            (Some("enabled: true"), Some(SettingsRequest::Merged), false, on("")),
            (Some("enabled: no"), None, false, OnboardingStage::Off),
            (Some(""), None, false, on("")),
        ] {
            let seen =
                OnboardingState { settings: settings.map(str::to_owned), request, backfilling };
            assert_eq!(stage(&seen), expected, "{seen:?}");
        }
    }
}
