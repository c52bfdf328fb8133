//! "Same question as…": the questions that a message may repeat.

use rules::model::cluster::Cluster;
use rules::model::ids::MessageId;
use rules::publish::anonymize::Participants;
use rules::publish::pseudonym::AuthorNaming;
use rules::publish::strength::{AnswerStrength, answer_options};

use super::answers::title;
use crate::discord::interactions::payload::custom_id::CustomId;
use crate::discord::interactions::text::escape::label;
use crate::discord::interactions::text::language::BotLanguage;
use crate::discord::interactions::text::messages;
use crate::discord::interactions::text::reply::{
    ActionRow, Button, ButtonStyle, LABEL, MOST_CHOICES, Reply, SelectOption,
};

/// Offers the clusters, best first, as a menu to choose which one the question of `message` belongs
/// to. Its own cluster is left out.
pub(crate) fn offer(
    message: MessageId,
    question: MessageId,
    clusters: &[Cluster],
    naming: &AuthorNaming,
    language: BotLanguage,
) -> Reply {
    let others = clusters.iter().filter(|cluster| !holds(cluster, question));
    let choices = others
        .take(MOST_CHOICES)
        .map(|cluster| choice(cluster, naming, language))
        .collect::<Vec<_>>();
    if choices.is_empty() {
        return Reply::new(messages::nothing_alike(language));
    }
    let menu = ActionRow::Menu {
        custom_id: CustomId::ChooseSame { message },
        hint: messages::choose(language),
        choices,
    };
    Reply { text: messages::choose_same(language).to_owned(), rows: vec![menu], file: None }
}

fn holds(cluster: &Cluster, question: MessageId) -> bool {
    cluster.occurrences.iter().any(|one| one.question.message == question)
}

fn choice(cluster: &Cluster, naming: &AuthorNaming, language: BotLanguage) -> SelectOption {
    let title = title(cluster, &Participants::of(cluster, naming));
    let title = title.unwrap_or_else(|| messages::not_public(language).to_owned());
    let strength = AnswerStrength::of(cluster, &answer_options(cluster));
    let note = messages::times_plain(language, cluster.times_answered(), strength);
    SelectOption {
        value: cluster.id.to_string(),
        label: label(&title, LABEL),
        note: label(&note, LABEL),
    }
}

/// Confirms that two questions were marked as the same, with an undo button.
pub(crate) fn render_marked(
    message: MessageId,
    question: MessageId,
    entry: i64,
    language: BotLanguage,
) -> Reply {
    let undo = CustomId::UndoDuplicate { message, question, entry };
    Reply::new(messages::marked_same(language)).buttons(vec![Button::new(
        undo,
        messages::undo(language),
        ButtonStyle::Grey,
    )])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::discord::interactions::test_support::{cluster, naming, occurrence};

    fn offered(question: u64, clusters: &[Cluster], language: BotLanguage) -> Vec<SelectOption> {
        let message = MessageId(question);
        match offer(message, message, clusters, &naming(), language).rows.pop() {
            Some(ActionRow::Menu { choices, .. }) => choices,
            _ => Vec::new(),
        }
    }

    #[test]
    fn a_question_is_offered_other_questions() {
        let clusters = [
            cluster(vec![occurrence(10, "How do I mend it?", "So.")]),
            cluster(vec![occurrence(20, "How to mend the pump?", "So.")]),
        ];
        let choices = offered(10, &clusters, BotLanguage::English);
        let [choice] = &choices[..] else { panic!("{choices:?}") };
        assert_eq!(choice.label, "How to mend the pump?");
        assert_eq!(choice.note, "answered once · One person said");
        assert_eq!(choice.value.parse(), Ok(clusters[1].id.clone()));
        assert_eq!(offered(10, &clusters[..1], BotLanguage::Korean), []);
    }

    #[test]
    fn the_menu_holds_at_most_25_short_lines() {
        let long = format!("Why does the {} fail?", "very ".repeat(50));
        let clusters =
            (1..60).map(|id| cluster(vec![occurrence(id * 10, &long, "So.")])).collect::<Vec<_>>();
        let choices = offered(5, &clusters, BotLanguage::Korean);
        assert_eq!(choices.len(), 25);
        let fits = |text: &str| (1..=100).contains(&text.encode_utf16().count());
        assert!(choices.iter().all(|one| fits(&one.label) && fits(&one.note)));
    }

    #[test]
    fn words_that_may_not_be_quoted_are_not_offered() {
        let mut hidden = occurrence(10, "Where is the secret port?", "So.");
        hidden.quotable = false;
        let choices = offered(5, &[cluster(vec![hidden])], BotLanguage::English);
        assert_eq!(choices[0].label, "An answered question that may not be quoted");
    }
}
