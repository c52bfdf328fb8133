//! What an answer advises, and what it advises against.

use std::collections::BTreeSet;

use crate::config::toml_reader::TomlReader;
use crate::language::phrase::{NormalizedWords, Phrase};
use crate::language::{Languages, is_hangul};
use crate::markdown::{MarkdownBlock, MarkdownInline};
use crate::similarity::tokens::{SimilarityToken, stem, tokens};
use crate::text::{is_question_mark, without_mentions};

/// The words by which answers deny, add and condition.
#[derive(Debug, Clone)]
pub(super) struct ClaimCues {
    ended: Vec<Phrase>,
    against: Vec<Phrase>,
    spared: Vec<Phrase>,
    behind: Vec<Phrase>,
    ahead: Vec<Phrase>,
    conditions: Vec<Phrase>,
    complaints: Vec<Phrase>,
    adding: Vec<Phrase>,
    holding: Vec<Phrase>,
    /// Words that part a sentence into two statements.
    contrasts: Vec<String>,
    /// Words that are not what a statement is about.
    general: BTreeSet<String>,
    /// How words of denial begin, in scripts that are compared by syllables.
    denials: Vec<String>,
    /// First words of an answer that says yes, and of one that says no.
    yes: Vec<String>,
    no: Vec<String>,
}

impl ClaimCues {
    pub(super) fn read(table: &mut TomlReader, languages: &Languages) -> Self {
        let mut phrases = |key| {
            let lists = languages.lists(table, key, ("truth", key));
            Phrase::parse_lists(table, &lists)
        };
        Self {
            ended: phrases("ended"),
            against: phrases("against"),
            spared: phrases("spared"),
            behind: phrases("behind"),
            ahead: phrases("ahead"),
            conditions: phrases("conditions"),
            complaints: phrases("complaints"),
            adding: phrases("adding"),
            holding: phrases("holding"),
            contrasts: languages.words("truth", "contrasts").map(str::to_owned).collect(),
            general: languages.words("truth", "general").map(str::to_owned).collect(),
            denials: languages.words("truth", "denials").map(str::to_owned).collect(),
            yes: languages.words("truth", "yes").map(str::to_owned).collect(),
            no: languages.words("truth", "no").map(str::to_owned).collect(),
        }
    }

    /// Whether a sentence has a word of advice against something, or of an end.
    pub(super) fn denies(&self, sentence: &str) -> bool {
        let words = NormalizedWords::of(sentence);
        is_any(&self.against, &words) || is_any(&self.ended, &words)
    }

    /// Whether an answer opens with yes or with no; `None` if it does neither.
    pub(super) fn verdict(&self, answer: &str) -> Option<bool> {
        let answer = without_mentions(answer);
        let first = answer.split(|c: char| !c.is_alphanumeric()).find(|word| !word.is_empty())?;
        let first = first.to_lowercase();
        let yes = self.yes.contains(&first);
        (yes || self.no.contains(&first)).then_some(yes)
    }
}

/// The stance of a statement towards what it names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stance {
    For,
    Against,
    /// It was so and is not any more.
    Ended,
    /// It says nothing either way.
    Open,
}

/// A statement: a part of a sentence, or a line of code.
#[derive(Debug)]
struct Statement {
    stance: Stance,
    terms: BTreeSet<String>,
    content: BTreeSet<String>,
}

/// The statements of an answer.
#[derive(Debug)]
pub(super) struct AnswerClaims {
    statements: Vec<Statement>,
    /// Every word and every part of code, to tell whether a term is named at all.
    named: BTreeSet<String>,
    adds: bool,
    holds: bool,
}

impl AnswerClaims {
    pub(super) fn of(blocks: &[MarkdownBlock], cues: &ClaimCues) -> Self {
        let mut lines = Vec::new();
        collect(blocks, &mut lines);
        let mut said =
            Self { statements: Vec::new(), named: BTreeSet::new(), adds: false, holds: false };
        for line in &lines {
            said.adds |= !line.is_code && is_any(&cues.adding, &NormalizedWords::of(&line.text));
            said.holds |= !line.is_code && is_any(&cues.holding, &NormalizedWords::of(&line.text));
            said.statements.extend(line.statements(cues));
            said.named.extend(parts(&line.text.replace(['\u{1}', '\u{2}'], " ")));
            said.named.extend(parts_of_words(&line.text));
        }
        said
    }

    /// Whether it only adds to other answers.
    pub(super) fn adds(&self) -> bool {
        self.adds
    }

    /// Whether it says that things are as they were.
    pub(super) fn holds(&self) -> bool {
        self.holds
    }

    /// Whether both name code, settings or commands, and none of the other's.
    pub(super) fn shares_nothing_with(&self, other: &Self) -> bool {
        let (own, others) = (self.terms(|_| true), other.terms(|_| true));
        !own.is_empty()
            && !others.is_empty()
            && own.is_disjoint(&other.named)
            && others.is_disjoint(&self.named)
    }

    /// Whether the other tells that something has ended which this one still tells.
    pub(super) fn is_ended_by(&self, other: &Self, enough: f32) -> bool {
        let ended = other.terms(|stance| stance == Stance::Ended);
        let still = other.terms(|stance| stance == Stance::For);
        let advice = self.terms(|stance| stance == Stance::For);
        let denied = self.terms(|stance| matches!(stance, Stance::Against | Stance::Ended));
        let by_name = ended
            .iter()
            .any(|term| advice.contains(term) && !denied.contains(term) && !still.contains(term));
        by_name || other.statements.iter().any(|ended| self.states(ended, enough))
    }

    /// Whether a statement that something has ended says so of what one statement of this states.
    fn states(&self, ended: &Statement, enough: f32) -> bool {
        let least = 2;
        if ended.stance != Stance::Ended || !ended.terms.is_empty() || ended.content.len() < least {
            return false;
        }
        let of = ended.content.len() as f32;
        let speaks_of_it = |one: &&Statement| {
            let shared = one.content.intersection(&ended.content).count();
            shared >= least && shared as f32 / of >= enough
        };
        let mut stances = self.statements.iter().filter(speaks_of_it).map(|one| one.stance);
        stances.clone().any(|stance| stance == Stance::For)
            && stances.all(|stance| matches!(stance, Stance::For | Stance::Open))
    }

    /// Whether the other advises against what this one tells, and tells none of its other means.
    pub(super) fn is_advised_against_by(&self, other: &Self) -> bool {
        let advice = self.terms(|stance| stance == Stance::For);
        let denied = self.terms(|stance| matches!(stance, Stance::Against | Stance::Ended));
        let advised = other.terms(|stance| stance == Stance::For);
        let against = other.terms(|stance| stance == Stance::Against);
        advised.is_disjoint(&advice)
            && against.iter().any(|term| advice.contains(term) && !denied.contains(term))
    }

    fn terms(&self, wanted: impl Fn(Stance) -> bool) -> BTreeSet<String> {
        let of = self.statements.iter().filter(|one| wanted(one.stance));
        of.flat_map(|one| one.terms.iter().cloned()).collect()
    }
}

fn is_any(phrases: &[Phrase], words: &NormalizedWords) -> bool {
    phrases.iter().any(|phrase| phrase.is_in(words))
}

/// A paragraph, or a line of code. Code inside a paragraph stands between U+0001 and U+0002.
struct ClaimLine {
    text: String,
    is_code: bool,
}

fn collect(blocks: &[MarkdownBlock], lines: &mut Vec<ClaimLine>) {
    for block in blocks {
        match block {
            MarkdownBlock::Paragraph(inlines) => {
                let mut text = String::new();
                push(inlines, &mut text);
                lines.push(ClaimLine { text, is_code: false });
            }
            MarkdownBlock::Code { text, .. } => {
                let code = text.lines().filter(|line| !line.trim_start().starts_with('#'));
                lines.extend(code.map(|line| ClaimLine { text: line.to_owned(), is_code: true }));
            }
            // Somebody else's words are no advice.
            MarkdownBlock::Quote(_) => {}
            MarkdownBlock::List(list) => list.items.iter().for_each(|item| collect(item, lines)),
        }
    }
}

fn push(inlines: &[MarkdownInline], text: &mut String) {
    for inline in inlines {
        match inline {
            MarkdownInline::Text(words) => text.push_str(words),
            MarkdownInline::Code(code) => text.extend(["\u{1}", code, "\u{2}"]),
            MarkdownInline::Break => text.push('\n'),
            MarkdownInline::Strong(inner) | MarkdownInline::Emphasis(inner) => push(inner, text),
            MarkdownInline::Link { text: label, url } => {
                let mut words = String::new();
                push(label, &mut words);
                if words != *url {
                    text.push_str(&words);
                }
            }
            // What is struck out is taken back.
            MarkdownInline::Strike(_) => {}
        }
    }
}

impl ClaimLine {
    fn statements(&self, cues: &ClaimCues) -> Vec<Statement> {
        if self.is_code {
            let terms = parts(&self.text).collect();
            return vec![Statement { stance: Stance::For, terms, content: BTreeSet::new() }];
        }
        sentences(&self.text).flat_map(|sentence| statements(sentence, cues)).collect()
    }
}

/// Sentences with their ends; a dot inside a name or number ends none.
fn sentences(text: &str) -> impl Iterator<Item = &str> {
    let mut code = false;
    let mut last = ' ';
    let mut rest = text;
    let ends = text.char_indices().filter_map(move |(at, c)| {
        let end = !code && (c == '\n' || (c.is_whitespace() && ".!?\u{3002};".contains(last)));
        code = if c == '\u{1}' { true } else { code && c != '\u{2}' };
        last = c;
        end.then_some(at)
    });
    let mut ends = ends.chain([text.len()]);
    std::iter::from_fn(move || {
        let end = ends.next()?;
        let (sentence, after) = rest.split_at(end - (text.len() - rest.len()));
        rest = after;
        Some(sentence)
    })
}

fn statements(sentence: &str, cues: &ClaimCues) -> Vec<Statement> {
    let sentence = sentence.trim();
    let whole = NormalizedWords::of(sentence);
    let open = sentence.ends_with(is_question_mark)
        || is_any(&cues.conditions, &whole)
        || is_any(&cues.complaints, &whole);
    let mut found = Vec::new();
    for clause in clauses(sentence, cues) {
        let (mut rest, mut stance) = (clause.to_owned(), stance(&clause, cues));
        if let Some((before, after)) = cut(&rest, &cues.ahead) {
            found.push(statement(&before, if open { Stance::Open } else { Stance::Against }, cues));
            rest = after;
            stance = Stance::For;
        }
        if let Some((before, after)) = cut(&rest, &cues.behind) {
            found.push(statement(&after, if open { Stance::Open } else { Stance::Against }, cues));
            rest = before;
        }
        found.push(statement(&rest, if open { Stance::Open } else { stance }, cues));
    }
    found
}

fn stance(clause: &str, cues: &ClaimCues) -> Stance {
    let mut words = NormalizedWords::of(clause);
    for phrase in &cues.spared {
        words = words.without(phrase);
    }
    if is_any(&cues.ended, &words) {
        Stance::Ended
    } else if is_any(&cues.against, &words) {
        Stance::Against
    } else {
        Stance::For
    }
}

/// Parts of a sentence between commas and the like, and around "but".
fn clauses(sentence: &str, cues: &ClaimCues) -> impl Iterator<Item = String> {
    let mut clauses = vec![String::new()];
    let mut code = false;
    for word in sentence.split(' ') {
        let starts = clauses.last().is_some_and(|clause| !clause.is_empty());
        if !code && starts && cues.contrasts.iter().any(|one| one == word) {
            clauses.push(String::new());
            continue;
        }
        let clause = clauses.last_mut().expect("there is always one");
        clause.push(' ');
        clause.push_str(word);
        for c in word.chars() {
            code = if c == '\u{1}' { true } else { code && c != '\u{2}' };
        }
        if !code && word.ends_with([',', ';', ':']) {
            clauses.push(String::new());
        }
    }
    clauses.into_iter().filter(|clause| !clause.trim().is_empty())
}

/// What stands before and behind the first of these phrases.
fn cut(clause: &str, phrases: &[Phrase]) -> Option<(String, String)> {
    let words = clause.split(' ').collect::<Vec<_>>();
    for phrase in phrases {
        for from in 0..words.len() {
            let to = (from + phrase.length()).min(words.len());
            if phrase.is_in(&NormalizedWords::of(&words[from..to].join(" "))) {
                return Some((words[..from].join(" "), words[to..].join(" ")));
            }
        }
    }
    None
}

fn statement(text: &str, stance: Stance, cues: &ClaimCues) -> Statement {
    let mut terms = BTreeSet::new();
    let mut prose = String::new();
    for (at, piece) in text.split('\u{1}').enumerate() {
        let (code, words) =
            if at == 0 { ("", piece) } else { piece.split_once('\u{2}').unwrap_or((piece, "")) };
        terms.extend(parts(code));
        terms.extend(words.split_whitespace().filter_map(written_code));
        prose.push_str(words);
        prose.push(' ');
    }
    Statement { stance, terms, content: content(&prose, cues) }
}

/// The parts of code that can be told from one another: names, flags, paths, values.
fn parts(code: &str) -> impl Iterator<Item = String> {
    let split = |c: char| c.is_whitespace() || "=:\"'`(){}[]<>,;|&$".contains(c);
    code.split(split).filter_map(|part| {
        let part = part.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
        let is_informative = part.chars().count() > 1 && part.chars().any(char::is_alphabetic);
        let version = part
            .strip_prefix('v')
            .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
        (is_informative && !version).then_some(part)
    })
}

fn parts_of_words(text: &str) -> impl Iterator<Item = String> {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
}

/// A word that is written as code is, outside of code: `snake_case`, `--flag`, `a/path`, `camelCase`.
fn written_code(word: &str) -> Option<String> {
    let flag = word.starts_with("--");
    let bare = word.trim_matches(|c: char| !c.is_alphanumeric());
    let inner = |c: char| bare.contains(c);
    let lower_then_upper = bare.as_bytes().windows(2);
    let camel = bare.is_ascii()
        && bare.starts_with(|c: char| c.is_ascii_lowercase())
        && lower_then_upper
            .clone()
            .any(|two| two[0].is_ascii_lowercase() && two[1].is_ascii_uppercase());
    let file = bare.rsplit_once('.').is_some_and(|(name, end)| {
        name.chars().count() > 1
            && (2..=4).contains(&end.len())
            && end.bytes().all(|byte| byte.is_ascii_lowercase())
    });
    let code = flag || inner('_') || camel || file || (word.starts_with('/') && inner('/'));
    if code && !word.contains("://") { parts(bare).next() } else { None }
}

/// The words that say what a statement is about: English by stems, Korean by the first two syllables,
/// as endings follow them, and scripts without spaces by pairs of syllables.
fn content(text: &str, cues: &ClaimCues) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for token in tokens(text) {
        match token {
            SimilarityToken::Word(word)
                if word.chars().count() > 3 && !cues.general.contains(&word) =>
            {
                found.insert(stem(&word));
            }
            SimilarityToken::Word(_) => {}
            SimilarityToken::Syllables(run) => {
                let syllables = run.chars().collect::<Vec<_>>();
                let korean = syllables.iter().all(|c| is_hangul(*c));
                let pairs = if korean { 1 } else { syllables.len() };
                let pairs = syllables.windows(2).take(pairs);
                let pairs = pairs.map(|two| two.iter().collect::<String>());
                found.extend(
                    pairs.filter(|pair| {
                        !cues.denials.iter().any(|one| pair.starts_with(one.as_str()))
                    }),
                );
            }
        }
    }
    found
}
