//! One suggestion, without notification, under a new question that has a known answer.

use indexer::search::suggest::{SuggestedAnswer, SuggestionModel};
use jiff::{SignedDuration, Timestamp};
use rules::model::cluster::Cluster;
use rules::model::ids::{ChannelId, MessageId, UserId};
use rules::publish::pseudonym::AuthorNaming;

use super::answers::{AnswerCard, footing};
use crate::discord::interactions::payload::custom_id::CustomId;
use crate::discord::interactions::text::escape::inert;
use crate::discord::interactions::text::language::BotLanguage;
use crate::discord::interactions::text::messages;
use crate::discord::interactions::text::reply::{Button, ButtonStyle, Reply};

/// A question older than this gets no suggestion: the asker has moved on, or somebody helps.
const FRESH: SignedDuration = SignedDuration::from_mins(10);
/// UTF-16 units shown of a title and of an answer.
const TITLE: usize = 200;
const BEGINNING: usize = 700;

/// A question that is not resolved.
#[derive(Debug, Clone, Copy)]
pub struct OpenQuestion<'a> {
    pub question: MessageId,
    pub channel: ChannelId,
    pub asker: UserId,
    pub bot: bool,
    /// The text of all messages that ask.
    pub text: &'a str,
    /// Whether anybody but the asker has written in its conversation.
    pub replied: bool,
}

/// Trains on the answers that may be suggested: merged by a maintainer, with text to show.
pub fn known_answers(clusters: &[Cluster]) -> SuggestionModel {
    let hintable = clusters.iter().filter(|cluster| cluster.has_merged_answer());
    let quotable = hintable.flat_map(|cluster| {
        let occurrences = cluster.occurrences.iter().filter(|one| one.quotable);
        let asked = occurrences.map(|one| one.question.text.as_str());
        let title = cluster.merged_answer.iter().map(|answer| answer.title.as_str());
        title.chain(asked).map(|text| (&cluster.id, text))
    });
    SuggestionModel::train(quotable)
}

/// The answer to suggest, if any: only for a person's recent question without replies, and only
/// above the confidence threshold learned from the known answers.
pub fn suggest(
    asked: &OpenQuestion<'_>,
    known: &SuggestionModel,
    now: Timestamp,
) -> Option<SuggestedAnswer> {
    let age = now.duration_since(asked.question.created_at());
    if asked.bot || asked.replied || age >= FRESH {
        return None;
    }
    known.suggested_answer(asked.text)
}

/// The suggestion as a reply; `None` if the cluster has no merged answer any more or no text to
/// show.
pub(crate) fn suggestion_reply(
    asked: &OpenQuestion<'_>,
    cluster: &Cluster,
    naming: &AuthorNaming,
) -> Option<Reply> {
    if !cluster.has_merged_answer() {
        return None;
    }
    let language = BotLanguage::of_text(asked.text);
    let AnswerCard { title, beginning, source } = AnswerCard::of(cluster, naming);
    let (title, beginning) = (inert(&title?, TITLE), inert(&beginning?, BEGINNING));
    let head = messages::suggestion(language);
    let foot = footing(cluster, source, language);
    let press = |helped| CustomId::Suggested { question: asked.question, helped };
    Some(Reply::new(format!("{head} **{title}**\n> {beginning}\n{foot}")).buttons(vec![
        Button::new(press(true), messages::solved_it(language), ButtonStyle::Green),
        Button::new(press(false), messages::not_it(language), ButtonStyle::Grey),
    ]))
}

#[cfg(test)]
mod tests {
    use rules::model::cluster::ClusterState;

    use super::*;
    use crate::discord::interactions::test_support::{at, cluster, naming, occurrence};

    const QUESTION: u64 = 900_000;

    fn known() -> Vec<Cluster> {
        let mut clusters = vec![
            cluster(vec![occurrence(10, "How do I reset the wallet password?", "Open settings.")]),
            cluster(vec![occurrence(20, "Where is the log file of the server?", "In /var/log.")]),
        ];
        clusters.iter_mut().for_each(|cluster| cluster.state = ClusterState::Merged);
        clusters
    }

    fn asked(text: &str) -> OpenQuestion<'_> {
        OpenQuestion {
            question: MessageId(QUESTION << 22),
            channel: ChannelId(1),
            asker: UserId(2),
            bot: false,
            text,
            replied: false,
        }
    }

    const SECOND: SignedDuration = SignedDuration::from_secs(1);

    fn check(asked: OpenQuestion<'_>, after: SignedDuration, expected: bool) {
        let now = at(QUESTION) + after;
        let clusters = known();
        let suggested = suggest(&asked, &known_answers(&clusters), now);
        assert_eq!(suggested.is_some(), expected, "{asked:?} {after}");
        assert!(suggested.is_none_or(|one| one.cluster == clusters[0].id));
    }

    #[test]
    fn a_fresh_question_with_a_known_answer_gets_a_hint_and_no_other() {
        let text = "how do I reset the wallet password?";
        check(asked(text), SECOND, true);
        check(asked(text), FRESH, false);
        check(asked("which colour has the moon today?"), SECOND, false);
        check(OpenQuestion { bot: true, ..asked(text) }, SECOND, false);
        check(OpenQuestion { replied: true, ..asked(text) }, SECOND, false);
    }

    #[test]
    fn a_hint_shows_the_answer_and_two_buttons_in_the_askers_language() {
        let clusters = known();
        let of = |text| suggestion_reply(&asked(text), &clusters[0], &naming()).unwrap();
        let english = of("how do I reset it?");
        assert!(english.text.contains("Open settings.") && english.text.contains("✅ Reviewed"));
        assert!(english.text.encode_utf16().count() <= 2_000);
        let body = english.public().to_string();
        assert!(body.contains("That solved it") && body.contains("Not it"));
        assert!(of("지갑을 어떻게 초기화하나요?").public().to_string().contains("해결됐어요"));
    }

    #[test]
    fn what_is_not_known_or_may_not_be_quoted_is_not_hinted_at() {
        let mut cluster = known().remove(0);
        cluster.state = ClusterState::Proposed;
        assert_eq!(suggestion_reply(&asked("x"), &cluster, &naming()), None);
        cluster.state = ClusterState::Merged;
        cluster.occurrences[0].quotable = false;
        assert_eq!(suggestion_reply(&asked("x"), &cluster, &naming()), None);
        let learned = known_answers(&[cluster]);
        assert_eq!(learned.suggested_answer("How do I reset the wallet password?"), None);
    }
}
