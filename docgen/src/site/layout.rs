//! What kind of site a repository holds, and which files a generated page changes there.

use rules::model::ids::ClusterId;

use crate::change::{FileChange, FileEdit};
use crate::edit::nav::{NavEntry, NavFormat};
use crate::edit::section::FaqSection;
use crate::page::model::Draft;
use crate::target::{DocsFolder, DocsTarget};

/// Where pages go in a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SiteLayout {
    pub target: DocsTarget,
    pub folder: DocsFolder,
    /// The folder of the site's pages: empty, or ending in `/`.
    pub root: String,
    /// The file that lists the site's pages, if one does.
    pub nav: Option<NavFile>,
}

/// A site's list of pages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NavFile {
    pub path: String,
    pub kind: NavFormat,
    /// The folder that its paths are relative to: empty, or ending in `/`.
    pub root: String,
}

/// Tells a site by the files of its generator. Of several the one nearest to the root counts; a
/// repository without any gets plain Markdown.
pub fn detect<'p>(paths: impl IntoIterator<Item = &'p str>) -> SiteLayout {
    let mut best: Option<(usize, &str, DocsTarget)> = None;
    let mut docs = false;
    for path in paths {
        docs |= path.starts_with("docs/");
        let name = path.rsplit('/').next().unwrap_or(path);
        let Some((rank, target)) = generator(name) else { continue };
        let deep = path.matches('/').count() * 10 + rank;
        let ignored = path.split('/').any(|part| part.starts_with('.') || part == "node_modules");
        let better = best.is_none_or(|(other, first, _)| (deep, path) < (other, first));
        if !ignored && better {
            best = Some((deep, path, target));
        }
    }
    match best {
        Some((_, path, target)) => SiteLayout::of(target, path),
        None => {
            let root = if docs { "docs/" } else { "" }.to_owned();
            let folder = format!("{root}answers").parse().expect("a plain folder");
            SiteLayout { target: DocsTarget::Markdown, folder, root, nav: None }
        }
    }
}

/// The generator that a file belongs to; a lower number wins in one folder.
fn generator(name: &str) -> Option<(usize, DocsTarget)> {
    Some(match name {
        "docs.json" => (0, DocsTarget::Mintlify),
        "mint.json" => (1, DocsTarget::Mintlify),
        "mkdocs.yml" | "mkdocs.yaml" => (3, DocsTarget::MkDocs),
        "book.toml" => (4, DocsTarget::MdBook),
        _ if name.starts_with("docusaurus.config.") => (2, DocsTarget::Docusaurus),
        _ => return None,
    })
}

impl SiteLayout {
    /// The layout of a site whose settings are in this file.
    fn of(target: DocsTarget, settings: &str) -> Self {
        let at = settings.rfind('/').map_or("", |at| &settings[..=at]);
        let inner = match target {
            DocsTarget::Docusaurus | DocsTarget::MkDocs => "docs/",
            DocsTarget::MdBook => "src/",
            DocsTarget::Markdown | DocsTarget::Mintlify | DocsTarget::Faq => "",
        };
        let root = format!("{at}{inner}");
        let nav = match target {
            DocsTarget::Mintlify => Some((settings.to_owned(), NavFormat::Mintlify)),
            DocsTarget::MkDocs => Some((settings.to_owned(), NavFormat::MkDocs)),
            DocsTarget::MdBook => Some((format!("{root}SUMMARY.md"), NavFormat::MdBook)),
            DocsTarget::Markdown | DocsTarget::Docusaurus | DocsTarget::Faq => None,
        };
        let nav = nav.map(|(path, kind)| NavFile { path, kind, root: root.clone() });
        let folder = format!("{root}answers").parse().unwrap_or_default();
        Self { target, folder, root, nav }
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
        let titled = self.nav.as_ref().is_some_and(|nav| nav.kind != NavFormat::Mintlify);
        if !titled || self.target == DocsTarget::Faq {
            return Vec::new();
        }
        let removed = self.removal(cluster, path).into_iter();
        let unlisted = removed.filter(|change| matches!(change, FileChange::Edit { .. }));
        unlisted.chain(self.entry(path, title)).collect()
    }

    pub(crate) fn entry(&self, path: &str, title: &str) -> Option<FileChange> {
        let nav = self.nav.as_ref()?;
        let page = path.strip_prefix(&nav.root)?;
        let page = match nav.kind {
            NavFormat::Mintlify => page.strip_suffix(".mdx").unwrap_or(page),
            NavFormat::MdBook | NavFormat::MkDocs => page,
        };
        let entry = NavEntry { kind: nav.kind, page: page.to_owned(), title: title.to_owned() };
        Some(FileChange::Edit { path: nav.path.clone(), edit: FileEdit::List(entry) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_site_is_told_by_the_files_of_its_generator() {
        for (paths, target, folder, nav) in [
            (vec!["README.md"], "markdown", "answers", None),
            (vec!["docs/a.md", "src/main.rs"], "markdown", "docs/answers", None),
            (vec!["docs.json", "a.mdx"], "mintlify", "answers", Some("docs.json")),
            (vec!["web/mint.json"], "mintlify", "web/answers", Some("web/mint.json")),
            (vec!["mint.json", "docs.json"], "mintlify", "answers", Some("docs.json")),
            (vec!["docusaurus.config.ts", "docs/a.md"], "docusaurus", "docs/answers", None),
            (vec!["website/docusaurus.config.js"], "docusaurus", "website/docs/answers", None),
            (vec!["mkdocs.yml", "docs/a.md"], "mkdocs", "docs/answers", Some("mkdocs.yml")),
            (vec!["book.toml"], "mdbook", "src/answers", Some("src/SUMMARY.md")),
            (vec!["b/book.toml", "mkdocs.yml"], "mkdocs", "docs/answers", Some("mkdocs.yml")),
            (vec!["guide/book.toml"], "mdbook", "guide/src/answers", Some("guide/src/SUMMARY.md")),
            (vec!["node_modules/x/docs.json", ".x/book.toml"], "markdown", "answers", None),
        ] {
            let layout = detect(paths.clone());
            assert_eq!(layout.target.as_str(), target, "{paths:?}");
            assert_eq!(layout.folder.to_string(), folder, "{paths:?}");
            assert_eq!(layout.nav.map(|nav| nav.path).as_deref(), nav, "{paths:?}");
        }
    }

    #[test]
    fn a_page_is_inside_of_its_site() {
        let site = detect(["web/mkdocs.yml", "web/docs/a.md"]);
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
        let book = detect(["book.toml"]);
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
            ("docusaurus.config.js", "docs/answers/a.mdx", None),
        ] {
            let entry = detect([settings]).entry(path, "T");
            let page = entry.map(|change| match change {
                FileChange::Edit { edit: FileEdit::List(entry), .. } => entry.page,
                other => panic!("{other:?}"),
            });
            assert_eq!(page.as_deref(), expected, "{settings}");
        }
    }
}
