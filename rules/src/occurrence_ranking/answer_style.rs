//! The style of an answer: it says what to do, points elsewhere, doubts, or asks back.

use std::collections::HashSet;
use std::sync::LazyLock;

use super::weights::WEIGHTS;
use crate::language::Languages;
use crate::text::{is_question_mark, without_mentions};

#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct AnswerStyle {
    /// It says what to do.
    pub(crate) tells: bool,
    /// It shows code or names a setting.
    pub(crate) shows: bool,
    /// It says nothing but where to look.
    pub(crate) points: bool,
    pub(crate) doubts: bool,
    pub(crate) asks_back: bool,
    /// How many of its phrases hold for a short time only.
    pub(crate) passing: usize,
    /// How many speak of people instead of the thing.
    pub(crate) hearsay: usize,
    /// How many speak of the answerer.
    pub(crate) personal: usize,
    /// Whether it goes on from what a reader has not seen.
    pub(crate) continues: bool,
    /// A keyboard made a dash of the two hyphens of an option.
    garbled: bool,
}

impl AnswerStyle {
    pub(crate) fn of(text: &str) -> Self {
        let sentences = sentences(text);
        let prose = prose(&without_mentions(text));
        let tells = |words: &Vec<String>| gives_instruction(words);
        let points = |words: &Vec<String>| only_refers(words);
        let asks_back = text.trim_end().ends_with(is_question_mark) && sentences.len() == 1
            || sentences.is_empty();
        Self {
            tells: sentences.iter().any(tells) || has_request_ending(text),
            shows: text.contains('`') || text.split_whitespace().any(is_setting),
            points: !sentences.is_empty() && !text.contains("```") && sentences.iter().all(points),
            doubts: sentences.iter().any(|words| is_hedged(words)),
            asks_back,
            passing: count(&prose, &WORDS.passing),
            hearsay: count(&prose, &WORDS.hearsay),
            personal: count(&prose, &WORDS.personal),
            continues: WORDS
                .continues
                .iter()
                .any(|one| prose.trim_start().starts_with(one.trim_start())),
            garbled: text.split_whitespace().any(|word| {
                word.strip_prefix(['—', '–'])
                    .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_lowercase()))
            }),
        }
    }

    /// What speaks for and against it, with weights.
    pub(super) fn weights(&self, asks_how: bool) -> impl Iterator<Item = (&'static str, f32)> {
        [
            (asks_how && self.tells && !self.points, "tells what to do", WEIGHTS.tells),
            (asks_how && self.shows, "shows a setting or code", WEIGHTS.shows),
            (self.points, "only points elsewhere", WEIGHTS.points),
            (self.doubts, "doubts itself", WEIGHTS.doubts),
            (self.asks_back, "asks back", WEIGHTS.asks_back),
            (self.passing > 0, "holds for a short time", WEIGHTS.passing),
            (self.hearsay > 0, "speaks of people", WEIGHTS.hearsay),
            (self.personal > 0, "speaks of its author", WEIGHTS.personal),
            (self.continues, "goes on from something else", WEIGHTS.continues),
            (self.garbled, "has a dash for the hyphens of an option", WEIGHTS.garbled),
        ]
        .into_iter()
        .filter_map(|(fact, what, weight)| fact.then_some((what, weight)))
    }
}

/// The word lists of answers, of all built-in languages.
struct StyleWords {
    how: HashSet<&'static str>,
    how_openers: HashSet<&'static str>,
    how_inside: Vec<&'static str>,
    pointers: HashSet<&'static str>,
    sources: HashSet<&'static str>,
    grammar: HashSet<&'static str>,
    leads: HashSet<&'static str>,
    acts: HashSet<&'static str>,
    actions: HashSet<&'static str>,
    /// Two words in a row.
    obligations: HashSet<(&'static str, &'static str)>,
    joins: HashSet<&'static str>,
    turns: HashSet<&'static str>,
    requests: Vec<&'static str>,
    doubts: Vec<String>,
    passing: Vec<String>,
    hearsay: Vec<String>,
    personal: Vec<String>,
    continues: Vec<String>,
    why: Vec<String>,
    causes: Vec<String>,
}

static WORDS: LazyLock<StyleWords> = LazyLock::new(|| {
    let list = |key| Languages::built_in().words("answer_style", key);
    // In scripts whose words take endings, a phrase may stand anywhere in a word.
    let phrases = |key| {
        let phrase = |one: &str| if one.is_ascii() { format!(" {one} ") } else { one.to_owned() };
        list(key).map(phrase).collect::<Vec<_>>()
    };
    StyleWords {
        how: list("how").collect(),
        how_openers: list("how_openers").collect(),
        how_inside: list("how_inside").collect(),
        pointers: list("pointers").collect(),
        sources: list("sources").collect(),
        grammar: list("grammar").collect(),
        leads: list("leads").collect(),
        acts: list("acts").collect(),
        actions: list("actions").collect(),
        obligations: list("obligations").filter_map(|pair| pair.split_once(' ')).collect(),
        joins: list("joins").collect(),
        turns: list("turns").collect(),
        requests: list("requests").collect(),
        doubts: list("doubts").map(|doubt| format!(" {doubt} ")).collect(),
        passing: phrases("passing"),
        hearsay: phrases("hearsay"),
        personal: phrases("personal"),
        continues: phrases("continues"),
        why: phrases("why"),
        causes: phrases("causes"),
    }
});

/// Whether a question asks for a way, or for help with an error, rather than for a fact.
pub(crate) fn asks_how(text: &str) -> bool {
    let words = words(text);
    words.iter().any(|word| WORDS.how.contains(word.as_str()))
        || words.first().is_some_and(|word| WORDS.how_openers.contains(word.as_str()))
        || WORDS.how_inside.iter().any(|one| text.contains(one))
}

/// Whether a question asks why something fails.
pub(crate) fn asks_why(text: &str) -> bool {
    count(&prose(text), &WORDS.why) > 0
}

/// Whether a text names a cause.
pub(crate) fn names_cause(text: &str) -> bool {
    count(&prose(text), &WORDS.causes) > 0
}

fn gives_instruction(words: &[String]) -> bool {
    let lead = words.iter().take_while(|word| WORDS.leads.contains(word.as_str())).count();
    let is_action = |word: &str| WORDS.actions.contains(word);
    words.get(lead).is_some_and(|word| is_action(word))
        || pairs(words).any(|pair| WORDS.obligations.contains(&pair))
        || pairs(words).any(|(join, next)| WORDS.joins.contains(join) && is_action(next))
}

fn only_refers(words: &[String]) -> bool {
    let lead = words.iter().take_while(|word| WORDS.leads.contains(word.as_str())).count();
    let Some((verb, rest)) = words.get(lead..).and_then(<[String]>::split_first) else {
        return false;
    };
    let acts = rest.first().is_some_and(|word| WORDS.acts.contains(word.as_str()))
        || pairs(rest)
            .any(|(turn, next)| WORDS.turns.contains(turn) && WORDS.actions.contains(next));
    WORDS.pointers.contains(verb.as_str()) && !acts || names_source(words)
}

/// Whether a sentence speaks of a document and gives its address: "The docs are at https://…".
fn names_source(words: &[String]) -> bool {
    let is_about = |word: &&String| word.len() > 2 && !WORDS.grammar.contains(word.as_str());
    let subject = words.iter().find(is_about);
    subject.is_some_and(|word| WORDS.sources.contains(word.as_str()))
        && words.iter().any(|word| word.starts_with("http"))
}

fn pairs(words: &[String]) -> impl Iterator<Item = (&str, &str)> {
    words.windows(2).map(|pair| (pair[0].as_str(), pair[1].as_str()))
}

fn is_hedged(words: &[String]) -> bool {
    let line = format!(" {} ", words.join(" "));
    WORDS.doubts.iter().any(|doubt| line.contains(doubt.as_str()))
}

/// The words of a text outside of code, each between spaces.
fn prose(text: &str) -> String {
    let outside = text.split('`').step_by(2).collect::<Vec<_>>().join(" ");
    format!(" {} ", words(&outside).join(" "))
}

fn count(prose: &str, phrases: &[String]) -> usize {
    phrases.iter().map(|phrase| prose.matches(phrase.as_str()).count()).sum()
}

/// `SOME_SETTING`, `--option`, `file.json`, `call()`.
fn is_setting(word: &str) -> bool {
    let bare = word.trim_matches(|c: char| !c.is_alphanumeric() && c != '-');
    let shouted = bare.contains('_') && bare.chars().any(|c| c.is_ascii_uppercase());
    let option = bare.starts_with("--") && bare.len() > 3;
    let file = bare.rsplit_once('.').is_some_and(|(name, ending)| {
        !name.is_empty()
            && (2..=5).contains(&ending.len())
            && ending.bytes().all(|b| b.is_ascii_lowercase())
    });
    shouted || option || (file && !word.contains("://")) || word.contains("()")
}

fn has_request_ending(text: &str) -> bool {
    WORDS.requests.iter().any(|ending| text.contains(ending))
}

/// The words of each sentence; a line ends one, and a dot inside a word does not.
fn sentences(text: &str) -> Vec<Vec<String>> {
    let mut sentences = vec![Vec::new()];
    for line in text.lines() {
        for token in line.split_whitespace() {
            let last = sentences.last_mut().expect("there is always a sentence");
            last.extend(words(token));
            if token.ends_with(['.', '!', '?', ';']) {
                sentences.push(Vec::new());
            }
        }
        sentences.push(Vec::new());
    }
    sentences.retain(|words| !words.is_empty());
    sentences
}

fn words(text: &str) -> Vec<String> {
    text.split(|c: char| !c.is_alphanumeric() && !matches!(c, '\'' | '’' | '_'))
        .map(|word| word.replace(['\'', '’'], "").to_lowercase())
        .filter(|word| !word.is_empty())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answer_styles_are_distinguished() {
        let facts = |text: &str| {
            let manner = AnswerStyle::of(text);
            let facts_found = manner.weights(true).map(|(what, _)| what);
            facts_found.collect::<Vec<_>>().join(", ")
        };
        for (text, expected) in [
            ("Set the port and restart it", "tells what to do"),
            ("You need to restart it", "tells what to do"),
            ("Restart with `--force`", "tells what to do, shows a setting or code"),
            ("check relay.yaml", "shows a setting or code, only points elsewhere"),
            ("You can look at the docs. See also the examples", "only points elsewhere"),
            ("The documentation is at https://docs.example.org/relay", "only points elsewhere"),
            ("The docs name the port: 8080", ""),
            ("Check that the port is open", "tells what to do"),
            ("look at the log and set the level", "tells what to do"),
            ("I think the port is closed", "doubts itself, speaks of its author"),
            ("which version?", "asks back, goes on from something else"),
            ("start —port 80", "tells what to do, has a dash for the hyphens of an option"),
            ("the port is closed", ""),
            ("설정에서 바꾸세요", "tells what to do"),
        ] {
            assert_eq!(facts(text), expected, "{text}");
        }
    }
}
