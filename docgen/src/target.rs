//! Where a page goes and in which dialect.

use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;

use regex::Regex;
use rules::markdown::{
    MarkdownBlock, MarkdownDialect, MarkdownInline, MarkdownList, needs_template_engine,
    render_for_site,
};
use rules::model::ids::ClusterId;

use crate::code_languages::code_language;
use crate::paths::is_reserved;

/// The kind of documentation site that a page is written for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DocsTarget {
    /// A `.md` file that starts with its title as a heading. Which generator reads it is not known,
    /// so that code holding template tags is written as encoded HTML.
    Markdown,
    /// An `.mdx` file whose front matter is `title` and `description`; the title is no heading.
    Mintlify,
    /// As for Mintlify; the site lists its pages by itself unless a program of its own does.
    Docusaurus,
    /// A `.md` file whose code must not look like an include.
    MkDocs,
    /// A `.md` file that is built only if `SUMMARY.md` names it.
    MdBook,
    /// One `.md` file of many answers, generated between two markers.
    Faq,
}

impl DocsTarget {
    pub const ALL: [Self; 6] =
        [Self::Markdown, Self::Mintlify, Self::Docusaurus, Self::MkDocs, Self::MdBook, Self::Faq];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Markdown => "markdown",
            Self::Mintlify => "mintlify",
            Self::Docusaurus => "docusaurus",
            Self::MkDocs => "mkdocs",
            Self::MdBook => "mdbook",
            Self::Faq => "faq",
        }
    }

    pub(crate) fn flavour(self) -> MarkdownDialect {
        match self {
            Self::Mintlify | Self::Docusaurus => MarkdownDialect::Mdx,
            Self::MkDocs => MarkdownDialect::Python,
            Self::Markdown | Self::MdBook | Self::Faq => MarkdownDialect::CommonMark,
        }
    }

    pub(crate) fn has_front_matter(self) -> bool {
        matches!(self, Self::Mintlify | Self::Docusaurus)
    }

    pub(crate) fn extension(self) -> &'static str {
        if self.has_front_matter() { "mdx" } else { "md" }
    }

    /// Whether a generator would run something in this code if it stood in a fence.
    pub(crate) fn runs(self, code: &str) -> bool {
        match self {
            Self::Mintlify | Self::Docusaurus => false,
            Self::Markdown | Self::Faq => needs_template_engine(code),
            Self::MkDocs => {
                let tag = ["{{", "{%", "{#"].iter().any(|tag| code.contains(tag));
                tag || SNIPPET.captures_iter(code).any(|found| found["escape"].is_empty())
                    || MARKDOWN_INCLUDE.is_match(code)
            }
            Self::MdBook => {
                BOOK_LINK.find_iter(code).any(|tag| !code[..tag.start()].ends_with('\\'))
            }
        }
    }

    /// Code in which the generator finds nothing to run and of which a reader sees every character.
    pub(crate) fn guarded_code(self, code: &str) -> String {
        match self {
            Self::MkDocs => SNIPPET.replace_all(code, "${space}${escape};${marker}").into_owned(),
            Self::MdBook => code.replace("{{#", "\\{{#"),
            Self::Markdown | Self::Mintlify | Self::Docusaurus | Self::Faq => code.to_owned(),
        }
    }

    /// The language of a fence, if a generator only colours it. Others are run: `mdx-code-block` as a part
    /// of the page, `mermaid` as a picture, `rust` by the tests of a book.
    pub(crate) fn fence_language(self, language: &str) -> Option<&'static str> {
        let known = code_language(language)?;
        (self != Self::MdBook || known != "rust").then_some(known)
    }

    /// Blocks as they stand on a page.
    pub(crate) fn render(self, blocks: &[MarkdownBlock]) -> String {
        render_for_site(&self.guarded(blocks), self.flavour(), &|code| self.runs(code))
    }

    /// Code as a block of a page.
    pub(crate) fn render_code(self, code: &str) -> String {
        let text = code.to_owned();
        self.render(&[MarkdownBlock::Code { language: None, text }])
    }

    fn guarded(self, blocks: &[MarkdownBlock]) -> Vec<MarkdownBlock> {
        let blocks = blocks.iter().map(|block| match block {
            MarkdownBlock::Paragraph(inlines) => {
                MarkdownBlock::Paragraph(self.guarded_line(inlines))
            }
            MarkdownBlock::Code { language, text } => {
                let language = language.as_deref().and_then(|word| self.fence_language(word));
                let language = language.map(str::to_owned);
                MarkdownBlock::Code { language, text: self.guarded_code(text) }
            }
            MarkdownBlock::Quote(inner) => MarkdownBlock::Quote(self.guarded(inner)),
            MarkdownBlock::List(list) => MarkdownBlock::List(MarkdownList {
                start: list.start,
                items: list.items.iter().map(|item| self.guarded(item)).collect(),
            }),
        });
        blocks.collect()
    }

    fn guarded_line(self, inlines: &[MarkdownInline]) -> Vec<MarkdownInline> {
        let inlines = inlines.iter().map(|inline| match inline {
            MarkdownInline::Text(_) | MarkdownInline::Break => inline.clone(),
            MarkdownInline::Code(code) => MarkdownInline::Code(self.guarded_code(code)),
            MarkdownInline::Strong(inner) => MarkdownInline::Strong(self.guarded_line(inner)),
            MarkdownInline::Emphasis(inner) => MarkdownInline::Emphasis(self.guarded_line(inner)),
            MarkdownInline::Strike(inner) => MarkdownInline::Strike(self.guarded_line(inner)),
            MarkdownInline::Link { text, url } => {
                MarkdownInline::Link { text: self.guarded_line(text), url: url.clone() }
            }
        });
        inlines.collect()
    }
}

/// Python-Markdown's snippets include files even inside a fence: a line that begins with scissors of any
/// length, unless a semicolon precedes, of which the reader sees one less.
static SNIPPET: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?m)^(?P<space>[ \t]*)(?P<escape>;*)(?P<marker>-+8<-+)"));
/// The other extension that includes files: `{!file!}`.
static MARKDOWN_INCLUDE: LazyLock<Regex> = LazyLock::new(|| pattern(r"\{!.+?!.*?\}"));
/// What mdBook replaces even inside a fence, unless a backslash precedes.
static BOOK_LINK: LazyLock<Regex> = LazyLock::new(|| pattern(r"\{\{\s*#"));

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("a constant pattern")
}

impl FromStr for DocsTarget {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|target| target.as_str() == text).ok_or_else(|| {
            let known = Self::ALL.map(Self::as_str).join(", ");
            format!("{text:?} is not a target; expected one of {known}")
        })
    }
}

/// A folder of the documentation repository, relative to its root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocsFolder(String);

impl Default for DocsFolder {
    fn default() -> Self {
        Self("answers".to_owned())
    }
}

impl fmt::Display for DocsFolder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for DocsFolder {
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
            "{text:?} is not a valid page folder; expected names of letters, digits, - and _ joined by /"
        ))
    }
}

/// Whether a page's file has the name that a title makes.
pub fn is_named_after(path: &str, title: &str, cluster: &ClusterId) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.split_once('.').is_some_and(|(stem, _)| stem == slug(title, cluster))
}

/// The path of a page: its title in plain letters, or the cluster's id where too few are left.
pub(crate) fn path(
    folder: &DocsFolder,
    target: DocsTarget,
    title: &str,
    cluster: &ClusterId,
) -> String {
    if target == DocsTarget::Faq {
        return format!("{folder}.md");
    }
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
    if letters >= 3 && mostly_plain && !is_reserved(&slug) { slug } else { cluster.to_string() }
}

#[cfg(test)]
mod tests {
    use rules::model::ids::MessageId;

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
            ("README", "q10"),
            ("_Summary_?", "q10"),
            ("CLAUDE.md", "claude-md"),
            ("NUL", "q10"),
        ] {
            assert_eq!(slug(title, &id), expected);
        }
    }

    #[test]
    fn code_is_guarded_against_its_generator_and_no_other() {
        for (target, code, expected) in [
            (DocsTarget::MdBook, "a {{#include x}} {{y}}", "a \\{{#include x}} {{y}}"),
            (DocsTarget::MkDocs, "--8<-- \"x\"", ";--8<-- \"x\""),
            (DocsTarget::MkDocs, "a\n  -8<---- 'x'\n;--8<--", "a\n  ;-8<---- 'x'\n;;--8<--"),
            (DocsTarget::MkDocs, "cut --8<-- here", "cut --8<-- here"),
            (DocsTarget::Docusaurus, "{{#include x}}", "{{#include x}}"),
            (DocsTarget::Mintlify, "--8<-- x", "--8<-- x"),
        ] {
            assert_eq!(target.guarded_code(code), expected);
            assert!(!target.runs(expected), "{expected}");
        }
        for (target, code) in [
            (DocsTarget::MdBook, "{{#include x}}"),
            (DocsTarget::MkDocs, "--8<-- x"),
            (DocsTarget::MdBook, "{{ #playground x }}"),
            (DocsTarget::MkDocs, "  -8<- 'x'"),
            (DocsTarget::MkDocs, "{{ config }}"),
            (DocsTarget::MkDocs, "{# note #}"),
            (DocsTarget::MkDocs, "{!/etc/passwd!}"),
            (DocsTarget::Markdown, "<!-- @include: ./x.md -->"),
            (DocsTarget::Markdown, "<%= x %>"),
            (DocsTarget::Markdown, "{% raw %}"),
            (DocsTarget::Faq, "{{ x }}"),
        ] {
            assert!(target.runs(code), "{code}");
        }
    }

    #[test]
    fn a_fence_that_is_run_gets_no_language() {
        for target in DocsTarget::ALL {
            for run in ["mdx-code-block", "mermaid", "pyodide", "d2", "math", "should_panic", ""] {
                assert_eq!(target.fence_language(run), None, "{run}");
            }
            assert_eq!(target.fence_language("Python"), Some("python"));
        }
        assert_eq!(DocsTarget::MdBook.fence_language("rs"), None);
        assert_eq!(DocsTarget::MkDocs.fence_language("rust"), Some("rust"));
    }

    #[test]
    fn a_target_is_known_by_its_name() {
        for target in DocsTarget::ALL {
            assert_eq!(target.as_str().parse(), Ok(target));
        }
        assert!(
            "hugo".parse::<DocsTarget>().is_err_and(|error| error.contains("mkdocs, mdbook, faq"))
        );
    }

    #[test]
    fn a_folder_stays_inside_the_repository() {
        assert!("docs/answers".parse::<DocsFolder>().is_ok());
        for wrong in ["", "/etc", "a/../b", ".github", "a//b", "docs/api", "_private", "a b"] {
            assert!(wrong.parse::<DocsFolder>().is_err(), "{wrong}");
        }
    }
}
