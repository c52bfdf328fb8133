//! What kind of site a repository holds, and which files a page of ours touches there.

use rules::ids::ClusterId;

use crate::change::{Change, Edit};
use crate::draft::Draft;
use crate::nav::{Entry, Kind};
use crate::redirect::{self, Moved};
use crate::section::Section;
use crate::target::{Folder, Target};

/// Where pages go in a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    pub target: Target,
    pub folder: Folder,
    /// The file that lists the site's pages, if one does.
    pub nav: Option<Nav>,
}

/// A site's list of pages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nav {
    pub path: String,
    pub kind: Kind,
    /// The folder that its paths are relative to: empty, or ending in `/`.
    pub root: String,
}

/// Tells a site by the files of its generator. Of several the one nearest to the root counts; a
/// repository without any gets plain Markdown.
pub fn detect<'p>(paths: impl IntoIterator<Item = &'p str>) -> Layout {
    let mut best: Option<(usize, &str, Target)> = None;
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
        Some((_, path, target)) => Layout::of(target, path),
        None => {
            let folder = if docs { "docs/answers" } else { "answers" };
            let folder = folder.parse().expect("a plain folder");
            Layout { target: Target::Markdown, folder, nav: None }
        }
    }
}

/// The generator that a file belongs to; a lower number wins in one folder.
fn generator(name: &str) -> Option<(usize, Target)> {
    Some(match name {
        "docs.json" => (0, Target::Mintlify),
        "mint.json" => (1, Target::Mintlify),
        "mkdocs.yml" | "mkdocs.yaml" => (3, Target::MkDocs),
        "book.toml" => (4, Target::MdBook),
        _ if name.starts_with("docusaurus.config.") => (2, Target::Docusaurus),
        _ => return None,
    })
}

impl Layout {
    /// The layout of a site whose settings are in this file.
    fn of(target: Target, settings: &str) -> Self {
        let at = settings.rfind('/').map_or("", |at| &settings[..=at]);
        let inner = match target {
            Target::Docusaurus | Target::MkDocs => "docs/",
            Target::MdBook => "src/",
            Target::Markdown | Target::Mintlify | Target::Faq => "",
        };
        let root = format!("{at}{inner}");
        let nav = match target {
            Target::Mintlify => Some((settings.to_owned(), Kind::Mintlify)),
            Target::MkDocs => Some((settings.to_owned(), Kind::MkDocs)),
            Target::MdBook => Some((format!("{root}SUMMARY.md"), Kind::MdBook)),
            Target::Markdown | Target::Docusaurus | Target::Faq => None,
        };
        let nav = nav.map(|(path, kind)| Nav { path, kind, root: root.clone() });
        let folder = format!("{root}answers").parse().unwrap_or_default();
        Self { target, folder, nav }
    }

    /// Every file that proposing this draft changes.
    pub fn changes(&self, draft: &Draft) -> Vec<Change> {
        let (path, text) = (draft.path().to_owned(), draft.page().to_owned());
        if let Some(section) = draft.section() {
            return vec![Change::Edit { path, edit: Edit::Put(section) }];
        }
        let listed = self.entry(&path, draft.title());
        let page = Change::Write { path, text };
        std::iter::once(page).chain(listed).collect()
    }

    /// Every file that a page's move changes; `text` is the page's, `settings` what the file holds that
    /// [`redirect::settings`] names.
    pub fn moves(&self, moved: &Moved<'_>, text: &str, settings: Option<&str>) -> Vec<Change> {
        let page = Change::Write { path: moved.to.to_owned(), text: text.to_owned() };
        let listed = self.entry(moved.to, moved.title);
        let old = redirect::changes(self, moved, settings);
        std::iter::once(page).chain(listed).chain(old).collect()
    }

    /// Every file that taking a page away changes.
    pub fn removal(&self, cluster: &ClusterId, path: &str) -> Vec<Change> {
        let path = path.to_owned();
        if self.target == Target::Faq {
            let section = Section { cluster: cluster.clone(), text: String::new() };
            return vec![Change::Edit { path, edit: Edit::Drop(section) }];
        }
        let unlisted = self.entry(&path, "").map(|change| match change {
            Change::Edit { path, edit: Edit::List(entry) } => {
                Change::Edit { path, edit: Edit::Unlist(entry) }
            }
            other => other,
        });
        std::iter::once(Change::Delete { path }).chain(unlisted).collect()
    }

    fn entry(&self, path: &str, title: &str) -> Option<Change> {
        let nav = self.nav.as_ref()?;
        let page = path.strip_prefix(&nav.root)?;
        let page = match nav.kind {
            Kind::Mintlify => page.strip_suffix(".mdx").unwrap_or(page),
            Kind::MdBook | Kind::MkDocs => page,
        };
        let entry = Entry { kind: nav.kind, page: page.to_owned(), title: title.to_owned() };
        Some(Change::Edit { path: nav.path.clone(), edit: Edit::List(entry) })
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
    fn a_page_goes_with_its_line() {
        let cluster = ClusterId::of_question(rules::ids::MessageId(36));
        let removed = |layout: &Layout| {
            let changes = layout.removal(&cluster, "src/answers/a.md");
            changes.iter().map(|change| change.path().to_owned()).collect::<Vec<_>>()
        };
        let book = detect(["book.toml"]);
        assert_eq!(removed(&book), ["src/answers/a.md", "src/SUMMARY.md"]);
        let faq = Layout { target: Target::Faq, ..book };
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
                Change::Edit { edit: Edit::List(entry), .. } => entry.page,
                other => panic!("{other:?}"),
            });
            assert_eq!(page.as_deref(), expected, "{settings}");
        }
    }
}
