//! Message texts as they may be published: without the names of people who did not choose to be named.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashSet};
use std::sync::LazyLock;

use regex::Regex;

use crate::language::{Languages, is_hangul};
use crate::markdown::{MarkdownBlock, MarkdownInline, parse, plain_text};
use crate::model::cluster::{Cluster, Occurrence};
use crate::model::ids::MessageId;
use crate::publish::pseudonym::AuthorNaming;
use crate::publish::title::{asks, clean_title, nick_opening, title_score};
use crate::similarity::content::content;
use crate::text::is_question_mark;

/// The replacement for a name.
const SOMEBODY: &str = "a user";

/// Everybody who takes part in a cluster's conversations or is mentioned there.
#[derive(Clone)]
pub struct Participants<'c> {
    /// Longest first, so that no name is taken for a part of it.
    names: Vec<&'c str>,
    hidden: bool,
}

impl<'c> Participants<'c> {
    pub fn of(cluster: &'c Cluster, naming: &AuthorNaming) -> Self {
        let of_one = |one: &'c Occurrence| {
            let quotes = one.answers.iter().chain([&one.question]);
            let authors = quotes.map(|quote| quote.author_name.as_str());
            authors.chain(one.people.iter().map(String::as_str))
        };
        Self::among(cluster.occurrences.iter().flat_map(of_one), naming)
    }

    /// The people with these names.
    pub fn among(names: impl IntoIterator<Item = &'c str>, naming: &AuthorNaming) -> Self {
        let names = names.into_iter().map(str::trim);
        let names = names.filter(|name| !name.is_empty()).collect::<BTreeSet<_>>();
        let mut names = names.into_iter().collect::<Vec<_>>();
        names.sort_by_key(|name| std::cmp::Reverse(name.len()));
        Self { names, hidden: matches!(naming, AuthorNaming::Pseudonyms(_)) }
    }

    /// The tree of a message in which nobody is addressed, and nobody is called by a name that can
    /// be distinguished from a word of the language. Code keeps its words: there, a name is more likely a
    /// path. Where the operator publishes display names, names in running text stay.
    pub fn read(&self, text: &str) -> Vec<MarkdownBlock> {
        let mut blocks = parse(text, &self.names);
        self.clean_blocks(&mut blocks);
        blocks
    }

    /// The words of a message on one line, without markup and names.
    pub fn line(&self, text: &str) -> String {
        one_line(&self.read(text))
    }

    /// The title that a question makes. Empty only if the question has no word.
    pub fn title(&self, question: &str) -> String {
        let blocks = self.read(&without_last_mention(question));
        let said = blocks
            .iter()
            .filter(|block| !matches!(block, MarkdownBlock::Code { .. } | MarkdownBlock::Quote(_)))
            .cloned()
            .collect::<Vec<_>>();
        let title = clean_title(&one_line(if said.is_empty() { &blocks } else { &said }));
        let words = title.split(' ').map(|word| if word == "i" { "I" } else { word });
        words.collect::<Vec<_>>().join(" ")
    }

    /// The quotable occurrence whose question names the cluster, with the title that it makes.
    pub fn headline(&self, cluster: &'c Cluster) -> Option<(&'c Occurrence, String)> {
        let quotable = cluster.occurrences.iter().filter(|one| one.quotable);
        headline(quotable, cluster.representative, |question| self.title(question))
    }

    /// Whether a title is made of the words of an occurrence that may be quoted.
    pub fn has_title(&self, cluster: &Cluster, title: &str) -> bool {
        let mut quotable = cluster.occurrences.iter().filter(|one| one.quotable);
        quotable.any(|one| self.title(&one.question.text) == title)
    }

    /// The other ways a question was asked, each with its occurrence, best put first, none of them cut off or without a
    /// question; of those that ask in the same words but for grammar, one.
    pub fn variants<'o>(&self, cluster: &'o Cluster, title: &str) -> Vec<(&'o Occurrence, String)> {
        let quotable = cluster.occurrences.iter().filter(|one| one.quotable);
        let lines = quotable.map(|one| (one, self.title(&one.question.text)));
        let mut lines = lines.collect::<Vec<_>>();
        lines.sort_by(|(_, a), (_, b)| title_score(b).total_cmp(&title_score(a)));
        let mut seen = BTreeSet::from([wording(""), wording(title)]);
        lines.retain(|(_, line)| is_whole(line) && asks_at_all(line) && seen.insert(wording(line)));
        lines
    }

    /// The text without the names that it opens with: "@name", "name:", "name,"; a handle of somebody unknown goes only
    /// where the words behind it speak to somebody.
    pub fn unaddressed<'t>(&self, text: &'t str) -> &'t str {
        let mut rest = text;
        while let Some(shorter) = self.without_address(rest).or_else(|| without_handle(rest)) {
            rest = shorter;
        }
        rest
    }

    /// Whether published prose still contains the name of a participant.
    pub fn names_left_in(&self, prose: &str) -> bool {
        let addressed = |name: &str| {
            let shown = format!("@{name}");
            let mut found = prose.match_indices(&shown);
            found.any(|(at, shown)| ends_name(&prose[at + shown.len()..]))
        };
        let called = || first_call(prose, &self.names).is_some();
        self.hidden && (self.names.iter().any(|name| addressed(name)) || called())
    }

    fn without_address<'t>(&self, text: &'t str) -> Option<&'t str> {
        let marked = text.strip_prefix('@');
        let spoken = marked.unwrap_or(text);
        self.names.iter().find_map(|name| {
            let head = spoken.get(..name.len())?;
            let rest = &spoken[name.len()..];
            let ends = match marked {
                Some(_) => ends_name(rest),
                None => {
                    let marked =
                        rest.trim_start_matches(' ').starts_with(':') || rest.starts_with(',');
                    let named = name.chars().any(char::is_alphabetic);
                    let told = is_handle(name) && tells_to_act(rest);
                    named && (marked || told) && !rest.starts_with("://")
                }
            };
            let called = head.eq_ignore_ascii_case(name) && ends;
            called.then(|| rest.trim_start_matches([':', ',', ' ']))
        })
    }

    fn clean_blocks(&self, blocks: &mut [MarkdownBlock]) {
        for block in blocks {
            match block {
                MarkdownBlock::Paragraph(inlines) => {
                    self.drop_addresses(inlines);
                    self.clean_inlines(inlines);
                }
                MarkdownBlock::Quote(inner) => self.clean_blocks(inner),
                MarkdownBlock::List(list) => {
                    list.items.iter_mut().for_each(|item| self.clean_blocks(item))
                }
                MarkdownBlock::Code { .. } => {}
            }
        }
    }

    fn drop_addresses(&self, inlines: &mut Vec<MarkdownInline>) {
        let mut starts = true;
        for inline in inlines.iter_mut() {
            if let (true, MarkdownInline::Text(text)) = (starts, &mut *inline) {
                *text = self.unaddressed(text).to_owned();
            }
            starts = matches!(inline, MarkdownInline::Break);
        }
        inlines.retain(|inline| !matches!(inline, MarkdownInline::Text(text) if text.is_empty()));
    }

    fn clean_inlines(&self, inlines: &mut [MarkdownInline]) {
        if !self.hidden {
            return;
        }
        for inline in inlines {
            match inline {
                MarkdownInline::Text(text) => *text = self.without_names(text),
                MarkdownInline::Strong(inner)
                | MarkdownInline::Emphasis(inner)
                | MarkdownInline::Strike(inner)
                | MarkdownInline::Link { text: inner, .. } => self.clean_inlines(inner),
                MarkdownInline::Code(_) | MarkdownInline::Break => {}
            }
        }
    }

    fn without_names(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut done = 0;
        while let Some((at, length)) = first_call(&text[done..], &self.names) {
            out.push_str(text[done..done + at].trim_end_matches('@'));
            out.push_str(SOMEBODY);
            done += at + length;
        }
        out.push_str(&text[done..]);
        out
    }
}

/// Whether a text goes on by telling somebody what to do: ` run it`.
fn tells_to_act(rest: &str) -> bool {
    static ACTIONS: LazyLock<HashSet<&str>> = LazyLock::new(|| {
        let words = |key| Languages::built_in().words("answer_style", key);
        words("actions").chain(words("pointers")).collect()
    });
    let next = rest.strip_prefix(' ').and_then(|rest| rest.split_whitespace().next());
    next.is_some_and(|word| ACTIONS.contains(word))
}

/// The text behind the handle of somebody who is spoken to: `moss_7: you need …`. In `log_level: debug` nobody is.
fn without_handle(text: &str) -> Option<&str> {
    static SPEAKING: LazyLock<HashSet<&str>> =
        LazyLock::new(|| Languages::built_in().words("names", "addressed").collect());
    let rest = nick_opening(text)?.trim_start();
    let first = rest.split(|c: char| c.is_whitespace() || ",.!?".contains(c)).next()?;
    let first = first.to_lowercase().replace(['\'', '’'], "");
    SPEAKING.contains(first.as_str()).then_some(rest)
}

/// A question without whom its last words call: "…with the plugin, @name?".
fn without_last_mention(question: &str) -> Cow<'_, str> {
    static CALLED: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?:[ ,]+(?:@[\w.-]*\w|<@[!&]?\d{1,20}>))+(?P<mark>[ ?!.]*)$")
            .expect("a constant pattern")
    });
    CALLED.replace(question.trim_end(), "$mark")
}

/// The occurrence whose question names a page, with the title that it makes: a whole one that asks something,
/// of these the question at `representative` or, without it, the one that stands best as a title; the earliest of
/// equals, so that a later question does not rename the page.
pub(crate) fn headline<'c>(
    occurrences: impl DoubleEndedIterator<Item = &'c Occurrence>,
    representative: MessageId,
    title: impl Fn(&str) -> String,
) -> Option<(&'c Occurrence, String)> {
    let titled = occurrences.map(|one| (one, title(&one.question.text)));
    let titled = titled.filter(|(_, title)| title.chars().any(char::is_alphabetic));
    let ranked = titled.map(|(one, title)| {
        let is_central = one.question.message == representative;
        let rank = (is_whole(&title), asks(&title), is_central);
        (rank, title_score(&title), (one, title))
    });
    let best = ranked.rev().max_by(|(rank, reads, _), (other_rank, other_reads, _)| {
        rank.cmp(other_rank).then(reads.total_cmp(other_reads))
    });
    best.map(|(_, _, named)| named)
}

fn asks_at_all(line: &str) -> bool {
    line.ends_with(is_question_mark) || asks(line)
}

/// Whether a line says all that it begins to say: it neither was cut nor ends in a word that needs
/// another one behind it.
fn is_whole(line: &str) -> bool {
    static LEANING: LazyLock<HashSet<&str>> =
        LazyLock::new(|| Languages::built_in().words("title", "leaning").collect());
    let last = line.rsplit(' ').next().unwrap_or_default().to_lowercase();
    !line.ends_with(['…', ':', ',', '(', '-'])
        && !line.ends_with("..")
        && !LEANING.contains(last.as_str())
}

fn one_line(blocks: &[MarkdownBlock]) -> String {
    plain_text(blocks).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Two wordings are the same if this is: the content words, and the question word.
fn wording(line: &str) -> (BTreeSet<String>, Option<String>) {
    static ASKS: LazyLock<HashSet<&str>> =
        LazyLock::new(|| Languages::built_in().words("title", "question_words").collect());
    let lower = line.to_lowercase();
    let mut words = lower.split(|c: char| !c.is_alphabetic());
    (content(line), words.find(|word| ASKS.contains(word)).map(str::to_owned))
}

/// Whether a name cannot be mistaken for a word of the language.
fn is_distinctive(name: &str) -> bool {
    let inner_capital =
        name.chars().skip(1).any(char::is_uppercase) && name.chars().any(char::is_lowercase);
    name.chars().count() >= 3
        && (inner_capital || is_handle(name))
        && name.chars().any(char::is_alphabetic)
}

/// Handles with digits or underscores are known in any case; `ReadMe` is not `readme`.
fn is_handle(name: &str) -> bool {
    name.chars().any(|c| c == '_' || c.is_ascii_digit())
}

/// Whether what stands around a word makes it somebody's name.
fn is_spoken_of(before: &str, after: &str) -> bool {
    static CUES: LazyLock<[Vec<&str>; 2]> = LazyLock::new(|| {
        ["before", "after"].map(|key| Languages::built_in().words("names", key).collect())
    });
    let [behind, ahead] = &*CUES;
    let ends = |rest: &str| !rest.starts_with(|c: char| c.is_ascii_alphanumeric());
    let after = after.trim_start_matches(' ');
    let before = before.trim_end_matches([' ', '@']).to_lowercase();
    let does = |cue: &&str| after.strip_prefix(*cue).is_some_and(ends);
    let called = |cue: &&str| {
        before.strip_suffix(*cue).is_some_and(|rest| !rest.ends_with(char::is_alphanumeric))
    };
    behind.iter().any(does) || ahead.iter().any(called)
}

/// The position and length of the first of some names that is a whole word and no part of a path, and either
/// no word of the language or spoken of as a person.
fn first_call(text: &str, names: &[&str]) -> Option<(usize, usize)> {
    let mut before = ' ';
    for (at, c) in text.char_indices() {
        let starts = !is_name_part(before) && before != '/';
        let called = names.iter().filter(|_| starts).find(|name| {
            let Some(head) = text.get(at..at + name.len()) else { return false };
            let rest = &text[at + name.len()..];
            let is_word = !rest.starts_with(|c: char| is_name_part(c) || c == '/');
            let same = head == **name || (is_handle(name) && head.eq_ignore_ascii_case(name));
            let is_known = is_distinctive(name) && same && is_word;
            is_known
                || (name.chars().count() >= 3
                    && head.eq_ignore_ascii_case(name)
                    && (is_word || rest.starts_with(is_hangul))
                    && is_spoken_of(&text[..at], rest))
        });
        if let Some(name) = called {
            return Some((at, name.len()));
        }
        before = c;
    }
    None
}

/// Whether a name behind `@` ends where this begins; `@name/package` is no person.
fn ends_name(rest: &str) -> bool {
    !rest.starts_with(|c| is_name_part(c) || c == '/' || c == '-')
}

fn is_name_part(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::publish::pseudonym::Salt;
    use crate::test_support;

    fn check(people: &[&str], expected: &[(&str, &str)]) {
        let mut cluster = test_support::cluster(&[("Where is the port?", "In the settings.")]);
        cluster.occurrences[0].people = people.iter().map(|name| (*name).to_owned()).collect();
        let hidden = Participants::of(&cluster, &AuthorNaming::Pseudonyms(Salt([7; 16])));
        for (text, expected) in expected {
            assert_eq!(hidden.line(text), *expected, "{text}");
            assert!(!hidden.names_left_in(&hidden.line(text)), "{text}");
        }
    }

    #[test]
    fn nobody_is_named() {
        check(
            &["moss_7", "Ida Lark", "linux", "InaKay"],
            &[
                ("a pita, **moss_7**, help me", "a pita, a user, help me"),
                ("see `/home/moss_7` or moss_71", "see /home/moss_7 or moss_71"),
                ("so Moss_7 said", "so a user said"),
                ("moss_7: try that", "try that"),
                ("moss_7 : try that", "try that"),
                ("moss_7 run the relay", "run the relay"),
                ("moss_7 runs the relay", "a user runs the relay"),
                ("Linux, InaKay: try linux", "try linux"),
                ("ask @Ida Lark or @nobody", "ask a user or a user"),
                ("@linux/kernel on linux, then", "@linux/kernel on linux, then"),
                ("first\nlinux: second", "first second"),
                ("inakay is a word, InaKay a name", "inakay is a word, a user a name"),
                ("linux://x", "linux://x"),
                ("as linux wrote, or ask Linux", "as a user wrote, or ask a user"),
                ("fern_90: you need the port", "you need the port"),
                ("fern_90: i'd try the port", "i'd try the port"),
                ("log_level: debug", "log_level: debug"),
                ("max_jobs: set it to 4", "max_jobs: set it to 4"),
                ("linux님 말대로 linux 설치", "a user님 말대로 linux 설치"),
            ],
        );
    }

    #[test]
    fn display_names_stay_where_the_operator_says_so() {
        let mut cluster = test_support::cluster(&[("Where is the port?", "In the settings.")]);
        cluster.occurrences[0].people = vec!["moss_7".to_owned()];
        let people = Participants::of(&cluster, &AuthorNaming::DisplayNames);
        assert_eq!(people.line("so moss_7 said"), "so moss_7 said");
        assert!(!people.names_left_in("so moss_7 said"));
    }

    #[test]
    fn a_cut_question_names_nothing() {
        let mut cluster = test_support::cluster(&[
            ("how do i fix the mismatch error from", "Rebuild it."),
            ("hi, how do i fix the mismatch error?", "Rebuild it."),
            ("Why is there a mismatch error?", "Rebuild it."),
            ("How can I fix mismatch errors?", "Rebuild it."),
        ]);
        cluster.representative = cluster.occurrences[0].question.message;
        let people = Participants::of(&cluster, &AuthorNaming::DisplayNames);
        let (one, title) = people.headline(&cluster).unwrap();
        assert_eq!(title, "How do I fix the mismatch error?");
        assert_eq!(one.question.message, cluster.occurrences[1].question.message);
        let variants = people.variants(&cluster, &title).into_iter().map(|(_, line)| line);
        assert_eq!(variants.collect::<Vec<_>>(), ["Why is there a mismatch error?"]);
        cluster.representative = cluster.occurrences[2].question.message;
        let (_, title) =
            Participants::of(&cluster, &AuthorNaming::DisplayNames).headline(&cluster).unwrap();
        assert_eq!(title, "Why is there a mismatch error?");
    }
}
