//! Which message answers: an additive score over the messages of those who help.

use std::collections::BTreeMap;

use crate::conversation::Conversation;
use crate::reason::Reason;
use crate::resolution::SignalRules;
use crate::resolution::asking::Asked;
use crate::resolution::cues::Cue;
use crate::resolution::said::{Address, Person, Said, Talk, shared};
use crate::resolution::signals::{Closing, Reacted};
use crate::resolution::weights::{Feature, holds};

/// The features of an answer, in the order of [`values`].
pub(super) const FEATURES: [Feature; 25] = [
    ("first", "it is the first message of anybody who helps"),
    ("later", "others helped before"),
    ("ends_asking", "it ends with a question mark"),
    ("asks_back", "it asks back"),
    ("shared_words", "it shares words with the question"),
    ("thanked_next", "the asker thanks next"),
    ("tells_what_to_do", "it says what to do"),
    ("helpers_share", "its author does most of the helping"),
    ("link_or_code", "it holds a link or code"),
    ("to_asker", "it speaks to the asker"),
    ("to_other", "it speaks to somebody else"),
    ("redirects", "it sends the asker elsewhere"),
    ("ignorant", "its author does not know, or asks along"),
    ("short", "it is very short"),
    ("long", "it is long"),
    ("after_closing", "it comes after the asker was content"),
    ("before_closing", "it comes right before the asker was content"),
    ("courtesy", "it is a courtesy"),
    ("own", "it is the asker's own finding"),
    ("trusted", "its author is trusted"),
    ("affirms", "it says yes or no"),
    ("fails_next", "the asker says next that it fails"),
    ("in_vain", "the asker fails after it, and is content only later"),
    ("accepted", "a reaction accepts it"),
    ("refused", "a reaction refuses it"),
];

/// The features of an answer, one value each.
pub(super) type Values = [f32; FEATURES.len()];

/// A message that may answer.
#[derive(Debug, Clone)]
pub(super) struct Candidate {
    /// Its place in the talk.
    pub(super) place: usize,
    pub(super) values: Values,
    pub(super) score: f32,
}

impl Candidate {
    pub(super) fn reasons(&self, talk: &Talk<'_>, rules: &SignalRules) -> Vec<Reason> {
        rules.answers.reasons(&self.values, &FEATURES, Some(talk.said[self.place].id()))
    }
}

/// Who helps, and where: the places after the question that could hold an answer.
pub(super) fn places(
    talk: &Talk<'_>,
    asked: &Asked,
    not_answers: impl Fn(&Said<'_>) -> bool,
) -> Vec<usize> {
    let from = asked.places[0];
    (from..talk.said.len())
        .filter(|place| !asked.places.contains(place))
        .filter(|place| {
            let said = &talk.said[*place];
            let helps = said.author != asked.asker
                || (said.has(Cue::Own) && said.matter >= 5 && !said.asks);
            helps && !said.is_empty_talk() && !said.commands_a_bot() && !not_answers(said)
        })
        .take(MOST_CANDIDATES)
        .collect()
}

/// Later messages of a conversation answer later questions.
const MOST_CANDIDATES: usize = 120;

/// Scores the candidates, best first; at equal scores the earlier one leads.
pub(super) fn rank(
    talk: &Talk<'_>,
    asked: &Asked,
    places: &[usize],
    closing: &Closing,
    conversation: &Conversation<'_>,
    rules: &SignalRules,
) -> Vec<Candidate> {
    let mut per_helper = BTreeMap::<Person, usize>::new();
    for place in places {
        *per_helper.entry(talk.said[*place].author).or_default() += 1;
    }
    let failures = next_of_asker(talk, asked.asker, |said| {
        said.has(Cue::Failed) && (said.has(Cue::Hollow) || !said.has(Cue::Thanks))
    });
    let replies = next_of_asker(talk, asked.asker, |_| true);
    let mut candidates = places
        .iter()
        .enumerate()
        .map(|(rank, place)| {
            let said = &talk.said[*place];
            let setting = Setting {
                rank,
                share: per_helper[&said.author] as f32 / places.len() as f32,
                next: replies[*place].map(|next| &talk.said[next]),
                last_before_closing: closing.place().is_some_and(|closing| {
                    *place < closing && places.get(rank + 1).is_none_or(|next| *next > closing)
                }),
                in_vain: closing.place().is_some_and(|closing| {
                    failures[*place].is_some_and(|failure| failure < closing)
                }),
                after_closing: closing.place().is_some_and(|closing| *place > closing),
                trusted: conversation.trusted.contains(&said.message.author.id),
                reacted: Reacted::to(said, talk, asked, conversation, rules),
            };
            let values = values(said, asked, &setting);
            Candidate { place: *place, values, score: rules.answers.score(&values) }
        })
        .collect::<Vec<_>>();
    candidates
        .sort_by(|one, other| other.score.total_cmp(&one.score).then(one.place.cmp(&other.place)));
    candidates
}

/// What stands around a candidate.
struct Setting<'t> {
    rank: usize,
    share: f32,
    /// What the asker says next.
    next: Option<&'t Said<'t>>,
    last_before_closing: bool,
    in_vain: bool,
    after_closing: bool,
    trusted: bool,
    reacted: Reacted,
}

fn values(said: &Said<'_>, asked: &Asked, setting: &Setting<'_>) -> Values {
    let own = said.author == asked.asker;
    let to_asker = said.to == Address::Person(asked.asker);
    let tells = said.has(Cue::Advice) || said.has(Cue::Command);
    let next = |cue: Cue| setting.next.is_some_and(|next| next.has(cue));
    [
        holds(setting.rank == 0),
        (1.0 + setting.rank as f32).ln() / 2.0,
        holds(said.ends_asking),
        holds(said.asks && (said.has(Cue::Opener) || said.has(Cue::Probing))),
        shared(&said.content, &asked.content).min(3) as f32 / 3.0,
        holds((next(Cue::Thanks) || next(Cue::Worked)) && !next(Cue::Hollow)),
        holds(tells),
        setting.share,
        holds(said.link || said.code),
        holds(to_asker),
        holds(!to_asker && said.to != Address::Nobody && !own),
        holds(said.has(Cue::Redirect)),
        holds(said.has(Cue::Ignorance) || said.has(Cue::Hollow)),
        holds(said.matter < 3 && !said.link && !said.code),
        said.matter.min(30) as f32 / 30.0,
        holds(setting.after_closing),
        holds(setting.last_before_closing),
        holds(said.has(Cue::Courtesy) || (said.has(Cue::Thanks) && !tells && said.matter < 10)),
        holds(own),
        holds(setting.trusted),
        holds(said.has(Cue::Affirming) && !said.asks),
        holds(next(Cue::Failed)),
        holds(setting.in_vain),
        holds(setting.reacted.accepted.is_some()),
        holds(setting.reacted.refused),
    ]
}

/// For each place, the next place behind it where the asker says such a thing.
fn next_of_asker(
    talk: &Talk<'_>,
    asker: Person,
    such: impl Fn(&Said<'_>) -> bool,
) -> Vec<Option<usize>> {
    let mut next = None;
    let mut all = vec![None; talk.said.len()];
    for (place, said) in talk.said.iter().enumerate().rev() {
        all[place] = next;
        if said.author == asker && such(said) {
            next = Some(place);
        }
    }
    all
}
