//! Why a page is due or not, in the language of a reviewer.

use rules::due::{AnswerBacking, DueFact, DueVerdict};
use rules::page_questions::UnsuitableQuestion;
use serde::Serialize;

use crate::presentation::report_words::ReviewText;
use crate::presentation::words::filled;

#[derive(Serialize)]
pub(super) struct DueReasonView {
    what: String,
    weight: f32,
}

/// The reasons of a verdict; what speaks against a page comes first.
pub(super) fn due_reasons(verdict: &DueVerdict, w: &ReviewText) -> Vec<DueReasonView> {
    let reasons = verdict.reasons.iter();
    let view = reasons.map(|one| DueReasonView { what: w.due_fact(one.fact), weight: one.weight });
    let mut views = view.collect::<Vec<_>>();
    views.sort_by_key(|one| one.weight >= 0.0);
    views
}

impl ReviewText {
    fn due_fact(&self, fact: DueFact) -> String {
        let with = |text: &str, values: &[(&str, String)]| {
            let values = values.iter().map(|(name, value)| (*name, value.as_str()));
            filled(text, &values.collect::<Vec<_>>())
        };
        let number = |count: usize| ("n", count.to_string());
        match fact {
            DueFact::Answered { times: 1, days } => {
                with(&self.due_answered_once, &[("days", days.to_string())])
            }
            DueFact::Answered { times, days } => {
                with(&self.due_answered, &[number(times), ("days", days.to_string())])
            }
            DueFact::Askers { people, counted_together } => {
                let askers = match people {
                    1 => self.due_one_asker.to_string(),
                    _ => with(&self.due_askers, &[number(people)]),
                };
                match counted_together {
                    true => with(&self.due_counted_together, &[("askers", askers)]),
                    false => askers,
                }
            }
            DueFact::Backing(backing) => self.backing(backing).to_owned(),
            DueFact::Spread { hours, least: Some(least) } => {
                let values = [("hours", hours.to_string()), ("least", least.to_string())];
                with(&self.due_spread, &values)
            }
            DueFact::Spread { hours, least: None } => {
                with(&self.due_spread_trusted, &[("hours", hours.to_string())])
            }
            DueFact::Unsuitable(why) => self.unsuitable(why).to_owned(),
            DueFact::Score { probability, least } => {
                let values =
                    [("score", format!("{probability:.2}")), ("least", format!("{least:.2}"))];
                with(&self.due_score, &values)
            }
            DueFact::ScorePart(part) => {
                let what = self.score_parts.get(part.key).map_or(part.what, |what| what);
                with(&self.due_score_part, &[("part", what.to_owned())])
            }
            DueFact::Supporters(1) => self.due_one_supporter.to_string(),
            DueFact::Supporters(people) => with(&self.due_supporters, &[number(people)]),
            DueFact::Newcomers { people, days } => {
                with(&self.due_newcomers, &[number(people), ("days", days.to_string())])
            }
        }
    }

    fn backing(&self, backing: Option<AnswerBacking>) -> &str {
        match backing {
            None => &self.due_no_backing,
            Some(AnswerBacking::TwoAnswerers) => &self.due_two_answerers,
            Some(AnswerBacking::SecondAnswer) => &self.due_second_answer,
            Some(AnswerBacking::TwoConfirmers) => &self.due_two_confirmers,
            Some(AnswerBacking::TrustedAndConfirmed) => &self.due_trusted_and_confirmed,
        }
    }

    fn unsuitable(&self, why: UnsuitableQuestion) -> &str {
        match why {
            UnsuitableQuestion::TimeBound => &self.due_time_bound,
            UnsuitableQuestion::Place => &self.due_place,
            UnsuitableQuestion::Person => &self.due_person,
            UnsuitableQuestion::NoSubject => &self.due_no_subject,
        }
    }
}

#[cfg(test)]
mod tests {
    use rules::page_score::{ScorePart, named_measures};

    use super::*;
    use crate::presentation::language::InterfaceLanguage;

    #[test]
    fn the_reasons_in_english_are_those_of_the_rules() {
        let words = ReviewText::of(InterfaceLanguage::English);
        let part =
            ScorePart { key: "trusted", what: "a trusted person gave the answer", weight: 1.0 };
        let mut facts = vec![
            DueFact::Answered { times: 1, days: 180 },
            DueFact::Answered { times: 4, days: 180 },
            DueFact::Askers { people: 1, counted_together: true },
            DueFact::Askers { people: 3, counted_together: false },
            DueFact::Backing(None),
            DueFact::Spread { hours: 3, least: Some(24) },
            DueFact::Spread { hours: 3, least: None },
            DueFact::Score { probability: 0.567, least: 0.6 },
            DueFact::ScorePart(part),
            DueFact::Supporters(1),
            DueFact::Supporters(2),
            DueFact::Newcomers { people: 2, days: 7 },
        ];
        facts.extend([
            DueFact::Backing(Some(AnswerBacking::TwoAnswerers)),
            DueFact::Backing(Some(AnswerBacking::SecondAnswer)),
            DueFact::Backing(Some(AnswerBacking::TwoConfirmers)),
            DueFact::Backing(Some(AnswerBacking::TrustedAndConfirmed)),
        ]);
        facts.extend(
            [
                UnsuitableQuestion::TimeBound,
                UnsuitableQuestion::Place,
                UnsuitableQuestion::Person,
                UnsuitableQuestion::NoSubject,
            ]
            .map(DueFact::Unsuitable),
        );
        for fact in facts {
            assert_eq!(words.due_fact(fact), fact.to_string());
        }
    }

    #[test]
    fn every_measure_of_the_page_score_is_named_in_every_language() {
        for language in [InterfaceLanguage::English, InterfaceLanguage::Korean] {
            let parts = &ReviewText::of(language).score_parts;
            assert_eq!(parts.len(), named_measures().count());
            for (key, what) in named_measures() {
                let named = parts.get(key).map(|words| &**words);
                let expected = (language == InterfaceLanguage::English).then_some(what).or(named);
                assert!(named.is_some() && named == expected, "{key}: {named:?}");
            }
        }
    }
}
