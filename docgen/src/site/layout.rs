//! What kind of site a repository holds, and which files a generated page changes there.

use rules::model::ids::ClusterId;

use crate::change::{FileChange, FileEdit};
use crate::edit::nav::{NavEntry, NavFormat, NavSection};
use crate::edit::section::FaqSection;
use crate::edit::section_list::SectionFormat;
use crate::page::model::Draft;
use crate::site::generator::{SiteGenerator, UnknownPlace};
use crate::target::{DocsFolder, DocsTarget};

/// Where pages go in a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SiteLayout {
    pub generator: SiteGenerator,
    pub target: DocsTarget,
    pub folder: DocsFolder,
    /// The folder of the site's pages: empty, or ending in `/`.
    pub root: String,
    /// The file that lists the site's pages, if one does.
    pub nav: Option<NavFile>,
    /// The file that lists the section of all answers, where that is another one.
    pub section: Option<SectionFile>,
    /// What people named the section; without it the site's language decides.
    pub section_title: Option<String>,
    /// The code of the site's language, where its settings name one.
    pub language: Option<String>,
}

/// A site's list of pages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NavFile {
    pub path: String,
    pub kind: NavFormat,
    /// The folder that its paths are relative to: empty, or ending in `/`.
    pub root: String,
}

/// A site's list of sections.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SectionFile {
    pub path: String,
    pub kind: SectionFormat,
}

impl SiteLayout {
    /// A site without lists of pages, whose pages are below `root`; `settings` is the file that says so.
    pub(crate) fn new(
        generator: SiteGenerator,
        settings: &str,
        root: &str,
        folder: &str,
    ) -> Result<Self, UnknownPlace> {
        let folder = format!("{root}{folder}").parse().map_err(|_| UnknownPlace {
            generator,
            settings: settings.to_owned(),
            why: format!("builds {root}, which is no folder that pages may be written to"),
        })?;
        Ok(Self { generator, root: root.to_owned(), ..Self::plain(generator.target(), folder) })
    }

    /// The layout of a repository without a generator, with a folder `docs` or without.
    pub(crate) fn of_files(docs: bool) -> Self {
        let root = if docs { "docs/" } else { "" };
        let folder = format!("{root}answers").parse().expect("a plain folder");
        Self { root: root.to_owned(), ..Self::plain(DocsTarget::Markdown, folder) }
    }

    /// Pages in a folder that people chose, of a site that nothing is known about.
    pub fn plain(target: DocsTarget, folder: DocsFolder) -> Self {
        Self {
            generator: SiteGenerator::Files,
            target,
            folder,
            root: String::new(),
            nav: None,
            section: None,
            section_title: None,
            language: None,
        }
    }

    /// Whether a folder is among those that the site builds.
    pub fn is_inside(&self, folder: &DocsFolder) -> bool {
        format!("{folder}/").starts_with(&self.root)
    }

    /// Where pages go, in a few words for people.
    pub fn describe(&self) -> String {
        let lists = self.nav.iter().map(|nav| &nav.path);
        let lists = lists.chain(self.section.iter().map(|section| &section.path));
        let mut lists = lists.filter(|path| !path.starts_with(&format!("{}/", self.folder)));
        let listed = lists.next().map(|path| format!(", listed in {path}")).unwrap_or_default();
        let dialect = match self.generator.target() == self.target {
            true => String::new(),
            false => format!(" as {}", self.target.as_str()),
        };
        let site = match self.generator {
            SiteGenerator::Files => "files without a site generator".to_owned(),
            generator => format!("a site built by {generator}"),
        };
        format!("{site}: pages go into {}{dialect}{listed}", self.folder)
    }

    /// Whether a file is a page of this site, so that an answer may be added to it.
    pub fn is_page(&self, path: &str) -> bool {
        let inside = path.starts_with(&self.root) || path.starts_with(&format!("{}/", self.folder));
        inside && crate::paths::is_page(path)
    }

    /// Every file that proposing this draft changes.
    pub fn changes(&self, draft: &Draft) -> Vec<FileChange> {
        let (path, text) = (draft.path().to_owned(), draft.page().to_owned());
        if let Some(section) = draft.section() {
            return vec![FileChange::Edit { path, edit: FileEdit::Put(section) }];
        }
        let listed = self.entry(&path, draft.title());
        let page = FileChange::Write { path, text };
        std::iter::once(page).chain(listed).collect()
    }

    /// Every file that taking a page away changes.
    pub fn removal(&self, cluster: &ClusterId, path: &str) -> Vec<FileChange> {
        let path = path.to_owned();
        if self.target == DocsTarget::Faq {
            let section = FaqSection { cluster: cluster.clone(), text: String::new() };
            return vec![FileChange::Edit { path, edit: FileEdit::Drop(section) }];
        }
        let unlisted = self.entry(&path, "").map(|change| match change {
            FileChange::Edit { path, edit: FileEdit::List(entry) } => {
                FileChange::Edit { path, edit: FileEdit::Unlist(entry) }
            }
            other => other,
        });
        std::iter::once(FileChange::Delete { path }).chain(unlisted).collect()
    }

    /// The changes by which a page that stays in its place gets another title in the navigation.
    pub(crate) fn retitling(
        &self,
        cluster: &ClusterId,
        path: &str,
        title: &str,
    ) -> Vec<FileChange> {
        let titled = self.nav.as_ref().is_some_and(|nav| nav.kind.has_titles());
        if !titled || self.target == DocsTarget::Faq {
            return Vec::new();
        }
        let removed = self.removal(cluster, path).into_iter();
        let unlisted = removed.filter(|change| matches!(change, FileChange::Edit { .. }));
        unlisted.chain(self.entry(path, title)).collect()
    }

    /// The change that lists a page; an empty title is the section's.
    pub fn entry(&self, path: &str, title: &str) -> Option<FileChange> {
        let nav = self.nav.as_ref()?;
        let page = nav.kind.named(path.strip_prefix(&nav.root)?);
        let inside = format!("{}/", self.folder);
        let section = inside.strip_prefix(&nav.root).filter(|folder| !folder.is_empty());
        let section = section.map(|folder| NavSection {
            title: self.section_title().to_owned(),
            folder: nav.kind.named(folder),
        });
        let entry = NavEntry { kind: nav.kind, page, title: title.to_owned(), section };
        Some(FileChange::Edit { path: nav.path.clone(), edit: FileEdit::List(entry) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn detect(paths: &[&str]) -> SiteLayout {
        let text = |path: &str| {
            Some(if path.ends_with(".json") { "{\"navigation\": {}}" } else { "" }.to_owned())
        };
        crate::site::detection::detect(paths.iter().copied(), text).unwrap()
    }

    #[test]
    fn a_page_is_inside_of_its_site() {
        let site = detect(&["web/mkdocs.yml", "web/docs/a.md"]);
        assert!(site.is_page("web/docs/a.md"));
        for other in ["a.md", "web/notes.md", "web/docs/README.md", "web/docs/vendor/a.md"] {
            assert!(!site.is_page(other), "{other}");
        }
        let elsewhere = SiteLayout { folder: "faq".parse().unwrap(), ..site };
        assert!(elsewhere.is_page("faq/a.md"));
    }

    #[test]
    fn a_page_goes_with_its_line() {
        let cluster = ClusterId::of_question(rules::model::ids::MessageId(36));
        let removed = |layout: &SiteLayout| {
            let changes = layout.removal(&cluster, "src/answers/a.md");
            changes.iter().map(|change| change.path().to_owned()).collect::<Vec<_>>()
        };
        let book = detect(&["book.toml"]);
        assert_eq!(removed(&book), ["src/answers/a.md", "src/SUMMARY.md"]);
        let faq = SiteLayout { target: DocsTarget::Faq, ..book };
        assert_eq!(removed(&faq), ["src/answers/a.md"]);
    }

    #[test]
    fn a_page_is_named_as_its_navigation_names_pages() {
        for (settings, path, expected) in [
            ("web/docs.json", "web/answers/a-b.mdx", Some("answers/a-b")),
            ("mkdocs.yml", "docs/answers/a.md", Some("answers/a.md")),
            ("book.toml", "src/answers/a.md", Some("answers/a.md")),
            ("book.toml", "elsewhere/a.md", None),
            ("docs.json", "answers/a.mdx", Some("answers/a")),
        ] {
            let entry = detect(&[settings]).entry(path, "T");
            let page = entry.map(|change| match change {
                FileChange::Edit { edit: FileEdit::List(entry), .. } => entry.page,
                other => panic!("{other:?}"),
            });
            assert_eq!(page.as_deref(), expected, "{settings}");
        }
    }
}
