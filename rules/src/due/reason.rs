//! What speaks for a page and against it.

use std::fmt;

use crate::model::reason::WeightedReason;
use crate::page_questions::UnsuitableQuestion;
use crate::page_score::ScorePart;

/// One condition of a page, or what a reviewer should know beside them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DueReason {
    pub fact: DueFact,
    /// Above zero it speaks for a page, below zero against it; at zero it decides nothing.
    pub weight: f32,
}

impl DueReason {
    pub(super) fn condition(met: bool, fact: DueFact) -> Self {
        Self { fact, weight: if met { 1.0 } else { -1.0 } }
    }

    pub(super) fn remark(fact: DueFact) -> Self {
        Self { fact, weight: 0.0 }
    }
}

impl From<&DueReason> for WeightedReason {
    fn from(reason: &DueReason) -> Self {
        Self::new(reason.fact.to_string(), reason.weight)
    }
}

/// Something about a cluster that counts where a page is decided about. Written in English by `Display`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum DueFact {
    /// How often the same question was answered within so many days.
    Answered {
        times: usize,
        days: i64,
    },
    /// How many people asked, and whether some who answer each other were counted as one.
    Askers {
        people: usize,
        counted_together: bool,
    },
    /// What stands behind one answer, if that is enough.
    Backing(Option<AnswerBacking>),
    /// Hours from the first question to the last, and how many are needed: none after a trusted person's answer.
    Spread {
        hours: i64,
        least: Option<i64>,
    },
    Unsuitable(UnsuitableQuestion),
    /// The page score, and the least that proposes a page without being asked.
    Score {
        probability: f32,
        least: f32,
    },
    ScorePart(ScorePart),
    /// Independent people behind the answer that leads.
    Supporters(usize),
    /// People who took part within so many days of making their account or joining.
    Newcomers {
        people: usize,
        days: i64,
    },
}

/// What stands behind an answer, the strongest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnswerBacking {
    TwoAnswerers,
    /// Another person's answer, grouped elsewhere, is about the same.
    SecondAnswer,
    TwoConfirmers,
    TrustedAndConfirmed,
}

impl fmt::Display for AnswerBacking {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TwoAnswerers => "two people answered independently and agree",
            Self::SecondAnswer => {
                "another person's answer speaks of the same as the one that leads"
            }
            Self::TwoConfirmers => "two askers confirm one answer",
            Self::TrustedAndConfirmed => {
                "an answer comes from a trusted person, and an asker confirms it"
            }
        })
    }
}

impl fmt::Display for DueFact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Answered { times: 1, days } => {
                write!(f, "the same question was answered once within {days} days")
            }
            Self::Answered { times, days } => {
                write!(f, "the same question was answered {times} times within {days} days")
            }
            Self::Askers { people, counted_together } => {
                match people {
                    1 => f.write_str("asked by one person")?,
                    _ => write!(f, "asked by {people} different people")?,
                }
                match counted_together {
                    true => f.write_str("; those who answer each other count once"),
                    false => Ok(()),
                }
            }
            Self::Backing(None) => f.write_str("no two people stand behind one answer"),
            Self::Backing(Some(backing)) => backing.fmt(f),
            Self::Spread { hours, least: Some(least) } => {
                write!(f, "asked over {hours} hours of at least {least}")
            }
            Self::Spread { hours, least: None } => write!(
                f,
                "asked over {hours} hours; a trusted person answered, so any time will do"
            ),
            Self::Unsuitable(why) => why.fmt(f),
            Self::Score { probability, least } => write!(
                f,
                "the page score is {probability:.2}; {least:.2} proposes it without being asked"
            ),
            Self::ScorePart(part) => write!(f, "score: {}", part.what),
            Self::Supporters(1) => f.write_str("one person stands behind the answer that leads"),
            Self::Supporters(people) => {
                write!(f, "{people} independent people stand behind the answer that leads")
            }
            Self::Newcomers { people, days } => write!(
                f,
                "{people} took part within {days} days of making their account or joining: they add no support"
            ),
        }
    }
}
