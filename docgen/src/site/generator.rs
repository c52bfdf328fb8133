//! The generators of documentation sites that are known, and the dialect that pages are written in for each.

use std::fmt;

use crate::target::DocsTarget;

/// What builds a site.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SiteGenerator {
    Mintlify,
    Docusaurus,
    MkDocs,
    MdBook,
    Starlight,
    VitePress,
    Nextra,
    Sphinx,
    Hugo,
    GitBook,
    Jekyll,
    /// Nothing: people read the files where they are.
    Files,
}

impl SiteGenerator {
    pub fn name(self) -> &'static str {
        match self {
            Self::Mintlify => "Mintlify",
            Self::Docusaurus => "Docusaurus",
            Self::MkDocs => "MkDocs",
            Self::MdBook => "mdBook",
            Self::Starlight => "Starlight",
            Self::VitePress => "VitePress",
            Self::Nextra => "Nextra",
            Self::Sphinx => "Sphinx",
            Self::Hugo => "Hugo",
            Self::GitBook => "GitBook",
            Self::Jekyll => "Jekyll",
            Self::Files => "plain Markdown",
        }
    }

    /// How pages are written for it. Starlight and Nextra read MDX with a title in front matter, which is what
    /// Docusaurus reads. The others read CommonMark; as their template tags run even inside of code, code that
    /// holds any is refused.
    pub fn target(self) -> DocsTarget {
        match self {
            Self::Mintlify => DocsTarget::Mintlify,
            Self::Docusaurus | Self::Starlight | Self::Nextra => DocsTarget::Docusaurus,
            Self::MkDocs => DocsTarget::MkDocs,
            Self::MdBook => DocsTarget::MdBook,
            Self::VitePress
            | Self::Sphinx
            | Self::Hugo
            | Self::GitBook
            | Self::Jekyll
            | Self::Files => DocsTarget::Markdown,
        }
    }

    /// Whether the files of another generator in the repository say more than its own: a `SUMMARY.md` or a
    /// `_config.yml` is often left over from an earlier site.
    pub(super) fn is_weak(self) -> bool {
        matches!(self, Self::Hugo | Self::GitBook | Self::Jekyll)
    }

    /// The generator that a file may be the settings of, by its path.
    pub(super) fn of_settings(path: &str) -> Option<Self> {
        let name = path.rsplit('/').next().unwrap_or(path);
        let (stem, ending) = name.split_once('.').unwrap_or((name, ""));
        let script = ["js", "ts", "mjs", "mts", "cjs", "cts"];
        Some(match (stem, ending) {
            ("docs" | "mint", "json") => Self::Mintlify,
            ("mkdocs", "yml" | "yaml") => Self::MkDocs,
            ("book", "toml") => Self::MdBook,
            ("conf", "py") => Self::Sphinx,
            ("hugo" | "config", "toml" | "yaml" | "yml" | "json") => Self::Hugo,
            ("", "gitbook.yaml" | "gitbook.yml") => Self::GitBook,
            ("SUMMARY", "md") => Self::GitBook,
            ("_config", "yml" | "yaml") => Self::Jekyll,
            ("docusaurus", _) if script.iter().any(|end| ending == format!("config.{end}")) => {
                Self::Docusaurus
            }
            ("astro", _) if script.iter().any(|end| ending == format!("config.{end}")) => {
                Self::Starlight
            }
            ("next", _) if script.iter().any(|end| ending == format!("config.{end}")) => {
                Self::Nextra
            }
            ("config", end) if script.contains(&end) && path.contains(".vitepress/") => {
                Self::VitePress
            }
            _ => return None,
        })
    }
}

impl fmt::Display for SiteGenerator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Why it is not known where pages go.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "cannot tell where pages go in this {generator} site: {settings} {why}; set `[docs] folder`"
)]
pub struct UnknownPlace {
    pub generator: SiteGenerator,
    /// The file of settings that was read.
    pub settings: String,
    /// What it says or lacks, as the end of a sentence.
    pub why: String,
}
