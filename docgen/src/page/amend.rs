//! A merged page that must change: what people wrote there stays where it can.

use rules::model::ids::{ClusterId, MessageId};

use crate::page::format::{MARKER, anchor, is_also_asked, is_evidence, is_fixed_line, span};
use crate::page::model::Draft;

/// What becomes of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AmendedPage {
    pub text: String,
    /// People changed the page, and not all of that is in `text`.
    pub lossy: bool,
}

/// A text before and after an answer in it was rewritten.
#[derive(Debug, Clone, Copy)]
pub struct Replacement<'t> {
    pub before: &'t str,
    pub after: &'t str,
}

/// The rewritten page, with what people changed since it was merged: `ours` is the file as it was
/// proposed, `page` as it is now. `gone` are messages that no line may cite any more.
pub fn rewrite_page(
    ours: Option<Replacement<'_>>,
    page: Replacement<'_>,
    gone: &[MessageId],
) -> AmendedPage {
    let plain = |lossy| AmendedPage { text: page.after.to_owned(), lossy };
    let Some(ours) = ours else { return plain(true) };
    let (old, now) = (unwound(ours.before), unwound(page.before));
    if old == now {
        return plain(false);
    }
    match diffy::merge(&old, &now, &unwound(ours.after)) {
        Ok(text) if !gone.iter().any(|message| cites(&text, *message)) => {
            AmendedPage { text, lossy: false }
        }
        _ => plain(true),
    }
}

/// A file written by others without the answer in it; `None` if it is not found there.
pub fn remove_answer(file: &str, cluster: &ClusterId) -> Option<String> {
    let (from, to) = span(file, cluster)?;
    let (before, after) = (file[..from].trim_end(), file[to..].trim_start_matches(['\r', '\n']));
    let end = if file.contains("\r\n") { "\r\n" } else { "\n" };
    let between = if after.is_empty() { end.to_owned() } else { end.repeat(2) };
    Some(format!("{before}{between}{after}"))
}

/// The answer in a file written by others; `None` if it is not found there.
pub fn own_part<'f>(file: &'f str, cluster: &ClusterId) -> Option<&'f str> {
    span(file, cluster).map(|(from, to)| &file[from..to])
}

/// The file of a page with a later answer above its evidence; `None` if the page's place in the
/// file is not found.
pub fn add_later_answer(file: &str, cluster: &ClusterId, later: &Draft) -> Option<String> {
    let file = unwound(file);
    let start = file.find(&anchor(cluster)).or(file.contains(cluster.as_str()).then_some(0))?;
    let (hashes, at) = closing(&file, start)?;
    let mut out = file[..at].trim_end().to_owned();
    out.push_str(&format!("\n\n{hashes} Since then\n\n{}\n\n", answer(later)));
    out.push_str(&file[at..]);
    Some(out)
}

/// The answer of a page, with its sources.
fn answer(draft: &Draft) -> String {
    let page = draft.page();
    let start = page
        .find(&anchor(draft.cluster()))
        .map_or(0, |at| page[at..].find('\n').map_or(page.len(), |end| at + end + 1));
    let end = closing(page, start).map_or(page.len(), |(_, at)| at);
    let sources = page.lines().rfind(|line| is_fixed_line(line) && !line.contains(MARKER));
    format!("{}\n\n{}", page[start..end].trim(), sources.unwrap_or_default())
}

/// Where what closes an answer begins after `start`, with the hashes of headings there: the heading of
/// other wordings or of evidence, the sources at the end, or the marker.
fn closing(file: &str, start: usize) -> Option<(&'static str, usize)> {
    let mut at = start;
    let mut sources = None;
    for line in file[start..].split_inclusive('\n') {
        for hashes in ["##", "###"] {
            let heading = line.trim_end().strip_prefix(hashes).and_then(|l| l.strip_prefix(' '));
            if heading.is_some_and(|heading| is_also_asked(heading) || is_evidence(heading)) {
                return Some((hashes, at));
            }
        }
        if line.contains(MARKER) {
            return Some(("##", sources.unwrap_or(at)));
        }
        if is_fixed_line(line.trim()) {
            sources.get_or_insert(at);
        } else if !line.trim().is_empty() {
            sources = None;
        }
        at += line.len();
    }
    None
}

/// Whether a text links to a message.
fn cites(text: &str, message: MessageId) -> bool {
    let id = format!("/{message}");
    text.match_indices(&id).any(|(at, _)| {
        let after = text[at + id.len()..].bytes().next();
        text[..at].contains("/channels/") && !after.is_some_and(|byte| byte.is_ascii_digit())
    })
}

fn unwound(text: &str) -> String {
    text.replace("\r\n", "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    const OURS: &str =
        "# Why?\n\nTurn it off.\n\n## Evidence\n\n- a /channels/1/2/30\n- b /channels/1/2/31\n";
    const ANEW: &str = "# Why?\n\nTurn it off.\n\n## Evidence\n\n- b /channels/1/2/31\n";

    #[test]
    fn what_people_wrote_stays_unless_it_cites_what_is_gone() {
        let gone = [MessageId(30)];
        let amended = |page: &str| {
            let ours = Replacement { before: OURS, after: ANEW };
            rewrite_page(Some(ours), Replacement { before: page, after: ANEW }, &gone)
        };
        assert_eq!(amended(OURS), AmendedPage { text: ANEW.into(), lossy: false });
        let better = OURS.replace("Turn it off.", "Turn it off and wait.");
        let expected = ANEW.replace("Turn it off.", "Turn it off and wait.");
        assert_eq!(amended(&better), AmendedPage { text: expected, lossy: false });
        let kept = OURS.replace("- a ", "- said first: ");
        assert_eq!(amended(&kept), AmendedPage { text: ANEW.into(), lossy: true });
        let windows = OURS.replace('\n', "\r\n");
        assert_eq!(amended(&windows), AmendedPage { text: ANEW.into(), lossy: false });
        assert!(rewrite_page(None, Replacement { before: OURS, after: ANEW }, &gone).lossy);
    }

    #[test]
    fn our_part_of_a_page_is_found_and_taken_out() {
        let cluster = ClusterId::of_question(MessageId(36));
        let ours = "<a id=\"answer-q10\"></a>\n\nTurn it off.\n\n<!-- answer-harvester:v1 id=q10 digest=x -->";
        let file = format!("# Why?\n\nBecause.\n\n{ours}\n\n## More\n");
        assert_eq!(own_part(&file, &cluster), Some(ours));
        assert_eq!(remove_answer(&file, &cluster).unwrap(), "# Why?\n\nBecause.\n\n## More\n");
        let last = format!("# Why?\n\nBecause.\n\n{ours}\n");
        assert_eq!(remove_answer(&last, &cluster).unwrap(), "# Why?\n\nBecause.\n");
        assert_eq!(remove_answer("# Why?\n", &cluster), None);
    }

    #[test]
    fn a_message_is_cited_by_its_whole_id() {
        assert!(cites("see https://x/channels/1/2/30)", MessageId(30)));
        assert!(!cites("see https://x/channels/1/2/301", MessageId(30)));
    }
}
