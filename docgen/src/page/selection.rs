//! Which messages of a cluster are quoted on its page.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use jiff::SignedDuration;
use regex::Regex;
use rules::language::page_words::PageWords;
use rules::markdown::{MarkdownBlock, MarkdownInline, plain_text};
use rules::model::cluster::{Cluster, Occurrence, Quote};
use rules::occurrence_ranking::{
    RankedOccurrence, SolutionRank, asks_how, names_cause, overlap, rank_occurrences, share_within,
    stands_as_option,
};
use rules::page_questions::speaks_of_both;
use rules::publish::anonymize::Participants;
use rules::publish::presentation::with_hyphens;
use rules::publish::title::asks_something;
use rules::resolution::ResolutionGrade;
use rules::safety::{AnswerForm, FactRules, judge_text, redact, why_not_alone};
use rules::staleness::answers_contradict;

use super::channel_pointers::{points_to_unknown_channel, without_channel_pointers};
use super::commands::with_commands;
use super::model::{ContradictingAnswer, DraftContext};
use super::wording;
use crate::lines::shortened;

/// Answers on a page, with the best one.
const MOST_ANSWERS: usize = 3;
const MOST_VARIANTS: usize = 4;
/// A wording whose answer is on the page shares at least more than this of the words of the shorter one with the title.
const NEAR_WORDS: f32 = 0.2;
/// Two answers are the same if the shorter one shares more of its words than this; a wording whose answer is not on the
/// page has more of its own words in the title.
const SAME_WORDS: f32 = 0.7;
/// Messages of one person within this time are one answer in several parts.
const ONE_ANSWER_SPAN: SignedDuration = SignedDuration::from_mins(15);
/// Shorter sentences about a cause say nothing.
const LEAST_CAUSE_WORDS: usize = 5;
/// A longer symptom is a log, not a symptom.
const LONGEST_SYMPTOM: usize = 1_500;

/// An answer as a page shows it.
pub(crate) struct DraftAnswer<'c> {
    pub occurrence: &'c Occurrence,
    pub quote: &'c Quote,
    pub solution_rank: SolutionRank,
    pub blocks: Vec<MarkdownBlock>,
}

/// A sentence of an answer that stands on a page by itself.
pub(crate) struct AnswerSentence<'c> {
    pub occurrence: &'c Occurrence,
    pub quote: &'c Quote,
    pub sentence: MarkdownBlock,
}

/// A text on a page with the occurrence whose question it is from.
pub(crate) struct QuestionText<'c> {
    pub occurrence: &'c Occurrence,
    pub text: String,
}

/// Other wordings of the question, each as one plain line. What got an answer that is not on the page and is asked in
/// other words than the title may ask something else, and is none.
pub(crate) fn variants<'c>(
    cluster: &'c Cluster,
    (title, answers): (&str, &[DraftAnswer<'_>]),
    context: &DraftContext<'_>,
    facts: &FactRules,
    people: &Participants<'_>,
) -> Vec<QuestionText<'c>> {
    let shown = answers.iter().map(|answer| answer.solution_rank.solution).collect::<BTreeSet<_>>();
    let ranked = rank_occurrences(cluster);
    let answered = ranked.iter().filter(|one| shown.contains(&one.solution_rank.solution));
    let answered = answered.map(|one| one.occurrence.question.message).collect::<BTreeSet<_>>();
    let lines = people.variants(cluster, title).into_iter();
    let lines = lines.filter(|(one, line)| {
        let asks_same =
            || asks_how(line) == asks_how(title) && share_within(line, title) > SAME_WORDS;
        let answered = answered.contains(&one.question.message);
        overlap(line, title) > NEAR_WORDS
            && (answered || asks_same())
            && speaks_of_both(title, line)
            && !is_other_language(title, line)
    });
    let lines = lines.filter(|(_, line)| is_publishable(line, context, facts)).take(MOST_VARIANTS);
    lines.map(|(occurrence, text)| QuestionText { occurrence, text }).collect()
}

/// Answers, best first, of which each is self-contained and may be published, or why none does. Where the
/// best one of no occurrence may be published, only the very best, which then keeps the page back. The best
/// one has the most people behind it, or, where no such answer is self-contained, as many as an answer
/// beside it needs.
pub(crate) fn answers<'c>(
    cluster: &'c Cluster,
    title: &str,
    context: &DraftContext<'_>,
    facts: &FactRules,
    people: &Participants<'_>,
) -> Result<Vec<DraftAnswer<'c>>, &'static str> {
    let mut why = "it has no text";
    let mut unpublishable = None;
    let mut chosen: Vec<DraftAnswer<'c>> = Vec::new();
    for ranked in rank_occurrences(cluster) {
        if !(ranked.solution_rank.leads || ranked.solution_rank.stands_beside) {
            continue;
        }
        let occurrence = ranked.occurrence;
        for quote in &occurrence.answers {
            let answer = match read(&ranked, quote, title, context, people) {
                Ok(answer) => answer,
                Err(reason) => {
                    if chosen.is_empty() {
                        why = reason;
                    }
                    continue;
                }
            };
            if chosen.is_empty() && !speaks_of_both(title, &plain_text(&answer.blocks)) {
                why = "it does not speak of both things that the question compares";
                continue;
            }
            let publishable = is_publishable(&quote.text, context, facts);
            // What was said beside an answer that must not be published, or by somebody else beside one that says too
            // little, is no answer by itself.
            let best = occurrence.best_answer();
            let is_best = quote.message == best.message;
            let leads = chosen.is_empty()
                && (is_best || unpublishable.is_none() && quote.author == best.author);
            if leads && publishable {
                chosen.push(answer);
            } else if chosen.is_empty() {
                if !publishable {
                    unpublishable.get_or_insert(answer);
                }
            } else if publishable && adds(&answer, &chosen, context, facts) {
                chosen.push(answer);
            }
            if chosen.len() == MOST_ANSWERS {
                return Ok(chosen);
            }
        }
    }
    if chosen.is_empty() {
        chosen.extend(unpublishable);
    }
    if chosen.is_empty() { Err(why) } else { Ok(chosen) }
}

fn read<'c>(
    ranked: &RankedOccurrence<'c>,
    quote: &'c Quote,
    title: &str,
    context: &DraftContext<'_>,
    people: &Participants<'_>,
) -> Result<DraftAnswer<'c>, &'static str> {
    let RankedOccurrence { occurrence, solution_rank, .. } = *ranked;
    let text = redact(&quote.text, &context.rules.safety);
    let text = wording::without_quotes(&text, &said_by_others(occurrence, quote));
    let text = without_channel_pointers(&text);
    if points_to_unknown_channel(&text) {
        return Err("it points to a channel that readers cannot find");
    }
    if is_other_language(title, &text) {
        return Err("it is in another language than the question");
    }
    let text = wording::cleaned(&with_hyphens(&text), people);
    let text = wording::capitalised(wording::without_yes(&text, title));
    let text = wording::with_fragments(&with_commands(&text, people), people);
    let mut blocks = people.read(&text);
    wording::with_code_words(&mut blocks);
    let words = plain_text(&blocks);
    let form = AnswerForm { has_code: has_code(&blocks), has_attachment: quote.has_attachment };
    if let Some(why) = why_not_alone(&words, form, &context.rules.safety) {
        return Err(why);
    }
    wording::with_full_stops(&mut blocks);
    Ok(DraftAnswer { occurrence, quote, solution_rank, blocks })
}

/// Whether an answer or another wording has letters of a script that the page's title has not. English alone is in
/// every language: commands and names are.
fn is_other_language(title: &str, text: &str) -> bool {
    let (title_words, text_words) = (PageWords::for_text(title), PageWords::for_text(text));
    !std::ptr::eq(text_words, title_words) && !std::ptr::eq(text_words, PageWords::for_text(""))
}

/// The other messages of a conversation that a message may quote.
fn said_by_others<'c>(occurrence: &'c Occurrence, quote: &Quote) -> Vec<&'c str> {
    let all = occurrence.answers.iter().chain([&occurrence.question]);
    let others = all.filter(|other| other.message != quote.message);
    others.map(|other| other.text.as_str()).collect()
}

/// Whether an answer says more than those above it: the same person went on speaking, or enough
/// people settled the question in another way.
fn adds(
    answer: &DraftAnswer<'_>,
    chosen: &[DraftAnswer<'_>],
    context: &DraftContext<'_>,
    facts: &FactRules,
) -> bool {
    let (first, quote) = (&chosen[0], answer.quote);
    let continues = answer.occurrence.conversation == first.occurrence.conversation
        && quote.author == first.quote.author
        && quote.sent.duration_since(first.quote.sent).abs() <= ONE_ANSWER_SPAN;
    let other_way = answer.occurrence.conversation != first.occurrence.conversation
        && quote.message == answer.occurrence.best_answer().message
        && chosen.iter().all(|other| answer.solution_rank.solution != other.solution_rank.solution)
        && answer.solution_rank.stands_beside
        && (answer.occurrence.grade <= ResolutionGrade::Confirmed || quote.trusted);
    let text = plain_text(&answer.blocks);
    (continues || other_way && stands_as_option(&text))
        && !text.trim_end().ends_with('?')
        && is_publishable(&text, context, facts)
        && chosen.iter().all(|other| overlap(&quote.text, &other.quote.text) <= SAME_WORDS)
}

/// What lies behind a failure, in a sentence that one of the answers says and the main one does not.
pub(crate) fn cause<'c>(
    cluster: &'c Cluster,
    main: &DraftAnswer<'c>,
    title: &str,
    context: &DraftContext<'_>,
    facts: &FactRules,
    people: &Participants<'_>,
) -> Option<AnswerSentence<'c>> {
    if names_cause(&plain_text(&main.blocks)) {
        return None;
    }
    let ranked = rank_occurrences(cluster);
    let backed =
        ranked.iter().filter(|one| one.solution_rank.leads || one.solution_rank.stands_beside);
    backed.into_iter().find_map(|ranked| {
        let quote = ranked.occurrence.best_answer();
        let answer = read(ranked, quote, title, context, people).ok()?;
        let sentence = answer.blocks.into_iter().find_map(cause_sentence)?;
        let publishable = is_publishable(&quote.text, context, facts);
        publishable.then_some(AnswerSentence { occurrence: ranked.occurrence, quote, sentence })
    })
}

/// A paragraph of one sentence that names a cause.
fn cause_sentence(block: MarkdownBlock) -> Option<MarkdownBlock> {
    let text = plain_text(std::slice::from_ref(&block));
    let words = text.split_whitespace().count();
    let one = !text.trim_end_matches(['.', '!']).contains(['?', '!', '\n']) && !text.contains(". ");
    let whole = matches!(block, MarkdownBlock::Paragraph(_)) && words >= LEAST_CAUSE_WORDS && one;
    (whole && names_cause(&text)).then_some(block)
}

/// The first answer that people stand behind and that contradicts the main one. One conversation that
/// nobody confirmed is no contradiction: it would take only one person to keep a page back.
pub(crate) fn contradiction(
    cluster: &Cluster,
    main: &DraftAnswer<'_>,
    context: &DraftContext<'_>,
) -> Option<ContradictingAnswer> {
    rank_occurrences(cluster).into_iter().find_map(
        |RankedOccurrence { occurrence, solution_rank, .. }| {
            let quote = occurrence.best_answer();
            let counts = solution_rank.solution != main.solution_rank.solution
                && (solution_rank.stands_beside || occurrence.grade <= ResolutionGrade::Confirmed);
            let against =
                || answers_contradict(&main.quote.text, &quote.text, &context.rules.truth);
            let (given, link) = (quote.sent, occurrence.answer_link(quote));
            (counts && against()).then_some(ContradictingAnswer { given, link })
        },
    )
}

/// Code or an error that an asker shows, from the earliest question that holds some.
pub(crate) fn symptom<'c>(
    cluster: &'c Cluster,
    context: &DraftContext<'_>,
    facts: &FactRules,
    people: &Participants<'_>,
) -> Option<QuestionText<'c>> {
    quotable(cluster).find_map(|occurrence| {
        let text = redact(&occurrence.question.text, &context.rules.safety);
        let blocks = people.read(&wording::cleaned(&text, people));
        let shown = codes(&blocks).into_iter().find(|code| code.contains('\n') || is_error(code));
        let words = plain_text(&blocks);
        let line = || {
            let mut lines = words.lines().map(str::trim);
            lines.find(|line| is_error(line) && !asks_something(line) && line.len() < 300)
        };
        let symptom = shown.or_else(line)?.to_owned();
        let fits = symptom.len() <= LONGEST_SYMPTOM && symptom.lines().count() <= 30;
        let shown = fits && is_publishable(&symptom, context, facts);
        shown.then_some(QuestionText { occurrence, text: symptom })
    })
}

/// The message of the first error that a log shows, without time and level; at most 80 characters.
pub(crate) fn error_message(log: &str) -> Option<String> {
    static LEAD: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"^(?:[\[\]():,.\-\dTZ+/ ]*\d[\[\]():,.\-\dTZ+/ ]*\s)?(?:\[?(?i:error|fatal|err|e)\b[\]:]*\s+)?")
            .expect("a constant pattern")
    });
    let line = log.lines().map(str::trim).find(|line| is_error(line))?;
    let message = LEAD.replace(line, "").replace('"', "'");
    let message = shortened(message.trim_matches([':', ' ', '.']), 80);
    message.chars().any(char::is_alphabetic).then_some(message)
}

/// Whether a line looks like an error message of a program.
fn is_error(line: &str) -> bool {
    let starts = |sign: &str| {
        let at = line.find(sign).filter(|at| *at < 60);
        at.is_some_and(|at| !line[..at].ends_with(char::is_alphabetic))
    };
    ["E: ", "ERROR ", "FATAL", "Error [", "Traceback (", "error: ", "fatal: ", "panicked at"]
        .into_iter()
        .any(starts)
        || ["Error: ", "Exception: "].iter().any(|sign| line.find(sign).is_some_and(|at| at < 60))
}

pub(crate) fn quotable(cluster: &Cluster) -> impl DoubleEndedIterator<Item = &Occurrence> {
    cluster.occurrences.iter().filter(|occurrence| occurrence.quotable)
}

fn is_publishable(text: &str, context: &DraftContext<'_>, facts: &FactRules) -> bool {
    judge_text(text, &context.rules.safety, facts).is_publishable()
}

fn has_code(blocks: &[MarkdownBlock]) -> bool {
    !codes(blocks).is_empty()
}

/// Every fence and code span, in reading order.
fn codes(blocks: &[MarkdownBlock]) -> Vec<&str> {
    let mut found = Vec::new();
    for block in blocks {
        match block {
            MarkdownBlock::Code { text, .. } => found.push(text.as_str()),
            MarkdownBlock::Paragraph(inlines) => spans(inlines, &mut found),
            MarkdownBlock::Quote(inner) => found.extend(codes(inner)),
            MarkdownBlock::List(list) => {
                list.items.iter().for_each(|item| found.extend(codes(item)))
            }
        }
    }
    found
}

fn spans<'b>(inlines: &'b [MarkdownInline], found: &mut Vec<&'b str>) {
    for inline in inlines {
        match inline {
            MarkdownInline::Code(code) => found.push(code),
            MarkdownInline::Strong(inner)
            | MarkdownInline::Emphasis(inner)
            | MarkdownInline::Strike(inner) => spans(inner, found),
            MarkdownInline::Link { text, .. } => spans(text, found),
            MarkdownInline::Text(_) | MarkdownInline::Break => {}
        }
    }
}
