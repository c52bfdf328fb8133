//! The title of a cluster.

use rules::markdown::visible;
use rules::model::cluster::{Cluster, Occurrence};
use rules::publish::anonymize::Participants;

use crate::presentation::words::InterfaceText;

/// The representative question, if it may be quoted, and the title on one line: that of the merged
/// answer, if there is one. A neutral title if nothing may be quoted.
pub(crate) fn title<'c>(
    cluster: &'c Cluster,
    people: &Participants<'c>,
    text: &InterfaceText,
) -> (Option<&'c Occurrence>, String) {
    if let Some(merged_answer) = &cluster.merged_answer {
        return (
            None,
            visible(&merged_answer.title).split_whitespace().collect::<Vec<_>>().join(" "),
        );
    }
    match people.headline(cluster) {
        Some((asked, title)) => (Some(asked), title),
        None => (None, text.withheld_title.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::{Cluster, InterfaceText, Participants};
    use crate::test_support::{cluster, occurrence};
    use rules::publish::pseudonym::{AuthorNaming, Salt};

    fn title(cluster: &Cluster) -> String {
        let people = Participants::of(cluster, &AuthorNaming::Pseudonyms(Salt([7; 16])));
        super::title(cluster, &people, InterfaceText::english()).1
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
