use super::*;
use crate::test_support;

/// The page score of a cluster whose first answer leads.
fn score(exchanges: &[(&str, &str)]) -> f32 {
    let mut cluster = test_support::cluster(exchanges);
    cluster.occurrences[0].answers[0].trusted = true;
    PageScore::of(&cluster).expect("everything is quotable").probability
}

const PORT: &str = "How do I change the port of the relay?";

#[test]
fn an_answer_that_several_people_give_in_full_is_a_page() {
    let good = score(&[
        (PORT, "Set `relay.port` in `relay.toml` and restart the relay."),
        (
            "How can I set another port for the relay?",
            "Change `relay.port` in `relay.toml`, then restart.",
        ),
        ("How is the relay's port set?", "It is `relay.port` in `relay.toml`."),
    ]);
    assert!(good > 0.8, "{good}");
}

#[test]
fn what_holds_for_now_is_gossip_or_goes_on_from_elsewhere_is_none() {
    let second = "It is in the works, the team said it will be there next week.";
    for answer in [
        "They are currently working on it, should be out soon.",
        "but the dev said he will fix it tomorrow",
        "you missed the quotes",
        "I think I did that once, not sure how",
    ] {
        let score = score(&[(PORT, answer), (PORT, second), (PORT, "no idea")]);
        assert!(score < 0.5, "{answer}: {score}");
    }
}

#[test]
fn the_parts_add_up_to_the_score() {
    let cluster = test_support::cluster(&[(PORT, "Set `relay.port` in the file."); 3]);
    let PageScore { probability, parts } = PageScore::of(&cluster).expect("it is quotable");
    let sum = parts.iter().map(|part| part.weight).sum::<f32>();
    assert!((probability - 1.0 / (1.0 + (-sum).exp())).abs() < 1e-5);
    assert!(parts.is_sorted_by(|a, b| a.weight.abs() >= b.weight.abs()));
}

#[test]
fn whoever_is_addressed_changes_nothing() {
    let addressed_score = |address: &str| {
        let answer = format!("{address}Set `relay.port` in the file and restart.");
        score(&[(PORT, &answer), (PORT, &answer), (PORT, &answer)])
    };
    assert!((addressed_score("") - addressed_score("@green_maple ")).abs() < 1e-5);
}
