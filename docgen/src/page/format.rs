//! The fixed lines of a page: how they are written, and how they are recognised on a page that people
//! edited or that an older version wrote.

use std::sync::LazyLock;

use jiff::Timestamp;
use regex::Regex;
use rules::language::page_words::PageWords;
use rules::model::ids::ClusterId;

use crate::lines::lines;
use crate::page::evidence::day;
use crate::target::DocsTarget;

/// The word that begins every marker.
pub(crate) const MARKER: &str = "answer-harvester:v1";
/// The lines around the answers in a file of many.
pub(crate) const START: &str = "<!-- answer-harvester:start -->";
pub(crate) const END: &str = "<!-- answer-harvester:end -->";

/// A heading that pages of earlier versions end with.
const EVIDENCE: &str = "Evidence";
/// The heading of further answers on pages of earlier versions.
const ALSO_SUGGESTED: &str = "Also suggested";

/// Whether a heading without its hashes is above other wordings of the question, in any language.
pub(crate) fn is_also_asked(heading: &str) -> bool {
    let heading = heading.to_lowercase();
    PageWords::all().any(|words| words.also_asked.to_lowercase() == heading)
}

/// Whether a heading without its hashes is above the evidence on a page of an earlier version.
pub(crate) fn is_evidence(heading: &str) -> bool {
    heading.eq_ignore_ascii_case(EVIDENCE)
}

/// Whether the template writes such a heading below a main answer; what is below it belongs to that.
pub(crate) fn is_fixed_heading(heading: &str) -> bool {
    let others = |words: &PageWords| words.other_answers == heading;
    heading == ALSO_SUGGESTED
        || is_evidence(heading)
        || is_also_asked(heading)
        || PageWords::all().any(others)
}

/// What every anchor begins with.
pub(crate) const ANCHOR: &str = "<a id=\"answer-";

/// The first line of an answer: its address stays the same when its heading is reworded.
pub(crate) fn anchor(cluster: &ClusterId) -> String {
    format!("{ANCHOR}{cluster}\"></a>")
}

/// Whether a text holds the answer of a cluster.
pub fn bears(text: &str, cluster: &ClusterId) -> bool {
    text.contains(&format!("id={cluster} ")) || text.contains(&format!("{ANCHOR}{cluster}\""))
}

/// The last line of an answer.
pub(crate) fn marker(cluster: &ClusterId, digest: &str, target: DocsTarget) -> String {
    match target {
        DocsTarget::Mintlify | DocsTarget::Docusaurus => {
            format!("{{/* {MARKER} id={cluster} digest={digest} */}}")
        }
        DocsTarget::Markdown | DocsTarget::MkDocs | DocsTarget::MdBook | DocsTarget::Faq => {
            format!("<!-- {MARKER} id={cluster} digest={digest} -->")
        }
    }
}

/// The bytes from a cluster's anchor to the end of its marker.
pub(crate) fn span(file: &str, cluster: &ClusterId) -> Option<(usize, usize)> {
    let first = anchor(cluster);
    let last = format!("{MARKER} id={cluster} ");
    let mut from = None;
    for (at, line) in lines(file) {
        if line.trim_end() == first {
            from = Some(at);
        } else if line.contains(&last) {
            return from.map(|from| (from, at + line.trim_end().len()));
        }
    }
    None
}

/// Where the questions and the answers of a page come from: each with its day and its address.
pub(crate) fn source_line(
    words: &PageWords,
    questions: &[(Timestamp, String)],
    answers: &[(Timestamp, String)],
) -> String {
    let named = |name| {
        move |(sent, link): &(Timestamp, String)| format!("[{name}, {}]({link})", day(*sent))
    };
    let questions = questions.iter().map(named(&words.question));
    let links = questions.chain(answers.iter().map(named(&words.answer)));
    format!("{}: {}", words.source, links.collect::<Vec<_>>().join(", "))
}

/// How often a question was answered, for how many people and when last.
pub(crate) fn answered_summary(occurrences: usize, askers: usize, last: Timestamp) -> String {
    let times = match occurrences {
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        more => format!("{more} times"),
    };
    let people = match askers {
        1 => "one person".to_owned(),
        more => format!("{more} people"),
    };
    format!("Answered {times} for {people}, most recently on {}.", day(last))
}

/// Whether the template writes such lines: anchors and markers, sources; on pages of earlier versions
/// also rows and sums of evidence.
pub(crate) fn is_fixed_line(line: &str) -> bool {
    static WRITTEN: LazyLock<Regex> = LazyLock::new(|| {
        let sources = PageWords::all().map(|words| regex::escape(&words.source));
        let sources = sources.chain(["Sources".to_owned()]).collect::<Vec<_>>().join("|");
        let channels = r"https?://(?:\w+\.)?discord(?:app)?\.com/channels/";
        let patterns = [
            format!("{ANCHOR}[^\"]*\">\\s*</a>"),
            r"<!--\s*answer-harvester:.*-->".to_owned(),
            r"\{/\*\s*answer-harvester:.*\*/\}".to_owned(),
            format!(r"(?:[-*>]\s+)?[*_]*(?:{sources})[*_]*:.*\({channels}.*"),
            format!(r"(?:[-*+]\s+)?.*\[question\]\({channels}.*\[answer\]\({channels}.*"),
            r"[*_]*Resolved .*Last (?:answered|confirmed).*".to_owned(),
            r"And \d+ more\.".to_owned(),
        ];
        Regex::new(&format!("^(?:{})$", patterns.join("|"))).expect("a constant pattern")
    });
    WRITTEN.is_match(line)
}

/// Whether a line is another wording of the question in the list below its heading.
pub(crate) fn is_wording_line(line: &str) -> bool {
    static LINKED: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"^[-*+]\s+\[.*\]\(https?://(?:\w+\.)?discord(?:app)?\.com/channels/[\d/]+\)$")
            .expect("a constant pattern")
    });
    LINKED.is_match(line)
}

#[cfg(test)]
mod tests {
    use rules::model::ids::MessageId;

    use super::*;

    #[test]
    fn every_fixed_line_is_recognised() {
        let cluster = ClusterId::of_question(MessageId(36));
        let link = "https://discord.com/channels/1/2/30".to_owned();
        let answers = [(Timestamp::UNIX_EPOCH, link.clone())];
        let mut fixed = vec![
            anchor(&cluster),
            "Resolved 3 times for 2 people. Last answered on 1970-01-01.".to_owned(),
            "Resolved once for one person. Last confirmed on 1970-01-01.".to_owned(),
            format!("Source: [amy, 1970-01-01]({link})"),
            format!("- 1970-01-01: [question]({link}), [answer]({link})"),
            "And 4 more.".to_owned(),
        ];
        fixed.extend(PageWords::all().map(|words| source_line(words, &answers, &answers)));
        fixed.extend(DocsTarget::ALL.map(|target| marker(&cluster, "d", target)));
        for line in fixed {
            assert!(is_fixed_line(&line), "{line}");
        }
        for other in ["Run it.", "Source: the docs", "And 4 more things.", "## Evidence"] {
            assert!(!is_fixed_line(other), "{other}");
        }
    }

    #[test]
    fn an_answer_is_found_from_its_anchor_to_its_marker() {
        let cluster = ClusterId::of_question(MessageId(36));
        for target in DocsTarget::ALL {
            let own = format!("{}\n\nx\n\n{}", anchor(&cluster), marker(&cluster, "d", target));
            let file = format!("a\n\n{own}\n\nb\n");
            assert_eq!(span(&file, &cluster).map(|(from, to)| &file[from..to]), Some(&own[..]));
        }
    }
}
