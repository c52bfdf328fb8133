//! Putting an answer into a page that already covers its question.

use rules::language::page_words::PageWords;
use rules::markdown::escape;

use crate::change::{FileChange, FileEdit};
use crate::edit::extension::SectionExtension;
use crate::page::format::ANCHOR;
use crate::page::model::Draft;
use crate::site::docs_tree::ExistingCoverage;

/// The change for a question that a page of other people covers: it adds the answer to the page that a person
/// named, or another wording to the section that answers. `None` where both are there.
pub fn coverage_change(draft: &Draft, existing: &ExistingCoverage) -> Option<FileChange> {
    let cluster = draft.cluster().clone();
    let (path, headings, text) = match existing {
        ExistingCoverage::None | ExistingCoverage::Section { missing: None, .. } => return None,
        ExistingCoverage::Page { path, headings } => {
            (path, headings.clone(), addition(draft.page()))
        }
        ExistingCoverage::Section { place, missing: Some(missing), .. } => {
            let heading = &PageWords::for_text(draft.title()).also_asked;
            let line = format!("{heading}: {}", escape(missing, draft.target.flavour()));
            (&place.path, place.headings.clone(), line)
        }
    };
    let at_end = headings.is_empty();
    let edit = FileEdit::Extend(SectionExtension { cluster, headings, at_end, text });
    Some(FileChange::Edit { path: path.clone(), edit })
}

/// Replaces the answer in a section that other people wrote.
pub fn replace_section(draft: &Draft) -> FileEdit {
    let text = addition(draft.page());
    let cluster = draft.cluster().clone();
    FileEdit::Extend(SectionExtension { cluster, headings: Vec::new(), at_end: false, text })
}

/// The answer with its sources and evidence as a part of a section: its headings become bold lines.
fn addition(page: &str) -> String {
    let from = page.find(ANCHOR).unwrap_or_default();
    let mut fence: Option<usize> = None;
    let lines = page[from..].lines().map(|line| {
        let ticks = line.len() - line.trim_start_matches('`').len();
        match fence {
            Some(open) if ticks == open && line.len() == ticks => fence = None,
            None if ticks >= 3 => fence = Some(ticks),
            _ => {}
        }
        match line.trim_start_matches('#') {
            heading
                if fence.is_none() && heading.len() < line.len() && heading.starts_with(' ') =>
            {
                format!("**{}**", heading.trim())
            }
            _ => line.to_owned(),
        }
    });
    lines.collect::<Vec<_>>().join("\n").trim_matches('\n').to_owned()
}
