//! Putting an answer into a page that already covers its question.

use rules::language::page_words::PageWords;
use rules::markdown::escape;

use crate::change::{FileChange, FileEdit};
use crate::edit::extension::SectionExtension;
use crate::page::format::ANCHOR;
use crate::page::model::Draft;
use crate::site::docs_tree::ExistingCoverage;

/// The change for a question that the documentation already covers: it adds the answer to the section,
/// or another wording where the answer is there. `None` where both are there.
pub fn coverage_change(draft: &Draft, existing: &ExistingCoverage) -> Option<FileChange> {
    let ExistingCoverage::Section { place, answers, missing, .. } = existing else { return None };
    let text = match (answers, missing) {
        (false, _) => addition(draft.page()),
        (true, Some(missing)) => {
            let heading = &PageWords::for_text(draft.title()).also_asked;
            format!("{heading}: {}", escape(missing, draft.target.flavour()))
        }
        (true, None) => return None,
    };
    let cluster = draft.cluster().clone();
    let edit =
        FileEdit::Extend(SectionExtension { cluster, headings: place.headings.clone(), text });
    Some(FileChange::Edit { path: place.path.clone(), edit })
}

/// Replaces the answer in a section that other people wrote.
pub fn replace_section(draft: &Draft) -> FileEdit {
    let text = addition(draft.page());
    let cluster = draft.cluster().clone();
    FileEdit::Extend(SectionExtension { cluster, headings: Vec::new(), text })
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
