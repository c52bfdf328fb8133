//! An answer in a section that people wrote.

use rules::model::ids::ClusterId;
use serde::{Deserialize, Serialize};

use crate::edit::error::EditError;
use crate::page::format::span;
use crate::page::outline::section_end;

/// What is added to a section: an answer from its anchor to its marker, or another wording on a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SectionExtension {
    pub cluster: ClusterId,
    /// The section's headings, outermost first, as plain text.
    pub headings: Vec<String>,
    /// It goes to the end of the page instead.
    #[serde(default)]
    pub at_end: bool,
    /// Without line ends around it.
    pub text: String,
}

impl SectionExtension {
    /// Puts it at the end of the section's own text, or replaces what was put there before.
    pub(crate) fn put_into(&self, file: &str) -> Result<String, EditError> {
        let end = if file.contains("\r\n") { "\r\n" } else { "\n" };
        let text = self.text.replace('\n', end);
        if let Some((from, to)) = span(file, &self.cluster) {
            return Ok(format!("{}{text}{}", &file[..from], &file[to..]));
        }
        if file.contains(text.as_str()) {
            return Ok(file.to_owned());
        }
        let end_of_page = self.at_end.then_some(file.len());
        let Some(at) = end_of_page.or_else(|| section_end(file, &self.headings)) else {
            return Err(EditError::NoSection);
        };
        let before = file[..at].trim_end();
        let after = &file[before.len()..];
        let after = if after.is_empty() { end } else { after };
        Ok(format!("{before}{end}{end}{text}{after}"))
    }
}
