//! Where a page goes and in which dialect.

use std::fmt;
use std::str::FromStr;

use rules::ids::ClusterId;
use rules::markdown::Flavour;

/// The kind of documentation site that a page is written for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// A `.md` file that starts with its title as a heading. Which generator reads it is not known,
    /// so that code holding template tags is refused.
    Markdown,
    /// An `.mdx` file whose front matter is `title` and `description`; the title is no heading.
    Mintlify,
}

impl Target {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Markdown => "markdown",
            Self::Mintlify => "mintlify",
        }
    }

    pub(crate) fn flavour(self) -> Flavour {
        match self {
            Self::Markdown => Flavour::CommonMark,
            Self::Mintlify => Flavour::Mdx,
        }
    }

    pub(crate) fn extension(self) -> &'static str {
        match self {
            Self::Markdown => "md",
            Self::Mintlify => "mdx",
        }
    }

    /// Whether a generator may run template tags inside code.
    pub(crate) fn runs_templates(self) -> bool {
        self == Self::Markdown
    }
}

impl FromStr for Target {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [Self::Markdown, Self::Mintlify]
            .into_iter()
            .find(|target| target.as_str() == text)
            .ok_or_else(|| format!("{text:?} is no target; expected \"markdown\" or \"mintlify\""))
    }
}

/// A folder of the documentation repository, relative to its root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folder(String);

impl Default for Folder {
    fn default() -> Self {
        Self("answers".to_owned())
    }
}

impl fmt::Display for Folder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Folder {
    type Err = String;

    /// Accepts names joined by `/`. A name that starts with a dot or an underscore is refused: such
    /// folders are settings, or ignored.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        let name = |name: &str| {
            !name.is_empty()
                && !name.starts_with(['.', '_'])
                && name.chars().all(plain)
                && name != "api"
        };
        if text.split('/').all(name) {
            return Ok(Self(text.to_owned()));
        }
        Err(format!(
            "{text:?} is no folder for pages; expected names of letters, digits, - and _ joined by /"
        ))
    }
}

/// The path of a page: its title in plain letters, or the cluster's id where too few are left.
pub(crate) fn path(folder: &Folder, target: Target, title: &str, cluster: &ClusterId) -> String {
    format!("{folder}/{}.{}", slug(title, cluster), target.extension())
}

const LONGEST_SLUG: usize = 60;

fn slug(title: &str, cluster: &ClusterId) -> String {
    let mut slug = String::new();
    for word in
        title.split(|c: char| !c.is_alphanumeric() && c != '\'').map(|word| word.replace('\'', ""))
    {
        let plain = word.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if !plain || word.is_empty() {
            continue;
        }
        if slug.len() + word.len() >= LONGEST_SLUG {
            break;
        }
        if !slug.is_empty() {
            slug.push('-');
        }
        slug.push_str(&word.to_ascii_lowercase());
    }
    let letters = slug.bytes().filter(u8::is_ascii_lowercase).count();
    let mostly_plain = title.chars().filter(|c| c.is_alphabetic()).count() <= letters * 2;
    if letters >= 3 && mostly_plain { slug } else { cluster.to_string() }
}

#[cfg(test)]
mod tests {
    use rules::ids::MessageId;

    use super::*;

    #[test]
    fn a_slug_is_made_of_plain_words() {
        let id = ClusterId::of_question(MessageId(36));
        for (title, expected) in [
            ("How do I reset the index?", "how-do-i-reset-the-index"),
            ("Why doesn't `npm i` work", "why-doesnt-npm-i-work"),
            ("../../etc/passwd", "etc-passwd"),
            ("모델을 어떻게 바꾸나요 env", "q10"),
            ("???", "q10"),
        ] {
            assert_eq!(slug(title, &id), expected);
        }
    }

    #[test]
    fn a_folder_stays_inside_the_repository() {
        assert!("docs/answers".parse::<Folder>().is_ok());
        for wrong in ["", "/etc", "a/../b", ".github", "a//b", "docs/api", "_private", "a b"] {
            assert!(wrong.parse::<Folder>().is_err(), "{wrong}");
        }
    }
}
