//! How an answer speaks: it tells what to do, points elsewhere, doubts, or asks back.

/// What telling what to do adds where the question asks how.
const TELLS: f32 = 0.25;
const SHOWS: f32 = 0.1;
const POINTS: f32 = -0.4;
const DOUBTS: f32 = -0.2;
const ASKS_BACK: f32 = -0.4;
const GARBLED: f32 = -0.3;

#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct AnswerStyle {
    /// It says what to do.
    tells: bool,
    /// It shows code or names a setting.
    shows: bool,
    /// It says nothing but where to look.
    points: bool,
    doubts: bool,
    asks_back: bool,
    /// A keyboard made a dash of the two hyphens of an option.
    garbled: bool,
}

impl AnswerStyle {
    pub(super) fn of(text: &str) -> Self {
        let sentences = sentences(text);
        let tells = |words: &Vec<String>| gives_instruction(words);
        let points = |words: &Vec<String>| only_refers(words);
        let asks_back =
            text.trim_end().ends_with('?') && sentences.len() == 1 || sentences.is_empty();
        Self {
            tells: sentences.iter().any(tells) || is_korean_request(text),
            shows: text.contains('`') || text.split_whitespace().any(is_setting),
            points: !sentences.is_empty() && !text.contains("```") && sentences.iter().all(points),
            doubts: sentences.iter().any(|words| is_hedged(words)),
            asks_back,
            garbled: text.split_whitespace().any(|word| {
                word.strip_prefix(['—', '–'])
                    .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_lowercase()))
            }),
        }
    }

    /// What speaks for and against it, with weights.
    pub(super) fn weights(&self, asks_how: bool) -> impl Iterator<Item = (&'static str, f32)> {
        [
            (asks_how && self.tells && !self.points, "tells what to do", TELLS),
            (asks_how && self.shows, "shows a setting or code", SHOWS),
            (self.points, "only points elsewhere", POINTS),
            (self.doubts, "doubts itself", DOUBTS),
            (self.asks_back, "asks back", ASKS_BACK),
            (self.garbled, "has a dash for the hyphens of an option", GARBLED),
        ]
        .into_iter()
        .filter_map(|(fact, what, weight)| fact.then_some((what, weight)))
    }
}

/// Whether a question asks for a way, or for help with an error, rather than for a fact.
pub(super) fn asks_how(text: &str) -> bool {
    let words = words(text);
    let has = |one: &str| words.iter().any(|word| word == one);
    ["how", "where", "way", "fix", "solve", "possible", "error"].into_iter().any(has)
        || words.first().is_some_and(|word| ["can", "could"].contains(&word.as_str()))
        || ["어떻게", "어디", "방법"].iter().any(|one| text.contains(one))
}

/// Words that every text has, whatever it is about.
pub(super) fn is_grammar(word: &str) -> bool {
    GRAMMAR.binary_search(&word).is_ok()
}

const GRAMMAR: [&str; 96] = [
    "about", "after", "all", "also", "and", "any", "anyone", "are", "because", "been", "being",
    "but", "can", "cant", "correct", "could", "did", "does", "doing", "dont", "each", "else",
    "for", "from", "get", "getting", "guys", "had", "has", "have", "hello", "help", "here", "hey",
    "how", "into", "its", "ive", "just", "know", "like", "make", "may", "more", "much", "need",
    "not", "now", "one", "only", "other", "our", "out", "please", "properly", "right", "should",
    "some", "someone", "still", "such", "than", "thank", "thanks", "that", "the", "their", "them",
    "then", "there", "these", "they", "thing", "this", "those", "too", "try", "trying", "use",
    "using", "very", "want", "was", "way", "were", "what", "when", "where", "which", "who", "why",
    "will", "with", "would", "you", "your",
];

/// Words that send a reader somewhere else.
const POINTERS: [&str; 9] =
    ["check", "look", "read", "refer", "see", "visit", "follow", "browse", "consult"];
/// Words that may stand before what an answer asks for.
const LEADS: [&str; 16] = [
    "you", "can", "could", "should", "just", "please", "try", "maybe", "yes", "yeah", "also", "to",
    "have", "take", "a", "and",
];
/// Behind these, "check" asks to act, not to read: "check that the port is open".
const ACTS: [&str; 8] = ["that", "if", "whether", "your", "is", "are", "for", "how"];
/// Verbs that answers open with when they tell what to do.
const ACTIONS: [&str; 62] = [
    "add",
    "allow",
    "append",
    "apply",
    "build",
    "call",
    "change",
    "check",
    "choose",
    "clear",
    "clone",
    "configure",
    "connect",
    "copy",
    "create",
    "define",
    "delete",
    "deploy",
    "disable",
    "download",
    "downgrade",
    "edit",
    "enable",
    "ensure",
    "export",
    "go",
    "implement",
    "import",
    "include",
    "increase",
    "insert",
    "install",
    "keep",
    "load",
    "make",
    "modify",
    "move",
    "open",
    "pass",
    "pick",
    "place",
    "point",
    "press",
    "pull",
    "put",
    "rebuild",
    "reinstall",
    "remove",
    "rename",
    "replace",
    "restart",
    "run",
    "select",
    "set",
    "specify",
    "start",
    "store",
    "switch",
    "update",
    "upgrade",
    "use",
    "write",
];

fn gives_instruction(words: &[String]) -> bool {
    let lead = words.iter().take_while(|word| LEADS.contains(&word.as_str())).count();
    let is_action = |word: &String| ACTIONS.contains(&word.as_str());
    let pairs = words.windows(2).map(|pair| (pair[0].as_str(), pair[1].as_str()));
    let asked = ["need", "must", "have", "should", "can", "sure"];
    words.get(lead).is_some_and(is_action)
        || pairs.clone().any(|pair| matches!(pair, ("you", next) if asked.contains(&next)))
        || pairs.clone().any(|pair| matches!(pair, ("need" | "have", "to")))
        || words.windows(2).any(|pair| {
            ["and", "then", "to", "by", "or"].contains(&pair[0].as_str()) && is_action(&pair[1])
        })
}

fn only_refers(words: &[String]) -> bool {
    let lead = words.iter().take_while(|word| LEADS.contains(&word.as_str())).count();
    let Some((verb, rest)) = words.get(lead..).and_then(<[String]>::split_first) else {
        return false;
    };
    let acts = rest.first().is_some_and(|word| ACTS.contains(&word.as_str()))
        || rest.windows(2).any(|pair| {
            ["and", "then", "to", "or"].contains(&pair[0].as_str())
                && ACTIONS.contains(&pair[1].as_str())
        });
    POINTERS.contains(&verb.as_str()) && !acts
}

fn is_hedged(words: &[String]) -> bool {
    let line = words.join(" ");
    ["i think", "i guess", "not sure", "no idea", "i believe", "might be", "may be", "idk"]
        .iter()
        .any(|doubt| format!(" {line} ").contains(&format!(" {doubt} ")))
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

fn is_korean_request(text: &str) -> bool {
    ["세요", "하면 됩니다", "하시면", "해야"].iter().any(|ending| text.contains(ending))
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
    fn manners_are_told_apart() {
        let facts = |text: &str| {
            let manner = AnswerStyle::of(text);
            let told = manner.weights(true).map(|(what, _)| what);
            told.collect::<Vec<_>>().join(", ")
        };
        for (text, expected) in [
            ("Set the port and restart it", "tells what to do"),
            ("You need to restart it", "tells what to do"),
            ("Restart with `--force`", "tells what to do, shows a setting or code"),
            ("check relay.yaml", "shows a setting or code, only points elsewhere"),
            ("You can look at the docs. See also the examples", "only points elsewhere"),
            ("Check that the port is open", "tells what to do"),
            ("look at the log and set the level", "tells what to do"),
            ("I think the port is closed", "doubts itself"),
            ("which version?", "asks back"),
            ("start —port 80", "tells what to do, has a dash for the hyphens of an option"),
            ("the port is closed", ""),
            ("설정에서 바꾸세요", "tells what to do"),
        ] {
            assert_eq!(facts(text), expected, "{text}");
        }
    }

    #[test]
    fn grammar_words_are_found() {
        assert!(GRAMMAR.is_sorted());
        assert!(is_grammar("how") && !is_grammar("port"));
    }
}
