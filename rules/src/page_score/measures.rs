//! What the page score is computed from.

use std::collections::BTreeSet;

use crate::language::phrase::is_unspaced;
use crate::model::cluster::{Cluster, Occurrence};
use crate::occurrence_ranking::RankedOccurrence;
use crate::occurrence_ranking::answer_style::{AnswerStyle, asks_how};
use crate::publish::title::{asks, opens_like_question, title_score};
use crate::resolution::ResolutionGrade;
use crate::similarity::content::content;
use crate::support::ANSWERS_SHARE;
use crate::support::wording::AnswerWording;
use crate::text::without_mentions;
use crate::time;

/// The part of every score that is the same for all pages.
pub(crate) const SAME_FOR_ALL: &str = "most questions give no page";

/// The key of each measure in the file of weights, and what it measures.
pub(super) const MEASURES: [(&str, &str); 26] = [
    ("base", SAME_FOR_ALL),
    ("two_answerers", "two independent people say the same"),
    ("three_answerers", "three independent people say the same"),
    ("confirmers", "askers confirm the answer"),
    ("trusted", "a trusted person gave the answer"),
    ("overlap", "another person's answer adds the same words to the question's"),
    ("agreement", "many other people's answers add the same words to the question's"),
    ("crowd", "the question comes often"),
    ("spread", "the question comes over a long time"),
    ("length", "the answer is long"),
    ("short", "the answer is very short"),
    ("names", "the answer names commands, settings or values"),
    ("asks_how", "the question asks for a way"),
    ("tells", "the answer says what to do"),
    ("points", "the answer only points elsewhere"),
    ("doubts", "the answer doubts itself"),
    ("passing", "the answer holds for a short time"),
    ("hearsay", "the answer speaks of people"),
    ("personal", "the answer speaks of its author"),
    ("continues", "the answer goes on from something else"),
    ("matter", "the answer uses the words of the question"),
    ("nearness", "the answer was given to the question of the title"),
    ("asks", "the title asks something"),
    ("opens", "the title opens like a question"),
    ("reads", "the title reads well"),
    ("settled", "the question was settled"),
];

/// Every measure: its key, and what it measures in English.
pub fn named_measures() -> impl Iterator<Item = (&'static str, &'static str)> {
    MEASURES.into_iter()
}

/// So many occurrences count as many.
const CROWD: f32 = 8.0;
/// An answer of so many words is a full one.
const FULL: f32 = 40.0;
/// One with fewer is very short.
const SHORT: usize = 6;
/// More phrases of one kind do not count.
const MOST_PHRASES: usize = 2;

/// The measures of one page, in a fixed order.
#[derive(Debug, Clone, PartialEq)]
pub struct PageMeasures([f32; MEASURES.len()]);

impl PageMeasures {
    /// The measures of a page that stands on these occurrences, has the `title` that the question of
    /// `named` makes, and leads with the best answer of one.
    pub fn of(
        cluster: &Cluster,
        (named, title): (&Occurrence, &str),
        lead: &RankedOccurrence<'_>,
    ) -> Self {
        let answer = &*without_mentions(&lead.occurrence.best_answer().text);
        let question = content(&lead.occurrence.question.text);
        let asked = content(&named.question.text);
        let style = AnswerStyle::of(answer);
        let support = lead.solution_rank.support;
        let words = words_in(answer);
        let own = AnswerWording::of(answer);
        let overlaps = overlaps(&own, cluster, (lead.occurrence, title));
        let yes = |fact: bool| f32::from(u8::from(fact));
        let phrases = |count: usize| count.min(MOST_PHRASES) as f32 / MOST_PHRASES as f32;
        Self([
            1.0,
            yes(support.answerers >= 2),
            yes(support.answerers >= 3),
            phrases(support.confirmers),
            yes(support.trusted > 0),
            overlaps.iter().copied().fold(0.0, f32::max),
            agreement(&overlaps),
            (cluster.occurrences.len() as f32 / CROWD).min(1.0),
            spread(cluster),
            words.min(FULL as usize) as f32 / FULL,
            yes(words < SHORT),
            phrases(own.specifics().count()),
            yes(asks_how(title)),
            yes(style.tells && !style.points),
            yes(style.points),
            yes(style.doubts || style.asks_back),
            phrases(style.passing),
            phrases(style.hearsay),
            phrases(style.personal),
            yes(style.continues),
            share(&question, &content(answer)),
            cosine(&question, &asked),
            yes(asks(title)),
            yes(opens_like_question(title)),
            (title_score(title) / 3.0).clamp(-1.0, 1.0),
            settled(lead.occurrence),
        ])
    }

    /// Each measure with its key and what it measures.
    pub fn named(&self) -> impl Iterator<Item = (&'static str, &'static str, f32)> {
        MEASURES.iter().zip(self.0).map(|((key, what), value)| (*key, *what, value))
    }
}

/// How many words a text has; of scripts without spaces, one for every two letters.
fn words_in(text: &str) -> usize {
    let letters = text.chars().filter(|c| is_unspaced(*c)).count();
    text.split_whitespace().count() + letters / 2
}

/// What the answer that leads has in common with each answer of another person, 0 to 1, beyond the words of the title
/// and of the two questions.
fn overlaps(
    own: &AnswerWording,
    cluster: &Cluster,
    (lead, title): (&Occurrence, &str),
) -> Vec<f32> {
    let mut asked = content(title);
    asked.extend(content(&lead.question.text));
    let author = lead.best_answer().author;
    let others = cluster.occurrences.iter().filter(|other| other.best_answer().author != author);
    let overlap = |other: &Occurrence| {
        let asked = asked.union(&content(&other.question.text)).cloned().collect();
        own.overlap_beyond(&asked, &AnswerWording::of(&other.best_answer().text))
    };
    others.map(overlap).collect()
}

/// How many of the others' answers, 0 to 1, have enough in common with one to second it.
fn agreement(overlaps: &[f32]) -> f32 {
    let agreeing = overlaps.iter().filter(|overlap| **overlap >= ANSWERS_SHARE).count();
    agreeing as f32 / overlaps.len().max(1) as f32
}

/// From the first question to the last on a logarithmic scale: a day is near 0, a year is 1.
fn spread(cluster: &Cluster) -> f32 {
    let sent = cluster.occurrences.iter().map(|one| one.question.sent);
    let (first, last) = (sent.clone().min(), sent.max());
    let length = last.unwrap_or_default().duration_since(first.unwrap_or_default());
    let milliseconds = |length| time::whole_milliseconds(length) as f32;
    let days = milliseconds(length) / milliseconds(time::days(1));
    (days.ln_1p() / 366_f32.ln()).min(1.0)
}

fn settled(one: &Occurrence) -> f32 {
    match one.grade {
        ResolutionGrade::Certain | ResolutionGrade::Confirmed => 1.0,
        ResolutionGrade::Thanked => 0.5,
        ResolutionGrade::Unconfirmed => 0.0,
    }
}

fn cosine(a: &BTreeSet<String>, b: &BTreeSet<String>) -> f32 {
    a.intersection(b).count() as f32 / ((a.len() * b.len()).max(1) as f32).sqrt()
}

/// How much of the first is in the second, 0 to 1.
fn share(of: &BTreeSet<String>, within: &BTreeSet<String>) -> f32 {
    of.intersection(within).count() as f32 / of.len().max(1) as f32
}
