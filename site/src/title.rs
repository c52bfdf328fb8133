//! What a cluster is called.

use rules::cluster::{Cluster, Occurrence};
use rules::markdown::{Block, plain_text};
use rules::question::clean_title;

use crate::people::People;

/// The best-phrased question on one line. Where no words may be quoted, a neutral line.
pub(crate) fn title(cluster: &Cluster, people: &People<'_>) -> String {
    let title = best_asked(cluster).map(|occurrence| of_occurrence(occurrence, people));
    title
        .filter(|title| !title.is_empty())
        .unwrap_or_else(|| "A settled question whose words are not public".to_owned())
}

/// The occurrence that gives a cluster its title, if it may be quoted.
pub(crate) fn best_asked(cluster: &Cluster) -> Option<&Occurrence> {
    let best = cluster.best_question().message;
    cluster.occurrences.iter().find(|one| one.quotable && one.question.message == best)
}

/// What one occurrence would be called by itself.
pub(crate) fn of_occurrence(occurrence: &Occurrence, people: &People<'_>) -> String {
    let blocks = people.read(&occurrence.question.text);
    let said = blocks
        .iter()
        .filter(|block| !matches!(block, Block::Code { .. } | Block::Quote(_)))
        .cloned()
        .collect::<Vec<_>>();
    let words = plain_text(if said.is_empty() { &blocks } else { &said });
    clean_title(&words)
}

#[cfg(test)]
mod tests {
    use super::{Cluster, People};
    use crate::samples::{cluster, occurrence};
    use rules::pseudonym::{Naming, Salt};

    fn title(cluster: &Cluster) -> String {
        super::title(cluster, &People::of(cluster, &Naming::Pseudonyms(Salt([7; 16]))))
    }

    #[test]
    fn the_sentence_that_asks_wins() {
        let asked = occurrence(1, "Hi all. Where is the port of the server set? I looked.", "x");
        assert_eq!(title(&cluster(vec![asked])), "Where is the port of the server set?");
    }

    #[test]
    fn words_that_may_not_be_quoted_never_make_a_title() {
        let mut hidden = occurrence(1, "Where is the secret port set?", "x");
        hidden.quotable = false;
        let shown = occurrence(2, "server port", "x");
        assert_eq!(title(&cluster(vec![hidden.clone(), shown])), "Server port");
        assert!(!title(&cluster(vec![hidden])).contains("port"));
    }

    #[test]
    fn nobody_is_named_in_a_title() {
        let asked = occurrence(1, "@Display Name 201 where is the port of the server set?", "x");
        assert_eq!(title(&cluster(vec![asked])), "Where is the port of the server set?");
    }
}
