//! A search result: title and snippet with the matching words marked.

use std::ops::Range;

use rules::model::cluster::{Cluster, MergedAnswer};
use rules::model::ids::ChannelId;
use rules::publish::anonymize::Participants;
use rules::publish::pseudonym::AuthorNaming;
use rules::publish::strength::{AnswerStrength, answer_options, is_weak};
use serde::Serialize;
use utoipa::ToSchema;

use crate::pages::prose::{beginning, language};
use crate::pages::review_status::ReviewStatus;
use crate::pages::slug::{address, slug};
use crate::pages::title::title;
use crate::presentation::words::{DisplayDate, InterfaceText};

const SNIPPET_CHARS: usize = 220;
/// How much of an answer is searched for a snippet.
const LOOK_AT_CHARS: usize = 2_000;
/// How many characters precede the first match.
const LEAD_CHARS: usize = 60;
/// The tally draws no more strokes than this.
const MAX_STROKES: usize = 15;

#[derive(Debug, Serialize)]
pub(crate) struct ResultCard {
    pub(crate) id: String,
    pub(crate) url: String,
    pub(crate) title: String,
    pub(crate) snippet: String,
    pub(crate) marked_title: Vec<TextRun>,
    pub(crate) marked_snippet: Vec<TextRun>,
    pub(crate) language: Option<&'static str>,
    pub(crate) status: ReviewStatus,
    /// `AnswerStrength::as_str`.
    pub(crate) strength: &'static str,
    pub(crate) badge: String,
    /// Whether it is probably no answer.
    pub(crate) weak: bool,
    /// Whether no word of it may be shown.
    pub(crate) withheld: bool,
    pub(crate) occurrences: usize,
    pub(crate) askers: usize,
    pub(crate) times: String,
    /// One entry for each stroke, five in a gate.
    pub(crate) tally: Vec<Vec<()>>,
    pub(crate) last_confirmed: DisplayDate,
    pub(crate) channels: Vec<ChannelView>,
}

/// A run of text that matches the query, or does not.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct TextRun {
    pub(crate) text: String,
    pub(crate) hit: bool,
}

#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct ChannelView {
    pub(crate) id: String,
    pub(crate) name: String,
}

impl ResultCard {
    /// The card in the words of `text`; `matches` gives the byte ranges of a text that match the query, in order, without overlap.
    pub(crate) fn of(
        cluster: &Cluster,
        naming: &AuthorNaming,
        text: &InterfaceText,
        matches: impl Fn(&str) -> Vec<Range<usize>>,
    ) -> Self {
        let people = Participants::of(cluster, naming);
        let (_, title) = title(cluster, &people, text);
        let options = answer_options(cluster);
        let strength = AnswerStrength::of(cluster, &options);
        let best = || options.first().map(|option| people.line(&option.best.best_answer().text));
        let answer = cluster.merged_answer.as_ref().map(MergedAnswer::leading_line).or_else(best);
        let snippet = snippet(&answer.unwrap_or_default(), &matches);
        let count = cluster.times_answered();
        Self {
            id: cluster.id.to_string(),
            url: address(&slug(&title, &cluster.id)),
            marked_title: parts(&title, &matches(&title)),
            marked_snippet: parts(&snippet, &matches(&snippet)),
            language: language(&title),
            status: cluster.into(),
            strength: strength.as_str(),
            badge: text.badge(strength),
            weak: is_weak(cluster, strength),
            withheld: cluster.merged_answer.is_none()
                && !cluster.occurrences.iter().any(|occurrence| occurrence.quotable),
            occurrences: count,
            askers: cluster.asker_count(),
            times: text.times(count),
            tally: tally(count),
            last_confirmed: text.date(cluster.last_confirmed()),
            channels: channels(cluster),
            title,
            snippet,
        }
    }
}

fn tally(count: usize) -> Vec<Vec<()>> {
    vec![(); count.min(MAX_STROKES)].chunks(5).map(<[()]>::to_vec).collect()
}

fn channels(cluster: &Cluster) -> Vec<ChannelView> {
    let mut seen = Vec::<(ChannelId, &str)>::new();
    for occurrence in cluster.occurrences.iter().filter(|occurrence| occurrence.quotable) {
        if !seen.iter().any(|(id, _)| *id == occurrence.channel) {
            seen.push((occurrence.channel, &occurrence.channel_name));
        }
    }
    seen.into_iter()
        .map(|(id, name)| ChannelView { id: id.to_string(), name: name.to_owned() })
        .collect()
}

/// The part of a line around its first match.
fn snippet(line: &str, matches: impl Fn(&str) -> Vec<Range<usize>>) -> String {
    let looked_at = line.char_indices().nth(LOOK_AT_CHARS).map_or(line, |(end, _)| &line[..end]);
    let first = matches(looked_at).first().map_or(0, |range| range.start);
    let lead = looked_at.get(..first).unwrap_or_default().chars().count();
    let skipped = if lead > SNIPPET_CHARS - LEAD_CHARS { lead - LEAD_CHARS } else { 0 };
    if skipped == 0 {
        return beginning(line, SNIPPET_CHARS);
    }
    let from_here = line.char_indices().nth(skipped).map_or(line, |(start, _)| &line[start..]);
    let from_word = from_here.split_once(' ').map_or(from_here, |(_, rest)| rest);
    format!("…{}", beginning(from_word, SNIPPET_CHARS))
}

/// Cuts a text at the edges of its matches. Ranges that do not fit the text are passed over.
fn parts(text: &str, matches: &[Range<usize>]) -> Vec<TextRun> {
    let mut parts = Vec::new();
    let mut at = 0;
    let mut push = |text: &str, hit| {
        if !text.is_empty() {
            parts.push(TextRun { text: text.to_owned(), hit });
        }
    };
    for range in matches {
        let (Some(before), Some(hit)) = (text.get(at..range.start), text.get(range.clone())) else {
            continue;
        };
        push(before, false);
        push(hit, true);
        at = range.end;
    }
    push(&text[at..], false);
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_support::{cluster, occurrence};

    /// Matches one word, wherever it stands.
    fn word<'w>(word: &'w str) -> impl Fn(&str) -> Vec<Range<usize>> + 'w {
        move |text| text.match_indices(word).map(|(at, found)| at..at + found.len()).collect()
    }

    #[test]
    fn matches_are_cut_out_and_nothing_is_lost() {
        let cut = parts("set the port", &word("port")("set the port"));
        let part = |text: &str, hit| TextRun { text: text.to_owned(), hit };
        assert_eq!(cut, [part("set the ", false), part("port", true)]);
        assert_eq!(parts("안녕", &[1..2, 0..99]), [part("안녕", false)]);
    }

    #[test]
    fn a_snippet_shows_the_first_match() {
        let line = format!("{}needle and more", "hay ".repeat(200));
        let shown = snippet(&line, word("needle"));
        assert!(shown.starts_with("…hay") && shown.contains("needle and more"), "{shown}");
        assert!(snippet("needle first", word("needle")).starts_with("needle"));
        assert_eq!(snippet("", word("needle")), "");
    }

    #[test]
    fn five_strokes_make_a_gate() {
        let gates = |count| tally(count).iter().map(Vec::len).collect::<Vec<_>>();
        assert_eq!(gates(7), [5, 2]);
        assert_eq!(gates(1_000), [5, 5, 5]);
    }

    #[test]
    fn a_card_holds_no_word_that_may_not_be_quoted() {
        let mut hidden = occurrence(1, "Where is my quixotic wallet?", "In the zanzibar drawer.");
        hidden.quotable = false;
        let card = ResultCard::of(
            &cluster(vec![hidden]),
            &AuthorNaming::DisplayNames,
            InterfaceText::english(),
            word("zanzibar"),
        );
        assert!(card.withheld);
        let json = serde_json::to_string(&card).unwrap();
        assert!(
            !json.contains("zanzibar") && !json.contains("quixotic") && !json.contains("help"),
            "{json}"
        );
    }
}
