//! Searches of people whose right answers were labelled by hand.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;
use tests::predict::faq::choices;
use tests::predict::search::IndexedRecords;
use tests::seeded_rng::SeededRng;

/// Letters of the shortest word that is misspelt.
const SHORTEST: usize = 5;
const SEEDS: u64 = 5;

#[derive(Deserialize)]
struct LabelledQuery {
    qid: String,
    query: String,
    relevant: Vec<String>,
}

fn input(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("eval/search").join(name)
}

fn queries(name: &str) -> Vec<LabelledQuery> {
    let text = std::fs::read_to_string(format!("{}.queries.jsonl", input(name).display())).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The mean of one through the place of the first right answer, zero beyond ten.
fn reciprocal_rank(name: &str, mut write: impl FnMut(&str) -> String) -> f64 {
    let records = IndexedRecords::read(&input(name), None).unwrap();
    let queries = queries(name);
    let ranks = queries.iter().map(|LabelledQuery { qid, query, relevant }| {
        let ranked = records.ranked(qid, write(query)).unwrap();
        let place = ranked.iter().position(|id| relevant.contains(id));
        place.map_or(0.0, |place| 1.0 / (place + 1) as f64)
    });
    ranks.sum::<f64>() / queries.len() as f64
}

/// One slip of the fingers in one of the longer words: two letters swapped, one left out, doubled or wrong.
fn misspelt(text: &str, rng: &mut SeededRng) -> String {
    let mut words = text.split(' ').map(str::to_owned).collect::<Vec<_>>();
    let is_long = |word: &String| {
        word.len() >= SHORTEST && word.bytes().all(|byte| byte.is_ascii_alphabetic())
    };
    let mut long = words.iter_mut().filter(|word| is_long(word)).collect::<Vec<_>>();
    if long.is_empty() {
        return text.to_owned();
    }
    let chosen = rng.roll(long.len());
    let word = &mut *long[chosen];
    // Who mistypes the first letter of a word notices.
    let place = 1 + rng.roll(word.len() - 2);
    let mut letters = word.chars().collect::<Vec<_>>();
    match rng.roll(4) {
        0 => letters.swap(place, place + 1),
        1 => drop(letters.remove(place)),
        2 => letters.insert(place, letters[place]),
        _ => letters[place] = char::from(b'a' + rng.roll(26) as u8),
    }
    *word = letters.into_iter().collect();
    words.join(" ")
}

#[test]
fn people_find_the_right_answer_in_the_first_places() {
    for (name, least) in [("eliza-2025-01", 0.765), ("webapps-qa", 0.62)] {
        let reached = reciprocal_rank(name, str::to_owned);
        assert!(reached >= least, "{name}: {reached:.3}");
    }
}

#[test]
fn a_slip_of_the_fingers_costs_little() {
    for name in ["eliza-2025-01", "webapps-qa"] {
        let typed_well = reciprocal_rank(name, str::to_owned);
        let mistyped = (0..SEEDS).map(|seed| {
            let mut rng = SeededRng::new(seed);
            reciprocal_rank(name, |query| misspelt(query, &mut rng))
        });
        let mistyped = mistyped.sum::<f64>() / SEEDS as f64;
        assert!(mistyped > 0.9 * typed_well, "{name}: {mistyped:.3} instead of {typed_well:.3}");
    }
}

#[test]
fn nonsense_and_questions_of_other_communities_find_no_sure_answer() {
    let records = IndexedRecords::read(&input("eliza-2025-01"), None).unwrap();
    let is_sure = |text: &str| {
        let found = records.search(text.to_owned()).unwrap();
        !found.nearest_only && !found.hits.is_empty()
    };
    for text in ["qwrtp zxcvb nmlkj", "asdf jkl;", "%%% ???"] {
        assert!(!is_sure(text), "{text}");
    }
    let strangers = queries("webapps-qa");
    let sure = strangers.iter().filter(|asked| is_sure(&asked.query)).count();
    assert!(sure * 10 <= strangers.len(), "{sure} of {}", strangers.len());
}

/// Published for this set: 0.64 to 0.71 by the services of the time, 0.69 by a language model.
#[test]
fn a_question_gets_its_known_answer_or_silence() {
    let set = Path::new(env!("CARGO_MANIFEST_DIR")).join("eval/faq/hint3-sofmattress");
    let text = std::fs::read_to_string(format!("{}.queries.jsonl", set.display())).unwrap();
    let labels = text.lines().map(|line| {
        let asked = serde_json::from_str::<Value>(line).unwrap();
        (asked["qid"].as_str().unwrap().to_owned(), asked["label"].as_str().map(str::to_owned))
    });
    let labels = labels.collect::<BTreeMap<_, _>>();
    let chosen = choices(&set).unwrap();
    let right = chosen.iter().filter(|choice| labels[&choice.qid] == choice.label).count();
    assert!(right * 100 >= 72 * labels.len(), "{right} of {}", labels.len());
}
