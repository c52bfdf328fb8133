//! The one section of a site below which all answers stand. It is made once, when proposals are turned on.

use rules::language::page_words::PageWords;
use rules::markdown::escape;

use crate::change::{FileChange, FileEdit};
use crate::directives::plain_title;
use crate::edit::section_list::{SectionEntry, SectionFormat};
use crate::site::generator::SiteGenerator;
use crate::site::layout::SiteLayout;
use crate::target::DocsTarget;

impl SiteLayout {
    /// The name of the section.
    pub fn section_title(&self) -> &str {
        self.section_title.as_deref().unwrap_or(&self.words().section)
    }

    fn words(&self) -> &'static PageWords {
        PageWords::for_language(self.language.as_deref().unwrap_or_default())
    }

    /// Every file that making the section changes. Where a site lists what is in its folders, and names a
    /// section as its folder, there is nothing to make.
    pub fn section_changes(&self) -> Vec<FileChange> {
        if self.target == DocsTarget::Faq {
            return Vec::new();
        }
        let file = |name: &str, text: String| FileChange::Edit {
            path: format!("{}/{name}", self.folder),
            edit: FileEdit::Create { text },
        };
        let mut changes = Vec::new();
        match self.generator {
            SiteGenerator::Docusaurus => changes.push(file("_category_.json", self.category())),
            SiteGenerator::Starlight
            | SiteGenerator::Nextra
            | SiteGenerator::Jekyll
            | SiteGenerator::Files => {}
            generator => {
                let name = match generator {
                    SiteGenerator::GitBook => "README.md",
                    SiteGenerator::Hugo => "_index.md",
                    SiteGenerator::Mintlify => "index.mdx",
                    _ => "index.md",
                };
                changes.push(file(name, self.first_page()));
                if generator != SiteGenerator::Sphinx {
                    changes.extend(self.entry(&format!("{}/{name}", self.folder), ""));
                }
            }
        }
        changes.extend(self.section_entry());
        changes
    }

    /// The section in the file that lists sections.
    fn section_entry(&self) -> Option<FileChange> {
        let file = self.section.as_ref()?;
        let folder = self.folder.to_string();
        let folder = folder.strip_prefix(&self.root).unwrap_or(&folder);
        let folder = match file.kind {
            SectionFormat::Toctree => format!("{folder}/index"),
            _ => folder.to_owned(),
        };
        let entry =
            SectionEntry { kind: file.kind, title: plain_title(self.section_title()), folder };
        Some(FileChange::Edit { path: file.path.clone(), edit: FileEdit::ListSection(entry) })
    }

    /// The settings of a folder of Docusaurus; its page is a list of what is below.
    fn category(&self) -> String {
        let title = serde_json::Value::from(plain_title(self.section_title()));
        format!("{{\n  \"label\": {title},\n  \"link\": {{ \"type\": \"generated-index\" }}\n}}\n")
    }

    /// The page that the section begins with.
    fn first_page(&self) -> String {
        let title = self.section_title();
        let intro = &self.words().section_intro;
        let quoted = serde_json::Value::from(plain_title(title));
        let head = match self.generator {
            SiteGenerator::Mintlify | SiteGenerator::Hugo => format!("---\ntitle: {quoted}\n---"),
            _ => format!("# {}", escape(title, self.target.flavour())),
        };
        let list = match self.generator {
            SiteGenerator::Sphinx => "\n```{toctree}\n:maxdepth: 1\n```\n",
            _ => "",
        };
        format!("{head}\n\n{}\n{list}", escape(intro, self.target.flavour()))
    }
}
