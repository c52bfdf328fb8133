//! Paths of a documentation repository.

/// The settings that maintainers own, the only path below a dot folder that is ever proposed.
pub const SETTINGS: &str = ".github/answer-harvester.yml";

/// Whether a file is a page of Markdown.
pub fn is_page(path: &str) -> bool {
    [".md", ".mdx", ".markdown"].iter().any(|ending| path.ends_with(ending))
}

/// `answers/` of `answers/page.md`.
pub(crate) fn folder(page: &str) -> &str {
    page.rfind('/').map_or("", |at| &page[..=at])
}
