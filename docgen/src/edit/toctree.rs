//! The `toctree` of a page of Sphinx, in Markdown or reStructuredText: lines that name documents.

use crate::edit::error::EditError;
use crate::lines::lines;

/// One list of documents.
struct ToctreeBlock<'t> {
    /// Behind its last line that is not blank.
    end: usize,
    /// What a line of it begins with.
    indent: &'t str,
    documents: Vec<(usize, &'t str)>,
    has_options: bool,
    fenced: bool,
}

/// The page with a document at the end of its first list.
pub(crate) fn listed(text: &str, document: &str) -> Result<String, EditError> {
    let all = toctrees(text);
    if all.iter().any(|list| list.documents.iter().any(|(_, line)| names(line, document))) {
        return Ok(text.to_owned());
    }
    let list = all.first().ok_or(EditError::NoList)?;
    let end = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let (before, after) = text.split_at(list.end);
    let first = list.documents.is_empty() && (list.has_options || !list.fenced);
    let gap = if first { end } else { "" };
    // A file that ends without a line end goes on doing so.
    let (begin, finish) = if before.ends_with('\n') { ("", end) } else { (end, "") };
    Ok(format!("{before}{begin}{gap}{}{document}{finish}{after}", list.indent))
}

/// The page without a document in its lists.
pub(crate) fn unlisted(text: &str, document: &str) -> String {
    let all = toctrees(text);
    let mut found = all.iter().flat_map(|list| &list.documents);
    match found.find(|(_, line)| names(line, document)) {
        Some((at, line)) => format!("{}{}", &text[..*at], &text[at + line.len()..]),
        None => text.to_owned(),
    }
}

/// Every document that the lists of a page name, as they are written.
pub(crate) fn documents(text: &str) -> Vec<&str> {
    let lists = toctrees(text).into_iter().flat_map(|list| list.documents);
    lists.map(|(_, line)| line.trim()).collect()
}

fn names(line: &str, document: &str) -> bool {
    let line = line.trim();
    let named = line.strip_suffix('>').and_then(|line| line.rsplit_once('<'));
    let path = named.map_or(line, |(_, path)| path);
    let bare = |path: &str| path.strip_suffix(".md").unwrap_or(path).to_owned();
    bare(path) == bare(document)
}

fn toctrees(text: &str) -> Vec<ToctreeBlock<'_>> {
    let mut found: Vec<ToctreeBlock<'_>> = Vec::new();
    // The list that is open, with what closes it: a fence, or a line that is indented no deeper.
    let mut open: Option<(ToctreeBlock<'_>, Option<&str>, usize)> = None;
    for (at, line) in lines(text) {
        let bare = line.trim();
        let depth = line.len() - line.trim_start_matches([' ', '\t']).len();
        if let Some((list, fence, above)) = &mut open {
            let closes = match fence {
                Some(fence) => bare.starts_with(*fence),
                None => !bare.is_empty() && depth <= *above,
            };
            if !closes {
                list.read(at, line, depth);
                continue;
            }
            found.extend(open.take().map(|(list, ..)| list));
        }
        let fence = bare.len() - bare.trim_start_matches(['`', ':']).len();
        let fenced = fence >= 3 && bare[fence..].trim_start().starts_with("{toctree}");
        if fenced || bare.starts_with(".. toctree::") {
            let end = at + line.len();
            let indent = if fenced { &line[..depth] } else { "   " };
            let documents = Vec::new();
            let list = ToctreeBlock { end, indent, documents, has_options: false, fenced };
            open = Some((list, fenced.then(|| &bare[..fence]), depth));
        }
    }
    found.extend(open.map(|(list, ..)| list));
    found
}

impl<'t> ToctreeBlock<'t> {
    fn read(&mut self, at: usize, line: &'t str, depth: usize) {
        let bare = line.trim();
        if bare.is_empty() {
            return;
        }
        self.end = at + line.len();
        self.indent = &line[..depth];
        if self.documents.is_empty() && bare.starts_with(':') {
            self.has_options = true;
        } else {
            self.documents.push((at, line));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_goes_to_the_end_of_the_first_list() {
        for (text, expected) in [
            (
                "# A\n\n```{toctree}\n:maxdepth: 2\n\nintro\nguide\n```\n\n```{toctree}\napi\n```\n",
                "# A\n\n```{toctree}\n:maxdepth: 2\n\nintro\nguide\nanswers/index\n```\n\n```{toctree}\napi\n```\n",
            ),
            (
                "A\n=\n\n.. toctree::\n   :caption: B\n\n   intro\n   Guide <guide>\n\nEnd.\n",
                "A\n=\n\n.. toctree::\n   :caption: B\n\n   intro\n   Guide <guide>\n   answers/index\n\nEnd.\n",
            ),
            (
                "```{toctree}\n:maxdepth: 1\n```\n",
                "```{toctree}\n:maxdepth: 1\n\nanswers/index\n```\n",
            ),
            (":::{toctree}\n:::\n", ":::{toctree}\nanswers/index\n:::\n"),
            (".. toctree::", ".. toctree::\n\n   answers/index"),
            ("```{toctree}\n:maxdepth: 1", "```{toctree}\n:maxdepth: 1\n\nanswers/index"),
            ("```{toctree}\r\nintro", "```{toctree}\r\nintro\r\nanswers/index"),
        ] {
            let after = listed(text, "answers/index").unwrap();
            assert_eq!(after, expected);
            assert_eq!(listed(&after, "answers/index").unwrap(), after, "twice");
            let away = unlisted(&after, "answers/index");
            assert_eq!(documents(&away), documents(text));
        }
        assert_eq!(listed("# A\n", "x"), Err(EditError::NoList));
        let titled = "```{toctree}\nAll <answers/index.md>\n```\n";
        assert_eq!(listed(titled, "answers/index").as_deref(), Ok(titled));
    }
}
