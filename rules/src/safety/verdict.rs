//! The one verdict on whether a text may be shown, and how.

use std::borrow::Cow;
use std::ops::Range;

use super::facts::{FactList, FactRules, split_scheme};
use super::fold::FoldedText;
use super::links::{LINK, LinkRules};
use super::randomness::is_random;
use crate::config::lazy_pattern::LazyPattern;
use crate::config::toml_reader::TomlReader;
use crate::language::Languages;

/// How much before a value is looked at for what makes it none.
const CONTEXT: usize = 100;

/// What pages do not hold and other places do not show as it is.
#[derive(Debug)]
pub(super) struct VerdictRules {
    restricted: Vec<RestrictedPattern>,
    links: LinkRules,
}

/// A kind of value that a page may hold only if people listed it.
#[derive(Debug)]
struct RestrictedPattern {
    kind: String,
    listed: Option<FactList>,
    pattern: LazyPattern,
    gate: ValueGate,
    with: Option<LazyPattern>,
    unless: Option<LazyPattern>,
    measure: SafetyMeasure,
    instead: Option<String>,
}

/// What a value must look like besides its pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ValueGate {
    Any,
    Mixed,
    Pieces,
}

/// How a place other than a page shows a text. No page may hold either.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SafetyMeasure {
    /// Without what was found: no link can be followed, no address copied.
    Defang,
    /// Not at all.
    Withhold,
}

/// Something that a text must not hold where it is published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SafetyFinding {
    /// "a contract address", "a request for private contact", ...
    pub kind: String,
    /// As found after disguises were undone.
    pub value: String,
    pub measure: SafetyMeasure,
    /// Where it stands in the text.
    range: Range<usize>,
    instead: String,
}

/// What a text holds, in reading order, none overlapping another.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SafetyVerdict {
    pub findings: Vec<SafetyFinding>,
}

impl SafetyVerdict {
    /// Whether a page may hold the text.
    pub fn is_publishable(&self) -> bool {
        self.findings.is_empty()
    }

    /// Whether the text may not be shown anywhere.
    pub fn is_withheld(&self) -> bool {
        self.findings.iter().any(|found| found.measure == SafetyMeasure::Withhold)
    }

    /// The text on which this is the verdict, with notices in place of what must not be followed; `None`
    /// where it is withheld.
    pub fn shown<'t>(&self, text: &'t str) -> Option<Cow<'t, str>> {
        if self.is_withheld() {
            return None;
        }
        if self.findings.is_empty() {
            return Some(Cow::Borrowed(text));
        }
        let mut shown = String::with_capacity(text.len());
        let mut done = 0;
        for SafetyFinding { range, instead, .. } in &self.findings {
            shown.push_str(&text[done..range.start]);
            shown.push_str(instead);
            done = range.end;
        }
        shown.push_str(&text[done..]);
        Some(Cow::Owned(shown))
    }
}

impl VerdictRules {
    pub(super) fn read(file: &mut TomlReader, languages: &Languages) -> Self {
        let restricted =
            file.sections("unlisted", |table| RestrictedPattern::read(table, languages));
        let restricted = restricted.into_iter().flatten().collect::<Vec<_>>();
        let links = file.section("links", LinkRules::read);
        Self { restricted, links }
    }

    pub(super) fn judge(&self, text: &str, facts: &FactRules) -> SafetyVerdict {
        let folded = FoldedText::deobfuscated(text);
        let mut findings = Vec::new();
        for restricted in &self.restricted {
            restricted.find(&folded, facts, &mut findings);
        }
        for link in self.links.unlisted(&folded.text, facts) {
            findings.push(SafetyFinding {
                instead: defanged(&link.link),
                kind: link.kind,
                value: link.link,
                measure: SafetyMeasure::Defang,
                range: folded.original(link.range),
            });
        }
        // Renderers read the text as it is: there, a host in another script leads elsewhere than it seems to,
        // and an invisible character may let a link begin.
        let as_it_is =
            matches!(folded.text, Cow::Owned(_)).then(|| self.links.unlisted(text, facts));
        for link in as_it_is.into_iter().flatten() {
            findings.push(SafetyFinding {
                instead: defanged(&link.link),
                kind: link.kind,
                value: link.link,
                measure: SafetyMeasure::Defang,
                range: link.range,
            });
        }
        SafetyVerdict { findings: apart(findings) }
    }

    /// The values in a text that only one list of the facts could allow, and does not.
    pub(super) fn unlisted_values(
        &self,
        text: &str,
        listed: FactList,
        facts: &FactRules,
    ) -> Vec<String> {
        let folded = FoldedText::deobfuscated(text);
        let mut findings = Vec::new();
        for restricted in self.restricted.iter().filter(|one| one.listed == Some(listed)) {
            restricted.find(&folded, facts, &mut findings);
        }
        findings.sort_by_key(|found| found.range.start);
        let mut values = findings.into_iter().map(|found| found.value).collect::<Vec<_>>();
        if listed == FactList::Links {
            values.extend(self.links.unlisted(&folded.text, facts).into_iter().map(|one| one.link));
        }
        values
    }
}

/// Of findings that overlap the graver one stays, then the one that says more than that there is a link, then
/// the one that begins first; its range covers both.
fn apart(mut findings: Vec<SafetyFinding>) -> Vec<SafetyFinding> {
    findings.sort_by_key(|found| (found.range.start, std::cmp::Reverse(found.range.end)));
    let mut apart: Vec<SafetyFinding> = Vec::new();
    for found in findings {
        match apart.last_mut() {
            Some(last) if found.range.start < last.range.end => {
                let range = last.range.start..last.range.end.max(found.range.end);
                let says_more = found.measure == last.measure && last.kind == LINK;
                if found.measure > last.measure || says_more {
                    *last = found;
                }
                last.range = range;
            }
            _ => apart.push(found),
        }
    }
    apart
}

/// A link that no program follows: `hxxps://host[.]example/path`.
fn defanged(link: &str) -> String {
    let (scheme, rest) = split_scheme(link);
    // A link may hold another, even in place of its host.
    let rest = rest.replace("://", "[:]//");
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let scheme = match scheme.to_ascii_lowercase().as_str() {
        "" => String::new(),
        "https" => "hxxps://".to_owned(),
        "http" => "hxxp://".to_owned(),
        other => format!("{other}[:]//"),
    };
    let leads_on = path.to_ascii_lowercase().contains("www.");
    let path = if leads_on { path.replace('.', "[.]") } else { path.to_owned() };
    format!("{scheme}{}{path} [not listed by maintainers]", authority.replace('.', "[.]"))
}

impl RestrictedPattern {
    fn read(table: &mut TomlReader, languages: &Languages) -> Option<Self> {
        let lists = [
            ("addresses", Some(FactList::Addresses)),
            ("invites", Some(FactList::Invites)),
            ("links", Some(FactList::Links)),
        ];
        let gates = [("mixed", ValueGate::Mixed), ("pieces", ValueGate::Pieces)];
        let measures = [("defang", SafetyMeasure::Defang), ("withhold", SafetyMeasure::Withhold)];
        let kind = table.text("kind", "a value");
        let listed = table.choice("listed", None, &lists);
        let gate = table.choice("gate", ValueGate::Any, &gates);
        let measure = table.choice("show", SafetyMeasure::Defang, &measures);
        let instead = table.optional_text("instead");
        let with = table.optional_text("with");
        let with = with.and_then(|list| spoken(table, "with", &list, languages));
        let unless = table.optional_text("unless");
        let unless = unless.and_then(|text| LazyPattern::read(table, "unless", text));
        let pattern = match table.optional_text("words") {
            Some(list) => spoken(table, "words", &list, languages)?,
            None => LazyPattern::read_required(table, str::to_owned)?,
        };
        Some(Self { kind, listed, pattern, gate, with, unless, measure, instead })
    }

    fn find(&self, folded: &FoldedText<'_>, facts: &FactRules, found: &mut Vec<SafetyFinding>) {
        let text = folded.text.as_ref();
        if !self.pattern.may_match(text) {
            return;
        }
        if self.with.as_ref().is_some_and(|with| !with.regex().is_match(text)) {
            return;
        }
        for hit in self.pattern.regex().find_iter(text) {
            let spoken = self.listed.is_none();
            let value = if spoken { hit.as_str().to_owned() } else { without_marks(hit.as_str()) };
            if !self.passes_gate(hit.as_str()) || self.is_spared(&text[..hit.start()]) {
                continue;
            }
            if self.listed.is_some_and(|listed| is_listed(&value, hit.as_str(), listed, facts)) {
                continue;
            }
            let notice = || format!("[{} not listed by maintainers]", without_article(&self.kind));
            found.push(SafetyFinding {
                kind: self.kind.clone(),
                value,
                measure: self.measure,
                range: folded.original(hit.range()),
                instead: self.instead.clone().unwrap_or_else(notice),
            });
        }
    }

    fn passes_gate(&self, value: &str) -> bool {
        match self.gate {
            ValueGate::Any => true,
            ValueGate::Mixed => has_all_kinds(value),
            ValueGate::Pieces => {
                let pieces = || {
                    value
                        .split(|c: char| !c.is_ascii_alphanumeric())
                        .filter(|piece| !piece.is_empty())
                };
                let length = pieces().map(str::len).sum::<usize>();
                (32..=44).contains(&length)
                    && pieces()
                        .all(|piece| has_all_kinds(piece) && (piece.len() < 16 || is_random(piece)))
            }
        }
    }

    fn is_spared(&self, before: &str) -> bool {
        let start = before.ceil_char_boundary(before.len().saturating_sub(CONTEXT));
        self.unless.as_ref().is_some_and(|unless| unless.regex().is_match(&before[start..]))
    }
}

/// A value is listed itself; a command, if every address in it is.
fn is_listed(value: &str, found: &str, listed: FactList, facts: &FactRules) -> bool {
    let mut links = found.split_whitespace().filter(|word| word.contains("://")).peekable();
    if listed == FactList::Links && links.peek().is_some() && found.contains(char::is_whitespace) {
        let bare = |link: &str| link.trim_matches(|c: char| "\"'`()<>".contains(c)).to_owned();
        return links.all(|link| facts.allow_link(&bare(link)));
    }
    facts.lists(value, listed)
}

/// All patterns of a word list as one; an unknown or empty list is a mistake and `None`.
fn spoken(
    table: &mut TomlReader,
    key: &str,
    list: &str,
    languages: &Languages,
) -> Option<LazyPattern> {
    const LISTS: [&str; 6] = [
        "private_contact",
        "secret_requests",
        "wallet_requests",
        "lowered_guard",
        "insults",
        "payment",
    ];
    let Some(list) = LISTS.into_iter().find(|known| *known == list) else {
        table.wrong(
            key,
            format!("{list:?} is not allowed here; expected one of {}", LISTS.join(", ")),
        );
        return None;
    };
    let patterns = languages.words("safety", list).map(|words| format!("(?:{words})"));
    let any = patterns.collect::<Vec<_>>().join("|");
    if any.is_empty() {
        return None;
    }
    LazyPattern::read(table, key, format!("(?i){any}"))
}

/// Blanks and marks of Markdown do not belong to a value.
fn without_marks(value: &str) -> String {
    value.chars().filter(|c| !c.is_whitespace() && !"`*~|".contains(*c)).collect()
}

fn without_article(kind: &str) -> &str {
    kind.strip_prefix("a ").or_else(|| kind.strip_prefix("an ")).unwrap_or(kind)
}

/// Upper case, lower case and a digit.
fn has_all_kinds(value: &str) -> bool {
    let has = |test: fn(&u8) -> bool| value.as_bytes().iter().any(test);
    has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase) && has(u8::is_ascii_digit)
}
