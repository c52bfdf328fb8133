//! Versions of the project itself, as its releases and the answers about it name them.

use std::fmt;

use serde::{Serialize, Serializer};

use super::{VersionNumber, found, is_above, shown, version};

/// A version of the project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectVersion {
    number: VersionNumber,
    /// Whether it is written with a `v`.
    marked: bool,
}

/// How much of a version must have changed to count as another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VersionPart {
    Major,
    Minor,
    Patch,
}

impl ProjectVersion {
    /// Reads the name of a release: `v1.7.2`, `1.7`, `2.0.0-rc.1`, `core@1.7.2` or `core/v1.7.2`.
    pub fn parse(text: &str) -> Option<Self> {
        let tag = text.trim().rsplit(['@', '/']).next()?;
        let (_, number, marked) = version(&["version"], tag)?;
        Some(Self { number, marked })
    }

    /// The same version, however it is written.
    pub fn without_mark(&self) -> Self {
        Self { number: self.number.clone(), marked: false }
    }

    /// Whether it is meant for trying out, before a release: `-rc.1`.
    pub fn is_prerelease(&self) -> bool {
        !self.number.1.is_empty()
    }

    /// Whether it comes after another one, and not only in a smaller part. `1.6.2` is one of `1.6`, not after it.
    pub fn is_after(&self, other: &Self, part: VersionPart) -> bool {
        let parts = match part {
            VersionPart::Major => 1,
            VersionPart::Minor => 2,
            VersionPart::Patch => return is_above(&self.number, &other.number),
        };
        let common = self.number.0.len().min(other.number.0.len()).min(parts);
        self.number.0[..common] > other.number.0[..common]
    }
}

impl fmt::Display for ProjectVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&shown("", &self.number, self.marked))
    }
}

impl Serialize for ProjectVersion {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The versions of the project that texts name, lowest first: those that stand behind one of its names, in any
/// case, and those without a name if `unnamed`.
pub fn project_versions<'t>(
    texts: impl IntoIterator<Item = &'t str>,
    names: &[&str],
    unnamed: bool,
) -> Vec<ProjectVersion> {
    let is_ours = |name: &str| match name {
        "" => unnamed,
        name => names.iter().any(|own| own.eq_ignore_ascii_case(name)),
    };
    let mentions = found(texts).into_iter().filter(|((name, _), _)| is_ours(name));
    let versions = mentions.map(|((_, number), marked)| ProjectVersion { number, marked });
    let mut versions = versions.collect::<Vec<_>>();
    versions.sort_by(|one, other| one.number.cmp(&other.number));
    versions.dedup();
    versions
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> ProjectVersion {
        ProjectVersion::parse(text).unwrap()
    }

    #[test]
    fn names_of_releases_are_read() {
        for (text, expected) in [
            ("v1.7.2", Some("v1.7.2")),
            (" 1.7 ", Some("1.7")),
            ("core@1.7.2", Some("1.7.2")),
            ("core/v2.0.0-rc.1", Some("v2.0.0-rc.1")),
            ("nightly", None),
            ("7", None),
            ("", None),
        ] {
            let version = ProjectVersion::parse(text);
            assert_eq!(version.map(|one| one.to_string()).as_deref(), expected, "{text}");
        }
        assert!(parsed("2.0.0-rc.1").is_prerelease() && !parsed("2.0.0").is_prerelease());
    }

    #[test]
    fn a_version_comes_after_another_in_the_part_that_counts() {
        use VersionPart::{Major, Minor, Patch};
        for (version, other, expected) in [
            ("v1.7.2", "v1.7.1", [false, false, true]),
            ("v1.7.0", "1.6", [false, true, true]),
            ("v1.6.2", "1.6", [false, false, false]),
            ("2.0.0", "1.9.9", [true, true, true]),
            ("1.6", "1.7", [false, false, false]),
        ] {
            let after =
                [Major, Minor, Patch].map(|part| parsed(version).is_after(&parsed(other), part));
            assert_eq!(after, expected, "{version} after {other}");
        }
    }

    #[test]
    fn versions_of_other_things_are_not_the_projects() {
        let text = "With the Relay v1.6.2 and Node.js 23.3.0; v1.7.0 has it too";
        let named = |names: &[&str], unnamed| {
            let found = project_versions([text], names, unnamed);
            found.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(named(&["relay"], true), ["v1.6.2", "v1.7.0"]);
        assert_eq!(named(&["relay"], false), ["v1.6.2"]);
        assert_eq!(named(&[], true), ["v1.7.0"]);
    }
}
